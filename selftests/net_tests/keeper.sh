#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A bouncer with --keeper is killed while numbered frames come, again and again: none is lost that the
# account does not name, none is doubled, and the account is that of all workers together.
#
# XS_KILLS=N kills N times instead of 5. 200, as before a release:
#	XS_KILLS=200 XS_TIMEOUT=1800 selftests/runner keeper.sh

# XS_CALLS=N kills at N moments instead of 8 at which a worker enters or leaves a system call. Those of its
# start are spread over all that it makes there, and others each day. 700 is each of them:
#	XS_CALLS=700 XS_TIMEOUT=9000 selftests/runner at_each_call

. "$(dirname "$0")/lib.sh"

kills=${XS_KILLS:-5}
calls=${XS_CALLS:-8}
KILL_AT=$O/selftests/tools/kill_at
STARTS_CALLS=700 # moments, at least, from a worker's birth until it is back in its loop

_keeper() { # [OPTION...]
	rx_bg keeper "$BOUNCER" --keeper -d rx0 -j "$@"
	KEEPER=$!
	becomes "a worker has slot 0" 15 _has_worker
	WORKER=$(owner_pid 0)
}
_has_worker() { [[ $(ps -o ppid= -p "$(owner_pid 0)" | tr -d ' ') = "$KEEPER" ]]; }
_has_another() { [[ $(owner_pid 0) != "$WORKER" ]] && _has_worker; }
_kill_worker() {
	kill -KILL "$WORKER"
	becomes "another worker has slot 0" 10 _has_another
	WORKER=$(owner_pid 0)
}
_reports() { grep '^{' "$DIR/keeper.log"; }
_final() { _reports | jq -s 'map(select(.type == "final")) | last | '"$1"; }
_stop_keeper() {
	kill -TERM "$KEEPER"
	ends "$KEEPER" 0
}
# What was sent and has not come back is what was changed at the moment of a kill, one a kill at most.
_account_closes() { # KILLS
	local interrupted
	end_flood
	_stop_keeper
	interrupted=$(_final .interrupted)
	echo "# killed $1 times: $(flood_said sent) frames sent, $interrupted interrupted"
	[[ ${XS_RATE-} ]] || equal "dropped on the way" "$(dropped_on_the_way)" 0
	equal "returned" $(($(flood_said returned) + $(dropped_on_the_way))) $(($(flood_said sent) - interrupted))
	((interrupted <= $1)) || fail "$interrupted frames interrupted by $1 kills"
	# a little more than flood has sent: the interfaces send some of their own
	equal "the program's count" "$(_final .rx.packets)" "$(counter verdict_xsk)"
	equal "sent back" "$(_final .tx.packets)" $(($(_final .rx.packets) - interrupted))
	equal "lost" "$(_final '.rx_dropped + .rx_ring_full + .late + .rx_unowned + .tx_unowned + .dropped')" 0
}
_killed_again_and_again() { # OPTION...
	local i
	needs_rings_of_others
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 "$@"
	start_flood
	for ((i = 1; i <= kills; i++)); do
		sleep "1.$(printf %03d $((RANDOM % 300)))" # five within a second each would end it
		_kill_worker
		frames_come
	done
}

killed_again_and_again_it_loses_nothing() {
	_killed_again_and_again -p
	_account_closes "$kills"
	equal "interrupted, where nothing is changed" "$(_final .interrupted)" 0
}

killed_again_and_again_while_it_changes_packets() {
	_killed_again_and_again --adaptive --swap-mac
	_account_closes "$kills"
}

