// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The successor's end of a hand-over; see take.h, and hand.h for the messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/clock.h"
#include "lib/base/failstep.h"
#include "lib/base/listen.h"
#include "lib/base/passfd.h"
#include "lib/base/wait.h"
#include "lib/xsk/books.h"
#include "bouncer.h"
#include "events.h"
#include "totals.h"
#include "tools/cli/cli.h"

#define ANSWER_MS 5000

void xs_take_init(struct xs_take *take)
{
	*take = (struct xs_take){ .fd = -1, .listen_fd = -1, .map_fd = -1, .link_fd = -1 };
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void xs_take_close(struct xs_take *take)
{
	for (__u32 i = 0; i < take->queue_cnt; i++)
		for (int k = 0; k < XS_PASSED_MAX; k++)
			close_one(&take->queues[i].fds[k]);
	free(take->queues);
	take->queues = NULL;
	take->queue_cnt = 0;
	close_one(&take->listen_fd);
	close_one(&take->map_fd);
	close_one(&take->link_fd);
	close_one(&take->fd);
}

/* ---- talking ---- */

static void say_nobody(const struct xs_bouncer *b, const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		xs_err(b->cli->ctx,
		       "%s queue %s: there is no bouncer to take over from: nobody listens at %s; "
		       "give -Q as it has it ('xsteer-maps sockets %s' shows who holds which "
		       "queue), or start without --take-over",
		       b->netif.name, b->opts.queue_text, path, b->netif.name);
	else
		xs_err(b->cli->ctx, "cannot ask the bouncer at %s: %s%s", path, strerror(-err),
		       err == -EACCES ? ": run as root, or as the bouncer's user" : "");
}

static int dial(struct xs_bouncer *b)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char path[XS_HAND_PATH_MAX];
	int err = xs_give_path(b, path), fd;

	if (err)
		return err;
	memcpy(addr.sun_path, path, sizeof(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		err = -errno;
		say_nobody(b, path, err);
	} else if (!xs_peer_is_trusted(fd)) {
		err = -EPERM;
		xs_err(b->cli->ctx, "%s: who listens there is neither root nor this user", path);
	}
	if (err) {
		close_one(&fd);
		return err;
	}
	b->take.fd = fd;
	memcpy(b->give.path, path, sizeof(path));
	return xs_fail_step(b->cli->ctx, "ask");
}

static int say(struct xs_bouncer *b, const union xs_hand_msg *msg)
{
	return xs_send_with_fds(b->take.fd, msg, xs_hand_bytes(msg->head.type), NULL, 0);
}

static void say_wrong(const struct xs_bouncer *b, const union xs_hand_msg *msg, int err)
{
	struct xsteer_ctx *ctx = b->cli->ctx;
	const char *ifname = b->netif.name;

	if (err == -ECONNREFUSED)
		xs_err(ctx, "%s: %s", ifname, msg->refuse.why);
	else if (err == -EPROTONOSUPPORT)
		xs_err(ctx,
		       "%s: the running bouncer hands over by version %u of the protocol, "
		       "this one takes over by version %u: stop it, then start without --take-over",
		       ifname, msg->head.version, XS_HAND_VERSION);
	else if (err != -EINTR)
		xs_err(ctx, "%s: the running bouncer does not hand over: %s", ifname,
		       strerror(-err));
}

/* A message and its descriptors, which are the caller's after 0. 0 or -errno, logged. */
static int hear(struct xs_bouncer *b, union xs_hand_msg *msg, enum xs_hand_type wanted, int *fds)
{
	int got[XS_PASSED_FDS_MAX], err;
	unsigned int cnt = 0;
	ssize_t bytes;

	err = xs_wait_readable(b->cli->ctx, b->take.fd, ANSWER_MS);
	if (!err) {
		bytes = xs_receive_with_fds(b->take.fd, msg, sizeof(*msg), got, &cnt);
		/* It closed before it read all of ours; what it has said is behind this error. */
		if (bytes == -ECONNRESET)
			bytes = xs_receive_with_fds(b->take.fd, msg, sizeof(*msg), got, &cnt);
		err = bytes < 0 ? (int)bytes
		      : !bytes	? -ECONNRESET
				: xs_hand_check(msg, (size_t)bytes, cnt, wanted);
	}
	if (!err) {
		if (fds)
			memcpy(fds, got, cnt * sizeof(int));
		return 0;
	}
	while (cnt)
		close(got[--cnt]);
	say_wrong(b, msg, err);
	return err;
}

/* ---- what is offered ---- */

static int hear_offer(struct xs_bouncer *b)
{
	int fds[XS_PASSED_FDS_MAX] = { -1, -1, -1 };
	struct xs_take *take = &b->take;
	union xs_hand_msg msg;
	int err = hear(b, &msg, XS_HAND_offer, fds);

	if (err)
		return err;
	take->offer = msg.offer;
	take->listen_fd = fds[0];
	take->map_fd = msg.offer.source == XS_HAND_instance ? -1 : fds[1];
	take->link_fd = msg.offer.source == XS_HAND_object ? fds[2] : -1;
	take->queues = calloc(msg.offer.queue_cnt, sizeof(*take->queues));
	if (take->queues)
		return 0;
	xs_err(b->cli->ctx, "no memory for %u queues", msg.offer.queue_cnt);
	return -ENOMEM;
}

static int hear_queue(struct xs_bouncer *b)
{
	struct xs_take_queue *queue = &b->take.queues[b->take.queue_cnt];
	union xs_hand_msg msg;
	int err = hear(b, &msg, XS_HAND_queue, queue->fds);

	if (err)
		return err;
	queue->queue = msg.queue.queue;
	queue->since_ns = msg.queue.since_ns;
	queue->shape = msg.queue.shape;
	b->take.queue_cnt++;
	return 0;
}

static bool has_queue(const struct xs_bouncer_opts *opts, __u32 queue)
{
	for (__u32 i = 0; i < opts->queue_cnt; i++)
		if (opts->queues[i] == queue)
			return true;
	return false;
}

/* A socket stays in its thread's process: all queues go, or none. In the other's order from now on. */
static int compare_queues(struct xs_bouncer *b)
{
	const struct xs_take *take = &b->take;
	bool same = take->queue_cnt == b->opts.queue_cnt;

	for (__u32 i = 0; same && i < take->queue_cnt; i++)
		same = has_queue(&b->opts, take->queues[i].queue);
	if (!same) {
		xs_err(b->cli->ctx,
		       "%s: process %d has %u queues, from %u on, and hands over all or none: "
		       "give -Q as it has it ('xsteer-maps sockets %s' shows them)",
		       b->netif.name, take->from, take->queue_cnt, take->queues[0].queue,
		       b->netif.name);
		return -EINVAL;
	}
	for (__u32 i = 0; i < take->queue_cnt; i++)
		b->opts.queues[i] = take->queues[i].queue;
	return 0;
}

const char *xs_take_differs(const struct xs_bouncer_opts *opts, const struct xs_xsk_shape *shape,
			    __u32 *asked, __u32 *has)
{
	const struct {
		const char *option;
		__u32 asked, has; /* asked 0: nothing was said */
	} rows[] = {
		{ "--frames", opts->frames, shape->frames },
		{ "--frame-size", opts->frame_size, shape->frame_size },
		{ "--ring", opts->ring, shape->ring },
		{ "--headroom", opts->headroom, shape->headroom },
		{ "--unaligned", opts->unaligned, shape->unaligned },
		{ "--huge", opts->huge, shape->huge },
		{ "-c", opts->want == XS_XSK_copy, shape->mode == XS_XSK_copy },
		{ "-z", opts->want == XS_XSK_zero_copy, shape->mode == XS_XSK_zero_copy },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].asked || rows[i].asked == rows[i].has)
			continue;
		*asked = rows[i].asked;
		*has = rows[i].has;
		return rows[i].option;
	}
	return NULL;
}

