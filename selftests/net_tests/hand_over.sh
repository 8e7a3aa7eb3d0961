#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A bouncer takes over from another while numbered frames come: none is lost, doubled or
# late behind another, and the account goes on.
#
# XS_RATE=N sends N a second instead of 5000. Where that is more than the machine can do, frames come to
# a full ring, and the account has to say how many.
# XS_HANDOVERS=N hands over N times instead of 20. 1000, as before a release:
#	XS_HANDOVERS=1000 XS_TIMEOUT=1800 selftests/runner hand_over

. "$(dirname "$0")/lib.sh"

ROOM=(--frames 32768)
times=${XS_HANDOVERS:-20}

# A bouncer that is taken over, and goes on, or not.
_first() { # [OPTION...]
	rx_bg first "$BOUNCER" -d rx0 -j -p "$@"
	LAST_BOUNCER=$!
}
_first_on_instance() { # [OPTION...]
	attach -m native
	_first "${ROOM[@]}" "$@"
	becomes "the first bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
}
# Each frame that was sent has come back once, and LAST_BOUNCER has counted all, also those of the
# bouncers before it.
_nothing_is_lost() { # LOG-OF-LAST
	local final tx_lost overrun dropped
	end_flood
	stop_bouncer "$LAST_BOUNCER"
	final=$(grep '"type":"final"' "$DIR/$1.log")
	# what came while the ring was full, as at a high rate on a busy machine
	overrun=$(jq '.rx_dropped + .rx_ring_full' <<<"$final")
	tx_lost=$(jq '.tx_lost' <<<"$final")
	dropped=$(dropped_on_the_way)
	echo "# $(flood_said sent) frames sent in $(flood_said seconds) s: $overrun came to a full ring, $dropped to a full queue"
	[[ ${XS_RATE-} ]] || equal "to a full ring, to a full queue, refused" "$overrun $dropped $tx_lost" "0 0 0"
	equal "returned" $(($(flood_said returned) + overrun + dropped)) "$(flood_said sent)"
	# a little more than flood has sent: the interfaces send some of their own
	equal "the program's count" $(($(jq .rx.packets <<<"$final") + overrun)) "$(counter verdict_xsk)"
	equal "sent back" $(($(jq .tx.packets <<<"$final") + tx_lost)) "$(jq .rx.packets <<<"$final")"
	equal "lost" "$(jq '.late + .rx_unowned + .tx_unowned' <<<"$final")" 0
}
# The next bouncer takes over from LAST_BOUNCER, which ends with 0.
_take_over() { # LOG [OPTION...]
	local old=$LAST_BOUNCER
	rx_bg "$1" "$BOUNCER" --take-over -d rx0 -j "${@:2}"
	LAST_BOUNCER=$!
	ends "$old" 0
	kill -0 "$LAST_BOUNCER" || fail "the successor has ended"
}
_ifindex() { rx ip -j link show dev rx0 | jq '.[0].ifindex'; }
_socket_of_first() { echo "/run/xsteer/bouncer/$(rx stat -L -c %i /proc/self/ns/net)-$(_ifindex)-0"; }

again_and_again_under_traffic() {
	needs_rings_of_others
	local i options
	lab_with_gro 1
	_first_on_instance
	start_flood
	for ((i = 1; i <= times; i++)); do
		options=(-p)
		((i % 3)) || options=(--adaptive --batch 64)
		((i % 4)) || options=(-p --swap-mac)
		_take_over "next-$i" "${options[@]}"
		frames_come
		becomes "owners names the new one" 5 _owned_by 0 "$LAST_BOUNCER"
		((i > 1)) && rm "$DIR/next-$((i - 1)).log"
	done
	_nothing_is_lost "next-$times"
}

all_queues_at_once_under_traffic() {
	needs_rings_of_others
	(($(nproc) > 1)) || skip "needs two CPUs: a veth's receive queue is the sender's CPU"
	lab_with_gro 2
	_first_on_instance -Q all
	start_flood -c 0,1
	_take_over next -Q 1,0 -p
	frames_come
	becomes "owners names the new one" 5 _owned_by 1 "$LAST_BOUNCER"
	_take_over last -Q all -p
	frames_come
	contains "says what it took over" "$(head -1 "$DIR/last.log")" '"took_over":\{"pid":[0-9]+,"rx_packets":[1-9]'
	_nothing_is_lost last
}

