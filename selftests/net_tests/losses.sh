#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-maps losses: frames are lost at one place at a time. Exactly this number stands in
# the line of this place, and nothing is unexplained.

. "$(dirname "$0")/lib.sh"

SEND=$O/selftests/tools/send_hex HOLD=$O/selftests/tools/hold_socket
RULES=$O/xsteer-rules

# --- frames, as hexadecimal: addresses of the lab's two ends ---

_eth=020000000002020000000001
_ip4() { # PROTOCOL TOTAL-LENGTH(hex 4) [VERSION-IHL]
	echo "${_eth}0800${3:-45}00${2}0000000040${1}0000c6120001c6120002"
}
_ip6() { # NEXT-HEADER PAYLOAD-LENGTH(hex 4) [VERSION]
	echo "${_eth}86dd${3:-6}0000000${2}${1}40fd000198001800000000000000000001fd000198001800000000000000000002"
}
_udp4=$(_ip4 11 002e)03e8000a001a0000

# --- the report of one interval ---

_watch() { # until _report, however long that takes
	rm -f "$DIR/losses.log" # of the watch before, which said the same
	rx_bg losses "$MAPS" losses rx0 -v -j -w 600
	WATCHER=$!
	becomes "it watches" 20 grep -qs 'rx0: watching' "$DIR/losses.log"
}
_report() {
	kill -INT "$WATCHER"
	ends "$WATCHER" 0
	JSON=$(grep '^{' "$DIR/losses.log")
}
# The line CAUSE has N frames, no other line after the NIC has any, and the sums are correct.
_only() { # CAUSE N
	equal "$1" "$(jq -r '[.losses[] | select(.place != "nic") | "\(.cause) \(.frames)"] | join(", ")' <<<"$JSON")" "$1 $2"
	equal "$1: unexplained" "$(jq .unexplained <<<"$JSON")" 0
	equal "$1: frames in = lost + delivered" "$(jq '.frames_in == ([.losses[] |
		select(.place != "nic" and .place != "send").frames] | add) + (.delivered | add)' <<<"$JSON")" true
}
_apply() { # RULES
	echo "$1" >"$DIR/r"
	check "apply $1" rx "$RULES" apply rx0 "$DIR/r"
}
_hold() { # QUEUE SLOT RX-ENTRIES FILL
	rx_bg "hold-$1" "$HOLD" rx0 "$1" "$PINS/rx0/xsks_map" "$2" "$3" "$4"
	HOLDER=$!
	becomes "a socket in slot $2" 5 grep -q ready "$DIR/hold-$1.log"
}
_send() { # COUNT HEX [LENGTH]
	check "send" tx "$SEND" tx0 "$@"
}

# --- in the program ---

_lost_in_program() { # CAUSE RULES HEX
	_apply "$2"
	_watch
	_send 37 "$3"
	_send 5 "$_udp4" 60
	_report
	_only "$1" 37
	equal "passed" "$(jq .delivered.pass <<<"$JSON")" 5
}
rules_default_and_malformed_frames_have_a_line_each() {
	lab_up --queues 1
	attach
	_lost_in_program rule 'ether type arp drop' "${_eth}0806"
	_lost_in_program default $'default drop\nudp pass' "${_eth}0806"
	_lost_in_program malformed_vlan 'malformed drop' "${_eth}81000001810000018100000181000001810000010806"
	_lost_in_program malformed_ipv4 'malformed drop' "$(_ip4 11 002e 41)"
	_lost_in_program malformed_ipv6 'malformed drop' "$(_ip6 11 0008 5)"
}
malformed_headers_behind_ip_have_a_line_each() {
	lab_up --queues 1
	attach
	_lost_in_program malformed_ipv6_ext 'malformed drop' "$(_ip6 00 0006)3a0000000000"
	_lost_in_program malformed_tcp 'malformed drop' "$(_ip4 06 0018)00000000"
	_lost_in_program malformed_udp 'malformed drop' "$(_ip4 11 0018)00000000"
	_lost_in_program malformed_icmp 'malformed drop' "$(_ip4 01 0018)00000000"
	_lost_in_program malformed_icmpv6 'malformed drop' "$(_ip6 3a 0004)00000000"
	_lost_in_program malformed_sctp 'malformed drop' "$(_ip4 84 0018)00000000"
	_lost_in_program malformed_dccp 'malformed drop' "$(_ip4 21 0018)00000000"
}
frames_without_a_socket_have_a_line() {
	lab_up --queues 1
	attach
	_apply 'udp xsk else drop'
	_watch
	_send 41 "$_udp4" 60
	_report
	_only no_socket 41
}
limits_and_rules_of_before_have_a_line_each() {
	lab_up --queues 1
	attach
	[[ $(rx "$LOADER" features -j rx0 | jq .limits) = true ]] || skip "this kernel has no limits"
	_apply 'udp pass limit 2/day burst 2'
	_watch
	_send 40 "$_udp4" 60
	_report
	_only over_limit 38
	_apply 'udp drop'
	_watch
	_send 12 "$_udp4" 60
	_apply 'tcp drop' # which has none of the counters
	_report
	_only earlier_rules 12
}

