#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-bouncer's own options: how it waits; frames and packets of any size; actions;
# several queues in one process; what it prints.

. "$(dirname "$0")/lib.sh"

_bounces_with() { # LAB-OPTIONS TRAFFIC-OPTIONS BOUNCER-OPTION...
	# shellcheck disable=SC2086 # options
	lab_up --queues 1 $1
	attach
	start_bouncer 0 "${@:3}"
	# shellcheck disable=SC2086
	bounced -n 3000 $2
	stop_bouncer
	equal "frames counted" "$(counter packets)" 3000
	equal "to the socket" "$(counter verdict_xsk)" 3000
	words=$(cat "$DIR/bouncer-0.log")
}

# Several queues in one process, which is ready once it owns the last of them.
_start_queues() { # LIST LAST-QUEUE OPTION...
	rx_bg queues "$BOUNCER" -d rx0 -Q "$1" "${@:3}"
	LAST_BOUNCER=$!
	becomes "bouncer on queues $1 is ready" 15 _owned_by "$2" "$LAST_BOUNCER"
}

adaptive() { _bounces_with "" "" --adaptive; }
frames_of_no_power_of_two() { _bounces_with "" "" -p --unaligned --frame-size 3000; }
headroom() { _bounces_with "" "-s 1514" -p --headroom 1000 --frame-size 4096; }
rings_smaller_than_the_batch() { _bounces_with "" "-w 32" -p --ring 64 --batch 1024; }
few_frames() { _bounces_with "" "-w 32" --frames 64; }
huge_pages_or_why_not() {
	_bounces_with "" "" -p --huge
	contains "huge pages" "$words" "huge pages|no huge page is free"
}
# sysfs shows the interfaces of the namespace that mounted it
# shellcheck disable=SC2016 # the inner shell expands
_knob() { # NAME [IF]
	rx unshare --mount --propagation unchanged -- sh -c \
		'mount -t sysfs none /sys && cat "/sys/class/net/$1/$0"' "$1" "${2-rx0}"
}
busy_poll_or_why_not() {
	_bounces_with "" "" --busy-poll
	equal "the interface's knob" "$(_knob gro_flush_timeout)" 0
}
cpu_is_kept() {
	lab_up --queues 1
	start_bouncer 0 -p --cpu 0
	contains "allowed CPUs" "$(cat /proc/"$LAST_BOUNCER"/task/*/status)" "Cpus_allowed_list:	0$"
	stop_bouncer
	refuses "a CPU that is not there" 1 "cpu 1000" rx "$BOUNCER" -d rx0 --cpu 1000 -t 1
}

_mtu_9000() { # BOUNCER-OPTION...
	_bounces_with "--mtu 9000" "-s 64-9014 -w 32" "$@"
	contains "several frames" "$words" "several frames"
}
long_packets_come_back_byte_for_byte_poll() { _mtu_9000 -p; }
long_packets_come_back_byte_for_byte_spinning() { _mtu_9000; }
long_packets_that_batches_cut_come_back() { _mtu_9000 -p --batch 1 --frame-size 2048; }
long_packets_unaligned_come_back() { _mtu_9000 -p --batch 3 --unaligned --frame-size 2200; }
long_packets_swapped_come_back_swapped() { _bounces_with "--mtu 9000" "-s 8000-9014 -w 32 -x" -p --swap-mac; }

every_queue_in_one_process() {
	local q
	lab_up --queues 4
	attach
	_start_queues 0-3 3 -p
	for q in 0 1 2 3; do
		equal "owner of slot $q" "$(owner_pid "$q")" "$LAST_BOUNCER"
		steer "$q"
		bounced -n $((100 + q))
	done
	steer all
	bounced -n 10000 -f 200
	stop_bouncer
	for q in 0 1 2 3; do
		equal "slot $q is given back" "$(owner_pid "$q")" 0
	done
	contains "totals" "$(cat "$DIR/queues.log")" "RX: 10406 packets"
	check "all" rx "$BOUNCER" -d rx0 -Q all -p -t 0.2
	contains "four queues" "$OUT" "Queue 3:"
	refuses "one too many" 1 "0-3" rx "$BOUNCER" -d rx0 -Q 2-4 -t 1
	refuses "one twice" 2 "twice" rx "$BOUNCER" -d rx0 -Q 0,1,0 -t 1
}