a_successor_that_fails_at_any_step_leaves_the_first_at_work() {
	needs_rings_of_others
	local n old
	lab_with_gro 1
	_first_on_instance
	start_flood
	old=$LAST_BOUNCER
	for ((n = 1; n < 100; n++)); do
		XSTEER_FAIL_STEP=$n rx_bg next "$BOUNCER" --take-over -d rx0 -j -p
		LAST_BOUNCER=$!
		becomes "the successor has failed, or the first has ended" 20 _one_has_ended "$old" "$LAST_BOUNCER"
		kill -0 "$old" 2>/dev/null || break
		ends "$LAST_BOUNCER" 1
		frames_come
		equal "owner after step $n" "$(owner_pid 0)" "$old"
	done
	not_equal "steps that failed" "$n" 1
	ends "$old" 0
	_take_over last -p # that one would fail at its end
	frames_come
	_nothing_is_lost last
}
_one_has_ended() { ! kill -0 "$1" 2>/dev/null || ! kill -0 "$2" 2>/dev/null; }

# While the first does not answer, so that it is surely not too late.
a_successor_that_is_killed_leaves_the_first_at_work() {
	local i old pid
	lab_with_gro 1
	_first_on_instance
	start_flood
	old=$LAST_BOUNCER
	for i in 1 2 3 4 5 6 7 8; do
		rx_bg next "$BOUNCER" --take-over -d rx0 -j -p
		pid=$!
		kill -STOP "$old"
		sleep 0.0"$i"
		kill -KILL "$pid"
		wait "$pid"
		kill -CONT "$old"
		frames_come
	done
	_nothing_is_lost first
}

# MESSAGES of a successor that is a script, see below.
_peer() { # SCRIPT
	check "a successor that ends: ${1%%$'\n'*}" python3 - "$(_socket_of_first)" "$(_ifindex)" <<-PY
		import os, socket, struct, sys, time
		def head(kind, version=2): return struct.pack("<IHH", 0x64686b78, version, kind)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.settimeout(10)
		s.connect(sys.argv[1])
		hello = head(1) + struct.pack("<II", int(sys.argv[2]), 0)
		def heard(kind):
		    data, fds, flags, _ = socket.recv_fds(s, 2000, 8)
		    for fd in fds: os.close(fd)
		    if not data: raise SystemExit("closed, wanted %d" % kind)
		    if data[6] != kind: raise SystemExit("type %d, wanted %d: %r" % (data[6], kind, data))
		    return data
		def refused(word):
		    text = heard(2)[8:].split(b"\0")[0].decode()
		    if word not in text: raise SystemExit("refused by: " + text)
		def too_late():
		    time.sleep(2)
		    try: s.send(head(7))
		    except OSError: return
		    raise SystemExit("it could still be taken")
		$1
	PY
}

whatever_a_successor_says_or_does_not_say_the_first_goes_on() {
	[[ $(type -P python3) ]] || skip "no python3, which plays the successor"
	lab_with_gro 1
	_first_on_instance
	start_flood
	_peer 's.close()'
	_peer 's.send(hello)'
	_peer 's.send(hello); heard(3); heard(4)'
	_peer 's.send(hello); heard(3); heard(4); s.send(head(5)); heard(6)'
	frames_come
	# it says that it is ready, and no more: the first does not wait for long
	_peer 's.send(hello); heard(3); heard(4); s.send(head(5)); heard(6); too_late()'
	frames_come
	_peer 's.send(head(1, 999) + bytes(8)); refused("version 2")'
	_peer 's.send(head(1, 999) + bytes(300)); refused("was asked by version 999")'
	_peer 's.send(b"x"); refused("without sense")'
	_peer 's.send(hello[:-1]); refused("without sense")'
	_peer 's.send(hello + bytes(5000)); refused("without sense")'
	_peer 's.send(head(7)); refused("without sense")'
	_peer 'socket.send_fds(s, [hello], [0, 1, 2]); refused("without sense")'
	_peer 's.send(hello); heard(3); heard(4); s.send(head(7))'
	_peer 's.send(head(1) + struct.pack("<II", 1 << 30, 0)); refused("another interface")'
	frames_come
	_nothing_is_lost first
}

