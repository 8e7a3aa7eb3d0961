#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Processes die, interfaces and pins are deleted: traffic goes on and the next command works.

. "$(dirname "$0")/lib.sh"

_kill_after() { # SECONDS COMMAND...
	rx_bg killed "${@:2}"
	sleep "$1"
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
}

loader_killed_at_any_moment_of_attach() {
	local ms
	lab_up
	for ms in 0 2 4 6 8 10 12 14 16 18 20 22 25 28 31 35 40 45 50 60; do
		_kill_after "0.$(printf %03d "$ms")" "$LOADER" attach rx0
		pings
		check "attach after a kill at $ms ms" rx "$LOADER" attach rx0
		check "detach" rx "$LOADER" detach rx0
		equal "hook" "$(hook)" ""
		equal "pins" "$(ls -A "$PINS")" ""
	done
}

loader_killed_at_any_moment_of_detach() {
	local ms
	lab_up
	for ms in 0 1 2 3 4 5 6 8 10 12 15 20 30; do
		check "attach before a kill at $ms ms" rx "$LOADER" attach rx0
		_kill_after "0.$(printf %03d "$ms")" "$LOADER" detach rx0
		pings
		check "attach after a kill at $ms ms" rx "$LOADER" attach rx0
		check "detach" rx "$LOADER" detach rx0
		equal "pins" "$(ls -A "$PINS")" ""
	done
}

bouncer_killed_leaves_traffic_to_the_kernel() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	bounced -n 300
	kill -KILL "$LAST_BOUNCER"
	wait "$LAST_BOUNCER" 2>/dev/null
	becomes "the kernel answers" 3 tx ping -q -c 1 -W 1 198.18.0.2
	start_bouncer 0 -p # nobody cleaned up
	bounced -n 300
	stop_bouncer
	pings
}

bouncer_killed_under_load_is_followed_by_the_next() {
	local i
	lab_up --queues 1
	attach
	tx_bg load "$TRAFFIC" -o -n 400000 -r 40000 -s 64 tx0
	load=$!
	for i in 1 2 3 4; do
		start_bouncer 0
		sleep 0.3
		kill -KILL "$LAST_BOUNCER"
		wait "$LAST_BOUNCER" 2>/dev/null
	done
	kill "$load"
	wait "$load" 2>/dev/null
	start_bouncer 0
	bounced -n 1000
	stop_bouncer
	check "the verdicts add up" counters_add_up
}

bouncer_that_attached_is_killed_and_the_next_takes_it_away() {
	lab_up --queues 2
	start_bouncer 0 -p
	kill -KILL "$LAST_BOUNCER"
	wait "$LAST_BOUNCER" 2>/dev/null
	pings
	start_bouncer 1 -p
	steer 1
	bounced -n 100
	stop_bouncer
	equal "hook" "$(hook)" ""
	check "no pins" test ! -e "$PINS/rx0"
}

bouncer_killed_at_any_moment_of_its_start() {
	local ms
	lab_up --queues 1
	for ms in 0 3 6 9 12 15 18 21 25 30 35 40 50 60 80; do
		_kill_after "0.$(printf %03d "$ms")" "$BOUNCER" -d rx0 -p
		becomes "the kernel answers after a kill at $ms ms" 3 tx ping -q -c 1 -W 1 198.18.0.2
		check "a bouncer after a kill at $ms ms" rx "$BOUNCER" -d rx0 -p -t 1
		equal "hook" "$(hook)" ""
		equal "pins" "$(ls -A "$PINS")" ""
	done
}

maps_killed_disturbs_nothing() {
	lab_up
	attach
	_kill_after 0.3 "$MAPS" stats rx0 -w 1
	check "stats" rx "$MAPS" stats rx0
	pings
}

