#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# scripts/vm itself, on the host: it gives back what the command did, and says
# which of its own things went wrong. KERNEL names the kernel to boot (6.12).

. "$(dirname "$0")/../net_tests/lib.sh"

VM=$ROOT/scripts/vm
kernel=${KERNEL:-6.12}
_vm() { "$VM" -k "$kernel" "$@"; }

output_and_exit_status_are_the_commands() {
	local status
	((++ASSERTIONS))
	_vm -- sh -c 'seq 5000; seq 5000 >&2; exit 7' >"$DIR/out" 2>"$DIR/err"
	status=$?
	equal "status" "$status" 7
	check "stdout, whole" cmp "$DIR/out" <(seq 5000)
	check "stderr, whole" cmp "$DIR/err" <(seq 5000)
}

arguments_environment_and_folder_are_handed_on() {
	# shellcheck disable=SC2016 # the guest expands
	check "run" env XSTEER_TEST="a b" "$VM" -k "$kernel" -- sh -c \
		'echo "$XSTEER_TEST|$1|$PWD|$(id -u)|$(uname -r)"' sh "c 'd\""
	contains "handed on" "$OUT" "^a b\\|c 'd\"\\|$PWD\\|0\\|[0-9]"
}

command_that_a_signal_kills_is_128_and_the_signal() {
	# shellcheck disable=SC2016
	refuses "killed" 137 '^$' _vm -- sh -c 'kill -KILL $$'
}

command_that_is_not_there_is_127() {
	refuses "unknown" 127 "nosuch.*not found" _vm -- nosuch
}

command_that_hangs_is_124() {
	mkdir -p "$DIR/tmp"
	refuses "hangs" 124 "did not end within 3 s" env TMPDIR="$DIR/tmp" \
		"$VM" -k "$kernel" -t 3 -- sleep 1000
	equal "what is left running" "$(pgrep -f "path=$DIR/tmp")" ""
}

guest_that_dies_under_the_command_is_125() {
	refuses "dies" 125 "guest died while the command ran" \
		_vm -- sh -c 'echo c >/proc/sysrq-trigger; sleep 100'
}

file_that_is_no_kernel_is_125() {
	head -c 100000 /dev/urandom >"$DIR/vmlinuz"
	refuses "no kernel" 125 "QEMU could not run" "$VM" -k "$DIR/vmlinuz" -- true
}

kernel_that_panics_is_tried_again_then_125() {
	# an init that is no program: the kernel finds no other and panics
	refuses "panics" 125 "died while booting, three times" \
		_vm -a "rdinit=/etc/passwd init=/etc/passwd" -- true
	contains "tries again" "$OUT" "trying again"
	contains "shows the console" "$OUT" "panic"
}

kernel_that_never_gets_there_is_125() {
	refuses "too slow" 125 "did not reach the command within 1 s" _vm -b 1 -- true
}

things_that_are_missing_are_named() {
	refuses "kernel" 125 "no kernel 2.4; there are: .*6\\.12" "$VM" -k 2.4 -- true
	refuses "vmlinuz" 125 "cannot read the kernel /nonexistent/vmlinuz" \
		"$VM" -k /nonexistent/vmlinuz -- true
	refuses "file" 125 "no file /nonexistent" _vm -f /nonexistent -- true
	refuses "module" 125 "no module nosuch" _vm -m nosuch -- true
	refuses "QEMU" 125 "no /nonexistent/qemu here: install qemu-system-x86" \
		env XSTEER_QEMU=/nonexistent/qemu "$VM" -k "$kernel" -- true
	refuses "network card" 125 "has no device nosuch" \
		env XSTEER_QEMU=qemu-system-x86_64 "$VM" -k "$kernel" -n nosuch -- true
	refuses "command" 125 "no command given" _vm
	refuses "option" 125 "unknown option -Z" _vm -Z
	refuses "seconds" 125 "not a number of seconds" _vm -t soon -- true
}

folder_of_work_is_removed() {
	local tmp=$DIR/tmp
	mkdir -p "$tmp"
	check "run" env TMPDIR="$tmp" "$VM" -k "$kernel" -- true
	equal "left behind" "$(ls "$tmp")" ""
}

cards_are_named_in_order_and_see_each_other() {
	# shellcheck disable=SC2016 # the guest expands
	check "two cards" _vm -n virtio-net-pci -n e1000e -- sh -c \
		'ip link set nic0 up && ip link set nic1 up && sleep 1 &&
		 basename "$(readlink /sys/class/net/nic0/device/driver)" &&
		 basename "$(readlink /sys/class/net/nic1/device/driver)"'
	equal "drivers" "$(tr '\n' ' ' <<<"$OUT")" "virtio_net e1000e "
}

# The first time the command asks for a reboot, the second time it ends.
system_with_its_own_init_is_back_after_a_reboot() {
	cat >"$DIR/command" <<-'EOS'
		echo "$(cat /proc/1/comm) $(ls -d /sys/class/net/nic* | wc -l)"
		[ -e /root/second ] && exit 7
		touch /root/second
		systemctl reboot
		sleep 1000
	EOS
	((++ASSERTIONS))
	_vm -i "$("$ROOT/scripts/vm-image")" -b 600 -n virtio-net-pci -f "$DIR/command:/root/command" -- \
		bash /root/command >"$DIR/out" 2>"$DIR/err"
	equal "status" "$?" 7
	equal "its words, of both boots" "$(paste -sd ,  "$DIR/out")" "systemd 1,systemd 1"
	refuses "no such system" 125 "cannot read the system /nonexistent.ext4" _vm -i /nonexistent.ext4 -- true
}

run_tests "$@"
