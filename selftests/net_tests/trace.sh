#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-rules trace: frames as the program decides them, also those that are dropped; what
# is left out is counted; and the plain program comes back, whatever happens to the tracer.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
TRACES=0

# 198.18.0.1, port 12345, to 198.18.0.2, port 9, with 5 bytes
UDP_9=020000000002020000000001080045000021000000004011eea4c6120001c612000230390009000d0000abcdefaaaa
# IPv4, cut short
RUNT=0200000000020200000000010800450000

_rules() { # LINE...
	printf '%s\n' "$@" >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
}
# A tracer in the background, once its program is in the link. Its pid: TRACER. What it
# prints, frames and then how many, is kept for its schema; what it says, in $DIR/trace.log.
_trace() { # OPTION...
	local before
	before=$(hook)
	((++TRACES))
	mkdir -p "$DIR/json"
	nsenter --net=/run/netns/xs-t-rx -- "$RULES" trace -j rx0 "$@" >"$DIR/json/xsteer-rules-trace.$TRACES" \
		2>"$DIR/trace.log" &
	TRACER=$!
	becomes "the tracing program is in the link" 20 _hook_is_not "$before"
}
_hook_is_not() { [[ $(hook) != "$1" && $(hook) ]]; }
_pinned() { bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id; }
# What it was printing is no JSON.
_kill() {
	kill -KILL "$TRACER"
	wait "$TRACER" 2>/dev/null
	rm -f "$DIR/json/xsteer-rules-trace.$TRACES"
}
_end() {
	kill -INT "$TRACER"
	ends "$TRACER" 0
	equal "the plain program is back" "$(hook)" "$(_pinned)"
}
# Of the frames; of the last object, which says how many.
_frames() { jq -cn "[inputs | select(has(\"hex\"))] | $1" "$DIR/json/xsteer-rules-trace.$TRACES"; }
_said() { jq -c "select(has(\"matched\")) | $1" "$DIR/json/xsteer-rules-trace.$TRACES"; }
_packets() { rx "$RULES" show -j rx0 | jq ".rules[$1].packets"; }
_send() { check "frames" tx "$TRAFFIC" -o "$@" tx0; }

frames_are_shown_with_what_decided_them() {
	lab_up --queues 2
	attach
	_rules 'udp dport 9 drop' 'tcp pass' 'udp dport 7 xsk else drop' 'default pass' 'malformed drop'
	steer 1
	_trace
	check "rule 1" tx "$O/selftests/tools/send_hex" tx0 2 "$UDP_9"
	_send -n 3 -p tcp4
	_send -n 4 -p udp6
	check "malformed" tx "$O/selftests/tools/send_hex" tx0 1 "$RUNT"
	check "no rule" tx "$O/selftests/tools/send_hex" tx0 1 "02000000000202000000000188b5" 60
	_end
	equal "by what" "$(_frames 'map([.rule, .verdict, .counted, .xdp, .reason, .queue]) | unique')" "$(jq -c . <<-'J'
		[[null,"drop","drop","XDP_DROP","malformed_ipv4",1],[null,"pass","pass","XDP_PASS","default",1],
		[1,"drop","drop","XDP_DROP",null,1],[2,"pass","pass","XDP_PASS",null,1],
		[3,"xsk","drop","XDP_DROP","no_socket",1]]
	J
	)"
	equal "how many" "$(_frames 'group_by(.rule) | map(length)')" '[2,2,3,4]'
	equal "the bytes" "$(_frames 'map(select(.rule == 1)) | .[0] | [.hex, .length]')" "[\"$UDP_9\",$((${#UDP_9} / 2))]"
	# shellcheck disable=SC2016 # jq's $t
	check "the time is now" jq -en --argjson t "$(_frames '.[0].time')" '(now - $t) > 0 and (now - $t) < 60'
	equal "it says" "$(_said '[.matched, .written, .over_rate, .no_room, .unread]')" '[11,11,0,0,0]'
	check "the sums close" counters_add_up
}

