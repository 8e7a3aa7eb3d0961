#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-bouncer when things go wrong: set-up fails at any step, it is killed, links go
# down or away, nobody reads its output.

. "$(dirname "$0")/lib.sh"

_nothing_left() { # AFTER WHAT
	equal "hook after $1" "$(hook)" ""
	check "no pins after $1" test ! -e "$PINS/rx0"
}

# Each step of set-up fails once (user/lib/base/failstep.h), and what it had made is undone.
_every_step() { # BOUNCER OPTION...
	local step
	for ((step = 1; step < 100; step++)); do
		OUT=$(XSTEER_FAIL_STEP=$step rx "$BOUNCER" -d rx0 -p -t 0.1 "$@" 2>&1)
		local status=$?
		grep -q XSTEER_FAIL_STEP <<<"$OUT" || break
		equal "exit status of failing step $step" "$status" 1
		_nothing_left "step $step"
	done
	equal "exit status without a failing step" "$status" 0
	((step > 8)) || fail "only $step steps: $OUT"
}
every_failing_step_leaves_nothing() {
	lab_up --queues 2
	_every_step -Q 0-1
}
every_failing_step_leaves_nothing_of_an_own_object() {
	lab_up --queues 1
	_every_step -f "$O/selftests/progs/own_xsk.bpf.o"
}

killed_bouncer_is_followed_by_the_next_which_cleans_up() {
	local i
	lab_up --queues 1
	for i in 1 2 3 4 5; do
		start_bouncer 0
		bounced -n 100
		kill -KILL "$LAST_BOUNCER"
		ends "$LAST_BOUNCER" 137
		not_equal "hook" "$(hook)" ""
	done
	start_bouncer 0 -p
	bounced -n 100
	stop_bouncer
	_nothing_left "the last"
}

killed_one_of_three_does_not_keep_the_instance() {
	local q pids=()
	lab_up --queues 4
	for q in 0 1 2; do
		start_bouncer "$q" -p
		pids+=("$LAST_BOUNCER")
	done
	kill -KILL "${pids[1]}"
	ends "${pids[1]}" 137
	stop_bouncer "${pids[0]}"
	not_equal "hook" "$(hook)" ""
	stop_bouncer "${pids[2]}"
	_nothing_left "the last"
}

instance_of_a_deleted_interface_is_in_nobodys_way() {
	lab_up --queues 1
	start_bouncer 0 -p
	kill -KILL "$LAST_BOUNCER"
	ends "$LAST_BOUNCER" 137
	rx ip link del rx0
	rx ip link add rx0 type veth peer name rx1
	rx ip link set rx0 up
	check "the next bouncer" rx "$BOUNCER" -d rx0 -p -t 0.2
	_nothing_left "it"
}

deleted_interface_ends_it_with_a_message() {
	local mode
	for mode in -p ""; do
		lab_up --queues 1
		# shellcheck disable=SC2086
		start_bouncer 0 $mode
		rx ip link del rx0
		ends "$LAST_BOUNCER" 1
		contains "its words" "$(cat "$DIR/bouncer-0.log")" "rx0.* deleted"
		check "no pins" test ! -e "$PINS/rx0"
		"$ROOT/scripts/lab" down --name t
	done
}

# Without the program no frame comes any more, and a supervisor must know.
instance_that_is_taken_away_ends_it_with_a_message() {
	local how
	for how in "detach rx0" "attach --replace -m skb rx0"; do
		lab_up --queues 1
		attach
		start_bouncer 0 -p -v --interval 0.3
		bounced -n 100
		# shellcheck disable=SC2086
		check "$how" rx "$LOADER" $how
		ends "$LAST_BOUNCER" 1
		contains "its words" "$(cat "$DIR/bouncer-0.log")" "rx0: the instance .*detached"
		"$ROOT/scripts/lab" down --name t
	done
}

upgrade_does_not_end_it() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	bounced -n 100
	check "upgrade" rx "$LOADER" upgrade rx0
	sleep 3.5 # three of its checks
	bounced -n 100
	stop_bouncer
}

