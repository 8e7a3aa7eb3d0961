// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Messages of a hand-over, as an honest peer sends them and as it does not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bouncer/hand.h"
#include "tools/bouncer/take.h"

static const struct xs_xsk_shape sound_shape = {
	.frames = 1024, .frame_size = 2048, .ring = 1024, .rx_ring = 1024, .mode = XS_XSK_copy
};

/* A sound message of a type; returns how many descriptors go with it. */
static unsigned int make(union xs_hand_msg *msg, enum xs_hand_type type)
{
	xs_hand_begin(msg, type);
	if (type == XS_HAND_offer) {
		msg->offer.queue_cnt = 1;
		return 1;
	}
	if (type == XS_HAND_queue) {
		msg->queue.shape = sound_shape;
		return XS_PASSED_MAX;
	}
	if (type == XS_HAND_keep) {
		msg->keep.queue_cnt = 1;
		return 1;
	}
	return 0;
}

static void honest_messages_are_taken(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	for (int type = XS_HAND_hello; type < XS_HAND_MAX; type++) {
		unsigned int fds = make(&msg, type);
		int wanted = type == XS_HAND_refuse ? -ECONNREFUSED : 0;

		assert_int_equal(xs_hand_check(&msg, xs_hand_bytes(type), fds, type), wanted);
	}
	assert_int_equal(xs_hand_bytes(XS_HAND_none), 0);
	assert_int_equal(xs_hand_bytes(XS_HAND_MAX), 0);
}

static void any_other_length_is_refused(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	for (int type = XS_HAND_hello; type < XS_HAND_MAX; type++) {
		for (size_t bytes = 0; bytes <= sizeof(msg); bytes++) {
			unsigned int fds = make(&msg, type);

			if (bytes != xs_hand_bytes(type))
				assert_int_equal(xs_hand_check(&msg, bytes, fds, type), -EPROTO);
		}
	}
}

static void any_other_number_of_descriptors_is_refused(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	for (int type = XS_HAND_hello; type < XS_HAND_MAX; type++) {
		for (unsigned int fds = 0; fds <= 8; fds++) {
			unsigned int right = make(&msg, type);

			if (fds != right)
				assert_int_equal(
					xs_hand_check(&msg, xs_hand_bytes(type), fds, type),
					-EPROTO);
		}
	}
	/* a map comes with a map, an object with its link, too */
	make(&msg, XS_HAND_offer);
	msg.offer.source = XS_HAND_map;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 1, XS_HAND_offer), -EPROTO);
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 2, XS_HAND_offer), 0);
	msg.offer.source = XS_HAND_object;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 2, XS_HAND_offer), -EPROTO);
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 3, XS_HAND_offer), 0);
}

static void another_type_magic_or_version_is_refused(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	for (int type = XS_HAND_hello; type < XS_HAND_MAX; type++) {
		for (int wanted = XS_HAND_hello; wanted < XS_HAND_MAX; wanted++) {
			unsigned int fds = make(&msg, type);

			if (type != wanted && type != XS_HAND_refuse)
				assert_int_equal(
					xs_hand_check(&msg, xs_hand_bytes(type), fds, wanted),
					-EPROTO);
		}
		make(&msg, type);
		msg.head.magic++;
		assert_int_equal(xs_hand_check(&msg, xs_hand_bytes(type), 0, type), -EPROTO);
	}
	make(&msg, XS_HAND_hello);
	msg.head.version++;
	/* of whatever length that version has it */
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.head), 0, XS_HAND_hello), -EPROTONOSUPPORT);
	assert_int_equal(xs_hand_check(&msg, sizeof(msg), 0, XS_HAND_hello), -EPROTONOSUPPORT);
}

static void a_refusal_is_read_from_any_version_and_ends(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	xs_hand_begin(&msg, XS_HAND_refuse);
	msg.head.version = 77;
	memset(msg.refuse.why, 'x', sizeof(msg.refuse.why));
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.refuse), 0, XS_HAND_offer), -ECONNREFUSED);
	assert_int_equal(strlen(msg.refuse.why), sizeof(msg.refuse.why) - 1);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	make(&msg, XS_HAND_offer);
	msg.offer.queue_cnt = 0;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 1, XS_HAND_offer), -EPROTO);
	msg.offer.queue_cnt = XS_QUEUES_MAX;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 1, XS_HAND_offer), 0);
	msg.offer.queue_cnt++;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 1, XS_HAND_offer), -EPROTO);

	make(&msg, XS_HAND_offer);
	msg.offer.source = XS_HAND_map + 1;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 3, XS_HAND_offer), -EPROTO);
	make(&msg, XS_HAND_offer);
	memset(msg.offer.mode, 'x', sizeof(msg.offer.mode));
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.offer), 1, XS_HAND_offer), -EPROTO);

	make(&msg, XS_HAND_give);
	msg.give.held = XS_XSK_FRAGS_MAX;
	msg.give.skipping = 1;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.give), 0, XS_HAND_give), 0);
	msg.give.held++;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.give), 0, XS_HAND_give), -EPROTO);
	msg.give.held = 0;
	msg.give.skipping = 2;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.give), 0, XS_HAND_give), -EPROTO);
}

