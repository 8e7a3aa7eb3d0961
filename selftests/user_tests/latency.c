// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The latency histogram of bouncers and brokers: every value has a bucket, and quantiles are close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cli/latency.h"

static void buckets_cover_every_value_once(void **state)
{
	__u32 last = 0;

	(void)state;
	for (__u64 ns = 0; ns < 1000000; ns++) {
		__u32 bucket = xs_latency_bucket(ns);

		assert_true(bucket == last || bucket == last + 1);
		assert_true(ns <= xs_latency_bucket_max(bucket));
		assert_true(!bucket || ns > xs_latency_bucket_max(bucket - 1));
		last = bucket;
	}
	assert_int_equal(xs_latency_bucket(~0ull), XS_LATENCY_BUCKETS - 1);
	assert_true(xs_latency_bucket(1ull << 39) < XS_LATENCY_BUCKETS);
}

static void bucket_is_within_six_percent(void **state)
{
	(void)state;
	for (__u64 ns = 16; ns < 1ull << 39; ns += 1 + ns / 7) {
		__u64 top = xs_latency_bucket_max(xs_latency_bucket(ns));

		assert_true(top >= ns && top - ns <= ns / 16);
	}
}

/* cmocka's own macro has another name since version 2 */
static bool in_range(__u64 value, __u64 least, __u64 most)
{
	return value >= least && value <= most;
}

static void quantiles_of_a_known_distribution(void **state)
{
	struct xs_latency hist, sum;

	(void)state;
	memset(&hist, 0, sizeof(hist));
	memset(&sum, 0, sizeof(sum));
	assert_int_equal(xs_latency_quantile(&hist, 0.5), 0);
	for (__u64 us = 1; us <= 1000; us++)
		xs_latency_record(&hist, us * 1000);
	assert_int_equal(hist.count, 1000);
	assert_int_equal(hist.max_ns, 1000000);
	assert_true(in_range(xs_latency_quantile(&hist, 0.5), 500000, 535000));
	assert_true(in_range(xs_latency_quantile(&hist, 0.99), 990000, 1000000));
	assert_int_equal(xs_latency_quantile(&hist, 1.0), 1000000);
	xs_latency_add(&sum, &hist);
	xs_latency_add(&sum, &hist);
	assert_int_equal(sum.count, 2000);
	assert_int_equal(xs_latency_quantile(&sum, 0.5), xs_latency_quantile(&hist, 0.5));
}

static void powers_of_two_are_edges(void **state)
{
	struct xs_latency hist = {};

	(void)state;
	for (__u32 power = 0; power < 40; power++) {
		__u64 before = hist.count;

		assert_int_equal(xs_latency_below(&hist, power), before);
		xs_latency_record(&hist, 1ull << power);
		assert_int_equal(xs_latency_below(&hist, power), before);
		xs_latency_record_many(&hist, (2ull << power) - 1, 3);
		assert_int_equal(xs_latency_below(&hist, power), before);
	}
	xs_latency_record(&hist, ~0ull); /* in the last bucket, whose end it is beyond */
	assert_int_equal(xs_latency_below(&hist, 39), 39 * 4);
	assert_int_equal(hist.count, 40 * 4 + 1);
	assert_int_equal(hist.max_ns, ~0ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_cover_every_value_once),
		cmocka_unit_test(bucket_is_within_six_percent),
		cmocka_unit_test(quantiles_of_a_known_distribution),
		cmocka_unit_test(powers_of_two_are_edges),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
