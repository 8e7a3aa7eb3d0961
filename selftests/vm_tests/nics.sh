#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2034 # for the tests that source this
#
# What tests of real drivers share: rx0 (the guest's nic0) carries xsteer, tx0
# (nic1) sends to it and checks what comes back.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Both cards are in the guest's own namespace, which takes the lab's place.
rx() { "$@"; }
tx() { "$@"; }
rx_bg() { # LOG COMMAND...
	"${@:2}" >"$DIR/$1.log" 2>&1 &
}

nics_up() { # [MTU]
	local nic
	if [[ -e /sys/class/net/nic0 ]]; then
		ip link set nic0 name rx0
		ip link set nic1 name tx0
	fi
	for nic in rx0 tx0; do
		ip link set "$nic" down
		echo 1 >"/proc/sys/net/ipv6/conf/$nic/disable_ipv6"
		ip link set "$nic" arp off promisc on mtu "${1:-1500}" up
	done
	ethtool -K tx0 gro off >/dev/null
	# fq_codel, the default, drops what a slow guest is late with
	tc qdisc replace dev tx0 root pfifo limit 10000
	# igb spreads UDP by its addresses alone unless told
	# the guest's CPUs may stand still for a while: room for what comes meanwhile
	ethtool -G rx0 rx 1024 >/dev/null 2>&1
	ethtool -N rx0 rx-flow-hash udp4 sdfn >/dev/null 2>&1
	ethtool -N rx0 rx-flow-hash udp6 sdfn >/dev/null 2>&1
	link_is_up
}
brings_all_to_queue_0() { [[ $(ethtool -i rx0) = "driver: vmxnet3"* ]]; }
# As many as receive: virtio_net takes more when a program is attached, if it
# has more, and receives on all of them. QEMU's vmxnet3 has a queue a CPU and a table that it does not follow.
count_queues() {
	brings_all_to_queue_0 && {
		queues=1
		return
	}
	queues=$(ethtool -l rx0 2>/dev/null | awk '/^(Combined|RX):/ && $2 > 0 { n = $2 } END { print n ? n : 1 }')
}
# Taking and giving a hook or a zero-copy queue resets some cards' links.
link_is_up() { becomes "both links are up" 20 _both_up; }
# not the carrier: the qdisc drops what is sent until the kernel has got round to it
_both_up() { [[ $(cat /sys/class/net/rx0/operstate)$(cat /sys/class/net/tx0/operstate) = upup ]]; }
carrier_losses() { cat /sys/class/net/rx0/carrier_down_count; }

_mode() { # QUEUE: 1 copy, 2 zero-copy
	bpftool -j map dump pinned "$PINS/rx0/owners" |
		jq --argjson q "$1" '.[] | .formatted | select(.key == $q) | .value.mode'
}

all_queues_send() {
	count_queues
	[[ -e /sys/class/net/rx0/queues/tx-$((queues - 1)) ]]
}

# A bouncer on every queue, each process its own; all in the mode (1 or 2).
bouncers() { # MODE|any [OPTION...]
	local q mode=$1
	shift
	pids=()
	if ! all_queues_send; then
		refuses "a queue that only receives" 1 "has no queue .* sends on" \
			"$BOUNCER" -d rx0 -Q $((queues - 1)) -t 1
		skip "$(grep -m1 "has no queue" <<<"$OUT")"
	fi
	for ((q = 0; q < queues; q++)); do
		start_bouncer "$q" -p "$@"
		pids+=("$LAST_BOUNCER")
		[[ $mode = any ]] || equal "mode on queue $q" "$(_mode "$q")" "$mode"
	done
	link_is_up
	sleep 0.5 # the peer's side of a link reset
}
stop_bouncers() {
	local pid
	for pid in "${pids[@]}"; do stop_bouncer "$pid"; done
}
bounce() { # FRAMES [TRAFFIC OPTION...]
	bounced -n "$1" -f 400 -w 64 -t 8000 "${@:2}"
}

degraded_to_copy() {
	contains "says so" "$(cat "$DIR/bouncer-0.log")" "copy mode, not zero-copy"
	degraded "$(sed -n '0,/copy/s/^ *\(.*copy.*\)/\1/p' "$DIR/bouncer-0.log")"
}
bounces_all() {
	bounce 2000
	stop_bouncers
	equal "frames counted" "$(counter verdict_xsk)" 2000
}

# What COMMAND (attach or detach) does to frames that come a thousand a second
# and that the kernel gets before and after: $gap_ms, the longest time between
# two; $lost of $gap_sent; $away_ms, how long the carrier was gone.
gap_of() { # COMMAND...
	local pause watcher dump sender
	gap_sent=6000
	exec {pause}<> <(:)
	(
		last=1
		while :; do
			read -r now 2>/dev/null </sys/class/net/rx0/carrier || now=0
			[[ $now = "$last" ]] || echo "$EPOCHREALTIME $now"
			last=$now
			read -r -t 0.002 -u "$pause"
		done
	) >"$DIR/carrier" &
	watcher=$!
	tcpdump -Z root -i rx0 -p -n -B 16384 -w "$DIR/gap.pcap" udp >/dev/null 2>"$DIR/tcpdump.log" &
	dump=$!
	becomes "tcpdump listens" 10 grep -q "listening on" "$DIR/tcpdump.log"
	"$TRAFFIC" -o -n $gap_sent -r 1000 -w 32 -s 64 -p udp4 -f 1 tx0 >"$DIR/sender.log" 2>&1 &
	sender=$!
	sleep 2
	check "the command" "$@"
	wait "$sender"
	sleep 0.5
	kill "$watcher"
	kill -INT "$dump"
	wait "$watcher" "$dump" 2>/dev/null
	read -r gap_ms lost < <(tcpdump -Z root -tt -n -r "$DIR/gap.pcap" 2>/dev/null | awk -v sent=$gap_sent '
		NR > 1 && $1 - last > gap { gap = $1 - last }
		{ last = $1 }
		END { printf "%d %d\n", gap * 1000, sent - NR }')
	away_ms=$(awk '$2 == 0 { down = $1 } $2 == 1 && down { ms += ($1 - down) * 1000; down = 0 }
		END { printf "%d", ms }' "$DIR/carrier")
	((++ASSERTIONS))
	((lost < gap_sent / 2)) || fail "only $((gap_sent - lost)) of $gap_sent frames came"
}
