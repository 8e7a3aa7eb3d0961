#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Packets of several frames through chains: whole, byte for byte, or refused and counted.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain RULES=$O/xsteer-rules PROBE=$O/selftests/tools/nf_probe

_get() { jq -r "$1" <<<"$OUT"; }
_sums='[.chains[] | .entered == .tx + .drop + (.lost | add) + .inside] | all'
_entered() {
	"$CHAIN" show -j --socket "$DIR/nf.sock" | jq -e --argjson n "$1" '[.brokers[0].chains[].entered] | add >= $n'
}
# Jumbo frames; `web` gets IPv4, on the queue's main socket, `six` IPv6, on a shared one.
_jumbo() { # LINE OF THE CHAIN FILE...
	! kernel_is_older_than 6.6 || skip "before Linux 6.6 AF_XDP takes packets of one frame only"
	lab_up --queues 1 --mtu 9000
	attach
	printf '%s\n' "$@" >"$DIR/f.chain"
	printf '%s\n' 'ip protocol udp chain web else drop' 'ip6 nexthdr udp chain six else drop' 'default pass' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
}

# Read-write, read-only and on copies; a tap that records; a socket of each kind.
they_come_back_byte_for_byte() {
	_jumbo 'service a' 'service b readonly' 'service c domain far' 'service rec tap ring 4096' 'chain web a b c tx' \
		'chain web mirror rec after a' 'chain six a tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'
	build_example record
	start_broker 4 --nf "$PROBE -s a" --nf "$PROBE -s b" --nf "$PROBE -s c" \
		--nf "$DIR/record -s rec -- $DIR/rec.pcapng"
	bounced -n 3000 -s 64-9014 -w 32 -p udp4
	bounced -n 2000 -s 64-9014 -w 32 -p udp6
	bounced -n 1000 -s 9014 -w 32 -p udp4
	stop_broker
	equal "entered" "$(_get '[.chains[].entered] | add')" 6000
	equal "the sums" "$(_get "$_sums")" true
	equal "the tap's" "$(_get '.chains[] | select(.name == "web").taps[0] | .seen + .missed')" 4000
	equal "refused" "$(_get '[.chains[].lost.multi, .chains[].taps[].multi, .too_long] | add')" 0
	equal "recorded" "$(python3 - "$DIR/rec.pcapng" <<'PY'
import struct, sys
data, at, frames, longest = open(sys.argv[1], "rb").read(), 0, 0, 0
while at < len(data):
    kind, size = struct.unpack_from("<II", data, at)
    if kind == 6:
        kept, length = struct.unpack_from("<II", data, at + 20)
        assert kept == length
        # the IP header's length is that of the packet: no frame of it is missing
        assert struct.unpack_from(">H", data, at + 28 + 16)[0] + 14 <= length
        frames, longest = frames + 1, max(longest, length)
    at += size
print(frames, longest)
PY
)" "$(_get '.chains[] | select(.name == "web").taps[0].seen') 9014"
}

# `a` says that it takes them, `b` and the tap do not.
who_takes_single_frames_only_gets_none() {
	_jumbo 'service a' 'service b' 'service t tap' 'chain web a b tx' 'chain web mirror t' 'chain six a tx' \
		'on a.miss drop' 'on b.miss drop'
	start_broker 3 --nf "$PROBE -s a" --nf "$PROBE -s b -- --single" --nf "$PROBE -s t -- --single"
	bounced -n 500 -s 64-1792 -w 32 -p udp4
	check "long ones" tx "$TRAFFIC" -o -n 300 -s 1793-9014 -r 5000 -p udp4 tx0
	bounced -n 500 -s 1793-9014 -w 32 -p udp6
	becomes "all have entered" 20 _entered 1300
	check "as text" "$CHAIN" show --socket "$DIR/nf.sock"
	contains "in the sum" "$(tr -s '\n ' ' ' <<<"$OUT")" " \+ 300 multi "
	stop_broker
	equal "given to a" "$(_get '.chains[] | select(.name == "web").hops[0].in')" 800
	equal "given to b" "$(_get '.chains[] | select(.name == "web").hops[1].in')" 500
	equal "refused to b" "$(_get '.chains[] | select(.name == "web").hops[1].lost.multi')" 300
	equal "the tap's" "$(_get '.chains[] | select(.name == "web").taps[0] | "\(.seen) \(.missed) \(.multi)"')" "500 0 300"
	equal "the sums" "$(_get "$_sums")" true
}

