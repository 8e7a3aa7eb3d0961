// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A network function from both ends: the library in a child process, and a broker's side
 * that does only what the protocol demands; and xsnf_test_run().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "nf/port.h"

enum { ENTRIES = 64, FRAMES = 64, FRAME = 256, HEAD = 32 };

/* ---- a broker's side ---- */

struct broker {
	int fd, wake;
	pid_t pid;
	struct xsnf_b2n *b2n;
	struct xsnf_n2b *n2b;
	unsigned char *frames;
	__u32 taken;
};

static int memory(__u64 bytes, void **map)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(*map, MAP_FAILED);
	return fd;
}

static void send_msg(const struct broker *b, const struct xsnf_msg *msg, const int *fds, int cnt)
{
	union {
		char bytes[CMSG_SPACE(XSNF_FD_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = sizeof(*msg) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (cnt) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(cnt * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(cnt * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, cnt * sizeof(int));
	}
	assert_int_equal(sendmsg(b->fd, &header, MSG_NOSIGNAL), sizeof(*msg));
}

static void send_type(const struct broker *b, __u32 type)
{
	struct xsnf_msg msg = { .type = type, .abi = XSNF_ABI };

	send_msg(b, &msg, NULL, 0);
}

/* The type of the next message; 0: the NF has closed. */
static __u32 next_msg(const struct broker *b, struct xsnf_msg *msg)
{
	struct pollfd poll_fd = { .fd = b->fd, .events = POLLIN };
	ssize_t len;

	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	len = recv(b->fd, msg, sizeof(*msg), 0);
	if (len <= 0)
		return 0;
	assert_int_equal(len, sizeof(*msg));
	return msg->type;
}

/* Starts xsnf_main() in a child; argv[0] is added. */
static void start_nf(struct broker *b, const struct xsnf_ops *ops, char **args)
{
	char *argv[16] = { (char *)"nf" }, number[16];
	int pair[2], argc = 1;

	memset(b, 0, sizeof(*b));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	while (args && *args)
		argv[argc++] = *args++;
	fflush(stdout);
	b->pid = fork();
	if (!b->pid) {
		close(pair[0]);
		snprintf(number, sizeof(number), "%d", pair[1]);
		setenv("XSTEER_NF_FD", number, 1);
		_exit(xsnf_main(argc, argv, ops));
	}
	close(pair[1]);
	b->fd = pair[0];
	b->wake = -1;
}

static void give_port(struct broker *b)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_PORT, .abi = XSNF_ABI };
	int fds[XSNF_FD_MAX], pair[2];

	msg.port.cnt = 1;
	msg.port.b2n_bytes = xsnf_b2n_bytes(ENTRIES);
	msg.port.n2b_bytes = xsnf_n2b_bytes(ENTRIES);
	msg.port.frames_bytes = FRAMES * FRAME;
	fds[XSNF_FD_FRAMES] = memory(msg.port.frames_bytes, (void **)&b->frames);
	fds[XSNF_FD_B2N] = memory(msg.port.b2n_bytes, (void **)&b->b2n);
	fds[XSNF_FD_N2B] = memory(msg.port.n2b_bytes, (void **)&b->n2b);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	fds[XSNF_FD_WAKE] = pair[1];
	b->wake = pair[0];
	b->b2n->magic = XSNF_MAGIC;
	b->b2n->abi = XSNF_ABI;
	b->b2n->entries = ENTRIES;
	b->b2n->frame_cnt = FRAMES;
	b->b2n->frame_size = FRAME;
	b->b2n->headroom = HEAD;
	b->b2n->instance = 3;
	send_msg(b, &msg, fds, XSNF_FD_MAX);
	for (int i = 0; i < XSNF_FD_MAX; i++)
		close(fds[i]);
}

static void join_nf(struct broker *b, const char *service)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_HELLO, .abi = XSNF_ABI, .hello.abi_min = 1 };

	send_msg(b, &msg, NULL, 0);
	assert_int_equal(next_msg(b, &msg), XSNF_MSG_JOIN);
	assert_string_equal(msg.join.service, service);
	give_port(b);
	assert_int_equal(next_msg(b, &msg), XSNF_MSG_READY);
}

