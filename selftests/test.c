// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Running the real program on one frame; see test.h. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "lib/instance/program.h"
#include "lib/instance/set_layout.h"
#include "maps/rule_set.h"
#include "xsteer.skel.h"

#define STATS_WORDS (sizeof(struct xs_queue_stats) / sizeof(__u64))

const struct test_want test_no_socket = {
	.xdp = XDP_PASS,
	.done = XS_VERDICT_pass,
	.reason = XS_REASON_default,
	.fallback = XS_REASON_no_socket,
};

const char *test_xdp_name(int xdp)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };

	return xdp >= 0 && xdp < 5 ? names[xdp] : "no XDP action";
}

void test_hexdump(const char *title, const void *data, __u32 len)
{
	const __u8 *bytes = data;

	fprintf(stderr, "# %s, %u bytes:", title, len);
	for (__u32 i = 0; i < len && i < 512; i++)
		fprintf(stderr, "%s%02x", i % 16 ? " " : "\n#   ", bytes[i]);
	fprintf(stderr, "%s\n", len > 512 ? " ..." : "");
}

/* A veth in our own namespace. The kernel removes it when the process ends. */
static int make_veth(struct test_env *env)
{
	char cmd[768];

	if (unshare(CLONE_NEWNET)) {
		env->skip = "no network namespace of its own: needs CAP_SYS_ADMIN";
		return 0;
	}
	/* without IPv6 the kernel itself sends nothing, so each frame is ours */
	snprintf(cmd, sizeof(cmd),
		 "PATH=$PATH:/usr/sbin:/sbin\n"
		 "ipv6=/proc/sys/net/ipv6/conf/default/disable_ipv6\n"
		 "[ ! -e $ipv6 ] || echo 1 >$ipv6\n"
		 "ip link add %s numrxqueues %d numtxqueues %d type veth"
		 " peer name %s numrxqueues %d numtxqueues %d &&"
		 " ip link set %s up && ip link set %s up && ip link set lo up",
		 TEST_IF, TEST_QUEUES, TEST_QUEUES, TEST_PEER, TEST_QUEUES, TEST_QUEUES, TEST_IF,
		 TEST_PEER);
	if (system(cmd)) {
		fprintf(stderr, "# cannot make a veth pair: is iproute2 installed?\n");
		return -1;
	}
	env->ifindex = if_nametoindex(TEST_IF);
	env->peer_ifindex = if_nametoindex(TEST_PEER);
	return env->ifindex && env->peer_ifindex ? 0 : -1;
}

/* Finds out by trying what this kernel's test_run can do. */
static void probe(struct test_env *env)
{
	static struct packet p;
	static struct test_got got;
	struct test_frame frame = { "probe", p.data, 0, TEST_QUEUES - 1, 0 };

	packet_text(&p, "ip udp data=100");
	frame.len = p.len;
	env->has_ctx = true;
	env->has_ctx = test_run(env, &frame, &got) == 0;
	frame.linear = 60;
	env->has_linear = env->has_ctx && test_run(env, &frame, &got) == 0;
	packet_text(&p, "ip udp data=6000");
	frame = (struct test_frame){ "probe", p.data, p.len, 0, 0 };
	env->has_frags = test_run(env, &frame, &got) == 0;
}

/* libbpf forgets it when it loads. */
static int look_at_inner_map(struct xsteer_bpf *skel, void *arg)
{
	struct test_env *env = arg;

	env->rule_set_flags = bpf_map__map_flags(bpf_map__inner_map(skel->maps.rule_sets));
	return 0;
}

