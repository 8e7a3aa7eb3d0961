#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The manuals, the completion and the pages in docs/ agree with the tools and the headers:
# whatever is listed twice is compared here.
#
# A man page lists each command as "## NAME OPERANDS" under "# COMMANDS", and each
# option as a line "*-x*, *--name* _ARG_", as --help shows it.

# shellcheck disable=SC2016,SC2119 # back quotes of Markdown; helpers without arguments
. "$(dirname "$0")/lib.sh"

cd "$ROOT" || exit 1

# --- both sides of the comparison, one item a line ---

_page() { echo "docs/xsteer-$1.8.scd"; }
_plain() { sed 's/\\\(.\)/\1/g; s/[*_]//g'; }

# The page's lines from "# SECTION" (or "## SECTION") to the next of that depth.
_section() { # TOOL HEADING
	local hashes=${2%%[^#]*}
	awk -v heading="$2" -v deep=${#hashes} '
		/^```/ { block = !block }
		!block && /^#+ / { match($0, /^#+/); if (RLENGTH <= deep) on = ($0 == heading || index($0, heading " ") == 1); }
		on && $0 != heading' "$(_page "$1")"
}
_commands_in_page() { # TOOL
	_section "$1" "# COMMANDS" | sed -n 's/^## //p' | sed 's/ *$//' | sort
}
_commands_in_help() { # TOOL
	"$O/xsteer-$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\)/\1/p' |
		awk '{ operands = substr($0, 12); sub(/  .*/, "", operands); print $1, operands }' |
		sed 's/ *$//' | sort
}
_options_in_page() { # [text on stdin]
	sed -n '/^\*-/p' | _plain | sed 's/ *$//' | sort
}
_options_in_help() { # TOOL [COMMAND]
	"$O/xsteer-$1" ${2:+"$2"} --help | sed -n '/^Options:/,/^$/s/^ *-/-/p' |
		sed 's/  .*//; s/ *$//' | sort
}
_names() { # X-MACRO...
	local macro
	for macro; do
		printf '#include "user/lib/rules/model/rule.h"\n#include "user/lib/instance/pins.h"\n#define X(name, ...) @name@\n%s(X)\n' "$macro" |
			gcc -E -P -I. -Iuser -Iuser/lib -x c - | grep -o '@ *[a-z0-9_]* *@' | tr -d '@ '
	done | sort
}
_defined_in() { # TOOL HEADING: names of its definition lists
	_section "$1" "$2" | sed -n 's/^\(\*[a-z][a-z0-9_*, -]*\*\)$/\1/p' | tr -d '* ' | tr ',' '\n' | sort
}

_same() { # SENTENCE LEFT-NAME LEFT RIGHT-NAME RIGHT
	((++ASSERTIONS))
	[[ $3 ]] || fail "$1: nothing in $2"
	[[ $3 = "$5" ]] && return
	diff -U0 --label "$2" --label "$4" <(echo "$3") <(echo "$5") | grep '^[-+]'
	fail "$1"
}

# --- tools and their pages ---

_page_agrees() { # TOOL
	local tool=$1 page common command operands
	page=$(_page "$tool")
	check "$page is valid scdoc" bash -c "scdoc <$page >/dev/null"
	equal "$page: its title" "$(head -n 1 "$page")" "xsteer-$tool(8)"
	if [[ -z $(_commands_in_help "$tool") ]]; then
		_same "options of xsteer-$tool" "$page" "$(_options_in_page <"$page")" \
			"--help" "$(_options_in_help "$tool")"
		return
	fi
	_same "commands of xsteer-$tool" "$page" "$(_commands_in_page "$tool")" \
		"--help" "$(_commands_in_help "$tool")"
	common=$(_options_in_help "$tool")
	_same "options of every command" "$page" "$(_section "$tool" "# OPTIONS" | _options_in_page)" \
		"--help" "$common"
	while read -r command operands; do
		_same "options of xsteer-$tool $command" \
			"$page" "-$(_section "$tool" "## $command${operands:+ $operands}" | _options_in_page)" \
			"$command --help" "-$(_options_in_help "$tool" "$command" | grep -vxFf <(echo "$common"))"
	done < <(_commands_in_help "$tool")
}

loader_and_its_page_agree() { _page_agrees loader; }
bouncer_and_its_page_agree() { _page_agrees bouncer; }
rules_and_its_page_agree() { _page_agrees rules; }
maps_and_its_page_agree() { _page_agrees maps; }
chain_and_its_page_agree() { _page_agrees chain; }
fdserver_and_its_page_agree() { _page_agrees fdserver; }
fdserver_page_names_every_refusal() {
	_same "refusals" xsteer-fdserver.8 "$(_defined_in fdserver "# JSON")" \
		user/tools/fdserver/server.h "$(printf '#include "user/tools/fdserver/server.h"\n#define X(name, text) @name@\nXS_REFUSALS(X)\n' |
			gcc -E -P -I. -Iuser -Iuser/lib -x c - | grep -o '@ *[a-z0-9_]* *@' | tr -d '@ ' | sort)"
}

every_tool_has_a_page_and_a_completion() {
	local file tool
	for file in "$O"/xsteer-*; do
		[[ -f $file && -x $file ]] || continue
		tool=${file##*/xsteer-}
		((++ASSERTIONS))
		[[ -f $(_page "$tool") ]] || fail "xsteer-$tool has no $(_page "$tool")"
		contains "this file has a test of its page" "$(cat selftests/net_tests/docs_agree.sh)" \
			"^${tool}_and_its_page_agree"
		contains "completion" "$(sed -n '/^complete /p' scripts/completion)" " xsteer-$tool( |$)"
	done
}

# --- completion ---

# What Tab offers after these words, of which the last one is being typed.
_offered() { # WORD...
	(
		. scripts/completion
		PATH=$O:$PATH
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_xsteer "$1" "${@: -1}" "${@: -2:1}"
		printf '%s\n' "${COMPREPLY[@]}" | sort
	)
}
_long_options() { grep -o -- '--[a-z-]*' | sort; }

completion_offers_what_help_lists() {
	local file tool command
	for file in "$O"/xsteer-*; do
		[[ -f $file && -x $file ]] || continue
		tool=${file##*/xsteer-}
		if [[ -z $(_commands_in_help "$tool") ]]; then
			_same "options" Tab "$(_offered "xsteer-$tool" --)" \
				--help "$(_options_in_help "$tool" | _long_options)"
			continue
		fi
		_same "commands" Tab "$(_offered "xsteer-$tool" "")" \
			--help "$(_commands_in_help "$tool" | cut -d ' ' -f 1)"
		while read -r command _; do
			_same "options of $tool $command" Tab "$(_offered "xsteer-$tool" "$command" --)" \
				--help "$(_options_in_help "$tool" "$command" | _long_options)"
		done < <(_commands_in_help "$tool")
	done
}

completion_offers_values_that_the_tool_takes() {
	local mode
	equal "modes" "$(_offered xsteer-loader attach -m "" | xargs)" "auto native skb"
	for mode in $(_offered xsteer-loader attach --mode ""); do
		refuses "mode $mode is known" 1 "no interface" "$LOADER" attach -m "$mode" none0
	done
	equal "after =" "$(_offered xsteer-loader attach --mode = s)" skb
	equal "interfaces" "$(_offered xsteer-loader attach -m skb "")" lo
	equal "more interfaces" "$(_offered xsteer-loader attach eth0 "")" lo
	check "attach" "$LOADER" attach lo
	equal "maps" "$(_offered xsteer-maps dump lo "")" "$("$MAPS" list -j | jq -r '.instances[].maps[].name' | sort)"
	equal "nothing after the last operand" "$(_offered xsteer-maps dump lo meta "")" ""
}

# --- JSON ---

# The paths of all keys; elements of an array, and rows of a map, count as one.
_paths='[paths | map(select(type == "string")) | select(length > 0) | join(".")] | unique | .[]'

# The sample that follows the line "COMMAND:" or "COMMAND; ..." in the section JSON.
_sample() { # TOOL COMMAND
	_section "$1" "# JSON" | awk -v command="$2" '
		index($0, command ":") == 1 || index($0, command ";") == 1 { on = 1 }
		on && /^```/ { if (block) exit; block = 1; next }
		block'
}
_json_agrees() { # TOOL COMMAND [ARGUMENT...]
	local tool=$1 command=$2
	shift 2
	check "xsteer-$tool $command -j" rx "$O/xsteer-$tool" "$command" -j "$@"
	_same "JSON of $command" "$(_page "$tool")" "$(_sample "$tool" "$command" | jq -r "$_paths")" \
		"$command -j" "$(jq -r "$_paths" <<<"$OUT")"
}

loader_prints_the_json_of_its_page() {
	lab_up
	echo "udp dport 9 drop" >"$DIR/rules"
	_json_agrees loader attach rx0 -r "$DIR/rules"
	_json_agrees loader status rx0
	_json_agrees loader upgrade rx0
	mkdir "$PINS/%new-gone"
	_json_agrees loader clean --dry-run
	_json_agrees loader features rx0
	_json_agrees loader doctor rx0
	start_bouncer 1 -p
	_json_agrees loader queues rx0
	stop_bouncer
	_json_agrees loader detach rx0
}

rules_prints_the_json_of_its_page() {
	lab_up
	attach
	echo 'udp drop' >"$DIR/one.rules"
	_json_agrees rules apply rx0 "$DIR/one.rules"
	_json_agrees rules show rx0
	_json_agrees rules apply --confirm 60 rx0 "$DIR/one.rules"
	_json_agrees rules confirm rx0
	_json_agrees rules explain -d rx0 --hex 0200000000020200000000010806
	tx_bg traffic "$TRAFFIC" -o -n 300 -r 10 tx0
	_json_agrees_here rules trace rx0 -c 1
}

maps_prints_the_json_of_its_page() {
	lab_up
	attach
	_json_agrees maps list
	_json_agrees maps stats -w 1 -n 1 rx0
	start_bouncer 1 -p
	_json_agrees maps dump rx0 owners
	_json_agrees maps sockets rx0
	_json_agrees maps watch -n 1 rx0
	kill -STOP "$LAST_BOUNCER"
	steer 1
	check "more than its rings take" tx "$TRAFFIC" -o -n 20000 -f 50 tx0
	_json_agrees maps losses rx0
	kill -CONT "$LAST_BOUNCER"
}

chain_prints_the_json_of_its_page() {
	printf '%s\n' 'service fw' 'service x' 'service rec tap' 'chain web fw tx' 'chain web mirror rec after fw' \
		'on fw.reject drop' 'limit web frames 2048' >"$DIR/web.chain"
	check "xsteer-chain check -j" "$O/xsteer-chain" check -j "$DIR/web.chain"
	OUT=$("$O/xsteer-chain" check -j "$DIR/web.chain" 2>/dev/null)
	_same "JSON of check" xsteer-chain.8 "$(_sample chain check | jq -r "$_paths")" \
		"check -j" "$(jq -r "$_paths" <<<"$OUT")"
	_json_agrees_here chain replay "$DIR/web.chain" --gen 60:9 \
		--nf "$O/selftests/tools/nf_probe -s fw"
	lab_up
	attach
	_json_agrees_here chain run rx0 "$DIR/web.chain" -t 1 --socket "$DIR/nf.sock"
	rx_bg broker "$O/xsteer-chain" run -v rx0 "$DIR/web.chain" --socket "$DIR/show.sock" \
		--nf "$O/selftests/tools/nf_probe -s fw"
	becomes "the NF joined" 15 grep -q joined "$DIR/broker.log"
	_json_agrees_here chain show rx0 --socket "$DIR/show.sock"
	_json_agrees_here chain apply rx0 "$DIR/web.chain" --socket "$DIR/show.sock"
	_json_agrees_here chain drain rx0 fw --socket "$DIR/show.sock"
}
# Without its warnings; at rx0, if there is one.
_json_agrees_here() { # TOOL COMMAND ARGUMENT...
	local at=(env)
	[[ $3 = rx0 ]] && at=(rx)
	OUT=$("${at[@]}" "$O/xsteer-$1" "$2" -j "${@:3}" 2>/dev/null) || fail "xsteer-$1 $2: exit $?"
	_same "JSON of $2" "$(_page "$1")" "$(_sample "$1" "$2" | jq -r "$_paths")" \
		"$2 -j" "$(jq -r "$_paths" <<<"$OUT")"
}

# --- names ---

pages_name_what_the_headers_name() {
	_same "verdicts" xsteer-maps.8 "$(_defined_in maps "## Verdicts")" \
		maps/xsteer.h "$(_names XS_VERDICTS)"
	_same "reasons" xsteer-maps.8 "$(_defined_in maps "## Reasons")" \
		maps/xsteer.h "$(_names XS_MATCH_REASONS XS_FALLBACK_REASONS)"
	_same "maps" xsteer-maps.8 "$(_defined_in maps "## Maps")" user/lib/instance/pins.h "$(_names XS_MAPS XS_MAPS_OPTIONAL)"
}

loader_page_names_every_check_of_doctor() {
	_same "checks" xsteer-loader.8 "$(_defined_in loader "## doctor IF")" \
		"user/tools/loader/check_*.c" "$(grep -oh 'find(d, "[a-z_-]*"' user/tools/loader/check_*.c | cut -d '"' -f 2 | sort -u)"
}

maps_page_names_every_metric() {
	check "attach" "$LOADER" attach lo
	check "export" "$MAPS" export lo
	_same "metrics" xsteer-maps.8 "$(_defined_in maps "## Metrics")" \
		export "$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' <<<"$OUT" | sort)"
}

# The rows of the table under the heading, by their first cell.
_table() { # FILE HEADING
	awk -v heading="$2" '/^#+ / { on = $0 == heading } on' "$1" |
		grep -o '^| `[a-z0-9_]*` |' | tr -d '`| ' | sort
}

maps_page_names_every_cause_of_losses() {
	_same "causes" xsteer-maps.8 "$(_defined_in maps "## Causes")" user/tools/maps/loss_causes.h \
		"$(printf '#include "user/tools/maps/loss_causes.h"\n#define X(place, cause, ...) @cause@\nXS_LOSSES(X)\n' |
			gcc -E -P -I. -Iuser -Iuser/lib -x c - | grep -o '@ *[a-z0-9_]* *@' | tr -d '@ ' | sort)"
}

maps_page_names_every_event() {
	_same "events" xsteer-maps.8 "$(_section maps "## watch [IF]" | grep '^|  ' | grep -o '[a-z][a-z_]*' | sort)" \
		headers "$(printf '#include "user/tools/%s.h"\n' maps/events maps/chain_events chain/event_log |
			cat - <(printf '#define X(name) @name@\nXS_EVENTS(X) XS_BROKERS_EVENTS(X) XS_BROKER_EVENTS(X)\n') |
			gcc -E -P -I. -Iuser -Iuser/lib -x c - | grep -o '@ *[a-z0-9_]* *@' | tr -d '@ ' | sort)"
}

architecture_names_every_map() {
	_same "maps" docs/architecture.md "$(_table docs/architecture.md "## Who writes which map")" \
		user/lib/instance/pins.h "$(_names XS_MAPS XS_MAPS_OPTIONAL)"
}

troubleshooting_names_every_reason() {
	_same "reasons" docs/troubleshooting.md \
		"$(grep -oE '`(default|malformed_[a-z0-9_]*|over_limit|no_(socket|cpu|dev|chain))`' docs/troubleshooting.md | tr -d '`' | sort -u)" \
		maps/xsteer.h "$(_names XS_MATCH_REASONS XS_FALLBACK_REASONS)"
}

no_page_names_a_reason_that_is_not() {
	_same "reasons in README.md and docs" headers "$(_names XS_MATCH_REASONS XS_FALLBACK_REASONS)" \
		"headers and pages" "$( {
			_names XS_MATCH_REASONS XS_FALLBACK_REASONS
			cat README.md docs/* 2>/dev/null | grep -oE '\b(malformed_(eth|vlan|ip|tcp|udp|icmp|sctp|dccp)[a-z0-9_]*|no_(socket|cpu|dev|chain)[a-z]*)\b'
		} | sort -u)"
}

rules_page_names_every_match() {
	local fields
	fields=$(printf '#include "user/lib/rules/model/rule.h"\n#define X(name, text, ...) @text@\nXS_FIELDS(X)\n' |
		gcc -E -P -I. -Iuser -Iuser/lib -x c - | grep -o '@"[a-z0-9 -]*"@' | tr -d '@"' | sort)
	_same "matches" xsteer-rules.8 "$(_section rules "## Matches" | sed -n '/^\*/p' | tr -d '*' |
		sed 's/, */\n/g' | sort)" user/lib/rules/model/rule.h "$fields"
}

