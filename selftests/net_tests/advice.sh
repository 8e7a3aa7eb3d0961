#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Commands that messages quote: each is taken from the message and run as it is printed, and
# after it what was refused works. If a message leaves a word open (PEER, FILE), the test puts it in.
#
# ADVICE below says which test follows which advice; every command that a message of user/
# quotes is in it (every_command_in_a_message_is_followed_here).

. "$(dirname "$0")/lib.sh"
PATH=$O:$PATH

# The command between `'...'` in $OUT: the last one, or the one that has WORD in it.
_quoted() { # [WORD]
	grep -oE "'(xsteer-[a-z]+|ip link|ethtool|bpftool|mount|rm|fuser|ulimit|setcap|xdp-loader)( [^']*)?'" <<<"$OUT" |
		grep -F -- "${1-}" | tail -n 1 | tr -d "'"
}

# COMMAND is refused with REGEX. The command that its message quotes is run, then THEN (which
# attaches again, for example), and after that COMMAND works.
_helps() { # SENTENCE REGEX THEN COMMAND...
	local what=$1 regex=$2 then=$3 advice
	shift 3
	refuses "$what" 1 "$regex" rx "$@"
	advice=$(_quoted)
	not_equal "$what: a command in its message" "$advice" ""
	echo "# $advice"
	# shellcheck disable=SC2086 # words of a command
	check "$what: the advice" rx $advice
	# shellcheck disable=SC2086
	[[ -z $then ]] || check "$what: what follows it" rx $then
	check "$what: helped" rx "$@"
}

no_instance_is_told_how_to_attach() {
	local command advice
	lab_up
	for command in "xsteer-rules show rx0" "xsteer-maps stats rx0" "xsteer-maps sockets rx0" \
		"xsteer-rules flush rx0" "xsteer-maps dump rx0 meta"; do
		# shellcheck disable=SC2086
		_helps "$command" "no xsteer instance" "" $command
		check "again" rx "$LOADER" detach rx0
	done
	refuses "detach" 1 "no xsteer instance" rx "$LOADER" detach rx0
	advice=$(_quoted)
	attach
	# shellcheck disable=SC2086
	check "once there is one" rx $advice
	contains "lists it" "$OUT" "rx0 +attached"
}

a_link_that_was_detached_is_told_to_clean() {
	local command
	lab_up
	for command in "xsteer-rules flush rx0" "xsteer-bouncer -d rx0 -t 1"; do
		attach
		check "somebody's detach" bpftool link detach pinned "$PINS/rx0/link"
		# shellcheck disable=SC2086
		_helps "$command" "clean' removes" "xsteer-loader attach rx0" $command
		check "again" rx "$LOADER" detach rx0
	done
	attach
	check "somebody's detach" bpftool link detach pinned "$PINS/rx0/link"
	check "show" rx "$O/xsteer-rules" show rx0
	contains "its warning" "$OUT" "clean' removes it"
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	refuses "what was shown is gone" 1 "no xsteer instance" rx "$O/xsteer-rules" show rx0
}

an_interface_made_again_is_told_to_clean() {
	lab_up --queues 1
	attach
	rx ip link del rx0
	refuses "deleted" 1 "clean' removes its pins" rx "$O/xsteer-rules" flush rx0
	rx ip link add rx0 type veth peer name rx1
	_helps "made again" "deleted and created again" "" xsteer-loader attach rx0
}

another_mode_is_told_to_replace() {
	local advice
	lab_up
	attach -m native # as doctor advises where the kernel does not tell
	echo 'udp dport 9 drop' >"$DIR/rules"
	check "apply" rx xsteer-rules apply rx0 "$DIR/rules"
	refuses "skb" 1 "attached in native mode, not skb.*rules stay only if they are given with it" \
		rx "$LOADER" attach -m skb rx0
	advice=$(_quoted)
	# shellcheck disable=SC2086
	check "the advice, for what was asked" rx $advice -m skb rx0 -r "$DIR/rules"
	equal "mode" "$(hook_mode)" 2
	contains "the rules" "$(rx xsteer-rules show rx0)" "udp dport 9 drop"
	# shellcheck disable=SC2086
	check "without rules" rx $advice -m native rx0
	contains "it says so" "$OUT" "the 1 rule that was in force is gone"
}

