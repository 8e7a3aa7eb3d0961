#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What matches mean is compared with the kernel's nft: each of selftests/nft_expressions
# counts as many of 5,000 random frames at the netdev hook as the oracle says. The
# differential test compares oracle and program.

. "$(dirname "$0")/lib.sh"

EXPRESSIONS=$(dirname "$0")/../nft_expressions
CHAINS=$(dirname "$0")/../nft_chains
FRAMES=5000

_expressions() { grep -v '^#' "$EXPRESSIONS"; }

# Concatenations become several rules, so each is counted by its own file's line.
_nft_rules() {
	echo 'table netdev t {'
	echo 'chain c { type filter hook ingress device "rx0" priority 0; policy accept;'
	_expressions | sed 's/$/ counter/'
	echo 'ether type 0x0-0xffff counter'
	printf '}\n}\n'
}

every_expression_is_taken() {
	local cnt part
	cnt=$(_expressions | wc -l)
	((++ASSERTIONS))
	((cnt >= 300)) || fail "only $cnt expressions"
	# in one file they would overlap too much
	_expressions | sed 's/$/ drop/' | split -l 100 - "$DIR/part."
	for part in "$DIR"/part.*; do
		check "all are taken" "$O/xsteer-rules" check "$part"
	done
}

each_means_what_it_means_in_nft() {
	command -v nft >/dev/null || skip "no nft: scripts/install-deps"
	lab_up
	_nft_rules >"$DIR/nft"
	rx nft -f "$DIR/nft" >"$DIR/nft.log" 2>&1 || {
		grep -q "Operation not supported\|No such file or directory" "$DIR/nft.log" &&
			skip "no netdev hook of nft in this kernel"
		cat "$DIR/nft.log"
		fail "nft takes the expressions"
	}
	# several rules of one line count for it together: their elements exclude each other
	_expressions | sed 's/$/ drop/' >"$DIR/all.rules"
	check "frames" bash -c "nsenter --net=/run/netns/xs-t-tx -- $O/selftests/tools/nft_frames \
		$DIR/all.rules tx0 $FRAMES >$DIR/oracle"
	awk -F '\t' '{ sum[$1] += $2 } END { for (i = 1; i in sum; i++) print sum[i] }' "$DIR/oracle" >"$DIR/want"
	sleep 1
	rx nft list chain netdev t c | sed -n 's/.*counter packets \([0-9]*\).*/\1/p' >"$DIR/all"
	equal "all frames came" "$FRAMES" "$(tail -n 1 "$DIR/all")"
	head -n -1 "$DIR/all" >"$DIR/got"
	paste "$DIR/want" "$DIR/got" <(_expressions) | awk '$1 != $2 { print "oracle " $1 ", nft " $2 ": " $0 }' >"$DIR/differ"
	equal "expressions that differ" "" "$(cat "$DIR/differ")"
	((++ASSERTIONS))
	[[ $(awk '$1 > 0' "$DIR/want" | wc -l) -gt 200 ]] || fail "most expressions matched nothing"
}

# The same chains for both: how many frames each rule of them decides, by its line. nft
# lists chains in the order of the file; a rule that only leads elsewhere has no counter.
each_rule_of_a_chain_decides_what_it_decides_in_nft() {
	command -v nft >/dev/null || skip "no nft: scripts/install-deps"
	lab_up
	rx nft -f "$CHAINS" >"$DIR/nft.log" 2>&1 || {
		grep -q "Operation not supported\|No such file or directory" "$DIR/nft.log" &&
			skip "no netdev hook of nft in this kernel"
		cat "$DIR/nft.log"
		fail "nft takes the chains"
	}
	check "frames" bash -c "nsenter --net=/run/netns/xs-t-tx -- $O/selftests/tools/nft_frames \
		-f $CHAINS tx0 $FRAMES >$DIR/oracle"
	sleep 1
	awk -F '\t' 'NR == FNR { sum[$1] += $2; next } /[ \t]counter / { print sum[FNR] + 0 }' \
		"$DIR/oracle" "$CHAINS" >"$DIR/want"
	rx nft list table netdev t | sed -n 's/.*counter packets \([0-9]*\).*/\1/p' >"$DIR/got"
	paste "$DIR/want" "$DIR/got" <(grep '[[:blank:]]counter ' "$CHAINS") |
		awk '$1 != $2 { print "here " $1 ", nft " $2 ": " $0 }' >"$DIR/differ"
	equal "rules that differ" "" "$(cat "$DIR/differ")"
	((++ASSERTIONS))
	[[ $(awk '$1 > 0' "$DIR/want" | wc -l) -gt 25 ]] || {
		paste "$DIR/want" <(grep '[[:blank:]]counter ' "$CHAINS")
		fail "most rules decided nothing"
	}
}

run_tests "$@"