frames_for_a_chain_that_nobody_serves_have_a_line() {
	lab_up --queues 1
	attach
	_apply 'udp chain web else drop'
	_watch
	_send 43 "$_udp4" 60
	_report
	_only no_chain 43
}
frames_into_a_chain_are_delivered_there() {
	lab_up --queues 1
	attach
	_apply 'udp chain web else drop'
	echo 'chain web drop' >"$DIR/f.chain"
	rx_bg broker "$O/xsteer-chain" run rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
	becomes "it listens" 15 test -S "$DIR/nf.sock"
	_watch
	_send 44 "$_udp4" 60
	_report
	equal "delivered" "$(jq .delivered.chain <<<"$JSON")" 44
	equal "losses" "$(jq -c .losses <<<"$JSON")" "[]"
}

# --- at the socket ---

ring_full_native() { _ring_full "" native; }
ring_full_skb() { _ring_full --skb skb; }
_ring_full() { # LAB-OPTION MODE
	# shellcheck disable=SC2086 # none, or one
	lab_up --queues 1 $1
	attach -m "$2"
	_apply 'udp xsk'
	_hold 0 0 8 32
	_watch
	_send 50 "$_udp4" 60
	_report
	_only ring_full 42
	equal "delivered" "$(jq .delivered.xsk <<<"$JSON")" 8
	equal "the slot" "$(jq '.losses[] | select(.cause == "ring_full").parts[0].slot' <<<"$JSON")" 0
}
no_frame_too_long_and_other_queue_native() { _at_sockets "" native; }
no_frame_too_long_and_other_queue_skb() { _at_sockets --skb skb; }
_at_sockets() {
	# shellcheck disable=SC2086 # none, or one
	lab_up --queues 2 --mtu 4000 $1
	attach -m "$2"
	_apply 'udp xsk'
	steer 0
	_hold 0 0 32 4
	_watch
	_send 30 "$_udp4" 60
	_report
	_only no_frame 26
	_watch
	_send 11 "$_udp4" 3950
	_report
	_only too_long 11
	kill "$HOLDER" && ends "$HOLDER" 0
	_hold 1 0 32 32 # of queue 1, in the slot of queue 0
	_watch
	_send 23 "$_udp4" 60
	_report
	_only other_queue 23
}
a_bouncer_that_stops_has_its_slot_and_pid_in_the_line() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p --ring 64 --frames 256
	kill -STOP "$LAST_BOUNCER"
	_watch
	_send 100 "$_udp4" 60
	becomes "they have arrived" 20 has_counted 100
	_report
	kill -CONT "$LAST_BOUNCER"
	_only no_frame 36
	equal "whose" "$(jq '.losses[] | select(.cause == "no_frame").parts[0].pid' <<<"$JSON")" "$LAST_BOUNCER"
	stop_bouncer
}
sends_that_are_refused_have_a_line() {
	lab_up --queues 1
	attach
	_hold 0 0 32 32
	_watch
	kill -USR1 "$HOLDER"
	_report
	# without CONFIG_XDP_SOCKETS_DIAG nobody can look at a socket that is not in owners
	if [[ $(jq '.losses | length' <<<"$JSON") = 0 ]]; then
		skip "the kernel does not tell of other processes' sockets"
	fi
	_only send_invalid 10
}

