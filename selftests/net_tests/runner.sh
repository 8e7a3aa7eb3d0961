#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# selftests/runner itself, on a tree that has three tests of its own.

. "$(dirname "$0")/lib.sh"

_tree() {
	mkdir -p "$DIR/tree/selftests/net_tests" "$DIR/tree/.output/selftests"
	cd "$DIR/tree" || fail "no tree"
	cp "$ROOT/selftests/runner" selftests/
	cat >selftests/net_tests/three.sh <<-'E'
		case $1 in
		--list) printf '%s\n' it_holds it_fails it_is_skipped it_skips_without_a_reason ;;
		it_fails) echo "FAILED: the reason is here" && exit 1 ;;
		it_is_skipped) echo "SKIP: no such thing here" && exit 77 ;;
		it_skips_without_a_reason) exit 77 ;;
		esac
	E
}
_runner() { O=.output JOBS=${JOBS:-2} selftests/runner "$@"; }

what_failed_is_named_again_at_the_end_with_its_words() {
	local last
	_tree
	refuses "four tests" 1 '^not ok [0-9] - net: it_fails$' _runner
	last=$(sed -n '/^# what failed, once more:/,$p' <<<"$OUT")
	contains "the test" "$last" '^# not ok [0-9] - net: it_fails$'
	contains "its words" "$last" 'FAILED: the reason is here'
	contains "a skip without a reason is a failure" "$last" '^# not ok [0-9] - net: it_skips_without'
	equal "what did not fail is not in it" "$(grep -c 'it_holds\|it_is_skipped' <<<"$last")" 0
	contains "it says how long it took" "$last" '^# took [0-9]+ s$'
	equal "its last line" "$(tail -n 1 <<<"$OUT")" "1 passed, 2 failed, 1 skipped"
}

it_says_first_how_long_it_takes_as_the_last_run_took() {
	_tree
	check "a first run" _runner it_holds it_is_skipped
	equal "two times are kept" "$(cut -d ' ' -f 2- .output/selftests/times | sort | tr '\n' ,)" \
		"net: three.sh: it_holds,net: three.sh: it_is_skipped,"
	echo "20000 net: three.sh: it_holds" >.output/selftests/times
	check "another" _runner it_holds
	contains "what it says first" "$(head -n 1 <<<"$OUT")" '^# 1 tests.*, 2 at once: about 11 s$'
}

one_job_is_enough() {
	_tree
	JOBS=1 refuses "four tests" 1 '^1 passed, 2 failed, 1 skipped$' _runner
	check "one test" env JOBS=1 O=.output selftests/runner it_holds
}

a_part_that_dies_is_a_failure() {
	_tree
	# shellcheck disable=SC2016 # the copy expands it
	sed -i '/^run() {/a kill -KILL $$' selftests/runner
	refuses "killed" 1 'not ok [0-9]* - runner: [0-9] of its 3 parts died' _runner
}

run_tests "$@"
