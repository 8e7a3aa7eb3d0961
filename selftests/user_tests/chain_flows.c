// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The broker's core: which instance gets which flow, and whose memory a frame is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../engine_bench.h"

/* ---- flows ---- */

enum { FLOWS = 1000 };

/* Sends one frame of each flow, and notes to which port it went. */
static void send_flows(struct xs_port **ports, int cnt, __u32 *went)
{
	for (__u32 f = 0; f < FLOWS; f++) {
		engine_enter(0, f, f);
		engine_turn();
		for (int i = 0; i < cnt; i++) {
			if (!nf_waiting(ports[i]))
				continue;
			went[f] = ports[i]->id;
			nf_answer(ports[i], XSNF_NEXT);
		}
		engine_turn();
	}
}

static void flows_stay_and_few_move(void **state)
{
	static __u32 before[FLOWS], after[FLOWS];
	struct xs_port *ports[5];
	__u32 moved = 0, share[5] = {};

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	for (int i = 0; i < 4; i++)
		ports[i] = engine_join("a");
	send_flows(ports, 4, before);
	send_flows(ports, 4, after);
	assert_memory_equal(before, after, sizeof(before));
	for (__u32 f = 0; f < FLOWS; f++)
		share[before[f]]++;
	for (int i = 0; i < 4; i++)
		assert_true(share[i] > FLOWS * 15 / 100 && share[i] < FLOWS * 35 / 100);
	ports[4] = engine_join("a");
	send_flows(ports, 5, after);
	for (__u32 f = 0; f < FLOWS; f++) {
		moved += before[f] != after[f];
		assert_true(before[f] == after[f] || after[f] == ports[4]->id);
	}
	assert_true(moved > 0 && moved <= FLOWS * 23 / 100);
	/* one leaves: only its flows move */
	xs_engine_drain_port(engine, ports[1]);
	engine_turn();
	assert_true(xs_engine_port_is_unused(engine, ports[1]));
	send_flows(ports, 5, before);
	for (__u32 f = 0; f < FLOWS; f++) {
		assert_true(before[f] == after[f] || after[f] == ports[1]->id);
		assert_int_not_equal(before[f], ports[1]->id);
	}
	assert_int_equal(engine->reorder_risk, 0);
	assert_int_equal(engine_sent, 4 * FLOWS);
	engine_end();
}

static void a_bucket_moves_when_it_is_empty_or_late(void **state)
{
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a ring 1024\nchain c a tx\n");
	a = engine_join("a");
	engine_enter_many(500);
	engine_turn();
	b = engine_join("a");
	engine_enter_many(500);
	engine_turn();
	/* While frames of a bucket are inside, the old instance still gets them. */
	assert_true(a->held > 900);
	xs_engine_turn(engine, engine->now_ns + 11000000);
	assert_true(engine->reorder_risk > 50);
	nf_answer(a, XSNF_NEXT);
	nf_answer(b, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 1000);
	engine_end();
}

static void sticky_by_address_keeps_a_host_together(void **state)
{
	struct xs_port *ports[4];
	int cnt = 0;

	(void)state;
	engine_begin("service a sticky ip daddr\nchain c a tx\n");
	for (int i = 0; i < 4; i++)
		ports[i] = engine_join("a");
	engine_enter_many(200); /* of many sources, to one destination */
	engine_turn();
	for (int i = 0; i < 4; i++)
		cnt += ports[i]->held > 0;
	assert_int_equal(cnt, 1);
	for (int i = 0; i < 4; i++)
		nf_answer(ports[i], XSNF_NEXT);
	engine_turn();
	engine_end();
}

/* ---- copies ---- */

static void a_tap_sees_copies_and_never_waits(void **state)
{
	struct xs_port *a, *t;
	struct xsnf_desc desc;

	(void)state;
	engine_begin("service a\nservice t tap ring 64\nchain c a tx\nchain c mirror t\n"
		     "chain c mirror t after a\n");
	a = engine_join("a");
	t = engine_join("t");
	engine_enter_many(60);
	engine_turn();
	desc = nf_take(t);
	assert_memory_equal(t->frames + desc.frame * ENGINE_FRAME + desc.off,
			    engine_memory + nf_take(a).frame * ENGINE_FRAME + 64, 64);
	nf_cons[a->id]--;
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 60);
	assert_int_equal(engine->count[0].taps[0].seen, 60);
	assert_int_equal(engine->count[0].taps[1].seen, 4);
	assert_int_equal(engine->count[0].taps[1].missed, 56);
	/* What it returns makes room again, whatever the verdict. */
	nf_return(t, desc, XSNF_DROP);
	nf_answer(t, 99);
	engine_turn();
	assert_int_equal(t->held, 0);
	engine_enter_many(1);
	assert_int_equal(engine->count[0].taps[0].seen, 61);
	engine_turn();
	xs_engine_reap_port(engine, t);
	engine_enter_many(1);
	assert_int_equal(engine->count[0].taps[0].missed, 1);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 61);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 62);
	engine_end();
}

static void another_domain_changes_only_its_copy(void **state)
{
	struct xs_port *a;
	struct xsnf_desc desc;
	__u32 frame;

	(void)state;
	engine_begin("service a domain x\nchain c a tx\n");
	a = engine_join("a");
	frame = engine_free_frames[engine_free_cnt - 1];
	engine_enter_many(2);
	engine_turn();
	assert_int_equal(engine->copies, 2);
	desc = nf_take(a);
	a->frames[desc.frame * ENGINE_FRAME + desc.off + 5] = 0xee;
	assert_int_not_equal(engine_memory[frame * ENGINE_FRAME + 64 + 5], 0xee);
	nf_return(a, desc, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_memory[frame * ENGINE_FRAME + 64 + 5], 0xee);
	assert_int_equal(engine->copies, 3);
	/* It knows slots, not frames; it does not hold a slot that is free. */
	nf_return(a, desc, XSNF_NEXT);
	xs_engine_turn(engine, engine->now_ns + 1);
	assert_non_null(a->bad);
	xs_engine_reap_port(engine, a);
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 1);
	engine_end();
}

static void a_reader_changes_nothing_but_the_verdict(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a readonly\nservice b\nchain c a b tx\n");
	a = engine_join("a");
	b = engine_join("b");
	engine_enter_many(1);
	engine_turn();
	desc = nf_take(a);
	desc.off = 0;
	desc.len = 60000;
	nf_return(a, desc, XSNF_NEXT);
	engine_turn();
	assert_null(a->bad);
	desc = nf_take(b);
	assert_int_equal(desc.off, 64);
	assert_int_equal(desc.len, 64);
	nf_return(b, desc, XSNF_NEXT);
	engine_turn();
	engine_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_stay_and_few_move),
		cmocka_unit_test(a_bucket_moves_when_it_is_empty_or_late),
		cmocka_unit_test(sticky_by_address_keeps_a_host_together),
		cmocka_unit_test(a_tap_sees_copies_and_never_waits),
		cmocka_unit_test(another_domain_changes_only_its_copy),
		cmocka_unit_test(a_reader_changes_nothing_but_the_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
