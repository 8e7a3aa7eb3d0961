// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_balance.c: shares, what moves, and every byte that changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../nf_frames.h"
#include "nf/session.h"

int balance_main(int argc, char **argv);
#define main balance_main
#include "../../docs/examples/nf_balance.c"
#undef main

#define SERVICE "192.0.2.10"

#define ARGS(...) ((char **)(const char *const[]){ __VA_ARGS__, NULL })

enum { CLIENTS = 3000 };

static struct balance balance;
static const struct xsnf_ops ops = { .service = "balance",
				     .exits = { "none" },
				     .packet = on_packet,
				     .message = on_message,
				     .data = &balance };

static int begin(void **state)
{
	char **argv = ARGS("balance", SERVICE, "80", "10.0.0.1", "10.0.0.2", "10.0.0.3");

	(void)state;
	memset(&balance, 0, sizeof(balance));
	return parse_options(&balance, 6, argv);
}

/* Which backend a client gets, 1 to 3; 0: none. Its frame must be right, too. */
static int backend_of(int client)
{
	__u8 proto = client & 1 ? IPPROTO_TCP : IPPROTO_UDP;
	__u16 port = (__u16)(1024 + client);
	struct nf_frame frame = nf_frame(proto, "198.51.100.7", port, SERVICE, 80);
	__u8 verdict = nf_frame_run(&ops, &frame);
	char addr[16];

	for (int i = 1; i <= 3; i++) {
		snprintf(addr, sizeof(addr), "10.0.0.%d", i);
		if (verdict == XSNF_NEXT &&
		    nf_frame_is(&frame, proto, "198.51.100.7", port, addr, 80, true))
			return i;
	}
	assert_int_equal(verdict, XSNF_EXIT(0));
	return 0;
}

static void say(const char *text)
{
	struct xsnf nf = { .ops = &ops };

	on_message(&nf, "health", 1, text, (__u32)strlen(text));
}

static void flows_have_equal_shares_and_stay(void **state)
{
	int shares[4] = {};

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		int backend = backend_of(i);

		shares[backend]++;
		assert_int_equal(backend_of(i), backend);
	}
	assert_int_equal(shares[0], 0);
	for (int i = 1; i <= 3; i++)
		assert_in_range(shares[i], CLIENTS * 28 / 100, CLIENTS * 39 / 100);
}

static void when_one_is_down_only_its_flows_move(void **state)
{
	int moved = 0;

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		int before, after;

		balance.backends[1].down = false;
		before = backend_of(i);
		balance.backends[1].down = true;
		after = backend_of(i);
		assert_int_not_equal(after, 2);
		assert_true(before == 2 || before == after);
		moved += before != after;
	}
	assert_true(moved > 0);
	balance.backends[0].down = balance.backends[2].down = true;
	assert_int_equal(backend_of(0), 0);
}

static void answers_come_from_the_service(void **state)
{
	struct nf_frame answer = nf_frame(IPPROTO_TCP, "10.0.0.3", 80, "198.51.100.7", 5000);
	struct nf_frame other_port = nf_frame(IPPROTO_TCP, "10.0.0.3", 81, "198.51.100.7", 5000);
	struct nf_frame stranger = nf_frame(IPPROTO_TCP, "10.0.0.4", 80, "198.51.100.7", 5000);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &answer), XSNF_NEXT);
	assert_true(nf_frame_is(&answer, IPPROTO_TCP, SERVICE, 80, "198.51.100.7", 5000, true));
	assert_int_equal(nf_frame_run(&ops, &other_port), XSNF_NEXT);
	assert_true(
		nf_frame_is(&other_port, IPPROTO_TCP, "10.0.0.3", 81, "198.51.100.7", 5000, false));
	assert_int_equal(nf_frame_run(&ops, &stranger), XSNF_NEXT);
	assert_true(
		nf_frame_is(&stranger, IPPROTO_TCP, "10.0.0.4", 80, "198.51.100.7", 5000, false));
}

static void what_is_not_for_the_service_goes_on_unchanged(void **state)
{
	struct nf_frame port = nf_frame(IPPROTO_TCP, "198.51.100.7", 5000, SERVICE, 81);
	struct nf_frame addr = nf_frame(IPPROTO_TCP, "198.51.100.7", 5000, "192.0.2.11", 80);
	struct nf_frame ping = nf_frame(IPPROTO_ICMP, "198.51.100.7", 8, SERVICE, 80);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &port), XSNF_NEXT);
	assert_true(nf_frame_is(&port, IPPROTO_TCP, "198.51.100.7", 5000, SERVICE, 81, false));
	assert_int_equal(nf_frame_run(&ops, &addr), XSNF_NEXT);
	assert_true(nf_frame_is(&addr, IPPROTO_TCP, "198.51.100.7", 5000, "192.0.2.11", 80, false));
	assert_int_equal(nf_frame_run(&ops, &ping), XSNF_NEXT);
	assert_true(nf_frame_is(&ping, IPPROTO_ICMP, "198.51.100.7", 8, SERVICE, 80, false));
}

static void messages_take_backends_out_and_in(void **state)
{
	(void)state;
	say("down 10.0.0.2");
	assert_true(balance.backends[1].down);
	say("down 10.0.0.2");
	assert_true(balance.backends[1].down);
	say("up 10.0.0.2");
	assert_false(balance.backends[1].down);
	/* what means nothing changes nothing */
	say("down 10.0.0.9");
	say("away 10.0.0.1");
	say("down");
	say("");
	for (int i = 0; i < balance.cnt; i++)
		assert_false(balance.backends[i].down);
}

static void wrong_arguments_are_refused(void **state)
{
	char **no_port = ARGS("balance", SERVICE, "0", "10.0.0.1");
	char **no_backend = ARGS("balance", SERVICE, "80");
	char **other_version = ARGS("balance", SERVICE, "80", "fd00::1");
	char **no_addr = ARGS("balance", "192.0.2", "80", "10.0.0.1");

	(void)state;
	assert_int_not_equal(parse_options(&balance, 4, no_port), 0);
	assert_int_not_equal(parse_options(&balance, 3, no_backend), 0);
	assert_int_not_equal(parse_options(&balance, 4, other_version), 0);
	assert_int_not_equal(parse_options(&balance, 4, no_addr), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(flows_have_equal_shares_and_stay),
		TEST(when_one_is_down_only_its_flows_move),
		TEST(answers_come_from_the_service),
		TEST(what_is_not_for_the_service_goes_on_unchanged),
		TEST(messages_take_backends_out_and_in),
		TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
