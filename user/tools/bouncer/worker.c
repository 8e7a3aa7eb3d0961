// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One thread for each queue: takes packets from the RX ring, does the actions, puts
 * them on the TX ring, and returns finished frames to the fill ring. Nothing here waits
 * without limit: what cannot be done in this turn is tried again in the next.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "lib/base/clock.h"
#include "lib/base/relax.h"
#include "lib/xsk/books.h"
#include "bouncer.h"
#include "forward.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"

/* How often spinning checks clock and link: reading the clock costs 20 empty turns. */
#define IDLE_CHECK 256
/* How long --adaptive spins after the last packet: about as long as two wake-ups take. */
#define SPIN_NS 50000ull
#define DRAIN_NS 2000000000ull
/* No RCU reader holds the slot longer. So a socket that is quiet for this long stays quiet. */
#define QUIET_NS 5000000ull
#define LINK_WAIT_MS 100
#define UNBOUND_MAX 10 /* of these waits */

static inline void count(__u64 *counter, __u64 n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static enum xs_phase phase_of(const struct xs_worker *w)
{
	return __atomic_load_n(&w->bouncer->phase, __ATOMIC_ACQUIRE);
}

static void tell_main(const struct xs_worker *w)
{
	const __u64 one = 1;

	/* It can only fail when the counter is about to overflow, and then main knows. */
	if (write(w->bouncer->done_fd, &one, sizeof(one)) < 0)
		return;
}

void xs_worker_wake(struct xs_worker *w)
{
	const __u64 one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* Reserves packets of --limit. All workers together never reserve more than there are. */
static __u64 claim_packets(struct xs_worker *w)
{
	struct xs_bouncer *b = w->bouncer;
	__u64 seen = __atomic_load_n(&b->claimed, __ATOMIC_RELAXED), waiting, n;

	if (!b->opts.limit)
		return ~0ull;
	waiting = xs_xsk_waiting(&w->xsk, b->opts.batch);
	do {
		n = b->opts.limit - seen;
		if (n > waiting)
			n = waiting;
		if (!n)
			return 0;
	} while (!__atomic_compare_exchange_n(&b->claimed, &seen, seen + n, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return n;
}

static void settle_claim(struct xs_worker *w, __u64 claim, __u64 received)
{
	struct xs_bouncer *b = w->bouncer;

	if (!b->opts.limit)
		return;
	if (claim > received)
		__atomic_fetch_sub(&b->claimed, claim - received, __ATOMIC_RELAXED);
	if (received &&
	    __atomic_add_fetch(&b->received, received, __ATOMIC_RELAXED) == b->opts.limit)
		tell_main(w);
}

static bool limit_taken(const struct xs_bouncer *b)
{
	return b->opts.limit && __atomic_load_n(&b->claimed, __ATOMIC_RELAXED) == b->opts.limit;
}

static void stamp(struct xs_worker *w, const struct xdp_desc *descs, __u32 n)
{
	__u64 now = xs_monotonic_ns();
	__u32 i;

	for (i = 0; i < n; i++)
		xs_xsk_frame(&w->xsk, descs[i].addr)->received_ns = now;
}

static bool has_room(struct xs_worker *w)
{
	__u32 most = w->bouncer->opts.batch + w->xsk.books->held;

	return xs_xsk_tx_room(&w->xsk, most) == most;
}

/* Returns how many frames were received. */
static __u32 receive_and_forward(struct xs_worker *w)
{
	struct xs_xsk_books *books = w->xsk.books;
	struct xdp_desc *descs = &books->descs[books->held];
	__u64 claim = claim_packets(w);
	__u32 packets, n;

	n = xs_xsk_receive(&w->xsk, descs, w->bouncer->opts.batch, claim, &packets);
	settle_claim(w, claim, packets);
	if (n && w->bouncer->opts.latency)
		stamp(w, descs, n);
	if (n)
		xs_forward(w);
	return n;
}

/* The same, but straight to the TX ring. */
static __u32 bounce(struct xs_worker *w)
{
	__u64 claim = claim_packets(w);
	__u32 n = w->bouncer->opts.batch;

	n = xs_xsk_bounce(&w->xsk, claim < n ? claim : n);
	settle_claim(w, claim, n);
	return n;
}

/* Whether nobody looks at packets, and each has one frame. */
static bool plain(const struct xs_worker *w)
{
	return !w->xsk.sg && !w->bouncer->opts.actions && !w->bouncer->opts.latency;
}

/* One turn of the loop. Returns how many frames came or went. */
static __u32 turn(struct xs_worker *w)
{
	__u32 reaped = xs_xsk_reap(&w->xsk), n;

	xs_xsk_refill(&w->xsk);
	/* If the TX ring is full, packets wait in the RX ring, where overflow is counted. */
	if (!has_room(w))
		return reaped;
	n = plain(w) ? bounce(w) : receive_and_forward(w);
	return n ? n : reaped;
}

/* A frame that a bouncer before this one received has no time. */
static void record_latency(void *arg, const struct xs_umem_frame *frame)
{
	struct xs_worker *w = arg;

	if (frame->received_ns)
		xs_latency_record(&w->latency, xs_monotonic_ns() - frame->received_ns);
}

/*
 * If RX and TX have different NAPIs (virtio_net; igb with few queues), a socket that
 * prefers busy-polling suppresses the wake-up of one and polls the other.
 */
static void end_busy_poll(struct xs_worker *w)
{
	xs_warn(w->ctx,
		"%s queue %u: sending stalls while busy-polling: "
		"it is off for this queue from now on",
		w->bouncer->netif.name, w->queue);
	xs_xsk_end_busy_poll(&w->xsk);
	w->busy = false;
}

static void fatal(struct xs_worker *w, const char *what, int err)
{
	if (w->err)
		return;
	xs_err(w->ctx, "%s queue %u: %s: %s", w->bouncer->netif.name, w->queue, what,
	       strerror(-err));
	__atomic_store_n(&w->err, err, __ATOMIC_RELEASE);
	tell_main(w);
}

static void kick(struct xs_worker *w, bool force)
{
	int err;

	if (!force && !xs_xsk_tx_queued(&w->xsk))
		return;
	err = xs_xsk_kick(&w->xsk, force);
	w->net_down = err == -ENETDOWN || err == -ENXIO;
	/*
	 * ENXIO: unbound, mostly because the interface is gone. Then the main thread
	 * reports that first.
	 */
	if (err != -ENXIO)
		w->unbound = 0;
	if ((err && err != -EAGAIN && !w->net_down) || w->unbound > UNBOUND_MAX)
		fatal(w, "cannot send", err);
	w->unbound += err == -ENXIO;
}

/* How many ms poll() may sleep if only an event would wake it. */
static int sleep_ms(const struct xs_worker *w)
{
	if (xs_xsk_tx_queued(&w->xsk))
		return 1;
	/* Completions come without a wake-up, and without frames nothing is received. */
	if (w->xsk.tx_cnt)
		return w->xsk.fill_cnt < w->bouncer->opts.batch ? 1 : 10;
	return 1000;
}

static void sleep_until_event(struct xs_worker *w, bool link_up)
{
	struct pollfd fds[2] = {
		{ .fd = w->wake_fd, .events = POLLIN },
		{ .fd = w->xsk.fd, .events = POLLIN },
	};
	int n = 2, timeout = sleep_ms(w);
	__u64 drain;

	/* Never POLLOUT: it is nearly always set, and poll() would not sleep. */
	if (!link_up || w->net_down) {
		n = 1;
		timeout = LINK_WAIT_MS;
		w->net_down = false; /* try again after that */
	} else if (limit_taken(w->bouncer)) {
		n = 1; /* the packets in the RX ring are not for us any more */
		timeout = 10;
	}
	count(&w->sleeps, 1);
	if (poll(fds, n, timeout) > 0 && (fds[0].revents & POLLIN)) {
		if (read(w->wake_fd, &drain, sizeof(drain)) < 0)
			return;
	}
}

/* Nothing came or went in this turn. */
static void idle(struct xs_worker *w, __u32 turns)
{
	const struct xs_bouncer_opts *opts = &w->bouncer->opts;
	bool check = opts->poll || opts->adaptive || turns % IDLE_CHECK == 0, link_up;
	__u64 now;
	int err;

	err = xs_xsk_wake_rx(&w->xsk, w->busy);
	if (err && err != -ENETDOWN && err != -ENXIO)
		fatal(w, "cannot receive", err);
	if (!check && !w->net_down) {
		xs_cpu_relax();
		return;
	}
	now = xs_monotonic_ns();
	if (xs_xsk_tx_stalled(&w->xsk, &w->tx, now)) {
		count(&w->stalls, 1);
		if (w->busy)
			end_busy_poll(w);
		kick(w, true);
	}
	link_up = __atomic_load_n(&w->bouncer->link_up, __ATOMIC_ACQUIRE);
	if (!link_up || w->net_down || opts->poll || limit_taken(w->bouncer) ||
	    (opts->adaptive && now - w->active_ns > SPIN_NS))
		sleep_until_event(w, link_up);
}

static void serve(struct xs_worker *w)
{
	__u32 idle_turns = 0;

	while (phase_of(w) == XS_PHASE_run && !__atomic_load_n(&w->err, __ATOMIC_RELAXED)) {
		__u32 moved = turn(w);

		count(&w->turns.made, 1);
		kick(w, w->busy && w->xsk.tx_cnt);
		/* Busy-polling happens in system calls, so make at least one in each turn. */
		if (w->busy && moved && !w->xsk.tx_cnt)
			xs_xsk_wake_rx(&w->xsk, true);
		if (w->busy_later && w->xsk.counters.rx_packets) {
			xs_busy_recheck(w);
			tell_main(w);
		}
		if (moved && !w->net_down) {
			idle_turns = 0;
			if (w->bouncer->opts.adaptive)
				w->active_ns = xs_monotonic_ns();
		} else {
			idle(w, ++idle_turns);
		}
	}
}

/* The slot is empty already. Bounces, or throws away, what had arrived; waits for TX. */
static void drain(struct xs_worker *w, bool discard)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	__u64 now = xs_monotonic_ns(), deadline = now + DRAIN_NS, quiet_since = now;
	int err = 0;

	while ((now = xs_monotonic_ns()) < deadline) {
		__u32 moved = xs_xsk_reap(&w->xsk);

		/* The fill ring gets no more frames, so RX must come to an end. */
		if (discard || limit_taken(w->bouncer)) {
			moved += xs_xsk_discard(&w->xsk);
		} else if (has_room(w)) {
			moved += receive_and_forward(w);
		}
		if (xs_xsk_tx_queued(&w->xsk) || w->xsk.tx_cnt)
			err = xs_xsk_kick(&w->xsk, true);
		if (moved)
			quiet_since = now;
		/* A link that is down or gone accepts nothing any more. */
		if (now - quiet_since > QUIET_NS && (!w->xsk.tx_cnt || (err && err != -EAGAIN)))
			break;
		if (!moved)
			nanosleep(&pause, NULL);
	}
	/* still coming, as from a slot that could not be emptied */
	xs_xsk_discard(&w->xsk);
	xs_xsk_drop(&w->xsk, w->xsk.books->descs, w->xsk.books->held);
	w->xsk.books->held = 0;
}

static void pin_to_cpu(const struct xs_worker *w)
{
	cpu_set_t set;

	if (w->cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		xs_warn(w->ctx, "%s queue %u: cannot run on CPU %d: runs on any CPU",
			w->bouncer->netif.name, w->queue, w->cpu);
}

/* Between two batches, until main knows who goes on. */
static void stand_still(struct xs_worker *w)
{
	struct pollfd wake = { .fd = w->wake_fd, .events = POLLIN };
	__u64 drain;

	__atomic_store_n(&w->stands, true, __ATOMIC_RELEASE);
	while (phase_of(w) == XS_PHASE_stand) {
		count(&w->turns.made, 1);
		if (poll(&wake, 1, LINK_WAIT_MS) > 0 && read(w->wake_fd, &drain, sizeof(drain)) < 0)
			continue;
	}
	/* Seen before serve() looks at the phase again: main may want to stop us at once. */
	__atomic_store_n(&w->stands, false, __ATOMIC_SEQ_CST);
}

static void *work(void *arg)
{
	struct xs_worker *w = arg;
	enum xs_phase phase;

	pin_to_cpu(w);
	for (;;) {
		serve(w);
		/* After an error of its own it waits for main, which first empties the slot. */
		while (phase_of(w) == XS_PHASE_run && __atomic_load_n(&w->err, __ATOMIC_RELAXED)) {
			count(&w->turns.made, 1);
			sleep_until_event(w, false);
		}
		phase = phase_of(w);
		if (phase == XS_PHASE_stand)
			stand_still(w);
		else if (phase != XS_PHASE_run)
			break;
	}
	if (phase != XS_PHASE_leave)
		drain(w, phase == XS_PHASE_discard);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	tell_main(w);
	return NULL;
}

int xs_worker_start(struct xs_worker *w)
{
	int err;

	if (w->bouncer->opts.latency) {
		w->xsk.sent = record_latency;
		w->xsk.sent_arg = w;
	}
	err = -pthread_create(&w->thread, NULL, work, w);
	if (err) {
		xs_err(w->ctx, "cannot start a thread for queue %u: %s", w->queue, strerror(-err));
		return err;
	}
	w->started = true;
	return xs_fail_step(w->ctx, "thread");
}
