// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One queue of a broker; see worker.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/base/relax.h"
#include "lib/xsk/books.h"
#include "worker.h"

_Static_assert(XS_PARTS_MAX == XS_XSK_FRAGS_MAX, "what a chain takes can be sent");

#define BIND_WAIT_MS 1000 /* the kernel frees a queue some 20 ms after its socket was closed */
#define IDLE_MS 100 /* most delay until new NFs and the end are seen, if nothing moves */
#define POLLED_MAX 256
#define SPIN_NS 50000ull /* as the bouncer's --adaptive: about as long as two wake-ups take */
/*
 * Between two turns of spinning nobody holds the lock for so many pauses: else the main thread,
 * which has to be woken to take it, would hardly ever get it.
 */
#define SPIN_PAUSES 16

/* ---- frames between the socket and the engine ---- */

static void flush_out(struct xs_worker *w)
{
	xs_xsk_send(&w->xsk, w->out, w->out_cnt); /* the ring has an entry for each frame */
	w->out_cnt = 0;
}

static struct xdp_desc desc_of(const struct xs_worker *w, const struct xs_part *part)
{
	return (struct xdp_desc){ .addr = ((__u64)part->frame << w->xsk.frame_shift) + part->off,
				  .len = part->len };
}

static void take_end(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	struct xs_worker *w = arg;
	struct xs_part parts[XS_PARTS_MAX];
	struct xdp_desc descs[XS_PARTS_MAX];
	__u32 cnt = xs_engine_parts(w->engine, frame, parts);

	(void)held;
	for (__u32 i = 0; i < cnt; i++)
		descs[i] = desc_of(w, &parts[i]);
	if (end != XS_TO_tx) {
		xs_xsk_drop(&w->xsk, descs, cnt);
		return;
	}
	if (w->out_cnt + cnt > XS_WORKER_BATCH)
		flush_out(w);
	for (__u32 i = 0; i < cnt; i++) {
		w->xsk.frames[parts[i].frame].len = parts[i].len;
		w->out[w->out_cnt++] = descs[i];
	}
}

static bool is_main(const struct xs_entry *entry)
{
	return entry->shared.fd < 0;
}

int xs_worker_fd(const struct xs_worker *w, const struct xs_entry *entry)
{
	return is_main(entry) ? w->xsk.fd : entry->shared.fd;
}

static struct xs_part part_of(const struct xs_worker *w, const struct xdp_desc *desc)
{
	return (struct xs_part){ .frame = (__u32)(desc->addr >> w->xsk.frame_shift),
				 .off = (__u16)(desc->addr & (w->xsk.frame_size - 1)),
				 .len = (__u16)desc->len };
}

static void drop_parts(struct xs_worker *w, struct xs_entry *entry)
{
	for (__u32 i = 0; i < entry->part_cnt && i < XS_PARTS_MAX; i++) {
		struct xdp_desc desc = desc_of(w, &entry->parts[i]);

		xs_xsk_drop(&w->xsk, &desc, 1);
	}
	entry->part_cnt = 0;
}

/* The kernel can receive a packet of more frames than it can send. */
static void enter_part(struct xs_worker *w, struct xs_entry *entry, const struct xdp_desc *desc)
{
	const bool last = !(desc->options & XDP_PKT_CONTD);

	if (entry->part_cnt < XS_PARTS_MAX)
		entry->parts[entry->part_cnt] = part_of(w, desc);
	else
		xs_xsk_drop(&w->xsk, desc, 1);
	entry->part_cnt++;
	if (!last)
		return;
	entry->received++;
	if (entry->part_cnt > XS_PARTS_MAX) {
		entry->too_long++;
		/* Else it passes for one that an NF dropped. */
		xs_books_count(&w->xsk, tx_too_long, 1);
		drop_parts(w, entry);
		return;
	}
	xs_engine_enter_parts(w->engine, entry->chain, entry->parts, entry->part_cnt, 0);
	entry->part_cnt = 0;
}