static void end_broker(struct broker *b)
{
	if (b->wake >= 0) {
		munmap(b->b2n, xsnf_b2n_bytes(ENTRIES));
		munmap(b->n2b, xsnf_n2b_bytes(ENTRIES));
		munmap(b->frames, FRAMES * FRAME);
		close(b->wake);
	}
	close(b->fd);
}

static int nf_status(const struct broker *b)
{
	int status;

	assert_int_equal(waitpid(b->pid, &status, 0), b->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void give_packet(struct broker *b, __u32 frame, __u16 mark)
{
	const char byte = 0;

	b->frames[frame * FRAME + HEAD] = (unsigned char)frame;
	b->b2n->ring[b->b2n->prod % ENTRIES] =
		(struct xsnf_desc){ .frame = frame, .off = HEAD, .len = 60, .mark = mark };
	xsnf_store(&b->b2n->prod, b->b2n->prod + 1);
	if (xsnf_sleeps(&b->n2b->asleep))
		send(b->wake, &byte, 1, MSG_DONTWAIT);
}

/* The next descriptor that the NF gives back; sleeps until it rings. */
static struct xsnf_desc take_packet(struct broker *b)
{
	struct pollfd poll_fd = { .fd = b->wake, .events = POLLIN };
	char bytes[64];

	for (;;) {
		xsnf_set_asleep(&b->b2n->asleep);
		if (xsnf_load(&b->n2b->prod) != b->taken)
			break;
		assert_int_equal(poll(&poll_fd, 1, 10000), 1);
		assert_true(recv(b->wake, bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
	}
	b->b2n->asleep = 0;
	return b->n2b->ring[b->taken++ % ENTRIES];
}

/* ---- NFs ---- */

/* The mark says what the NF does; it changes the first byte. */
static enum xsnf_verdict obey(struct xsnf *nf, struct xsnf_packet *packet)
{
	(void)nf;
	packet->data[0] ^= 0x80;
	return (enum xsnf_verdict)packet->mark;
}

static const struct xsnf_ops obedient = { .service = "obey",
					  .exits = { "a", "b" },
					  .packet = obey };

static void packets_come_back_with_their_verdicts(void **state)
{
	static const __u16 verdicts[] = { XSNF_NEXT, XSNF_DROP, XSNF_TX, XSNF_EXIT(1) };
	struct xsnf_msg msg;
	struct broker b;

	(void)state;
	start_nf(&b, &obedient, NULL);
	join_nf(&b, "obey");
	/* Many times round the ring, with pauses in which the NF falls asleep. */
	for (__u32 i = 0; i < 1000; i++) {
		__u32 frame = i % FRAMES;
		struct xsnf_desc desc;

		give_packet(&b, frame, verdicts[i % 4]);
		desc = take_packet(&b);
		assert_int_equal(desc.frame, frame);
		assert_int_equal(desc.off, HEAD);
		assert_int_equal(desc.len, 60);
		assert_int_equal(desc.verdict, verdicts[i % 4]);
		assert_int_equal(b.frames[frame * FRAME + HEAD], frame ^ 0x80);
	}
	send_type(&b, XSNF_MSG_STOP);
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_BYE);
	assert_int_equal(nf_status(&b), 0);
	end_broker(&b);
}

static void a_full_ring_comes_back_in_order(void **state)
{
	char *args[] = { (char *)"-w", (char *)"spin", (char *)"-b", (char *)"7", NULL };
	struct broker b;

	(void)state;
	start_nf(&b, &obedient, args);
	join_nf(&b, "obey");
	for (int round = 0; round < 100; round++) {
		for (__u32 i = 0; i < ENTRIES; i++)
			give_packet(&b, i, XSNF_NEXT);
		for (__u32 i = 0; i < ENTRIES; i++)
			assert_int_equal(take_packet(&b).frame, i);
	}
	kill(b.pid, SIGKILL);
	waitpid(b.pid, NULL, 0);
	end_broker(&b);
}

static void a_signal_is_a_wish_to_leave(void **state)
{
	struct xsnf_msg msg;
	struct broker b;

	(void)state;
	start_nf(&b, &obedient, NULL);
	join_nf(&b, "obey");
	kill(b.pid, SIGTERM);
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_LEAVE);
	give_packet(&b, 5, XSNF_TX); /* under way when it asked */
	assert_int_equal(take_packet(&b).verdict, XSNF_TX);
	send_type(&b, XSNF_MSG_STOP);
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_BYE);
	assert_int_equal(nf_status(&b), 0);
	end_broker(&b);
}

static void a_broker_that_is_gone_ends_it(void **state)
{
	struct broker b;

	(void)state;
	start_nf(&b, &obedient, NULL);
	join_nf(&b, "obey");
	end_broker(&b);
	assert_int_equal(nf_status(&b), 0);
}

static void the_limit_is_exact(void **state)
{
	char *args[] = { (char *)"-l", (char *)"10", NULL };
	struct xsnf_msg msg;
	struct broker b;

	(void)state;
	start_nf(&b, &obedient, args);
	join_nf(&b, "obey");
	for (__u32 i = 0; i < 10; i++)
		give_packet(&b, i, XSNF_NEXT);
	for (__u32 i = 0; i < 10; i++)
		take_packet(&b);
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_LEAVE);
	send_type(&b, XSNF_MSG_STOP);
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_BYE);
	assert_int_equal(nf_status(&b), 0);
	end_broker(&b);
}

