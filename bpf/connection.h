/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's own table of connections says of a frame. Knows no rule.
 *
 * XDP is before the kernel's connection tracking: the table is as the frames before this one have
 * left it. So a state here is what tracking would give the frame if it found it in order, and a
 * frame of no known connection is new.
 */
#ifndef XSTEER_CONNECTION_H
#define XSTEER_CONNECTION_H

#include "packet.h"

/* Whether the kernel has the functions below. Set before loading: without, none is called. */
const volatile bool connections;
/* For `xsteer-rules explain`, which does not ask: the state that is assumed. */
const volatile __u32 explain_ct_state;

/* What is read of the kernel's struct nf_conn, wherever that has it. */
struct nf_conn___status {
	unsigned long status;
} __attribute__((preserve_access_index));

/* The kernel's struct bpf_ct_opts as it was at first, which newer kernels take as well. */
struct ct_opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir; /* set by the kernel */
	__u8 reserved[2];
};

#define CT_NETNS_OF_FRAME (-1)
#define CT_DIR_REPLY 1
/* Of enum ip_conntrack_status. */
#define CT_EXPECTED 1UL
#define CT_SEEN_REPLY 2UL

extern struct nf_conn___status *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple,
						  __u32 tuple_bytes, struct ct_opts *opts,
						  __u32 opts_bytes) __ksym __weak;
extern void bpf_ct_release(struct nf_conn___status *ct) __ksym __weak;

/*
 * What of a frame tells its connection. A copy, because a packet whose address is passed on would
 * lie in memory for all of the program, and not in registers.
 */
struct ends {
	__u64 addr[4]; /* as in the key */
	__u64 l4; /* likewise */
	__u64 is_ipv6;
};

static __always_inline struct nf_conn___status *find_ipv4(struct xdp_md *ctx,
							  const struct ends *ends,
							  struct ct_opts *opts)
{
	struct bpf_sock_tuple tuple = {
		.ipv4 = { .saddr = bpf_htonl(ends->addr[0] >> 32),
			  .daddr = bpf_htonl(ends->addr[0]),
			  .sport = bpf_htons(ends->l4 >> XS_KEY_sport_shift),
			  .dport = bpf_htons(ends->l4 >> XS_KEY_dport_shift) },
	};

	return bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple.ipv4), opts, sizeof(*opts));
}

static __always_inline struct nf_conn___status *find_ipv6(struct xdp_md *ctx,
							  const struct ends *ends,
							  struct ct_opts *opts)
{
	struct bpf_sock_tuple tuple = {};

	for (int i = 0; i < 2; i++) {
		tuple.ipv6.saddr[2 * i] = bpf_htonl(ends->addr[i] >> 32);
		tuple.ipv6.saddr[2 * i + 1] = bpf_htonl(ends->addr[i]);
		tuple.ipv6.daddr[2 * i] = bpf_htonl(ends->addr[2 + i] >> 32);
		tuple.ipv6.daddr[2 * i + 1] = bpf_htonl(ends->addr[2 + i]);
	}
	tuple.ipv6.sport = bpf_htons(ends->l4 >> XS_KEY_sport_shift);
	tuple.ipv6.dport = bpf_htons(ends->l4 >> XS_KEY_dport_shift);
	return bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple.ipv6), opts, sizeof(*opts));
}

/* enum xs_ct_state, as the kernel's resolve_normal_ct() tells it; or XS_KEY_NO_CT_STATE. */
static __noinline __u64 ct_state(struct xdp_md *ctx, const struct ends *ends)
{
	struct ct_opts opts = { .netns_id = CT_NETNS_OF_FRAME };
	struct nf_conn___status *ct;
	__u64 status;

	if (!ctx || !ends)
		return XS_KEY_NO_CT_STATE;
	opts.l4proto = ends->l4 >> XS_KEY_l4proto_shift;
	/* The kernel answers for no other protocol; and later fragments have no ports. */
	if ((opts.l4proto != IPPROTO_TCP && opts.l4proto != IPPROTO_UDP) ||
	    ends->l4 >> XS_KEY_sport_shift & XS_KEY_NO_PORT)
		return XS_KEY_NO_CT_STATE;
	if (explaining)
		return explain_ct_state;
	if (!connections)
		return XS_KEY_NO_CT_STATE;
	ct = ends->is_ipv6 ? find_ipv6(ctx, ends, &opts) : find_ipv4(ctx, ends, &opts);
	if (!ct)
		return XS_CT_STATE_new;
	status = ct->status;
	bpf_ct_release(ct);
	if (opts.dir == CT_DIR_REPLY || status & CT_SEEN_REPLY)
		return XS_CT_STATE_established;
	return status & CT_EXPECTED ? XS_CT_STATE_related : XS_CT_STATE_new;
}

#endif
