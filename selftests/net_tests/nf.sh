#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The library for network functions as it is installed, and the examples.

. "$(dirname "$0")/lib.sh"

_install() {
	check "install" make -C "$ROOT" --no-print-directory -o all O="$O" DESTDIR="$DIR/dest" PREFIX=/opt/x install
	chmod 755 "$DIR" "$DIR/dest"
	PKG=$DIR/dest/opt/x/lib/pkgconfig
}
_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

example_is_built_by_nobody_and_needs_libc_alone() {
	local flags needed
	_install
	check "the example has at most 35 lines" test "$(wc -l <"$ROOT/docs/examples/nf_ttl.c")" -le 35
	mkdir "$DIR/nobody" && chmod 777 "$DIR/nobody"
	read -ra flags < <(PKG_CONFIG_PATH=$PKG pkg-config --cflags --libs xsteer-nf)
	# shellcheck disable=SC2207 # words
	flags+=($(as_built))
	cp "$ROOT/docs/examples/nf_ttl.c" "$DIR/nobody"
	check "it compiles" _nobody gcc -Wall -Wextra -Werror "$DIR/nobody/nf_ttl.c" "${flags[@]}" -o "$DIR/nobody/ttl"
	export LD_LIBRARY_PATH=$DIR/dest/opt/x/lib
	needed=$(readelf -d "$LD_LIBRARY_PATH/libxsteer-nf.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v san)
	equal "what the library needs" "$needed" libc.so.6
	refuses "without a broker" 2 "no broker" _nobody "$DIR/nobody/ttl"
	refuses "a broker that is not there" 1 "No such file" _nobody "$DIR/nobody/ttl" --once -S "$DIR/none"
	check "--help" _nobody "$DIR/nobody/ttl" --help
	contains "it names the service" "$OUT" "service ttl"
}

header_is_good_for_cplusplus() {
	[[ $(type -P g++) ]] || skip "no g++ here"
	check "it compiles" g++ -Wall -Wextra -Werror -fsyntax-only -x c++ "$ROOT/user/nf/xsteer/nf.h"
}

library_exports_what_the_header_declares() {
	local declared exported
	declared=$(grep -ohE '\bxsnf_[a-z_]+\(' "$ROOT/user/nf/xsteer/nf.h" | tr -d '(' | sort -u)
	exported=$(nm -D --defined-only "$O/libxsteer-nf.so.0" | sed -n 's/.* T \(xsnf_[a-z_]*\).*/\1/p' | sort -u)
	equal "exported" "$exported" "$declared"
	equal "other symbols" "$(nm -D --defined-only "$O/libxsteer-nf.so.0" | grep -c ' T [^x]')" 0
}

# --- the other examples, over made frames: 1024 flows of 64 sources, 10.0.0.0 to 10.0.0.63 ---

_replay_chain() { # SIZE:COUNT NF-COMMAND CHAIN-LINE...
	local load=$1 nf=$2
	shift 2
	printf '%s\n' "$@" >"$DIR/f.chain"
	check "replay" "$O/xsteer-chain" replay -j "$DIR/f.chain" --gen "$load" --nf "$nf"
}

firewall_rejects_its_prefixes() {
	build_example firewall
	_replay_chain 64:10240 "$DIR/firewall -- 10.0.0.32/27 2001:db8::/32" \
		'service fw' 'chain w fw tx' 'on fw.reject drop'
	equal "rejected" "$(jq -r '.chains[0].hops[0].exits.reject' <<<"$OUT")" 5120
	equal "sent" "$(jq -r .sent <<<"$OUT")" 5120
	_replay_chain 64:1024 "$DIR/firewall -- 10.0.0.2/32" 'service fw' 'chain w fw tx' 'on fw.reject drop'
	equal "by destination" "$(jq -r .sent <<<"$OUT")" 0
	refuses "no prefix" 2 "is no prefix" "$DIR/firewall" -S x -- 10.0.0.0/33
	refuses "no length" 2 "is no prefix" "$DIR/firewall" -S x -- 10.0.0.0
}

policer_lets_a_burst_of_each_source_through() {
	local sent
	build_example police
	_replay_chain 64:64000 "$DIR/police -- 0.001 10" 'service police' 'chain w police tx'
	sent=$(jq -r .sent <<<"$OUT")
	equal "10 of each of 64" "$sent" 640
	refuses "without a burst" 2 "" "$DIR/police" -S x -- 5
}

flow_counter_counts_every_flow() {
	build_example flows
	_replay_chain 64:10240 "$DIR/flows >$DIR/list" 'service flows' 'chain w flows tx'
	equal "sent" "$(jq -r .sent <<<"$OUT")" 10240
	equal "flows" "$(wc -l <"$DIR/list")" 1024
	equal "packets and bytes of each" "$(awk '{ print $6, $7 }' "$DIR/list" | sort -u)" "10 640"
}

# What a capture has on the way in is what the tap's file has.
recorder_writes_what_the_tap_saw() {
	[[ $(type -P python3) ]] || skip "no python3, which reads the file"
	build_example record
	printf '%s\n' 'service record tap ring 8192' 'chain w tx' 'chain w mirror record' >"$DIR/f.chain"
	check "replay" "$O/xsteer-chain" replay -j "$DIR/f.chain" --gen 64:2000 --nf "$DIR/record -- $DIR/rec.pcapng"
	equal "seen" "$(jq -c '.chains[0].taps[0] | [.seen, .missed]' <<<"$OUT")" '[2000,0]'
	check "its packets through the chain again" "$O/xsteer-chain" replay -j "$DIR/f.chain" --pcap "$DIR/rec.pcapng" \
		--out "$DIR/out.pcap" --nf "$DIR/record -- $DIR/cut.pcapng 40"
	equal "frames in the file" "$(jq .frames <<<"$OUT")" 2000
	check "blocks, lengths, bytes, times" python3 - "$DIR" <<-'PY'
		import struct, sys, time
		def recorded(name):
		    data = open(sys.argv[1] + "/" + name, "rb").read()
		    at = 60  # behind the section's header and the interface's
		    while at < len(data):
		        kind, size, _, high, low, kept, length = struct.unpack_from("<7I", data, at)
		        assert kind == 6 and size % 4 == 0 and struct.unpack_from("<I", data, at + size - 4)[0] == size
		        assert abs((high << 32 | low) / 1e9 - time.time()) < 600
		        yield length, data[at + 28 : at + 28 + kept]
		        at += size
		    assert at == len(data)
		out, at, sent = open(sys.argv[1] + "/out.pcap", "rb").read(), 24, []
		while at < len(out):
		    size = struct.unpack_from("<I", out, at + 8)[0]
		    sent.append(out[at + 16 : at + 16 + size])
		    at += 16 + size
		assert [bytes for _, bytes in recorded("rec.pcapng")] == sent and len(sent) == 2000
		assert list(recorded("cut.pcapng")) == [(64, bytes[:40]) for bytes in sent]
	PY
	refuses "no file" 2 "" "$DIR/record" -S x
	refuses "no bytes" 2 "" "$DIR/record" -S x -- "$DIR/x" 0
	refuses "no folder" 2 "No such file" "$DIR/record" -S x -- "$DIR/none/x"
}

# The kernel sees no ping, and ping itself finds every byte correct.
echo_answers_pings_and_nothing_else() {
	build_example echo
	lab_up --queues 1
	check "attach" rx "$LOADER" attach rx0
	printf '%s\n' 'service echo' 'chain echo echo drop' >"$DIR/f.chain"
	printf '%s\n' 'icmp type echo-request chain echo else drop' 'icmpv6 type echo-request chain echo else drop' |
		rx "$O/xsteer-rules" apply rx0 - >"$DIR/apply.log" 2>&1 || fail "apply"
	rx_bg broker "$O/xsteer-chain" run -v rx0 "$DIR/f.chain" --socket "$DIR/nf.sock" --nf "$DIR/echo"
	becomes "it joined" 15 grep -q joined "$DIR/broker.log"
	check "IPv4" tx ping -q -c 5 -i 0.02 -W 2 198.18.0.2
	check "IPv6, another size" tx ping -q -c 5 -i 0.02 -W 2 -s 333 fd00:198:18::2
	OUT=$("$O/xsteer-chain" show -j rx0 --socket "$DIR/nf.sock")
	equal "all by the NF" "$(jq -c '.brokers[0].chains[0] | [.entered, .tx, .drop]' <<<"$OUT")" '[10,10,0]'
	printf '%s\n' 'service echo' 'chain w echo tx' >"$DIR/g.chain"
	check "other frames" "$O/xsteer-chain" replay -j "$DIR/g.chain" --gen 64:1000 --nf "$DIR/echo"
	equal "go on" "$(jq -c '.chains[0].hops[0] | [.next, .tx]' <<<"$OUT")" '[1000,0]'
}

# --- all of them, over one capture: what each makes of it has a checksum ---

# UDP and TCP from 10.0.0.1 to .3 to 192.0.2.10:80 and 198.51.100.7, answers, and pings, as pcap.
_capture() { # FILE
	python3 - "$1" <<'PY'
import ipaddress, struct, sys
def csum(data):
    s = sum(struct.unpack(f">{len(data) // 2}H", data))
    s = (s & 0xffff) + (s >> 16)
    return ~((s & 0xffff) + (s >> 16)) & 0xffff
def packet(proto, src, dst, l4, at):
    src, dst = (ipaddress.ip_address(a).packed for a in (src, dst))
    pseudo = b"" if proto == 1 else src + dst + struct.pack(">HH", proto, len(l4))
    l4 = l4[:at] + struct.pack(">H", csum(pseudo + l4)) + l4[at + 2:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(l4), 7, 0, 64, proto, 0, src, dst)
    return b"\2\0\0\0\0\2\2\0\0\0\0\1\10\0" + ip[:10] + struct.pack(">H", csum(ip)) + ip[12:] + l4
def udp(src, sport, dst, dport):
    return packet(17, src, dst, struct.pack(">HHHH", sport, dport, 26, 0) + bytes(range(18)), 6)
def tcp(src, sport, dst, dport):
    return packet(6, src, dst, struct.pack(">HHIIHHHH", sport, dport, 1, 2, 0x5010, 99, 0, 0) + bytes(6), 16)
def ping(kind, src, dst, ident):
    return packet(1, src, dst, struct.pack(">BBHHH", kind, 0, 0, ident, 1) + bytes(20), 2)
frames = []
for i in range(200):
    me = f"10.0.0.{1 + i % 3}"
    frames += [udp(me, 1000 + i, "198.51.100.7", 53), tcp(me, 2000 + i, "192.0.2.10", 80),
               tcp("10.0.0.3", 80, "192.0.2.1", 2000 + i), udp("198.51.100.7", 53, "192.0.2.1", 1024 + i),
               ping(8, me, "198.51.100.7", 5), ping(0, "198.51.100.7", "192.0.2.1", 5)]
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i, frame in enumerate(frames):
        f.write(struct.pack("<IIII", 1 + i // 1000, i % 1000, len(frame), len(frame)) + frame)
PY
}
_makes_of_it() { # NAME FRAMES-OUT CHECKSUM EXITS [ARGUMENT...]
	local name=$1 frames=$2 sum=$3 exit
	build_example "$name"
	echo "service $name" >"$DIR/f.chain"
	echo "chain w $name tx" >>"$DIR/f.chain"
	for exit in $4; do
		echo "on $name.$exit drop" >>"$DIR/f.chain"
	done
	shift 4
	check "$name" "$O/xsteer-chain" replay -j "$DIR/f.chain" --pcap "$DIR/in.pcap" --out "$DIR/$name.pcap" \
		--nf "$DIR/$name --service $name ${*:+-- $*} >$DIR/$name.list"
	equal "$name: frames" "$(jq .sent <<<"$OUT")" "$frames"
	equal "$name: checksum" "$(sha256sum <"$DIR/$name.pcap" | head -c 12)" "$sum"
}
what_each_example_makes_of_a_capture_is_known() {
	[[ $(type -P python3) ]] || skip "no python3, which makes the capture"
	local unchanged=5a363ef4737b
	_capture "$DIR/in.pcap"
	_makes_of_it flows 1200 "$unchanged" ""
	_makes_of_it record 1200 "$unchanged" "" "$DIR/rec.pcapng"
	_makes_of_it police 80 7807f881bb3d "" 0.001 20
	_makes_of_it ttl 1000 3fdd12fbdcd7 dns
	_makes_of_it firewall 668 a467984ab23c reject 192.0.2.10/32 10.0.0.3/32
	_makes_of_it echo 1200 d73a12b99a9f ""
	_makes_of_it nat 1000 167fe516d557 "unknown full" 192.0.2.1 10.0.0.0/8
	_makes_of_it balance 1200 288af142b458 none 192.0.2.10 80 10.0.0.1 10.0.0.2 10.0.0.3
}

# The first block of docs/chains.md as it stands there, but for the build before it.
the_first_steps_of_the_page_work() {
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	[[ $O -ef $ROOT/.output ]] || skip "the page says .output/"
	awk '/^```/ { if (on) exit; on = 1; next } on && $0 != "make"' "$ROOT/docs/chains.md" >"$DIR/steps"
	cp -r "$ROOT/user" "$ROOT/docs" "$DIR/" && ln -s "$O" "$DIR/.output"
	check "the steps" bash -e -c "cd '$DIR' && . ./steps"
	contains "half is dropped" "$OUT" "web: 102400 entered = 51200 tx . 51200 drop"
}

page_names_every_function() {
	local declared named
	declared=$(nm -D --defined-only "$O/libxsteer-nf.so.0" | sed -n 's/.* T \(xsnf_[a-z_]*\).*/\1/p' | sort -u)
	named=$(grep -ohE '\bxsnf_[a-z_]+\*?\(' "$ROOT/docs/xsteer-nf.3.scd" | tr -d '(*' | sort -u)
	equal "named in xsteer-nf.3" "$named" "$declared"
}

page_has_the_options_of_help() {
	_install
	# shellcheck disable=SC2046 # words
	check "it compiles" gcc "$ROOT/docs/examples/nf_ttl.c" "-I$ROOT/user/nf" "$DIR/dest/opt/x/lib/libxsteer-nf.a" \
		$(as_built) -o "$DIR/ttl"
	equal "options" "$(sed -n '/^\*-/p' "$ROOT/docs/xsteer-nf.3.scd" | sed 's/\\\(.\)/\1/g; s/[*_]//g' | sort)" \
		"$("$DIR/ttl" --help | sed -n 's/^  \(-.*[A-Za-z]\)   *.*/\1/p' | sed 's/  .*//' | sort)"
}

run_tests "$@"
