#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What export prints is checked by its readers: promtool, and a Prometheus that reads it and
# answers each query of the alerts and of the dashboard.

. "$(dirname "$0")/lib.sh"

SEND=$O/selftests/tools/send_hex RULES=$O/xsteer-rules
CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe
MONITORING=$ROOT/docs/monitoring
URL=http://127.0.0.1:9090
UDP=0200000000020200000000010800450000200000000040110000c6120001c612000203e8000a000c000000000000

_promtool_or_skip() { type -P promtool >/dev/null || skip "promtool is not there"; }
_value() { # METRIC{LABELS}, of $OUT
	grep -F -- "$1" <<<"$OUT" | sed 's/.* //'
}

promtool_takes_what_export_prints() {
	_promtool_or_skip
	lab_up --queues 2
	attach
	start_bouncer 0 -p
	echo 'udp dport { 1, 2 } drop comment "with a comment"' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	rx "$MAPS" export rx0 >"$DIR/metrics" || fail "export"
	check "promtool" promtool check metrics <"$DIR/metrics"
	printf 'broken{a="1} 2\n' >>"$DIR/metrics"
	refuses "promtool sees what is wrong" 1 "." promtool check metrics <"$DIR/metrics"
}
an_instance_has_its_state_and_its_owners() {
	lab_up --queues 2
	attach
	start_bouncer 1 -p
	check "export" rx "$MAPS" export rx0
	equal "up" "$(_value 'xsteer_instance_up{interface="rx0"}')" 1
	contains "info" "$OUT" '^xsteer_instance_info\{interface="rx0",version="[0-9.]+",mode="native",attach="link"\} 1$'
	equal "sockets" "$(_value 'xsteer_sockets_alive{interface="rx0"}')" 1
	contains "age" "$OUT" '^xsteer_owner_age_seconds\{interface="rx0",queue="1",slot="1"\} [0-9]+\.[0-9]+$'
	stop_bouncer
	check "detach the link" bpftool link detach pinned "$PINS/rx0/link"
	OUT=$(rx "$MAPS" export rx0 2>/dev/null)
	equal "not up" "$(_value 'xsteer_instance_up{interface="rx0"}')" 0
	equal "no socket" "$(_value 'xsteer_sockets_alive{interface="rx0"}')" 0
}
losses_are_there_once_each() {
	lab_up --queues 1
	attach
	printf '%s\n' 'udp dport 10 drop' 'malformed drop' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	check "send" tx "$SEND" tx0 12 "$UDP"
	check "send malformed" tx "$SEND" tx0 5 "${UDP:0:28}4f"
	check "export" rx "$MAPS" export rx0
	equal "by the program" "$(_value 'place="program",cause="drop"}')" 17
	equal "all of the program are the verdict's" \
		"$(grep '^xsteer_lost.*place="program"' <<<"$OUT" | awk '{ n += $2 } END { print n }')" \
		"$(_value 'xsteer_verdict_packets_total{interface="rx0",queue="0",verdict="drop"}')"
	check "other rules" rx "$RULES" flush rx0
	check "export" rx "$MAPS" export rx0
	equal "no counter falls" "$(_value 'place="program",cause="drop"}')" 17
	equal "nothing is unexplained" "$(_value 'xsteer_unexplained_packets{interface="rx0"}')" 0
	equal "every cause has a line" "$(grep -c '^xsteer_lost_packets_total{' <<<"$OUT")" \
		"$(rx "$MAPS" export -j rx0 | jq '.instances[0].losses | length')"
}

dynamic_sets_have_members_and_a_size() {
	lab_up --queues 1
	attach
	printf '%s\n' 'set s { type ip; size 10; elements { 192.0.2.1, 192.0.2.0/28 } }' \
		'set t { type ip6; size 20; }' 'ip saddr @s drop' 'ip6 saddr @t drop' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	check "add" rx "$RULES" set add rx0 s 198.51.100.1
	check "one that ends at once" rx "$RULES" set add rx0 s 198.51.100.2 timeout 1ms
	sleep 0.1
	check "export" rx "$MAPS" export rx0
	equal "members" "$(_value 'xsteer_set_members{interface="rx0",set="s"}')" 3
	equal "size" "$(_value 'xsteer_set_size{interface="rx0",set="s"}')" 10
	equal "an empty one" "$(_value 'xsteer_set_members{interface="rx0",set="t"}')" 0
	equal "JSON" "$(rx "$MAPS" export -j rx0 | jq -c '[.instances[0].sets[] | [.name, .type, .size, .members]]')" \
		'[["s","ip",10,3],["t","ip6",20,0]]'
	equal "as show has it" "$(rx "$MAPS" export -j rx0 | jq -c '.instances[0].sets')" \
		"$(rx "$RULES" show -j rx0 | jq -c .sets)"
	check "without rules" rx "$MAPS" export --rules 0 rx0
	equal "no sets" "$(_value 'xsteer_set_members{interface="rx0",set="s"}')" ""
	check "rules without sets" rx "$RULES" flush rx0
	equal "none" "$(rx "$MAPS" export -j rx0 | jq -c '.instances[0].sets')" "[]"
}

