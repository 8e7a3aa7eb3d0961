#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2016 # back quotes of Markdown
#
# Dynamic sets on a veth: their members come and go without an apply, outlive it, end in time,
# and go with the rules that declare them.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

# --- helpers ---

_rules() { # TEXT [OPTION...]
	printf '%b\n' "$1" >"$DIR/it.rules"
	check "apply $1" rx "$RULES" apply rx0 "$DIR/it.rules" "${@:2}"
}
_set() { rx "$RULES" set "$@"; }
_list() { _set list rx0 "${1:-s}" | sed 's/ timeout .*/ timeout/' | xargs -d '\n' | sed 's/ *$//'; }
_lists() { equal "$1" "$(_list "${3:-s}")" "$2"; } # SENTENCE MEMBERS [SET]

# What becomes of a UDP frame from that address, with the rules and members that are there.
_verdict() { # ADDRESS
	local hex
	# shellcheck disable=SC2046 # four numbers
	hex=$(printf '%02x' $(tr . ' ' <<<"$1"))
	hex=020000000002020000000001080045000021000000004011000"0${hex}c6120001"27100009000d0000
	rx "$RULES" explain -j -d rx0 --hex "$hex$(printf '%026d' 0)" | jq -r .verdict
}
_lab() { # RULES
	lab_up
	attach
	_rules "$1"
}
_one='set s { type ip; }\nip saddr @s drop\ndefault pass'

# --- the command ---

members_are_added_listed_and_removed() {
	_lab "$_one"
	equal "empty" "$(_verdict 192.0.2.7)" pass
	check "add" _set add rx0 s 192.0.2.7 198.51.100.9/24
	contains "says so" "$OUT" "2 members added"
	_lists "in order, prefixes without host bits" "192.0.2.7 198.51.100.0/24"
	equal "a member" "$(_verdict 192.0.2.7)" drop
	equal "in the prefix" "$(_verdict 198.51.100.255)" drop
	equal "behind it" "$(_verdict 198.51.101.0)" pass
	check "again, for an hour" _set add rx0 s 192.0.2.7 timeout 1h
	_lists "with its time" "192.0.2.7 timeout 198.51.100.0/24"
	check "del" _set del rx0 s 192.0.2.7 198.51.100.7 10.0.0.1
	contains "exactly what was there" "$OUT" "1 member removed"
	equal "no member" "$(_verdict 192.0.2.7)" pass
	check "flush" _set flush -d rx0 s
	_lists "nothing left" ""
	contains "the set is still there" "$(rx "$RULES" show rx0)" "^set s \{ type ip; size 65536; \} # 0 members"
}

the_json_says_the_same() {
	_lab 'set s { type ip6; timeout 1h; size 9; }\nip6 saddr @s drop'
	equal "add" "$(_set add -j rx0 s 2001:db8::1 2001:db8:1::/48 timeout 0s | jq -c '[.set, .added]')" '["s",2]'
	equal "and a member with the set's time" "$(_set add -j rx0 s ::1 | jq .added)" 1
	check "list" _set list -j rx0 s
	equal "list" "$(jq -c '[.type, .size, .timeout_seconds, [.members[].member]]' <<<"$OUT")" \
		'["ip6",9,3600,["::1","2001:db8::1","2001:db8:1::/48"]]'
	equal "one ends" "$(jq -c '[.members[] | .expires_seconds // 0 | . > 3500]' <<<"$OUT")" '[true,false,false]'
	equal "show" "$(rx "$RULES" show -j rx0 | jq -c '.sets')" \
		'[{"name":"s","type":"ip6","size":9,"timeout_seconds":3600,"members":3}]'
	equal "del" "$(_set del -j rx0 s ::1 ::2 | jq .removed)" 1
	equal "flush" "$(_set flush -j rx0 s | jq .removed)" 2
}

a_hundred_thousand_come_by_standard_input() {
	local i
	_lab 'set s { type ip; size 100000; }\nip saddr @s drop\ndefault pass'
	for ((i = 0; i < 100000; i++)); do
		echo "10.$((i >> 16 & 255)).$((i >> 8 & 255)).$((i & 255)) # number $i"
	done >"$DIR/bulk"
	check "bulk" rx "$RULES" set add rx0 s - <"$DIR/bulk"
	contains "all" "$OUT" "100000 members added"
	equal "the last one" "$(_verdict 10.1.134.159)" drop
	equal "and no more" "$(_verdict 10.1.134.160)" pass
	refuses "one more" 1 "set 's' is full, it has room for 100000 members: give it a larger size" _set add rx0 s 11.0.0.1
	check "one that is there" _set del rx0 s 10.0.0.0
	check "makes room" _set add rx0 s 11.0.0.1
	_set list rx0 s >"$DIR/kept"
	equal "listed" "$(wc -l <"$DIR/kept")" 100000
	check "flush" _set flush rx0 s
	check "what list printed is read again" rx "$RULES" set add rx0 s - <"$DIR/kept"
	equal "all of it" "$(_set list rx0 s | cmp - "$DIR/kept" && echo same)" same
}

