#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Writing a network function: the library as it is installed, and the example.

. "$(dirname "$0")/lib.sh"

_install() {
	check "install" make -C "$ROOT" --no-print-directory -o all O="$O" DESTDIR="$DIR/dest" PREFIX=/opt/x install
	chmod 755 "$DIR" "$DIR/dest"
	PKG=$DIR/dest/opt/x/lib/pkgconfig
}
_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

example_is_built_by_nobody_and_needs_libc_alone() {
	local flags needed
	_install
	check "the example has at most 35 lines" test "$(wc -l <"$ROOT/docs/examples/nf_ttl.c")" -le 35
	mkdir "$DIR/nobody" && chmod 777 "$DIR/nobody"
	read -ra flags < <(PKG_CONFIG_PATH=$PKG pkg-config --cflags --libs xsteer-nf)
	[[ ${XS_SAN:-} ]] && flags+=("-fsanitize=address,undefined")
	cp "$ROOT/docs/examples/nf_ttl.c" "$DIR/nobody"
	check "it compiles" _nobody gcc -Wall -Wextra -Werror "$DIR/nobody/nf_ttl.c" "${flags[@]}" -o "$DIR/nobody/ttl"
	export LD_LIBRARY_PATH=$DIR/dest/opt/x/lib
	needed=$(readelf -d "$LD_LIBRARY_PATH/libxsteer-nf.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v san)
	equal "what the library needs" "$needed" libc.so.6
	refuses "without a broker" 2 "no broker" _nobody "$DIR/nobody/ttl"
	refuses "a broker that is not there" 1 "No such file" _nobody "$DIR/nobody/ttl" --once -S "$DIR/none"
	check "--help" _nobody "$DIR/nobody/ttl" --help
	contains "it names the service" "$OUT" "service ttl"
}

header_is_good_for_cplusplus() {
	[[ $(type -P g++) ]] || skip "no g++ here"
	check "it compiles" g++ -Wall -Wextra -Werror -fsyntax-only -x c++ "$ROOT/user/nf/xsteer/nf.h"
}

library_exports_what_the_header_declares() {
	local declared exported
	declared=$(grep -ohE '\bxsnf_[a-z_]+\(' "$ROOT/user/nf/xsteer/nf.h" | tr -d '(' | sort -u)
	exported=$(nm -D --defined-only "$O/libxsteer-nf.so.0" | sed -n 's/.* T \(xsnf_[a-z_]*\).*/\1/p' | sort -u)
	equal "exported" "$exported" "$declared"
	equal "other symbols" "$(nm -D --defined-only "$O/libxsteer-nf.so.0" | grep -c ' T [^x]')" 0
}

page_names_every_function() {
	local declared named
	declared=$(nm -D --defined-only "$O/libxsteer-nf.so.0" | sed -n 's/.* T \(xsnf_[a-z_]*\).*/\1/p' | sort -u)
	named=$(grep -ohE '\bxsnf_[a-z_]+\*?\(' "$ROOT/docs/xsteer-nf.3.scd" | tr -d '(*' | sort -u)
	equal "named in xsteer-nf.3" "$named" "$declared"
}

page_has_the_options_of_help() {
	_install
	check "it compiles" gcc "$ROOT/docs/examples/nf_ttl.c" "-I$ROOT/user/nf" "$DIR/dest/opt/x/lib/libxsteer-nf.a" \
		${XS_SAN:+-fsanitize=address,undefined} -o "$DIR/ttl"
	equal "options" "$(sed -n '/^\*-/p' "$ROOT/docs/xsteer-nf.3.scd" | sed 's/\\\(.\)/\1/g; s/[*_]//g' | sort)" \
		"$("$DIR/ttl" --help | sed -n 's/^  \(-.*[A-Za-z]\)   *.*/\1/p' | sed 's/  .*//' | sort)"
}

run_tests "$@"
