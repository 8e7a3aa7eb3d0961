// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Packets of several frames in the broker's core: given and taken back whole, refused by NFs that
 * take single frames only, with room for all of their frames, and from NFs that return them in part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../engine_bench.h"

static struct xs_port *join_multi(const char *service)
{
	struct xs_port *port = engine_join(service);

	port->multi = true;
	return port;
}

static unsigned char *bytes_of(const struct xs_port *port, const struct xsnf_desc *desc)
{
	return (port->frames ? port->frames : engine_memory) + desc->frame * ENGINE_FRAME +
	       desc->off;
}

/* Takes the `cnt` descriptors of one packet. */
static void take_packet(const struct xs_port *port, struct xsnf_desc *descs, __u32 cnt)
{
	assert_true(nf_waiting(port) >= cnt);
	for (__u32 i = 0; i < cnt; i++) {
		descs[i] = nf_take(port);
		assert_int_equal(descs[i].verdict, i + 1 < cnt ? XSNF_DESC_MORE : 0);
		assert_int_equal(descs[i].len, 64 + i);
		assert_int_equal(descs[i].off, 64);
	}
}

static void return_packet(struct xs_port *port, const struct xsnf_desc *descs, __u32 cnt,
			  __u8 verdict)
{
	for (__u32 i = 0; i < cnt; i++)
		nf_return(port, descs[i], (i ? 0 : verdict) | (i + 1 < cnt ? XSNF_DESC_MORE : 0));
}

static void a_packet_goes_on_whole(void **state)
{
	struct xsnf_desc descs[3];
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a\nservice b\nchain c a b tx\n");
	a = join_multi("a");
	b = join_multi("b");
	engine_enter(0, 1, 0);
	engine_enter_long(0, 2, 3);
	engine_enter(0, 3, 0);
	engine_turn();
	assert_int_equal(engine->count[0].inside, 3);
	assert_int_equal(xs_engine_inside(engine), 5);
	assert_int_equal(a->held, 5);
	assert_int_equal(engine->hops[0][0].held, 3);
	nf_return(a, nf_take(a), XSNF_NEXT);
	take_packet(a, descs, 3);
	descs[0].off = 60; /* it grows to the front */
	descs[0].len = 68;
	descs[1].off = 99; /* no NF can change these */
	descs[2].len = 9;
	descs[0].mark = 7;
	return_packet(a, descs, 3, XSNF_NEXT);
	nf_return(a, nf_take(a), XSNF_NEXT);
	engine_turn();
	assert_null(a->bad);
	nf_return(b, nf_take(b), XSNF_NEXT);
	descs[0] = nf_take(b);
	assert_int_equal(descs[0].off, 60);
	assert_int_equal(descs[0].len, 68);
	assert_int_equal(descs[0].mark, 7);
	assert_int_equal(descs[0].verdict, XSNF_DESC_MORE);
	descs[1] = nf_take(b);
	assert_int_equal(descs[1].off, 64);
	descs[2] = nf_take(b);
	assert_int_equal(descs[2].len, 66);
	return_packet(b, descs, 3, XSNF_TX);
	nf_return(b, nf_take(b), XSNF_DROP);
	engine_turn();
	assert_int_equal(engine_sent, 2);
	assert_int_equal(engine_dropped, 1);
	assert_int_equal(engine->hops[0][1].in, 3);
	assert_int_equal(engine->hops[0][1].tx, 1);
	assert_int_equal(engine_free_cnt, ENGINE_FRAMES);
	engine_end();
}

