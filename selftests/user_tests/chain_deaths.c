// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The broker's core: what dead and cheating NFs cost, with the exact number, and a random walk of
 * all that whose account must add up after each step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../engine_bench.h"

/* ---- death ---- */

static void a_death_costs_what_was_not_returned(void **state)
{
	struct xs_port *a;

	(void)state;
	for (__u32 returned = 0; returned <= 8; returned++) {
		engine_begin("service a\nchain c a tx\n");
		a = engine_join("a");
		engine_enter_many(8);
		engine_turn();
		for (__u32 i = 0; i < returned; i++)
			nf_return(a, nf_take(a), XSNF_NEXT);
		xs_engine_reap_port(engine, a);
		engine_check();
		assert_int_equal(engine_sent, returned);
		assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 8 - returned);
		assert_int_equal(engine_free_cnt, ENGINE_FRAMES);
		engine_end();
	}
}

static void a_dead_reader_costs_nothing_where_it_is_bypassed(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a readonly\nchain c a tx\non a dead bypass\n");
	a = engine_join("a");
	engine_enter_many(8);
	engine_turn();
	xs_engine_reap_port(engine, a);
	assert_int_equal(engine_sent, 8);
	assert_int_equal(engine->hops[0][0].survived, 8);
	engine_end();
}

static void what_a_closed_port_holds_stays_until_it_is_dead(void **state)
{
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	a = engine_join("a");
	engine_enter_many(8);
	engine_turn();
	xs_engine_close_port(engine, a);
	nf_answer(a, XSNF_NEXT);
	engine_turn();
	assert_int_equal(engine_sent, 0);
	assert_int_equal(engine->count[0].inside, 8);
	engine_enter(0, 1, 9);
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_dead], 1);
	xs_engine_reap_port(engine, a);
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 8);
	engine_end();
}

static void those_that_wait_for_the_dead_go_to_the_living(void **state)
{
	struct xs_port *a, *b;

	(void)state;
	engine_begin("service a ring 64\nchain c a tx\n");
	a = engine_join("a");
	engine_enter_many(100);
	engine_turn();
	b = engine_join("a");
	xs_engine_reap_port(engine, a);
	engine_check();
	assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 64);
	engine_turn();
	assert_int_equal(nf_answer(b, XSNF_NEXT), 36);
	engine_turn();
	assert_int_equal(engine_sent, 36);
	engine_end();
}

/* ---- cheats ---- */

static struct xsnf_desc valid;

