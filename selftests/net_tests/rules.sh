#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2119,SC2120 # helpers with optional arguments
#
# xsteer-rules on a veth: check, apply, show, flush, explain, cost; each verdict with real
# frames. Tests of the switch between sets are in rules_atomic.sh.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

# --- helpers ---

_file() { cat >"$DIR/$1.rules"; } # NAME, the rules on stdin
_apply() {                        # NAME [OPTION...]
	check "apply $1" rx "$RULES" apply rx0 "$DIR/$1.rules" "${@:2}"
}
_show() { rx "$RULES" show -j rx0; }
_generation() { _show | jq .generation; }
# shellcheck disable=SC2016 # jq's variables
_packets() { _show | jq --argjson i "$1" '.rules[$i].packets'; } # RULE, from 0
_in_force() { _show | jq -r '.default, .malformed, .rules[].text'; }

# Every frame is in one verdict, and in one rule or one reason why no rule decided.
# The counters of rules must be as old as those of queues: no rule has changed.
_sums() {
	local packets rules reasons name
	check "the verdicts add up" counters_add_up
	packets=$(counter packets)
	rules=$(_show | jq '[.rules[].packets] | add // 0')
	reasons=0
	for name in default malformed_{eth,vlan,ipv4,ipv6,ipv6_ext,tcp,udp,icmp,icmpv6,sctp,dccp}; do
		((reasons += $(counter "reason_$name")))
	done
	equal "packets are those of rules ($rules) and of reasons ($reasons)" "$packets" $((rules + reasons))
}

# Sends frames of which none is expected back, and waits until all are counted.
_send() { # TRAFFIC OPTION...
	check "send $*" tx "$TRAFFIC" -o "$@" tx0
}
_counted() { [[ $(counter "$1") = "$2" ]]; }
_counts() { becomes "$1 is $2" 5 _counted "$1" "$2"; } # FIELD NUMBER

# A veth accepts frames that XDP sends back (tx) or across (dev) only if it has a program, too.
_takes_redirected() { # tx|rx IF
	check "a program on $2" "$1" "$LOADER" attach --pin-root /sys/fs/bpf/peer -m native "$2"
}

# An Ethernet frame of IPv4 and UDP, in hex; 60 bytes.
_udp4() { # DPORT
	printf '020000000002020000000001080045%02x002e0000000040110000c6120001c61200022710%04x001a0000' 0 "$1"
	printf '%036d' 0
}

# --- check ---

check_names_every_error_with_its_column() {
	_file bad <<-'R'
		udp dport 7 drop
		udp dport x drop
		  frobnicate
		ip saddr 1.2.3.4/33 pass
	R
	refuses "check" 1 "$DIR/bad\\.rules:2:11: " "$RULES" check "$DIR/bad.rules"
	contains "second error" "$OUT" "$DIR/bad\\.rules:3:3: "
	contains "third error" "$OUT" "$DIR/bad\\.rules:4:18: "
	equal "errors" "$(grep -c 'bad\.rules:[0-9]*:[0-9]*: ' <<<"$OUT")" 3
	equal "the line and the caret" "$(grep -A 1 '^ *udp dport x drop$' <<<"$OUT" | sed 's/^  //')" \
		"udp dport x drop
          ^"
	((++ASSERTIONS))
	"$RULES" check -j "$DIR/bad.rules" 2>/dev/null | jq -e '.error | test("bad.rules:2:11: ")' >/dev/null ||
		fail "the first error is not the JSON error"
}

check_warns_and_succeeds() {
	_file odd <<-'R'
		ip saddr 1.2.3.4 ip6 daddr ::1 drop
		udp drop
		udp dport 7 pass
	R
	check "check" "$RULES" check "$DIR/odd.rules"
	contains "never holds" "$OUT" "odd\\.rules:1.*warning.*never"
	contains "covered" "$OUT" "odd\\.rules:3.*warning.*line 2"
	((++ASSERTIONS))
	"$RULES" check -j "$DIR/odd.rules" 2>/dev/null |
		jq -e '.rules == 3 and [.warnings[].line] == [1, 3] and .schema' >/dev/null ||
		fail "the warnings are not in the JSON"
}

