// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Looks at an AF_XDP socket of another process; see peek.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peek.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

static int borrow(__u32 pid, __u32 fd)
{
	int copy, err, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return -errno;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	err = -errno;
	close(pidfd);
	return copy < 0 ? err : copy;
}

bool xs_xsk_is_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_XDP;
}

bool xs_xsk_is_zero_copy(int fd)
{
	struct xdp_options options = {};
	socklen_t len = sizeof(options);

	return !getsockopt(fd, SOL_XDP, XDP_OPTIONS, &options, &len) &&
	       options.flags & XDP_OPTIONS_ZEROCOPY;
}

/* Both indices are in the ring's first page, whatever its size. */
static __u32 ring_fill(int fd, const struct xdp_ring_offset *offset, off_t pgoff)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const char *ring;
	__u32 fill;

	if (offset->producer + sizeof(__u32) > page || offset->consumer + sizeof(__u32) > page)
		return 0;
	ring = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, pgoff);
	if (ring == MAP_FAILED)
		return 0;
	fill = __atomic_load_n((const __u32 *)(ring + offset->producer), __ATOMIC_RELAXED) -
	       __atomic_load_n((const __u32 *)(ring + offset->consumer), __ATOMIC_RELAXED);
	munmap((void *)ring, page);
	return fill;
}

static int look(int fd, struct xs_xsk_state *state)
{
	struct xdp_mmap_offsets offsets = {};
	socklen_t len = sizeof(state->stats);

	if (!xs_xsk_is_socket(fd))
		return -ENOTSOCK;
	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &state->stats, &len))
		return -errno;
	state->zero_copy = xs_xsk_is_zero_copy(fd);
	len = sizeof(offsets);
	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len))
		return -errno;
	state->rx = ring_fill(fd, &offsets.rx, XDP_PGOFF_RX_RING);
	state->tx = ring_fill(fd, &offsets.tx, XDP_PGOFF_TX_RING);
	state->fill = ring_fill(fd, &offsets.fr, XDP_UMEM_PGOFF_FILL_RING);
	state->completion = ring_fill(fd, &offsets.cr, XDP_UMEM_PGOFF_COMPLETION_RING);
	return 0;
}

int xs_xsk_peek(__u32 pid, __u32 fd, struct xs_xsk_state *state)
{
	int copy, err;

	memset(state, 0, sizeof(*state));
	copy = borrow(pid, fd);
	if (copy < 0)
		return copy;
	err = look(copy, state);
	close(copy);
	return err;
}