int test_open(void **state)
{
	struct test_env *env = calloc(1, sizeof(*env));
	__u32 set_layout;

	/* goes to the same file as stderr: keep the order */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!env)
		return -1;
	*state = env;
	env->prog_fd = env->stats_fd = -1;
	env->rule_counters = XS_NO_COUNTERS;
	if (make_veth(env))
		return -1;
	if (env->skip)
		return 0;
	env->skel = xs_program_make(test_ctx(), TEST_SLOTS, look_at_inner_map, env, &set_layout);
	if (!env->skel && errno == EPERM) {
		env->skip = "cannot load a program: needs CAP_BPF and CAP_NET_ADMIN";
		return 0;
	}
	if (!env->skel)
		return -1;
	env->remembers = xs_set_layout_has_limits(set_layout);
	env->tells_connections = set_layout >= XS_SET_LAYOUT_CT;
	env->prog_fd = bpf_program__fd(env->skel->progs.xsteer);
	env->stats_fd = bpf_map__fd(env->skel->maps.xdp_stats_map);
	env->cpu_cnt = libbpf_num_possible_cpus();
	env->cpu_rows = calloc(env->cpu_cnt, sizeof(*env->cpu_rows));
	if (!env->cpu_rows)
		return -1;
	probe(env);
	test_stats_read(env, env->stats);
	return 0;
}

int test_close(void **state)
{
	struct test_env *env = *state;

	xsteer_bpf__destroy(env->skel);
	xs_rule_counters_close(&env->rule_counters);
	for (int i = 0; i < XS_MEMBER_SETS_MAX; i++)
		if (env->member_fds[i])
			close(env->member_fds[i]);
	free(env->cpu_rows);
	free(env);
	return 0;
}

void test_skip(const char *why)
{
	print_message("SKIP: %s\n", why);
	skip();
	abort(); /* skip() leaves by longjmp */
}

struct test_env *test_env(void **state)
{
	struct test_env *env = *state;

	if (env->skip)
		test_skip(env->skip);
	return env;
}

struct test_env *test_env_that_remembers(void **state)
{
	struct test_env *env = test_env(state);

	if (!env->remembers)
		test_skip("this kernel has no limits and dynamic sets");
	return env;
}

int test_run(const struct test_env *env, const struct test_frame *frame, struct test_got *got)
{
	struct xdp_md ctx = {
		.data_end = frame->linear ? frame->linear : frame->len,
		.ingress_ifindex = env->ifindex,
		.rx_queue_index = frame->queue,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .data_out = got->data, .data_size_out = sizeof(got->data), .repeat = 1);
	int err;

	if (env->has_ctx) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	err = bpf_prog_test_run_opts(env->prog_fd, &opts);
	if (err)
		return err < -1 ? err : -errno;
	got->xdp = opts.retval;
	got->len = opts.data_size_out;
	return 0;
}

void test_stats_read_row(const struct test_env *env, __u32 queue, struct xs_queue_stats *row)
{
	struct xs_queue_stats *cpus = env->cpu_rows;

	memset(row, 0, sizeof(*row));
	assert_int_equal(bpf_map_lookup_elem(env->stats_fd, &queue, cpus), 0);
	for (__u32 cpu = 0; cpu < env->cpu_cnt; cpu++)
		for (__u32 i = 0; i < STATS_WORDS; i++)
			((__u64 *)row)[i] += ((__u64 *)&cpus[cpu])[i];
}

void test_stats_read(const struct test_env *env, struct xs_queue_stats stats[TEST_SLOTS])
{
	for (__u32 queue = 0; queue < TEST_SLOTS; queue++)
		test_stats_read_row(env, queue, &stats[queue]);
}

int test_stats_diff(const struct xs_queue_stats *want, const struct xs_queue_stats *got,
		    __u32 queue)
{
	const __u64 *w = (const __u64 *)want, *g = (const __u64 *)got;
	int diffs = 0;

	for (__u32 i = 0; i < STATS_WORDS; i++) {
		if (w[i] == g[i])
			continue;
		fprintf(stderr, "# queue %u: %s is %llu, should be %llu\n", queue,
			xsteer_counter_name(i), g[i], w[i]);
		diffs++;
	}
	return diffs;
}

