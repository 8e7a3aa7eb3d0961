#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Which interface a word means: its identity is the kernel's index, its current name is
# shown, and every name that `ip link` accepts is accepted.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
LONG=a-name-that-is-longer-than-fifteen-characters

_rename() { # OLD NEW
	rx ip link set "$1" down
	rx ip link set "$1" name "$2"
	rx ip link set "$2" up
}

# shellcheck disable=SC2086 # words
an_alternative_name_is_as_good_in_every_command() {
	local name words
	lab_up --queues 1
	rx ip link property add dev rx0 altname short0 altname "$LONG" || skip "no alternative names"
	echo 'udp drop' >"$DIR/some.rules"
	for name in short0 "$LONG"; do
		check "attach" rx "$LOADER" attach "$name"
		equal "pins under the name that it has" "$(ls "$PINS")" rx0
		check "attach by its name" rx "$LOADER" attach rx0
		contains "it is the same" "$OUT" "already attached"
		for words in "loader status $name" "loader upgrade $name" "loader features $name" \
			"rules apply $name $DIR/some.rules" "rules show $name" \
			"rules explain -d $name --hex 00112233445566778899aabb0806" "rules flush $name" \
			"maps stats $name" "maps dump $name meta" "maps sockets $name" "maps export $name" \
			"maps losses $name" "maps top -b 1 $name" "loader queues $name" "loader doctor $name" \
			"rules check -d $name $DIR/some.rules" "rules cost -d $name" \
			"loader attach --replace $name" "bouncer -d $name -p -t 1"; do
			check "$words" rx "$O"/xsteer-$words
		done
		check "top" rx "$MAPS" top -b 1 "$name"
		contains "top shows its name" "$OUT" "rx0 +all "
		[[ $OUT != *"no xsteer instance"* ]] || fail "top does not find it: $OUT"
		check "status" rx "$LOADER" status "$name"
		contains "status shows its name" "$OUT" "rx0 +attached"
		check "detach" rx "$LOADER" detach "$name"
		equal "pins" "$(ls "$PINS")" ""
	done
	check "a bouncer that attaches" rx "$BOUNCER" -d "$LONG" -p -t 1
	equal "pins" "$(ls "$PINS")" ""
}

# Whatever the user wrote, what is printed has the name that `ip link` shows.
# shellcheck disable=SC2086 # words
whatever_is_printed_has_the_name_of_now() {
	local words
	lab_up --queues 1
	rx ip link property add dev rx0 altname "$LONG" || skip "no alternative names"
	printf '%s\n' 'set bad { type ip; }' 'ip saddr @bad drop' >"$DIR/some.rules"
	for words in "loader attach" "loader upgrade" "loader features" "loader doctor" "loader queues" "loader status" \
		"rules apply -d" "rules confirm" "rules show" "rules set add" "rules set list" "rules flush" \
		"maps stats" "maps dump" "maps sockets" "maps losses" "maps export" "loader detach"; do
		case $words in
		*apply*) set -- "$DIR/some.rules" ;;
		*confirm) check "apply" rx "$RULES" apply rx0 "$DIR/some.rules" --confirm 60 ;;&
		*add) set -- bad 192.0.2.1 ;;
		*list) set -- bad ;;
		*) set -- ;;
		esac
		OUT=$(rx "$O"/xsteer-$words "$LONG" -j "$@" 2>&1)
		contains "$words -j" "$OUT" '"interface": ?"rx0"'
		[[ $OUT != *"$LONG"* ]] || fail "$words -j: $OUT"
	done
	check "attach" rx "$LOADER" attach "$LONG"
	contains "attach" "$OUT" '^rx0: attached'
	check "apply" rx "$RULES" apply "$LONG" "$DIR/some.rules"
	contains "apply" "$OUT" '^rx0: rule set'
	check "detach" rx "$LOADER" detach "$LONG"
	contains "detach" "$OUT" '^rx0: detached'
	attach
	_rename rx0 new0
	check "detach --all" rx "$LOADER" detach --all
	contains "detach --all" "$OUT" '^new0: detached'
}

