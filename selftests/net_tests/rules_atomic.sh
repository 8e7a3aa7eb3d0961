#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2119,SC2120 # helpers with optional arguments
#
# Rule sets are switched as a whole: under traffic, by several processes at once, by one
# that is killed, and when they are rolled back by --confirm.
#
# XS_SWAPS=N: how often sets are swapped under traffic (200).

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
SWAPS=${XS_SWAPS:-200}

# --- helpers ---

_file() { cat >"$DIR/$1.rules"; } # NAME, the rules on stdin
_apply() {                        # NAME [OPTION...]
	check "apply $1" rx "$RULES" apply rx0 "$DIR/$1.rules" "${@:2}"
}
_show() { rx "$RULES" show -j rx0; }
_generation() { _show | jq .generation; }
_in_force() { _show | jq -r '.rules[].text' | xargs -d '\n'; }
# shellcheck disable=SC2016 # jq's variables
_packets() { _show | jq --argjson i "$1" '.rules[$i].packets'; } # RULE, from 0
_send() { check "send $*" tx "$TRAFFIC" -o "$@" tx0; }           # TRAFFIC OPTION...
_counted() { [[ $(counter "$1") = "$2" ]]; }
_counts() { becomes "$1 is $2" 5 _counted "$1" "$2"; } # FIELD NUMBER
_lab_with_sets() {
	lab_up
	attach
	_file old <<<"udp sport 1 drop"
	_file new <<<"udp sport 2 drop"
	_file third <<<"udp sport 3 drop"
}
# What the data path does, found out with a frame; show only reads the maps.
_says() { # NAME: of the set that drops UDP
	local before
	before=$(counter verdict_drop)
	_send -n 4 -p udp4
	(($(counter verdict_drop) == before + ($(grep -c '^udp drop' "$DIR/$1.rules") ? 4 : 0)))
}

# --- counters over a switch ---

counters_of_unchanged_rules_go_on_exactly() {
	local traffic
	lab_up
	attach
	_file a <<<$'udp drop\ntcp sport 10000-20000 drop\nicmp pass'
	_file b <<<$'icmpv6 pass\ntcp sport 10000-30000 drop\nudp drop'
	_apply a
	tx_bg traffic "$TRAFFIC" -o -n 20000 -r 20000 -s 64-80 tx0
	traffic=$!
	for _ in 1 2 3 4 5; do
		_apply b
		contains "one of them is as before" "$OUT" "counters of 1 "
		_apply a
	done
	ends "$traffic" 0
	_counts packets 20000
	equal "udp, in both" "$(_packets 0)" 10000
	((++ASSERTIONS))
	(($(_packets 1) < 10000)) || fail "tcp, changed: $(_packets 1) is not less than all"
	_apply b
	equal "udp" "$(_packets 2)" 10000
	equal "tcp, changed" "$(_packets 1)" 0
	check "the verdicts add up" counters_add_up
	equal "all dropped" "$(counter verdict_drop)" 20000
}

# 100, 150, and not 100 again: it is one rule, whichever set it is in.
a_rollback_leaves_the_counts_of_a_rule_in_both_sets() {
	lab_up
	attach
	_file old <<<$'th dport 0-65535 drop\nicmp pass'
	_file new <<<$'icmp drop\nth dport 0-65535 drop'
	_apply old
	_send -n 100
	equal "before" "$(_packets 0)" 100
	_apply new --confirm 2
	_send -n 50
	equal "in the new set" "$(_packets 1)" 150
	becomes "it is rolled back" 10 _is_rolled_back
	equal "after the rollback" "$(_packets 0)" 150
	_send -n 10
	equal "and on" "$(_packets 0)" 160
	refuses "too late: the rollback is made permanent" 1 "too late" rx "$RULES" confirm rx0
	equal "made permanent" "$(_packets 0)" 160
	_send -n 5
	_apply new
	equal "carried on" "$(_packets 1)" 165
}
_is_rolled_back() { _show | jq -e .rolled_back; }

