#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# More frames than the bouncer can take, as fast as they can be sent. Each one comes
# back, or is in one counter that says where it was lost.
#
# XS_FRAMES=N sends N instead of 3 million. 100 million, as before a release:
#	XS_FRAMES=100000000 XS_TIMEOUT=1800 selftests/runner full_rate

. "$(dirname "$0")/lib.sh"

FLOOD=$O/selftests/tools/flood
# a slow machine sends as many as it can in that time
limit=(-n 3000000 -t 6)
[[ ${XS_FRAMES-} ]] && limit=(-n "$XS_FRAMES" -t 999999)

_flood_says() { jq ".$1" <<<"$flood"; }
_bouncer_says() { jq ".$1 // 0" <<<"$final"; }

# Hop by hop, so that it is known where a frame vanishes.
_all_accounted_for() { # flood's words in $flood, the bouncer's in $final
	local sent returned at_rx0 redirected received transmitted
	sent=$(_flood_says sent) returned=$(_flood_says returned)
	at_rx0=$(ethtool_sum rx 'rx_queue_[0-9]+_xdp_packets')
	redirected=$(ethtool_sum rx 'rx_queue_[0-9]+_xdp_redirect')
	received=$(_bouncer_says rx.packets) transmitted=$(_bouncer_says tx.packets)

	not_equal "frames sent" "$sent" 0
	not_equal "frames returned" "$returned" 0
	equal "duplicated" "$(_flood_says duplicated)" 0
	equal "of another length" "$(_flood_says resized)" 0
	equal "not ours" "$(_flood_says foreign)" 0

	equal "on the wire, and refused for a full queue" \
		$((at_rx0 + $(ethtool_sum tx 'tx_queue_[0-9]+_xdp_xmit_errors'))) "$sent"
	equal "seen by the program" "$(counter packets)" "$at_rx0"
	equal "of these, for a socket" "$(counter verdict_xsk)" "$at_rx0"
	check "the verdicts add up" counters_add_up
	equal "into a socket, and lost there by XDP_STATISTICS" \
		$((redirected + $(_flood_says xdp_statistics.rx_dropped) + \
			$(_flood_says xdp_statistics.rx_ring_full))) "$at_rx0"
	equal "received by the bouncer" "$received" "$redirected"
	equal "sent back by the bouncer" $((transmitted + $(_bouncer_says tx_lost))) "$received"
	equal "returned, and dropped on the way back" \
		$((returned + $(rx ip -j -s link show dev rx0 | jq '.[0].stats64.tx.dropped') - \
			$(_bouncer_says tx_lost))) "$transmitted"
	echo "sent $sent returned $returned: $(jq -c .xdp_statistics <<<"$flood")"
}

_full_rate() { # QUEUES CPUS FLOOD-OPTIONS [BOUNCER OPTION...]
	# on a busy machine a sender with sanitizers does not reach the full rate, and may send nothing
	[[ ${XS_SAN-} ]] && skip "no full rate under the sanitizers"
	local flood final pid
	lab_up --queues "$1"
	# Receiving by NAPI: without, a veth takes no XDP frames.
	check "gro of tx0" tx ethtool -K tx0 gro on
	check "gro of rx0" rx ethtool -K rx0 gro on
	attach -m native
	rx_bg bouncer "$BOUNCER" -d rx0 -Q all -j "${@:4}"
	pid=$!
	becomes "the bouncer is ready" 15 _owned_by $(($1 - 1)) "$pid"
	# shellcheck disable=SC2086 # options
	# -q: if others use the CPU, the last frames need some time
	check "flood" tx "$FLOOD" -j -q 1000 -c "$2" "${limit[@]}" -k "$pid" $3 tx0
	flood=$OUT
	stop_bouncer "$pid"
	final=$(jq -c 'select(.type == "final")' "$DIR/bouncer.log")
	_all_accounted_for
}

every_frame_at_full_rate_is_accounted_for() { _full_rate 1 0 ""; }
every_large_frame_at_full_rate_is_accounted_for() { _full_rate 1 0 "-s 1500 -f 16" -p; }
every_frame_of_two_queues_at_full_rate_is_accounted_for() {
	(($(nproc) > 1)) || skip "needs two CPUs: a veth's receive queue is the sender's CPU"
	_full_rate 2 0,1 "-f 64" -p
}

run_tests "$@"
