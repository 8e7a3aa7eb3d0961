#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A time namespace shifts the clocks of processes, but not that of the program. A time that
# both compare must be the same for both.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
DAY=86400

# As long after boot as it is for the others, and DAY seconds.
_shifted() { # SECONDS COMMAND...
	nsenter --net=/run/netns/xs-t-rx -- \
		unshare --time --fork --monotonic "$1" --boottime "$1" -- "${@:2}"
}
_need_time_namespaces() {
	unshare --time --fork --boottime 1 -- true 2>/dev/null ||
		skip "no time namespaces in this kernel, or in unshare"
}
_blocked() { ! tx ping -q -c 1 -W 0.2 198.18.0.2; }
_answered() { tx ping -q -c 1 -W 0.2 198.18.0.2; }

confirm_has_the_time_that_was_said() {
	local shift left
	_need_time_namespaces
	lab_up
	echo 'default drop' >"$DIR/shut.rules"
	for shift in -100 $DAY; do
		attach
		check "apply, clocks shifted by $shift s" \
			_shifted "$shift" "$RULES" apply rx0 "$DIR/shut.rules" --confirm 3
		check "it is in force" _blocked
		for left in "$(rx "$RULES" show -j rx0)" "$(_shifted "$shift" "$RULES" show -j rx0)"; do
			check "both see the same time left" jq -e '
				.confirm_seconds_left > 0.5 and .confirm_seconds_left <= 3' <<<"$left"
		done
		becomes "it rolls back in time" 5 _answered
		refuses "confirm is too late" 1 "too late" _shifted "$shift" "$RULES" confirm rx0
		check "detach" rx "$LOADER" detach rx0
	done
}

confirm_from_elsewhere_is_in_time() {
	_need_time_namespaces
	lab_up
	attach
	echo 'default drop' >"$DIR/shut.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/shut.rules" --confirm 2
	check "confirm" _shifted "$DAY" "$RULES" confirm rx0
	sleep 2.2
	check "it stays" _blocked
}

members_have_the_time_that_was_said() {
	local left
	_need_time_namespaces
	lab_up
	attach
	printf '%s\n' 'set bad { type ip; }' 'ip saddr @bad drop' 'default pass' >"$DIR/set.rules"
	check "apply" _shifted "$DAY" "$RULES" apply rx0 "$DIR/set.rules"
	check "add" _shifted "$DAY" "$RULES" set add rx0 bad 192.0.2.1 timeout 1h
	check "add" _shifted "$DAY" "$RULES" set add rx0 bad 198.18.0.1 timeout 4s
	check "it is in force" _blocked
	for left in "$(rx "$RULES" set list rx0 bad)" "$(_shifted "$DAY" "$RULES" set list rx0 bad)"; do
		contains "both see the same time left" "$left" '^192.0.2.1 timeout 59m'
	done
	becomes "it is over in time" 6 _answered
}

owner_of_another_time_namespace_is_alive() {
	_need_time_namespaces
	lab_up
	attach
	rx_bg shifted unshare --time --fork --kill-child --boottime "$DAY" -- "$BOUNCER" -d rx0 -Q 0 -p
	becomes "it holds its slot" 10 _alive
	equal "seen from the other side" "$(_shifted "$DAY" "$MAPS" sockets -j rx0 | jq -c '[.sockets[].alive]')" "[true]"
	refuses "its queue" 1 "holds|held|pid" rx "$BOUNCER" -d rx0 -Q 0 -p -t 1
	start_bouncer 1 -p
	equal "and the other way" "$(_shifted "$DAY" "$MAPS" sockets -j rx0 | jq -c '[.sockets[].alive]')" "[true,true]"
}
_alive() { rx "$MAPS" sockets -j rx0 | jq -e '[.sockets[].alive] == [true]'; }

run_tests "$@"
