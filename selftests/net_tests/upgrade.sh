#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader upgrade: another program replaces the running one under traffic; sockets,
# counters and rules stay.
#
# XS_UPGRADES=N upgrades N times instead of 5 while numbered frames come. 1000, as before a release:
#	XS_UPGRADES=1000 XS_TIMEOUT=3000 selftests/runner upgraded_again_and_again

. "$(dirname "$0")/lib.sh"

upgrades=${XS_UPGRADES:-5}
RULES=$O/xsteer-rules

_show() { rx "$RULES" show -j rx0; }

upgrade_loses_no_frame_and_keeps_socket_counters_and_rules() {
	local before traffic i
	lab_up --queues 1
	attach
	echo 'udp xsk comment "kept"' >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	start_bouncer 0 -p
	bounced -n 200
	equal "counted before" "$(_show | jq '.rules[0].packets')" 100
	before=$(hook)
	tx_bg traffic "$TRAFFIC" -n 6000 -r 4000 -t 5000 tx0
	traffic=$!
	for i in 1 2 3; do
		check "upgrade $i" rx "$LOADER" upgrade -j rx0
		# shellcheck disable=SC2016 # jq's $id
		check "its JSON" jq -e --argjson id "$before" '.instances[0].old_prog_id == $id and
			.instances[0].prog_id != $id and .instances[0].interface == "rx0"' <<<"$OUT"
		not_equal "program after upgrade $i" "$(hook)" "$before"
		before=$(hook)
		equal "pinned" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" "$before"
		sleep 0.1
	done
	ends "$traffic" 0 # every frame came back, once, unchanged
	equal "frames counted" "$(counter packets)" 6200
	equal "to the socket" "$(counter verdict_xsk)" 6200
	equal "by the rule" "$(_show | jq -c '.rules[0] | [.text, .packets]')" '["udp xsk comment \"kept\"",3100]'
	equal "generation" "$(_show | jq .generation)" 1
	equal "owner" "$(owner_pid 0)" "$LAST_BOUNCER"
	check "the verdicts add up" counters_add_up
	stop_bouncer
}

upgraded_again_and_again_it_loses_nothing() {
	local i before
	lab_with_gro 1
	attach -m native
	echo 'udp xsk comment "kept"' >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	start_bouncer 0 -p --frames 32768
	start_flood
	for ((i = 1; i <= upgrades; i++)); do
		before=$(hook)
		check "upgrade $i" rx "$LOADER" upgrade rx0
		not_equal "program after upgrade $i" "$(hook)" "$before"
	done
	frames_come
	end_flood
	echo "# upgraded $upgrades times: $(flood_said sent) frames sent"
	equal "returned" "$(flood_said returned)" "$(flood_said sent)"
	equal "by the rule" "$(_show | jq '.rules[0].packets')" "$(flood_said sent)"
	check "the verdicts add up" counters_add_up
	stop_bouncer
}

upgrade_killed_at_any_moment() {
	local ms
	lab_up
	attach
	echo 'udp sport 1 drop' >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	for ms in 0 5 10 15 20 25 30 40 50 60 80 100; do
		rx_bg killed "$LOADER" upgrade rx0
		sleep "0.$(printf %03d "$ms")"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		not_equal "hook after a kill at $ms ms" "$(hook)" ""
		check "ping after a kill at $ms ms" tx ping -q -c 1 -W 1 198.18.0.2
		equal "rules after a kill at $ms ms" "$(_show | jq -r '.rules[].text')" "udp sport 1 drop"
	done
	check "upgrade" rx "$LOADER" upgrade rx0
	equal "pinned" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" "$(hook)"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls -A "$PINS")" ""
}

# Both write meta: neither undoes what the other wrote.
upgrade_and_apply_at_once_both_hold() {
	local i upgrade
	lab_up
	attach
	echo 'udp drop' >"$DIR/it.rules"
	for i in 1 2 3 4 5; do
		rx_bg upgrade "$LOADER" upgrade rx0
		upgrade=$!
		check "apply $i" rx "$RULES" apply rx0 "$DIR/it.rules"
		ends "$upgrade" 0
		equal "generation of the set" "$(_show | jq .generation)" "$i"
		equal "generation in meta" \
			"$(bpftool -j map dump pinned "$PINS/rx0/meta" | jq '.[0].formatted.value.generation')" "$i"
	done
}

