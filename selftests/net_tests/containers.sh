#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Real containers: the pods of docs/kubernetes/ under podman, with an image as
# docs/kubernetes.md has it made: the tools of `make install` and their libraries.

. "$(dirname "$0")/lib.sh"

YAML=$ROOT/docs/kubernetes
MANIFESTS=$ROOT/selftests/manifests
IMAGE=$DIR/image

# podman with whichever runtime starts a container here: crun refuses some hosts' cgroups.
_podman() {
	CONTAINERS_CONF=$DIR/containers.conf podman --runtime "$RUNTIME" --cgroup-manager cgroupfs \
		--events-backend none --root "$DIR/storage" --runroot "$DIR/runroot" --tmpdir "$DIR/tmpdir" "$@"
}
# Limits that this user may set; what podman would set by itself may be above them.
LIMITS=(--ulimit "nofile=1024:$(ulimit -Hn)" --ulimit "nproc=1000:$(ulimit -Hu)")
_needs_containers() {
	local said
	python_with yaml
	type -P podman >/dev/null || skip "no podman"
	_make_image
	# what podman sets by itself it cannot set in a network namespace of somebody else
	printf '%s\n' '[containers]' 'default_sysctls = []' >"$DIR/containers.conf"
	for RUNTIME in runc crun; do
		type -P "$RUNTIME" >/dev/null || continue
		said=$(_podman run --rm "${LIMITS[@]}" --network none --rootfs "$IMAGE" \
			xsteer-maps --version 2>&1) && return
	done
	skip "podman starts no container here: ${said:-neither runc nor crun}"
}