_ticks() { awk '{ sum += $14 + $15 } END { print sum }' "/proc/$1"/task/*/stat; }
link_that_is_down_is_waited_for_without_spinning() {
	local before
	lab_up --queues 1
	start_bouncer 0
	bounced -n 100
	rx ip link set rx0 down
	sleep 0.3
	before=$(_ticks "$LAST_BOUNCER")
	sleep 1
	(($(_ticks "$LAST_BOUNCER") - before < 10)) || fail "it spins while the link is down"
	rx ip link set rx0 up
	links_are_up
	sleep 0.3 # it looks every 100 ms
	bounced -n 100
	stop_bouncer
}

closed_output_leaves_nothing() {
	lab_up --queues 1
	rx "$BOUNCER" -d rx0 -v -p --interval 0.1 2>"$DIR/pipe.log" | head -n 1 >/dev/null
	equal "exit status" "${PIPESTATUS[0]}" 1
	_nothing_left "a closed pipe"
}

hang_ups_do_not_end_it_and_usr1_prints() {
	local i
	lab_up --queues 1
	start_bouncer 0 -p
	for ((i = 0; i < 200; i++)); do
		kill -HUP "$LAST_BOUNCER"
	done
	bounced -n 100
	kill -USR1 "$LAST_BOUNCER"
	becomes "statistics" 3 grep -q "AF_XDP RX: *100 pkts" "$DIR/bouncer-0.log"
	stop_bouncer
}

# Every attempt to delete an element of a map is refused: libbpf calls by syscall(3).
_no_delete() { # FILE
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	gcc -shared -fPIC -x c - -o "$1" -ldl <<-'C' || fail "gcc"
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <errno.h>
		#include <sys/syscall.h>
		long syscall(long number, long a, long b, long c, long d, long e, long f)
		{
			long (*next)(long, ...) = dlsym(RTLD_NEXT, "syscall");
			if (number == SYS_bpf && a == 3) {
				errno = EPERM;
				return -1;
			}
			return next(number, a, b, c, d, e, f);
		}
	C
}
slot_that_cannot_be_emptied_is_said() {
	lab_up --queues 1
	attach
	_no_delete "$DIR/no_delete.so"
	rx_bg bouncer-0 env LD_PRELOAD="$DIR/no_delete.so" "$BOUNCER" -d rx0 -p
	LAST_BOUNCER=$!
	becomes "it owns its slot" 15 _owned_by 0 "$LAST_BOUNCER"
	bounced -n 100
	kill -INT "$LAST_BOUNCER"
	ends "$LAST_BOUNCER" 1
	contains "why" "$(cat "$DIR/bouncer-0.log")" "cannot empty slot 0 of xsks_map: Operation not permitted"
	equal "its row is empty" "$(owner_pid 0)" 0
	pings # the kernel has emptied the slot
	start_bouncer 0 -p
	bounced -n 100
	stop_bouncer
}

socket_of_a_stranger_is_named() {
	lab_up --queues 1
	attach
	rx_bg stranger "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	becomes "the stranger is ready" 5 grep -q Rings "$DIR/stranger.log"
	refuses "queue in use" 1 "queue 0.*pid $!\\b" rx "$BOUNCER" -d rx0 -t 1
	stop_bouncer $!
}

passed_map_is_used_and_left_alone() {
	lab_up --queues 1
	attach
	exec 9<"$DIR/lab"
	rx_bg xskmap "$BOUNCER" -d rx0 -p --xskmap "$PINS/rx0/xsks_map"
	becomes "it is ready" 5 grep -q Rings "$DIR/xskmap.log"
	bounced -n 300
	stop_bouncer $!
	not_equal "hook" "$(hook)" ""
	refuses "another map" 1 "no XSKMAP" rx "$BOUNCER" -d rx0 -t 1 --xskmap "$PINS/rx0/meta"
	refuses "no map" 1 "nosuch" rx "$BOUNCER" -d rx0 -t 1 --xskmap "$PINS/nosuch"
	refuses "no map descriptor" 1 "not a BPF map" rx "$BOUNCER" -d rx0 -t 1 --map-fd 9
}

run_tests "$@"
