#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What xsteer promises on any kernel since 5.10, on a veth: the rows of
# docs/kernels.md that need no network card.

. "$(dirname "$0")/lib.sh"

program_passes_the_verifier() {
	check "load" "$O/selftests/tools/verifier_stats"
}

_attached() { # MODE HOOK-MODE LAB-OPTION
	# shellcheck disable=SC2086 # an option or none
	lab_up $3
	attach -m "$1"
	equal "mode of the hook" "$(hook_mode)" "$2"
	pings
	check "the verdicts add up" counters_add_up
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
}
native_mode() { _attached native 1 ""; }
skb_mode() { _attached skb 2 --skb; }

dispatcher_with_a_second_program() {
	lab_up
	attach -P 50
	[[ $OUT = *"without"* ]] && degraded "$OUT"
	add_filter
	equal "programs" "$(programs_of_dispatcher)" 2
	_counts_each_frame
	check "detach" rx "$LOADER" detach rx0
	equal "the other program stays" "$(programs_of_dispatcher)" 1
	pings
}
_counts_each_frame() {
	local before
	before=$(counter packets)
	pings
	check "send" tx "$TRAFFIC" -o -n 500 -r 2000 -w 32 tx0
	becomes "every frame is counted" 10 _counted $((before + 506))
	equal "frames counted" "$(counter packets)" $((before + 506))
	check "the verdicts add up" counters_add_up
}
_counted() { [[ $(counter packets) -ge $1 ]]; }

# Ours comes first: what it passes goes to the other program, nothing else does.
dispatcher_with_rules_before_a_second_program() {
	lab_up --queues 1
	printf '%s\n' 'icmp drop' 'udp dport 7 xsk' 'tcp dport 7 drop' 'default pass' >"$DIR/rules"
	attach -P 5 -r "$DIR/rules"
	[[ $OUT = *"without"* ]] && degraded "$OUT"
	add_filter
	equal "programs" "$(programs_of_dispatcher)" 2
	check "a filter there" rx xdp-filter ip -m src fd00:198:18::1
	queues=1
	start_bouncer 0 -p -c -j
	bounced -n 2000 -t 5000 -p udp4,udp6
	check "send" tx "$TRAFFIC" -o -n 300 -r 2000 -w 32 -p tcp4 tx0
	becomes "every frame is counted" 10 _counted 2300
	((ASSERTIONS += 2))
	! tx ping -q -c 3 -i 0.05 -W 1 198.18.0.2 >/dev/null || fail "icmp is dropped by the rule"
	! tx ping -q -c 3 -i 0.05 -W 1 fd00:198:18::2 >/dev/null || fail "icmpv6 is dropped by the filter"
	check "unfilter" rx xdp-filter ip -r -m src fd00:198:18::1
	check "icmpv6 passes both" tx ping -q -c 3 -i 0.05 -W 1 fd00:198:18::2
	stop_bouncer
	equal "counters of the rules" \
		"$(rx "$O/xsteer-rules" show -j rx0 | jq -c '[.rules[].packets]')" "[3,2000,300]"
	equal "passed" "$(counter verdict_pass)" 6
	account 2000
}

object_loaded_by_xdp_loader_with_a_second_program() {
	lab_up
	add_filter
	mkdir -p "$PINS/rx0"
	local object=xsteer
	kernel_is_older_than 5.17 && object=basic
	check "xdp-loader" rx xdp-loader load -p "$PINS/rx0" rx0 "$O/$object.bpf.o"
	equal "programs" "$(programs_of_dispatcher)" 2
	_counts_each_frame
}

frames_of_several_buffers() {
	lab_up --mtu 9000
	not_before 5.18 "mtu" rx "$LOADER" attach rx0 -m native
	attach -m native
	check "ping" tx ping -q -c 3 -i 0.02 -W 2 -M "do" -s 8900 198.18.0.2
	check "the verdicts add up" counters_add_up
}

