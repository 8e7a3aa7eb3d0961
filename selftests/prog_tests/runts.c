// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Frames that are shorter than an Ethernet header. Today test_run, packet sockets, taps
 * and veths accept none. But a TUN device, which has no such header, runs XDP on packets
 * of any length.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>

#include "../test.h"

#define ETH_BYTES 14

static const struct test_want runt = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_eth,
				       XS_REASON_none };

/* Kernels after 5.10 refuse runts in test_run. If this one accepts them, they must count. */
static void other_ways_to_send_a_runt_are_closed_or_count(void **state)
{
	struct test_env *env = test_env(state);
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = env->peer_ifindex };
	static struct test_got got;
	static struct packet p;
	int sock = socket(AF_PACKET, SOCK_RAW, 0);

	assert_true(sock >= 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	packet_begin(&p);
	for (__u32 len = 1; len < ETH_BYTES; len++) {
		struct test_frame frame = { "runt", p.data, len, 0, 0 };
		int err = test_run(env, &frame, &got);

		assert_true(send(sock, p.data, len, 0) < 0);
		if (err) {
			assert_int_equal(err, -EINVAL);
			continue;
		}
		test_count(&env->stats[0], len, &runt); /* of the run just done */
		test_frame(env, &frame, &runt);
	}
	close(sock);
}

static int open_tun(void)
{
	struct ifreq ifr = { .ifr_name = "xsrunt", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		test_skip("no /dev/net/tun: only a TUN device runs XDP on runts");
	assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
	assert_int_equal(system("PATH=$PATH:/usr/sbin:/sbin; ip link set xsrunt up"), 0);
	return fd;
}

static void every_runt_is_malformed_eth(void **state)
{
	struct test_env *env = test_env(state);
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	__u8 bytes[64] = { 0x45, 0, 0, 64 };
	int tun = open_tun(), link;

	link = bpf_link_create(env->prog_fd, if_nametoindex("xsrunt"), BPF_XDP, &opts);
	assert_true(link >= 0);
	for (__u32 len = 1; len < ETH_BYTES; len++) {
		assert_int_equal(write(tun, bytes, len), len);
		test_count(&env->stats[0], len, &runt);
		test_wire_counted(env, 0);
	}
	/* the shortest that is none; its EtherType is 0 */
	assert_int_equal(write(tun, bytes, ETH_BYTES), ETH_BYTES);
	test_count(&env->stats[0], ETH_BYTES, &test_no_socket);
	test_wire_counted(env, 0);
	close(link);
	close(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_ways_to_send_a_runt_are_closed_or_count),
		cmocka_unit_test(every_runt_is_malformed_eth),
	};

	return cmocka_run_group_tests_name("runts", tests, test_open, test_close);
}