upgrade_without_an_instance_says_so() {
	lab_up
	refuses "upgrade" 1 "rx0" rx "$LOADER" upgrade rx0
	attach_foreign xdpdrv
	refuses "upgrade beside a foreign program" 1 "rx0" rx "$LOADER" upgrade rx0
	not_equal "theirs" "$(hook)" ""
	refuses "no operand" 2 "IF" rx "$LOADER" upgrade
}

upgrade_keeps_the_mode() {
	lab_up --skb
	attach -m skb
	check "upgrade" rx "$LOADER" upgrade rx0
	equal "mode" "$(hook_mode)" 2
	pings
}

# The last commit whose sets have the oldest layout that this tree reads; or XS_OLDER, for the others:
#	XS_OLDER=COMMIT XS_TIMEOUT=900 selftests/runner there_and_back
_older_commit() {
	local oldest first
	[[ -z ${XS_OLDER-} ]] || {
		git -C "$ROOT" rev-parse -q --verify "$XS_OLDER^{commit}"
		return
	}
	oldest=$(sed -n 's/^#define XS_SET_LAYOUT_OLDEST \([0-9]*\).*/\1/p' "$ROOT/maps/rule_set.h")
	first=$(git -C "$ROOT" log --format=%H -S"#define XS_SET_LAYOUT $((oldest + 1))" -- maps/rule_set.h | tail -n 1)
	[[ $first ]] && git -C "$ROOT" rev-parse -q --verify "$first^{commit}^"
}

# Tools of that commit, in $OLDER; built once for each tree.
_build_older() {
	local commit dir
	git -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1 || skip "the source is not in git: no older build to be had"
	[[ $(git -C "$ROOT" rev-parse --is-shallow-repository) = false ]] || skip "a shallow clone has no older build"
	commit=$(_older_commit) || skip "the history has no build of another layout"
	dir=$O/older/$commit
	OLDER=$dir/.output
	mkdir -p "$dir"
	exec 8>"$dir/lock"
	flock 8
	if [[ ! -e $dir/built ]]; then
		check "the older source" bash -o pipefail -c "git -C '$ROOT' archive $commit | tar x -C '$dir'"
		check "the older build" env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
			make -C "$dir" -j2 O="$OLDER" "$OLDER/xsteer-loader" "$OLDER/xsteer-rules"
		touch "$dir/built"
	fi
	exec 8>&-
}

_dropped() { rx "$MAPS" stats -j rx0 | jq -c .total.verdicts.drop; }

# Its sets and counters have another layout: they are read, searched, kept and replaced.
upgrade_from_an_older_build_keeps_its_rules() {
	local before generation
	_build_older
	lab_up --queues 1
	printf '%s\n' 'ip protocol udp drop comment "old"' 'default pass' >"$DIR/old.rules"
	check "attach by the older build" rx "$OLDER/xsteer-loader" attach -r "$DIR/old.rules" rx0
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 50 tx0
	equal "counted by the older build" "$(_show | jq -c '.rules[0] | [.text, .packets]')" \
		'["ip protocol udp drop comment \"old\"",50]'
	equal "its counters are read" "$(_dropped)" 50
	echo 'udp chain web' >"$DIR/chain.rules"
	refuses "a chain" 1 "no slots for chains" rx "$RULES" apply rx0 "$DIR/chain.rules"
	before=$(hook)
	check "upgrade" rx "$LOADER" upgrade rx0
	not_equal "program" "$(hook)" "$before"
	equal "counters after the upgrade" "$(_dropped)" 50
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 50 tx0
	equal "and the new program counts there" "$(_dropped)" 100
	check "the sums close" counters_add_up
	equal "rules after the upgrade" "$(_show | jq -c '.rules[0] | [.text, .packets]')" \
		'["ip protocol udp drop comment \"old\"",100]'
	generation=$(_show | jq .generation)
	printf '%s\n' 'udp sport 1 drop' 'ip protocol udp drop comment "old"' >"$DIR/new.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/new.rules"
	equal "applied" "$(_show | jq -c '.rules | map([.text, .packets])')" \
		'[["udp sport 1 drop",0],["ip protocol udp drop comment \"old\"",100]]'
	check "the number rose" test "$(_show | jq .generation)" -gt "$generation"
	refuses "a chain has no slots still" 1 "no slots for chains" rx "$RULES" apply rx0 "$DIR/chain.rules"
	check "attach anew" rx "$LOADER" detach rx0
	attach
	check "and now it has" rx "$RULES" apply rx0 "$DIR/chain.rules"
}

