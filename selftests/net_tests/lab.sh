#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# scripts/lab itself, on which the other tests rely.

. "$(dirname "$0")/lib.sh"

both_families_ping_without_xdp() {
	lab_up
	pings
}

sends_nothing_by_itself() {
	lab_up
	sleep 1.5 # a router solicitation or an MLD report would be out by now
	equal "frames received" "$(rx ip -j -s link show rx0 | jq '.[0].stats64.rx.packets')" 0
}

has_as_many_queues_as_asked() {
	lab_up --queues 7
	contains "rx0" "$(rx ethtool -l rx0)" '^RX:[[:space:]]+7$'
	contains "tx0" "$(tx ethtool -l tx0)" '^TX:[[:space:]]+7$'
}

leaves_nothing_behind() {
	lab_up
	rx_bg sleep sleep 1000
	mkdir -p /sys/fs/bpf/xs-t/rx0
	check "down" "$ROOT/scripts/lab" down --name t
	equal "namespaces" "$(ip netns)" ""
	equal "pins" "$(ls /sys/fs/bpf/xs-t 2>/dev/null)" ""
	kill -0 $! 2>/dev/null && fail "a process lives on"
	check "down again" "$ROOT/scripts/lab" down --name t
}

mounts_a_bpffs_where_there_is_none() {
	while umount /sys/fs/bpf 2>/dev/null; do :; done
	check "up" "$ROOT/scripts/lab" up --name t
	contains "it says so" "$OUT" "mounted a bpffs at /sys/fs/bpf"
	equal "file system" "$(stat -f -c %t /sys/fs/bpf)" cafe4a11
}

refuses_wrong_use() {
	refuses "no verb" 2 "no command" "$ROOT/scripts/lab"
	refuses "queues" 2 "1 to 256" "$ROOT/scripts/lab" up --queues 0
	refuses "name" 2 "name has" "$ROOT/scripts/lab" up --name a.b
	refuses "exec without lab" 1 "lab up" "$ROOT/scripts/lab" exec --name none rx true
	check "help" "$ROOT/scripts/lab" --help
	lab_up
	refuses "queue" 2 "0 to 3" "$ROOT/scripts/lab" steer --name t 4
	refuses "twice" 1 "is up already" "$ROOT/scripts/lab" up --name t
}

run_tests "$@"
