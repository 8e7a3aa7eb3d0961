// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Loads this build's program and prints what the verifier and the JIT made of
 * it: one line a program, "NAME VERIFIED_INSNS XLATED_BYTES JITED_BYTES LOAD_US".
 * What the kernel does not tell is "-". Attaches nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../../user/cli.h"
#include "../../user/program.h"
#include "xsteer.skel.h"

#define LOADS 3 /* the quickest counts: the others waited for something else */

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void print_number(__u32 number)
{
	if (number)
		printf(" %u", number);
	else
		printf(" -");
}

static int print_stats(const struct bpf_program *prog, long long load_us)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len)) {
		xs_err("cannot ask for %s: %s", bpf_program__name(prog), strerror(errno));
		return -errno;
	}
	printf("%s", bpf_program__name(prog));
	print_number(info.verified_insns); /* since Linux 5.16 */
	print_number(info.xlated_prog_len);
	print_number(info.jited_prog_len);
	printf(" %lld\n", load_us);
	return 0;
}

int main(void)
{
	long long best_us = -1, begin;
	struct xsteer_bpf *skel = NULL;
	struct bpf_program *prog;
	int err = 0;

	for (int i = 0; i < LOADS && !err; i++) {
		xsteer_bpf__destroy(skel);
		skel = xs_program_open(XS_SLOTS_MIN);
		begin = now_us();
		err = skel ? xs_program_load(skel) : -errno;
		if (best_us < 0 || now_us() - begin < best_us)
			best_us = now_us() - begin;
	}
	if (!err)
		bpf_object__for_each_program(prog, skel->obj)
		{
			if (!err && bpf_program__fd(prog) >= 0)
				err = print_stats(prog, best_us);
		}
	xsteer_bpf__destroy(skel);
	return err ? 1 : 0;
}
