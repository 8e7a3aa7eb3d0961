#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The packets that explain takes: cut ones, compressed captures, other link types, hex.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

_le() { # BYTES NUMBER: little endian, as printf's escapes
	local i out=
	for ((i = 0; i < $1; i++)); do
		out+=$(printf '\\x%02x' $(($2 >> 8 * i & 255)))
	done
	printf '%s' "$out"
}

_pcap() { # LINKTYPE [HEX LENGTH]...
	local link=$1 hex
	shift
	printf '%b' "$(_le 4 0xa1b2c3d4)$(_le 2 2)$(_le 2 4)$(_le 4 0)$(_le 4 0)$(_le 4 65535)$(_le 4 "$link")"
	while (($#)); do
		hex=${1// /}
		printf '%b' "$(_le 4 0)$(_le 4 0)$(_le 4 $((${#hex} / 2)))$(_le 4 "$2")"
		printf '%b' "$(printf '%s' "$hex" | sed 's/../\\x&/g')"
		shift 2
	done
}

ETH="020000000001 020000000002 0800"
UDP="0001 0035 0008 0000"
_ip() { printf '4500 %04x 0000 0000 4011 0000 0a000001 0a000002' "$1"; }

_explain() { "$RULES" explain -f "$DIR/rules" "$@" 2>&1; }

cut_packets_are_judged_as_the_whole_ones() {
	local out
	printf 'meta length 514 udp dport 53 drop\nmeta length 70000 drop\n' >"$DIR/rules"
	_pcap 1 "$ETH $(_ip 500) $UDP" 514 "$ETH $(_ip 28) $UDP" 42 "$ETH $(_ip 500) $UDP" 70000 >"$DIR/c.pcap"
	out=$(_explain --pcap "$DIR/c.pcap")
	contains "told once" "$out" "1 of 3 packets were cut at capture: they are taken at their whole length"
	contains "the cut one" "$out" "packet 0: rule 1 "
	contains "a whole one" "$out" "packet 1: no rule: xsk"
	contains "one that is longer than any frame stays cut" "$out" "packet 2: no rule: .*malformed_ipv4"
}

hex_may_be_what_tcpdump_prints() {
	printf 'meta length 42 udp dport 53 drop\n' >"$DIR/rules"
	contains "-xx" "$(_explain --hex $'\t0x0000:  0200 0000 0001 0200 0000 0002 0800 4500
	0x0010:  001c 0000 0000 4011 0000 0a00 0001 0a00
	0x0020:  0002 0001 0035 0008 0000')" "packet 0: rule 1 "
	contains "-XX" "$(_explain --hex $'\t0x0000:  0200 0000 0001 0200 0000 0002 0800 4500  ..............E.
	0x0010:  001c 0000 0000 4011 0000 0a00 0001 0a00  ......@.........
	0x0020:  0002 0001 0035 0008 0000                 .....5....')" "packet 0: rule 1 "
	contains "as before" "$(_explain --hex "02:00:00:00:00:01-020000000002  0800 $(_ip 28) $UDP")" "packet 0: rule 1 "
	contains "an offset without a colon" "$(_explain --hex '0x0000 0200')" "is not two hex digits"
	contains "half a byte" "$(_explain --hex '0x0000:  020')" "is not two hex digits"
}

what_is_no_ethernet_capture_gets_advice() {
	echo 'udp drop' >"$DIR/rules"
	_pcap 113 "$(_ip 28) $UDP" 28 >"$DIR/sll.pcap"
	contains "any" "$(_explain --pcap "$DIR/sll.pcap")" "LINUX_SLL, not Ethernet: .* not 'any'"
	_pcap 101 "$(_ip 28) $UDP" 28 >"$DIR/raw.pcap"
	contains "a tunnel" "$(_explain --pcap "$DIR/raw.pcap")" "RAW, not Ethernet: .*the Ethernet interface below"
	_pcap 127 "$(_ip 28) $UDP" 28 >"$DIR/wifi.pcap"
	contains "monitor mode" "$(_explain --pcap "$DIR/wifi.pcap")" "without -I"
	_pcap 1 "$ETH $(_ip 28) $UDP" 42 | gzip >"$DIR/c.pcap.gz"
	contains "compressed" "$(_explain --pcap "$DIR/c.pcap.gz")" "is compressed: 'gzip -dc .*c.pcap.gz'"
	contains "as it says" "$(gzip -dc "$DIR/c.pcap.gz" | _explain --pcap -)" "packet 0: rule 1 "
	contains "no capture at all" "$(_explain --pcap "$DIR/rules")" "cannot read .*rules: "
}

a_frame_that_is_none_is_told_by_its_number() {
	local out
	echo 'udp drop' >"$DIR/rules"
	_pcap 1 "$ETH $(_ip 28) $UDP" 42 "0200 0000" 4 "$ETH $(_ip 28) $UDP" 42 >"$DIR/c.pcap"
	out=$(_explain --pcap "$DIR/c.pcap") && fail "it succeeds"
	contains "its number" "$out" "packet 1 has 4 bytes, .*none below 14"
	contains "the next one" "$out" "packet 2: rule 1 "
}

run_tests "$@"
