// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sealed memfds; see memory.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "memory.h"

static int make_fd(const char *name, __u64 bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), err;

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

int xs_memory_make(struct xs_memory *memory, const char *name, __u64 bytes)
{
	__u64 page = (__u64)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
	int fd = make_fd(name, whole), err;
	void *map;

	if (fd < 0)
		return fd;
	map = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		err = -errno;
		close(fd);
		return err;
	}
	*memory = (struct xs_memory){ .fd = fd, .map = map, .bytes = whole };
	return 0;
}

void xs_memory_free(struct xs_memory *memory)
{
	if (memory->map) {
		munmap(memory->map, memory->bytes);
		close(memory->fd);
	}
	memset(memory, 0, sizeof(*memory));
}

int xs_memory_readonly_fd(const struct xs_memory *memory)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
