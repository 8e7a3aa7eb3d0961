#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# xsteer-chain exec: network functions without any right.

. "$(dirname "$0")/lib.sh"
CHAIN=$O/xsteer-chain
PROBE=$DIR/nf_probe

# Something that can be connected to, for what is no NF.
_broker() {
	printf '%s\n' 'service a' 'chain web a tx' 'on a.miss drop' >"$DIR/f.chain"
	lab_up --queues 1
	check "attach" rx "$LOADER" attach -m native rx0
	rx_bg broker "$CHAIN" run -v rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
	BROKER=$!
	becomes "it listens" 10 test -S "$DIR/nf.sock"
	chmod 755 "$DIR"
	cp "$O/selftests/tools/nf_probe" "$O/selftests/tools/forbidden" "$DIR" # where anybody may read them
}
_exec() { "$CHAIN" exec --socket "$DIR/nf.sock" "$@"; }

# --- what is left ---

it_has_no_right_and_only_its_connection() {
	local status
	_broker
	check "its status" _exec rx0 -- cat /proc/self/status
	status=$OUT
	for set in Inh Prm Eff Bnd Amb; do
		contains "capabilities: $set" "$status" "^Cap$set:.0+$"
	done
	contains "no new privileges" "$status" '^NoNewPrivs:.1$'
	contains "a filter of system calls" "$status" '^Seccomp:.2$'
	contains "user" "$status" '^Uid:.65534.65534.65534.65534$'
	contains "no other groups" "$status" '^Groups:[[:space:]]*$'
	check "its descriptors" _exec rx0 -- readlink /proc/self/fd/3
	contains "the connection" "$OUT" '^socket:'
	exec 7</dev/null 8</dev/null
	refuses "a descriptor that its parent had" 1 '' _exec rx0 -- readlink /proc/self/fd/7
	exec 7<&- 8<&-
}

a_forbidden_call_gives_eperm_and_the_others_work() {
	_broker
	OUT=$(_exec rx0 -- "$DIR/forbidden" 2>"$DIR/forbidden.log")
	equal "ended by abort()" $? 134
	equal "what it may not" "$(grep -c EPERM <<<"$OUT")" 12
	equal "what it may" "$(grep -v EPERM <<<"$OUT" | xargs)" "name ok keep-page ok thread ok sleep ok"
	OUT=$(_exec --allow madvise --allow socket rx0 -- "$DIR/forbidden" 2>"$DIR/forbidden.log")
	contains "allowed by name" "$OUT" '^unix-socket ok$'
	contains "also with all arguments" "$OUT" '^hole ok$'
	contains "nothing else" "$OUT" '^process EPERM$'
	refuses "a name that is no call" 2 "no such system call" _exec --allow madviser rx0 -- true
}

# --- a chain ---

frames_go_through_one_that_has_no_right() {
	local pid
	_broker
	"$CHAIN" exec --socket "$DIR/nf.sock" rx0 -- "$PROBE" --service a >"$DIR/nf.log" 2>&1 &
	pid=$!
	becomes "it joined" 10 grep -q "a/1 joined (process $pid)" "$DIR/broker.log"
	equal "capabilities" "$(sed -n 's/^CapEff:.//p' "/proc/$pid/status")" 0000000000000000
	check "every frame comes back" tx "$TRAFFIC" -n 2000 tx0
	equal "by the chain" "$("$CHAIN" show -j --socket "$DIR/nf.sock" | jq ".brokers[0].chains[0].tx")" 2000
	kill -INT "$BROKER"
	wait "$BROKER"
	equal "the broker's account" $? 0
	becomes "it has ended" 5 _is_gone "$pid"
}
_is_gone() { [[ ! -e /proc/$1 ]]; }

# What it had is lost with it, and it leaves no process behind that could still write.
one_that_punches_holes_cannot() {
	_broker
	"$CHAIN" exec --socket "$DIR/nf.sock" rx0 -- "$PROBE" --service a -- --evil hole --evil-after 10 >"$DIR/nf.log" 2>&1 &
	becomes "it joined" 10 grep -q "a/1 joined" "$DIR/broker.log"
	check "every frame comes back unchanged" tx "$TRAFFIC" -n 2000 tx0
	equal "none cheated" "$("$CHAIN" show -j --socket "$DIR/nf.sock" | jq '.brokers[0].nfs.cheated')" 0
}

# --- who and where ---

user_and_cgroup_are_chosen() {
	local mount dir
	_broker
	check "by number" _exec --user 12345 rx0 -- cat /proc/self/status
	contains "that user" "$OUT" '^Uid:.12345.12345.12345.12345$'
	contains "and group" "$OUT" '^Gid:.12345.12345.12345.12345$'
	check "by name" _exec --user daemon rx0 -- cat /proc/self/status
	contains "that user" "$OUT" "^Uid:.$(id -u daemon)[[:space:]]"
	refuses "nobody known" 1 "no such user" _exec --user no-such-user rx0 -- true
	refuses "root" 1 "must not be root" _exec --user root rx0 -- true
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[[ $mount && -w $mount/cgroup.procs ]] || skip "no cgroup2 that can be written here"
	dir=$mount/xs-test-$$
	check "in a cgroup" _exec --cgroup "$dir" rx0 -- cat /proc/self/cgroup
	contains "that one" "$OUT" "0::.*/xs-test-$$\$"
	rmdir "$dir"
	refuses "no cgroup" 1 "cannot (join|make) cgroup" _exec --cgroup "$DIR/none/x" rx0 -- true
}

what_cannot_be_started_is_told() {
	_broker
	# the leak check of a sanitizer's build may not do what it needs once rights are gone
	refuses "no such program" 1 "cannot start ./none as user 65534: No such file" \
		env ASAN_OPTIONS=detect_leaks=0 "$CHAIN" exec --socket "$DIR/nf.sock" rx0 -- ./none
	refuses "no command" 2 "" _exec rx0
	refuses "no broker" 1 "no broker at .*: No such file" "$CHAIN" exec --socket "$DIR/other.sock" rx0 -- true
	check "by another user" chmod 666 "$DIR/nf.sock"
	check "who stays who he is" setpriv --reuid 12345 --clear-groups "$CHAIN" exec --socket "$DIR/nf.sock" rx0 -- cat /proc/self/status
	contains "that user" "$OUT" '^Uid:.12345.12345'
	refuses "and not another" 1 "only root can" setpriv --reuid 12345 --clear-groups \
		"$CHAIN" exec --user daemon --socket "$DIR/nf.sock" rx0 -- true
}

run_tests "$@"
