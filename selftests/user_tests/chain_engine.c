// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The broker's core: verdicts, exits and marks; what is counted and traced; services that are dead
 * or full; who is woken when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../engine_bench.h"

/* ---- verdicts ---- */

static void verdicts_lead_where_the_file_says(void **state)
{
	struct xs_port *a, *b;
	const struct xs_hop *hop;

	(void)state;
	engine_begin("service a\nservice b\nchain c a tx\nchain c a.miss -> b -> drop\n");
	a = engine_join("a");
	b = engine_join("b");
	hop = &engine->hops[0][0];
	engine_enter_many(5);
	engine_turn();
	assert_int_equal(nf_waiting(a), 5);
	nf_return(a, nf_take(a), XSNF_NEXT);
	nf_return(a, nf_take(a), XSNF_DROP);
	nf_return(a, nf_take(a), XSNF_TX);
	nf_return(a, nf_take(a), XSNF_EXIT(0));
	nf_return(a, nf_take(a), XSNF_EXIT(1));
	engine_turn();
	assert_int_equal(hop->in, 5);
	assert_int_equal(hop->next, 1);
	assert_int_equal(hop->drop, 1);
	assert_int_equal(hop->tx, 1);
	assert_int_equal(hop->exits[0], 1);
	assert_int_equal(hop->lost[XS_LOSS_unbound], 1);
	assert_int_equal(engine_sent, 2);
	assert_int_equal(engine_dropped, 2);
	assert_int_equal(nf_answer(b, XSNF_NEXT), 1);
	engine_turn();
	assert_int_equal(engine->count[0].drop, 2);
	assert_int_equal(engine->count[0].inside, 0);
	engine_end();
}

static void marks_and_steps_go_along(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a\nservice b\nchain c a b tx\n");
	a = engine_join("a");
	b = engine_join("b");
	engine_enter(0, 7, 1);
	engine_turn();
	desc = nf_take(a);
	assert_int_equal(desc.step, 0);
	assert_int_equal(desc.mark, 0);
	desc.mark = 77;
	desc.off = 60; /* 4 bytes more to the front */
	desc.len = 68;
	desc.step = 9; /* ignored, as is the hash */
	desc.hash = 1;
	nf_return(a, desc, XSNF_NEXT);
	engine_turn();
	desc = nf_take(b);
	assert_int_equal(desc.step, 1);
	assert_int_equal(desc.mark, 77);
	assert_int_equal(desc.off, 60);
	assert_int_equal(desc.len, 68);
	assert_int_not_equal(desc.hash, 1);
	nf_return(b, desc, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 1);
	engine_end();
}

/* The time between the turns in which a frame was given and taken back, for each frame once. */
static void the_time_with_a_step_is_in_its_histogram(void **state)
{
	struct xs_port *a, *b;
	const struct xs_hop *hop, *next;

	(void)state;
	engine_begin("service a\nservice b\nchain c a b tx\n");
	a = engine_join("a");
	b = engine_join("b");
	hop = &engine->hops[0][0];
	next = &engine->hops[0][1];
	engine_enter_many(3);
	engine_turn();
	engine_enter(0, 3, 3); /* given one turn later */
	assert_int_equal(hop->latency.count, 0);
	assert_int_equal(nf_answer(a, XSNF_NEXT), 3);
	engine_turn();
	assert_int_equal(hop->latency.count, 3);
	assert_int_equal(nf_answer(a, XSNF_DROP), 1);
	xs_engine_turn(engine, engine->now_ns + 999000);
	assert_int_equal(hop->latency.count, 4);
	assert_int_equal(hop->latency.buckets[xs_latency_bucket(2000)], 3);
	assert_int_equal(hop->latency.buckets[xs_latency_bucket(1000000)], 1);
	assert_int_equal(hop->latency.max_ns, 1000000);
	assert_int_equal(hop->ns_total, 3 * 2000 + 1000000);
	assert_int_equal(next->latency.count, 0);
	nf_answer(b, XSNF_NEXT);
	xs_engine_turn(engine, engine->now_ns + 500);
	assert_int_equal(next->latency.count, 3);
	assert_int_equal(next->latency.max_ns, 999500);
	/* What a dead one had not given back is in no histogram. */
	engine_enter_many(2);
	engine_turn();
	nf_return(a, nf_take(a), XSNF_TX);
	xs_engine_reap_port(engine, a);
	assert_int_equal(hop->latency.count, 5);
	assert_int_equal(hop->lost[XS_LOSS_died], 1);
	engine_end();
}

