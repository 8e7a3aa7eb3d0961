// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Each frame is counted in the row of the queue on which it came in, and only there. */
#include <errno.h>

#include "../test.h"

static void each_queue_has_its_row(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;
	__u64 before[TEST_QUEUES];

	packet_text(&p, "ip udp data=20");
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++)
		before[queue] = env->stats[queue].packets;
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		struct test_frame frame = { "udp", p.data, p.len, queue, 0 };

		for (__u32 i = 0; i <= queue; i++)
			test_frame(env, &frame, &test_no_socket);
	}
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++)
		assert_int_equal(env->stats[queue].packets - before[queue], queue + 1);
}

static void a_queue_that_is_not_there_cannot_be_tested(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;
	static struct test_got got;
	struct test_frame frame = { "udp", p.data, 0, TEST_QUEUES, 0 };

	if (!env->has_ctx)
		test_skip("no context in test_run (Linux 5.15)");
	packet_text(&p, "ip udp");
	frame.len = p.len;
	/* so the queue numbers above are those of real queues */
	assert_int_equal(test_run(env, &frame, &got), -EINVAL);
}

static void bytes_are_those_of_the_whole_frame(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;

	packet_text(&p, "ip udp data=2000");
	for (__u32 len = 14; len <= p.len; len += len < 80 ? 1 : 61) {
		static struct packet cut;
		struct test_frame frame = { "length", cut.data, len, len % TEST_QUEUES, 0 };

		if (!env->has_ctx)
			frame.queue = 0;
		packet_begin(&cut);
		packet_data(&cut, len - 14);
		test_frame(env, &frame, &test_no_socket);
	}
}

static void packets_are_the_sum_of_verdicts(void **state)
{
	struct test_env *env = test_env(state);
	__u64 all = 0;

	for (__u32 queue = 0; queue < TEST_SLOTS; queue++) {
		const struct xs_queue_stats *row = &env->stats[queue];
		const __u64 *verdict = &row->verdict_pass;
		__u64 sum = 0;

		for (int i = 0; i < XS_VERDICT_MAX; i++)
			sum += verdict[i];
		assert_int_equal(sum, row->packets);
		all += sum;
	}
	assert_int_not_equal(all, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_queue_has_its_row),
		cmocka_unit_test(a_queue_that_is_not_there_cannot_be_tested),
		cmocka_unit_test(bytes_are_those_of_the_whole_frame),
		cmocka_unit_test(packets_are_the_sum_of_verdicts),
	};

	return cmocka_run_group_tests_name("queues", tests, test_open, test_close);
}