check_warns_of_what_this_machine_lacks() {
	local cpus
	cpus=$(nproc --all)
	printf 'udp cpu %u\ntcp dport 1 cpu 0\ntcp dport 2 dev nodev9\ntcp dport 3 dev lo\ndefault dev nodev8\n' \
		65535 >"$DIR/rules"
	check "check is no failure" "$RULES" check "$DIR/rules"
	contains "the CPU" "$OUT" "rules:1: warning: cpu 65535: this machine has CPUs 0 to $((cpus - 1))"
	contains "the interface" "$OUT" "rules:3: warning: dev nodev9: there is no such interface here"
	contains "the default's" "$OUT" "rules: dev nodev8: there is no such interface here"
	equal "no more" 2 "$(grep -c warning: <<<"$OUT")"
	refuses "with an interface the CPU is an error" 1 "rules:1:1: cpu 65535" "$RULES" check -d lo "$DIR/rules"
	contains "and the interface a warning" "$OUT" "rules:3: warning: dev nodev9"
}

check_tells_a_hundred_warnings_and_how_many_more() {
	{ echo "udp drop"; for ((i = 1; i <= 103; i++)); do echo "udp dport $i drop"; done; } | _file many
	check "many warnings are none too many" "$RULES" check "$DIR/many.rules"
	equal "a hundred are told" 100 "$("$RULES" check "$DIR/many.rules" 2>&1 | grep -c 'never reached')"
	contains "and the rest counted" "$("$RULES" check "$DIR/many.rules" 2>&1)" "3 more warnings like these"
	equal "as in JSON" 100 "$("$RULES" check -j "$DIR/many.rules" 2>/dev/null | jq '.warnings | length')"
}

what_other_tools_say_is_answered_in_ours() {
	local word

	_file one <<<"udp dport 7 drop"
	for word in list add delete reset save monitor -f -c -L; do
		refuses "the word $word" 2 "'$word' is no command: " "$RULES" "$word" x
	done
	lab_up
	attach
	refuses "apply FILE IF" 2 "the interface comes first: apply rx0 $DIR/one.rules" \
		rx "$RULES" apply "$DIR/one.rules" rx0
	refuses "seconds with an s" 2 "seconds from 1 to 86400" \
		rx "$RULES" apply rx0 "$DIR/one.rules" --confirm 60s
	check "apply -d" rx "$RULES" apply -d rx0 "$DIR/one.rules" --confirm 60
	contains "show -d" "$(rx "$RULES" show -d rx0)" "udp dport 7 drop"
	contains "explain IF" "$(rx "$RULES" explain rx0 --hex "$(_udp4 7)")" "drop"
	check "check IF FILE" rx "$RULES" check rx0 "$DIR/one.rules"
	check "cost IF" rx "$RULES" cost rx0
	refuses "IF twice" 2 "too many operands" rx "$RULES" show -d rx0 rx0
	refuses "no IF" 2 "is missing" rx "$RULES" flush
	check "confirm -d" rx "$RULES" confirm -d rx0
	check "flush -d" rx "$RULES" flush -d rx0
	equal "nothing is left" "" "$(_show | jq -r '.rules[].text')"
}

check_reads_standard_input_and_needs_no_privilege() {
	public_copy "$RULES"
	check "check" bash -c "echo 'udp drop' | setpriv --reuid=65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all '$DIR/xsteer-rules' check -"
	refuses "a file that is not there" 1 "none\\.rules.*no such file" "$RULES" check "$DIR/none.rules"
}

wrong_usage_exits_2() {
	refuses "no command" 2 "command" "$RULES"
	refuses "no operand" 2 "FILE" "$RULES" check
	refuses "confirm in no time" 2 "seconds" "$RULES" apply --confirm 0 rx0 -
	refuses "no packets" 2 "pcap|hex" "$RULES" explain -f /dev/null
	refuses "both sources" 2 "-d IF|-f FILE" "$RULES" explain -d rx0 -f /dev/null --hex 00
	refuses "no rules" 2 "-d IF|-f FILE" "$RULES" cost
}

no_instance_is_said_with_the_next_step() {
	lab_up
	_file none </dev/null
	refuses "apply" 1 "rx0.*attach" rx "$RULES" apply rx0 "$DIR/none.rules"
	refuses "show" 1 "rx0.*attach" rx "$RULES" show rx0
	attach
	refuses "confirm" 1 "no rule set waits" rx "$RULES" confirm rx0
	check "show" rx "$RULES" show rx0
}

