#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# libxsteer as others get it: which symbols it exports and which it hides, and that
# header, version script and manual list the same functions.

# shellcheck disable=SC2119 # helpers without arguments
. "$(dirname "$0")/lib.sh"

cd "$ROOT" || exit 1
HEADER=user/lib/xsteer/xsteer.h

_in_header() {
	gcc -E -P -x c "$HEADER" | grep -o '\bxsteer_[a-z0-9_]*(' | tr -d '(' | sort
}
_same_list() { # SENTENCE LEFT RIGHT
	((++ASSERTIONS))
	[[ $2 ]] || fail "$1: nothing found"
	[[ $2 = "$3" ]] && return
	diff -U0 <(echo "$2") <(echo "$3") | grep '^[-+]x'
	fail "$1"
}

header_version_script_and_page_list_the_same_functions() {
	_same_list "header and version script" "$(_in_header)" \
		"$(grep -o '\bxsteer_[a-z0-9_]*;' user/lib/api/libxsteer.map | tr -d ';' | sort)"
	_same_list "header and page" "$(_in_header)" \
		"$(sed -n 's/^\*\(xsteer_[a-z0-9_]*\)\*(.*/\1/p' docs/libxsteer.3.scd | sort)"
	check "the page is valid scdoc" bash -c "scdoc <docs/libxsteer.3.scd >/dev/null"
}

