// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Packets of a program's socket: receive, send, give back, wait, account for. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/instance/slots.h"
#include "sized.h"
#include "socket.h"

/* If TX does not move for this long it is forced. Far above any driver's interrupt delay. */
#define STALL_NS 100000000ULL
#define LOOK_MS 1000 /* how often a wait without packets checks whether any can come */
#define KEEP_NS 1000000000ULL

static struct xsteer_packet packet_of(const struct xs_xsk *x, const struct xdp_desc *desc)
{
	__u32 front = (__u32)(desc->addr % x->frame_size);

	return (struct xsteer_packet){
		.data = xs_xsk_data(x, desc->addr),
		.len = desc->len,
		.front = front,
		.behind = x->frame_size - front - desc->len,
	};
}

int xsteer_socket_receive(struct xsteer_socket *s, struct xsteer_packet *packets, uint32_t max)
{
	struct xs_xsk *x = &s->xsk;
	__u32 n, whole;
	int err;

	xs_xsk_reap(x);
	xs_xsk_refill(x);
	n = xs_xsk_receive(x, s->descs, max < XS_XSK_BATCH_MAX ? max : XS_XSK_BATCH_MAX, ~0ULL,
			   &whole);
	for (__u32 i = 0; i < n; i++)
		packets[i] = packet_of(x, &s->descs[i]);
	if (n)
		return (int)n;
	err = xs_xsk_wake_rx(x, false);
	if (!err || err == -ENETDOWN || err == -ENXIO)
		return 0; /* xsteer_socket_wait() finds out for certain whether it is gone */
	xs_err(s->ctx, "%s queue %u: cannot receive: %s", s->netif.name, s->slot, strerror(-err));
	return err;
}

int xsteer_socket_take(struct xsteer_socket *s, struct xsteer_packet *packets, uint32_t max)
{
	struct xs_xsk *x = &s->xsk;
	__u32 n;

	xs_xsk_reap(x);
	n = xs_xsk_take(x, s->descs, max < XS_XSK_BATCH_MAX ? max : XS_XSK_BATCH_MAX);
	for (__u32 i = 0; i < n; i++)
		packets[i] = packet_of(x, &s->descs[i]);
	return (int)n;
}

/* The frame of a packet, and its descriptor, if the program holds it and the packet lies within. */
static struct xs_umem_frame *held_frame(struct xs_xsk *x, const struct xsteer_packet *packet,
					struct xdp_desc *desc)
{
	__u64 addr = (__u64)((const char *)packet->data - x->umem);
	struct xs_umem_frame *frame;

	if ((const char *)packet->data < x->umem || addr >= (__u64)x->frame_cnt * x->frame_size ||
	    packet->len > x->frame_size - addr % x->frame_size)
		return NULL;
	frame = &x->frames[addr / x->frame_size];
	*desc = (struct xdp_desc){ .addr = addr, .len = packet->len };
	return frame->state == XS_FRAME_rx ? frame : NULL;
}

static int refuse_packet(const struct xsteer_socket *s, __u32 i)
{
	xs_err(s->ctx,
	       "%s queue %u: packet %u is not one that this socket has given out, "
	       "or was given back already, or reaches beyond its frame",
	       s->netif.name, s->slot, i);
	return -EINVAL;
}

int xsteer_socket_send(struct xsteer_socket *s, const struct xsteer_packet *packets, uint32_t n)
{
	struct xs_xsk *x = &s->xsk;
	__u32 room;

	if (n > XS_XSK_BATCH_MAX)
		n = XS_XSK_BATCH_MAX;
	room = xs_xsk_tx_room(x, n);
	if (room < n) {
		xs_xsk_reap(x);
		room = xs_xsk_tx_room(x, n);
	}
	for (__u32 i = 0; i < room; i++) {
		struct xs_umem_frame *frame = held_frame(x, &packets[i], &s->descs[i]);

		/*
		 * If a packet occurs twice, the first is already on its way: so each is
		 * sent by itself.
		 */
		if (!frame || !packets[i].len) {
			int err = refuse_packet(s, i);

			return i ? (int)i : err;
		}
		frame->len = packets[i].len;
		xs_xsk_send(x, &s->descs[i], 1);
	}
	return (int)room;
}

int xsteer_socket_drop(struct xsteer_socket *s, const struct xsteer_packet *packets, uint32_t n)
{
	int err = 0;

	for (__u32 i = 0; i < n; i++) {
		struct xdp_desc desc;

		if (held_frame(&s->xsk, &packets[i], &desc))
			xs_xsk_drop(&s->xsk, &desc, 1);
		else if (!err)
			err = refuse_packet(s, i);
	}
	return err;
}

int xsteer_socket_kick(struct xsteer_socket *s)
{
	int err = xs_xsk_tx_queued(&s->xsk) ? xs_xsk_kick(&s->xsk, false) : 0;

	if (!err || err == -EAGAIN)
		return 0;
	xs_err(s->ctx, "%s queue %u: cannot send: %s", s->netif.name, s->slot, strerror(-err));
	return err;
}

/* 0; or the reason why no packet can come any more. */
static int look_whether_lost(struct xsteer_socket *s)
{
	int err = xs_xsk_error(&s->xsk);

	if (err) {
		xs_err(s->ctx, "%s queue %u: the interface is gone", s->netif.name, s->slot);
		return err;
	}
	return xs_slots_check_instance(&s->pins, &s->netif, &s->lost_times);
}

