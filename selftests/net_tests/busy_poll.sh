#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The interface's settings for busy-polling: who has changed them, and that they are restored.
# The kernel's busy-polling needs a NIC; here a preloaded library names a NAPI on a veth.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
RULES=$O/xsteer-rules

# Names a NAPI from the second question on, as kernels before 6.13 do for a veth once the first
# packet has come. With -DAT_ONCE it does so from the first question on.
_napi_library() { # FILE [FLAG]
	[[ ${XS_SAN-} ]] && skip "the address sanitizer has to be the first library"
	gcc -shared -fPIC ${2+"$2"} -x c - -o "$1" -ldl <<-'C' || fail "gcc"
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <sys/socket.h>
		int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
		{
			static int asked;
			int (*next)(int, int, int, void *, socklen_t *) = dlsym(RTLD_NEXT, "getsockopt");
			int err = next(fd, level, name, value, len);
		#ifdef AT_ONCE
			asked = 1;
		#endif
			if (level == SOL_SOCKET && name == 56 && asked++)
				*(int *)value = 7;
			return err;
		}
	C
}
# In the receiver's network namespace, with a /sys that shows it. The command replaces the shell.
# shellcheck disable=SC2016 # the inner shell expands
IN_SYS='mkdir -p "$0" && mount --bind /sys/fs/bpf "$0" && mount -t sysfs none /sys &&
	mount --bind "$0" /sys/fs/bpf && exec "$@"'
_in_sys() { rx unshare --mount --propagation unchanged -- sh -c "$IN_SYS" "$DIR/bpf" "$@"; }
_knobs() { # IF
	# shellcheck disable=SC2016 # the inner shell expands
	_in_sys sh -c 'cd "/sys/class/net/$1" && echo $(cat napi_defer_hard_irqs gro_flush_timeout)' - "$1"
}
_knobs_are() { [[ "$(_knobs "${2-rx0}")" = "$1" ]]; }
_set_knobs() { # DEFER TIMEOUT
	# shellcheck disable=SC2016 # the inner shell expands
	check "set the knobs" _in_sys sh -c 'cd /sys/class/net/rx0 && echo "$1" >napi_defer_hard_irqs &&
		echo "$2" >gro_flush_timeout' - "$1" "$2"
}
_poller_on() { # QUEUE
	rx_bg "bouncer-$1" unshare --mount --propagation unchanged -- sh -c "$IN_SYS" "$DIR/bpf" \
		env LD_PRELOAD="$DIR/napi.so" "$BOUNCER" -d rx0 -Q "$1" -p --busy-poll
	LAST_BOUNCER=$!
	becomes "bouncer on queue $1 is ready" 15 _owned_by "$1" "$LAST_BOUNCER"
}
# One or two that poll, on their own instance or on the loader's.
_pollers() { # CNT [attach]
	lab_up --queues "$1"
	[[ ${2-} ]] && attach
	_napi_library "$DIR/napi.so" -DAT_ONCE
	_poller_on 0
	first=$LAST_BOUNCER
	[[ $1 = 1 ]] || _poller_on 1
	becomes "the knobs are turned" 5 _knobs_are "2 200000"
}
# A row that is taken, by slot
_recorded() { bpftool -j map dump pinned "$PINS/rx0/knobs" | jq -c '[.[].formatted | select(.value.set > 0) | .key]'; }
_kill() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

