#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Nobody waits for an unrelated process: a signal does not wait for a reader, a frame not for
# a log, and an interface not for another one.

. "$(dirname "$0")/lib.sh"

# A pipe that is open and full, and that nobody reads.
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
# A broker looks twice, a second apart, before it believes that it is lost, and gives the reader
# of each output a second. This is generous; a failure would wait for ever, or for 10 s.
_ends_soon() { # PID STATUS
	local until=$((${EPOCHREALTIME/[.,]/} + 8000000))
	while kill -0 "$1" 2>/dev/null; do
		((${EPOCHREALTIME/[.,]/} < until)) || fail "process $1 does not end in 8 s"
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

# Any other tool that prints until it is told to end, or at its end.
_prints_into_full_pipe() { # STATUS COMMAND...
	local status=$1
	shift
	_full_pipe
	rx_bg reader "$@" # as it is when somebody reads: it has begun
	sleep 1
	kill -TERM $!
	ends $! 0
	nsenter --net=/run/netns/xs-t-rx -- "$@" >"$DIR/full" 2>"$DIR/full.log" &
	sleep 2
	kill -0 $! 2>/dev/null || fail "it ended by itself: $*"
	kill -TERM $!
	_ends_soon $! "$status"
	rm "$DIR/full"
}
signal_ends_whoever_prints_to_nobody() {
	lab_up --queues 1
	echo 'udp drop' >"$DIR/some.rules"
	attach -r "$DIR/some.rules"
	_prints_into_full_pipe 1 "$MAPS" stats -w 1 rx0
	_prints_into_full_pipe 1 "$MAPS" losses -w 1 rx0
	_prints_into_full_pipe 1 "$MAPS" top -b 100 -w 1
	_prints_into_full_pipe 1 "$MAPS" watch
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	_prints_into_full_pipe 1 "$O/xsteer-chain" run rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
	tx_bg traffic "$TRAFFIC" -o -n 100000 -r 200 tx0
	_prints_into_full_pipe 1 "$O/xsteer-rules" trace rx0
	equal "the plain program is back" "$(hook)" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)"
}

loss_of_the_instance_is_seen_behind_a_full_pipe() {
	lab_up --queues 1
	attach
	_bouncer_into_full_pipe -v -p --interval 0.05
	check "detach" rx "$LOADER" detach rx0
	_ends_soon "$LAST_BOUNCER" 1
}

# Both of a broker's outputs are full. It says something at each join.
_broker_into_full_pipe() {
	_full_pipe
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	nsenter --net=/run/netns/xs-t-rx -- "$O/xsteer-chain" run -v rx0 "$DIR/f.chain" \
		--socket "$DIR/nf.sock" >"$DIR/full" 2>&1 &
	BROKER=$!
	becomes "it listens" 15 test -S "$DIR/nf.sock" -a -S "$DIR/nf.ctl"
	"$O/selftests/tools/nf_probe" -S "$DIR/nf.sock" -s a >"$DIR/nf.log" 2>&1 &
	NF=$!
	becomes "it serves in spite of that" 10 _has_joined
}
_has_joined() {
	"$O/xsteer-chain" show -j --socket "$DIR/nf.sock" | jq -e '.brokers[0].instances[0].state == "serving"'
}
signal_ends_a_broker_whose_messages_nobody_reads() {
	local signal
	lab_up --queues 1
	attach
	for signal in TERM INT; do
		_broker_into_full_pipe
		kill -s "$signal" "$BROKER"
		_ends_soon "$BROKER" 1
		wait "$NF"
		check "its slot is empty" test "$(owner_pid 0)" = 0
		rm "$DIR/full"
	done
}
loss_of_the_instance_ends_a_broker() {
	lab_up --queues 1
	attach
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	start_broker 0
	check "replace, which keeps its slots" rx "$LOADER" attach --replace rx0
	sleep 3
	check "it lives" kill -0 "$BROKER"
	check "detach" rx "$LOADER" detach rx0
	_ends_soon "$BROKER" 1
	contains "it says so" "$(<"$DIR/run.log")" "rx0: the instance that was joined is detached"
	attach
	_broker_into_full_pipe
	check "detach" rx "$LOADER" detach rx0
	_ends_soon "$BROKER" 1
	wait "$NF"
}
_is_traced() { [[ $(hook) != "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" ]]; }
# A tool that holds signals back until it looks for them, and a message that nobody reads.
signal_ends_whoever_warns_nobody() {
	lab_up --queues 1
	attach
	_full_pipe
	nsenter --net=/run/netns/xs-t-rx -- "$O/xsteer-rules" trace rx0 >"$DIR/full" 2>&1 &
	becomes "it traces" 10 _is_traced
	sleep 0.5
	kill -TERM $!
	ends $! 0 # in 10 s: several messages wait a second each
	equal "the plain program is back" "$(hook)" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)"
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