# --- at CPUs, interfaces, and back ---

frames_sent_back_that_the_driver_refuses_have_a_line() {
	lab_up --queues 1
	attach
	_apply 'udp tx'
	_watch
	_send 19 "$_udp4" 60 # tx0 has no program and no GRO: veth takes nothing from XDP
	_report
	[[ $(jq .delivered.tx <<<"$JSON") = 19 ]] && skip "this veth takes frames from XDP"
	_only "$(jq -r '.losses[0].cause' <<<"$JSON")" 19
	contains "it is of tx" "$(jq -r '.losses[0].place' <<<"$JSON")" '^tx$'
}
# Its peer has GRO on, which lets a veth take frames from XDP.
_other_interface() { # [LINK-OPTION...]
	check "another" rx ip link add other0 "$@" type veth peer name other1
	[[ $GRO = off ]] || check "GRO" rx ethtool -K other1 gro on
	rx ip link set other0 up && rx ip link set other1 up
	_apply 'udp dev other0'
}
frames_for_an_interface_that_is_down_or_whose_peer_is_have_a_line() {
	lab_up --queues 1
	attach
	GRO=on _other_interface
	rx ip link set other0 down
	_watch
	_send 17 "$_udp4" 60
	_report
	_only dev_down 17
	rx ip link set other0 up
	rx ip link set other1 down
	_watch
	_send 21 "$_udp4" 60
	_report
	_only dev_refused 21
	contains "where" "$(rx "$MAPS" losses rx0 2>&1)" 'for other CPUs and interfaces are followed no further'
}
frames_longer_than_the_other_interface_takes_have_a_line() {
	lab_up --queues 1
	attach
	GRO=on _other_interface mtu 500
	_watch
	_send 9 "$_udp4" 1000
	_report
	_only dev_too_long 9
}
frames_for_an_interface_that_takes_none_from_xdp_have_a_line() {
	lab_up --queues 1
	attach
	GRO=off _other_interface
	_watch
	_send 13 "$_udp4" 60
	_report
	[[ $(jq .delivered.dev <<<"$JSON") = 13 ]] && skip "this veth takes frames from XDP"
	_only dev_other 13
	contains "the kernel's word" "$(jq -r '.losses[0].parts[0].error' <<<"$JSON")" 'not supported'
}

# The kernel's thread on CPU 1 has next to no time while a real-time task spins there. What the
# queue had room for comes to the kernel's IP layer, the rest stands in the line.
frames_that_a_busy_cpu_has_no_room_for_have_a_line() {
	local before i in lost hog
	[[ $(</sys/devices/system/cpu/online) = 0-* ]] || skip "CPUs 0 and 1 are not both there"
	[[ $(type -P chrt) && $(type -P taskset) ]] || skip "no chrt or no taskset"
	lab_up --queues 1
	attach
	_apply 'udp cpu 1'
	_watch
	before=$(_ip_received)
	chrt -f 10 taskset -c 1 bash -c 'while :; do :; done' &
	hog=$!
	becomes "it spins" 5 _spins "$hog"
	# on a busy machine the veth's own ring loses most of them before the program
	for ((i = 0; i < 20 && $(counter packets) < 20000; i++)); do
		check "send" tx taskset -c 0 "$SEND" tx0 30000 "$_udp4" 60
	done
	kill "$hog"
	wait "$hog"
	_report
	lost=$(jq '[.losses[] | select(.cause == "cpu_full").frames] | add // 0' <<<"$JSON")
	in=$(jq .frames_in <<<"$JSON")
	((lost > 0)) || skip "$in frames found room in the queue of CPU 1"
	_only cpu_full "$lost"
	equal "of CPU 1 alone" "$(jq -c '[.losses[] | select(.cause == "cpu_full").parts[].cpu] | unique' <<<"$JSON")" '[1]'
	becomes "the others come to the kernel" 5 _received "$((before + in - lost))"
}
_spins() { # PID: on CPU 1, of SCHED_FIFO
	[[ $(awk '{ print $2, $39, $41 }' "/proc/$1/stat") = "(bash) 1 1" ]]
}
# shellcheck disable=SC2016 # awk's
_ip_received() { rx awk '/^Ip: [0-9]/ { print $4 }' /proc/net/snmp; }
_received() { [[ $(_ip_received) = "$1" ]]; }

