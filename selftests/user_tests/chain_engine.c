// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The broker's core, with NFs that are functions of this test: every cause of loss by itself,
 * with the exact number; flows that stay and that move; and a random walk with cheats, whose
 * account must add up after each step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/chains/text.h"
#include "tools/chain/engine.h"

enum { FRAMES = 1024, FRAME = 256 };

static struct xs_chains chains;
static unsigned char memory[FRAMES * FRAME];
static struct xs_engine *e;
static __u32 free_frames[FRAMES], free_cnt;
static __u64 sent, dropped, last_tag;
static bool in_order;

static void done(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	(void)arg;
	sent += end == XS_TO_tx;
	dropped += end == XS_TO_drop;
	if (end == XS_TO_tx) {
		in_order &= held->tag >= last_tag;
		last_tag = held->tag;
	}
	free_frames[free_cnt++] = frame;
}

static void begin(const char *text)
{
	static struct xs_chain_findings findings;
	const struct xs_engine_config config = { .chains = &chains,
						 .frames = memory,
						 .frame_cnt = FRAMES,
						 .frame_size = FRAME,
						 .headroom = 16,
						 .done = done };

	assert_int_equal(xs_chains_parse(&chains, text, strlen(text), &findings), 0);
	assert_int_equal(xs_engine_make(&e, &config), 0);
	free_cnt = 0;
	for (__u32 i = 0; i < FRAMES; i++)
		free_frames[free_cnt++] = i;
	sent = dropped = last_tag = 0;
	in_order = true;
}