static void enter_frame(struct xs_worker *w, struct xs_entry *entry, const struct xdp_desc *desc)
{
	const struct xs_part part = part_of(w, desc);

	xs_engine_enter(w->engine, entry->chain, part.frame, part.off, part.len, 0);
	entry->received++;
}

static void expect(const struct xs_worker *w, const struct xdp_desc *desc)
{
	const struct xs_part part = part_of(w, desc);

	xs_engine_expect(w->engine, part.frame, part.off);
}

static __u32 enter_from(struct xs_worker *w, struct xs_entry *entry)
{
	struct xdp_desc descs[XS_WORKER_BATCH];
	__u32 room = xs_engine_room(w->engine, entry->chain), packets, cnt;

	if (room > XS_WORKER_BATCH)
		room = XS_WORKER_BATCH;
	if (!room)
		return 0;
	cnt = is_main(entry) ? xs_xsk_receive(&w->xsk, descs, room, ~0ull, &packets)
			     : xs_xsk_receive_shared(&w->xsk, &entry->shared, descs, room);
	for (__u32 i = 0; i < cnt && i < XS_EXPECT_AHEAD; i++)
		expect(w, &descs[i]);
	for (__u32 i = 0; i < cnt; i++) {
		if (i + XS_EXPECT_AHEAD < cnt)
			expect(w, &descs[i + XS_EXPECT_AHEAD]);
		if (w->xsk.sg)
			enter_part(w, entry, &descs[i]);
		else
			enter_frame(w, entry, &descs[i]);
	}
	return cnt;
}

static __u32 enter_received(struct xs_worker *w)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < w->entry_cnt; i++)
		cnt += enter_from(w, &w->entries[i]);
	return cnt;
}

static __u32 turn_locked(struct xs_worker *w, __u32 phase)
{
	__u32 moved = xs_xsk_reap(&w->xsk);
	__u64 now = xs_monotonic_ns();

	xs_engine_set_now(w->engine, now);
	xs_xsk_refill(&w->xsk);
	if (phase == XS_WORKER_serve)
		moved += enter_received(w);
	moved += xs_engine_turn(w->engine, now);
	flush_out(w);
	return moved;
}

/* ---- the thread ---- */

/* The events that wake it: the socket of each chain that can take a frame, and NFs. */
static nfds_t list_wakes(struct xs_worker *w, struct pollfd *fds, __u32 phase)
{
	nfds_t cnt = 0;

	for (__u32 i = 0; phase == XS_WORKER_serve && i < w->entry_cnt; i++)
		if (xs_engine_room(w->engine, w->entries[i].chain))
			fds[cnt++] = (struct pollfd){ .fd = xs_worker_fd(w, &w->entries[i]),
						      .events = POLLIN };
	return cnt + xs_engine_list_wakes(w->engine, fds + cnt, POLLED_MAX - cnt);
}

static bool frames_wait(const struct xs_worker *w)
{
	for (__u32 i = 0; i < w->entry_cnt; i++)
		if (w->engine->count[w->entries[i].chain].waiting)
			return true;
	return false;
}

/* Releases the lock while it sleeps: the main thread may add and remove ports. */
static void sleep_until_something(struct xs_worker *w, __u32 phase)
{
	struct pollfd fds[POLLED_MAX];
	/* Completions in copy mode come without a wake-up. */
	int timeout = w->xsk.tx_cnt || frames_wait(w) || w->engine->paused ? 1 : IDLE_MS;
	nfds_t cnt = list_wakes(w, fds, phase);
	bool may = xs_engine_set_asleep(w->engine, true);

	pthread_mutex_unlock(&w->engine->lock);
	if (may && poll(fds, cnt, timeout) < 0)
		cnt = 0;
	pthread_mutex_lock(&w->engine->lock);
	xs_engine_set_asleep(w->engine, false);
	if (may)
		xs_engine_read_wakes(w->engine, fds, cnt);
}

