#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What a person sees: screens, which tmux drives with keys and whose text it reads; tables
# that fit into 80 columns; and commands that notice what happens to what they watch.

. "$(dirname "$0")/lib.sh"

_tmux() { tmux -S "$DIR/tmux" -f /dev/null "$@"; }
_screen() { # COLUMNS LINES COMMAND...
	type -P tmux >/dev/null || skip "tmux is not there"
	OUT=$(LC_ALL=C.UTF-8 rx tmux -S "$DIR/tmux" -f /dev/null new-session -d -x "$1" -y "$2" \
		"${*:3}; echo ended with \$?; sleep 60" 2>&1) || fail "tmux: $OUT"
}
_keys() { _tmux send-keys "$@"; }
_seen() { _tmux capture-pane -p >"$DIR/screen" && grep -qE -- "$1" "$DIR/screen"; }
_unseen() { ! _seen "$1"; }
_shows() { # SENTENCE REGEX
	becomes "$1" 20 _seen "$2"
}
_shows_no() { # SENTENCE REGEX
	becomes "$1" 20 _unseen "$2"
}
_fits() { # SENTENCE COLUMNS TEXT
	((++ASSERTIONS))
	if (($(LC_ALL=C.UTF-8 wc -L <<<"$3") > $2)); then
		printf '%s\n' "$3"
		fail "$1: wider than $2 columns"
	fi
}
_top() { _screen "$1" "$2" "$MAPS" top "${@:3}"; }

top_fits_80_columns_and_uses_200() {
	lab_up --queues 4
	attach
	check "send" tx "$TRAFFIC" -o -n 200 -f 50 tx0
	_top 80 24 rx0
	_shows "the headings" 'Interface +Queue +Packets/s .* Dev'
	_shows "a queue" 'rx0 +[0-3] '
	_shows "the total" 'rx0 +all '
	_shows "the keys" 'h help +q quit'
	_fits "the screen" 80 "$(_tmux capture-pane -p)"
	equal "the last minute has no room" "$(_tmux capture-pane -p | grep -c 'Last minute')" 0
	_tmux resize-window -x 200 -y 60
	_shows "the last minute" 'Dev +Chain +Packets +Last minute'
	_keys q
	_shows "its end" 'ended with 0'
}

# Losses of the program, and of a socket that nobody reads.
top_shows_losses_with_cause_rate_and_last_minute() {
	lab_up --queues 1
	attach
	printf 'tcp drop\nudp xsk\n' >"$DIR/r"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/r"
	start_bouncer 0 -p
	check "before the tab is open" tx "$TRAFFIC" -o -n 50 -p tcp4 tx0
	_top 80 24 rx0
	_keys 4
	_shows "nothing yet" 'nothing was lost since this tab was opened'
	_shows "what came in" 'rx0: in [1-9][0-9]* s 0 in, 0 delivered, 0 unexplained'
	check "drops" tx "$TRAFFIC" -o -n 70 -p tcp4 tx0
	_shows "the cause" 'rx0 +program +rule +[0-9]+ +70 '
	kill -STOP "$LAST_BOUNCER"
	check "more than its rings take" tx "$TRAFFIC" -o -n 20000 -f 50 -p udp4 tx0
	_shows "the socket" 'rx0 +socket +(ring_full|no_frame) +[0-9.k]+ +[0-9.k]+ +slot 0'
	_fits "the screen" 80 "$(_tmux capture-pane -p)"
	equal "the remedy has no room" "$(_tmux capture-pane -p | grep -c Remedy)" 0
	_tmux resize-window -x 200 -y 60
	_shows "the remedy" 'Last minute +Remedy'
	_shows "of the rule" 'rule +[0-9]+ +70 .* a rule says drop: xsteer-rules show rx0'
	_shows "the last minute" '[▁▂▃▄▅▆▇█]'
	_fits "the screen" 200 "$(_tmux capture-pane -p)"
	_keys s s s s s
	_shows "sorted" 'sorted by Frames, most first'
	_shows_first socket
	_keys r
	_shows "the other way" 'sorted by Frames, least first'
	_shows_first program
	_keys S S S S S S
	_shows "the last column" 'sorted by Remedy'
	_keys / r u l e Enter
	_shows_no "what the filter hides" 'rx0 +socket'
	_keys p
	_shows "paused" 'PAUSED'
	kill -CONT "$LAST_BOUNCER"
	stop_bouncer
	check "as lines" rx "$MAPS" top -b 1 --tab losses rx0
	contains "they begin" "$OUT" '^nothing was lost since this tab was opened$'
}
_shows_first() { becomes "$1 is the first row" 10 _first_row_is "$1"; }
_first_row_is() { _tmux capture-pane -p | sed -n 4p | grep -q "rx0 *$1"; }

