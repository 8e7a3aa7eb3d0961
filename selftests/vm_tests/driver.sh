#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A driver with native XDP. Which one, and how many queues, is the guest's.

. "$(dirname "$0")/nics.sh"

# since which kernel the driver is known to have zero-copy; vmxnet3 has none
_offers_zero_copy() { ! kernel_is_older_than 6.18 && ! brings_all_to_queue_0; }
_zero_copy_or_skip() {
	_offers_zero_copy && return
	refuses "zero-copy" 1 "zero-copy" timeout 30 "$BOUNCER" -d rx0 -Q 0 -z -t 1
	skip "$(grep -i -m1 "zero-copy" <<<"$OUT")"
}
_feature() { # as features says it without -j
	"$LOADER" features -j rx0 |
		jq -r ".\"$1\" | if . == true then \"yes\" elif . == false then \"no\" else . // \"not known\" end"
}

what_the_driver_offers() {
	nics_up
	check "features" "$LOADER" features -j rx0
	[[ $(_feature native) = "not known" ]] || equal "native" "$(_feature native)" yes
	if _offers_zero_copy; then equal "zero-copy" "$(_feature zero-copy)" yes; fi
	note "zero-copy: $(_feature zero-copy), buffers of one such frame: $(_feature zero_copy_max_segs)," \
		"rx-timestamp: $(_feature rx-timestamp), rx-hash: $(_feature rx-hash), rx-vlan: $(_feature rx-vlan)"
}

native_mode() {
	nics_up
	attach -m native
	link_is_up
	equal "mode of the hook" "$(hook_mode)" 1
	check "send" tx "$TRAFFIC" -o -n 5000 -r 2000 -w 32 tx0
	becomes "every frame is counted" 10 _counted 5000
	equal "frames passed" "$(counter verdict_pass)" 5000
	check "the verdicts add up" counters_add_up
}
_counted() { [[ $(counter packets) -ge $1 ]]; }

driver_reset_at_attach() {
	local before said text
	nics_up
	before=$(carrier_losses)
	gap_of "$LOADER" attach rx0 -m native
	said=$OUT
	((++ASSERTIONS))
	if (($(carrier_losses) > before)); then
		contains "the loader says so" "$said" "took its link down"
		text="said, link gone for $away_ms ms"
	else
		[[ $said != *"took its link down"* ]] || fail "the loader says so of a link that stayed: $said"
		text="the link stays"
	fi
	text="attach: $text, longest gap between frames $gap_ms ms, $lost of $gap_sent lost at 1000 a second"
	gap_of "$LOADER" detach rx0
	note "$text; detach: gap $gap_ms ms, $lost lost"
}

af_xdp_copy_mode() {
	nics_up
	attach -m native
	bouncers 1 -c -j
	bounce 20000
	stop_bouncers
	account 20000
	note "20000 frames, none lost; by queue $shares"
}

af_xdp_zero_copy_on_every_queue() {
	local before
	nics_up
	attach -m native
	_zero_copy_or_skip
	link_is_up
	before=$(carrier_losses)
	bouncers 2 -z -j
	before=$(($(carrier_losses) - before))
	bounce 100000
	stop_bouncers
	account 100000
	note "100000 frames, none lost, all unchanged; by queue $shares; link resets by $queues sockets: $before"
}

af_xdp_takes_what_there_is() {
	nics_up
	attach -m native
	bouncers any
	if [[ $(_mode 0) = 1 ]]; then
		((++ASSERTIONS))
		_offers_zero_copy && fail "copy mode, though the driver has zero-copy"
		degraded_to_copy
	fi
	bounces_all
}

zero_copy_busy_poll() {
	nics_up
	attach -m native
	_zero_copy_or_skip
	bouncers 2 -z -j --busy-poll 64
	bounce 5000
	grep -i -m1 "busy" "$DIR/bouncer-0.log" | sed 's/^/DEGRADED: /'
	stop_bouncers
	account 5000
}

