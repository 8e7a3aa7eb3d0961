#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Frames whose verdict cannot be carried out: none is lost without a message or a counter.

. "$(dirname "$0")/lib.sh"
RULES=$O/xsteer-rules

# The socket in the slot is bound to another queue than the frames come in on.
slot_of_another_queue_is_no_socket_and_counted() {
	lab_up --queues 2
	attach
	start_bouncer 1 -p
	check "rules" rx sh -c "echo 'udp xsk slot 1
udp drop' | '$RULES' apply rx0 -"
	steer 0
	not_bounced -n 100
	equal "no_socket" "$(counter reason_no_socket 0)" 100
	check "each frame is in one verdict" counters_add_up
	contains "stats shows it" "$(rx "$MAPS" stats -j rx0 | jq .total.reasons.no_socket)" "^100$"
	steer 1
	bounced -n 100
	stop_bouncer
}

_l3_interface() {
	rx ip tuntap add dev l3 mode tun 2>/dev/null ||
		rx ip link add l3 type ipip local 198.18.0.2 remote 198.18.0.9 2>/dev/null ||
		rx ip link add l3 type sit local 198.18.0.2 remote 198.18.0.9 2>/dev/null ||
		skip "the kernel has neither tun nor ipip nor sit"
	rx ip link set l3 up
}
interface_without_ethernet_header_is_refused() {
	local how
	lab_up --queues 1
	_l3_interface
	for how in "$LOADER attach l3" "$LOADER attach -m skb l3" "$BOUNCER -d l3 -t 0.1"; do
		# shellcheck disable=SC2086
		refuses "$how" 1 "l3: its frames have no Ethernet header" rx $how
		equal "hook" "$(hook l3)" ""
		equal "pins" "$(ls -A "$PINS" 2>/dev/null)" ""
	done
	refuses "doctor" 1 "no Ethernet header" rx "$LOADER" doctor l3
	echo 'udp drop' >"$DIR/some.rules"
	refuses "check" 1 "no Ethernet header" rx "$O/xsteer-rules" check -d l3 "$DIR/some.rules"
	equal "features" "$(rx "$LOADER" features -j l3 | jq -r .ethernet)" false
	equal "features of a veth" "$(rx "$LOADER" features -j rx0 | jq -r .ethernet)" true
}

raised_mtu_is_said() {
	lab_up --queues 1
	start_bouncer 0 -p
	rx ip link set rx0 mtu 3000
	becomes "it says so" 5 grep -q "rx0: its MTU is 3000 now" "$DIR/bouncer-0.log"
	contains "and what is dropped" "$(cat "$DIR/bouncer-0.log")" "longer than [0-9]+ bytes are dropped"
	stop_bouncer
}

mtu_that_chains_are_not_open_for_is_said() {
	! kernel_is_older_than 6.6 || skip "before Linux 6.6 AF_XDP takes packets of one frame only"
	lab_up --queues 1
	attach
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	start_broker 0
	sleep 1.5
	[[ $(<"$DIR/run.log") != *MTU* ]] || fail "it complains of 1500: $(<"$DIR/run.log")"
	rx ip link set rx0 mtu 3000
	becomes "it says so" 10 grep -q "rx0: its MTU is 3000: packets longer than 1792 bytes are dropped: start this again" "$DIR/run.log"
	stop_broker
	start_broker 1 --nf "$O/selftests/tools/nf_probe -s a"
	tx ip link set tx0 mtu 3000
	bounced -n 100 -s 2000-3014
	[[ $(<"$DIR/run.log") != *MTU* ]] || fail "it complains of what it takes: $(<"$DIR/run.log")"
	stop_broker
}

merged_frames_that_no_chain_takes_are_said() {
	local advice before
	lab_up --queues 1
	printf '%s\n' 'set bad { type ip; elements { 192.0.2.1 }; }' 'ip saddr @bad drop' 'udp chain web else drop' \
		'default pass' >"$DIR/some.rules"
	attach -m skb -r "$DIR/some.rules"
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	start_broker 0
	becomes "it says so" 10 grep -q "rx0: skb mode: frames that GRO or a veth's peer has merged" "$DIR/run.log"
	stop_broker
	before=$(rx "$O/xsteer-rules" show rx0 | sed 's/ *#.*//')
	advice=$(grep -oE "'xsteer-rules show [^']*'" "$DIR/run.log" | tr -d "'")
	check "what it says to do" rx env PATH="$O:$PATH" bash -o pipefail -c "$advice"
	equal "mode" "$(hook_mode)" 1
	equal "the rules stay" "$(rx "$O/xsteer-rules" show rx0 | sed 's/ *#.*//')" "$before"
	start_broker 0
	[[ $(<"$DIR/run.log") != *merged* ]] || fail "it complains in native mode: $(<"$DIR/run.log")"
	stop_broker
}