static void who_takes_single_frames_only_gets_none(void **state)
{
	struct xs_port *a, *t;

	(void)state;
	engine_begin("service a\nservice t tap\nchain c a tx\nchain c mirror t\n");
	a = engine_join("a");
	t = engine_join("t");
	engine_enter_long(0, 1, 2);
	engine_enter(0, 1, 0);
	engine_turn();
	assert_int_equal(nf_waiting(a), 1);
	assert_int_equal(nf_waiting(t), 1);
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_multi], 1);
	assert_int_equal(engine->count[0].lost[XS_LOSS_multi], 1);
	assert_int_equal(engine->count[0].taps[0].multi, 1);
	assert_int_equal(engine->count[0].taps[0].seen, 1);
	assert_int_equal(engine->count[0].taps[0].missed, 0);
	assert_int_equal(engine_dropped, 1);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	engine_end();
}

/* 64 entries: a packet that is too long for what is left waits, and those after it, too. */
static void a_packet_waits_for_room_for_all_of_it(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a ring 64\nchain c a tx\n");
	a = join_multi("a");
	for (__u32 i = 0; i < 62; i++)
		engine_enter(0, 1, 0);
	engine_enter_long(0, 1, 3);
	engine_enter(0, 1, 0);
	engine_turn();
	assert_int_equal(nf_waiting(a), 62);
	assert_int_equal(engine->count[0].waiting, 2);
	nf_return(a, nf_take(a), XSNF_NEXT);
	engine_turn();
	assert_int_equal(nf_waiting(a), 61 + 3);
	assert_int_equal(engine->count[0].waiting, 1);
	for (__u32 i = 0; i < 61; i++)
		nf_return(a, nf_take(a), XSNF_NEXT);
	engine_turn();
	assert_int_equal(nf_waiting(a), 3 + 1);
	assert_int_equal(a->held, 4);
	engine_end();
}

static void a_limit_counts_frames(void **state)
{
	(void)state;
	engine_begin("service a\nchain c a tx\nlimit c frames 8\n");
	join_multi("a");
	engine_enter_long(0, 1, 3);
	assert_int_equal(xs_engine_room(engine, 0), 5);
	engine_enter_long(0, 1, 3);
	assert_int_equal(xs_engine_room(engine, 0), 2);
	engine_enter_long(0, 1, 3); /* its number of frames was not known before */
	assert_int_equal(xs_engine_room(engine, 0), 0);
	engine_turn();
	engine_end();
}

/* A domain and a tap work on copies, which come back for each frame, or do not. */
static void each_frame_is_copied(void **state)
{
	struct xsnf_desc descs[3];
	struct xs_port *a, *b, *t;

	(void)state;
	engine_begin("service a domain far\nservice b\nservice t tap\nchain c a b tx\n"
		     "chain c mirror t after a\n");
	a = join_multi("a");
	b = join_multi("b");
	t = join_multi("t");
	engine_enter_long(0, 1, 3);
	engine_turn();
	take_packet(a, descs, 3);
	for (__u32 i = 0; i < 3; i++)
		*bytes_of(a, &descs[i]) = (unsigned char)(10 + i);
	return_packet(a, descs, 3, XSNF_NEXT);
	engine_turn();
	take_packet(b, descs, 3);
	for (__u32 i = 0; i < 3; i++)
		assert_int_equal(*bytes_of(b, &descs[i]), 10 + i);
	return_packet(b, descs, 3, XSNF_NEXT);
	take_packet(t, descs, 3);
	for (__u32 i = 0; i < 3; i++)
		assert_int_equal(*bytes_of(t, &descs[i]), 10 + i);
	return_packet(t, descs, 3, 0);
	engine_turn();
	assert_int_equal(engine->copies, 3 + 3 + 3);
	assert_int_equal(a->free_cnt, a->entries);
	assert_int_equal(t->free_cnt, t->entries);
	assert_int_equal(t->held, 0);
	/* What is dropped need not come back. */
	engine_enter_long(0, 1, 2);
	engine_turn();
	take_packet(a, descs, 2);
	return_packet(a, descs, 2, XSNF_DROP);
	engine_turn();
	assert_int_equal(engine->copies, 9 + 2);
	assert_int_equal(a->free_cnt, a->entries);
	engine_end();
}