# --- while frames come ---

# Each report has the causes that are there, all its frames, and nothing unexplained, although the
# counters are read one after another.
under_traffic_no_cause_is_named_that_was_none() {
	local flood
	lab_up --queues 1
	check "gro" rx ethtool -K rx0 gro on
	attach
	_apply $'udp sport 10000-10007 drop\nudp sport 10008-10011 xsk slot 1\nudp xsk else drop'
	start_bouncer 0 -p --ring 64 --frames 256
	kill -STOP "$LAST_BOUNCER"
	tx_bg flood "$O/selftests/tools/flood" -f 16 -t 60 -r 200000 tx0
	flood=$!
	becomes "frames come" 10 has_counted 10000
	check "once" rx "$MAPS" losses rx0 -j
	_only_causes once rule,no_frame
	check "each second" rx "$MAPS" losses rx0 -j -w 1 -n 4
	_only_causes intervals rule,no_frame
	check "each second, by another" rx "$MAPS" top -b 3 --tab losses rx0
	equal "its causes" "$(awk '$1 == "rx0" { print $3 }' <<<"$OUT" | sort -u | xargs)" "no_frame rule"
	equal "unexplained" "$(grep -o '[0-9]* unexplained' <<<"$OUT" | sort -u)" "0 unexplained"
	kill "$flood"
	kill -CONT "$LAST_BOUNCER"
	stop_bouncer
}
_only_causes() { # SENTENCE CAUSES
	equal "$1: causes" "$(jq -r '.losses[] | select(.place != "nic").cause' <<<"$OUT" | sort -u | paste -sd,)" \
		"$(tr , '\n' <<<"$2" | sort | paste -sd,)"
	equal "$1: unexplained" "$(jq .unexplained <<<"$OUT" | sort -u)" 0
	equal "$1: frames in = lost + delivered" "$(jq '.frames_in == ([.losses[] |
		select(.place != "nic" and .place != "send").frames] | add) + (.delivered | add)' <<<"$OUT" | sort -u)" true
}

# --- without tracing, and without an interval ---

