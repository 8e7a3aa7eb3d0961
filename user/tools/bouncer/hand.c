// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Messages of a hand-over, checked; see hand.h. */
#include <errno.h>
#include <string.h>

#include "hand.h"

size_t xs_hand_bytes(enum xs_hand_type type)
{
	static const size_t bytes[XS_HAND_MAX] = {
#define X(name) [XS_HAND_##name] = sizeof(struct xs_hand_##name),
		XS_HAND_TYPES(X)
#undef X
	};

	return type < XS_HAND_MAX ? bytes[type] : 0;
}

void xs_hand_begin(union xs_hand_msg *msg, enum xs_hand_type type)
{
	memset(msg, 0, sizeof(*msg));
	msg->head = (struct xs_hand_head){ .magic = XS_HAND_MAGIC,
					   .version = XS_HAND_VERSION,
					   .type = (__u16)type };
}

/* The map, and the link. */
static unsigned int fds_of(__u32 source)
{
	return source == XS_HAND_instance ? 0 : source == XS_HAND_map ? 1 : 2;
}

unsigned int xs_hand_fds(const union xs_hand_msg *msg)
{
	switch (msg->head.type) {
	case XS_HAND_offer:
		return 1 + fds_of(msg->offer.source);
	case XS_HAND_keep:
		return msg->keep.listens + (fds_of(msg->keep.source) ?: 1);
	case XS_HAND_queue:
		return XS_PASSED_MAX;
	default:
		return 0;
	}
}

static bool is_sound(const union xs_hand_msg *msg)
{
	switch (msg->head.type) {
	case XS_HAND_offer:
		return msg->offer.queue_cnt && msg->offer.queue_cnt <= XS_QUEUES_MAX &&
		       msg->offer.source <= XS_HAND_map &&
		       memchr(msg->offer.mode, '\0', sizeof(msg->offer.mode));
	case XS_HAND_keep:
		return msg->keep.queue_cnt && msg->keep.queue_cnt <= XS_QUEUES_MAX &&
		       msg->keep.source <= XS_HAND_map && msg->keep.listens <= 1 &&
		       memchr(msg->keep.mode, '\0', sizeof(msg->keep.mode));
	case XS_HAND_queue:
		return xs_xsk_shape_is_sound(&msg->queue.shape);
	case XS_HAND_give:
		return msg->give.held <= XS_XSK_FRAGS_MAX && msg->give.skipping <= 1;
	default:
		return true;
	}
}

int xs_hand_check(union xs_hand_msg *msg, size_t bytes, unsigned int fds, enum xs_hand_type wanted)
{
	if (bytes < sizeof(msg->head) || msg->head.magic != XS_HAND_MAGIC)
		return -EPROTO;
	if (msg->head.type == XS_HAND_refuse && bytes == sizeof(msg->refuse) && !fds) {
		msg->refuse.why[sizeof(msg->refuse.why) - 1] = '\0';
		return -ECONNREFUSED;
	}
	if (msg->head.version != XS_HAND_VERSION)
		return -EPROTONOSUPPORT;
	if (msg->head.type != wanted || bytes != xs_hand_bytes(wanted) || !is_sound(msg) ||
	    fds != xs_hand_fds(msg))
		return -EPROTO;
	return 0;
}
