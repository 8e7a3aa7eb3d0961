#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A driver without XDP: everything works in skb mode, and is said to.

. "$(dirname "$0")/nics.sh"

# ours, or the kernel's own where it says something
NO_NATIVE="(has no native XDP|not support XDP in native mode)"

attach_takes_skb_mode_and_says_so() {
	nics_up
	attach
	contains "says so" "$OUT" "attached in skb mode, native was refused: .*$NO_NATIVE"
	degraded "$(grep -m1 "native was refused" <<<"$OUT")"
	equal "mode of the hook" "$(hook_mode)" 2
	check "send" tx "$TRAFFIC" -o -n 5000 -r 2000 -w 32 tx0
	becomes "every frame is counted" 10 _counted 5000
	equal "frames passed" "$(counter verdict_pass)" 5000
}
_counted() { [[ $(counter packets) -ge $1 ]]; }

native_mode() {
	nics_up
	refuses "native" 1 "$NO_NATIVE.*-m skb" "$LOADER" attach rx0 -m native
	skip "$(grep -m1 "native" <<<"$OUT")"
}

what_the_driver_offers() {
	nics_up
	check "features" "$LOADER" features -j rx0
	if kernel_is_older_than 6.3; then
		equal "native" "$(jq -r .native <<<"$OUT")" "not known"
	else
		equal "native" "$(jq -r .native <<<"$OUT")" no
	fi
}

af_xdp_copy_mode() {
	nics_up
	attach
	bouncers 1 -c -j
	bounce 20000
	stop_bouncers
	account 20000
	note "20000 frames, none lost, all unchanged"
}

af_xdp_zero_copy() {
	nics_up
	attach
	refuses "zero-copy" 1 "cannot bind in zero-copy mode.*leave -z out" timeout 30 "$BOUNCER" -d rx0 -Q 0 -z -t 1
	skip "$(grep -i -m1 "zero-copy" <<<"$OUT")"
}

af_xdp_takes_what_there_is() {
	nics_up
	attach
	bouncers 1
	degraded_to_copy
	bounces_all
}

rules_and_their_counters() {
	nics_up
	printf '%s\n' 'udp dport 7 drop' 'tcp dport 7 xsk' 'default pass' >"$DIR/rules"
	attach -r "$DIR/rules"
	bouncers 1 -j
	bounce 10000 -p tcp4,tcp6
	check "send" tx "$TRAFFIC" -o -n 5000 -r 1000 -w 16 -p udp4,udp6 tx0
	becomes "every frame is counted" 10 _counted 15000
	stop_bouncers
	equal "counters of the rules" "$("$O/xsteer-rules" show -j rx0 | jq -c '[.rules[].packets]')" "[5000,10000]"
	account 10000
}

detach_leaves_nothing() {
	nics_up
	attach
	bouncers any
	bounce 500
	stop_bouncers
	check "detach" "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS" 2>/dev/null)" ""
}

run_tests "$@"
