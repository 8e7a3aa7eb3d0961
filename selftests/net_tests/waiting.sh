#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Nobody waits for somebody who has nothing to do with them: not a signal for a
# reader, not a frame for a log, not an interface for another's.

. "$(dirname "$0")/lib.sh"

# Open and full, and nobody reads it.
_full_pipe() {
	mkfifo "$DIR/full"
	exec 8<>"$DIR/full"
	timeout 1 dd if=/dev/zero of="$DIR/full" bs=4096 2>/dev/null
}
_bouncer_into_full_pipe() { # OPTION...
	_full_pipe
	nsenter --net=/run/netns/xs-t-rx -- "$BOUNCER" -d rx0 "$@" >"$DIR/full" 2>&1 &
	LAST_BOUNCER=$!
	becomes "it holds its slot" 10 _owned_by 0 "$LAST_BOUNCER"
}
# Generous for a machine that is busy: what it is held against waits for ever, or 10 s.
_ends_soon() { # PID STATUS
	local until=$((${EPOCHREALTIME/[.,]/} + 5000000))
	while kill -0 "$1" 2>/dev/null; do
		((${EPOCHREALTIME/[.,]/} < until)) || fail "process $1 does not end in 5 s"
		sleep 0.02
	done
	ends "$1" "$2"
}
_nothing_left() {
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS" 2>/dev/null)" ""
}

signal_ends_a_bouncer_whose_output_nobody_reads() {
	local signal
	lab_up --queues 1
	for signal in TERM INT; do
		_bouncer_into_full_pipe -v -p --interval 0.05
		sleep 0.3
		kill -s "$signal" "$LAST_BOUNCER"
		_ends_soon "$LAST_BOUNCER" 1 # what it said is lost
		_nothing_left
		rm "$DIR/full"
	done
}

signal_ends_it_under_json_too() {
	lab_up --queues 1
	_bouncer_into_full_pipe -j -v -p --interval 0.05
	kill -TERM "$LAST_BOUNCER"
	_ends_soon "$LAST_BOUNCER" 1
	_nothing_left
}

loss_of_the_instance_is_seen_behind_a_full_pipe() {
	lab_up --queues 1
	attach
	_bouncer_into_full_pipe -v -p --interval 0.05
	check "detach" rx "$LOADER" detach rx0
	_ends_soon "$LAST_BOUNCER" 1
}

# On a veth the worker itself says that busy-polling does nothing, once a packet has come.
worker_that_logs_does_not_stop_for_a_reader() {
	lab_up --queues 1
	_bouncer_into_full_pipe -v --busy-poll --interval 0.05
	bounced -n 100
	bounced -n 1000
	kill -TERM "$LAST_BOUNCER"
	_ends_soon "$LAST_BOUNCER" 1
}

slow_reader_gets_whole_reports_and_the_last() {
	lab_up --queues 1
	rx "$BOUNCER" -d rx0 -j -v -p --interval 0.001 -t 3 2>"$DIR/slow.log" |
		{ sleep 2.5; cat; } >"$DIR/reports"
	equal "exit status" "${PIPESTATUS[0]}" 0
	check "each line is one object" jq -e . "$DIR/reports"
	equal "the last" "$(tail -n 1 "$DIR/reports" | jq -r .type)" final
}

signal_ends_the_wait_for_a_lock() {
	local holder
	lab_up --queues 1
	attach
	flock "$PINS" sleep 9 &
	holder=$!
	sleep 0.2
	rx_bg bouncer-0 "$BOUNCER" -d rx0 -p
	sleep 0.7
	kill -TERM $!
	_ends_soon $! 0
	kill "$holder"
}

signal_ends_the_wait_for_a_queue() {
	local stranger
	lab_up --queues 1
	attach
	rx_bg stranger "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	stranger=$!
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	rx_bg bouncer-0 "$BOUNCER" -d rx0 -p
	sleep 0.7
	kill -TERM $!
	ends $! 0
	refuses "nothing was said of the queue" 1 "" grep "queue 0" "$DIR/bouncer-0.log"
	stop_bouncer "$stranger"
}

signal_ends_the_wait_for_a_device_plugin() {
	lab_up --queues 1
	python3 - "$DIR/mute.sock" <<-'PY' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.bind(sys.argv[1])
		s.listen(1)
		c, _ = s.accept()
		time.sleep(30)
	PY
	becomes "the plugin listens" 5 test -S "$DIR/mute.sock"
	rx_bg bouncer-0 "$BOUNCER" -d rx0 -p --uds "$DIR/mute.sock"
	sleep 0.7
	kill -TERM $!
	_ends_soon $! 0
}

run_tests "$@"
