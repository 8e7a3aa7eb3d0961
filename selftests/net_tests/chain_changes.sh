#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What changes under a chain that has traffic: its network functions, its rules, the program,
# the link, the interface.
#
# XS_FRAMES=N sends N frames past a new version of a function instead of 100,000. As before a
# release:
#	XS_FRAMES=1000000 XS_TIMEOUT=600 selftests/runner chain_changes

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain RULES=$O/xsteer-rules PROBE=$O/selftests/tools/nf_probe

_one() {
	printf '%s\n' 'service a' 'chain w a tx' 'on a.miss drop' >"$DIR/f.chain"
}
_get() { jq -c "$1" <<<"$OUT"; }
_ask() { "$CHAIN" "$1" --socket "$DIR/nf.sock" "${@:2}"; }
_serving() { # INSTANCE...
	[[ $(_ask show -j rx0 | jq -c '[.brokers[0].instances[].instance] | sort') = "[$1]" ]]
}
_lost_nothing() { # FRAMES
	equal "entered and sent" "$(_get '.chains[0] | [.entered, .tx]')" "[$1,$1]"
	equal "nobody died" "$(_get '.nfs | [.died, .stalled, .cheated]')" '[0,0,0]'
	equal "nothing was lost before the chain" "$(_get '[.rx_ring_full, .no_frame, .unread]')" '[0,0,0]'
}

# The new version joins, the old one is drained and stops: again and again while frames come.
a_new_version_takes_over_without_loss_or_reordering() {
	local frames=${XS_FRAMES:-100000} traffic n=1 in_order=1
	lab_up --queues 1
	attach
	_one
	start_broker 1 --nf "$PROBE -s a"
	tx_bg traffic "$TRAFFIC" -n "$frames" -r 15000 -f 200 -O -t 10000 tx0
	traffic=$!
	while kill -0 "$traffic" 2>/dev/null; do
		"$PROBE" -S "$DIR/nf.sock" -s a &
		broker_said $((n + 1)) joined
		check "drain" _ask drain rx0 a $((n % 2 ? 1 : 2))
		becomes "the old one has left" 10 _serving $((n % 2 ? 2 : 1))
		((n++))
	done
	wait "$traffic" || in_order=0
	contains "every frame once" "$(cat "$DIR/traffic.log")" "missing 0 duplicated 0 corrupt 0"
	check "several versions" test "$n" -ge 4
	stop_broker
	_lost_nothing "$frames"
	equal "each left by itself" "$(_get .nfs.left)" "$n"
	# A function that gets no CPU for 10 ms has its buckets moved under way, which is counted.
	(($(_get .reorder_risk))) || equal "in order" "$in_order" 1
}

rules_may_change_under_traffic() {
	local traffic i
	lab_up --queues 1
	attach
	_one
	printf '%s\n' 'udp dport 7 chain w else drop' 'tcp dport 7 chain w else drop' >"$DIR/1.rules"
	printf '%s\n' 'ip saddr 192.0.2.0/24 drop' 'tcp dport { 7, 8 } chain w else drop' 'udp chain w else drop' 'default drop' >"$DIR/2.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/1.rules"
	start_broker 1 --nf "$PROBE -s a"
	tx_bg traffic "$TRAFFIC" -n 30000 -r 10000 -t 5000 tx0
	traffic=$!
	for ((i = 0; i < 20; i++)); do
		check "apply" rx "$RULES" apply rx0 "$DIR/$((i % 2 + 1)).rules"
		sleep 0.1
	done
	ends "$traffic" 0
	stop_broker
	_lost_nothing 30000
	equal "counted as chain" "$(counter verdict_chain)" 30000
}

the_program_may_be_upgraded_under_traffic() {
	local traffic i
	lab_up --queues 1
	attach
	_one
	echo 'default chain w else drop' | rx "$RULES" apply rx0 - >"$DIR/apply.log" 2>&1 || fail "apply"
	start_broker 1 --nf "$PROBE -s a"
	tx_bg traffic "$TRAFFIC" -n 30000 -r 10000 -t 5000 tx0
	traffic=$!
	for ((i = 0; i < 5; i++)); do
		check "upgrade" rx "$LOADER" upgrade rx0
		sleep 0.2
	done
	ends "$traffic" 0
	sleep 3.5 # three of the broker's looks at its instance
	bounced -n 100
	stop_broker
	_lost_nothing 30100
}

# What comes meanwhile is lost on the wire; what was inside, and what comes later, is not.
a_link_may_go_down_and_come_back() {
	local traffic i sums
	lab_up --queues 1
	attach
	_one
	start_broker 1 --nf "$PROBE -s a"
	bounced -n 1000
	tx_bg traffic "$TRAFFIC" -o -n 1000000 -r 10000 tx0
	traffic=$!
	for ((i = 0; i < 3; i++)); do
		sleep 0.2
		check "down" rx ip link set rx0 down
		sleep 0.2
		check "up" rx ip link set rx0 up
		links_are_up
	done
	kill "$traffic"
	wait "$traffic" 2>/dev/null
	becomes "nothing is inside" 10 _nothing_is_inside
	bounced -n 1000
	stop_broker # the ledger of frames balances
	sums=$(_get '.chains[0] | .entered == .tx + .drop + (.lost | add) and .lost.died == 0')
	equal "the sums" "$sums" true
	equal "nobody died" "$(_get '.nfs | [.died, .stalled, .cheated]')" '[0,0,0]'
}
_nothing_is_inside() { [[ $(_ask show -j rx0 | jq '.brokers[0].chains[0].inside') = 0 ]]; }

a_deleted_interface_ends_it_with_a_message() {
	local traffic nf
	lab_up --queues 1
	attach
	_one
	start_broker 0
	"$PROBE" -S "$DIR/nf.sock" -s a 2>"$DIR/nf.log" &
	nf=$!
	broker_said 1 joined
	tx_bg traffic "$TRAFFIC" -o -n 1000000 -r 10000 tx0
	traffic=$!
	sleep 0.3
	rx ip link del rx0
	ends "$BROKER" 1
	kill "$traffic" 2>/dev/null
	wait "$traffic" 2>/dev/null
	contains "its words" "$(cat "$DIR/run.log")" "rx0.*(gone|deleted)"
	equal "no account that does not add up" "$(grep -c "does not add up" "$DIR/run.log")" 0
	OUT=$(cat "$DIR/result")
	equal "the sums" "$(_get '.chains[0] | .entered == .tx + .drop + (.lost | add) + .inside')" true
	ends "$nf" 0 # it was told to leave
}

run_tests "$@"
