// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Fuzzes what network functions say to a broker: whatever comes, in whatever order and with
 * whatever in the rings, the account adds up, and no descriptor is left.
 *
 * The input is a list of acts of several connections: a message, whole or not, or a look at
 * what the broker has sent, or a descriptor in a ring.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/base/ctx.h"
#include "lib/chains/text.h"
#include "tools/chain/nfs.h"

enum { FRAMES = 256, FRAME = 256, NFS = 3, ACTS_MAX = 64 };

/* What one connection has, from the NF's side. */
struct peer {
	int fd; /* -1: closed */
	pid_t pid; /* a process that only waits to be killed */
	struct xsnf_n2b *n2b; /* NULL: it was given no port */
	__u64 n2b_bytes;
	__u32 entries, prod;
};

static struct xsteer_ctx *ctx;
static struct xs_chains chains;
static struct xs_memory memory;
static struct xs_engine *engine;
static struct xs_nfs nfs;
static struct peer peers[NFS];
static __u32 free_frames[FRAMES], free_cnt;
static __u64 now;

static const char text[] = "service a\nservice b readonly\nservice c domain d\nservice t tap\n"
			   "chain w a b c tx\nchain w mirror t after a\non a.miss drop\n"
			   "on b dead bypass\non c dead hold 1ms\n";

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void done(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	struct xs_part parts[XS_PARTS_MAX];
	__u32 cnt = xs_engine_parts(engine, frame, parts);

	(void)arg, (void)held, (void)end;
	for (__u32 i = 0; i < cnt; i++)
		free_frames[free_cnt++] = parts[i].frame;
}

static __u32 take(const uint8_t **data, size_t *size, __u32 bytes)
{
	__u32 value = 0;

	for (; bytes && *size; bytes--, (*data)++, (*size)--)
		value = value << 8 | **data;
	return value;
}

/* ---- connections ---- */

static pid_t make_victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	require(pid > 0);
	return pid;
}

static void connect_peer(struct peer *peer)
{
	int pair[2];

	require(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	*peer = (struct peer){ .fd = pair[0], .pid = peer->pid };
	if (!peer->pid || waitpid(peer->pid, NULL, WNOHANG))
		peer->pid = make_victim();
	xs_nfs_adopt(&nfs, pair[1], peer->pid);
	for (int i = 0; i < XS_NFS_MAX; i++)
		nfs.nfs[i].child = false; /* it is waited for here */
}

static void close_peer(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	if (peer->n2b)
		munmap(peer->n2b, peer->n2b_bytes);
	peer->n2b = NULL;
	peer->fd = -1;
}

/* Reads what the broker has sent; maps the ring that it may write. */
static void hear(struct peer *peer)
{
	char control[CMSG_SPACE(XSNF_FD_MAX * sizeof(int))];
	struct xsnf_msg msg;
	struct iovec iov = { &msg, sizeof(msg) };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control) };
	int fds[XSNF_FD_MAX];
	struct xsnf_n2b *map;

	if (recvmsg(peer->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(msg) ||
	    !CMSG_FIRSTHDR(&header))
		return;
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fds));
	map = mmap(NULL, msg.port.n2b_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[XSNF_FD_N2B],
		   0);
	require(map != MAP_FAILED && !peer->n2b);
	peer->n2b = map;
	peer->n2b_bytes = msg.port.n2b_bytes;
	peer->entries = 64; /* all rings have at least that */
	for (int i = 0; i < XSNF_FD_MAX; i++)
		close(fds[i]);
}

static void return_desc(struct peer *peer, const uint8_t **data, size_t *size)
{
	struct xsnf_desc *desc;

	if (!peer->n2b)
		return;
	desc = &peer->n2b->ring[peer->prod % peer->entries];
	desc->frame = take(data, size, 1);
	desc->off = (__u16)take(data, size, 2);
	desc->len = (__u16)take(data, size, 2);
	desc->verdict = (__u8)take(data, size, 1);
	peer->prod += take(data, size, 1) < 250 ? 1 : 1u << 31;
	xsnf_store(&peer->n2b->prod, peer->prod);
}

/* ---- acts ---- */

