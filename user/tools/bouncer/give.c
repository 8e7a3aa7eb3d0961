// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The running bouncer's end of a hand-over; see give.h, and hand.h for the messages. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/listen.h"
#include "lib/base/passfd.h"
#include "lib/xsk/books.h"
#include "bouncer.h"
#include "events.h"
#include "hand.h"
#include "keep.h"
#include "tools/cli/cli.h"

#define SEND_MS 1000 /* how long a successor may take to read */
#define READY_NS 10000000000ull /* to map what it was offered */
#define STOP_NS 1000000000ull /* how long the threads may take to come to a stop */
#define TAKEN_MS 1000 /* how long they may stand still; a successor takes some 100 us */
#define LEFT_MS 2000 /* until the successor has written its rows of owners */

void xs_give_init(struct xs_give *give)
{
	*give = (struct xs_give){ .listen_fd = -1, .peer_fd = -1 };
}

/* ---- the path ---- */

static __u32 lowest_queue(const struct xs_bouncer *b)
{
	__u32 lowest = b->opts.queues[0];

	for (__u32 i = 1; i < b->opts.queue_cnt; i++)
		if (b->opts.queues[i] < lowest)
			lowest = b->opts.queues[i];
	return lowest;
}

int xs_give_path(const struct xs_bouncer *b, char path[XS_HAND_PATH_MAX])
{
	struct stat ns = {};
	int err;

	if (b->opts.socket) {
		if (snprintf(path, XS_HAND_PATH_MAX, "%s", b->opts.socket) < XS_HAND_PATH_MAX)
			return 0;
		xs_err(b->cli->ctx,
		       "--socket %s: longer than the %d bytes a socket's path may have",
		       b->opts.socket, XS_HAND_PATH_MAX - 1);
		return -ENAMETOOLONG;
	}
	if (stat("/proc/self/ns/net", &ns)) {
		err = -errno;
		xs_err(b->cli->ctx, "cannot tell the network namespace: /proc/self/ns/net: %s",
		       strerror(-err));
		return err;
	}
	/* By index, since an interface may be renamed, and its name may stand for two. */
	snprintf(path, XS_HAND_PATH_MAX, XS_HAND_DIR "/%llu-%u-%u", (unsigned long long)ns.st_ino,
		 b->netif.ifindex, lowest_queue(b));
	return 0;
}

/* Of this user or root, and closed to all others. */
static bool directory_is_ours(void)
{
	struct stat st;

	mkdir("/run/xsteer", 0755);
	mkdir(XS_HAND_DIR, 0700);
	return !lstat(XS_HAND_DIR, &st) && S_ISDIR(st.st_mode) &&
	       (!st.st_uid || st.st_uid == geteuid()) && !(st.st_mode & 077);
}

int xs_give_listen(struct xs_bouncer *b)
{
	char path[XS_HAND_PATH_MAX];
	int err = xs_give_path(b, path), fd;

	if (err)
		return b->opts.socket ? err : 0;
	if (!b->opts.socket && (!directory_is_ours() || access(XS_HAND_DIR, W_OK | X_OK))) {
		xs_info(b->cli->ctx,
			"%s: nobody can take over from this bouncer: " XS_HAND_DIR
			" is not this user's; --socket PATH names another place",
			b->netif.name);
		return 0;
	}
	if (!b->opts.socket)
		xs_listen_sweep(b->cli->ctx, path);
	fd = xs_listen_at(b->cli->ctx, path, 0600);
	if (fd < 0)
		return b->opts.socket ? fd : 0;
	b->give.listen_fd = fd;
	memcpy(b->give.path, path, sizeof(path));
	return 0;
}

void xs_give_close(struct xs_bouncer *b)
{
	if (b->give.peer_fd >= 0)
		close(b->give.peer_fd);
	if (b->give.listen_fd >= 0) {
		if (!b->given)
			xs_listen_remove(b->give.path);
		close(b->give.listen_fd);
	}
	xs_give_init(&b->give);
}

/* ---- what is said ---- */

int xs_give_say(int fd, const union xs_hand_msg *msg, const int *fds, unsigned int cnt)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	size_t bytes = xs_hand_bytes(msg->head.type);
	int err = xs_send_with_fds(fd, msg, bytes, fds, cnt);

	while (err == -EAGAIN && poll(&writable, 1, SEND_MS) > 0)
		err = xs_send_with_fds(fd, msg, bytes, fds, cnt);
	return err;
}

static void __attribute__((format(printf, 2, 3))) refuse(int fd, const char *fmt, ...)
{
	union xs_hand_msg msg;
	va_list args;

	xs_hand_begin(&msg, XS_HAND_refuse);
	va_start(args, fmt);
	vsnprintf(msg.refuse.why, sizeof(msg.refuse.why), fmt, args);
	va_end(args);
	xs_give_say(fd, &msg, NULL, 0);
}

