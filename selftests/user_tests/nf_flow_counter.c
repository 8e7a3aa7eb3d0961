// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_flows.c: which packets are one connection, and what is counted of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "../nf_frames.h"

int flows_main(int argc, char **argv);
#define main flows_main
#include "../../docs/examples/nf_flows.c"
#undef main

enum { MOST = 16 };

static struct xsnf_flows *flows;
static struct xsnf_ops ops = { .service = "flows", .batch = on_batch };

static int begin(void **state)
{
	const struct xsnf_flows_config config = { .max = MOST,
						  .value_bytes = sizeof(struct flow),
						  .symmetric = true };

	(void)state;
	ops.data = flows = xsnf_flows_new(&config);
	return !flows;
}

static int end(void **state)
{
	(void)state;
	xsnf_flows_free(flows);
	return 0;
}

/* Counts it, and it must go on unchanged. */
static void count(struct nf_frame frame)
{
	struct nf_frame was = frame;

	assert_int_equal(nf_frame_run(&ops, &frame), XSNF_NEXT);
	assert_memory_equal(&frame, &was, sizeof(was));
}

/* The list that it prints at its end. */
static const char *listed(void)
{
	static char text[4096];
	FILE *kept = stdout, *file = fmemopen(text, sizeof(text), "w");

	assert_non_null(file);
	text[0] = '\0';
	stdout = file;
	xsnf_flows_each(flows, print_flow, NULL);
	stdout = kept;
	fclose(file);
	return text;
}

static void both_directions_are_one_flow(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		count(nf_frame(IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.2", 80));
	for (int i = 0; i < 2; i++)
		count(nf_frame(IPPROTO_TCP, "10.0.0.2", 80, "10.0.0.1", 1000));
	assert_int_equal(xsnf_flows_count(flows), 1);
	/* whichever end comes first in the list */
	if (strcmp(listed(), "6 10.0.0.1 1000 10.0.0.2 80 5 320\n"))
		assert_string_equal(listed(), "6 10.0.0.2 80 10.0.0.1 1000 5 320\n");
}

static void whatever_differs_is_another_flow(void **state)
{
	(void)state;
	count(nf_frame(IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.2", 80));
	count(nf_frame(IPPROTO_UDP, "10.0.0.1", 1000, "10.0.0.2", 80));
	count(nf_frame(IPPROTO_TCP, "10.0.0.1", 1001, "10.0.0.2", 80));
	count(nf_frame(IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.2", 81));
	count(nf_frame(IPPROTO_TCP, "10.0.0.3", 1000, "10.0.0.2", 80));
	count(nf_frame(IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.3", 80));
	/* the addresses changed places, the ports did not */
	count(nf_frame(IPPROTO_TCP, "10.0.0.2", 1000, "10.0.0.1", 80));
	assert_int_equal(xsnf_flows_count(flows), 7);
}

static void ipv6_is_printed_as_such(void **state)
{
	(void)state;
	count(nf_frame6(IPPROTO_UDP, "fd00::1", 7, "fd00::1", 7));
	assert_string_equal(listed(), "17 fd00::1 7 fd00::1 7 1 64\n");
}

static void bytes_are_those_of_the_frame(void **state)
{
	struct nf_frame frame = nf_frame(IPPROTO_UDP, "10.0.0.1", 7, "10.0.0.1", 7);
	unsigned char large[1792] = {};
	struct xsnf_test_packet packet = { .data = large, .len = 1792, .room = 1792 };

	(void)state;
	memcpy(large, frame.bytes, sizeof(frame.bytes)); /* padding counts, as on the wire */
	assert_int_equal(xsnf_test_run(&ops, &packet, 1), 0);
	count(frame);
	assert_string_equal(listed(), "17 10.0.0.1 7 10.0.0.1 7 2 1856\n");
}

static void what_is_no_flow_is_not_counted(void **state)
{
	struct nf_frame frame = nf_frame(IPPROTO_UDP, "10.0.0.1", 7, "10.0.0.2", 8);

	(void)state;
	nf_frame_passes_when_cut(&ops, &frame, NF_FRAME_L4 - 1, XSNF_NEXT);
	frame.bytes[13] = 6;
	count(frame);
	assert_int_equal(xsnf_flows_count(flows), 0);
	assert_string_equal(listed(), "");
}

static void a_table_that_is_full_still_counts_whom_it_has(void **state)
{
	struct nf_frame first = nf_frame(IPPROTO_UDP, "10.0.0.1", 1, "10.0.0.2", 9);

	(void)state;
	for (__u16 i = 0; i <= MOST; i++)
		count(nf_frame(IPPROTO_UDP, "10.0.0.1", (__u16)(1 + i), "10.0.0.2", 9));
	assert_int_equal(xsnf_flows_count(flows), MOST);
	count(first);
	assert_non_null(strstr(listed(), " 2 128\n"));
	assert_null(strstr(listed(), " 17 "));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(both_directions_are_one_flow),
		TEST(whatever_differs_is_another_flow),
		TEST(ipv6_is_printed_as_such),
		TEST(bytes_are_those_of_the_frame),
		TEST(what_is_no_flow_is_not_counted),
		TEST(a_table_that_is_full_still_counts_whom_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
