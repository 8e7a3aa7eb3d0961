// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Joins a broker as service a, and tries to get more than it was given: from its memories, from
 * the broker, from another network function. Prints a line for each attempt: its name, and
 * "allowed" or the error's name.
 *
 *	nf_intruder SOCKET BROKER-PID OTHER-PID [-r]	-r: the service is read-only
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "nf/port.h"

#define FDS_TRIED 16 /* numbers of descriptors that a process may have open */

struct shared {
	const char *name;
	int fd;
	size_t bytes;
	bool readonly;
};

static void tell(const char *of, const char *what, long result)
{
	printf("%s:%s %s\n", of, what, result < 0 ? strerrorname_np(errno) : "allowed");
}

static int die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- joining ---- */

static void receive(int fd, struct xsnf_msg *msg, int *fds)
{
	char control[CMSG_SPACE(XSNF_FD_MAX * sizeof(int))];
	struct iovec iov = { msg, sizeof(*msg) };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &header, 0) != sizeof(*msg))
		die("recvmsg");
	if (fds && CMSG_FIRSTHDR(&header))
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&header)), XSNF_FD_MAX * sizeof(int));
}

static void send_msg(int fd, const struct xsnf_msg *msg)
{
	if (send(fd, msg, sizeof(*msg), 0) != sizeof(*msg))
		die("send");
}

/* Its memories: frames, b2n, n2b. */
static int join(const char *path, bool readonly, struct shared *memories)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct xsnf_msg msg = {};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), fds[XSNF_FD_MAX] = { -1, -1, -1, -1 };

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die(path);
	receive(fd, &msg, NULL);
	msg = (struct xsnf_msg){ .type = XSNF_MSG_JOIN, .abi = XSNF_ABI, .join.service = "a" };
	send_msg(fd, &msg);
	receive(fd, &msg, fds);
	if (msg.type != XSNF_MSG_PORT || msg.port.cnt != 1)
		die("the broker refuses");
	memories[0] =
		(struct shared){ "frames", fds[XSNF_FD_FRAMES], msg.port.frames_bytes, readonly };
	memories[1] = (struct shared){ "b2n", fds[XSNF_FD_B2N], msg.port.b2n_bytes, true };
	memories[2] = (struct shared){ "n2b", fds[XSNF_FD_N2B], msg.port.n2b_bytes, false };
	msg = (struct xsnf_msg){ .type = XSNF_MSG_READY, .abi = XSNF_ABI };
	send_msg(fd, &msg);
	return fd;
}

/* ---- what it was given ---- */

static long try_map(const struct shared *memory, int prot)
{
	return mmap(NULL, memory->bytes, prot, MAP_SHARED, memory->fd, 0) == MAP_FAILED ? -1 : 0;
}

static void try_to_write(const struct shared *memory)
{
	void *map = mmap(NULL, memory->bytes, PROT_READ, MAP_SHARED, memory->fd, 0);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory->fd);
	tell(memory->name, "map-writable", try_map(memory, PROT_READ | PROT_WRITE));
	tell(memory->name, "mprotect", mprotect(map, memory->bytes, PROT_READ | PROT_WRITE));
	tell(memory->name, "reopen", open(path, O_RDWR));
	tell(memory->name, "write", pwrite(memory->fd, "x", 1, 0));
	tell(memory->name, "hole",
	     fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	tell(memory->name, "remove", madvise(map, 4096, MADV_REMOVE));
	tell(memory->name, "chmod", fchmod(memory->fd, 0777));
}

static void try_memory(const struct shared *memory)
{
	tell(memory->name, "map",
	     try_map(memory, memory->readonly ? PROT_READ : PROT_READ | PROT_WRITE));
	if (memory->readonly)
		try_to_write(memory);
	tell(memory->name, "shrink", ftruncate(memory->fd, 4096));
	tell(memory->name, "grow", ftruncate(memory->fd, (off_t)memory->bytes + 4096));
	tell(memory->name, "seal", fcntl(memory->fd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* ---- other processes ---- */

static void try_open(const char *who, pid_t pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	tell(who, file, open(path, flags));
}

static void try_process(const char *who, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char byte;
	struct iovec iov = { &byte, 1 };

	if (pidfd < 0)
		die(who);
	tell(who, "ptrace", ptrace(PTRACE_SEIZE, pid, 0, 0));
	for (int fd = 0; fd < FDS_TRIED; fd++)
		tell(who, "pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	tell(who, "kill", syscall(SYS_pidfd_send_signal, pidfd, 9, NULL, 0));
	try_open(who, pid, "mem", O_RDWR);
	try_open(who, pid, "fd", O_RDONLY | O_DIRECTORY);
	try_open(who, pid, "map_files", O_RDONLY | O_DIRECTORY);
	iov.iov_base = (void *)&try_process;
	tell(who, "read", process_vm_readv(pid, &(struct iovec){ &byte, 1 }, 1, &iov, 1, 0));
	tell(who, "write", process_vm_writev(pid, &(struct iovec){ &byte, 1 }, 1, &iov, 1, 0));
}

int main(int argc, char **argv)
{
	struct shared memories[3];

	if (argc < 4)
		return 2;
	join(argv[1], argc > 4, memories);
	for (int i = 0; i < 3; i++)
		try_memory(&memories[i]);
	try_process("broker", atoi(argv[2]));
	try_process("other", atoi(argv[3]));
	return 0;
}
