#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What a command removes: only what xsteer made, whatever name it is given.

. "$(dirname "$0")/lib.sh"

_foreign_map() { # PATH
	check "a map of somebody else" bpftool map create "$1" \
		type array key 4 value 4 entries 1 name theirs
}

# As from an unset variable, or from a shell that completes a directory's name.
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

# What the advice says is what then works.
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

run_tests "$@"