# One queue, so one CPU decides all frames.
of_a_rule_with_a_sample_every_nth_is_taken() {
	lab_up --queues 1
	attach
	_rules 'udp drop sample 1/10' 'tcp drop comment " sample 1/2"' 'default pass'
	_trace
	_send -n 99 -p udp4
	_send -n 7 -p tcp4
	_end
	equal "each rule's" "$(_frames 'group_by(.rule) | map([.[0].rule, length])')" '[[1,9],[2,7]]'
	equal "it says" "$(_said '[.matched, .written, .not_sampled, .over_rate, .unread]')" '[106,16,90,0,0]'
	equal "the rule counts all" "$(_packets 0)" 99
	# With filters, of what they let pass.
	_trace --verdict pass
	_send -n 20 -p udp4
	_end
	equal "of others nothing" "$(_said '[.matched, .not_sampled]')" '[0,0]'
	# Other rules, and then again others, while it runs.
	_trace
	_rules 'udp drop sample 1/5' 'tcp drop sample 1/3'
	_send -n 1 -p tcp4
	becomes "it has seen the new rules" 10 _has_frames 1
	_send -n 50 -p udp4
	becomes "it has written every fifth" 10 _has_frames 11
	_rules 'tcp drop' 'udp drop sample 1/25'
	_send -n 1 -p tcp4
	becomes "it has seen the last ones" 10 _has_frames 12
	_send -n 50 -p udp4
	_send -n 4 -p tcp4
	_end
	equal "in all" "$(_said '[.matched, .written, .not_sampled]')" '[106,18,88]'
	check "the sums close" counters_add_up
}
_has_frames() { (($(grep -c '"hex"' "$DIR/json/xsteer-rules-trace.$TRACES") >= $1)); }

as_text_it_is_a_line_a_frame() {
	lab_up --queues 1
	attach
	_rules 'udp drop comment "flood"' 'default pass'
	rx_bg text "$RULES" trace rx0 -c 2
	becomes "it traces" 20 _hook_is_not "$(_pinned)"
	check "one" tx "$O/selftests/tools/send_hex" tx0 1 "$UDP_9"
	_send -n 1 -p tcp6
	ends $! 0
	contains "the rule" "$(cat "$DIR/text.log")" \
		'^[0-9:]{8}\.[0-9]{6} queue 0, rule 1 \(udp drop comment "flood"\): drop, XDP_DROP: IP 198\.18\.0\.1\.12345 > 198\.18\.0\.2\.9: UDP, length 5$'
	contains "no rule" "$(cat "$DIR/text.log")" \
		'queue 0, no rule: pass, XDP_PASS, default: IP6 fd00:198:18::1\.[0-9]+ > fd00:198:18::2\.7: Flags \[P\.\], length'
	contains "the sum" "$(cat "$DIR/text.log")" '^2 frames shown of 2 decided; left out: 0 over the rate, 0 for want of room$'
}

only_what_was_asked_for_is_traced() {
	lab_up --queues 1
	attach
	printf 'tcp drop\n' >"$DIR/more.rules"
	_rules 'udp dport 9 drop' "include \"$DIR/more.rules\"" 'udp tx' 'default pass'
	_trace 3 "$DIR/more.rules:1"
	_send -n 8
	check "another rule's" tx "$O/selftests/tools/send_hex" tx0 1 "$UDP_9"
	_end
	equal "rules" "$(_frames 'map(.rule) | unique')" "$(jq -cn --arg f "$DIR/more.rules:1" '[3, $f]')"
	equal "all theirs" "$(_said .matched)" 8
	_trace --verdict tx,pass
	_send -n 8
	_end
	equal "verdicts" "$(_frames 'map(.verdict) | unique')" '["tx"]'
	equal "all of them" "$(_said .matched)" 4
	_trace --reason malformed_ipv4,malformed_ipv6
	_send -n 4
	_send -n 4 -m
	_end
	equal "reasons" "$(_said .matched)" 4
	_trace --reason none
	_send -n 4 -m
	_send -n 4 -p udp4
	_end
	equal "decided by a rule" "$(_said .matched)" 4
	refuses "no such rule" 1 "no rule at '7'" rx "$RULES" trace rx0 7
	refuses "no such verdict" 2 "--verdict: 'dropp'" rx "$RULES" trace --verdict dropp rx0
	refuses "no such reason" 2 "--reason: '\?'" rx "$RULES" trace --reason '?' rx0
	refuses "no interface" 2 "IF" rx "$RULES" trace
	equal "the plain program is there" "$(hook)" "$(_pinned)"
}

count_and_snap_are_kept() {
	lab_up --queues 1
	attach
	_rules 'udp drop' 'default pass'
	_trace -c 5 --snap 20
	_send -n 20 -p udp4 -s 100-1000
	ends "$TRACER" 0
	equal "frames" "$(_frames 'map(.hex | length) | [length, max, min]')" '[5,40,40]'
	# shellcheck disable=SC2016 # jq's $l
	check "their length is the frame's" jq -en --argjson l "$(_frames 'map(.length)')" '$l | all(. >= 100 and . <= 1000)'
	equal "written" "$(_said .written)" 5
	check "the sum closes" jq -e '.matched == .written + .over_rate + .no_room + .unread' <<<"$(_said .)"
	for bad in 0 16385; do refuses "--snap $bad" 2 "--snap" rx "$RULES" trace --snap "$bad" rx0; done
	refuses "--rate 0" 2 "--rate" rx "$RULES" trace --rate 0 rx0
	refuses "-c 0" 2 "-c" rx "$RULES" trace -c 0 rx0
}

