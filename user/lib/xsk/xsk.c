// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An AF_XDP socket at work: moves frames between our stack and the four rings, and
 * keeps the ledger. open.c makes and binds the socket. Each step is written into the books
 * before (books.h): recover.c undoes or ends what a process that was killed has begun.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "books.h"
#include "xsk.h"

/* Far above any driver's interrupt delay. */
#define STALL_NS 100000000ull

static inline void free_frame(struct xs_xsk *x, struct xs_umem_frame *frame)
{
	frame->state = XS_FRAME_free;
	x->free_stack[x->free_cnt++] = frame - x->frames;
}

__u32 xs_xsk_refill(struct xs_xsk *x)
{
	__u32 n = x->free_cnt > x->spare ? x->free_cnt - x->spare : 0, room, idx, i;

	if (!n)
		return 0;
	/* Never more than there is room for, because reserving is all or nothing. */
	room = xsk_prod_nb_free(&x->fill, n);
	if (n > room)
		n = room;
	if (!n || xsk_ring_prod__reserve(&x->fill, n, &idx) != n)
		return 0;
	xs_books_begin(x, XS_BOOKS_refill, n, 0, idx);
	for (i = 0; i < n; i++) {
		__u32 frame = x->free_stack[--x->free_cnt];

		x->frames[frame].state = XS_FRAME_fill;
		*xsk_ring_prod__fill_addr(&x->fill, idx + i) = (__u64)frame * x->frame_size;
	}
	xs_books_barrier();
	xsk_ring_prod__submit(&x->fill, n);
	xs_books_end(x);
	x->fill_cnt += n;
	return n;
}

static inline void settle_received(struct xs_xsk *x, const struct xs_books_step *step)
{
	xs_books_set(x, rx_packets, step->packets);
	xs_books_set(x, rx_bytes, step->bytes);
	xs_books_set(x, rx_unowned, step->unowned);
}

static __u32 receive_from(struct xs_xsk *x, struct xsk_ring_cons *rx, struct xdp_desc *descs,
			  __u32 max, __u64 max_packets, __u32 *packets)
{
	__u32 n, idx, i, taken = 0, whole = 0, unowned = 0, place = xs_books_place(x, descs);
	struct xs_books_step *step;
	__u64 bytes = 0;

	*packets = 0;
	if (!max_packets)
		return 0;
	n = xsk_ring_cons__peek(rx, max, &idx);
	if (!n)
		return 0;
	step = xs_books_begin(x, XS_BOOKS_receive, n, idx, place);
	for (i = 0; i < n && whole < max_packets; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(rx, idx + i);
		struct xs_umem_frame *frame = xs_frame_of(x, desc->addr);

		if (!frame || frame->state != XS_FRAME_fill) {
			unowned++;
			continue;
		}
		frame->state = XS_FRAME_rx;
		frame->len = desc->len;
		frame->last = !(desc->options & XDP_PKT_CONTD);
		whole += frame->last;
		bytes += desc->len;
		descs[taken++] = *desc;
	}
	if (i < n)
		xsk_ring_cons__cancel(rx, n - i);
	step->n = i;
	step->moved = taken;
	step->packets = x->counters.rx_packets + whole;
	step->bytes = x->counters.rx_bytes + bytes;
	step->unowned = x->counters.rx_unowned + unowned;
	xs_books_barrier();
	xsk_ring_cons__release(rx, i);
	xs_books_barrier();
	if (place < XS_BOOKS_DESCS)
		x->books->held = place + taken;
	settle_received(x, step);
	xs_books_end(x);
	x->fill_cnt -= taken;
	x->rx_cnt += taken;
	*packets = whole;
	return taken;
}

__u32 xs_xsk_receive(struct xs_xsk *x, struct xdp_desc *descs, __u32 max, __u64 max_packets,
		     __u32 *packets)
{
	return receive_from(x, &x->rx, descs, max, max_packets, packets);
}

__u32 xs_xsk_receive_shared(struct xs_xsk *x, struct xs_xsk_shared *s, struct xdp_desc *descs,
			    __u32 max)
{
	__u32 packets;

	return receive_from(x, &s->rx, descs, max, ~0ull, &packets);
}

