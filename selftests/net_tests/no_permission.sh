#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A tool without the right to look says so, and claims nothing that it did not see.

. "$(dirname "$0")/lib.sh"

_nobody() { # TOOL ARGUMENT...
	rx setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$DIR/$1" "${@:2}"
}
_lab_of_others() {
	public_copy "$LOADER"
	public_copy "$MAPS"
	public_copy "$O/xsteer-rules"
	lab_up
	attach
}

every_tool_says_that_it_may_not_look() {
	local words
	_lab_of_others
	for words in "loader detach rx0" "loader detach --all" "loader upgrade rx0" "loader clean" \
		"rules show rx0" "rules confirm rx0" "rules flush rx0" \
		"rules explain -d rx0 --hex 00112233445566778899aabb0806" \
		"maps list" "maps stats rx0" "maps dump rx0" "maps sockets rx0" "maps export" \
		"maps export rx0" "maps losses rx0" "maps watch rx0" "loader queues rx0" "rules trace rx0"; do
		# shellcheck disable=SC2086 # words
		refuses "$words" 1 "/sys/fs/bpf/xsteer: permission denied" _nobody xsteer-$words
		# what counts coverage says that it may not write
		equal "lines of $words" "$(grep -cv '^profiling:' <<<"$OUT")" 1
		contains "what to do about $words" "$OUT" "run as root"
	done
}

status_and_doctor_do_not_guess_whose_program_it_is() {
	_lab_of_others
	check "status" _nobody xsteer-loader status
	contains "why" "$OUT" "/sys/fs/bpf/xsteer: permission denied"
	contains "how it is attached is not known" "$OUT" "rx0 +unusable +native +unknown"
	[[ $OUT != *lo\ * ]] || fail "lo has nothing on its hook: $OUT"
	OUT=$(_nobody xsteer-loader doctor -j rx0 2>/dev/null)
	equal "doctor on the hook" \
		"$(jq -r '.findings[] | select(.check == "hook") | .level' <<<"$OUT")" warn
}

a_relative_pin_root_is_wrong_usage() {
	lab_up
	export XSTEER_PIN_ROOT=relative
	refuses "attach" 2 "XSTEER_PIN_ROOT relative: give an absolute path" \
		rx timeout 5 "$LOADER" attach rx0
	refuses "bounce" 2 "XSTEER_PIN_ROOT relative" rx timeout 5 "$BOUNCER" -d rx0 -t 1
	check "the option goes first" rx "$LOADER" attach rx0 --pin-root /sys/fs/bpf/other
}

run_tests "$@"
