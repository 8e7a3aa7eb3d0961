// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_police.c: bursts, the rate by a clock of the test, and whom it forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "../nf_frames.h"

/* The NF asks this clock, so that a test says how much time has passed. */
static __u64 clock_ns;
static int test_clock(clockid_t id, struct timespec *ts)
{
	(void)id;
	ts->tv_sec = (time_t)(clock_ns / 1000000000ull);
	ts->tv_nsec = (long)(clock_ns % 1000000000ull);
	return 0;
}

int police_main(int argc, char **argv);
#define main police_main
#define clock_gettime test_clock
#include "../../docs/examples/nf_police.c"
#undef clock_gettime
#undef main

#define MS 1000000ull
enum { BURST = 10, SOURCES = 64 };

static struct police police;
static const struct xsnf_ops ops = {
	.service = "police", .batch = on_batch, .tick = on_tick, .data = &police
};

/* 100 packets a second, 10 at once. */
static int begin(void **state)
{
	const struct xsnf_flows_config config = { .max = SOURCES,
						  .value_bytes = sizeof(struct bucket),
						  .timeout_ns = QUIET_NS };

	(void)state;
	clock_ns = 1000000000000ull;
	police = (struct police){ .sources = xsnf_flows_new(&config), .rate = 100, .burst = BURST };
	return !police.sources;
}

static int end(void **state)
{
	(void)state;
	xsnf_flows_free(police.sources);
	return 0;
}

/* How many of n packets from there go on. The others are dropped, and none is changed. */
static int passed(const char *saddr, int n)
{
	struct nf_frame was = strchr(saddr, ':') ? nf_frame6(IPPROTO_UDP, saddr, 1, "fd00::1", 2)
						 : nf_frame(IPPROTO_UDP, saddr, 1, "10.9.9.9", 2);
	int cnt = 0;

	for (int i = 0; i < n; i++) {
		struct nf_frame frame = was;
		__u8 verdict = nf_frame_run(&ops, &frame);

		assert_true(verdict == XSNF_NEXT || verdict == XSNF_DROP);
		assert_memory_equal(&frame, &was, sizeof(was));
		cnt += verdict == XSNF_NEXT;
	}
	return cnt;
}

static void a_burst_goes_on_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(passed("10.0.0.1", BURST), BURST);
	assert_int_equal(passed("10.0.0.1", 1), 0);
	assert_int_equal(passed("10.0.0.1", 100), 0);
}

static void tokens_come_at_the_rate_and_up_to_the_burst(void **state)
{
	(void)state;
	assert_int_equal(passed("10.0.0.1", 100), BURST);
	clock_ns += 9 * MS; /* a token takes ten */
	assert_int_equal(passed("10.0.0.1", 5), 0);
	clock_ns += MS + 1; /* and what was there is not lost meanwhile */
	assert_int_equal(passed("10.0.0.1", 5), 1);
	clock_ns += 50 * MS;
	assert_int_equal(passed("10.0.0.1", 100), 5);
	clock_ns += 3600 * 1000 * MS;
	assert_int_equal(passed("10.0.0.1", 100), BURST);
}

static void each_source_has_a_bucket_whatever_else_differs(void **state)
{
	struct nf_frame other = nf_frame(IPPROTO_TCP, "10.0.0.1", 99, "10.8.8.8", 80);

	(void)state;
	assert_int_equal(passed("10.0.0.1", 100), BURST);
	assert_int_equal(passed("10.0.0.2", 100), BURST);
	assert_int_equal(passed("fd00::7", 100), BURST);
	assert_int_equal(passed("fd00::8", 100), BURST);
	/* other protocol, ports and destination, but the source that has none left */
	assert_int_equal(nf_frame_run(&ops, &other), XSNF_DROP);
}

/* An IPv6 address that begins with the four bytes of an IPv4 one is another source. */
static void families_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(passed("10.0.0.1", 100), BURST);
	assert_int_equal(passed("a00:1::", 100), BURST);
}

static void one_batch_is_counted_packet_by_packet(void **state)
{
	struct nf_frame frames[32];
	struct xsnf_test_packet packets[32];

	(void)state;
	for (int i = 0; i < 32; i++) {
		frames[i] =
			nf_frame(IPPROTO_UDP, i % 2 ? "10.0.0.1" : "10.0.0.2", 1, "10.9.9.9", 2);
		packets[i] = nf_frame_packet(&frames[i]);
	}
	assert_int_equal(xsnf_test_run(&ops, packets, 32), 0);
	for (int i = 0; i < 32; i++)
		assert_int_equal(packets[i].verdict, i < 2 * BURST ? XSNF_NEXT : XSNF_DROP);
}

static void what_has_no_source_goes_on(void **state)
{
	struct nf_frame arp = nf_frame(IPPROTO_UDP, "10.0.0.1", 1, "10.9.9.9", 2);

	(void)state;
	assert_int_equal(passed("10.0.0.1", 100), BURST);
	nf_frame_passes_when_cut(&ops, &arp, NF_FRAME_L4 - 1, XSNF_NEXT);
	arp.bytes[13] = 6;
	for (int i = 0; i < 2 * BURST; i++)
		assert_int_equal(nf_frame_run(&ops, &arp), XSNF_NEXT);
	assert_int_equal(xsnf_flows_count(police.sources), 1);
}

static void a_table_that_is_full_drops_nobody_it_does_not_know(void **state)
{
	char addr[16];

	(void)state;
	for (int i = 0; i < SOURCES; i++) {
		snprintf(addr, sizeof(addr), "10.0.1.%d", i);
		assert_int_equal(passed(addr, 1), 1);
	}
	assert_int_equal(passed("10.0.2.1", 3 * BURST), 3 * BURST);
	assert_int_equal(passed("10.0.1.0", 3 * BURST), BURST - 1);
}

static void who_is_quiet_for_a_minute_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(passed("10.0.0.1", 1), 1);
	clock_ns += QUIET_NS / 2;
	assert_int_equal(passed("10.0.0.2", 1), 1); /* each run ticks once */
	assert_int_equal(xsnf_flows_count(police.sources), 2);
	clock_ns += QUIET_NS / 2 + MS;
	assert_int_equal(passed("10.0.0.2", 1), 1);
	assert_int_equal(xsnf_flows_count(police.sources), 1);
}

static void wrong_arguments_are_refused(void **state)
{
	static const char *const wrong[][2] = { { "0", "5" },	{ "-1", "5" }, { "5", "0" },
						{ "5", "0.9" }, { "x", "5" },  { "5", "" } };
	char name[] = "police", a[8] = "0.5", b[8] = "1", *argv[] = { name, a, b, NULL };

	(void)state;
	assert_int_equal(parse_options(&police, 3, argv), 0);
	assert_int_not_equal(parse_options(&police, 2, argv), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		strcpy(a, wrong[i][0]);
		strcpy(b, wrong[i][1]);
		assert_int_not_equal(parse_options(&police, 3, argv), 0);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_burst_goes_on_and_no_more),
		TEST(tokens_come_at_the_rate_and_up_to_the_burst),
		TEST(each_source_has_a_bucket_whatever_else_differs),
		TEST(families_are_told_apart),
		TEST(one_batch_is_counted_packet_by_packet),
		TEST(what_has_no_source_goes_on),
		TEST(a_table_that_is_full_drops_nobody_it_does_not_know),
		TEST(who_is_quiet_for_a_minute_is_forgotten),
		TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
