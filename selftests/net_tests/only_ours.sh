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

run_tests "$@"