pins_that_do_not_fit_are_told_to_detach() {
	lab_up
	attach
	rm "$PINS/rx0/owners"
	_helps "a pin is missing" "incomplete, owners" "xsteer-loader attach rx0" xsteer-rules flush rx0
	rm "$PINS/rx0/owners"
	check "a map of another shape" bpftool map create "$PINS/rx0/owners" \
		type array key 4 value 4 entries 1 name owners
	_helps "a map of another shape" "owners" "xsteer-loader attach rx0" xsteer-rules flush rx0
}

a_moved_interface_is_told_to_remove_the_pins() {
	lab_up --queues 1
	attach
	rx ip link set rx0 name moved0
	rx ip link set moved0 netns "xs-t-tx"
	check "clean" rx "$LOADER" clean
	contains "clean leaves it alone" "$OUT" "left alone; 'rm -r $PINS/rx0' detaches it"
	rx ip link add rx0 type veth peer name rx1
	_helps "moved" "another network namespace now" "" xsteer-loader attach rx0
	equal "the one that moved lost its program with its pins" "$(tx ip -o link show moved0 | grep -c prog/xdp)" 0
}

a_hook_that_is_held_is_told_how_to_free_it() {
	lab_up
	attach_foreign xdpdrv
	_helps "by netlink, native" "attached by netlink" "" xsteer-loader attach rx0
	check "again" rx "$LOADER" detach rx0
	attach_foreign xdpgeneric
	_helps "by netlink, skb" "attached by netlink" "" xsteer-loader attach rx0
	check "again" rx "$LOADER" detach rx0
	check "load" bpftool prog load "$DIR/foreign.o" /sys/fs/bpf/foreign type xdp
	check "another's instance" rx "$LOADER" attach rx0 --pin-root /sys/fs/bpf/theirs
	refuses "by a link" 1 "attached by bpf_link" rx "$LOADER" attach rx0
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	contains "says which pin holds it" "$OUT" "/sys/fs/bpf/theirs/rx0/link"
	check "it can be removed" rm "$(grep -oE '/sys/fs/bpf/[^ ]*' <<<"$OUT" | head -n 1)"
	becomes "attach, once the kernel has let go of the link" 5 rx "$LOADER" attach rx0
}

a_dispatcher_is_told_to_unload_it() {
	command -v xdp-loader >/dev/null || skip "no xdp-loader (xdp-tools)"
	lab_up
	attach_foreign xdpdrv
	rx ip link set rx0 xdp off
	rx xdp-loader load rx0 "$DIR/foreign.o" -s xdp >"$DIR/loader.log" 2>&1 ||
		skip "libxdp's dispatcher does not load here: $(tail -n 1 "$DIR/loader.log")"
	rx xdp-loader status rx0 | grep -q xdp_dispatcher ||
		skip "libxdp attached without its dispatcher: this kernel has no freplace"
	_helps "a dispatcher" "held by libxdp's dispatcher" "" xsteer-loader attach rx0
}

no_bpffs_is_told_to_mount_one() {
	lab_up
	umount /sys/fs/bpf
	mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf
	_helps "attach" "is not on a bpffs" "" xsteer-loader attach rx0
}

a_bouncer_that_lost_its_instance_is_told_what_to_wait_for() {
	lab_up
	attach
	start_bouncer 0
	check "detach" rx "$LOADER" detach rx0
	ends "$LAST_BOUNCER" 1
	OUT=$(<"$DIR/bouncer-0.log")
	contains "what to wait for" "$OUT" "status' shows it attached"
	local advice
	advice=$(_quoted status)
	attach
	# shellcheck disable=SC2086
	check "the advice" rx $advice
	contains "attached" "$OUT" "rx0 +attached"
	check "and then it starts" rx "$BOUNCER" -d rx0 -t 1
}

