#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Questions to a broker that runs: show, export, drain, apply; and who may ask.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe

_two_steps() {
	printf '%s\n' 'service a' 'service b' 'chain web a b tx' 'on a.miss drop' 'on b.miss drop' >"$DIR/f.chain"
}
_left() { (($(grep -c left "$DIR/run.log") >= $1)); }
_ask() { "$CHAIN" "$1" --socket "$DIR/nf.sock" "${@:2}"; }

show_has_the_account_of_now() {
	local shown
	lab_up --queues 1
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a -- --drop-every 4" --nf "$PROBE -s b"
	tx "$TRAFFIC" -n 4000 -t 300 tx0 >"$DIR/traffic.log"
	shown=$(_ask show -j rx0) || fail "show"
	equal "entered is what came to an end" "$(jq '.brokers[0].chains[0] |
		.entered == .tx + .drop + (.lost | add) + .inside' <<<"$shown")" true
	equal "dropped at a" "$(jq '.brokers[0].chains[0].hops[0] | .drop == (.in / 4 | floor)' <<<"$shown")" true
	equal "b is given the rest" "$(jq '.brokers[0].chains[0].hops | .[1].in == .[0].next' <<<"$shown")" true
	equal "at the entry" "$(jq '.brokers[0] | .entries[0].received == .chains[0].entered' <<<"$shown")" true
	equal "instances" "$(jq -c '[.brokers[0].instances[] | [.service, .instance, .state]]' <<<"$shown")" \
		'[["a",1,"serving"],["b",1,"serving"]]'
	contains "as a table" "$(_ask show rx0)" "^web +b "
	contains "its sum" "$(_ask show rx0 | tr -s '\n ' ' ')" "entered = .* inside"
	contains "without IF" "$(_ask show)" "^rx0:"
	stop_broker
	equal "the last words say the same" "$(jq -c '[.chains[0].entered, .chains[0].drop]' <<<"$OUT")" \
		"$(jq -c '.brokers[0].chains[0] | [.entered, .drop]' <<<"$shown")"
	check "the path is gone" test ! -e "$DIR/nf.ctl"
}

# b sleeps 3 ms before it answers, a does not.
show_has_the_latency_of_each_step() {
	lab_up --queues 1
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b -- --sleep 3000"
	bounced -n 200 -r 1000
	check "show" _ask show -j rx0
	equal "of all that came back" "$(jq -c '[.brokers[0].chains[0].hops[].latency.frames]' <<<"$OUT")" '[200,200]'
	equal "in order" "$(jq '[.brokers[0].chains[0].hops[].latency | .p50_ns <= .p90_ns and .p90_ns <= .p99_ns and
		.p99_ns <= ."p99.9_ns" and ."p99.9_ns" <= .max_ns and .sum_ns <= .max_ns * 200] | all' <<<"$OUT")" true
	equal "the slow one" "$(jq '.brokers[0].chains[0].hops[1].latency.p50_ns > 2900000' <<<"$OUT")" true
	equal "is the slow one" "$(jq '.brokers[0].chains[0].hops | .[0].latency.p50_ns < .[1].latency.p50_ns' <<<"$OUT")" true
	equal "buckets rise to all" "$(jq '[.brokers[0].chains[0].hops[].latency.buckets | map(.frames) |
		. == sort and last == 200] | all' <<<"$OUT")" true
	equal "none below 2.1 ms" "$(jq '.brokers[0].chains[0].hops[1].latency.buckets[] | select(.below_ns == 2097152).frames' \
		<<<"$OUT")" 0
	check "as a table" _ask show rx0
	contains "its headings, in 80 columns" "$(COLUMNS=80 _ask show rx0)" \
		'^CHAIN +STEP +BACK +MEAN US +P50 US +P90 US +P99 US +P99.9 US +MAX US$'
	contains "b" "$OUT" '^web +b +200 +[0-9]{4,}\.[0-9] '
	stop_broker
}

