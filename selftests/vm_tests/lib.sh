#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What vm tests share beyond net_tests/lib.sh: which kernel this is, and how to
# say that it gave less than was asked for.

. "$(dirname "${BASH_SOURCE[0]}")/../net_tests/lib.sh"

kernel_is_older_than() { # MAJOR.MINOR
	local here
	here=$(uname -r)
	[[ $(printf '%s\n%s\n' "$1" "${here%%-*}" | sort -V | head -n 1) != "$1" ]]
}

# The test passed, but with something else than was asked for.
degraded() { # TEXT
	echo "DEGRADED: $1"
}

# Skips where the kernel is too old, with the words of the tool that COMMAND
# runs; such a kernel must be refused, and said why.
not_before() { # VERSION REGEX COMMAND...
	local version=$1 regex=$2
	shift 2
	kernel_is_older_than "$version" || return 0
	refuses "Linux before $version" 1 "$regex" "$@"
	skip "$(grep -iE -m1 -- "$regex" <<<"$OUT")"
}

# A second XDP program, of somebody else, beside what is on rx0.
add_filter() { check "xdp-filter beside it" rx xdp-filter load rx0; }
programs_of_dispatcher() { rx xdp-loader status rx0 | grep -c '=>'; }
