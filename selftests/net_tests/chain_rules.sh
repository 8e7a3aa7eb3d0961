#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Rules that send frames into chains: which chain has which slots.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

_apply() { # LINE...
	printf '%s\n' "$@" >"$DIR/it.rules"
	check "apply" rx "$RULES" apply rx0 "$DIR/it.rules"
}
_names() { rx "$MAPS" dump -j rx0 chains | jq -r '[.maps.chains[].value.name] | map(select(. != "")) | join(" ")'; }

a_chain_that_nobody_serves_falls_back_and_is_counted() {
	lab_up --queues 1
	attach
	_apply 'udp dport 4444 chain web else drop' 'udp chain dns' 'default pass'
	check "frames" tx "$TRAFFIC" -o -n 50 -p udp4 tx0
	equal "in the kernel's hands" "$(counter reason_no_chain)" 50
	equal "none in a chain" "$(counter verdict_chain)" 0
	check "the sums close" counters_add_up
	contains "shown as written" "$(rx "$RULES" show rx0)" "chain web else drop"
	equal "stats" "$(rx "$MAPS" stats -j rx0 | jq .total.reasons.no_chain)" 50
	contains "doctor" "$(rx "$LOADER" doctor rx0)" "chain web, which is served on 0 of 1 queues"
}

explain_says_chain_and_why_not() {
	local frame=ffffffffffff0200000000010800450000200000000040110000c0000201c000020204d2115c000c0000deadbeef
	lab_up --queues 1
	attach
	_apply 'udp dport 4444 chain web else drop'
	equal "of the instance" "$(rx "$RULES" explain -j -d rx0 --hex "$frame")" \
		'{"packet": 0, "rule": 1, "verdict": "chain", "xdp": "XDP_DROP", "reason": "no_chain"}'
	echo 'udp chain web' >"$DIR/it.rules"
	equal "of a file" "$("$RULES" explain -j -f "$DIR/it.rules" --hex "$frame")" \
		'{"packet": 0, "rule": 1, "verdict": "chain", "xdp": "XDP_PASS", "reason": "no_chain"}'
}

names_have_rows_as_long_as_rules_name_them() {
	lab_up --queues 1
	attach
	_apply 'tcp chain a' 'udp chain b' 'icmp chain a else drop'
	equal "two" "$(_names)" "a b"
	_apply 'udp chain b' 'tcp chain c'
	equal "a is gone, and c has a row" "$(_names | tr ' ' '\n' | sort | xargs)" "b c"
	check "to be confirmed" rx "$RULES" apply rx0 - --confirm 30 <<<'tcp chain d'
	equal "those of the fallback stay" "$(_names | tr ' ' '\n' | sort | xargs)" "b c d"
	check "confirm" rx "$RULES" confirm rx0
	check "flush" rx "$RULES" flush rx0
	check "flush once more" rx "$RULES" flush rx0
	equal "none" "$(_names)" ""
}

more_chains_than_slots_are_refused() {
	lab_up --queues 1
	attach
	for ((i = 1; i <= 17; i++)); do echo "udp dport $i chain c$i"; done >"$DIR/17.rules"
	head -n 16 "$DIR/17.rules" >"$DIR/16.rules"
	check "16" rx "$RULES" apply rx0 "$DIR/16.rules"
	refuses "17" 1 "chain c17: .*slots for 16 chains" rx "$RULES" apply rx0 "$DIR/17.rules"
	equal "those in force stay" "$(_names | wc -w)" 16
	echo 'udp chain other' >"$DIR/it.rules"
	refuses "another beside them" 1 "chain other: .*slots for 16 chains" rx "$RULES" apply rx0 "$DIR/it.rules"
	check "flush" rx "$RULES" flush rx0
	check "and then it has room" rx "$RULES" apply rx0 "$DIR/it.rules"
}

run_tests "$@"
