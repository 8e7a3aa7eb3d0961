/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The successor of a bouncer that hands over (--take-over), or was killed: its calls in order. */
#ifndef XS_BOUNCER_TAKE_H
#define XS_BOUNCER_TAKE_H

#include <stdbool.h>
#include <linux/types.h>
#include <sys/types.h>

#include "hand.h"

struct xs_bouncer;
struct xs_bouncer_opts;

/* What was offered for a queue. The descriptors are ours until the socket is adopted. */
struct xs_take_queue {
	__u32 queue;
	__u64 since_ns;
	struct xs_xsk_shape shape;
	int fds[XS_PASSED_MAX];
};

struct xs_take {
	int fd; /* the connection; -1: none */
	pid_t from; /* 0: nothing is taken over */
	struct xs_hand_offer offer;
	struct xs_take_queue *queues;
	__u32 queue_cnt;
	int listen_fd, map_fd, link_fd; /* -1: none came, or taken by now */
	__u64 received; /* packets that the other had received */
	bool dead; /* it was killed: what is here came from the keeper */
	bool stored; /* dead: it came from a service manager, and the options may be others */
	char ifname[16]; /* dead: of the interface now */
	__u64 start_ns; /* dead: when the totals began */
	struct xs_xsk_counters first; /* dead: the totals by then */
};

void xs_take_init(struct xs_take *take);

/*
 * Asks the bouncer that has opts->queues, and compares what it has with the options: what was not
 * said there is set to what it has. Blocks for up to some seconds. 0 or -errno, logged.
 */
int xs_take_ask(struct xs_bouncer *b);

/* Maps the sockets, and opens what steers frames to them. Touches nothing. 0 or -errno, logged. */
int xs_take_map(struct xs_bouncer *b);

/*
 * Asks the other to stop, and goes on in its place: starts the workers, which stand still. After 0
 * everything is ours; or -errno, logged, and the other goes on.
 */
int xs_take_all(struct xs_bouncer *b);

/*
 * After the death of a bouncer whose descriptors b->take has from the keeper: sets the options to
 * what there is. Then xs_take_map(), and xs_take_dead() in place of xs_take_all(). 0 or -errno, logged.
 */
int xs_take_learn(struct xs_bouncer *b);

/* Whether what was kept of another process is what the options ask for. */
bool xs_take_fits(const struct xs_bouncer *b);

/*
 * Finds every frame of the bouncer that was killed, ends what it had begun, and goes on. The
 * workers have been started, and stand still. 0 or -errno, logged.
 */
int xs_take_dead(struct xs_bouncer *b);

/* From now on the options say what the sockets have. */
void xs_take_learn_shapes(struct xs_bouncer *b);

/* Who asks from now on gets our pid. */
void xs_take_listen(struct xs_bouncer *b);

void xs_take_close(struct xs_take *take);

/*
 * Whether an option asks for what a socket of this shape has not: then a word for it, the value
 * asked, and the one that it has. NULL: none does.
 */
const char *xs_take_differs(const struct xs_bouncer_opts *opts, const struct xs_xsk_shape *shape,
			    __u32 *asked, __u32 *has);

#endif
