// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_echo.c: every byte of its answers, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../nf_frames.h"

int echo_main(int argc, char **argv);
#define main echo_main
#include "../../docs/examples/nf_echo.c"
#undef main

#define ME "10.0.0.1"
#define HOST "192.0.2.1"
#define ME6 "2001:db8::1"
#define HOST6 "2001:db8::2"

static const struct xsnf_ops ops = { .service = "echo", .packet = on_packet };

static void pings_are_answered(void **state)
{
	(void)state;
	for (__u32 ident = 0; ident < 65536; ident += 0x1111) {
		struct nf_frame four = nf_frame(IPPROTO_ICMP, ME, 8, HOST, (__u16)ident);
		struct nf_frame six = nf_frame6(IPPROTO_ICMPV6, ME6, 128, HOST6, (__u16)ident);

		assert_int_equal(nf_frame_run(&ops, &four), XSNF_TX);
		assert_true(nf_frame_is(&four, IPPROTO_ICMP, HOST, 0, ME, (__u16)ident, true));
		assert_int_equal(nf_frame_run(&ops, &six), XSNF_TX);
		assert_true(
			nf_frame6_is(&six, IPPROTO_ICMPV6, HOST6, 129, ME6, (__u16)ident, true));
	}
}

/* A one's complement sum has two zeros, and a receiver accepts either. */
static bool sum_is_good(const struct nf_frame *frame)
{
	return !xsnf_csum_fold(
		xsnf_csum_add(0, frame->bytes + NF_FRAME_L4, NF_FRAME_BYTES - NF_FRAME_L4));
}

static void every_checksum_is_kept_right(void **state)
{
	(void)state;
	for (__u32 word = 0; word < 65536; word++) {
		struct nf_frame frame = nf_frame(IPPROTO_ICMP, ME, 8, HOST, (__u16)word);

		assert_int_equal(nf_frame_run(&ops, &frame), XSNF_TX);
		assert_true(sum_is_good(&frame));
	}
}

static void goes_on_unchanged(struct nf_frame frame)
{
	struct nf_frame was = frame;

	assert_int_equal(nf_frame_run(&ops, &frame), XSNF_NEXT);
	assert_memory_equal(&frame, &was, sizeof(was));
}

static void all_else_goes_on_unchanged(void **state)
{
	struct nf_frame frame;

	(void)state;
	goes_on_unchanged(nf_frame(IPPROTO_ICMP, HOST, 0, ME, 5)); /* an answer */
	goes_on_unchanged(nf_frame(IPPROTO_ICMP, HOST, 3, ME, 5)); /* unreachable */
	goes_on_unchanged(nf_frame(IPPROTO_ICMP, ME, 128, HOST, 5)); /* the other family's type */
	goes_on_unchanged(nf_frame6(IPPROTO_ICMPV6, ME6, 8, HOST6, 5));
	goes_on_unchanged(nf_frame6(IPPROTO_ICMPV6, HOST6, 129, ME6, 5));
	goes_on_unchanged(nf_frame6(IPPROTO_ICMPV6, HOST6, 135, ME6, 5)); /* a neighbour asks */
	goes_on_unchanged(nf_frame(IPPROTO_UDP, ME, 0x0800, HOST, 53));
	goes_on_unchanged(nf_frame6(IPPROTO_UDP, ME6, 0x8000, HOST6, 53));
	frame = nf_frame(IPPROTO_ICMP, ME, 8, HOST, 5);
	frame.bytes[NF_FRAME_L4 + 1] = 1; /* a code that a request does not have */
	goes_on_unchanged(frame);
	frame = nf_frame(IPPROTO_ICMP, ME, 8, HOST, 5);
	frame.bytes[0] |= 1; /* to a group: all of its members would answer */
	goes_on_unchanged(frame);
	frame = nf_frame(IPPROTO_ICMP, ME, 8, HOST, 5);
	nf_frame_set_ip(&frame, 6, 0x0001); /* a later fragment has no ICMP header */
	goes_on_unchanged(frame);
	frame = nf_frame(IPPROTO_ICMP, ME, 8, HOST, 5);
	frame.bytes[13] = 6; /* ARP */
	goes_on_unchanged(frame);
}

/* The last byte of an ICMP header of eight is the boundary. */
static void a_frame_that_is_cut_short_goes_on_unchanged(void **state)
{
	struct nf_frame four = nf_frame(IPPROTO_ICMP, ME, 8, HOST, 5);
	struct nf_frame six = nf_frame6(IPPROTO_ICMPV6, ME6, 128, HOST6, 5);

	(void)state;
	nf_frame_passes_when_cut(&ops, &four, NF_FRAME_L4 + 7, XSNF_NEXT);
	nf_frame_passes_when_cut(&ops, &six, NF_FRAME6_L4 + 7, XSNF_NEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pings_are_answered),
		cmocka_unit_test(every_checksum_is_kept_right),
		cmocka_unit_test(all_else_goes_on_unchanged),
		cmocka_unit_test(a_frame_that_is_cut_short_goes_on_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