# Ids of what is on the hook and pinned, and what is in force and counted.
_all_of_it() {
	local pin
	hook
	for pin in "$PINS"/rx0/*; do
		echo "${pin##*/} $(bpftool -j map show pinned "$pin" 2>/dev/null | jq .id)"
	done
	bpftool -j map dump pinned "$PINS/rx0/meta" | jq -c '.[0].value'
	bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id
	_show | jq -c '[.generation, (.rules | map([.text, .packets]))]'
	_dropped
}
_tx_starts() { # FRAMES
	tx_bg traffic "$TRAFFIC" -n "$1" -r 2000 -p udp4 -t 5000 tx0
	TRAFFIC_PID=$!
}

# Maps of another layout: they are brought up to date under traffic. And the older build, which does not know
# those of now, refuses them by name and leaves all as it is.
there_and_back_between_two_layouts() {
	local before
	_build_older
	lab_up --queues 1
	# a veth takes what its peer's program sends only if it has one, too
	check "a program at the other end" tx "$LOADER" attach --pin-root /sys/fs/bpf/peer -m native tx0
	printf '%s\n' 'udp sport 9 drop comment "old"' 'ip protocol udp tx' 'default pass' >"$DIR/old.rules"
	check "attach by the older build" rx "$OLDER/xsteer-loader" attach -m native -r "$DIR/old.rules" rx0
	_tx_starts 4000
	sleep 0.5
	check "upgrade" rx "$LOADER" upgrade rx0
	ends "$TRAFFIC_PID" 0 # every frame came back, once
	equal "rules and counters" "$(_show | jq -c '.rules | map([.text, .packets])')" \
		'[["udp sport 9 drop comment \"old\"",0],["ip protocol udp tx",4000]]'
	check "the sums close" counters_add_up
	before=$(_all_of_it)
	_tx_starts 2000
	refuses "back, by the older build" 1 "has ABI [0-9]+, this build (speaks|reads)" rx "$OLDER/xsteer-loader" upgrade rx0
	contains "it says which" "$OUT" "rx0"
	refuses "rules of the older build" 1 "has ABI [0-9]+, this build (speaks|reads)" rx "$OLDER/xsteer-rules" apply rx0 "$DIR/old.rules"
	ends "$TRAFFIC_PID" 0
	equal "all but what was counted" "$(_all_of_it)" "${before//,4000]/,6000]}"
	check "detach" rx "$LOADER" detach rx0
	equal "pins" "$(ls "$PINS")" ""
	# what was attached by this build has more in it, and is refused all the same
	check "attach" rx "$LOADER" attach -m native -r "$DIR/old.rules" rx0
	before=$(_all_of_it)
	refuses "the older build" 1 "has ABI [0-9]+, this build (speaks|reads)" rx "$OLDER/xsteer-loader" upgrade rx0
	refuses "its detach" 1 "has ABI [0-9]+, this build (speaks|reads)" rx "$OLDER/xsteer-loader" detach rx0
	equal "all of it" "$(_all_of_it)" "$before"
}

# What the older build attached is used by this one's tools before any upgrade.
rules_of_an_older_build_are_shown_and_replaced() {
	_build_older
	lab_up --queues 1
	echo 'udp sport 1 drop' >"$DIR/old.rules"
	check "attach by the older build" rx "$OLDER/xsteer-loader" attach -r "$DIR/old.rules" rx0
	equal "shown" "$(_show | jq -r '.rules[].text')" 'udp sport 1 drop'
	echo 'ip protocol udp drop' >"$DIR/new.rules"
	check "apply to be confirmed" rx "$RULES" apply --confirm 60 rx0 "$DIR/new.rules"
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 20 tx0
	equal "the older program searches them" "$(_show | jq -c '.rules[0] | [.text, .packets]')" \
		'["ip protocol udp drop",20]'
	check "confirm" rx "$RULES" confirm rx0
	check "upgrade" rx "$LOADER" upgrade rx0
	check "frames" tx "$TRAFFIC" -o -p udp4 -n 20 tx0
	equal "and this build's" "$(_show | jq -c '.rules[0] | [.text, .packets]')" '["ip protocol udp drop",40]'
}

run_tests "$@"