# As with a program of another build: only the number in meta differs.
a_program_of_another_layout_is_told_to_upgrade() {
	local at bytes
	lab_up --queues 1
	attach
	at=$(bpftool -j btf dump map pinned "$PINS/rx0/meta" value |
		jq '[.types[].members[]? | select(.name == "set_layout") | .bits_offset / 8][0]')
	mapfile -t bytes < <(bpftool -j map dump pinned "$PINS/rx0/meta" | jq -r '.[0].value[]')
	bytes[at]=0xee
	check "a layout of another build" bpftool map update pinned "$PINS/rx0/meta" \
		key hex 00 00 00 00 value hex "${bytes[@]#0x}"
	echo "udp dport 9 drop" >"$DIR/rules"
	_helps "apply" "searches rules of layout 238, this build writes" "" xsteer-rules apply rx0 "$DIR/rules"
}

what_waits_for_confirm_is_told_of_it() {
	lab_up
	attach
	echo "udp dport 9 drop" >"$DIR/rules"
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/rules" --confirm 60
	# shellcheck disable=SC2046
	check "what apply says" rx $(_quoted)
	check "apply" rx "$O/xsteer-rules" apply rx0 "$DIR/rules" --confirm 60
	check "show" rx "$O/xsteer-rules" show rx0
	# shellcheck disable=SC2046
	check "what show says" rx $(_quoted)
	check "show" rx "$O/xsteer-rules" show rx0
	equal "nothing waits" "$(_quoted)" ""
}

rules_that_do_not_fit_are_told_what_the_peer_needs() {
	local verdict advice
	lab_up
	rx ip link add dv0 type veth peer name dv1
	rx ip link set dv0 up
	rx ip link set dv1 up
	for verdict in tx "cpu 0" "dev dv0"; do
		rx ethtool -K dv1 tx on gro off >/dev/null
		echo "udp dport 9 $verdict" >"$DIR/rules"
		check "check" rx "$O/xsteer-rules" check "$DIR/rules" -d dv0
		contains "$verdict: a warning" "$OUT" "PEER"
		advice=$(_quoted PEER)
		# shellcheck disable=SC2086
		check "$verdict: the advice" rx ${advice/PEER/dv1}
		check "check" rx "$O/xsteer-rules" check "$DIR/rules" -d dv0
		equal "$verdict: no warning any more" "$(_quoted PEER)" ""
	done
}

# doctor.sh runs the fixes that name an interface of this namespace.
doctor_is_right_about_a_peer_elsewhere() {
	lab_up
	tx ethtool -K tx0 tx on >/dev/null
	rx ethtool -L rx0 rx 1 tx 1 || fail "queues"
	refuses "native mode" 1 "." rx "$LOADER" attach -m native rx0
	OUT=$(rx "$LOADER" doctor rx0)
	contains "queues" "$OUT" "raise them with 'ethtool -L rx0 rx'"
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted "ethtool -L") "$(tx ethtool -l tx0 | awk '$1 == "TX:" { n = $2 } END { print n }')"
	check "native mode" rx "$LOADER" attach -m native rx0
	OUT=$(rx "$LOADER" doctor rx0)
	contains "checksums" "$OUT" "'ethtool -K' with 'tx off txvlan off' on it"
	check "what it says to look at" tx ethtool -k tx0
	contains "they are left open" "$OUT" "tx-checksumming: on"
	check "what it says to do" tx ethtool -K tx0 tx off txvlan off
	check "what it says to look at" tx ethtool -k tx0
	contains "they are filled in" "$OUT" "tx-checksumming: off"
}

the_wrong_tool_is_told_the_right_one() {
	lab_up
	attach
	refuses "a map of no such name" 1 "no map 'nothing'" rx "$MAPS" dump rx0 nothing
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	contains "names of maps" "$OUT" "xdp_stats_map"
	refuses "top to a pipe" 1 "needs a terminal" rx "$MAPS" top rx0
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	refuses "top -j" 2 "top has no JSON" rx "$MAPS" top -j rx0
	OUT=$(_quoted)
	# shellcheck disable=SC2086
	rx timeout 5 ${OUT/IF/rx0} >"$DIR/stats.out"
	contains "JSON" "$(head -n 1 "$DIR/stats.out")" '"schema"'
	refuses "a rule of no such line" 1 "no rule at '7'" rx xsteer-rules trace rx0 7
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	contains "lines of rules" "$OUT" '"rules"'
	refuses "no such interface" 1 "no interface none0" rx "$LOADER" attach none0
	# shellcheck disable=SC2046
	check "the advice" rx $(_quoted)
	contains "names of interfaces" "$OUT" "rx0"
}

