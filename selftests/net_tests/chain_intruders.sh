#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Processes of other users that hold a port, and try to get more than they were given: from its
# memories, from the broker, from another network function.

. "$(dirname "$0")/lib.sh"

PROBE=$DIR/nf_probe

_broker() { # CHAIN-LINE...
	lab_up --queues 1
	attach
	printf '%s\n' "$@" 'on a.miss drop' >"$DIR/f.chain"
	start_broker 0
	chmod 755 "$DIR"
	chmod 666 "$DIR/nf.sock"
	cp "$O/selftests/tools/nf_probe" "$O/selftests/tools/nf_intruder" "$DIR"
}
_as() { setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"; }

_found() { # WHAT FILE WANTED
	equal "$1" "$(sort -u "$2" | tr '\n' ';')" "$3"
}

_readonly() { # MEMORY: what each attempt on one that is given for reading must meet
	local row
	for row in chmod=EPERM grow=EINVAL hole=EBADF map=allowed map-writable=EACCES mprotect=EACCES remove=EACCES \
		reopen=EACCES seal=EPERM shrink=EINVAL write=EBADF; do
		echo -n "$1:${row%=*} ${row#*=};"
	done
}

# The other function is of a third user. What each attempt meets is listed whole, so that one
# that was never made would be missed.
one_of_another_user_gets_nothing_more() {
	local other
	_broker 'service a' 'service b' 'chain w a b tx' 'on b.miss drop'
	_as 12345 "$PROBE" -S "$DIR/nf.sock" -s b 2>"$DIR/b.log" &
	other=$!
	broker_said 1 'b/1 joined'
	check "it tries" _as 65534 "$DIR/nf_intruder" "$DIR/nf.sock" "$BROKER" "$other"
	echo "$OUT" >"$DIR/found"
	_found "of its memories" <(grep -E '^(frames|b2n|n2b):' "$DIR/found") \
		"$(_readonly b2n)frames:grow EPERM;frames:map allowed;frames:seal EPERM;frames:shrink EPERM;n2b:grow EPERM;n2b:map allowed;n2b:seal EPERM;n2b:shrink EPERM;"
	for who in broker other; do
		_found "of $who" <(grep "^$who:" "$DIR/found") \
			"$who:fd EACCES;$who:kill EPERM;$who:map_files EACCES;$who:mem EACCES;$who:pidfd_getfd EPERM;$who:ptrace EPERM;$who:read EPERM;$who:write EPERM;"
	done
	check "both live" kill -0 "$BROKER" "$other"
	broker_said 1 'a/1 joined'
	stop_broker
}

a_reader_of_another_user_cannot_write_frames() {
	_broker 'service a readonly' 'chain w a tx'
	check "it tries" _as 65534 "$DIR/nf_intruder" "$DIR/nf.sock" "$BROKER" $$ -r
	grep '^frames:' <<<"$OUT" >"$DIR/found"
	_found "of the frames" "$DIR/found" "$(_readonly frames)"
	stop_broker
}

# The kernel goes on with the pages that it has pinned, and everybody else sees new ones. Who did it
# cannot be told, so all who may have are named, and no other.
pages_that_are_taken_out_end_the_broker() {
	_broker 'service a' 'service b' 'service r readonly' 'chain w a b r tx' 'on b.miss drop' 'on r.miss drop'
	"$PROBE" -S "$DIR/nf.sock" -s a -- --evil hole --evil-after 100 2>"$DIR/a.log" &
	broker_said 1 'a/1 joined'
	"$PROBE" -S "$DIR/nf.sock" -s b 2>"$DIR/b.log" &
	"$PROBE" -S "$DIR/nf.sock" -s r 2>"$DIR/r.log" &
	broker_said 3 joined
	bounced -n 100
	sleep 0.5
	check "it is not taken for granted" kill -0 "$BROKER"
	tx_bg traffic "$TRAFFIC" -n 5 -t 500 tx0
	ends "$BROKER" 1
	OUT=$(cat "$DIR/run.log")
	contains "its words" "$OUT" "rx0 queue 0: a network function took pages out of the frames' memory"
	contains "who may have" "$OUT" "a/1 .process [0-9]*. may write there"
	contains "who may have" "$OUT" "b/1 .process [0-9]*. may write there"
	equal "who may not" "$(grep -c "r/1 .* may write" <<<"$OUT")" 0
	check "the slots are empty" pings
	start_broker 0
	stop_broker
}

# Its own memory alone: the same as zeros that it writes.
pages_of_a_domain_are_its_own() {
	_broker 'service a' 'service x domain guests' 'chain w a x tx' 'on x.miss drop'
	"$PROBE" -S "$DIR/nf.sock" -s a 2>"$DIR/a.log" &
	"$PROBE" -S "$DIR/nf.sock" -s x -- --evil hole --evil-after 100 2>"$DIR/x.log" &
	broker_said 2 joined
	bounced -n 100
	tx "$TRAFFIC" -n 50 -t 500 tx0 >"$DIR/traffic.log"
	contains "all come back, but for two in the page, as zeros" "$(cat "$DIR/traffic.log")" "^sent 50 returned (48|49|50) "
	sleep 0.3
	stop_broker
	equal "sent" "$(jq .sent <<<"$OUT")" 150
}

run_tests "$@"