_make_image() {
	local library
	# Others install at the same time, and the units are made for one prefix.
	check "the image's tools" flock "$O/.install" make -C "$ROOT" --no-print-directory -o all O="$O" \
		DESTDIR="$IMAGE" PREFIX=/usr install
	build_example firewall
	install -D -m 755 "$DIR/firewall" "$IMAGE/usr/bin/fw" || fail "no fw in the image"
	ldd "$IMAGE"/usr/bin/* "$IMAGE"/usr/sbin/* 2>/dev/null | grep -o '/[^ ]*' | sort -u |
		while read -r library; do
			[[ $library = *: ]] || install -D "$library" "$IMAGE$library"
		done
	mkdir -p "$IMAGE"/{proc,sys/fs/bpf,dev,run/xsteer,etc/xsteer,tmp}
	printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >"$IMAGE/etc/passwd"
	printf '%s\n' root:x:0: nogroup:x:65534: xsteer-nf:x:2001: >"$IMAGE/etc/group"
	mkdir -m 755 "$DIR/run" "$DIR/etc"
}

# Where its interface is, and more options for podman.
NETNS=xs-t-rx MORE=()
# A container of a manifest, with what is appended to its command, in the node's network
# namespace. eth1 is rx0 here.
_options_of() { # FILE CONTAINER: in $options and $words
	local line
	options=(--name "$2" --rm --pids-limit 0 --network "ns:/run/netns/$NETNS" "${LIMITS[@]}" "${MORE[@]}")
	words=()
	while read -r line; do
		line=${line/eth1/rx0}
		case $line in
		IMAGE) words=("$IMAGE") ;;
		*) if ((${#words[@]})); then words+=("$line"); else options+=("$line"); fi ;;
		esac
	done < <("$PYTHON" "$MANIFESTS" podman "$YAML/$1" "$2" /sys/fs/bpf=/sys/fs/bpf \
		/run/xsteer="$DIR/run" /etc/xsteer="$DIR/etc")
	((${#words[@]} > 1)) || fail "$1 has no container $2"
}
_run() { # FILE CONTAINER [ARG...]
	_options_of "$1" "$2"
	_podman run "${options[@]}" --rootfs "${words[@]}" "${@:3}"
}
# In the background, with its output in $DIR/CONTAINER.log.
_start() { # FILE CONTAINER [ARG...]
	_options_of "$1" "$2"
	_podman run "${options[@]}" --rootfs "${words[@]}" "${@:3}" >"$DIR/$2.log" 2>&1 &
	PODMAN=$!
}
_pid_of() { _podman inspect -f '{{.State.Pid}}' "$1"; }
_end() { # CONTAINER PID STATUS [SIGNAL]
	check "end $1" _podman kill --signal "${4:-TERM}" "$1"
	ends "$2" "$3"
}

_node_is_up() {
	"$PYTHON" "$MANIFESTS" data "$YAML/node.yaml" eth1.rules | sed 's/dport 53/dport 7/' >"$DIR/etc/rx0.rules"
	check "attach" _run node.yaml attach
	_start node.yaml fdserver
	server=$PODMAN
	becomes "it listens" 20 test -S "$DIR/run/rx0.fd"
	steer 2
}
_is_ready() { grep -q "Rings:" "$DIR/worker.log"; }

a_worker_gets_its_frames_and_is_killed_and_comes_back() {
	local server worker
	_needs_containers
	lab_up --queues 4
	_node_is_up
	_start worker.yaml worker -l 300
	worker=$PODMAN
	becomes "the worker is ready" 20 _is_ready
	has_no_capability "the worker" "$(_pid_of worker)"
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	ends "$worker" 0
	equal "frames to it" "$(counter verdict_xsk 2)" 300
	_start worker.yaml worker
	worker=$PODMAN
	becomes "another one is ready" 20 _is_ready
	check "frames come back" tx "$TRAFFIC" -n 100 -p udp4 tx0
	_end worker "$worker" 137 KILL
	_start worker.yaml worker
	worker=$PODMAN
	becomes "the one after it is ready" 20 _is_ready
	check "frames come back" tx "$TRAFFIC" -n 100 -p udp4 tx0
	check "attach again, as after an update" _run node.yaml attach
	contains "it says so" "$OUT" "attached already|already attached"
	check "frames come back" tx "$TRAFFIC" -n 100 -p udp4 tx0
	_end worker "$worker" 0
	_end fdserver "$server" 0
	equal "frames to all of them" "$(counter verdict_xsk 2)" 600
	check "each frame has one verdict" counters_add_up
}

# The successor has no capability and no bpffs: one socket, by which it gets everything.
a_container_without_any_right_takes_over() {
	local server first second
	needs_rings_of_others
	_needs_containers
	lab_up --queues 4
	_node_is_up
	mkdir -m 700 "$DIR/hand"
	MORE=(--volume "$DIR/hand:/hand")
	_start worker.yaml worker --socket /hand/socket
	first=$PODMAN
	becomes "the worker is ready" 20 _is_ready
	check "frames come back" tx "$TRAFFIC" -n 100 -p udp4 tx0
	_start_second
	ends "$second" 1
	contains "the usual profile refuses bpf(2)" "$(cat "$DIR/second.log")" "seccomp profile must allow it"
	check "the first goes on" tx "$TRAFFIC" -n 100 -p udp4 tx0
	_start_second --security-opt=seccomp=unconfined
	ends "$first" 0
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	has_no_capability "the second" "$(_pid_of second)"
	_end second "$second" 0
	_end fdserver "$server" 0
	equal "frames to both" "$(counter verdict_xsk 2)" 500
	check "each frame has one verdict" counters_add_up
}

_start_second() { # [PODMAN OPTION...]
	_podman run --name second --rm "${LIMITS[@]}" "${MORE[@]}" --cap-drop=all --read-only \
		--network "ns:/run/netns/$NETNS" --security-opt=no-new-privileges "$@" --rootfs "$IMAGE" \
		xsteer-bouncer --take-over -d rx0 -Q 2 -p --socket /hand/socket >"$DIR/second.log" 2>&1 &
	second=$!
}

# As a CNI plugin has it. Program and map are of the node, which sees the interface no more.
an_interface_goes_into_the_pod_of_its_worker() {
	local server worker before
	_needs_containers
	lab_up --queues 4
	_node_is_up
	ip netns add xs-t-pod
	check "into the pod" rx ip link set rx0 netns xs-t-pod
	check "up" nsenter --net=/run/netns/xs-t-pod ip link set rx0 up
	NETNS=xs-t-pod
	_start worker.yaml worker
	worker=$PODMAN
	becomes "the worker is ready" 20 _is_ready
	becomes "both ends are up" 10 _bounces
	before=$(counter verdict_xsk 2)
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	equal "frames to it" $(($(counter verdict_xsk 2) - before)) 300
	has_no_capability "the worker" "$(_pid_of worker)"
	_end worker "$worker" 0
	_end fdserver "$server" 0
}

_bounces() { tx "$TRAFFIC" -n 20 -p udp4 -t 300 tx0; }

# The network function has no right at all, and one socket.
a_network_function_leaves_and_joins_and_so_does_its_broker() {
	local broker nf
	_needs_containers
	lab_up --queues 2
	"$PYTHON" "$MANIFESTS" data "$YAML/nf.yaml" eth1.chain >"$DIR/etc/rx0.chain"
	echo "udp dport 7 chain web else drop" >"$DIR/etc/rx0.rules"
	check "attach" _run node.yaml attach
	_start nf.yaml broker
	broker=$PODMAN
	becomes "it listens" 20 test -S "$DIR/run/rx0.sock"
	_start nf.yaml fw -- 192.0.2.0/24
	nf=$PODMAN
	becomes "frames come back" 20 _bounces
	has_no_capability "the network function" "$(_pid_of fw)"
	equal "its user and group" "$(awk '/^[UG]id/ { print $2 }' "/proc/$(_pid_of fw)/status" | xargs)" "65534 2001"
	equal "its seccomp filter" "$(awk '/^Seccomp:/ { print $2 }' "/proc/$(_pid_of fw)/status")" 2
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	_end fw "$nf" 137 KILL
	not_bounced -n 20 -p udp4
	_start nf.yaml fw -- 192.0.2.0/24
	nf=$PODMAN
	becomes "the next one has joined" 20 _bounces
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	_end broker "$broker" 137 KILL
	_start nf.yaml broker
	broker=$PODMAN
	becomes "it has joined the next broker" 20 _bounces
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	_end fw "$nf" 0
	# hostUsers: false, and only the group is the same outside; no network at all
	MORE=(--read-only-tmpfs=false --uidmap 0:100000:65536 --gidmap 0:100000:2001 --gidmap 2001:2001:1)
	NETNS=xs-t-pod
	ip netns add "$NETNS"
	_start nf.yaml fw -- 192.0.2.0/24
	nf=$PODMAN
	becomes "one with users of its own has joined" 20 _bounces
	equal "its user outside" "$(stat -c %u "/proc/$(_pid_of fw)")" 165534
	check "frames come back" tx "$TRAFFIC" -n 300 -p udp4 tx0
	_end fw "$nf" 0
	_end broker "$broker" 0
	check "each frame has one verdict" counters_add_up
}

run_tests "$@"
