// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Kills a process with SIGKILL as one of its threads enters, or leaves, its Nth system call. Knows
 * nothing of what the process does. The process needs not be a child of this one.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define THREADS_MAX 64

#define NAMES(X) \
	X(poll) \
	X(sendto) \
	X(recvfrom) \
	X(read) \
	X(write) \
	X(futex) \
	X(bpf) \
	X(mmap) \
	X(munmap) \
	X(mprotect) \
	X(close) \
	X(openat) \
	X(fstat) \
	X(newfstatat) \
	X(socket) \
	X(bind) \
	X(getsockopt) \
	X(setsockopt) \
	X(sendmsg) \
	X(recvmsg) \
	X(ioctl) \
	X(fcntl) \
	X(flock) \
	X(dup) \
	X(clone3) \
	X(restart_syscall)

static pid_t root; /* the process that was named */
static pid_t victim; /* the one to kill; 0: not born yet */
static bool of_child, threads_only;
static const char *only; /* calls of this name; NULL: any */
static unsigned long wanted, stops;
static bool done;

static int usage(void)
{
	fputs("usage: kill_at [-n] [-w] [-c NAME] PID N\n"
	      "Kills process PID at the Nth moment, from 1 on, at which a thread of it enters or\n"
	      "leaves a system call.\n"
	      "  -n  not PID, but the next process that it forks, from its birth on\n"
	      "  -w  only calls of threads other than the first\n"
	      "  -c NAME  only calls of this name\n"
	      "Says 'ready' once it counts, and then at what it killed.\n",
	      stderr);
	return 2;
}

static const char *name_of(unsigned long nr)
{
	static char number[24];

	switch (nr) {
#define X(name) \
	case SYS_##name: \
		return #name;
		NAMES(X)
#undef X
	default:
		snprintf(number, sizeof(number), "call %lu", nr);
		return number;
	}
}

/* With all threads that there are. 0 or -errno. */
static int seize(pid_t pid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			     (of_child ? PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK : 0);
	const struct dirent *entry;
	char path[32];
	DIR *tasks;
	pid_t tid;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return -errno;
	while ((entry = readdir(tasks))) {
		tid = atoi(entry->d_name);
		if (tid <= 0)
			continue;
		if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)options) ||
		    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL)) {
			int err = -errno;

			closedir(tasks);
			return err;
		}
	}
	closedir(tasks);
	return 0;
}

/* Which process a thread is of: those of the victim are not those of who bore it. */
static bool is_of_victim(pid_t tid)
{
	char path[64];

	if (!victim || !of_child)
		return victim;
	if (tid == root)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", victim, tid);
	return !access(path, F_OK);
}

/* Where a thread keeps the call that it is in: its end does not say which one it is. */
static unsigned long *call_of(pid_t tid)
{
	static struct {
		pid_t tid;
		unsigned long nr;
	} threads[THREADS_MAX];
	int i = 0;

	while (i < THREADS_MAX - 1 && threads[i].tid && threads[i].tid != tid)
		i++;
	threads[i].tid = tid;
	return &threads[i].nr;
}

static void at_call(pid_t tid)
{
	struct ptrace_syscall_info info;
	bool enters;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return;
	enters = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (enters)
		*call_of(tid) = info.entry.nr;
	else if (info.op != PTRACE_SYSCALL_INFO_EXIT)
		return;
	if (done || (threads_only && tid == victim) ||
	    (only && strcmp(only, name_of(*call_of(tid))) != 0) || ++stops < wanted)
		return;
	done = true;
	kill(victim, SIGKILL);
	printf("killed as it %s %s\n", enters ? "enters" : "leaves", name_of(*call_of(tid)));
	fflush(stdout);
}

static void at_stop(pid_t tid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	unsigned long born;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(tid);
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
		if (!victim && !ptrace(PTRACE_GETEVENTMSG, tid, NULL, &born))
			victim = (pid_t)born;
		signal = 0;
	} else if (event) {
		signal = 0;
	}
	/* A child may stop before its parent's stop has told of it. */
	if (of_child && !victim && tid != root)
		victim = tid;
	ptrace(is_of_victim(tid) ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL, (void *)(long)signal);
}

int main(int argc, char **argv)
{
	int option, status, err;
	pid_t tid;

	while ((option = getopt(argc, argv, "nwc:")) != -1) {
		if (option == 'n')
			of_child = true;
		else if (option == 'w')
			threads_only = true;
		else if (option == 'c')
			only = optarg;
		else
			return usage();
	}
	if (argc - optind != 2)
		return usage();
	root = atoi(argv[optind]);
	wanted = strtoul(argv[optind + 1], NULL, 10);
	if (root <= 0 || !wanted)
		return usage();
	victim = of_child ? 0 : root;
	err = seize(root);
	if (err) {
		fprintf(stderr, "kill_at: cannot trace process %d: %s\n", root, strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid > 0 && WIFSTOPPED(status))
			at_stop(tid, status);
		else if (tid > 0 && victim && tid == victim)
			break; /* its end goes to its parent now */
	}
	if (!done)
		fprintf(stderr, "kill_at: it ended by itself, after %lu\n", stops);
	return !done;
}