a_lock_that_is_held_is_told_who_holds_it() {
	[[ $(type -P fuser) ]] || skip "no fuser (psmisc)"
	lab_up --queues 1
	attach
	exec 9<"$PINS"
	flock 9
	refuses "detach" 1 "is locked by another xsteer tool" rx "$LOADER" detach rx0
	# shellcheck disable=SC2046 # words of a command
	check "the advice" rx $(_quoted fuser)
	contains "says who" "$OUT" "(^|[^0-9])$$([^0-9]|$)"
	exec 9<&-
	check "once that has ended" rx "$LOADER" detach rx0
}

too_few_descriptors_are_told_to_raise_the_limit() {
	lab_up --queues 1
	# shellcheck disable=SC2016 # the inner shell expands
	refuses "with 6" 1 "cannot ask the kernel.*Too many open files" \
		rx bash -c 'ulimit -n 6 && exec "$0" features rx0' "$LOADER"
	# shellcheck disable=SC2016
	check "the advice" rx bash -c 'ulimit -Sn 6 && $1 64 && exec "$0" features rx0' "$LOADER" "$(_quoted ulimit)"
}

# As a group of bouncers without root may use the pins.
_let_nobody_join() {
	public_copy "$BOUNCER"
	mount -o remount,mode=0755 /sys/fs/bpf 2>/dev/null || chmod 755 /sys/fs/bpf
	chmod 755 "$DIR" "$PINS" "$PINS/rx0"
	chgrp 65534 "$PINS"/rx0/*
	chmod 640 "$PINS"/rx0/*
	chmod 660 "$PINS/rx0/xsks_map" "$PINS/rx0/owners"
}
_as_nobody() { # COMMAND...
	rx setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --ambient-caps=-all "$@"
}
who_has_no_right_to_a_socket_is_told_of_setcap() {
	[[ $(type -P setcap) ]] || skip "no setcap (libcap2-bin)"
	[[ ${XS_SAN-} ]] && skip "LeakSanitizer needs ptrace of a process that dropped its rights"
	lab_up --queues 1
	attach
	_let_nobody_join
	refuses "a bouncer of nobody" 1 "need CAP_NET_RAW" _as_nobody "$DIR/xsteer-bouncer" -d rx0 -p -t 1
	# shellcheck disable=SC2046 # words of a command
	rx $(_quoted setcap) || skip "no capabilities on files here"
	check "after the advice" _as_nobody "$DIR/xsteer-bouncer" -d rx0 -p -t 1
}

# RLIMIT_MEMLOCK counts for who has not CAP_IPC_LOCK; only root raises the hard limit.
_with_memlock() { # ULIMIT... : the commands before the bouncer of nobody starts
	# shellcheck disable=SC2016 # the inner shell expands
	rx bash -c '$0 && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=+net_raw --ambient-caps=+net_raw --bounding-set=-all,+net_raw "$@"' \
		"$1" "$DIR/xsteer-bouncer" -d rx0 -p -t 1 --frames 1024
}
too_little_memory_to_lock_is_told_to_raise_the_limit() {
	local advice hard
	[[ ${XS_SAN-} ]] && skip "LeakSanitizer needs ptrace of a process that dropped its rights"
	lab_up --queues 1
	attach
	_let_nobody_join
	((++ASSERTIONS))
	OUT=$(_with_memlock "ulimit -l 64" 2>&1) && skip "this kernel does not count a UMEM as locked memory"
	contains "refused" "$OUT" "more than this user may lock"
	advice=$(_quoted ulimit)
	# a root of a container has a limit of its own, up to which it may
	hard=$(ulimit -H -l)
	(ulimit -l unlimited) 2>/dev/null || advice=${advice/unlimited/$hard}
	[[ $advice != *"$hard" || $hard = unlimited ]] || ((hard >= 8192)) || skip "root may raise the limit to $hard KB only"
	check "the advice" _with_memlock "$advice"
}

an_interface_without_ethernet_header_is_not_told_to_attach() {
	local command
	lab_up --queues 1
	rx ip tuntap add dev l3 mode tun 2>/dev/null ||
		rx ip link add l3 type ipip local 198.18.0.2 remote 198.18.0.9 2>/dev/null ||
		skip "the kernel has neither tun nor ipip"
	rx ip link set l3 up
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	echo "udp drop" >"$DIR/rules"
	for command in "xsteer-chain run l3 $DIR/f.chain --socket $DIR/nf.sock" "xsteer-rules show l3" \
		"xsteer-rules apply l3 $DIR/rules" "xsteer-rules flush l3" "xsteer-rules trace l3" "xsteer-maps stats l3" \
		"xsteer-maps losses l3" "xsteer-maps sockets l3" "xsteer-maps top -b 1 l3" "xsteer-maps export l3"; do
		# shellcheck disable=SC2086 # words of a command
		refuses "$command" 1 "l3: .*no Ethernet header" rx $command
		equal "$command: no command is quoted" "$(_quoted xsteer-loader)" ""
	done
}

a_path_where_somebody_listens_is_told_to_choose_another() {
	local tool path=$DIR/nf.sock
	lab_up --queues 2
	attach
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	start_broker 0 -Q 0
	for tool in "xsteer-fdserver --socket $path rx0" "xsteer-bouncer -d rx0 -Q 1 -p -t 1 --socket $path" \
		"xsteer-chain run rx0 $DIR/f.chain -Q 1 --chain web --socket $path"; do
		# shellcheck disable=SC2086 # words of a command
		refuses "$tool" 1 "cannot listen at $path: somebody listens there.*another path with --socket" rx $tool
	done
	check "with another" rx xsteer-bouncer -d rx0 -Q 1 -p -t 1 --socket "$DIR/other.sock"
	stop_broker
}

# A veth has neither a table for RSS nor a ring: that ethtool understands the words is all that can be
# seen here. "bad command line argument(s)" is its usage error.
ethtool_understands_what_it_is_told() {
	local command
	lab_up --queues 1
	while read -r command; do
		((++ASSERTIONS))
		command=${command//%s/rx0} command=${command//%u/1}
		# shellcheck disable=SC2086 # words of a command
		OUT=$(rx $command 2>&1)
		[[ $OUT != *"bad command line"* && $OUT != *"--help"* ]] || fail "$command: $OUT"
	done < <(cat "$ROOT"/user/tools/loader/check_*.c | tr -d '\n' | sed -E 's/"[[:space:]]*"//g' |
		grep -oE "ethtool -[XGL] %s [a-z]+ %u( [a-z]+ %u)?")
	((ASSERTIONS > 3)) || fail "only $ASSERTIONS commands found"
}

# The options that the messages of a tool name, but for those of the tools that import reads.
_options_in_messages() { # TOOL
	find "$ROOT/user/tools/$1" "$ROOT/user/tools/cli" -name '*.c' ! -name 'import_*' -print0 | xargs -0 cat |
		tr -d '\n' | sed -E 's/"[[:space:]]*"//g' | grep -oE '"([^"\\]|\\.)*"' |
		grep -oE "(^|[ '\"(])--[a-z][a-z-]+" | grep -oE -- '--[a-z-]+' | sort -u
}
_options_of() { # TOOL
	local command
	"$O/xsteer-$1" --help
	"$O/xsteer-$1" --help | sed -n 's/^  \([a-z]\+\) .*/\1/p' | while read -r command; do
		"$O/xsteer-$1" "$command" --help 2>/dev/null
	done
}
every_option_in_a_message_is_one_of_its_tool() {
	local tool option options found=0
	for tool in loader rules bouncer maps chain; do
		options=$(_options_of "$tool")
		while read -r option; do
			((++found))
			# hints for what the library refuses
			[[ $option = --@(frames|ring|replace|unload|socket) ]] && continue
			contains "xsteer-$tool has $option" "$options" "[ ,]$option([^a-z-]|$)"
		done < <(_options_in_messages "$tool")
	done
	((found > 20)) || fail "only $found options found"
}

