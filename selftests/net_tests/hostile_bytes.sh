#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Names and answers may have any byte. Bytes that a terminal takes as a command, and those
# that are not UTF-8, are escaped wherever a tool prints, and nothing fails because of them.

# shellcheck disable=SC2016 # jq's and perl's variables
. "$(dirname "$0")/lib.sh"

NAME=$'e\xff\e[5m"\\n'
SHOWN='e\xff\x1b[5m"\n' # as tables and messages have it

# Printable UTF-8 in lines.
_is_clean() { # SENTENCE TEXT
	((++ASSERTIONS))
	if printf '%s' "$2" | LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' ||
		! printf '%s' "$2" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1; then
		printf '%s' "$2" | od -c | tail -n 20
		fail "$1: bytes that are no printable UTF-8"
	fi
}
_says() { # SENTENCE COMMAND...
	check "$@"
	_is_clean "$1" "$OUT"
	contains "$1: the name" "$OUT" 'e\\xff\\x1b\[5m"\\n'
}
_says_json() { # SENTENCE COMMAND...
	((++ASSERTIONS))
	OUT=$("${@:2}" 2>"$DIR/err.log") || fail "$1: exit $? from: ${*:2}"
	_is_clean "$1" "$OUT"
	((++ASSERTIONS))
	jq -e --arg name "$SHOWN" '.schema and ([.. | strings | select(contains($name))] | length > 0)' \
		<<<"$OUT" >/dev/null || fail "$1: no JSON with the name: $OUT"
}
_lab() {
	lab_up --queues 2
	rx ip link set rx0 down
	check "an interface's name is any bytes" rx ip link set rx0 name "$NAME"
	rx ip link set "$NAME" up
}

every_table_and_message_is_printable() {
	_lab
	echo 'udp drop' >"$DIR/r"
	_says "attach" rx "$LOADER" attach "$NAME"
	_says "attached before" rx "$LOADER" attach "$NAME"
	_says "status" rx "$LOADER" status
	_says "upgrade" rx "$LOADER" upgrade "$NAME"
	_says "apply" rx "$O/xsteer-rules" apply --confirm 60 "$NAME" "$DIR/r"
	_says "show" rx "$O/xsteer-rules" show "$NAME"
	_says "confirm" rx "$O/xsteer-rules" confirm "$NAME"
	_says "list" rx "$MAPS" list
	check "stats" rx "$MAPS" stats "$NAME"
	_is_clean "stats" "$OUT"
	check "dump" rx "$MAPS" dump "$NAME" meta
	_is_clean "dump" "$OUT"
	check "doctor" rx "$LOADER" doctor "$NAME"
	_is_clean "doctor" "$OUT"
	check "features" rx "$LOADER" features "$NAME"
	_is_clean "features" "$OUT"
	rx_bg bouncer "$BOUNCER" -d "$NAME" -p -t 1
	ends $! 0
	_is_clean "the bouncer's words" "$(cat "$DIR/bouncer.log")"
	contains "the name" "$(cat "$DIR/bouncer.log")" 'e\\xff\\x1b\[5m"\\n'
	refuses "a refusal" 1 'e\\xff\\x1b\[5m"\\n' rx "$LOADER" attach -P 5 "$NAME"
	_is_clean "a refusal" "$OUT"
	_says "detach" rx "$LOADER" detach "$NAME"
	refuses "another refusal" 1 'e\\xff\\x1b\[5m"\\n' rx "$MAPS" stats "$NAME"
	_is_clean "another refusal" "$OUT"
}

every_json_has_the_name() {
	_lab
	echo 'udp drop' >"$DIR/r"
	_says_json "attach" rx "$LOADER" attach -j "$NAME"
	_says_json "status" rx "$LOADER" status -j
	_says_json "upgrade" rx "$LOADER" upgrade -j "$NAME"
	_says_json "doctor" rx "$LOADER" doctor -j "$NAME"
	_says_json "features" rx "$LOADER" features -j "$NAME"
	_says_json "apply" rx "$O/xsteer-rules" apply -j --confirm 60 "$NAME" "$DIR/r"
	_says_json "show" rx "$O/xsteer-rules" show -j "$NAME"
	_says_json "confirm" rx "$O/xsteer-rules" confirm -j "$NAME"
	_says_json "flush" rx "$O/xsteer-rules" flush -j "$NAME"
	_says_json "list" rx "$MAPS" list -j
	_says_json "stats" rx "$MAPS" stats -j "$NAME"
	_says_json "dump" rx "$MAPS" dump -j "$NAME" meta
	_says_json "sockets" rx "$MAPS" sockets -j "$NAME"
	_says_json "export" rx "$MAPS" export -j
	rx "$BOUNCER" -j -d "$NAME" -p -t 1 >"$DIR/bouncer.json" 2>/dev/null
	_is_clean "the bouncer's JSON" "$(cat "$DIR/bouncer.json")"
	check "it has the name" jq -es --arg name "$SHOWN" 'all(.[]; .interface == $name)' "$DIR/bouncer.json"
	_says_json "detach" rx "$LOADER" detach -j "$NAME"
}

