#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-rules import: rule sets like public ones, from selftests/import/, each beside the
# rule file that it becomes; and what the command prints about them. Needs no privilege.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
SETS=$(dirname "$0")/../import

_format() { # FILE
	case $1 in
	*.nft) echo nft ;;
	*.save) echo iptables-save ;;
	*) echo "${1##*.}" ;;
	esac
}

# Taken, rewritten, refused: here one sees what a change of a reader changes.
_counts_of() {
	case $1 in
	ddos.nft) echo "8 taken .1 rewritten., 2 not imported" ;;
	router.nft) echo "9 taken .3 rewritten., 5 not imported" ;;
	script.nft) echo "3 taken .1 rewritten., 4 not imported" ;;
	server.nft) echo "5 taken .0 rewritten., 3 not imported" ;;
	six.nft) echo "6 taken .0 rewritten., 1 not imported" ;;
	debian.save) echo "7 taken .1 rewritten., 5 not imported" ;;
	chains.save) echo "9 taken .0 rewritten., 3 not imported" ;;
	flags.save) echo "11 taken .0 rewritten., 3 not imported" ;;
	six.save) echo "5 taken .0 rewritten., 1 not imported" ;;
	tables.save) echo "3 taken .0 rewritten., 2 not imported" ;;
	queues.ethtool) echo "4 taken .2 rewritten., 2 not imported" ;;
	flows.ovs) echo "5 taken .0 rewritten., 2 not imported" ;;
	list.cidr) echo "3 taken .0 rewritten., 1 not imported" ;;
	esac
}

each_set_becomes_the_rules_beside_it() {
	local file set sets=0 errors

	for file in "$SETS"/*; do
		set=${file##*/}
		[[ $set = *.rules ]] && continue
		((++sets))
		errors=$("$RULES" import --partial "$(_format "$set")" "$file" 2>&1 >"$DIR/$set.rules")
		check "the rules of $set are those beside it" diff "$file.rules" "$DIR/$set.rules"
		contains "counts of $set" "$errors" "$(_counts_of "$set")"
		check "$set.rules is a rule file" "$RULES" check "$DIR/$set.rules"
		equal "each refused line of $set is told with its place" \
			"$(grep -c '^[[:blank:]]*# not imported: ' "$DIR/$set.rules")" \
			"$(grep -c ":[0-9]*: not imported: " <<<"$errors")"
	done
	equal "sets" 13 "$sets"
}

what_is_not_said_fails_unless_partial() {
	printf 'ip saddr 10.0.0.1 drop\n' >"$DIR/rules"
	refuses "a line that is none" 1 "1 line could not be said" "$RULES" import cidr "$DIR/rules"
	check "the same with --partial" "$RULES" import --partial cidr "$DIR/rules"
	printf '10.0.0.1\n' >"$DIR/list"
	check "all is said" "$RULES" import cidr "$DIR/list"
	equal "from standard input" "$("$RULES" import cidr "$DIR/list" 2>/dev/null)" \
		"$("$RULES" import cidr - 2>/dev/null <"$DIR/list")"
	: >"$DIR/empty"
	check "nothing is imported from nothing" "$RULES" import nft "$DIR/empty"
	refuses "a format that is none" 2 "give nft, iptables-save, ethtool, ovs or cidr" \
		"$RULES" import pf "$DIR/list"
	refuses "no such file" 1 "cannot read $DIR/none" "$RULES" import cidr "$DIR/none"
	printf '10.0.0.1\0' >"$DIR/nul"
	refuses "a NUL byte" 1 "NUL byte" "$RULES" import cidr "$DIR/nul"
	printf 'table ip t {\nchain c {\n' >"$DIR/open.nft"
	refuses "a block that does not end" 1 "ends within a block" "$RULES" import nft "$DIR/open.nft"
}

# The chains of nft_chains mean in the import what they mean in nft's own file.
chains_stay_chains() {
	"$RULES" import --partial nft "$(dirname "$0")/../nft_chains" >"$DIR/chains.rules" 2>"$DIR/log"
	contains "counts" "$(cat "$DIR/log")" "56 taken .31 rewritten., 0 not imported"
	equal "what becomes of them" "$("$RULES" check "$(dirname "$0")/../nft_chains" | grep -o '[0-9]* rules in [0-9]* tables')" \
		"$("$RULES" check "$DIR/chains.rules" | grep -o '[0-9]* rules in [0-9]* tables')"
	printf 'table ip t {\nchain c { type filter hook input priority 0\njump a\n}\nchain a {\njump a\n}\n}\n' >"$DIR/circle.nft"
	refuses "a circle" 1 "no rule file can say this: .*'a' leads back to itself" "$RULES" import --partial nft "$DIR/circle.nft"
	printf '*filter\n:INPUT DROP\n:a - [0:0]\n-A a -j DROP\n' >"$DIR/open.save"
	refuses "a table that does not end" 1 "the table does not end" "$RULES" import iptables-save "$DIR/open.save"
}

json_has_the_lines_and_each_refusal() {
	local json
	json=$("$RULES" import -j --partial nft "$SETS/router.nft" 2>/dev/null)
	equal "lines" "$(cat "$SETS/router.nft.rules")" "$(jq -r '.lines[]' <<<"$json")"
	equal "counts" "9 3 5" "$(jq -r '"\(.taken) \(.rewritten) \(.refused)"' <<<"$json")"
	equal "refusals" 5 "$(jq '.not_imported | length' <<<"$json")"
	contains "the first one" "$(jq -r '.not_imported[0].text' <<<"$json")" "ct state vmap"
}

run_tests "$@"
