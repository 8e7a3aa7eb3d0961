#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What becomes of frames in a chain: they stay where they are; each cause of loss moves its own
# counter, by the exact number, and no other; and at the full rate each frame is in one counter.
#
# XS_FRAMES=N sends N at the full rate instead of 1 million. 100 million, as before a release:
#	XS_FRAMES=100000000 XS_TIMEOUT=1800 selftests/runner chain_frames

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe FLOOD=$O/selftests/tools/flood

_chain() { # LINE...
	printf '%s\n' "$@" >"$DIR/f.chain"
}
_replay() { # OPTION...
	((++ASSERTIONS))
	OUT=$(timeout 120 "$CHAIN" replay -j "$DIR/f.chain" "$@" 2>"$DIR/said") && return
	echo "$OUT" && cat "$DIR/said"
	fail "replay: exit $? with $*"
}
_get() { jq -c "$1" <<<"$OUT"; }

# --- where they are ---

# Each of the three knows a frame by the same number, so it is the same memory. In a domain of its
# own the second sees copies, which have other numbers.
frames_stay_where_they_are_unless_a_domain_says_copies() {
	_chain 'service a' 'service b' 'service c' 'chain w a b c tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'
	_replay --gen 64:20000 --nf "$PROBE -s a -- --stamp" --nf "$PROBE -s b -- --stamped" \
		--nf "$PROBE -s c -- --stamped"
	equal "sent, and copied" "$(_get '[.sent, .copies]')" '[20000,0]'
	_chain 'service a' 'service b domain guests' 'service c' 'chain w a b c tx' 'on a.miss drop' 'on b.miss drop' \
		'on c.miss drop'
	_replay --gen 64:20000 --nf "$PROBE -s a -- --stamp" --nf "$PROBE -s b" --nf "$PROBE -s c -- --stamped"
	equal "there and back" "$(_get '[.sent, .copies]')" '[20000,40000]'
	_replay --gen 64:20000 --frames 4096 --nf "$PROBE -s a -- --stamp" --nf "$PROBE -s b -- --stamped" --nf "$PROBE -s c"
	equal "the second sees others" "$(_get '.chains[0].hops[1].drop > 10000')" true
}

# What an NF says of a packet's step and flow is not believed: the next sees every frame, of its flow.
a_step_cannot_be_skipped_by_saying_so() {
	_chain 'service a' 'service b' 'service c' 'chain w a b c tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'
	_replay --gen 64:20000 --nf "$PROBE -s a -- --lie" --nf "$PROBE -s b" --nf "$PROBE -s b" --nf "$PROBE -s c"
	equal "given at each step" "$(_get '[.chains[0].hops[].in]')" '[20000,20000,20000]'
	equal "sent" "$(_get .sent)" 20000
	equal "nobody was cut off" "$(_get .nfs.cheated)" 0
}

# --- each cause of loss by itself ---

