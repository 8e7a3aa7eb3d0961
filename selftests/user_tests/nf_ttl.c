// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_ttl.c, and so the smallest test of a network function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../nf_frames.h"

int ttl_main(int argc, char **argv);
#define main ttl_main
#include "../../docs/examples/nf_ttl.c"
#undef main

static __u64 dns;
static const struct xsnf_ops ops = {
	.service = "ttl", .exits = { "dns" }, .packet = on_packet, .data = &dns
};

static struct nf_frame with_ttl(__u8 ttl)
{
	struct nf_frame frame = nf_frame(IPPROTO_TCP, "10.0.0.1", 1, "10.0.0.2", 53);

	nf_frame_set_ip(&frame, 8, (__u16)(ttl << 8 | IPPROTO_TCP));
	return frame;
}

static void each_hop_takes_one(void **state)
{
	(void)state;
	for (int ttl = 2; ttl <= 255; ttl++) {
		struct nf_frame frame = with_ttl((__u8)ttl), next = with_ttl((__u8)(ttl - 1));

		assert_int_equal(nf_frame_run(&ops, &frame), XSNF_NEXT);
		assert_memory_equal(&frame, &next, sizeof(next));
	}
}

static void the_last_hop_ends_it(void **state)
{
	struct nf_frame one = with_ttl(1), none = with_ttl(0);

	(void)state;
	assert_int_equal(nf_frame_run(&ops, &one), XSNF_DROP);
	assert_int_equal(nf_frame_run(&ops, &none), XSNF_DROP);
}

static void dns_leaves_by_its_exit_unchanged(void **state)
{
	struct nf_frame query = nf_frame(IPPROTO_UDP, "10.0.0.1", 1, "10.0.0.2", 53), was = query;
	struct nf_frame query6 = nf_frame6(IPPROTO_UDP, "fd00::1", 1, "fd00::2", 53);
	struct nf_frame other = nf_frame(IPPROTO_UDP, "10.0.0.1", 53, "10.0.0.2", 54);

	(void)state;
	dns = 0;
	assert_int_equal(nf_frame_run(&ops, &query), XSNF_EXIT(0));
	assert_memory_equal(&query, &was, sizeof(was));
	assert_int_equal(nf_frame_run(&ops, &query6), XSNF_EXIT(0));
	assert_int_equal(nf_frame_run(&ops, &other), XSNF_NEXT);
	assert_int_equal(dns, 2);
}

static void what_is_cut_short_goes_on_unchanged(void **state)
{
	struct nf_frame four = with_ttl(1);
	struct nf_frame six = nf_frame6(IPPROTO_UDP, "fd00::1", 1, "fd00::2", 53);

	(void)state;
	nf_frame_passes_when_cut(&ops, &four, NF_FRAME_L4 - 1, XSNF_NEXT);
	nf_frame_passes_when_cut(&ops, &six, NF_FRAME6_L4 - 1, XSNF_NEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_hop_takes_one),
		cmocka_unit_test(the_last_hop_ends_it),
		cmocka_unit_test(dns_leaves_by_its_exit_unchanged),
		cmocka_unit_test(what_is_cut_short_goes_on_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