a_rollback_over_two_applies_leaves_the_counts() {
	lab_up
	attach
	_file old <<<'th dport 0-65535 drop'
	_file new <<<$'icmp drop\nth dport 0-65535 drop'
	_file third <<<$'icmpv6 drop\nth dport 0-65535 drop'
	_apply old
	_send -n 100
	_apply new --confirm 60
	_send -n 50
	_apply third --confirm 2
	_send -n 20
	equal "in the third set" "$(_packets 1)" 170
	becomes "it is rolled back" 10 _is_rolled_back
	equal "after the rollback" "$(_packets 0)" 170
}

an_edited_comment_leaves_the_count() {
	lab_up
	attach
	_file a <<<'th dport 0-65535 drop comment "flood"'
	_file b <<<'th dport 0-65535 drop comment "flood, since May"'
	_file c <<<'th dport 0-65535 drop'
	_apply a
	_send -n 100
	_apply b
	contains "carried" "$OUT" "counters of 1 "
	_send -n 10
	equal "the comment was edited" "$(_packets 0)" 110
	_apply c
	equal "or taken away" "$(_packets 0)" 110
}

a_named_rule_counts_on_when_its_text_changes() {
	lab_up
	attach
	_file a <<<$'udp dport 9999 pass\nudp drop\ntcp drop'
	_file b <<<$'udp dport 9999 pass\nname flood: udp drop comment "since May"\ntcp drop'
	_file c <<<$'name flood: udp dport 0-65535 drop\ntcp drop\nname other: udp drop'
	_file d <<<$'name other: udp dport 0-65535 drop\nname flood: tcp drop'
	_apply a
	_send -n 100 -p udp4
	_apply b
	equal "it got a name" "$(_packets 1)" 100
	_send -n 10 -p udp4
	_apply c
	equal "its text changed" "$(_packets 0)" 110
	equal "a rule without a name goes on by its text" "$(_packets 1)" 0
	equal "and this is not it, though the text is" "$(_packets 2)" 0
	check "show" rx "$RULES" show rx0
	contains "in the input syntax" "$OUT" "^name flood: udp dport 0-65535 drop # packets 110 "
	check "show -j" rx "$RULES" show -j rx0
	equal "names" "$(jq -c '[.rules[].name]' <<<"$OUT")" '["flood",null,"other"]'
	check "export" rx "$MAPS" export rx0
	contains "a series of its own" "$OUT" '^xsteer_rule_packets_total\{interface="rx0",name="flood"\} 110$'
	_apply d
	equal "names were swapped" "$(_packets 0) $(_packets 1)" "0 110"
}

# Set A drops UDP and passes TCP to the kernel, B does the reverse, and no frame should meet
# the default of either.
frames_under_swaps_belong_to_one_set() {
	local traffic i
	lab_up
	attach
	_file a <<<$'udp drop\ntcp pass\ndefault tx'
	_file b <<<$'tcp drop\nudp pass\ndefault tx'
	_apply a
	tx_bg traffic "$TRAFFIC" -o -n 100000000 -r 20000 -s 64-100 tx0
	traffic=$!
	for ((i = 0; i < SWAPS; i += 2)); do
		rx "$RULES" apply rx0 "$DIR/b.rules" >/dev/null || fail "apply b in round $i"
		rx "$RULES" apply rx0 "$DIR/a.rules" >/dev/null || fail "apply a in round $i"
	done
	kill "$traffic"
	wait "$traffic" 2>/dev/null
	sleep 0.2 # for the last frames on the way
	equal "generation" "$(_generation)" $((i + 1))
	# What tx0 sent is what was counted: nothing lost, and each frame once.
	equal "frames" "$(counter packets)" "$(tx ip -j -s link show dev tx0 | jq '.[0].stats64.tx.packets')"
	check "the verdicts add up" counters_add_up
	equal "by no rule" "$(counter reason_default)" 0
	equal "passed and dropped" $(($(counter verdict_pass) + $(counter verdict_drop))) "$(counter packets)"
	not_equal "passed" "$(counter verdict_pass)" 0
	not_equal "dropped" "$(counter verdict_drop)" 0
}

