#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Does an instance live? Alive, gone and not known are three answers: what cannot be
# asked is not taken for gone, and what was there is not taken to be there.

. "$(dirname "$0")/lib.sh"

RULES=$O/xsteer-rules

# As somebody who may read and write the maps, not look at link and program.
_without_link() { # TOOL ARGUMENT...
	rx setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$DIR/$1" "${@:2}"
}
# In the background, to watch.log. A build with COVERAGE=1 complains on stderr where it cannot
# leave its counts, whatever GCOV_ERROR_FILE says.
_watch_without_link() {
	install -d -m 777 "$DIR/counts"
	rx_bg watch env GCOV_PREFIX="$DIR/counts" setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all "$DIR/xsteer-maps" watch --delay 50
}
_let_nobody_see_the_maps() {
	local pin
	public_copy "$LOADER"
	public_copy "$MAPS"
	chmod 755 "$PINS" "$PINS/rx0"
	for pin in "$PINS"/rx0/*; do
		chmod 666 "$pin"
	done
	chmod 600 "$PINS"/rx0/{link,prog}
}

clean_leaves_what_it_may_not_ask() {
	lab_up
	attach
	_let_nobody_see_the_maps
	chown 65534 "$PINS" "$PINS/rx0" # it could remove all
	refuses "clean" 1 "not known.*Permission denied" _without_link xsteer-loader clean
	refuses "clean --dry-run" 1 "not known" _without_link xsteer-loader clean --dry-run
	check "the pins" test -e "$PINS/rx0/link"
	not_equal "hook" "$(hook)" ""
	check "what lives" _without_link xsteer-loader status rx0
	contains "status" "$OUT" "rx0 +unknown"
	check "who may read the maps does" _without_link xsteer-maps stats rx0
}

# As after an upgrade that was killed: the pinned program is not the one that runs.
what_runs_is_not_gone_because_another_program_is_pinned() {
	lab_up
	attach
	foreign_program
	check "another program" bpftool prog load "$DIR/foreign.o" "$PINS/rx0/%prog" type xdp
	check "in place of the pin" mv "$PINS/rx0/%prog" "$PINS/rx0/prog"
	_let_nobody_see_the_maps
	chmod 666 "$PINS/rx0/prog"
	chown 65534 "$PINS" "$PINS/rx0"
	refuses "clean" 1 "not known.*Permission denied" _without_link xsteer-loader clean
	check "the pins" test -e "$PINS/rx0/link"
	rm "$PINS/rx0/link" # the kernel takes the program off the hook with it
	check "clean" _without_link xsteer-loader clean
	check "nothing is left" test ! -e "$PINS/rx0"
}

# What may not be asked is neither "not up" nor "no instance" nor the end of one.
what_may_not_be_asked_is_told_as_such() {
	lab_up
	echo 'udp drop' >"$DIR/some.rules"
	attach -r "$DIR/some.rules"
	_let_nobody_see_the_maps
	check "export" _without_link xsteer-maps export --rules 0 rx0
	equal "up" "$(grep -c '^xsteer_instance_up' <<<"$OUT")" 0
	OUT=$(_without_link xsteer-maps export -j rx0 2>/dev/null)
	equal "up in JSON" "$(jq -c '.instances[0].up' <<<"$OUT")" null
	OUT=$(_without_link xsteer-loader doctor -j rx0 2>/dev/null)
	contains "doctor on slots" "$(jq -r '.findings[] | select(.check == "sockets") | .finding' <<<"$OUT")" \
		"rules, which cannot be read"
	check "queues" _without_link xsteer-loader queues rx0
	contains "queues on sockets" "$OUT" "Socket: those of other programs may be missing"
	chmod 700 "$PINS/rx0"
	refuses "top" 1 "Permission denied" _without_link xsteer-maps top -b 1
	[[ $OUT != *"no xsteer instance"* ]] || fail "top calls it none: $OUT"
	_watch_without_link
	becomes "watch says that there is one" 10 grep -q "1 instance in .* may not be looked at" "$DIR/watch.log"
	kill -INT $!
	ends $! 0
	equal "it tells nothing" "$(wc -l <"$DIR/watch.log")" 1
}
# Without the right to read rules (CAP_SYS_ADMIN): what is missing is said once.
an_answer_that_lacks_what_was_asked_for_is_no_success() {
	lab_up
	echo 'udp drop' >"$DIR/some.rules"
	attach -r "$DIR/some.rules"
	_let_nobody_see_the_maps
	refuses "export" 1 "rx0: the counters of rules are left out: Operation not permitted" \
		_without_link xsteer-maps export rx0
	equal "said once" "$(grep -c 'not permitted' <<<"$OUT")" 1
	contains "the rest is exported" "$OUT" '^xsteer_packets_total.interface="rx0",queue="0". '
	install -d -m 777 "$DIR/out"
	chmod 755 "$DIR"
	refuses "a file" 1 "left out" _without_link xsteer-maps export --textfile "$DIR/out/x.prom" rx0
	contains "it has the rest" "$(<"$DIR/out/x.prom")" "^xsteer_packets_total"
	refuses "in JSON" 1 "left out" _without_link xsteer-maps export -j rx0
	OUT=$(_without_link xsteer-maps export -j rx0 2>/dev/null)
	equal "in JSON" "$(jq -r '.error, .instances[0].interface' <<<"$OUT" | cut -c 1-25)" "$(printf 'rx0: the counters of rule\nrx0')"
	check "who asks for no rules" _without_link xsteer-maps export --rules 0 rx0
	[[ $OUT != *"xsteer-maps:"* ]] || fail "it complains: $OUT"
	check "losses counts all, and says what it does not know" _without_link xsteer-maps losses rx0
	contains "why" "$OUT" "the rules cannot be read .Operation not permitted."
	equal "said once" "$(grep -c 'not permitted' <<<"$OUT")" 1
	OUT=$(_without_link xsteer-maps losses -j rx0 2>/dev/null)
	equal "in JSON" "$(jq -r .rules_why <<<"$OUT")" "Operation not permitted"
	check "top of queues" _without_link xsteer-maps top -b 1 rx0
	refuses "top of rules" 1 "not permitted" _without_link xsteer-maps top -b 1 --tab rules rx0
	[[ $OUT != *"no rules"* ]] || fail "top says that there are none: $OUT"
}
# With so few that the instance can be opened once, and not again.
top_that_can_look_at_nothing_fails() {
	local n none=0
	lab_up --queues 1
	attach
	for ((n = 4; n < 60; n++)); do
		# shellcheck disable=SC2016 # the inner shell expands
		OUT=$(rx bash -c 'ulimit -n "$0" && exec "$1" top -b 1 rx0' "$n" "$MAPS" 2>&1) && break
		((++none))
	done
	((none)) || fail "4 descriptors are enough"
	((++ASSERTIONS))
	contains "a success shows the instance" "$OUT" "^rx0 +all"
}
watch_does_not_tell_the_end_of_what_it_may_no_longer_look_at() {
	lab_up
	attach
	_let_nobody_see_the_maps
	chmod 666 "$PINS"/rx0/{link,prog}
	_watch_without_link
	becomes "it is seen" 10 grep -q "rx0 present" "$DIR/watch.log"
	chmod 700 "$PINS/rx0"
	ends $! 1
	contains "why" "$(<"$DIR/watch.log")" "cannot look at the instances.*Permission denied"
	[[ $(<"$DIR/watch.log") != *"detach"* ]] || fail "it tells a detach: $(<"$DIR/watch.log")"
}

# Link and hook are asked one after the other. At each question in turn a tool is held up
# while the program is replaced again and again.
a_swap_between_two_questions_is_no_answer() {
	local nth swapper
	[[ $(type -P strace) ]] || skip "no strace"
	lab_up --queues 1
	attach
	# shellcheck disable=SC2016 # the inner shell expands
	rx bash -c 'while "$0" upgrade rx0; do :; done' "$LOADER" >"$DIR/upgrade.log" 2>&1 &
	swapper=$!
	for ((nth = 1; nth < 50; nth++)); do
		OUT=$(rx env ASAN_OPTIONS=detect_leaks=0 strace -o "$DIR/calls" -e trace=sendto \
			-e "inject=sendto:delay_enter=300000:when=$nth" "$LOADER" status rx0 2>&1)
		grep -q INJECTED "$DIR/calls" || grep -q DELAYED "$DIR/calls" || break
		contains "held up at its question $nth" "$OUT" "rx0 +attached"
	done
	((nth > 2 && nth < 50)) || fail "status has asked $nth times"
	kill "$swapper"
	wait "$swapper"
	contains "there were upgrades" "$(<"$DIR/upgrade.log")" "in place of"
}

# At whatever call descriptors run out: nothing is removed, and nobody is told to.
out_of_descriptors_nothing_is_taken_for_gone() {
	local limit command
	lab_up
	attach
	echo 'udp drop' >"$DIR/some.rules"
	for limit in $(seq 4 40); do
		for command in "$LOADER clean" "$LOADER status rx0" "$MAPS list" "$MAPS export" \
			"$RULES apply rx0 $DIR/some.rules" "$RULES show rx0" "$LOADER doctor rx0" \
			"$LOADER queues rx0" "$LOADER features rx0" "$MAPS losses rx0" "$MAPS sockets rx0" \
			"$MAPS top -b 1"; do
			# shellcheck disable=SC2016,SC2086 # the inner shell expands; words
			OUT=$(rx bash -c 'ulimit -n "$0" && exec "$@"' $limit $command 2>&1)
			if grep -qE "is gone|any more|no longer|no interface|no such interface|no xsteer instance|created again|clean'|Bad file|holds the XDP hook; detach|this kernel has no" <<<"$OUT"; then
				fail "with $limit descriptors '$command' says: $OUT"
			fi
			[[ -e $PINS/rx0/link && -e $PINS/rx0/meta ]] || fail "with $limit descriptors '$command' removed it"
		done
	done
	# shellcheck disable=SC2016 # the inner shell expands
	refuses "top without descriptors" 1 "cannot look at the instances.*Too many open files" \
		rx bash -c 'ulimit -n 12 && exec "$0" top -b 1' "$MAPS"
	not_equal "hook" "$(hook)" ""
	check "with enough of them" rx "$RULES" apply rx0 "$DIR/some.rules"
}

# Each socket() of doctor fails in turn: what could not be asked is not said to be so.
_doctor_without_a_socket() { # WHAT IS SO, WHAT IS NOT: REGEXES
	local nth
	# the leak check of a sanitizer's build cannot work under strace
	for ((nth = 1; nth < 200; nth++)); do
		OUT=$(rx env ASAN_OPTIONS=detect_leaks=0 strace -o "$DIR/calls" -e trace=socket \
			-e "inject=socket:error=EMFILE:when=$nth" "$LOADER" doctor rx0 2>&1)
		grep -q INJECTED "$DIR/calls" || break
		((++ASSERTIONS))
		grep -qE -- "$2|no AF_XDP|kernels tell since|the NIC strips" <<<"$OUT" && fail "without its socket $nth doctor says: $OUT"
	done
	((nth > 4 && nth < 200)) || fail "doctor has asked $nth times"
	contains "what is so" "$OUT" "$1"
}
doctor_does_not_say_what_it_could_not_ask() {
	[[ $(type -P strace) ]] || skip "no strace"
	lab_up
	attach_foreign xdpdrv
	check "a bridge" rx ip link add br0 type bridge
	check "a program on it" rx ip link set br0 xdpgeneric obj "$DIR/foreign.o" sec xdp
	check "rx0 is free" rx ip link set rx0 xdpdrv off
	check "and a port" rx ip link set rx0 master br0
	_doctor_without_a_socket "FAIL +hook +br0 has program" "the XDP hook is free$"
	check "no port" rx ip link set rx0 nomaster
	check "where no redirects arrive" rx ip link add other0 type veth peer name third0
	echo 'udp dev other0' >"$DIR/some.rules"
	check "attach" rx "$LOADER" attach -m native -r "$DIR/some.rules" rx0
	_doctor_without_a_socket "warn +rules .*other0" "detach it with the tool|can do what the rules say"
}

a_broker_and_top_say_so_at_once() {
	lab_up
	attach
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	check "somebody's detach" bpftool link detach pinned "$PINS/rx0/link"
	refuses "a broker" 1 "rx0: its program is no longer attached: 'xsteer-loader clean' removes its pins" \
		rx "$O/xsteer-chain" run rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
	[[ $OUT != *CHAIN* ]] || fail "it had begun to serve: $OUT"
	OUT=$(rx "$MAPS" top -b 1 rx0 2>/dev/null)
	contains "top" "$OUT" "rx0: its program is no longer on the hook"
}

a_link_that_was_detached_is_gone_for_every_command() {
	local words
	lab_up
	attach
	echo 'udp drop' >"$DIR/some.rules"
	check "detach the link" bpftool link detach pinned "$PINS/rx0/link"
	for words in "rules apply rx0 $DIR/some.rules" "rules flush rx0" "rules confirm rx0" \
		"loader attach rx0" "loader upgrade rx0"; do
		# shellcheck disable=SC2086 # words
		refuses "$words" 1 "no longer attached.*'xsteer-loader clean'" rx "$O"/xsteer-$words
	done
	for words in "rules show rx0" "maps stats rx0" "maps dump rx0" "maps sockets rx0" "maps export" \
		"maps export rx0" "maps losses rx0" "loader queues rx0"; do
		# shellcheck disable=SC2086 # words
		check "$words" rx "$O"/xsteer-$words
		contains "$words warns" "$OUT" "no longer attached.*'xsteer-loader clean'"
	done
	OUT=$(rx "$LOADER" doctor -j rx0 2>/dev/null)
	equal "doctor" "$(jq -r '.findings[] | select(.check == "hook") | .level + " " + .fix' <<<"$OUT")" \
		"fail xsteer-loader clean"
	check "status" rx "$LOADER" status rx0
	contains "status" "$OUT" "rx0 +stale"
	check "what they all say to do" rx "$LOADER" clean
	equal "pins" "$(ls "$PINS")" ""
	attach
	check "apply" rx "$RULES" apply rx0 "$DIR/some.rules"
}

doctor_does_not_call_a_hook_free_that_attach_refuses() {
	lab_up
	attach
	check "detach the link" bpftool link detach pinned "$PINS/rx0/link"
	rm "$PINS/rx0/owners"
	refuses "attach" 1 "incomplete" rx "$LOADER" attach rx0
	OUT=$(rx "$LOADER" doctor -j rx0 2>/dev/null)
	equal "doctor" "$(jq -r '.findings[] | select(.check == "hook") | .level + " " + .fix' <<<"$OUT")" \
		"fail xsteer-loader detach rx0"
	check "what it says to do" rx "$LOADER" detach rx0
	attach
}

attach_replace_follows_a_link_that_was_detached() {
	lab_up
	attach
	check "detach the link" bpftool link detach pinned "$PINS/rx0/link"
	check "attach --replace" rx "$LOADER" attach --replace rx0
	check "it lives" rx "$RULES" flush rx0
	equal "pins" "$(ls "$PINS")" rx0
}

# What another tool took out of libxdp's dispatcher.
a_program_that_left_the_dispatcher_is_gone() {
	lab_up
	rx "$LOADER" attach -P 20 rx0 >"$DIR/attach.log" 2>&1 || skip "no dispatcher: $(cat "$DIR/attach.log")"
	check "another tool's unload" rx ip link set rx0 xdp off
	rx ip link set rx0 xdpgeneric off
	xdp_is_off || skip "the dispatcher stays"
	refuses "flush" 1 "no longer attached" rx "$RULES" flush rx0
	check "clean" rx "$LOADER" clean
	equal "pins" "$(ls "$PINS")" ""
}

a_link_whose_pin_is_gone_is_asked_for_at_the_hook() {
	lab_up
	attach
	# somebody holds the link: its program goes on
	check "another pin" bpftool link pin id "$(bpftool -j link show pinned "$PINS/rx0/link" | jq .id)" /sys/fs/bpf/theirs
	rm "$PINS/rx0/link"
	check "clean" rx "$LOADER" clean
	check "what runs stays" test -e "$PINS/rx0/meta"
	rm /sys/fs/bpf/theirs
	becomes "the program is off" 3 xdp_is_off
	check "clean" rx "$LOADER" clean
	equal "pins" "$(ls "$PINS")" ""
}

# The next container has an interface of the same name.
pins_of_a_namespace_that_is_gone_are_cleaned_and_replaced() {
	lab_up
	for way in clean replace; do
		ip netns add xs-t-first
		_add_veth_of_first eth0
		check "the first container" nsenter --net=/run/netns/xs-t-first -- "$LOADER" attach eth0
		check "clean" "$LOADER" clean
		check "a namespace that lives is left alone" test -e "$PINS/eth0/link"
		ip netns add xs-t-second
		nsenter --net=/run/netns/xs-t-second ip link add eth0 type veth peer name eth1
		refuses "while it lives" 1 "another network namespace" \
			nsenter --net=/run/netns/xs-t-second -- "$LOADER" attach eth0
		refuses "while it lives, --replace" 1 "another network namespace" \
			nsenter --net=/run/netns/xs-t-second -- "$LOADER" attach --replace eth0
		ip netns del xs-t-first
		becomes "the kernel has taken it down" 10 _first_is_gone
		refuses "the next one is told what helps" 1 "'xsteer-loader clean'" \
			nsenter --net=/run/netns/xs-t-second -- "$LOADER" attach eth0
		if [[ $way = clean ]]; then
			check "clean, from anywhere" "$LOADER" clean
			equal "pins" "$(ls "$PINS")" ""
			check "attach" nsenter --net=/run/netns/xs-t-second -- "$LOADER" attach eth0
		else
			check "attach --replace" nsenter --net=/run/netns/xs-t-second -- "$LOADER" attach --replace eth0
		fi
		check "detach" nsenter --net=/run/netns/xs-t-second -- "$LOADER" detach eth0
		ip netns del xs-t-second
	done
}
# The peer is in another namespace: it goes with the veth, later than the namespace's name. The
# kernel takes programs off both before it answers whether the peer is there.
_add_veth_of_first() { # NAME
	check "a veth of the first" nsenter --net=/run/netns/xs-t-first \
		ip link add "$1" type veth peer name of-first netns xs-t-rx
	check "up" nsenter --net=/run/netns/xs-t-first ip link set "$1" up
	check "up" rx ip link set of-first up
}
_first_is_gone() { ! rx ip link show of-first; }

# A bouncer that attached by itself in a container, which is gone with it.
bouncer_follows_one_whose_namespace_is_gone() {
	lab_up
	ip netns add xs-t-first
	_add_veth_of_first rx0
	nsenter --net=/run/netns/xs-t-first -- "$BOUNCER" -d rx0 -p >"$DIR/first.log" 2>&1 &
	becomes "it attached" 10 test -e "$PINS/rx0/link"
	kill -KILL $!
	wait $! 2>/dev/null
	ip netns del xs-t-first
	becomes "the kernel has taken it down" 10 _first_is_gone
	start_bouncer 0 -p
	stop_bouncer
	equal "pins" "$(ls "$PINS")" ""
}

run_tests "$@"
