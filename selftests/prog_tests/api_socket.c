// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A program's socket, on a veth in the runner's namespaces: it is opened and refused,
 * packets are received, changed, sent and given back, every step of opening fails once,
 * and nothing is left after it was closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <bpf/bpf.h>

#include "../test.h"
#include "lib/base/ctx.h"

#define ROOT "/sys/fs/bpf/api-socket"
#define IF "skt0"
#define PEER "skt1"
#define WAIT_MS 2000

static struct xsteer_ctx *ctx;
static int peer; /* packet socket on the other end */
static int fds_before;

static int open_all(void **state)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	(void)state;
	fds_before = test_count_fds();
	/* one queue, and nobody else sends: no IPv6, no ARP */
	if (system("ip link add " IF " type veth peer name " PEER " && "
		   "sysctl -qw net.ipv6.conf." IF ".disable_ipv6=1 net.ipv6.conf." PEER
		   ".disable_ipv6=1 && ip link set " IF " arp off up && ip link set " PEER
		   " arp off up"))
		return -1;
	ctx = xsteer_ctx_new(ROOT, test_log, NULL);
	peer = socket(AF_PACKET, SOCK_RAW, 0);
	addr.sll_ifindex = (int)if_nametoindex(PEER);
	return !ctx || peer < 0 || bind(peer, (struct sockaddr *)&addr, sizeof(addr));
}

static int close_all(void **state)
{
	(void)state;
	close(peer);
	xsteer_detach(ctx, IF);
	xsteer_ctx_free(ctx);
	if (if_nametoindex(IF) && system("ip link del " IF))
		return -1;
	assert_int_equal(test_count_fds(), fds_before);
	return 0;
}

static struct xsteer_socket *open_socket(const struct xsteer_socket_opts *opts)
{
	XSTEER_STRUCT(xsteer_socket_opts, attach, .flags = XSTEER_SOCKET_ATTACH);
	struct xsteer_socket *s = NULL;

	assert_int_equal(xsteer_socket_open(ctx, IF, 0, opts ? opts : &attach, &s), 0);
	assert_non_null(s);
	return s;
}

static uint32_t state_of_hook(void)
{
	XSTEER_STRUCT(xsteer_status, status);

	assert_int_equal(xsteer_status(ctx, IF, &status), 0);
	return status.state;
}

/* Sends frames of 60 bytes, of no protocol; the last byte is their number. */
static void send_frames(int cnt)
{
	unsigned char frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };

	for (int i = 0; i < cnt; i++) {
		frame[59] = (unsigned char)i;
		assert_int_equal(send(peer, frame, sizeof(frame), 0), sizeof(frame));
	}
}

/* Gets the next frame at the other end. Returns its length; 0: none came in time. */
static size_t receive_frame(unsigned char *frame, size_t room, int timeout_ms)
{
	struct pollfd fd = { .fd = peer, .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t len;

	while (poll(&fd, 1, timeout_ms) > 0) {
		ssize_t got;

		len = sizeof(from);
		got = recvfrom(peer, frame, room, 0, (struct sockaddr *)&from, &len);
		assert_true(got > 0);
		if (from.sll_pkttype != PACKET_OUTGOING)
			return (size_t)got;
	}
	return 0;
}

static int receive_packets(struct xsteer_socket *s, struct xsteer_packet *packets, int cnt)
{
	int got = 0;

	while (got < cnt && xsteer_socket_wait(s, WAIT_MS) == 1) {
		int n = xsteer_socket_receive(s, packets + got, (uint32_t)(cnt - got));

		assert_true(n >= 0);
		got += n;
	}
	return got;
}

static void assert_ledger(struct xsteer_socket *s, uint32_t held)
{
	XSTEER_STRUCT(xsteer_ledger, ledger);

	assert_int_equal(xsteer_socket_ledger(s, &ledger), 0);
	assert_int_equal(ledger.held, held);
	assert_int_equal(ledger.total, ledger.free + ledger.fill_ring + ledger.kernel +
					       ledger.held + ledger.tx_ring + ledger.in_flight +
					       ledger.completed);
}

/* ---- opening ---- */

static void the_last_socket_takes_along_what_it_attached(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);
	XSTEER_STRUCT(xsteer_socket_info, info);
	struct xsteer_socket_info unsized = {};

	(void)state;
	assert_int_equal(state_of_hook(), XSTEER_STATE_ATTACHED);
	assert_int_equal(xsteer_socket_info(s, &info), 0);
	assert_string_equal(info.ifname, IF);
	assert_int_equal(info.ifindex, if_nametoindex(IF));
	assert_int_equal(info.queue, 0);
	assert_int_equal(info.slot, 0);
	assert_true(info.mode == XSTEER_XSK_COPY || info.mode == XSTEER_XSK_ZERO_COPY);
	assert_true(info.frames >= 1024 && info.frame_size == 2048);
	assert_int_equal(info.flags, XSTEER_SOCKET_ATTACH);
	assert_int_equal(xsteer_socket_info(s, &unsized), -EINVAL);
	assert_true(xsteer_socket_fd(s) >= 0);
	assert_int_equal(xsteer_socket_close(s), 0);
	assert_int_equal(state_of_hook(), XSTEER_STATE_NONE);
	assert_int_equal(xsteer_socket_close(NULL), 0);
}