# As each bouncer does at its start, to find the sockets of those that were killed.
who_only_looks_whether_somebody_listens_is_no_successor() {
	needs_rings_of_others
	[[ $(type -P python3) ]] || skip "no python3, which looks"
	local old
	lab_up --queues 1
	_first_on_instance
	old=$LAST_BOUNCER
	kill -STOP "$old"
	_peer 's.close()'
	rx_bg next "$BOUNCER" --take-over -d rx0 -j -p
	LAST_BOUNCER=$!
	sleep 0.5 # it has connected, and waits
	kill -CONT "$old"
	ends "$old" 0
	bounced
	stop_bouncer
}

only_root_and_the_bouncers_user_may_take_over() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_first --socket "$DIR/hand"
	becomes "the first bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
	becomes "it listens" 5 test -S "$DIR/hand"
	equal "who may open the socket" "$(stat -c %a "$DIR/hand")" 600
	public_copy "$BOUNCER"
	refuses "by the path" 1 "permission denied" rx setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$DIR/xsteer-bouncer" --take-over -d rx0 -p --socket "$DIR/hand"
	chmod 666 "$DIR/hand"
	refuses "by who it is" 1 "only root and the user of process $LAST_BOUNCER|neither root nor" rx setpriv --reuid 65534 --regid 65534 \
		--clear-groups "$DIR/xsteer-bouncer" --take-over -d rx0 -p --socket "$DIR/hand"
	bounced
	_take_over next --socket "$DIR/hand" -p
	bounced
	stop_bouncer
	equal "the path is gone" "$(ls "$DIR/hand" 2>/dev/null)" ""
}

nobody_there_is_said_with_what_to_do() {
	lab_with_gro 2
	attach -m native
	refuses "nobody at all" 1 "no bouncer to take over from.*xsteer-maps sockets rx0.*without --take-over" \
		rx "$BOUNCER" --take-over -d rx0
	_first -Q all
	becomes "the first bouncer is ready" 15 _owned_by 1 "$LAST_BOUNCER"
	refuses "other queues" 1 "no bouncer to take over from.*-Q" rx "$BOUNCER" --take-over -d rx0 -Q 1
	refuses "too few queues" 1 "process $LAST_BOUNCER has 2 queues.*-Q" rx "$BOUNCER" --take-over -d rx0 -Q 0
	contains "as advised" "$(rx "$MAPS" sockets rx0)" "$LAST_BOUNCER"
	stop_bouncer
}

what_cannot_change_is_refused_by_name() {
	needs_rings_of_others
	local old
	lab_up --queues 1
	attach -m native
	_first
	old=$LAST_BOUNCER
	becomes "the first bouncer is ready" 15 _owned_by 0 "$old"
	refuses "frames" 1 "--frames 512: the socket of process $old has 1024" rx "$BOUNCER" --take-over -d rx0 --frames 512
	refuses "size" 1 "--frame-size 4096: .* has 2048" rx "$BOUNCER" --take-over -d rx0 --frame-size 4096
	refuses "rings" 1 "--ring 2048: .* has 1024" rx "$BOUNCER" --take-over -d rx0 --ring 2048
	refuses "headroom" 1 "--headroom 64" rx "$BOUNCER" --take-over -d rx0 --headroom 64
	refuses "huge" 1 "--huge: .* made without it" rx "$BOUNCER" --take-over -d rx0 --huge
	refuses "zero-copy" 1 "-z: .* made without it" rx "$BOUNCER" --take-over -d rx0 -z
	refuses "mode" 1 "attached in native mode.*leave -S out" rx "$BOUNCER" --take-over -d rx0 -S
	refuses "a program" 2 "leave -f" rx "$BOUNCER" --take-over -d rx0 -f x.o
	refuses "busy-polling" 2 "--busy-poll" rx "$BOUNCER" --take-over -d rx0 --busy-poll
	bounced
	_take_over next -p --frames 1024 --frame-size 2048 --ring 1024 -c -N --limit 10
	_ends_by_limit
}
_ends_by_limit() {
	tx_bg ten "$TRAFFIC" -n 20 -t 500 tx0
	ends "$LAST_BOUNCER" 0
	equal "packets of its own limit" "$(jq 'select(.type == "final") | .rx.packets' "$DIR/next.log")" \
		$(($(jq 'select(.type == "start") | .took_over.rx_packets' "$DIR/next.log") + 10))
}

