#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# shellcheck disable=SC2046 # words of a command
#
# The manifests of docs/kubernetes/: they are whole, and their commands work with the capabilities
# that they have there, as the user of a container. Nothing here is a cluster.

. "$(dirname "$0")/lib.sh"

YAML=$ROOT/docs/kubernetes
MANIFESTS=$ROOT/selftests/manifests

# The container's command, on rx0 and with files in $DIR: in $words.
_command_of() { # FILE CONTAINER
	local word
	words=()
	while read -r word; do
		word=${word/eth1/rx0}
		word=${word/#\/run\/xsteer/$DIR} word=${word/#\/etc\/xsteer/$DIR}
		words+=("$word")
	done < <("$PYTHON" "$MANIFESTS" command "$YAML/$1" "$2")
	words[0]=$O/${words[0]}
	caps=$("$PYTHON" "$MANIFESTS" caps "$YAML/$1" "$2")
}
# As root of a container without privileges: what the manifest adds, and nothing else.
_contained() { echo setpriv --groups 2000 --inh-caps=-all "--bounding-set=$caps" --; }

manifests_are_whole() {
	python_with kubernetes,yaml
	check "all of them" "$PYTHON" "$MANIFESTS" check "$YAML"/*.yaml
	equal "nothing is found" "$OUT" ""
	contains "the page has each" "$(cat "$ROOT/docs/kubernetes.md")" "kubernetes/node.yaml"
	contains "the page has each" "$(cat "$ROOT/docs/kubernetes.md")" "kubernetes/worker.yaml"
	contains "the page has each" "$(cat "$ROOT/docs/kubernetes.md")" "kubernetes/nf.yaml"
}

# A change to FILE by sed(1) is seen.
_broken() { # FILE SED REGEX
	sed "$2" "$YAML/$1" >"$DIR/broken.yaml"
	cmp -s "$YAML/$1" "$DIR/broken.yaml" && fail "nothing changed: $2"
	refuses "$2" 1 "$3" "$PYTHON" "$MANIFESTS" check "$DIR/broken.yaml"
}
a_manifest_that_is_broken_is_seen() {
	python_with kubernetes,yaml
	_broken node.yaml 's/name: run, mountPath/name: runs, mountPath/' "no volume runs"
	_broken node.yaml 's/SYS_ADMIN/SYSADMIN/' "capability SYSADMIN"
	_broken node.yaml 's/drop: \[ALL\], add: \[BPF\]/drop: [KILL]/' "keeps capabilities"
	_broken node.yaml 's/"2000"/2000/' "2000 is no str"
	_broken node.yaml 's/eth1.rules: |/eth2.rules: |/' "ConfigMap xsteer has no eth1.rules"
	_broken node.yaml 's/matchLabels: { app: xsteer }/matchLabels: { app: other }/' "does not select"
	_broken node.yaml 's/apps\/v1/v1/' "no DaemonSet in v1"
	_broken worker.yaml 's/hostNetwork/hostNet/' "no such key: hostNet"
	_broken worker.yaml 's/command:/args:/' "has no command"
	_broken worker.yaml 's/hostNetwork: true/hostNetwork: "yes"/' "'yes' is no bool"
	_broken worker.yaml 's/- name: worker/- title: worker/' "no such key: title"
	_broken worker.yaml 's/name: run, mountPath/name: run, path/' "no such key: path"
	_broken worker.yaml 's/, mountPath: .run.xsteer//' "mount_path"
	_broken worker.yaml 's/\[2000\]/2000/' "supplementalGroups: no list"
	_broken nf.yaml 's/configMap: { name: chains }/configMap: { name: chain }/' "no ConfigMap chain"
	_broken nf.yaml 's/namespace: xsteer/namespace: default/' "not in the namespace"
}

# The DaemonSet's pod, a worker's pod beside it, and the DaemonSet's pod again, as after an update.
node_and_worker_do_with_their_capabilities() {
	local server worker
	python_with yaml
	lab_up --queues 4
	"$PYTHON" "$MANIFESTS" data "$YAML/node.yaml" eth1.rules | sed 's/dport 53/dport 7/' >"$DIR/rx0.rules"
	_command_of node.yaml attach
	check "attach" rx $(_contained) "${words[@]}"
	_command_of node.yaml fdserver
	rx_bg server $(_contained) "${words[@]}"
	server=$!
	becomes "it listens" 10 test -S "$DIR/rx0.fd"
	_command_of worker.yaml worker
	rx_bg bouncer-2 $(_contained) "${words[@]}" -l 400
	worker=$!
	becomes "the worker is ready" 10 grep -q "Rings:" "$DIR/bouncer-2.log"
	steer 2
	becomes "its socket is there" 10 _socket_is_there
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	_command_of node.yaml attach
	check "attach again" rx $(_contained) "${words[@]}"
	contains "it says so" "$OUT" "attached already|already attached"
	check "frames come back" tx "$TRAFFIC" -n 100 -p udp4 tx0
	ends "$worker" 0
	kill "$server"
	ends "$server" 0
	equal "frames to the worker" "$(counter verdict_xsk 2)" 400
}
_socket_is_there() { [[ $(rx "$LOADER" queues -j rx0 | jq -c '[.queues[2].sockets[].pid] | length') -ge 1 ]]; }

broker_does_with_its_capabilities() {
	python_with yaml
	lab_up --queues 2
	attach
	"$PYTHON" "$MANIFESTS" data "$YAML/nf.yaml" eth1.chain >"$DIR/rx0.chain"
	_command_of nf.yaml broker
	check "run" rx $(_contained) "${words[@]}" -t 1 --socket "$DIR/nf.sock"
	contains "it serves" "$OUT" "web|fw"
}

run_tests "$@"
