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

# Whoever owns the directory above puts another in its place while the file is written.
textfile_stays_in_the_directory_that_it_began_in() {
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	lab_up
	attach
	mkdir "$DIR/out" "$DIR/theirs"
	gcc -shared -fPIC -x c - -o "$DIR/swap.so" <<-'C' || fail "gcc"
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		int fsync(int fd)
		{
			char at[4096], aside[4096];
			snprintf(at, sizeof(at), "%s/out", getenv("XS_AT"));
			snprintf(aside, sizeof(aside), "%s/aside", getenv("XS_AT"));
			return rename(at, aside) || symlink("theirs", at);
		}
	C
	check "export" rx env XS_AT="$DIR" LD_PRELOAD="$DIR/swap.so" "$MAPS" export --textfile "$DIR/out/x.prom"
	equal "theirs" "$(ls "$DIR/theirs")" ""
	equal "where it began" "$(ls "$DIR/aside")" x.prom
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

# Puts a link to $PRECIOUS in place of each socket that is bound at a path, before anything else
# is done with that path, as whoever may write into its folder can.
_swapping_library() {
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	gcc -shared -fPIC -x c - -o "$DIR/swap.so" -ldl <<-'C' || fail "gcc"
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <unistd.h>
		#include <sys/socket.h>
		#include <sys/un.h>
		int bind(int fd, const struct sockaddr *addr, socklen_t len)
		{
			const struct sockaddr_un *un = (const void *)addr;
			int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
			int err = next(fd, addr, len);
			if (!err && addr->sa_family == AF_UNIX && un->sun_path[0]) {
				unlink(un->sun_path);
				symlink(getenv("PRECIOUS"), un->sun_path);
			}
			return err;
		}
	C
}
a_link_in_place_of_a_socket_is_not_followed() {
	local tool
	lab_up --queues 1
	attach
	_swapping_library
	echo precious >"$DIR/precious"
	chmod 600 "$DIR/precious"
	mkdir -m 700 "$DIR/sockets"
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	for tool in "fdserver --uid root --socket $DIR/sockets/x.sock rx0" \
		"chain run rx0 $DIR/f.chain --socket $DIR/sockets/x.sock" \
		"bouncer -d rx0 -p -t 1 --socket $DIR/sockets/x.sock"; do
		# shellcheck disable=SC2086 # words of a command
		refuses "$tool" 1 "cannot listen at .*x.sock" rx env LD_PRELOAD="$DIR/swap.so" \
			PRECIOUS="$DIR/precious" "$O"/xsteer-$tool
		equal "mode of what it leads to" "$(stat -c '%a %g' "$DIR/precious")" "600 0"
		equal "its content" "$(<"$DIR/precious")" precious
		rm -f "$DIR/sockets/x.sock"
	done
}

# Somebody removed the first one's socket, and another process listens there since.
a_socket_of_another_process_is_not_removed() {
	local first second
	lab_up --queues 1
	attach
	mkdir -m 700 "$DIR/sockets"
	rx_bg first "$O/xsteer-fdserver" --socket "$DIR/sockets/x.sock" rx0
	first=$!
	becomes "it listens" 5 test -S "$DIR/sockets/x.sock"
	rm "$DIR/sockets/x.sock"
	rx_bg second "$O/xsteer-fdserver" --socket "$DIR/sockets/x.sock" rx0
	second=$!
	becomes "the second listens" 5 test -S "$DIR/sockets/x.sock"
	kill -TERM "$first"
	ends "$first" 0
	check "the second's socket" test -S "$DIR/sockets/x.sock"
	kill -TERM "$second"
	ends "$second" 0
	check "it removes its own" test ! -e "$DIR/sockets/x.sock"
}

# Without O_TMPFILE, as on some network file systems, the file has a name while it is written.
textfile_leaves_nothing_when_it_is_told_to_end() {
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	lab_up
	attach
	mkdir "$DIR/out"
	gcc -shared -fPIC -x c - -o "$DIR/term.so" -ldl <<-'C' || fail "gcc"
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <errno.h>
		#include <fcntl.h>
		#include <signal.h>
		#include <stdarg.h>
		#define OPEN(name)                                                           \
			int name(const char *path, int flags, ...)                           \
			{                                                                    \
				int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, #name); \
				va_list args;                                                \
				va_start(args, flags);                                       \
				int mode = va_arg(args, int);                                \
				va_end(args);                                                \
				if ((flags & O_TMPFILE) != O_TMPFILE)                        \
					return next(path, flags, mode);                      \
				errno = EOPNOTSUPP;                                          \
				return -1;                                                   \
			}
		OPEN(open)
		OPEN(open64)
		int fsync(int fd)
		{
			raise(SIGTERM);
			return 0;
		}
	C
	rx env LD_PRELOAD="$DIR/term.so" "$MAPS" export --textfile "$DIR/out/x.prom"
	equal "nothing beside it" "$(ls "$DIR/out")" x.prom
	contains "it is whole" "$(tail -n 1 "$DIR/out/x.prom")" "^xsteer_|^# TYPE"
}

run_tests "$@"
