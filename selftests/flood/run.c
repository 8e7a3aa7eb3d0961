// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run from its set-up to its end. Time goes: warm-up, the window that rates are taken
 * from, and a rest in which what is still on the way arrives; totals are of all three.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/random.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "flood.h"

#include "selftests/progs/flood.skel.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	/* SIGUSR1 only ends a BPF_PROG_TEST_RUN */
	if (sig != SIGUSR1)
		interrupted = 1;
}

static __u64 to_ns(double seconds)
{
	return seconds * 1e9;
}

/* Until `end_ns`, or all is sent, or a signal. */
static int wait_until(const struct flood *f, __u64 end_ns)
{
	int err = 0;

	while (flood_now_ns() < end_ns && !interrupted && !flood_all_sent(f, &err))
		usleep(1000);
	return err;
}

static int run_window(const struct flood *f, const struct flood_snapshot *begin)
{
	__u64 end_ns = f->seconds > 0 ? begin->now_ns + to_ns(f->seconds) : ~0ULL, next_ns;
	struct flood_snapshot *last = malloc(2 * sizeof(*last)), *now;
	int err = 0, ignored = 0;

	if (!last)
		return -ENOMEM;
	now = last + 1;
	*last = *begin;
	do {
		next_ns = f->interval > 0 ? last->now_ns + to_ns(f->interval) : end_ns;
		err = wait_until(f, next_ns < end_ns ? next_ns : end_ns);
		if (err || f->interval <= 0)
			break;
		flood_take(f, now);
		flood_subtract(f, last, now);
		flood_print_interval(f, now);
		flood_take(f, last);
	} while (last->now_ns < end_ns && !interrupted && !flood_all_sent(f, &ignored));
	free(last);
	return err;
}

static void wait_for_rest(const struct flood *f, const struct flood_snapshot *begin,
			  struct flood_snapshot *total)
{
	__u64 quiet_since_ns = flood_now_ns(), seen = 0;

	do {
		struct flood_sink sum = { 0 };

		flood_add_sinks(f, &sum);
		if (sum.returned != seen)
			quiet_since_ns = flood_now_ns();
		seen = sum.returned;
		usleep(1000);
	} while (flood_now_ns() - quiet_since_ns < f->rest_ms * 1000000ULL);
	flood_take(f, total);
	flood_subtract(f, begin, total);
}

static int send_and_count(struct flood *f)
{
	struct flood_snapshot *s = calloc(4, sizeof(*s)), *start = s, *begin, *end;
	int err;

	if (!s)
		return -ENOMEM;
	begin = s + 1;
	end = s + 2;
	flood_prepare_senders(f);
	flood_take(f, start);
	err = flood_start_senders(f);
	if (!err)
		err = wait_until(f, start->now_ns + to_ns(f->warm_up));
	if (!err) {
		if (f->warm_up > 0)
			flood_take(f, begin);
		else
			*begin = *start;
		err = run_window(f, begin);
		flood_take(f, end);
		flood_subtract(f, begin, end);
	}
	flood_stop_senders(f);
	if (err) {
		fprintf(stderr, "flood: cannot send: %s%s\n", strerror(-err),
			err == -EINVAL ? ": live frames need Linux 5.18" : "");
	} else {
		wait_for_rest(f, start, s + 3);
		flood_print_final(f, end, s + 3);
	}
	free(s);
	return err;
}

/* ---- set-up ---- */

static int load_programs(struct flood *f, __u32 run_id)
{
	struct flood_bpf *skel = f->skel = flood_bpf__open();

	if (!skel)
		return -errno;
	skel->rodata->ifindex = f->ifindex;
	skel->rodata->run = run_id;
	skel->rodata->frame_bytes = f->size;
	skel->rodata->flows = f->flows;
	skel->rodata->senders = f->sender_cnt;
	skel->rodata->burst = f->burst;
	skel->rodata->burst_ns =
		f->rate_pps ? 1000000000ULL * f->burst * f->sender_cnt / f->rate_pps : 0;
	skel->rodata->latency = f->latency;
	return flood_bpf__load(skel);
}

static int attach_sink(struct flood *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = f->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1,
		    .prog_fd = bpf_program__fd(f->skel->progs.flood_tc));
	int err;

	if (f->xdp_sink)
		return bpf_xdp_attach(f->ifindex, bpf_program__fd(f->skel->progs.flood_xdp),
				      XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	err = bpf_tc_hook_create(&hook);
	return err ? err : bpf_tc_attach(&hook, &opts);
}

static void detach_sink(const struct flood *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = f->ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS); /* both: the qdisc goes too */

	if (f->xdp_sink)
		bpf_xdp_detach(f->ifindex, XDP_FLAGS_DRV_MODE, NULL);
	else
		bpf_tc_hook_destroy(&hook);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction action = { .sa_handler = on_signal }; /* no SA_RESTART */
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int flood_run(struct flood *f, const char *ifname)
{
	__u32 run_id;
	int err;

	f->ifindex = if_nametoindex(ifname);
	if (!f->ifindex) {
		fprintf(stderr, "flood: %s: %s\n", ifname, strerror(errno));
		return 1;
	}
	if (getrandom(&run_id, sizeof(run_id), 0) != sizeof(run_id))
		run_id = getpid();
	flood_build_frame(f, run_id);
	catch_signals();
	err = load_programs(f, run_id);
	if (err)
		fprintf(stderr, "flood: cannot load its BPF programs: %s\n", strerror(-err));
	if (!err) {
		err = attach_sink(f);
		f->attached = !err;
		if (err)
			fprintf(stderr,
				"flood: cannot attach to %s: %s: is something else there?\n",
				ifname, strerror(-err));
	}
	if (!err)
		err = send_and_count(f);
	if (f->attached)
		detach_sink(f);
	flood_bpf__destroy(f->skel);
	return err ? 1 : 0;
}
