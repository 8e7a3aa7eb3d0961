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

run_tests "$@"