static void check_balance(void)
{
	char why[256] = "";

	if (!xs_engine_balanced(e, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(free_cnt + xs_engine_inside(e), FRAMES);
}

static void end(void)
{
	check_balance();
	xs_engine_free(e);
	e = NULL;
}

/* ---- NFs ---- */

static struct xs_port *join(const char *service)
{
	int i = xs_chains_service(&chains, service);
	static __u32 instance;
	const struct xs_port_config config = { .service = &chains.services[i],
					       .service_index = (__u32)i,
					       .instance = instance + 1,
					       .frame_cnt = FRAMES,
					       .frame_size = FRAME,
					       .headroom = 16 };
	struct xs_port *port;

	instance++;
	assert_int_equal(xs_port_make(&port, &config), 0);
	port->exit_cnt = 2;
	port->exit_of[0] = (__s8)xs_service_exit(&chains.services[i], "miss");
	port->exit_of[1] = -1;
	assert_int_equal(xs_engine_add_port(e, port), 0);
	return port;
}

/* What the NF has read so far, by port. This is the NF's own state. */
static __u32 nf_cons[XS_PORTS_MAX], nf_prod[XS_PORTS_MAX];

static struct xs_port *join_new(const char *service)
{
	struct xs_port *port = join(service);

	nf_cons[port->id] = nf_prod[port->id] = 0;
	return port;
}

static __u32 waiting_for(const struct xs_port *port)
{
	return port->b2n->prod - nf_cons[port->id];
}

static struct xsnf_desc nf_take(const struct xs_port *port)
{
	return port->b2n->ring[nf_cons[port->id]++ & (port->entries - 1)];
}

static void nf_return(struct xs_port *port, struct xsnf_desc desc, __u8 verdict)
{
	struct xsnf_n2b *n2b = port->n2b_memory.map;

	desc.verdict = verdict;
	n2b->ring[nf_prod[port->id]++ & (port->entries - 1)] = desc;
	n2b->prod = nf_prod[port->id];
}

/* The NF handles all frames that it was given. */
static __u32 nf_answer(struct xs_port *port, __u8 verdict)
{
	__u32 cnt = 0;

	for (; waiting_for(port); cnt++)
		nf_return(port, nf_take(port), verdict);
	return cnt;
}

static void turn(void)
{
	xs_engine_turn(e, e->now_ns + 1000);
	check_balance();
}

/* A UDP frame of flow `flow`. */
static void enter(__u32 chain, __u32 flow, __u64 tag)
{
	__u32 frame = free_frames[--free_cnt];
	unsigned char *p = memory + frame * FRAME + 64;

	memset(p, 0, 64);
	p[12] = 8;
	p[14] = 0x45;
	p[17] = 50;
	p[23] = 17;
	memcpy(p + 26, &flow, 4);
	p[34] = (unsigned char)(flow >> 8);
	p[35] = (unsigned char)flow;
	xs_engine_enter(e, chain, frame, 64, 64, tag);
}

static void enter_many(__u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++)
		enter(0, i, i);
}

/* ---- verdicts ---- */

static void verdicts_lead_where_the_file_says(void **state)
{
	struct xs_port *a, *b;
	const struct xs_hop *hop;

	(void)state;
	begin("service a\nservice b\nchain c a tx\nchain c a.miss -> b -> drop\n");
	a = join_new("a");
	b = join_new("b");
	hop = &e->hops[0][0];
	enter_many(5);
	turn();
	assert_int_equal(waiting_for(a), 5);
	nf_return(a, nf_take(a), XSNF_NEXT);
	nf_return(a, nf_take(a), XSNF_DROP);
	nf_return(a, nf_take(a), XSNF_TX);
	nf_return(a, nf_take(a), XSNF_EXIT(0));
	nf_return(a, nf_take(a), XSNF_EXIT(1));
	turn();
	assert_int_equal(hop->in, 5);
	assert_int_equal(hop->next, 1);
	assert_int_equal(hop->drop, 1);
	assert_int_equal(hop->tx, 1);
	assert_int_equal(hop->exits[0], 1);
	assert_int_equal(hop->lost[XS_LOSS_unbound], 1);
	assert_int_equal(sent, 2);
	assert_int_equal(dropped, 2);
	assert_int_equal(nf_answer(b, XSNF_NEXT), 1);
	turn();
	assert_int_equal(e->count[0].drop, 2);
	assert_int_equal(e->count[0].inside, 0);
	end();
}

static void marks_and_steps_go_along(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a, *b;

	(void)state;
	begin("service a\nservice b\nchain c a b tx\n");
	a = join_new("a");
	b = join_new("b");
	enter(0, 7, 1);
	turn();
	desc = nf_take(a);
	assert_int_equal(desc.step, 0);
	assert_int_equal(desc.mark, 0);
	desc.mark = 77;
	desc.off = 60; /* 4 bytes more to the front */
	desc.len = 68;
	desc.step = 9; /* ignored, as is the hash */
	desc.hash = 1;
	nf_return(a, desc, XSNF_NEXT);
	turn();
	desc = nf_take(b);
	assert_int_equal(desc.step, 1);
	assert_int_equal(desc.mark, 77);
	assert_int_equal(desc.off, 60);
	assert_int_equal(desc.len, 68);
	assert_int_not_equal(desc.hash, 1);
	nf_return(b, desc, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 1);
	end();
}

/* The time between the turns in which a frame was given and taken back, for each frame once. */
static void the_time_with_a_step_is_in_its_histogram(void **state)
{
	struct xs_port *a, *b;
	const struct xs_hop *hop, *next;

	(void)state;
	begin("service a\nservice b\nchain c a b tx\n");
	a = join_new("a");
	b = join_new("b");
	hop = &e->hops[0][0];
	next = &e->hops[0][1];
	enter_many(3);
	turn();
	enter(0, 3, 3); /* given one turn later */
	assert_int_equal(hop->latency.count, 0);
	assert_int_equal(nf_answer(a, XSNF_NEXT), 3);
	turn();
	assert_int_equal(hop->latency.count, 3);
	assert_int_equal(nf_answer(a, XSNF_DROP), 1);
	xs_engine_turn(e, e->now_ns + 999000);
	assert_int_equal(hop->latency.count, 4);
	assert_int_equal(hop->latency.buckets[xs_latency_bucket(2000)], 3);
	assert_int_equal(hop->latency.buckets[xs_latency_bucket(1000000)], 1);
	assert_int_equal(hop->latency.max_ns, 1000000);
	assert_int_equal(hop->ns_total, 3 * 2000 + 1000000);
	assert_int_equal(next->latency.count, 0);
	nf_answer(b, XSNF_NEXT);
	xs_engine_turn(e, e->now_ns + 500);
	assert_int_equal(next->latency.count, 3);
	assert_int_equal(next->latency.max_ns, 999500);
	/* What a dead one had not given back is in no histogram. */
	enter_many(2);
	turn();
	nf_return(a, nf_take(a), XSNF_TX);
	xs_engine_reap_port(e, a);
	assert_int_equal(hop->latency.count, 5);
	assert_int_equal(hop->lost[XS_LOSS_died], 1);
	end();
}

static void a_trace_has_each_event_of_its_frames_and_no_other(void **state)
{
	static const __u8 lived[] = { XS_TRACE_given, XS_TRACE_returned, XS_TRACE_given,
				      XS_TRACE_returned, XS_TRACE_ended };
	static const __u8 died[] = { XS_TRACE_given, XS_TRACE_lost };
	const struct xs_traced *frame;
	struct xs_port *a, *b;

	(void)state;
	begin("service a\nservice b\nchain c a b tx\nchain d a tx\n");
	a = join_new("a");
	b = join_new("b");
	enter(0, 1, 1); /* before anybody asks */
	assert_int_equal(xs_engine_trace(e, 2, 0), 0);
	enter(1, 2, 2); /* of another chain */
	enter(0, 3, 3);
	enter(0, 4, 4);
	enter(0, 5, 5); /* one too many */
	turn();
	assert_int_equal(e->trace->begun, 2);
	for (int i = 0; i < 3; i++)
		nf_return(a, nf_take(a), XSNF_NEXT);
	turn();
	nf_answer(b, XSNF_NEXT);
	turn();
	assert_int_equal(e->trace->done, 1);
	xs_engine_reap_port(e, a);
	assert_int_equal(e->trace->done, 2);
	frame = &e->trace->frames[0];
	assert_int_equal(frame->cnt, sizeof(lived));
	for (__u32 i = 0; i < frame->cnt; i++)
		assert_int_equal(frame->points[i].what, lived[i]);
	assert_int_equal(frame->points[0].service, 0);
	assert_int_equal(frame->points[2].service, 1);
	assert_int_equal(frame->points[4].at_ns, 3000);
	assert_int_equal(frame->points[4].value, XS_TO_tx);
	frame = &e->trace->frames[1];
	assert_int_equal(frame->cnt, sizeof(died));
	for (__u32 i = 0; i < frame->cnt; i++)
		assert_int_equal(frame->points[i].what, died[i]);
	assert_int_equal(frame->points[1].value, XS_LOSS_died);
	assert_true(frame->done);
	end();
}

/* What was under way for an earlier trace writes nothing into the next one. */
static void another_trace_takes_the_place_of_one(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a\nchain c a tx\n");
	a = join_new("a");
	assert_int_equal(xs_engine_trace(e, 1000, -1), 0);
	assert_int_equal(e->trace->wanted, XS_TRACED_MAX);
	enter_many(3);
	turn();
	assert_int_equal(e->trace->begun, 3);
	assert_int_equal(xs_engine_trace(e, 1, -1), 0);
	enter(0, 9, 9);
	turn();
	nf_answer(a, XSNF_DROP);
	turn();
	assert_int_equal(e->trace->begun, 1);
	assert_int_equal(e->trace->done, 1);
	assert_int_equal(e->trace->frames[0].cnt, 3);
	assert_int_equal(e->trace->frames[0].points[1].value, XSNF_DROP);
	end();
}

/* ---- without the service ---- */

static void a_dead_service_drops_bypasses_or_holds(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a\nchain c a tx\n");
	enter_many(3);
	turn();
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_dead], 3);
	assert_int_equal(dropped, 3);
	end();

	begin("service a\nchain c a tx\non a dead bypass\n");
	enter_many(3);
	assert_int_equal(e->hops[0][0].bypassed, 3);
	assert_int_equal(sent, 3);
	end();

	begin("service a\nchain c a tx\non a dead hold 2s\n");
	enter_many(3);
	turn();
	assert_int_equal(e->count[0].waiting, 3);
	assert_int_equal(xs_engine_room(e, 0), 0);
	a = join_new("a");
	turn();
	assert_int_equal(waiting_for(a), 3);
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 3);
	assert_true(in_order);
	end();

	begin("service a\nchain c a tx\non a dead hold 2s\n");
	enter_many(2);
	xs_engine_turn(e, e->now_ns + 1999999999);
	assert_int_equal(e->count[0].waiting, 2);
	xs_engine_turn(e, e->now_ns + 1);
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_dead], 2);
	end();
}

