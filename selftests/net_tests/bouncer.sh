#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-bouncer: frames that go in come out unchanged; its flags; who may hold a
# queue; who attaches an instance and who removes it.

. "$(dirname "$0")/lib.sh"

# One queue with every flow and protocol.
_bounces() { # LAB-OPTIONS MODE [BOUNCER OPTION...]
	# shellcheck disable=SC2086 # options
	lab_up --queues 1 $1
	attach -m "$2"
	start_bouncer 0 "${@:3}"
	bounced -n 20000
	stop_bouncer
	equal "frames counted" "$(counter packets)" 20000
	equal "to the socket" "$(counter verdict_xsk)" 20000
	check "the verdicts add up" counters_add_up
	not_bounced -n 100
}
udp_and_tcp_come_back_native_busy_wait() { _bounces "" native; }
udp_and_tcp_come_back_native_poll() { _bounces "" native --poll; }
udp_and_tcp_come_back_native_copy() { _bounces "" native -c; }
udp_and_tcp_come_back_native_small_batches() { _bounces "" native --batch 1; }
udp_and_tcp_come_back_native_large_batches() { _bounces "" native -p --batch 512; }
udp_and_tcp_come_back_skb_busy_wait() { _bounces --skb skb; }
udp_and_tcp_come_back_skb_poll() { _bounces --skb skb -p -c; }

smallest_and_largest_frames_come_back() {
	lab_up --queues 1
	start_bouncer 0 -p
	bounced -n 500 -p udp4 -s 64
	bounced -n 500 -p tcp6 -s 1514
	stop_bouncer
}

swapped_addresses_come_back_swapped() {
	lab_up --queues 1
	start_bouncer 0 -p --swap-mac
	bounced -n 500 -x
	stop_bouncer
}

_four_bouncers() { # LAB-OPTIONS MODE
	local q pids=()
	# shellcheck disable=SC2086
	lab_up --queues 4 $1
	attach -m "$2"
	for q in 0 1 2 3; do
		start_bouncer "$q" -p
		pids+=("$LAST_BOUNCER")
	done
	for q in 0 1 2 3; do
		steer "$q"
		bounced -n $((1000 + q))
	done
	for q in 0 1 2 3; do
		equal "packets of queue $q" "$(counter packets "$q")" $((1000 + q))
		equal "to its socket" "$(counter verdict_xsk "$q")" $((1000 + q))
	done
	steer all
	bounced -n 40000 -f 200
	equal "packets of all queues" "$(counter packets)" 44006
	for q in 0 1 2 3; do
		stop_bouncer "${pids[q]}"
	done
}
four_bouncers_on_four_queues_native() { _four_bouncers "" native; }
four_bouncers_on_four_queues_skb() { _four_bouncers --skb skb; }

queue_without_bouncer_goes_to_the_kernel() {
	lab_up
	attach
	start_bouncer 1 -p
	steer 1
	bounced -n 200
	steer 2
	not_bounced -n 100
	pings
	equal "no socket on queue 2" "$(($(counter reason_no_socket 2)))" "$(counter packets 2)"
	equal "passed on queue 2" "$(counter verdict_pass 2)" "$(counter packets 2)"
}

packet_limit_is_exact() {
	lab_up --queues 1
	rx_bg limit "$BOUNCER" -d rx0 -p -l 1000
	becomes "ready" 10 _ready_or_dead 0 $!
	OUT=$(tx "$TRAFFIC" -n 3000 -t 500 tx0)
	ends $! 0
	contains "frames that came back" "$OUT" "returned 1000 "
	contains "totals" "$(tail -n 20 "$DIR/limit.log")" 'RX:? +1,?000 '
}

packet_limit_is_exact_when_busy() {
	lab_up --queues 1
	rx_bg limit "$BOUNCER" -d rx0 -l 777
	becomes "ready" 10 _ready_or_dead 0 $!
	OUT=$(tx "$TRAFFIC" -n 3000 -t 500 tx0)
	ends $! 0
	contains "frames that came back" "$OUT" "returned 777 "
}