# The rule's own counter, and every other one, exact beside frames that bounce.
zero_copy_with_rules() {
	local udp
	nics_up
	printf '%s\n' 'udp dport 7 drop' 'tcp dport 7 xsk' 'default pass' >"$DIR/rules"
	attach -m native -r "$DIR/rules"
	_zero_copy_or_skip
	bouncers 2 -z -j
	_send_udp 20000 &
	udp=$!
	bounce 50000 -p tcp4,tcp6
	wait "$udp" || fail "the frames to drop are not sent"
	stop_bouncers
	equal "counters of the rules" "$("$O/xsteer-rules" show -j rx0 | jq -c '[.rules[].packets]')" "[20000,50000]"
	account 50000
	equal "dropped" "$(counter verdict_drop)" 20000
	equal "all" "$(counter packets)" 70000
	note "50000 frames bounced beside 20000 that a rule dropped, each counted; by queue $shares"
}
# A few at a time, since nothing holds back one who sends and hears nothing.
_send_udp() { # FRAMES
	local i
	for ((i = 0; i < $1; i += 250)); do
		"$TRAFFIC" -o -n 250 -r 2000 -w 16 -p udp4,udp6 tx0 || return
	done
}

# Sets that differ in everything but the verdict of our frames, one after another.
zero_copy_rules_change_under_traffic() {
	local applied=0 sender
	nics_up
	attach -m native
	_zero_copy_or_skip
	bouncers 2 -z -j
	{ echo 'tcp dport 7 xsk' && seq -f 'udp dport %g drop' 1000 1200 && echo 'default xsk'; } >"$DIR/a"
	printf 'ip saddr 198.18.0.0/16 xsk\nip6 daddr fd00:198:18::/48 xsk\ndefault drop\n' >"$DIR/b"
	bounce 30000 >"$DIR/traffic.log" 2>&1 &
	sender=$!
	while kill -0 "$sender" 2>/dev/null; do
		check "apply a" "$O/xsteer-rules" apply rx0 "$DIR/a"
		check "apply b" "$O/xsteer-rules" apply rx0 "$DIR/b"
		((applied += 2))
	done
	check "flush" "$O/xsteer-rules" flush rx0
	wait "$sender" || fail "every frame comes back once, unchanged: $(cat "$DIR/traffic.log")"
	stop_bouncers
	account 30000
	((applied > 2)) || fail "only $applied rule sets while the frames went"
	note "30000 frames, none lost, while $applied rule sets took turns"
}

zero_copy_bouncer_restarts() {
	local _
	nics_up
	attach -m native
	_zero_copy_or_skip
	bouncers 2 -z
	bounce 500
	for _ in 1 2 3; do
		kill -KILL "${pids[0]}"
		wait "${pids[0]}" 2>/dev/null
		start_bouncer 0 -p -z
		pids[0]=$LAST_BOUNCER
		link_is_up
		sleep 0.5
		bounce 500
	done
	stop_bouncers
	equal "frames to sockets" "$(counter verdict_xsk)" 2000
}

zero_copy_interface_down_and_up() {
	nics_up
	attach -m native
	_zero_copy_or_skip
	bouncers 2 -z
	bounce 500
	ip link set rx0 down
	sleep 1
	ip link set rx0 up
	link_is_up
	sleep 1
	for pid in "${pids[@]}"; do
		check "the bouncer lives" kill -0 "$pid"
	done
	bounce 500
	stop_bouncers
}

_jumbo_or_skip() {
	nics_up 9000
	kernel_is_older_than 6.6 && skip "multi-buffer AF_XDP is there since Linux 6.6"
	OUT=$("$LOADER" attach rx0 -m native 2>&1) && return
	contains "the reason" "$OUT" "mtu|frame|buffer|size|too"
	skip "$OUT"
}

jumbo_frames_copy_mode() {
	_jumbo_or_skip
	bouncers 1 -c -j
	bounce 5000 -s 64-9014
	stop_bouncers
	account 5000
}

