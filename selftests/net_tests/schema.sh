#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# docs/schema/ has a schema for each output of -j, and each output is as its schema says.
# lib.sh keeps what every test prints under -j, and run_tests compares it.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules
VALIDATE=$ROOT/selftests/validate-json

_valid() { # NAME JSON, which is in OUT then
	mkdir -p "$DIR/here"
	printf '%s\n' "$2" >"$DIR/here/$1.json"
	check "$1 is as docs/schema/$1.json says" "$VALIDATE" "$DIR/here/$1.json"
	OUT=$2
}
_invalid() { # SENTENCE NAME JSON
	mkdir -p "$DIR/here"
	printf '%s\n' "$3" >"$DIR/here/$2.json"
	refuses "$1" 1 "$2: " "$VALIDATE" "$DIR/here/$2.json"
}
_prints() { # TOOL COMMAND [ARGUMENT...]
	OUT=$(rx "$O/xsteer-$1" "$2" -j "${@:3}" 2>"$DIR/words") || {
		cat "$DIR/words"
		fail "xsteer-$1 $2 -j: exit $?"
	}
	_valid "xsteer-$1-$2" "$OUT"
}

# top is a screen, exec becomes another program, bouncer and fdserver have no commands, and -error
# is for all commands.
every_command_has_a_schema_and_no_schema_is_of_none() {
	local tool commands
	commands=$(for tool in loader rules maps chain; do
		"$O/xsteer-$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' |
			grep -vxE 'top|exec' | sed "s/^/xsteer-$tool-/"
	done; echo xsteer-bouncer; echo xsteer-fdserver; echo xsteer-error)
	check "each is a JSON Schema" "$VALIDATE" --list
	equal "schemas" "$OUT" "$(sort <<<"$commands")"
}
what_a_schema_does_not_say_is_seen() {
	local good='{"interface": "rx0", "generation": 2, "schema": 1}'
	_valid xsteer-rules-confirm "$good"
	_valid xsteer-rules-confirm '{"error": "no", "schema": 1}'
	_invalid "a key more" xsteer-rules-confirm "$(jq '.more = 1' <<<"$good")"
	_invalid "a key less" xsteer-rules-confirm "$(jq 'del(.generation)' <<<"$good")"
	_invalid "a text for a number" xsteer-rules-confirm "$(jq '.generation = "2"' <<<"$good")"
	_invalid "another schema" xsteer-rules-confirm "$(jq '.schema = 2' <<<"$good")"
	_invalid "the second of two" xsteer-rules-confirm "$good"$'\n'"$(jq '.more = 1' <<<"$good")"
}
loader_prints_what_its_schemas_say() {
	lab_up
	_prints loader attach rx0
	_prints loader attach rx0
	_prints loader status
	_prints loader upgrade rx0
	_prints loader features rx0
	_prints loader doctor rx0
	_prints loader queues rx0
	mkdir "$PINS/%new-gone"
	_prints loader clean --dry-run
	_prints loader detach rx0
	OUT=$(rx "$LOADER" attach -j rx0 none0 2>/dev/null)
	_valid xsteer-loader-attach "$OUT"
	OUT=$(rx "$LOADER" attach -j none0 2>/dev/null)
	_valid xsteer-loader-attach "$OUT"
}
features_under_j_are_booleans() {
	lab_up
	check "features" rx "$LOADER" features -j rx0
	equal "types" "$(jq -c '[.native, .ethernet, .af_xdp, ."zero-copy"] | map(type) | unique' <<<"$OUT")" '["boolean"]'
	equal "veth" "$(jq -c '[.native, ."zero-copy", .driver]' <<<"$OUT")" '[true,false,"veth"]'
}
rules_prints_what_its_schemas_say() {
	lab_up
	attach
	printf 'udp drop\nudp dport 53 drop\n' >"$DIR/r"
	_prints rules check "$DIR/r"
	_prints rules apply rx0 "$DIR/r"
	_prints rules import --partial nft "$ROOT/selftests/import/router.nft"
	_prints rules show rx0
	_prints rules explain -d rx0 --hex 0200000000020200000000010806
	tx_bg traffic "$TRAFFIC" -o -n 300 -r 10 tx0
	_prints rules trace rx0 -c 1
	_prints rules cost -f "$DIR/r"
	_prints rules apply --confirm 60 rx0 "$DIR/r"
	_prints rules confirm rx0
	_prints rules flush rx0
	printf '192.0.2.0/24\n# a comment\n198.51.100.7\n' >"$DIR/list"
	_prints rules import cidr "$DIR/list"
}
maps_prints_what_its_schemas_say() {
	lab_up
	attach
	echo 'tcp drop' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	start_bouncer 1 -p
	steer 1
	bounced -n 100 -p udp4
	_prints maps list
	_prints maps stats -a rx0
	_prints maps stats -w 1 -n 1 rx0
	_prints maps dump -a rx0
	_prints maps sockets rx0
	_prints maps losses rx0
	_prints maps losses -w 1 -n 1 rx0
	_prints maps watch -n 1 rx0
	_prints maps export
}
bouncer_and_chain_print_what_their_schemas_say() {
	local broker
	printf '%s\n' 'service fw' 'service rec tap' 'chain web fw tx' 'chain web mirror rec after fw' >"$DIR/c"
	lab_up
	OUT=$(rx "$BOUNCER" -d rx0 -Q 0 -j -v --interval 1 -t 2 --latency 2>/dev/null) || fail "bouncer: exit $?"
	_valid xsteer-bouncer "$OUT"
	equal "its objects" "$(jq -r .type <<<"$OUT" | sort -u | xargs)" "final interval start"
	_prints chain check "$DIR/c"
	_prints chain replay "$DIR/c" --gen 60:9 --nf "$O/selftests/tools/nf_probe -s fw"
	attach
	_prints chain run rx0 "$DIR/c" -t 1 --socket "$DIR/nf.sock"
	rx_bg broker "$O/xsteer-chain" run -v rx0 "$DIR/c" --socket "$DIR/nf.sock" \
		--nf "$O/selftests/tools/nf_probe -s fw"
	broker=$!
	becomes "its function joins" 20 grep -q joined "$DIR/broker.log"
	_prints chain show --socket "$DIR/nf.sock" rx0
	tx_bg traffic "$TRAFFIC" -o -n 1000 -r 100 tx0
	_prints chain show --socket "$DIR/nf.sock" rx0 --trace 2
	_prints chain export --socket "$DIR/nf.sock" rx0
	_prints chain drain --socket "$DIR/nf.sock" rx0 fw
	kill -INT "$broker"
	ends "$broker" 0
}

run_tests "$@"
