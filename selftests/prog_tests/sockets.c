// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A frame that no rule decides goes to the socket in its queue's slot, or to the kernel if
 * the slot is empty. This is tested by test_run, then with the program attached and frames
 * that are sent to a chosen queue.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "../test.h"
#include "xsteer.skel.h"

static const struct test_want to_socket = {
	.xdp = XDP_REDIRECT,
	.done = XS_VERDICT_xsk,
	.reason = XS_REASON_default,
};

static void put_in_slot(const struct test_env *env, __u32 slot, const struct plain_xsk *xsk)
{
	int map = bpf_map__fd(env->skel->maps.xsks_map);

	assert_int_equal(bpf_map_update_elem(map, &slot, &xsk->fd, BPF_NOEXIST), 0);
}

static void empty_slot(const struct test_env *env, __u32 slot)
{
	bpf_map_delete_elem(bpf_map__fd(env->skel->maps.xsks_map), &slot);
}

static void a_bound_socket_is_redirected_to_and_an_empty_slot_passes(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;
	struct plain_xsk xsk;

	if (!env->has_ctx)
		test_skip("a queue other than 0 needs a test_run with context (Linux 5.15)");
	packet_text(&p, "vlan ip6 tcp data=100");
	assert_int_equal(plain_xsk_open(&xsk, env->ifindex, 2), 0);
	put_in_slot(env, 2, &xsk);
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		struct test_frame frame = { "tcp", p.data, p.len, queue, 0 };

		test_frame(env, &frame, queue == 2 ? &to_socket : &test_no_socket);
	}
	empty_slot(env, 2);
	test_frame(env, &(struct test_frame){ "emptied", p.data, p.len, 2, 0 }, &test_no_socket);
	plain_xsk_close(&xsk);
}

static void a_socket_that_is_closed_leaves_its_slot_empty(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;
	struct plain_xsk xsk;

	packet_text(&p, "arp");
	assert_int_equal(plain_xsk_open(&xsk, env->ifindex, 0), 0);
	put_in_slot(env, 0, &xsk);
	test_frame(env, &(struct test_frame){ "arp", p.data, p.len, 0, 0 }, &to_socket);
	plain_xsk_close(&xsk);
	test_frame(env, &(struct test_frame){ "arp", p.data, p.len, 0, 0 }, &test_no_socket);
}

static void a_malformed_frame_does_not_reach_the_socket(void **state)
{
	struct test_env *env = test_env(state);
	const struct test_want malformed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_tcp,
					     XS_REASON_none };
	struct plain_xsk xsk;

	assert_int_equal(plain_xsk_open(&xsk, env->ifindex, 0), 0);
	put_in_slot(env, 0, &xsk);
	test_text(env, "ip tcp doff=4", &malformed);
	plain_xsk_close(&xsk);
}

static void frames_arrive_whole_at_the_socket_of_their_queue(void **state)
{
	struct test_env *env = test_env(state);
	struct plain_xsk xsk[TEST_QUEUES];
	static struct packet p;
	struct test_wire wire;
	__u8 got[4096];

	test_wire_up(env, &wire);
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		assert_int_equal(plain_xsk_open(&xsk[queue], env->ifindex, queue), 0);
		put_in_slot(env, queue, &xsk[queue]);
	}
	for (__u32 i = 0; i < 64; i++) {
		__u32 queue = i * 7 % TEST_QUEUES;

		packet_text(&p, i % 2 ? "vlan ip6 tcp" : "ip udp");
		packet_data(&p, i * 20);
		packet_end(&p);
		assert_int_equal(plain_xsk_send(&wire.peers[queue], p.data, p.len), 0);
		assert_int_equal(plain_xsk_receive(&xsk[queue], got, sizeof(got), TEST_WAIT_MS),
				 p.len);
		assert_memory_equal(got, p.data, p.len);
		test_count(&env->stats[queue], p.len, &to_socket);
		test_wire_counted(env, queue);
	}
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		assert_int_equal(plain_xsk_receive(&xsk[queue], got, sizeof(got), 0), -ETIMEDOUT);
		plain_xsk_close(&xsk[queue]);
	}
	test_wire_down(&wire);
}

static void without_a_socket_frames_arrive_whole_in_the_kernel(void **state)
{
	struct test_env *env = test_env(state);
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct timeval patience = { .tv_sec = TEST_WAIT_MS / 1000 };
	struct sockaddr_ll from;
	static struct packet p;
	struct test_wire wire;
	__u8 got[4096];
	int tap;

	tap = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	assert_true(tap >= 0);
	addr.sll_ifindex = env->ifindex;
	assert_int_equal(bind(tap, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(tap, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	test_wire_up(env, &wire);
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		socklen_t from_len = sizeof(from);

		packet_text(&p, "ip udp dport=7 data=100");
		p.data[p.len - 1] = queue;
		assert_int_equal(plain_xsk_send(&wire.peers[queue], p.data, p.len), 0);
		assert_int_equal(
			recvfrom(tap, got, sizeof(got), 0, (struct sockaddr *)&from, &from_len),
			p.len);
		assert_int_not_equal(from.sll_pkttype, PACKET_OUTGOING);
		assert_memory_equal(got, p.data, p.len);
		test_count(&env->stats[queue], p.len, &test_no_socket);
		test_wire_counted(env, queue);
	}
	test_wire_down(&wire);
	close(tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_socket_is_redirected_to_and_an_empty_slot_passes),
		cmocka_unit_test(a_socket_that_is_closed_leaves_its_slot_empty),
		cmocka_unit_test(a_malformed_frame_does_not_reach_the_socket),
		cmocka_unit_test(frames_arrive_whole_at_the_socket_of_their_queue),
		cmocka_unit_test(without_a_socket_frames_arrive_whole_in_the_kernel),
	};

	return cmocka_run_group_tests_name("sockets", tests, test_open, test_close);
}