_bounces() { # MODE LAB-OPTION [BOUNCER OPTION...]
	# shellcheck disable=SC2086
	lab_up --queues 1 $2
	attach -m "$1"
	queues=1
	start_bouncer 0 -p -j "${@:3}"
	bounced -n 20000 -t 5000
	stop_bouncer
	account 20000
	equal "all" "$(counter packets)" 20000
}
af_xdp_copy_mode_native() { _bounces native "" -c; }
af_xdp_copy_mode_skb() { _bounces skb --skb -c; }
af_xdp_busy_poll() {
	kernel_is_older_than 5.11 && skip "SO_PREFER_BUSY_POLL is there since Linux 5.11"
	_bounces native "" -c --busy-poll 64
}

af_xdp_four_queues() {
	local q pids=()
	lab_up --queues 4
	attach
	queues=4
	for q in 0 1 2 3; do
		start_bouncer "$q" -p -j
		pids+=("$LAST_BOUNCER")
	done
	bounced -n 40000 -f 200 -t 5000
	for q in 0 1 2 3; do stop_bouncer "${pids[q]}"; done
	account 40000
	equal "all" "$(counter packets)" 40000
	note "40000 frames, none lost; by queue $shares"
}

af_xdp_zero_copy_on_veth() {
	lab_up --queues 1
	attach
	refuses "zero-copy" 1 "zero-copy" rx timeout 20 "$BOUNCER" -d rx0 -Q 0 -z -t 1
	skip "$(grep -i -m1 "zero-copy" <<<"$OUT")"
}

bouncer_with_cap_net_raw_alone() {
	lab_up --queues 1
	attach
	echo 2 2>/dev/null >/proc/sys/kernel/unprivileged_bpf_disabled
	chmod -R a+rwX "$PINS"
	ulimit -l unlimited 2>/dev/null # 5.10 allows 64 KB
	local caps=+net_raw
	if kernel_is_older_than 5.19; then
		caps+=,+bpf
		degraded "Linux before 5.19 asks for CAP_BPF too"
	fi
	rx_bg bouncer setpriv --reuid 65534 --clear-groups --inh-caps "-all,$caps" \
		--ambient-caps "-all,$caps" -- "$BOUNCER" -d rx0 -Q 0 -p --frames 512
	LAST_BOUNCER=$!
	becomes "bouncer is ready" 20 _ready_or_dead 0 "$LAST_BOUNCER"
	bounced -n 500 -t 5000
	stop_bouncer
}

rules_and_their_counters() {
	lab_up
	attach
	printf 'icmp drop\nudp dport 9 drop\ndefault pass\n' >"$DIR/rules"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/rules"
	((++ASSERTIONS))
	! tx ping -q -c 3 -i 0.05 -W 1 198.18.0.2 >/dev/null || fail "icmp is dropped"
	check "IPv6 passes" tx ping -q -c 3 -i 0.05 -W 1 fd00:198:18::2
	contains "its counter" "$(rx "$O/xsteer-rules" show rx0)" "icmp.*packets 3"
	check "flush" rx "$O/xsteer-rules" flush rx0
	pings
}

trace_shows_what_decided_a_frame() {
	local tracer before
	lab_up --queues 1
	attach
	printf 'icmp drop\ndefault pass\n' >"$DIR/rules"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/rules"
	before=$(hook)
	not_before 5.18 "tracing needs Linux 5.18" rx "$O/xsteer-rules" trace -c 1 rx0
	rx_bg trace "$O/xsteer-rules" trace -j -w "$DIR/it.pcapng" rx0
	tracer=$!
	becomes "its program is in the link" 60 _hook_is_not "$before"
	tx ping -q -c 3 -i 0.05 -W 1 198.18.0.2 >/dev/null
	check "IPv6 passes" tx ping -q -c 2 -i 0.05 -W 1 fd00:198:18::2
	kill -INT "$tracer"
	ends "$tracer" 0
	equal "the plain program is back" "$(hook)" "$before"
	equal "said" "$(grep '^{' "$DIR/trace.log" | jq -c '[.written == .matched, .over_rate, .no_room]')" '[true,0,0]'
	equal "comments of the rule" "$(grep -o -a 'rule 1 (icmp drop): drop, XDP_DROP' "$DIR/it.pcapng" | wc -l)" 3
	equal "its counter" "$(_rule_packets 0)" 3
}
_hook_is_not() { [[ $(hook) != "$1" && $(hook) ]]; }

