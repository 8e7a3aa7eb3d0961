// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_nat.c: every byte of what it translates, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../nf_frames.h"

int nat_main(int argc, char **argv);
#define main nat_main
#include "../../docs/examples/nf_nat.c"
#undef main

#define OUT "192.0.2.1"
#define PEER "198.51.100.7"

static struct nat nat;
static const struct xsnf_ops ops = { .service = "nat",
				     .exits = { "unknown", "full" },
				     .batch = on_batch,
				     .tick = on_tick,
				     .data = &nat };

static int begin(void **state)
{
	char name[] = "nat", outside[] = OUT, inside[] = "10.0.0.0/8";
	char *argv[] = { name, outside, inside, NULL };

	(void)state;
	memset(&nat, 0, sizeof(nat));
	return parse_options(&nat, 3, argv) || make_mappings(&nat);
}

static int end(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++)
		xsnf_flows_free(nat.mappings[k]);
	return 0;
}

static void there_and_back(__u8 proto, __u16 out_sport, __u16 out_dport)
{
	struct nf_frame out = nf_frame(proto, "10.1.2.3", out_sport, PEER, out_dport);
	struct nf_frame back = nf_frame(proto, PEER, out_dport, OUT, out_sport);

	assert_int_equal(nf_frame_run(&ops, &out), XSNF_NEXT);
	assert_true(nf_frame_is(&out, proto, OUT, out_sport, PEER, out_dport, true));
	assert_int_equal(nf_frame_run(&ops, &back), XSNF_NEXT);
	assert_true(nf_frame_is(&back, proto, PEER, out_dport, "10.1.2.3", out_sport, true));
}

static void tcp_and_udp_go_there_and_back(void **state)
{
	(void)state;
	there_and_back(IPPROTO_TCP, 40000, 80);
	there_and_back(IPPROTO_UDP, 40000, 53);
	there_and_back(IPPROTO_UDP, 1024, 53);
	there_and_back(IPPROTO_UDP, 65535, 53);
}

static void pings_are_told_apart_by_their_identifier(void **state)
{
	struct nf_frame first = nf_frame(IPPROTO_ICMP, "10.0.0.1", 8, PEER, 5000);
	struct nf_frame second = nf_frame(IPPROTO_ICMP, "10.0.0.2", 8, PEER, 5000);
	struct nf_frame reply = nf_frame(IPPROTO_ICMP, PEER, 0, OUT, 1024);
	struct nf_frame request = nf_frame(IPPROTO_ICMP, PEER, 8, OUT, 5000);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &first), XSNF_NEXT);
	assert_true(nf_frame_is(&first, IPPROTO_ICMP, OUT, 8, PEER, 5000, true));
	assert_int_equal(nf_frame_run(&ops, &second), XSNF_NEXT);
	assert_true(nf_frame_is(&second, IPPROTO_ICMP, OUT, 8, PEER, 1024, true));
	assert_int_equal(nf_frame_run(&ops, &reply), XSNF_NEXT);
	assert_true(nf_frame_is(&reply, IPPROTO_ICMP, PEER, 0, "10.0.0.2", 5000, true));
	/* nobody inside is asked from outside */
	assert_int_equal(nf_frame_run(&ops, &request), XSNF_EXIT(EXIT_UNKNOWN));
}

static void one_inside_port_keeps_its_outside_port_for_all_peers(void **state)
{
	struct nf_frame a = nf_frame(IPPROTO_UDP, "10.0.0.1", 3000, PEER, 53);
	struct nf_frame taken = nf_frame(IPPROTO_UDP, "10.0.0.2", 3000, PEER, 53);
	struct nf_frame again = nf_frame(IPPROTO_UDP, "10.0.0.2", 3000, "203.0.113.9", 54);
	struct nf_frame tcp = nf_frame(IPPROTO_TCP, "10.0.0.2", 3000, PEER, 53);

	(void)state;
	nf_frame_run(&ops, &a);
	nf_frame_run(&ops, &taken);
	assert_true(nf_frame_is(&taken, IPPROTO_UDP, OUT, 1024, PEER, 53, true));
	nf_frame_run(&ops, &again);
	assert_true(nf_frame_is(&again, IPPROTO_UDP, OUT, 1024, "203.0.113.9", 54, true));
	/* ports of TCP are others */
	nf_frame_run(&ops, &tcp);
	assert_true(nf_frame_is(&tcp, IPPROTO_TCP, OUT, 3000, PEER, 53, true));
}

static void a_low_port_gets_one_from_1024(void **state)
{
	struct nf_frame frame = nf_frame(IPPROTO_UDP, "10.0.0.1", 1023, PEER, 53);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &frame), XSNF_NEXT);
	assert_true(nf_frame_is(&frame, IPPROTO_UDP, OUT, 1024, PEER, 53, true));
}

