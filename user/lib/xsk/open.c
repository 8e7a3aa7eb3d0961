// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Makes an AF_XDP socket (UMEM, rings.c, options, bind) and closes it. Each attempt at
 * another mode starts with a new socket, since kernels disagree about the state of a
 * socket after a failed bind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/failstep.h"
#include "lib/base/wait.h"
#include "steps.h"
#include "xsk.h"

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

#define FRAMES_COPY 1024 /* 2 MB of 2 KB frames stay in cache; more was measured to be slower */
#define FRAMES_ZERO_COPY 4096 /* a NIC's ring (often 2048) and ours, both full */
#define BIND_RETRY_MS 5

static __u32 round_up_pow2(__u32 n)
{
	return n < 2 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

int xs_xsk_make_socket(int *fd, const struct xs_xsk_config *cfg)
{
	int err;

	*fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (*fd >= 0)
		return xs_fail_step(cfg->ctx, "AF_XDP socket");
	err = -errno;
	if (err == -EPERM)
		xs_xsk_fail(cfg, "an AF_XDP socket needs CAP_NET_RAW: run as root, "
				 "or let 'setcap cap_net_raw+ep PROGRAM' give it to the program");
	else if (err == -EAFNOSUPPORT)
		xs_xsk_fail(cfg, "this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS)");
	else
		xs_xsk_fail(cfg, "cannot make an AF_XDP socket: %s", strerror(-err));
	return err;
}

static int map_memory(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	size_t bytes = (size_t)x->frame_cnt * x->frame_size;
	int err = -ENOMEM;

	if (cfg->memory) {
		x->umem = cfg->memory;
		return 0;
	}
	/* A memfd, so that another process can take over. */
	if (cfg->huge) {
		err = xs_memory_make(&x->own, "xsteer-umem", bytes,
				     XS_MEMORY_huge | XS_MEMORY_untouched);
		x->huge = !err;
	}
	if (err)
		err = xs_memory_make(&x->own, "xsteer-umem", bytes, XS_MEMORY_untouched);
	if (err) {
		xs_xsk_fail(cfg, "no memory for a UMEM of %zu bytes: %s; try fewer %s", bytes,
			    strerror(-err), xs_hint(cfg->ctx, XSTEER_HINT_FRAMES, NULL).text);
		return err;
	}
	x->umem = x->own.map;
	xs_memory_prefer_node(&x->own, cfg->numa_node);
	return xs_fail_step(cfg->ctx, "UMEM memory");
}

/* -ENOBUFS is not logged: the memory of an earlier attempt may still be counted. */
static int register_umem(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	struct xdp_umem_reg reg;
	int err;

	/* Includes the padding at the end, where newer kernels read a metadata length. */
	memset(&reg, 0, sizeof(reg));
	reg.addr = (unsigned long)x->umem;
	reg.len = (__u64)x->frame_cnt * x->frame_size;
	reg.chunk_size = x->frame_size;
	reg.headroom = cfg->headroom;
	reg.flags = cfg->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0;
	if (!setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return xs_fail_step(cfg->ctx, "UMEM");
	err = -errno;
	if (err != -ENOBUFS)
		xs_xsk_fail(cfg,
			    "the kernel refuses a UMEM of %u frames of %u bytes, headroom %u: %s",
			    x->frame_cnt, x->frame_size, cfg->headroom, strerror(-err));
	return err;
}

static __u32 frames_for(const struct xs_xsk_config *cfg, enum xs_xsk_mode mode)
{
	if (cfg->frames)
		return cfg->frames;
	return mode == XS_XSK_zero_copy ? FRAMES_ZERO_COPY : FRAMES_COPY;
}

static void say_memlock(const struct xs_xsk_config *cfg, enum xs_xsk_mode mode)
{
	struct rlimit limit = {};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	xs_xsk_fail(cfg,
		    "a UMEM of %llu bytes is more than this user may lock "
		    "(RLIMIT_MEMLOCK is %llu bytes for all processes of the user): "
		    "let root raise it with 'ulimit -l unlimited' before the start, "
		    "give CAP_IPC_LOCK, or use fewer %s",
		    (__u64)frames_for(cfg, mode) * cfg->frame_size,
		    (unsigned long long)limit.rlim_cur,
		    xs_hint(cfg->ctx, XSTEER_HINT_FRAMES, NULL).text);
}

static int make_frames(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	__u32 i;

	int err = xs_memory_make(&x->account, "xsteer-account", xs_xsk_account_bytes(x->frame_cnt),
				 0);

	if (err) {
		xs_xsk_fail(cfg, "no memory to keep account of %u frames: %s", x->frame_cnt,
			    strerror(-err));
		return err;
	}
	xs_xsk_find_account(x);
	for (i = 0; i < x->frame_cnt; i++)
		x->free_stack[x->free_cnt++] = x->frame_cnt - 1 - i;
	return xs_fail_step(cfg->ctx, "frames");
}

void xs_xsk_set_tx_budget(struct xs_xsk *x, __u32 budget)
{
	x->tx_budget = 32;
	if (budget <= 32)
		return;
	if (budget > x->tx.size)
		budget = x->tx.size;
	/* Older kernels do not know this option; it only means more sendto() calls. */
	if (!setsockopt(x->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget)))
		x->tx_budget = budget;
}

static void set_busy_poll(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	const struct {
		int opt, value;
	} opts[] = {
		{ SO_PREFER_BUSY_POLL, 1 },
		{ SO_BUSY_POLL, (int)cfg->busy_poll_us },
		{ SO_BUSY_POLL_BUDGET, (int)cfg->busy_poll },
	};
	unsigned int i;

	for (i = 0; cfg->busy_poll && i < 3; i++) {
		if (setsockopt(x->fd, SOL_SOCKET, opts[i].opt, &opts[i].value, sizeof(int))) {
			x->busy_poll_errno = errno;
			return;
		}
	}
}

void xs_xsk_end_busy_poll(struct xs_xsk *x)
{
	const int zero = 0;

	setsockopt(x->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &zero, sizeof(zero));
	setsockopt(x->fd, SOL_SOCKET, SO_BUSY_POLL, &zero, sizeof(zero));
}

static int bind_socket(struct xs_xsk *x, const struct xs_xsk_config *cfg, enum xs_xsk_mode mode,
		       bool sg)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = cfg->ifindex,
		.sxdp_queue_id = cfg->queue,
		.sxdp_flags = XDP_USE_NEED_WAKEUP | (sg ? XDP_USE_SG : 0) |
			      (mode == XS_XSK_copy ? XDP_COPY : XDP_ZEROCOPY),
	};

	if (bind(x->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	x->sg = sg;
	return xs_fail_step(cfg->ctx, "bind");
}

__u32 xs_xsk_napi_id(struct xs_xsk *x)
{
	socklen_t len = sizeof(x->napi_id);

	if (getsockopt(x->fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &x->napi_id, &len))
		x->napi_id = 0;
	return x->napi_id;
}

static int read_mode(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	struct xdp_options options = {};
	socklen_t len = sizeof(options);
	int err;

	if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &len)) {
		err = -errno;
		xs_xsk_fail(cfg, "cannot read the socket's mode: %s", strerror(-err));
		return err;
	}
	x->mode = options.flags & XDP_OPTIONS_ZEROCOPY ? XS_XSK_zero_copy : XS_XSK_copy;
	xs_xsk_napi_id(x);
	return 0;
}

