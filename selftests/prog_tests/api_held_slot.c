// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A worker with an AF_XDP socket of its own takes a slot by the library, on a veth in the runner's
 * namespaces: frames reach it, others see who it is, and nothing is left of it afterwards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "../plain_xsk.h"
#include "../test.h"

#define ROOT "/sys/fs/bpf/api-held-slot"
#define IF "hld0"
#define PEER "hld1"
#define WAIT_MS 2000

static struct xsteer_ctx *ctx;
static int peer;
static int fds_before;
static struct plain_xsk xsk;

static int open_all(void **state)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	(void)state;
	fds_before = test_count_fds();
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

static void attach(uint32_t flags)
{
	XSTEER_STRUCT(xsteer_attach_opts, opts, .flags = flags);

	assert_int_equal(xsteer_attach(ctx, IF, &opts, NULL), 0);
}

/* The kernel frees a queue a moment after its socket was closed. */
static void open_xsk(void)
{
	int err = -EBUSY;

	for (int i = 0; i < 100 && err == -EBUSY; i++) {
		err = plain_xsk_open(&xsk, if_nametoindex(IF), 0);
		if (err == -EBUSY) {
			plain_xsk_close(&xsk);
			usleep(20000);
		}
	}
	assert_int_equal(err, 0);
}

/* Whether a frame that is sent now comes to the socket. */
static bool frame_comes(int timeout_ms)
{
	unsigned char frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 7 }, got[256];
	int len;

	assert_int_equal(send(peer, frame, sizeof(frame), 0), sizeof(frame));
	len = plain_xsk_receive(&xsk, got, sizeof(got), timeout_ms);
	if (len < 0)
		return false;
	assert_int_equal(len, sizeof(frame));
	assert_memory_equal(got, frame, sizeof(frame));
	return true;
}

static int keep_owner(void *arg, const struct xsteer_owner *owner)
{
	*(struct xsteer_owner *)arg = *owner;
	return 0;
}

/* pid 0: nobody has a slot. */
static struct xsteer_owner the_owner(void)
{
	struct xsteer_owner owner = {};

	assert_int_equal(xsteer_each_owner(ctx, IF, keep_owner, &owner), 0);
	return owner;
}

static void a_socket_in_a_slot_gets_frames_and_has_an_owner(void **state)
{
	struct xsteer_held_slot *held = NULL;
	struct xsteer_owner owner;

	(void)state;
	attach(0);
	open_xsk();
	assert_false(frame_comes(100)); /* it is in no slot */
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	assert_non_null(held);
	assert_true(frame_comes(WAIT_MS));
	owner = the_owner();
	assert_int_equal(owner.pid, getpid());
	assert_int_equal(owner.slot, 0);
	assert_int_equal(owner.mode, XSTEER_XSK_COPY);
	assert_int_equal(owner.asked, XSTEER_XSK_AUTO);
	assert_int_equal(owner.state, XSTEER_OWNER_ALIVE);
	assert_int_equal(xsteer_slot_check(held), 0);

	xsteer_slot_give_up(held);
	assert_int_equal(the_owner().pid, 0);
	assert_false(frame_comes(100));
	/* and again, with the same socket */
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	assert_true(frame_comes(WAIT_MS));
	xsteer_slot_give_up(held);
	plain_xsk_close(&xsk);
	xsteer_slot_give_up(NULL);
}

static void what_is_not_to_be_had_is_refused(void **state)
{
	struct xsteer_held_slot *held = NULL, *second = NULL;

	(void)state;
	open_xsk();
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), -ENOENT);
	attach(0);
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, peer, &held), -EINVAL);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "is no AF_XDP socket"));
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, -1, &held), -EINVAL);
	assert_int_equal(xsteer_slot_hold(ctx, IF, 1, xsk.fd, &held), -ERANGE);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "no queue 1"));
	assert_int_equal(xsteer_slot_hold(ctx, "none0", 0, xsk.fd, &held), -ENODEV);
	assert_null(held);
	assert_int_equal(the_owner().pid, 0);
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &second), -EBUSY);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "is held by process"));
	assert_null(second);
	assert_true(frame_comes(WAIT_MS));
	xsteer_slot_give_up(held);
	plain_xsk_close(&xsk);
}

/* It dies with the socket in its slot. */
static void a_worker_that_died_is_in_nobodys_way(void **state)
{
	struct xsteer_held_slot *held = NULL;
	int status;
	pid_t pid;

	(void)state;
	attach(0);
	pid = fork();
	if (!pid) {
		open_xsk();
		_exit(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(the_owner().pid, pid);
	assert_int_equal(the_owner().state, XSTEER_OWNER_DEAD);
	open_xsk();
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	assert_int_equal(the_owner().pid, getpid());
	assert_true(frame_comes(WAIT_MS));
	xsteer_slot_give_up(held);
	plain_xsk_close(&xsk);
}

static void a_detach_is_told_and_an_upgrade_is_none(void **state)
{
	XSTEER_STRUCT(xsteer_upgraded, upgraded);
	struct xsteer_held_slot *held = NULL;

	(void)state;
	attach(0);
	open_xsk();
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	assert_int_equal(xsteer_upgrade(ctx, IF, &upgraded), 0);
	assert_int_equal(xsteer_slot_check(held), 0);
	assert_int_equal(xsteer_slot_check(held), 0);
	assert_true(frame_comes(WAIT_MS));
	assert_int_equal(xsteer_detach(ctx, IF), 0);
	assert_int_equal(xsteer_slot_check(held), 0); /* it may be about to be replaced */
	assert_int_equal(xsteer_slot_check(held), -ESTALE);
	/* a new instance has a new map */
	attach(0);
	assert_int_equal(xsteer_slot_check(held), -ESTALE);
	assert_int_equal(the_owner().pid, 0);
	xsteer_slot_give_up(held);
	assert_int_equal(the_owner().pid, 0);
	plain_xsk_close(&xsk);
}

static void the_last_of_an_automatic_instance_removes_it(void **state)
{
	struct xsteer_held_slot *held = NULL;
	XSTEER_STRUCT(xsteer_status, status);

	(void)state;
	attach(XSTEER_ATTACH_AUTOMATIC);
	open_xsk();
	assert_int_equal(xsteer_slot_hold(ctx, IF, 0, xsk.fd, &held), 0);
	xsteer_slot_give_up(held);
	assert_int_equal(xsteer_status(ctx, IF, &status), 0);
	assert_int_equal(status.state, XSTEER_STATE_NONE);
	plain_xsk_close(&xsk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_in_a_slot_gets_frames_and_has_an_owner),
		TEST(what_is_not_to_be_had_is_refused),
		TEST(a_worker_that_died_is_in_nobodys_way),
		TEST(a_detach_is_told_and_an_upgrade_is_none),
		TEST(the_last_of_an_automatic_instance_removes_it),
	};

	return cmocka_run_group_tests_name("api_held_slot", tests, NULL, NULL);
}
