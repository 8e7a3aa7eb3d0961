#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-maps and bpftool read the same numbers, and these are what the other side sent.

. "$(dirname "$0")/lib.sh"

sums_over_queues_equal_what_was_sent_native() { _sums "" native; }
sums_over_queues_equal_what_was_sent_skb() { _sums --skb skb; }
_sums() { # LAB-OPTIONS MODE
	local bytes
	# shellcheck disable=SC2086 # options
	lab_up --queues 4 $1
	attach -m "$2"
	check "send" tx "$TRAFFIC" -o -n 50000 -f 300 -s 64-300 tx0
	bytes=${OUT##* } # not the device's: a veth in native mode leaves out the Ethernet header
	equal "packets" "$(counter packets)" 50000
	equal "bytes" "$(counter bytes)" "$bytes"
	equal "passed" "$(counter verdict_pass)" 50000
	equal "no socket" "$(counter reason_no_socket)" 50000
	for q in 0 1 2 3; do
		not_equal "packets of queue $q" "$(counter packets "$q")" 0
	done
	check "the verdicts add up" counters_add_up
}

_each_queue() {
	for q in 3 1 0 2; do
		steer "$q"
		check "send" tx "$TRAFFIC" -o -n $((100 * (q + 1))) tx0
	done
	for q in 0 1 2 3; do
		equal "packets of queue $q" "$(counter packets "$q")" $((100 * (q + 1)))
	done
}
each_queue_is_counted_by_itself() {
	lab_up --queues 4
	attach
	_each_queue
}
each_queue_is_counted_by_itself_in_skb_mode() {
	lab_up --queues 4 --skb
	attach -m skb
	_each_queue
}

stats_show_what_bpftool_shows() {
	local json
	lab_up
	attach
	check "send" tx "$TRAFFIC" -o -n 777 -f 50 tx0
	json=$(rx "$MAPS" stats rx0 -j) || fail "stats -j"
	equal "schema" "$(jq '.schema | type' <<<"$json")" '"number"'
	for q in 0 1 2 3; do
		equal "packets of queue $q" "$(jq ".queues[] | select(.queue == $q).packets" <<<"$json")" \
			"$(counter packets "$q")"
	done
	equal "sum" "$(jq '[.queues[].packets] | add' <<<"$json")" 777
	equal "verdicts" "$(jq '[.queues[].verdicts[]] | add' <<<"$json")" 777
	check "table" rx "$MAPS" stats rx0
	contains "total" "$OUT" "total +777"
}

stats_w_repeats_with_rates() {
	lab_up
	attach
	start=${EPOCHREALTIME/[.,]/}
	check "stats" rx "$MAPS" stats rx0 -w 1 --count 3 -j
	((++ASSERTIONS))
	((${EPOCHREALTIME/[.,]/} - start >= 2000000)) || fail "three intervals in less than two seconds"
	equal "an object for each" "$(jq -s length <<<"$OUT")" 3
	OUT=$(rx timeout -s INT 4 "$MAPS" stats rx0 -w 1 -j) # without end, but for a signal
	equal "rates" "$(jq -s '.[-1].queues[0].rates.packets_per_second | type' <<<"$OUT")" '"number"'
}

every_listing_is_json_under_j() {
	lab_up
	attach
	for command in list "stats rx0" "losses rx0" "dump rx0" "dump rx0 meta" "sockets rx0" "export rx0" export; do
		# shellcheck disable=SC2086 # words
		check "$command -j" rx "$MAPS" $command -j
		check "$command: schema" jq -e '.schema | numbers' <<<"$OUT"
		# shellcheck disable=SC2086
		check "$command -p" rx "$MAPS" $command -p
		check "$command: schema" jq -e '.schema | numbers' <<<"$OUT"
		# shellcheck disable=SC2086
		check "$command" rx "$MAPS" $command
	done
}

# Prometheus' rate() does not notice an increase from nothing to the first value.
export_shows_every_queue_before_its_first_packet() {
	lab_up --queues 4
	attach
	check "export" rx "$MAPS" export rx0
	for q in 0 1 2 3; do
		contains "queue $q" "$OUT" "^xsteer_packets_total\{interface=\"rx0\",queue=\"$q\"\} 0$"
		contains "its verdicts" "$OUT" "^xsteer_verdict_packets_total\{interface=\"rx0\",queue=\"$q\",verdict=\"xsk\"\} 0$"
	done
	equal "queues that are not" "$(grep -c 'queue="4"' <<<"$OUT")" 0
}

export_names_a_renamed_interface_as_it_is_now() {
	lab_up
	attach
	rx ip link set rx0 down
	check "rename" rx ip link set rx0 name other0
	for operand in "" other0; do
		# shellcheck disable=SC2086 # none, or one
		check "export $operand" rx "$MAPS" export $operand
		contains "its name" "$OUT" '^xsteer_packets_total\{interface="other0",queue="0"\}'
		equal "its old name" "$(grep -c rx0 <<<"$OUT")" 0
	done
	# and somebody else has that name now
	check "another" rx ip link add rx0 type veth peer name rx1
	check "export" rx "$MAPS" export
	contains "its name" "$OUT" '^xsteer_packets_total\{interface="other0",queue="0"\}'
}

export_says_which_instance_it_cannot_read() {
	lab_up
	attach
	check "another interface" rx ip link add other0 type veth peer name other1
	check "attach" rx "$LOADER" attach other0
	rm "$PINS/other0/meta"
	refuses "export" 1 "other0.*meta" rx "$MAPS" export
	contains "the rest" "$OUT" '^xsteer_packets_total\{interface="rx0",queue="0"\} 0'
	refuses "export -j" 1 '"error": ?"[^"]*other0' rx "$MAPS" export -j
	contains "the rest" "$OUT" '"interface":"rx0"'
	refuses "named" 1 '"rx0"' rx "$MAPS" export other0 rx0
}

export_has_the_counters_of_rules() {
	lab_up
	attach
	printf 'th dport 0-65535 drop comment "a \\ b"\nicmp pass\n' >"$DIR/r"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/r"
	check "send" tx "$TRAFFIC" -o -n 70 tx0
	check "export" rx "$MAPS" export rx0
	contains "its packets" "$OUT" "^xsteer_rule_packets_total\{interface=\"rx0\",index=\"0\",file=\"$DIR/r\",line=\"1\",rule=\"th dport 0-65535 drop comment .*\} 70$"
	contains "the other" "$OUT" '^xsteer_rule_packets_total\{.*rule="icmp pass"\} '
	contains "bytes" "$OUT" '^xsteer_rule_bytes_total\{.*rule="icmp pass"\} '
	check "one" rx "$MAPS" export --rules 1 rx0
	contains "said" "$OUT" "1 of 2 rules"
	equal "rules" "$(grep -c '^xsteer_rule_packets_total' <<<"$OUT")" 1
	check "none" rx "$MAPS" export --rules 0 rx0
	equal "rules" "$(grep -c '^xsteer_rule_packets_total' <<<"$OUT")" 0
	check "export -j" rx "$MAPS" export -j rx0
	equal "in JSON" "$(jq -c '[.instances[0].rules[] | [.line, .packets]][0]' <<<"$OUT")" "[1,70]"
}

export_j_has_the_same_numbers() {
	lab_up
	attach
	check "send" tx "$TRAFFIC" -o -n 321 -f 50 tx0
	check "export -j" rx "$MAPS" export -j
	check "it is JSON" jq -e '.schema == 1 and .instances[0].interface == "rx0" and
		([.instances[0].queues[].packets] | add) == 321 and
		([.instances[0].queues[].verdicts[]] | add) == 321' <<<"$OUT"
	check "no instance is no failure" "$MAPS" export -j
	refuses "a file for Prometheus" 2 "textfile" rx "$MAPS" export -j --textfile "$DIR/x.prom"
}

common_options_may_stand_before_the_command() {
	lab_up
	attach
	check "-j stats" rx "$MAPS" -j stats rx0
	check "it is JSON" jq -e '.schema | numbers' <<<"$OUT"
	check "-p list" rx "$MAPS" -p list
	check "--pin-root" rx "$LOADER" --pin-root "$PINS" status rx0
}

list_names_instance_and_maps() {
	lab_up
	attach
	check "list" rx "$MAPS" list
	for map in xsks_map xdp_stats_map meta owners; do
		contains "$map" "$OUT" "rx0 +$map "
	done
}

list_shows_the_good_beside_the_bad() {
	lab_up
	attach
	mkdir "$PINS/bad"
	refuses "list" 1 "$PINS/bad" rx "$MAPS" list
	contains "the good one" "$OUT" "rx0 +xsks_map "
	rx "$MAPS" list -j >"$DIR/list.json" 2>/dev/null
	check "both are in the list" jq -e '(.instances | length) == 2 and
		(.instances[] | select(.interface) | .interface == "rx0" and (.maps | length) > 5) and
		(.instances[] | select(.error) | .dir | endswith("/bad")) and (.error | test("/bad"))' "$DIR/list.json"
}

list_without_instances_is_no_failure() {
	check "list" "$MAPS" list
	OUT=$("$MAPS" list -j 2>/dev/null)
	check "it is JSON" jq -e '.schema | numbers' <<<"$OUT"
}

dump_sums_over_cpus_without_zero_rows() {
	lab_up --queues 4
	attach
	steer 2
	check "send" tx "$TRAFFIC" -o -n 50 tx0
	check "dump" rx "$MAPS" dump rx0 xdp_stats_map -j
	equal "rows" "$(jq -c '[.maps.xdp_stats_map[].key]' <<<"$OUT")" '[2]'
	equal "packets" "$(jq '.maps.xdp_stats_map[0].value.packets' <<<"$OUT")" 50
	check "dump -a" rx "$MAPS" dump rx0 xdp_stats_map -a -j
	equal "all rows" "$(jq '.maps.xdp_stats_map | length' <<<"$OUT")" 64
}

sockets_names_who_holds_each_slot() {
	lab_up
	attach
	start_bouncer 3 -p
	check "sockets" rx "$MAPS" sockets rx0
	contains "its pid" "$OUT" "\\b$LAST_BOUNCER\\b"
	contains "its mode" "$OUT" "copy"
	check "sockets -j" rx "$MAPS" sockets rx0 -j
	equal "queue" "$(jq '.sockets[0].queue' <<<"$OUT")" 3
	equal "pid" "$(jq '.sockets[0].pid' <<<"$OUT")" "$LAST_BOUNCER"
	steer 3
	bounced -n 100 # looking has not disturbed it
	stop_bouncer
	check "sockets" rx "$MAPS" sockets rx0 -j
	equal "sockets left" "$(jq '[.sockets[] | select(.pid != 0)] | length' <<<"$OUT")" 0
}

sockets_shows_rings_and_kernel_statistics() {
	lab_up --queues 1
	attach
	start_bouncer 0 -p
	bounced -n 100
	check "sockets" rx "$MAPS" sockets rx0
	[[ $OUT = *"not permitted"* ]] && skip "pidfd_getfd is not permitted here"
	contains "a row with numbers to its end" "$(grep -w "$LAST_BOUNCER" <<<"$OUT")" "copy +[0-9]"
	stop_bouncer
}

bpftool_dump_has_named_fields() {
	lab_up
	attach
	check "dump" bpftool map dump pinned "$PINS/rx0/xdp_stats_map"
	for field in packets bytes verdict_pass verdict_drop verdict_xsk reason_no_socket; do
		contains "$field" "$OUT" "\"$field\": [0-9]"
	done
	check "dump" bpftool map dump pinned "$PINS/rx0/meta"
	contains "ifname" "$OUT" "\"ifname\": \"rx0\""
	check "dump" bpftool map dump pinned "$PINS/rx0/owners"
	contains "pid" "$OUT" '"pid": 0'
	check "show" bpftool map show pinned "$PINS/rx0/xsks_map"
	contains "entries, with those of chains" "$OUT" "max_entries $((64 * 17))"
}

unknown_instance_and_map_are_named() {
	lab_up
	refuses "no instance" 1 "rx0" rx "$MAPS" stats rx0
	attach
	refuses "no map" 1 "nosuch" rx "$MAPS" dump rx0 nosuch
	contains "where to see them" "$OUT" "list|xsks_map"
	refuses "no command" 2 "command" "$MAPS"
	refuses "unknown command" 2 "frob" "$MAPS" frob
}

reading_needs_no_more_than_a_readable_pin() {
	public_copy "$MAPS"
	lab_up
	attach
	chmod 755 /sys/fs/bpf "$PINS" "$PINS/rx0"
	chmod 644 "$PINS"/rx0/*
	check "stats" rx setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$DIR/xsteer-maps" stats rx0
}

more_than_64_queues_have_their_own_rows() {
	lab_up --queues 80
	attach
	contains "sockets" "$(bpftool map show pinned "$PINS/rx0/xsks_map")" "max_entries (8[0-9]|9[0-9]|[1-9][0-9]{2})"
	steer 79
	check "send" tx "$TRAFFIC" -o -n 30 tx0
	equal "packets of queue 79" "$(counter packets 79)" 30
	start_bouncer 79 -p
	bounced -n 30
	stop_bouncer
}

run_tests "$@"
