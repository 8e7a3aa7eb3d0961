#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The document of the openNetVM AF_XDP manager: its five regression steps, its tests of
# error handling, and its example command lines, each with a result that is checked.

. "$(dirname "$0")/lib.sh"

step_1_starts_and_stops() {
	lab_up
	check "5 s, then TERM" timeout --preserve-status 5 nsenter --net=/run/netns/xs-t-rx -- \
		"$BOUNCER" -d rx0 -v
	contains "totals" "$OUT" 'RX: +0 packets, 0 bytes'
	equal "hook" "$(hook)" ""
}

step_2_prints_statistics() {
	lab_up
	check "-v -t 5" timeout 10 nsenter --net=/run/netns/xs-t-rx -- "$BOUNCER" -d rx0 -v -t 5
	contains "RX" "$OUT" 'AF_XDP RX:'
	contains "TX" "$OUT" ' TX:'
}

step_3_polls() {
	lab_up
	check "-p" timeout --preserve-status 5 nsenter --net=/run/netns/xs-t-rx -- "$BOUNCER" -d rx0 -p
}

# utime + stime of a process, in ticks of 10 ms
_ticks() { # PID
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}
poll_mode_leaves_the_cpu_idle() {
	local before ticks
	lab_up
	start_bouncer 0 -p
	sleep 0.5 # the program was loaded in this process: the verifier's time is not idling
	before=$(_ticks "$LAST_BOUNCER")
	sleep 3
	ticks=$(($(_ticks "$LAST_BOUNCER") - before))
	((++ASSERTIONS))
	((ticks <= 3)) || fail "3 idle seconds took $ticks ticks" # 1 %
	stop_bouncer
}

step_4_runs_in_skb_mode() {
	lab_up
	rx_bg skb "$BOUNCER" -d rx0 -S
	becomes "ready" 10 _ready_or_dead 0 $!
	equal "mode of the hook" "$(hook_mode)" 2
	stop_bouncer $!
	equal "hook" "$(hook)" ""
}

step_5_stops_at_a_packet_limit() {
	lab_up --queues 1
	rx_bg limit "$BOUNCER" -d rx0 -l 1000
	becomes "ready" 10 _ready_or_dead 0 $!
	tx "$TRAFFIC" -n 1200 -t 300 tx0 >/dev/null
	ends $! 0
	contains "totals" "$(cat "$DIR/limit.log")" 'RX: +1,?000 packets'
}

error_1_missing_interface() {
	lab_up
	refuses "invalid_if" 1 "invalid_if" rx "$BOUNCER" -d invalid_if
}

error_2_no_privilege() {
	public_copy "$BOUNCER"
	lab_up
	refuses "no capability" 1 "CAP_|root|privilege|permitted" \
		rx setpriv --reuid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" "$DIR/xsteer-bouncer" -d rx0
	equal "hook" "$(hook)" ""
}

error_3_program_already_attached() {
	local id
	lab_up
	attach_foreign xdpdrv
	id=$(hook)
	refuses "foreign program" 1 "foreign_prog" rx "$BOUNCER" -d rx0 -t 1
	equal "their program" "$(hook)" "$id"
}

error_3_second_on_the_same_queue() {
	lab_up
	start_bouncer 0 -p
	refuses "second" 1 "\\b$LAST_BOUNCER\\b" rx "$BOUNCER" -d rx0 -Q 0
	stop_bouncer
}

flags_of_the_document_are_all_known() {
	lab_up --queues 2
	check "every flag at once" rx "$BOUNCER" -d rx0 -Q 1 -N -c -p -v -t 1 -l 1000000
	check "long names" rx "$BOUNCER" --interface rx0 --queue 1 --skb --copy --poll --verbose \
		--duration 1 --limit 1000000
	check "-h" "$BOUNCER" -h
	for flag in -d -Q -S -N -c -z -p -f -P -v -t -l -h; do
		contains "help has $flag" "$OUT" "(^|[ ,])$flag\\b"
	done
}

contradictions_are_wrong_usage() {
	lab_up
	refuses "-S -N" 2 "-S|-N|skb|native" rx "$BOUNCER" -d rx0 -S -N
	refuses "-c -z" 2 "-c|-z|copy" rx "$BOUNCER" -d rx0 -c -z
	refuses "-t x" 2 "x" rx "$BOUNCER" -d rx0 -t x
	refuses "-l -1" 2 "-1" rx "$BOUNCER" -d rx0 -l -1
	refuses "operand" 2 "extra" rx "$BOUNCER" -d rx0 extra
	equal "hook" "$(hook)" ""
}

run_tests "$@"
