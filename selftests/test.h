/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Runs the real program on one frame and compares everything that it did: verdict, every
 * counter of every queue, output bytes. The frame comes in on a queue of a real
 * multi-queue veth, in the test's own network namespace.
 */
#ifndef SELFTESTS_TEST_H
#define SELFTESTS_TEST_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>

#include "../maps/xsteer.h"
#include "lib/base/ctx.h"
#include "lib/base/names.h"
#include "lib/set/counters.h"
#include "packets.h"
#include "plain_xsk.h"

#define TEST_QUEUES 4
#define TEST_SLOTS XS_SLOTS_MIN
#define TEST_IF "xst0" /* the program's; queues 0 to TEST_QUEUES - 1 */
#define TEST_PEER "xst1" /* the other end */
#define TEST_FRAME_MAX PACKET_MAX

struct xsteer_bpf;

struct test_env {
	struct xsteer_bpf *skel;
	int prog_fd;
	int stats_fd;
	__u32 ifindex, peer_ifindex;
	__u32 cpu_cnt;
	struct xs_queue_stats *cpu_rows; /* one row as the kernel gives it, by CPU */
	bool has_ctx; /* test_run takes a context, so any queue (Linux 5.15) */
	bool has_frags; /* frames of several buffers (Linux 5.18) */
	bool has_linear; /* test_run takes a first buffer's size; only Linux 6.18 and newer split there */
	bool remembers; /* the program has limits and dynamic sets; not on every kernel */
	bool tells_connections; /* `ct state` has an answer */
	bool pack; /* test_rules_open() packs any addresses; else only many (struct xs_rule_target) */
	const char *skip; /* why nothing can run here, or NULL */
	struct xs_rule_counters rule_counters; /* see test_rules.c; fd -1: not made yet */
	int member_fds[XS_MEMBER_SETS_MAX]; /* of dynamic sets, in that slot; 0: not made yet */
	__u32 rule_set_flags; /* that an inner map of rule_sets must have */
	struct xs_queue_stats stats[TEST_SLOTS]; /* as last read, summed over CPUs */
};

/*
 * Group set-up and tear-down of cmocka: a namespace, a veth, the program loaded but not
 * attached. Without privilege the set-up succeeds, and each test is skipped. Needs
 * CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_BPF.
 */
int test_open(void **state);
int test_close(void **state);

/* The first line of every test. Returns the environment, or skips the test with the reason. */
struct test_env *test_env(void **state);
/* The same for a test of limits or dynamic sets: skipped where the program has none. */
struct test_env *test_env_that_remembers(void **state);
_Noreturn void test_skip(const char *why);

/* One frame and how it is offered. */
struct test_frame {
	const char *name;
	const void *data;
	__u32 len;
	__u32 queue;
	__u32 linear; /* bytes in the first buffer; 0: as many as fit */
};

/* The result that is wanted; the frame itself must be unchanged. */
struct test_want {
	int xdp; /* enum xdp_action */
	enum xs_verdict done; /* the verdict that counts */
	enum xs_reason reason; /* match reason, or none */
	enum xs_reason fallback; /* fallback reason, or none */
};

/* What the program returned, and the frame after that. Has no counters. */
struct test_got {
	int xdp;
	__u32 len;
	__u8 data[TEST_FRAME_MAX];
};

/* 0 or -errno of BPF_PROG_TEST_RUN, silently. */
int test_run(const struct test_env *env, const struct test_frame *frame, struct test_got *got);

/*
 * Runs the program on the frame once. Fails the test, with the frame's name and bytes,
 * unless the verdict is the wanted one, the bytes are unchanged, its counters rose by one
 * frame, and no other counter of any queue has changed.
 */
void test_frame(struct test_env *env, const struct test_frame *frame, const struct test_want *want);

/* test_frame() on queue 0 for a frame given as packet_text() reads it. */
void test_text(struct test_env *env, const char *text, const struct test_want *want);

/* Adds to *row what one more frame of `len` bytes must add to its counters. */
void test_count(struct xs_queue_stats *row, __u32 len, const struct test_want *want);

/* Reads every row, summed over CPUs. */
void test_stats_read(const struct test_env *env, struct xs_queue_stats stats[TEST_SLOTS]);
void test_stats_read_row(const struct test_env *env, __u32 queue, struct xs_queue_stats *row);

/* Prints every counter that differs, by name, on stderr. Returns their number. */
int test_stats_diff(const struct xs_queue_stats *want, const struct xs_queue_stats *got,
		    __u32 queue);

/*
 * The program attached natively, and a socket at each queue of the peer: a frame that is
 * sent from queue N there comes in on queue N here.
 */
struct test_wire {
	int link;
	struct plain_xsk peers[TEST_QUEUES];
};

void test_wire_up(struct test_env *env, struct test_wire *wire);
void test_wire_down(struct test_wire *wire);

/*
 * Waits for frames that were sent to `queue`. Then every counter of every queue must be as
 * in env->stats, where test_count() has counted.
 */
#define TEST_WAIT_MS 2000
void test_wire_counted(struct test_env *env, __u32 queue);

void test_hexdump(const char *title, const void *data, __u32 len);

const char *test_xdp_name(int xdp);

/* The result without rules: no rule matched, and there is no socket. */
extern const struct test_want test_no_socket;

/* Prints diagnostics of a test's contexts on stderr, which the runner shows on failure. */
void test_log(void *arg, enum xsteer_log_level level, const char *text);

/* How many descriptors this process has open, to see that none is left. */
int test_count_fds(void);

/* A context with the usual pin root, for tests that pin nothing. Never freed. */
struct xsteer_ctx *test_ctx(void);

#endif
