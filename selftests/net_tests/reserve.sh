#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader reserve and release where there is nothing to reserve: a veth spreads nothing by a
# table. What they do with a NIC is tested in user_tests/reserve_plan.c, user_tests/reserved_nic.c and
# vm_tests/driver.sh.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

an_interface_without_a_table_is_refused_by_name() {
	lab_up --queues 4
	attach
	refuses "reserve" 1 "rx0 has no RSS table \(driver 'veth'\)" rx "$LOADER" reserve rx0 1
	refuses "dry run" 1 "rx0 has no RSS table" rx "$LOADER" reserve --dry-run rx0 1-2
	refuses "as JSON" 1 '"error": ?"rx0 has no RSS table' rx "$LOADER" reserve -j rx0 1
	equal "the record" "$(bpftool -j map dump pinned "$PINS/rx0/reserved" | jq '.[0].formatted.value.since_ns')" 0
	check "release" rx "$LOADER" release rx0
	contains "it says so" "$OUT" "^rx0: no queue is reserved$"
	check "release" rx "$LOADER" release -j rx0
	equal "as JSON" "$(jq -c '[.queues, .table_restored, .flows_removed, .flows_left]' <<<"$OUT")" '[0,false,0,0]'
	check "status" rx "$LOADER" status -j rx0
	equal "status" "$(jq '.interfaces[0] | has("reserved")' <<<"$OUT")" false
	check "doctor" rx "$LOADER" doctor -j rx0
	equal "doctor" "$(jq '[.findings[] | select(.check == "reserved")] | length' <<<"$OUT")" 0
}

without_an_instance_both_say_how_to_attach() {
	lab_up
	refuses "reserve" 1 "rx0: no xsteer instance.*xsteer-loader attach rx0" rx "$LOADER" reserve rx0 1
	refuses "release" 1 "rx0: no xsteer instance.*xsteer-loader attach rx0" rx "$LOADER" release rx0
	refuses "dry run" 1 "rx0: no xsteer instance" rx "$LOADER" reserve --dry-run rx0 1
	refuses "no such interface" 1 "nosuch0" rx "$LOADER" reserve nosuch0 1
	attach
	check "detach its link" bpftool link detach pinned "$PINS/rx0/link"
	refuses "its program is off" 1 "no longer attached|not attached|clean" rx "$LOADER" reserve rx0 1
	refuses "dry run" 1 "no longer attached|not attached|clean" rx "$LOADER" reserve --dry-run rx0 1
	check "but release works" rx "$LOADER" release rx0
}

queues_are_numbers_and_ranges() {
	local wrong
	lab_up
	attach
	for wrong in x 1,x 3-1 1,1 1-3,2 "," 65536 ""; do
		refuses "'$wrong'" 2 "queues '$wrong' are not numbers and ranges such as 2-3,5" \
			rx "$LOADER" reserve rx0 "$wrong"
	done
	refuses "too many" 2 "queues '0-300' are more than" rx "$LOADER" reserve rx0 0-300
	refuses "none" 2 "IF QUEUES" rx "$LOADER" reserve rx0
	refuses "too many" 2 "too many operands" rx "$LOADER" release rx0 1
	refuses "right ones" 1 "no RSS table" rx "$LOADER" reserve rx0 0,2-3
}

an_instance_of_an_older_build_is_told_to_upgrade() {
	lab_up
	attach
	check "as an older build leaves it" rm "$PINS/rx0/reserved"
	refuses "reserve" 1 "older version attached it.*'xsteer-loader upgrade rx0' first" rx "$LOADER" reserve rx0 1
	check "release" rx "$LOADER" release rx0
	check "status" rx "$LOADER" status rx0
	check "upgrade" rx "$LOADER" upgrade rx0
	refuses "then it is the NIC" 1 "no RSS table" rx "$LOADER" reserve rx0 1
	check "detach" rx "$LOADER" detach rx0
}

# 32 KB, of which since_ns and queue_cnt say that queue 2 is reserved, and the table that it had 2 entries.
_pretend_reserved() {
	{
		printf '01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 02 00 00 00 '
		yes 00 | head -n $((24 + 256 * 24 + 128 * 64 + 16384 - 28)) | tr '\n' ' '
	} >"$DIR/value"
	xargs bpftool map update pinned "$PINS/rx0/reserved" key 0 0 0 0 value <"$DIR/value" >/dev/null
}

# A record that the NIC cannot follow any more is told, and kept by release; the instance goes all the same.
a_table_that_cannot_be_put_back_is_told() {
	lab_up --queues 4
	attach
	check "a record" _pretend_reserved
	check "status" rx "$LOADER" status rx0
	contains "status says it" "$OUT" "^rx0: queue 2 is reserved: 0 frames came since, 0 by no rule$"
	check "status" rx "$LOADER" status -j rx0
	equal "as JSON" "$(jq -c '.interfaces[0].reserved' <<<"$OUT")" \
		'{"queues":[{"queue":2,"packets":0,"by_no_rule":0}],"table":"unknown","flows":0}'
	check "doctor" rx "$LOADER" doctor rx0
	contains "doctor says it" "$OUT" "ok +reserved +queue 2: no other frames came there"
	steer 2
	check "send" tx "$TRAFFIC" -o -n 30 tx0
	becomes "counted" 5 has_counted 30
	check "status" rx "$LOADER" status rx0
	contains "frames since" "$OUT" "^rx0: queue 2 is reserved: 30 frames came since, 30 by no rule$"
	check "doctor" rx "$LOADER" doctor rx0
	contains "doctor says it" "$OUT" "warn +reserved +30 frames that no rule sends to a socket came to reserved queue 2"
	echo 'udp xsk slot 2' >"$DIR/rules" && echo 'tcp xsk slot 2' >>"$DIR/rules"
	check "rules for them" rx "$RULES" apply rx0 "$DIR/rules"
	check "send" tx "$TRAFFIC" -o -n 40 tx0
	becomes "counted" 5 has_counted 70
	check "status" rx "$LOADER" status rx0
	contains "frames of rules" "$OUT" "^rx0: queue 2 is reserved: 70 frames came since, 30 by no rule$"
	refuses "reserve" 1 "rx0: queue 2 is reserved.*'xsteer-loader release rx0' first" rx "$LOADER" reserve rx0 3
	refuses "release" 1 "rx0: its RSS table cannot be put back: Operation not supported" rx "$LOADER" release rx0
	check "upgrade keeps it" rx "$LOADER" upgrade rx0
	check "replace keeps it" rx "$LOADER" attach --replace rx0
	check "status" rx "$LOADER" status -j rx0
	equal "still" "$(jq '.interfaces[0].reserved.queues[0].queue' <<<"$OUT")" 2
	check "detach" rx "$LOADER" detach rx0
	contains "it says so" "$OUT" "RSS table cannot be put back"
	check "the hook is free" xdp_is_off
}

# Neither a table nor rules of its own has a veth: that ethtool understands the words of the messages is
# all that can be seen here. "bad command line argument(s)" is its usage error.
ethtool_understands_what_reserve_proposes() {
	local command
	lab_up
	for command in "-x rx0" "-X rx0 default" "-n rx0 rule 1" "-N rx0 delete 1" "-K rx0 ntuple on"; do
		((++ASSERTIONS))
		# shellcheck disable=SC2086 # words of a command
		OUT=$(rx ethtool $command 2>&1)
		[[ $OUT != *"bad command line"* && $OUT != *"--help"* ]] || fail "ethtool $command: $OUT"
	done
}

run_tests "$@"