static void say(struct peer *peer, const uint8_t **data, size_t *size)
{
	static const char *const names[] = { "a", "b", "c", "t", "none", "" };
	struct xsnf_msg msg = {};
	__u32 shape = take(data, size, 1), len = take(data, size, 1);

	msg.type = take(data, size, 1) % (XSNF_MSG_MAX + 2);
	msg.abi = shape & 1 ? take(data, size, 4) : XSNF_ABI;
	if (shape & 2) { /* nearly right: else it would hardly ever get beyond JOIN */
		strcpy(msg.join.service, names[shape / 8 % 6]);
		msg.join.exit_cnt = take(data, size, 1);
		msg.join.flags = msg.join.exit_cnt / 128 ? XSNF_JOIN_MULTI : 0;
		msg.join.exit_cnt %= 20;
		strcpy(msg.join.exits[0], "miss");
		if (msg.type == XSNF_MSG_TEXT)
			msg.text.len = take(data, size, 2);
	} else {
		__u32 body = *size < sizeof(msg.error) ? (__u32)*size : (__u32)sizeof(msg.error);

		body = body < len ? body : len;
		memcpy(msg.error, *data, body);
		*data += body;
		*size -= body;
	}
	send(peer->fd, &msg, shape & 4 ? len * 5 % (sizeof(msg) + 1) : sizeof(msg),
	     MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A packet of so many frames. */
static void enter(__u32 cnt)
{
	struct xs_part parts[3];

	if (free_cnt < cnt || !xs_engine_room(engine, 0))
		return;
	for (__u32 i = 0; i < cnt; i++) {
		parts[i] = (struct xs_part){ free_frames[--free_cnt], 64, 100 };
		memset(engine->frames + parts[i].frame * FRAME, (int)parts[i].frame, FRAME);
	}
	xs_engine_enter_parts(engine, 0, parts, cnt, 0);
}

static void check_all(void)
{
	char why[256];

	require(xs_engine_balanced(engine, why, sizeof(why)));
	require(free_cnt + xs_engine_inside(engine) == FRAMES);
}

static void act(const uint8_t **data, size_t *size)
{
	__u32 what = take(data, size, 1);
	struct peer *peer = &peers[what / 16 % NFS];

	if (peer->fd < 0)
		connect_peer(peer);
	switch (what % 16) {
	case 0:
		close_peer(peer);
		break;
	case 1:
		xs_nfs_drain(&nfs, (int)(what / 64) - 1, 0);
		break;
	case 2:
		if (peer->pid)
			kill(peer->pid, SIGKILL);
		break;
	case 3 ... 5:
		return_desc(peer, data, size);
		break;
	case 6 ... 8:
		enter(what % 16 == 8 ? 3 : 1);
		break;
	default:
		say(peer, data, size);
	}
	now += take(data, size, 1) * 10000000ull;
	xs_nfs_poll(&nfs, now);
	pthread_mutex_lock(&engine->lock);
	xs_engine_turn(engine, now);
	check_all();
	pthread_mutex_unlock(&engine->lock);
	if (peer->fd >= 0)
		hear(peer);
}

/* ---- one input ---- */

static int count_fds(void)
{
	int cnt = 0;

	for (int fd = 0; fd < 256; fd++)
		cnt += fcntl(fd, F_GETFD) >= 0;
	return cnt;
}

static void silent(void *arg, enum xsteer_log_level level, const char *message)
{
	(void)arg, (void)level, (void)message;
}

static void begin(void)
{
	const struct xs_engine_config config = { .chains = &chains,
						 .frames = memory.map,
						 .frame_cnt = FRAMES,
						 .frame_size = FRAME,
						 .headroom = 16,
						 .done = done };

	require(!xs_engine_make(&engine, &config));
	require(!xs_nfs_init(&nfs, ctx, &chains));
	nfs.engines[0] = engine;
	nfs.memories[0] = &memory;
	nfs.engine_cnt = 1;
	now = nfs.checked_ns;
	free_cnt = 0;
	for (__u32 i = 0; i < FRAMES; i++)
		free_frames[free_cnt++] = i;
	for (int i = 0; i < NFS; i++)
		peers[i].fd = -1;
}

static void end(void)
{
	for (int i = 0; i < NFS; i++)
		close_peer(&peers[i]);
	xs_nfs_free(&nfs);
	check_all();
	xs_engine_free(engine);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct xs_chain_findings findings;

	(void)argc, (void)argv;
	ctx = xsteer_ctx_new(NULL, silent, NULL);
	require(ctx);
	require(!xs_chains_parse(&chains, text, strlen(text), &findings));
	require(!xs_memory_make(&memory, "frames", FRAMES * FRAME, 0));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = count_fds();

	begin();
	for (int acts = 0; size && acts < ACTS_MAX; acts++)
		act(&data, &size);
	end();
	require(count_fds() == before);
	return 0;
}
