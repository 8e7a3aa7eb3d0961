#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader doctor: what it finds, and its exit status.

. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2016 # jq's variables
_found() { # CHECK [KEY [IF]]
	rx "$LOADER" doctor -j "${3:-rx0}" 2>/dev/null |
		jq -r --arg check "$1" --arg key "${2:-finding}" '.findings[] | select(.check == $check)[$key]'
}
_level() { _found "$1" level; } # CHECK

a_good_interface_passes() {
	lab_up
	check "doctor" rx "$LOADER" doctor rx0
	contains "a table" "$OUT" "^State +Check +Finding"
	check "doctor -j" rx "$LOADER" doctor -j rx0
	check "its keys" jq -e '.schema and .interface == "rx0" and .ok and
		all(.findings[]; (.check, .level, .finding, .fix | type == "string") and
			(.level == "ok" or .fix != ""))' <<<"$OUT"
	equal "hook" "$(_level hook)" ok
	attach
	check "doctor beside ours" rx "$LOADER" doctor -j rx0
	equal "hook with ours" "$(_level hook)" ok
}

sockets_are_looked_at_even_if_there_is_none() {
	lab_up --queues 1
	equal "without an instance" "$(_level sockets)" ok
	attach
	equal "without a bouncer" "$(_level sockets)" warn
	check "doctor" rx "$LOADER" doctor rx0
	contains "which queues" "$OUT" "warn +sockets +none of 1 slot that"
	start_bouncer 0 -p
	equal "with one on each queue" "$(_level sockets)" ok
	stop_bouncer
}

a_foreign_program_fails_and_is_named() {
	local id
	lab_up
	attach_foreign xdpdrv
	id=$(hook)
	refuses "doctor" 1 "FAIL +hook +program 'foreign_prog' \\(id $id\\)" rx "$LOADER" doctor rx0
	refuses "doctor -j" 1 '"ok": ?false' rx "$LOADER" doctor -j rx0
	equal "level" "$(_level hook)" fail
	equal "theirs is left" "$(hook)" "$id"
}

a_pin_root_beside_bpffs_fails() {
	lab_up
	refuses "doctor" 1 "FAIL +bpffs.*with --pin-root" rx "$LOADER" doctor --pin-root "$DIR/pins" rx0
	[[ $OUT != *mount* ]] || fail "another mount does not help: $OUT"
	umount /sys/fs/bpf
	mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf
	refuses "doctor" 1 "FAIL +bpffs.*mount -t bpf" rx "$LOADER" doctor rx0
}

jumbo_frames_are_judged_as_attach_takes_them() {
	local verdict
	lab_up --mtu 9000
	((++ASSERTIONS))
	rx "$LOADER" doctor rx0 2>&1 | grep -q 'mtu .*MTU 9000' || fail "it does not name the MTU"
	verdict=$(_level mtu)
	if [[ $verdict = ok ]]; then
		check "attach as doctor says" rx "$LOADER" attach -m native rx0
		check "8000 bytes" tx ping -q -c 2 -i 0.02 -W 1 -s 8000 198.18.0.2
	else
		equal "mtu" "$verdict" fail
		refuses "attach as doctor says" 1 "mtu|buffer|frag" rx "$LOADER" attach -m native rx0
	fi
}

jumbo_frames_are_no_failure_where_only_skb_mode_is() {
	lab_up
	rx ip link set lo mtu 9000 || fail "mtu"
	check "doctor" rx "$LOADER" doctor lo
	contains "the MTU is fine" "$OUT" "ok +mtu +MTU 9000"
	((++ASSERTIONS))
	[[ $OUT != *"''"* ]] || fail "it names a driver that has no name: $OUT"
	check "attach as doctor says" rx "$LOADER" attach lo
	contains "mode" "$OUT" "skb mode"
	check "8000 bytes" rx ping -q -c 2 -i 0.02 -W 1 -s 8000 127.0.0.1
	check "doctor beside ours" rx "$LOADER" doctor lo
}

