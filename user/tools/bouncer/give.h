/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The running bouncer's end of a hand-over: it listens, offers, stops, gives. */
#ifndef XS_BOUNCER_GIVE_H
#define XS_BOUNCER_GIVE_H

#include <stdbool.h>
#include <linux/types.h>

#include "lib/xsk/pass.h"

#define XS_HAND_DIR "/run/xsteer/bouncer"
#define XS_HAND_PATH_MAX 108 /* of a UNIX socket */

struct xs_bouncer;
struct xs_steer;

struct xs_give {
	int listen_fd; /* -1: nobody can take over */
	int peer_fd; /* -1: nobody has asked */
	char path[XS_HAND_PATH_MAX];
	__u64 asked_ns; /* when the peer came */
	bool offered;
};

void xs_give_init(struct xs_give *give);

/*
 * Where the bouncer of these queues is asked: at `said`, or in XS_HAND_DIR, under the network
 * namespace, the interface and the lowest queue. 0 or -errno, logged.
 */
int xs_give_path(const struct xs_bouncer *b, char path[XS_HAND_PATH_MAX]);

/*
 * Listens there. Where that cannot be, says so if somebody asked for the path, and the bouncer
 * works without. 0 or -errno, logged: only with `said`.
 */
int xs_give_listen(struct xs_bouncer *b);

union xs_hand_msg;

/* Sends a message. Blocks for up to a second if nobody reads. 0 or -errno, silently. */
int xs_give_say(int fd, const union xs_hand_msg *msg, const int *fds, unsigned int cnt);

/* What sends frames to the sockets: enum xs_hand_source. */
__u32 xs_give_source(const struct xs_steer *steer);

/* The queue of worker `i`, and its descriptors, which stay ours. */
void xs_give_describe(const struct xs_bouncer *b, __u32 i, union xs_hand_msg *msg,
		      int fds[XS_PASSED_MAX]);

/* Sends the queue of worker `i` with its descriptors, which stay ours too. Likewise. */
int xs_give_queue(const struct xs_bouncer *b, int fd, __u32 i);

/* A successor waits to be accepted. Never blocks. */
void xs_give_accept(struct xs_bouncer *b);

/*
 * A successor has said something. Blocks for up to some seconds once it is ready, while the
 * threads stand still. True: everything is given, so this bouncer has to end.
 */
bool xs_give_answer(struct xs_bouncer *b);

/* Lets a successor go that says nothing. */
void xs_give_check(struct xs_bouncer *b);

/* Removes the path, unless a successor has it. Zeroed or closed: does nothing. */
void xs_give_close(struct xs_bouncer *b);

#endif