_send_three() {
	OUT=$(tx "$TRAFFIC" -n 3 -t 300 -p udp4 tx0)
	contains "one comes back" "$OUT" '^sent 3 returned 1 '
}
# Every third frame leaves a by its exit; b keeps the first that it gets.
show_traces_single_frames() {
	local tracer
	lab_up --queues 1
	attach
	printf '%s\n' 'service a' 'service b' 'service c' 'chain web a b tx' 'chain web a.miss -> c -> drop' \
		'on b.miss drop' 'on c.miss drop' 'on c dead bypass' 'chain other drop' >"$DIR/f.chain"
	start_broker 2 --chain web --nf "$PROBE -s a -- --exit-every 3" --nf "$PROBE -s b -- --keep 1"
	refuses "nothing enters" 1 "no frame entered within 1 s: 'xsteer-rules show rx0'" _ask show rx0 --trace 2 --wait 1
	check "what it says to ask" rx "$O/xsteer-rules" show rx0
	contains "where frames go" "$OUT" '^default '
	_ask show -j rx0 --trace 3 --wait 4 >"$DIR/traced" &
	tracer=$!
	sleep 1
	_send_three
	ends "$tracer" 0
	OUT=$(cat "$DIR/traced")
	equal "they were frames of the chain" "$(jq -c '[.traced[] | [.chain, .queue, .protocol]] | unique' <<<"$OUT")" '[["web",0,17]]'
	equal "the first is kept by b" "$(jq -c '.traced[0] | [.done, [.way[] | [.event, .service, .instance, .verdict]]]' <<<"$OUT")" \
		'[false,[["given","a",1,null],["returned","a",null,"next"],["given","b",1,null]]]'
	equal "the second goes all the way" "$(jq -c '.traced[1] | [.done, [.way[] | [.event, .service, .verdict]]]' <<<"$OUT")" \
		'[true,[["given","a",null],["returned","a","next"],["given","b",null],["returned","b","next"],["tx",null,null]]]'
	equal "the third leaves by the exit, and past c" "$(jq -c '.traced[2] | [.done, [.way[] | [.event, .service, .exit]]]' <<<"$OUT")" \
		'[true,[["given","a",null],["returned","a","miss"],["bypassed","c",null],["drop",null,null]]]'
	equal "time does not go back" "$(jq -c '[.traced[] | [.way[].us] | . == sort] | all' <<<"$OUT")" true
	tx_bg traffic "$TRAFFIC" -o -n 200 -r 100 -p udp4 tx0
	check "as text" _ask show rx0 --trace 1
	contains "its head" "$OUT" '^web, queue 0, [0-9]+ bytes, 198\.18\.[0-9.]+ port [0-9]+ > 198\.18\.[0-9.]+ port [0-9]+, protocol 17$'
	contains "its steps" "$OUT" '^ +[0-9]+\.[0-9] us  from a: '
	refuses "of another chain" 1 "no frame entered within 1 s" _ask show rx0 --trace 1 --wait 1 --chain other
	refuses "no such chain" 1 "no chain none in the chains that are served" _ask show rx0 --trace 1 --chain none
	refuses "too many" 2 "1 to 64" _ask show rx0 --trace 65
	refuses "of all brokers" 2 "name its interface" "$CHAIN" show --trace 1
	refuses "a chain alone" 2 "--chain is for --trace" _ask show rx0 --chain web
	stop_broker
}

show_fits_80_columns() {
	lab_up --queues 1
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	bounced -n 100000
	OUT=$(COLUMNS=80 _ask show)
	equal "lines that are longer" "$(awk 'length > 80' <<<"$OUT")" ""
	contains "the sum is whole" "$(tr -s '\n ' ' ' <<<"$OUT")" \
		"web: 100000 entered = [0-9]+ tx \+ [0-9]+ drop .* unbound \+ 0 multi \+ [0-9]+ inside"
	contains "all losses" "$OUT" '^CHAIN +STEP .* LOST '
	contains "their kinds where there is room" "$(COLUMNS=160 _ask show)" ' LOST +FULL +DEAD +DIED +UNBOUND +MULTI '
	contains "a cell for each heading, so that the next row is one" "$(COLUMNS=160 _ask show)" '^web +b +100000 +100000( +0){12}$'
	stop_broker
}