static void a_full_instance_holds_drops_or_bypasses(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a ring 64\nchain c a tx\n");
	a = join_new("a");
	enter_many(70);
	turn();
	assert_int_equal(a->held, 64);
	assert_int_equal(e->count[0].waiting, 6);
	assert_int_equal(xs_engine_room(e, 0), 0);
	nf_return(a, nf_take(a), XSNF_NEXT);
	turn();
	assert_int_equal(e->count[0].waiting, 5);
	while (nf_answer(a, XSNF_NEXT))
		turn();
	assert_int_equal(sent, 70);
	assert_true(in_order);
	assert_true(xs_engine_room(e, 0) > 0);
	end();

	begin("service a ring 64\nchain c a tx\non a full drop\n");
	join_new("a");
	enter_many(70);
	turn();
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_full], 6);
	end();

	begin("service a ring 64\nchain c a tx\non a full bypass\n");
	join_new("a");
	enter_many(70);
	turn();
	assert_int_equal(e->hops[0][0].bypassed, 6);
	assert_int_equal(sent, 6);
	end();
}

static void a_limit_closes_the_entry(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a\nchain c a tx\nlimit c frames 10\n");
	a = join_new("a");
	assert_int_equal(xs_engine_room(e, 0), 10);
	enter_many(10);
	turn();
	assert_int_equal(xs_engine_room(e, 0), 0);
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(xs_engine_room(e, 0), 10);
	end();
}

