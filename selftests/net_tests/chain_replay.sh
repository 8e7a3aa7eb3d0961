#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Chains of real processes without an interface: order, branches, deaths, cheats, and the
# account after each of these.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe

_chain() { # LINE...
	printf '%s\n' "$@" >"$DIR/f.chain"
}
_three() { _chain 'service a' 'service b' 'service c' 'chain web a b c tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'; }
# The JSON of the result is in $OUT, messages are in $DIR/said.
_replay() { # OPTION...
	((++ASSERTIONS))
	OUT=$(timeout 120 "$CHAIN" replay -j "$DIR/f.chain" "$@" 2>"$DIR/said") && return
	echo "$OUT" && cat "$DIR/said"
	fail "replay: exit $? with $*"
}
_get() { jq -r "$1" <<<"$OUT"; }
_sum='.chains[0] | .entered == .tx + .drop + (.lost | add) + .inside'

frames_come_out_whole_and_in_order() {
	_three
	_replay --gen 64:100000 --nf "$PROBE -s a" --nf "$PROBE -s b" --nf "$PROBE -s c"
	equal "sent" "$(_get .sent)" 100000
	equal "given at each step" "$(_get '.chains[0].hops | map(.in) | @csv')" 100000,100000,100000
	equal "copies" "$(_get .copies)" 0
	equal "left by themselves" "$(_get .nfs.left)" 3
	# shellcheck disable=SC2016 # jq's variable
	equal "no step took longer than all of it" \
		"$(_get '.seconds as $all | .chains[0].hops | all(.max_us <= $all * 1000000)')" true
	equal "the sum" "$(_get "$_sum")" true
}

# Three kinds of waiting, and the smallest batch.
waiting_changes_nothing() {
	_three
	_replay --gen 200:30000 --nf "$PROBE -s a -w spin" --nf "$PROBE -s b -w adaptive" --nf "$PROBE -s c -b 1"
	equal "sent" "$(_get .sent)" 30000
}

exits_lead_through_branches() {
	_chain 'service p' 'service q' 'chain a p tx' 'chain a p.miss -> q -> tx' 'on q.miss drop'
	_replay --gen 64:10000 --nf "$PROBE -s p -- --exit-every 3" --nf "$PROBE -s q -- --drop-every 2"
	equal "through the exit" "$(_get '.chains[0].hops[0].exits.miss')" 3333
	equal "given to q" "$(_get '.chains[0].hops[1].in')" 3333
	equal "dropped by q" "$(_get '.chains[0].hops[1].drop')" 1666
	equal "sent" "$(_get .sent)" 8334
	equal "the sum" "$(_get "$_sum")" true
}

an_unbound_exit_is_told_and_counted() {
	_chain 'service p' 'chain a p tx'
	_replay --gen 64:999 --nf "$PROBE -s p -- --exit-every 3"
	equal "lost" "$(_get .chains[0].lost.unbound)" 333
	contains "it was told" "$(cat "$DIR/said")" "exit 'miss' leads nowhere"
}