static void forget_peer(struct xs_give *give)
{
	close(give->peer_fd);
	give->peer_fd = -1;
	give->offered = false;
}

/* 0 or -errno as xs_hand_check(); descriptors that nobody asked for are closed. */
static int hear(struct xs_give *give, union xs_hand_msg *msg, enum xs_hand_type wanted)
{
	int fds[XS_PASSED_FDS_MAX], err;
	unsigned int cnt;
	ssize_t bytes = xs_receive_with_fds(give->peer_fd, msg, sizeof(*msg), fds, &cnt);

	if (bytes <= 0)
		return bytes < 0 && bytes != -EMSGSIZE && bytes != -EPROTO ? (int)bytes
		       : bytes						   ? -EPROTO
									   : -ECONNRESET;
	err = xs_hand_check(msg, (size_t)bytes, cnt, wanted);
	while (cnt)
		close(fds[--cnt]);
	return err;
}

/* As one does that only looked whether somebody listens here (xs_listen_sweep()). */
static bool has_left(int fd)
{
	struct pollfd hung_up = { .fd = fd, .events = POLLRDHUP };

	return poll(&hung_up, 1, 0) > 0;
}

void xs_give_accept(struct xs_bouncer *b)
{
	struct xs_give *give = &b->give;
	int fd = accept4(give->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (give->peer_fd >= 0 && has_left(give->peer_fd))
		forget_peer(give);
	if (!xs_peer_is_trusted(fd))
		refuse(fd, "only root and the user of process %d may take over from it", getpid());
	else if (give->peer_fd >= 0)
		refuse(fd, "another process is about to take over from process %d", getpid());
	if (give->peer_fd >= 0 || !xs_peer_is_trusted(fd)) {
		close(fd);
		return;
	}
	give->peer_fd = fd;
	give->asked_ns = xs_monotonic_ns();
	give->offered = false;
}

void xs_give_check(struct xs_bouncer *b)
{
	if (b->give.peer_fd < 0 || xs_monotonic_ns() - b->give.asked_ns < READY_NS)
		return;
	refuse(b->give.peer_fd, "process %d has waited too long", getpid());
	forget_peer(&b->give);
}

/* ---- the offer ---- */

__u32 xs_give_source(const struct xs_steer *steer)
{
	return steer->kind == XS_STEER_map	? XS_HAND_map
	       : steer->kind == XS_STEER_object ? XS_HAND_object
						: XS_HAND_instance;
}

void xs_give_describe(const struct xs_bouncer *b, __u32 i, union xs_hand_msg *msg,
		      int fds[XS_PASSED_MAX])
{
	xs_hand_begin(msg, XS_HAND_queue);
	msg->queue.queue = b->workers[i].queue;
	msg->queue.since_ns = b->steer.since_ns[i];
	xs_xsk_pass(&b->workers[i].xsk, &msg->queue.shape, fds);
}

int xs_give_queue(const struct xs_bouncer *b, int fd, __u32 i)
{
	int fds[XS_PASSED_MAX];
	union xs_hand_msg msg;

	xs_give_describe(b, i, &msg, fds);
	return xs_give_say(fd, &msg, fds, XS_PASSED_MAX);
}

static int offer(const struct xs_bouncer *b)
{
	const struct xs_steer *steer = &b->steer;
	const int fds[] = { b->give.listen_fd, steer->map_fd, steer->link_fd };
	const __u32 source = xs_give_source(steer);
	unsigned int cnt = 1 + (source != XS_HAND_instance) + (source == XS_HAND_object);
	union xs_hand_msg msg;
	int err;

	xs_hand_begin(&msg, XS_HAND_offer);
	msg.offer.ifindex = b->netif.ifindex;
	msg.offer.queue_cnt = b->worker_cnt;
	msg.offer.map_id = steer->map_id;
	snprintf(msg.offer.mode, sizeof(msg.offer.mode), "%s", steer->mode);
	msg.offer.source = source;
	err = xs_give_say(b->give.peer_fd, &msg, fds, cnt);
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = xs_give_queue(b, b->give.peer_fd, i);
	return err;
}

/* NULL: it can have what it wants. */
static const char *why_not(const struct xs_bouncer *b, const union xs_hand_msg *hello)
{
	if (hello->hello.ifindex != b->netif.ifindex)
		return "serves another interface";
	if (b->busy.wanted)
		return "busy-polls, and the settings of the interface are its own: stop it, "
		       "then start without --take-over";
	return NULL;
}

static int on_hello(struct xs_bouncer *b)
{
	int peer = b->give.peer_fd, err;
	union xs_hand_msg hello;
	const char *why;

	err = hear(&b->give, &hello, XS_HAND_hello);
	if (err == -EPROTONOSUPPORT)
		refuse(peer,
		       "process %d hands over by version %u of the protocol, "
		       "and was asked by version %u: stop it, then start without --take-over",
		       getpid(), XS_HAND_VERSION, hello.head.version);
	else if (err == -EPROTO)
		refuse(peer, "process %d was asked by a message without sense", getpid());
	if (err)
		return err;
	why = why_not(b, &hello);
	if (why) {
		refuse(peer, "process %d %s", getpid(), why);
		return -EBUSY;
	}
	b->give.offered = true;
	return offer(b);
}

/* ---- the moment ---- */

static bool all_stand(const struct xs_bouncer *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++)
		if (!__atomic_load_n(&b->workers[i].stands, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

static bool stop_threads(struct xs_bouncer *b)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	__u64 until = xs_monotonic_ns() + STOP_NS;

	__atomic_store_n(&b->phase, XS_PHASE_stand, __ATOMIC_SEQ_CST);
	xs_events_wake_workers(b);
	while (!all_stand(b)) {
		if (xs_monotonic_ns() > until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static void go_on(struct xs_bouncer *b)
{
	const __u64 one = 1;

	__atomic_store_n(&b->phase, XS_PHASE_run, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
	/* What a thread has reported meanwhile is looked at once more. */
	(void)!write(b->done_fd, &one, sizeof(one));
}

static int give_queue(const struct xs_bouncer *b, const struct xs_worker *w)
{
	union xs_hand_msg msg;

	xs_hand_begin(&msg, XS_HAND_give);
	msg.give.queue = w->queue;
	msg.give.held = w->xsk.books->held;
	msg.give.skipping = w->xsk.books->skipping;
	msg.give.stalls = w->stalls;
	msg.give.sleeps = w->sleeps;
	xs_xsk_stand(&w->xsk, &msg.give.standing);
	memcpy(msg.give.descs, w->xsk.books->descs, msg.give.held * sizeof(msg.give.descs[0]));
	return xs_give_say(b->give.peer_fd, &msg, NULL, 0);
}

/* Whether it has said `taken`. If it has not by now, it cannot any more. */
static bool was_taken(struct xs_give *give)
{
	struct pollfd readable = { .fd = give->peer_fd, .events = POLLIN };
	union xs_hand_msg msg;
	int err = -EAGAIN;

	if (poll(&readable, 1, TAKEN_MS) > 0)
		err = hear(give, &msg, XS_HAND_taken);
	if (err != -EAGAIN)
		return !err;
	shutdown(give->peer_fd, SHUT_RD);
	return !hear(give, &msg, XS_HAND_taken);
}

static void wait_until_it_owns(const struct xs_give *give)
{
	struct pollfd readable = { .fd = give->peer_fd, .events = POLLIN };

	poll(&readable, 1, LEFT_MS);
}

static bool give_everything(struct xs_bouncer *b, __u64 *stood_ns)
{
	__u64 since = xs_monotonic_ns();
	int err = xs_keep_say(b, XS_HAND_giving);

	if (!err && !stop_threads(b))
		err = -ETIMEDOUT;
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = give_queue(b, &b->workers[i]);
	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_xsk_statistics(&b->workers[i].xsk, &b->workers[i].kernel_then);
	if (!err && was_taken(&b->give)) {
		*stood_ns = xs_monotonic_ns() - since;
		return true;
	}
	go_on(b);
	xs_keep_say(b, XS_HAND_stays);
	return false;
}

static bool on_ready(struct xs_bouncer *b)
{
	union xs_hand_msg msg;
	struct ucred peer = {};
	socklen_t len = sizeof(peer);
	__u64 stood_ns;

	if (hear(&b->give, &msg, XS_HAND_ready) || !give_everything(b, &stood_ns)) {
		xs_warn(b->cli->ctx, "%s: a process began to take over and did not: goes on",
			b->netif.name);
		return false;
	}
	b->given = true;
	getsockopt(b->give.peer_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	xs_note(b->cli->ctx, "%s: process %d has taken over; frames waited for %llu us",
		b->netif.name, peer.pid, stood_ns / 1000);
	wait_until_it_owns(&b->give);
	return true;
}

bool xs_give_answer(struct xs_bouncer *b)
{
	if (!b->give.offered) {
		if (on_hello(b))
			forget_peer(&b->give);
		return false;
	}
	if (on_ready(b))
		return true;
	forget_peer(&b->give);
	return false;
}