/* ---- death ---- */

static void a_death_costs_what_was_not_returned(void **state)
{
	struct xs_port *a;

	(void)state;
	for (__u32 returned = 0; returned <= 8; returned++) {
		begin("service a\nchain c a tx\n");
		a = join_new("a");
		enter_many(8);
		turn();
		for (__u32 i = 0; i < returned; i++)
			nf_return(a, nf_take(a), XSNF_NEXT);
		xs_engine_reap_port(e, a);
		check_balance();
		assert_int_equal(sent, returned);
		assert_int_equal(e->hops[0][0].lost[XS_LOSS_died], 8 - returned);
		assert_int_equal(free_cnt, FRAMES);
		end();
	}
}

static void a_dead_reader_costs_nothing_where_it_is_bypassed(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a readonly\nchain c a tx\non a dead bypass\n");
	a = join_new("a");
	enter_many(8);
	turn();
	xs_engine_reap_port(e, a);
	assert_int_equal(sent, 8);
	assert_int_equal(e->hops[0][0].survived, 8);
	end();
}

static void what_a_closed_port_holds_stays_until_it_is_dead(void **state)
{
	struct xs_port *a;

	(void)state;
	begin("service a\nchain c a tx\n");
	a = join_new("a");
	enter_many(8);
	turn();
	xs_engine_close_port(e, a);
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 0);
	assert_int_equal(e->count[0].inside, 8);
	enter(0, 1, 9);
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_dead], 1);
	xs_engine_reap_port(e, a);
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_died], 8);
	end();
}