knobs_follow_a_napi_that_comes_later_and_a_rename() {
	lab_up --queues 1
	attach
	_napi_library "$DIR/napi.so"
	_poller_on 0
	equal "the interface's knobs at first" "$(_knobs rx0)" "0 0"
	bounced -n 100
	becomes "they are turned" 5 _knobs_are "2 200000"
	rx ip link set rx0 name other0
	stop_bouncer
	check "and turned back under another name" _knobs_are "0 0" other0
}
the_last_who_polls_puts_the_knobs_back() {
	_pollers 2
	equal "both are recorded" "$(_recorded)" "[0,1]"
	stop_bouncer "$first"
	equal "as long as one polls" "$(_knobs rx0)" "2 200000"
	equal "one is recorded" "$(_recorded)" "[1]"
	stop_bouncer
	equal "after the last" "$(_knobs rx0)" "0 0"
}
one_who_was_killed_is_not_the_last() {
	_pollers 2 attach
	_kill "$first"
	stop_bouncer
	equal "after the last that lives" "$(_knobs rx0)" "0 0"
	equal "nothing is recorded" "$(_recorded)" "[]"
}
the_next_command_puts_back_what_a_killed_one_left() {
	_pollers 1 attach
	_kill "$first"
	equal "nobody could" "$(_knobs rx0)" "2 200000"
	check "a command that only looks" _in_sys "$MAPS" stats rx0
	equal "changes nothing" "$(_knobs rx0)" "2 200000"
	check "one that changes the instance" _in_sys "$RULES" flush rx0
	equal "puts them back" "$(_knobs rx0)" "0 0"
	equal "nothing is recorded" "$(_recorded)" "[]"
}
a_broker_puts_back_what_a_killed_one_left() {
	local broker
	_pollers 1 attach
	_kill "$first"
	printf '%s\n' 'service a' 'chain web a tx' >"$DIR/f.chain"
	rx_bg run unshare --mount --propagation unchanged -- sh -c "$IN_SYS" "$DIR/bpf" \
		"$O/xsteer-chain" run rx0 "$DIR/f.chain" --socket "$DIR/nf.sock"
	broker=$!
	becomes "the broker listens" 15 test -S "$DIR/nf.ctl"
	equal "nobody polls" "$(_knobs rx0)" "0 0"
	equal "nothing is recorded" "$(_recorded)" "[]"
	kill "$broker"
	ends "$broker" 0
}
# The slot has a living owner again, which does not poll.
one_who_takes_the_slot_of_a_killed_one_puts_back() {
	_pollers 2 attach
	_kill "$first"
	start_bouncer 0 -p
	equal "the other polls" "$(_knobs rx0)" "2 200000"
	equal "and is recorded" "$(_recorded)" "[1]"
	_kill "$(owner_pid 1)"
	rx_bg bouncer-1 unshare --mount --propagation unchanged -- sh -c "$IN_SYS" "$DIR/bpf" \
		"$BOUNCER" -d rx0 -Q 1 -p
	LAST_BOUNCER=$!
	becomes "the next on queue 1" 15 _owned_by 1 "$LAST_BOUNCER"
	equal "nobody polls" "$(_knobs rx0)" "0 0"
}
_put_back_by() { # COMMAND...
	_pollers 1 attach
	_kill "$first"
	check "$*" _in_sys "$LOADER" "$@"
	equal "after $*" "$(_knobs rx0)" "0 0"
}
detach_puts_back() { _put_back_by detach rx0; }
upgrade_puts_back() { _put_back_by upgrade rx0; }
replace_puts_back() { _put_back_by attach rx0 --replace -m skb; }
somebodys_own_setting_stays() {
	lab_up --queues 1
	attach
	_set_knobs 5 200000
	_napi_library "$DIR/napi.so" -DAT_ONCE
	_poller_on 0
	equal "it serves us" "$(_knobs rx0)" "5 200000"
	stop_bouncer
	equal "and stays" "$(_knobs rx0)" "5 200000"
	_set_knobs 0 0
	_poller_on 0
	becomes "turned" 5 _knobs_are "2 200000"
	_set_knobs 7 200000
	stop_bouncer
	equal "what was changed meanwhile stays" "$(_knobs rx0)" "7 0"
}
# Of a build that had no such map.
without_the_record_one_puts_back_what_it_changed() {
	lab_up --queues 1
	attach
	check "an older instance" rm "$PINS/rx0/knobs"
	_napi_library "$DIR/napi.so" -DAT_ONCE
	_poller_on 0
	becomes "turned" 5 _knobs_are "2 200000"
	stop_bouncer
	equal "and back" "$(_knobs rx0)" "0 0"
	check "upgrade" rx "$LOADER" upgrade rx0
	equal "it has the map again" "$(_recorded)" "[]"
}

# /sys shows another network namespace, where an interface has the same name, index, address and
# peer's index. Its settings are not touched, and ours are, by whoever may mount a sysfs.
# shellcheck disable=SC2016 # the inner shell expands
the_sys_of_another_namespace_is_not_used() {
	local index address peer
	lab_up --queues 1
	attach
	_napi_library "$DIR/napi.so" -DAT_ONCE
	index=$(rx ip -j link show rx0 | jq '.[0].ifindex')
	peer=$(rx ip -j link show rx0 | jq '.[0].link_index')
	address=$(rx ip -j link show rx0 | jq -r '.[0].address')
	ip netns add xs-t-other
	ip netns add xs-t-behind
	nsenter --net=/run/netns/xs-t-other ip link add rx0 index "$index" address "$address" type veth \
		peer name tx0 index "$peer" netns xs-t-behind || skip "no interface of index $index can be made"
	mkdir -p "$DIR/bpf"
	local others=(nsenter --net=/run/netns/xs-t-other -- unshare --mount --propagation unchanged --
		sh -c "$IN_SYS" "$DIR/bpf")
	"${others[@]}" nsenter --net=/run/netns/xs-t-rx -- env LD_PRELOAD="$DIR/napi.so" \
		"$BOUNCER" -d rx0 -Q 0 -p --busy-poll >"$DIR/bouncer-0.log" 2>&1 &
	LAST_BOUNCER=$!
	becomes "the bouncer is ready" 15 _owned_by 0 "$LAST_BOUNCER"
	becomes "ours are turned" 5 _knobs_are "2 200000"
	equal "not the other's" "$("${others[@]}" sh -c 'cd /sys/class/net/rx0 &&
		echo $(cat napi_defer_hard_irqs gro_flush_timeout)')" "0 0"
	stop_bouncer
	equal "ours are turned back" "$(_knobs rx0)" "0 0"
	[[ $(<"$DIR/bouncer-0.log") != *"stay as they are"* ]] || fail "$(<"$DIR/bouncer-0.log")"
}

run_tests "$@"