static void return_wrong(struct xs_port *a, int how, struct xsnf_desc *descs,
			 struct xsnf_desc other)
{
	struct xsnf_desc swap = descs[1];

	switch (how) {
	case 0: /* its first frame alone */
		nf_return(a, descs[0], XSNF_NEXT);
		break;
	case 1: /* it says that there is more, and there is not */
		nf_return(a, descs[0], XSNF_DESC_MORE);
		break;
	case 2:
		return_packet(a, descs, 2, XSNF_NEXT);
		break;
	case 3: /* one too many */
		nf_return(a, descs[0], XSNF_DESC_MORE);
		nf_return(a, descs[1], XSNF_DESC_MORE);
		nf_return(a, descs[2], XSNF_DESC_MORE);
		nf_return(a, other, 0);
		break;
	case 4:
		descs[1] = descs[2];
		descs[2] = swap;
		return_packet(a, descs, 3, XSNF_NEXT);
		break;
	case 5: /* from its second frame on */
		return_packet(a, descs + 1, 2, XSNF_NEXT);
		break;
	case 6: /* another packet's frame in it */
		descs[1].frame = other.frame;
		return_packet(a, descs, 3, XSNF_NEXT);
		break;
	case 7:
		descs[2].frame = ~0u;
		return_packet(a, descs, 3, XSNF_NEXT);
		break;
	case 8: /* a single frame with more */
		nf_return(a, other, XSNF_DESC_MORE);
		nf_return(a, descs[0], 0);
		break;
	case 9: /* a verdict that only looks like one */
		return_packet(a, descs, 3, 100);
		break;
	}
}

/* Whatever it returns: it is found out, and no frame is lost or given twice. */
static void who_returns_a_part_is_found_out(void **state)
{
	static const char *const texts[] = { "service a\nchain c a tx\n",
					     "service a domain far\nchain c a tx\n",
					     "service a readonly\nchain c a tx\n" };

	(void)state;
	for (__u32 text = 0; text < 3; text++) {
		for (int how = 0; how < 10; how++) {
			struct xsnf_desc descs[3], other;
			struct xs_port *a;

			engine_begin(texts[text]);
			a = join_multi("a");
			engine_enter_long(0, 1, 3);
			engine_enter(0, 2, 0);
			engine_turn();
			take_packet(a, descs, 3);
			other = nf_take(a);
			return_wrong(a, how, descs, other);
			engine_turn();
			if (!a->bad)
				fail_msg("%s: way %d is not found out", texts[text], how);
			assert_int_equal(engine->bad, 1);
			xs_engine_reap_port(engine, a);
			engine_check();
			assert_int_equal(engine->count[0].inside, 0);
			assert_int_equal(engine_free_cnt, ENGINE_FRAMES);
			assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 2);
			engine_end();
		}
	}
}

static void a_packet_dies_or_survives_as_one(void **state)
{
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a\nservice b readonly\nchain c b a tx\non b dead bypass\n");
	a = join_multi("a");
	b = join_multi("b");
	engine_enter_long(0, 1, 3);
	engine_turn();
	xs_engine_reap_port(engine, b);
	engine_turn();
	assert_int_equal(engine->hops[0][0].survived, 1);
	assert_int_equal(nf_waiting(a), 3);
	xs_engine_reap_port(engine, a);
	engine_turn();
	assert_int_equal(engine->hops[0][1].lost[XS_LOSS_died], 1);
	assert_int_equal(engine_free_cnt, ENGINE_FRAMES);
	engine_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_goes_on_whole),
		cmocka_unit_test(who_takes_single_frames_only_gets_none),
		cmocka_unit_test(a_packet_waits_for_room_for_all_of_it),
		cmocka_unit_test(a_limit_counts_frames),
		cmocka_unit_test(each_frame_is_copied),
		cmocka_unit_test(who_returns_a_part_is_found_out),
		cmocka_unit_test(a_packet_dies_or_survives_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
