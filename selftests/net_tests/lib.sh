#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck disable=SC2034 # for the tests that source this
#
# What net tests share. A test file sources this, defines one function for each
# behaviour, named as a sentence (names of helpers begin with "_"), and ends with
# `run_tests "$@"`. selftests/runner calls each function with its own network namespace,
# processes and empty bpffs, so nothing here cleans up.

set -u
PATH=$PATH:/usr/sbin:/sbin
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
O=${O:-$ROOT/.output}
DIR=${XS_TEST_DIR:-$(mktemp -d)}
PINS=/sys/fs/bpf/xsteer
LOADER=$O/xsteer-loader BOUNCER=$O/xsteer-bouncer MAPS=$O/xsteer-maps
TRAFFIC=$O/selftests/tools/traffic
ASSERTIONS=0
LAST_BOUNCER=

# --- the verdict on a test ---

fail() { # SENTENCE
	echo "FAILED: $1"
	_show_logs
	exit 1
}
skip() { # REASON
	echo "SKIP: $1"
	exit 77
}
_show_logs() {
	local log
	for log in "$DIR"/*.log; do
		[[ -s $log ]] || continue
		echo "--- ${log##*/} (end)"
		tail -n 15 "$log"
	done
}

# The command exits 0. Its output is in $OUT, and shown if it does not.
check() { # SENTENCE COMMAND...
	local what=$1 status
	shift
	((++ASSERTIONS))
	OUT=$("$@" 2>&1)
	status=$?
	((status == 0)) && return
	printf '%s\n' "$OUT"
	fail "$what: exit $status from: $*"
}

# The command exits with STATUS, and its output matches REGEX (grep -E, any case). A crash
# or a message of a sanitizer has another status, so it is never mistaken for the refusal.
refuses() { # SENTENCE STATUS REGEX COMMAND...
	local what=$1 wanted=$2 regex=$3 status
	shift 3
	((++ASSERTIONS))
	OUT=$("$@" 2>&1)
	status=$?
	((status == wanted)) && grep -qiE -- "$regex" <<<"$OUT" && return
	printf '%s\n' "$OUT"
	((status == wanted)) || fail "$what: exit $status, not $wanted, from: $*"
	fail "$what: it does not say '$regex': $*"
}

equal() { # SENTENCE GOT WANTED
	((++ASSERTIONS))
	[[ $2 = "$3" ]] || fail "$1: got '$2', wanted '$3'"
}
not_equal() { # SENTENCE GOT UNWANTED
	((++ASSERTIONS))
	[[ $2 != "$3" ]] || fail "$1: got '$2'"
}
contains() { # SENTENCE TEXT REGEX
	((++ASSERTIONS))
	grep -qiE -- "$3" <<<"$2" && return
	printf '%s\n' "$2"
	fail "$1: no '$3' in it"
}

# The command exits 0 within SECONDS.
becomes() { # SENTENCE SECONDS COMMAND...
	local what=$1 until=$((${EPOCHREALTIME/[.,]/} + $2 * 1000000))
	shift 2
	((++ASSERTIONS))
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/[.,]/} < until)) || fail "$what: not in time: $*"
		sleep 0.03
	done
}

# --- the lab ---

# After a link was down. LOWER_UP is too early, since the qdisc drops frames until the kernel
# has noticed the link.
links_are_up() { becomes "both ends are up" 10 _both_up; }
_both_up() {
	[[ $(tx ip -o link show tx0) = *" state UP "* && $(rx ip -o link show rx0) = *" state UP "* ]]
}