static void cheat_index(struct xs_port *port)
{
	valid.frame = ENGINE_FRAMES;
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_foreign(struct xs_port *port)
{
	valid.frame = engine_free_frames[0];
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_offset(struct xs_port *port)
{
	valid.off = 15; /* the headroom is 16 */
	nf_return(port, valid, XSNF_NEXT);
}
static void cheat_length(struct xs_port *port)
{
	valid.len = ENGINE_FRAME - 64 + 1;
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

		engine_begin("service a\nservice b\nchain c a tx\nchain d b tx\n");
		a = engine_join("a");
		b = engine_join("b");
		engine_enter_many(4);
		engine_enter(1, 1, 1);
		engine_turn();
		valid = nf_take(a);
		cheats[i](a);
		engine_turn();
		assert_non_null(a->bad);
		assert_int_equal(engine->bad, 1);
		assert_int_equal(engine_sent, twice);
		xs_engine_reap_port(engine, a);
		assert_int_equal(engine->hops[0][0].lost[XS_LOSS_died], 4 - twice);
		nf_answer(b, XSNF_NEXT);
		engine_turn();
		assert_int_equal(engine->count[1].tx, 1);
		engine_end();
	}
}

/* The boundary of each of those checks is allowed. */
static void what_is_just_allowed_is_taken(void **state)
{
	struct xsnf_desc desc;
	struct xs_port *a;

	(void)state;
	engine_begin("service a\nchain c a tx\n");
	a = engine_join("a");
	engine_enter_many(3);
	engine_turn();
	desc = nf_take(a);
	desc.off = 16;
	desc.len = ENGINE_FRAME - 16;
	nf_return(a, desc, XSNF_NEXT);
	desc = nf_take(a);
	desc.len = 14;
	nf_return(a, desc, XSNF_TX);
	desc = nf_take(a);
	desc.off = ENGINE_FRAME; /* all of it was taken off the front */
	desc.len = 0;
	nf_return(a, desc, XSNF_DROP);
	engine_turn();
	assert_null(a->bad);
	assert_int_equal(engine_sent, 2);
	engine_end();
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
	__u32 waiting = nf_waiting(port), left = 0;
	__u8 verdict;

	if (waiting)
		left = waiting - (__u32)random() % (waiting + 1);
	/* Each packet with all of its frames. */
	while (nf_waiting(port) > left) {
		bool more = true;

		for (verdict = verdicts[random() % 6]; more; verdict = 0) {
			struct xsnf_desc desc = nf_take(port);

			more = desc.verdict & XSNF_DESC_MORE;
			if (random() % 3000 == 0)
				((__u8 *)&desc)[random() % sizeof(desc)] ^=
					(__u8)(1 << random() % 8);
			nf_return(port, desc, verdict | (more ? XSNF_DESC_MORE : 0));
		}
	}
}

static void walk_step(struct xs_port **ports)
{
	static const char *const names[] = { "a", "b", "c", "t" };
	__u32 i = (__u32)random() % 8, chain = (__u32)random() % 2;

	for (__u32 n = xs_engine_room(engine, chain); n && engine_free_cnt > 4 && random() % 8; n--)
		if (random() % 4)
			engine_enter(chain, (__u32)random() % 200, 0);
		else
			engine_enter_long(chain, (__u32)random() % 200, 2 + (__u32)random() % 3);
	if (!ports[i] && random() % 20 == 0) {
		ports[i] = engine_join(names[i % 4]);
		ports[i]->multi = random() % 4;
	}
	if (ports[i] && !ports[i]->closed)
		walk_nf(ports[i]);
	if (ports[i] && random() % 200 == 0)
		xs_engine_drain_port(engine, ports[i]);
	if (ports[i] && random() % 300 == 0)
		xs_engine_close_port(engine, ports[i]);
	if (ports[i] && (ports[i]->bad || random() % 150 == 0)) {
		xs_engine_reap_port(engine, ports[i]);
		ports[i] = NULL;
	}
	xs_engine_turn(engine, engine->now_ns + (__u64)random() % 200000);
}

static void the_account_adds_up_whatever_happens(void **state)
{
	struct xs_port *ports[8] = {};

	(void)state;
	srandom(4);
	engine_begin(walk_text);
	for (int i = 0; i < 100000; i++) {
		walk_step(ports);
		engine_check();
	}
	for (int i = 0; i < 8; i++)
		if (ports[i])
			xs_engine_reap_port(engine, ports[i]);
	xs_engine_turn(engine, engine->now_ns + 1000000000);
	assert_int_equal(engine_free_cnt, ENGINE_FRAMES);
	for (__u32 c = 0; c < 2; c++)
		for (int k = 0; k < XS_LOSS_MAX; k++)
			if (c == 0 || k == XS_LOSS_died)
				assert_true(engine->count[c].lost[k] > 0);
	assert_true(engine->bad > 0);
	engine_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_costs_what_was_not_returned),
		cmocka_unit_test(a_dead_reader_costs_nothing_where_it_is_bypassed),
		cmocka_unit_test(what_a_closed_port_holds_stays_until_it_is_dead),
		cmocka_unit_test(those_that_wait_for_the_dead_go_to_the_living),
		cmocka_unit_test(every_cheat_is_seen_and_costs_only_its_own),
		cmocka_unit_test(what_is_just_allowed_is_taken),
		cmocka_unit_test(the_account_adds_up_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