a_kernel_that_cannot_is_named_and_the_first_goes_on() {
	kernel_is_older_than 6.4 || skip "this kernel can; vm_tests run this under one that cannot"
	lab_up --queues 1
	attach -m native
	_first
	becomes "the first bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
	refuses "the kernel" 1 "Linux 6.4 does.*process $LAST_BOUNCER goes on.*stop it and start without" \
		rx "$BOUNCER" --take-over -d rx0 -p
	bounced
	stop_bouncer
}

what_attached_by_itself_is_taken_away_by_the_last() {
	needs_rings_of_others
	lab_up --queues 1
	_first
	becomes "the first bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
	_take_over next -p
	bounced
	becomes "owners names the new one" 5 _owned_by 0 "$LAST_BOUNCER"
	stop_bouncer
	check "the program is gone" xdp_is_off
	equal "pins" "$(ls "$PINS")" ""
	equal "sockets" "$(ls "$(_socket_of_first)" 2>/dev/null)" ""
}

a_program_of_the_users_own_stays_attached() {
	needs_rings_of_others
	lab_up --queues 1
	_first -f "$O/selftests/progs/own_xsk.bpf.o"
	becomes "the first bouncer listens" 15 test -S "$(_socket_of_first)"
	bounced
	_take_over next -p
	bounced
	_take_over last -p
	bounced
	stop_bouncer
	check "the program is gone" xdp_is_off
}

# Not even while it is set up: who is given sockets makes none.
a_successor_needs_no_capability() {
	needs_rings_of_others
	local old
	lab_up --queues 1
	attach -m native
	_first
	becomes "the first bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
	old=$LAST_BOUNCER
	rx_bg next setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$BOUNCER" --take-over -d rx0 -j -p
	LAST_BOUNCER=$!
	ends "$old" 0
	becomes "owners names the new one" 5 _owned_by 0 "$LAST_BOUNCER"
	equal "capabilities" "$(awk '/^Cap(Eff|Prm|Bnd)/ { print $2 }' "/proc/$LAST_BOUNCER/task/"*/status | sort -u)" 0000000000000000
	bounced
	_take_over last -p
	has_no_capability "one that had them at its start" "$LAST_BOUNCER"
	bounced
	stop_bouncer
}

somebody_elses_map_is_handed_over() {
	needs_rings_of_others
	lab_up --queues 1
	attach -m native
	_first --xskmap "$PINS/rx0/xsks_map"
	becomes "the first bouncer listens" 15 test -S "$(_socket_of_first)"
	_take_over next -p
	bounced
	stop_bouncer
	not_bounced
}

# A name has the network namespace in it, so nobody else would take the place of a killed one.
sockets_of_killed_bouncers_do_not_pile_up() {
	local first second i
	lab_up --queues 2
	mount -t tmpfs -o mode=755 none /run/xsteer 2>/dev/null || { mkdir -p /run/xsteer && mount -t tmpfs -o mode=755 none /run/xsteer; } ||
		skip "no place of its own for sockets"
	attach
	start_bouncer 0 -p
	first=$(ls /run/xsteer/bouncer)
	check "it listens" test -S "/run/xsteer/bouncer/$first"
	for i in 1 2 3; do
		python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind(sys.argv[1])' \
			"/run/xsteer/bouncer/4026531$i-2-0"
	done
	touch /run/xsteer/bouncer/no-socket
	equal "some are left behind" "$(find /run/xsteer/bouncer -type s | wc -l)" 4
	second=$LAST_BOUNCER
	start_bouncer 1 -p
	equal "they are gone, and those of who lives are there" "$(find /run/xsteer/bouncer -type s | wc -l)" 2
	check "the first one's" test -S "/run/xsteer/bouncer/$first"
	check "what is no socket" test -e /run/xsteer/bouncer/no-socket
	stop_bouncer
	stop_bouncer "$second"
}

run_tests "$@"
