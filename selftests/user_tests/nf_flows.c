// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The flow table of libxsteer-nf, beside a plain array that does the same slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xsteer/nf.h>

static struct xsnf_headers flow(__u32 n)
{
	return (struct xsnf_headers){ .version = 4,
				      .l4proto = 17,
				      .sport = (__u16)n,
				      .dport = 53,
				      .saddr.words = { n / 7 },
				      .daddr.words = { 9 } };
}

static void count_gone(void *arg, const struct xsnf_flow_key *key, void *value)
{
	(void)key, (void)value;
	++*(__u32 *)arg;
}

static void the_same_flow_has_the_same_value(void **state)
{
	struct xsnf_flows_config config = { .max = 100, .value_bytes = 4 };
	struct xsnf_flows *flows = xsnf_flows_new(&config);
	bool fresh;

	(void)state;
	for (__u32 i = 0; i < 100; i++) {
		struct xsnf_headers h = flow(i);
		__u32 *value = xsnf_flows_get(flows, &h, 1, &fresh);

		assert_true(fresh);
		assert_int_equal(*value, 0);
		*value = i;
	}
	for (__u32 i = 0; i < 100; i++) {
		struct xsnf_headers h = flow(i);

		assert_int_equal(*(__u32 *)xsnf_flows_get(flows, &h, 2, &fresh), i);
		assert_false(fresh);
		assert_int_equal(*(__u32 *)xsnf_flows_find(flows, &h, 2), i);
	}
	assert_int_equal(xsnf_flows_count(flows), 100);
	xsnf_flows_free(flows);
}

static void directions_are_one_flow_where_asked(void **state)
{
	struct xsnf_flows_config config = { .max = 4, .value_bytes = 1 };
	struct xsnf_headers there = flow(1), back = there;

	(void)state;
	back.saddr = there.daddr;
	back.daddr = there.saddr;
	back.sport = there.dport;
	back.dport = there.sport;
	for (int symmetric = 0; symmetric < 2; symmetric++) {
		struct xsnf_flows *flows;

		config.symmetric = symmetric;
		flows = xsnf_flows_new(&config);
		assert_non_null(xsnf_flows_get(flows, &there, 1, NULL));
		assert_int_equal(xsnf_flows_find(flows, &back, 1) != NULL, symmetric);
		xsnf_flows_free(flows);
	}
}

static void a_full_table_takes_only_what_timed_out(void **state)
{
	__u32 gone = 0;
	struct xsnf_flows_config config = {
		.max = 2, .value_bytes = 8, .timeout_ns = 100, .gone = count_gone, .arg = &gone
	};
	struct xsnf_flows *flows = xsnf_flows_new(&config);
	struct xsnf_headers a = flow(1), b = flow(2), c = flow(3);
	bool fresh;

	(void)state;
	assert_non_null(xsnf_flows_get(flows, &a, 1000, NULL));
	assert_non_null(xsnf_flows_get(flows, &b, 1050, NULL));
	assert_null(xsnf_flows_get(flows, &c, 1099, NULL));
	assert_int_equal(gone, 0);
	/* a was met 100 ns ago: the boundary */
	assert_non_null(xsnf_flows_get(flows, &c, 1100, &fresh));
	assert_true(fresh);
	assert_int_equal(gone, 1);
	assert_null(xsnf_flows_find(flows, &a, 1100));
	/* one that timed out is another flow when it comes again */
	assert_non_null(xsnf_flows_get(flows, &b, 1150, &fresh));
	assert_true(fresh);
	assert_int_equal(gone, 2);
	assert_int_equal(xsnf_flows_expire(flows, 1200, 10), 1);
	assert_int_equal(xsnf_flows_expire(flows, 1250, 10), 1);
	assert_int_equal(xsnf_flows_count(flows), 0);
	xsnf_flows_free(flows);
}

static bool sum(void *arg, const struct xsnf_flow_key *key, void *value)
{
	(void)key;
	*(__u64 *)arg += *(__u64 *)value;
	return true;
}

static void agrees_with_a_plain_array(void **state)
{
	enum { FLOWS = 50, MAX = 30, TIMEOUT = 40 };
	struct xsnf_flows_config config = { .max = MAX, .value_bytes = 8, .timeout_ns = TIMEOUT };
	struct xsnf_flows *flows = xsnf_flows_new(&config);
	struct {
		__u64 met, value;
		bool there;
	} plain[FLOWS] = {};

	(void)state;
	srandom(3);
	for (__u64 now = 1; now < 100000; now++) {
		__u32 n = (__u32)random() % FLOWS, live = 0, oldest = FLOWS;
		struct xsnf_headers h = flow(n);
		__u64 *value = xsnf_flows_get(flows, &h, now, NULL), total = 0, wanted = 0;

		if (plain[n].there && now - plain[n].met >= TIMEOUT)
			plain[n].there = false;
		for (__u32 i = 0; i < FLOWS; i++) {
			live += plain[i].there;
			if (plain[i].there && (oldest == FLOWS || plain[i].met < plain[oldest].met))
				oldest = i;
		}
		if (!plain[n].there && live == MAX && now - plain[oldest].met >= TIMEOUT) {
			plain[oldest].there = false;
			live--;
		}
		if (!plain[n].there && live < MAX) {
			plain[n].there = true;
			plain[n].value = 0;
		}
		assert_int_equal(value != NULL, plain[n].there);
		if (value) {
			assert_int_equal(*value, plain[n].value);
			plain[n].met = now;
			*value = plain[n].value = now;
		}
		xsnf_flows_each(flows, sum, &total);
		for (__u32 i = 0; i < FLOWS; i++)
			wanted += plain[i].there ? plain[i].value : 0;
		assert_int_equal(total, wanted);
	}
	xsnf_flows_free(flows);
}

static void no_table_without_room(void **state)
{
	struct xsnf_flows_config config = { .max = 0 };

	(void)state;
	assert_null(xsnf_flows_new(&config));
	xsnf_flows_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_flow_has_the_same_value),
		cmocka_unit_test(directions_are_one_flow_where_asked),
		cmocka_unit_test(a_full_table_takes_only_what_timed_out),
		cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(no_table_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
