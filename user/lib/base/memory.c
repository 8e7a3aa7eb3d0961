// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sealed memfds; see memory.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "memory.h"

#define HUGE_PAGE (2ull << 20)
#define MPOL_PREFERRED 1 /* <numaif.h> belongs to a library that we do not need */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Linux 6.3 knows memory that is not for code, and with vm.memfd_noexec=2 makes no other. */
static int memfd(const char *name, unsigned int flags)
{
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create(name, flags) : fd;
}

static int make_fd(const char *name, __u64 bytes, unsigned int flags)
{
	unsigned int huge = flags & XS_MEMORY_huge ? MFD_HUGETLB : 0;
	int fd = memfd(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | huge), err;

	if (fd < 0)
		return -errno;
	/* A memfd has mode 0777 at first, and a reader could open it again for writing. */
	if (!fchmod(fd, 0600) && !ftruncate(fd, (off_t)bytes) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Owns fd. */
static int map_fd(struct xs_memory *memory, int fd, __u64 bytes, int flags)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
	int err;

	if (map == MAP_FAILED) {
		err = -errno;
		close(fd);
		return err;
	}
	*memory = (struct xs_memory){ .fd = fd, .map = map, .bytes = bytes };
	return 0;
}

int xs_memory_make(struct xs_memory *memory, const char *name, __u64 bytes, unsigned int flags)
{
	__u64 page = flags & XS_MEMORY_huge ? HUGE_PAGE : (__u64)sysconf(_SC_PAGESIZE);
	__u64 whole = (bytes + page - 1) / page * page;
	int fd = make_fd(name, whole, flags), err;

	if (fd < 0)
		return fd;
	err = map_fd(memory, fd, whole, flags & XS_MEMORY_untouched ? 0 : MAP_POPULATE);
	if (!err)
		xs_memory_has_lost_pages(memory); /* from now on */
	return err;
}

int xs_memory_map(struct xs_memory *memory, int fd, __u64 bytes)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (__u64)st.st_size < bytes) {
		close(fd);
		return -EINVAL;
	}
	return map_fd(memory, fd, (__u64)st.st_size, 0);
}

void xs_memory_free(struct xs_memory *memory)
{
	if (memory->map) {
		munmap(memory->map, memory->bytes);
		close(memory->fd);
	}
	memset(memory, 0, sizeof(*memory));
}

bool xs_memory_has_lost_pages(struct xs_memory *memory)
{
	__u64 before = memory->blocks;
	struct stat st;

	if (!memory->map || fstat(memory->fd, &st))
		return false;
	memory->blocks = (__u64)st.st_blocks;
	return memory->blocks < before;
}

void xs_memory_prefer_node(const struct xs_memory *memory, int node)
{
	unsigned long mask[16] = {};
	const int bits = 8 * sizeof(mask[0]);

	if (node < 0 || node >= bits * 16)
		return;
	mask[node / bits] = 1ul << (node % bits);
	syscall(SYS_mbind, memory->map, memory->bytes, MPOL_PREFERRED, mask, 16ul * bits, 0);
}

int xs_memory_readonly_fd(const struct xs_memory *memory)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