# For each function: which privilege it needs, and whether it blocks.
every_function_of_the_page_says_privilege_and_blocking() {
	local bad
	bad=$(awk '
		function judge() {
			if (name && text !~ /Otherwise the same/ && !(text ~ /Privilege/ && text ~ /[Bb]lock/))
				print name
		}
		/^[*#]/ { judge(); name = "" }
		match($0, /^\*xsteer_[a-z0-9_]*\*\(/) { name = substr($0, 2, RLENGTH - 3); text = "" }
		{ text = text $0 }
		END { judge() }' docs/libxsteer.3.scd)
	equal "functions that do not say both" "$bad" ""
}

the_shared_library_shows_its_functions_and_nothing_else() {
	_same_list "dynamic symbols" "$(_in_header)" \
		"$(nm -D --defined-only "$O/libxsteer.so.0" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)"
	contains "soname" "$(readelf -d "$O/libxsteer.so.0")" 'SONAME.*\[libxsteer\.so\.0\]'
}

the_static_library_shows_its_functions_and_nothing_else() {
	[[ $O = */* && ${O##*/} =~ san|cov ]] && skip "a sanitizer adds names of its own"
	_same_list "global symbols" "$(_in_header)" \
		"$(nm -g --defined-only "$O/libxsteer.a" | awk 'NF == 3 { print $3 }' | sort)"
}

# Only a context keeps state between calls.
the_library_keeps_no_state_of_its_own() {
	local object
	[[ ${O##*/} =~ san|cov ]] && skip "a sanitizer adds data of its own"
	while read -r object; do
		equal "data of ${object##*/user/}" "$(size -A "$object" |
			awk '$1 ~ /^\.(t?data|t?bss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 { print $1 }')" ""
	done < <(find "$O/user/lib" -name '*.o')
}

the_library_prints_nothing_and_ends_no_process() {
	local object
	while read -r object; do
		equal "what ${object##*/user/} calls" "$(nm -u "$object" | awk '{ print $2 }' |
			grep -xE '(__)?(v?f?printf|puts|fputs|fputc|putchar|fwrite|perror)(_chk)?|stdout|stderr|_?exit|abort|quick_exit|getenv|(lib(bpf|xdp)_set_print)')" ""
	done < <(find "$O/user/lib" -name '*.o')
}

the_library_names_no_command_of_the_tools() {
	equal "tools in its messages" "$(strings "$O/libxsteer.so.0" | grep -E 'xsteer-(loader|rules|bouncer|maps) [a-z-]')" ""
}

the_header_is_plain_c_and_cxx() {
	local flags=(-Wall -Wextra -Wpedantic -Werror -Iuser/lib -fsyntax-only)
	check "C99" gcc -std=c99 "${flags[@]}" -x c "$HEADER"
	check "C11" gcc -std=c11 "${flags[@]}" -x c "$HEADER"
	command -v g++ >/dev/null || skip "no g++ to try C++ with"
	check "C++11" g++ -std=c++11 "${flags[@]}" -x c++ "$HEADER"
}

# --- as others build with it ---

# Nothing is built here; what was built before is installed.
_install() {
	make -C "$ROOT" --no-print-directory -o all ${XS_SAN:+SAN=1} DESTDIR="$DIR/dest" PREFIX=/opt/x install
}
_installed() {
	[[ ${O##*/} =~ san|cov ]] && skip "what is installed is not built so"
	check "install" _install
	export PKG_CONFIG_SYSROOT_DIR=$DIR/dest PKG_CONFIG_LIBDIR=$DIR/dest/opt/x/lib/pkgconfig
	# where the libraries are that ours needs, for --static
	PKG_CONFIG_LIBDIR+=:$(env -u PKG_CONFIG_LIBDIR pkg-config --variable pc_path pkg-config)
	export LD_LIBRARY_PATH=$DIR/dest/opt/x/lib
}
_build() { # EXAMPLE
	local flags
	read -ra flags < <(pkg-config --cflags --libs xsteer)
	check "compile $1.c" cc -Wall -Wextra -Werror -o "$DIR/$1" "docs/examples/$1.c" "${flags[@]}"
}

the_example_worker_returns_every_packet() {
	_installed
	_build worker
	((++ASSERTIONS, $(wc -l <docs/examples/worker.c) <= 40)) || fail "worker.c has more than 40 lines"
	lab_up
	steer 1
	rx_bg worker "$DIR/worker" rx0 1
	becomes "the worker has its slot" 15 _owned_by 1 $!
	check "all come back" tx "$TRAFFIC" -n 1000 -x tx0
	contains "all of them" "$OUT" "returned 1000 "
	refuses "a second worker" 1 'held by process' rx "$DIR/worker" rx0 1
	refuses "another queue than there is" 1 'valid are 0 to 3' rx "$DIR/worker" rx0 4
	stop_bouncer $!
	becomes "the last one detaches" 5 xdp_is_off
}

the_example_apply_puts_a_file_in_force() {
	_installed
	_build apply
	_build counters
	lab_up
	echo "udp dport 9 pass" >"$DIR/good"
	echo "udp dport 9 passs" >"$DIR/bad"
	refuses "no instance" 1 'xsteer_attach\(\) does it' rx "$DIR/apply" rx0 "$DIR/good"
	attach
	refuses "an error" 1 "^$DIR/bad:1:13: " rx "$DIR/apply" rx0 "$DIR/bad"
	check "apply" rx "$DIR/apply" rx0 "$DIR/good"
	contains "what it says" "$OUT" '^set 1: 1 rules, at most [0-9]+ lookups a frame$'
	contains "it is in force for good" "$(rx "$O/xsteer-rules" show rx0)" '^udp dport 9 pass #'
	check "traffic" tx ping -q -c 3 -i 0.02 -W 1 198.18.0.2
	check "counters" rx "$DIR/counters" rx0
	contains "by queue" "$OUT" '^queue [0-3]: packets [1-9]'
	contains "by rule" "$OUT" "good:1: udp dport 9 pass: packets 0, bytes 0"
}

a_program_links_the_library_statically() {
	local flags
	_installed
	read -ra flags < <(pkg-config --cflags --static --libs xsteer | sed 's/-lxsteer/-l:libxsteer.a/g')
	check "compile" cc -Wall -Wextra -Werror -o "$DIR/static" docs/examples/apply.c "${flags[@]}"
	equal "it needs no libxsteer.so" "$(readelf -d "$DIR/static" | grep -c libxsteer)" 0
	unset LD_LIBRARY_PATH
	echo "udp drop" >"$DIR/rules"
	refuses "it runs" 1 'no xsteer instance|cannot' "$DIR/static" lo "$DIR/rules"
}

run_tests "$@"
