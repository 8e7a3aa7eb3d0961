// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Loads this build's programs and prints what the verifier and the JIT did with them, a
 * line for each: "NAME INSNS STATES PEAK_STATES STACK_BYTES XLATED_BYTES JITED_BYTES LOAD_US".
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

static int print_stats(const struct bpf_program *prog, long long load_us)
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
	printf("%s", bpf_program__name(prog));
	print_number(number_after(log, "processed "));
	print_number(number_after(log, "total_states "));
	print_number(number_after(log, "peak_states "));
	print_number(stack_depth(log));
	print_number(info.xlated_prog_len);
	print_number(info.jited_prog_len);
	printf(" %lld\n", load_us);
	return 0;
}

/* Loads it once more, with the verifier's statistics. */
static int load_and_print(char *log, long long load_us)
{
	struct xsteer_bpf *skel = xs_program_open(test_ctx(), XS_SLOTS_MIN);
	struct bpf_program *prog;
	int err;

	if (!skel)
		return -errno;
	bpf_object__for_each_program(prog, skel->obj)
	{
		bpf_program__set_log_level(prog, LOG_STATS);
		bpf_program__set_log_buf(prog, log, LOG_BYTES);
	}
	/* by libbpf, since xs_program_load() uses the log itself */
	err = xsteer_bpf__load(skel);
	bpf_object__for_each_program(prog, skel->obj)
	{
		if (!err && bpf_program__fd(prog) >= 0)
			err = print_stats(prog, load_us);
	}
	xsteer_bpf__destroy(skel);
	return err;
}

int main(void)
{
	char *log = calloc(1, LOG_BYTES);
	long long best_us = -1, begin;
	struct xsteer_bpf *skel;
	int err = log ? 0 : -ENOMEM;

	for (int i = 0; i < LOADS && !err; i++) {
		skel = xs_program_open(test_ctx(), XS_SLOTS_MIN);
		begin = now_us();
		err = skel ? xs_program_load(test_ctx(), skel->skeleton) : -errno;
		if (best_us < 0 || now_us() - begin < best_us)
			best_us = now_us() - begin;
		xsteer_bpf__destroy(skel);
	}
	if (!err)
		err = load_and_print(log, best_us);
	free(log);
	return err ? 1 : 0;
}
