#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What vm tests share beyond net_tests/lib.sh: which kernel this is, and how to
# say that it gave less than was asked for.

. "$(dirname "${BASH_SOURCE[0]}")/../net_tests/lib.sh"

queues=1 # that the interface receives on

# The test passed, but with something else than was asked for.
degraded() { # TEXT
	echo "DEGRADED: $1"
}

# Passed, and this is what was measured.
note() { # TEXT...
	echo "NOTE: $*"
}

# Every one of the frames that went to sockets since the attach was counted on
# one queue, received by the bouncer of that queue, and sent by it; every queue
# had some. For bouncers with -j that have ended, one on each of $queues. Shares:
# $shares.
account() { # FRAMES
	local q counted final
	shares=
	for ((q = 0; q < queues; q++)); do
		counted=$(counter verdict_xsk "$q")
		not_equal "frames of queue $q" "$counted" 0
		final=$(sed -n '/^{.*"final"/p' "$DIR/bouncer-$q.log")
		equal "received, sent, lost by the bouncer of queue $q" \
			"$(jq -r '"\(.rx.packets) \(.tx.packets) \(.rx_ring_full + .rx_other + .tx_lost + .dropped)"' <<<"$final")" \
			"$counted $counted 0"
		equal "owner of slot $q" "$(owner_pid "$q")" 0
		shares+="${shares:+ + }$counted"
	done
	equal "queues together" "$((${shares:-0}))" "$1"
	equal "frames to sockets" "$(counter verdict_xsk)" "$1"
	check "the verdicts add up" counters_add_up
}

# Skips where the kernel is too old, with the words of the tool that COMMAND
# runs; such a kernel must be refused, and said why.
not_before() { # VERSION REGEX COMMAND...
	local version=$1 regex=$2
	shift 2
	kernel_is_older_than "$version" || return 0
	refuses "Linux before $version" 1 "$regex" "$@"
	skip "$(grep -iE -m1 -- "$regex" <<<"$OUT")"
}

# A second XDP program, of somebody else, beside what is on rx0.
add_filter() { check "xdp-filter beside it" rx xdp-filter load rx0; }
programs_of_dispatcher() { rx xdp-loader status rx0 | grep -c '=>'; }

# --- chains ---

# Five of them, so that each queue has four sockets that only receive beside the one that fills and
# sends; four get frames, one of each protocol of traffic, through one network function.
five_chains() { # [BROKER OPTION...]
	local chain
	echo 'service a' >"$DIR/f.chain"
	for chain in main udp4 tcp4 udp6 tcp6; do
		echo "chain $chain a tx"
	done >>"$DIR/f.chain"
	echo 'on a.miss drop' >>"$DIR/f.chain"
	printf '%s\n' 'ip protocol udp chain udp4 else drop' 'ip protocol tcp chain tcp4 else drop' \
		'ip6 nexthdr udp chain udp6 else drop' 'ip6 nexthdr tcp chain tcp6 else drop' 'default pass' >"$DIR/chains.rules"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/chains.rules"
	rx_bg run "$O/xsteer-chain" run -v -j rx0 "$DIR/f.chain" --socket "$DIR/nf.sock" --frames 8192 \
		--nf "$O/selftests/tools/nf_probe -s a" "$@"
	BROKER=$!
	becomes "it joined, or the broker ended" 60 _joined_or_ended
}
_joined_or_ended() { grep -q joined "$DIR/run.log" || ! kill -0 "$BROKER" 2>/dev/null; }
# Each of the four had a quarter of these frames, and lost none; the queues' modes are in $modes.
chains_account() { # FRAMES
	kill -INT "$BROKER"
	ends "$BROKER" 0
	# shellcheck disable=SC2034 # read by the tests
	modes=$(grep -oE '(copy|zero-copy) mode' "$DIR/run.log" | sort | uniq -c | xargs)
	OUT=$(sed -n '/^{/p' "$DIR/run.log")
	equal "each chain" "$(jq -c '[.chains[] | [.entered, .tx]]' <<<"$OUT")" \
		"[[0,0],[$(($1 / 4)),$(($1 / 4))],[$(($1 / 4)),$(($1 / 4))],[$(($1 / 4)),$(($1 / 4))],[$(($1 / 4)),$(($1 / 4))]]"
	equal "lost before them" "$(jq '.rx_ring_full + .no_frame + .rx_other + .unread' <<<"$OUT")" 0
	equal "by the function" "$(jq -c '.nfs | [.joined, .left]' <<<"$OUT")" '[1,1]'
	equal "frames to chains" "$(counter verdict_chain)" "$1"
}
