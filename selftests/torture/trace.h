/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A command under ptrace(2). Its calls that change something are numbered, and
 * at one of them it can be killed, or the call be made to fail. A seccomp filter
 * stops it at these calls only: all others run at full speed.
 *
 * Calls of the main thread count one by one. Other threads depend on packets and
 * on the clock, so of each kind only their first call is counted.
 */
#ifndef TORTURE_TRACE_H
#define TORTURE_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "calls.h"

/* A call is known by what it is, and by how many such calls came before it. */
struct call_key {
	char label[96];
	unsigned int nth; /* from 1 */
	bool worker; /* of another thread than the main one */
};

struct trace;

struct trace_opts {
	char *const *argv;
	const char *output; /* file for stdout and stderr */
	struct call_key where; /* of the injection */
	enum action action; /* ACTION_none: none */
	/* At each numbered call, before it is made; and after one that made an object. */
	void (*at_call)(const struct call_key *key, const struct call *call, void *arg);
	void (*made)(enum made made, int fd_here, void *arg);
	void *arg;
};

#define TRACE_THREADS_MAX 32

struct traced_thread {
	pid_t tid;
	bool is_new; /* its first stop has not come yet */
	struct call call; /* whose end it is stopped at next */
	enum action action; /* at that end */
};

struct trace {
	const struct trace_opts *opts;
	pid_t pid;
	__u64 loader_from, loader_to; /* where ld.so is: its calls are not the command's */
	struct call_key *seen; /* nth: how many so far */
	unsigned int seen_cnt;
	struct traced_thread threads[TRACE_THREADS_MAX];
	bool has_threads; /* it has made one */
	bool hit; /* the injection took place */
	bool ended;
	int status; /* of waitpid(), once ended */
};

/* Starts the command, stopped before its first instruction. 0 or -errno. */
int trace_start(struct trace *trace, const struct trace_opts *opts);

/* Lets it run until it ends, or until `until` (NULL: nothing) holds, for at most `ms`. */
void trace_run(struct trace *trace, bool (*until)(const struct trace *trace), unsigned int ms);

/* Kills what still runs, and gives the memory back. */
void trace_end(struct trace *trace);

#endif
