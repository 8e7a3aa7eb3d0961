#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-loader: attach, detach, status, clean, features on a veth.

. "$(dirname "$0")/lib.sh"

attach_native_puts_our_program_on_the_hook() {
	lab_up
	attach -m native
	equal "mode of the hook" "$(hook_mode)" 1
	equal "pinned program" "$(bpftool -j prog show pinned "$PINS/rx0/prog" | jq .id)" "$(hook)"
	for pin in link prog xsks_map xdp_stats_map meta owners; do
		check "pin $pin" test -e "$PINS/rx0/$pin"
	done
	pings
}

attach_skb_puts_our_program_on_the_hook() {
	lab_up --skb
	attach -m skb
	equal "mode of the hook" "$(hook_mode)" 2
	pings
}

auto_takes_native_where_the_driver_can() {
	lab_up
	attach
	equal "mode of the hook" "$(hook_mode)" 1
	contains "says which" "$OUT" native
}

auto_falls_to_skb_and_says_why() {
	lab_up --skb # more transmit queues at the peer than veth's native XDP bears
	attach -m auto
	equal "mode of the hook" "$(hook_mode)" 2
	contains "says which" "$OUT" skb
	contains "gives the kernel's words" "$OUT" "number of rx queues not less than peer tx queues"
}

native_that_the_driver_refuses_gives_the_kernels_words() {
	lab_up --skb
	refuses "native" 1 "number of rx queues not less than peer tx queues" \
		rx "$LOADER" attach rx0 -m native
	equal "hook" "$(hook)" ""
	equal "pins" "$(ls "$PINS/rx0" 2>/dev/null)" ""
}

attach_twice_changes_nothing() {
	local id
	lab_up
	attach
	id=$(hook)
	pings
	before=$(counter packets)
	attach
	equal "program" "$(hook)" "$id"
	equal "counters" "$(counter packets)" "$before"
}

attached_otherwise_is_not_attached_as_asked() {
	lab_up
	attach
	refuses "--xsk-missing drop" 1 "to pass where no socket is, not to drop.*--replace" \
		rx "$LOADER" attach --xsk-missing drop rx0
	refuses "--prio" 1 "alone on the hook.*--replace" rx "$LOADER" attach -P 5 rx0
	attach --xsk-missing pass
	attach --replace --xsk-missing drop
	attach # no wish, no refusal
	refuses "--xsk-missing pass" 1 "to drop where no socket is, not to pass" \
		rx "$LOADER" attach --xsk-missing pass rx0
}

attached_by_hand_stays_when_the_last_bouncer_leaves() {
	lab_up
	start_bouncer 0 -p
	attach
	contains "says so" "$OUT" "stays when the last one leaves"
	stop_bouncer
	not_equal "hook" "$(hook)" ""
	attach
	[[ $OUT != *"last one leaves"* ]] || fail "said again: $OUT"
}

load_and_unload_are_accepted_too() {
	lab_up
	check "load" rx "$LOADER" load rx0
	not_equal "hook" "$(hook)" ""
	check "unload" rx "$LOADER" unload rx0
	equal "hook" "$(hook)" ""
}

detach_leaves_nothing() {
	lab_up
	attach
	check "detach" rx "$LOADER" detach rx0
	equal "hook" "$(hook)" ""
	check "no pin directory" test ! -e "$PINS/rx0"
	pings
	attach # and again
	not_equal "hook" "$(hook)" ""
}

detach_where_nothing_is_says_so() {
	lab_up
	refuses "detach" 1 "rx0" rx "$LOADER" detach rx0
}

detach_all_takes_every_instance() {
	lab_up
	rx ip link add extra0 type veth peer name extra1
	rx ip link set extra0 up
	attach
	check "second" rx "$LOADER" attach extra0
	check "detach --all" rx "$LOADER" detach --all
	equal "rx0" "$(hook)" ""
	equal "extra0" "$(hook extra0)" ""
	equal "pins" "$(ls "$PINS")" ""
}

detach_all_fails_where_one_cannot_be_detached() {
	lab_up
	attach
	mkdir -p "$PINS/theirs"
	refuses "detach --all" 1 "$PINS/theirs" rx "$LOADER" detach --all
	equal "rx0 all the same" "$(hook)" ""
}

several_interfaces_in_one_command() {
	lab_up
	rx ip link add extra0 type veth peer name extra1
	rx ip link set extra0 up
	check "attach both" rx "$LOADER" attach rx0 extra0
	not_equal "rx0" "$(hook)" ""
	not_equal "extra0" "$(hook extra0)" ""
	check "detach both" rx "$LOADER" detach rx0 extra0
	equal "rx0" "$(hook)" ""
	equal "extra0" "$(hook extra0)" ""
}