# Far more than the rate: the kernel leaves out, and says how many.
what_is_left_out_is_counted() {
	lab_up --queues 1
	attach
	_rules 'udp drop' 'default pass'
	_trace --rate 100 1
	_send -n 30000 -p udp4,udp6 -f 8
	_end
	check "most are left out" test "$(_said .over_rate)" -gt 20000
	check "some are not" test "$(_said .written)" -ge 100
	equal "written and left out" "$(_said '.written + .over_rate + .no_room')" "$(_packets 0)"
	equal "frames" "$(_frames length)" "$(_said .written)"
	_trace --rate 1000000
	kill -STOP "$TRACER"
	_send -n 30000 -p udp4 -s 1000 -f 8
	kill -CONT "$TRACER"
	_end
	check "the ring was full" test "$(_said .no_room)" -gt 0
	equal "it closes" "$(_said '.written + .over_rate + .no_room')" "$(_said .matched)"
	equal "all that were counted" "$(_packets 0)" "$((30000 + $(_said .matched)))"
}

# As fast as this machine sends, for seconds: each frame that the rule counted is in the file, or
# is said not to be.
at_full_rate_the_sum_closes() {
	[[ ${XS_SAN-} ]] && skip "no full rate under the sanitizers"
	local flood=$O/selftests/tools/flood said written
	lab_up --queues 1
	# receiving by NAPI: without, a veth takes no XDP frames
	check "gro" rx ethtool -K rx0 gro on
	attach
	_rules 'udp drop' 'default pass'
	nsenter --net=/run/netns/xs-t-rx -- "$RULES" trace -j -w "$DIR/it.pcapng" rx0 >"$DIR/said.log" 2>&1 &
	TRACER=$!
	becomes "it traces" 20 _hook_is_not "$(_pinned)"
	check "flood" tx "$flood" -j -q 300 -t "${XS_SECONDS:-2}" tx0
	kill -INT "$TRACER"
	ends "$TRACER" 0
	said=$(grep '^{' "$DIR/said.log")
	written=$(jq .written <<<"$said")
	equal "written and said to be left out" "$(jq '.written + .over_rate + .no_room' <<<"$said")" "$(_packets 0)"
	equal "in the file" "$(grep -o -a 'rule 1 (udp drop)' "$DIR/it.pcapng" | wc -l)" "$written"
	# a thousand at once, and a thousand a second
	check "the rate is reached" test "$written" -ge $((1000 + ${XS_SECONDS:-2} * 900))
	check "and kept" test "$written" -le $((1000 + (${XS_SECONDS:-2} + 2) * 1000))
	# shellcheck disable=SC2016 # jq's $s
	check "most are left out" jq -en --argjson s "$said" '$s.over_rate > 10 * $s.written'
	echo "$(_packets 0) frames in ${XS_SECONDS:-2} s: $said"
}

