#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What a service manager needs: units that are valid and tight, tools that work within their
# bounds, and that say when they are ready, alive and stopping.

. "$(dirname "$0")/lib.sh"

CHAIN=$O/xsteer-chain RULES=$O/xsteer-rules

# --- the units ---

UNITS="xsteer@ xsteer-bouncer@ xsteer-chain@"
_need_systemd() {
	type -P systemd-analyze >/dev/null || skip "no systemd-analyze"
}
# Installed below $DIR/x, where the commands are that they name.
_install_units() {
	# Others install at the same time, and the units are made for one prefix.
	check "install" flock "$O/.install" make -C "$ROOT" --no-print-directory -o all O="$O" PREFIX="$DIR/x" install
	UNIT_DIR=$DIR/x/lib/systemd/system
}
_setting() { # UNIT NAME: values, in one line
	sed -n "s/^$2=//p" "$UNIT_DIR/$1.service" | xargs
}

units_are_valid() {
	local unit instance
	_need_systemd
	_install_units
	for unit in $UNITS; do
		instance=eth0
		[[ $unit = xsteer-bouncer@ ]] && instance=eth0-3
		cp "$UNIT_DIR/$unit.service" "$DIR/$unit$instance.service"
	done
	for unit in "$DIR"/*@eth0*.service; do
		# The pages are not installed for man(1); that is all it may find.
		OUT=$(SYSTEMD_UNIT_PATH=$DIR: systemd-analyze verify --recursive-errors=yes --man=no "$unit" 2>&1)
		equal "what systemd finds in ${unit##*/}" "$(grep -F "${unit##*/}" <<<"$OUT")" ""
	done
	check "a unit with an error is found" bash -c "sed 's/^Type=.*/Typ=x/' '$DIR/xsteer-chain@eth0.service' >'$DIR/xsteer-bad@eth0.service'
		systemd-analyze verify --man=no '$DIR/xsteer-bad@eth0.service' 2>&1 | grep -q Typ"
}
units_are_as_tight_as_the_page_says() {
	local unit said
	_need_systemd
	_install_units
	for unit in $UNITS; do
		OUT=$(systemd-analyze security --offline=true "$UNIT_DIR/$unit.service" 2>/dev/null)
		said=$(sed -n "s/^| \`$unit\.service\` | \([0-9.]*\) .*/\1/p" "$ROOT/docs/boot.md")
		contains "the score of $unit in docs/boot.md" "$OUT" "exposure level for .*: ${said:-none} "
	done
}
uninstall_takes_the_units_away() {
	_install_units
	check "units" test -s "$UNIT_DIR/xsteer@.service" -a -s "$DIR/x/lib/udev/rules.d/90-xsteer.rules"
	equal "placeholders that are left" "$(grep -l '@[A-Z]*@' "$UNIT_DIR"/* "$DIR/x/lib/udev/rules.d"/*)" ""
	check "uninstall" make -C "$ROOT" --no-print-directory -o all O="$O" PREFIX="$DIR/x" uninstall
	equal "files that are left" "$(find "$DIR/x" ! -type d)" ""
}

# --- what they run, within their bounds ---

