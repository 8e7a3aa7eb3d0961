#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Bouncers of several PID namespaces, as in containers: a process that cannot be seen does
# not count as dead.

. "$(dirname "$0")/lib.sh"

# In a chroot / is no mount, so unshare cannot make it private; the runner has done so
# for all that is mounted.
_contained() { # LOG OPTION...
	rx_bg "$1" unshare --pid --fork --kill-child --mount --propagation unchanged --mount-proc \
		"$BOUNCER" -d rx0 -p "${@:2}"
}
_owners() { rx "$MAPS" sockets -j rx0 | jq -c "$1"; }

one_that_leaves_does_not_detach_under_the_others() {
	lab_up --queues 2
	start_bouncer 0 -p # attaches by itself, so the last one that leaves removes it
	_contained other -Q 1 -t 1
	ends $! 0
	not_equal "hook" "$(hook)" ""
	steer 0
	bounced -n 200
	stop_bouncer
	equal "hook" "$(hook)" ""
}

its_slot_is_refused_while_it_lives_and_taken_when_it_is_dead() {
	local contained
	lab_up --queues 1
	attach
	_contained first -Q 0
	contained=$!
	becomes "it is there" 15 _row
	equal "as seen from here" "$(_owners '.sockets[0] | [.alive, .elsewhere, has("rings")]')" '[true,true,false]'
	contains "in the table" "$(rx "$MAPS" sockets rx0)" "elsewhere"
	refuses "its slot" 1 "another AF_XDP socket has held it|of another PID namespace" rx "$BOUNCER" -d rx0 -Q 0 -p -t 1
	bounced -n 200
	kill -KILL "$contained"
	wait "$contained" 2>/dev/null
	start_bouncer 0 -p
	bounced -n 200
	equal "ours now" "$(_owners '.sockets[0] | [.alive, .elsewhere]')" '[true,false]'
	stop_bouncer
}
_row() { [[ $(_owners '.sockets | length') = 1 ]]; }

run_tests "$@"