void xs_xsk_send(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n)
{
	__u32 idx, i;

	if (!n || xsk_ring_prod__reserve(&x->tx, n, &idx) != n)
		return;
	xs_books_begin(x, XS_BOOKS_send, n, xs_books_place(x, descs), idx);
	for (i = 0; i < n; i++) {
		struct xdp_desc *desc = xsk_ring_prod__tx_desc(&x->tx, idx + i);
		struct xs_umem_frame *frame = xs_xsk_frame(x, descs[i].addr);

		frame->state = XS_FRAME_tx;
		desc->addr = descs[i].addr;
		desc->len = descs[i].len;
		/* Any other option makes the descriptor invalid, and its frame never returns. */
		desc->options = frame->last ? 0 : XDP_PKT_CONTD;
	}
	xs_books_barrier();
	xsk_ring_prod__submit(&x->tx, n);
	xs_books_end(x);
	x->rx_cnt -= n;
	x->tx_cnt += n;
}

__u32 xs_xsk_bounce(struct xs_xsk *x, __u32 max)
{
	__u32 n, from, to, i, sent = 0;
	struct xs_books_step *step;
	__u64 bytes = 0;

	n = xsk_ring_cons__peek(&x->rx, max, &from);
	if (!n)
		return 0;
	if (xsk_ring_prod__reserve(&x->tx, n, &to) != n) {
		xsk_ring_cons__cancel(&x->rx, n);
		return 0;
	}
	step = xs_books_begin(x, XS_BOOKS_bounce, n, from, to);
	for (i = 0; i < n; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&x->rx, from + i);
		struct xs_umem_frame *frame = xs_frame_of(x, desc->addr);

		if (!frame || frame->state != XS_FRAME_fill)
			continue;
		frame->state = XS_FRAME_tx;
		frame->len = desc->len;
		frame->last = true;
		bytes += desc->len;
		*xsk_ring_prod__tx_desc(&x->tx, to + sent++) =
			(struct xdp_desc){ .addr = desc->addr, .len = desc->len };
	}
	step->moved = sent;
	step->packets = x->counters.rx_packets + sent;
	step->bytes = x->counters.rx_bytes + bytes;
	step->unowned = x->counters.rx_unowned + n - sent;
	xs_books_barrier();
	xsk_ring_cons__release(&x->rx, n);
	xs_books_barrier();
	x->tx.cached_prod -= n - sent; /* the library has no function to cancel */
	xsk_ring_prod__submit(&x->tx, sent);
	settle_received(x, step);
	xs_books_end(x);
	x->fill_cnt -= sent;
	x->tx_cnt += sent;
	return sent;
}

__u32 xs_xsk_take(struct xs_xsk *x, struct xdp_desc *descs, __u32 n)
{
	if (n > x->free_cnt)
		n = x->free_cnt;
	for (__u32 i = 0; i < n; i++) {
		__u32 number = x->free_stack[--x->free_cnt];
		struct xs_umem_frame *frame = &x->frames[number];

		frame->state = XS_FRAME_rx;
		frame->len = 0;
		frame->last = true;
		descs[i] = (struct xdp_desc){ .addr = (__u64)number * x->frame_size +
						      XS_XSK_KERNEL_HEADROOM + x->headroom };
	}
	x->rx_cnt += n;
	return n;
}

static __u32 free_all(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n)
{
	__u32 i, whole = 0;

	for (i = 0; i < n; i++) {
		struct xs_umem_frame *frame = xs_xsk_frame(x, descs[i].addr);

		whole += frame->last;
		free_frame(x, frame);
	}
	x->rx_cnt -= n;
	return whole;
}

void xs_xsk_drop(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n)
{
	if (!n)
		return;
	x->books->step.packets = x->counters.dropped;
	xs_books_begin(x, XS_BOOKS_drop, n, xs_books_place(x, descs), 0);
	xs_books_count(x, dropped, free_all(x, descs, n));
	xs_books_end(x);
}

