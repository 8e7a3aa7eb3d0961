#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What sockets have counted outlives their processes, and each loss is counted once.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Of slot 0: a number by its path, such as .counts.rx_packets
_socket() { rx "$MAPS" sockets -j rx0 | jq -r "[.sockets[] | select(.slot == 0)][0] | $1"; }
_socket_is() { [[ $(_socket "$1") = "$2" ]]; }
_metric() { # NAME [LABEL]
	rx "$MAPS" export rx0 | sed -n "s/^xsteer_socket_$1{[^}]*slot=\"0\"[^}]*${2-}} //p"
}
# This includes frames of the kernel, so it may be more than we have sent.
_verdict_xsk() { counter verdict_xsk; }
RECEIVED='.counts | .rx_packets + (.lost | .rx_ring_full + .no_frame + .rx_other + .rx_unread)'

what_a_killed_bouncer_had_counted_is_kept() {
	local before
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	first=$LAST_BOUNCER
	bounced -n 200
	before=$(_verdict_xsk)
	becomes "it is kept" 10 _socket_is .counts.rx_packets "$before"
	kill -KILL "$first"
	wait "$first" 2>/dev/null
	equal "a dead one" "$(_socket '"\(.alive) \(.pid)"')" "false $first"
	equal "is shown" "$(_socket .counts.rx_packets)" "$before"
	check "as a table" rx "$MAPS" sockets rx0
	contains "too" "$OUT" "^0 +0 +$first +dead .* 0 +0 +0 +0 +0$"
	equal "and exported" "$(_metric rx_packets_total)" "$before"
	start_bouncer 0 -p
	equal "the next has its own" "$(_socket .counts.rx_packets)" 0
	equal "beside it" "$(_socket .earlier.rx_packets)" "$before"
	bounced -n 100
	becomes "all of the slot is exported" 10 _is_all_exported
	stop_bouncer
	check "nobody" rx "$MAPS" sockets rx0
	contains "is said" "$OUT" 'no slot has an owner'
	contains "what was there is shown" "$OUT" '^0 +0 +- +earlier '
	equal "of both" "$(_socket .earlier.tx_packets)" "$(_verdict_xsk)"
	equal "of nobody else" "$(_socket .pid)" 0
	equal "bytes" "$(_socket .earlier.rx_bytes)" "$(counter bytes)"
	check "a replaced instance" rx "$LOADER" attach --replace rx0
	equal "keeps it" "$(_socket .earlier.tx_packets)" "$(_verdict_xsk)"
}
_exported() { rx "$MAPS" export -j rx0 | jq '[.instances[].sockets[].rx_packets] | add'; }
_is_all_exported() { [[ $(_exported) = "$(_verdict_xsk)" ]]; }

# A socket of the library's, and a broker's.
what_other_processes_had_counted_is_kept() {
	[[ ${O##*/} =~ san|cov ]] && skip "the example is not built so"
	lab_up --queues 1
	attach
	check "compile an example" cc -I "$ROOT/user/lib" -o "$DIR/worker" "$ROOT/docs/examples/worker.c" \
		"$O/libxsteer.so.0"
	rx_bg worker env LD_LIBRARY_PATH="$O" "$DIR/worker" rx0 0
	first=$!
	becomes "it owns its slot" 10 _owned_by 0 "$first"
	bounced -n 100 -x
	becomes "it is kept" 10 _is_all_exported
	kill -KILL "$first"
	wait "$first" 2>/dev/null
	equal "what the worker had" "$(_exported)" "$(_verdict_xsk)"
	printf '%s\n' 'service fw' 'chain web fw tx' 'on fw dead bypass' >"$DIR/web.chain"
	rx_bg broker "$O/xsteer-chain" run rx0 "$DIR/web.chain" --socket "$DIR/nf.sock"
	first=$!
	becomes "it owns its slot" 10 _owned_by 0 "$first"
	tx "$TRAFFIC" -n 100 -t 300 tx0 >/dev/null
	becomes "it is kept" 10 _is_all_exported
	kill -KILL "$first"
	wait "$first" 2>/dev/null
	equal "what both had" "$(_exported)" "$(_verdict_xsk)"
	equal "as text" "$(rx "$MAPS" export rx0 | awk '/^xsteer_socket_rx_packets_total/ { sum += $NF } END { print sum }')" \
		"$(_verdict_xsk)"
}

each_loss_is_in_one_column() {
	local reason
	lab_up --queues 1
	attach
	start_bouncer 0 -p --frames 64 --ring 64
	rx ip link set rx0 mtu 3000
	tx ip link set tx0 mtu 3000
	check "too long for its frames" tx "$TRAFFIC" -o -n 20 -s 2500 tx0
	kill -STOP "$LAST_BOUNCER"
	check "more than it has frames" tx "$TRAFFIC" -o -n 500 tx0
	becomes "all have arrived" 20 has_counted 520
	equal "each is counted once" "$(_socket '.statistics | .rx_dropped + .rx_ring_full')" \
		"$(_socket '.counts.lost | add')"
	not_equal "some found no frame" "$(_socket '.counts.lost | .no_frame + .rx_ring_full')" 0
	kill -CONT "$LAST_BOUNCER"
	becomes "it has caught up" 10 _socket_is .rings.rx 0
	bounced -n 100 -w 16
	stop_bouncer
	equal "received, or lost for a reason" "$(_socket "${RECEIVED/counts/earlier}")" "$(_verdict_xsk)"
	((++ASSERTIONS))
	[[ $(_socket .earlier.lost.rx_other) -ge 20 ]] || fail "too long: $(_socket .earlier.lost)"
	for reason in rx_ring_full no_frame rx_other rx_unread dropped tx_invalid tx_lost tx_too_long; do
		equal "$reason is exported" "$(_metric lost_packets_total "reason=\"$reason\"")" \
			"$(_socket ".earlier.lost.$reason")"
	done
	check "as a table" rx "$MAPS" sockets rx0
	equal "its columns add up" "$(awk '/earlier/ { print $(NF-4) + $(NF-3) + $(NF-2) + $(NF-1) + $NF }' <<<"$OUT")" \
		"$(_socket '.earlier.lost | add')"
}

run_tests "$@"