static void those_that_wait_for_the_dead_go_to_the_living(void **state)
{
	struct xs_port *a, *b;

	(void)state;
	begin("service a ring 64\nchain c a tx\n");
	a = join_new("a");
	enter_many(100);
	turn();
	b = join_new("a");
	xs_engine_reap_port(e, a);
	check_balance();
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_died], 64);
	turn();
	assert_int_equal(nf_answer(b, XSNF_NEXT), 36);
	turn();
	assert_int_equal(sent, 36);
	end();
}

/* ---- flows ---- */

enum { FLOWS = 1000 };

/* Sends one frame of each flow, and notes to which port it went. */
static void send_flows(struct xs_port **ports, int cnt, __u32 *went)
{
	for (__u32 f = 0; f < FLOWS; f++) {
		enter(0, f, f);
		turn();
		for (int i = 0; i < cnt; i++) {
			if (!waiting_for(ports[i]))
				continue;
			went[f] = ports[i]->id;
			nf_answer(ports[i], XSNF_NEXT);
		}
		turn();
	}
}

static void flows_stay_and_few_move(void **state)
{
	static __u32 before[FLOWS], after[FLOWS];
	struct xs_port *ports[5];
	__u32 moved = 0, share[5] = {};

	(void)state;
	begin("service a\nchain c a tx\n");
	for (int i = 0; i < 4; i++)
		ports[i] = join_new("a");
	send_flows(ports, 4, before);
	send_flows(ports, 4, after);
	assert_memory_equal(before, after, sizeof(before));
	for (__u32 f = 0; f < FLOWS; f++)
		share[before[f]]++;
	for (int i = 0; i < 4; i++)
		assert_true(share[i] > FLOWS * 15 / 100 && share[i] < FLOWS * 35 / 100);
	ports[4] = join_new("a");
	send_flows(ports, 5, after);
	for (__u32 f = 0; f < FLOWS; f++) {
		moved += before[f] != after[f];
		assert_true(before[f] == after[f] || after[f] == ports[4]->id);
	}
	assert_true(moved > 0 && moved <= FLOWS * 23 / 100);
	/* one leaves: only its flows move */
	xs_engine_drain_port(e, ports[1]);
	turn();
	assert_true(xs_engine_port_is_unused(e, ports[1]));
	send_flows(ports, 5, before);
	for (__u32 f = 0; f < FLOWS; f++) {
		assert_true(before[f] == after[f] || after[f] == ports[1]->id);
		assert_int_not_equal(before[f], ports[1]->id);
	}
	assert_int_equal(e->reorder_risk, 0);
	assert_int_equal(sent, 4 * FLOWS);
	end();
}

static void a_bucket_moves_when_it_is_empty_or_late(void **state)
{
	struct xs_port *a, *b;

	(void)state;
	begin("service a ring 1024\nchain c a tx\n");
	a = join_new("a");
	enter_many(500);
	turn();
	b = join_new("a");
	enter_many(500);
	turn();
	/* While frames of a bucket are inside, the old instance still gets them. */
	assert_true(a->held > 900);
	xs_engine_turn(e, e->now_ns + 11000000);
	assert_true(e->reorder_risk > 50);
	nf_answer(a, XSNF_NEXT);
	nf_answer(b, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 1000);
	end();
}

static void sticky_by_address_keeps_a_host_together(void **state)
{
	struct xs_port *ports[4];
	int cnt = 0;

	(void)state;
	begin("service a sticky ip daddr\nchain c a tx\n");
	for (int i = 0; i < 4; i++)
		ports[i] = join_new("a");
	enter_many(200); /* of many sources, to one destination */
	turn();
	for (int i = 0; i < 4; i++)
		cnt += ports[i]->held > 0;
	assert_int_equal(cnt, 1);
	for (int i = 0; i < 4; i++)
		nf_answer(ports[i], XSNF_NEXT);
	turn();
	end();
}