# One datagram of many segments, which a veth hands over as one frame, whatever the MTU is.
_send_superframe() {
	tx ethtool -K tx0 tx on gso on >/dev/null
	tx python3 - <<-'PY'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_UDP, 103, 1400)  # UDP_SEGMENT
		s.sendto(bytes(1400 * 40), ("198.18.0.2", 9))
	PY
}
merged_frames_reach_the_worker_in_skb_mode() {
	local received
	lab_up --queues 1
	tx ip neigh replace 198.18.0.2 lladdr "$(rx cat /sys/class/net/rx0/address 2>/dev/null ||
		rx ip -j link show rx0 | jq -r '.[0].address')" dev tx0
	start_bouncer 0 -S -p --drop -j
	_send_superframe || skip "no UDP segmentation here"
	sleep 0.5
	stop_bouncer
	equal "as one" "$(tail -n 1 "$DIR/bouncer-0.log" | jq .rx.packets)" 1
	received=$(tail -n 1 "$DIR/bouncer-0.log" | jq .rx.bytes)
	((received >= 1400 * 40)) || fail "only $received bytes: $(tail -n 1 "$DIR/bouncer-0.log")"
	equal "none lost" "$(tail -n 1 "$DIR/bouncer-0.log" | jq '.rx_other + .tx_too_long')" 0
}

merged_frames_that_cannot_be_sent_back_are_said_and_counted() {
	lab_up --queues 1
	start_bouncer 0 -S -p --drop
	stop_bouncer
	[[ $(<"$DIR/bouncer-0.log") != *"sent back"* ]] || fail "who sends nothing is told: $(<"$DIR/bouncer-0.log")"
	start_bouncer 0 -S -p
	contains "it says so" "$(<"$DIR/bouncer-0.log")" "rx0: skb mode: frames .* merged arrive whole, and cannot be sent back"
	_send_superframe || skip "no UDP segmentation here"
	becomes "sockets shows the loss" 10 _sockets_lost_one
	stop_bouncer
	check "of its own accord in native mode" rx "$LOADER" attach -m native rx0
	start_bouncer 0 -p
	stop_bouncer
	[[ $(<"$DIR/bouncer-0.log") != *"sent back"* ]] || fail "it complains in native mode: $(<"$DIR/bouncer-0.log")"
}
_sockets_lost_one() { rx "$MAPS" sockets -j rx0 | jq -e '.sockets[0].counts.lost.tx_lost == 1'; }

# Every command that takes rules prints the same warning, and none if the rules fit.
_rules() { printf '%s\n' "$@" >"$DIR/it.rules"; }
_warns_everywhere() { # REGEX RULE...
	local regex=$1
	shift
	_rules "$@"
	check "check -d" rx "$RULES" check -d rx0 "$DIR/it.rules"
	contains "check -d" "$OUT" "it.rules:1: warning: $regex"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	contains "apply" "$OUT" "it.rules:1: warning: $regex"
	check "attach" rx "$LOADER" attach -r "$DIR/it.rules" rx0
	contains "attach" "$OUT" "it.rules:1: warning: $regex"
}
_doctor_says() {
	contains "doctor" "$(rx "$LOADER" doctor rx0)" "rules .*$1"
}
_fits() { # RULE...
	_rules "$@"
	check "check -d" rx "$RULES" check -d rx0 "$DIR/it.rules"
	refuses "check -d is silent" 1 "" grep -q warning <<<"$OUT"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	refuses "apply is silent" 1 "" grep -q warning <<<"$OUT"
}