void xs_xsk_abandon(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n)
{
	x->books->step.packets = x->counters.interrupted;
	xs_books_begin(x, XS_BOOKS_abandon, n, xs_books_place(x, descs), 0);
	xs_books_count(x, interrupted, free_all(x, descs, n));
	xs_books_end(x);
}

/* What the ring had when it was last looked at: the library looks again only once that is gone. */
static __u32 discard_known(struct xs_xsk *x, struct xsk_ring_cons *rx, __u32 *packets)
{
	__u32 n, idx, i, mine = 0, whole = 0;
	struct xs_books_step *step;

	n = xsk_ring_cons__peek(rx, rx->size, &idx);
	if (!n)
		return 0;
	step = xs_books_begin(x, XS_BOOKS_discard, n, idx, 0);
	for (i = 0; i < n; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(rx, idx + i);
		struct xs_umem_frame *frame = xs_frame_of(x, desc->addr);

		if (!frame || frame->state != XS_FRAME_fill)
			continue;
		whole += !(desc->options & XDP_PKT_CONTD);
		mine++;
		free_frame(x, frame);
	}
	step->moved = mine;
	step->packets = x->counters.discarded + whole;
	step->unowned = x->counters.rx_unowned + n - mine;
	xs_books_barrier();
	xsk_ring_cons__release(rx, n);
	xs_books_barrier();
	xs_books_set(x, discarded, step->packets);
	xs_books_set(x, rx_unowned, step->unowned);
	xs_books_end(x);
	x->fill_cnt -= mine;
	*packets += whole;
	return n;
}

static __u32 discard_from(struct xs_xsk *x, struct xsk_ring_cons *rx)
{
	__u32 packets = 0;

	while (discard_known(x, rx, &packets))
		;
	return packets;
}

__u32 xs_xsk_discard(struct xs_xsk *x)
{
	return discard_from(x, &x->rx);
}

__u32 xs_xsk_discard_shared(struct xs_xsk *x, struct xs_xsk_shared *s)
{
	return discard_from(x, &s->rx);
}

__u32 xs_xsk_reap(struct xs_xsk *x)
{
	__u32 n, idx, i, mine = 0, whole = 0;
	struct xs_books_step *step;
	__u64 bytes = 0;

	if (!x->tx_cnt)
		return 0;
	n = xsk_ring_cons__peek(&x->comp, x->comp.size, &idx);
	if (!n)
		return 0;
	step = xs_books_begin(x, XS_BOOKS_reap, n, idx, 0);
	for (i = 0; i < n; i++) {
		struct xs_umem_frame *frame =
			xs_frame_of(x, *xsk_ring_cons__comp_addr(&x->comp, idx + i));

		if (!frame || frame->state != XS_FRAME_tx)
			continue;
		bytes += frame->len;
		whole += frame->last;
		mine++;
		if (x->sent && frame->last)
			x->sent(x->sent_arg, frame);
		free_frame(x, frame);
	}
	step->moved = mine;
	step->packets = x->counters.tx_packets + whole;
	step->bytes = x->counters.tx_bytes + bytes;
	step->unowned = x->counters.tx_unowned + n - mine;
	xs_books_barrier();
	xsk_ring_cons__release(&x->comp, n);
	xs_books_barrier();
	xs_books_set(x, tx_packets, step->packets);
	xs_books_set(x, tx_bytes, step->bytes);
	xs_books_set(x, tx_unowned, step->unowned);
	xs_books_end(x);
	x->tx_cnt -= mine;
	return mine;
}

static int send_once(struct xs_xsk *x)
{
	xs_books_count(x, kicks, 1);
	/* Without MSG_DONTWAIT it fails with EOPNOTSUPP. */
	if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return 0;
	switch (errno) {
	case ENOBUFS: /* the socket's send buffer is full: completions make room */
	case EINTR:
		return -EAGAIN;
	default:
		return -errno;
	}
}

