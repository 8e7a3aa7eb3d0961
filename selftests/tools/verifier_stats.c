// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 *	verifier_stats
 *
 * Loads this build's programs and prints what the verifier and the JIT did with them: xsteer,
 * or xsteer_basic where the tools load that, and xsteer_trace. A line for each: "NAME INSNS STATES PEAK_STATES STACK_BYTES XLATED_BYTES JITED_BYTES LOAD_US".
 * INSNS is the number of instructions that the verifier walked, STATES of states that it
 * kept. "-": the kernel does not tell. Attaches nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../test.h"
#include "lib/instance/program.h"
#include "lib/instance/set_layout.h"
#include "maps/rule_set.h"
#include "trace.skel.h"
#include "xsteer.skel.h"

#define LOADS 3 /* the quickest one counts, since the others were disturbed */
#define LOG_STATS 4 /* the kernel's BPF_LOG_STATS, of bpf_verifier.h */
#define LOG_BYTES (1 << 16)

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void print_number(unsigned long number)
{
	if (number)
		printf(" %lu", number);
	else
		printf(" -");
}

/* The number behind `word`: 0 if the log does not have it. */
static unsigned long number_after(const char *log, const char *word)
{
	const char *at = strstr(log, word);

	return at ? strtoul(at + strlen(word), NULL, 10) : 0;
}

/* "stack depth 32+16": that of each function, called one within the other. */
static unsigned long stack_depth(const char *log)
{
	static const char word[] = "stack depth ";
	const char *at = strstr(log, word);
	unsigned long sum = 0;
	char *end;

	for (at = at ? at + strlen(word) : ""; *at >= '0' && *at <= '9'; at = end + (*end == '+'))
		sum += strtoul(at, &end, 10);
	return sum;
}

static int print_stats(const struct bpf_program *prog, const char *name, long long load_us)
{
	size_t log_bytes;
	const char *log = bpf_program__log_buf(prog, &log_bytes);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len)) {
		xs_err(test_ctx(), "cannot ask for %s: %s", bpf_program__name(prog),
		       strerror(errno));
		return -errno;
	}
	printf("%s", name);
	print_number(number_after(log, "processed "));
	print_number(number_after(log, "total_states "));
	print_number(number_after(log, "peak_states "));
	print_number(stack_depth(log));
	print_number(info.xlated_prog_len);
	print_number(info.jited_prog_len);
	printf(" %lld\n", load_us);
	return 0;
}

/* A program, opened and not loaded. */
struct opened {
	void *skel; /* NULL: errno */
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *object;
};

typedef struct opened (*open_fn)(void);
typedef void (*close_fn)(void *skel);

struct program {
	const char *name;
	open_fn open;
	close_fn close;
};

static struct opened opened(struct xsteer_bpf *skel)
{
	if (!skel)
		return (struct opened){ 0 };
	return (struct opened){ skel, skel->skeleton, skel->obj };
}

/* With connections, where the kernel has them. */
static __u32 full_layout(void)
{
	return xs_kernel_tells_connections() ? XS_SET_LAYOUT : XS_SET_LAYOUT_BEFORE_CT;
}

static struct opened open_plain(void)
{
	return opened(xs_program_open(test_ctx(), XS_SLOTS_MIN, full_layout()));
}

static struct opened open_basic(void)
{
	return opened(xs_program_open(test_ctx(), XS_SLOTS_MIN, XS_SET_LAYOUT_BEFORE_LIMITS));
}

static void close_plain(void *skel)
{
	xsteer_bpf__destroy(skel);
}

/* With all that can be asked of it, and maps of its own. */
static struct opened open_trace(void)
{
	struct trace_bpf *skel = trace_bpf__open();
	struct bpf_map *map;

	if (!skel)
		return (struct opened){ 0 };
	bpf_object__for_each_map(map, skel->obj) bpf_map__set_pin_path(map, NULL);
	skel->rodata->by_rule = true;
	skel->rodata->connections = full_layout() >= XS_SET_LAYOUT_CT;
	bpf_program__set_flags(skel->progs.xsteer_trace, BPF_F_XDP_HAS_FRAGS);
	return (struct opened){ skel, skel->skeleton, skel->obj };
}

static void close_trace(void *skel)
{
	trace_bpf__destroy(skel);
}

static const struct program plain = { "xsteer", open_plain, close_plain };
static const struct program basic = { "xsteer_basic", open_basic, close_plain };
static const struct program trace = { "xsteer_trace", open_trace, close_trace };

/* Loads it once more, with the verifier's statistics. */
static int load_and_print(const struct program *p, char *log, long long load_us)
{
	struct opened it = p->open();
	struct bpf_program *prog;
	int err;

	if (!it.skel)
		return -errno;
	bpf_object__for_each_program(prog, it.object)
	{
		bpf_program__set_log_level(prog, LOG_STATS);
		bpf_program__set_log_buf(prog, log, LOG_BYTES);
	}
	/* by libbpf, since xs_program_load() uses the log itself */
	err = bpf_object__load_skeleton(it.skeleton);
	bpf_object__for_each_program(prog, it.object)
	{
		if (!err && bpf_program__fd(prog) >= 0)
			err = print_stats(prog, p->name, load_us);
	}
	p->close(it.skel);
	return err;
}

static int measure(const struct program *p, char *log)
{
	long long best_us = -1, begin;
	int err = 0;

	for (int i = 0; i < LOADS && !err; i++) {
		struct opened it = p->open();

		if (!it.skel)
			return -errno;
		begin = now_us();
		err = xs_program_load(test_ctx(), it.skeleton);
		if (best_us < 0 || now_us() - begin < best_us)
			best_us = now_us() - begin;
		p->close(it.skel);
	}
	return err ? err : load_and_print(p, log, best_us);
}

/* Whether the program that the tools load here has limits and dynamic sets. */
static bool tools_load_limits(void)
{
	__u32 set_layout;
	struct xsteer_bpf *skel =
		xs_program_make(test_ctx(), XS_SLOTS_MIN, NULL, NULL, &set_layout);
	bool has = skel && xs_set_layout_has_limits(set_layout);

	xsteer_bpf__destroy(skel);
	return has;
}

int main(void)
{
	char *log = calloc(1, LOG_BYTES);
	int err = log ? measure(tools_load_limits() ? &plain : &basic, log) : -ENOMEM;

	if (!err && xs_kernel_has_frags()) /* without, it cannot be had */
		err = measure(&trace, log);
	free(log);
	return err ? 1 : 0;
}