static void a_trace_has_each_event_of_its_frames_and_no_other(void **state)
{
	static const __u8 lived[] = { XS_TRACE_given, XS_TRACE_returned, XS_TRACE_given,
				      XS_TRACE_returned, XS_TRACE_ended };
	static const __u8 died[] = { XS_TRACE_given, XS_TRACE_lost };
	const struct xs_traced *frame;
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a\nservice b\nchain c a b tx\nchain d a tx\n");
	a = engine_join("a");
	b = engine_join("b");
	engine_enter(0, 1, 1); /* before anybody asks */
	assert_int_equal(xs_engine_trace(engine, 2, 0), 0);
	engine_enter(1, 2, 2); /* of another chain */
	engine_enter(0, 3, 3);
	engine_enter(0, 4, 4);
	engine_enter(0, 5, 5); /* one too many */
	engine_turn();
	assert_int_equal(engine->trace->begun, 2);
	for (int i = 0; i < 3; i++)
		nf_return(a, nf_take(a), XSNF_NEXT);
	engine_turn();
	nf_answer(b, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine->trace->done, 1);
	xs_engine_reap_port(engine, a);
	assert_int_equal(engine->trace->done, 2);
	frame = &engine->trace->frames[0];
	assert_int_equal(frame->cnt, sizeof(lived));
	for (__u32 i = 0; i < frame->cnt; i++)
		assert_int_equal(frame->points[i].what, lived[i]);
	assert_int_equal(frame->points[0].service, 0);
	assert_int_equal(frame->points[2].service, 1);
	assert_int_equal(frame->points[4].at_ns, 3000);
	assert_int_equal(frame->points[4].value, XS_TO_tx);
	frame = &engine->trace->frames[1];
	assert_int_equal(frame->cnt, sizeof(died));
	for (__u32 i = 0; i < frame->cnt; i++)
		assert_int_equal(frame->points[i].what, died[i]);
	assert_int_equal(frame->points[1].value, XS_LOSS_died);
	assert_true(frame->done);
	engine_end();
}

/* What was under way for an earlier trace writes nothing into the next one. */
static void another_trace_takes_the_place_of_one(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	a = engine_join("a");
	assert_int_equal(xs_engine_trace(engine, 1000, -1), 0);
	assert_int_equal(engine->trace->wanted, XS_TRACED_MAX);
	engine_enter_many(3);
	engine_turn();
	assert_int_equal(engine->trace->begun, 3);
	assert_int_equal(xs_engine_trace(engine, 1, -1), 0);
	engine_enter(0, 9, 9);
	engine_turn();
	nf_answer(a, XSNF_DROP);
	engine_turn();
	assert_int_equal(engine->trace->begun, 1);
	assert_int_equal(engine->trace->done, 1);
	assert_int_equal(engine->trace->frames[0].cnt, 3);
	assert_int_equal(engine->trace->frames[0].points[1].value, XSNF_DROP);
	engine_end();
}

/* ---- without the service ---- */

static void a_dead_service_drops_bypasses_or_holds(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	engine_enter_many(3);
	engine_turn();
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_dead], 3);
	assert_int_equal(engine_dropped, 3);
	engine_end();

	engine_begin("service a\nchain c a tx\non a dead bypass\n");
	engine_enter_many(3);
	assert_int_equal(engine->hops[0][0].bypassed, 3);
	assert_int_equal(engine_sent, 3);
	engine_end();

	engine_begin("service a\nchain c a tx\non a dead hold 2s\n");
	engine_enter_many(3);
	engine_turn();
	assert_int_equal(engine->count[0].waiting, 3);
	assert_int_equal(xs_engine_room(engine, 0), 0);
	a = engine_join("a");
	engine_turn();
	assert_int_equal(nf_waiting(a), 3);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 3);
	assert_true(engine_in_order);
	engine_end();

	engine_begin("service a\nchain c a tx\non a dead hold 2s\n");
	engine_enter_many(2);
	xs_engine_turn(engine, engine->now_ns + 1999999999);
	assert_int_equal(engine->count[0].waiting, 2);
	xs_engine_turn(engine, engine->now_ns + 1);
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_dead], 2);
	engine_end();
}