bouncer_ends_when_its_interface_is_deleted() {
	local ticks
	lab_up --queues 1
	start_bouncer 0 -p
	rx ip link del rx0
	ticks=0
	until ! kill -0 "$LAST_BOUNCER" 2>/dev/null; do
		((++ticks < 250)) || fail "it goes on without an interface"
		sleep 0.02
	done
	wait "$LAST_BOUNCER"
	not_equal "exit status" $? 0
	contains "says why" "$(cat "$DIR/bouncer-0.log")" "rx0"
}

_make_again() {
	tx ip link add tx0 address 02:00:00:00:00:01 type veth peer name rx0 \
		address 02:00:00:00:00:02 netns xs-t-rx
	tx ip addr add 198.18.0.1/24 dev tx0
	rx ip addr add 198.18.0.2/24 dev rx0
	tx ip link set tx0 up
	rx ip link set rx0 up
	links_are_up
}

interface_deleted_and_made_again_is_told_apart() {
	lab_up
	attach
	rx ip link del rx0
	_make_again
	refuses "stats of the old one" 1 "rx0" rx "$MAPS" stats rx0
	contains "and what to do" "$OUT" "clean|attach|detach"
	check "clean" rx "$LOADER" clean
	attach
	check "stats" rx "$MAPS" stats rx0
	becomes "the kernel answers" 3 tx ping -q -c 1 -W 1 198.18.0.2
}

bouncer_works_on_an_interface_made_again() {
	lab_up --queues 1
	start_bouncer 0 -p
	kill -KILL "$LAST_BOUNCER"
	wait "$LAST_BOUNCER" 2>/dev/null
	rx ip link del rx0
	_make_again
	rx "$LOADER" clean >"$DIR/clean.log" 2>&1
	start_bouncer 0 -p
	bounced -n 100
	stop_bouncer
	equal "hook" "$(hook)" ""
}

link_down_and_up_under_a_bouncer() {
	lab_up --queues 1
	start_bouncer 0 -p
	bounced -n 100
	rx ip link set rx0 down
	sleep 0.5
	kill -0 "$LAST_BOUNCER" 2>/dev/null || fail "it ended"
	rx ip link set rx0 up
	links_are_up
	sleep 0.3 # it looks every 100 ms
	bounced -n 100
	stop_bouncer
}

interface_renamed_under_a_bouncer() {
	lab_up --queues 1
	start_bouncer 0 -p -j
	rx ip link set rx0 name other0 2>/dev/null || skip "this kernel renames no interface that is up"
	bounced -n 100
	stop_bouncer
	equal "its name in the report" "$(tail -n 1 "$DIR/bouncer-0.log" | jq -r .interface)" other0
	equal "hook" "$(hook other0)" ""
}

without_a_bpffs_says_what_to_mount() {
	lab_up
	while umount /sys/fs/bpf 2>/dev/null; do :; done
	refuses "attach" 1 "mount -t bpf" "$LOADER" attach rx0
	refuses "bouncer" 1 "mount -t bpf" rx "$BOUNCER" -d rx0 -t 1
	equal "hook" "$(hook)" ""
	mount -t bpf bpf /sys/fs/bpf
	attach
}

pin_root_may_be_elsewhere() {
	lab_up --queues 1
	check "attach" rx "$LOADER" attach --pin-root /sys/fs/bpf/here/there rx0
	check "pins" test -e /sys/fs/bpf/here/there/rx0/xsks_map
	check "stats" rx env XSTEER_PIN_ROOT=/sys/fs/bpf/here/there "$MAPS" stats rx0
	check "bouncer" rx env XSTEER_PIN_ROOT=/sys/fs/bpf/here/there "$BOUNCER" -d rx0 -p -t 1
	check "detach" rx "$LOADER" detach --pin-root /sys/fs/bpf/here/there rx0
	refuses "not a bpffs" 1 "bpffs|bpf file system|mount" rx "$LOADER" attach --pin-root /tmp rx0
	refuses "a '.' in the name" 1 "\\." rx "$LOADER" attach --pin-root /sys/fs/bpf/a.b rx0
}

pins_removed_behind_our_back_are_made_again() {
	lab_up
	attach
	rm -rf "$PINS/rx0"
	equal "hook" "$(hook)" "" # nothing holds the link any more
	attach
	pings
}