rules_are_compared_with_the_queues_in_use() {
	lab_up --queues 2
	attach
	_warns_everywhere "xsk slot 9: rx0 receives on queues 0 to 1" "udp xsk slot 9"
	_doctor_says "it.rules:1: xsk slot 9"
	_warns_everywhere "meta rxqueue: rx0 receives on queues 0 to 1" "meta rxqueue 2-9 drop"
	_doctor_says "it.rules:1: meta rxqueue"
	_warns_everywhere "xsk slot 1: its socket takes frames of queue 1 only" "udp xsk slot 1"
	_doctor_says "it.rules:1: xsk slot 1: its socket takes frames of queue 1 only"
	_warns_everywhere "xsk slot 1: its socket" "meta rxqueue 0-1 udp xsk slot 1"
	_rules "default xsk slot 0"
	check "the default" rx "$RULES" check -d rx0 "$DIR/it.rules"
	contains "the default" "$OUT" "it.rules: xsk slot 0: its socket takes frames of queue 0 only"
	check "the default" rx "$RULES" apply rx0 "$DIR/it.rules"
	_doctor_says "default: xsk slot 0: its socket takes frames of queue 0 only"
	_fits "meta rxqueue != 0 udp xsk slot 1" "udp xsk"
	_fits "meta rxqueue 1-9 udp xsk slot 1" "udp xsk"
	contains "doctor" "$(rx "$LOADER" doctor rx0)" "rules .*can do what the rules say"
}

rules_for_a_cpu_that_is_not_there_are_refused() {
	lab_up --queues 1
	_rules "udp cpu 4000"
	check "without an interface there is nothing to compare with" "$RULES" check "$DIR/it.rules"
	refuses "check -d" 1 "it.rules:1:.*cpu 4000: this machine has CPUs 0 to" \
		rx "$RULES" check -d rx0 "$DIR/it.rules"
	refuses "attach" 1 "cpu 4000: this machine" rx "$LOADER" attach -r "$DIR/it.rules" rx0
	equal "hook" "$(hook)" ""
	attach
	refuses "apply" 1 "cpu 4000: this machine" rx "$RULES" apply rx0 "$DIR/it.rules"
	_rules "udp cpu { 0, 4000 } by flow"
	refuses "one of several" 1 "cpu 4000: this machine" rx "$RULES" apply rx0 "$DIR/it.rules"
}

# A file of ours stands in for the kernel's: this machine keeps all of its CPUs.
a_cpu_that_is_offline_is_said() {
	local state=/sys/devices/system/cpu/cpu1/online
	[[ -e $state ]] || skip "the kernel has no $state: there is no CPU that could be offline"
	lab_up --queues 1
	attach
	_rules "udp cpu { 0-1 } by flow"
	check "both are there" rx "$RULES" check -d rx0 "$DIR/it.rules"
	equal "nothing is offline" "${OUT/offline/}" "$OUT"
	echo 0 >"$DIR/offline"
	check "the file of ours" mount --bind "$DIR/offline" "$state"
	_warns_everywhere "cpu 1 is offline: the kernel takes its frames on another CPU until 'echo 1 >$state'" "udp cpu { 0-1 } by flow"
	_warns_everywhere "cpu 1 is offline" "udp cpu 1"
	umount "$state"
}

# What a thousand rules say of the same CPUs is asked and done once.
many_rules_for_a_cpu_cost_no_calls_each() {
	local i asked
	type -P strace >/dev/null || skip "no strace"
	lab_up --queues 1
	attach -m skb
	for i in {1..1000}; do echo "udp dport $i cpu { 0-1 } by flow"; done >"$DIR/it.rules"
	# the leak check of a sanitizer's build cannot work under strace
	check "apply" rx env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -f -o "$DIR/calls" -e trace=openat,open,bpf "$RULES" apply rx0 "$DIR/it.rules"
	asked=$(grep -c "cpu/cpu[0-9]*/online" "$DIR/calls")
	((asked <= 2 * $(nproc --all))) || fail "CPUs were asked $asked times whether they are online"
	((++ASSERTIONS))
	asked=$(grep -c "bpf(BPF_MAP_LOOKUP_ELEM" "$DIR/calls")
	((asked < 1000)) || fail "$asked look-ups for one set of CPUs"
	((++ASSERTIONS))
}