# Kills at the Nth moment at which the process, or the next that it forks, enters or leaves a call.
_kill_at() { # N OPTION... PID
	rx_bg at "$KILL_AT" "${@:2}" "$1"
	AT=$!
	becomes "the calls are counted" 10 grep -q ready "$DIR/at.log"
}
_was_killed_at() {
	ends "$AT" 0
	becomes "another worker has slot 0" 20 _has_another
	WORKER=$(owner_pid 0)
	sed -n 's/^killed as it //p' "$DIR/at.log" >>"$DIR/killed"
	frames_come
	sleep 1.1 # five within a second each would end it
}
_needs_tracing() {
	[[ -z ${XS_SAN-} ]] || skip "a sanitizer's process cannot be traced"
}
_first_of_day() { # EVERY
	echo $((${TORTURE_SEED:-$(($(date +%s) / 86400))} % $1 + 1))
}
_killed_at_each_call_of_the_loop() { # OPTION...
	local n
	needs_rings_of_others
	_needs_tracing
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 "$@"
	start_flood
	# A turn: it wakes up, sends, and sleeps. The odd moments are those at which it enters a call.
	for ((n = 0; n < calls; n++)); do
		_kill_at $((n / 2 + 1)) -w -c "$( ((n % 2)) && echo poll || echo sendto)" "$WORKER"
		_was_killed_at
	done
	_account_closes "$calls"
	echo "# as it $(sort "$DIR/killed" | uniq -c | xargs)"
}

killed_at_each_call_of_its_loop_it_loses_nothing() {
	local call
	_killed_at_each_call_of_the_loop -p
	equal "interrupted, where nothing is changed" "$(_final .interrupted)" 0
	for call in "enters poll" "leaves poll" "enters sendto" "leaves sendto"; do
		check "a kill as it $call" grep -qx "$call" "$DIR/killed"
	done
}

killed_at_each_call_of_its_loop_while_it_changes_packets() {
	_killed_at_each_call_of_the_loop --adaptive --swap-mac
}

# A worker is killed, and then the next one on its way, before it has gone on or just after.
killed_at_each_call_of_its_start_it_loses_nothing() {
	local i every=$((STARTS_CALLS / calls)) n
	needs_rings_of_others
	_needs_tracing
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 -p
	start_flood
	n=$(_first_of_day "$every")
	for ((i = 1; i <= calls; i++)); do
		_kill_at "$n" -n "$KEEPER"
		kill -KILL "$WORKER"
		_was_killed_at
		n=$((n + every))
	done
	_account_closes $((2 * calls))
	equal "interrupted, where nothing is changed" "$(_final .interrupted)" 0
	echo "# as it $(sort "$DIR/killed" | uniq -c | xargs)"
}

all_queues_at_once_under_traffic() {
	needs_rings_of_others
	(($(nproc) > 1)) || skip "needs two CPUs: a veth's receive queue is the sender's CPU"
	lab_with_gro 2
	attach -m native
	_keeper --frames 32768 -Q all -p
	start_flood -c 0,1
	_kill_worker
	equal "owner of the other queue" "$(owner_pid 1)" "$WORKER"
	frames_come
	_kill_worker
	frames_come
	_account_closes 2
}

# The next one is killed, too, while it goes on in place of the first.
who_goes_on_is_killed_too() {
	needs_rings_of_others
	local i
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 -p --swap-mac
	start_flood
	for i in 1 4 8 14; do
		sleep 1.2
		kill -KILL "$WORKER"
		becomes "the next one is born" 5 _born_after "$WORKER"
		sleep "0.0$((i / 10))$((i % 10))"
		kill -KILL "$(_child)"
		becomes "another worker has slot 0" 10 _has_another
		WORKER=$(owner_pid 0)
		frames_come
	done
	_account_closes 8
}
_child() { pgrep -P "$KEEPER" | tail -1; }
_born_after() { [[ -n $(_child) && $(_child) != "$1" ]]; }

none_of_them_has_a_capability() {
	needs_rings_of_others
	lab_up --queues 1
	_keeper -p
	has_no_capability "the worker" "$WORKER"
	has_no_capability "the keeper" "$KEEPER"
	_kill_worker
	has_no_capability "the next worker" "$WORKER"
	bounced
	_stop_keeper
	check "the program is gone" xdp_is_off
}

