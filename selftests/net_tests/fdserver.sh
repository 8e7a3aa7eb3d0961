#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-fdserver: workers of others get the map, and hostile peers get nothing more.

. "$(dirname "$0")/lib.sh"

FDSERVER=$O/xsteer-fdserver
# The interpreter itself: what is in PATH may be a script that looks for it each time.
CLIENT=("$(python3 -c 'import sys; print(sys.executable)')" "$ROOT/selftests/uds_client")
NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# Serves rx0 at $DIR/fd.sock in the background. Its pid is in SERVER, its JSON in
# $DIR/json/xsteer-fdserver.result, its messages in $DIR/fdserver.log.
_start() { # [OPTION...]
	mkdir -p "$DIR/json"
	nsenter --net=/run/netns/xs-t-rx -- "$FDSERVER" -v -j -s "$DIR/fd.sock" "$@" rx0 \
		>"$DIR/json/xsteer-fdserver.result" 2>"$DIR/fdserver.log" &
	SERVER=$!
	becomes "it listens" 10 grep -q "ready at" "$DIR/fdserver.log"
}
_stop() {
	kill -TERM "$SERVER"
	ends "$SERVER" 0
	OUT=$(cat "$DIR/json/xsteer-fdserver.result")
}
_says() { # SENTENCE WANTED MESSAGE...
	equal "$1" "$("${CLIENT[@]}" "$DIR/fd.sock" say "${@:3}" 2>&1 | xargs)" "$2"
}
_refused() { jq ".refused.$1" <<<"$OUT"; }
_logged() { grep -c -- "$1" "$DIR/fdserver.log"; }

# --- who asks as the protocol says ---

every_question_has_its_answer() {
	lab_up
	attach
	_start
	_says "a whole conversation" "/host_ok 0.1 /fd_ack+fd /fd_ack+fd /fd_nak /config_busy_poll_nak /nak /fin_ack closed" \
		/connect,pod /version /xsk_map_fd,rx0 "/xsk_map_fd, rx0" /xsk_map_fd,tx0 /config_busy_poll,20,64 \
		rubbish /fin /version
	_says "again, on another connection" "/host_ok /fd_ack+fd" /connect,pod /xsk_map_fd,rx0
	_says "no greeting" "closed" /version
	_says "the longest name" "/host_ok" "/connect,$(printf 'a%.0s' {1..55})"
	_says "a byte more" "closed" "/connect,$(printf 'a%.0s' {1..56})"
	_says "another greeting" "/host_ok /nak" /connect,pod /connect,pod
	equal "capabilities that it has" "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$SERVER/status")" 0000000000000000
	_stop
	equal "what it counted" "$(jq -c '[.connections, .maps, .refused.name, .refused.nonsense, .refused.first]' <<<"$OUT")" \
		"[6,3,1,2,2]"
	check "the socket is gone" test ! -e "$DIR/fd.sock"
}

a_bouncer_gets_its_map_and_bounces() {
	lab_up
	attach
	_start
	steer 1
	rx_bg bouncer-1 "$BOUNCER" -d rx0 -Q 1 -p --uds "$DIR/fd.sock"
	local bouncer=$!
	becomes "the bouncer is ready" 20 tx "$TRAFFIC" -n 10 -t 300 tx0
	bounced -n 2000
	stop_bouncer "$bouncer"
	rx_bg bouncer-1 "$BOUNCER" -d rx0 -Q 1 -p --uds "$DIR/fd.sock"
	bouncer=$!
	becomes "one that is started again" 20 tx "$TRAFFIC" -n 10 -t 300 tx0
	bounced -n 2000
	stop_bouncer "$bouncer"
	_stop
	equal "maps given" "$(jq .maps <<<"$OUT")" 2
}