static void refusals_have_the_brokers_words(void **state)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_ERROR };
	char why[128];
	struct xsnf_config config = { .ops = &obedient, .why = why, .why_bytes = sizeof(why) };
	struct broker b = {};
	struct xsnf *nf = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	strcpy(msg.error, "no service 'obey' in the chains");
	b.fd = pair[0];
	send_msg(&b, &msg, NULL, 0);
	config.fd = pair[1];
	assert_int_equal(xsnf_open(&nf, &config), -EPROTO);
	assert_string_equal(why, "the broker says: no service 'obey' in the chains");
	close(pair[0]);
	config.path = "/nonexistent/socket";
	assert_int_equal(xsnf_open(&nf, &config), -ENOENT);
	assert_null(nf);
}

static void another_version_is_refused(void **state)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_HELLO, .abi = XSNF_ABI + 9 };
	struct xsnf_config config = { .ops = &obedient };
	struct broker b = {};
	struct xsnf *nf = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	b.fd = pair[0];
	msg.hello.abi_min = XSNF_ABI + 1;
	send_msg(&b, &msg, NULL, 0);
	config.fd = pair[1];
	assert_int_equal(xsnf_open(&nf, &config), -EPROTO);
	close(pair[0]);
}

static void wrong_usage_is_2(void **state)
{
	static char *wrong[][3] = {
		{ (char *)"-w", (char *)"sometimes" }, { (char *)"-b", (char *)"0" },
		{ (char *)"-b", (char *)"513" },       { (char *)"operand" },
		{ (char *)"--", (char *)"x" },	       { (char *)"--none" }
	};
	struct broker b;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		start_nf(&b, &obedient, wrong[i]);
		assert_int_equal(nf_status(&b), 2);
		end_broker(&b);
	}
}

static struct xsnf_packet echoed;

static void answer(struct xsnf *nf, const char *service, __u32 instance, const void *data,
		   __u32 len)
{
	(void)instance;
	xsnf_message(nf, service, 7, data, len);
	xsnf_send(nf, &echoed, 0);
}