lab_up() { # [LAB OPTION...]
	"$ROOT/scripts/lab" up --name t "$@" >"$DIR/lab" 2>&1 || {
		cat "$DIR/lab"
		fail "lab up"
	}
}
steer() { "$ROOT/scripts/lab" steer --name t "$1" || fail "lab steer $1"; }
tx() { nsenter --net=/run/netns/xs-t-tx -- "$@"; }
rx() {
	local kept
	kept=$(_kept_json "$@")
	[[ $kept ]] || {
		nsenter --net=/run/netns/xs-t-rx -- "$@"
		return
	}
	nsenter --net=/run/netns/xs-t-rx -- "$@" >"$kept"
	local status=$?
	cat "$kept"
	return $status
}
# The file for the output of this command, if it is one of our tools with -j; else nothing.
_kept_json() { # COMMAND...
	local name=${1##*/} word
	[[ $name = xsteer-* && " ${*:2} " =~ " -j "|" --json " ]] || return
	[[ $name = xsteer-bouncer ]] || for word in "${@:2}"; do
		[[ $word = -* ]] || {
			name+=-$word
			break
		}
	done
	mkdir -p "$DIR/json" && mktemp "$DIR/json/$name.XXXXXX" 2>/dev/null
}
# Everything that was kept is as docs/schema/ says.
_json_is_valid() {
	local kept=("$DIR"/json/*)
	[[ -e ${kept[0]} ]] || return 0
	python3 -c 'import jsonschema' 2>/dev/null || return 0
	check "what the tools printed is as docs/schema/ says" "$ROOT/selftests/validate-json" "${kept[@]}"
}
# In the background, with its output in $DIR/LOG.log. nsenter replaces itself, so $! is the
# pid of the command.
tx_bg() { # LOG COMMAND...
	nsenter --net=/run/netns/xs-t-tx -- "${@:2}" >"$DIR/$1.log" 2>&1 &
}
rx_bg() { # LOG COMMAND...
	nsenter --net=/run/netns/xs-t-rx -- "${@:2}" >"$DIR/$1.log" 2>&1 &
}

# The id of the program on the hook of rx0, or nothing.
hook() { rx ip -j -d link show dev "${1:-rx0}" | jq -r '.[0].xdp.prog.id // empty'; }
# 1 native, 2 skb, 4 several
hook_mode() { rx ip -j -d link show dev rx0 | jq -r '.[0].xdp.mode // empty'; }
xdp_is_off() { [[ -z $(hook "$@") ]]; }

# A foreign program, $DIR/foreign.o, which passes everything; attached to rx0.
foreign_program() {
	clang -O2 -target bpf -x c -c - -o "$DIR/foreign.o" <<-'C' || fail "clang"
		__attribute__((section("xdp"), used)) int foreign_prog(void *ctx) { return 2; }
	C
}
attach_foreign() { # xdpdrv|xdpgeneric
	foreign_program
	check "attach a foreign program" rx ip link set rx0 "$1" obj "$DIR/foreign.o" sec xdp
}

# With GRO veth receives by NAPI at both ends.
lab_with_gro() { # QUEUES
	lab_up --queues "$1"
	check "gro of tx0" tx ethtool -K tx0 gro on
	check "gro of rx0" rx ethtool -K rx0 gro on
}

# --- the kernel ---

kernel_is_older_than() { # MAJOR.MINOR
	local here
	here=$(uname -r)
	[[ $(printf '%s\n%s\n' "$1" "${here%%-*}" | sort -V | head -n 1) != "$1" ]]
}

needs_rings_of_others() {
	! kernel_is_older_than 6.4 || skip "before Linux 6.4 nobody can map the rings of a bound socket"
}

# --- xsteer ---

attach() { # [LOADER OPTION...]
	check "attach" rx "$LOADER" attach rx0 "$@"
}

# A copy of a tool that a user without rights can run, since the tree may be in /root.
public_copy() { # TOOL
	install -m 755 -t "$DIR" "$1" || fail "cannot copy $1"
}

# Counters directly from the pin, by bpftool and names of BTF, as people see them who do not
# have our tools.
# shellcheck disable=SC2016 # jq's variables
counter() { # FIELD [QUEUE]
	bpftool -j map dump pinned "$PINS/rx0/xdp_stats_map" | jq --arg f "$1" --arg q "${2-}" '
		[.[].formatted | select($q == "" or .key == ($q | tonumber)) | .values[].value[$f]] | add // 0'
}
# What was sent may wait for a busy CPU: has the program counted so many frames by now?
has_counted() { (($(counter packets) >= $1)); }
# Is every frame in exactly one verdict?
counters_add_up() {
	bpftool -j map dump pinned "$PINS/rx0/xdp_stats_map" | jq -e '
		[.[].formatted.values[].value] |
		([.[].packets] | add) ==
		([.[] | to_entries[] | select(.key | startswith("verdict_")) | .value] | add)'
}
# shellcheck disable=SC2016
owner_pid() { # SLOT
	bpftool -j map dump pinned "$PINS/rx0/owners" |
		jq --argjson q "$1" '.[] | .formatted | select(.key == $q) | .value.pid'
}
# Writes a row: that living process has a socket there.
write_owner() { # SLOT PID
	local row
	row=$(python3 -c 'import struct, sys; print(struct.pack("<IIQQIIII", int(sys.argv[1]), 0, 0, 1, 0, 0, 0, 0).hex(" "))' "$2")
	# shellcheck disable=SC2086 # words
	check "a row of process $2" bpftool map update pinned "$PINS/rx0/owners" key "$1" 0 0 0 value hex $row
}
_owned_by() { [[ $(owner_pid "$1" 2>/dev/null) = "$2" ]]; }

# Starts a bouncer in the background and waits until it holds its slot. Its pid is in
# LAST_BOUNCER, its output in $DIR/bouncer-QUEUE.log.
start_bouncer() { # QUEUE [OPTION...]
	local queue=$1
	shift
	rx_bg "bouncer-$queue" "$BOUNCER" -d rx0 -Q "$queue" "$@"
	LAST_BOUNCER=$!
	becomes "bouncer on queue $queue is ready" 15 _ready_or_dead "$queue" $LAST_BOUNCER
	kill -0 $LAST_BOUNCER 2>/dev/null || fail "bouncer on queue $queue ended at its start"
}
_ready_or_dead() { _owned_by "$1" "$2" || ! kill -0 "$2" 2>/dev/null; }

# In none of its threads, but for those of the list and what the kernel demands for maps.
has_no_capability() { # SENTENCE PID [BIT...]
	local wanted=0 bit
	! kernel_is_older_than 5.19 || wanted=$((1 << 39)) # CAP_BPF, even for an open map
	for bit in "${@:3}"; do wanted=$((wanted | 1 << bit)); done
	equal "threads of $1" "$(test -d "/proc/$2/task" && echo some)" some
	becomes "no thread of $1 has more capabilities" 5 _all_have "$2" "$(printf '%016x' "$wanted")"
}
# The thread that prints has none at all.
_all_have() { # PID HEX
	local sets
	sets=$(awk '/^Cap(Eff|Prm)/ { print $2 }' "/proc/$1/task/"*/status | sort -u | grep -vx 0000000000000000)
	[[ ${sets:-0000000000000000} = "$2" ]]
}

# Asks it to end; it exits with 0, so every frame is accounted for.
stop_bouncer() { # [PID [SIGNAL]]
	kill -s "${2:-INT}" "${1:-$LAST_BOUNCER}"
	ends "${1:-$LAST_BOUNCER}" 0
}
ends() { # PID STATUS
	local status i
	for ((i = 0; i < 500; i++)); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.02
	done
	kill -0 "$1" 2>/dev/null && fail "process $1 does not end"
	wait "$1"
	status=$?
	equal "exit status of process $1" $status "$2"
}

# --- numbered frames, for as long as it takes ---

# XS_RATE: a second. They come for some seconds: on a busy machine processes wait.
start_flood() { # [OPTION...]
	tx_bg flood "$O/selftests/tools/flood" -j -q 2000 -r "${XS_RATE:-5000}" -t 99999 -f 16 "$@" tx0
	FLOOD_PID=$!
	becomes "frames come" 10 _more_to_sockets_than 0
}
_more_to_sockets_than() { (($(counter verdict_xsk) > $1)); }
frames_come() { becomes "frames still come" 10 _more_to_sockets_than "$(counter verdict_xsk)"; }
# None came back twice, or of another length; what flood_said tells the rest.
end_flood() {
	kill -INT "$FLOOD_PID"
	wait "$FLOOD_PID" || fail "flood failed"
	not_equal "sent" "$(flood_said sent)" 0
	equal "duplicated" "$(flood_said duplicated)" 0
	equal "of another length" "$(flood_said resized)" 0
}
flood_said() { jq ".$1" "$DIR/flood.log"; }
# Sum over the queues of an interface's counter: RX_QUEUE-or-TX_QUEUE WHAT.
ethtool_sum() { # tx|rx PATTERN
	"$1" ethtool -S "${1}0" | awk -v what="^ *$2:" '$0 ~ what { sum += $2 } END { print sum + 0 }'
}
# What the two interfaces have dropped for full queues, there and back, and have counted. At a high
# rate that happens on a busy machine, whoever works at the queue.
dropped_on_the_way() {
	local there back
	there=$(ethtool_sum tx 'tx_queue_[0-9]+_xdp_xmit_errors')
	back=$(rx ip -j -s link show dev rx0 | jq '.[0].stats64.tx.dropped')
	echo $((there + back))
}

# --- a broker of chains ---

# Serves $DIR/f.chain on rx0 in the background; waits until it listens and N network functions
# have joined. Its pid is in BROKER, its messages in $DIR/run.log, its final JSON in $DIR/result.
start_broker() { # N [OPTION...]
	local n=$1
	shift
	rm -f "$DIR/run.log" # of an earlier broker, which printed the same
	nsenter --net=/run/netns/xs-t-rx -- "$O/xsteer-chain" run -v -j rx0 "$DIR/f.chain" \
		--socket "$DIR/nf.sock" "$@" >"$DIR/result" 2>"$DIR/run.log" &
	BROKER=$!
	becomes "the broker listens" 15 test -S "$DIR/nf.sock" -a -S "$DIR/nf.ctl"
	broker_said "$n" joined
}
broker_said() { # TIMES REGEX: since its start
	becomes "the broker has said '$2' $1 times" 10 _broker_said "$@"
}
_broker_said() { [[ -e $DIR/run.log ]] && (($(grep -c "$2" "$DIR/run.log") >= $1)); }
# It exits with 0, so every frame is accounted for. Its JSON is in $OUT.
stop_broker() {
	kill -INT "$BROKER"
	ends "$BROKER" 0
	OUT=$(cat "$DIR/result")
}

# What else a program needs that links what was built.
as_built() {
	[[ ${XS_SAN-} ]] && echo -fsanitize=address,undefined
	[[ ${O##*/} == *cov* ]] && echo --coverage
	true
}
build_example() { # NAME: docs/examples/nf_NAME.c as $DIR/NAME
	# shellcheck disable=SC2046 # words
	check "nf_$1.c compiles" gcc -O2 -Wall -Wextra -Werror "-I$ROOT/user/nf" "$ROOT/docs/examples/nf_$1.c" \
		"$O/libxsteer-nf.a" $(as_built) -o "$DIR/$1"
}

# Sends frames that must all come back unchanged, or of which none may come back.
bounced() { # [TRAFFIC OPTION...]
	check "every frame comes back once, unchanged" tx "$TRAFFIC" "$@" tx0
}
not_bounced() { # [TRAFFIC OPTION...]
	((++ASSERTIONS))
	OUT=$(tx "$TRAFFIC" -t 300 "$@" tx0 2>&1)
	[[ $OUT = *"returned 0 "* ]] || fail "nothing should come back: $OUT"
}
pings() {
	check "ping IPv4" tx ping -q -c 3 -i 0.02 -W 1 198.18.0.2
	check "ping IPv6" tx ping -q -c 3 -i 0.02 -W 1 fd00:198:18::2
}

# An interpreter that has these modules, in PYTHON: the first in PATH may not be the distribution's.
python_with() { # MODULES
	for PYTHON in python3 /usr/bin/python3; do
		"$PYTHON" -c "import $1" 2>/dev/null && return
	done
	skip "no Python with $1"
}

# --- the list of tests ---

run_tests() { # --list | NAME
	local names=() name
	mapfile -t names < <(sed -n 's/^\([a-z0-9][a-z0-9_]*\)() {.*/\1/p' "$0")
	if [[ ${1-} = --list ]]; then
		printf '%s\n' "${names[@]}"
		exit 0
	fi
	for name in "${names[@]}"; do
		[[ $name = "${1-}" ]] || continue
		"$name"
		_json_is_valid
		((ASSERTIONS)) || fail "$name asserted nothing"
		exit 0
	done
	echo "$0: no test '${1-}'; use selftests/runner" >&2
	exit 2
}