jumbo_frames_zero_copy() {
	_jumbo_or_skip
	_zero_copy_or_skip
	if [[ $(_feature zero_copy_max_segs) -gt 1 ]]; then
		bouncers 2 -z -j
		bounce 5000 -s 64-9014
		stop_bouncers
		account 5000
		return
	fi
	# what is asked for by name, with the limit said; by itself it takes copy mode
	if kernel_is_older_than 7.0; then
		bouncers 2 -z
		contains "says so" "$(cat "$DIR/bouncer-0.log")" "longer than .* the driver's zero-copy takes packets of one buffer"
		bounce 500
		stop_bouncers
	else
		refuses "zero-copy" 1 "zero-copy takes packets of one buffer" timeout 30 "$BOUNCER" -d rx0 -Q 0 -z -t 1
	fi
	bouncers 1
	contains "says so" "$(cat "$DIR/bouncer-0.log")" "copy mode, not zero-copy: the driver's takes packets of one buffer"
	bounce 500 -s 64-9014
	stop_bouncers
	skip "the driver's zero-copy takes packets of one buffer only (zero_copy_max_segs 1)"
}

# the most that fits into one buffer of 4096 bytes with either driver
zero_copy_frames_of_3014_bytes() {
	nics_up 3000
	attach -m native
	_zero_copy_or_skip
	bouncers 2 -z -j
	bounce 5000 -s 64-3014
	stop_bouncers
	account 5000
}

# Of a rule, and of workers that stand still: each frame has its line, and the sum closes.
losses_are_all_explained() {
	local watcher pid json
	nics_up
	printf '%s\n' 'udp dport 7 drop' 'tcp dport 7 xsk' 'default pass' >"$DIR/rules"
	attach -m native -r "$DIR/rules"
	bouncers 1 -c --ring 64 --frames 256
	for pid in "${pids[@]}"; do kill -STOP "$pid"; done
	"$MAPS" losses -v -j -w 600 rx0 >"$DIR/losses.log" 2>&1 &
	watcher=$!
	becomes "it watches" 30 grep -q 'rx0: watching' "$DIR/losses.log"
	check "send" tx "$TRAFFIC" -o -n 3000 -r 1000 -w 16 -p udp4,udp6 tx0
	check "send" tx "$TRAFFIC" -o -n 4000 -f 400 -r 1000 -w 16 -p tcp4,tcp6 tx0
	becomes "every frame is counted" 20 _counted 7000
	kill -INT "$watcher"
	ends "$watcher" 0
	for pid in "${pids[@]}"; do kill -CONT "$pid"; done
	stop_bouncers
	json=$(grep '^{' "$DIR/losses.log")
	equal "frames in" "$(jq .frames_in <<<"$json")" 7000
	equal "traced" "$(jq .traced <<<"$json")" true
	equal "of the rule" "$(jq '[.losses[] | select(.cause == "rule").frames] | add' <<<"$json")" 3000
	equal "of other causes" "$(jq -c '[.losses[] | select(.place != "socket").cause]' <<<"$json")" '["rule"]'
	equal "lost at sockets and delivered to them" \
		"$(jq '([.losses[] | select(.place == "socket").frames] | add) + .delivered.xsk' <<<"$json")" 4000
	not_equal "lost at sockets" "$(jq '[.losses[] | select(.place == "socket")] | length' <<<"$json")" 0
	equal "unexplained" "$(jq .unexplained <<<"$json")" 0
	note "$(jq -r '[.losses[] | "\(.cause) \(.frames)"] | join(", ")' <<<"$json"), unexplained 0 of 7000"
}

