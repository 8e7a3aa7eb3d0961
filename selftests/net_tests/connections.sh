#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2016 # conditions that becomes() evaluates
#
# `ct state` against the kernel's own connection tracking, on a veth: what the table holds decides,
# in both directions, and only what tracking has seen is in it.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

# --- helpers ---

_rules() { # TEXT
	printf '%b\n' "$1" >"$DIR/it.rules"
	check "apply $1" rx "$RULES" apply rx0 "$DIR/it.rules"
}
_states='ct state established pass\nct state related pass\nct state new pass\ndefault pass'

_lab() { # [LAB OPTION...]; with tracking at the receiving end
	[[ $(type -P nft) ]] || skip "no nft, which starts the kernel's tracking"
	lab_up
	rx nft 'table inet t { chain c { type filter hook input priority 0; ct state invalid counter; }
		chain o { type filter hook output priority 0; ct state invalid counter; }; }' 2>"$DIR/nft" ||
		skip "nft cannot track connections here: $(<"$DIR/nft")"
	attach "$@"
	printf 'ct state new pass\n' >"$DIR/try.rules"
	rx "$RULES" check -d rx0 "$DIR/try.rules" >"$DIR/try" 2>&1 ||
		skip "this kernel does not tell XDP programs of its connections: $(<"$DIR/try")"
}
_counted() { rx "$RULES" show -j rx0 | jq -c '[.rules[].packets]'; }

# Sends one UDP datagram from tx to rx, and another back if asked.
_udp() { # FROM-NETNS ADDRESS-OF-IT PORT ADDRESS PORT
	"$1" python3 -c '
import socket, sys
a, p, b, q = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((a, int(p)))
s.sendto(b"x" * 20, (b, int(q)))' "${@:2}" || fail "cannot send"
}
_addresses() { # FAMILY: TX, RX
	TX=$(tx ip -j -"$1" addr show tx0 | jq -r '[.[0].addr_info[] | select(.scope == "global")][0].local')
	RX=$(rx ip -j -"$1" addr show rx0 | jq -r '[.[0].addr_info[] | select(.scope == "global")][0].local')
}
_listen() { # udp ports of rx that take what comes, so that nothing is answered
	rx python3 -c '
import socket, sys, time
all = []
for p in sys.argv[1:]:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", int(p)))
    all.append(s)
time.sleep(60)' "$@" &
	becomes "something listens" 10 _listens "$1"
}
_listens() { rx ss -Hlun "sport = :$1" | grep -q .; }

_new_until_answered() { # FAMILY
	_addresses "$1"
	_rules "udp dport 7000 ct state established pass\nudp dport 7000 ct state new pass\ndefault pass"
	_udp tx "$TX" 6000 "$RX" 7000
	becomes "the first frame is new" 5 eval '[[ $(_counted) = "[0,1]" ]]'
	_udp tx "$TX" 6000 "$RX" 7000
	becomes "without an answer it stays new" 5 eval '[[ $(_counted) = "[0,2]" ]]'
	_udp rx "$RX" 7000 "$TX" 6000
	_udp tx "$TX" 6000 "$RX" 7000
	becomes "with one it is established" 5 eval '[[ $(_counted) = "[1,2]" ]]'
	_udp tx "$TX" 6001 "$RX" 7000
	becomes "another port is another connection" 5 eval '[[ $(_counted) = "[1,3]" ]]'
}

# --- tests ---

udp_is_new_until_it_is_answered() {
	_lab
	_listen 7000
	_new_until_answered 4
}
udp_of_ipv6_is_new_until_it_is_answered() {
	_lab
	_listen 7000
	_new_until_answered 6
}
through_the_dispatcher_as_well() {
	_lab --prio 10
	_listen 7000
	_new_until_answered 4
}
an_answer_to_what_was_sent_is_established() {
	_lab
	_addresses 4
	_rules "udp sport 6000 ct state new drop\nudp sport 6000 ct state established pass\ndefault pass"
	_listen 7001
	_udp rx "$RX" 7000 "$TX" 6000
	_udp tx "$TX" 6000 "$RX" 7000
	becomes "the reply of a connection from here" 5 eval '[[ $(_counted) = "[0,1]" ]]'
	_udp tx "$TX" 6000 "$RX" 7001
	becomes "what nobody asked for" 5 eval '[[ $(_counted) = "[1,1]" ]]'
}
a_tcp_connection_is_new_once() {
	_lab
	_addresses 4
	_rules "tcp dport 7000 ct state new pass\ntcp dport 7000 ct state established pass\ndefault pass"
	rx python3 -c '
import socket, sys
s = socket.create_server(("0.0.0.0", 7000))
c, _ = s.accept()
while c.recv(100): pass' &
	becomes "it listens" 10 eval 'rx ss -Hltn "sport = :7000" | grep -q .'
	check "connect" tx python3 -c '
import socket, sys, time
s = socket.create_connection((sys.argv[1], 7000))
for i in range(3):
    s.send(b"x")
    time.sleep(0.05)
s.close()' "$RX"
	becomes "the SYN alone is new" 5 eval '[[ $(_counted) =~ ^\[1,([4-9]|1[0-9])\]$ ]]'
}
what_the_kernel_cannot_be_asked_for_has_no_state() {
	_lab
	_addresses 4
	_rules "ct state { new, established, related } drop\nicmp pass\ndefault pass"
	check "ping passes" tx ping -c 2 -i 0.2 -W 2 "$RX"
	equal "ICMP has none, for != as well" "$(_counted)" "[0,2]"
	_rules "ct state != established drop\nicmp pass\ndefault pass"
	check "ping passes" tx ping -c 2 -i 0.2 -W 2 "$RX"
	equal "nor with !=, and the counter goes on" "$(_counted)" "[0,4]"
}
without_tracking_all_is_new() {
	lab_up
	attach
	printf 'ct state new pass\n' >"$DIR/try.rules"
	rx "$RULES" check -d rx0 "$DIR/try.rules" >"$DIR/try" 2>&1 || skip "$(<"$DIR/try")"
	_addresses 4
	_rules "udp dport 7000 ct state established pass\nudp dport 7000 ct state new pass\ndefault pass"
	_listen 7000
	_udp tx "$TX" 6000 "$RX" 7000
	_udp rx "$RX" 7000 "$TX" 6000
	_udp tx "$TX" 6000 "$RX" 7000
	becomes "nothing is in the table" 5 eval '[[ $(_counted) = "[0,2]" ]]'
}

# Nobody is asked: the state is what is assumed.
explain_assumes_a_state() {
	local frame tcp=0200000000010200000000020800 state
	frame=${tcp}45000028000000004006b3dcc6120001c612000204d2005000000000000000005002200000000000
	printf 'ct state established pass\nct state related drop\ndefault tx\n' >"$DIR/it.rules"
	_explained() { "$RULES" explain -j -f "$DIR/it.rules" --hex "$frame" "$@" | jq -r '.packets[0].verdict // .verdict'; }
	equal "new, if nothing is said" "$(_explained)" tx
	equal "new" "$(_explained --ct-state new)" tx
	equal "established" "$(_explained --ct-state established)" pass
	equal "related" "$(_explained --ct-state related)" drop
	frame=${frame/4006b3dc/4001b3e1} # ICMP has no state
	equal "another protocol" "$(_explained --ct-state established)" tx
	for state in invalid untracked nonsense; do
		refuses "$state" 2 "new, established or related|established" "$RULES" explain -f "$DIR/it.rules" --hex "$frame" --ct-state "$state"
	done
}

run_tests "$@"
