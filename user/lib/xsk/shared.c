// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Further sockets over the UMEM and the queue of another, which only receive. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "lib/base/failstep.h"
#include "steps.h"

/* Binding to a bound socket takes over its pool, mode and rings: no other flag is allowed. */
static int bind_shared(const struct xs_xsk_shared *s, const struct xs_xsk *x,
		       const struct xs_xsk_config *cfg)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = cfg->ifindex,
		.sxdp_queue_id = cfg->queue,
		.sxdp_flags = XDP_SHARED_UMEM,
		.sxdp_shared_umem_fd = (__u32)x->fd,
	};
	int err;

	if (!bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return xs_fail_step(cfg->ctx, "shared bind");
	err = -errno;
	xs_xsk_fail(cfg, "cannot bind another socket to the queue: %s", strerror(-err));
	return err;
}

int xs_xsk_open_shared(struct xs_xsk_shared *s, const struct xs_xsk *x,
		       const struct xs_xsk_config *cfg, __u32 ring)
{
	struct xdp_mmap_offsets off;
	int err;

	*s = (struct xs_xsk_shared){ .fd = -1 };
	err = xs_xsk_make_socket(&s->fd, cfg);
	if (!err)
		err = xs_ring_size(s->fd, cfg, XDP_RX_RING, ring);
	if (!err)
		err = xs_rings_layout(s->fd, cfg, &off);
	if (!err) {
		err = xs_ring_map(&s->map, s->fd, &off.rx, ring, sizeof(struct xdp_desc),
				  XDP_PGOFF_RX_RING);
		if (err)
			xs_xsk_fail(cfg, "cannot map a ring: %s", strerror(-err));
	}
	if (!err) {
		xs_ring_init_cons(&s->rx, s->map.addr, &off.rx, ring);
		err = bind_shared(s, x, cfg);
	}
	if (err)
		xs_xsk_close_shared(s);
	return err;
}

void xs_xsk_close_shared(struct xs_xsk_shared *s)
{
	if (s->map.addr)
		munmap(s->map.addr, s->map.bytes);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct xs_xsk_shared){ .fd = -1 };
}

bool xs_xsk_may_share_in_skb_mode(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 15);
}