static void messages_go_both_ways(void **state)
{
	const struct xsnf_ops ops = { .service = "talk", .packet = obey, .message = answer };
	struct xsnf_msg msg = { .type = XSNF_MSG_TEXT };
	struct broker b;

	(void)state;
	start_nf(&b, &ops, NULL);
	join_nf(&b, "talk");
	strcpy(msg.text.service, "other");
	msg.text.len = XSNF_TEXT_MAX;
	memset(msg.text.data, 'x', XSNF_TEXT_MAX);
	send_msg(&b, &msg, NULL, 0);
	memset(&msg, 0, sizeof(msg));
	assert_int_equal(next_msg(&b, &msg), XSNF_MSG_TEXT);
	assert_string_equal(msg.text.service, "other");
	assert_int_equal(msg.text.instance, 7);
	assert_int_equal(msg.text.len, XSNF_TEXT_MAX);
	assert_int_equal(msg.text.data[XSNF_TEXT_MAX - 1], 'x');
	kill(b.pid, SIGKILL);
	waitpid(b.pid, NULL, 0);
	end_broker(&b);
}

/* ---- without a broker ---- */

struct keeper {
	struct xsnf_packet kept[4];
	int cnt, ticks;
};

/* Makes each packet 4 bytes longer, and keeps every third until the end. */
static void grow_and_keep(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	struct keeper *keeper = xsnf_data(nf);

	for (__u32 i = 0; i < cnt; i++) {
		assert_int_equal(xsnf_push(&packets[i], 4), 0);
		memset(packets[i].data, 'g', 4);
		packets[i].verdict = packets[i].mark == 2 ? XSNF_KEEP : XSNF_TX;
		if (packets[i].mark == 2)
			keeper->kept[keeper->cnt++] = packets[i];
	}
}

static void count_tick(struct xsnf *nf)
{
	struct keeper *keeper = xsnf_data(nf);

	keeper->ticks++;
}

static void send_first_kept(struct xsnf *nf)
{
	struct keeper *keeper = xsnf_data(nf);

	keeper->kept[0].verdict = XSNF_DROP;
	xsnf_send(nf, keeper->kept, 1);
}

static void test_run_gives_bytes_and_verdicts(void **state)
{
	struct keeper keeper = {};
	const struct xsnf_ops ops = { .service = "grow",
				      .batch = grow_and_keep,
				      .tick = count_tick,
				      .stop = send_first_kept,
				      .data = &keeper };
	unsigned char bytes[4][32];
	struct xsnf_test_packet packets[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		memset(bytes[i], i, sizeof(bytes[i]));
		packets[i] = (struct xsnf_test_packet){
			.data = bytes[i], .len = 20, .room = 32, .mark = i ? 2 : 1
		};
	}
	assert_int_equal(xsnf_test_run(&ops, packets, 4), 0);
	assert_int_equal(keeper.ticks, 1);
	assert_int_equal(packets[0].verdict, XSNF_TX);
	assert_int_equal(packets[0].len, 24);
	assert_memory_equal(bytes[0], "gggg\0\0\0", 7);
	assert_int_equal(packets[1].verdict, XSNF_DROP);
	assert_int_equal(packets[2].verdict, XSNF_KEEP);
	assert_int_equal(packets[2].len, 20);
}

/* Counts the frames of each packet, and changes each frame's last byte. */
static void change_each_frame(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++) {
		struct xsnf_part part = {};
		__u32 bytes = packets[i].len;

		packets[i].mark = 1;
		packets[i].data[packets[i].len - 1]++;
		while (xsnf_next_part(nf, &packets[i], &part)) {
			packets[i].mark++;
			bytes += part.len;
			part.data[part.len - 1]++;
		}
		assert_int_equal(bytes, xsnf_total(&packets[i]));
		assert_true(packets[i].mark == 1 || !packets[i].room_back);
		packets[i].verdict = XSNF_TX;
	}
}

