/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * System calls as the torture sees them: which of them change something, what a
 * person reads of one, and which errors the kernel can give it.
 */
#ifndef TORTURE_CALLS_H
#define TORTURE_CALLS_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

/* What is done at a call. */
enum action {
	ACTION_none,
	ACTION_kill_before,
	ACTION_kill_after,
	ACTION_EMFILE, /* from here on the call fails with this, and does nothing */
	ACTION_ENOMEM,
	ACTION_EPERM,
	ACTION_EINTR,
	ACTION_ENOSPC,
	ACTION_MAX
};

extern const char *const action_names[ACTION_MAX];

#define ACTION_BIT(action) (1u << (action))
#define ACTIONS_KILL (ACTION_BIT(ACTION_kill_before) | ACTION_BIT(ACTION_kill_after))

/* The errno of an action that makes a call fail; 0 for the others. */
int action_errno(enum action action);

/* What a call that succeeded has made, as a descriptor. */
enum made { MADE_nothing, MADE_map, MADE_prog, MADE_link };

struct call {
	char label[96]; /* "bpf(OBJ_PIN %new-rx0/meta)" */
	unsigned int actions; /* ACTION_BIT()s that make sense here */
	enum made makes;
};

/* System calls that are stopped at: the numbers, ended by -1. */
extern const int traced_calls[];

/*
 * The call `nr` with `args` that thread `tid` of the traced process is about to make.
 * False: one that changes nothing, or that an attacker's luck could not hit (the
 * memory of a thread's stack).
 */
bool describe_call(pid_t tid, long nr, const __u64 args[6], struct call *call);

/* A descriptor of another process, as one of our own; or -errno. */
int borrow_fd(pid_t pid, int fd);

#endif
