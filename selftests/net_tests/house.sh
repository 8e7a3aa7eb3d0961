#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# scripts/lint-arrows finds what contradicts the folder table. Each test puts one such fault
# into a copy of the tree.

# shellcheck disable=SC2119 # helpers without arguments
. "$(dirname "$0")/lib.sh"

_copy() {
	mkdir "$DIR/copy"
	cd "$DIR/copy" || fail "no copy"
	(cd "$ROOT" && tar -c --exclude='.*' maps bpf user selftests docs scripts/lint-arrows) | tar -x || fail "no copy"
	check "the copy is as it should be" scripts/lint-arrows
}
_plant() { # FILE LINE
	sed -i "2a $2" "$1" || fail "no $1"
}

an_include_against_the_table_is_seen() {
	_copy
	_plant user/lib/net/netif.c '#include "lib/xsk/xsk.h"'
	refuses "net uses xsk" 1 '^user/lib/net/netif.c:3: .*user/lib/xsk/xsk.h' scripts/lint-arrows
}

the_library_that_includes_a_tool_is_seen() {
	_copy
	_plant user/lib/net/netif.c '#include "tools/cli/cli.h"'
	refuses "net uses cli" 1 'user/lib/net/ may not include user/tools/cli' scripts/lint-arrows
}

a_tool_that_includes_another_is_seen() {
	_copy
	_plant user/tools/maps/maps.c '#include "tools/bouncer/bouncer.h"'
	refuses "maps uses bouncer" 1 '^user/tools/maps/maps.c:3: ' scripts/lint-arrows
}

a_way_round_through_the_parent_folder_is_seen() {
	_copy
	_plant bpf/packet.h '#include "../user/lib/net/netif.h"'
	refuses "bpf uses user" 1 '^bpf/packet.h:3: .*user/lib/net/netif.h' scripts/lint-arrows
}

the_program_inside_a_tool_is_seen() {
	_copy
	_plant user/tools/loader/doctor.c '#include "xsteer.skel.h"'
	refuses "loader uses the skeleton" 1 '^user/tools/loader/doctor.c:3: .*skeleton' scripts/lint-arrows
}

the_rules_may_not_look_at_the_system() {
	_copy
	_plant user/lib/rules/syntax/lex.c '#include <unistd.h>'
	refuses "rules use system calls" 1 '^user/lib/rules/syntax/lex.c:3: .*pure' scripts/lint-arrows
	_plant user/lib/net/netif.c '#include <unistd.h>'
	equal "net may" "$(scripts/lint-arrows | grep -c netif.c)" 0
}

an_include_that_leads_nowhere_is_seen() {
	_copy
	_plant user/lib/net/netif.c '#include "xsk.h"'
	refuses "no such file beside it" 1 '^user/lib/net/netif.c:3: .*neither beside' scripts/lint-arrows
}

a_file_outside_the_folders_is_seen() {
	_copy
	echo >user/stray.c
	refuses "the root of user/" 1 '^user/stray.c:0: .*no row' scripts/lint-arrows
	rm user/stray.c
	mkdir user/lib/other && echo >user/lib/other/stray.h
	refuses "a folder without a row" 1 '^user/lib/other/stray.h:0: .*no row' scripts/lint-arrows
}

the_page_has_the_same_table() {
	_copy
	# shellcheck disable=SC2016 # back quotes of Markdown
	sed -i '/^| `user\/lib\/xsk\/`/s/`common`/`common`, `user\/lib\/net`/' docs/architecture.md
	refuses "another row in the page" 1 '^\+user/lib/xsk\|common user/lib/net' scripts/lint-arrows
}

# A walk of docs/architecture.md: no file comes twice, and each step is called from an earlier file.
the_walks_through_the_source_can_be_gone() {
	local file name steps=0 left=()
	# shellcheck disable=SC2016 # back quotes of Markdown
	while IFS=' ' read -r file name; do
		if [[ $file == walk ]]; then
			left=()
			continue
		fi
		((++ASSERTIONS, ++steps))
		grep -qE "^[a-z_].*\\b$name\\(" "$ROOT/$file" || fail "$file: $name() does not begin there"
		[[ " ${left[*]} " != *" $file "* ]] || fail "$file: twice in one walk"
		# the kernel stands between program and worker, whose thread begins by itself
		[[ ${#left[@]} = 0 || $file = user/tools/bouncer/worker.c ]] ||
			(cd "$ROOT" && grep -qE "\\b$name\\b" "${left[@]}") || fail "$file: nothing before it names $name()"
		left+=("$file")
		((${#left[@]} <= 10)) || fail "$file: the eleventh of its walk"
	done < <(sed -n '/^## Two walks/,/^## The path/p' "$ROOT/docs/architecture.md" |
		sed -nE 's/^\| file \|.*/walk/p; s/^\| `([^`]+)` \| `([^`]+)` \|.*/\1 \2/p')
	((steps >= 15)) || fail "only $steps steps found"
}

run_tests "$@"
