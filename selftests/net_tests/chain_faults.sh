#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Network functions of one chain die, hang or cheat. The other chain of the interface does
# not notice, and the account is correct.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules PROBE=$O/selftests/tools/nf_probe

# Chain good for IPv4, chain bad for IPv6; the broker serves both, and a serves good.
_two_chains() { # [LINE...]
	lab_up --queues 1
	attach
	printf '%s\n' 'service a' 'service b' 'chain good a tx' 'chain bad b tx' 'on a.miss drop' 'on b.miss drop' \
		"$@" >"$DIR/f.chain"
	printf '%s\n' 'ip protocol udp chain good else drop' 'ip6 nexthdr udp chain bad else drop' 'default pass' |
		rx "$RULES" apply rx0 - >"$DIR/apply.log" 2>&1 || fail "apply"
	start_broker 1 --nf "$PROBE -s a"
}
_bad_joins() { # TIMES [PROBE OPTION...]: an instance of b; its pid is $B
	"$PROBE" -S "$DIR/nf.sock" -s b "${@:2}" 2>/dev/null &
	B=$!
	broker_said "$1" 'b/[0-9]* joined'
}
_bad_traffic() {
	tx_bg bad "$TRAFFIC" -o -p udp6 -n 1000000 -r 20000 tx0
	BAD=$!
}
_end() {
	kill "$BAD" 2>/dev/null
	wait "$BAD" 2>/dev/null
	stop_broker # every frame is in one counter of one step
}
_get() { jq -c "$1" <<<"$OUT"; }
_good_lost_nothing() { # FRAMES
	equal "good" "$(_get '.chains[] | select(.name == "good") | [.entered, .tx]')" "[$1,$1]"
	equal "nothing of good was lost before it" \
		"$(_get '[.entries[] | select(.chain == "good") | .rx_ring_full + .unread] | add')" 0
	equal "bad adds up" "$(_get '.chains[] | select(.name == "bad") | .entered == .tx + .drop + (.lost | add) + .inside')" true
	equal "its step, too" "$(_get '.chains[] | select(.name == "bad").hops[0] | .in == .next + .lost.died + .held')" true
}

killed_again_and_again_they_cost_their_own_frames() {
	local i
	_two_chains 'on b dead drop'
	_bad_traffic
	for ((i = 1; i <= 12; i++)); do
		_bad_joins "$i"
		bounced -n 200 -p udp4
		kill -9 "$B"
		wait "$B" 2>/dev/null
	done
	broker_said 12 'b/1 died'
	_end
	_good_lost_nothing 2400
	equal "deaths" "$(_get .nfs.died)" 12
	equal "no more than a ring each" "$(_get '.chains[] | select(.name == "bad").lost.died <= 12 * 512')" true
	equal "and some got through" "$(_get '.chains[] | select(.name == "bad").tx > 0')" true
}

a_stopped_one_is_cut_off_and_the_other_chain_goes_on() {
	_two_chains
	_bad_joins 1
	_bad_traffic
	bounced -n 200 -p udp4
	kill -STOP "$B"
	bounced -n 1000 -p udp4 -r 1000
	becomes "it is cut off" 5 _broker_said 1 'b/1 .* is cut off: it held packets and did not move'
	bounced -n 200 -p udp4
	wait "$B" 2>/dev/null
	_bad_joins 2
	_end
	_good_lost_nothing 1400
	equal "stalled" "$(_get .nfs.stalled)" 1
}

every_cheat_on_an_interface_is_cut_off_and_the_kernel_sees_nothing() {
	local how times=0 sockets
	_two_chains
	_bad_traffic
	for how in index foreign length short verdict keep producer duplicate scribble hang-up; do
		_bad_joins $((++times)) -- --evil "$how" --evil-after 300
		broker_said "$times" 'b/1 .*\(is cut off\|closed its connection\)'
		bounced -n 100 -p udp4
		wait "$B" 2>/dev/null
	done
	sockets=$(rx "$MAPS" sockets -j rx0)
	equal "descriptors that the kernel refused" \
		"$(jq '[.sockets[].statistics | .rx_invalid_descs + .tx_invalid_descs] | add' <<<"$sockets")" 0
	_end
	_good_lost_nothing 1000
	equal "cheats" "$(_get .nfs.cheated)" 10
}

# What the chain file says for a service that nobody offers: each case by itself, with the exact number.
a_dead_service_does_what_the_file_says() {
	_two_chains 'on b dead bypass'
	bounced -n 300 -p udp6
	kill -INT "$BROKER"
	ends "$BROKER" 0
	OUT=$(cat "$DIR/result")
	equal "bypassed" "$(_get '.chains[] | select(.name == "bad") | [.entered, .tx, .hops[0].bypassed, .hops[0].in]')" \
		'[300,300,300,0]'
}

run_tests "$@"
