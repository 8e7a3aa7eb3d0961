// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Frames in several buffers are counted and given back as a whole. */
#include "../test.h"

static void frames_of_any_number_of_buffers_count_whole(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	for (__u32 len = 3000; len < 16384; len += 97) {
		struct test_frame frame = { "frags", p.data, len, 0, 0 };

		packet_text(&p, "vlan ip tcp");
		packet_data(&p, len - p.len);
		packet_end(&p);
		test_frame(env, &frame, &test_no_socket);
	}
}

static void the_edges_of_buffers_are_no_edges(void **state)
{
	static const __u32 edges[] = { 3520, 4096, 7616, 8192, 12288, 16384 };
	struct test_env *env = test_env(state);
	static struct packet p;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		for (__u32 len = edges[i] - 2; len <= edges[i] + 2; len++) {
			struct test_frame frame = { "edge", p.data, len, 0, 0 };

			packet_text(&p, "ip6 udp");
			packet_data(&p, len - p.len);
			packet_end(&p);
			test_frame(env, &frame, &test_no_socket);
		}
	}
}

static void a_length_beyond_all_buffers_is_malformed(void **state)
{
	struct test_env *env = test_env(state);
	const struct test_want malformed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_ipv4,
					     XS_REASON_none };

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	test_text(env, "ip len=9020 udp data=8992", &test_no_socket);
	test_text(env, "ip len=9021 udp data=8992", &malformed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_any_number_of_buffers_count_whole),
		cmocka_unit_test(the_edges_of_buffers_are_no_edges),
		cmocka_unit_test(a_length_beyond_all_buffers_is_malformed),
	};

	return cmocka_run_group_tests_name("frags", tests, test_open, test_close);
}
