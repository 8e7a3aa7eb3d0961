// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Measures what a frame costs, by number of rules: to parse it, find the rule and count it,
 * in nanoseconds of BPF_PROG_TEST_RUN beyond a program that does nothing. The frames are
 * of 64 flows (hot) or of 65536 (cold), over all rules. Each figure is the least of several
 * short runs, which alternate with runs of the program that does nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../test.h"
#include "lib/instance/program.h"
#include "lib/rules/compile/compile.h"
#include "lib/set/counters.h"
#include "../progs/rulebench.h"
#include "../rulegen.h"

#include "selftests/progs/rulebench.skel.h"

#define HOT_FLOWS 64
#define RUN_FRAMES RULEBENCH_TRACE

struct options {
	int runs;
	__u32 only_cnt;
	int kind, family; /* -1: all */
	struct xs_rule_target target;
	__u64 seed;
};

struct bench {
	struct rulebench_bpf *skel;
	struct options opts;
};

struct figures {
	__u32 bare, base, match;
};

static int run_once(int prog_fd, bool ipv6, __u32 repeat, __u32 *ns)
{
	__u8 frame[128] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = 78, .repeat = repeat);
	int err;

	if (ipv6) {
		frame[12] = 0x86;
		frame[13] = 0xdd;
		frame[14] = 0x60;
		frame[19] = 20;
		frame[66] = 0x50; /* TCP's data offset; payload to UDP */
	} else {
		frame[12] = 0x08;
		frame[14] = 0x45;
		frame[17] = 40;
		frame[46] = 0x50;
	}
	err = bpf_prog_test_run_opts(prog_fd, &run);
	if (!err && run.duration < *ns)
		*ns = run.duration;
	return err;
}

/* The least of several runs of each program; the programs alternate. */
static int measure(struct bench *b, bool ipv6, __u32 flows, struct figures *f)
{
	int bare = bpf_program__fd(b->skel->progs.bare);
	int base = bpf_program__fd(ipv6 ? b->skel->progs.base6 : b->skel->progs.base4);
	int match = bpf_program__fd(ipv6 ? b->skel->progs.match6 : b->skel->progs.match4);
	int err = 0;

	*f = (struct figures){ ~0U, ~0U, ~0U };
	b->skel->data->flows = flows;
	for (int i = 0; i < b->opts.runs && !err; i++) {
		b->skel->bss->at = 0;
		err = run_once(bare, ipv6, RUN_FRAMES, &f->bare);
		if (!err)
			err = run_once(base, ipv6, RUN_FRAMES, &f->base);
		if (!err)
			err = run_once(match, ipv6, RUN_FRAMES, &f->match);
	}
	return err;
}

static void put_be(__u8 *to, xs_u128 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = value >> (8 * (bytes - 1 - i));
}

static int fill_trace(struct bench *b, const struct xs_ruleset *rules, bool ipv6)
{
	struct bpf_map *map = ipv6 ? b->skel->maps.trace6 : b->skel->maps.trace4;
	size_t size = ipv6 ? sizeof(struct rulebench_header6) : sizeof(struct rulebench_header4);
	size_t bytes = size * RULEBENCH_TRACE;
	struct rng rng = { .state = b->opts.seed };
	__u8 *trace = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (trace == MAP_FAILED)
		return -errno;
	for (__u32 i = 0; i < RULEBENCH_TRACE; i++) {
		__u8 *to = trace + i * size;
		int addr = ipv6 ? 16 : 4;
		struct rulegen_header header;

		rulegen_pick(rules, ipv6, &rng, &header);
		put_be(to, header.saddr, addr);
		put_be(to + addr, header.daddr, addr);
		put_be(to + 2 * addr, header.sport, 2);
		put_be(to + 2 * addr + 2, header.dport, 2);
		to[2 * addr + 4] = header.proto;
	}
	munmap(trace, bytes);
	return 0;
}

static int put_inner(const struct bpf_map *outer, int inner)
{
	__u32 slot = 0;

	return bpf_map_update_elem(bpf_map__fd(outer), &slot, &inner, 0) ? -errno : 0;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Puts the set in force in the program's own maps, and measures how long the switch takes. */
static int publish(struct bench *b, const struct xs_rule_blob *blob, __u32 rule_cnt,
		   double *switch_ms)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	struct xs_rule_counters counters = XS_NO_COUNTERS;
	int err, set = bpf_map_create(BPF_MAP_TYPE_ARRAY, "set", sizeof(__u32), XS_CHUNK_BYTES,
				      blob->chunk_cnt, &opts);
	double start;
	void *to;

	if (set < 0)
		return set;
	to = mmap(NULL, blob->size, PROT_READ | PROT_WRITE, MAP_SHARED, set, 0);
	err = to == MAP_FAILED ? -errno : 0;
	if (!err) {
		memcpy(to, blob->bytes, blob->size);
		munmap(to, blob->size);
		err = xs_rule_counters_create(test_ctx(), &counters, rule_cnt);
	}
	if (!err)
		err = put_inner(b->skel->maps.rule_stats, counters.fd);
	start = now_ms();
	if (!err)
		err = put_inner(b->skel->maps.rule_sets, set);
	*switch_ms = now_ms() - start;
	xs_rule_counters_close(&counters);
	close(set);
	return err;
}

