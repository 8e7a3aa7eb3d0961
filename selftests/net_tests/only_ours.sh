#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A command removes only what xsteer made, whatever name it is given.

. "$(dirname "$0")/lib.sh"

_foreign_map() { # PATH
	check "a map of somebody else" bpftool map create "$1" \
		type array key 4 value 4 entries 1 name theirs
}

# As with an unset variable, or a shell that completes a directory's name.
detach_of_no_name_touches_nothing() {
	local name
	lab_up
	attach
	_foreign_map /sys/fs/bpf/theirs
	for name in "" rx0/ ./rx0 rx0/link abcdefghijklmnopq; do
		refuses "detach '$name'" 1 "name of an interface" rx "$LOADER" detach "$name"
	done
	refuses "detach '' where others' pins are" 1 "name of an interface" \
		rx "$LOADER" detach "" --pin-root /sys/fs/bpf
	check "their pin" test -e /sys/fs/bpf/theirs
	not_equal "ours" "$(hook)" ""
}

# --pin-root /sys/fs/bpf, say, where others have directories of their own.
detach_leaves_a_directory_of_somebody_else() {
	lab_up
	mkdir -p "$PINS/tc" "$PINS/rx0"
	_foreign_map "$PINS/tc/globals"
	_foreign_map "$PINS/rx0/link"
	refuses "detach" 1 "$PINS/tc holds 'globals'" rx "$LOADER" detach tc
	refuses "detach" 1 "$PINS/rx0 holds 'link'" rx "$LOADER" detach rx0
	refuses "attach --replace" 1 "$PINS/rx0 holds 'link'" rx "$LOADER" attach --replace rx0
	check "their pins" test -e "$PINS/tc/globals" -a -e "$PINS/rx0/link"
	rm "$PINS/rx0/link"
	check "an empty one is nobody's" rx "$LOADER" attach --replace rx0
	rm "$PINS/rx0/meta"
	check "what is left of ours goes" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
}

# What the message advises works.
advice_on_what_is_not_ours_is_to_remove_it() {
	check "pin root" mkdir -p "$PINS"
	check "a pin in it" bpftool map create "$PINS/plain" type array key 4 value 4 entries 1 name plain
	refuses "clean" 1 "$PINS/plain is a pin .*'rm $PINS/plain'" "$LOADER" clean
	refuses "list" 1 "$PINS/plain is a pin .*'rm $PINS/plain'" "$MAPS" list
	check "the advice" rm "$PINS/plain"
	check "list" "$MAPS" list
	check "a directory" mkdir "$PINS/theirs"
	check "a pin in it" bpftool map create "$PINS/theirs/m" type array key 4 value 4 entries 1 name m
	for command in "$LOADER clean" "$MAPS list" "$LOADER detach theirs"; do
		# shellcheck disable=SC2086 # words
		refuses "$command" 1 "'rm -r $PINS/theirs'" $command
	done
	check "the advice" rm -r "$PINS/theirs"
	check "clean" "$LOADER" clean
}

# Another interface has the old name now.
replace_does_not_take_what_was_renamed() {
	lab_up --queues 1
	attach
	rx ip link set rx0 down
	rx ip link set rx0 name other0
	rx ip link set other0 up
	rx ip link add rx0 type veth peer name rx1
	refuses "attach" 1 "now called other0, not of rx0: 'xsteer-loader detach other0'" rx "$LOADER" attach rx0
	refuses "attach --replace" 1 "now called other0, and in use: 'xsteer-loader detach other0' first" \
		rx "$LOADER" attach --replace rx0
	not_equal "its program" "$(_prog rx other0)" ""
	check "what it says to do" rx "$LOADER" detach other0
	check "then it works" rx "$LOADER" attach rx0
}
_prog() { "$1" ip -j link show "$2" | jq -r '.[0].xdp.prog.id // ""'; }

detach_all_takes_what_was_renamed() {
	lab_up --queues 1
	attach
	rx ip link set rx0 down
	rx ip link set rx0 name other0
	rx ip link add rx0 type veth peer name rx1
	check "detach --all" rx "$LOADER" detach --all
	equal "its program" "$(_prog rx other0)" ""
	equal "pins" "$(ls "$PINS")" ""
}

_moved() { nsenter --net=/run/netns/xs-t-moved -- "$@"; }
clean_leaves_what_moved_to_another_netns() {
	lab_up --queues 1
	attach
	ip netns add xs-t-moved
	rx ip link set rx0 netns xs-t-moved
	not_equal "its program" "$(_prog _moved rx0)" ""
	check "clean" rx "$LOADER" clean
	contains "it says so" "$OUT" "in another network namespace now"
	not_equal "its program" "$(_prog _moved rx0)" ""
	rm -r "$PINS/rx0" # what it says to do
	becomes "it is detached" 3 _without_prog _moved rx0
}
_without_prog() { [[ ! $(_prog "$@") ]]; }

# Same name and index as ours, and its meta cannot be read.
rest_of_an_instance_of_another_netns_is_left() {
	local index
	lab_up --queues 1
	attach
	index=$(rx ip -j link show rx0 | jq '.[0].ifindex')
	ip netns add xs-t-moved
	_moved ip link add rx0 index "$index" type veth peer name rx1 index 99 ||
		skip "no interface of index $index can be made"
	rm "$PINS/rx0/cpu_map"
	refuses "detach" 1 "not rx0 of this network namespace" _moved "$LOADER" detach rx0
	rm "$PINS/rx0/meta"
	refuses "without its meta" 1 "not rx0 of this network namespace" _moved "$LOADER" detach rx0
	not_equal "hook" "$(hook)" ""
	check "where it is" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
}

run_tests "$@"