rules_in_the_pages_compile() {
	local file=$DIR/page.rules
	_section rules "# EXAMPLES" | awk '/^```/ { if (on) exit; on = 1; next } on' >"$file"
	check "the example in xsteer-rules.8" "$O/xsteer-rules" check "$file"
	_section chain "# CHAIN FILES" | awk '/^```/ { if (on) exit; on = 1; next } on' >"$DIR/page.chain"
	check "the example in xsteer-chain.8" "$O/xsteer-chain" check "$DIR/page.chain"
	for file in docs/examples/*.rules; do
		check "$file" "$O/xsteer-rules" check "$file"
	done
}

# The first column under "What a tool says" is what the source says.
troubleshooting_quotes_real_messages() {
	local source message
	source=$(find user -name "*.c" -exec cat {} + | tr '\n\t' '  ' | sed 's/" *"//g')
	while read -r message; do
		((++ASSERTIONS))
		[[ $source = *"$message"* ]] || fail "no tool says: $message"
	done < <(awk '/^## / { on = $0 == "## What a tool says" } on' docs/troubleshooting.md |
		sed -n 's/^| `\([^`]*\)` |.*/\1/p')
}

# A row of docs/reliability.md: | fault | promise | `FILE: TEST`, ... |
_promised_tests() { # rows without a test come out as they are
	sed -n '/^| fault |/d; /^| --- /d; s/^| .* | \([^|]*\) |$/\1/p' docs/reliability.md |
		sed 's/, *`/\n`/g' | sed 's/^`\(.*\): \(.*\)`$/\1 \2/'
}
reliability_names_tests_that_exist() {
	local file name path
	check "rows" test "$(_promised_tests | wc -l)" -gt 0
	while read -r file name; do
		((++ASSERTIONS))
		for path in selftests/{net,prog,user,vm}_tests/"$file"; do
			[[ -f $path ]] && break
		done
		[[ $name && -f $path ]] || fail "docs/reliability.md: no test in '$file $name'"
		if [[ $file = *.sh ]]; then
			bash "$path" --list | grep -qxF -- "$name"
		else
			tr -d '\n\t ' <"$path" | grep -qE "(cmocka_unit_test[a-z_]*|[^A-Z_]TEST)\(${name}[,)]"
		fi || fail "docs/reliability.md: $path has no test $name"
	done < <(_promised_tests)
}