static void test_run_gives_long_packets_whole(void **state)
{
	static const struct {
		__u32 len, frames;
	} cases[] = { { 60, 1 },   { 1791, 1 }, { 1792, 1 }, { 1793, 2 },
		      { 3584, 2 }, { 3585, 3 }, { 9014, 6 }, { 32256, 18 } };
	enum { CASES = sizeof(cases) / sizeof(*cases) };
	struct xsnf_ops ops = { .service = "long",
				.flags = XSNF_MULTI,
				.batch = change_each_frame };
	static unsigned char bytes[CASES][32257];
	struct xsnf_test_packet packets[CASES];

	(void)state;
	for (int i = 0; i < CASES; i++) {
		memset(bytes[i], i, sizeof(bytes[i]));
		packets[i] = (struct xsnf_test_packet){ .data = bytes[i],
							.len = cases[i].len,
							.room = sizeof(bytes[i]) };
	}
	assert_int_equal(xsnf_test_run(&ops, packets, CASES), 0);
	for (int i = 0; i < CASES; i++) {
		__u32 changed = 0;

		assert_int_equal(packets[i].verdict, XSNF_TX);
		assert_int_equal(packets[i].len, cases[i].len);
		assert_int_equal(packets[i].mark, cases[i].frames);
		for (__u32 k = 0; k < sizeof(bytes[i]); k++) {
			bool last = k < cases[i].len && (k % 1792 == 1791 || k + 1 == cases[i].len);

			assert_int_equal(bytes[i][k], last ? i + 1 : i);
			changed += last;
		}
		assert_int_equal(changed, cases[i].frames);
	}
	packets[0].len = 32257;
	assert_int_equal(xsnf_test_run(&ops, packets, 1), -EINVAL);
	packets[0].len = packets[0].room = ~0u;
	assert_int_equal(xsnf_test_run(&ops, packets, 1), -EINVAL);
	packets[0].len = 1793;
	packets[0].room = sizeof(bytes[0]);
	ops.flags = 0;
	assert_int_equal(xsnf_test_run(&ops, packets, 1), -EINVAL);
}

static void test_run_refuses_what_a_broker_would(void **state)
{
	const struct xsnf_ops nothing = { .service = "none" };
	unsigned char bytes[2048];
	struct xsnf_test_packet packet = { .data = bytes, .len = 1793, .room = 2048 };

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(xsnf_test_run(&nothing, &packet, 1), -EINVAL);
	assert_int_equal(xsnf_test_run(&obedient, &packet, 1), -EINVAL);
	packet.len = 1792;
	assert_int_equal(xsnf_test_run(&obedient, &packet, 1), 0);
	assert_int_equal(xsnf_test_run(&obedient, &packet, 0), -EINVAL);
	packet.mark = XSNF_EXIT(2); /* it has two */
	assert_int_equal(xsnf_test_run(&obedient, &packet, 1), -EINVAL);
	packet.mark = 0x80; /* between the broker and the library: more frames follow */
	assert_int_equal(xsnf_test_run(&obedient, &packet, 1), -EINVAL);
	packet.mark = XSNF_EXIT(1);
	assert_int_equal(xsnf_test_run(&obedient, &packet, 1), 0);
	assert_int_equal(packet.verdict, XSNF_EXIT(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_back_with_their_verdicts),
		cmocka_unit_test(a_full_ring_comes_back_in_order),
		cmocka_unit_test(a_signal_is_a_wish_to_leave),
		cmocka_unit_test(a_broker_that_is_gone_ends_it),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(refusals_have_the_brokers_words),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(wrong_usage_is_2),
		cmocka_unit_test(messages_go_both_ways),
		cmocka_unit_test(test_run_gives_bytes_and_verdicts),
		cmocka_unit_test(test_run_gives_long_packets_whole),
		cmocka_unit_test(test_run_refuses_what_a_broker_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