_capture() { # COUNT: numbered UDP frames, as pcap
	python3 - "$1" "$DIR/in.pcap" <<'PY'
import struct, sys
count, path = int(sys.argv[1]), sys.argv[2]
with open(path, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i in range(count):
        ip = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, 46, i & 0xffff, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])))
        s = sum(struct.unpack(">10H", ip))
        s = (s & 0xffff) + (s >> 16)
        ip[10:12] = struct.pack(">H", ~((s & 0xffff) + (s >> 16)) & 0xffff)
        udp = struct.pack(">HHHH", 1000 + i % 50, 53 if i % 5 == 0 else 9, 26, 0)
        frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\10\0" + ip + udp + struct.pack(">I", i) + bytes(14)
        f.write(struct.pack("<IIII", i // 1000, i % 1000, len(frame), len(frame)) + frame)
PY
}

# Several instances and a branch change the order in which frames end, but not that of the output.
a_capture_gives_the_same_bytes_each_time() {
	[[ $(type -P python3) ]] || skip "no python3, which makes the capture"
	local run sums=()
	_capture 5000
	_chain 'service a' 'service b' 'chain w a tx' 'chain w a.miss -> b -> tx' 'on b.miss drop'
	for run in 1 2; do
		_replay --pcap "$DIR/in.pcap" --out "$DIR/out$run.pcap" --nf "$PROBE -s a -- --exit-every 7" \
			--nf "$PROBE -s b -- --touch"
		equal "sent" "$(_get .sent)" 5000
		sums+=("$(sha256sum <"$DIR/out$run.pcap")")
	done
	equal "both outputs" "${sums[0]}" "${sums[1]}"
	not_equal "touched bytes" "$(sha256sum <"$DIR/in.pcap")" "$(sha256sum <"$DIR/out1.pcap")"
	equal "length" "$(wc -c <"$DIR/out1.pcap")" "$(wc -c <"$DIR/in.pcap")"
}

needs_neither_privilege_nor_interface() {
	[[ $(type -P strace) ]] || skip "no strace"
	mkdir "$DIR/nobody" && chmod 777 "$DIR" "$DIR/nobody"
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	cp "$CHAIN" "$PROBE" "$DIR/nobody"
	# the leak check of a sanitizer's build cannot work under strace, nor write its coverage as nobody
	check "as nobody, without capabilities" env ASAN_OPTIONS=detect_leaks=0 GCOV_PREFIX="$DIR/nobody" setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		strace -f -o "$DIR/nobody/calls" -e trace=socket,bpf "$DIR/nobody/xsteer-chain" replay "$DIR/f.chain" \
		--gen 64:1000 --nf "$DIR/nobody/nf_probe -s a"
	contains "it is done" "$OUT" "1000 frames in, 1000 out"
	equal "sockets of AF_XDP, calls of bpf" "$(grep -cE 'AF_XDP|bpf\(' "$DIR/nobody/calls")" 0
}

an_nf_has_nothing_but_memory_and_sockets() {
	local pid
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	"$CHAIN" replay "$DIR/f.chain" --gen 64:100000000 --nf "$PROBE -s a" >"$DIR/run.log" 2>&1 &
	becomes "the NF runs" 10 pgrep -P $!
	pid=$(pgrep -P $!)
	becomes "it has its memory" 10 grep -q xsteer-n2b "/proc/$pid/maps"
	equal "descriptors of another kind" \
		"$(find "/proc/$pid/fd" -type l -printf '%l\n' | grep -vcE '^(/|pipe:|socket:|anon_inode:\[eventpoll\])')" 0
	contains "b2n is mapped read-only" "$(grep b2n "/proc/$pid/maps")" ' r--s '
	kill -INT $!
	wait $!
}

a_capture_frame_that_does_not_fit_is_counted() {
	[[ $(type -P python3) ]] || skip "no python3, which makes the capture"
	python3 - "$DIR/in.pcap" <<'PY'
import struct, sys
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for n in (13, 14, 1792, 32257):
        f.write(struct.pack("<IIII", 0, 0, n, n) + bytes(n))
PY
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_replay --pcap "$DIR/in.pcap" --out "$DIR/out.pcap" --nf "$PROBE -s a"
	equal "sent" "$(_get .sent)" 2
	equal "of no fitting length" "$(_get .too_long)" 2
	equal "bytes" "$(wc -c <"$DIR/out.pcap")" $((24 + 2 * 16 + 14 + 1792))
}

# --- deaths ---

# At each step of the library, early and late in a batch.
a_death_at_any_step_loses_only_what_it_held() {
	local step after
	_three
	for step in 0 1 2 3 4; do
		for after in 0 1 5 40; do
			_replay --gen 64:20000 --nf "$PROBE -s a" --nf "$PROBE -s c" \
				--nf "$PROBE -s b -b 16 -- --abort-at $step --abort-after $after"
			equal "one died" "$(_get .nfs.died)" 1
			equal "the sum" "$(_get "$_sum")" true
			equal "steps add up" "$(_get '.chains[0].hops[1] | .in == .next + .lost.died')" true
			check "no more than its ring" test "$(_get .chains[0].hops[1].lost.died)" -le 512
		done
	done
}

an_nf_that_is_killed_is_replaced() {
	local sock=$DIR/nf.sock round
	_chain 'service a' 'chain w a tx' 'on a dead hold 20s' 'on a.miss drop'
	"$CHAIN" replay -j "$DIR/f.chain" --gen 64:3000000 --socket "$sock" >"$DIR/result" 2>"$DIR/run.log" &
	local broker=$!
	for round in {1..20}; do
		"$PROBE" -S "$sock" -s a 2>/dev/null &
		sleep 0.05
		kill -9 $!
	done 2>/dev/null
	"$PROBE" -S "$sock" -s a 2>/dev/null &
	wait "$broker" || fail "the broker: $(tail -n 5 "$DIR/run.log")"
	OUT=$(cat "$DIR/result")
	equal "the sum" "$(_get "$_sum")" true
	equal "nothing but what they held is lost" "$(_get '.chains[0] | .tx + .lost.died')" 3000000
	check "several died" test "$(_get .nfs.died)" -ge 5
	((round == 20)) || fail "not all rounds"
}

what_is_kept_is_given_back_at_the_end() {
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_replay --gen 64:1000 --nf "$PROBE -s a -- --keep 100"
	equal "sent" "$(_get .sent)" 1000
	equal "died" "$(_get .chains[0].lost.died)" 0
}

# Its ring has 512, all of which it keeps.
an_nf_that_keeps_all_ends_the_load() {
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	local status
	OUT=$(timeout 60 "$CHAIN" replay -j "$DIR/f.chain" --gen 64:10000 --nf "$PROBE -s a -- --keep 4000" 2>"$DIR/said")
	status=$?
	equal "status" "$status" 1
	contains "it was told" "$(cat "$DIR/said")" "[0-9]+ frames could not enter: a/1 keeps 512 packets .of 512 that its ring has"
	equal "it ended early" "$(_get .interrupted)" true
	equal "what entered" "$(_get '.sent == 512 and .chains[0].entered < 10000')" true
	equal "the sum" "$(_get "$_sum")" true
}

a_stopped_nf_is_cut_off() {
	_chain 'service a' 'service b' 'chain w a b tx' 'on a.miss drop' 'on b.miss drop'
	_replay --gen 64:20000 --nf "$PROBE -s a -- --stop-after 500" --nf "$PROBE -s b"
	equal "stalled" "$(_get .nfs.stalled)" 1
	contains "it was told" "$(cat "$DIR/said")" "a/1 .* is cut off: it held packets"
	equal "the sum" "$(_get "$_sum")" true
}

a_slow_nf_is_not_stopped() {
	_chain 'service a ring 64' 'chain w a tx' 'on a.miss drop'
	_replay --gen 64:200 --nf "$PROBE -s a -b 64 -- --sleep 10000"
	equal "stalled" "$(_get .nfs.stalled)" 0
	equal "sent" "$(_get .sent)" 200
}

# --- cheats ---

every_cheat_is_cut_off_and_costs_no_other() {
	local how
	_three
	for how in index foreign length short verdict keep producer duplicate scribble hang-up; do
		_replay --gen 64:20000 --nf "$PROBE -s a" --nf "$PROBE -s c" \
			--nf "$PROBE -s b -- --evil $how --evil-after 3000"
		equal "$how: cut off" "$(_get .nfs.cheated)" 1
		equal "$how: the sum" "$(_get "$_sum")" true
		equal "$how: the others live" "$(_get .nfs.left)" 2
		equal "$how: a lost nothing" "$(_get '.chains[0].hops[0].next')" 20000
		check "$how: no more than its ring" test "$(_get .chains[0].hops[1].lost.died)" -le 512
	done
}

a_reader_cannot_write() {
	mkdir "$DIR/nobody" && chmod 777 "$DIR" "$DIR/nobody"
	cp "$PROBE" "$DIR/nobody"
	_chain 'service a readonly' 'chain w a tx' 'on a.miss drop'
	# mprotect() must fail with EACCES, or the NF exits at once with another status.
	_replay --gen 64:1000 --nf "sh -c '$PROBE -s a -- --evil readonly; echo \$? >$DIR/nobody/status'"
	equal "the NF's finding" "$(cat "$DIR/nobody/status")" 0
}

_open_files() { find "/proc/$1/fd" -type l -printf '%l\n' | sed 's/[0-9]*//g' | sort | xargs; }
messages_of_no_sense_harm_nobody() {
	[[ $(type -P python3) ]] || skip "no python3, which sends them"
	local sock=$DIR/nf.sock before
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	"$CHAIN" replay -j "$DIR/f.chain" --gen 64:2000000 --socket "$sock" >"$DIR/result" 2>"$DIR/run.log" &
	local broker=$!
	becomes "it listens" 10 test -S "$sock"
	before=$(_open_files "$broker")
	python3 - "$sock" <<'PY'
import os, random, socket, struct, sys
random.seed(1)
for i in range(300):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    try:
        for k in range(random.randrange(4)):
            n = random.choice([0, 1, 8, 1071, 1072, 1073])
            body = bytearray(os.urandom(n))
            if n >= 8 and random.random() < 0.8:
                body[:8] = struct.pack("<II", random.randrange(12), random.choice([0, 1, 2]))
            if random.random() < 0.3:
                body[8:40] = b"a".ljust(32, b"\0")[: max(0, n - 8)] if n > 40 else body[8:40]
            socket.send_fds(s, [bytes(body)], [0, 1]) if random.random() < 0.2 and n else s.send(bytes(body))
    except OSError:
        pass
    s.close()
PY
	becomes "no descriptor that was sent along is left" 5 test "$(_open_files "$broker")" = "$before"
	"$PROBE" -S "$sock" -s a 2>/dev/null &
	wait "$broker" || fail "the broker: $(tail -n 5 "$DIR/run.log")"
	OUT=$(cat "$DIR/result")
	equal "sent" "$(_get .sent)" 2000000
}

# --- taps, domains, instances ---

a_slow_tap_misses_and_holds_up_nothing() {
	_chain 'service a' 'service t tap' 'chain w a tx' 'chain w mirror t' 'on a.miss drop'
	_replay --gen 64:50000 --nf "$PROBE -s a" --nf "$PROBE -s t -- --sleep 100"
	equal "sent" "$(_get .sent)" 50000
	equal "seen and missed" "$(_get '.chains[0].taps[0] | .seen + .missed')" 50000
	check "some were missed" test "$(_get .chains[0].taps[0].missed)" -gt 0
}

another_domain_gets_copies() {
	_chain 'service a' 'service x domain guests' 'chain w a x tx' 'on a.miss drop' 'on x.miss drop'
	_replay --gen 64:10000 --nf "$PROBE -s a" --nf "$PROBE -s x -- --touch"
	equal "sent" "$(_get .sent)" 10000
	equal "copies" "$(_get .copies)" 20000
}

instances_share_the_flows() {
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_replay --gen 64:20000 --nf "$PROBE -s a" --nf "$PROBE -s a" --nf "$PROBE -s a"
	equal "sent" "$(_get .sent)" 20000
	equal "joined" "$(_get .nfs.joined)" 3
	_chain 'service a instances 1' 'chain w a tx' 'on a.miss drop'
	refuses "one too many" 1 "has all its 1 instances" "$CHAIN" replay "$DIR/f.chain" --gen 64:1 \
		--nf "$PROBE -s a" --nf "$PROBE -s a"
}

# --- the command line ---

wrong_usage_is_told() {
	_chain 'service a' 'chain w a tx' 'chain v drop'
	refuses "two chains" 2 "has 2 chains: say which" "$CHAIN" replay "$DIR/f.chain" --gen 64:1
	refuses "no such chain" 2 "there is no such chain" "$CHAIN" replay "$DIR/f.chain" --gen 64:1 --chain x
	refuses "neither" 2 "one of --pcap IN and --gen" "$CHAIN" replay "$DIR/f.chain" --chain w
	refuses "both" 2 "one of --pcap IN and --gen" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64:1 --pcap x
	refuses "gen" 2 "give SIZE:COUNT" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 59:1
	refuses "gen" 2 "give SIZE:COUNT" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64
	refuses "out" 2 "with --pcap" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64:1 --out x
	refuses "no capture" 1 "cannot read" "$CHAIN" replay "$DIR/f.chain" --chain w --pcap "$DIR/none"
	refuses "no NF" 1 "ended before it had joined" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64:1 --nf false
	refuses "an unknown service" 1 "no service 'probe'" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64:1 --nf "$PROBE"
	refuses "nobody came" 1 "nobody offered service a within 1 sec" "$CHAIN" replay "$DIR/f.chain" --chain w \
		--gen 64:1 --socket "$DIR/s" --wait 1
	check "its socket is gone" test ! -e "$DIR/s"
	touch "$DIR/s"
	refuses "a file in the way" 1 "cannot listen" "$CHAIN" replay "$DIR/f.chain" --chain w --gen 64:1 --socket "$DIR/s"
	check "which stays" test -f "$DIR/s"
	check "a chain without steps" "$CHAIN" replay "$DIR/f.chain" --chain v --gen 64:100
	contains "drops" "$OUT" "v: 100 entered = 0 tx . 100 drop"
}

a_socket_of_another_kind_is_not_taken_for_a_dead_ones() {
	printf 'service fw\nchain c fw tx\n' >"$DIR/f.chain"
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen(); time.sleep(60)' "$DIR/nf.sock" &
	becomes "a stream socket listens" 10 test -S "$DIR/nf.sock"
	sleep 0.2
	refuses "its path" 1 "somebody listens there" "$CHAIN" replay --gen 64:1 --socket "$DIR/nf.sock" "$DIR/f.chain"
	check "it stays" test -S "$DIR/nf.sock"
}

run_tests "$@"