# --- links ---

# As GitHub makes them: lower case, hyphens for spaces, no other marks.
_anchors() { # FILE
	sed -n '/^```/,/^```/d; s/^#\{1,6\} //p' "$1" | tr '[:upper:]' '[:lower:]' |
		sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

relative_links_lead_somewhere() {
	local file link target anchor
	for file in *.md docs/*.md; do
		[[ -f $file ]] || continue
		((++ASSERTIONS))
		while read -r link; do
			case $link in *://* | mailto:*) continue ;; esac
			target=${link%%#*} anchor=${link#"$target"}
			target=${target:+$(dirname "$file")/$target}
			target=${target:-$file}
			[[ -e $target ]] || fail "$file: link to $link"
			[[ -z $anchor || ! -f $target ]] || _anchors "$target" | grep -qxF -- "${anchor#\#}" ||
				fail "$file: link to $link: no such heading"
		done < <(sed '/^```/,/^```/d' "$file" | grep -oE '\]\([^) ]+' | cut -c 3-)
	done
}

# `user/lib/instance/pins.c`, `scripts/lab up`; a word with capitals stands for a name.
files_that_pages_name_are_there() {
	local file name
	for file in *.md docs/*.md; do
		[[ -f $file ]] || continue
		((++ASSERTIONS))
		while read -r name; do
			[[ -e $name ]] || fail "$file: there is no $name"
		done < <(sed '/^```/,/^```/d' "$file" |
			grep -oE '`(bpf|maps|user|selftests|scripts|docs)/[a-z0-9_./-]*[` ]' | tr -d '` ')
	done
}

run_tests "$@"