static void a_socket_joins_and_leaves_what_is_there(void **state)
{
	XSTEER_STRUCT(xsteer_socket_opts, plain, .mode = XSTEER_XSK_COPY);
	struct xsteer_socket *s = NULL;
	XSTEER_STRUCT(xsteer_status, status);

	(void)state;
	assert_int_equal(xsteer_socket_open(ctx, IF, 0, &plain, &s), -ENOENT);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "xsteer_attach() does it"));
	assert_int_equal(xsteer_attach(ctx, IF, NULL, NULL), 0);
	s = open_socket(&plain);
	assert_int_equal(xsteer_status(ctx, IF, &status), 0);
	assert_int_equal(status.sockets, 1);
	assert_int_equal(xsteer_socket_close(s), 0);
	assert_int_equal(xsteer_status(ctx, IF, &status), 0);
	assert_int_equal(status.state, XSTEER_STATE_ATTACHED);
	assert_int_equal(status.sockets, 0);
}

static int open_owners(void)
{
	int fd = bpf_obj_get(ROOT "/" IF "/owners");

	assert_true(fd >= 0);
	return fd;
}

/* As one does that has been given the socket of another whom it knows to be dead. */
static void a_row_of_another_process_stays_when_it_closes(void **state)
{
	const struct xs_owner other = { .pid = 1, .since_ns = 1 }, nobody = {};
	struct xsteer_socket *s = open_socket(NULL);
	int fd = open_owners();
	struct xs_owner got;
	__u32 slot = 0;

	(void)state;
	assert_int_equal(bpf_map_update_elem(fd, &slot, &other, BPF_ANY), 0);
	assert_int_equal(xsteer_socket_close(s), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &slot, &got), 0);
	assert_memory_equal(&got, &other, sizeof(got));
	assert_int_equal(state_of_hook(), XSTEER_STATE_ATTACHED);
	assert_int_equal(bpf_map_update_elem(fd, &slot, &nobody, BPF_ANY), 0);
	close(fd);
	xsteer_socket_close(open_socket(NULL));
	assert_int_equal(state_of_hook(), XSTEER_STATE_NONE);
}

/* As while the socket of a process that was killed is kept for the next. */
static void who_finds_the_queue_taken_takes_nothing_away(void **state)
{
	const struct xs_owner dead = { .pid = 1 << 30, .start_time = 1, .since_ns = 1 };
	struct xsteer_socket *s = open_socket(NULL), *second = NULL;
	int fd = open_owners();
	__u32 slot = 0;

	(void)state;
	assert_int_equal(bpf_map_update_elem(fd, &slot, &dead, BPF_ANY), 0);
	close(fd);
	assert_int_equal(xsteer_socket_open(ctx, IF, 0, NULL, &second), -EBUSY);
	assert_int_equal(state_of_hook(), XSTEER_STATE_ATTACHED);
	assert_int_equal(xsteer_socket_close(s), 0);
	assert_int_equal(state_of_hook(), XSTEER_STATE_NONE);
}

static void what_cannot_be_opened_is_refused(void **state)
{
	static const struct xsteer_socket_opts wrong[] = {
		{ .sz = sizeof(wrong[0]), .mode = 99 },
		{ .sz = sizeof(wrong[0]), .flags = 1U << 31 },
		{ .sz = sizeof(wrong[0]), .ring = 1000 },
		{ .sz = sizeof(wrong[0]), .frame_size = 3000 },
		{ .sz = sizeof(wrong[0]), .headroom = 5000 },
		{ .sz = sizeof(wrong[0]), .headroom = ~0U },
		{ .sz = sizeof(wrong[0]), .frames = 64, .spare = 64 },
		{ .sz = 0 },
	};
	struct xsteer_socket *s = NULL, *other = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(xsteer_socket_open(ctx, IF, 0, &wrong[i], &s), -EINVAL);
	assert_int_equal(xsteer_socket_open(ctx, IF, 1, NULL, &s), -ERANGE);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "no queue 1"));
	assert_int_equal(xsteer_socket_open(ctx, "none0", 0, NULL, &s), -ENODEV);
	assert_null(s);
	s = open_socket(NULL);
	assert_int_equal(xsteer_socket_open(ctx, IF, 0, NULL, &other), -EBUSY);
	assert_null(other);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "is held by process"));
	assert_int_equal(state_of_hook(), XSTEER_STATE_ATTACHED);
	assert_int_equal(xsteer_socket_close(s), 0);
	assert_int_equal(state_of_hook(), XSTEER_STATE_NONE);
}