# In a rule, as the default, in a vmap, and in a chain of nft.
an_alternative_name_is_as_good_in_rules() {
	local rules
	lab_up --queues 1
	attach
	rx ip link add out0 type veth peer name out1
	rx ip link property add dev out0 altname "$LONG" altname "a:b" || skip "no alternative names"
	for rules in "udp dev $LONG" "udp dev a:b" "default dev $LONG" "udp dport vmap { 7 : dev $LONG, 8 : drop }" \
		"table netdev t { chain c { udp dev $LONG; }; chain b { type filter hook ingress device x priority 0; jump c; }; }"; do
		echo "$rules" >"$DIR/some.rules"
		check "check -d" rx "$RULES" check -d rx0 "$DIR/some.rules"
		check "check alone" "$RULES" check "$DIR/some.rules"
		check "apply" rx "$RULES" apply rx0 "$DIR/some.rules"
		check "show" rx "$RULES" show rx0
		contains "$rules: by the name that it has" "$OUT" "dev out0( |$)"
		equal "the target" "$(bpftool -j map dump pinned "$PINS/rx0/dev_map" | jq length)" 1
	done
	echo "udp dev $LONG-of-nobody" >"$DIR/some.rules"
	check "check -d" rx "$RULES" check -d rx0 "$DIR/some.rules"
	contains "nobody's" "$OUT" "dev $LONG-of-nobody: there is no such interface"
	refuses "apply" 1 "dev $LONG-of-nobody: no such interface" rx "$RULES" apply rx0 "$DIR/some.rules"
}

an_unknown_name_is_refused_however_long() {
	lab_up
	refuses "attach" 1 "no interface $LONG" rx "$LOADER" attach "$LONG"
	refuses "status" 1 "no interface $LONG" rx "$LOADER" status "$LONG"
	refuses "show" 1 "name of an interface" rx "$RULES" show "$LONG"
	refuses "of 200 characters" 1 "no interface" rx "$LOADER" attach "$(printf 'x%.0s' {1..200})"
}

