// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a worker tells its keeper, or has a service manager keep; see keep.h, and hand.h for the messages. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bouncer.h"
#include "keep.h"
#include "store.h"
#include "tools/cli/cli.h"

int xs_keep_say(const struct xs_bouncer *b, enum xs_hand_type type)
{
	union xs_hand_msg msg;

	if (type == XS_HAND_giving || type == XS_HAND_stays)
		xs_store_mark(b, type == XS_HAND_giving);
	if (b->keeper_fd < 0)
		return 0;
	xs_hand_begin(&msg, type);
	return xs_give_say(b->keeper_fd, &msg, NULL, 0);
}

void xs_keep_describe(const struct xs_bouncer *b, union xs_hand_msg *msg)
{
	const struct xs_steer *steer = &b->steer;

	xs_hand_begin(msg, XS_HAND_keep);
	msg->keep.ifindex = b->netif.ifindex;
	msg->keep.queue_cnt = b->worker_cnt;
	msg->keep.source = xs_give_source(steer);
	msg->keep.map_id = steer->map_id;
	snprintf(msg->keep.mode, sizeof(msg->keep.mode), "%s", steer->mode);
	msg->keep.listens = b->give.listen_fd >= 0;
	msg->keep.start_ns = b->start_ns;
	msg->keep.first = b->first;
}

static int give_steering(const struct xs_bouncer *b)
{
	const struct xs_steer *steer = &b->steer;
	unsigned int cnt = 0;
	union xs_hand_msg msg;
	int fds[3];

	xs_keep_describe(b, &msg);
	if (msg.keep.listens)
		fds[cnt++] = b->give.listen_fd;
	fds[cnt++] = msg.keep.source == XS_HAND_instance ? steer->pins.map_fds[XS_MAP_owners]
							 : steer->map_fd;
	if (msg.keep.source == XS_HAND_object)
		fds[cnt++] = steer->link_fd;
	return xs_give_say(b->keeper_fd, &msg, fds, cnt);
}

int xs_keep_give(struct xs_bouncer *b)
{
	int err;

	if (b->keeper_fd < 0) {
		xs_store_put(b);
		return 0;
	}
	if (!xs_xsk_can_be_adopted(&b->workers[0].xsk)) {
		xs_note(b->cli->ctx,
			"%s: this kernel lets no other process map the rings of a bound socket "
			"(Linux 6.4 does): if this one is killed, the next one binds the queues "
			"anew, and what is in them is lost",
			b->netif.name);
		return xs_keep_say(b, XS_HAND_works);
	}
	err = give_steering(b);
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = xs_give_queue(b, b->keeper_fd, i);
	if (!err)
		err = xs_keep_say(b, XS_HAND_works);
	if (err)
		xs_err(b->cli->ctx, "%s: the keeper does not take the sockets: %s", b->netif.name,
		       strerror(-err));
	return err;
}

void xs_keep_lost(struct xs_bouncer *b)
{
	close(b->keeper_fd);
	b->keeper_fd = -1;
	xs_warn(b->cli->ctx, "%s: the keeper is gone: nobody goes on if this process is killed",
		b->netif.name);
}