/*
 * One attempt. *bind_err is the error that is not logged: bind()'s errno, or -ENOBUFS
 * for memlock.
 */
static int open_once(struct xs_xsk *x, const struct xs_xsk_config *cfg, enum xs_xsk_mode mode,
		     bool sg, int *bind_err)
{
	__u32 ring;
	int err;

	*bind_err = 0;
	memset(x, 0, sizeof(*x));
	x->fd = -1;
	x->mode = mode;
	x->unaligned = cfg->unaligned;
	x->frame_size = cfg->frame_size;
	x->headroom = cfg->headroom;
	x->spare = cfg->spare;
	x->frame_shift = xs_xsk_frame_shift(cfg->frame_size);
	x->frame_cnt = frames_for(cfg, mode);
	ring = cfg->ring ? cfg->ring : round_up_pow2(x->frame_cnt);

	err = xs_xsk_make_socket(&x->fd, cfg);
	if (!err)
		err = map_memory(x, cfg);
	if (!err)
		err = register_umem(x, cfg);
	if (err == -ENOBUFS)
		*bind_err = err;
	if (!err)
		err = xs_rings_size(x, cfg, ring);
	if (!err)
		err = xs_rings_map(x, cfg, ring);
	if (!err)
		err = make_frames(x, cfg);
	if (err)
		goto out;
	xs_xsk_set_tx_budget(x, cfg->tx_budget);
	set_busy_poll(x, cfg);
	/* Some drivers take their first buffers at bind and never ask again. */
	xs_xsk_refill(x);
	err = bind_socket(x, cfg, mode, sg);
	if (err && err != -ECANCELED)
		*bind_err = err;
	if (!err)
		err = read_mode(x, cfg);
out:
	if (err)
		xs_xsk_close(x);
	return err;
}

static __u64 now_ms(void)
{
	return xs_monotonic_ns() / 1000000;
}