# Brokers are asked in /run/xsteer, which is of this test alone.
top_shows_chains_with_rates_and_latency() {
	local probe=$O/selftests/tools/nf_probe broker
	lab_up --queues 1
	attach
	mkdir -p /run/xsteer
	mount -t tmpfs none /run/xsteer
	printf '%s\n' 'service firewall' 'service nat' 'chain web firewall nat tx' 'on firewall.miss drop' \
		'on nat.miss drop' 'on nat dead drop' >"$DIR/f.chain"
	_top 80 24 rx0
	_keys 5
	_shows "nothing yet" 'no broker in /run/xsteer serves chains here'
	rx_bg broker "$O/xsteer-chain" run -v rx0 "$DIR/f.chain" --socket /run/xsteer/rx0.sock \
		--nf "$probe -s firewall"
	broker=$!
	_shows "the step" 'rx0 +web +firewall +1 +0 '
	_shows "without a function" 'rx0 +web +nat( +0){5,6} +- +-'
	tx_bg traffic "$TRAFFIC" -o -n 100000 -r 2000 tx0
	TRAFFIC_PID=$!
	_shows "the entry" 'rx0 +web +\(entry\) +- +[1-9][0-9]{2,} '
	_shows "its rate and latency" 'rx0 +web +firewall +1 +[1-9][0-9]{2,} +0 +0( +[0-9]+){1,2}( +[0-9]+\.[0-9]){2}'
	_shows "what nobody takes" 'rx0 +web +nat +0 +0 +[1-9][0-9]{2,} +[1-9][0-9]{2,}'
	_fits "the screen" 80 "$(_tmux capture-pane -p)"
	_tmux resize-window -x 200 -y 60
	_shows "the last minute" 'Max us +In +Last minute'
	_shows "the last minute" 'web +firewall .*[▁▂▃▄▅▆▇█]'
	kill -STOP "$broker"
	_shows "a broker that is stopped" 'its chains are left out: /run/xsteer/rx0.ctl: the broker has not answered for 0.5 s'
	kill -CONT "$broker"
	_shows "and goes on" 'rx0 +web +firewall +1 '
	check "as lines" rx "$MAPS" top -b 2 --tab chains --filter firewall rx0
	contains "as lines" "$OUT" '^rx0 +web +firewall +1 '
	kill -INT "$broker"
	ends "$broker" 0
	_shows "it is gone" 'no broker in /run/xsteer serves chains here'
	check "no traffic" kill "$TRAFFIC_PID"
}

top_pauses_and_says_so() {
	lab_up --queues 1
	attach
	_top 80 24 rx0
	_shows "the total" 'rx0 +all '
	_shows_no "not paused" 'PAUSED'
	_keys p
	_shows "paused" 'PAUSED'
	_keys p
	_shows_no "on again" 'PAUSED'
	_keys Space
	_shows "paused" 'PAUSED'
}

top_has_help_tabs_sorting_and_a_filter() {
	lab_up --queues 4
	attach
	printf 'udp dport 7 drop comment "one"\ntcp drop comment "two"\n' >"$DIR/r"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/r"
	check "send" tx "$TRAFFIC" -o -n 100 -f 50 tx0
	_top 80 24
	_shows "queues" 'rx0 +all '
	_keys '?'
	_shows "help" 'scroll by a row'
	_keys h
	_shows_no "no help" 'scroll by a row'
	_keys s
	_shows "sorted" 'sorted by Interface, most first'
	_keys s r
	_shows "the other way" 'sorted by Queue, least first'
	_keys 2
	_shows "rules" 'udp dport 7 drop comment "one"'
	tx_bg traffic "$TRAFFIC" -o -n 100000 -r 2000 -p tcp4 tx0
	_shows "the rate of the rule" 'rx0 +2 +[1-9][0-9]+ .* tcp drop comment "two"'
	_tmux resize-window -x 200 -y 60
	_shows "its last minute" 'rx0 +2 +[1-9][0-9]+ .*[▁▂▃▄▅▆▇█] +tcp drop comment "two"'
	_tmux resize-window -x 80 -y 24
	_keys / t w o Enter
	_shows "the filter" 'filter: two'
	_shows_no "what it hides" 'dport 7'
	_shows "what it keeps" 'tcp drop'
	_keys 3
	_keys / Escape
	_shows "no socket" 'no bouncer runs here'
	_keys Tab
	_shows "losses" 'nothing was lost since this tab was opened'
	_keys Tab
	_shows "chains" 'no broker in /run/xsteer serves chains here'
	_keys Tab
	_shows "queues again" 'rx0 +all '
}