# Runs a command with the capabilities of a unit, and keeps the names of its system calls.
_within() { # UNIT COMMAND...
	local caps
	caps=$(_setting "$1" CapabilityBoundingSet | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
	rx strace -f -qq -o "$DIR/calls.$1.$((++CALLS))" setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all \
		"--bounding-set=-all,$caps" "${@:2}"
}
CALLS=0
# The system calls of a filter, sets expanded.
_filter() { # WORD...
	local word
	for word; do
		if [[ $word = @* ]]; then
			# shellcheck disable=SC2046 # words
			_filter $(systemd-analyze syscall-filter "$word" | sed -n '2,$s/^ *\([@a-z_0-9-]*\)$/\1/p')
		else
			echo "$word"
		fi
	done
}
_calls_are_allowed() { # UNIT
	local calls
	calls=$(cat "$DIR/calls.$1".* | sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' | sort -u)
	not_equal "system calls that were seen" "$calls" ""
	# shellcheck disable=SC2046 # words
	equal "system calls that the filter of $1 refuses" \
		"$(comm -23 <(echo "$calls") <(_filter $(_setting "$1" SystemCallFilter) | sort -u))" ""
}
tools_work_within_the_bounds_of_their_units() {
	_need_systemd
	[[ ${O##*/} =~ san|cov ]] && skip "a sanitizer needs more than the units allow"
	type -P strace >/dev/null || skip "no strace"
	lab_up
	_install_units
	echo "udp dport 9 drop" >"$DIR/r"
	check "clean" _within xsteer@ "$LOADER" clean
	check "attach" _within xsteer@ "$LOADER" attach -r "$DIR/r" rx0
	check "apply" _within xsteer@ "$RULES" apply --confirm 60 rx0 "$DIR/r"
	check "confirm" _within xsteer@ "$RULES" confirm rx0
	check "what it waits for" _within xsteer-bouncer@ "$MAPS" dump rx0 meta
	check "bouncer" _within xsteer-bouncer@ "$BOUNCER" -p -d rx0 -Q 1 -t 1
	printf 'service fw\nchain c fw tx\n' >"$DIR/c"
	check "chain" _within xsteer-chain@ "$CHAIN" run -t 1 --socket "$DIR/nf.sock" rx0 "$DIR/c"
	check "detach" _within xsteer@ "$LOADER" detach rx0
	for unit in $UNITS; do _calls_are_allowed "$unit"; done
	equal "what libraries tell the log" "$(grep -hE 'connect\(.*/dev/log|libcap-ng used by' "$DIR"/calls.*)" ""
}

# --- what they tell ---

_listen() { # SOCKET
	rx_bg told "$ROOT/selftests/notify_listener" "$1" # abstract names are of a network namespace
	becomes "the manager listens" 10 grep -q listening "$DIR/told.log"
}
_told() { grep -cx -- "$1" "$DIR/told.log"; }
_was_told() { (($(_told "$1") > ${2:-0})); }

bouncer_is_ready_when_its_socket_is_bound() {
	local stranger
	lab_up --queues 2
	attach
	rx_bg stranger "$O/selftests/tools/hold_socket" rx0 0 - 0 16 16
	stranger=$!
	becomes "somebody has the queue" 10 grep -q ready "$DIR/stranger.log"
	_listen "$DIR/notify"
	rx_bg bouncer-0 env NOTIFY_SOCKET="$DIR/notify" "$BOUNCER" -p -d rx0
	sleep 0.5
	equal "told while the queue is taken" "$(_told READY=1)" 0
	kill "$stranger"
	becomes "ready" 40 _was_told READY=1
	check "its slot is its own by then" _owned_by 0 $!
	contains "what it does" "$(cat "$DIR/told.log")" "^STATUS=rx0: 1 queue in native mode"
	equal "stopping before it stops" "$(_told STOPPING=1)" 0
	stop_bouncer $!
	equal "stopping" "$(_told STOPPING=1)" 1
	equal "without a watchdog no sign of life" "$(_told WATCHDOG=1)" 0
}
bouncer_that_cannot_start_is_not_ready() {
	lab_up
	_listen "$DIR/notify"
	refuses "no such queue" 1 "queue" rx env NOTIFY_SOCKET="$DIR/notify" "$BOUNCER" -p -d rx0 -Q 99
	refuses "no instance to join" 1 "." rx env NOTIFY_SOCKET="$DIR/notify" "$BOUNCER" -p -d none0
	equal "ready" "$(_told READY=1)" 0
}
# One thread of several is held, as if it hung; the others go on.
_stuck_worker_ends_signs_of_life() { # PID
	local tid before
	becomes "ready" 40 _was_told READY=1
	becomes "signs of life" 40 _was_told WATCHDOG=1 2
	tid=$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
	not_equal "it is another thread" "$tid" "$1"
	"$O/selftests/tools/hold_thread" "$tid" >"$DIR/hold.log" 2>&1 &
	becomes "a worker is stuck" 10 grep -q held "$DIR/hold.log"
	sleep 2 # what was under way
	before=$(_told WATCHDOG=1)
	sleep 4
	equal "signs of life while it is stuck" "$(_told WATCHDOG=1)" "$before"
	kill $!
	becomes "it goes on" 40 _was_told WATCHDOG=1 "$before"
}
bouncer_with_a_stuck_worker_gives_no_sign_of_life() {
	local bouncer
	lab_up --queues 2
	attach
	_listen "@xsteer-boot-test-$$"
	rx_bg bouncer-0 env NOTIFY_SOCKET="@xsteer-boot-test-$$" WATCHDOG_USEC=2500000 "$BOUNCER" -p -d rx0 -Q all
	bouncer=$!
	_stuck_worker_ends_signs_of_life "$bouncer"
	stop_bouncer "$bouncer"
}
broker_with_a_stuck_worker_gives_no_sign_of_life() {
	lab_up --queues 2
	attach
	printf 'service fw\nchain c fw tx\n' >"$DIR/f.chain"
	_listen "$DIR/notify"
	NOTIFY_SOCKET=$DIR/notify WATCHDOG_USEC=2500000 start_broker 0
	_stuck_worker_ends_signs_of_life "$BROKER"
	contains "what it does" "$(cat "$DIR/told.log")" "^STATUS=rx0: 1 chain on 2 queues"
	stop_broker
	equal "stopping" "$(_told STOPPING=1)" 1
}
# A network function is started by the broker, and must not speak for it.
children_of_a_broker_have_no_manager() {
	lab_up
	attach
	printf 'service fw\nchain c fw tx\n' >"$DIR/f.chain"
	_listen "$DIR/notify"
	NOTIFY_SOCKET=$DIR/notify WATCHDOG_USEC=2500000 start_broker 0 --nf "env >'$DIR/env.log'; sleep 60"
	becomes "the child runs" 10 test -s "$DIR/env.log"
	equal "its environment" "$(grep -E '^(NOTIFY|WATCHDOG)_' "$DIR/env.log")" ""
	kill -INT "$BROKER"
	wait "$BROKER"
}

run_tests "$@"