# It has CAP_NET_RAW for its socket, may open neither pin nor bpffs, and asks as DPDK does.
a_libxdp_program_of_another_user_gets_frames() {
	local worker
	lab_up
	attach
	_start --uid 65534
	steer 1
	public_copy "$O/selftests/tools/uds_libxdp"
	chmod 711 "$DIR"
	mkdir "$DIR/nobody" && chmod 777 "$DIR/nobody"
	rx_bg worker env ASAN_OPTIONS=detect_leaks=0 GCOV_PREFIX="$DIR/nobody" "${NOBODY[@]}" --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw \
		"$DIR/uds_libxdp" "$DIR/fd.sock" rx0 1 500
	worker=$!
	becomes "its socket is in the map" 15 grep -q ready "$DIR/worker.log"
	equal "its only capability" "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$worker/status")" 0000000000002000
	OUT=$(tx "$TRAFFIC" -o -n 500 -s 64 -p udp4 -r 5000 tx0)
	ends "$worker" 0
	contains "what it received" "$(cat "$DIR/worker.log")" "^500 frames, 32000 bytes"
	_stop
}

# XSTEER_TESTPMD: a command that runs another one, such as a newer one in a chroot, with
# XSTEER_TESTPMD_ROOT, its root as seen from here.
dpdks_testpmd_gets_frames() {
	local testpmd=${XSTEER_TESTPMD:-dpdk-testpmd} root=${XSTEER_TESTPMD_ROOT-} version
	# shellcheck disable=SC2086 # words
	version=$($testpmd --version 2>&1 | grep -oE 'DPDK [0-9]+\.[0-9]+' | cut -d ' ' -f 2)
	[[ $version ]] || skip "no dpdk-testpmd that runs here"
	[[ $(printf '%s\n' 24.07 "$version" | sort -V | head -n 1) = 24.07 ]] ||
		skip "DPDK $version: its AF_XDP driver has no dp_path before 24.07"
	lab_up --queues 1
	attach
	_start
	mkdir -p "$root$DIR"
	[[ ! $root ]] || ln "$DIR/fd.sock" "$root$DIR/fd.sock" || skip "its root is another file system"
	# shellcheck disable=SC2086 # words
	sleep 60 | rx_bg testpmd $testpmd --no-huge -m 256 --no-pci --no-telemetry -l 0,1 --vdev \
		"net_af_xdp0,iface=rx0,start_queue=0,queue_count=1,use_cni=1,dp_path=$DIR/fd.sock" \
		-- -i --auto-start --forward-mode=macswap --total-num-mbufs=4096
	becomes "it forwards" 60 tx "$TRAFFIC" -x -n 10 -t 300 tx0
	bounced -x -n 500 -r 2000
	_stop
	equal "maps given" "$(jq .maps <<<"$OUT")" 1
}

busy_polling_is_configured_for_af_xdp_sockets_alone() {
	lab_up
	attach
	_start --busy-poll
	local before
	before=$(find "/proc/$SERVER/fd" -type l | wc -l)
	_says "an AF_XDP socket" "/host_ok /config_busy_poll_ack" /connect,pod xsk:/config_busy_poll,20,64
	_says "a file" "/host_ok /config_busy_poll_nak" /connect,pod fd:/config_busy_poll,20,64
	_says "nothing" "/host_ok /config_busy_poll_nak" /connect,pod /config_busy_poll,20,64
	_says "a descriptor where none belongs" "/host_ok 0.1" /connect,pod fd:/version
	becomes "it keeps none of them" 5 eval "((\$(find /proc/$SERVER/fd -type l | wc -l) == $before))"
	equal "its only capability" "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$SERVER/status")" 0000000000001000
	_stop
	equal "counted" "$(jq -c '[.busy_polls, .refused.busy_poll]' <<<"$OUT")" "[1,2]"
}

# --- who may ask ---

