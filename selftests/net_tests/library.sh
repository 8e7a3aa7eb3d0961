#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# libxsteer as others get it: what it shows and what it keeps to itself, and that
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

# Per function: may it be called without rights, and does it wait?
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
	[[ $O = */* && ${O##*/} =~ ^(san|tsan|cov)$ ]] && skip "a sanitizer adds names of its own"
	_same_list "global symbols" "$(_in_header)" \
		"$(nm -g --defined-only "$O/libxsteer.a" | awk 'NF == 3 { print $3 }' | sort)"
}

# What stays in memory between calls belongs to a context.
the_library_keeps_no_state_of_its_own() {
	local object
	[[ ${O##*/} =~ ^(san|tsan|cov)$ ]] && skip "a sanitizer adds data of its own"
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

run_tests "$@"
