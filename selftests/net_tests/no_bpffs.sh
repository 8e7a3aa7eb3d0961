#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# There is no bpffs where the pins should be: every command says so, and none claims that
# there is nothing.

. "$(dirname "$0")/lib.sh"

# Every command that looks for pins.
_commands() {
	cat <<-'END'
		loader attach rx0
		loader detach rx0
		loader detach --all
		loader upgrade rx0
		loader clean
		loader clean --dry-run
		loader status
		loader status rx0
		loader queues rx0
		rules apply rx0 RULES
		rules confirm rx0
		rules flush rx0
		rules show rx0
		rules explain -d rx0 --hex 00112233445566778899aabb0806
		maps list
		maps stats rx0
		maps dump rx0
		maps sockets rx0
		maps export
		maps export rx0
		maps losses rx0
		maps top -b 1
		maps top -b 1 rx0
		maps watch
		chain run rx0 CHAIN
		bouncer -d rx0 -t 1
	END
}
# shellcheck disable=SC2086 # words
_all_say() { # REGEX [TOOL OPTION...]
	local words said=$1
	shift
	echo 'default pass' >"$DIR/some.rules"
	printf '%s\n' 'service fw' 'chain web fw tx' >"$DIR/f.chain"
	while read -r words; do
		words=${words/RULES/$DIR/some.rules}
		words=${words/CHAIN/$DIR/f.chain}
		refuses "$words" 1 "$said" rx "$O"/xsteer-$words "$@" </dev/null
	done < <(_commands)
}

every_command_says_what_to_mount() {
	lab_up
	attach
	mount -t tmpfs none /sys/fs/bpf
	_all_say "/sys/fs/bpf/xsteer is not on a bpffs.*'mount -t bpf bpf /sys/fs/bpf'"
	umount /sys/fs/bpf
	check "nothing was changed" rx "$MAPS" stats rx0
}

status_does_not_call_our_own_program_foreign() {
	lab_up
	attach
	mount -t tmpfs none /sys/fs/bpf
	refuses "status" 1 "rx0 +unusable" rx "$LOADER" status
	contains "why" "$OUT" "not on a bpffs"
	[[ $OUT != *lo\ * ]] || fail "lo has nothing on its hook: $OUT"
	OUT=$(rx "$LOADER" doctor -j rx0 2>/dev/null)
	equal "doctor on the hook" \
		"$(jq -r '.findings[] | select(.check == "hook") | .level' <<<"$OUT")" warn
	equal "doctor on the bpffs" \
		"$(jq -r '.findings[] | select(.check == "bpffs") | .level' <<<"$OUT")" fail
}

an_ordinary_directory_is_nobodys() {
	lab_up
	mkdir -p "$DIR/here/rx0"
	echo precious >"$DIR/here/file"
	_all_say "$DIR/here is not on a bpffs" --pin-root "$DIR/here"
	equal "the file" "$(cat "$DIR/here/file")" precious
	check "the directory" test -d "$DIR/here/rx0"
}

a_pin_root_that_is_a_file_is_named() {
	lab_up
	check "a pin" bpftool map create /sys/fs/bpf/plain type array key 4 value 4 entries 1 name plain
	_all_say "/sys/fs/bpf/plain is not a directory.*--pin-root" --pin-root /sys/fs/bpf/plain
	_all_say "/sys/fs/bpf/plain is not a directory|Not a directory" --pin-root /sys/fs/bpf/plain/below
	check "the pin" test -e /sys/fs/bpf/plain
}

without_a_pin_root_there_is_nothing() {
	lab_up
	check "list" rx "$MAPS" list --pin-root /sys/fs/bpf/none
	check "clean" rx "$LOADER" clean --pin-root /sys/fs/bpf/none
	check "detach --all" rx "$LOADER" detach --all --pin-root /sys/fs/bpf/none
	check "export" rx "$MAPS" export --pin-root /sys/fs/bpf/none
	check "status" rx "$LOADER" status --pin-root /sys/fs/bpf/none
	refuses "detach" 1 "no xsteer instance" rx "$LOADER" detach rx0 --pin-root /sys/fs/bpf/none
	check "nothing was made" test ! -e /sys/fs/bpf/none
}

run_tests "$@"