# PATTERN, then the test that follows it, here or in the file named.
ADVICE="
ip link	the_wrong_tool_is_told_the_right_one
ip link set dev %s %s off	a_hook_that_is_held_is_told_how_to_free_it
bpftool link show id %u -f	a_hook_that_is_held_is_told_how_to_free_it
xdp-loader unload %s --all	a_dispatcher_is_told_to_unload_it
mount -t bpf bpf /sys/fs/bpf	no_bpffs_is_told_to_mount_one
rm %s	only_ours.sh
fuser %s	a_lock_that_is_held_is_told_who_holds_it
ulimit -n	too_few_descriptors_are_told_to_raise_the_limit
ulimit -l unlimited	too_little_memory_to_lock_is_told_to_raise_the_limit
setcap cap_net_raw+ep %s	who_has_no_right_to_a_socket_is_told_of_setcap
setcap cap_net_raw+ep PROGRAM	who_has_no_right_to_a_socket_is_told_of_setcap
rm -r %s	a_moved_interface_is_told_to_remove_the_pins
ethtool -K PEER tx off	rules_that_do_not_fit_are_told_what_the_peer_needs
ethtool -K PEER gro on	rules_that_do_not_fit_are_told_what_the_peer_needs
ethtool -k	doctor_is_right_about_a_peer_elsewhere
ethtool -K	doctor_is_right_about_a_peer_elsewhere
ethtool -N IF flow-type TYPE ... action N	the_wrong_tool_is_told_the_right_one
xsteer-chain run IF FILE	chain_control.sh
xsteer-chain exec	chain_exec.sh
xsteer-chain show	chain_control.sh
xsteer-rules show %s	chain_control.sh
ethtool -x %s	reserve.sh
ethtool -X %s default	reserve.sh
ethtool -n %s rule %u	reserve.sh
ethtool -N %s delete %u	reserve.sh
ethtool -K %s ntuple on	reserve.sh
xsteer-loader release %s	reserve.sh
ethtool -L %s rx	doctor_is_right_about_a_peer_elsewhere
xsteer-rules show %s | xsteer-loader attach --replace -m native -r - %s	unserved.sh
xsteer-loader attach -m native %s	another_mode_is_told_to_replace
xsteer-loader attach %s	no_instance_is_told_how_to_attach
xsteer-loader attach {}	no_instance_is_told_how_to_attach
xsteer-loader attach --replace	another_mode_is_told_to_replace
xsteer-loader detach %s	pins_that_do_not_fit_are_told_to_detach
xsteer-loader detach {}	pins_that_do_not_fit_are_told_to_detach
xsteer-loader clean	a_link_that_was_detached_is_told_to_clean
xsteer-loader upgrade {}	a_program_of_another_layout_is_told_to_upgrade
xsteer-loader status	a_bouncer_that_lost_its_instance_is_told_what_to_wait_for
xsteer-rules confirm %s	what_waits_for_confirm_is_told_of_it
xsteer-maps stats IF -w 1	the_wrong_tool_is_told_the_right_one
xsteer-rules show -j %s	the_wrong_tool_is_told_the_right_one
xsteer-maps sockets %s	hand_over.sh
xsteer-maps list	the_wrong_tool_is_told_the_right_one
xsteer-maps top -b 1	the_wrong_tool_is_told_the_right_one
xsteer-maps stats -j -w 1 IF	the_wrong_tool_is_told_the_right_one
"

# Commands in the string literals of user/, with literals over several lines joined.
_commands_in_messages() {
	find "$ROOT/user" -name '*.c' -print0 | xargs -0 cat | tr -d '\n' | sed -E 's/"[[:space:]]*"//g' |
		grep -oE "'(xsteer-[a-z]+|ip link|ethtool|bpftool|mount|rm|fuser|ulimit|setcap|xdp-loader)( [^'\"]*)?'" | tr -d "'" | sort -u
}

every_command_in_a_message_is_followed_here() {
	local command where found=0
	while read -r command; do
		((++found))
		where=$(grep -F -- "$command	" <<<"$ADVICE" | grep "^$command	" | cut -f 2)
		not_equal "a test that follows '$command'" "$where" ""
		if [[ $where = *.sh ]]; then
			check "$where follows '$command'" grep -qF "${command%% *}" "$ROOT/selftests/net_tests/$where"
		else
			equal "$where is a test" "$(type -t "$where")" function
		fi
	done < <(_commands_in_messages)
	((found > 20)) || fail "only $found commands found"
}

run_tests "$@"
