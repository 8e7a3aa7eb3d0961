// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sizes the rings of a socket and maps them; see steps.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/base/failstep.h"
#include "steps.h"

static __u32 rx_ring_size(const struct xs_xsk_config *cfg, __u32 size)
{
	return cfg->rx_ring ? cfg->rx_ring : size;
}

int xs_ring_size(int fd, const struct xs_xsk_config *cfg, int opt, __u32 size)
{
	int err;

	if (!setsockopt(fd, SOL_XDP, opt, &size, sizeof(size)))
		return 0;
	err = -errno;
	xs_xsk_fail(cfg, "cannot make a ring of %u entries: %s; try a smaller %s", size,
		    strerror(-err), xs_hint(cfg->ctx, XSTEER_HINT_RING, NULL).text);
	return err;
}

int xs_rings_size(struct xs_xsk *x, const struct xs_xsk_config *cfg, __u32 size)
{
	static const int opts[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING,
				    XDP_TX_RING };
	unsigned int i;
	int err;

	for (i = 0; i < 4; i++) {
		bool rx = opts[i] == XDP_RX_RING;

		err = xs_ring_size(x->fd, cfg, opts[i], rx ? rx_ring_size(cfg, size) : size);
		if (err)
			return err;
	}
	return 0;
}

int xs_ring_map(struct xs_ring_map *map, int fd, const struct xdp_ring_offset *off, __u32 size,
		size_t entry, off_t pgoff)
{
	size_t bytes = off->desc + size * entry;
	void *addr =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, pgoff);

	if (addr == MAP_FAILED)
		return -errno;
	map->addr = addr;
	map->bytes = bytes;
	return 0;
}

static void prod_go_on(struct xsk_ring_prod *ring)
{
	ring->cached_prod = *ring->producer;
	/* Kept one ring size ahead: see xsk_prod_nb_free(). */
	ring->cached_cons = *ring->consumer + ring->size;
}

static void cons_go_on(struct xsk_ring_cons *ring)
{
	ring->cached_prod = *ring->producer;
	ring->cached_cons = *ring->consumer;
}

static void init_prod(struct xsk_ring_prod *ring, char *addr, const struct xdp_ring_offset *off,
		      __u32 size)
{
	*ring = (struct xsk_ring_prod){
		.mask = size - 1,
		.size = size,
		.producer = (void *)(addr + off->producer),
		.consumer = (void *)(addr + off->consumer),
		.ring = addr + off->desc,
		.flags = (void *)(addr + off->flags),
	};
	prod_go_on(ring);
}

void xs_ring_init_cons(struct xsk_ring_cons *ring, char *addr, const struct xdp_ring_offset *off,
		       __u32 size)
{
	*ring = (struct xsk_ring_cons){
		.mask = size - 1,
		.size = size,
		.producer = (void *)(addr + off->producer),
		.consumer = (void *)(addr + off->consumer),
		.ring = addr + off->desc,
		.flags = (void *)(addr + off->flags),
	};
	cons_go_on(ring);
}

void xs_rings_go_on(struct xs_xsk *x)
{
	prod_go_on(&x->fill);
	prod_go_on(&x->tx);
	cons_go_on(&x->rx);
	cons_go_on(&x->comp);
}

int xs_rings_layout(int fd, const struct xs_xsk_config *cfg, struct xdp_mmap_offsets *off)
{
	socklen_t len = sizeof(*off);
	int err;

	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, off, &len)) {
		err = -errno;
		xs_xsk_fail(cfg, "cannot ask for the rings' layout: %s", strerror(-err));
		return err;
	}
	if (len == sizeof(*off))
		return 0;
	xs_xsk_fail(cfg,
		    "this kernel's rings have no need-wakeup flag: Linux 5.4 or newer is needed");
	return -ENOTSUP;
}

int xs_rings_map(struct xs_xsk *x, const struct xs_xsk_config *cfg, __u32 size)
{
	struct xs_ring_map *maps = x->maps;
	__u32 rx = rx_ring_size(cfg, size);
	struct xdp_mmap_offsets off;
	int err = xs_rings_layout(x->fd, cfg, &off);

	if (err)
		return err;
	err = xs_ring_map(&maps[0], x->fd, &off.fr, size, sizeof(__u64), XDP_UMEM_PGOFF_FILL_RING);
	if (!err)
		err = xs_ring_map(&maps[1], x->fd, &off.cr, size, sizeof(__u64),
				  XDP_UMEM_PGOFF_COMPLETION_RING);
	if (!err)
		err = xs_ring_map(&maps[2], x->fd, &off.rx, rx, sizeof(struct xdp_desc),
				  XDP_PGOFF_RX_RING);
	if (!err)
		err = xs_ring_map(&maps[3], x->fd, &off.tx, size, sizeof(struct xdp_desc),
				  XDP_PGOFF_TX_RING);
	if (err) {
		if (err != -EBUSY)
			xs_xsk_fail(cfg, "cannot map a ring: %s", strerror(-err));
		return err;
	}
	init_prod(&x->fill, x->maps[0].addr, &off.fr, size);
	xs_ring_init_cons(&x->comp, x->maps[1].addr, &off.cr, size);
	xs_ring_init_cons(&x->rx, x->maps[2].addr, &off.rx, rx);
	init_prod(&x->tx, x->maps[3].addr, &off.tx, size);
	return xs_fail_step(cfg->ctx, "rings");
}