duration_is_kept_idle_and_busy() {
	local start ms idle_ms
	lab_up --queues 1
	start=${EPOCHREALTIME/[.,]/}
	check "-t 0.1" rx "$BOUNCER" -d rx0 --poll -t 0.1
	idle_ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	for mode in --poll ""; do
		start=${EPOCHREALTIME/[.,]/}
		# shellcheck disable=SC2086
		check "-t 2 $mode" rx "$BOUNCER" -d rx0 $mode -t 2
		ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
		# Not much longer than it takes to start and end on this machine, however busy it is.
		((ms >= 2000 && ms < 6000 + 10 * idle_ms)) ||
			fail "-t 2 took $ms ms, where -t 0.1 takes $idle_ms ms"
	done
}

verbose_prints_every_two_seconds_and_totals() {
	lab_up --queues 1
	start_bouncer 0 -v -p -t 5
	bounced -n 3000 -r 1000
	ends "$LAST_BOUNCER" 0
	words=$(cat "$DIR/bouncer-0.log")
	contains "RX line" "$words" 'AF_XDP RX: +[0-9,]+ pkts \( *[0-9,]+ pps\) +[0-9,]+ Kbytes \( *[0-9,]+ Mbits/s\) period:[0-9.]+'
	contains "TX line" "$words" ' +TX: +[0-9,]+ pkts \( *[0-9,]+ pps\) +[0-9,]+ Kbytes \( *[0-9,]+ Mbits/s\) period:[0-9.]+'
	equal "intervals in 5 s" "$(grep -c 'AF_XDP RX:.*period:[12]\.' <<<"$words")" 2
	contains "totals" "$words" 'RX: +3,?000 packets'
	contains "totals" "$words" 'TX: +3,?000 packets'
}

obtained_mode_is_always_printed() {
	lab_up --queues 1
	check "bouncer" rx "$BOUNCER" -d rx0 -p -t 1
	contains "socket" "$OUT" "copy"
	contains "program" "$OUT" "native"
}

zero_copy_that_the_driver_refuses_fails_by_name() {
	lab_up --queues 1
	refuses "-z" 1 "zero.?copy" rx "$BOUNCER" -d rx0 -z -t 1
	equal "hook" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
}

bouncer_attaches_by_itself_and_takes_it_away() {
	lab_up --queues 1
	start_bouncer 0 -p
	not_equal "hook" "$(hook)" ""
	bounced -n 500
	stop_bouncer
	equal "hook" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
	pings
}

bouncer_leaves_an_instance_that_it_found() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	stop_bouncer "$LAST_BOUNCER" TERM
	not_equal "hook" "$(hook)" ""
	pings
}

# The seed's example 7, once for each order of leaving.
_three_bouncers() { # ORDER OF LEAVING
	local q pids=()
	lab_up --queues 4
	for q in 0 1 2; do
		rx_bg "bouncer-$q" "$BOUNCER" -d rx0 -Q "$q" -p
		pids[q]=$!
	done
	for q in 0 1 2; do
		becomes "bouncer on queue $q is ready" 15 _owned_by "$q" "${pids[q]}"
	done
	for q in 0 1 2; do
		steer "$q"
		bounced -n 300
	done
	for q in "$@"; do
		not_equal "hook while one is left" "$(hook)" ""
		steer "$q"
		bounced -n 100
		stop_bouncer "${pids[q]}"
	done
	equal "hook when the last has left" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
	pings
}
three_at_once_leave_first_to_last() { _three_bouncers 0 1 2; }
three_at_once_leave_last_to_first() { _three_bouncers 2 1 0; }
three_at_once_leave_middle_first() { _three_bouncers 1 0 2; }

three_at_once_leave_at_once() {
	local q pids=()
	lab_up --queues 4
	for q in 0 1 2; do
		start_bouncer "$q" -p
		pids+=("$LAST_BOUNCER")
	done
	kill -TERM "${pids[@]}"
	for q in 0 1 2; do
		ends "${pids[q]}" 0
	done
	equal "hook" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
}