# The interface's index says whom a broker serves, not the name under which it listens.
_rename() { # OLD NEW
	rx ip link set "$1" down
	rx ip link set "$1" name "$2"
	rx ip link set "$2" up
}
_pid_of_broker() { # IF
	rx "$CHAIN" show -j "$1" | jq -r '.brokers[] | .interface + " " + (.pid | tostring)'
}
a_broker_is_found_by_the_names_of_now() {
	local first second
	lab_up --queues 1
	rx ip link add other0 type veth peer name other1
	rx ip link property add dev rx0 altname a-name-that-is-longer || skip "no alternative names"
	check "attach" rx "$LOADER" attach rx0 other0
	mkdir -p /run/xsteer
	mount -t tmpfs none /run/xsteer # of this test alone
	_two_steps
	rx_bg first "$CHAIN" run rx0 "$DIR/f.chain"
	first=$!
	rx_bg second "$CHAIN" run other0 "$DIR/f.chain"
	second=$!
	becomes "both listen" 20 test -S /run/xsteer/rx0.ctl -a -S /run/xsteer/other0.ctl
	equal "by an alternative name" "$(_pid_of_broker a-name-that-is-longer)" "rx0 $first"
	_rename rx0 new0
	equal "after a rename" "$(_pid_of_broker new0)" "new0 $first"
	equal "by the old name, which nobody has" "$(_pid_of_broker rx0)" "new0 $first"
	check "apply" rx "$CHAIN" apply new0 "$DIR/f.chain"
	_rename other0 rx0
	_rename new0 other0
	equal "swapped" "$(_pid_of_broker rx0)" "rx0 $second"
	equal "swapped" "$(_pid_of_broker other0)" "other0 $first"
	kill -INT "$first"
	ends "$first" 0
	refuses "no other is taken for it" 1 "other0: no broker serves it, .* serves another interface" \
		rx "$CHAIN" show other0
	refuses "of another network namespace" 1 "no broker" tx "$CHAIN" show rx0
	kill -INT "$second"
	ends "$second" 0
}

# The instance is of an earlier name than the broker's: for both, that name still means the interface.
a_broker_is_found_by_the_name_of_its_instance() {
	local broker
	lab_up --queues 1
	attach
	mkdir -p /run/xsteer
	mount -t tmpfs none /run/xsteer # of this test alone
	_two_steps
	_rename rx0 new0
	rx_bg broker "$CHAIN" run new0 "$DIR/f.chain"
	broker=$!
	becomes "it listens" 20 test -S /run/xsteer/new0.ctl
	check "the instance" rx "$LOADER" status rx0
	equal "its broker" "$(_pid_of_broker rx0)" "new0 $broker"
	check "apply" rx "$CHAIN" apply rx0 "$DIR/f.chain"
	rx ip link add rx0 type veth peer name rx9
	refuses "once another has that name" 1 "no broker" rx "$CHAIN" show rx0
	kill -INT "$broker"
	ends "$broker" 0
}

# Who may not look is not told that there is none.
# shellcheck disable=SC2016 # _with_own_run expands
show_of_all_says_that_it_may_not_look() {
	public_copy "$CHAIN"
	refuses "as nobody" 1 "cannot see which brokers run: /run/xsteer: Permission denied" _with_own_run \
		'mkdir -m 700 /run/xsteer && setpriv --reuid 65534 --regid 65534 --clear-groups "$1" show' "$DIR/xsteer-chain"
	check "there is none" _with_own_run '"$1" show' "$CHAIN"
	contains "there is none" "$OUT" "^no broker runs here$"
}
# In a chroot / is no mount that could be made private, so others may see this one until it goes.
# shellcheck disable=SC2016 # the inner shell expands
_with_own_run() { # SHELL-COMMANDS $1
	unshare --mount --propagation unchanged sh -c 'mount -t tmpfs none /run || exit
		sh -c "$0" sh "$1"
		status=$?
		umount -l /run
		exit $status' "$@"
}