/* ---- copies ---- */

static void a_tap_sees_copies_and_never_waits(void **state)
{
	struct xs_port *a, *t;
	struct xsnf_desc desc;

	(void)state;
	begin("service a\nservice t tap ring 64\nchain c a tx\nchain c mirror t\n"
	      "chain c mirror t after a\n");
	a = join_new("a");
	t = join_new("t");
	enter_many(60);
	turn();
	desc = nf_take(t);
	assert_memory_equal(t->frames + desc.frame * FRAME + desc.off,
			    memory + nf_take(a).frame * FRAME + 64, 64);
	nf_cons[a->id]--;
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 60);
	assert_int_equal(e->count[0].taps[0].seen, 60);
	assert_int_equal(e->count[0].taps[1].seen, 4);
	assert_int_equal(e->count[0].taps[1].missed, 56);
	/* What it returns makes room again, whatever the verdict. */
	nf_return(t, desc, XSNF_DROP);
	nf_answer(t, 99);
	turn();
	assert_int_equal(t->held, 0);
	enter_many(1);
	assert_int_equal(e->count[0].taps[0].seen, 61);
	turn();
	xs_engine_reap_port(e, t);
	enter_many(1);
	assert_int_equal(e->count[0].taps[0].missed, 1);
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 61);
	nf_answer(a, XSNF_NEXT);
	turn();
	assert_int_equal(sent, 62);
	end();
}

static void another_domain_changes_only_its_copy(void **state)
{
	struct xs_port *a;
	struct xsnf_desc desc;
	__u32 frame;

	(void)state;
	begin("service a domain x\nchain c a tx\n");
	a = join_new("a");
	frame = free_frames[free_cnt - 1];
	enter_many(2);
	turn();
	assert_int_equal(e->copies, 2);
	desc = nf_take(a);
	a->frames[desc.frame * FRAME + desc.off + 5] = 0xee;
	assert_int_not_equal(memory[frame * FRAME + 64 + 5], 0xee);
	nf_return(a, desc, XSNF_NEXT);
	turn();
	assert_int_equal(memory[frame * FRAME + 64 + 5], 0xee);
	assert_int_equal(e->copies, 3);
	/* It knows slots, not frames; it does not hold a slot that is free. */
	nf_return(a, desc, XSNF_NEXT);
	xs_engine_turn(e, e->now_ns + 1);
	assert_non_null(a->bad);
	xs_engine_reap_port(e, a);
	assert_int_equal(e->hops[0][0].lost[XS_LOSS_died], 1);
	end();
}

static void a_reader_changes_nothing_but_the_verdict(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a, *b;

	(void)state;
	begin("service a readonly\nservice b\nchain c a b tx\n");
	a = join_new("a");
	b = join_new("b");
	enter_many(1);
	turn();
	desc = nf_take(a);
	desc.off = 0;
	desc.len = 60000;
	nf_return(a, desc, XSNF_NEXT);
	turn();
	assert_null(a->bad);
	desc = nf_take(b);
	assert_int_equal(desc.off, 64);
	assert_int_equal(desc.len, 64);
	nf_return(b, desc, XSNF_NEXT);
	turn();
	end();
}

/* ---- cheats ---- */

static struct xsnf_desc valid;

