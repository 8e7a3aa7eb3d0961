// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what the kernel could not do after the program's verdict. It is attached to
 * the kernel's xdp tracepoints while somebody watches, never to an interface. It looks
 * at one interface, and at the CPU map of its instance.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "../maps/failures.h"

/* The kernel's own types, with the members that are read; CO-RE finds them. */
#define KERNEL_TYPE __attribute__((preserve_access_index))
struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;
struct net {
	struct ns_common ns;
} KERNEL_TYPE;
typedef struct {
	struct net *net;
} KERNEL_TYPE possible_net_t;
struct net_device {
	int ifindex;
	possible_net_t nd_net;
} KERNEL_TYPE;
struct bpf_map {
	enum bpf_map_type map_type;
} KERNEL_TYPE;
struct bpf_redirect_info {
	__u32 map_id;
} KERNEL_TYPE;

const volatile __u32 ifindex, netns_inode, cpu_map_id;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, XS_FAILURE_KEYS);
	__type(key, struct xs_failure_key);
	__type(value, __u64);
} failures SEC(".maps");

__u64 uncounted; /* frames whose key had no room */

/* The same ifindex may be another interface in another network namespace. */
static bool is_ours(const struct net_device *dev)
{
	return BPF_CORE_READ(dev, ifindex) == (int)ifindex &&
	       BPF_CORE_READ(dev, nd_net.net, ns.inum) == netns_inode;
}

/*
 * An argument of the tracepoint, loaded as a whole. The verifier accepts no narrower
 * load, and none by a pointer that the compiler has made of two.
 */
#define ARG(ctx, i) \
	({ \
		__u64 arg; \
		asm volatile("%0 = *(u64 *)(%1 + %2)" \
			     : "=r"(arg) \
			     : "r"(ctx), "i"((i) * sizeof(__u64))); \
		arg; \
	})

static int count(__u32 kind, __u32 index, int error, __u64 frames)
{
	struct xs_failure_key key = { .kind = kind,
				      .index = index,
				      .error = error < 0 ? -error : error };
	__u64 *counter, zero = 0;

	if (!frames)
		return 0;
	counter = bpf_map_lookup_elem(&failures, &key);
	if (!counter) {
		bpf_map_update_elem(&failures, &key, &zero, BPF_NOEXIST);
		counter = bpf_map_lookup_elem(&failures, &key);
	}
	if (counter)
		*counter += frames;
	else
		__sync_fetch_and_add(&uncounted, frames);
	return 0;
}

static __u32 kind_of(__u32 map_type)
{
	switch (map_type) {
	case BPF_MAP_TYPE_XSKMAP:
		return XS_FAILURE_xsk;
	case BPF_MAP_TYPE_CPUMAP:
		return XS_FAILURE_cpu;
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return XS_FAILURE_dev;
	default:
		return XS_FAILURE_redirect;
	}
}

/* dev, prog, target, errno, then map type, map id, index; before Linux 5.13: map, index. */
SEC("raw_tp/xdp_redirect_err")
int redirect_failed(struct bpf_raw_tracepoint_args *ctx)
{
	const struct bpf_map *map = (void *)ARG(ctx, 4);
	__u32 type, index;

	if (!is_ours((void *)ARG(ctx, 0)))
		return 0;
	if (bpf_core_field_exists(struct bpf_redirect_info, map_id)) {
		type = (__u32)ARG(ctx, 4);
		index = (__u32)ARG(ctx, 6);
	} else {
		type = map ? BPF_CORE_READ(map, map_type) : 0;
		index = (__u32)ARG(ctx, 5);
	}
	return count(kind_of(type), index, (int)ARG(ctx, 3), 1);
}

/* map id, frames taken, frames dropped, CPU */
SEC("raw_tp/xdp_cpumap_enqueue")
int cpu_queue_full(struct bpf_raw_tracepoint_args *ctx)
{
	if ((__u32)ARG(ctx, 0) != cpu_map_id)
		return 0;
	return count(XS_FAILURE_cpu_queue, (__u32)ARG(ctx, 3), 0, (__u32)ARG(ctx, 2));
}

/* map id, frames taken, frames dropped; runs on that CPU */
SEC("raw_tp/xdp_cpumap_kthread")
int cpu_without_memory(struct bpf_raw_tracepoint_args *ctx)
{
	if ((__u32)ARG(ctx, 0) != cpu_map_id)
		return 0;
	return count(XS_FAILURE_cpu_kernel, bpf_get_smp_processor_id(), 0, (__u32)ARG(ctx, 2));
}

/* from, to, frames sent, frames dropped, errno */
SEC("raw_tp/xdp_devmap_xmit")
int dev_refused(struct bpf_raw_tracepoint_args *ctx)
{
	const struct net_device *to = (void *)ARG(ctx, 1);

	if (!is_ours((void *)ARG(ctx, 0)))
		return 0;
	return count(XS_FAILURE_dev_xmit, BPF_CORE_READ(to, ifindex), (int)ARG(ctx, 4),
		     (__u32)ARG(ctx, 3));
}

/* dev, frames sent, frames dropped, errno */
SEC("raw_tp/xdp_bulk_tx")
int tx_refused(struct bpf_raw_tracepoint_args *ctx)
{
	if (!is_ours((void *)ARG(ctx, 0)))
		return 0;
	return count(XS_FAILURE_tx, 0, (int)ARG(ctx, 3), (__u32)ARG(ctx, 2));
}

/* dev, prog, what the program returned */
SEC("raw_tp/xdp_exception")
int not_done(struct bpf_raw_tracepoint_args *ctx)
{
	if (!is_ours((void *)ARG(ctx, 0)))
		return 0;
	return count(XS_FAILURE_exception, (__u32)ARG(ctx, 2), 0, 1);
}

char _license[] SEC("license") = "GPL";