export_is_what_prometheus_reads() {
	lab_up --queues 1
	local labels="interface=\"rx0\",socket=\"$DIR/nf.sock\""
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	bounced -n 500
	OUT=$(_ask export rx0)
	contains "entered" "$OUT" "^xsteer_chain_entered_total\{$labels,chain=\"web\"\} 500\$"
	contains "by end" "$OUT" "^xsteer_chain_frames_total\{$labels,chain=\"web\",end=\"tx\"\} 500\$"
	contains "by loss" "$OUT" "^xsteer_chain_frames_total\{$labels,chain=\"web\",end=\"died\"\} 0\$"
	contains "by step" "$OUT" "^xsteer_chain_hop_frames_total\{$labels,chain=\"web\",service=\"b\",verdict=\"next\"\} 500\$"
	contains "by exit" "$OUT" "^xsteer_chain_hop_frames_total\{$labels,chain=\"web\",service=\"a\",exit=\"miss\"\} 0\$"
	contains "by queue" "$OUT" "^xsteer_chain_rx_ring_full_total\{$labels,chain=\"web\",queue=\"0\"\} 0\$"
	equal "each family has its type" "$(grep -c '^# TYPE' <<<"$OUT")" 10
	contains "functions" "$OUT" "^xsteer_chain_instances\\{$labels,service=\"a\",state=\"serving\"\\} 1\$"
	contains "their lives" "$OUT" "^xsteer_chain_functions_total\\{$labels,event=\"joined\"\\} 2\$"
	contains "latency" "$OUT" "^xsteer_chain_hop_latency_seconds_count\{$labels,chain=\"web\",service=\"b\"\} 500\$"
	contains "its last bucket" "$OUT" \
		"^xsteer_chain_hop_latency_seconds_bucket\{$labels,chain=\"web\",service=\"b\",le=\"\+Inf\"\} 500\$"
	if type -P promtool >/dev/null; then
		check "promtool" promtool check metrics <<<"$OUT"
	fi
	stop_broker
}

# Another instance joins, the first is drained, and no frame is lost or overtaken.
drain_moves_flows_and_lets_it_stop() {
	local traffic
	lab_up --queues 1
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	tx_bg traffic "$TRAFFIC" -n 20000 -r 8000 tx0
	traffic=$!
	"$PROBE" -S "$DIR/nf.sock" -s a &
	broker_said 3 joined
	check "drain" _ask drain rx0 a 1
	becomes "the first left" 10 _left 1
	ends "$traffic" 0
	OUT=$(_ask show -j rx0)
	equal "who is left" "$(jq -c '[.brokers[0].instances[] | select(.service == "a").instance]' <<<"$OUT")" '[2]'
	equal "nobody died" "$(jq .brokers[0].nfs.died <<<"$OUT")" 0
	equal "none was lost" "$(jq -c '.brokers[0].chains[0] | .tx == .entered' <<<"$OUT")" true
	refuses "it is gone" 1 "service a has no instance 1 that serves" _ask drain rx0 a 1
	refuses "another name" 1 "no service nobody in the chains.*'xsteer-chain show' lists " _ask drain rx0 nobody
	check "show" _ask show
	contains "lists them" "$OUT" "^a +2 .*serving"
	refuses "no number" 2 "1 to 64" _ask drain rx0 a zero
	stop_broker
	equal "exit status 0: left, not killed" "$(jq .nfs.left <<<"$OUT")" 3
}

# Two versions alternate while frames come: each frame goes the old way or the new one; none is lost.
apply_under_traffic_loses_no_frame() {
	local traffic i
	lab_up --queues 1
	attach
	_two_steps
	cp "$DIR/f.chain" "$DIR/one.chain"
	printf '%s\n' 'service c' 'service a' 'chain web a c tx' 'on a.miss drop' 'on c.miss drop' >"$DIR/two.chain"
	printf '%s\n' 'service a' 'service b' 'service c' 'chain web a b c tx' 'on a.miss drop' 'on b.miss drop' \
		'on c.miss drop' >"$DIR/f.chain"
	start_broker 3 --nf "$PROBE -s a" --nf "$PROBE -s b" --nf "$PROBE -s c"
	tx_bg traffic "$TRAFFIC" -n 20000 -r 6000 -t 5000 tx0
	traffic=$!
	for ((i = 1; i <= 20; i++)); do
		check "apply $i" _ask apply -j rx0 "$DIR/f.chain"
		equal "its number" "$(jq .applied <<<"$OUT")" "$i"
		sleep 0.05
	done
	ends "$traffic" 0 # all came back, once, unchanged
	bounced -n 1000
	check "without c" _ask apply rx0 "$DIR/one.chain"
	becomes "c is drained, and stops" 10 _left 1
	bounced -n 1000
	OUT=$(_ask show -j rx0)
	equal "the steps" "$(jq -c '[.brokers[0].chains[0].hops[] | [.service, .in]]' <<<"$OUT")" '[["a",22000],["b",22000]]'
	check "without b, whose place c takes" _ask apply rx0 "$DIR/two.chain"
	"$PROBE" -S "$DIR/nf.sock" -s c &
	broker_said 4 joined
	bounced -n 1000
	stop_broker
	equal "none was lost" "$(jq -c '.chains[0] | [.entered, .tx]' <<<"$OUT")" '[23000,23000]'
	equal "the steps at the end" "$(jq -c '[.chains[0].hops[] | [.service, .in]]' <<<"$OUT")" '[["a",23000],["c",1000]]'
}

