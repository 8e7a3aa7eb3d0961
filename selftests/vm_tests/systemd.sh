#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The units and the udev rule on a machine with systemd as its init, as docs/boot.md
# says, from `make install` to a reboot and what dies after it. nic0 has a bouncer and nic2 a chain;
# nic1 and nic3 are the other ends of their wires.

. "$(dirname "$0")/lib.sh"

TOOLS=$ROOT/tools
RULES=$O/xsteer-rules
TRAFFIC=$TOOLS/traffic

# --- the machine ---

# What failed is in the journal.
_show_logs() {
	cat "$DIR"/*.log 2>/dev/null
	journalctl -b --no-pager -o short-monotonic -n 40
	systemctl --no-pager --no-legend --all list-units 'xsteer*' 'nf-*'
}
_reboot_now() { exit 88; }

_is_active() { systemctl -q is-active "$@"; }
# To its end: of a unit that is still stopping, systemd drops the start that udev wants.
_has_stopped() { [[ $(_property "$1" ActiveState) = @(inactive|failed) ]]; }
_property() { systemctl show -P "$2" "$1"; } # UNIT NAME
_pid() { _property "$1" MainPID; }
_has_another_pid() { # UNIT PID
	local now
	now=$(_pid "$1")
	[[ $now != 0 && $now != "$2" ]] && _is_active "$1"
}
_hook() { ip -j -d link show dev "$1" | jq -r '.[0].xdp.prog.id // empty'; }
_nothing_failed() {
	equal "units that failed" "$(systemctl --failed --plain --no-legend | xargs)" ""
}

# The ends that send are in a network namespace of their own: it goes with each boot, and so
# does an interface's being in it.
_peer() { ip netns exec peer "$@"; }
_into_peer() { # INTERFACE
	ip netns add peer 2>/dev/null
	_peer ip link show dev "$1" >/dev/null 2>&1 || check "$1 to the peer" ip link set "$1" netns peer
	_peer sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
	check "$1 up" _peer ip link set "$1" promisc on up # the frames have other addresses
}
_wire_is_up() { # STEERED PEER
	_into_peer "$2"
	check "$1 up" ip link set "$1" promisc on up
	becomes "$1 and $2 have a link" 30 _both_run "$1" "$2"
}
_both_run() { [[ $(ip -br link show "$1") = *LOWER_UP* && $(_peer ip -br link show "$2") = *LOWER_UP* ]]; }

_rule_packets() { "$RULES" show -j "$1" | jq -c '[.rules[].packets]'; }
_rule_texts() { "$RULES" show -j "$1" | jq -r '.rules[].text' | paste -sd ';'; }

# Each of N frames comes back once, unchanged, and is in the counter of its rule: half are UDP.
_all_come_back() { # STEERED PEER N
	local before after
	_wire_is_up "$1" "$2"
	before=$(_rule_packets "$1")
	check "frames to $1 come back once, unchanged" _peer "$TRAFFIC" -n "$3" -w 32 -t 10000 "$2"
	after=$(_rule_packets "$1")
	equal "counted by the rules of $1, of $3" "$(jq -nc "$after as \$a | $before as \$b | [range(2)] | map(\$a[.] - \$b[.])")" \
		"[$(($3 / 2)),$(($3 / 2))]"
}

# Frames that come all the while: nic0 gets them from nic1. As many may be on the way as come
# while nobody serves it.
_start_frames() { # SECONDS
	_wire_is_up nic0 nic1
	XSK=$(_to_sockets)
	SENT=$(($1 * RATE))
	ip netns exec peer "$TRAFFIC" -n "$SENT" -r "$RATE" -w 8000 -t 60000 nic1 >"$DIR/traffic.log" 2>&1 &
	SENDER=$!
	becomes "frames come" 20 _more_than "$XSK"
}
RATE=200
_to_sockets() { "$MAPS" stats -j nic0 | jq .total.verdicts.xsk; }
_more_than() { (($(_to_sockets) > $1)); }
_frames_come() {
	check "frames are still sent" kill -0 "$SENDER"
	becomes "frames still come" 20 _more_than "$(_to_sockets)"
}
# Each has come back once, unchanged, and the program has counted as many.
_no_frame_is_lost() {
	wait "$SENDER" || fail "frames are lost: $(cat "$DIR/traffic.log")"
	contains "all of them" "$(cat "$DIR/traffic.log")" "^sent $SENT returned $SENT missing 0 duplicated 0 corrupt 0 "
	equal "frames to sockets" "$(($(_to_sockets) - XSK))" "$SENT"
}

# Everything is there and works, whoever has started it.
_all_is_up() {
	local unit
	for unit in xsteer@nic0 xsteer@nic2 xsteer-bouncer@nic0-0 xsteer-chain@nic2; do
		becomes "$unit is active" 120 _is_active "$unit"
	done
	equal "rules of nic0" "$(_rule_texts nic0)" "udp dport 7 xsk;tcp dport 7 xsk"
	equal "rules of nic2" "$(_rule_texts nic2)" "udp dport 7 chain echo;tcp dport 7 chain echo"
	becomes "the function has joined" 60 _joined
	_nothing_failed
}
_joined() {
	"$O/xsteer-chain" show -j nic2 | jq -e '[.. | objects | select(has("service") and has("pid")) | .pid] | length > 0'
}

# --- the first boot: by hand ---

installed_it_is_started_as_the_page_says() {
	check "/etc" mkdir -p /etc/xsteer
	printf '%s\n' 'udp dport 7 xsk' 'tcp dport 7 xsk' 'default pass' >/etc/xsteer/nic0.rules
	echo 'BOUNCER_OPTIONS=-p --frames 8192' >/etc/xsteer/bouncer.conf
	check "reload of systemd" systemctl daemon-reload
	check "reload of udev" udevadm control --reload
	check "start" systemctl enable --now xsteer@nic0
	equal "rules" "$(_rule_texts nic0)" "udp dport 7 xsk;tcp dport 7 xsk"
	not_equal "program" "$(_hook nic0)" ""
	check "worker" systemctl enable --now xsteer-bouncer@nic0-0
	equal "type" "$(_property xsteer-bouncer@nic0-0 Type)" notify
	contains "its status" "$(_property xsteer-bouncer@nic0-0 StatusText)" "nic0: 1 queue in native mode"
	_all_come_back nic0 nic1 1000
	_nothing_failed
	note "systemd $(systemctl --version | sed -n '1s/.*(\(.*\))/\1/p'), Linux $(uname -r)"
}

chains_are_started_as_the_page_says() {
	printf '%s\n' 'udp dport 7 chain echo' 'tcp dport 7 chain echo' 'default pass' >/etc/xsteer/nic2.rules
	printf '%s\n' 'service probe' 'chain echo probe tx' >/etc/xsteer/nic2.chain
	printf '%s\n' '[Service]' "ExecStart=$TOOLS/nf_probe -d nic2" 'Restart=always' 'RestartSec=1' \
		'[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/nf-probe.service
	check "reload" systemctl daemon-reload
	check "chain, and with it the interface" systemctl enable --now xsteer-chain@nic2
	check "function" systemctl enable --now nf-probe
	equal "not enabled, so udev starts it" "$(systemctl is-enabled xsteer@nic2)" disabled
	_all_is_up
	_all_come_back nic2 nic3 1000
}

# --- a machine that runs ---

_start_again_by_udev() { # after a boot
	_all_is_up
	_all_come_back nic0 nic1 2000
	_all_come_back nic2 nic3 2000
}

a_reboot_brings_everything_back() {
	((XS_REBOOTED)) || _reboot_now
	_start_again_by_udev
	_shutdown_was_clean
	note "nic0 and nic2 served, 2000 frames each, none lost, $(cut -d. -f1 /proc/uptime) s after the kernel's start"
}
# By the journal of the boot before this one.
_shutdown_was_clean() {
	local unit said
	for unit in xsteer@nic0 xsteer@nic2 xsteer-bouncer@nic0-0 xsteer-chain@nic2; do
		said=$(journalctl -b -1 --no-pager -o cat -u "$unit" | tail -n 20)
		contains "$unit is stopped at a shutdown" "$said" "^Stopped $unit"
		equal "what failed of $unit at a shutdown" "$(grep -iE 'fail|timed out|SIGKILL|abort' <<<"$said")" ""
	done
	equal "that failed to stop" "$(journalctl -b -1 --no-pager -o cat | grep -E 'xsteer.*(stop|final).*timed out')" ""
}

a_bouncer_that_hangs_is_killed_by_the_watchdog() {
	local pid began=$SECONDS
	_start_frames 40
	pid=$(_pid xsteer-bouncer@nic0-0)
	check "stop" kill -STOP "$pid"
	becomes "another one works" 120 _has_another_pid xsteer-bouncer@nic0-0 "$pid"
	began=$((SECONDS - began))
	contains "why" "$(journalctl -b --no-pager -o cat -u xsteer-bouncer@nic0-0 | tail -n 20)" "watchdog timeout"
	_frames_come
	_no_frame_is_lost
	_nothing_failed
	note "$SENT frames, none lost; another one after $began s"
}

a_killed_broker_is_started_again_and_its_functions_join() {
	local pid nf
	pid=$(_pid xsteer-chain@nic2)
	nf=$(_pid nf-probe)
	check "kill" kill -KILL "$pid"
	becomes "another one works" 60 _has_another_pid xsteer-chain@nic2 "$pid"
	becomes "the function has joined" 60 _joined
	equal "the function is the same" "$(_pid nf-probe)" "$nf"
	_all_come_back nic2 nic3 1000
	_nothing_failed
}

a_broker_that_hangs_is_killed_by_the_watchdog() {
	local pid
	pid=$(_pid xsteer-chain@nic2)
	check "stop" kill -STOP "$pid"
	becomes "another one works" 120 _has_another_pid xsteer-chain@nic2 "$pid"
	becomes "the function has joined" 60 _joined
	_all_come_back nic2 nic3 1000
	_nothing_failed
}

a_reload_confirms_what_passes_its_check() {
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\nset -e\ntest "$1" = nic0\necho checked >/run/checked\n' >/etc/xsteer/nic0.check
	chmod +x /etc/xsteer/nic0.check
	printf '%s\n' 'udp dport 7 xsk' 'tcp dport 7 xsk' 'tcp dport 8 drop' >/etc/xsteer/nic0.rules
	check "reload" systemctl reload xsteer@nic0
	contains "rules" "$(_rule_texts nic0)" "tcp dport 8 drop$"
	equal "nothing to confirm any more" "$("$RULES" show -j nic0 | jq .confirm_seconds_left)" 0
	_all_come_back nic0 nic1 500
	_nothing_failed
}

a_reload_that_fails_its_check_goes_back() {
	local before
	printf '#!/bin/sh\nexit 1\n' >/etc/xsteer/nic0.check
	cp /etc/xsteer/nic0.rules "$DIR/good"
	before=$(_rule_texts nic0)
	echo 'udp dport 7 drop' >/etc/xsteer/nic0.rules
	refuses "reload" 1 "fail" systemctl reload xsteer@nic0
	equal "rules in force" "$(_rule_texts nic0)" "udp dport 7 drop"
	check "the unit stays active" _is_active xsteer@nic0
	becomes "the old rules are back" 90 _rules_are nic0 "$before"
	_all_come_back nic0 nic1 500
	cp "$DIR/good" /etc/xsteer/nic0.rules
	rm /etc/xsteer/nic0.check
	_nothing_failed
}
_rules_are() { [[ $(_rule_texts "$1") = "$2" ]]; }

a_reload_of_a_file_with_an_error_changes_nothing() {
	local before
	before=$(_rule_texts nic0)
	cp /etc/xsteer/nic0.rules "$DIR/good"
	echo 'udp dport seven drop' >>/etc/xsteer/nic0.rules
	refuses "reload" 1 "fail" systemctl reload xsteer@nic0
	contains "it says where" "$(journalctl -b --no-pager -o cat -u xsteer@nic0 | tail -n 15)" "nic0.rules:4:"
	equal "rules in force" "$(_rule_texts nic0)" "$before"
	equal "nothing to confirm" "$("$RULES" show -j nic0 | jq .confirm_seconds_left)" 0
	cp "$DIR/good" /etc/xsteer/nic0.rules
	_nothing_failed
}

# The driver lets go of the device and takes it again, as with a card that is pulled out.
_device() { basename "$(readlink "/sys/class/net/$1/device")"; }
_goes_and_comes() { # INTERFACE UNIT...
	local device unit
	device=$(_device "$1")
	check "unbind" tee /sys/bus/virtio/drivers/virtio_net/unbind <<<"$device"
	becomes "$1 is gone" 20 test ! -e "/sys/class/net/$1"
	becomes "its unit stops" 60 _has_stopped "xsteer@$1"
	check "bind" tee /sys/bus/virtio/drivers/virtio_net/bind <<<"$device"
	becomes "$1 is back" 60 test -e "/sys/class/net/$1"
	for unit in "xsteer@$1" "${@:2}"; do
		becomes "$unit is active again" 90 _is_active "$unit"
	done
}
an_interface_that_goes_and_comes_is_served_again() {
	local _
	for _ in 1 2; do
		_goes_and_comes nic0 xsteer-bouncer@nic0-0
		_all_come_back nic0 nic1 500
	done
	equal "instances" "$("$MAPS" list -j | jq -c '[.instances[].interface] | sort')" '["nic0","nic2"]'
	_nothing_failed
}
an_interface_that_goes_and_comes_has_its_chains_again() {
	_goes_and_comes nic2 xsteer-chain@nic2
	becomes "the function has joined" 60 _joined
	_all_come_back nic2 nic3 500
	_nothing_failed
}

run_tests "$@"
