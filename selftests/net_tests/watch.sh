#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-maps watch: everything that happens to an instance is exactly one event.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe

_watch() { # [OPERAND]
	rx_bg watch "$MAPS" watch -j --delay 50 "$@"
	WATCHER=$!
	SEEN=0
}
# Without its other words: it may be asking a broker that is killed right then.
_log() { grep '^{' "$DIR/watch.log"; }
_events() { _log | jq -r .event | tail -n "+$((SEEN + 1))" | xargs; }
_has_events() { [[ $(_events) = "$1" ]]; }
# Exactly these events came since the last call, in this order. The last is in LAST.
_then() { # SENTENCE EVENT...
	local what=$1
	shift
	becomes "$what: $*" 20 _has_events "$*"
	sleep 0.2 # three more looks
	equal "$what: no more" "$(_events)" "$*"
	SEEN=$((SEEN + $#))
	LAST=$(_log | tail -n 1)
}
_stop() {
	kill -INT "$WATCHER"
	ends "$WATCHER" 0
	equal "no more events" "$(_events)" ""
}
_is() { # SENTENCE JQ-FILTER WANTED, of the last event
	equal "$1" "$(jq -c "$2" <<<"$LAST")" "$3"
}

attach_upgrade_and_detach_are_told() {
	lab_up --queues 2
	_watch
	attach
	_then "attach" attach
	_is "what" '[.interface, .mode, .generation, .schema, (.time | type), (.prog_id | type)]' \
		'["rx0","native",0,1,"number","number"]'
	check "upgrade" rx "$LOADER" upgrade rx0
	_then "upgrade" upgrade
	check "detach" rx "$LOADER" detach rx0
	_then "detach" detach
	attach -m skb
	_then "attach" attach
	_is "mode" .mode '"skb"'
	_stop
}
# What it cannot look at has not changed; once it can look, it tells what has.
out_of_descriptors_nothing_is_told_that_did_not_happen() {
	local limit
	lab_up --queues 1
	attach
	nsenter --net=/run/netns/xs-t-rx -- "$MAPS" watch -j --delay 50 >"$DIR/watch.log" 2>"$DIR/blind.log" &
	WATCHER=$!
	SEEN=0
	_then "present" present
	for limit in 3 6 8 10 12 14 16 18 20 22 24 26; do
		check "no more descriptors than $limit" prlimit --pid "$WATCHER" --nofile="$limit:1024"
		sleep 0.2 # three looks
		equal "with $limit descriptors" "$(_events)" ""
	done
	check "none" prlimit --pid "$WATCHER" --nofile=3:1024
	becomes "it says so" 5 grep -q "cannot look at the instances.*Too many open files" "$DIR/blind.log"
	check "upgrade" rx "$LOADER" upgrade rx0
	sleep 0.2
	equal "it does not see it" "$(_events)" ""
	check "enough again" prlimit --pid "$WATCHER" --nofile=1024:1024
	_then "now it does" upgrade
	_stop
}
# --- chains ---

# Brokers are asked in /run/xsteer, which is of this test alone.
_own_run() {
	mkdir -p /run/xsteer
	mount -t tmpfs none /run/xsteer
	printf '%s\n' 'service a' 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
}
_serve() { # NAME [OPTION...]
	local name=$1
	shift
	rx_bg "$name" "$CHAIN" run -v rx0 "$DIR/f.chain" --socket "/run/xsteer/$name.sock" "$@"
	BROKER=$!
}
_join() { # [OPTION...]
	"$PROBE" -S /run/xsteer/rx0.sock -s a -- "$@" 2>/dev/null &
	NF=$!
}
# These events came, in whatever order: the maps and the broker are asked one after the other.
_has_all() { [[ $(_events | tr ' ' '\n' | sort | xargs) = "$(printf '%s\n' "$@" | sort | xargs)" ]]; }
_then_all() { # SENTENCE EVENT...
	local what=$1
	shift
	becomes "$what: $*" 20 _has_all "$@"
	sleep 0.2
	check "$what: no more" _has_all "$@"
	SEEN=$((SEEN + $#))
}
_of() { # EVENT JQ-FILTER WANTED, of the last event of this name
	equal "$1" "$(_log | jq -c "select(.event == \"$1\") | $2" | tail -n 1)" "$3"
}

brokers_and_network_functions_are_told() {
	local nf
	lab_up --queues 1
	attach
	_own_run
	_watch rx0
	_then "present" present
	_serve rx0
	_then_all "a broker" owner_came owner_came broker_came
	_of broker_came '[.interface, .pid, .socket]' "[\"rx0\",$BROKER,\"/run/xsteer/rx0.sock\"]"
	_join
	_then "a network function" nf_joined
	_is "which" '[.interface, .service, .instance, .pid, .schema]' "[\"rx0\",\"a\",1,$NF,1]"
	check "apply" rx "$CHAIN" apply rx0 "$DIR/f.chain"
	_then "apply" chains_applied
	_is "which" .applied 1
	kill "$NF"
	ends "$NF" 0
	_then "it leaves" nf_left
	_is "which" '[.service, .instance, .pid]' "[\"a\",1,$NF]"
	_join --keep 3
	nf=$NF
	_then "another" nf_joined
	bounced -n 3 -o
	kill -9 "$nf"
	_then "it dies" nf_died
	_is "with what it held" '[.pid, .frames]' "[$nf,3]"
	_join --evil foreign
	nf=$NF
	_then "a cheat" nf_joined
	tx "$TRAFFIC" -n 20 -t 100 tx0 >"$DIR/traffic.log"
	_then "is cut off" nf_quarantined nf_died
	_of nf_quarantined '[.pid, .why]' "[$nf,\"it returned a packet that it does not hold\"]"
	kill -INT "$BROKER"
	ends "$BROKER" 0
	_then_all "the broker leaves" owner_left owner_left broker_left
	_serve rx0
	_then_all "another" owner_came owner_came broker_came
	kill -9 "$BROKER"
	_then_all "it is killed" owner_died owner_died broker_died
	_stop
}
what_comes_and_goes_between_two_looks_is_told() {
	lab_up --queues 1
	attach
	_own_run
	_serve rx0
	becomes "it listens" 15 test -S /run/xsteer/rx0.ctl
	rx_bg watch "$MAPS" watch -j --delay 3000 rx0
	WATCHER=$!
	SEEN=0
	becomes "both are there" 10 _has_events "present broker_present"
	_of broker_present .pid "$BROKER"
	_join
	becomes "it joins" 10 grep -q joined "$DIR/rx0.log"
	kill -9 "$NF"
	becomes "it dies" 10 grep -q died "$DIR/rx0.log"
	becomes "both are told" 20 _has_events "present broker_present nf_joined nf_died"
	check "when they happened" jq -se '.[2].time < .[3].time and .[3].time - .[2].time < 2' "$DIR/watch.log"
	SEEN=4
	_stop
	check "as text" rx "$MAPS" watch -n 2 rx0
	contains "as text" "$OUT" "^[0-9:.]+ rx0 broker_present: pid $BROKER, /run/xsteer/rx0.sock$"
	kill -INT "$BROKER"
	ends "$BROKER" 0
}
a_stopped_broker_hides_no_event() {
	lab_up --queues 2
	attach
	_own_run
	_serve rx0 -Q 0
	becomes "it listens" 15 test -S /run/xsteer/rx0.ctl
	kill -STOP "$BROKER"
	nsenter --net=/run/netns/xs-t-rx -- "$MAPS" watch -j --delay 50 rx0 >"$DIR/watch.log" 2>"$DIR/words" &
	WATCHER=$!
	SEEN=0
	_then "present" present
	becomes "it is said" 10 grep -q "nothing is told of its chains: .*rx0.ctl: the broker has not answered for 1 s" "$DIR/words"
	check "upgrade" rx "$LOADER" upgrade rx0
	_then "upgrade" upgrade
	kill -CONT "$BROKER"
	becomes "it answers" 20 _has_events broker_present
	SEEN=$((SEEN + 1))
	equal "it was said once" "$(grep -c "nothing is told" "$DIR/words")" 1
	kill -9 "$BROKER"
	_then_all "it is killed" owner_died owner_died broker_died
	_stop
}
# Who does not want them, and another interface's.
brokers_of_others_are_not_told() {
	lab_up --queues 1
	attach
	rx ip link add other0 type veth peer name other1
	check "attach" rx "$LOADER" attach other0
	_own_run
	_serve rx0
	becomes "it listens" 15 test -S /run/xsteer/rx0.ctl
	_watch other0
	_then "present" present
	_stop
	_watch --no-chains rx0
	_then "present" present
	_stop
	kill -INT "$BROKER"
	ends "$BROKER" 0
}

what_was_there_before_is_told_as_such() {
	lab_up --queues 1
	attach
	_watch rx0
	_then "present" present
	_stop
	check "as text" rx timeout 5 "$MAPS" watch -n 1 rx0
	contains "a line" "$OUT" '^[0-9:.]+ rx0 present: xsteer [0-9.]+, program id [0-9]+, native mode, rule set 0$'
}
applies_confirmations_and_rollbacks_are_told_once() {
	lab_up --queues 1
	attach
	echo 'udp drop' >"$DIR/one"
	echo $'udp drop\ntcp drop' >"$DIR/two"
	_watch rx0
	_then "present" present
	check "apply" rx "$RULES" apply rx0 "$DIR/one"
	_then "apply" apply
	_is "what" '[.generation, .rules, .confirm_seconds_left]' '[1,1,null]'
	check "apply --confirm" rx "$RULES" apply --confirm 60 rx0 "$DIR/two"
	_then "apply" apply
	_is "what" '[.generation, .rules, .confirm_seconds_left > 50]' '[2,2,true]'
	check "confirm" rx "$RULES" confirm rx0
	_then "confirmed" confirmed
	check "apply --confirm" rx "$RULES" apply --confirm 1 rx0 "$DIR/one"
	_then "apply, and nobody confirms" apply rolled_back
	refuses "too late" 1 "no rule set waits|too late" rx "$RULES" confirm rx0
	sleep 0.3
	check "flush" rx "$RULES" flush rx0
	_then "flush is an apply" apply
	_is "without rules" .rules 0
	_stop
}
owners_that_come_leave_and_die_are_told() {
	lab_up --queues 2
	attach
	_watch
	_then "present" present
	start_bouncer 1 -p
	_then "it comes" owner_came
	_is "who" '[.slot, .queue, .pid, .mode]' "[1,1,$LAST_BOUNCER,\"copy\"]"
	stop_bouncer
	_then "it leaves" owner_left
	start_bouncer 0 -p
	_then "another" owner_came
	kill -KILL "$LAST_BOUNCER"
	_then "it dies" owner_died
	_is "who" .pid "$LAST_BOUNCER"
	start_bouncer 0 -p
	_then "the next" owner_came
	_stop
}
links_queues_names_and_the_end_of_an_interface_are_told() {
	lab_up --queues 2
	attach -m skb
	_watch rx0
	_then "present" present
	rx ip link set rx0 down
	_then "down" link_down
	rx ip link set rx0 up
	_then "up" link_up
	rx ip link set rx0 down && rx ip link set rx0 name other0
	_then "renamed" link_down renamed
	_is "from" '[.interface, .before]' '["other0","rx0"]'
	check "fewer queues" tx ethtool -L tx0 tx 1 rx 1
	check "fewer queues" rx ethtool -L other0 rx 1 tx 1
	_then "queues" queues
	_is "how many" '[.before, .queues]' '[2,1]'
	rx ip link del other0
	_then "gone" interface_gone
	_stop
}
other_interfaces_are_not_told_of() {
	lab_up --queues 1
	check "another" rx ip link add other0 type veth peer name other1
	_watch rx0
	check "attach another" rx "$LOADER" attach other0 -m skb
	check "detach" rx "$LOADER" detach other0
	attach
	_then "only rx0" attach
	_is "which" .interface '"rx0"'
	_stop
}
refusals() {
	refuses "no interface" 1 "no interface none0" "$MAPS" watch none0
	refuses "delay" 2 "from 10 to 60000" "$MAPS" watch --delay 5 lo
}

run_tests "$@"