bounced_frames_all_come_back_under_swaps() {
	local traffic i
	lab_up --queues 1
	attach
	_file a <<<$'udp xsk\ntcp xsk slot 0'
	_file b <<<$'tcp xsk else drop\nudp xsk slot 0 else drop'
	_apply a
	start_bouncer 0 -p
	tx_bg traffic "$TRAFFIC" -n 8000 -r 5000 -t 5000 tx0
	traffic=$!
	for ((i = 0; i < 10; i++)); do
		_apply b
		_apply a
	done
	ends "$traffic" 0
	equal "to the socket" "$(counter verdict_xsk)" 8000
	stop_bouncer
}

# --- several, and death ---

two_appliers_at_once_take_turns() {
	local i one
	_lab_with_sets
	for i in 2 4 6 8 10; do
		rx_bg one "$RULES" apply rx0 "$DIR/old.rules"
		one=$!
		_apply new
		ends "$one" 0
		equal "generation" "$(_generation)" "$i"
		contains "one of them" "$(_in_force)" "^udp sport [12] drop$"
	done
}

apply_killed_at_any_moment() {
	local i applied
	_lab_with_sets
	_apply old
	for ((i = 0; i < 20; i++)); do
		rx_bg killed "$RULES" apply rx0 "$DIR/new.rules"
		applied=$!
		sleep "0.$(printf %03d $((RANDOM % 60)))"
		kill -KILL "$applied" 2>/dev/null
		wait "$applied" 2>/dev/null
		contains "a whole set after kill $i" "$(_in_force)" "^udp sport [12] drop$"
		check "show after kill $i" rx "$RULES" show rx0
		_apply old
		equal "the next apply works after kill $i" "$(_in_force)" "udp sport 1 drop"
		equal "meta says so" "$(bpftool -j map dump pinned "$PINS/rx0/meta" |
			jq '.[0].formatted.value.generation')" "$(_generation)"
	done
	pings
	check "the verdicts add up" counters_add_up
}

# Which map the pin of the counters in force is: what it says of the rules' packets.
_pinned() { bpftool -j map dump pinned "$PINS/rx0/rule_stats_map" | jq '[.[].formatted.value.packets] | add'; }
_slots() { bpftool -j map dump pinned "$PINS/rx0/$1" | jq -c '[.[] | select(.value[0] | startswith("0x")) | .key]'; } # MAP
apply_that_cannot_pin_leaves_the_old_set() {
	local sets stats meta
	lab_up
	attach
	_file old <<<"udp drop"
	_file new <<<$'tcp drop\nudp pass'
	_apply old
	sets=$(_slots rule_sets) stats=$(_slots rule_stats) meta=$(bpftool -j map dump pinned "$PINS/rx0/meta")
	check "something in the way" mkdir "$PINS/rx0/%rule_stats_map"
	for options in "" "--confirm 30"; do
		# shellcheck disable=SC2086 # none, or two words
		refuses "apply $options" 1 "rule_stats_map: File exists" \
			rx "$RULES" apply rx0 "$DIR/new.rules" $options
		equal "in force" "$(_in_force)" "udp drop"
		equal "generation" "$(_generation)" 1
		equal "sets" "$(_slots rule_sets)" "$sets"
		equal "counters" "$(_slots rule_stats)" "$stats"
		equal "meta" "$(bpftool -j map dump pinned "$PINS/rx0/meta")" "$meta"
	done
	_send -n 4 -p udp4
	_counts verdict_drop 4
	check "out of the way" rmdir "$PINS/rx0/%rule_stats_map"
	_apply new
	equal "in force" "$(_in_force)" "tcp drop udp pass"
	_send -n 4 -p tcp4
	_counts verdict_drop 8
	equal "the pin is that of the new set" "$(_pinned)" 4
}

# --- interfaces that rules name ---