_as() { # UID:GID[:GROUP,...] MESSAGE...
	"${CLIENT[@]}" "$1" "$DIR/fd.sock" say "${@:2}" 2>&1 | xargs
}
only_who_may_ask_is_answered() {
	lab_up
	attach
	chmod 711 "$DIR"
	_start
	equal "mode of the socket" "$(stat -c %a "$DIR/fd.sock")" 600
	contains "another user cannot even connect" "$(_as 65534:65534 /connect,pod)" "PermissionError"
	_stop
	_start --uid 65533
	equal "mode of the socket" "$(stat -c %a "$DIR/fd.sock")" 666
	_says "root is not among them" "/host_nak" /connect,pod
	equal "another user" "$(_as 65534:65534 /connect,pod /version)" "/host_nak closed"
	equal "that user" "$(_as 65533:65533 /connect,pod /xsk_map_fd,rx0)" "/host_ok /fd_ack+fd"
	_as 65534:65534 /connect,pod >/dev/null
	equal "who may not ask is told of once" "$(_logged "user 65534 may not ask")" 1
	_stop
	equal "and counted" "$(_refused peer)" 3
	_start --gid 1234
	equal "by group" "$(_as 65534:1234 /connect,pod)" "/host_ok"
	equal "by a further group" "$(_as 65534:65534:7,1234,9 /connect,pod)" "/host_ok"
	equal "by neither" "$(_as 65534:65534:7,9 /connect,pod)" "/host_nak"
	_stop
	refuses "a user that is not" 2 "no user" rx "$FDSERVER" -s "$DIR/fd.sock" --uid nobody-here rx0
	refuses "a group that is not" 2 "no group" rx "$FDSERVER" -s "$DIR/fd.sock" --gid nobody-here rx0
}

# --- peers that are hostile ---

# Each does its worst, and afterwards a good one is answered, and nothing is left open.
hostile_peers_lose_their_own_connection() {
	local hostility want before
	lab_up
	attach
	rx ip link set lo up # for linger
	_start --timeout 1
	before=$(find "/proc/$SERVER/fd" -type l | wc -l)
	while read -r hostility want; do
		OUT=$(rx timeout 60 "${CLIENT[@]}" "$DIR/fd.sock" "$hostility" rx0 2>&1 | xargs)
		equal "$hostility" "$OUT" "$want"
		_says "afterwards" "/host_ok 0.1" /connect,pod /version
	done <<-'LIST'
		silent closed
		half /host_ok closed
		deaf closed
		greedy closed
		garbage done
		linger done
	LIST
	becomes "nothing is left open" 5 eval "((\$(find /proc/$SERVER/fd -type l | wc -l) == $before))"
	equal "garbage is told of once" "$(_logged "not of the protocol")" 1
	equal "silence is told of once" "$(_logged "says nothing for too long")" 1
	_stop
	equal "silent ones" "$(_refused silent)" 2
	check "garbage and who reads nothing are counted" jq -e \
		'.refused | .nonsense > 100 and .unread + .questions >= 2' <<<"$OUT"
}

# One user has all connections that it may have; another one is served.
connections_of_one_user_keep_out_nobody_else() {
	lab_up
	attach
	chmod 711 "$DIR"
	_start --timeout 60 --uid 65533 --uid 65534
	"${CLIENT[@]}" 65534:65534 "$DIR/fd.sock" many >"$DIR/many.log" 2>&1 &
	becomes "it has what it gets" 20 grep -q "alive" "$DIR/many.log"
	equal "connections of one user" "$(cat "$DIR/many.log")" "alive 16"
	equal "another user" "$(_as 65533:65533 /connect,pod /xsk_map_fd,rx0)" "/host_ok /fd_ack+fd"
	"${CLIENT[@]}" 65532:65532 "$DIR/fd.sock" many >"$DIR/many2.log" 2>&1 &
	becomes "one who may not ask has less" 20 grep -q "alive" "$DIR/many2.log"
	equal "connections of one who may not ask" "$(cat "$DIR/many2.log")" "alive 8"
	equal "the other user" "$(_as 65533:65533 /connect,pod /version)" "/host_ok 0.1"
	_stop
}