# --- apply and show ---

a_file_with_an_error_leaves_the_set_in_force() {
	local file
	lab_up
	attach
	_file good <<<"udp sport 10000 drop"
	_apply good
	_file syntax <<<$'udp drop\ntcp frop'
	_file device <<<$'udp drop\ntcp dev nosuch0'
	_file cpu <<<$'udp drop\ntcp cpu 60000'
	_file slot <<<$'udp drop\ntcp xsk slot 60000'
	_file default <<<$'udp drop\ndefault dev nosuch0'
	for file in syntax device cpu slot default; do
		refuses "apply $file" 1 "$file\\.rules:2|default: dev" rx "$RULES" apply rx0 "$DIR/$file.rules"
		equal "generation after $file" "$(_generation)" 1
		equal "rules after $file" "$(_in_force | xargs -d '\n' -n 3)" \
			"default xsk else pass malformed pass udp sport 10000 drop"
	done
	_send -n 40 -f 10 -p udp4
	_counts verdict_drop 4
}

generation_rises_by_one_and_show_is_the_input() {
	lab_up
	attach
	equal "at first" "$(_generation)" 0
	rx ip link add peer0 type veth peer name peer1
	_file all <<-'R'
		define NET = { 10.0.0.0/8, 192.168.1.7 }
		default dev peer0
		ether type arp pass
		ip saddr $NET tcp dport { ssh, 8000-8100 } xsk slot 3 else drop comment "a, # b"
		tcp flags syn / syn,ack th sport != 5 cpu 1
		meta rxqueue 0-3 udp port 53 tx
		ip6 daddr 2001:db8::/32 icmpv6 type nd-neighbor-solicit accept
		vlan id != { 5, 7-9 } ip dscp ef drop
		malformed drop
	R
	_apply all
	equal "generation" "$(_generation)" 1
	equal "in meta" "$(bpftool -j map dump pinned "$PINS/rx0/meta" | jq '.[0].formatted.value.generation')" 1
	rx "$RULES" show rx0 >"$DIR/shown.rules" || fail "show"
	_in_force >"$DIR/first"
	equal "rules" "$(wc -l <"$DIR/first")" 8
	_apply shown
	equal "generation" "$(_generation)" 2
	equal "the same set" "$(_in_force)" "$(cat "$DIR/first")"
	contains "all counters carried" "$OUT" "counters of 6"
	check "flush" rx "$RULES" flush rx0
	equal "generation" "$(_generation)" 3
	equal "nothing but the built-in" "$(_in_force | xargs)" "default xsk else pass malformed pass"
}

counters_show_in_bpftool_by_name() {
	lab_up
	attach
	_file two <<<$'udp drop\ntcp drop'
	_apply two
	_send -n 400 -s 100
	_counts packets 400
	_sums
	equal "packets by bpftool" \
		"$(bpftool -j map dump pinned "$PINS/rx0/rule_stats_map" | jq '[.[].formatted.value.packets] | add')" 400
	equal "bytes by bpftool" \
		"$(bpftool -j map dump pinned "$PINS/rx0/rule_stats_map" | jq '[.[].formatted.value.bytes] | add')" 40000
	equal "by show" "$(_show | jq -c '[.rules[] | .packets, .bytes]')" '[200,20000,200,20000]'
	equal "in text" "$(rx "$RULES" show rx0 | tail -n 2)" \
		$'udp drop # packets 200 bytes 20000\ntcp drop # packets 200 bytes 20000'
}

# --- verdicts ---

pass_and_drop_and_default() {
	lab_up
	attach
	_file two <<<$'icmp pass\nudp drop\ndefault drop'
	_apply two
	check "ping" tx ping -q -c 3 -i 0.02 -W 1 198.18.0.2
	_send -n 400
	_counts verdict_drop 400
	equal "passed" "$(counter verdict_pass)" 3
	equal "by default" "$(counter reason_default)" 200
	_sums
}