owners_and_all_who_read_them_see_the_new_one() {
	needs_rings_of_others
	local old
	lab_up --queues 1
	attach -m native
	_keeper -p
	old=$WORKER
	rx_bg watch "$MAPS" watch rx0 -j
	local watch=$!
	becomes "it watches" 5 grep -q . "$DIR/watch.log"
	bounced
	_kill_worker
	bounced
	contains "sockets names the new one" "$(rx "$MAPS" sockets rx0)" "$WORKER"
	equal "sockets of the new one by state" "$(rx "$MAPS" -j sockets rx0 | jq -c '[.. | .pid? // empty] | unique')" "[$WORKER]"
	equal "status" "$(rx "$LOADER" -j status rx0 | grep -cE "\b$old\b")" 0
	rx "$LOADER" doctor rx0 >"$DIR/doctor.log" 2>&1
	equal "doctor tells of no dead owner" "$(grep -ciE 'dead|killed|gone|leak' "$DIR/doctor.log")" 0
	becomes "watch tells of the new one" 5 grep -qw "$WORKER" "$DIR/watch.log"
	kill "$watch"
	_stop_keeper
	equal "nothing of a leak is said" "$(grep -ciE 'leak|add up' "$DIR/keeper.log")" 0
	equal "owner at the end" "$(owner_pid 0)" 0
}

# Who comes in the time without a worker sees a row of a dead process, and a queue that is taken.
_coming() { # PID
	bpftool -j map dump pinned "$PINS/rx0/owners" |
		jq -e --argjson pid "$1" '.[0].formatted.value | .pid == 0 and .fd == $pid'
}
_other_comes() {
	rx_bg other "$BOUNCER" -d rx0 -p
	OTHER=$!
}
# As its keeper cannot reap it, it stays a zombie.
_is_dead() { grep -q '^State:.*Z' "/proc/$1/status"; }
who_comes_before_the_next_worker_takes_nothing_away() {
	needs_rings_of_others
	lab_up --queues 1
	_keeper -p # attached by itself: who is the last to leave would take it away
	kill -STOP "$KEEPER"
	kill -KILL "$WORKER"
	becomes "it is dead" 5 _is_dead "$WORKER"
	_other_comes
	becomes "the other one has announced itself" 5 _coming "$OTHER"
	kill -CONT "$KEEPER"
	becomes "another worker has slot 0" 10 _has_another
	WORKER=$(owner_pid 0)
	ends "$OTHER" 1
	contains "the other one is told why" "$(cat "$DIR/other.log")" "another AF_XDP socket has held it"
	equal "owner after the other one" "$(owner_pid 0)" "$WORKER"
	bounced
	kill -STOP "$KEEPER"
	kill -KILL "$WORKER"
	becomes "it is dead" 5 _is_dead "$WORKER"
	_other_comes
	ends "$OTHER" 1 # and has left before the next one is there
	not_equal "hook" "$(hook)" ""
	kill -CONT "$KEEPER"
	becomes "another worker has slot 0" 10 _has_another
	bounced
	_stop_keeper
	check "the program is gone" xdp_is_off
}

# Until the next worker is there the keeper has the slot, for those who look only at the row.
the_keeper_has_the_slot_until_the_next_worker_is_there() {
	needs_rings_of_others
	type -P strace >/dev/null || skip "no strace, which slows the next worker down"
	[[ -z ${XS_SAN-} ]] || skip "a sanitizer's process cannot be traced"
	local slow
	lab_up --queues 2
	_keeper -p
	start_bouncer 1 -p
	rx_bg slow strace -f -qq -o "$DIR/calls" -e inject=socket:delay_enter=9000000 -p "$KEEPER"
	slow=$!
	becomes "the keeper is traced" 5 grep -q "^TracerPid:.*[1-9]" "/proc/$KEEPER/status"
	kill -KILL "$WORKER"
	becomes "the keeper has the slot" 10 _coming "$KEEPER"
	becomes "the next one is born" 5 _born_after "$WORKER"
	_other_comes
	ends "$OTHER" 1
	contains "the other one is told why" "$(cat "$DIR/other.log")" "about to be held by process $KEEPER"
	stop_bouncer # the last one that is seen to live
	not_equal "hook" "$(hook)" ""
	kill "$slow"
	wait "$slow"
	becomes "another worker has slot 0" 10 _has_another
	_stop_keeper
	check "the program is gone" xdp_is_off
}

