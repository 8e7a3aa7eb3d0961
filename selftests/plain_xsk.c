// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An AF_XDP socket by plain system calls; see plain_xsk.h. */
#include "plain_xsk.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_xdp.h>

#ifndef SOL_XDP
#define SOL_XDP 283
#endif

#define RING 32U /* entries of each ring; for each the UMEM has a frame to fill and one to send */
#define FRAME 4096U
#define UMEM_BYTES (2 * RING * FRAME)
#define BIND_MS 2000
#define TX_START (RING * FRAME)

static int map_ring(int fd, struct plain_ring *ring, const struct xdp_ring_offset *off, off_t page,
		    __u32 entries, size_t entry)
{
	ring->map_bytes = off->desc + entries * entry;
	ring->map = mmap(NULL, ring->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			 fd, page);
	if (ring->map == MAP_FAILED) {
		ring->map = NULL;
		return -errno;
	}
	ring->producer = (void *)((char *)ring->map + off->producer);
	ring->consumer = (void *)((char *)ring->map + off->consumer);
	ring->descs = (char *)ring->map + off->desc;
	return 0;
}

static int make_rings(struct plain_xsk *xsk, __u32 rx_entries)
{
	static const int options[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING,
				       XDP_TX_RING };
	struct xdp_mmap_offsets off;
	socklen_t off_bytes = sizeof(off);
	int err = 0;

	for (int i = 0; i < 4; i++) {
		__u32 entries = options[i] == XDP_RX_RING ? rx_entries : RING;

		if (setsockopt(xsk->fd, SOL_XDP, options[i], &entries, sizeof(entries)))
			return -errno;
	}
	if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &off_bytes))
		return -errno;
	err = map_ring(xsk->fd, &xsk->fill, &off.fr, XDP_UMEM_PGOFF_FILL_RING, RING, sizeof(__u64));
	if (!err)
		err = map_ring(xsk->fd, &xsk->completion, &off.cr, XDP_UMEM_PGOFF_COMPLETION_RING,
			       RING, sizeof(__u64));
	if (!err)
		err = map_ring(xsk->fd, &xsk->rx, &off.rx, XDP_PGOFF_RX_RING, rx_entries,
			       sizeof(struct xdp_desc));
	if (!err)
		err = map_ring(xsk->fd, &xsk->tx, &off.tx, XDP_PGOFF_TX_RING, RING,
			       sizeof(struct xdp_desc));
	return err;
}

static void fill(struct plain_xsk *xsk, __u64 addr)
{
	__u32 at = *xsk->fill.producer;

	((__u64 *)xsk->fill.descs)[at % RING] = addr;
	__atomic_store_n(xsk->fill.producer, at + 1, __ATOMIC_RELEASE);
}

int plain_xsk_open(struct plain_xsk *xsk, __u32 ifindex, __u32 queue)
{
	return plain_xsk_open_small(xsk, ifindex, queue, RING, RING);
}

int plain_xsk_open_small(struct plain_xsk *xsk, __u32 ifindex, __u32 queue, __u32 rx_entries,
			 __u32 fill_cnt)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP,
				     .sxdp_ifindex = ifindex,
				     .sxdp_queue_id = queue,
				     .sxdp_flags = XDP_COPY };
	struct xdp_umem_reg reg = { .len = UMEM_BYTES, .chunk_size = FRAME };
	int err;

	memset(xsk, 0, sizeof(*xsk));
	xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (xsk->fd < 0)
		return -errno;
	xsk->umem =
		mmap(NULL, UMEM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (xsk->umem == MAP_FAILED) {
		xsk->umem = NULL;
		return -errno;
	}
	reg.addr = (__u64)(unsigned long)xsk->umem;
	if (setsockopt(xsk->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return -errno;
	err = make_rings(xsk, rx_entries);
	if (err)
		return err;
	for (__u32 i = 0; i < fill_cnt; i++)
		fill(xsk, i * FRAME);
	/* a closed socket frees its queue only a grace period later */
	for (int i = 0; i < BIND_MS; i++) {
		if (!bind(xsk->fd, (struct sockaddr *)&addr, sizeof(addr)))
			return 0;
		if (errno != EBUSY)
			return -errno;
		usleep(1000);
	}
	return -EBUSY;
}

static void unmap_ring(struct plain_ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->map_bytes);
}

void plain_xsk_close(struct plain_xsk *xsk)
{
	unmap_ring(&xsk->rx);
	unmap_ring(&xsk->tx);
	unmap_ring(&xsk->fill);
	unmap_ring(&xsk->completion);
	if (xsk->fd >= 0)
		close(xsk->fd);
	if (xsk->umem)
		munmap(xsk->umem, UMEM_BYTES);
	memset(xsk, 0, sizeof(*xsk));
	xsk->fd = -1;
}

int plain_xsk_send(struct plain_xsk *xsk, const void *data, __u32 len)
{
	__u32 at = *xsk->tx.producer, done = *xsk->completion.consumer;
	struct xdp_desc *desc = (struct xdp_desc *)xsk->tx.descs + at % RING;

	if (len > FRAME)
		return -EMSGSIZE;
	memcpy(xsk->umem + TX_START, data, len);
	*desc = (struct xdp_desc){ .addr = TX_START, .len = len };
	__atomic_store_n(xsk->tx.producer, at + 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 1000; i++) {
		if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EBUSY && errno != ENOBUFS)
			return -errno;
		if (__atomic_load_n(xsk->completion.producer, __ATOMIC_ACQUIRE) != done) {
			__atomic_store_n(xsk->completion.consumer, done + 1, __ATOMIC_RELEASE);
			return 0;
		}
		usleep(1000);
	}
	return -ETIMEDOUT;
}

int plain_xsk_send_invalid(struct plain_xsk *xsk)
{
	__u32 at = *xsk->tx.producer;

	((struct xdp_desc *)xsk->tx.descs)[at % RING] =
		(struct xdp_desc){ .addr = UMEM_BYTES, .len = 64 };
	__atomic_store_n(xsk->tx.producer, at + 1, __ATOMIC_RELEASE);
	if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

int plain_xsk_receive(struct plain_xsk *xsk, void *data, __u32 size, int timeout_ms)
{
	struct pollfd pfd = { .fd = xsk->fd, .events = POLLIN };
	__u32 at = *xsk->rx.consumer;
	struct xdp_desc desc;

	if (__atomic_load_n(xsk->rx.producer, __ATOMIC_ACQUIRE) == at) {
		if (poll(&pfd, 1, timeout_ms) < 0)
			return -errno;
		if (__atomic_load_n(xsk->rx.producer, __ATOMIC_ACQUIRE) == at)
			return -ETIMEDOUT;
	}
	desc = ((struct xdp_desc *)xsk->rx.descs)[at % RING];
	if (desc.len <= size)
		memcpy(data, xsk->umem + desc.addr, desc.len);
	__atomic_store_n(xsk->rx.consumer, at + 1, __ATOMIC_RELEASE);
	fill(xsk, desc.addr / FRAME * FRAME);
	return desc.len <= size ? (int)desc.len : -EMSGSIZE;
}
