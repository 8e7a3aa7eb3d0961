#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Symbolic links, and names that others can guess: their targets are not ours.

. "$(dirname "$0")/lib.sh"

# Where a killed process would have left a directory of ours.
removing_leftovers_does_not_follow_a_link() {
	local side
	lab_up
	attach
	mkdir "$PINS/theirs"
	check "a pin" bpftool map create "$PINS/theirs/precious" type array key 4 value 4 entries 1 name precious
	for side in new old; do
		ln -s "$PINS/rx0" "$PINS/%$side-other0" || skip "no symbolic links on this bpffs"
		ln -s "$PINS/theirs" "$PINS/%$side-rx0"
	done
	check "attach --replace" rx "$LOADER" attach --replace rx0
	check "its links" test ! -L "$PINS/%new-rx0" -a ! -L "$PINS/%old-rx0"
	rx "$LOADER" clean >/dev/null 2>&1 # says that theirs is not ours
	check "the other links" test ! -L "$PINS/%new-other0" -a ! -L "$PINS/%old-other0"
	check "what they led to" test -e "$PINS/theirs/precious" -a -e "$PINS/rx0/link"
	not_equal "hook" "$(hook)" ""
}

an_instance_is_no_link() {
	lab_up
	attach
	rx ip link add other0 type veth peer name other1
	ln -s "$PINS/rx0" "$PINS/other0" || skip "no symbolic links on this bpffs"
	refuses "detach" 1 "$PINS/other0 is a" rx "$LOADER" detach other0
	refuses "detach --all" 1 "$PINS/other0 is a" rx "$LOADER" detach --all
	check "the link" test -L "$PINS/other0"
}

a_link_in_place_of_a_pin_is_not_followed() {
	lab_up
	attach
	mkdir "$PINS/%old-other0"
	ln -s "$PINS/rx0/link" "$PINS/%old-other0/link" || skip "no symbolic links on this bpffs"
	rx "$LOADER" clean >/dev/null 2>&1
	not_equal "hook" "$(hook)" ""
	check "the link that it led to" test -e "$PINS/rx0/link"
}

textfile_follows_no_link() {
	local file=$DIR/out/x.prom pid
	lab_up
	attach
	mkdir "$DIR/out"
	echo precious >"$DIR/precious"
	ln -s "$DIR/precious" "$file"
	for pid in $(seq $((BASHPID + 1)) $((BASHPID + 400))); do # whatever its pid will be
		ln -s "$DIR/precious" "$file.$pid"
	done
	check "export" rx "$MAPS" export --textfile "$file"
	equal "what the links lead to" "$(cat "$DIR/precious")" precious
	check "a file of its own" test ! -L "$file"
	contains "it is whole" "$(tail -n 1 "$file")" "^xsteer_|^# TYPE"
	find "$DIR/out" -type l -delete
	equal "nothing beside it" "$(ls "$DIR/out")" x.prom
}

textfile_has_the_mode_of_any_new_file() {
	lab_up
	attach
	(
		umask 027
		rx "$MAPS" export --textfile "$DIR/x.prom"
	) || fail "export"
	equal "mode" "$(stat -c %a "$DIR/x.prom")" 640
}

# It is killed while it writes: the old file stays, and no other file is left.
textfile_leaves_nothing_when_it_is_killed() {
	local i
	lab_up
	attach
	mkdir "$DIR/out"
	check "export" rx "$MAPS" export --textfile "$DIR/out/x.prom"
	for i in 0 1 2 3 4 5 6 7 8 10 12 15; do
		rx_bg killed "$MAPS" export --textfile "$DIR/out/x.prom"
		sleep "0.$(printf %03d "$i")"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		contains "whole" "$(tail -n 1 "$DIR/out/x.prom")" "^xsteer_|^# TYPE"
	done
	equal "nothing beside it" "$(ls "$DIR/out")" x.prom
}

run_tests "$@"