# Everything that a chain of one service counts, as one line. Without an option each is 0.
_account() { # JSON-OF-A-CHAIN [NAME=N...]
	jq -c --arg wanted "${*:2}" '
		($wanted | split(" ") | map(split("=") | {key: .[0], value: (.[1] | tonumber)}) | from_entries) as $w
		| {entered, tx, drop, inside} + .lost + (.hops[0] | {in, next, hop_tx: .tx, hop_drop: .drop,
			exits: (.exits | add // 0), bypassed, survived, held, waiting})
			+ {missed: ([.taps[].missed] | add // 0), seen: ([.taps[].seen] | add // 0)}
		| with_entries(select(.value != ($w[.key] // 0)))' <<<"$1"
}
_counted() { # WHAT NAME=N...: these, and no others
	equal "$1: what differs" "$(_account "$(_get '.chains[0]')" "${@:2}")" '{}'
}
_nfs_are() { # WHAT NAME=N...
	equal "$1: NFs" "$(jq -c --arg wanted "${*:2}" '
		($wanted | split(" ") | map(split("=") | {key: .[0], value: (.[1] | tonumber)}) | from_entries) as $w
		| .nfs + {bad: .bad_descriptors} | with_entries(select(.value != ($w[.key] // 0)))' <<<"$OUT")" '{}'
}
_served() { # FRAMES [BROKER OPTION...]: these, on an interface, to the end
	lab_up --queues 1
	attach
	start_broker 0 "${@:2}"
	if ((${#ARGS[@]})); then
		_joins "${ARGS[@]}"
	fi
	check "send" tx "$TRAFFIC" -o -n "$1" -w 32 -r 5000 -p udp4 tx0
	becomes "all have entered" 10 _entered_or_waits "$1"
}
_joins() { # PROBE OPTION...: its pid is $NF
	"$PROBE" -S "$DIR/nf.sock" "$@" 2>"$DIR/nf.log" &
	NF=$!
	broker_said 1 joined
}
_entered_or_waits() {
	"$CHAIN" show -j --socket "$DIR/nf.sock" | jq -e --argjson n "$1" \
		'.brokers[0] | .chains[0].entered + .rx_ring_full >= $n'
}

verdicts_and_exits_are_counted_alone() {
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_replay --gen 64:1000 --nf "$PROBE -s a"
	_counted "next" entered=1000 tx=1000 in=1000 next=1000
	_nfs_are "next" joined=1 left=1
	_replay --gen 64:1000 --nf "$PROBE -s a -- --drop-every 4"
	_counted "drop" entered=1000 tx=750 drop=250 in=1000 next=750 hop_drop=250
	_nfs_are "drop" joined=1 left=1
	_replay --gen 64:1000 --nf "$PROBE -s a -- --exit-every 4"
	_counted "exit" entered=1000 tx=750 drop=250 in=1000 next=750 exits=250
	_chain 'service a' 'chain w a tx'
	_replay --gen 64:1000 --nf "$PROBE -s a -- --exit-every 4"
	_counted "unbound" entered=1000 tx=750 unbound=250 in=1000 next=750
	_nfs_are "unbound" joined=1 left=1
}

# It keeps as many as its ring has room for, until it is told to leave.
an_instance_without_room_loses_the_rest() {
	_chain 'service a ring 64' 'chain w a tx' 'on a.miss drop' 'on a full drop'
	_replay --gen 64:1000 --nf "$PROBE -s a -- --keep 64"
	_counted "full" entered=1000 tx=64 in=64 next=64 full=936
	_nfs_are "full" joined=1 left=1
	_chain 'service a ring 64' 'chain w a tx' 'on a.miss drop' 'on a full bypass'
	_replay --gen 64:1000 --nf "$PROBE -s a -- --keep 64"
	_counted "bypassed" entered=1000 tx=1000 in=64 next=64 bypassed=936
}

a_tap_that_is_not_there_has_missed_all() {
	local ARGS=()
	_chain 'service t tap' 'chain w drop' 'chain w mirror t'
	_served 300
	stop_broker
	equal "missed" "$(_get '.chains[0] | [.entered, .drop, .taps[0]]')" \
		'[300,300,{"service":"t","seen":0,"missed":300,"multi":0}]'
}

a_service_that_is_not_there_has_lost_all() {
	local ARGS=()
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_served 300
	stop_broker
	_counted "dead" entered=300 dead=300
	_nfs_are "dead"
}

# What it had taken and never gave back.
a_death_loses_what_was_held() {
	local ARGS=(-s a -- --keep 1000)
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_served 300
	kill -9 "$NF"
	broker_said 1 'a/1 died'
	stop_broker
	_counted "died" entered=300 in=300 died=300
	_nfs_are "died" joined=1 died=1
}

a_stall_loses_what_was_held() {
	local ARGS=(-s a -- --keep 1000 --stop-after 299)
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_served 300
	broker_said 1 'a/1 .* is cut off: it held packets and did not move'
	broker_said 1 'a/1 died'
	stop_broker
	_counted "stalled" entered=300 in=300 died=300
	_nfs_are "stalled" joined=1 stalled=1 died=1
}

a_bad_descriptor_is_counted_and_ends_it() {
	local ARGS=(-s a -- --keep 299 --evil index --evil-after 299)
	_chain 'service a' 'chain w a tx' 'on a.miss drop'
	_served 300
	broker_said 1 'a/1 .* is cut off: it returned a packet that it does not hold'
	broker_said 1 'a/1 died'
	stop_broker
	_counted "bad" entered=300 in=300 died=300
	_nfs_are "bad" joined=1 cheated=1 died=1 bad=1
}

# A limit is no loss within the chain: what does not enter waits in the RX ring, and is left there.
a_limit_leaves_the_rest_in_the_ring() {
	_chain 'service a' 'chain w a tx' 'on a.miss drop' 'limit w frames 100'
	lab_up --queues 1
	attach
	start_broker 0
	_joins -s a -- --keep 1000
	check "send" tx "$TRAFFIC" -o -n 300 -w 32 -r 5000 -p udp4 tx0
	becomes "the program has seen all" 10 _seen 300
	stop_broker
	_counted "limit" entered=100 tx=100 in=100 next=100
	equal "left" "$(_get '[.received, .unread, .rx_ring_full, .no_frame]')" '[100,200,0,0]'
}
_seen() { (($(counter verdict_xsk) == $1)); }

# --- the full rate ---

# Flat out through three NFs: hop by hop, so that it is known where a frame vanishes.
every_frame_at_full_rate_is_in_one_counter() {
	[[ ${XS_SAN-} ]] && skip "no full rate under the sanitizers"
	local flood limit=(-n 1000000 -t 8) at_rx0 redirected
	[[ ${XS_FRAMES-} ]] && limit=(-n "$XS_FRAMES" -t 999999)
	lab_up --queues 1
	check "gro of tx0" tx ethtool -K tx0 gro on
	check "gro of rx0" rx ethtool -K rx0 gro on
	attach -m native
	_chain 'service a' 'service b' 'service c' 'chain w a b c tx' 'on a.miss drop' 'on b.miss drop' 'on c.miss drop'
	start_broker 3 --nf "$PROBE -s a" --nf "$PROBE -s b -- --drop-every 1000" --nf "$PROBE -s c"
	check "flood" tx "$FLOOD" -j -q 1000 -f 64 "${limit[@]}" tx0
	flood=$OUT
	stop_broker
	at_rx0=$(ethtool_sum rx 'rx_queue_[0-9]+_xdp_packets')
	redirected=$(ethtool_sum rx 'rx_queue_[0-9]+_xdp_redirect')
	not_equal "frames returned" "$(jq .returned <<<"$flood")" 0
	equal "twice, of another length, not ours" "$(jq -c '[.duplicated, .resized, .foreign]' <<<"$flood")" '[0,0,0]'
	equal "on the wire, and refused for a full queue" \
		$((at_rx0 + $(ethtool_sum tx 'tx_queue_[0-9]+_xdp_xmit_errors'))) "$(jq .sent <<<"$flood")"
	equal "seen by the program" "$(counter packets)" "$at_rx0"
	equal "into the socket, and lost there" \
		$((redirected + $(_get '.rx_ring_full + .no_frame + .rx_other'))) "$at_rx0"
	equal "received, and left unread" "$(_get '.received + .unread')" "$redirected"
	equal "entered" "$(_get '.chains[0].entered')" "$(_get .received)"
	equal "each step adds up" "$(_get '[.chains[0].hops[] | .in == .next + .tx + .drop + (.lost | add)] | all')" true
	equal "each gives to the next" "$(_get '.chains[0].hops | .[1].in == .[0].next and .[2].in == .[1].next')" true
	equal "the chain" "$(_get '.chains[0] | .entered == .tx + .drop + (.lost | add) and .inside == 0')" true
	equal "dropped by the second" "$(_get '.chains[0] | .drop == (.hops[1].in / 1000 | floor)')" true
	equal "no other loss" "$(_get '.chains[0].lost | add')" 0
	equal "sent, and refused by the device" "$(_get '.sent + .refused_by_device')" "$(_get '.chains[0].tx')"
	equal "returned, and dropped on the way back" \
		$(($(jq .returned <<<"$flood") + $(rx ip -j -s link show dev rx0 | jq '.[0].stats64.tx.dropped') - \
			$(_get .refused_by_device))) "$(_get .sent)"
	echo "sent $(jq .sent <<<"$flood") returned $(jq .returned <<<"$flood"): $(_get '[.rx_ring_full, .no_frame]')"
}

run_tests "$@"