apply_refuses_what_it_cannot_do_and_what_was_served_stays() {
	local i
	lab_up --queues 1
	attach
	_two_steps
	start_broker 2 --nf "$PROBE -s a" --nf "$PROBE -s b -- --keep 3"
	bounced -n 3 -o
	echo 'chain web tx' >"$DIR/keeps.chain"
	refuses "an error in the file" 1 "bad.chain:1:1" _ask apply rx0 "$(echo nonsense >"$DIR/bad.chain" && echo "$DIR/bad.chain")"
	echo 'chain other tx' >"$DIR/other.chain"
	refuses "other chains" 1 "chain other is new" _ask apply rx0 "$DIR/other.chain"
	printf '%s\n' 'service a ring 64' 'service b' 'chain web a b tx' >"$DIR/ring.chain"
	refuses "another ring" 1 "service a has other memory or rings" _ask apply rx0 "$DIR/ring.chain"
	for ((i = 0; i < 50; i++)); do
		(($(_ask show -j rx0 | jq '.brokers[0].chains[0].inside') == 3)) && break
		sleep 0.1
	done
	refuses "frames that are kept" 1 "3 frames are still inside" _ask apply rx0 "$DIR/keeps.chain"
	bounced -n 500
	stop_broker
	equal "as before" "$(jq -c '[.chains[0].hops[] | .in]' <<<"$OUT")" '[503,503]'
}

only_root_and_the_brokers_user_may_ask() {
	lab_up --queues 1
	attach
	_two_steps
	chmod 755 "$DIR"
	public_copy "$CHAIN"
	start_broker 0
	refuses "the path" 1 "run as root, or as the broker's user" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/xsteer-chain" show --socket "$DIR/nf.sock"
	chmod 666 "$DIR/nf.ctl"
	refuses "even if its path is open to all" 1 "only root and the broker's user may ask" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/xsteer-chain" show --socket "$DIR/nf.sock"
	check "it serves still" _ask show rx0
	stop_broker
}

nonsense_is_refused_and_the_broker_lives() {
	lab_up --queues 1
	attach
	_two_steps
	start_broker 0
	refuses "nobody there" 1 "no broker answers at" "$CHAIN" show --socket "$DIR/none.sock"
	check "bytes, an object without a command, one too large, and nothing" python3 - "$DIR/nf.ctl" <<-'PY'
		import json, socket, sys
		def ask(*parts):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.settimeout(10)
		    s.connect(sys.argv[1])
		    for part in parts:
		        try:
		            s.send(part)
		        except OSError:
		            break
		    s.shutdown(socket.SHUT_WR)
		    answer = b""
		    while True:
		        piece = s.recv(65536)
		        if not piece:
		            return json.loads(answer)
		        answer += piece
		for parts in [(b"\xff\x00[",), (b"{}",), (b'{"command": "none"}',), (b'{"command": 7}',), (b"[1]",),
		              (b'{"command": "drain"}',), (b'{"command": "drain", "service": "a", "instance": -1}',),
		              (b'{"command": "trace"}',), (b'{"command": "trace", "frames": 65}',), (b'{"command": "traced", "trace": 7}',),
		              tuple([b"x" * 30000] * 200), ()]:
		    assert "error" in ask(*parts), parts
	PY
	check "it serves still" _ask show rx0
	stop_broker
}

run_tests "$@"
