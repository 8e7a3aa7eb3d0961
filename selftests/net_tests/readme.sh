#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The commands in README.md, run as they are printed there, except `make`, since the tools
# are built already; eth0 is the lab's rx0.

# shellcheck disable=SC2119 # helpers without arguments
. "$(dirname "$0")/lib.sh"

cd "$ROOT" || exit 1

_commands_below() { # HEADING
	awk -v heading="## $1" '
		/^## / { on = $0 == heading }
		on && /^```sh$/ { block = 1; next }
		/^```$/ { block = 0 }
		block' README.md | grep -v '^make' | sed "s|/tmp/|$DIR/|g; s|\$PWD/||; s|\.output|$O|g"
}

the_lab_does_what_the_readme_says() {
	local builds starts
	builds=$(grep -n '^make tests$' README.md | head -n 1 | cut -d : -f 1)
	starts=$(grep -n '^scripts/lab exec rx .* -t 60 &$' README.md | cut -d : -f 1)
	check "it builds before it starts what ends after a minute" test "$builds" -lt "$starts"
	_commands_below "A lab in a minute" | sed 's/^sleep 1$/sleep 3/' >"$DIR/commands" # for sanitizers
	check "the commands" bash -e "$DIR/commands"
	contains "all frames come back" "$OUT" "^sent 1000 returned 1000 missing 0 duplicated 0 corrupt 0"
	contains "on the queue it says" "$OUT" "^2 +1000 +[0-9]+ +0 +0 +0 +1000 "
	contains "bpftool's dump" "$OUT" '"verdict_xsk": '
	check "nothing is left" test ! -e /run/netns/xs-lab-rx
}

ten_minutes_by_hand_work_in_a_lab() {
	lab_up
	_commands_below "Ten minutes by hand" | sed "s/eth0/rx0/g" >"$DIR/commands"
	# a person takes a moment before the next command; the bouncer needs it
	sed -i '/& [a-z]*=/a sleep 2' "$DIR/commands"
	check "the commands" rx bash -e "$DIR/commands"
	contains "attach" "$OUT" "^rx0: attached in native mode"
	contains "the confirmed rule is in force" "$OUT" "^tcp port 22 pass"
	contains "detach" "$OUT" "^rx0: detached"
	check "nothing is left" xdp_is_off
}

run_tests "$@"