malformed_frames_take_their_own_verdict() {
	local verdict
	lab_up
	attach
	for verdict in drop pass; do
		_file it <<<$'default tx\nmalformed '"$verdict"
		_apply it
		# as short as the tool makes them, with a length beyond the frame
		check "explain" rx "$RULES" explain -j -d rx0 --hex "$(_udp4 7 | sed 's/^\(.\{32\}\)002e/\1ffff/')"
		equal "explained" "$OUT" \
			"{\"packet\": 0, \"rule\": null, \"verdict\": \"$verdict\", \"xdp\": \"XDP_${verdict^^}\", \"reason\": \"malformed_ipv4\"}"
	done
	check "send" tx "$O/selftests/tools/traffic" -m -o -n 40 -p udp4,udp6 tx0
	_counts reason_malformed_ipv4 20
	_counts reason_malformed_ipv6 20
	equal "passed" "$(counter verdict_pass)" 40
	_sums
}

tx_sends_back_unchanged() {
	lab_up --queues 2
	attach -m native
	_takes_redirected tx tx0
	_file it <<<$'udp sport 10000-10004 tx\ndefault drop'
	_apply it
	bounced -n 1000 -f 5 -p udp4,udp6
	equal "sent back" "$(counter verdict_tx)" 1000
	equal "by the rule" "$(_packets 0)" 1000
	_sums
}

xsk_reaches_the_socket_of_queue_or_slot() {
	lab_up --queues 2
	attach
	_file it <<<$'udp xsk\ntcp xsk slot 1 else drop\ndefault drop'
	_apply it
	steer 1
	start_bouncer 1 -p
	bounced -n 1000
	equal "to the socket" "$(counter verdict_xsk 1)" 1000
	equal "by queue" "$(_packets 0)" 500
	equal "by slot" "$(_packets 1)" 500
	_sums
	stop_bouncer
}

xsk_without_a_socket_takes_its_else() {
	lab_up --queues 2
	attach
	_file it <<<$'udp sport 10000 xsk\nudp xsk slot 1 else drop\ntcp xsk slot 0 else pass\ndefault drop'
	_apply it
	_send -n 800 -f 10
	_counts packets 800
	equal "no socket" "$(counter reason_no_socket)" 800
	equal "passed" "$(counter verdict_pass)" 440 # 40 UDP, 400 TCP
	equal "dropped" "$(counter verdict_drop)" 360
	equal "redirected" "$(counter verdict_xsk)" 0
	_sums
}

cpu_hands_frames_to_the_kernel_there() {
	local cpu
	lab_up
	attach
	cpu=$(($(nproc) > 1))
	_file it <<<"icmp cpu $cpu"$'\nicmpv6 cpu '"$cpu"$'\ndefault drop'
	_apply it
	pings
	_counts verdict_cpu 6
	equal "none fell back" "$(counter reason_no_cpu)" 0
	_sums
}

_received() { rx ip -j -s link show dev out1 | jq '.[0].stats64.rx.packets'; }
_arrived() { (($(_received) >= $1)); }
dev_sends_out_of_another_interface() {
	local got
	lab_up
	rx ip link add out0 type veth peer name out1
	rx ip link set out0 up
	rx ip link set out1 up
	attach -m native
	_takes_redirected rx out1
	_file it <<<$'udp dev out0\ndefault drop'
	_apply it
	got=$(_received)
	_send -n 800 -r 20000
	_counts verdict_dev 400
	equal "dropped" "$(counter verdict_drop)" 400
	becomes "all arrive there" 3 _arrived $((got + 400))
	_sums
	rx ip link del out0
	_send -n 40 -p udp4
	_counts reason_no_dev 40
	equal "to the kernel" "$(counter verdict_pass)" 40
}

# --- explain and cost ---

_explained() { # SENTENCE OBJECT OPTION...
	check "$1" rx "$RULES" explain -j "${@:3}"
	equal "$1" "$OUT" "$2"
}

