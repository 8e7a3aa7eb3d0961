/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A socket goes from one process to another while frames come. The successor maps the same
 * UMEM, account and rings. When the other has stopped, between two calls of xsk.h, or was
 * killed, it goes on with the same frames. Both sides must be of builds with the same structs.
 */
#ifndef XS_XSK_PASS_H
#define XS_XSK_PASS_H

#include <stdbool.h>

#include "xsk.h"

/* The descriptors that go with a socket. */
enum xs_xsk_passed { XS_PASSED_socket, XS_PASSED_umem, XS_PASSED_account, XS_PASSED_MAX };

/* What stays the same as long as the socket lives. */
struct xs_xsk_shape {
	__u32 frames, frame_size, headroom;
	__u32 ring, rx_ring; /* entries */
	__u32 mode; /* enum xs_xsk_mode, effective */
	__u32 fallback_errno;
	__u8 sg, huge, unaligned, pad;
};

/* Where the socket's thread has stopped. The rings and the account say the rest. */
struct xs_xsk_standing {
	struct xs_xsk_counters counters;
	__u32 free, fill, rx, tx; /* frames in that state */
};

/* Whether a socket can have this shape; for one that comes from another process. */
bool xs_xsk_shape_is_sound(const struct xs_xsk_shape *shape);

/*
 * What a successor needs to map the socket. The descriptors stay those of *x. It must have been
 * opened with memory of its own, and without `spare`.
 */
void xs_xsk_pass(const struct xs_xsk *x, struct xs_xsk_shape *shape, int fds[XS_PASSED_MAX]);

/*
 * Maps the socket of another process, and touches nothing yet. Of cfg only ctx, ifname and queue
 * count. Owns the descriptors from then on. Needs no privilege. 0; or -errno, logged; not logged
 * is -EBUSY: this kernel (before Linux 6.4) lets nobody map the rings of a bound socket. On
 * failure nothing is left.
 */
int xs_xsk_adopt(struct xs_xsk *x, const struct xs_xsk_config *cfg,
		 const struct xs_xsk_shape *shape, const int fds[XS_PASSED_MAX]);

/* Whether this kernel lets another process map the rings of the bound socket (Linux 6.4). */
bool xs_xsk_can_be_adopted(const struct xs_xsk *x);

/* By the socket's thread, or while it stands still. */
void xs_xsk_stand(const struct xs_xsk *x, struct xs_xsk_standing *standing);

/*
 * Takes over an adopted socket whose thread stands still. Writes nothing to a ring. 0; or
 * -EUCLEAN, silently: rings and account do not agree.
 */
int xs_xsk_go_on(struct xs_xsk *x, const struct xs_xsk_standing *standing);

/* Where every frame is. They add up to total. */
struct xs_xsk_places {
	__u32 total;
	__u32 free;
	__u32 fill_ring;
	__u32 kernel; /* taken from there, and not received yet */
	__u32 rx_ring;
	__u32 held; /* received, and in the hands of the process: see books.h */
	__u32 tx_ring;
	__u32 in_flight; /* taken from there, and not completed */
	__u32 completed;
};

/*
 * Takes over an adopted socket whose process was killed, at whatever instruction; none of its
 * threads may be left. Ends or undoes what it was doing, and finds every frame. The packets that it
 * had in its hands are the caller's. May be killed, and done again. Blocks for up to 100 ms. 0;
 * -ENOMEM; or -EUCLEAN, silently: a frame is in two places, or in none.
 */
int xs_xsk_recover(struct xs_xsk *x, struct xs_xsk_places *places);

/* After xs_xsk_go_on() or xs_xsk_recover(): forgets when frames were received, and sends up to `tx_budget` at once. */
void xs_xsk_begin_anew(struct xs_xsk *x, __u32 tx_budget);

#endif
