/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An AF_XDP socket by plain system calls, in copy mode: to be in a slot, and to send to a
 * chosen queue of the other end of a veth. It handles one frame at a time.
 */
#ifndef SELFTESTS_PLAIN_XSK_H
#define SELFTESTS_PLAIN_XSK_H

#include <stddef.h>
#include <linux/types.h>

struct plain_ring {
	void *map;
	size_t map_bytes;
	__u32 *producer, *consumer;
	void *descs;
};

struct plain_xsk {
	int fd;
	__u8 *umem;
	struct plain_ring rx, tx, fill, completion;
};

/*
 * Binds to a queue. 0 or -errno; -EBUSY: somebody has it. Needs CAP_NET_RAW.
 * Close it in either case.
 */
int plain_xsk_open(struct plain_xsk *xsk, __u32 ifindex, __u32 queue);
/* The same, to lose frames: an RX ring of `rx_entries`, `fill_cnt` frames to fill; 32 at most. */
int plain_xsk_open_small(struct plain_xsk *xsk, __u32 ifindex, __u32 queue, __u32 rx_entries,
			 __u32 fill_cnt);
void plain_xsk_close(struct plain_xsk *xsk);

/* Sends from the queue to which it is bound, and waits for the completion. 0 or -errno. */
int plain_xsk_send(struct plain_xsk *xsk, const void *data, __u32 len);

/* Gives the kernel a descriptor to send that it refuses. 0 or -errno. */
int plain_xsk_send_invalid(struct plain_xsk *xsk);

/* Copies the next frame out. Its length, or -ETIMEDOUT, or -errno. */
int plain_xsk_receive(struct plain_xsk *xsk, void *data, __u32 size, int timeout_ms);

#endif
