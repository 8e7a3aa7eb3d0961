#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A broker that runs is asked: show, export, drain; and who may ask.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain PROBE=$O/selftests/tools/nf_probe

_two_steps() {
	printf '%s\n' 'service a' 'service b' 'chain web a b tx' 'on a.miss drop' 'on b.miss drop' >"$DIR/f.chain"
}
_run() { # N OPTION...: in the background, once N network functions have joined
	local n=$1
	shift
	nsenter --net=/run/netns/xs-t-rx -- "$CHAIN" run -v -j rx0 "$DIR/f.chain" --socket "$DIR/nf.sock" "$@" \
		>"$DIR/result" 2>"$DIR/run.log" &
	BROKER=$!
	becomes "it listens" 15 test -S "$DIR/nf.ctl"
	becomes "$n joined" 15 _joined "$n"
}
_joined() { (($(grep -c joined "$DIR/run.log") >= $1)); }
_left() { (($(grep -c left "$DIR/run.log") >= $1)); }
_ask() { "$CHAIN" "$1" --socket "$DIR/nf.sock" "${@:2}"; }
_end() {
	kill -INT "$BROKER"
	ends "$BROKER" 0
	OUT=$(cat "$DIR/result")
}

show_has_the_account_of_now() {
	local shown
	lab_up --queues 1
	attach
	_two_steps
	_run 2 --nf "$PROBE -s a -- --drop-every 4" --nf "$PROBE -s b"
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
	contains "its sum" "$(_ask show rx0)" "entered = .* inside"
	contains "without IF" "$(_ask show)" "^rx0:"
	_end
	equal "the last words say the same" "$(jq -c '[.chains[0].entered, .chains[0].drop]' <<<"$OUT")" \
		"$(jq -c '.brokers[0].chains[0] | [.entered, .drop]' <<<"$shown")"
	check "the path is gone" test ! -e "$DIR/nf.ctl"
}

export_is_what_prometheus_reads() {
	lab_up --queues 1
	attach
	_two_steps
	_run 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	bounced -n 500
	OUT=$(_ask export rx0)
	contains "entered" "$OUT" '^xsteer_chain_entered_total\{interface="rx0",chain="web"\} 500$'
	contains "by end" "$OUT" '^xsteer_chain_frames_total\{interface="rx0",chain="web",end="tx"\} 500$'
	contains "by loss" "$OUT" '^xsteer_chain_frames_total\{interface="rx0",chain="web",end="died"\} 0$'
	contains "by step" "$OUT" '^xsteer_chain_hop_frames_total\{interface="rx0",chain="web",service="b",verdict="next"\} 500$'
	contains "by exit" "$OUT" '^xsteer_chain_hop_frames_total\{interface="rx0",chain="web",service="a",exit="miss"\} 0$'
	contains "by queue" "$OUT" '^xsteer_chain_rx_ring_full_total\{interface="rx0",chain="web",queue="0"\} 0$'
	equal "each family has its type" "$(grep -c '^# TYPE' <<<"$OUT")" 6
	_end
}

# Another instance joins, the first is drained, and no frame is lost or overtaken.
drain_moves_flows_and_lets_it_stop() {
	local traffic
	lab_up --queues 1
	attach
	_two_steps
	_run 2 --nf "$PROBE -s a" --nf "$PROBE -s b"
	tx_bg traffic "$TRAFFIC" -n 20000 -r 8000 tx0
	traffic=$!
	"$PROBE" -S "$DIR/nf.sock" -s a &
	becomes "another a" 15 _joined 3
	check "drain" _ask drain rx0 a 1
	becomes "the first left" 10 _left 1
	ends "$traffic" 0
	OUT=$(_ask show -j rx0)
	equal "who is left" "$(jq -c '[.brokers[0].instances[] | select(.service == "a").instance]' <<<"$OUT")" '[2]'
	equal "nobody died" "$(jq .brokers[0].nfs.died <<<"$OUT")" 0
	equal "none was lost" "$(jq -c '.brokers[0].chains[0] | .tx == .entered' <<<"$OUT")" true
	refuses "it is gone" 1 "no such instance" _ask drain rx0 a 1
	refuses "another name" 1 "no service of that name" _ask drain rx0 nobody
	refuses "no number" 2 "1 to 64" _ask drain rx0 a zero
	_end
	equal "exit status 0: left, not killed" "$(jq .nfs.left <<<"$OUT")" 3
}

only_root_and_the_brokers_user_may_ask() {
	lab_up --queues 1
	attach
	_two_steps
	chmod 777 "$DIR"
	public_copy "$CHAIN"
	_run 0
	refuses "the path" 1 "run as root, or as the broker's user" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/xsteer-chain" show --socket "$DIR/nf.sock"
	chmod 666 "$DIR/nf.ctl"
	refuses "even if its path is open to all" 1 "only root and the broker's user may ask" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/xsteer-chain" show --socket "$DIR/nf.sock"
	check "it serves still" _ask show rx0
	_end
}

nonsense_is_refused_and_the_broker_lives() {
	lab_up --queues 1
	attach
	_two_steps
	_run 0
	refuses "nobody there" 1 "no broker is asked at" "$CHAIN" show --socket "$DIR/none.sock"
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
		              tuple([b"x" * 30000] * 200), ()]:
		    assert "error" in ask(*parts), parts
	PY
	check "it serves still" _ask show rx0
	_end
}

run_tests "$@"
