#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader queues: each receive queue has a row with what is known of it.

. "$(dirname "$0")/lib.sh"

HOLD=$O/selftests/tools/hold_socket RULES=$O/xsteer-rules

_queues() {
	JSON=$(rx "$LOADER" queues -j rx0) || fail "queues -j"
}
_row() { # QUEUE JQ-FILTER
	jq -c ".queues[] | select(.queue == $1) | $2" <<<"$JSON"
}

each_queue_has_its_share_and_its_sockets() {
	lab_up --queues 4
	attach
	start_bouncer 2 -p
	steer 2
	check "send" tx "$TRAFFIC" -n 30 tx0
	steer 3
	check "send" tx "$TRAFFIC" -o -n 10 tx0
	_queues
	equal "queues" "$(jq -c '[.queues[].queue]' <<<"$JSON")" '[0,1,2,3]'
	equal "ours" "$(_row 2 '.sockets[] | [.slot, .pid, .ours, .mode]')" "[2,$LAST_BOUNCER,true,\"copy\"]"
	equal "its rings" "$(_row 2 '.sockets[0].rings | keys')" '["completion","fill","rx","tx"]'
	equal "no socket" "$(_row 1 .sockets)" '[]'
	equal "packets" "$(jq -c '[.queues[].packets]' <<<"$JSON")" '[0,0,30,10]'
	equal "shares" "$(jq -c '[.queues[].share * 1]' <<<"$JSON")" '[0,0,0.75,0.25]'
	check "as a table" rx "$LOADER" queues rx0
	contains "a row" "$OUT" "^2 .* $LAST_BOUNCER +copy .* 75\.0% +default"
	equal "80 columns are enough" "$(awk 'length($0) > 80' <<<"$OUT")" ""
}
sockets_of_other_programs_are_seen_to_be_there() {
	lab_up --queues 2
	attach
	rx_bg hold "$HOLD" rx0 1 "$PINS/rx0/xsks_map" 1 32 32
	becomes "a socket in slot 1" 10 grep -q ready "$DIR/hold.log"
	_queues
	equal "not ours" "$(_row 1 '.sockets[] | [.slot, .ours]')" '[1,false]'
	equal "the other queue" "$(_row 0 .sockets)" '[]'
}
rules_stand_with_the_queues_that_they_lead_to() {
	lab_up --queues 2
	attach
	printf '%s\n' 'default drop' 'tcp dport 1 xsk' 'udp dport 2 xsk slot 1' 'udp dport 3 drop' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	_queues
	equal "queue 0" "$(_row 0 '[.rules[] | split(":")[-1]]')" '["2"]'
	equal "queue 1" "$(_row 1 '[.rules[] | split(":")[-1]]')" '["2","3"]'
	check "flush" rx "$RULES" flush rx0
	_queues
	equal "without rules" "$(_row 0 .rules)" '["default"]'
}
without_an_instance_the_kernels_part_is_shown() {
	lab_up --queues 2
	_queues
	equal "queues" "$(jq '.queues | length' <<<"$JSON")" 2
	equal "instance" "$(jq -c '[.instance, .queues[0].rules, .queues[0].share]' <<<"$JSON")" '[false,null,null]'
	check "as a table" rx "$LOADER" queues rx0
	contains "it is said" "$OUT" 'Share, rules: no xsteer instance'
	contains "what the driver does not tell" "$OUT" 'IRQ, CPU, NAPI: '
	refuses "no interface" 1 "no interface none0" rx "$LOADER" queues none0
	refuses "usage" 2 "IF is missing" rx "$LOADER" queues
}

run_tests "$@"
