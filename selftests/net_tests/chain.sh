#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-chain from its command line.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain

check_draws_every_way_and_its_cost() {
	printf '%s\n' 'service a' 'service b domain x' 'service t tap' 'chain one a -> b -> tx' \
		'chain one a.bad -> b' 'chain one mirror t' 'chain one mirror t after b' \
		'limit one frames 7' 'chain two drop' >"$DIR/f.chain"
	check "check" "$CHAIN" check "$DIR/f.chain"
	equal "the drawing" "$OUT" "one
  a -> b -> tx
  a.bad -> b
  tap t at the entry
  tap t after b
  at most 2 steps, 4 handoffs, 4 copies a frame; at most 7 frames at once
two
  drop
  at most 0 steps, 0 handoffs, 0 copies a frame"
}

check_says_where_an_error_is() {
	printf 'service fw\nchain web fw\tnta tx\n' >"$DIR/f.chain"
	refuses "an unknown service" 1 "f.chain:2:14: there is no service 'nta' above" "$CHAIN" check "$DIR/f.chain"
	contains "the caret stands below it" "$OUT" "^  	*  *	\^$"
	refuses "standard input" 1 "^-:1:1: " "$CHAIN" check - <<<"nonsense"
	refuses "no file" 1 "cannot read .*none: No such file" "$CHAIN" check "$DIR/none"
	head -c 1048577 /dev/zero >"$DIR/large"
	refuses "too large" 1 "at most 1048576 bytes" "$CHAIN" check "$DIR/large"
	"$CHAIN" check -j "$DIR/f.chain" >"$DIR/json" 2>/dev/null
	contains "as JSON" "$(jq -r .error "$DIR/json")" "f.chain:2:14: there is no service"
	refuses "without a file" 2 "FILE is missing" "$CHAIN" check
}

check_warns_of_what_is_unused() {
	printf 'service fw\nchain web tx\n' >"$DIR/f.chain"
	check "check" "$CHAIN" check "$DIR/f.chain"
	contains "the warning" "$OUT" "f.chain:1:1: warning: service fw is in no chain"
}

run_tests "$@"