# Of dev_map, as indexes and upwards; and what that should be.
_devs() { bpftool -j map dump pinned "$PINS/rx0/dev_map" | jq -r '.[].key | "\(.[1])\(.[0])"' | sed 's/0x//g' | sort | xargs; }
_indexes() { # INTERFACE...
	local name
	for name; do printf '%04x\n' "$(rx ip -j link show "$name" | jq '.[0].ifindex')"; done | sort | xargs
}
_out_pairs() { # NUMBER: interfaces out0 in0 out1 in1 ...
	local i
	for ((i = 0; i < $1; i++)); do echo "link add out$i type veth peer name in$i"; done >"$DIR/pairs"
	check "$1 pairs" rx ip -batch "$DIR/pairs"
}
_to_devs() { # PROTOCOL NAME FIRST LAST: a rule for each interface NAME..
	local i
	for ((i = $3; i <= $4; i++)); do echo "$1 dport $i dev $2$i"; done
}
dev_map_holds_what_the_rules_in_force_name() {
	lab_up
	attach
	_out_pairs 3
	_file one <<<"udp dev out0"
	_file two <<<$'udp dev out1\ndefault dev out2'
	_file bad <<<$'udp dev in0\ntcp dev nosuch0'
	_apply one
	equal "one" "$(_devs)" "$(_indexes out0)"
	_apply two
	equal "two" "$(_devs)" "$(_indexes out1 out2)"
	_apply one --confirm 30
	equal "two to fall back to" "$(_devs)" "$(_indexes out0 out1 out2)"
	check "confirm" rx "$RULES" confirm rx0
	equal "one, confirmed" "$(_devs)" "$(_indexes out0)"
	refuses "bad" 1 "no such interface" rx "$RULES" apply rx0 "$DIR/bad.rules"
	equal "nothing of it" "$(_devs)" "$(_indexes out0)"
	_apply two --confirm 1
	sleep 1.2
	refuses "too late" 1 "too late" rx "$RULES" confirm rx0
	equal "one, rolled back" "$(_devs)" "$(_indexes out0)"
	rx ip link del out0
	equal "it takes its entry along" "$(_devs)" ""
	_apply two
	equal "two" "$(_devs)" "$(_indexes out1 out2)"
	check "flush" rx "$RULES" flush rx0
	equal "none" "$(_devs)" ""
}

# 256 at once are what dev_map holds.
rules_may_name_any_number_of_interfaces_over_time() {
	local i
	lab_up
	attach
	_out_pairs 135
	_to_devs udp out 0 89 | _file first
	_to_devs udp in 0 89 | _file second
	(
		_to_devs udp out 90 134
		_to_devs tcp in 90 134
	) | _file third
	for i in first second third first; do _apply "$i"; done
}

# --- --confirm ---

without_confirm_the_data_path_itself_rolls_back() {
	local apply
	lab_up
	attach
	_file open <<<"default pass"
	_file shut <<<"udp drop"
	_apply open
	_apply shut --confirm 1
	check "shut is in force" _says shut
	# nothing of ours runs; no command is given until it is over
	sleep 1.2
	check "open is back" _says open
	check "show" rx "$RULES" show rx0
	contains "show says so" "$OUT" "rolled back"
	contains "show has the old set" "$OUT" "default pass"
	refuses "confirm is too late" 1 "too late|rolled back" rx "$RULES" confirm rx0
	check "open is still back" _says open
	refuses "and once more" 1 "no rule set waits" rx "$RULES" confirm rx0
	# the same when the applying process is killed as soon as it has switched
	rx_bg apply "$RULES" apply rx0 "$DIR/shut.rules" --confirm 1
	apply=$!
	becomes "switched" 3 _is_in_force "udp drop"
	kill -KILL "$apply" 2>/dev/null
	wait "$apply" 2>/dev/null
	sleep 1.2
	check "open is back after a kill" _says open
	_apply shut
	check "the next apply works" _says shut
}
# By each tool that tells it.
_all_say_generation() {
	equal "show" "$(_generation)" "$1"
	equal "status" "$(rx "$LOADER" status -j rx0 | jq '.interfaces[0].generation')" "$1"
	equal "export" "$(rx "$MAPS" export -j rx0 | jq '.instances[0].generation')" "$1"
	equal "the metric" "$(rx "$MAPS" export rx0 | awk '/^xsteer_rule_set_generation/ { print $2 }')" "$1"
}
generation_is_that_of_the_set_in_force() {
	lab_up
	attach
	_file open <<<"default pass"
	_file shut <<<"udp drop"
	_all_say_generation 0
	_apply shut --confirm 4
	_all_say_generation 1
	sleep 4.2
	_all_say_generation 0 # nobody has settled it yet
	_apply open
	_all_say_generation 3 # the way back was a switch, too
	_apply shut --confirm 4
	sleep 4.2
	_all_say_generation 3
	_apply shut --confirm 30
	check "confirm" rx "$RULES" confirm rx0
	_all_say_generation 6
}
_is_in_force() { [[ $(_in_force) = "$1" ]]; }