# --- chains ---

# Brokers are asked in /run/xsteer, which is of this test alone.
_serve() { # IF SOCKET [OPTION...]
	local ifname=$1 socket=$2
	shift 2
	rx_bg "broker${socket##*/}" "$CHAIN" run -v "$ifname" "$DIR/f.chain" --socket "$socket" "$@"
	BROKERS+=($!)
	becomes "the broker listens" 15 test -S "${socket%.sock}.ctl"
}
_own_run() {
	mkdir -p /run/xsteer
	mount -t tmpfs none /run/xsteer
	printf '%s\n' 'service a' 'service rec tap' 'chain web a tx' 'chain web mirror rec after a' 'on a.miss drop' >"$DIR/f.chain"
	BROKERS=()
}
_joined() { (($(grep -c joined "$DIR/broker$1.log") >= $2)); }
_end_brokers() {
	kill -CONT "${BROKERS[@]}"
	kill -INT "${BROKERS[@]}"
	for pid in "${BROKERS[@]}"; do ends "$pid" 0; done
}

chains_are_exported_once_each_beside_the_rest() {
	lab_up --queues 2
	attach
	steer 0
	_own_run
	_serve rx0 /run/xsteer/rx0.sock -Q 0 --nf "$PROBE -s a"
	_serve rx0 /run/xsteer/second.sock -Q 1
	becomes "it joins" 15 _joined rx0.sock 1
	bounced -n 300
	check "export" rx "$MAPS" export rx0
	equal "entered" "$(_value 'xsteer_chain_entered_total{interface="rx0",chain="web"}')" 300
	equal "of the other broker" \
		"$(_value 'xsteer_chain_entered_total{interface="rx0",socket="/run/xsteer/second.sock",chain="web"}')" 0
	equal "who serves" "$(_value 'xsteer_chain_instances{interface="rx0",service="a",state="serving"}')" 1
	equal "nobody there" \
		"$(_value 'xsteer_chain_instances{interface="rx0",socket="/run/xsteer/second.sock",service="a",state="serving"}')" 0
	equal "nobody taps" "$(_value 'xsteer_chain_tap_frames_total{interface="rx0",chain="web",tap="0",service="rec",end="missed"}')" 300
	equal "latency" "$(_value 'xsteer_chain_hop_latency_seconds_count{interface="rx0",chain="web",service="a"}')" 300
	equal "no line twice" "$(grep -v '^#' <<<"$OUT" | sed 's/ [^ ]*$//' | sort | uniq -d)" ""
	equal "as xsteer-chain has it" "$(grep '^xsteer_chain' <<<"$OUT" | sort)" \
		"$(rx "$CHAIN" export | grep '^xsteer_chain' | sort)"
	printf '%s\n' "$OUT" >"$DIR/metrics"
	if type -P promtool >/dev/null; then
		check "promtool" promtool check metrics <"$DIR/metrics"
	fi
	equal "as JSON" "$(rx "$MAPS" export -j rx0 | jq -c '[.instances[0].brokers[] | [.socket, .chains[0].entered]]')" \
		'[["/run/xsteer/rx0.sock",300],["/run/xsteer/second.sock",0]]'
	check "without" rx "$MAPS" export --no-chains rx0
	equal "none" "$(grep -c xsteer_chain <<<"$OUT")" 0
	check "as a file" rx "$MAPS" export --textfile "$DIR/file" rx0
	equal "in the file" "$(grep -c '^xsteer_chain_entered_total{' "$DIR/file")" 2
	_end_brokers
}
a_broker_that_does_not_answer_hides_no_other() {
	local begin=$SECONDS
	lab_up --queues 2
	attach
	rx ip link add other0 type veth peer name other1
	check "attach" rx "$LOADER" attach other0
	_own_run
	_serve other0 /run/xsteer/other0.sock
	_serve rx0 /run/xsteer/rx0.sock
	kill -STOP "${BROKERS[0]}"
	rx "$MAPS" export >"$DIR/metrics" 2>"$DIR/words"
	equal "exit status" "$?" 1
	contains "it is said" "$(cat "$DIR/words")" \
		"its chains are left out: /run/xsteer/other0.ctl: the broker has not answered for 2 s"
	contains "the other" "$(cat "$DIR/metrics")" '^xsteer_chain_entered_total\{interface="rx0",chain="web"\} 0$'
	contains "what is not of chains" "$(cat "$DIR/metrics")" '^xsteer_instance_up\{interface="other0"\} 1$'
	contains "as JSON" "$(rx "$MAPS" export -j 2>/dev/null)" '"error": ?"its chains are left out'
	check "of the other alone" rx "$MAPS" export rx0
	check "a broker that was killed leaves its path" kill -9 "${BROKERS[1]}"
	check "it is not there" rx "$MAPS" export rx0
	equal "nothing of it" "$(grep -c '^xsteer_chain_entered_total{' <<<"$OUT")" 0
	((++ASSERTIONS))
	((SECONDS - begin < 60)) || fail "it took $((SECONDS - begin)) s"
	BROKERS=("${BROKERS[0]}")
	_end_brokers
}

# --- a real one ---