top_scrolls_when_there_are_more_queues_than_lines() {
	lab_up --queues 40
	attach
	_top 80 24
	_shows "the total" 'rx0 +all '
	_keys a
	_shows "the first rows" 'rows 1-[0-9]+ of 6[0-9]'
	_shows "queue 0" 'rx0 +0 '
	_keys Down
	_shows "one further" 'rows 2-'
	_shows_no "queue 0 is gone" 'rx0 +0 '
	_keys End
	_shows "the last" 'rx0 +all '
	_keys Home
	_shows "the first" 'rx0 +0 '
	_fits "the screen" 80 "$(_tmux capture-pane -p)"
	equal "lines" "$(_tmux capture-pane -p | wc -l)" 24
}

top_shows_what_was_detached_attached_or_deleted() {
	lab_up --queues 1
	attach
	check "send" tx "$TRAFFIC" -o -n 50 tx0
	_top 80 24 rx0
	_shows "queue 0" 'rx0 +0 '
	check "detach" rx "$LOADER" detach rx0
	_shows "detached" 'rx0: (detached|no xsteer instance)'
	_shows_no "old numbers" 'rx0 +0 '
	attach
	check "send" tx "$TRAFFIC" -o -n 50 tx0
	_shows "it is back" 'rx0 +0 '
	rx ip link del rx0
	_shows_no "old numbers" 'rx0 +0 '
	_keys q
	_shows "its end" 'ended with 0'
}

top_of_all_follows_who_comes_and_goes() {
	lab_up --queues 1
	_top 80 24
	_shows "nobody" 'no xsteer instance in'
	attach
	_shows "rx0" 'rx0 +all '
	check "detach" rx "$LOADER" detach rx0
	_shows "nobody again" 'no xsteer instance in'
}

top_on_an_unknown_terminal_repeats_lines() {
	[[ ${XS_SAN-} ]] && skip "ncurses keeps memory of a terminal that it does not know"
	lab_up --queues 1
	attach
	_screen 80 24 "TERM=nosuch $MAPS top rx0"
	_shows "what it does instead" "unknown terminal 'nosuch'"
	_shows "lines" 'rx0 +all .*'
	becomes "again and again" 20 _twice
	_keys C-c
	_shows "its end" 'ended with 0'
}
_twice() { (($(_tmux capture-pane -p | grep -cE 'rx0 +all ') >= 2)); }

top_b_prints_reports_and_ends() {
	lab_up --queues 2
	attach
	check "three reports" rx "$MAPS" top -b 3 rx0
	equal "reports" "$(grep -cE '^rx0 +all ' <<<"$OUT")" 3
	_fits "a pipe" 80 "$OUT"
	check "sockets" rx "$MAPS" top -b 1 --tab sockets rx0
	contains "nobody" "$OUT" 'no bouncer runs here'
	refuses "no such tab" 2 'none of queues, rules, sockets, losses, chains' rx "$MAPS" top --tab frobs
	refuses "no such column" 2 'no column' rx "$MAPS" top -b 1 --sort frob
	refuses "without a terminal" 1 "'xsteer-maps top -b 1'" rx "$MAPS" top rx0
	check "that is true" rx "$MAPS" top -b 1 --sort packets/s --filter rx0
	refuses "an interface without" 1 "no xsteer instance" rx "$MAPS" top -b 1 lo
}

sockets_fit_80_columns_and_say_so_of_nobody() {
	lab_up --queues 2
	attach
	check "nobody" rx "$MAPS" sockets rx0
	contains "nobody" "$OUT" '^rx0: no slot has an owner: no bouncer runs here$'
	start_bouncer 1 -p
	check "sockets" rx "$MAPS" sockets rx0
	_fits "a pipe" 80 "$OUT"
	equal "asked has no room" "$(COLUMNS=70 rx "$MAPS" sockets rx0 | grep -c Asked)" 0
	equal "or has" "$(COLUMNS=200 rx "$MAPS" sockets rx0 | grep -c Asked)" 1
	stop_bouncer
}

