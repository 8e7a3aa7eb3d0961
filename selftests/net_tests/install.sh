#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make uninstall removes what make install has installed.

. "$(dirname "$0")/lib.sh"

# Nothing is built here; the tools are those that were built before.
_make() {
	flock "$O/.install" make -C "$ROOT" --no-print-directory -o all O="$O" DESTDIR="$DIR/dest" PREFIX=/opt/x "$@"
}

uninstall_leaves_no_file_of_install() {
	check "install" _make install
	check "the tool is there" test -x "$DIR/dest/opt/x/sbin/xsteer-loader"
	check "its manual is there" test -s "$DIR/dest/opt/x/share/man/man8/xsteer-loader.8"
	echo "not ours" >"$DIR/dest/opt/x/sbin/other"
	check "uninstall" _make uninstall
	equal "what is left" "$(cd "$DIR/dest" && find . ! -type d)" ./opt/x/sbin/other
	check "uninstall where nothing is" _make uninstall
}

run_tests "$@"