static __u32 source_of(const struct xs_bouncer_opts *opts)
{
	return opts->object					? XS_HAND_object
	       : opts->xskmap || opts->uds || opts->map_fd >= 0 ? XS_HAND_map
								: XS_HAND_instance;
}

bool xs_take_fits(const struct xs_bouncer *b)
{
	const struct xs_take *take = &b->take;
	const struct xs_bouncer_opts *opts = &b->opts;
	bool fits = take->offer.ifindex == b->netif.ifindex &&
		    take->offer.source == source_of(opts) && take->queue_cnt == opts->queue_cnt &&
		    !opts->busy_poll;
	__u32 asked, has;

	for (__u32 i = 0; fits && i < take->queue_cnt; i++)
		fits = has_queue(opts, take->queues[i].queue) &&
		       !xs_take_differs(opts, &take->queues[i].shape, &asked, &has);
	return fits &&
	       (opts->mode == XS_MODE_AUTO || !strcmp(take->offer.mode, xs_mode_names[opts->mode]));
}

static int compare_shapes(const struct xs_bouncer *b)
{
	const struct xs_take *take = &b->take;
	__u32 asked, has;

	for (__u32 i = 0; i < take->queue_cnt; i++) {
		const char *option =
			xs_take_differs(&b->opts, &take->queues[i].shape, &asked, &has);

		if (!option)
			continue;
		if (has || asked > 1)
			xs_err(b->cli->ctx,
			       "%s queue %u: %s %u: the socket of process %d has %u, "
			       "which stays as long as the socket: leave %s out",
			       b->netif.name, take->queues[i].queue, option, asked, take->from, has,
			       option);
		else
			xs_err(b->cli->ctx,
			       "%s queue %u: %s: the socket of process %d was made without it, "
			       "and stays as it is: leave %s out",
			       b->netif.name, take->queues[i].queue, option, take->from, option);
		return -EINVAL;
	}
	return 0;
}