_start_prometheus() {
	type -P prometheus >/dev/null || skip "prometheus is not there"
	mkdir -p "$DIR/data"
	cat >"$DIR/prometheus.yml" <<-YML
		global: { scrape_interval: 1s, evaluation_interval: 1s }
		rule_files: [ "$MONITORING/xsteer.alerts.yml" ]
		scrape_configs:
		  - job_name: xsteer
		    static_configs: [ { targets: [ "127.0.0.1:8080" ] } ]
	YML
	rx ip link set lo up
	rx_bg www python3 -m http.server --directory "$DIR/www" --bind 127.0.0.1 8080
	rx_bg prometheus prometheus --config.file="$DIR/prometheus.yml" --storage.tsdb.path="$DIR/data" \
		--web.listen-address=127.0.0.1:9090
}
_export() {
	mkdir -p "$DIR/www"
	check "export" rx "$MAPS" export --textfile "$DIR/www/metrics" rx0
}
_query() { # EXPRESSION
	rx promtool query instant -o json "$URL" "$1"
}
_has_answer() { [[ $(_query "$1" 2>/dev/null | jq length) -gt 0 ]]; }
# As Grafana fills them in.
# shellcheck disable=SC2016 # its variables, not the shell's
_dashboard_queries() {
	jq -r '.panels[].targets[].expr' "$MONITORING/xsteer.dashboard.json" |
		sed 's/\$__rate_interval/1m/g; s/\$interface/.*/g'
}

prometheus_scrapes_it_and_answers_every_query() {
	local query name
	_promtool_or_skip
	lab_up --queues 2
	attach
	echo 'tcp xsk' >"$DIR/r"
	check "apply" rx "$RULES" apply rx0 "$DIR/r"
	start_bouncer 0 -p
	_export
	_start_prometheus
	becomes "it scrapes" 40 _has_answer 'xsteer_instance_up == 1'
	steer 1
	check "frames for a worker that is not there" tx "$SEND" tx0 20 "$UDP"
	_export
	becomes "rates" 40 _has_answer 'rate(xsteer_reason_packets_total{reason="no_socket"}[5m]) > 0'
	equal "up" "$(_query 'up{job="xsteer"}' | jq -r '.[0].value[1]')" 1
	while read -r query; do
		becomes "the dashboard: $query" 20 _has_answer "$query"
	done < <(_dashboard_queries)
	check "the alerts are loaded" rx promtool query instant -o json "$URL" 'ALERTS or vector(1)'
	check "the alert of a queue without a worker waits to fire" _has_answer \
		'ALERTS{alertname="XsteerQueueWithoutWorker"}'
	while read -r name; do
		((++ASSERTIONS))
		grep -qE "^# TYPE $name " "$DIR/www/metrics" || fail "export has no $name"
	done < <(cat "$MONITORING"/* | grep -o 'xsteer_[a-z_]*' | sort -u)
}
alert_rules_are_rules_of_prometheus() {
	_promtool_or_skip
	check "the rules" promtool check rules "$MONITORING/xsteer.alerts.yml"
	contains "all of them" "$OUT" 'SUCCESS: [0-9]+ rules found'
	cat >"$DIR/test.yml" <<-YML
		rule_files: [ "$MONITORING/xsteer.alerts.yml" ]
		evaluation_interval: 1m
		tests:
		  - interval: 1m
		    input_series:
		      - { series: 'xsteer_instance_up{interface="rx0"}', values: '1 1 0x10' }
		      - { series: 'xsteer_lost_packets_total{interface="rx0",place="socket",cause="ring_full"}', values: '0+600x20' }
		      - { series: 'xsteer_lost_packets_total{interface="rx1",place="socket",cause="ring_full"}', values: '0x20' }
		      - { series: 'xsteer_set_members{interface="rx0",set="s"}', values: '90 91x20' }
		      - { series: 'xsteer_set_size{interface="rx0",set="s"}', values: '100x20' }
		    alert_rule_test:
		      - eval_time: 1m
		        alertname: XsteerInstanceDown
		      - eval_time: 4m
		        alertname: XsteerInstanceDown
		        exp_alerts: [ { exp_labels: { severity: critical, interface: rx0 }, exp_annotations: { summary: "rx0: no rules are in force, only pins are left", action: "xsteer-loader clean, then xsteer-loader attach rx0" } } ]
		      - eval_time: 10m
		        alertname: XsteerSocketLosses
		        exp_alerts: [ { exp_labels: { severity: warning, interface: rx0, cause: ring_full }, exp_annotations: { summary: "rx0: 10 frames a second are lost at sockets: ring_full", action: "xsteer-maps losses -w 1 rx0 says where and what helps" } } ]
		      - eval_time: 5m
		        alertname: XsteerSetNearlyFull
		      - eval_time: 7m
		        alertname: XsteerSetNearlyFull
		        exp_alerts: [ { exp_labels: { severity: warning, interface: rx0, set: s }, exp_annotations: { summary: "rx0: the set s is 91% full", action: "give it a larger size in the rules, or members a shorter time" } } ]
	YML
	check "they fire when they should" promtool test rules "$DIR/test.yml"
}

run_tests "$@"