explain_says_line_verdict_and_reason() {
	_file inner <<<$'\nudp dport 9 xsk else drop'
	_file it <<-'R'
		# a comment
		udp dport 7 drop
		include "inner.rules"
		udp dport 10 xsk
		meta rxqueue 3 udp dport 11 tx
		default pass
	R
	lab_up # no instance: -f needs none
	_explained rule '{"packet": 0, "rule": 2, "verdict": "drop", "xdp": "XDP_DROP", "reason": null}' \
		-f "$DIR/it.rules" --hex "$(_udp4 7)"
	_explained "no rule" '{"packet": 0, "rule": null, "verdict": "pass", "xdp": "XDP_PASS", "reason": "default"}' \
		-f "$DIR/it.rules" --hex "$(_udp4 8 | sed 's/../&:/g; s/:$//')"
	_explained included '{"packet": 0, "rule": "'"$DIR"'/inner.rules:2", "verdict": "xsk", "xdp": "XDP_DROP", "reason": "no_socket"}' \
		-f "$DIR/it.rules" --hex "$(_udp4 9)"
	_explained fallback '{"packet": 0, "rule": 4, "verdict": "xsk", "xdp": "XDP_PASS", "reason": "no_socket"}' \
		-f "$DIR/it.rules" --hex "$(_udp4 10)"
	_explained "queue 0" '{"packet": 0, "rule": null, "verdict": "pass", "xdp": "XDP_PASS", "reason": "default"}' \
		-f "$DIR/it.rules" --hex "$(_udp4 11)"
	_explained "queue 3" '{"packet": 0, "rule": 5, "verdict": "tx", "xdp": "XDP_TX", "reason": null}' \
		-f "$DIR/it.rules" --queue 3 --hex "$(_udp4 11)"
	refuses "no hex" 1 "hex|digit" rx "$RULES" explain -f "$DIR/it.rules" --hex 0x
}

# A capture in the classic format, of the frames given in hex.
_pcap() { # FRAME...
	local frame
	printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0'
	for frame; do
		# shellcheck disable=SC2059 # the lengths are escapes
		printf "\0\0\0\0\0\0\0\0\\x$(printf %02x $((${#frame} / 2)))\0\0\0\\x$(printf %02x $((${#frame} / 2)))\0\0\0"
		# shellcheck disable=SC2059,SC2001 # every two digits become an escape
		printf "$(sed 's/../\\x&/g' <<<"$frame")"
	done
}

explain_takes_a_capture_and_leaves_live_counters() {
	local before
	lab_up
	attach
	_file it <<<$'udp dport 7 drop\nudp dport 8 tx\ndefault pass'
	_apply it
	_send -n 40 -p udp4
	_counts packets 40
	before=$(rx "$RULES" show rx0)
	_pcap "$(_udp4 7)" "$(_udp4 8)" "$(_udp4 9)" "$(_udp4 7)" >"$DIR/it.pcap"
	check "explain" rx "$RULES" explain -j -d rx0 --pcap "$DIR/it.pcap"
	equal "one object a line" "$(jq -c '[.packet, .rule, .verdict, .xdp, .reason]' <<<"$OUT")" \
		'[0,1,"drop","XDP_DROP",null]
[1,2,"tx","XDP_TX",null]
[2,null,"pass","XDP_PASS","default"]
[3,1,"drop","XDP_DROP",null]'
	equal "lines" "$(wc -l <<<"$OUT")" 4
	equal "rules' counters" "$(rx "$RULES" show rx0)" "$before"
	equal "queues' counters" "$(counter packets)" 40
	refuses "a queue that is not there" 1 "queue 60000" rx "$RULES" explain -d rx0 --queue 60000 --hex "$(_udp4 7)"
}