/* force: TX stalls, so what was sent may wait in the driver. */
static void send_queued(struct xs_worker *w, bool force)
{
	int err;

	if (!force && !xs_xsk_tx_queued(&w->xsk))
		return;
	err = xs_xsk_kick(&w->xsk, force);
	/* The main thread itself notices a link that is down or gone. */
	if (err && err != -EAGAIN && err != -ENETDOWN && err != -ENXIO)
		__atomic_store_n(&w->err, err, __ATOMIC_RELAXED);
}

/* Nothing moved in this turn. */
static bool may_sleep(const struct xs_worker *w, __u32 phase)
{
	if (phase != XS_WORKER_serve || w->wait == XS_WORKER_poll)
		return true;
	return w->wait == XS_WORKER_adaptive && w->engine->now_ns - w->active_ns > SPIN_NS;
}

static void serve_turn(struct xs_worker *w, __u32 phase)
{
	bool spins = false;
	__u32 moved;

	pthread_mutex_lock(&w->engine->lock);
	moved = turn_locked(w, phase);
	send_queued(w, !moved && xs_xsk_tx_stalled(&w->xsk, &w->tx, w->engine->now_ns));
	xs_xsk_wake_rx(&w->xsk, false);
	if (moved) {
		w->active_ns = w->engine->now_ns;
	} else if (may_sleep(w, phase)) {
		sleep_until_something(w, phase);
	} else {
		xs_engine_announce(w->engine);
		spins = true;
	}
	pthread_mutex_unlock(&w->engine->lock);
	for (int i = 0; spins && i < SPIN_PAUSES; i++)
		xs_cpu_relax();
}

static void *serve(void *arg)
{
	struct xs_worker *w = arg;
	__u32 phase;

	while ((phase = __atomic_load_n(&w->phase, __ATOMIC_ACQUIRE)) != XS_WORKER_end) {
		serve_turn(w, phase);
		__atomic_store_n(&w->turns.made, w->turns.made + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

int xs_worker_start(struct xs_worker *w)
{
	int err = pthread_create(&w->thread, NULL, serve, w);

	w->running = !err;
	return -err;
}

void xs_worker_set_phase(struct xs_worker *w, enum xs_worker_phase phase)
{
	__atomic_store_n(&w->phase, phase, __ATOMIC_RELEASE);
	if (phase == XS_WORKER_end && w->running) {
		pthread_join(w->thread, NULL);
		w->running = false;
	}
}

__u32 xs_worker_busy(struct xs_worker *w)
{
	__u32 busy;

	pthread_mutex_lock(&w->engine->lock);
	busy = xs_engine_inside(w->engine) + w->out_cnt + w->xsk.tx_cnt;
	pthread_mutex_unlock(&w->engine->lock);
	return busy;
}

void xs_worker_discard(struct xs_worker *w)
{
	for (__u32 i = 0; i < w->entry_cnt; i++) {
		struct xs_entry *entry = &w->entries[i];

		/* Half a packet counts with its other half. */
		drop_parts(w, entry);
		entry->unread += is_main(entry) ? xs_xsk_discard(&w->xsk)
						: xs_xsk_discard_shared(&w->xsk, &entry->shared);
	}
}

/* Received, and not dropped before they entered. */
static __u64 sum_received(const struct xs_worker *w)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < w->entry_cnt; i++)
		sum += w->entries[i].received - w->entries[i].too_long;
	return sum;
}

/* Frames of packets that have not come as a whole yet. */
static __u32 sum_parts(const struct xs_worker *w)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < w->entry_cnt; i++)
		sum += w->entries[i].part_cnt < XS_PARTS_MAX ? w->entries[i].part_cnt
							     : XS_PARTS_MAX;
	return sum;
}

static __u64 sum_entered(const struct xs_worker *w)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < w->entry_cnt; i++)
		sum += w->engine->count[w->entries[i].chain].entered;
	return sum;
}