# --- the instance comes and goes ---

the_map_is_that_of_now() {
	lab_up
	attach
	_start
	_says "before" "/host_ok /fd_ack+fd" /connect,pod /xsk_map_fd,rx0
	check "detach" rx "$LOADER" detach rx0
	_says "without an instance" "/host_ok /fd_nak /fd_nak" /connect,pod /xsk_map_fd,rx0 /xsk_map_fd,rx0
	equal "the reason is told once" "$(_logged "rx0 has no instance of xsteer any more: 'xsteer-loader attach rx0' makes one")" 1
	attach
	_says "with another one" "/host_ok /fd_ack+fd" /connect,pod /xsk_map_fd,rx0
	_stop
	equal "counted" "$(jq -c '[.maps, .refused.map]' <<<"$OUT")" "[2,2]"
	check "detach" rx "$LOADER" detach rx0
	refuses "no instance at the start" 1 "no instance.*attach" rx "$FDSERVER" -s "$DIR/fd.sock" rx0
	refuses "no socket" 2 "socket PATH is missing" rx "$FDSERVER" rx0
}

# --- its socket ---

what_is_at_its_path_is_not_taken_from_others() {
	lab_up
	attach
	_start
	refuses "a server that lives" 1 "somebody listens there" rx "$FDSERVER" -s "$DIR/fd.sock" rx0
	_says "it goes on" "/host_ok" /connect,pod
	kill -KILL "$SERVER"
	becomes "it is dead" 5 eval "! kill -0 $SERVER"
	check "its socket is left" test -S "$DIR/fd.sock"
	_start
	_says "the next one" "/host_ok" /connect,pod
	_stop
	echo text >"$DIR/fd.sock"
	refuses "a file" 1 "cannot listen at" rx "$FDSERVER" -s "$DIR/fd.sock" rx0
	equal "it stays" "$(cat "$DIR/fd.sock")" text
	rm "$DIR/fd.sock"
	ln -s "$DIR/elsewhere" "$DIR/fd.sock"
	refuses "a link" 1 "cannot listen at" rx "$FDSERVER" -s "$DIR/fd.sock" rx0
	check "nothing was made behind it" test ! -e "$DIR/elsewhere"
	mkdir -m 777 "$DIR/open"
	refuses "a folder of everybody's" 1 "everybody may write" rx "$FDSERVER" -s "$DIR/open/fd.sock" rx0
	refuses "no folder" 1 "No such file" rx "$FDSERVER" -s "$DIR/none/fd.sock" rx0
	refuses "a long path" 1 "too long" rx "$FDSERVER" -s "$DIR/$(printf 'a%.0s' {1..108})" rx0
}
a_server_of_another_kind_is_not_taken_for_dead() {
	lab_up
	attach
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen(); time.sleep(60)' "$DIR/fd.sock" &
	becomes "a stream socket listens" 10 test -S "$DIR/fd.sock"
	sleep 0.2
	refuses "it" 1 "somebody listens there" rx "$FDSERVER" -s "$DIR/fd.sock" rx0
	check "its socket stays" test -S "$DIR/fd.sock"
}
_one_runs() { (($(jobs -rp | wc -l) == 1)); }
two_servers_at_once_are_one() {
	lab_up
	attach
	for _ in 1 2 3 4; do
		nsenter --net=/run/netns/xs-t-rx -- "$FDSERVER" -v -s "$DIR/fd.sock" rx0 2>>"$DIR/fdserver.log" &
	done
	becomes "three have lost" 20 eval "((\$(grep -c 'somebody listens' $DIR/fdserver.log) == 3))"
	becomes "one lives" 20 _one_runs
	SERVER=$(jobs -rp)
	_says "it" "/host_ok" /connect,pod
}

run_tests "$@"
