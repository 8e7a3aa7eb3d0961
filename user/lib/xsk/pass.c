// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A socket from one process to another; see pass.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "pass.h"
#include "steps.h"

#define FRAMES_MAX (1u << 20)
#define RING_MAX (1u << 20)

static bool is_ring(__u32 size)
{
	return size && size <= RING_MAX && !(size & (size - 1));
}

bool xs_xsk_shape_is_sound(const struct xs_xsk_shape *shape)
{
	return shape->frames && shape->frames <= FRAMES_MAX &&
	       shape->frame_size >= XS_XSK_FRAME_MIN && shape->frame_size <= XS_XSK_FRAME_MAX &&
	       shape->headroom < shape->frame_size && is_ring(shape->ring) &&
	       is_ring(shape->rx_ring) &&
	       (shape->mode == XS_XSK_copy || shape->mode == XS_XSK_zero_copy) &&
	       (shape->unaligned || xs_xsk_frame_shift(shape->frame_size) >= 0);
}

void xs_xsk_pass(const struct xs_xsk *x, struct xs_xsk_shape *shape, int fds[XS_PASSED_MAX])
{
	*shape = (struct xs_xsk_shape){
		.frames = x->frame_cnt,
		.frame_size = x->frame_size,
		.headroom = x->headroom,
		.ring = x->tx.size,
		.rx_ring = x->rx.size,
		.mode = x->mode,
		.fallback_errno = (__u32)x->fallback_errno,
		.sg = x->sg,
		.huge = x->huge,
		.unaligned = x->unaligned,
	};
	fds[XS_PASSED_socket] = x->fd;
	fds[XS_PASSED_umem] = x->own.fd;
	fds[XS_PASSED_account] = x->account.fd;
}

static bool is_xdp_socket(int fd)
{
	socklen_t len = sizeof(int);
	int domain = 0;

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_XDP;
}

static int map_passed(struct xs_xsk *x, const struct xs_xsk_config *cfg,
		      const int fds[XS_PASSED_MAX])
{
	int err = xs_memory_map(&x->own, fds[XS_PASSED_umem], (__u64)x->frame_cnt * x->frame_size);
	int account = xs_memory_map(&x->account, fds[XS_PASSED_account],
				    xs_xsk_account_bytes(x->frame_cnt));

	err = err ? err : account;
	if (!err && !is_xdp_socket(x->fd))
		err = -ENOTSOCK;
	if (err) {
		xs_xsk_fail(cfg, "cannot map the socket of another process: %s", strerror(-err));
		return err;
	}
	x->umem = x->own.map;
	xs_xsk_find_account(x);
	return 0;
}

int xs_xsk_adopt(struct xs_xsk *x, const struct xs_xsk_config *cfg,
		 const struct xs_xsk_shape *shape, const int fds[XS_PASSED_MAX])
{
	struct xs_xsk_config own = *cfg;
	int err;

	memset(x, 0, sizeof(*x));
	x->fd = fds[XS_PASSED_socket];
	x->mode = shape->mode;
	x->fallback_errno = (int)shape->fallback_errno;
	x->sg = shape->sg;
	x->huge = shape->huge;
	x->unaligned = shape->unaligned;
	x->frame_size = shape->frame_size;
	x->headroom = shape->headroom;
	x->frame_shift = xs_xsk_frame_shift(shape->frame_size);
	x->frame_cnt = shape->frames;
	own.rx_ring = shape->rx_ring;

	err = map_passed(x, &own, fds);
	if (!err)
		err = xs_rings_map(x, &own, shape->ring);
	if (err) {
		xs_xsk_close(x);
		return err;
	}
	xs_xsk_napi_id(x);
	return 0;
}

bool xs_xsk_can_be_adopted(const struct xs_xsk *x)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, page, PROT_READ, MAP_SHARED, x->fd, XDP_PGOFF_RX_RING);

	if (map == MAP_FAILED)
		return false;
	munmap(map, page);
	return true;
}

void xs_xsk_stand(const struct xs_xsk *x, struct xs_xsk_standing *standing)
{
	*standing = (struct xs_xsk_standing){
		.counters = x->counters,
		.free = x->free_cnt,
		.fill = x->fill_cnt,
		.rx = x->rx_cnt,
		.tx = x->tx_cnt,
	};
}

/* Whether the account can be used at all: whatever is in it leads to no place outside. */
static bool account_is_sound(const struct xs_xsk *x)
{
	bool *seen = calloc(x->frame_cnt, sizeof(*seen)),
	     sound = seen && x->free_cnt <= x->frame_cnt;

	for (__u32 i = 0; sound && i < x->frame_cnt; i++)
		sound = x->frames[i].state < XS_FRAME_MAX;
	for (__u32 i = 0; sound && i < x->free_cnt; i++) {
		__u32 frame = x->free_stack[i];

		sound = frame < x->frame_cnt && !seen[frame] &&
			x->frames[frame].state == XS_FRAME_free;
		if (sound)
			seen[frame] = true;
	}
	free(seen);
	return sound;
}

int xs_xsk_go_on(struct xs_xsk *x, const struct xs_xsk_standing *standing)
{
	struct xs_ledger ledger;

	x->counters = standing->counters;
	x->free_cnt = standing->free;
	x->fill_cnt = standing->fill;
	x->rx_cnt = standing->rx;
	x->tx_cnt = standing->tx;
	xs_rings_go_on(x);
	if (!account_is_sound(x))
		return -EUCLEAN;
	xs_xsk_ledger(x, &ledger);
	return ledger.balanced ? 0 : -EUCLEAN;
}

void xs_xsk_begin_anew(struct xs_xsk *x, __u32 tx_budget)
{
	for (__u32 i = 0; i < x->frame_cnt; i++)
		x->frames[i].received_ns = 0;
	xs_xsk_set_tx_budget(x, tx_budget);
}
