#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A chain on the queues of an interface: real frames, real network functions.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe

_chain() { # LINE...
	printf '%s\n' "$@" >"$DIR/f.chain"
}
_three() { _chain 'service a' 'service b' 'service c' 'chain web a b c tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'; }

_get() { jq -r "$1" <<<"$OUT"; }
_sum='.chains[0] | .entered == .tx + .drop + (.lost | add) + .inside'

every_frame_goes_through_the_chain_and_back() {
	lab_up
	attach
	_three
	start_broker 3 --nf "$PROBE -s a" --nf "$PROBE -s b" --nf "$PROBE -s c"
	bounced -n 20000
	stop_broker
	equal "received" "$(_get .received)" 20000
	equal "sent" "$(_get .sent)" 20000
	equal "given at each step" "$(_get '.chains[0].hops | map(.in) | @csv')" 20000,20000,20000
	equal "the sum" "$(_get "$_sum")" true
	check "the slots are empty" pings
}

skb_mode_works_as_well() {
	lab_up
	attach -m skb
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	start_broker 1 --nf "$PROBE -s a" -c
	bounced -n 5000
	stop_broker
	equal "sent" "$(_get .sent)" 5000
}

one_queue_is_enough() {
	lab_up --queues 2
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	start_broker 1 --nf "$PROBE -s a" -Q 1
	stop_broker
	equal "queues" "$(_get .queues)" 1
	refuses "a queue that is not there" 1 "no queue 7: valid: 0-1" rx "$CHAIN" run rx0 "$DIR/f.chain" -Q 7
}

a_row_of_another_process_stays_when_the_broker_ends() {
	local slots slot
	[[ $(type -P python3) ]] || skip "no python3, which makes the row"
	lab_up --queues 1
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	start_broker 1 --nf "$PROBE -s a"
	slots=$(bpftool -j map dump pinned "$PINS/rx0/owners" | jq ".[].formatted | select(.value.pid == $BROKER) | .key")
	equal "its slots: of the queue, and of the chain" "$(wc -w <<<"$slots")" 2
	for slot in $slots; do write_owner "$slot" 1; done
	stop_broker
	for slot in $slots; do equal "owner of slot $slot" "$(owner_pid "$slot")" 1; done
}

who_connects_and_does_not_join_is_sent_away() {
	[[ $(type -P python3) ]] || skip "no python3, which connects"
	lab_up --queues 1
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	start_broker 0
	check "it is told" timeout 20 python3 - "$DIR/nf.sock" <<-'PY'
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		began = time.time()
		assert s.recv(2000)[0] == 1
		said = s.recv(2000)
		assert said[0] == 9 and b"it has not joined within 5 seconds" in said, said
		assert 4.5 < time.time() - began < 10 and s.recv(2000) == b""
	PY
	broker_said 1 "process [0-9]* is sent away: it has not joined within 5 seconds"
	stop_broker
	equal "refused" "$(_get .nfs.refused)" 1
}