tshark_reads_rule_and_verdict() {
	command -v tshark >/dev/null || skip "no tshark: install the package tshark"
	lab_up --queues 1
	attach
	_rules 'udp drop comment "flood"' 'tcp tx' 'default pass'
	rx_bg trace "$RULES" trace -j -w "$DIR/it.pcapng" rx0
	becomes "it traces" 20 _hook_is_not "$(_pinned)"
	_send -n 8 -s 64-1500
	check "no rule" tx "$O/selftests/tools/send_hex" tx0 1 "02000000000202000000000188b5" 61
	kill -INT $!
	ends $! 0
	equal "it says" "$(grep '^{' "$DIR/trace.log" | jq -c '[.matched, .written]')" '[9,9]'
	check "tshark" tshark -r "$DIR/it.pcapng" -T fields -E 'separator=|' -e frame.comment -e frame.interface_name \
		-e frame.verdict.ebpf_xdp -e frame.interface_queue
	OUT=$(grep -v 'Running as' <<<"$OUT" | sort | uniq -c | sed 's/^ *//')
	equal "per packet" "$OUT" "1 no rule: pass, XDP_PASS, default|rx0|2|0
4 rule 1 (udp drop comment \"flood\"): drop, XDP_DROP|rx0|1|0
4 rule 2 (tcp tx): tx, XDP_TX|rx0|3|0"
	check "it is whole" tshark -r "$DIR/it.pcapng" -T fields -e frame.len -e frame.cap_len
	equal "61 bytes are 61" "$(grep -c $'^61\t61$' <<<"$OUT")" 1
}

# The same rules decide the frames of the file.
explain_gives_the_traced_rules() {
	lab_up --queues 1
	attach
	_rules 'udp sport 10000-10031 drop' 'tcp dport 7 pass' 'meta length > 700 drop' 'default pass' 'malformed drop'
	nsenter --net=/run/netns/xs-t-rx -- "$RULES" trace -w - rx0 >"$DIR/it.pcapng" 2>"$DIR/it.log" &
	becomes "it traces" 20 _hook_is_not "$(_pinned)"
	TRACER=$!
	_send -n 64 -s 64-1500
	_send -n 8 -m
	kill -TERM "$TRACER"
	ends "$TRACER" 0
	contains "it says" "$(cat "$DIR/it.log")" '^72 frames written of 72 decided'
	check "explain" rx "$RULES" explain -j -d rx0 --pcap "$DIR/it.pcapng"
	equal "packets" "$(jq -s length <<<"$OUT")" 72
	equal "the same" "$(jq -s 'group_by(.rule) | map([.[0].rule, length])' <<<"$OUT" | jq -c .)" \
		"$(_by_comment "$DIR/it.pcapng")"
}
# [[null, 8], [1, 32], ...] out of the comments of a pcapng file.
_by_comment() {
	python3 - "$1" <<-'P'
		import collections, json, re, struct, sys
		data, at, count = open(sys.argv[1], "rb").read(), 0, collections.Counter()
		while at < len(data):
		    kind, size = struct.unpack_from("=II", data, at)
		    assert size % 4 == 0 and struct.unpack_from("=I", data, at + size - 4)[0] == size
		    if kind == 6:
		        captured = struct.unpack_from("=I", data, at + 20)[0]
		        option = at + 28 + (captured + 3) // 4 * 4
		        code, length = struct.unpack_from("=HH", data, option)
		        assert code == 1
		        text = data[option + 4 : option + 4 + length].decode()
		        found = re.match(r"rule (\d+) ", text)
		        count[int(found[1]) if found else None] += 1
		    at += size
		print(json.dumps(sorted(count.items(), key=lambda i: i[0] or 0), separators=(",", ":")))
	P
}

# Every frame comes back from a worker, while tracers come, and are killed.
a_killed_tracer_loses_no_frame_and_the_next_command_puts_back() {
	local traffic plain i
	lab_up --queues 1
	attach
	_rules 'udp xsk' 'tcp xsk'
	plain=$(hook)
	start_bouncer 0 -p
	tx_bg traffic "$TRAFFIC" -n 20000 -r 2000 -t 5000 tx0
	traffic=$!
	for i in apply trace upgrade; do
		_trace
		_kill
		not_equal "its program is there still" "$(hook)" "$plain"
		case $i in
		apply) check "apply" rx "$RULES" apply rx0 "$DIR/it.rules" ;;
		trace)
			_trace
			kill -INT "$TRACER"
			ends "$TRACER" 0
			;;
		upgrade) check "upgrade" rx "$LOADER" upgrade rx0 ;;
		esac
		equal "after $i the plain program is there" "$(hook)" "$(_pinned)"
	done
	wait "$traffic"
	equal "every frame came back, once, unchanged" $? 0
	equal "all were counted" "$(counter packets)" 20000
	stop_bouncer
	_trace
	_kill
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS")" ""
}

# Nothing but the hook tells of it then, and on the hook is the tracing program.
a_traced_instance_lives_without_the_pin_of_its_link() {
	lab_up
	attach
	_trace
	rm "$PINS/rx0/link"
	check "clean" rx "$LOADER" clean
	check "its pins stay" test -e "$PINS/rx0/meta"
	kill -INT "$TRACER"
	ends "$TRACER" 0
	becomes "nobody holds the link any more" 3 xdp_is_off
	check "clean" rx "$LOADER" clean
	equal "pins" "$(ls "$PINS")" ""
}

killed_at_any_moment_it_leaves_a_program_that_works() {
	local ms
	lab_up --queues 1
	attach
	_rules 'udp sport 1 drop'
	for ms in 0 20 50 100 200 300 400 600 800 1000; do
		rx_bg killed "$RULES" trace rx0
		sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		not_equal "hook after a kill at $ms ms" "$(hook)" ""
		check "ping after a kill at $ms ms" tx ping -q -c 1 -W 1 198.18.0.2
	done
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	equal "the plain program is there" "$(hook)" "$(_pinned)"
}