# By sock_diag, which the kernel of the machine may lack.
sockets_of_other_programs_have_pid_and_losses() {
	local holder watcher json
	grep -q '^xsk_diag ' /proc/modules || skip "this kernel has no sock_diag for AF_XDP (CONFIG_XDP_SOCKETS_DIAG)"
	lab_up --queues 2
	attach
	rx_bg hold "$O/selftests/tools/hold_socket" rx0 1 "$PINS/rx0/xsks_map" 1 32 32
	holder=$!
	becomes "a socket in slot 1" 10 grep -q ready "$DIR/hold.log"
	equal "whose" "$(rx "$LOADER" queues -j rx0 | jq -c '.queues[1].sockets[] | [.pid, .ours, .mode]')" \
		"[$holder,false,\"copy\"]"
	contains "as a table" "$(rx "$LOADER" queues rx0)" "^1 .* other's $holder +copy"
	rx_bg losses "$MAPS" losses -v -j -w 600 rx0
	watcher=$!
	becomes "it watches" 20 grep -q 'rx0: watching' "$DIR/losses.log"
	kill -USR1 "$holder"
	sleep 0.5
	kill -INT "$watcher"
	ends "$watcher" 0
	json=$(grep '^{' "$DIR/losses.log")
	equal "sends that are refused" "$(jq -c '[.losses[] | [.cause, .frames, .parts[0].queue]]' <<<"$json")" \
		'[["send_invalid",10,1]]'
	equal "unexplained" "$(jq .unexplained <<<"$json")" 0
}

limits_and_dynamic_sets() {
	lab_up
	attach
	printf '%s\n' 'set s { type ip; }' 'ip saddr @s drop' 'icmp pass limit 2/day burst 2' \
		'default pass' >"$DIR/rules"
	if [[ $(rx "$LOADER" features -j rx0 | jq .limits) = false ]]; then
		refuses "apply" 1 "Linux 5.17 and newer have both" rx "$O/xsteer-rules" apply rx0 "$DIR/rules"
		pings
		skip "${OUT##*: }"
	fi
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/rules"
	tx ping -q -c 4 -i 0.2 -W 1 198.18.0.2 >/dev/null
	equal "over the limit" "$(counter reason_over_limit)" 2
	check "add" rx "$O/xsteer-rules" set add rx0 s 198.18.0.1
	equal "of the rule that asks" "$(_rule_packets 0)" 0
	tx ping -q -c 1 -W 1 198.18.0.2 >/dev/null
	equal "of a member" "$(_rule_packets 0)" 1
}
_rule_packets() { rx "$O/xsteer-rules" show -j rx0 | jq ".rules[$1].packets"; }

upgrade_in_place() {
	lab_up
	attach
	pings
	check "upgrade" rx "$LOADER" upgrade rx0
	equal "counters stay" "$(counter packets)" 6
	pings
}

several_chains() {
	lab_up --queues 1
	attach
	five_chains
	bounced -n 4000 -w 32 -t 8000
	chains_account 4000
	note "5 chains on one queue: $modes"
}

# Several sockets on a queue, and the kernel runs the program.
several_chains_in_skb_mode() {
	lab_up --queues 1 --skb
	attach -m skb
	five_chains -c
	if kernel_is_older_than 6.15; then
		ends "$BROKER" 1
		OUT=$(cat "$DIR/run.log")
		contains "by name" "$OUT" "CVE-2025-37920"
		skip "$(grep -m1 "CVE-2025-37920" "$DIR/run.log")"
	fi
	bounced -n 4000 -w 32 -t 8000
	chains_account 4000
}

run_tests "$@"