limit_over_several_queues_is_exact() {
	lab_up --queues 4
	rx_bg limit "$BOUNCER" -d rx0 -Q all -l 1234
	becomes "ready" 10 _owned_by 3 $!
	OUT=$(tx "$TRAFFIC" -n 5000 -f 100 -t 500 tx0)
	ends $! 0
	contains "frames that came back" "$OUT" "returned 1234 "
	contains "totals" "$(cat "$DIR/limit.log")" 'RX: 1234 packets'
	contains "totals" "$(cat "$DIR/limit.log")" 'TX: 1234 packets'
}

pings_are_answered_by_echo() {
	lab_up --queues 4
	# shellcheck disable=SC2016 # the inner shell expands
	check "the kernel's own answers off" rx bash -c 'for knob in ipv4/icmp_echo_ignore_all ipv6/icmp/echo_ignore_all; do
		echo 1 >"/proc/sys/net/$knob" || exit
	done'
	((++ASSERTIONS))
	tx ping -q -c 1 -W 1 198.18.0.2 >"$DIR/ping" && fail "the kernel answers by itself"
	_start_queues all 3 -p --echo
	pings
	stop_bouncer
}

drop_sends_nothing_back_and_counts_it() {
	lab_up --queues 1
	start_bouncer 0 -p --drop
	not_bounced -n 200
	stop_bouncer
	contains "drops" "$(cat "$DIR/bouncer-0.log")" "[1-9][0-9]* dropped by an action"
	contains "totals" "$(cat "$DIR/bouncer-0.log")" "TX: 0 packets"
}

latency_has_quantiles_in_order() {
	lab_up --queues 1
	start_bouncer 0 -p --latency -j
	bounced -n 2000
	stop_bouncer
	check "quantiles" jq -e 'select(.type == "final") | .latency |
		.packets == 2000 and .p50_ns > 0 and .p50_ns <= .p90_ns and .p90_ns <= .p99_ns and
		.p99_ns <= ."p99.9_ns" and ."p99.9_ns" <= .max_ns' "$DIR/bouncer-0.log"
}

json_is_an_object_a_line_with_a_schema() {
	lab_up --queues 2
	_start_queues 0-1 1 -p -j --interval 0.2
	bounced -n 500
	sleep 0.5
	stop_bouncer
	check "schema in each" jq -se 'length >= 3 and all(.schema == 1)' "$DIR/queues.log"
	check "start, intervals, final" jq -se '.[0].type == "start" and .[1].type == "interval" and
		.[-1].type == "final"' "$DIR/queues.log"
	check "an object a line" test "$(wc -l <"$DIR/queues.log")" = "$(jq -s length "$DIR/queues.log")"
	check "numbers" jq -se '.[-1] | .rx.packets == 500 and .tx.packets == 500 and
		.stopped_by == "signal" and ([.queues[].rx.packets] | add) == 500' "$DIR/queues.log"
	OUT=$(rx "$BOUNCER" -d nope -j 2>/dev/null)
	check "the error" jq -e '.error | test("nope")' <<<"$OUT"
}

options_that_exclude_each_other_are_wrong_usage() {
	lab_up --queues 1
	refuses "-S -N" 2 "exclude" rx "$BOUNCER" -d rx0 -S -N
	refuses "-c -z" 2 "exclude" rx "$BOUNCER" -d rx0 -c -z
	refuses "two maps" 2 "exclude" rx "$BOUNCER" -d rx0 --map-fd 3 --xskmap x
	refuses "-P alone" 2 "-f" rx "$BOUNCER" -d rx0 -P xdp
	refuses "no interface" 2 "-d" rx "$BOUNCER"
	refuses "batch" 2 "batch" rx "$BOUNCER" -d rx0 --batch 0
	refuses "ring" 2 "power of two" rx "$BOUNCER" -d rx0 --ring 100
	refuses "frame size" 2 "2048 or 4096" rx "$BOUNCER" -d rx0 --frame-size 3000
	refuses "headroom" 2 "headroom" rx "$BOUNCER" -d rx0 --frame-size 2048 --headroom 2000
	refuses "duration" 2 "seconds" rx "$BOUNCER" -d rx0 -t 1e3
	refuses "limit" 2 "packets" rx "$BOUNCER" -d rx0 -l -5
}

run_tests "$@"