second_bouncer_on_a_queue_names_the_first() {
	lab_up
	attach
	start_bouncer 2 -p
	refuses "second" 1 "\\b$LAST_BOUNCER\\b" rx "$BOUNCER" -d rx0 -Q 2 -t 1
	steer 2
	bounced -n 300 # the first does not suffer
	stop_bouncer
}

no_such_queue_gives_the_range() {
	lab_up --queues 4
	refuses "queue 4" 1 "0.{1,4}3" rx "$BOUNCER" -d rx0 -Q 4 -t 1
	refuses "queue 99" 1 "0.{1,4}3" rx "$BOUNCER" -d rx0 -Q 99 -t 1
	equal "hook" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
	refuses "queue -1" 2 "-1" rx "$BOUNCER" -d rx0 -Q -1
	refuses "queue x" 2 "x" rx "$BOUNCER" -d rx0 -Q x
}

rebind_right_after_leaving_works() {
	local i
	lab_up --queues 1
	attach
	for i in 1 2 3 4 5 6 7 8 9 10; do
		start_bouncer 0 -p
		bounced -n 50
		stop_bouncer
	done
}

users_own_object_is_loaded() {
	lab_up --queues 1
	rx_bg own "$BOUNCER" -d rx0 -p -f "$O/selftests/progs/own_xsk.bpf.o" -P xdp_my
	becomes "their program is on the hook" 10 _hook_runs my_prog
	sleep 0.3
	bounced -n 500
	stop_bouncer $!
	equal "hook" "$(hook)" ""
}
_hook_runs() { [[ $(bpftool -j prog show id "$(hook)" | jq -r .name) = "$1" ]]; }

own_object_that_does_not_fit_is_refused_by_name() {
	lab_up --queues 1
	attach_foreign xdpdrv
	rx ip link set rx0 xdpdrv off
	refuses "no xsks_map" 1 "xsks_map" rx "$BOUNCER" -d rx0 -t 1 -f "$DIR/foreign.o" -P xdp
	refuses "no section" 1 "nosuch" rx "$BOUNCER" -d rx0 -t 1 -f "$DIR/foreign.o" -P nosuch
	refuses "no file" 1 "nosuch.o" rx "$BOUNCER" -d rx0 -t 1 -f "$DIR/nosuch.o"
	equal "hook" "$(hook)" ""
}

own_object_leaves_no_pin() {
	local before
	lab_up --queues 1
	before=$(ls /sys/fs/bpf)
	rx_bg own "$BOUNCER" -d rx0 -p -f "$O/xsteer.bpf.o" # whose maps are to be pinned by name
	becomes "the program is on the hook" 10 _hook_runs xsteer
	equal "pins" "$(ls /sys/fs/bpf)" "$before"
	bounced -n 500
	stop_bouncer $!
	equal "pins" "$(ls /sys/fs/bpf)" "$before"
}

own_object_is_refused_with_the_reason() {
	lab_up --queues 1
	echo "no object" >"$DIR/text.o"
	refuses "no ELF" 1 "not a proper ELF" rx "$BOUNCER" -d rx0 -t 1 -f "$DIR/text.o"
	refuses "the verifier's words" 1 "invalid access to packet" \
		rx "$BOUNCER" -d rx0 -t 1 -f "$O/selftests/progs/own_xsk.bpf.o" -P xdp_bad
	contains "and ours" "$OUT" "reads_beyond.*reason is above"
	equal "hook" "$(hook)" ""
}