bool xs_worker_balanced(struct xs_worker *w)
{
	struct xs_ledger ledger;

	xs_xsk_ledger(&w->xsk, &ledger);
	/* Everything that the socket handed out is in the engine, and nowhere else. */
	return ledger.balanced && ledger.rx == xs_engine_inside(w->engine) + sum_parts(w) &&
	       sum_received(w) == sum_entered(w);
}

/* ---- making ---- */

static int make_engine(struct xs_worker *w, const struct xs_worker_config *config)
{
	const struct xs_engine_config engine = { .chains = config->chains,
						 .frames = w->memory.map,
						 .frame_cnt = config->frames,
						 .frame_size = config->frame_size,
						 .headroom = 0,
						 .done = take_end,
						 .arg = w };

	return xs_engine_make(&w->engine, &engine);
}

/* The kernel touches its pages when it pins them. */
static int make_frames(struct xs_worker *w, const struct xs_worker_config *config)
{
	__u64 bytes = (__u64)config->frames * config->frame_size;
	int err = -ENOMEM;

	if (config->huge) {
		err = xs_memory_make(&w->memory, "xsteer-umem", bytes,
				     XS_MEMORY_huge | XS_MEMORY_untouched);
		w->huge = !err;
	}
	if (err)
		err = xs_memory_make(&w->memory, "xsteer-umem", bytes, XS_MEMORY_untouched);
	if (!err)
		xs_memory_prefer_node(&w->memory, config->numa_node);
	return err;
}

/* Opens a socket that has only an RX ring for each chain except the first. */
static int open_entries(struct xs_worker *w, const struct xs_worker_config *config,
			const struct xs_xsk_config *socket)
{
	int err = 0;

	w->entries[0] = (struct xs_entry){ .chain = config->first, .shared.fd = -1 };
	w->entry_cnt = 1;
	for (__u32 c = 0; !err && c < config->chains->chain_cnt; c++) {
		struct xs_entry *entry = &w->entries[w->entry_cnt];

		if (c == config->first)
			continue;
		*entry = (struct xs_entry){ .chain = c };
		err = xs_xsk_open_shared(&entry->shared, &w->xsk, socket, config->rx_ring);
		if (!err)
			w->entry_cnt++;
	}
	return err;
}

int xs_worker_make(struct xs_worker *w, const struct xs_worker_config *config)
{
	struct xs_xsk_config socket = { .ctx = config->ctx,
					.ifname = config->ifname,
					.ifindex = config->ifindex,
					.queue = config->queue,
					.want = config->want,
					.no_zero_copy = config->no_zero_copy,
					.frames = config->frames,
					.frame_size = config->frame_size,
					.rx_ring = config->rx_ring,
					.tx_budget = XS_WORKER_BATCH,
					.sg = config->sg,
					.bind_wait_ms = BIND_WAIT_MS,
					.numa_node = -1 };
	int err;

	memset(w, 0, sizeof(*w));
	w->queue = config->queue;
	w->wait = config->wait;
	w->xsk.fd = -1;
	err = make_frames(w, config);
	if (!err)
		err = make_engine(w, config);
	if (err) {
		xs_err(config->ctx, "%s queue %u: no memory for %u frames: %s", config->ifname,
		       config->queue, config->frames, strerror(-err));
		return err;
	}
	socket.memory = w->memory.map;
	err = xs_xsk_open(&w->xsk, &socket);
	if (err == -EBUSY)
		xs_err(config->ctx, "%s queue %u is held by a socket that is not xsteer's",
		       config->ifname, config->queue);
	xs_memory_has_lost_pages(&w->memory); /* from now on */
	return err ? err : open_entries(w, config, &socket);
}

void xs_worker_free(struct xs_worker *w)
{
	xs_worker_set_phase(w, XS_WORKER_end);
	for (__u32 i = 1; i < w->entry_cnt; i++)
		xs_xsk_close_shared(&w->entries[i].shared);
	w->entry_cnt = 0;
	xs_xsk_close(&w->xsk);
	xs_engine_free(w->engine);
	xs_memory_free(&w->memory);
	w->engine = NULL;
}
