#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader attach --replace: no frame meets neither the old nor the new instance, and
# after a refusal the old one stays; and attaches that were killed, which the next command
# completes.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

_texts() { rx "$RULES" show -j rx0 | jq -c '[.rules[].text]'; }
_map() { bpftool -j map show pinned "$PINS/rx0/$1" | jq .id; }
_link() { bpftool -j link show pinned "$PINS/rx0/link" | jq .id; }
_old_rules() { echo 'udp sport 1 drop' >"$DIR/old.rules"; }
_new_rules() { echo 'udp sport 2 drop' >"$DIR/new.rules"; }

replace_keeps_the_link_the_sockets_and_the_queue_counters() {
	local traffic i prog link sets
	lab_up --queues 1
	_old_rules
	_new_rules
	attach -r "$DIR/old.rules"
	start_bouncer 0 -p
	bounced -n 100
	link=$(_link) sets=$(_map rule_sets)
	tx_bg traffic "$TRAFFIC" -n 6000 -r 4000 -t 5000 tx0
	traffic=$!
	for i in 1 2 3; do
		prog=$(hook)
		check "replace $i" rx "$LOADER" attach --replace -r "$DIR/new.rules" rx0
		not_equal "program" "$(hook)" "$prog"
		equal "pinned" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" "$(hook)"
		equal "link" "$(_link)" "$link"
		sleep 0.1
	done
	ends "$traffic" 0 # every frame came back, once, unchanged
	equal "rules" "$(_texts)" '["udp sport 2 drop"]'
	not_equal "sets" "$(_map rule_sets)" "$sets"
	equal "frames counted" "$(counter packets)" 6100
	equal "to the socket" "$(counter verdict_xsk)" 6100
	equal "owner" "$(owner_pid 0)" "$LAST_BOUNCER"
	check "the number of the rules rose" test "$(rx "$RULES" show -j rx0 | jq .generation)" -ge 4
	stop_bouncer
	not_equal "it is not the bouncer's to take away" "$(hook)" ""
	equal "pins" "$(ls "$PINS")" rx0
}

# An explicit attach makes it stay, whoever attached it before.
replaced_under_a_bouncer_that_attached_it_stays() {
	lab_up --queues 1
	start_bouncer 0 -p
	check "replace" rx "$LOADER" attach --replace rx0
	bounced -n 100
	stop_bouncer
	not_equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS")" rx0
}

replace_without_rules_leaves_none() {
	lab_up
	_old_rules
	attach -r "$DIR/old.rules"
	attach --replace
	contains "it is said" "$OUT" "the 1 rule that was in force is gone"
	equal "rules" "$(_texts)" '[]'
	attach --replace
	[[ $OUT != *gone* ]] || fail "there was none: $OUT"
	pings
}

replace_with_an_error_in_the_rules_keeps_the_old() {
	local prog
	lab_up
	_old_rules
	attach -r "$DIR/old.rules"
	prog=$(hook)
	echo 'udp sprot 2 drop' >"$DIR/bad.rules"
	refuses "replace" 1 "bad.rules" rx "$LOADER" attach --replace -r "$DIR/bad.rules" rx0
	equal "hook" "$(hook)" "$prog"
	equal "rules" "$(_texts)" '["udp sport 1 drop"]'
	equal "pins" "$(ls "$PINS")" rx0
}

replace_changes_the_mode() {
	lab_up
	_old_rules
	attach -m skb -r "$DIR/old.rules"
	equal "skb" "$(hook_mode)" 2
	attach --replace -r "$DIR/old.rules"
	equal "the mode stays where none is asked for" "$(hook_mode)" 2
	attach --replace -P 20 -r "$DIR/old.rules"
	equal "nor does it change with the way" "$(hook_mode)" 2
	attach --replace -r "$DIR/old.rules"
	equal "and back" "$(hook_mode)" 2
	attach --replace -m native -r "$DIR/old.rules"
	equal "native" "$(hook_mode)" 1
	equal "rules" "$(_texts)" '["udp sport 1 drop"]'
	equal "pins" "$(ls "$PINS")" rx0
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
}