without_confirm_the_built_in_default_returns() {
	lab_up
	attach
	_file shut <<<"default drop"
	_apply shut --confirm 1
	_send -n 20
	_counts verdict_drop 20
	sleep 1.2
	_send -n 20
	_counts verdict_pass 20
	pings
	equal "no rules" "$(_show | jq -c '[.default, .rules]')" '["default xsk else pass",[]]'
}

confirm_in_time_keeps_the_set() {
	_lab_with_sets
	_apply old
	_apply new --confirm 2
	contains "says what to do" "$OUT" "xsteer-rules confirm rx0"
	check "show" rx "$RULES" show rx0
	contains "show says so" "$OUT" "rolls back in [12] s"
	check "confirm" rx "$RULES" confirm rx0
	equal "kept" "$(_in_force)" "udp sport 2 drop"
	sleep 2.2
	equal "kept for good" "$(_in_force)" "udp sport 2 drop"
	equal "not rolled back" "$(_show | jq .rolled_back)" false
	equal "generation" "$(_generation)" 2
	refuses "confirm again" 1 "no rule set waits" rx "$RULES" confirm rx0
}

a_second_apply_keeps_the_confirmed_set_to_fall_back_to() {
	_lab_with_sets
	_apply old
	_apply new --confirm 30
	_apply third --confirm 1
	equal "third" "$(_in_force)" "udp sport 3 drop"
	sleep 1.2
	equal "back to the last confirmed" "$(_in_force)" "udp sport 1 drop"
	_apply new --confirm 30
	_apply third # without --confirm: for good
	refuses "nothing waits" 1 "no rule set waits" rx "$RULES" confirm rx0
	equal "third" "$(_in_force)" "udp sport 3 drop"
}

flush_ends_a_wait_for_confirm() {
	_lab_with_sets
	_apply old
	_apply new --confirm 1
	check "flush" rx "$RULES" flush rx0
	sleep 1.2
	equal "no rules" "$(_show | jq -c .rules)" '[]'
	equal "generation" "$(_generation)" 3
}

# Readers take no lock: if an apply removes what they read, they read again.
show_holds_out_while_rules_are_applied() {
	local i applies
	_lab_with_sets
	_file empty <<<"default pass"
	seq -f 'udp dport %g drop' 1 300 | _file many
	_apply many
	(
		for ((i = 0; i < 8; i++)); do
			rx "$RULES" apply rx0 "$DIR/old.rules"
			rx "$RULES" apply rx0 "$DIR/many.rules"
			rx "$RULES" flush rx0
		done
	) >"$DIR/applies.log" 2>&1 &
	applies=$!
	while kill -0 "$applies" 2>/dev/null; do
		check "show" rx "$RULES" show -j rx0
		check "a whole set, without packets" jq -e '(.rules | length == 0 or length == 1 or
			length == 300) and all(.rules[]; .packets == 0)' <<<"$OUT"
	done
}

run_tests "$@"