static void a_full_instance_holds_drops_or_bypasses(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a ring 64\nchain c a tx\n");
	a = engine_join("a");
	engine_enter_many(70);
	engine_turn();
	assert_int_equal(a->held, 64);
	assert_int_equal(engine->count[0].waiting, 6);
	assert_int_equal(xs_engine_room(engine, 0), 0);
	nf_return(a, nf_take(a), XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine->count[0].waiting, 5);
	while (nf_answer(a, XSNF_NEXT))
		engine_turn();
	assert_int_equal(engine_sent, 70);
	assert_true(engine_in_order);
	assert_true(xs_engine_room(engine, 0) > 0);
	engine_end();

	engine_begin("service a ring 64\nchain c a tx\non a full drop\n");
	engine_join("a");
	engine_enter_many(70);
	engine_turn();
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_full], 6);
	engine_end();

	engine_begin("service a ring 64\nchain c a tx\non a full bypass\n");
	engine_join("a");
	engine_enter_many(70);
	engine_turn();
	assert_int_equal(engine->hops[0][0].bypassed, 6);
	assert_int_equal(engine_sent, 6);
	engine_end();
}

static void a_limit_closes_the_entry(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\nlimit c frames 10\n");
	a = engine_join("a");
	assert_int_equal(xs_engine_room(engine, 0), 10);
	engine_enter_many(10);
	engine_turn();
	assert_int_equal(xs_engine_room(engine, 0), 0);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(xs_engine_room(engine, 0), 10);
	engine_end();
}

/* ---- waking ---- */

static void sleep_nf(const struct xs_port *port)
{
	struct xsnf_n2b *n2b = port->n2b_memory.map;

	xsnf_set_asleep(&n2b->asleep);
}

/* How often the NF was woken since the last call. */
static int wakes(const struct xs_port *port)
{
	char byte;
	int cnt = 0;

	while (recv(port->nf_wake, &byte, 1, MSG_DONTWAIT) == 1)
		cnt++;
	return cnt;
}

static void nfs_are_woken_for_many_frames_or_late_or_before_the_broker_sleeps(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	a = engine_join("a");
	sleep_nf(a);
	engine_enter_many(255);
	engine_turn();
	assert_int_equal(nf_waiting(a), 255);
	assert_int_equal(wakes(a), 0);
	engine_enter_many(1);
	engine_turn();
	assert_int_equal(wakes(a), 1);
	/* late, though nothing more was given */
	engine_enter_many(1);
	engine_turn();
	for (int i = 0; i < 49; i++)
		engine_turn();
	assert_int_equal(wakes(a), 0);
	engine_turn();
	assert_int_equal(wakes(a), 1);
	engine_turn();
	assert_int_equal(wakes(a), 0);
	/* before the broker sleeps, and once */
	engine_enter_many(1);
	engine_turn();
	assert_true(xs_engine_set_asleep(engine, true));
	assert_int_equal(wakes(a), 1);
	xs_engine_set_asleep(engine, false);
	assert_true(xs_engine_set_asleep(engine, true));
	assert_int_equal(wakes(a), 0);
	/* an NF that is awake gets no byte */
	((struct xsnf_n2b *)a->n2b_memory.map)->asleep = 0;
	engine_enter_many(1);
	engine_turn();
	assert_true(xs_engine_set_asleep(engine, true));
	assert_int_equal(wakes(a), 0);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	engine_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_lead_where_the_file_says),
		cmocka_unit_test(marks_and_steps_go_along),
		cmocka_unit_test(the_time_with_a_step_is_in_its_histogram),
		cmocka_unit_test(a_trace_has_each_event_of_its_frames_and_no_other),
		cmocka_unit_test(another_trace_takes_the_place_of_one),
		cmocka_unit_test(a_dead_service_drops_bypasses_or_holds),
		cmocka_unit_test(a_full_instance_holds_drops_or_bypasses),
		cmocka_unit_test(a_limit_closes_the_entry),
		cmocka_unit_test(nfs_are_woken_for_many_frames_or_late_or_before_the_broker_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