a_wrong_element_changes_nothing() {
	_lab "$_one"
	refuses "a name" 1 "'localhost' is no IPv4 address or prefix, and nothing is changed" \
		_set add rx0 s 192.0.2.1 localhost
	refuses "the other family" 1 "'::1' is no IPv4 address" _set add rx0 s ::1
	refuses "a prefix too long" 1 "'10.0.0.0/33' is no IPv4" _set del rx0 s 10.0.0.0/33
	refuses "a time" 1 "'timeout soon': give a time such as" _set add rx0 s 192.0.2.1 timeout soon
	refuses "no time" 1 "'timeout ': give a time" _set add rx0 s 192.0.2.1 timeout
	printf '192.0.2.1\n192.0.2.2 x\n' >"$DIR/bad"
	refuses "in line 2" 1 "line 2: 'x' is no IPv4" rx "$RULES" set add rx0 s - <"$DIR/bad"
	_lists "nothing is there" ""
}

wrong_usage_is_told() {
	refuses "nothing to do" 2 "say what to do: add, del, list or flush" "$RULES" set frob rx0 s
	refuses "no set" 2 "give the interface and the set's name" "$RULES" set list rx0
	refuses "no element" 2 "give addresses or prefixes" "$RULES" set add rx0 s
	refuses "too much" 2 "too many operands: 'x'" "$RULES" set list rx0 s x
}

a_set_that_is_not_there_is_named() {
	lab_up
	refuses "no instance" 1 "rx0" _set add rx0 s 192.0.2.1
	attach
	refuses "no rules" 1 "declare no set 's', but these: none" _set add rx0 s 192.0.2.1
	_rules 'set a { type ip; }\nset b { type ip6; }\nudp drop'
	refuses "another" 1 "declare no set 's', but these: a, b; a rule file declares it" _set list rx0 s
	rx ip link del rx0
	refuses "a dead instance" 1 "rx0" _set add rx0 a 192.0.2.1
}

who_may_not_look_is_told() {
	_lab "$_one"
	public_copy "$RULES"
	refuses "nobody" 1 "permission denied" rx setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all "$DIR/xsteer-rules" set add rx0 s 192.0.2.1
	refuses "root without rights" 1 "permitted|permission" \
		rx setpriv --inh-caps=-all --bounding-set=-all "$DIR/xsteer-rules" set add rx0 s 192.0.2.1
	_lists "nothing was changed" ""
}

# --- with the rules ---

members_survive_an_apply_that_declares_the_set() {
	_lab "$_one"
	check "add" _set add rx0 s 192.0.2.7 10.0.0.1 timeout 1h
	_rules 'set s { type ip; timeout 5m; elements { 192.0.2.8, 192.0.2.7 } }\nudp ip saddr @s drop\ndefault pass'
	_lists "with the file's elements" "10.0.0.1 timeout 192.0.2.7 timeout 192.0.2.8 timeout"
	contains "one that was there keeps its time" "$(_set list rx0 s)" "192.0.2.7 timeout (1h|5[0-9]m)"
	equal "in the new rules" "$(_verdict 192.0.2.7)" drop
	check "a member goes" _set del rx0 s 192.0.2.7
	_rules 'set other { type ip; }\nset s { type ip; }\nip saddr @s drop\ndefault pass'
	_lists "and stays away, whatever place the set has" "10.0.0.1 timeout 192.0.2.8 timeout"
	equal "asked" "$(_verdict 10.0.0.1)" drop
	check "other" _set add rx0 other 10.0.0.2
	equal "each has its own" "$(_verdict 10.0.0.2)" pass
}

a_set_goes_with_the_rules_and_it_is_said() {
	_lab "$_one"
	check "add" _set add rx0 s 192.0.2.7 10.0.0.0/8
	check "it has a pin" test -e "$PINS/rx0/set_s"
	echo 'udp drop' >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	contains "said" "$OUT" "do not declare the set 's' any more: it is removed, with 2 members"
	check "the pin is gone" test ! -e "$PINS/rx0/set_s"
	_rules "$_one"
	_lists "a new one begins empty" ""
	check "add" _set add rx0 s 192.0.2.7
	check "flush of all rules" rx "$RULES" flush rx0
	contains "said" "$OUT" "it is removed, with 1 member"
	check "detach" rx "$LOADER" detach rx0
	equal "nothing is left" "$(ls -A "$PINS")" ""
}

