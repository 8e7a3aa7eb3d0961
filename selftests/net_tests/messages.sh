#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What is said of a failure is its reason, and the step it proposes helps here.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

# Every file descriptor but a few is taken away: each call fails in turn for want of one.
_with_few_files() { # NUMBER COMMAND...
	OUT=$(
		ulimit -n "$1"
		rx "${@:2}" 2>&1
	)
}
_honest() { # NUMBER WORDS
	((++ASSERTIONS))
	[[ $OUT ]] || fail "with $1 files it fails without a word: $2"
	((++ASSERTIONS))
	[[ $OUT != *"as root"* ]] || fail "with $1 files: $OUT"
}
without_descriptors_attach_says_so_and_does_not_ask_for_root() {
	local n failed=0 worked=0
	lab_up --queues 1
	for n in 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 20 22 25 30 35 40 50 60 80; do
		if _with_few_files "$n" "$LOADER" attach rx0; then
			((++worked))
			check "detach" rx "$LOADER" detach rx0
			continue
		fi
		((++failed))
		_honest "$n" attach
		equal "nothing is left on the hook" "$(hook)" ""
	done
	((++ASSERTIONS))
	((failed > 3 && worked > 0)) || fail "$failed failed and $worked worked: not both"
}
without_descriptors_attach_j_has_its_error() {
	local n
	lab_up --queues 1
	for n in 8 10 12 14; do
		_with_few_files "$n" "$LOADER" attach -j rx0 && continue
		_honest "$n" "attach -j"
		contains "an error in JSON" "$OUT" '"error": ?"[^"]+'
	done
}
without_descriptors_looking_does_not_ask_for_root() {
	local n command
	lab_up --queues 1
	attach_foreign xdpdrv
	for command in "status rx0" "attach rx0"; do
		for n in 5 6 7 8 9 10 12 14; do
			# shellcheck disable=SC2086 # words
			_with_few_files "$n" "$LOADER" $command
			((++ASSERTIONS))
			[[ $OUT != *"as root"* ]] || fail "with $n files, $command: $OUT"
		done
	done
}

include_of_a_fifo_without_a_writer_ends() {
	mkfifo "$DIR/fifo"
	echo "include \"$DIR/fifo\"" >"$DIR/r"
	refuses "nobody writes" 1 "fifo.*timed out" timeout 30 "$RULES" check "$DIR/r"
	refuses "the file itself" 1 "fifo.*timed out" timeout 30 "$RULES" check "$DIR/fifo"
}
include_of_a_fifo_waits_for_a_writer_who_is_slow() {
	mkfifo "$DIR/fifo"
	echo "include \"$DIR/fifo\"" >"$DIR/r"
	(
		sleep 1
		exec >"$DIR/fifo"
		sleep 6
		echo 'udp drop'
	) &
	check "a writer who comes late, and then thinks" timeout 60 "$RULES" check "$DIR/r"
	contains "its rule" "$OUT" '1 rule in '
	: >"$DIR/fifo" &
	check "a writer who has nothing to say" timeout 60 "$RULES" check "$DIR/r"
	contains "no rule" "$OUT" '0 rules in '
	check "a pipe of the shell's" bash -c "'$RULES' check <(echo udp drop)"
}

one_is_not_many() {
	lab_up --queues 1
	attach
	echo 'udp drop' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	contains "one" "$OUT" ' 1 rule, counters of 0'
	check "show" rx "$RULES" show rx0
	contains "one" "$OUT" '^# rx0: rule set 1, 1 rule$'
	check "doctor" rx "$LOADER" doctor rx0
	equal "many of one" "$(grep -cE '\b1 (rules|queues|tables|frames|probes|entries)\b' <<<"$OUT")" 0
	echo 'chain w tx' >"$DIR/f.chain"
	check "a frame through a chain" "$O/xsteer-chain" replay "$DIR/f.chain" --gen 60:1
	contains "one" "$OUT" '^1 frame in, 1 out'
}

run_tests "$@"