int xs_xsk_kick(struct xs_xsk *x, bool force)
{
	/* A batch needs as many calls as it has budgets. What is left waits for the next turn. */
	int tries = XS_XSK_BATCH_MAX / 32, err;

	if (!force && !xsk_ring_prod__needs_wakeup(&x->tx))
		return 0;
	while (tries--) {
		__u32 before = xs_xsk_tx_queued(x), reaped;

		err = send_once(x);
		if (err == -EBUSY && x->mode == XS_XSK_copy) {
			/* The device's queue refused the packet. Its frame still completes. */
			xs_books_count(x, tx_lost, 1);
			err = 0;
		} else if (err && err != -EAGAIN) {
			return err == -EBUSY ? -EAGAIN : err;
		}
		if (x->mode == XS_XSK_zero_copy)
			return err;
		if (!xs_xsk_tx_queued(x))
			return 0;
		reaped = xs_xsk_reap(x);
		if (!reaped && xs_xsk_tx_queued(x) == before)
			return -EAGAIN;
	}
	return -EAGAIN;
}

bool xs_xsk_tx_stalled(const struct xs_xsk *x, struct xs_tx_watch *watch, __u64 now_ns)
{
	__u32 seen = __atomic_load_n(x->tx.consumer, __ATOMIC_RELAXED) + x->comp.cached_cons;
	/* In copy mode we cannot know about what was taken: its skb may wait anywhere. */
	bool waits = x->mode == XS_XSK_zero_copy ? x->tx_cnt > 0 : xs_xsk_tx_queued(x) > 0;
	bool moves = seen != watch->seen || !waits || !watch->moved_ns;

	if (!moves && now_ns - watch->moved_ns <= STALL_NS)
		return false;
	watch->seen = seen;
	watch->moved_ns = now_ns;
	return !moves;
}

int xs_xsk_wake_rx(struct xs_xsk *x, bool force)
{
	if (!force && !xsk_ring_prod__needs_wakeup(&x->fill))
		return 0;
	xs_books_count(x, wakeups, 1);
	if (recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) >= 0 || errno == EAGAIN ||
	    errno == EBUSY || errno == EINTR)
		return 0;
	return -errno;
}

void xs_xsk_ledger(const struct xs_xsk *x, struct xs_ledger *ledger)
{
	__u32 states[XS_FRAME_MAX] = {}, i, waiting;

	memset(ledger, 0, sizeof(*ledger));
	for (i = 0; i < x->frame_cnt; i++)
		states[x->frames[i].state]++;

	ledger->total = x->frame_cnt;
	ledger->free = states[XS_FRAME_free];
	ledger->rx = states[XS_FRAME_rx];
	ledger->fill_ring =
		x->fill.cached_prod - __atomic_load_n(x->fill.consumer, __ATOMIC_ACQUIRE);
	ledger->kernel = states[XS_FRAME_fill] - ledger->fill_ring;
	/* Before the TX ring: what the kernel moves meanwhile is then in neither, not in both. */
	waiting = __atomic_load_n(x->comp.producer, __ATOMIC_ACQUIRE) - x->comp.cached_cons;
	ledger->tx_ring = xs_xsk_tx_queued(x);
	ledger->completed = waiting;
	ledger->in_flight = states[XS_FRAME_tx] - ledger->tx_ring - waiting;

	ledger->balanced = ledger->free == x->free_cnt && states[XS_FRAME_fill] == x->fill_cnt &&
			   ledger->rx == x->rx_cnt && states[XS_FRAME_tx] == x->tx_cnt &&
			   ledger->fill_ring <= states[XS_FRAME_fill] &&
			   ledger->tx_ring + waiting <= states[XS_FRAME_tx] &&
			   ledger->free + ledger->fill_ring + ledger->kernel + ledger->rx +
					   ledger->tx_ring + ledger->in_flight +
					   ledger->completed ==
				   ledger->total;
}

int xs_xsk_statistics_of(int fd, struct xdp_statistics *stats)
{
	socklen_t len = sizeof(*stats);

	/* Kernels before 5.9 fill in only the first three. */
	memset(stats, 0, sizeof(*stats));
	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, stats, &len))
		return -errno;
	return 0;
}

int xs_xsk_statistics(const struct xs_xsk *x, struct xdp_statistics *stats)
{
	return xs_xsk_statistics_of(x->fd, stats);
}

int xs_xsk_error(const struct xs_xsk *x)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return -err;
}