once_it_says_all_that_is_counted() {
	lab_up --queues 1
	attach
	_apply 'udp drop'
	_send 10 "$_udp4" 60
	check "losses" rx "$MAPS" losses rx0 -j
	JSON=$OUT
	_only rule 10
	equal "not traced" "$(jq .traced <<<"$JSON")" false
	check "losses" rx "$MAPS" losses rx0
	contains "in" "$OUT" '^in +10'
	contains "the cause" "$OUT" '^program +rule +10'
	contains "its remedy, where there is room" "$(COLUMNS=200 rx "$MAPS" losses rx0 2>/dev/null)" \
		'^program +rule +10 .*xsteer-rules show rx0'
	OUT=$(COLUMNS=50 rx "$MAPS" losses rx0 2>/dev/null)
	contains "or below" "$OUT" '^rule: .*xsteer-rules show rx0'
	equal "lines of the table that are longer than 50" "$(sed '/^unexplained/q' <<<"$OUT" | awk 'length > 50')" ""
	contains "the table's last line" "$OUT" '^unexplained +0'
}
another_queue_is_named_without_tracing() {
	lab_up --queues 2
	attach
	steer 0
	_apply 'udp xsk'
	_hold 1 0 32 32
	_send 14 "$_udp4" 60
	check "losses" rx "$MAPS" losses rx0 -j
	JSON=$OUT
	_only other_queue 14
}
# Its socket's counters go with it; what it has written down stays.
what_a_killed_bouncer_had_lost_is_not_forgotten() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p --ring 64 --frames 256
	kill -STOP "$LAST_BOUNCER"
	_send 100 "$_udp4" 60
	becomes "they have arrived" 20 has_counted 100
	kill -CONT "$LAST_BOUNCER"
	becomes "it has written that down" 20 _has_written 36
	kill -KILL "$LAST_BOUNCER"
	becomes "its slot is empty" 10 _is_empty
	check "losses" rx "$MAPS" losses rx0 -j
	JSON=$OUT
	_only no_frame 36
}
_has_written() {
	bpftool -j map dump pinned "$PINS/rx0/xsk_stats_map" | jq -e "any(.[]; .formatted.value.last.no_frame == $1)"
}
_is_empty() { [[ $(rx "$LOADER" queues -j rx0 | jq '.queues[0].sockets | length') = 0 ]]; }
# The driver counts on; what it counted before is not taken for what is lost now.
attached_anew_the_drivers_older_counters_do_not_count() {
	lab_up --queues 1
	attach
	_apply 'udp xsk'
	_hold 0 0 8 32
	_send 20 "$_udp4" 60
	kill "$HOLDER" && ends "$HOLDER" 0
	check "detach" rx "$LOADER" detach rx0
	attach
	_send 3 "$_udp4" 60
	check "losses" rx "$MAPS" losses rx0 -j
	equal "unexplained" "$(jq -c '[.unexplained, .frames_in]' <<<"$OUT")" '[null,3]'
	contains "why" "$(jq -r .unexplained_why <<<"$OUT")" 'since before .*-w SEC'
	_watch
	_send 3 "$_udp4" 60
	_report
	equal "nothing lost" "$(jq -c '[.losses, .unexplained, .frames_in]' <<<"$JSON")" '[[],0,3]'
}
without_the_right_to_trace_it_is_said_and_the_rest_works() {
	lab_up --queues 1
	attach
	_apply 'udp drop'
	public_copy "$MAPS"
	# a user who may not load programs; only the pins are readable
	chmod 755 "$PINS" "$PINS/rx0" && chmod 644 "$PINS"/rx0/*
	rx_bg losses setpriv --reuid 65534 --clear-groups --bounding-set -all "$DIR/xsteer-maps" losses rx0 -v -j -w 600
	WATCHER=$!
	becomes "it watches" 20 grep -qs 'rx0: watching' "$DIR/losses.log"
	_send 12 "$_udp4" 60
	_report
	contains "it is said" "$(cat "$DIR/losses.log")" 'cannot trace here'
	equal "traced" "$(jq .traced <<<"$JSON")" false
	equal "dropped" "$(jq -c '[.losses[] | [.cause, .frames]]' <<<"$JSON")" '[["drop",12]]'
}
it_ends_when_the_instance_is_gone_and_refuses_what_is_not_there() {
	lab_up --queues 1
	refuses "no instance" 1 "no xsteer instance" rx "$MAPS" losses rx0
	refuses "usage" 2 "IF is missing" rx "$MAPS" losses
	attach
	rx_bg losses "$MAPS" losses rx0 -v -w 1
	WATCHER=$!
	becomes "it watches" 20 grep -qs 'rx0: watching' "$DIR/losses.log"
	check "detach" rx "$LOADER" detach rx0
	ends "$WATCHER" 1
	contains "why" "$(cat "$DIR/losses.log")" "detached"
}

run_tests "$@"