/* Opens in one mode. Waits for a queue that its last owner has only just left. */
static int open_mode(struct xs_xsk *x, const struct xs_xsk_config *cfg, enum xs_xsk_mode mode,
		     __u64 deadline_ms, int *bind_err)
{
	bool sg = cfg->sg;
	int err;

	for (;;) {
		err = open_once(x, cfg, mode, sg, bind_err);
		if (*bind_err == -EINVAL && sg) {
			sg = false; /* Linux before 6.6 */
			continue;
		}
		if (*bind_err == -EOPNOTSUPP && sg && cfg->want == XS_XSK_zero_copy) {
			sg = false; /* zero-copy at any price was asked for */
			continue;
		}
		/* The kernel frees queue and locked memory of a closed socket a little later. */
		if ((*bind_err != -EBUSY && *bind_err != -ENOBUFS) || now_ms() >= deadline_ms)
			return err;
		err = xs_wait_ms(cfg->ctx, BIND_RETRY_MS);
		if (err) {
			*bind_err = 0;
			return err;
		}
	}
}

struct bind_hint {
	char text[320];
};

/* The meaning of a refusal of bind(2), and what to do about it. */
static struct bind_hint bind_hint(const struct xs_xsk_config *cfg, int err, bool long_packets)
{
	struct bind_hint hint = { "" };

	/* Linux 7 checks the MTU; older kernels lose longer packets. */
	if (err == -EINVAL && long_packets)
		snprintf(hint.text, sizeof(hint.text),
			 ": the driver's zero-copy takes packets of one buffer only, "
			 "and the MTU needs more: lower it, or leave %s out",
			 xs_hint(cfg->ctx, XSTEER_HINT_ZERO_COPY, NULL).text);
	else if (err == -EOPNOTSUPP)
		snprintf(hint.text, sizeof(hint.text),
			 ": the driver has no zero-copy here, or XDP runs in skb mode; "
			 "leave %s out",
			 xs_hint(cfg->ctx, XSTEER_HINT_ZERO_COPY, NULL).text);
	else if (err == -EINVAL)
		strcpy(hint.text, ": the queue is gone, or the frames do not suit the driver");
	else if (err == -ENETDOWN)
		snprintf(hint.text, sizeof(hint.text), ": bring it up, ip link set dev %s up",
			 cfg->ifname);
	else if (err == -ENODEV || err == -ENXIO)
		strcpy(hint.text, ": the interface is gone");
	else if (err == -ENOMEM)
		snprintf(hint.text, sizeof(hint.text), ": try fewer %s",
			 xs_hint(cfg->ctx, XSTEER_HINT_FRAMES, NULL).text);
	return hint;
}

int xs_xsk_open(struct xs_xsk *x, const struct xs_xsk_config *cfg)
{
	__u64 deadline_ms = now_ms() + cfg->bind_wait_ms;
	enum xs_xsk_mode mode = cfg->want == XS_XSK_copy ? XS_XSK_copy : XS_XSK_zero_copy;
	int err, bind_err, fallback_errno = 0;

	if (cfg->want == XS_XSK_none && cfg->no_zero_copy) {
		mode = XS_XSK_copy;
		fallback_errno = EOPNOTSUPP;
	}
	err = open_mode(x, cfg, mode, deadline_ms, &bind_err);
	if (bind_err && bind_err != -EBUSY && cfg->want == XS_XSK_none &&
	    mode == XS_XSK_zero_copy) {
		fallback_errno = -bind_err;
		mode = XS_XSK_copy;
		err = open_mode(x, cfg, mode, deadline_ms, &bind_err);
	}
	if (bind_err == -ENOBUFS)
		say_memlock(cfg, mode);
	else if (bind_err && bind_err != -EBUSY)
		xs_xsk_fail(cfg, "cannot bind in %s mode: %s%s",
			    mode == XS_XSK_copy ? "copy" : "zero-copy", strerror(-bind_err),
			    bind_hint(cfg, bind_err, cfg->sg && mode == XS_XSK_zero_copy).text);
	if (!err)
		x->fallback_errno = fallback_errno;
	return err;
}

void xs_xsk_close(struct xs_xsk *x)
{
	unsigned int i;

	/*
	 * The rings first: after the descriptor is closed, a mapping keeps the socket
	 * and its slot in an XSKMAP alive.
	 */
	for (i = 0; i < 4; i++) {
		if (x->maps[i].addr)
			munmap(x->maps[i].addr, x->maps[i].bytes);
	}
	if (x->frame_cnt && x->fd >= 0) /* a zeroed struct does not hold descriptor 0 */
		close(x->fd);
	xs_memory_free(&x->own);
	xs_memory_free(&x->account);
	memset(x, 0, sizeof(*x));
	x->fd = -1;
}