# Each frame has one CPU, in both directions, and explain says which.
cpus_that_share_the_flows_are_explained() {
	lab_up --queues 1
	attach
	_rules "udp cpu { 0-1 } by flow"
	check "rules" rx "$RULES" apply rx0 "$DIR/it.rules"
	local there back i seen=''
	_frame() { # SPORT DPORT
		printf '0200000000010200000000020800''4500001c00000000401100000a0000010a000001%04x%04x00080000' "$1" "$2"
	}
	for i in {1..12}; do
		there=$(rx "$RULES" explain -j -d rx0 --hex "$(_frame "$i" 53)" | jq .cpu)
		back=$(rx "$RULES" explain -j -d rx0 --hex "$(_frame 53 "$i")" | jq .cpu)
		equal "both directions of flow $i" "$back" "$there"
		seen+=$there
	done
	contains "both CPUs are used" "$seen" "0.*1|1.*0"
	contains "in text" "$(rx "$RULES" explain -d rx0 --hex "$(_frame 1 53)")" "by flow\\): cpu [01], XDP_REDIRECT"
	contains "without an interface" "$("$RULES" explain -j -f "$DIR/it.rules" --hex "$(_frame 1 53)" | jq -c .cpu)" "^[01]$"
	contains "show" "$(rx "$RULES" show rx0)" "udp cpu \{ 0-1 \} by flow"
}

# Without GRO or a program, the other end of a veth accepts no frame that is sent back.
tx_into_a_veth_that_takes_none_is_said() {
	lab_up --queues 1
	attach
	tx ethtool -K tx0 gro off >/dev/null
	_warns_everywhere "tx: the other end of veth rx0 accepts no frames back" "udp tx"
	_doctor_says "it.rules:1: tx"
	tx ethtool -K tx0 gro on >/dev/null
	_fits "udp tx"
}

dev_that_takes_no_redirects_is_said() {
	lab_up --queues 1
	attach
	rx ip link add out0 type veth peer name out1
	rx ip link set out0 up
	rx ip link set out1 up
	_warns_everywhere "dev out0 takes no redirected frames" "udp dev out0"
	_doctor_says "it.rules:1: dev out0"
	rx ethtool -K out1 gro on >/dev/null
	_fits "udp dev out0"
}

# Before the kernel splits them, or after it has merged them.
dev_and_chain_in_skb_mode_are_told_of_merged_frames() {
	lab_up --queues 1
	attach -m skb
	rx ip link add out0 type veth peer name out1
	rx ip link set out0 up
	_warns_everywhere "dev: in skb mode frames may come merged" "udp dev out0"
	_doctor_says "it.rules:1: dev: in skb mode"
	_warns_everywhere "chain: in skb mode frames may come merged.*than chains take" "udp chain web"
	_rules "udp dev out0"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	rx_bg losses "$MAPS" losses rx0 -w 3 -n 1 -j -v
	becomes "it watches" 20 grep -q "watching" "$DIR/losses.log"
	_send_superframe || skip "no UDP segmentation here"
	ends $! 0
	equal "the loss is counted" \
		"$(grep '^{' "$DIR/losses.log" | jq '.losses[] | select(.cause == "dev_too_long") | .frames')" 1
}

# The counter of what a chain does not take is the same for the broker and for others.
merged_frames_that_no_chain_takes_are_counted() {
	lab_up --queues 1
	echo 'udp chain web else drop' >"$DIR/some.rules"
	attach -m skb -r "$DIR/some.rules"
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	start_broker 0
	_send_superframe || skip "no UDP segmentation here"
	becomes "losses shows it" 10 _loses_too_long
	stop_broker
	equal "the broker says the same" "$(jq -c '[.no_frame, .rx_other]' <<<"$OUT")" "[0,1]"
}
_loses_too_long() { rx "$MAPS" losses -j rx0 | jq -e '.losses[] | select(.cause == "too_long") | .frames == 1'; }

cpu_behind_open_checksums_is_said() {
	lab_up --queues 1
	attach
	_warns_everywhere "cpu 0: rx0 is a veth whose other end cannot be seen from here: checksums" "tcp cpu 0"
	_doctor_says "it.rules:1: cpu 0"
	check "send" tx "$TRAFFIC" -o -n 5 -p tcp4 tx0
	check "losses" rx "$MAPS" losses rx0
	contains "losses" "$OUT" "leaves checksums open, or cannot be asked.*TcpInCsumErrors"
	check "detach" rx "$LOADER" detach rx0
	attach -m skb
	_fits "tcp cpu 0"
}

run_tests "$@"