# A veth that receives on fewer queues than its peer sends on has no native mode.
replace_by_a_mode_that_is_refused_puts_the_old_back() {
	lab_up
	rx ip link add va0 numrxqueues 4 numtxqueues 4 type veth peer name vb0 numrxqueues 4 numtxqueues 4 ||
		skip "no veth of 4 queues"
	rx ethtool -L va0 rx 1 tx 1 || skip "no ethtool -L on veth"
	rx ethtool -L vb0 rx 4 tx 4 || fail "queues of the peer"
	_old_rules
	check "skb" rx "$LOADER" attach -m skb -r "$DIR/old.rules" va0
	local prog
	prog=$(hook va0)
	((++ASSERTIONS))
	OUT=$(rx "$LOADER" attach --replace -m native va0 2>&1) && skip "this kernel does not refuse it"
	contains "why" "$OUT" "refused to attach in native mode"
	contains "and what is there" "$OUT" "the earlier program is on the hook again"
	equal "hook" "$(hook va0)" "$prog"
	equal "rules" "$(rx "$RULES" show -j va0 | jq -c '[.rules[].text]')" '["udp sport 1 drop"]'
	equal "state" "$(rx "$LOADER" status -j va0 | jq -r '.interfaces[0] | [.state, .mode] | join(" ")')" "attached skb"
	equal "pins" "$(ls "$PINS")" va0
	check "upgrade" rx "$LOADER" upgrade va0
	check "detach" rx "$LOADER" detach va0
	equal "hook" "$(hook va0)" ""
}

replace_of_a_dispatchers_program_leaves_one() {
	local prog
	lab_up
	_old_rules
	_new_rules
	attach -P 20 -r "$DIR/old.rules"
	prog=$(hook)
	attach --replace -P 20 -r "$DIR/new.rules"
	not_equal "program" "$(hook)" "$prog"
	equal "rules" "$(_texts)" '["udp sport 2 drop"]'
	equal "pins" "$(ls "$PINS")" rx0
	equal "state" "$(rx "$LOADER" status -j rx0 | jq -r '.interfaces[0].state')" attached
	check "to a link of its own" rx "$LOADER" attach --replace -r "$DIR/old.rules" rx0
	equal "by" "$(rx "$LOADER" status -j rx0 | jq -r '.interfaces[0].by')" link
	check "and back" rx "$LOADER" attach --replace -P 20 -r "$DIR/new.rules" rx0
	equal "rules" "$(_texts)" '["udp sport 2 drop"]'
	check "detach" rx "$LOADER" detach rx0
	becomes "nothing is left on the hook" 5 xdp_is_off
	equal "pins" "$(ls "$PINS")" ""
}

# --- killed on the way ---

# As it is after a kill before the last step: frames already meet the rules.
_unnamed() { # OPTION...
	_new_rules
	attach -r "$DIR/new.rules" "$@"
	check "not published" mv "$PINS/rx0" "$PINS/%new-rx0"
}

attach_killed_before_its_name_is_completed_by_attach() {
	local how prog
	lab_up
	for how in "" "-P 20"; do
		# shellcheck disable=SC2086
		_unnamed $how
		prog=$(hook)
		# shellcheck disable=SC2086
		check "attach" rx "$LOADER" attach $how rx0
		contains "said" "$OUT" "is completed"
		contains "and it is there" "$OUT" "already attached"
		equal "hook" "$(hook)" "$prog"
		equal "rules" "$(_texts)" '["udp sport 2 drop"]'
		equal "pins" "$(ls "$PINS")" rx0
		check "detach" rx "$LOADER" detach rx0
		becomes "nothing is left on the hook" 5 xdp_is_off
	done
}

attach_killed_before_its_name_is_detached() {
	lab_up
	_unnamed
	check "detach" rx "$LOADER" detach rx0
	contains "said" "$OUT" "rx0: detached"
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS")" ""
}

clean_completes_what_frames_meet() {
	local prog
	lab_up
	_unnamed
	prog=$(hook)
	check "dry run" rx "$LOADER" clean --dry-run
	contains "would" "$OUT" "would be completed"
	equal "untouched" "$(ls "$PINS")" "%new-rx0"
	check "clean" rx "$LOADER" clean
	equal "hook" "$(hook)" "$prog"
	equal "pins" "$(ls "$PINS")" rx0
	equal "rules" "$(_texts)" '["udp sport 2 drop"]'
}

# The old one's pins are beside, with the link that is in use.
what_was_replaced_goes_without_the_link() {
	local prog
	lab_up
	_old_rules
	attach -r "$DIR/old.rules"
	check "keep pins of the old one" mkdir "$PINS/%old-rx0"
	check "its program" bpftool prog pin pinned "$PINS/rx0/prog" "$PINS/%old-rx0/prog"
	check "its link" bpftool link pin pinned "$PINS/rx0/link" "$PINS/%old-rx0/link"
	check "another program in the link" rx "$LOADER" upgrade rx0
	attach --replace
	prog=$(hook)
	not_equal "hook" "$prog" ""
	equal "pins" "$(ls "$PINS")" rx0
}

detach_killed_halfway_is_done_by_the_next() {
	lab_up
	attach
	check "on its way" mv "$PINS/rx0" "$PINS/%old-rx0"
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS")" ""
	refuses "once more" 1 "no xsteer instance" rx "$LOADER" detach rx0
}

run_tests "$@"