a_rollback_takes_back_the_sets_on_trial() {
	_lab "$_one"
	check "add" _set add rx0 s 192.0.2.7
	_rules 'set t { type ip; elements { 192.0.2.8 } }\nip saddr @t drop\ndefault pass' --confirm 15
	equal "on trial" "$(_verdict 192.0.2.8)" drop
	check "both have pins" test -e "$PINS/rx0/set_s" -a -e "$PINS/rx0/set_t"
	becomes "rolled back" 40 _is_member 192.0.2.7
	equal "the old members" "$(_verdict 192.0.2.8)" pass
	refuses "too late" 1 "too late" rx "$RULES" confirm rx0
	check "one pin is gone" test -e "$PINS/rx0/set_s" -a ! -e "$PINS/rx0/set_t"
	_rules 'set t { type ip; }\nip saddr @t drop' --confirm 60
	check "confirm" rx "$RULES" confirm rx0
	contains "the old set goes only now" "$OUT" "set 's' any more"
	check "pins" test ! -e "$PINS/rx0/set_s" -a -e "$PINS/rx0/set_t"
}
_is_member() { [[ $(_verdict "$1") = drop ]]; }

another_size_keeps_the_members_another_type_is_refused() {
	local before
	_lab 'set s { type ip; size 2; }\nip saddr @s drop\ndefault pass'
	check "add" _set add rx0 s 192.0.2.7 192.0.2.8 timeout 1h
	refuses "full" 1 "room for 2 members" _set add rx0 s 192.0.2.9
	before=$(bpftool -j map show pinned "$PINS/rx0/set_s" | jq .id)
	echo 'set s { type ip; size 3; }' >"$DIR/it.rules"
	refuses "on trial" 1 "it.rules:1: set s: its size changes" rx "$RULES" apply --confirm 9 rx0 "$DIR/it.rules"
	_rules 'set s { type ip; size 3; }\nip saddr @s drop\ndefault pass'
	check "one more" _set add rx0 s 192.0.2.9
	_lists "all" "192.0.2.7 timeout 192.0.2.8 timeout 192.0.2.9"
	not_equal "the pin leads to the new map" "$(bpftool -j map show pinned "$PINS/rx0/set_s" | jq .id)" "$before"
	echo 'set s { type ip; size 2; }' >"$DIR/it.rules"
	refuses "too small" 1 "it has 3 members, more than its new size 2" rx "$RULES" apply rx0 "$DIR/it.rules"
	echo 'set s { type ip; size 3; elements { 10.0.0.1 } }' >"$DIR/it.rules"
	refuses "no room for elements" 1 "room for 3 members, and 3 are there beside 1 new" rx "$RULES" apply rx0 "$DIR/it.rules"
	echo 'set s { type ip6; size 3; }' >"$DIR/it.rules"
	refuses "another type" 1 "addresses of the other family" rx "$RULES" apply rx0 "$DIR/it.rules"
	equal "the old rules hold" "$(_verdict 192.0.2.9)" drop
	_lists "with their members" "192.0.2.7 timeout 192.0.2.8 timeout 192.0.2.9"
}

members_that_are_over_make_room() {
	_lab 'set s { type ip; size 2; }\nip saddr @s drop\ndefault pass'
	check "add" _set add rx0 s 192.0.2.7 192.0.2.8 timeout 100ms
	sleep 0.2
	equal "over" "$(_verdict 192.0.2.7)" pass
	_lists "and not listed" ""
	check "room for others" _set add rx0 s 10.0.0.1 10.0.0.2
	_lists "the others" "10.0.0.1 10.0.0.2"
}

apply_killed_at_any_moment_keeps_the_members() {
	local ms
	_lab "$_one"
	check "add" _set add rx0 s 192.0.2.7
	for ms in 0 2 4 6 8 10 15 20 30 40; do
		printf 'set s { type ip; }\nset t%d { type ip; elements { 10.0.0.%d } }\nip saddr @s drop\nip saddr @t%d drop\ndefault pass\n' \
			"$ms" "$ms" "$ms" >"$DIR/it.rules"
		rx_bg killed "$RULES" apply rx0 "$DIR/it.rules"
		sleep "0.$(printf %03d "$ms")"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		equal "a member after a kill at $ms ms" "$(_verdict 192.0.2.7)" drop
	done
	_rules "$_one"
	_lists "all the same" "192.0.2.7"
	equal "pins" "$(cd "$PINS/rx0" && echo set_* %*)" "set_s %*"
}

