/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What flood's BPF programs and its user side share: the frame and the counters. */
#ifndef SELFTESTS_PROGS_FLOOD_H
#define SELFTESTS_PROGS_FLOOD_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>
#include <linux/udp.h>

#define FLOOD_CPUS 256 /* a power of two; state is indexed by CPU number */
#define FLOOD_FIRST_PORT 10000

/*
 * How many frames later a second copy is still recognised. This is far more than can be
 * on the way: a veth queues 256, and a UMEM has some thousands.
 */
#define FLOOD_WINDOW 65536

/* In native byte order: only the sender itself reads it. */
struct flood_stamp {
	__u32 run; /* of the process: frames of another are not ours */
	__u64 number;
	__u64 sent_ns; /* CLOCK_MONOTONIC; 0 unless latency is measured */
} __attribute__((packed));

struct flood_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct flood_stamp stamp;
} __attribute__((packed));

/* What a sender writes, on its CPU only, in cache lines of its own. */
struct flood_sender {
	__u64 first; /* its first frame's number; the next is `senders` further */
	__u64 sent;
	__u64 next_ns; /* when the next burst is due */
	__u32 burst_left;
	__u32 flow;
} __attribute__((aligned(64)));

/* What came back on one CPU. */
struct flood_sink {
	__u64 returned, returned_bytes;
	__u64 duplicated;
	__u64 resized; /* it has our stamp, but another length */
	__u64 foreign;
} __attribute__((aligned(64)));

#endif