_u64() { printf '%016x' "$1" | sed -E 's/(..)(..)(..)(..)(..)(..)(..)(..)/\8 \7 \6 \5 \4 \3 \2 \1 /'; }
# On each CPU of queue 0: a day at 100 Gbit/s.
stats_of_a_busy_day_fit_80_columns() {
	local cpus fields
	cpus=$(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))
	lab_up --queues 1
	attach
	fields=$(bpftool -j map show pinned "$PINS/rx0/xdp_stats_map" | jq '.bytes_value / 8')
	# packets, bytes, pass, drop, tx, xsk, and the rest
	# shellcheck disable=SC2046 # bytes
	check "counters" bpftool map update pinned "$PINS/rx0/xdp_stats_map" key 0 0 0 0 value hex \
		$(for value in 90000000000 90000000000000 30000000000 30000000000 0 30000000000; do _u64 "$value"; done) \
		$(for ((i = 6; i < fields; i++)); do _u64 0; done)
	check "stats" rx "$MAPS" stats rx0
	_fits "a pipe" 80 "$OUT"
	contains "verdicts that frames had" "$OUT" "^Queue +Packets +Bytes +Pass +Drop .*Xsk"
	contains "their sum" "$OUT" "^total +$((cpus * 90000000000)) .* $((cpus * 30000000000))( |\$)"
	contains "all where there is room" "$(COLUMNS=200 rx "$MAPS" stats rx0)" ' Tx +Xsk +Cpu +Dev +Chain'
}

stats_w_ends_when_the_instance_is_detached() {
	lab_up --queues 1
	attach
	rx_bg stats "$MAPS" stats rx0 -w 1
	becomes "a report" 10 grep -q total "$DIR/stats.log"
	check "detach" rx "$LOADER" detach rx0
	ends $! 1
	contains "why" "$(cat "$DIR/stats.log")" 'rx0: detached: its counters ended'
}

stats_w_that_cannot_ask_does_not_call_the_interface_gone() {
	lab_up --queues 1
	attach
	rx_bg stats env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$MAPS" stats rx0 -w 1
	becomes "a report" 10 grep -q total "$DIR/stats.log"
	check "no more descriptors" prlimit --pid $! --nofile=3:3
	ends $! 1
	contains "why" "$(cat "$DIR/stats.log")" 'rx0: cannot ask for the interface: Too many open files'
}

stats_w_ends_when_the_interface_is_deleted() {
	lab_up --queues 1
	attach
	rx_bg stats "$MAPS" stats rx0 -w 1
	becomes "a report" 10 grep -q total "$DIR/stats.log"
	rx ip link del rx0
	ends $! 1
	contains "why" "$(cat "$DIR/stats.log")" "rx0: the interface is gone; 'xsteer-loader clean' removes its pins"
	check "that is true" rx "$LOADER" clean
	equal "pins" "$(ls -A "$PINS")" ""
}

stats_w_ends_when_the_link_is_detached_by_another() {
	lab_up --queues 1
	attach
	rx_bg stats "$MAPS" stats rx0 -w 1
	becomes "a report" 10 grep -q total "$DIR/stats.log"
	check "another's hand" rx bpftool link detach pinned "$PINS/rx0/link"
	ends $! 1
	contains "why" "$(cat "$DIR/stats.log")" "no longer on the hook; 'xsteer-loader clean' removes"
	check "that is true" rx "$LOADER" clean
	equal "pins" "$(ls -A "$PINS")" ""
}

stats_w_goes_on_with_an_instance_attached_anew() {
	local stats
	lab_up --queues 1
	attach
	check "send" tx "$TRAFFIC" -o -n 500 tx0
	rx_bg stats "$MAPS" stats rx0 -w 1 -j
	stats=$!
	becomes "the old counters" 30 grep -q '"packets":500,' "$DIR/stats.log"
	kill -STOP "$stats" # however long it takes, it does not look in between
	check "replaced" rx "$LOADER" detach rx0
	attach
	check "send" tx "$TRAFFIC" -o -n 50 tx0
	kill -CONT "$stats"
	becomes "the new counters" 30 grep -q '"packets":50,' "$DIR/stats.log"
	kill "$stats"
	ends "$stats" 0
}

# By the name that it has now, and with the queues that it has now.
stats_w_and_losses_w_follow_the_interface() {
	local command
	lab_up --queues 2
	attach
	for command in stats losses; do
		rx ip link set rx0 name was0
		rx_bg "$command" "$MAPS" "$command" was0 -w 1 -j
		becomes "$command: a report" 20 grep -q '"was0"' "$DIR/$command.log"
		rx ip link set was0 down
		rx ip link set was0 name rx0
		rx ip link set rx0 up
		becomes "$command: by its new name" 20 grep -q '"rx0"' "$DIR/$command.log"
		kill $!
		ends $! 0
	done
}

run_tests "$@"
