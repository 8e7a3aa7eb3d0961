/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames with correct checksums, for tests of network functions. */
#ifndef SELFTESTS_NF_FRAMES_H
#define SELFTESTS_NF_FRAMES_H

#include <stdbool.h>
#include <linux/types.h>

#include <xsteer/nf.h>

#define NF_FRAME_L4 34 /* where TCP, UDP and ICMP begin */
#define NF_FRAME6_L4 54 /* the same behind IPv6 */
#define NF_FRAME_BYTES 64

struct nf_frame {
	unsigned char bytes[NF_FRAME_BYTES];
};

/*
 * A frame of NF_FRAME_BYTES. Addresses are text; proto is IPPROTO_TCP, _UDP or _ICMP. For ICMP
 * sport is the type, with code 0, and dport the identifier.
 */
struct nf_frame nf_frame(__u8 proto, const char *saddr, __u16 sport, const char *daddr,
			 __u16 dport);

/* The same of IPv6: proto is IPPROTO_UDP or _ICMPV6, which has type and identifier as ICMP has. */
struct nf_frame nf_frame6(__u8 proto, const char *saddr, __u16 sport, const char *daddr,
			  __u16 dport);

/* Sets the bytes at the offset in IPv4's header, and corrects its checksum. */
void nf_frame_set_ip(struct nf_frame *frame, __u32 off, __u16 value);

/* Whether it is such a frame, with correct checksums, and with its MAC addresses swapped or not. */
bool nf_frame_is(const struct nf_frame *frame, __u8 proto, const char *saddr, __u16 sport,
		 const char *daddr, __u16 dport, bool swapped);

bool nf_frame6_is(const struct nf_frame *frame, __u8 proto, const char *saddr, __u16 sport,
		  const char *daddr, __u16 dport, bool swapped);

/* As xsnf_test_run() wants it. */
struct xsnf_test_packet nf_frame_packet(struct nf_frame *frame);

/* Runs an NF over one frame. Returns its verdict. */
__u8 nf_frame_run(const struct xsnf_ops *ops, struct nf_frame *frame);

/*
 * Cuts the frame at every length from 0 to `most`. Each time the NF must say so, and leave
 * every byte as it is.
 */
void nf_frame_passes_when_cut(const struct xsnf_ops *ops, const struct nf_frame *frame, __u32 most,
			      __u8 verdict);

#endif