a_link_that_is_down_and_a_port_are_warned_of() {
	lab_up
	rx ip link add br0 type bridge 2>/dev/null || rx ip link add br0 type bond 2>/dev/null ||
		skip "this kernel has neither bridge nor bond"
	rx ip link set rx0 down
	rx ip link set rx0 master br0 || fail "master"
	rx ip link set rx0 down
	check "doctor" rx "$LOADER" doctor -j rx0
	equal "link" "$(_level link)" warn
	equal "master" "$(_level master)" warn
	contains "which master" "$OUT" br0
}

a_program_on_the_master_fails() {
	lab_up
	rx ip link add br0 type bridge 2>/dev/null || skip "this kernel has no bridge"
	rx ip link set rx0 master br0 || fail "master"
	equal "free so far" "$(_level hook)" ok
	check "attach to the master" rx "$LOADER" attach br0
	if rx "$LOADER" attach -m skb rx0 >/dev/null 2>&1; then
		skip "this kernel takes programs on both"
	fi
	refuses "attach" 1 "upper device" rx "$LOADER" attach rx0
	((++ASSERTIONS))
	[[ $OUT != *"-m skb"* ]] || fail "skb mode is refused too: $OUT"
	refuses "doctor" 1 "FAIL +hook .*br0 has program 'xsteer' \\(id $(hook br0)\\)" \
		rx "$LOADER" doctor rx0
	contains "fix" "$(_found hook fix)" "detach that from br0"
	check "the fix" rx "$LOADER" detach br0
	equal "free again" "$(_level hook)" ok
	attach
	check "attach to the master of ours" rx "$LOADER" attach br0
	equal "ours is on already" "$(_level hook)" ok
}

# Two ends in one namespace, with 4 queues allocated each.
_veth_pair() {
	rx ip link add va0 numrxqueues 4 numtxqueues 4 type veth peer name vb0 numrxqueues 4 numtxqueues 4 ||
		skip "no veth of 4 queues"
	rx ethtool -L va0 rx 4 tx 4 || skip "no ethtool -L on veth"
	rx ethtool -L vb0 rx 4 tx 4 || fail "queues of the peer"
}

fixes_name_the_interface_and_its_peer() {
	lab_up
	_veth_pair
	equal "link" "$(_found link fix va0)" "ip link set va0 up"
	equal "checksum, its peer here" "$(_found checksum fix va0)" "ethtool -K vb0 tx off"
	contains "checksum, its peer elsewhere" "$(_found checksum)" "cannot be asked"
	equal "vlan" "$(_found vlan fix va0)" "ethtool -K vb0 txvlan off"
	rx ethtool -L va0 rx 4 tx 2 || fail "queues"
	equal "queues" "$(_found queues fix va0)" "ethtool -L va0 tx 4, or as few rx as tx"
	check "doctor" rx "$LOADER" doctor va0
	((++ASSERTIONS))
	! grep -wE 'IF|PEER|PRIO' <<<"$OUT" || fail "a fix is to be filled in"
}

# Each fix that is one command is run as it is printed, and solves the problem that it is for.
# shellcheck disable=SC2016 # jq's variables
_fixes_help() { # IF
	local row check fix
	check "there is something to mend" jq -e '[.findings[] | select(.level != "ok")] | length > 0' \
		<(rx "$LOADER" doctor -j "$1" 2>/dev/null)
	while IFS=$'\t' read -r check fix; do
		[[ $fix =~ ^(ethtool|ip\ link|xsteer-loader)\ [^,]*$ ]] || continue
		check "the fix of $check: $fix" rx env PATH="$O:$PATH" sh -c "$fix"
		row=$(rx "$LOADER" doctor -j "$1" 2>/dev/null |
			jq -r --arg check "$check" '.findings[] | select(.check == $check) | .level')
		((++ASSERTIONS))
		[[ $row != warn && $row != fail ]] || fail "$check is as before after: $fix"
	done < <(rx "$LOADER" doctor -j "$1" 2>/dev/null |
		jq -r '.findings[] | select(.level != "ok") | [.check, .fix] | @tsv')
}
every_fix_that_is_a_command_helps() {
	lab_up
	_veth_pair
	rx ethtool -K vb0 tx on txvlan on || fail "offloads"
	rx ip link set vb0 up
	equal "checksum" "$(_found checksum fix va0)" "ethtool -K vb0 tx off"
	equal "vlan" "$(_found vlan fix va0)" "ethtool -K vb0 txvlan off"
	_fixes_help va0
	equal "checksum is no matter any more" "$(_found checksum level va0)" ""
	equal "vlan is no matter any more" "$(_found vlan level va0)" ""
}