# A signal, a reader who goes, a full disk: the plain program is put back.
however_it_ends_the_plain_program_comes_back() {
	local signal
	lab_up --queues 1
	attach
	_rules 'udp drop'
	for signal in INT TERM HUP; do
		_trace
		kill -s "$signal" "$TRACER"
		ends "$TRACER" 0
		equal "after $signal" "$(hook)" "$(_pinned)"
	done
	(rx "$RULES" trace rx0 2>"$DIR/pipe.log" | head -n 1 >/dev/null) &
	becomes "it traces" 20 _hook_is_not "$(_pinned)"
	becomes "its reader has gone" 20 _sent_until_back
	wait $!
	refuses "a full disk" 1 'cannot write /dev/full: No space left' rx "$RULES" trace -w /dev/full rx0
	equal "then" "$(hook)" "$(_pinned)"
	refuses "no such folder" 1 'cannot write /none/x' rx "$RULES" trace -w /none/x rx0
	equal "then" "$(hook)" "$(_pinned)"
}
_sent_until_back() {
	tx "$TRAFFIC" -o -n 10 -p udp4 tx0
	[[ $(hook) = "$(_pinned)" ]]
}

two_tracers_do_not_meet() {
	lab_up --queues 1
	attach
	_rules 'udp drop'
	_trace
	refuses "a second one" 1 "process $TRACER traces it already" rx "$RULES" trace rx0
	check "apply meanwhile" rx "$RULES" apply rx0 "$DIR/it.rules"
	_hook_is_not "$(_pinned)" || fail "apply has put the plain program back under a living tracer"
	_send -n 4 -p udp4
	_end
	equal "the first one goes on" "$(_said .matched)" 4
}

what_takes_the_instance_away_ends_a_trace() {
	lab_up --queues 1
	attach
	_rules 'udp drop' 'tcp drop'
	_trace
	check "upgrade" rx "$LOADER" upgrade rx0
	ends "$TRACER" 1
	contains "it says" "$(cat "$DIR/trace.log")" 'another program took'
	equal "the new one is there" "$(hook)" "$(_pinned)"
	_trace 2
	printf 'tcp drop\n' >"$DIR/other.rules"
	check "other rules" rx "$RULES" apply rx0 "$DIR/other.rules"
	ends "$TRACER" 1
	contains "it says" "$(cat "$DIR/trace.log")" 'rules have changed'
	_trace
	_send -n 2 -p tcp4
	becomes "both" 10 _has_frames 2
	check "apply under a trace of all" rx "$RULES" apply rx0 "$DIR/it.rules"
	_send -n 2 -p tcp4
	becomes "both" 10 _has_frames 4
	equal "each with its own set's line" "$(_frames 'map(.rule)')" '[1,1,2,2]'
	check "attach --replace" rx "$LOADER" attach --replace rx0
	ends "$TRACER" 1
	_trace
	check "detach" rx "$LOADER" detach rx0
	ends "$TRACER" 1
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS")" ""
	refuses "no instance" 1 "no xsteer instance" rx "$RULES" trace rx0
}
_has_frames() { [[ $(_frames length) = "$1" ]]; }

a_trace_is_no_upgrade_for_who_watches() {
	lab_up --queues 1
	attach
	rx_bg watch "$MAPS" watch -j --delay 50 rx0
	WATCHER=$!
	becomes "present" 10 grep -q present "$DIR/watch.log"
	_trace
	sleep 0.3
	_end
	sleep 0.3
	kill -INT "$WATCHER"
	ends "$WATCHER" 0
	equal "events" "$(jq -r .event "$DIR/watch.log" | xargs)" present
}

frames_in_several_buffers_are_copied_whole() {
	lab_up --queues 1 --mtu 9000
	attach
	_rules 'udp drop'
	_trace
	_send -n 3 -p udp4 -s 8000 -f 1
	_end
	equal "frames" "$(_frames 'map([.length, (.hex | length)]) | unique')" '[[8000,16000]]'
	equal "all" "$(_said .matched)" 3
}

in_skb_mode_it_traces() {
	lab_up --skb --queues 1
	attach -m skb
	_rules 'udp drop'
	_trace
	_send -n 5 -p udp4
	_end
	equal "frames" "$(_said '[.matched, .written]')" '[5,5]'
	equal "mode" "$(hook_mode)" 2
}

beside_other_programs_it_is_refused_with_the_reason() {
	lab_up --queues 1
	rx "$LOADER" attach -P 20 rx0 >"$DIR/attach.log" 2>&1 || skip "no dispatcher: $(cat "$DIR/attach.log")"
	refuses "trace" 1 "dispatcher, which cannot replace one program" rx "$RULES" trace rx0
	pings
}

run_tests "$@"