static void no_failure_on_the_way_leaves_anything(void **state)
{
	XSTEER_STRUCT(xsteer_socket_opts, opts, .flags = XSTEER_SOCKET_ATTACH);
	struct xsteer_socket *s = NULL;
	int fds = test_count_fds(), err = -ECANCELED;
	uint32_t step;

	(void)state;
	for (step = 1; err; step++) {
		assert_true(step < 50);
		ctx->fail_step = step;
		ctx->step = 0;
		err = xsteer_socket_open(ctx, IF, 0, &opts, &s);
		if (!err)
			break;
		assert_int_equal(err, -ECANCELED);
		assert_null(s);
		assert_int_equal(test_count_fds(), fds);
		assert_int_equal(state_of_hook(), XSTEER_STATE_NONE);
	}
	assert_true(step > 6);
	ctx->fail_step = 0;
	assert_int_equal(xsteer_socket_close(s), 0);
}

/* ---- packets ---- */

static void packets_come_are_changed_and_go_back(void **state)
{
	XSTEER_STRUCT(xsteer_socket_opts, opts, .headroom = 64, .flags = XSTEER_SOCKET_ATTACH);
	XSTEER_STRUCT(xsteer_socket_statistics, statistics);
	struct xsteer_socket *s = open_socket(&opts);
	struct xsteer_packet packets[8];
	unsigned char got[128];

	(void)state;
	assert_int_equal(xsteer_socket_wait(s, 0), 0);
	assert_int_equal(xsteer_socket_receive(s, packets, 8), 0);
	send_frames(3);
	assert_int_equal(receive_packets(s, packets, 3), 3);
	assert_ledger(s, 3);
	for (int i = 0; i < 3; i++) {
		unsigned char *data = packets[i].data;

		assert_int_equal(packets[i].len, 60);
		assert_int_equal(data[59], i);
		assert_true(packets[i].front >= 256 + 64);
		assert_int_equal(packets[i].front + packets[i].len + packets[i].behind, 2048);
	}
	/* one longer at its front, one given back, one as it is */
	packets[0].data = (char *)packets[0].data - 4;
	packets[0].len += 4;
	memcpy(packets[0].data, "\x02\x00\x00\x00", 4);
	assert_int_equal(xsteer_socket_send(s, &packets[0], 1), 1);
	assert_int_equal(xsteer_socket_drop(s, &packets[1], 1), 0);
	assert_int_equal(xsteer_socket_send(s, &packets[2], 1), 1);
	assert_int_equal(xsteer_socket_kick(s), 0);
	assert_int_equal(receive_frame(got, sizeof(got), WAIT_MS), 64);
	assert_int_equal(receive_frame(got, sizeof(got), WAIT_MS), 60);
	assert_int_equal(got[59], 2);
	assert_int_equal(xsteer_socket_wait(s, 20), 0);
	assert_ledger(s, 0);
	assert_int_equal(xsteer_socket_statistics(s, &statistics), 0);
	assert_int_equal(statistics.rx_packets, 3);
	assert_int_equal(statistics.rx_bytes, 180);
	assert_int_equal(statistics.tx_packets, 2);
	assert_int_equal(statistics.tx_bytes, 124);
	assert_int_equal(statistics.dropped, 1);
	assert_int_equal(xsteer_socket_close(s), 0);
}

static void what_is_not_the_programs_is_refused_and_nothing_is_lost(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);
	struct xsteer_packet packets[2], twice[2], bad = {};
	unsigned char foreign[64];

	(void)state;
	send_frames(2);
	assert_int_equal(receive_packets(s, packets, 2), 2);
	bad.data = foreign;
	bad.len = 60;
	assert_int_equal(xsteer_socket_send(s, &bad, 1), -EINVAL);
	assert_int_equal(xsteer_socket_drop(s, &bad, 1), -EINVAL);
	bad = packets[0];
	bad.len = 2048;
	assert_int_equal(xsteer_socket_send(s, &bad, 1), -EINVAL);
	bad.len = 0;
	assert_int_equal(xsteer_socket_send(s, &bad, 1), -EINVAL);
	assert_ledger(s, 2);
	/* the same one twice: it goes once */
	twice[0] = twice[1] = packets[0];
	assert_int_equal(xsteer_socket_send(s, twice, 2), 1);
	assert_int_equal(xsteer_socket_send(s, &packets[0], 1), -EINVAL);
	assert_ledger(s, 1);
	assert_int_equal(xsteer_socket_drop(s, &packets[1], 1), 0);
	assert_int_equal(xsteer_socket_drop(s, &packets[1], 1), -EINVAL);
	assert_ledger(s, 0);
	assert_int_equal(xsteer_socket_close(s), 0);
}