# As queues shows it.
a_socket_of_another_program_is_one() {
	lab_up --queues 2
	attach
	rx_bg hold "$O/selftests/tools/hold_socket" rx0 1 "$PINS/rx0/xsks_map" 1 32 32
	becomes "a socket in slot 1" 10 grep -q ready "$DIR/hold.log"
	contains "one of two" "$(_found sockets)" "1 of 2 slots that the rules lead to, the first is 0, have no socket"
	start_bouncer 0 -p
	equal "level" "$(_level sockets)" ok
	contains "both" "$(_found sockets)" "each of 2 slots has a socket, 1 of them of programs that are not xsteer's"
	stop_bouncer
}
sockets_are_those_that_the_rules_lead_to() {
	lab_up --queues 4
	attach
	check "none is led to" rx "$O/xsteer-rules" apply rx0 - <<<$'default pass'
	contains "said" "$(_found sockets)" "the rules send no frame to a socket"
	check "one is" rx "$O/xsteer-rules" apply rx0 - <<<$'default pass\nudp xsk slot 2'
	contains "one of one" "$(_found sockets)" "none of 1 slot that"
	start_bouncer 2 -p
	equal "the rules' one has its bouncer" "$(_level sockets)" ok
	check "all are" rx "$O/xsteer-rules" apply rx0 - <<<$'default xsk'
	contains "three of four" "$(_found sockets)" "3 of 4 slots that the rules lead to"
	stop_bouncer
}

_native_was_refused() { # IF
	rx "$LOADER" attach "$1" 2>&1 | grep -q "XDP expects number of rx queues" ||
		skip "this kernel's veth has another reason, or none"
	rx "$LOADER" detach "$1" >/dev/null 2>&1
}

a_veth_that_receives_on_too_few_queues_is_told_how_many() {
	lab_up --queues 4
	_veth_pair
	rx ethtool -L va0 rx 2 tx 2 || fail "queues"
	_native_was_refused va0
	equal "level" "$(_found driver level va0)" warn
	contains "reason" "$(_found driver finding va0)" "2 receive queues, but its peer vb0 sends on 4"
	equal "fix" "$(_found driver fix va0)" "ethtool -L va0 rx 4, or ethtool -L vb0 tx 2"
	check "the first fix" rx ethtool -L va0 rx 4
	check "native" rx "$LOADER" attach -m native va0
	check "detach" rx "$LOADER" detach va0
	check "back" rx ethtool -L va0 rx 2
	check "the other fix" rx ethtool -L vb0 tx 2
	equal "nothing to mend any more" "$(_found driver level va0)" \
		"$([[ $(_found driver finding va0) = *"not known"* ]] && echo warn || echo ok)"
	check "native" rx "$LOADER" attach -m native va0
}

a_veth_whose_peer_is_elsewhere_is_told_of_its_queues() {
	lab_up --queues 4
	rx ethtool -L rx0 rx 2 tx 2 || skip "no ethtool -L on veth"
	_native_was_refused rx0
	[[ $(_found driver) != *"not known"* ]] || skip "this kernel does not tell"
	equal "level" "$(_level driver)" warn
	contains "reason" "$(_found driver)" "its peer.* sends on more queues"
	contains "fix" "$(_found driver fix)" "'ethtool -L rx0 rx' to as many as the peer sends on"
}

queues_without_a_socket_are_counted() {
	lab_up --queues 4
	attach
	start_bouncer 1 -p
	# a veth has no table for ethtool -X to set
	equal "fix" "$(_found sockets fix)" "start a bouncer there"
	check "doctor" rx "$LOADER" doctor -j rx0
	equal "sockets" "$(_level sockets)" warn
	contains "how many, and the first" "$OUT" "3 of 4 slots that the rules lead to, the first is 0, have no socket"
	stop_bouncer
}

a_missing_interface_is_named() {
	refuses "doctor" 1 "nosuch0" "$LOADER" doctor nosuch0
	refuses "no operand" 2 "IF" "$LOADER" doctor
}

run_tests "$@"