/* Whether a shape is sound that differs in the 32 bits at `offset`. */
static bool sound_with(size_t offset, __u32 value)
{
	struct xs_xsk_shape shape = sound_shape;

	memcpy((char *)&shape + offset, &value, sizeof(value));
	return xs_xsk_shape_is_sound(&shape);
}

#define SOUND_WITH(member, value) sound_with(offsetof(struct xs_xsk_shape, member), value)

static void shapes_that_no_socket_has_are_refused(void **state)
{
	struct xs_xsk_shape shape = sound_shape;

	(void)state;
	assert_true(xs_xsk_shape_is_sound(&sound_shape));
	assert_false(SOUND_WITH(frames, 0));
	assert_true(SOUND_WITH(frames, 1u << 20));
	assert_false(SOUND_WITH(frames, (1u << 20) + 1));
	assert_false(SOUND_WITH(frame_size, 1024));
	assert_false(SOUND_WITH(frame_size, 8192));
	assert_false(SOUND_WITH(frame_size, 3000));
	shape.frame_size = 3000;
	shape.unaligned = 1;
	assert_true(xs_xsk_shape_is_sound(&shape));
	assert_true(SOUND_WITH(headroom, 2047));
	assert_false(SOUND_WITH(headroom, 2048));
	assert_false(SOUND_WITH(ring, 0));
	assert_false(SOUND_WITH(ring, 1000));
	assert_false(SOUND_WITH(ring, 1u << 21));
	assert_false(SOUND_WITH(rx_ring, 0));
	assert_false(SOUND_WITH(rx_ring, 3));
	assert_true(SOUND_WITH(mode, XS_XSK_zero_copy));
	assert_false(SOUND_WITH(mode, XS_XSK_none));
	assert_false(SOUND_WITH(mode, 9));
}

static void options_are_compared_only_if_they_were_given(void **state)
{
	struct xs_bouncer_opts opts;
	__u32 asked = 0, has = 0;

	(void)state;
	xs_bouncer_opts_init(&opts);
	assert_null(xs_take_differs(&opts, &sound_shape, &asked, &has));
	opts.frames = 1024;
	opts.frame_size = 2048;
	opts.ring = 1024;
	opts.want = XS_XSK_copy;
	assert_null(xs_take_differs(&opts, &sound_shape, &asked, &has));
	opts.frames = 512;
	assert_string_equal(xs_take_differs(&opts, &sound_shape, &asked, &has), "--frames");
	assert_int_equal(asked, 512);
	assert_int_equal(has, 1024);
	opts.frames = 0;
	opts.want = XS_XSK_zero_copy;
	assert_string_equal(xs_take_differs(&opts, &sound_shape, &asked, &has), "-z");
}

static void what_is_kept_has_its_descriptors(void **state)
{
	union xs_hand_msg msg;

	(void)state;
	make(&msg, XS_HAND_keep);
	for (__u32 listens = 0; listens < 2; listens++) {
		for (__u32 source = XS_HAND_instance; source <= XS_HAND_map; source++) {
			unsigned int fds = listens + (source == XS_HAND_object ? 2 : 1);

			msg.keep.listens = listens;
			msg.keep.source = source;
			for (unsigned int n = 0; n < 5; n++)
				assert_int_equal(
					xs_hand_check(&msg, sizeof(msg.keep), n, XS_HAND_keep),
					n == fds ? 0 : -EPROTO);
		}
	}
	make(&msg, XS_HAND_keep);
	msg.keep.queue_cnt = 0;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.keep), 1, XS_HAND_keep), -EPROTO);
	make(&msg, XS_HAND_keep);
	msg.keep.listens = 2;
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.keep), 3, XS_HAND_keep), -EPROTO);
	make(&msg, XS_HAND_keep);
	memset(msg.keep.mode, 'x', sizeof(msg.keep.mode));
	assert_int_equal(xs_hand_check(&msg, sizeof(msg.keep), 1, XS_HAND_keep), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_messages_are_taken),
		cmocka_unit_test(what_is_kept_has_its_descriptors),
		cmocka_unit_test(any_other_length_is_refused),
		cmocka_unit_test(any_other_number_of_descriptors_is_refused),
		cmocka_unit_test(another_type_magic_or_version_is_refused),
		cmocka_unit_test(a_refusal_is_read_from_any_version_and_ends),
		cmocka_unit_test(numbers_that_cannot_be_are_refused),
		cmocka_unit_test(shapes_that_no_socket_has_are_refused),
		cmocka_unit_test(options_are_compared_only_if_they_were_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