static int compare_mode(const struct xs_bouncer *b)
{
	const enum xs_mode asked = b->opts.mode;
	const char *option = asked == XS_MODE_SKB ? "-S" : "-N";

	if (asked == XS_MODE_AUTO || !strcmp(b->take.offer.mode, xs_mode_names[asked]))
		return 0;
	xs_err(b->cli->ctx,
	       "%s: the program of process %d is attached in %s mode, and stays so: leave %s out",
	       b->netif.name, b->take.from, b->take.offer.mode, option);
	return -EINVAL;
}

void xs_take_learn_shapes(struct xs_bouncer *b)
{
	struct xs_bouncer_opts *opts = &b->opts;

	for (__u32 i = 0; i < b->take.queue_cnt; i++) {
		const struct xs_xsk_shape *shape = &b->take.queues[i].shape;

		if (!i || shape->frames < opts->frames)
			opts->frames = shape->frames;
		if (!i || shape->ring < opts->ring)
			opts->ring = shape->ring;
		opts->frame_size = shape->frame_size;
		opts->headroom = shape->headroom;
		opts->huge = shape->huge;
		opts->unaligned = shape->unaligned;
	}
}

int xs_take_ask(struct xs_bouncer *b)
{
	struct ucred peer = {};
	socklen_t len = sizeof(peer);
	union xs_hand_msg hello;
	int err = dial(b);

	if (err)
		return err;
	getsockopt(b->take.fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	b->take.from = peer.pid;
	xs_hand_begin(&hello, XS_HAND_hello);
	hello.hello.ifindex = b->netif.ifindex;
	say(b, &hello); /* if it does not hear, it does not answer */
	err = hear_offer(b);
	while (!err && b->take.queue_cnt < b->take.offer.queue_cnt)
		err = hear_queue(b);
	if (!err)
		err = xs_fail_step(b->cli->ctx, "offer");
	if (!err)
		err = compare_queues(b);
	if (!err)
		err = compare_shapes(b);
	if (!err)
		err = compare_mode(b);
	if (!err)
		xs_take_learn_shapes(b);
	return err;
}

/* ---- mapping ---- */

static int adopt(struct xs_bouncer *b, __u32 i)
{
	struct xs_take_queue *queue = &b->take.queues[i];
	const struct xs_xsk_config cfg = { .ctx = b->cli->ctx,
					   .ifname = b->netif.name,
					   .queue = queue->queue };
	int err = xs_xsk_adopt(&b->workers[i].xsk, &cfg, &queue->shape, queue->fds);

	for (int k = 0; k < XS_PASSED_MAX; k++)
		queue->fds[k] = -1;
	if (err == -EBUSY)
		xs_err(b->cli->ctx,
		       "%s queue %u: this kernel lets no other process map the rings of a bound "
		       "socket (Linux 6.4 does): process %d goes on; to replace it, "
		       "stop it and start without --take-over: "
		       "the kernel gets the frames meanwhile",
		       b->netif.name, queue->queue, b->take.from);
	return err;
}

int xs_take_map(struct xs_bouncer *b)
{
	int err = 0;

	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = adopt(b, i);
	if (!err)
		err = xs_fail_step(b->cli->ctx, "adopt");
	if (!err)
		err = xs_steer_adopt(b->cli, &b->steer, &b->opts, &b->take);
	return err ? err : xs_fail_step(b->cli->ctx, "adopt steering");
}

/* ---- the moment ---- */

static void begin_worker(struct xs_worker *w, const struct xs_hand_give *give)
{
	struct xs_xsk_books *books = w->xsk.books;

	books->held = give->held;
	books->skipping = give->skipping;
	memcpy(books->descs, give->descs, give->held * sizeof(give->descs[0]));
	w->stalls = give->stalls;
	w->sleeps = give->sleeps;
}

static int hear_give(struct xs_bouncer *b, struct xs_worker *w)
{
	union xs_hand_msg msg;
	int err = hear(b, &msg, XS_HAND_give, NULL);

	if (err)
		return err;
	if (msg.give.queue != w->queue || xs_xsk_go_on(&w->xsk, &msg.give.standing)) {
		xs_err(b->cli->ctx,
		       "%s queue %u: the account of frames of process %d does not add up: "
		       "it goes on",
		       b->netif.name, w->queue, b->take.from);
		return -EUCLEAN;
	}
	begin_worker(w, &msg.give);
	return 0;
}

/* After this the other touches nothing any more; if it could not be said, it still does. */
static int say_taken(struct xs_bouncer *b)
{
	union xs_hand_msg taken;
	int err;

	xs_hand_begin(&taken, XS_HAND_taken);
	err = say(b, &taken);
	if (err)
		xs_err(b->cli->ctx, "%s: process %d did not wait: it goes on", b->netif.name,
		       b->take.from);
	return err;
}

static void go_on(struct xs_bouncer *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_xsk_begin_anew(&b->workers[i].xsk, b->opts.batch);
	b->start_ns = b->last_ns = xs_monotonic_ns();
	b->first = b->last = xs_totals_of(b).xsk;
	b->take.received = b->first.rx_packets;
	__atomic_store_n(&b->phase, XS_PHASE_run, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
}

void xs_take_listen(struct xs_bouncer *b)
{
	b->give.listen_fd = b->take.listen_fd;
	b->take.listen_fd = -1;
	listen(b->give.listen_fd, 16);
}

int xs_take_all(struct xs_bouncer *b)
{
	union xs_hand_msg ready;
	int err = 0;

	xs_hand_begin(&ready, XS_HAND_ready);
	say(b, &ready);
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = hear_give(b, &b->workers[i]);
	if (!err)
		err = xs_fail_step(b->cli->ctx, "given");
	if (!err)
		err = say_taken(b);
	if (err)
		return err;
	b->given = false;
	go_on(b);
	xs_take_listen(b);
	err = xs_steer_own(&b->steer, b->workers, b->worker_cnt, false);
	xs_take_close(&b->take);
	return err;
}