static void packets_of_ones_own_are_taken_written_and_sent(void **state)
{
	XSTEER_STRUCT(xsteer_socket_opts, opts, .frames = 64, .spare = 4,
		      .flags = XSTEER_SOCKET_ATTACH);
	struct xsteer_socket *s = open_socket(&opts);
	struct xsteer_packet packets[8];
	unsigned char got[128];

	(void)state;
	assert_int_equal(xsteer_socket_take(s, packets, 8), 4);
	assert_int_equal(xsteer_socket_take(s, packets + 4, 4), 0);
	assert_ledger(s, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(packets[i].len, 0);
		assert_true(packets[i].behind >= 1514);
		memset(packets[i].data, 0x40 + i, 60);
		packets[i].len = 60;
	}
	assert_int_equal(xsteer_socket_send(s, packets, 4), 4);
	assert_int_equal(xsteer_socket_kick(s), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(receive_frame(got, sizeof(got), WAIT_MS), 60);
		assert_int_equal(got[59], 0x40 + i);
	}
	assert_int_equal(xsteer_socket_wait(s, 20), 0);
	assert_int_equal(xsteer_socket_take(s, packets, 8), 4);
	assert_int_equal(xsteer_socket_drop(s, packets, 4), 0);
	assert_ledger(s, 0);
	assert_int_equal(xsteer_socket_close(s), 0);
}

static void packets_that_are_held_while_closing_are_accounted_for(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);
	struct xsteer_packet packets[5];

	(void)state;
	send_frames(5);
	assert_int_equal(receive_packets(s, packets, 2), 2);
	assert_int_equal(xsteer_socket_send(s, packets, 1), 1); /* and no kick */
	assert_int_equal(xsteer_socket_close(s), 0);
}

/* ---- waiting ---- */

static void a_wait_ends_in_time_and_by_its_descriptor(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);
	struct pollfd fd = { .fd = xsteer_socket_fd(s), .events = POLLIN };

	(void)state;
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(xsteer_socket_wait(s, 30), 0);
	send_frames(1);
	assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
	assert_int_equal(xsteer_socket_wait(s, 0), 1);
	assert_int_equal(xsteer_socket_wait(s, -1), 1);
	assert_int_equal(xsteer_socket_close(s), 0);
}

static void a_wait_says_that_the_interface_is_gone(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);

	(void)state;
	assert_int_equal(system("ip link del " IF), 0);
	assert_int_equal(xsteer_socket_wait(s, 5000), -ENETDOWN);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "is gone"));
	assert_int_equal(xsteer_socket_close(s), 0);
}

static void a_wait_says_that_the_instance_was_detached(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);

	(void)state;
	assert_int_equal(xsteer_detach(ctx, IF), 0);
	assert_int_equal(xsteer_socket_wait(s, 8000), -ESTALE);
	assert_int_equal(xsteer_socket_close(s), 0);
}

/* Its maps stay pinned, but no frame comes. */
static void a_wait_says_that_the_link_was_detached(void **state)
{
	struct xsteer_socket *s = open_socket(NULL);

	(void)state;
	assert_int_equal(system("bpftool link detach pinned " ROOT "/" IF "/link"), 0);
	assert_int_equal(xsteer_socket_wait(s, 8000), -ESTALE);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "no more frames arrive here"));
	assert_int_equal(xsteer_socket_close(s), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
	const struct CMUnitTest tests[] = {
		TEST(the_last_socket_takes_along_what_it_attached),
		TEST(a_socket_joins_and_leaves_what_is_there),
		TEST(a_row_of_another_process_stays_when_it_closes),
		TEST(who_finds_the_queue_taken_takes_nothing_away),
		TEST(what_cannot_be_opened_is_refused),
		TEST(no_failure_on_the_way_leaves_anything),
		TEST(packets_come_are_changed_and_go_back),
		TEST(what_is_not_the_programs_is_refused_and_nothing_is_lost),
		TEST(packets_of_ones_own_are_taken_written_and_sent),
		TEST(packets_that_are_held_while_closing_are_accounted_for),
		TEST(a_wait_ends_in_time_and_by_its_descriptor),
		TEST(a_wait_says_that_the_interface_is_gone),
		TEST(a_wait_says_that_the_instance_was_detached),
		TEST(a_wait_says_that_the_link_was_detached),
	};

	return cmocka_run_group_tests_name("api_socket", tests, NULL, NULL);
}