# A capture that is still being written ends anywhere.
explain_and_cost_take_the_whole_packets_of_a_cut_capture() {
	local cut verdicts
	_file it <<<$'udp dport 7 drop\nudp dport 8 tx\ndefault pass'
	_pcap "$(_udp4 7)" "$(_udp4 8)" "$(_udp4 9)" >"$DIR/whole.pcap"
	verdicts='[0,1,"drop"] [1,2,"tx"]'
	for cut in 1 59 61 75; do # within the last packet's bytes, and within its header
		head -c -"$cut" "$DIR/whole.pcap" >"$DIR/cut.pcap"
		refuses "explain without its last $cut bytes" 1 "cut\\.pcap ends within packet 2" \
			"$RULES" explain -f "$DIR/it.rules" --pcap "$DIR/cut.pcap"
		equal "what is said last" "$(tail -n 1 <<<"$OUT" | grep -c 'ends within packet 2')" 1
		equal "whole packets" "$(grep -c '^packet [01]: rule [12] ' <<<"$OUT")" 2
		OUT=$("$RULES" explain -j -f "$DIR/it.rules" --pcap "$DIR/cut.pcap" 2>"$DIR/stderr")
		equal "exit with -j" $? 1
		equal "their objects" "$(jq -c 'select(.verdict) | [.packet, .rule, .verdict]' <<<"$OUT" | xargs -d '\n')" \
			"$verdicts"
		equal "the error beside them" "$(jq -c 'select(.error) | .error | test("ends within packet 2")' <<<"$OUT")" true
		contains "the error on stderr" "$(<"$DIR/stderr")" "ends within packet 2"
	done
	check "cost" "$RULES" cost -f "$DIR/it.rules" --pcap "$DIR/cut.pcap"
	contains "it says so" "$OUT" "ends within packet 2"
	contains "its figures" "$OUT" "ns a packet.* each of 2 frames"
	_pcap "$(_udp4 7)" | head -c -1 >"$DIR/cut.pcap"
	refuses "no whole packet" 1 "ends within packet 0" "$RULES" explain -f "$DIR/it.rules" --pcap "$DIR/cut.pcap"
	equal "lines then" "$(wc -l <<<"$OUT")" 1
	# The second packet claims 4 GB.
	{
		_pcap "$(_udp4 7)"
		printf '\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff%0100d' 0
	} >"$DIR/odd.pcap"
	refuses "a damaged capture" 1 "odd\\.pcap: packet 1" "$RULES" explain -f "$DIR/it.rules" --pcap "$DIR/odd.pcap"
	contains "what is before the damage" "$OUT" "packet 0: rule 1 "
}

explain_sees_the_live_sockets() {
	lab_up --queues 2
	attach
	_file it <<<$'udp xsk else drop'
	_apply it
	start_bouncer 1 -p
	_explained "queue 0" '{"packet": 0, "rule": 1, "verdict": "xsk", "xdp": "XDP_DROP", "reason": "no_socket"}' \
		-d rx0 --hex "$(_udp4 7)"
	_explained "queue 1" '{"packet": 0, "rule": 1, "verdict": "xsk", "xdp": "XDP_REDIRECT", "reason": null}' \
		-d rx0 --queue 1 --hex "$(_udp4 7)"
	stop_bouncer
}

cost_prints_what_scripts_read() {
	_file it <<<$'udp dport 7 drop\nudp dport 8 tx'
	_pcap "$(_udp4 7)" "$(_udp4 9)" >"$DIR/it.pcap" # few frames: measured quickly
	check "cost" "$RULES" cost -j -f "$DIR/it.rules" --pcap "$DIR/it.pcap"
	check "its keys" jq -e '.rules == 2 and .ns_per_packet > .ns_bare and .ns_bare > 0
		and .tables_bytes > 0 and .compile_ms > 0' <<<"$OUT"
}

cost_of_no_packets_is_an_error() {
	_file it <<<'udp dport 7 drop'
	_pcap >"$DIR/none.pcap"
	refuses "cost" 1 "no packets in $DIR/none\\.pcap" "$RULES" cost -f "$DIR/it.rules" --pcap "$DIR/none.pcap"
	check "explain has nothing to explain" "$RULES" explain -f "$DIR/it.rules" --pcap "$DIR/none.pcap"
	contains "and says so" "$OUT" "no packets in"
	equal "figures of nothing" "$(grep -c 'ns a packet' <<<"$OUT")" 0
}

# --- the loader's -r ---

_some_frames() { (($(counter packets) > 1000)); }
attach_with_rules_and_with_bad_ones() {
	local flood
	lab_up
	_file bad <<<"udp frop"
	refuses "bad rules" 1 "bad\\.rules:1:5" rx "$LOADER" attach -r "$DIR/bad.rules" rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS" 2>/dev/null)" ""
	_file it <<<$'udp drop\ntcp drop'
	tx_bg flood "$TRAFFIC" -o -n 10000000 -r 20000 -s 64 tx0 # frames from the first moment on
	flood=$!
	attach -r "$DIR/it.rules"
	becomes "frames are counted" 5 _some_frames
	kill "$flood"
	wait "$flood" 2>/dev/null
	sleep 0.1
	check "the verdicts add up" counters_add_up
	equal "no frame by default" "$(counter reason_default)" 0
	equal "all dropped" "$(counter verdict_drop)" "$(counter packets)"
	equal "generation" "$(_generation)" 1
	attach -r "$DIR/it.rules" # it is attached already, and the rules are put in force
	equal "generation" "$(_generation)" 2
}