static int bench_set(struct bench *b, enum rulegen_kind kind, bool ipv6, __u32 cnt)
{
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };
	struct figures hot, cold;
	struct xs_ruleset rules;
	double switch_ms, compile_ms;
	int err = rulegen_make(&rules, kind, ipv6, cnt, b->opts.seed);

	if (err)
		return err;
	compile_ms = now_ms();
	err = xs_rule_compile_for(&rules, &b->opts.target, &blob, &report);
	compile_ms = now_ms() - compile_ms;
	if (err == -E2BIG) {
		printf("%-4s %-4s %7u  refused: %s\n", rulegen_names[kind], ipv6 ? "ipv6" : "ipv4",
		       cnt, report.error);
		err = 0;
		goto out;
	}
	if (!err)
		err = publish(b, &blob, cnt, &switch_ms);
	if (!err)
		err = fill_trace(b, &rules, ipv6);
	if (!err)
		err = measure(b, ipv6, HOT_FLOWS, &hot);
	if (!err)
		err = measure(b, ipv6, RULEBENCH_TRACE, &cold);
	if (err)
		goto out;
	printf("| %-4s | %-4s | %6u | %4u | %3u | %4u | %6u | %5u | %6u | %5u | %5llu | %10.1f | "
	       "%7.1f |\n",
	       rulegen_names[kind], ipv6 ? "ipv6" : "ipv4", cnt, hot.bare, hot.match - hot.base,
	       cold.match - cold.base, report.table_cnt, report.chain_max, report.probe_max,
	       report.step_max, (unsigned long long)report.bytes / 1024, compile_ms, switch_ms);
	fflush(stdout);
out:
	xs_rule_blob_free(&blob);
	rulegen_free(&rules);
	return err;
}

static int bench_all(struct bench *b)
{
	static const __u32 sizes[] = { 10, 1000, 10000, 100000 };
	int err = 0;

	puts("| set  | ip   | rules  | bare | hot | cold | tables | chain | probes | steps |"
	     "   KiB | compile ms | swap ms |");
	puts("| ---- | ---- | -----: | ---: | --: | ---: | -----: | ----: | -----: | ----: |"
	     " ----: | ---------: | ------: |");
	for (int kind = 0; kind < RULEGEN_MAX && !err; kind++) {
		for (int ipv6 = 0; ipv6 < 2 && !err; ipv6++) {
			for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && !err; i++) {
				if (b->opts.kind >= 0 && kind != b->opts.kind)
					continue;
				if (b->opts.family >= 0 && ipv6 != b->opts.family)
					continue;
				if (b->opts.only_cnt && sizes[i] != b->opts.only_cnt)
					continue;
				err = bench_set(b, kind, ipv6, sizes[i]);
			}
		}
	}
	return err;
}

static int usage(FILE *to)
{
	fputs("usage: rulebench [-r RUNS] [-n RULES] [-k acl|fw|ipc] [-4|-6] [-s SEED] [-l "
	      "LAYOUT]\n"
	      "nanoseconds a frame over a bare program; needs CAP_BPF and CAP_NET_ADMIN\n"
	      "LAYOUT: sets as for programs that search up to this one\n",
	      to);
	return to == stderr ? 2 : 0;
}

static int parse_options(struct options *opts, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "r:n:k:s:l:46h")) != -1) {
		switch (c) {
		case 'r':
			opts->runs = atoi(optarg);
			break;
		case 'n':
			opts->only_cnt = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			opts->target.layout = strtoul(optarg, NULL, 0);
			break;
		case 's':
			opts->seed = strtoull(optarg, NULL, 0);
			break;
		case 'k':
			for (int k = 0; k < RULEGEN_MAX; k++)
				if (!strcmp(optarg, rulegen_names[k]))
					opts->kind = k;
			if (opts->kind < 0)
				return usage(stderr);
			break;
		case '4':
		case '6':
			opts->family = c == '6';
			break;
		case 'h':
			exit(usage(stdout));
		default:
			return usage(stderr);
		}
	}
	return optind < argc || opts->runs < 1 ? usage(stderr) : 0;
}

static int open_bench(struct bench *b)
{
	struct bpf_map *map;
	int err;

	b->skel = rulebench_bpf__open();
	if (!b->skel)
		return -errno;
	bpf_object__for_each_map(map, b->skel->obj)
	{
		err = bpf_map__set_pin_path(map, NULL); /* nothing is left behind */
		if (err)
			return err;
	}
	return rulebench_bpf__load(b->skel);
}

int main(int argc, char **argv)
{
	struct bench b = { .opts = { .runs = 15,
				     .kind = -1,
				     .family = -1,
				     .seed = 1,
				     .target = XS_RULE_TARGET_OWN } };
	int err = parse_options(&b.opts, argc, argv);

	if (err)
		return err;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	err = open_bench(&b);
	if (!err)
		err = bench_all(&b);
	if (err)
		fprintf(stderr, "rulebench: %s\n", strerror(-err));
	rulebench_bpf__destroy(b.skel);
	return err ? 1 : 0;
}
