#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A part of `make torture`: each day other cases, but the same ones all day. To repeat one,
# run selftests/torture/run --only CASE.

. "$(dirname "$0")/lib.sh"

_slice() { # SCENARIOS EVERY
	local seed=${TORTURE_SEED:-$(($(date +%s) / 86400))}
	[[ -z ${XS_SAN-} ]] || skip "a sanitizer's process cannot be traced"
	echo "seed $seed (TORTURE_SEED=$seed repeats it)"
	check "no case fails" env O="$O" "$ROOT/selftests/torture/run" --scenarios "$1" --every "$2" --seed "$seed"
	contains "cases were run" "$OUT" '^[1-9][0-9]* passed, 0 failed'
}

rules_commands_killed_or_failed_at_system_calls() { _slice apply,apply-confirm,confirm,flush 181; }
attach_killed_or_failed_at_system_calls() { _slice attach,attach-rules,attach-prio 211; }
replace_killed_or_failed_at_system_calls() { _slice replace,replace-mode,replace-prio 401; }
detach_upgrade_and_clean_killed_or_failed_at_system_calls() { _slice detach,detach-prio,upgrade,clean 131; }
bouncer_killed_or_failed_at_system_calls() { _slice bouncer,bouncer-alone 211; }

# What libbpf asks for before it loads fails, too: the program is loaded as it has to be, or not.
replace_without_a_descriptor_for_any_load() {
	[[ -z ${XS_SAN-} ]] || skip "a sanitizer's process cannot be traced"
	check "no case fails" env O="$O" "$ROOT/selftests/torture/run" --only 'replace:EMFILE:bpf(PROG_LOAD)#*'
	contains "cases were run" "$OUT" '^[1-9][0-9]* passed, 0 failed'
}

# Then libbpf takes the kernel for one that does not map arrays, and the skeleton has no variables.
commands_where_arrays_cannot_be_mapped() {
	local command
	[[ -z ${XS_SAN-} ]] || skip "a sanitizer's process cannot be traced"
	for command in attach upgrade; do
		check "no case of $command fails" env O="$O" "$ROOT/selftests/torture/run" \
			--only "$command:EMFILE:bpf(MAP_CREATE libbpf_mmap)#*"
		contains "cases were run" "$OUT" '^[1-9][0-9]* passed, 0 failed'
	done
}

run_tests "$@"