/* How many ms to sleep for packets if only an event would end the sleep. */
static int sleep_ms(const struct xs_xsk *x)
{
	if (xs_xsk_tx_queued(x))
		return 1;
	/* Completions come without a wake-up, and without frames nothing is received. */
	return x->tx_cnt ? 10 : LOOK_MS;
}

/* The work of a wait before it sleeps. Returns whether packets are waiting. */
static bool turn_rings(struct xsteer_socket *s, __u64 now, __u64 *moved_ns)
{
	struct xs_xsk *x = &s->xsk;

	if (xs_xsk_reap(x))
		*moved_ns = now;
	xs_xsk_refill(x);
	if (xs_xsk_waiting(x, 1))
		return true;
	xs_xsk_wake_rx(x, false);
	if (!x->tx_cnt)
		*moved_ns = now;
	if (xs_xsk_tx_queued(x) || now - *moved_ns > STALL_NS)
		xs_xsk_kick(x, now - *moved_ns > STALL_NS);
	return false;
}

/* A process may be killed, in the middle of work or while it waits. */
static void keep_counts(struct xsteer_socket *s, __u64 now)
{
	if (now - s->kept_ns < KEEP_NS)
		return;
	s->kept_ns = now;
	xs_socket_keep_counts(s);
}

int xsteer_socket_wait(struct xsteer_socket *s, int timeout_ms)
{
	struct pollfd fd = { .fd = s->xsk.fd, .events = POLLIN };
	__u64 now = xs_monotonic_ns(), moved_ns = now, looked_ns = now;
	__u64 until = now + (__u64)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000;

	for (;;) {
		int err, sleep = sleep_ms(&s->xsk);

		keep_counts(s, now);
		if (turn_rings(s, now, &moved_ns))
			return 1;
		if (timeout_ms >= 0 && (until - now) / 1000000 < (__u64)sleep)
			sleep = now >= until ? 0 : (int)((until - now + 999999) / 1000000);
		if (poll(&fd, 1, sleep) < 0 && errno == EINTR)
			return -EINTR;
		if (xs_xsk_waiting(&s->xsk, 1)) {
			s->lost_times = 0;
			return 1;
		}
		now = xs_monotonic_ns();
		if (fd.revents & POLLERR || now - looked_ns >= LOOK_MS * 1000000ULL) {
			looked_ns = now;
			err = look_whether_lost(s);
			if (err)
				return err;
		}
		if (timeout_ms >= 0 && now >= until)
			return 0;
	}
}

int xsteer_socket_fd(const struct xsteer_socket *s)
{
	return s->xsk.fd;
}

int xsteer_socket_info(const struct xsteer_socket *s, struct xsteer_socket_info *info)
{
	struct xsteer_socket_info own = {
		.sz = sizeof(own),
		.ifindex = s->netif.ifindex,
		.queue = s->slot,
		.slot = s->slot,
		.mode = s->xsk.mode,
		.frames = s->xsk.frame_cnt,
		.frame_size = s->xsk.frame_size,
		.fallback_errno = (__u32)s->xsk.fallback_errno,
		.flags = (s->attached ? XSTEER_SOCKET_ATTACH : 0) |
			 (s->xsk.huge ? XSTEER_SOCKET_HUGE : 0),
	};
	int err = xs_sized_check(s->ctx, info, "xsteer_socket_info");

	if (err)
		return err;
	memcpy(own.ifname, s->netif.name, sizeof(own.ifname));
	xs_sized_give(info, &own, sizeof(own));
	return 0;
}

int xsteer_socket_statistics(const struct xsteer_socket *s,
			     struct xsteer_socket_statistics *statistics)
{
	const struct xs_xsk_counters *counters = &s->xsk.counters;
	struct xsteer_socket_statistics own;
	struct xdp_statistics kernel = {};
	int err = xs_sized_check(s->ctx, statistics, "xsteer_socket_statistics");

	if (err)
		return err;
	xs_xsk_statistics(&s->xsk, &kernel); /* fails if the interface is gone */
	own = (struct xsteer_socket_statistics){
		.sz = sizeof(own),
		.rx_packets = counters->rx_packets,
		.rx_bytes = counters->rx_bytes,
		.tx_packets = counters->tx_packets,
		.tx_bytes = counters->tx_bytes,
		.dropped = counters->dropped,
		.tx_lost = counters->tx_lost,
		.kicks = counters->kicks,
		.wakeups = counters->wakeups,
		.kernel_rx_dropped = kernel.rx_dropped,
		.kernel_rx_ring_full = kernel.rx_ring_full,
		.kernel_fill_ring_empty = kernel.rx_fill_ring_empty_descs,
		.kernel_tx_ring_empty = kernel.tx_ring_empty_descs,
		.kernel_rx_invalid = kernel.rx_invalid_descs,
		.kernel_tx_invalid = kernel.tx_invalid_descs,
	};
	xs_sized_give(statistics, &own, sizeof(own));
	return 0;
}

int xsteer_socket_ledger(const struct xsteer_socket *s, struct xsteer_ledger *ledger)
{
	int err = xs_sized_check(s->ctx, ledger, "xsteer_ledger");
	struct xsteer_ledger own;
	struct xs_ledger now;

	if (err)
		return err;
	xs_xsk_ledger(&s->xsk, &now);
	own = (struct xsteer_ledger){
		.sz = sizeof(own),
		.total = now.total,
		.free = now.free,
		.fill_ring = now.fill_ring,
		.kernel = now.kernel,
		.held = now.rx,
		.tx_ring = now.tx_ring,
		.in_flight = now.in_flight,
		.completed = now.completed,
	};
	xs_sized_give(ledger, &own, sizeof(own));
	return now.balanced ? 0 : -EUCLEAN;
}
