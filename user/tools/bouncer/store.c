// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A service manager that holds the descriptors; see store.h, and hand.h for the messages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bouncer.h"
#include "keep.h"
#include "lib/base/number.h"
#include "store.h"
#include "tools/cli/cli.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define QUICK_MAX 5 /* deaths within a second of the start, one after another; as in keeper.c */
#define LISTED_MAX 1024 /* others may be kept beside ours */
#define MAGIC 0x74736b78 /* "xkst" */

/* What a keeper is told, in memory that outlives us. */
struct state {
	__u32 magic;
	__u16 version; /* XS_HAND_VERSION */
	__u16 giving; /* it hands over: its death is none to go on after */
	__u32 pid; /* of the last that had it */
	__u32 quick; /* how many in a row were killed within a second of their start */
	struct xs_hand_keep keep;
	struct xs_hand_queue queues[XS_QUEUES_MAX];
};

struct name {
	char text[24];
};

static struct name queue_name(__u32 queue, int k)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "xsteer-q%u-%d", queue, k);
	return name;
}

/* ---- what was kept ---- */

struct listed {
	int cnt;
	const char *names[LISTED_MAX];
};

static int find(const struct listed *listed, const char *name)
{
	for (int i = 0; i < listed->cnt; i++)
		if (!strcmp(listed->names[i], name))
			return FIRST_FD + i;
	return -1;
}

/* `names` is taken apart. */
static void list(struct listed *listed, char *names)
{
	const char *pid = secure_getenv("LISTEN_PID"), *cnt = secure_getenv("LISTEN_FDS");
	__u64 value, fds;

	listed->cnt = 0;
	if (!pid || !cnt || xs_parse_u64(pid, 1, ~0u, &value) || value != (__u64)getpid() ||
	    xs_parse_u64(cnt, 1, LISTED_MAX, &fds))
		return;
	while (names && listed->cnt < (int)fds) {
		fcntl(FIRST_FD + listed->cnt, F_SETFD, FD_CLOEXEC);
		listed->names[listed->cnt++] = strsep(&names, ":");
	}
}

static const char *why_not(const struct state *state)
{
	if (state->magic != MAGIC || state->version != XS_HAND_VERSION)
		return "it was of another version";
	if (state->giving)
		return "it was killed while it handed over";
	if (state->quick >= QUICK_MAX)
		return "several in a row were killed within a second of their start";
	return NULL;
}

static int check(const void *from, enum xs_hand_type type, union xs_hand_msg *msg)
{
	memcpy(msg, from, xs_hand_bytes(type));
	if (msg->head.type != type)
		return -EPROTO;
	return xs_hand_check(msg, xs_hand_bytes(type), xs_hand_fds(msg), type);
}

static int take_one(const struct listed *listed, const char *name, int *fd)
{
	*fd = find(listed, name);
	return *fd < 0 ? -ENOENT : 0;
}

static int take_steering(const struct listed *listed, struct xs_take *take,
			 const struct xs_hand_keep *keep)
{
	int err = 0;

	take->offer.ifindex = keep->ifindex;
	take->offer.queue_cnt = keep->queue_cnt;
	take->offer.source = keep->source;
	take->offer.map_id = keep->map_id;
	memcpy(take->offer.mode, keep->mode, sizeof(take->offer.mode));
	take->start_ns = keep->start_ns;
	take->first = keep->first;
	if (keep->listens)
		err = take_one(listed, "xsteer-listen", &take->listen_fd);
	if (!err && keep->source != XS_HAND_instance)
		err = take_one(listed, "xsteer-map", &take->map_fd);
	if (!err && keep->source == XS_HAND_object)
		err = take_one(listed, "xsteer-link", &take->link_fd);
	take->queues = calloc(keep->queue_cnt, sizeof(*take->queues));
	return !err && !take->queues ? -ENOMEM : err;
}

static int take_queue(const struct listed *listed, struct xs_take *take,
		      const struct xs_hand_queue *msg)
{
	struct xs_take_queue *queue = &take->queues[take->queue_cnt];
	int err = 0;

	queue->queue = msg->queue;
	queue->since_ns = msg->since_ns;
	queue->shape = msg->shape;
	for (int k = 0; !err && k < XS_PASSED_MAX; k++)
		err = take_one(listed, queue_name(msg->queue, k).text, &queue->fds[k]);
	take->queue_cnt += !err;
	return err;
}

static int take_everything(const struct listed *listed, const struct state *state,
			   struct xs_take *take)
{
	union xs_hand_msg msg;
	int err = check(&state->keep, XS_HAND_keep, &msg);

	if (!err)
		err = take_steering(listed, take, &msg.keep);
	for (__u32 i = 0; !err && i < take->offer.queue_cnt; i++) {
		err = check(&state->queues[i], XS_HAND_queue, &msg);
		if (!err)
			err = take_queue(listed, take, &msg.queue);
	}
	return err;
}