# The IRQ's CPU is the kernel's word in /proc/irq.
queues_have_irq_cpu_node_and_napi() {
	local json irq cpus
	nics_up
	attach -m native
	bouncers 1 -c
	check "queues" "$LOADER" queues -j rx0
	json=$OUT
	equal "their workers" "$(jq -c '[.queues[].sockets[0].pid]' <<<"$json")" "[$(IFS=, && echo "${pids[*]}")]"
	check "as a table" "$LOADER" queues rx0
	if [[ $(jq '[.queues[].irq // empty] | length' <<<"$json") = 0 ]]; then
		contains "the reason" "$OUT" '^IRQ, CPU.*: (the kernel|driver .*) does not tell them'
		degraded "$(grep -m1 '^IRQ, CPU' <<<"$OUT")"
		stop_bouncers
		return
	fi
	for irq in $(jq '.queues[].irq' <<<"$json"); do
		cpus=$(cat "/proc/irq/$irq/effective_affinity_list")
		equal "CPU of IRQ $irq" "$(jq -r ".queues[] | select(.irq == $irq).cpus" <<<"$json")" "$cpus"
		contains "it is an interrupt of this card" "$(grep -E "^ *$irq:" /proc/interrupts)" 'rx0|nic0|virtio'
	done
	equal "NUMA nodes" "$(jq -c '[.queues[].numa_node] | unique' <<<"$json")" '[0]'
	equal "NAPI of each" "$(jq '[.queues[].napi_id // empty] | unique | length' <<<"$json")" "$queues"
	echo 1 >/sys/class/net/rx0/threaded
	check "queues" "$LOADER" queues -j rx0
	# they are in the guest's first PID namespace, where a test cannot look
	equal "thread of each" "$(jq '[.queues[].napi_thread // empty] | unique | length' <<<"$OUT")" "$queues"
	echo 0 >/sys/class/net/rx0/threaded
	stop_bouncers
	note "IRQ $(jq -c '[.queues[].irq]' <<<"$json") on CPU $(jq -c '[.queues[].cpus]' <<<"$json")"
}