# More frames than the kernel sends as one packet: 18 of 1792 bytes.
what_cannot_be_sent_does_not_enter() {
	! kernel_is_older_than 6.6 || skip "before Linux 6.6 AF_XDP takes packets of one frame only"
	lab_up --queues 1 --mtu 40000
	attach
	printf '%s\n' 'service a' 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
	start_broker 1 --nf "$PROBE -s a"
	becomes "it is said" 10 grep -q "its MTU is 40000: packets longer than 32256 bytes are dropped: the kernel sends no" "$DIR/run.log"
	bounced -n 50 -s 32000-32256 -w 4 -p udp4
	check "longer ones" tx "$TRAFFIC" -o -n 20 -s 32257-33000 -r 500 -p udp4 tx0
	bounced -n 50 -s 64-1500 -w 4 -p udp4
	stop_broker
	equal "received" "$(_get .received)" 120
	equal "too long" "$(_get .too_long)" 20
	equal "entered" "$(_get '.chains[0].entered')" 100
}

an_nf_that_dies_loses_whole_packets() {
	local flood
	_jumbo 'service a' 'chain web a tx' 'chain six a tx' 'on a.miss drop'
	start_broker 1 --nf "$PROBE -s a -- --abort-at 2 --abort-after 20"
	tx_bg flood "$TRAFFIC" -o -n 3000 -s 5000-9014 -r 3000 -p udp4 tx0
	flood=$!
	becomes "it died" 20 grep -q 'a/1 died' "$DIR/run.log"
	"$PROBE" -S "$DIR/nf.sock" -s a 2>"$DIR/nf.log" &
	broker_said 2 joined
	wait "$flood" # what comes back is not wrong here
	bounced -n 500 -s 5000-9014 -w 8 -p udp4
	stop_broker
	not_equal "died with it" "$(_get '.chains[] | select(.name == "web").lost.died')" 0
	equal "the sums" "$(_get "$_sums")" true
}

# The same without an interface: each length around the frames' ends, changed in every frame.
replayed_captures_come_out_whole() {
	[[ $(type -P python3) ]] || skip "no python3, which makes the capture"
	local make='
import struct, sys
path, touched = sys.argv[1], sys.argv[2] == "touched"
with open(path, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
    for n in (60, 1791, 1792, 1793, 3584, 3585, 9014, 32256):
        frame = bytearray((i * 7 + n) & 255 for i in range(n))
        if touched:
            frame[50] = frame[50] + 1 & 255
            for last in {min(at + 1792, n) for at in range(1792, n, 1792)}:
                frame[last - 1] = frame[last - 1] + 1 & 255
        f.write(struct.pack("<IIII", 0, 0, n, n) + frame)
'
	python3 -c "$make" "$DIR/in.pcap" plain
	python3 -c "$make" "$DIR/wanted.pcap" touched
	local domain
	for domain in "" " domain far"; do
		printf '%s\n' "service a$domain" 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
		check "replay$domain" "$CHAIN" replay -j "$DIR/f.chain" --pcap "$DIR/in.pcap" --out "$DIR/out.pcap" --nf "$PROBE -s a -- --touch"
		equal "sent$domain" "$(_get .sent)" 8
		check "bytes$domain" cmp "$DIR/out.pcap" "$DIR/wanted.pcap"
	done
}

# A packet waits for room for all of its frames, which an NF that keeps some does not make.
an_nf_that_keeps_packets_gives_them_back() {
	printf '%s\n' 'service a ring 64' 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
	check "replay" "$CHAIN" replay -j "$DIR/f.chain" --gen 9000:11 --nf "$PROBE -s a -- --keep 10"
	equal "kept ones" "$(_get '.chains[0].tx')" 10
	equal "what waited" "$(_get '.chains[0].lost.dead')" 1
	equal "left" "$(_get '.nfs | "\(.left) \(.died)"')" "1 0"
}

a_limit_is_of_frames() {
	printf '%s\n' 'service a' 'chain web a tx' 'limit web frames 64' 'on a.miss drop' >"$DIR/f.chain"
	OUT=$("$CHAIN" replay -j "$DIR/f.chain" --gen 9000:1000 --nf "$PROBE -s a -- --abort-at 0" 2>/dev/null)
	equal "died with it, of six frames each" "$(_get '.chains[0].lost.died')" 11
}

who_returns_packets_in_part_is_cut_off() {
	local how
	printf '%s\n' 'service a' 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
	for how in part half order; do
		((++ASSERTIONS))
		OUT=$("$CHAIN" replay -j "$DIR/f.chain" --gen 9000:2000 --nf "$PROBE -s a -- --evil $how --evil-after 100" 2>"$DIR/said") ||
			fail "$how: $(<"$DIR/said")"
		equal "$how: cheated" "$(_get .nfs.cheated)" 1
		equal "$how: the sum" "$(_get "$_sums")" true
		contains "$how: it is said" "$(<"$DIR/said")" "is cut off: it returned (a part of a packet|frames of a packet in another order)"
	done
}

run_tests "$@"