# As one of an older version does.
a_row_that_was_blanked_is_written_again() {
	needs_rings_of_others
	[[ $(type -P python3) ]] || skip "no python3, which makes the row"
	lab_up --queues 1
	attach -m native
	_keeper -p
	write_owner 0 0
	becomes "the worker's row" 5 _owned_by 0 "$WORKER"
	write_owner 0 4000000
	becomes "the worker's row in place of a dead one's" 5 _owned_by 0 "$WORKER"
	write_owner 0 1
	sleep 1.5
	equal "a living one's row stays" "$(owner_pid 0)" 1
	_stop_keeper
	equal "and stays after the end" "$(owner_pid 0)" 1
}

what_it_attached_by_itself_is_taken_away_at_the_end() {
	needs_rings_of_others
	lab_up --queues 1
	_keeper -p
	bounced
	_kill_worker
	bounced
	_stop_keeper
	check "the program is gone" xdp_is_off
	equal "pins" "$(ls "$PINS")" ""
}

a_program_of_the_users_own_and_somebodys_map_stay() {
	needs_rings_of_others
	lab_up --queues 1
	rx_bg keeper "$BOUNCER" --keeper -d rx0 -j -p -f "$O/selftests/progs/own_xsk.bpf.o"
	KEEPER=$!
	_goes_on_unowned
	check "the program is gone" xdp_is_off
	attach -m native
	rx_bg keeper "$BOUNCER" --keeper -d rx0 -j -p --xskmap "$PINS/rx0/xsks_map"
	KEEPER=$!
	_goes_on_unowned
	not_bounced
}
_goes_on_unowned() {
	becomes "a worker works" 15 _started_times 1
	bounced
	kill -KILL "$(_child)"
	becomes "another one works" 10 _started_times 2
	bounced
	_stop_keeper
}
_started_times() { (($(_reports | jq -s 'map(select(.type == "start")) | length') >= $1)); }

a_limit_is_that_of_all_together() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_keeper -p --limit 30
	tx_bg some "$TRAFFIC" -n 20 -t 500 tx0
	becomes "some have come" 10 _more_to_sockets_than 9
	_kill_worker
	tx_bg more "$TRAFFIC" -n 30 -t 500 tx0
	ends "$KEEPER" 0
	equal "packets" "$(_final .rx.packets)" 30
	equal "why" "$(_final .stopped_by)" '"limit"'
}

it_ends_as_its_worker_ends() {
	needs_rings_of_others
	lab_up --queues 1
	refuses "no such interface" 1 "nowhere" rx "$BOUNCER" --keeper -d nowhere
	refuses "wrong usage" 2 "exclude each other" rx "$BOUNCER" --keeper -d rx0 --busy-poll
	equal "done" "$(rx "$BOUNCER" --keeper -d rx0 -j -p -t 0.5 | jq -r 'select(.type == "final") | .stopped_by')" duration
	check "nothing is left" xdp_is_off
	attach -m native
	_keeper -p
	kill -INT "$KEEPER"
	ends "$KEEPER" 0
	equal "totals are printed" "$(_final .schema)" 1
	_keeper -p
	rx "$LOADER" detach rx0 --force >/dev/null 2>&1 || rx "$LOADER" detach rx0
	ends "$KEEPER" 1
	equal "processes" "$(pgrep -P "$KEEPER")" ""
}

asked_to_end_while_its_worker_is_dead_it_closes_the_account() {
	needs_rings_of_others
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 -p
	start_flood
	kill -STOP "$KEEPER"
	kill -KILL "$WORKER"
	sleep 0.1
	kill -INT "$FLOOD_PID"
	kill -TERM "$KEEPER"
	kill -CONT "$KEEPER"
	ends "$KEEPER" 0
	equal "the account" "$(_final .rx.packets)" "$(counter verdict_xsk)"
	equal "sent back" "$(_final .tx.packets)" "$(_final .rx.packets)"
}

