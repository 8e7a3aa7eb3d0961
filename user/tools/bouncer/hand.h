/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a running bouncer and its successor say to each other, through a UNIX socket
 * (SOCK_SEQPACKET):
 *
 *	successor                        running bouncer
 *	hello             -->
 *	                  <--            offer, then a queue for each, or refuse
 *	(maps everything)
 *	ready             -->
 *	                                 (its threads stop between two batches)
 *	                  <--            give, for each queue
 *	taken             -->
 *	(goes on)                        (ends)
 *
 * Until `taken` is sent the successor touches no ring, and the running bouncer goes on if the
 * connection ends or takes too long. From then on the running bouncer touches none: the kernel
 * delivers what was sent, or the sender learns that nobody reads it any more.
 *
 * And a worker to its keeper, which never answers:
 *
 *	keep, then a queue for each	what another worker needs if this one is killed
 *	works				it has begun
 *	giving				it hands over: its death is none to go on after
 *	stays				it did not
 *
 * The head and `refuse` are the same in each version, so that each can say what is wrong. Here
 * are only messages: this knows no sockets.
 */
#ifndef XS_BOUNCER_HAND_H
#define XS_BOUNCER_HAND_H

#include <stddef.h>
#include <linux/types.h>

#include "lib/xsk/books.h"
#include "lib/xsk/pass.h"
#include "opts.h"

#define XS_HAND_MAGIC 0x64686b78 /* "xkhd" */
/* Rises with each change of a message, or of what lies in an account (xs_umem_frame, xs_xsk_books). */
#define XS_HAND_VERSION 2

#define XS_HAND_TYPES(X) \
	X(hello) \
	X(refuse) X(offer) X(queue) X(ready) X(give) X(taken) X(keep) X(works) X(giving) X(stays)
enum xs_hand_type {
	XS_HAND_none,
#define X(name) XS_HAND_##name,
	XS_HAND_TYPES(X)
#undef X
		XS_HAND_MAX
};

struct xs_hand_head {
	__u32 magic;
	__u16 version;
	__u16 type;
};

struct xs_hand_hello {
	struct xs_hand_head head;
	__u32 ifindex;
	__u32 pad;
};

struct xs_hand_refuse {
	struct xs_hand_head head;
	char why[248];
};

/* What sends frames to the sockets: as enum in steer.h. */
enum xs_hand_source { XS_HAND_instance, XS_HAND_object, XS_HAND_map };

/* With descriptors: the listening socket; XS_HAND_object and _map: the map; _object: the link. */
struct xs_hand_offer {
	struct xs_hand_head head;
	__u32 ifindex;
	__u32 queue_cnt;
	__u32 source; /* enum xs_hand_source */
	__u32 map_id; /* of xsks_map */
	char mode[16]; /* of the program */
};

/* With the descriptors of enum xs_xsk_passed. */
struct xs_hand_queue {
	struct xs_hand_head head;
	__u32 queue;
	__u32 pad;
	__u64 since_ns; /* of its row in owners; 0: none */
	struct xs_xsk_shape shape;
};

struct xs_hand_ready {
	struct xs_hand_head head;
};

/* Where a worker stands. The first `held` descriptors are of a packet whose end is to come. */
struct xs_hand_give {
	struct xs_hand_head head;
	__u32 queue;
	__u32 held;
	__u32 skipping;
	__u32 pad;
	__u64 stalls, sleeps;
	struct xs_xsk_standing standing;
	struct xdp_desc descs[XS_XSK_FRAGS_MAX];
};

struct xs_hand_taken {
	struct xs_hand_head head;
};

/*
 * With descriptors: the listening socket if there is one; XS_HAND_object and _map: the map;
 * _object: the link; _instance: owners. Followed by queue messages.
 */
struct xs_hand_keep {
	struct xs_hand_head head;
	__u32 ifindex;
	__u32 queue_cnt;
	__u32 source; /* enum xs_hand_source */
	__u32 map_id; /* of xsks_map */
	char mode[16]; /* of the program */
	__u32 listens; /* 0 or 1 */
	__u32 pad;
	__u64 start_ns; /* since when the totals are counted: CLOCK_MONOTONIC */
	struct xs_xsk_counters first; /* the totals by then */
};

struct xs_hand_works {
	struct xs_hand_head head;
};

struct xs_hand_giving {
	struct xs_hand_head head;
};

struct xs_hand_stays {
	struct xs_hand_head head;
};

union xs_hand_msg {
	struct xs_hand_head head;
#define X(name) struct xs_hand_##name name;
	XS_HAND_TYPES(X)
#undef X
};

/* A change of these sizes is another version. */
_Static_assert(sizeof(struct xs_umem_frame) == 16, "XS_HAND_VERSION");
_Static_assert(sizeof(struct xs_hand_queue) == 56, "XS_HAND_VERSION");
_Static_assert(sizeof(struct xs_hand_give) == 448, "XS_HAND_VERSION");
_Static_assert(sizeof(struct xs_xsk_books) == 192 + 16 * XS_BOOKS_DESCS, "XS_HAND_VERSION");

size_t xs_hand_bytes(enum xs_hand_type type);

/* How many descriptors come with it. */
unsigned int xs_hand_fds(const union xs_hand_msg *msg);

/* Zeroes *msg and writes its head. */
void xs_hand_begin(union xs_hand_msg *msg, enum xs_hand_type type);

/*
 * Whether `bytes` received bytes with `fds` descriptors are the `wanted` message, and sound. 0;
 * -ECONNREFUSED: it is `refuse`, whose text is terminated then; -EPROTONOSUPPORT: of another version,
 * which is in msg->head.version; -EPROTO: anything else. Silent.
 */
int xs_hand_check(union xs_hand_msg *msg, size_t bytes, unsigned int fds, enum xs_hand_type wanted);

#endif