export_is_valid_prometheus_text() {
	_lab
	attach=$(rx "$LOADER" attach "$NAME") || fail "attach: $attach"
	check "export" rx "$MAPS" export
	_is_clean "export" "$OUT"
	contains "the label" "$OUT" '^xsteer_packets_total\{interface="e\\\\xff\\\\x1b\[5m\\"\\\\n",queue="0"\} 0$'
}

rule_files_of_any_name_are_printable() {
	local file=$DIR/$'r\xff\e[5m'
	echo 'udp drop' >"$file"
	check "check" "$O/xsteer-rules" check "$file"
	_is_clean "check" "$OUT"
	echo 'udp frop' >"$file"
	refuses "an error" 1 'r\\xff\\x1b\[5m:1:5' "$O/xsteer-rules" check "$file"
	_is_clean "an error" "$OUT"
	refuses "a file that is not there" 1 'cannot read' "$O/xsteer-rules" check "$file.not"
	_is_clean "a file that is not there" "$OUT"
	printf 'udp drop\nudp drop\n' >"$file"
	check "a warning" "$O/xsteer-rules" check "$file"
	_is_clean "a warning" "$OUT"
}

chain_files_and_interfaces_of_any_name_are_printable() {
	local file=$DIR/$'f\xff\e[5m' labels='interface="e\\\\xff\\\\x1b\[5m\\"\\\\n",socket="[^"]*",chain="web"'
	_lab
	printf '%s\n' 'service fw' 'chain web fw tx' >"$DIR/f.chain"
	echo 'chain web fw' >"$file"
	refuses "an error in a file" 1 'f\\xff\\x1b\[5m:1:11' "$O/xsteer-chain" check "$file"
	_is_clean "an error in a file" "$OUT"
	check "attach" rx "$LOADER" attach "$NAME"
	rx_bg run "$O/xsteer-chain" run "$NAME" "$DIR/f.chain" --socket "$DIR/nf.sock"
	local broker=$!
	becomes "it listens" 15 test -S "$DIR/nf.ctl"
	_says "show" "$O/xsteer-chain" show --socket "$DIR/nf.sock" "$NAME"
	_says_json "show" "$O/xsteer-chain" show -j --socket "$DIR/nf.sock"
	_says_json "export -j" "$O/xsteer-chain" export -j --socket "$DIR/nf.sock"
	check "export" "$O/xsteer-chain" export --socket "$DIR/nf.sock"
	_is_clean "export" "$OUT"
	contains "labels" "$OUT" "^xsteer_chain_entered_total\\{$labels\\} "
	contains "labels of a queue" "$OUT" "^xsteer_chain_rx_ring_full_total\\{$labels,queue=\"0\"\\} "
	refuses "drain" 1 'service [a-z\\]*xff\\x1b' "$O/xsteer-chain" drain --socket "$DIR/nf.sock" "$NAME" $'\xff\e'
	_is_clean "drain" "$OUT"
	cp "$DIR/f.chain" "$file"
	_says "apply" "$O/xsteer-chain" apply --socket "$DIR/nf.sock" "$NAME" "$file"
	kill -INT "$broker"
	ends "$broker" 0
	_is_clean "its last words" "$(cat "$DIR/run.log")"
	contains "its last words" "$(cat "$DIR/run.log")" '^e\\xff\\x1b\[5m"\\n: '
}

answer_of_a_device_plugin_is_printable() {
	lab_up --queues 1
	perl -MSocket -e '
		socket(my $s, PF_UNIX, SOCK_SEQPACKET, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die;
		listen($s, 1); accept(my $c, $s); recv($c, my $q, 64, 0); send($c, "\e[31m\xff/no", 0);
		recv($c, $q, 64, 0);' "$DIR/sock" &
	becomes "the plugin listens" 5 test -S "$DIR/sock"
	refuses "its answer" 1 "\\\\x1b\[31m\\\\xff/no" rx "$BOUNCER" -d rx0 -p --uds "$DIR/sock"
	_is_clean "its answer" "$OUT"
}

run_tests "$@"