an_interface_that_fails_does_not_hinder_the_next() {
	lab_up
	refuses "attach" 1 "nosuch0" rx "$LOADER" attach nosuch0 rx0
	not_equal "hook of the good one" "$(hook)" ""
}

status_names_program_mode_and_interface() {
	lab_up
	attach -m native
	check "status" rx "$LOADER" status rx0
	contains "interface" "$OUT" rx0
	contains "mode" "$OUT" native
	contains "program id" "$OUT" "$(hook)"
	check "status -j" rx "$LOADER" status -j rx0
	check "it is JSON" jq -e '.schema | numbers' <<<"$OUT"
}

status_without_instance_is_no_failure() {
	lab_up
	check "status" rx "$LOADER" status
}

status_knows_a_foreign_program() {
	lab_up
	attach_foreign xdpdrv
	check "status" rx "$LOADER" status rx0
	contains "its id" "$OUT" "$(hook)"
}

_refused_beside_foreign() { # xdpdrv|xdpgeneric
	local id
	lab_up
	attach_foreign "$1"
	id=$(hook)
	refuses "attach" 1 "foreign_prog" rx "$LOADER" attach rx0
	contains "with its id" "$OUT" "\\b$id\\b"
	equal "their program" "$(hook)" "$id"
	check "no pins" test ! -e "$PINS/rx0"
	refuses "detach" 1 "rx0" rx "$LOADER" detach rx0
	equal "their program" "$(hook)" "$id"
}
foreign_native_program_is_named_and_left_alone() { _refused_beside_foreign xdpdrv; }
foreign_skb_program_is_named_and_left_alone() { _refused_beside_foreign xdpgeneric; }

foreign_program_stays_under_replace() {
	local id
	lab_up
	attach_foreign xdpdrv
	id=$(hook)
	refuses "attach --replace" 1 "foreign_prog" rx "$LOADER" attach --replace rx0
	equal "their program" "$(hook)" "$id"
}

clean_leaves_a_live_instance() {
	local id
	lab_up
	attach
	id=$(hook)
	check "clean" rx "$LOADER" clean
	equal "program" "$(hook)" "$id"
	check "pins" test -e "$PINS/rx0/xsks_map"
}

clean_removes_pins_of_a_deleted_interface() {
	lab_up
	attach
	rx ip link del rx0
	check "clean --dry-run" rx "$LOADER" clean --dry-run
	contains "names it" "$OUT" rx0
	check "a dry run removes nothing" test -e "$PINS/rx0"
	check "clean" rx "$LOADER" clean
	check "the pins are gone" test ! -e "$PINS/rx0"
}

clean_says_what_it_removed_beside_what_it_could_not() {
	lab_up
	mkdir -p "$PINS/bad" "$PINS/%new-1-rx0"
	rx "$LOADER" clean -j >"$DIR/clean.json" 2>/dev/null
	equal "exit status" $? 1
	check "both are told" jq -e '(.removed | length) == 1 and (.removed[0].dir | endswith("/%new-1-rx0")) and
		(.failed | length) == 1 and (.failed[0].dir | endswith("/bad")) and .failed[0].error == .error' \
		"$DIR/clean.json"
	equal "the one is gone, the other left" "$(ls "$PINS")" bad
	check "without" rx "$LOADER" clean -j --pin-root "$PINS/none"
	check "an empty list" jq -e '.removed == [] and .failed == [] and (has("error") | not)' <<<"$OUT"
}

clean_leaves_pins_of_another_netns() {
	lab_up
	attach
	check "clean from the other side" tx "$LOADER" clean
	check "pins" test -e "$PINS/rx0/link"
	pings
}

another_netns_interface_of_that_name_is_not_ours() {
	lab_up
	attach
	tx ip link add rx0 type veth peer name rx1
	tx ip link set rx0 up
	refuses "status of the pins" 1 "namespace|netns" tx "$MAPS" stats rx0
	refuses "detach" 1 "namespace|netns" tx "$LOADER" detach rx0
	not_equal "ours" "$(hook)" ""
	check "pins" test -e "$PINS/rx0/link"
}

missing_interface_is_named() {
	lab_up
	refuses "attach" 1 "nosuch0" rx "$LOADER" attach nosuch0
	refuses "detach" 1 "nosuch0" rx "$LOADER" detach nosuch0
}

without_privilege_says_what_is_needed() {
	public_copy "$LOADER"
	lab_up
	refuses "attach" 1 "CAP_|root|privilege|permitted" \
		rx setpriv --reuid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$DIR/xsteer-loader" attach rx0
	equal "hook" "$(hook)" ""
}