attach_says_which_rules_are_in_force() {
	lab_up
	printf '%s\n' "udp dport 9 drop" "tcp dport 9 drop" >"$DIR/two.rules"
	echo "udp dport 9 drop" >"$DIR/one.rules"
	: >"$DIR/none.rules"
	attach -r "$DIR/two.rules"
	contains "first" "$OUT" "^rx0: rules of $DIR/two.rules in force: 2 rules, generation 1$"
	attach -r "$DIR/one.rules"
	contains "on what was there" "$OUT" "^rx0: already attached in native mode"
	contains "others" "$OUT" "one.rules in force: 1 rule, generation 2; they replace those that were in force$"
	attach -r "$DIR/none.rules"
	contains "none" "$OUT" "none.rules in force: 0 rules, generation 3; those that were in force are gone$"
	equal "none" "$(rx "$RULES" show -j rx0 | jq '.rules | length')" 0
	attach
	equal "without -r nothing is said of rules" "$(grep -c rules <<<"$OUT")" 0
	check "as JSON" rx "$LOADER" attach -j rx0 -r "$DIR/two.rules"
	equal "the same" "$(jq -c '.instances[0] | [.already, .rules.count, .rules.generation, .rules.file]' <<<"$OUT")" \
		"[true,2,4,\"$DIR/two.rules\"]"
	check "of one that is replaced" rx "$LOADER" attach -j rx0 --replace -r "$DIR/one.rules"
	equal "the same" "$(jq -c '.instances[0] | [.already, .rules.count, .rules.generation]' <<<"$OUT")" "[false,1,5]"
}

xsk_missing_drop_is_the_default_without_a_socket() {
	lab_up
	attach --xsk-missing drop
	_send -n 100
	_counts verdict_drop 100
	equal "said by show" "$(_in_force | xargs)" "default xsk else drop malformed pass"
	_file it <<<"icmp pass"
	_apply it
	_send -n 100
	_counts verdict_drop 200
	check "flush" rx "$RULES" flush rx0
	_send -n 100
	_counts verdict_drop 300
}

# A name of a file is bytes; JSON is UTF-8.
file_names_that_are_no_utf8_are_json() {
	local file=$DIR/$'\xff'.rules
	lab_up
	attach
	printf 'udp drop\nudp drop\n' >"$file"
	((++ASSERTIONS))
	[[ $(rx "$RULES" check -j "$file" 2>/dev/null | jq -r '.warnings[0].file') = *'/\xff.rules' ]] ||
		fail "check -j"
	check "apply" rx "$RULES" apply rx0 "$file"
	equal "rules of show -j" "$(rx "$RULES" show -j rx0 | jq '.rules | length')" 2
	((++ASSERTIONS))
	[[ $(rx "$RULES" check -j "$file.not" 2>/dev/null | jq -r .error) = *'/\xff.rules.not: No such'* ]] ||
		fail "the error of check -j"
}

# A group that may read the pins goes on to, whatever takes their place.
pins_keep_their_owner_group_and_mode() {
	local pin
	lab_up
	attach
	for pin in "$PINS"/rx0/*; do
		chown 65534:65533 "$pin"
		chmod 0640 "$pin"
	done
	echo 'udp drop' >"$DIR/some.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/some.rules"
	check "apply, to be confirmed" rx "$RULES" apply rx0 "$DIR/some.rules" --confirm 30
	check "confirm" rx "$RULES" confirm rx0
	check "flush" rx "$RULES" flush rx0
	check "upgrade" rx "$LOADER" upgrade rx0
	check "attach -r" rx "$LOADER" attach -r "$DIR/some.rules" rx0
	chmod 0750 "$PINS/rx0"
	check "replace" rx "$LOADER" attach --replace rx0
	equal "directory" "$(stat -c '%a' "$PINS/rx0")" 750
	for pin in "$PINS"/rx0/*; do
		equal "$pin" "$(stat -c '%u:%g %a' "$pin")" "65534:65533 640"
	done
}

run_tests "$@"