killed_at_once_again_and_again_it_is_given_up() {
	needs_rings_of_others
	local i
	lab_up --queues 1
	attach -m native
	_keeper -p
	for ((i = 0; i < 40; i++)); do
		kill -KILL "$(_child)" 2>/dev/null
		sleep 0.1
		kill -0 "$KEEPER" 2>/dev/null || break
	done
	ends "$KEEPER" 1
	contains "it says so" "$(cat "$DIR/keeper.log")" "5 processes in a row were killed within a second of their start"
	not_bounced
	start_bouncer 0 -p
	bounced
	stop_bouncer
}

without_its_keeper_a_worker_goes_on_and_says_so() {
	lab_up --queues 1
	attach -m native
	_keeper -p
	kill -KILL "$KEEPER"
	wait "$KEEPER"
	becomes "it says so" 5 grep -q "keeper is gone" "$DIR/keeper.log"
	bounced
	equal "owner" "$(owner_pid 0)" "$WORKER"
	kill -TERM "$WORKER"
	becomes "it ends" 10 _owned_by 0 0
	becomes "totals are printed" 5 _final .schema
	equal "totals are printed" "$(_final .schema)" 1
}

another_bouncer_takes_over_and_the_keeper_ends() {
	needs_rings_of_others
	local first
	lab_with_gro 1
	attach -m native
	_keeper --frames 32768 -p
	first=$KEEPER
	start_flood
	mv "$DIR/keeper.log" "$DIR/first.log"
	rx_bg keeper "$BOUNCER" --take-over --keeper -d rx0 -j -p
	KEEPER=$!
	ends "$first" 0
	becomes "a worker has slot 0" 15 _has_worker
	WORKER=$(owner_pid 0)
	frames_come
	sleep 1.1
	_kill_worker
	frames_come
	_account_closes 1
}

# --- a service manager that keeps descriptors, in place of a keeper ---

_manager() { # [OPTION...]
	type -P python3 >/dev/null || skip "no python3, which plays the manager"
	# by a shell, as the unit does
	# shellcheck disable=SC2016 # the inner shell expands
	rx_bg keeper "$ROOT/selftests/fd_manager" "$DIR/notify" sh -c 'exec "$0" "$@"' "$BOUNCER" -d rx0 -j "$@"
	KEEPER=$!
	becomes "a worker has slot 0" 15 _has_worker
	WORKER=$(owner_pid 0)
	becomes "it is ready" 5 _manager_said READY=1
}
_manager_said() { grep -q "$1" "$DIR/keeper.log"; }

what_a_service_manager_keeps_loses_nothing() {
	local i
	needs_rings_of_others
	lab_with_gro 1
	attach -m native
	_manager --frames 32768 -p --swap-mac
	start_flood
	for ((i = 1; i <= 3; i++)); do
		sleep 1.2
		_kill_worker
		check "it was given all: three of the queue, where to ask, and its state" _manager_said "started $WORKER with 5"
		frames_come
	done
	_account_closes 3
	check "the store is empty at the end" _manager_said "with 0, 0 stored"
	equal "told by others" "$(grep -c refused "$DIR/keeper.log")" 0
}

what_a_service_manager_keeps_of_several_queues_and_a_map() {
	needs_rings_of_others
	lab_up --queues 2
	attach -m native
	rx_bg keeper "$ROOT/selftests/fd_manager" "$DIR/notify" "$BOUNCER" -d rx0 -j -p -Q all --xskmap "$PINS/rx0/xsks_map"
	KEEPER=$!
	becomes "it works" 15 _started_times 1
	becomes "it is ready" 5 _manager_said READY=1
	bounced
	kill -KILL "$(_child)"
	becomes "another one works" 10 _started_times 2
	check "it was given all" _manager_said "started .* with 9"
	bounced
	_stop_keeper
	check "the store is empty at the end" _manager_said "with 0, 0 stored"
}