# Frames of many flows reach every queue, all but the reserved one, and every one again.
_table() { ethtool -x rx0 | sed -nE '/^ *[0-9]+: +[0-9]/p'; }
_queues_of_table() { _table | sed 's/^ *[0-9]*://' | xargs -n 1 | sort -nu | xargs; }
_frames_by_queue() { # COMMAND...: of the frames that it sends, how many each queue counts
	local q before=()
	for ((q = 0; q < queues; q++)); do before+=("$(counter packets "$q")"); done
	sum=$(counter packets)
	check "send" "$@"
	becomes "every frame is counted" 20 _counted $((sum + 4000))
	spread=()
	for ((q = 0; q < queues; q++)); do spread+=("$(($(counter packets "$q") - before[q]))"); done
}
_send_flows() { tx "$TRAFFIC" -o -n 4000 -f 400 -r 1000 -w 16 -p udp4,tcp4,udp6,tcp6 tx0; }
reserved_queues_get_steered_flows_alone() {
	local table last others q
	brings_all_to_queue_0 && skip "QEMU's vmxnet3 brings every frame to queue 0, whatever its RSS table says"
	nics_up
	count_queues
	last=$((queues - 1))
	printf '%s\n' "ip protocol udp udp dport 7 xsk slot $last" "vlan id 7 xsk slot $last" 'default pass' >"$DIR/rules"
	attach -m native -r "$DIR/rules"
	link_is_up
	OUT=$("$LOADER" reserve --dry-run -j rx0 "$last" 2>&1) || {
		contains "the reason" "$OUT" "no RSS table|must stay for all other frames"
		skip "$(grep -v '^{' <<<"$OUT")"
	}
	echo "$OUT"
	equal "queues of the table" "$(_queues_of_table)" "$(seq 0 "$last" | xargs)"
	table=$(_table)
	_frames_by_queue _send_flows
	not_equal "frames of queue $last" "${spread[last]}" 0
	shares="frames by queue before: ${spread[*]}"

	check "reserve" "$LOADER" reserve -j rx0 "$last"
	echo "$OUT"
	others=$(seq 0 $((last - 1)) | xargs)
	equal "queues of the table" "$(_queues_of_table)" "$others"
	equal "and as it says" "$(jq -c '.table.left' <<<"$OUT")" "[${others// /,}]"
	equal "the rule that no NIC has" "$(jq -r '.skipped[-1].reason' <<<"$OUT")" "$(_skipped)"
	_frames_by_queue _send_flows
	if [[ $(jq '.flows | length' <<<"$OUT") = 0 ]]; then
		equal "frames of queue $last" "${spread[last]}" 0
		equal "status" "$(_reserved)" "[{\"queue\":$last,\"packets\":0,\"by_no_rule\":0}]"
	else
		equal "by no rule" "$(_reserved | jq '.[0].by_no_rule')" 0
	fi
	for ((q = 0; q < last; q++)); do not_equal "frames of queue $q" "${spread[q]}" 0; done
	shares+=", with the last reserved: ${spread[*]}"
	check "doctor" "$LOADER" doctor rx0
	contains "doctor" "$OUT" "ok +reserved +queue $last: no other frames came there"
	check "again" "$LOADER" reserve rx0 "$last"
	contains "it says so" "$OUT" "^rx0: queue $last is reserved already$"
	refuses "another" 1 "queue $last is reserved: 'xsteer-loader release rx0' first" "$LOADER" reserve rx0 0
	refuses "who may not" 1 "run as root|Operation not permitted" \
		setpriv --bounding-set -net_admin --inh-caps -net_admin "$LOADER" release rx0

	check "release" "$LOADER" release rx0
	echo "$OUT"
	equal "the table" "$(_table)" "$table"
	_frames_by_queue _send_flows
	not_equal "frames of queue $last" "${spread[last]}" 0
	note "$shares, released: ${spread[*]}"

	check "reserve" "$LOADER" reserve rx0 "0-$((last - 1))"
	echo "$OUT"
	equal "queues of the table" "$(_queues_of_table)" "$last"
	check "detach" "$LOADER" detach rx0
	equal "the table after detach" "$(_table)" "$table"

	attach -m native
	start_bouncer 0 -p -c
	check "doctor" "$LOADER" doctor rx0
	contains "a table for one bouncer" "$OUT" "ethtool -X rx0 start 0 equal 1"
	check "reserve" "$LOADER" reserve rx0 "$last"
	check "doctor" "$LOADER" doctor rx0
	contains "bouncers are missing" "$OUT" "have no socket"
	equal "no other table now" "$(grep -c "ethtool -X" <<<"$OUT")" 0
	stop_bouncer
	check "somebody's table" ethtool -X rx0 weight $(seq 0 "$last")
	table=$(_table)
	check "status" "$LOADER" status rx0
	contains "status" "$OUT" "queue $last is reserved.*somebody has changed the RSS table"
	check "release" "$LOADER" release rx0
	contains "release" "$OUT" "its RSS table has been changed since.*'ethtool -X rx0 default'"
	equal "somebody's table stays" "$(_table)" "$table"
	check "what it proposes" ethtool -X rx0 default
	equal "over all queues" "$(_queues_of_table)" "$(seq 0 "$last" | xargs)"
	check "detach" "$LOADER" detach rx0
}
_reserved() { "$LOADER" status -j rx0 | jq -c '.interfaces[0].reserved.queues'; }
# A NIC without rules of its own says so of each rule that it could have.
_skipped() {
	jq -r '.skipped[] | select(.text | startswith("ip protocol")) | .reason' <<<"$OUT" | grep . ||
		echo "a NIC's rule does not compare 'vlan id'"
}

detach_leaves_nothing() {
	nics_up
	attach -m native
	if all_queues_send; then
		bouncers any
		bounce 500
		stop_bouncers
	fi
	check "detach" "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS" 2>/dev/null)" ""
	link_is_up
}

# Four sockets that only receive on each queue, over the frames of a fifth.
chains_in_copy_mode() {
	nics_up
	attach -m native
	five_chains -c
	link_is_up
	sleep 0.5 # the peer's side of a link reset
	bounce 20000
	chains_account 20000
	note "5 chains: $modes"
}

chains_in_zero_copy() {
	nics_up
	attach -m native
	_zero_copy_or_skip
	five_chains -z
	link_is_up
	sleep 0.5
	bounce 20000
	chains_account 20000
	count_queues
	equal "modes" "$modes" "$queues zero-copy mode"
	note "5 chains, 20000 frames, none lost: $modes"
}

run_tests "$@"
