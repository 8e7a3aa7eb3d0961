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
	pings
	not_equal "frames counted" "$(counter packets)" 0
	check "detach" rx "$LOADER" detach rx0
	equal "the other program stays" "$(programs_of_dispatcher)" 1
	pings
}

object_loaded_by_xdp_loader_with_a_second_program() {
	lab_up
	add_filter
	mkdir -p "$PINS/rx0"
	check "xdp-loader" rx xdp-loader load -p "$PINS/rx0" rx0 "$O/xsteer.bpf.o"
	equal "programs" "$(programs_of_dispatcher)" 2
	pings
	not_equal "frames counted" "$(counter packets)" 0
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
	start_bouncer 0 -p "${@:3}"
	bounced -n 2000 -t 5000
	stop_bouncer
	equal "frames counted" "$(counter packets)" 2000
	equal "to the socket" "$(counter verdict_xsk)" 2000
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
	for q in 0 1 2 3; do
		start_bouncer "$q" -p
		pids+=("$LAST_BOUNCER")
	done
	bounced -n 4000 -f 200 -t 5000
	equal "frames counted" "$(counter packets)" 4000
	for q in 0 1 2 3; do
		not_equal "frames of queue $q" "$(counter verdict_xsk "$q")" 0
		stop_bouncer "${pids[q]}"
	done
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
	sysctl -qw kernel.unprivileged_bpf_disabled=2 2>/dev/null
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

upgrade_in_place() {
	lab_up
	attach
	pings
	check "upgrade" rx "$LOADER" upgrade rx0
	not_equal "counters stay" "$(counter packets)" 0
	pings
}

run_tests "$@"
