#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# scripts/verifier-stats notices a program that grew, and one that exceeds its ceiling.

. "$(dirname "$0")/lib.sh"

# A build whose program the verifier walked in INSNS instructions.
_walked() { # INSNS
	mkdir -p "$DIR/selftests/tools"
	printf '#!/bin/sh\necho "xsteer %s 100 10 272 2000 1000 1"\n' "$1" >"$DIR/selftests/tools/verifier_stats"
	chmod +x "$DIR/selftests/tools/verifier_stats"
	O=$DIR XSTEER_VERIFIER_STATS=$DIR/stats XSTEER_VERIFIER_CEILINGS=$DIR/ceilings "$ROOT/scripts/verifier-stats"
}
_recorded() { # INSNS CEILING
	echo "$(uname -r) xsteer $1 100 10 272 2000 1000 1" >"$DIR/stats"
	echo "$(uname -r | cut -d . -f 1,2) xsteer $2" >"$DIR/ceilings"
}

more_than_the_ceiling_fails() {
	_recorded 1000 1050
	check "at the ceiling" _walked 1050
	contains "it says so" "$OUT" '\(ceiling 1050\)'
	refuses "above it" 1 'walks 1051 instructions, above the ceiling of 1050' _walked 1051
}

a_tenth_more_than_recorded_fails() {
	_recorded 1000 5000
	check "a tenth" _walked 1100
	refuses "more than a tenth" 1 'grew by more than a tenth' _walked 1101
}

run_tests "$@"
