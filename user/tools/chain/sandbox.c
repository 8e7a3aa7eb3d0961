// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Gives up rights; see sandbox.h. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cap-ng.h>
#include <seccomp.h>

#include "sandbox.h"

/* ---- system calls ---- */

/*
 * What libc, the dynamic linker and libxsteer-nf call, and what an NF may want that reads
 * and writes files of its user, waits, or has threads. Without: new processes and sockets,
 * other processes, BPF, and what takes pages out of shared memory (fallocate).
 */
static const char *const nf_calls[] = {
	/* to start */
	"execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
	"getrandom", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "uname",
	"getcwd",
	/* files */
	"open", "openat", "close", "read", "pread64", "readv", "write", "pwrite64", "writev",
	"lseek", "_llseek", "stat", "lstat", "fstat", "stat64", "lstat64", "fstat64", "newfstatat",
	"fstatat64", "statx", "fcntl", "fcntl64", "fsync", "fdatasync", "dup", "dup2", "dup3",
	"pipe2", "eventfd2", "getdents64",
	/* memory */
	"mmap", "mmap2", "munmap", "mprotect", "mremap", "mlock", "munlock", "membarrier",
	/* to wait */
	"poll", "ppoll", "ppoll_time64", "select", "pselect6", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "timerfd_create", "timerfd_settime",
	"timerfd_gettime", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
	"clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time", "sched_yield",
	"futex", "futex_time64", "restart_syscall", "pause",
	/* its connection to the broker */
	"recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "sendto", "sendmsg", "sendmmsg",
	"getsockopt", "shutdown",
	/* itself */
	"exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"sigaltstack", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
	"getrusage", "times", "sched_getaffinity", "getcpu"
};

bool xs_sandbox_knows_call(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static int allow_all(scmp_filter_ctx filter, const char *const *names, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		/* Other architectures lack some. */
		if (call != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	return err;
}

/* Calls of which only some arguments are harmless. */
static int allow_some(scmp_filter_ctx filter)
{
	const int allow = SCMP_ACT_ALLOW, no_such_call = SCMP_ACT_ERRNO(ENOSYS);
	int err = seccomp_rule_add(filter, (__u32)allow, SCMP_SYS(madvise), 1,
				   SCMP_A2(SCMP_CMP_NE, MADV_REMOVE));

	/* stdio looks whether it writes to a terminal */
	if (!err)
		err = seccomp_rule_add(filter, (__u32)allow, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, TCGETS));
	/* abort() and raise() */
	if (!err)
		err = seccomp_rule_add(filter, (__u32)allow, SCMP_SYS(tgkill), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (!err)
		err = seccomp_rule_add(filter, (__u32)allow, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	/* A thread, not a process. Without clone3, whose flags a filter cannot see, libc uses clone. */
	if (!err)
		err = seccomp_rule_add(filter, (__u32)allow, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (!err)
		err = seccomp_rule_add(filter, (__u32)no_such_call, SCMP_SYS(clone3), 0);
	return err;
}

static int load_filter(struct xsteer_ctx *ctx, const struct xs_sandbox *sandbox)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? 0 : -ENOMEM;

	if (!err)
		err = allow_all(filter, nf_calls, sizeof(nf_calls) / sizeof(*nf_calls));
	if (!err)
		err = allow_all(filter, sandbox->allowed, sandbox->allowed_cnt);
	if (!err)
		err = allow_some(filter);
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (err)
		xs_err(ctx, "cannot filter system calls: %s", strerror(-err));
	return err;
}

/* ---- the rest ---- */

static int join_cgroup(struct xsteer_ctx *ctx, const char *dir)
{
	char path[4096];
	int fd, err = 0;

	if (mkdir(dir, 0755) && errno != EEXIST) {
		err = -errno;
		xs_err(ctx, "cannot make cgroup %s: %s", dir, strerror(-err));
		return err;
	}
	if (snprintf(path, sizeof(path), "%s/cgroup.procs", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		err = -errno;
		xs_err(ctx, "cannot join cgroup %s: %s%s", path, strerror(-err),
		       err == -ENOENT ? ": give a directory below a mounted cgroup2" : "");
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static bool has_rights(void)
{
	return capng_get_caps_process() || capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE;
}

static int drop_rights(struct xsteer_ctx *ctx, const struct xs_sandbox *sandbox)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (geteuid())
		capng_apply(CAPNG_SELECT_CAPS);
	else if (capng_change_id((int)sandbox->uid, (int)sandbox->gid,
				 CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING)) {
		xs_err(ctx, "cannot become user %u: %s", sandbox->uid, strerror(errno));
		return -EPERM;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (has_rights()) {
		xs_err(ctx, "cannot drop all capabilities");
		return -EPERM;
	}
	if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 0;
	xs_err(ctx, "cannot refuse new privileges: %s", strerror(errno));
	return -errno;
}

int xs_sandbox_enter(struct xsteer_ctx *ctx, const struct xs_sandbox *sandbox)
{
	int err = sandbox->cgroup ? join_cgroup(ctx, sandbox->cgroup) : 0;

	if (!err)
		err = drop_rights(ctx, sandbox);
	return err ? err : load_filter(ctx, sandbox);
}
