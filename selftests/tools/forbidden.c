// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Tries what a network function under `xsteer-chain exec` may not do, and what it may. Prints
 * a line for each: its name, and "ok" or the error's name. Knows nothing of xsteer.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void tell(const char *name, long result)
{
	printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static void *do_nothing(void *arg)
{
	return arg;
}

static long make_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, do_nothing, NULL);

	if (!err)
		return pthread_join(thread, NULL);
	errno = err;
	return -1;
}

static long make_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

int main(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int family = AF_UNIX;

	tell("hole", madvise(memory, 4096, MADV_REMOVE));
	tell("fallocate", syscall(SYS_fallocate, 3, 3, 0L, 4096L));
	tell("process", make_process());
	tell("unix-socket", socket(family, SOCK_STREAM, 0));
	tell("xdp-socket", socket(AF_XDP, SOCK_RAW, 0));
	tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
	tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	tell("kill", kill(getppid(), 0));
	tell("pidfd", syscall(SYS_pidfd_open, getppid(), 0));
	tell("unshare", syscall(SYS_unshare, 0x10000000));
	tell("root", setuid(0));
	tell("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	tell("name", prctl(PR_SET_NAME, "nf", 0, 0, 0));
	tell("keep-page", madvise(memory, 4096, MADV_WILLNEED));
	tell("thread", make_thread());
	tell("sleep", usleep(1));
	abort();
}