# The bouncer's socket waits for a queue that somebody holds: no lock waits with it.
bind_that_waits_locks_nobody_out() {
	lab_up --queues 1
	attach
	rx_bg stranger "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	rx_bg bouncer-0 "$BOUNCER" -d rx0 -p
	becomes "it is about to take the queue" 5 _is_coming 0
	check "the pin root is not locked" flock -n "$PINS" true
	kill -STOP $! # it does not wait for ever
	refuses "the queue is spoken for" 1 "queue 0 is about to be held by process $!\\b" \
		rx "$BOUNCER" -d rx0 -t 1
	kill -TERM "$!"
	kill -CONT "$!"
	ends "$!" 0
	check "its row is empty again" test "$(owner_pid 0)" = 0
	refuses "its row is empty again" 1 "" _is_coming 0
}
# The socket of a library and of a broker, whose queue another process holds.
_waits_without_a_lock() { # COMMAND...
	rx_bg waiter "$@"
	becomes "it is about to take the queue" 10 _is_coming 0
	check "the pin root is not locked" flock -n "$PINS" true
	ends $! 1
	contains "why" "$(cat "$DIR/waiter.log")" "held"
	check "its row is empty again" test "$(owner_pid 0)" = 0
	refuses "its row is empty again" 1 "" _is_coming 0
}
socket_and_broker_that_wait_lock_nobody_out() {
	[[ ${O##*/} =~ san|cov ]] && skip "the example is not built so"
	lab_up --queues 1
	attach
	rx_bg stranger "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	check "compile an example" cc -I "$ROOT/user/lib" -o "$DIR/worker" "$ROOT/docs/examples/worker.c" \
		"$O/libxsteer.so.0"
	_waits_without_a_lock env LD_LIBRARY_PATH="$O" "$DIR/worker" rx0 0
	printf '%s\n' 'service fw' 'chain web fw tx' >"$DIR/web.chain"
	_waits_without_a_lock "$O/xsteer-chain" run rx0 "$DIR/web.chain" --socket "$DIR/nf.sock"
}
broker_meets_a_bouncer_that_has_announced_itself() {
	lab_up --queues 1
	attach
	rx_bg stranger "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	rx_bg bouncer-0 "$BOUNCER" -d rx0 -p
	local starter=$!
	becomes "it is about to take the queue" 5 _is_coming 0
	kill -STOP "$starter" # it does not wait for ever
	printf '%s\n' 'service fw' 'chain web fw tx' >"$DIR/web.chain"
	refuses "a broker" 1 "queue 0 is about to be held by process $starter\\b" \
		rx "$O/xsteer-chain" run rx0 "$DIR/web.chain" --socket "$DIR/nf.sock"
	check "the bouncer is still about to" _is_coming 0
	kill -TERM "$starter"
	kill -CONT "$starter"
	ends "$starter" 0
}

# In the middle of the program's load, which takes a good part of a second.
_stopped_while_it_builds() { # COMMAND...
	rx_bg builder "$@"
	BUILDER=$!
	until [[ -d $PINS/%new-rx0 ]]; do
		kill -0 "$BUILDER" 2>/dev/null || fail "nothing was built: $(cat "$DIR/builder.log")"
	done
	# The directory is made in a step that the root is locked for: not in that one.
	for ((;;)); do
		kill -STOP "$BUILDER"
		becomes "it is stopped" 5 grep -q '^State:	T' "/proc/$BUILDER/status"
		flock -n "$PINS" true && break
		kill -CONT "$BUILDER"
		sleep 0.002
	done
	check "in the middle" test -d "$PINS/%new-rx0"
}
_others() {
	check "two others" rx ip link add other0 type veth peer name third0
	check "attach" rx "$LOADER" attach other0
	echo "udp dport 9 drop" >"$DIR/rules"
}
_others_go_on() {
	check "attach of another" rx "$LOADER" attach third0
	check "apply of another" rx "$O/xsteer-rules" apply other0 "$DIR/rules"
	check "upgrade of another" rx "$LOADER" upgrade other0
	check "detach of another" rx "$LOADER" detach other0
	check "clean" rx "$LOADER" clean
	check "leaves it alone" test -d "$PINS/%new-rx0"
}
_pins() { (cd "$PINS" && echo *); }
attach_that_is_stopped_holds_up_no_other_interface() {
	lab_up
	_others
	_stopped_while_it_builds "$LOADER" attach rx0
	_others_go_on
	refuses "who wants this one waits" 1 "%new-rx0 is locked by another xsteer tool" \
		rx "$LOADER" attach rx0
	kill -CONT "$BUILDER"
	ends "$BUILDER" 0
	not_equal "hook" "$(hook)" ""
	equal "pins" "$(_pins)" "rx0 third0"
}
bouncer_that_is_stopped_as_it_attaches_holds_up_no_other_interface() {
	lab_up
	_others
	_stopped_while_it_builds "$BOUNCER" -d rx0 -p
	_others_go_on
	kill -CONT "$BUILDER"
	becomes "it holds its slot" 10 _owned_by 0 "$BUILDER"
	stop_bouncer "$BUILDER"
	equal "pins" "$(_pins)" "third0"
}
replace_that_is_stopped_leaves_the_old_in_force() {
	lab_up
	_others
	attach
	_stopped_while_it_builds "$LOADER" attach rx0 --replace
	_others_go_on
	check "apply to the old" rx "$O/xsteer-rules" apply rx0 "$DIR/rules"
	refuses "detach --all" 1 "another attach is running there" rx "$LOADER" detach --all
	kill -CONT "$BUILDER"
	ends "$BUILDER" 0
	equal "pins" "$(_pins)" "rx0"
}
attach_that_is_killed_as_it_builds_is_followed_by_the_next() {
	lab_up
	_stopped_while_it_builds "$LOADER" attach rx0
	kill -KILL "$BUILDER"
	wait "$BUILDER" 2>/dev/null
	attach
	equal "pins" "$(_pins)" "rx0"
}
# The lock of rx0's instance, as an apply has it that is stopped while it compiles.
_lock_instance() { # its holder: HOLDER
	flock -o "$PINS/rx0" sleep 60 &
	HOLDER=$!
	becomes "the instance is locked" 5 _is_locked "$PINS/rx0"
}
_is_locked() { ! flock -n "$1" true; }
_has_open() { # PID PATH
	local fd
	for fd in /proc/"$1"/fd/*; do
		[[ $(readlink "$fd") = "$2" ]] && return
	done
	return 1
}
# Process $1 waits for the lock that HOLDER has; then it gets it, and ends with 0.
_waits_alone() { # PID
	becomes "it waits for the instance" 5 _has_open "$1" "$PINS/rx0"
	check "attach of another" rx "$LOADER" attach third0
	check "apply of another" rx "$O/xsteer-rules" apply other0 "$DIR/rules"
	check "detach of another" rx "$LOADER" detach third0
	check "it still waits" kill -0 "$1"
	refuses "nobody has the instance's lock but the holder" 1 "" flock -n "$PINS/rx0" true
	kill "$HOLDER"
	wait "$HOLDER" 2>/dev/null
}
detach_that_waits_for_an_instance_holds_up_no_other() {
	local which
	lab_up --queues 1
	_others
	for which in rx0 --all; do
		attach
		_lock_instance
		rx_bg waiter "$LOADER" detach "$which"
		_waits_alone $!
		ends $! 0
		check "it is gone" test ! -e "$PINS/rx0"
	done
	equal "hook" "$(hook)" ""
}
attach_and_clean_that_wait_for_an_instance_hold_up_no_other() {
	lab_up --queues 1
	_others
	start_bouncer 0 -p
	_lock_instance
	rx_bg waiter "$LOADER" attach rx0 # so that it stays when the bouncer leaves
	_waits_alone $!
	ends $! 0
	stop_bouncer
	equal "pins" "$(_pins)" "other0 rx0"
	check "another's hand" rx bpftool link detach pinned "$PINS/rx0/link"
	_lock_instance
	rx_bg waiter "$LOADER" clean
	_waits_alone $!
	ends $! 0
	equal "pins" "$(_pins)" "other0"
}
bouncer_that_leaves_and_waits_for_the_instance_holds_up_no_other() {
	lab_up --queues 1
	_others
	start_bouncer 0 -p
	_lock_instance
	kill -INT "$LAST_BOUNCER"
	_waits_alone "$LAST_BOUNCER"
	ends "$LAST_BOUNCER" 0
	equal "pins" "$(_pins)" "other0"
	equal "hook" "$(hook)" ""
}
broker_that_waits_for_the_instance_holds_up_no_other() {
	lab_up --queues 1
	_others
	attach
	printf '%s\n' 'service fw' 'chain web fw tx' >"$DIR/web.chain"
	_lock_instance
	rx_bg waiter "$O/xsteer-chain" run rx0 "$DIR/web.chain" --socket "$DIR/nf.sock"
	local broker=$!
	_waits_alone "$broker"
	becomes "it listens" 15 test -S "$DIR/nf.sock"
	kill -INT "$broker"
	ends "$broker" 0
}
one_that_comes_while_another_waits_is_not_detached() {
	lab_up --queues 2
	_others
	start_bouncer 0 -p
	_lock_instance
	kill -INT "$LAST_BOUNCER"
	local leaving=$LAST_BOUNCER
	becomes "it waits for the instance" 5 _has_open "$leaving" "$PINS/rx0"
	start_bouncer 1 -p
	_waits_alone "$leaving"
	ends "$leaving" 0
	not_equal "hook" "$(hook)" ""
	steer 1
	bounced -n 100
	stop_bouncer
	equal "pins" "$(_pins)" "other0"
}
_is_coming() {
	bpftool -j map dump pinned "$PINS/rx0/owners" | jq -e --argjson q "$1" '
		.[] | .formatted | select(.key == $q) | .value | .pid == 0 and .start_time > 0'
}

one_that_starts_keeps_an_automatic_instance() {
	lab_up --queues 2
	start_bouncer 0 -p
	rx_bg stranger "$BOUNCER" -d rx0 -Q 1 -p --xskmap "$PINS/rx0/xsks_map"
	local stranger=$!
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	rx_bg bouncer-1 "$BOUNCER" -d rx0 -Q 1 -p
	local starter=$!
	becomes "it is about to take queue 1" 5 _is_coming 1
	stop_bouncer
	not_equal "hook" "$(hook)" ""
	stop_bouncer "$stranger"
	becomes "it holds queue 1" 10 _owned_by 1 "$starter"
	stop_bouncer "$starter"
	_nothing_left
}

# Two interfaces, one input: both get its rules. It is slow, and nobody else waits for it.
rules_from_standard_input_are_read_once_and_before_any_lock() {
	local slow
	lab_up --queues 1
	rx ip link add one0 type veth peer name two0
	(sleep 8 && echo "udp dport 7 drop") | rx "$LOADER" attach -m skb -r - one0 two0 >"$DIR/slow.log" 2>&1 &
	slow=$!
	sleep 0.5
	check "another interface meanwhile" rx "$LOADER" attach rx0
	check "which still waits for its input" kill -0 "$slow"
	wait "$slow"
	equal "exit status" $? 0
	contains "rules of the first" "$(rx "$O/xsteer-rules" show one0)" "udp dport 7 drop"
	contains "rules of the second" "$(rx "$O/xsteer-rules" show two0)" "udp dport 7 drop"
	check "both at once, live" rx sh -c "echo 'tcp drop' | '$LOADER' attach -m skb -r - one0 two0"
	contains "rules of the second, live" "$(rx "$O/xsteer-rules" show two0)" "tcp drop"
}

run_tests "$@"