static void what_belongs_to_nobody_leaves_by_unknown(void **state)
{
	struct nf_frame stray = nf_frame(IPPROTO_TCP, PEER, 80, OUT, 2000), was = stray;
	struct nf_frame low = nf_frame(IPPROTO_UDP, PEER, 80, OUT, 80);
	struct nf_frame piece = nf_frame(IPPROTO_UDP, "10.0.0.1", 3000, PEER, 53);
	struct nf_frame other = nf_frame(IPPROTO_UDP, "10.0.0.1", 3000, PEER, 53);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &stray), XSNF_EXIT(EXIT_UNKNOWN));
	assert_memory_equal(&stray, &was, sizeof(was));
	assert_int_equal(nf_frame_run(&ops, &low), XSNF_EXIT(EXIT_UNKNOWN));
	nf_frame_set_ip(&piece, 6, 0x2000); /* more fragments follow */
	assert_int_equal(nf_frame_run(&ops, &piece), XSNF_EXIT(EXIT_UNKNOWN));
	nf_frame_set_ip(&piece, 6, 0x0001); /* the last one */
	assert_int_equal(nf_frame_run(&ops, &piece), XSNF_EXIT(EXIT_UNKNOWN));
	nf_frame_set_ip(&other, 8, 64 << 8 | 47);
	assert_int_equal(nf_frame_run(&ops, &other), XSNF_EXIT(EXIT_UNKNOWN));
}

static void other_packets_go_on_unchanged(void **state)
{
	struct nf_frame foreign = nf_frame(IPPROTO_UDP, "11.0.0.1", 3000, PEER, 53);
	struct nf_frame was = foreign, arp = foreign;

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &foreign), XSNF_NEXT);
	assert_memory_equal(&foreign, &was, sizeof(was));
	arp.bytes[13] = 6;
	was = arp;
	assert_int_equal(nf_frame_run(&ops, &arp), XSNF_NEXT);
	assert_memory_equal(&arp, &was, sizeof(was));
}

static void a_frame_that_is_cut_short_goes_on_unchanged(void **state)
{
	(void)state;
	for (__u32 len = 14; len < NF_FRAME_L4; len++) {
		struct nf_frame frame = nf_frame(IPPROTO_UDP, "10.0.0.1", 3000, PEER, 53);
		struct nf_frame was = frame;
		struct xsnf_test_packet packet = nf_frame_packet(&frame);

		packet.len = len;
		assert_int_equal(xsnf_test_run(&ops, &packet, 1), 0);
		assert_int_equal(packet.verdict, XSNF_NEXT);
		assert_memory_equal(&frame, &was, sizeof(was));
	}
}

static void ports_end_and_are_free_again_in_time(void **state)
{
	struct xsnf_headers key = key_of(inet_addr("10.0.0.1"), 3000, IPPROTO_UDP);
	struct nf_frame frame = nf_frame(IPPROTO_UDP, "10.0.0.1", 3000, PEER, 53);
	struct nf_frame back = nf_frame(IPPROTO_UDP, PEER, 53, OUT, 3000);
	__u64 now = now_ns();

	(void)state;
	for (__u32 i = 0; i < PORT_CNT; i++)
		nat.by_id[UDP][i].used = true;
	assert_int_equal(nf_frame_run(&ops, &frame), XSNF_EXIT(EXIT_FULL));
	nat.by_id[UDP][3000 - PORT_FIRST].used = false;
	assert_int_equal(nf_frame_run(&ops, &frame), XSNF_NEXT);
	/* just in time, and too late */
	assert_int_equal(xsnf_flows_expire(nat.mappings[UDP], now + 299 * 1000000000ull, 10), 0);
	assert_true(nat.by_id[UDP][3000 - PORT_FIRST].used);
	assert_int_equal(xsnf_flows_expire(nat.mappings[UDP], now + 301 * 1000000000ull, 10), 1);
	assert_false(nat.by_id[UDP][3000 - PORT_FIRST].used);
	assert_null(xsnf_flows_find(nat.mappings[UDP], &key, now));
	assert_int_equal(nf_frame_run(&ops, &back), XSNF_EXIT(EXIT_UNKNOWN));
}

static void wrong_arguments_are_refused(void **state)
{
	static const char *const wrong[][2] = { { OUT, "10.0.0.0" },
						{ OUT, "10.0.0.0/33" },
						{ OUT, "10.0.0.0/" },
						{ OUT, "10.0.0/8" },
						{ "fd00::1", "10.0.0.0/8" } };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char name[] = "nat", a[32], b[32], *argv[] = { name, a, b, NULL };

		strcpy(a, wrong[i][0]);
		strcpy(b, wrong[i][1]);
		assert_int_not_equal(parse_options(&nat, 3, argv), 0);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(tcp_and_udp_go_there_and_back),
		TEST(pings_are_told_apart_by_their_identifier),
		TEST(one_inside_port_keeps_its_outside_port_for_all_peers),
		TEST(a_low_port_gets_one_from_1024),
		TEST(what_belongs_to_nobody_leaves_by_unknown),
		TEST(other_packets_go_on_unchanged),
		TEST(a_frame_that_is_cut_short_goes_on_unchanged),
		TEST(ports_end_and_are_free_again_in_time),
		TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