some_pins_removed_behind_our_back_are_named() {
	lab_up
	attach
	rm "$PINS/rx0/meta"
	refuses "stats" 1 "meta" rx "$MAPS" stats rx0
	# shellcheck disable=SC2016 # the inner shell expands
	check "detach or attach mends it" rx bash -c '"$0" attach rx0 || { "$0" detach rx0 && "$0" attach rx0; }' "$LOADER"
	check "stats" rx "$MAPS" stats rx0
}

full_disk_is_a_failure() {
	[[ -c /dev/full ]] || skip "no /dev/full"
	lab_up
	attach
	((++ASSERTIONS))
	rx "$LOADER" status >/dev/full 2>/dev/null && fail "status into a full disk exits 0"
	((++ASSERTIONS))
	rx "$MAPS" stats rx0 >/dev/full 2>/dev/null && fail "stats into a full disk exits 0"
	return 0
}

a_lock_held_by_another_is_waited_for() {
	lab_up
	attach
	flock "$PINS" sleep 1.5 &
	sleep 0.2
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
}

bouncer_ends_on_a_signal_at_any_moment() {
	local ms status
	lab_up --queues 1
	for ms in 5 10 20 30 50 80 120; do
		rx_bg "bouncer-0" "$BOUNCER" -d rx0
		sleep "0.$(printf %03d "$ms")"
		kill -TERM $! 2>/dev/null
		wait $!
		status=$? # 143 before it could listen, 0 after
		((status == 143)) || equal "exit status after TERM at $ms ms" "$status" 0
		equal "hook after TERM at $ms ms" "$(hook)" ""
		equal "pins after TERM at $ms ms" "$(ls -A "$PINS" 2>/dev/null)" ""
	done
}

# xsteer-rules holds this lock while it writes; the instance must not change under it.
# The holder notes when it lets go, the command when it is done.
_waits_for_who_holds_the_instance() { # LOADER WORD...
	local done_ns let_go
	lab_up
	attach
	# shellcheck disable=SC2016 # the inner shell expands
	flock "$PINS/rx0" sh -c 'touch "$1/held"; sleep 1.5; date +%s%N >"$1/let_go"' sh "$DIR" &
	becomes "somebody holds it" 10 test -e "$DIR/held"
	check "$*" rx "$LOADER" "$@"
	done_ns=$(date +%s%N)
	let_go=$(cat "$DIR/let_go" 2>/dev/null) # empty: it still holds it
	check "$* ends after the other let go" test "$done_ns" -gt "${let_go:-9223372036854775807}"
	wait
}
detach_waits_for_who_writes_rules() { _waits_for_who_holds_the_instance detach rx0; }
replace_waits_for_who_writes_rules() { _waits_for_who_holds_the_instance attach --replace rx0; }

# As it is after a kill between libxdp's attach and the pin of the program.
_orphan() {
	attach -P 20
	check "not published" mv "$PINS/rx0" "$PINS/%new-rx0"
	check "not pinned" rm "$PINS/%new-rx0/prog"
	not_equal "its program" "$(hook)" ""
}
attach_with_prio_killed_before_its_pin_is_completed() {
	local orphan
	lab_up
	_orphan
	orphan=$(hook)
	attach -P 20
	contains "said" "$OUT" "is completed"
	equal "the program" "$(hook)" "$orphan"
	equal "its pin" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" "$orphan"
	check "detach" rx "$LOADER" detach rx0
	becomes "nothing is left on the hook" 5 xdp_is_off
	_orphan
	check "detach" rx "$LOADER" detach rx0
	becomes "nothing is left on the hook" 5 xdp_is_off
	_orphan
	check "clean" rx "$LOADER" clean
	equal "pins" "$(ls "$PINS")" rx0
	check "detach" rx "$LOADER" detach rx0
	becomes "nothing is left on the hook" 5 xdp_is_off
	equal "pins" "$(ls "$PINS")" ""
}

run_tests "$@"