joins_with_cap_net_raw_alone() {
	[[ ${XS_SAN-} ]] && skip "LeakSanitizer needs ptrace of a process that dropped its rights"
	public_copy "$BOUNCER"
	lab_up --queues 1
	attach
	# what an operator does for the group of bouncers
	mount -o remount,mode=0755 /sys/fs/bpf 2>/dev/null || chmod 755 /sys/fs/bpf
	chmod 755 "$PINS" "$PINS/rx0"
	chgrp 65534 "$PINS"/rx0/*
	chmod 640 "$PINS"/rx0/*
	chmod 660 "$PINS/rx0/xsks_map" "$PINS/rx0/owners"
	rx_bg raw setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+net_raw \
		--ambient-caps=+net_raw --bounding-set=-all,+net_raw \
		"$DIR/xsteer-bouncer" -d rx0 -p
	becomes "it is ready" 10 _ready_or_dead 0 $!
	bounced -n 500
	stop_bouncer $!
}

drops_what_it_does_not_need() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	has_no_capability "the bouncer" "$LAST_BOUNCER"
	bounced -n 500
	stop_bouncer
	check "detach" rx "$LOADER" detach rx0
	start_bouncer 0 -p # that has to take apart what it attached
	has_no_capability "one that attached by itself" "$LAST_BOUNCER"
	bounced -n 500
	stop_bouncer
	check "the program is gone" xdp_is_off
	start_bouncer 0 -p --busy-poll
	has_no_capability "one that busy-polls" "$LAST_BOUNCER" 12 # CAP_NET_ADMIN
	stop_bouncer
}

memlock_that_is_short_is_no_end() {
	lab_up --queues 1
	attach
	rx_bg memlock bash -c 'ulimit -l 64; exec "$@"' bash "$BOUNCER" -d rx0 -p
	becomes "it is ready" 10 _ready_or_dead 0 $!
	bounced -n 300
	stop_bouncer $!
}

_each_step_fails() { # WHAT-MUST-HOLD-AFTER COMMAND...
	local after=$1 step status
	shift
	for ((step = 1; step < 100; step++)); do
		OUT=$(XSTEER_FAIL_STEP=$step rx "$@" 2>&1)
		status=$?
		((status == 0)) && break # no such step any more
		equal "exit status when step $step fails" "$status" 1
		contains "it says where" "$OUT" "step"
		"$after"
	done
	((step > 3)) || fail "only $step steps: does XSTEER_FAIL_STEP work?"
	equal "a step too many" "$status" 0
	"$after"
}
_nothing_is_left() {
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS" 2>/dev/null)" ""
}
_slot_is_free() {
	# one that could not be cleared names a process that is gone, so nobody
	[[ $OUT = *"give up"* ]] || equal "owner" "$(owner_pid 0)" 0
	equal "program" "$(hook)" "$id"
}
each_failing_step_of_a_lone_bouncer_frees_what_it_took() {
	lab_up --queues 1
	_each_step_fails _nothing_is_left "$BOUNCER" -d rx0 -p -t 1
}
each_failing_step_of_a_joining_bouncer_frees_what_it_took() {
	lab_up --queues 1
	attach
	id=$(hook)
	_each_step_fails _slot_is_free "$BOUNCER" -d rx0 -p -t 1
}

memcheck_finds_nothing_in_a_bouncer_under_load() {
	[[ ${XS_SAN-} ]] && skip "valgrind cannot run what the address sanitizer watches"
	type -P valgrind >/dev/null || skip "valgrind is missing: scripts/install-deps test"
	lab_up --queues 1
	rx_bg memcheck valgrind -q --suppressions="$ROOT/selftests/valgrind.supp" --leak-check=full \
		--show-leak-kinds=definite,possible --errors-for-leak-kinds=definite,possible \
		--error-exitcode=99 "$BOUNCER" -d rx0 -p -l 5000
	becomes "ready" 100 _ready_or_dead 0 $!
	bounced -n 5000 -w 64
	ends $! 0
	contains "it saw the frames" "$(cat "$DIR/memcheck.log")" 'RX: +5,?000 packets'
}

a_million_frames_are_all_explained() {
	[[ ${XS_SAN-} ]] && skip "the same frames, slower: 20000 are enough for the sanitizers"
	lab_up --queues 1
	attach
	start_bouncer 0
	bounced -n 1000000 -s 64-256
	stop_bouncer
	equal "packets" "$(counter packets)" 1000000
	equal "to the socket" "$(counter verdict_xsk)" 1000000
	contains "totals of the bouncer" "$(cat "$DIR/bouncer-0.log")" 'RX: +1,?000,?000 packets'
	contains "totals of the bouncer" "$(cat "$DIR/bouncer-0.log")" 'TX: +1,?000,?000 packets'
}

run_tests "$@"