what_does_not_fit_the_options_is_given_up() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	echo "-p" >"$DIR/options"
	# shellcheck disable=SC2016 # the inner shell expands
	rx_bg keeper "$ROOT/selftests/fd_manager" "$DIR/notify" \
		sh -c 'exec "$0" -d rx0 -j $(cat "$1")' "$BOUNCER" "$DIR/options"
	KEEPER=$!
	becomes "a worker has slot 0" 15 _has_worker
	WORKER=$(owner_pid 0)
	becomes "it is ready" 5 _manager_said READY=1
	echo "-p --frames 512" >"$DIR/options"
	kill -KILL "$WORKER"
	ends "$KEEPER" 1
	contains "it is told" "$(cat "$DIR/keeper.log")" "kept the sockets of process $WORKER, which had other options"
	check "the store is empty" _manager_said "with 1, 0 stored"
	rm "$DIR/notify"
	_manager -p --frames 512 # the next start
	bounced
	_stop_keeper
}

who_took_over_has_all_and_the_service_manager_nothing() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_manager -p
	rx_bg next "$BOUNCER" --take-over -d rx0 -j -p
	LAST_BOUNCER=$!
	ends "$KEEPER" 0
	check "the store is empty" _manager_said "with 0, 0 stored"
	becomes "owners names the new one" 5 _owned_by 0 "$LAST_BOUNCER"
	bounced
	stop_bouncer
}

# Nobody knows whether the other has everything: what was kept is not gone on with.
what_was_killed_while_it_handed_over_is_given_up() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_manager -p --socket "$DIR/hand"
	check "one is ready to take over, and then is silent" python3 - "$DIR/hand" \
		"$(rx ip -j link show dev rx0 | jq '.[0].ifindex')" "$WORKER" <<-'PY'
			import os, signal, socket, struct, sys, time
			head = lambda kind: struct.pack("<IHH", 0x64686b78, 2, kind)
			s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
			s.connect(sys.argv[1])
			s.send(head(1) + struct.pack("<II", int(sys.argv[2]), 0))
			for kind in 3, 4:
			    assert socket.recv_fds(s, 2000, 8)[0][6] == kind
			s.send(head(5))
			assert s.recv(2000)[6] == 6
			os.kill(int(sys.argv[3]), signal.SIGKILL)
			time.sleep(0.2)
		PY
	becomes "another worker has slot 0" 10 _has_another
	contains "it is told" "$(cat "$DIR/keeper.log")" "it was killed while it handed over: begins anew"
	bounced
	_stop_keeper
}

killed_at_once_again_and_again_it_begins_anew() {
	local i
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_manager -p
	for ((i = 0; i < 40; i++)); do
		kill -KILL "$(_child)" 2>/dev/null
		sleep 0.4
		_manager_said "several in a row" && break
	done
	contains "it is told" "$(cat "$DIR/keeper.log")" "several in a row were killed within a second of their start: begins anew"
	becomes "another worker has slot 0" 10 _has_another
	bounced
	_stop_keeper
}

with_a_keeper_the_service_manager_hears_the_main_process() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	type -P python3 >/dev/null || skip "no python3, which plays the manager"
	rx_bg keeper "$ROOT/selftests/fd_manager" "$DIR/notify" "$BOUNCER" --keeper -d rx0 -j -p
	KEEPER=$!
	becomes "it is ready" 15 _manager_said READY=1
	bounced
	WORKER=$(owner_pid 0)
	not_equal "the main process" "$(_child)" "$WORKER"
	kill -KILL "$WORKER"
	becomes "the keeper's next worker has slot 0" 10 _not_owned_by "$WORKER"
	bounced
	equal "started" "$(grep -c '^started' "$DIR/keeper.log")" 1
	_stop_keeper
	equal "told by others" "$(grep -c refused "$DIR/keeper.log")" 0
}
_not_owned_by() { [[ $(owner_pid 0) != 0 && $(owner_pid 0) != "$1" ]]; }

a_kernel_that_cannot_is_named_and_the_next_begins_anew() {
	kernel_is_older_than 6.4 || skip "this kernel can; vm_tests run this under one that cannot"
	lab_up --queues 1
	attach -m native
	_keeper -p
	contains "it says so" "$(cat "$DIR/keeper.log")" "Linux 6.4 does.*binds the queues anew"
	bounced
	_kill_worker
	contains "it says so again" "$(cat "$DIR/keeper.log")" "another one begins anew"
	bounced
	_stop_keeper
}

run_tests "$@"
