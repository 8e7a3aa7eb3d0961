#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Our object, loaded by programs that do not know xsteer.

. "$(dirname "$0")/lib.sh"

OTHER=/sys/fs/bpf/other

# xdp-tools 1.3 holds /run/xdp-loader.lck with its pid in it, which a test that
# was killed leaves behind and which means nothing in another pid namespace.
_xdp_tool() {
	local lock
	exec {lock}<>/run/lock/xsteer-test-xdp-loader && flock -w 60 "$lock"
	rm -f /run/xdp-loader.lck
	rx xdp-loader "$@"
	local status=$?
	exec {lock}>&-
	return "$status"
}
_xdp_loader() {
	check "xdp-loader load" _xdp_tool load -m native -p "$OTHER" rx0 "$O/xsteer.bpf.o"
}
_other_counter() { # FIELD
	bpftool -j map dump pinned "$OTHER/xdp_stats_map" |
		jq --arg f "$1" '[.[].formatted.values[].value[$f]] | add'
}

xdp_loader_loads_pins_and_counts() {
	lab_up
	_xdp_loader
	not_equal "hook" "$(hook)" ""
	for map in xsks_map xdp_stats_map meta owners; do
		check "pin $map" test -e "$OTHER/$map"
	done
	pings
	not_equal "packets" "$(_other_counter packets)" 0
	equal "all passed" "$(_other_counter verdict_pass)" "$(_other_counter packets)"
	check "xdp-loader unload" _xdp_tool unload rx0 --all
	equal "hook" "$(hook)" ""
}

bouncer_joins_the_map_that_xdp_loader_pinned() {
	lab_up --queues 1
	_xdp_loader
	rx_bg joined "$BOUNCER" -d rx0 -p --xskmap "$OTHER/xsks_map"
	sleep 1
	bounced -n 500
	stop_bouncer $!
	equal "to the socket" "$(_other_counter verdict_xsk)" 500
	not_equal "the bouncer leaves their program" "$(hook)" ""
	pings
}

our_loader_leaves_what_xdp_loader_attached() {
	local id
	lab_up
	_xdp_loader
	id=$(hook)
	refuses "attach" 1 "xsteer|xdp" rx "$LOADER" attach rx0
	refuses "detach" 1 "rx0" rx "$LOADER" detach rx0
	equal "their program" "$(hook)" "$id"
}

bpftool_loads_and_attaches() {
	lab_up
	# its pinmaps would contradict where the object says its maps are pinned
	OTHER=/sys/fs/bpf
	check "load" bpftool prog load "$O/xsteer.bpf.o" /sys/fs/bpf/by_hand type xdp
	check "attach" rx bpftool net attach xdp pinned /sys/fs/bpf/by_hand dev rx0
	pings
	not_equal "packets" "$(_other_counter packets)" 0
	check "detach" rx bpftool net detach xdp dev rx0
	equal "hook" "$(hook)" ""
}

ip_link_loads_it() {
	lab_up
	check "ip link" rx ip link set rx0 xdpdrv obj "$O/xsteer.bpf.o" sec xdp
	pings
	check "off" rx ip link set rx0 xdpdrv off
}

run_tests "$@"