/* Closes it here, and has the manager close it. */
static void discard(const struct xs_notify *notify, const struct listed *listed)
{
	for (int i = 0; i < listed->cnt; i++) {
		if (strncmp(listed->names[i], "xsteer-", strlen("xsteer-")) != 0)
			continue;
		xs_notify_forget(notify, listed->names[i]);
		close(FIRST_FD + i);
	}
}

static void take_listed(struct xs_cli *cli, const struct xs_notify *notify,
			const struct listed *listed, struct xs_take *take, struct xs_memory *store)
{
	int fd = find(listed, "xsteer-state");
	const char *why = "its state cannot be read";
	struct state *state = NULL;

	if (fd < 0)
		return;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
	if (fd >= 0 && !xs_memory_map(store, fd, sizeof(*state))) {
		state = store->map;
		why = why_not(state);
	}
	if (!why && take_everything(listed, state, take))
		why = "not all of it is there";
	if (!why) {
		close(find(listed, "xsteer-state"));
		take->dead = take->stored = true;
		take->from = (pid_t)state->pid;
		state->pid = (__u32)getpid();
		state->quick++;
		return;
	}
	xs_warn(cli->ctx,
		"the service manager has kept the sockets of a bouncer before this one, but %s: "
		"begins anew; what was in their rings is lost",
		why);
	xs_memory_free(store);
	free(take->queues);
	xs_take_init(take);
	discard(notify, listed);
}

void xs_store_take(struct xs_cli *cli, const struct xs_notify *notify, struct xs_take *take,
		   struct xs_memory *store)
{
	const char *said = secure_getenv("LISTEN_FDNAMES");
	char *names = said ? strdup(said) : NULL;
	struct listed listed;

	list(&listed, names);
	take_listed(cli, notify, &listed, take, store);
	free(names);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/* ---- what is to be kept ---- */

static int store_steering(const struct xs_bouncer *b, struct state *state)
{
	const struct xs_notify *notify = &b->notify;
	union xs_hand_msg msg;
	int err = 0;

	xs_keep_describe(b, &msg);
	state->keep = msg.keep;
	if (msg.keep.listens)
		err = xs_notify_store(notify, "xsteer-listen", b->give.listen_fd);
	if (!err && msg.keep.source != XS_HAND_instance)
		err = xs_notify_store(notify, "xsteer-map", b->steer.map_fd);
	if (!err && msg.keep.source == XS_HAND_object)
		err = xs_notify_store(notify, "xsteer-link", b->steer.link_fd);
	return err;
}

static int store_queue(const struct xs_bouncer *b, struct state *state, __u32 i)
{
	int fds[XS_PASSED_MAX], err = 0;
	union xs_hand_msg msg;

	xs_give_describe(b, i, &msg, fds);
	state->queues[i] = msg.queue;
	for (int k = 0; !err && k < XS_PASSED_MAX; k++)
		err = xs_notify_store(&b->notify, queue_name(msg.queue.queue, k).text, fds[k]);
	return err;
}

/* The state goes last: where it is missing nothing else is looked at. */
static int store_everything(struct xs_bouncer *b)
{
	int err = xs_memory_make(&b->store, "xsteer-state", sizeof(struct state), 0);
	struct state *state = b->store.map;

	if (err)
		return err;
	*state = (struct state){
		.magic = MAGIC, .version = XS_HAND_VERSION, .pid = (__u32)getpid(), .quick = 1
	};
	err = store_steering(b, state);
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = store_queue(b, state, i);
	return err ? err : xs_notify_store(&b->notify, "xsteer-state", b->store.fd);
}

void xs_store_put(struct xs_bouncer *b)
{
	int err;

	if (b->notify.fd < 0 || b->busy.wanted || !xs_xsk_can_be_adopted(&b->workers[0].xsk))
		return;
	err = store_everything(b);
	if (err)
		xs_warn(b->cli->ctx,
			"%s: the service manager keeps no sockets: %s; if this process is killed, "
			"the next one begins anew",
			b->netif.name, strerror(-err));
	if (err)
		xs_store_remove(b);
}

void xs_store_mark(const struct xs_bouncer *b, bool giving)
{
	struct state *state = b->store.map;

	if (state)
		state->giving = giving;
}

void xs_store_lives(const struct xs_bouncer *b)
{
	struct state *state = b->store.map;

	if (state)
		state->quick = 0;
}

void xs_store_remove(struct xs_bouncer *b)
{
	static const char *const names[] = { "xsteer-state", "xsteer-listen", "xsteer-map",
					     "xsteer-link" };
	const struct state *state = b->store.map;

	if (!state)
		return;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		xs_notify_forget(&b->notify, names[i]);
	for (__u32 i = 0; i < state->keep.queue_cnt && i < XS_QUEUES_MAX; i++)
		for (int k = 0; k < XS_PASSED_MAX; k++)
			xs_notify_forget(&b->notify, queue_name(state->queues[i].queue, k).text);
	xs_memory_free(&b->store);
}
