#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Several chains at one interface: each has its own slots, sockets and losses.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain RULES=$O/xsteer-rules PROBE=$O/selftests/tools/nf_probe

# Two chains: `fast` for IPv4, `slow` for IPv6, and rules that lead there.
_two() { # [RULE...]
	printf '%s\n' 'service a' 'service b' 'chain fast a tx' 'chain slow b tx' 'on a.miss drop' 'on b.miss drop' >"$DIR/f.chain"
	printf '%s\n' 'ip protocol udp chain fast else drop' 'ip6 nexthdr udp chain slow else drop' \
		"$@" 'default pass' >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
}
_get() { jq -r "$1" <<<"$OUT"; }
_sums='[.chains[] | .entered == .tx + .drop + (.lost | add) + .inside] | all'
_entered() { _get ".chains[] | select(.name == \"$1\").entered"; }

each_chain_gets_the_frames_of_its_rules() {
	lab_up --queues 2
	attach
	_two
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	bounced -n 3000 -p udp4
	bounced -n 2000 -p udp6
	equal "the owner of a chain's slot" "$(rx "$MAPS" sockets -j rx0 |
		jq -c '[.sockets[] | [.chain, .queue]] | sort')" '[["fast",0],["fast",1],["slow",0],["slow",1]]'
	contains "doctor" "$(rx "$LOADER" doctor rx0)" "chain fast is served on each queue"
	stop_broker
	equal "fast" "$(_entered fast)" 3000
	equal "slow" "$(_entered slow)" 2000
	equal "by entry" "$(_get '[.entries[] | .chain] | sort | join(" ")')" "fast fast slow slow"
	equal "the sums" "$(_get "$_sums")" true
	equal "counted as chain" "$(counter verdict_chain)" 5000
	equal "none fell back" "$(counter reason_no_chain)" 0
	check "the verdicts add up" counters_add_up
	not_bounced -n 100 -p udp4
	equal "after its end they do" "$(counter reason_no_chain)" 100
}

one_of_them_gets_what_goes_to_xsk() {
	lab_up --queues 1
	attach
	_two 'tcp xsk else drop'
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b" --chain slow
	bounced -n 500 -p tcp4
	bounced -n 500 -p udp4
	bounced -n 500 -p udp6
	stop_broker
	equal "fast" "$(_entered fast)" 500
	equal "slow, by rule and by xsk" "$(_entered slow)" 1000
	equal "which" "$(_get .xsk_chain)" slow
}

without_chain_nothing_of_them_takes_xsk() {
	lab_up --queues 1
	attach
	_two 'tcp xsk else drop'
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	not_bounced -n 100 -p tcp4
	equal "no socket" "$(counter reason_no_socket)" 100
	stop_broker
	equal "which" "$(_get .xsk_chain)" null
}

# A chain loses frames only in its own RX ring, and the other one loses nothing.
a_chain_that_is_stuck_loses_its_own_frames_alone() {
	lab_up --queues 1
	attach
	_two
	echo 'on b full hold' >>"$DIR/f.chain"
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b -b 8 -- --sleep 20000" --frames 2048
	tx_bg flood "$TRAFFIC" -o -n 20000 -p udp6 tx0
	bounced -n 3000 -p udp4 -r 3000
	bounced -n 3000 -p udp4 -r 3000
	stop_broker
	equal "fast" "$(_entered fast)" 6000
	equal "fast lost none" "$(_get '[.entries[] | select(.chain == "fast") | .rx_ring_full, .unread] | add')" 0
	equal "slow lost some" "$(_get '[.entries[] | select(.chain == "slow").rx_ring_full] | add > 0')" true
	equal "none for want of a frame" "$(_get .no_frame)" 0
	equal "the sums" "$(_get "$_sums")" true
}

what_cannot_be_served_is_refused() {
	lab_up --queues 1
	attach
	for ((i = 0; i < 17; i++)); do echo "chain c$i tx"; done >"$DIR/17.chain"
	refuses "too many" 1 "17 chains: an instance can serve 16" rx "$CHAIN" run rx0 "$DIR/17.chain" --socket "$DIR/x.sock"
	head -n 16 "$DIR/17.chain" >"$DIR/16.chain"
	refuses "too few frames" 1 "256 frames are too few for 16 chains" rx "$CHAIN" run rx0 "$DIR/16.chain" \
		--socket "$DIR/x.sock" --frames 256
	check "16 chains" rx "$CHAIN" run rx0 "$DIR/16.chain" --socket "$DIR/x.sock" --frames 4096 -t 1
	printf '%s\n' 'chain a tx' 'chain b tx' 'limit a frames 4000' >"$DIR/f.chain"
	refuses "a limit that leaves nothing" 1 "limits of 4000" rx "$CHAIN" run rx0 "$DIR/f.chain" --socket "$DIR/x.sock"
	printf '%s\n' 'chain a tx' 'chain b tx' >"$DIR/f.chain"
	rx_bg first "$CHAIN" run rx0 "$DIR/f.chain" --socket "$DIR/1.sock"
	becomes "it listens" 15 test -S "$DIR/1.sock"
	refuses "another broker of the same chain" 1 "queue 0, chain a is held by process" rx "$CHAIN" run rx0 "$DIR/f.chain" \
		--socket "$DIR/2.sock"
}

# Several sockets on one queue in skb mode: not before Linux 6.15.
skb_mode_serves_several_where_that_is_safe() {
	lab_up --queues 1 --skb
	attach -m skb
	_two
	if kernel_is_older_than 6.15; then
		refuses "several" 1 "CVE-2025-37920" rx "$CHAIN" run rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
		return
	fi
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b" -c
	bounced -n 500 -p udp4
	bounced -n 500 -p udp6
	stop_broker
	equal "both" "$(_entered fast) $(_entered slow)" "500 500"
}

run_tests "$@"