interfaces_that_swapped_names_keep_their_instances() {
	local rx0 other0
	lab_up --queues 1
	rx ip link add other0 type veth peer name other1
	check "attach" rx "$LOADER" attach rx0 other0
	rx0=$(hook rx0) other0=$(hook other0)
	echo 'udp drop' >"$DIR/one.rules"
	echo 'tcp drop' >"$DIR/two.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/one.rules"
	check "apply" rx "$RULES" apply other0 "$DIR/two.rules"
	_rename rx0 tmp0
	_rename other0 rx0
	_rename tmp0 other0
	equal "programs" "$(hook other0) $(hook rx0)" "$rx0 $other0"
	check "show" rx "$RULES" show rx0
	contains "its rules" "$OUT" "tcp drop"
	contains "its name" "$OUT" "# rx0:"
	check "show" rx "$RULES" show other0
	contains "its rules" "$OUT" "udp drop"
	check "status" rx "$LOADER" status -j
	equal "both are attached" "$(jq -c '[.interfaces[].state]' <<<"$OUT")" '["attached","attached"]'
	check "attach is content" rx "$LOADER" attach rx0 other0
	equal "metrics by the name of now" \
		"$(rx "$MAPS" export | sed -n 's/^xsteer_rule_set_generation{interface="\([^"]*\)".*/\1/p' | sort | xargs)" "other0 rx0"
	check "detach of one" rx "$LOADER" detach rx0
	equal "the other is left" "$(hook other0) $(hook rx0)" "$rx0 "
	check "attach again" rx "$LOADER" detach other0
	check "attach again" rx "$LOADER" attach rx0 other0
	check "detach --all" rx "$LOADER" detach --all
	equal "pins" "$(ls "$PINS")" ""
}

# Its directory has the name that it had; clean leaves it, since it lives.
the_name_of_a_living_one_is_freed_as_doctor_says() {
	lab_up --queues 1
	rx ip link add other0 type veth peer name other1
	attach
	_rename rx0 new0
	_rename other0 rx0
	refuses "attach" 1 "now called new0.*'xsteer-loader detach new0'" rx "$LOADER" attach rx0
	OUT=$(rx "$LOADER" doctor -j rx0 2>/dev/null)
	equal "doctor" "$(jq -r '.findings[] | select(.check == "hook") | .level + " " + .fix' <<<"$OUT")" \
		"fail xsteer-loader detach new0"
	check "what it says to do" rx "$LOADER" detach new0
	attach
}

a_renamed_interface_is_called_what_it_is_called_now() {
	lab_up --queues 1
	attach
	_rename rx0 new0
	check "show" rx "$RULES" show new0
	contains "show" "$OUT" "# new0:"
	equal "list" "$(rx "$MAPS" list -j | jq -r '.instances[].interface')" new0
	check "detach" rx "$LOADER" detach new0
}

the_old_name_is_as_good_as_long_as_nobody_has_it() {
	local command
	lab_up --queues 1
	attach
	echo 'udp dport 9 drop' >"$DIR/some.rules"
	_rename rx0 new0
	for command in "$RULES apply rx0 $DIR/some.rules" "$LOADER status rx0" "$LOADER attach rx0" \
		"$LOADER upgrade rx0" "$MAPS sockets rx0" "$RULES show rx0" "$RULES flush rx0" "$LOADER detach rx0"; do
		# shellcheck disable=SC2086 # words of a command
		check "$command" rx $command
		contains "$command" "$OUT" new0
	done
	check "attach" rx "$LOADER" attach new0
	_rename new0 rx0
	for command in "$MAPS stats -j new0" "$MAPS losses -j new0" "$MAPS dump -j new0 meta" "$LOADER queues -j new0"; do
		# shellcheck disable=SC2086 # words of a command
		check "$command" rx $command
		equal "$command" "$(jq -r '[.. | .interface? // empty][0]' <<<"$OUT")" rx0
	done
	check "detach" rx "$LOADER" detach new0
	refuses "now nobody has it" 1 "no interface new0 .*'ip link'" rx "$RULES" show new0
}

a_dev_target_is_shown_by_its_name_of_now() {
	local index
	lab_up --queues 1
	attach
	rx ip link add out0 type veth peer name out1
	echo 'udp dev out0 comment "to dev out0"' >"$DIR/some.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/some.rules"
	_rename out0 away0
	rx ip link add out0 type veth peer name out2 # a new interface takes the old name
	check "show" rx "$RULES" show rx0
	contains "renamed" "$OUT" '^udp dev away0 comment "to dev out0" #'
	equal "in JSON too" "$(rx "$RULES" show -j rx0 | jq -r '.rules[0].text')" 'udp dev away0 comment "to dev out0"'
	index=$(rx ip -j link show away0 | jq '.[0].ifindex')
	rx ip link del away0
	check "show" rx "$RULES" show rx0
	contains "gone" "$OUT" "^udp dev out0 .*# .*index $index is gone"
}

# What show prints can be read again.
a_dev_target_whose_name_needs_quotes_has_them() {
	lab_up --queues 1
	attach
	rx ip link add 'a=b' type veth peer name out1
	echo 'udp dev "a=b"' >"$DIR/some.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/some.rules"
	check "show" rx "$RULES" show rx0
	contains "in quotes" "$OUT" '^udp dev "a=b" #'
	_rename 'a=b' 'c=d'
	rx "$RULES" show rx0 >"$DIR/shown.rules"
	contains "renamed" "$(<"$DIR/shown.rules")" '^udp dev "c=d" #'
	check "what is shown is read again" rx "$RULES" apply rx0 "$DIR/shown.rules"
}

# /sys is of another network namespace, which has an interface of that name and index.
queues_are_not_read_from_the_sys_of_another_namespace() {
	local index
	lab_up --queues 2
	index=$(rx ip -j link show rx0 | jq '.[0].ifindex')
	ip netns add xs-t-other
	nsenter --net=/run/netns/xs-t-other ip link add rx0 index "$index" numtxqueues 1 numrxqueues 1 type veth \
		peer name rx1 index 99 || skip "no interface of index $index can be made"
	attach
	# shellcheck disable=SC2016 # the inner shell expands
	nsenter --net=/run/netns/xs-t-other -- unshare --mount --propagation unchanged -- sh -c '
		mkdir "$1" && mount --bind /sys/fs/bpf "$1" && mount -t sysfs none /sys &&
			mount --bind "$1" /sys/fs/bpf || exit
		[ "$(cat /sys/class/net/rx0/ifindex)" = "$2" ] && ! [ -e /sys/class/net/rx0/queues/tx-1 ] || exit
		exec nsenter --net=/run/netns/xs-t-rx -- "$0" -d rx0 -Q 0,1 -p' \
		"$BOUNCER" "$DIR/bpf" "$index" >"$DIR/bouncer.log" 2>&1 &
	LAST_BOUNCER=$!
	becomes "both queues" 15 _ready_or_dead 1 "$LAST_BOUNCER"
	kill -0 "$LAST_BOUNCER" || fail "the bouncer ended"
	steer 1
	bounced -n 200
	stop_bouncer
}

run_tests "$@"