void test_count(struct xs_queue_stats *row, __u32 len, const struct test_want *want)
{
	__u64 *verdicts = &row->verdict_pass, *reasons = &row->reason_default;

	row->packets++;
	row->bytes += len;
	verdicts[want->done]++;
	if (want->reason != XS_REASON_none)
		reasons[want->reason - 1]++;
	if (want->fallback != XS_REASON_none)
		reasons[want->fallback - 1]++;
}

static void check_stats(struct test_env *env, const struct test_frame *frame)
{
	struct xs_queue_stats now[TEST_SLOTS];
	int diffs = 0;

	test_stats_read(env, now);
	for (__u32 queue = 0; queue < TEST_SLOTS; queue++)
		diffs += test_stats_diff(&env->stats[queue], &now[queue], queue);
	memcpy(env->stats, now, sizeof(now));
	if (!diffs)
		return;
	test_hexdump(frame->name, frame->data, frame->len);
	fail_msg("%s: %d counters are wrong", frame->name, diffs);
}

void test_frame(struct test_env *env, const struct test_frame *frame, const struct test_want *want)
{
	static struct test_got got;
	int err;

	if (frame->queue && !env->has_ctx)
		test_skip("a queue other than 0 needs a test_run with context (Linux 5.15)");
	err = test_run(env, frame, &got);
	if (err)
		fail_msg("%s: cannot run the program on %u bytes: %s", frame->name, frame->len,
			 strerror(-err));
	if (got.xdp != want->xdp) {
		test_hexdump(frame->name, frame->data, frame->len);
		fail_msg("%s: returned %s, should be %s", frame->name, test_xdp_name(got.xdp),
			 test_xdp_name(want->xdp));
	}
	if (got.len != frame->len || memcmp(got.data, frame->data, frame->len)) {
		test_hexdump("in", frame->data, frame->len);
		test_hexdump("out", got.data, got.len);
		fail_msg("%s: the frame was changed", frame->name);
	}
	test_count(&env->stats[frame->queue], frame->len, want);
	check_stats(env, frame);
}

void test_text(struct test_env *env, const char *text, const struct test_want *want)
{
	static struct packet p;
	struct test_frame frame = { .name = text, .data = p.data };

	packet_text(&p, text);
	frame.len = p.len;
	test_frame(env, &frame, want);
}

void test_wire_up(struct test_env *env, struct test_wire *wire)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);

	wire->link = bpf_link_create(env->prog_fd, env->ifindex, BPF_XDP, &opts);
	assert_true(wire->link >= 0);
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++)
		assert_int_equal(plain_xsk_open(&wire->peers[queue], env->peer_ifindex, queue), 0);
}

void test_wire_down(struct test_wire *wire)
{
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++)
		plain_xsk_close(&wire->peers[queue]);
	close(wire->link);
}

void test_wire_counted(struct test_env *env, __u32 queue)
{
	static struct xs_queue_stats now[TEST_SLOTS];
	int diffs = 0;

	for (int i = 0; i < TEST_WAIT_MS; i++) {
		test_stats_read_row(env, queue, &now[queue]);
		if (now[queue].packets >= env->stats[queue].packets)
			break;
		usleep(1000);
	}
	test_stats_read(env, now);
	for (__u32 q = 0; q < TEST_SLOTS; q++)
		diffs += test_stats_diff(&env->stats[q], &now[q], q);
	memcpy(env->stats, now, sizeof(now));
	assert_int_equal(diffs, 0);
}

void test_log(void *arg, enum xsteer_log_level level, const char *text)
{
	(void)arg;
	if (level == XSTEER_LOG_KERNEL)
		fputs(text, stderr);
	else
		fprintf(stderr, "# %s\n", text);
}

int test_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int cnt = 0;

	while (readdir(dir))
		cnt++;
	closedir(dir);
	return cnt;
}

struct xsteer_ctx *test_ctx(void)
{
	static struct xsteer_ctx *ctx;

	if (!ctx)
		ctx = xsteer_ctx_new(NULL, test_log, NULL);
	return ctx;
}