# While nothing comes: who sleeps needs no CPU, who spins nearly a whole one. Whoever spins must still
# let its main thread in, which answers questions and takes in NFs.
_ticks() { awk '{ sum += $14 + $15 } END { print sum }' "/proc/$1"/task/*/stat; }
_waits() { # OPTION WORD
	local before
	start_broker 1 --nf "$PROBE -s a" "$1"
	bounced -n 2000
	bounced -n 50 -r 200
	sleep 0.2
	before=$(_ticks "$BROKER")
	sleep 1
	TICKS=$(($(_ticks "$BROKER") - before))
	# On a busy machine others take their share.
	[[ $2 != spin ]] || becomes "it spins: $TICKS ticks in a second" 5 _has_ticks $((before + 40))
	for _ in {1..20}; do
		check "it answers" timeout 5 "$CHAIN" show -j --socket "$DIR/nf.sock"
	done
	"$PROBE" -S "$DIR/nf.sock" -s a 2>/dev/null &
	broker_said 2 joined
	bounced -n 2000
	stop_broker
	equal "sent" "$(_get .sent)" 4050
	equal "how it says that it waits" "$(_get .wait)" "$2"
	equal "the sum" "$(_get "$_sum")" true
}
_has_ticks() { (($(_ticks "$BROKER") >= $1)); }
three_kinds_of_waiting() {
	lab_up --queues 1
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_waits --poll poll
	check "asleep: $TICKS ticks" test "$TICKS" -le 10
	_waits --adaptive adaptive
	check "asleep soon: $TICKS ticks" test "$TICKS" -le 10
	_waits --spin spin
	refuses "two of them" 2 "exclude each other" rx "$CHAIN" run rx0 "$DIR/f.chain" --spin --adaptive
}

huge_pages_or_why_not() {
	lab_up --queues 1
	attach
	_chain 'service a' 'service r readonly' 'chain w a r tx' 'on a.miss drop' 'on r.miss drop'
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s r" --huge
	bounced -n 5000
	if grep -q "huge pages$" "$DIR/run.log"; then
		contains "its memory" "$(cat "/proc/$BROKER/smaps")" "KernelPageSize: +2048 kB"
		stop_broker
		equal "huge" "$(_get .huge)" true
	else
		contains "why not" "$(cat "$DIR/run.log")" "small pages: no huge page is free .vm.nr_hugepages."
		stop_broker
		equal "huge" "$(_get .huge)" false
	fi
	equal "sent" "$(_get .sent)" 5000
}

an_nf_of_nobody_joins_leaves_and_dies() {
	lab_up --queues 1
	attach
	chmod 755 "$DIR"
	cp "$PROBE" "$DIR/nf_probe"
	_chain 'service a' 'chain w a tx' 'on a dead hold 20s' 'on a.miss drop'
	start_broker 0
	chmod 666 "$DIR/nf.sock"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/nf_probe" -S "$DIR/nf.sock" -s a &
	local nf=$!
	broker_said 1 joined
	equal "its capabilities" "$(sed -n 's/^CapEff:\t//p' "/proc/$nf/status")" 0000000000000000
	bounced -n 3000
	kill -9 "$nf"
	"$PROBE" -S "$DIR/nf.sock" -s a &
	nf=$!
	broker_said 2 joined
	bounced -n 3000
	kill "$nf"
	ends "$nf" 0
	stop_broker
	equal "died" "$(_get .nfs.died)" 1
	equal "left" "$(_get .nfs.left)" 1
	equal "sent" "$(_get .sent)" 6000
}

a_cheat_loses_its_own_and_the_kernel_sees_nothing() {
	local invalid
	lab_up --queues 1
	attach
	_three
	start_broker 3 --nf "$PROBE -s a" --nf "$PROBE -s b -- --evil foreign --evil-after 2000" --nf "$PROBE -s c"
	tx "$TRAFFIC" -n 10000 -t 300 tx0 >"$DIR/traffic.log"
	stop_broker
	equal "cut off" "$(_get .nfs.cheated)" 1
	equal "the sum" "$(_get "$_sum")" true
	equal "all that was received entered" "$(_get '.received == .chains[0].entered')" true
	invalid=$(grep -c "does not add up" "$DIR/run.log")
	equal "complaints" "$invalid" 0
}

# The worker's thread, whose poll() has these time limits, wakes a moment after the main thread.
_slow_worker() { # FILE
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	gcc -shared -fPIC -x c - -o "$1" -ldl <<-'C' || fail "gcc"
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <poll.h>
		#include <unistd.h>
		static int slow(const char *name, struct pollfd *fds, nfds_t cnt, int ms, size_t room)
		{
			int (*next)(struct pollfd *, nfds_t, int, size_t) = dlsym(RTLD_NEXT, name);
			int ready = next(fds, cnt, ms, room);
			if (cnt && (ms == 1 || ms == 100))
				usleep(200000);
			return ready;
		}
		int poll(struct pollfd *fds, nfds_t cnt, int ms)
		{
			return slow("poll", fds, cnt, ms, 0);
		}
		int __poll_chk(struct pollfd *fds, nfds_t cnt, int ms, size_t room)
		{
			return slow("__poll_chk", fds, cnt, ms, room);
		}
	C
}
what_nfs_give_back_as_they_leave_is_sent() {
	lab_up --queues 1
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_slow_worker "$DIR/slow.so"
	LD_PRELOAD=$DIR/slow.so start_broker 1 --nf "$PROBE -s a -- --keep 5"
	tx "$TRAFFIC" -n 50 -r 50 -t 2000 tx0 >"$DIR/traffic.log"
	stop_broker
	equal "received" "$(_get .received)" 50
	equal "sent" "$(_get .sent)" 50
	equal "it left by itself" "$(_get '.nfs | [.left, .died]' | tr -d ' \n')" "[1,0]"
	equal "complaints" "$(grep -c "does not add up" "$DIR/run.log")" 0
	((++ASSERTIONS))
	[[ ! -e $DIR/nf.sock ]] || fail "the socket is left"
}

a_killed_broker_leaves_traffic_to_the_kernel_and_the_next_serves() {
	lab_up --queues 1
	attach
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	start_broker 0
	"$PROBE" -S "$DIR/nf.sock" -s a 2>/dev/null &
	local nf=$!
	broker_said 1 joined
	kill -9 "$BROKER"
	wait "$BROKER" 2>/dev/null
	pings
	start_broker 1 # the same NF, by itself
	bounced -n 3000
	stop_broker
	equal "sent" "$(_get .sent)" 3000
	kill "$nf"
	ends "$nf" 0
}

# Where no option names another place.
sockets_of_killed_brokers_go_with_the_next_of_any_interface() {
	local broker
	lab_up --queues 1
	mount -t tmpfs -o mode=755 none /run/xsteer 2>/dev/null || { mkdir -p /run/xsteer && mount -t tmpfs -o mode=755 none /run/xsteer; } ||
		skip "no place of its own for sockets"
	rx ip link add other0 type veth peer name other1
	check "attach" rx "$LOADER" attach rx0 other0
	_chain 'service a' 'chain w a tx'
	rx_bg killed "$CHAIN" run rx0 "$DIR/f.chain"
	broker=$!
	becomes "it listens" 15 test -S /run/xsteer/rx0.sock -a -S /run/xsteer/rx0.ctl
	kill -9 "$broker"
	wait "$broker" 2>/dev/null
	refuses "show" 1 "no broker answers at /run/xsteer/rx0.ctl" rx "$CHAIN" show rx0
	check "show of all" rx "$CHAIN" show
	contains "nobody" "$OUT" "no broker runs here"
	contains "why" "$OUT" "/run/xsteer/rx0.ctl was left by a broker that was killed"
	check "export" rx "$CHAIN" export
	rx_bg next "$CHAIN" run other0 "$DIR/f.chain"
	broker=$!
	becomes "the next listens" 15 test -S /run/xsteer/other0.sock -a -S /run/xsteer/other0.ctl
	becomes "what is left is the next one's" 5 test ! -e /run/xsteer/rx0.sock -a ! -e /run/xsteer/rx0.ctl
	kill "$broker"
	ends "$broker" 0
	equal "nothing is left" "$(ls -A /run/xsteer)" ""
}

what_cannot_be_served_is_refused() {
	lab_up --queues 1
	_chain 'service a' 'chain w a tx' 'chain v drop'
	refuses "no instance" 1 "no xsteer instance.*'xsteer-loader attach rx0'" rx "$CHAIN" run rx0 "$DIR/f.chain" --chain w
	attach
	refuses "no such chain" 2 "no such chain" rx "$CHAIN" run rx0 "$DIR/f.chain" --chain x
	refuses "no interface" 1 "none0" rx "$CHAIN" run none0 "$DIR/f.chain" --chain w
	start_bouncer 0 -p
	refuses "a bouncer holds the queue" 1 "held by process $LAST_BOUNCER" rx "$CHAIN" run rx0 "$DIR/f.chain" \
		--chain w --socket "$DIR/nf.sock"
	stop_bouncer
}

run_tests "$@"