upgrade_keeps_sets_and_members() {
	_lab "$_one"
	check "add" _set add rx0 s 192.0.2.7
	check "upgrade" rx "$LOADER" upgrade rx0
	equal "a member" "$(_verdict 192.0.2.7)" drop
	check "add" _set add rx0 s 192.0.2.8
	equal "one more" "$(_verdict 192.0.2.8)" drop
}

# --- others ---

another_program_fills_the_map() {
	_lab 'set blocked { type ip; }\nip saddr @blocked drop\ndefault pass'
	sed -n '/^bpftool map update/,/^```/{/^```/!p}' "$ROOT/docs/dynamic-sets.md" | sed "s/IF/rx0/" >"$DIR/recipe"
	check "as the page says" bash "$DIR/recipe"
	_lists "a member" "192.0.2.7" blocked
	equal "for the data path" "$(_verdict 192.0.2.7)" drop
	check "BTF" jq -e '.[0].formatted.value.prefixlen == 32 and .[0].formatted.key.addr[0] == 192' \
		<<<"$(bpftool -j map dump pinned "$PINS/rx0/set_blocked")"
	sed 's/map update/map delete/; /value/d; s/\\$//' "$DIR/recipe" | tr '\n' ' ' >"$DIR/undo"
	check "and taken out" bash "$DIR/undo"
	equal "no member" "$(_verdict 192.0.2.7)" pass
}

real_frames_meet_the_members() {
	_lab 'set s { type ip; }\nip saddr @s drop\ndefault drop'
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 20 tx0
	equal "no member yet" "$(rx "$RULES" show -j rx0 | jq '.rules[0].packets')" 0
	check "add" _set add rx0 s 0.0.0.0/0
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 20 tx0
	becomes "all are dropped by the rule" 5 _dropped 20
	check "flush" _set flush rx0 s
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 20 tx0
	becomes "all are counted" 5 has_counted 60
	check "and no more by the rule" _dropped 20
	check "the verdicts add up" counters_add_up
}
_dropped() { [[ $(rx "$RULES" show -j rx0 | jq '.rules[0].packets') = "$1" ]]; }

# What the page says, with its own words.
_recipe() { # HEADING LINE-REGEX
	awk -v heading="### $1" '/^### / { on = $0 == heading } on' "$ROOT/docs/dynamic-sets.md" | grep -E "$2" ||
		fail "docs/dynamic-sets.md: no such line under $1"
}

the_recipe_for_fail2ban_works() {
	local action
	_lab 'set blocked { type ip; timeout 1h; }\nip saddr @blocked drop\ndefault pass'
	for action in ban unban flush; do
		_recipe fail2ban "^action$action = " | sed "s/^[^=]*= //; s/<iface>/rx0/; s/<set>/blocked/; s/<ip>/192.0.2.7/; s/<bantime>/600/
			s,xsteer-rules,$RULES," >"$DIR/$action"
	done
	check "ban" rx bash "$DIR/ban"
	equal "banned" "$(_verdict 192.0.2.7)" drop
	contains "for its time" "$(_set list rx0 blocked)" "192.0.2.7 timeout (10m|9m)"
	check "unban" rx bash "$DIR/unban"
	check "unban once more" rx bash "$DIR/unban"
	equal "not banned" "$(_verdict 192.0.2.7)" pass
	check "ban" rx bash "$DIR/ban"
	check "flush" rx bash "$DIR/flush"
	equal "nobody is" "$(_verdict 192.0.2.7)" pass
}

the_recipe_for_a_blocklist_works() {
	_lab 'set blocked { type ip; }\nip saddr @blocked drop\ndefault pass'
	printf '# a list\n192.0.2.0/24 ; SBL1\n\n198.51.100.7\n' >"$DIR/list.txt"
	awk '/^### / { on = /blocklist/ } on && /^```/ { block = !block; next } on && block' "$ROOT/docs/dynamic-sets.md" |
		sed "s,^curl .* && ,,; s/ IF / rx0 /; s,xsteer-rules,$RULES," >"$DIR/refresh"
	(cd "$DIR" && check "refresh" rx bash "$DIR/refresh") || exit 1
	_lists "both, with a time" "192.0.2.0/24 timeout 198.51.100.7 timeout" blocked
	equal "blocked" "$(_verdict 192.0.2.200)" drop
}

the_recipe_for_a_stream_works() {
	_lab 'set blocked { type ip; }\nip saddr @blocked drop\ndefault pass'
	_recipe "A stream of decisions" '^decisions' | sed "s/ IF / rx0 /; s,xsteer-rules,$RULES," >"$DIR/stream"
	check "stream" rx bash -c "decisions() { printf '%s\n' '192.0.2.7 timeout 4h' '10.0.0.0/8'; }; . '$DIR/stream'"
	_lists "both" "10.0.0.0/8 192.0.2.7 timeout" blocked
}

run_tests "$@"