wrong_usage_exits_2() {
	refuses "no command" 2 "usage|help|command" "$LOADER"
	refuses "unknown command" 2 "frobnicate" "$LOADER" frobnicate
	refuses "unknown option" 2 "frobnicate" "$LOADER" attach --frobnicate rx0
	refuses "no interface" 2 "IF|interface" "$LOADER" attach
	refuses "unknown mode" 2 "native" "$LOADER" attach -m fast rx0
}

help_and_version_exit_0() {
	for tool in "$O"/xsteer-{loader,bouncer,maps}; do
		check "$tool --help" "$tool" --help
		check "$tool -h" "$tool" -h
		check "$tool --version" "$tool" --version
		contains "a version" "$OUT" '[0-9]+\.[0-9]+\.[0-9]+'
	done
}

error_is_json_under_j() {
	lab_up
	((++ASSERTIONS))
	rx "$LOADER" attach -j nosuch0 2>/dev/null | jq -e '.error | strings' >/dev/null ||
		fail 'no {"error": "..."} on stdout'
}

features_names_modes_and_queues() {
	lab_up
	check "features" rx "$LOADER" features rx0
	contains "native" "$OUT" native
	contains "queues" "$OUT" 'queue.*4|4.*queue'
	check "features -j" rx "$LOADER" features -j rx0
	check "it is JSON" jq -e '.schema | numbers' <<<"$OUT"
}

features_says_what_the_driver_tells_of_a_frame() {
	local wanted="not known not known not known"
	lab_up
	check "features -j" rx "$LOADER" features -j rx0
	# a veth has all three, and the kernel says so since 6.7
	[[ $(printf '%s\n' 6.7 "$(uname -r)" | sort -V | head -n 1) = 6.7 ]] && wanted="true true true"
	equal "timestamp, hash, VLAN tag" \
		"$(jq -r '[."rx-timestamp", ."rx-hash", ."rx-vlan"] |
			map(if . == null then "not known" else . end) | join(" ")' <<<"$OUT")" "$wanted"
}

frames_pass_during_attach_and_detach() {
	local i
	lab_up
	tx_bg ping ping -q -i 0.002 -c 1500 -W 1 198.18.0.2
	ping=$!
	for i in 1 2 3 4 5; do
		attach
		sleep 0.1
		check "detach" rx "$LOADER" detach rx0
		sleep 0.1
	done
	wait "$ping"
	contains "every one answered" "$(cat "$DIR/ping.log")" ' 0% packet loss'
}

two_loaders_at_once_both_end_well() {
	local a b
	lab_up
	rx_bg a "$LOADER" attach rx0
	a=$!
	rx_bg b "$LOADER" attach rx0
	b=$!
	ends "$a" 0
	ends "$b" 0
	not_equal "hook" "$(hook)" ""
	pings
}

frames_beyond_a_page_pass_at_mtu_9000() {
	lab_up --mtu 9000
	attach -m native
	check "ping with 8000 bytes" tx ping -q -c 3 -i 0.02 -W 1 -s 8000 -M "do" 198.18.0.2
	check "the verdicts add up" counters_add_up
}

# -j with several interfaces: what was done is seen beside what failed.
json_of_several_shows_which_succeeded() {
	lab_up
	refuses "attach" 1 "." rx "$LOADER" attach -j nosuch rx0
	OUT=$(rx "$LOADER" detach -j rx0 nosuch 2>/dev/null)
	check "detach" jq -e '.schema == 1 and (.error | test("nosuch")) and
		(.instances | length == 2) and .instances[0] == {"interface": "rx0"} and
		.instances[1].interface == "nosuch" and .instances[1].error == .error' <<<"$OUT"
	OUT=$(rx "$LOADER" attach -j nosuch rx0 2>/dev/null)
	check "attach" jq -e '.schema == 1 and (.error | test("nosuch")) and
		.instances[0].error == .error and .instances[1].mode == "native"' <<<"$OUT"
	OUT=$(rx "$LOADER" status -j rx0 nosuch 2>/dev/null)
	check "status" jq -e '(.error | test("nosuch")) and .interfaces[0].state == "attached" and
		.interfaces[1].interface == "nosuch" and .interfaces[1].error == .error' <<<"$OUT"
	for command in attach detach status; do
		OUT=$(rx "$LOADER" "$command" -j nosuch 2>/dev/null)
		check "$command of one" jq -e 'keys == ["error", "schema"]' <<<"$OUT"
	done
}

run_tests "$@"
