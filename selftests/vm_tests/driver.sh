#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A real driver: rx0 (the guest's nic0) carries xsteer, tx0 (nic1) sends to it
# and checks what comes back. Which driver, and how many queues, is the guest's.

. "$(dirname "$0")/lib.sh"

# Both cards are in the guest's own namespace, which takes the lab's place. One
# line, as run_tests takes functions at the start of a line for tests.
eval 'rx() { "$@"; }; tx() { "$@"; }; rx_bg() { local log=$1; shift; "$@" >"$DIR/$log.log" 2>&1 & }'

_nics_up() {
	local nic
	if [[ -e /sys/class/net/nic0 ]]; then
		ip link set nic0 name rx0
		ip link set nic1 name tx0
	fi
	for nic in rx0 tx0; do
		ip link set "$nic" down
		sysctl -qw "net.ipv6.conf.$nic.disable_ipv6=1"
		ip link set "$nic" arp off promisc on up
	done
	ethtool -K tx0 gro off >/dev/null
	queues=$(ethtool -l rx0 | awk '/^(Combined|RX):/ && $2 > 0 { n = $2 } END { print n ? n : 1 }')
	if ((queues > $(nproc))); then queues=$(nproc); fi
	ethtool -L rx0 combined "$queues" 2>/dev/null
	_link_is_up
}
# Taking and giving a hook or a zero-copy queue resets some cards' links.
_link_is_up() { becomes "carrier" 20 _carrier; }
_carrier() { [[ $(cat /sys/class/net/rx0/carrier)$(cat /sys/class/net/tx0/carrier) = 11 ]]; }

# since which kernel the driver is known to have zero-copy
_offers_zero_copy() { ! kernel_is_older_than 6.18; }
_zero_copy_or_skip() {
	_offers_zero_copy && return
	refuses "zero-copy" 1 "zero-copy" timeout 30 "$BOUNCER" -d rx0 -Q 0 -z -t 1
	skip "$(grep -i -m1 "zero-copy" <<<"$OUT")"
}
_mode() { # QUEUE: 1 copy, 2 zero-copy
	bpftool -j map dump pinned "$PINS/rx0/owners" |
		jq --argjson q "$1" '.[] | .formatted | select(.key == $q) | .value.mode'
}

# A bouncer on every queue.
_bouncers() { # [OPTION...]
	local q
	pids=()
	for ((q = 0; q < queues; q++)); do
		start_bouncer "$q" -p "$@"
		pids+=("$LAST_BOUNCER")
	done
	_link_is_up
	sleep 0.5 # the peer's side of a link reset
}
_stop_all() {
	local pid
	for pid in "${pids[@]}"; do stop_bouncer "$pid"; done
}
_bounced() { bounced -n "$1" -f 200 -w 64 -t 8000; }

native_mode() {
	_nics_up
	attach -m native
	_link_is_up
	equal "mode of the hook" "$(hook_mode)" 1
	ip addr replace 198.18.9.2/24 dev rx0
	check "send" tx "$TRAFFIC" -o -n 500 -r 2000 tx0
	becomes "every frame is counted" 10 _counted 500
	check "the verdicts add up" counters_add_up
}
_counted() { [[ $(counter packets) -ge $1 ]]; }

af_xdp_copy_mode() {
	_nics_up
	attach -m native
	_bouncers -c
	_bounced 2000
	_stop_all
	equal "frames counted" "$(counter verdict_xsk)" 2000
}

af_xdp_zero_copy_on_every_queue() {
	local q
	_nics_up
	attach -m native
	_zero_copy_or_skip
	_bouncers -z
	for ((q = 0; q < queues; q++)); do
		equal "mode on queue $q" "$(_mode "$q")" 2
	done
	_bounced 4000
	equal "frames counted" "$(counter verdict_xsk)" 4000
	for ((q = 0; q < queues; q++)); do
		not_equal "frames of queue $q" "$(counter verdict_xsk "$q")" 0
	done
	_stop_all
}

af_xdp_takes_what_there_is() {
	_nics_up
	attach -m native
	_bouncers
	if [[ $(_mode 0) = 1 ]]; then
		((++ASSERTIONS))
		_offers_zero_copy && fail "copy mode, though the driver has zero-copy"
		contains "says so" "$(cat "$DIR/bouncer-0.log")" "copy"
		degraded "$(grep -i -m1 copy "$DIR/bouncer-0.log")"
	fi
	_bounced 2000
	_stop_all
}

zero_copy_busy_poll() {
	_nics_up
	attach -m native
	_zero_copy_or_skip
	_bouncers -z --busy-poll 64
	_bounced 1000
	grep -i -m1 "busy" "$DIR/bouncer-0.log" | sed 's/^/DEGRADED: /'
	_stop_all
}

zero_copy_rules_under_traffic() {
	_nics_up
	attach -m native
	_zero_copy_or_skip
	_bouncers -z
	printf 'udp drop\ndefault xsk\n' >"$DIR/rules"
	check "apply" "$O/xsteer-rules" apply rx0 "$DIR/rules"
	bounced -n 1000 -f 200 -w 64 -t 8000 -p tcp4,tcp6
	not_bounced -n 200 -p udp4
	check "flush" "$O/xsteer-rules" flush rx0
	_bounced 1000
	_stop_all
}

zero_copy_bouncer_restarts() {
	local _
	_nics_up
	attach -m native
	_zero_copy_or_skip
	_bouncers -z
	_bounced 500
	for _ in 1 2 3; do
		kill -KILL "${pids[0]}"
		wait "${pids[0]}" 2>/dev/null
		start_bouncer 0 -p -z
		pids[0]=$LAST_BOUNCER
		_link_is_up
		sleep 0.5
		_bounced 500
	done
	_stop_all
}

zero_copy_interface_down_and_up() {
	_nics_up
	attach -m native
	_zero_copy_or_skip
	_bouncers -z
	_bounced 500
	ip link set rx0 down
	sleep 1
	ip link set rx0 up
	_link_is_up
	sleep 1
	for pid in "${pids[@]}"; do
		check "the bouncer lives" kill -0 "$pid"
	done
	_bounced 500
	_stop_all
}

detach_leaves_nothing() {
	_nics_up
	attach -m native
	_bouncers
	_bounced 500
	_stop_all
	check "detach" "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS" 2>/dev/null)" ""
	_link_is_up
}

run_tests "$@"