static void cheat_index(struct xs_port *port)
{
	valid.frame = FRAMES;
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_foreign(struct xs_port *port)
{
	valid.frame = free_frames[0];
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_offset(struct xs_port *port)
{
	valid.off = 15; /* the headroom is 16 */
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_length(struct xs_port *port)
{
	valid.len = FRAME - 64 + 1;
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_short(struct xs_port *port)
{
	valid.len = 13;
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_verdict(struct xs_port *port)
{
	nf_return(port, valid, XSNF_KEEP);
}
static void cheat_exit(struct xs_port *port)
{
	nf_return(port, valid, XSNF_EXIT(2));
}
static void cheat_producer(struct xs_port *port)
{
	struct xsnf_n2b *n2b = port->n2b_memory.map;

	n2b->prod += 1u << 31;
}
static void cheat_back(struct xs_port *port)
{
	struct xsnf_n2b *n2b = port->n2b_memory.map;

	n2b->prod--;
}
static void cheat_twice(struct xs_port *port)
{
	nf_return(port, valid, XSNF_NEXT);
	nf_return(port, valid, XSNF_NEXT);
}

static void every_cheat_is_seen_and_costs_only_its_own(void **state)
{
	static void (*const cheats[])(struct xs_port *) = {
		cheat_index,   cheat_foreign, cheat_offset,   cheat_length, cheat_short,
		cheat_verdict, cheat_exit,    cheat_producer, cheat_back,   cheat_twice,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cheats) / sizeof(cheats[0]); i++) {
		struct xs_port *a, *b;
		bool twice = cheats[i] == cheat_twice;

		begin("service a\nservice b\nchain c a tx\nchain d b tx\n");
		a = join_new("a");
		b = join_new("b");
		enter_many(4);
		enter(1, 1, 1);
		turn();
		valid = nf_take(a);
		cheats[i](a);
		turn();
		assert_non_null(a->bad);
		assert_int_equal(e->bad, 1);
		assert_int_equal(sent, twice);
		xs_engine_reap_port(e, a);
		assert_int_equal(e->hops[0][0].lost[XS_LOSS_died], 4 - twice);
		nf_answer(b, XSNF_NEXT);
		turn();
		assert_int_equal(e->count[1].tx, 1);
		end();
	}
}

/* The boundary of each of those checks is allowed. */
static void what_is_just_allowed_is_taken(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a;

	(void)state;
	begin("service a\nchain c a tx\n");
	a = join_new("a");
	enter_many(3);
	turn();
	desc = nf_take(a);
	desc.off = 16;
	desc.len = FRAME - 16;
	nf_return(a, desc, XSNF_NEXT);
	desc = nf_take(a);
	desc.len = 14;
	nf_return(a, desc, XSNF_TX);
	desc = nf_take(a);
	desc.len = 0;
	nf_return(a, desc, XSNF_DROP);
	turn();
	assert_null(a->bad);
	assert_int_equal(sent, 2);
	end();
}

/* ---- all at once ---- */

static const char *const walk_text =
	"service a ring 64\nservice b domain x ring 64\nservice c readonly ring 64\n"
	"service t tap ring 64\n"
	"chain one a b c tx\nchain one a.miss -> c\nchain one mirror t after b\n"
	"chain two c a drop\nchain two mirror t\nlimit two frames 100\n"
	"on a full drop\non b dead hold 1ms\non c dead bypass\n";

static void walk_nf(struct xs_port *port)
{
	static const __u8 verdicts[] = { XSNF_NEXT, XSNF_NEXT,	  XSNF_DROP,
					 XSNF_TX,   XSNF_EXIT(0), XSNF_EXIT(1) };
	__u32 cnt = waiting_for(port);

	cnt = cnt ? (__u32)random() % (cnt + 1) : 0;
	while (cnt--) {
		struct xsnf_desc desc = nf_take(port);

		if (random() % 3000 == 0)
			((__u8 *)&desc)[random() % sizeof(desc)] ^= (__u8)(1 << random() % 8);
		nf_return(port, desc, verdicts[random() % 6]);
	}
}

static void walk_step(struct xs_port **ports)
{
	static const char *const names[] = { "a", "b", "c", "t" };
	__u32 i = (__u32)random() % 8, chain = (__u32)random() % 2;

	for (__u32 n = xs_engine_room(e, chain); n && free_cnt && random() % 8; n--)
		enter(chain, (__u32)random() % 200, 0);
	if (!ports[i] && random() % 20 == 0)
		ports[i] = join_new(names[i % 4]);
	if (ports[i] && !ports[i]->closed)
		walk_nf(ports[i]);
	if (ports[i] && random() % 200 == 0)
		xs_engine_drain_port(e, ports[i]);
	if (ports[i] && random() % 300 == 0)
		xs_engine_close_port(e, ports[i]);
	if (ports[i] && (ports[i]->bad || random() % 150 == 0)) {
		xs_engine_reap_port(e, ports[i]);
		ports[i] = NULL;
	}
	xs_engine_turn(e, e->now_ns + (__u64)random() % 200000);
}

static void the_account_adds_up_whatever_happens(void **state)
{
	struct xs_port *ports[8] = {};

	(void)state;
	srandom(4);
	begin(walk_text);
	for (int i = 0; i < 100000; i++) {
		walk_step(ports);
		check_balance();
	}
	for (int i = 0; i < 8; i++)
		if (ports[i])
			xs_engine_reap_port(e, ports[i]);
	xs_engine_turn(e, e->now_ns + 1000000000);
	assert_int_equal(free_cnt, FRAMES);
	for (__u32 c = 0; c < 2; c++)
		for (int k = 0; k < XS_LOSS_MAX; k++)
			if (c == 0 || k == XS_LOSS_died)
				assert_true(e->count[c].lost[k] > 0);
	assert_true(e->bad > 0);
	end();
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
	begin("service a\nchain c a tx\n");
	a = join_new("a");
	sleep_nf(a);
	enter_many(255);
	turn();
	assert_int_equal(waiting_for(a), 255);
	assert_int_equal(wakes(a), 0);
	enter_many(1);
	turn();
	assert_int_equal(wakes(a), 1);
	/* late, though nothing more was given */
	enter_many(1);
	turn();
	for (int i = 0; i < 49; i++)
		turn();
	assert_int_equal(wakes(a), 0);
	turn();
	assert_int_equal(wakes(a), 1);
	turn();
	assert_int_equal(wakes(a), 0);
	/* before the broker sleeps, and once */
	enter_many(1);
	turn();
	assert_true(xs_engine_set_asleep(e, true));
	assert_int_equal(wakes(a), 1);
	xs_engine_set_asleep(e, false);
	assert_true(xs_engine_set_asleep(e, true));
	assert_int_equal(wakes(a), 0);
	/* an NF that is awake gets no byte */
	((struct xsnf_n2b *)a->n2b_memory.map)->asleep = 0;
	enter_many(1);
	turn();
	assert_true(xs_engine_set_asleep(e, true));
	assert_int_equal(wakes(a), 0);
	nf_answer(a, XSNF_NEXT);
	turn();
	end();
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
		cmocka_unit_test(a_death_costs_what_was_not_returned),
		cmocka_unit_test(a_dead_reader_costs_nothing_where_it_is_bypassed),
		cmocka_unit_test(what_a_closed_port_holds_stays_until_it_is_dead),
		cmocka_unit_test(those_that_wait_for_the_dead_go_to_the_living),
		cmocka_unit_test(flows_stay_and_few_move),
		cmocka_unit_test(a_bucket_moves_when_it_is_empty_or_late),
		cmocka_unit_test(sticky_by_address_keeps_a_host_together),
		cmocka_unit_test(a_tap_sees_copies_and_never_waits),
		cmocka_unit_test(another_domain_changes_only_its_copy),
		cmocka_unit_test(a_reader_changes_nothing_but_the_verdict),
		cmocka_unit_test(every_cheat_is_seen_and_costs_only_its_own),
		cmocka_unit_test(what_is_just_allowed_is_taken),
		cmocka_unit_test(nfs_are_woken_for_many_frames_or_late_or_before_the_broker_sleeps),
		cmocka_unit_test(the_account_adds_up_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
