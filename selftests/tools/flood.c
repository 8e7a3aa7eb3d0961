// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends numbered frames out of an interface at millions a second and counts
 * what comes back, how late, and what it cost whom. Knows nothing of xsteer;
 * progs/flood.bpf.c does the sending and the counting.
 *
 * Time goes: warm-up, the window that rates are taken from, and a rest in which
 * what is still on the way arrives; totals are of all three.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/random.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <jansson.h>

#include "tools/bouncer/latency.h"
#include "../meter.h"
#include "../progs/flood.h"

#include "selftests/progs/flood.skel.h" /* wants flood.h before it */

#define GROUPS_MAX 8
#define PIDS_MAX 16
#define FRAME_MAX 3400 /* a page, less what the kernel keeps of it */
#define BURST_MAX 256 /* of BPF_PROG_TEST_RUN */
#define RUN_FRAMES (1U << 30) /* of one BPF_PROG_TEST_RUN, which a signal ends */

struct group {
	char *name;
	pid_t pids[PIDS_MAX];
	int cnt;
};

struct snapshot {
	__u64 now_ns, sent;
	struct flood_sink sink;
	__u64 own_ns, busy_ns, group_ns[GROUPS_MAX];
	struct xs_latency latency;
	struct xdp_statistics xdp; /* of `sockets` sockets */
	int sockets;
};

struct sender {
	struct flood *flood;
	struct flood_sender *state;
	pthread_t thread;
	int cpu;
	bool started;
	__u64 frames; /* to send; 0: until told to stop */
	int err;
};

struct flood {
	struct flood_bpf *skel;
	unsigned int ifindex;
	unsigned char src_mac[ETH_ALEN], dst_mac[ETH_ALEN], frame[FRAME_MAX];
	unsigned long frames, rate_pps, size, flows, burst, rest_ms;
	double seconds, warm_up, interval;
	bool xdp_sink, latency, json;
	pid_t sockets_of;
	struct group groups[GROUPS_MAX];
	int group_cnt;
	struct sender senders[FLOOD_CPUS];
	int sender_cnt;
	bool attached;
	volatile bool stop;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	/* SIGUSR1 only ends a BPF_PROG_TEST_RUN */
	if (sig != SIGUSR1)
		interrupted = 1;
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static __u64 to_ns(double seconds)
{
	return seconds * 1e9;
}

/* --- sending --- */

static __be16 checksum(const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned int sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static void build_frame(struct flood *f, __u32 run)
{
	struct flood_frame frame = {
		.eth.h_proto = htons(ETH_P_IP),
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons(f->size - sizeof(struct ethhdr)),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(0xc6120001), /* 198.18.0.1, .2 */
			.daddr = htonl(0xc6120002) },
		/* no UDP checksum: it would have to follow the stamp */
		.udp = { .source = htons(FLOOD_FIRST_PORT),
			 .dest = htons(7),
			 .len = htons(f->size - sizeof(struct ethhdr) - sizeof(struct iphdr)) },
		.stamp.run = run,
	};

	memcpy(frame.eth.h_source, f->src_mac, ETH_ALEN);
	memcpy(frame.eth.h_dest, f->dst_mac, ETH_ALEN);
	frame.ip.check = checksum(&frame.ip, sizeof(frame.ip));
	memcpy(f->frame, &frame, sizeof(frame));
}

static int pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static __u64 left_of(const struct sender *s)
{
	__u64 sent = __atomic_load_n(&s->state->sent, __ATOMIC_RELAXED);

	if (!s->frames)
		return RUN_FRAMES;
	return s->frames - sent < RUN_FRAMES ? s->frames - sent : RUN_FRAMES;
}

static void *send_frames(void *arg)
{
	struct sender *s = arg;
	struct flood *f = s->flood;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->frame, .data_size_in = f->size,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = f->burst);

	s->err = pin_to(s->cpu);
	while (!s->err && !f->stop && (opts.repeat = left_of(s)))
		if (bpf_prog_test_run_opts(bpf_program__fd(f->skel->progs.flood_send), &opts) &&
		    errno != EINTR)
			s->err = -errno;
	return NULL;
}

/* Have all sent what they should? The first error of any, if one failed. */
static bool all_sent(const struct flood *f, int *err)
{
	bool all = true;
	int i;

	for (i = 0; i < f->sender_cnt; i++) {
		const struct sender *s = &f->senders[i];

		if (s->err)
			*err = s->err;
		all = all && s->frames && !left_of(s);
	}
	return all || *err;
}

static void prepare_senders(struct flood *f)
{
	int i;

	for (i = 0; i < f->sender_cnt; i++) {
		struct sender *s = &f->senders[i];

		s->flood = f;
		s->state = &f->skel->bss->sender[s->cpu];
		s->state->first = i;
		s->frames = f->frames / f->sender_cnt + (i < (int)(f->frames % f->sender_cnt));
	}
}

static int start_senders(struct flood *f)
{
	int i, err;

	for (i = 0; i < f->sender_cnt; i++) {
		struct sender *s = &f->senders[i];

		err = -pthread_create(&s->thread, NULL, send_frames, s);
		if (err)
			return err;
		s->started = true;
	}
	return 0;
}

static void stop_senders(struct flood *f)
{
	int i;

	f->stop = true;
	for (i = 0; i < f->sender_cnt; i++) {
		struct sender *s = &f->senders[i];

		/* again and again: one that comes just before the call ends nothing */
		while (s->started && pthread_tryjoin_np(s->thread, NULL)) {
			pthread_kill(s->thread, SIGUSR1);
			usleep(1000);
		}
		s->started = false;
	}
}

/* --- counting --- */

static void add_sinks(const struct flood *f, struct flood_sink *sum)
{
	int i;

	for (i = 0; i < FLOOD_CPUS; i++) {
		const volatile struct flood_sink *s = &f->skel->bss->sink[i];

		sum->returned += s->returned;
		sum->returned_bytes += s->returned_bytes;
		sum->duplicated += s->duplicated;
		sum->resized += s->resized;
		sum->foreign += s->foreign;
	}
}

static void add_latencies(const struct flood *f, struct xs_latency *sum)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	__u64 *values = calloc(cpus > 0 ? cpus : 1, sizeof(*values));
	__u32 i;

	for (i = 0; values && i < XS_LATENCY_BUCKETS; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(f->skel->maps.latencies), &i, values))
			continue;
		for (cpu = 0; cpu < cpus; cpu++)
			sum->buckets[i] += values[cpu];
	}
	free(values);
}

static void take(const struct flood *f, struct snapshot *s)
{
	int i, k;

	memset(s, 0, sizeof(*s));
	s->now_ns = now_ns();
	/* returned before sent: so that no more are returned than sent */
	add_sinks(f, &s->sink);
	for (i = 0; i < f->sender_cnt; i++)
		s->sent += *(volatile __u64 *)&f->senders[i].state->sent;
	s->own_ns = meter_own_ns();
	for (i = 0; i < f->group_cnt; i++)
		for (k = 0; k < f->groups[i].cnt; k++)
			s->group_ns[i] += meter_process_ns(f->groups[i].pids[k]);
	s->busy_ns = meter_busy_ns();
	if (f->latency)
		add_latencies(f, &s->latency);
	if (f->sockets_of)
		s->sockets = meter_sockets(f->sockets_of, &s->xdp);
}

static void subtract_latency(struct xs_latency *to, const struct xs_latency *from)
{
	__u32 i;

	for (i = 0; i < XS_LATENCY_BUCKETS; i++) {
		to->buckets[i] -= from->buckets[i];
		to->count += to->buckets[i];
		if (to->buckets[i])
			to->max_ns = xs_latency_bucket_max(i);
	}
}

/* What happened from `a` to `b`, into `b`. */
static void subtract(const struct flood *f, const struct snapshot *a, struct snapshot *b)
{
	int i;

	b->now_ns -= a->now_ns;
	b->sent -= a->sent;
	b->sink.returned -= a->sink.returned;
	b->sink.returned_bytes -= a->sink.returned_bytes;
	b->sink.duplicated -= a->sink.duplicated;
	b->sink.resized -= a->sink.resized;
	b->sink.foreign -= a->sink.foreign;
	b->own_ns -= a->own_ns;
	b->busy_ns -= a->busy_ns;
	for (i = 0; i < f->group_cnt; i++)
		b->group_ns[i] -= a->group_ns[i];
	subtract_latency(&b->latency, &a->latency);
	b->xdp.rx_dropped -= a->xdp.rx_dropped;
	b->xdp.rx_ring_full -= a->xdp.rx_ring_full;
	b->xdp.rx_fill_ring_empty_descs -= a->xdp.rx_fill_ring_empty_descs;
	b->xdp.rx_invalid_descs -= a->xdp.rx_invalid_descs;
	b->xdp.tx_invalid_descs -= a->xdp.tx_invalid_descs;
}

/* --- saying it --- */

static json_t *counts_json(const struct snapshot *s)
{
	return json_pack("{s:f s:I s:I s:I s:I s:I s:I}", "seconds", s->now_ns / 1e9, "sent",
			 (json_int_t)s->sent, "returned", (json_int_t)s->sink.returned, "lost",
			 (json_int_t)(s->sent - s->sink.returned), "duplicated",
			 (json_int_t)s->sink.duplicated, "resized", (json_int_t)s->sink.resized,
			 "foreign", (json_int_t)s->sink.foreign);
}

static json_t *cpu_json(const struct flood *f, const struct snapshot *s)
{
	json_t *cpu = json_object();
	__u64 known_ns = s->own_ns;
	int i;

	for (i = 0; i < f->group_cnt; i++) {
		json_object_set_new(cpu, f->groups[i].name, json_integer(s->group_ns[i]));
		known_ns += s->group_ns[i];
	}
	json_object_set_new(cpu, "flood", json_integer(s->own_ns));
	json_object_set_new(cpu, "others",
			    json_integer(s->busy_ns > known_ns ? s->busy_ns - known_ns : 0));
	return cpu;
}

static json_t *latency_json(const struct xs_latency *l)
{
	return json_pack("{s:I s:I s:I s:I s:I s:I}", "frames", (json_int_t)l->count, "p50",
			 (json_int_t)xs_latency_quantile(l, 0.5), "p90",
			 (json_int_t)xs_latency_quantile(l, 0.9), "p99",
			 (json_int_t)xs_latency_quantile(l, 0.99), "p99.9",
			 (json_int_t)xs_latency_quantile(l, 0.999), "max", (json_int_t)l->max_ns);
}

static json_t *sockets_json(const struct snapshot *s)
{
	return json_pack("{s:i s:I s:I s:I s:I s:I}", "sockets", s->sockets < 0 ? 0 : s->sockets,
			 "rx_dropped", (json_int_t)s->xdp.rx_dropped, "rx_ring_full",
			 (json_int_t)s->xdp.rx_ring_full, "rx_fill_ring_empty",
			 (json_int_t)s->xdp.rx_fill_ring_empty_descs, "rx_invalid",
			 (json_int_t)s->xdp.rx_invalid_descs, "tx_invalid",
			 (json_int_t)s->xdp.tx_invalid_descs);
}

static void print_text(const char *what, const struct snapshot *s)
{
	double seconds = s->now_ns / 1e9;

	printf("%-8s %7.2f s  sent %llu (%.3f Mpps)  returned %llu (%.3f Mpps)  lost %lld  "
	       "duplicated %llu  resized %llu  foreign %llu\n",
	       what, seconds, s->sent, s->sent / seconds / 1e6, s->sink.returned,
	       s->sink.returned / seconds / 1e6, (long long)(s->sent - s->sink.returned),
	       s->sink.duplicated, s->sink.resized, s->sink.foreign);
}

static void print_json(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(object);
}

static void print_interval(const struct flood *f, const struct snapshot *s)
{
	json_t *object;

	if (f->json) {
		object = counts_json(s);
		json_object_set_new(object, "event", json_string("interval"));
		print_json(object);
	} else {
		print_text("", s);
	}
	fflush(stdout);
}

static void print_final(const struct flood *f, const struct snapshot *window,
			const struct snapshot *total)
{
	const struct xs_latency *l = &window->latency;
	json_t *object, *in_window;
	int i;

	if (f->json) {
		object = counts_json(total);
		in_window = counts_json(window);
		json_object_set_new(object, "event", json_string("final"));
		json_object_set_new(object, "schema", json_integer(1));
		json_object_set_new(in_window, "cpu_ns", cpu_json(f, window));
		if (f->latency)
			json_object_set_new(in_window, "latency_ns", latency_json(l));
		json_object_set_new(object, "window", in_window);
		if (f->sockets_of)
			json_object_set_new(object, "xdp_statistics", sockets_json(total));
		print_json(object);
		return;
	}
	print_text("window", window);
	for (i = 0; i < f->group_cnt; i++)
		printf("  %-8s %.3f us a returned frame\n", f->groups[i].name,
		       window->sink.returned
			       ? (double)window->group_ns[i] / window->sink.returned / 1e3
			       : 0);
	if (f->latency)
		printf("  latency  p50 %llu  p90 %llu  p99 %llu  p99.9 %llu  max %llu ns\n",
		       xs_latency_quantile(l, 0.5), xs_latency_quantile(l, 0.9),
		       xs_latency_quantile(l, 0.99), xs_latency_quantile(l, 0.999), l->max_ns);
	print_text("total", total);
}

/* --- the run --- */

/* Until `end_ns`, or all is sent, or a signal. */
static int wait_until(const struct flood *f, __u64 end_ns)
{
	int err = 0;

	while (now_ns() < end_ns && !interrupted && !all_sent(f, &err))
		usleep(1000);
	return err;
}

static int run_window(const struct flood *f, const struct snapshot *begin)
{
	__u64 end_ns = f->seconds > 0 ? begin->now_ns + to_ns(f->seconds) : ~0ULL, next_ns;
	struct snapshot *last = malloc(2 * sizeof(*last)), *now;
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
		take(f, now);
		subtract(f, last, now);
		print_interval(f, now);
		take(f, last);
	} while (last->now_ns < end_ns && !interrupted && !all_sent(f, &ignored));
	free(last);
	return err;
}

static void wait_for_rest(const struct flood *f, const struct snapshot *begin,
			  struct snapshot *total)
{
	__u64 quiet_since_ns = now_ns(), seen = 0;

	do {
		struct flood_sink sum = { 0 };

		add_sinks(f, &sum);
		if (sum.returned != seen)
			quiet_since_ns = now_ns();
		seen = sum.returned;
		usleep(1000);
	} while (now_ns() - quiet_since_ns < f->rest_ms * 1000000ULL);
	take(f, total);
	subtract(f, begin, total);
}

static int run(struct flood *f)
{
	struct snapshot *s = calloc(4, sizeof(*s)), *start = s, *begin, *end;
	int err;

	if (!s)
		return -ENOMEM;
	begin = s + 1;
	end = s + 2;
	prepare_senders(f);
	take(f, start);
	err = start_senders(f);
	if (!err)
		err = wait_until(f, start->now_ns + to_ns(f->warm_up));
	if (!err) {
		if (f->warm_up > 0)
			take(f, begin);
		else
			*begin = *start;
		err = run_window(f, begin);
		take(f, end);
		subtract(f, begin, end);
	}
	stop_senders(f);
	if (err) {
		fprintf(stderr, "flood: cannot send: %s%s\n", strerror(-err),
			err == -EINVAL ? ": live frames need Linux 5.18" : "");
	} else {
		wait_for_rest(f, start, s + 3);
		print_final(f, end, s + 3);
	}
	free(s);
	return err;
}

/* --- setting up --- */

static int load(struct flood *f, __u32 run_id)
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

static int flood(struct flood *f, const char *ifname)
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
	build_frame(f, run_id);
	catch_signals();
	err = load(f, run_id);
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
		err = run(f);
	if (f->attached)
		detach_sink(f);
	flood_bpf__destroy(f->skel);
	return err ? 1 : 0;
}

/* --- the command line --- */

static int usage(int status)
{
	fputs("usage: flood [options] IF\n"
	      "  -n N         frames; 0: until -t (0)\n"
	      "  -t SECONDS   length of the window; 0: until -n (10, with -n 0)\n"
	      "  -W SECONDS   send so long before the window (0)\n"
	      "  -r PPS       rate; 0: as fast as it goes (0)\n"
	      "  -b N         frames in a burst (16)\n"
	      "  -s BYTES     size of a frame, 64 to 3400 (64)\n"
	      "  -f N         flows: source ports (1)\n"
	      "  -c LIST      CPUs, a sender on each (0); on a veth also the queue\n"
	      "  -a MAC, -d MAC  source, destination (02:00:00:00:00:01, :02)\n"
	      "  -q MS        at the end, wait until nothing came for so long (100)\n"
	      "  -x           count at the XDP hook, not behind tc ingress\n"
	      "  -l           latency\n"
	      "  -i SECONDS   counts every so often (never)\n"
	      "  -w NAME=PID[,PID...]  CPU time of these processes; several times\n"
	      "  -k PID       drop counters of this process's AF_XDP sockets\n"
	      "  -j           JSON\n"
	      "Counts what comes back to IF. Exits 0 once it has sent, whatever came back.\n",
	      status ? stderr : stdout);
	return status;
}

static bool parse_number(unsigned long *out, const char *text, unsigned long min, unsigned long max)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return !errno && end != text && !*end && *text != '-' && *out >= min && *out <= max;
}

static bool parse_seconds(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && *out >= 0 && *out < 1e6;
}

static bool parse_mac(unsigned char *mac, const char *text)
{
	unsigned int b[ETH_ALEN], i;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return false;
	for (i = 0; i < ETH_ALEN; i++)
		mac[i] = b[i];
	return true;
}

static bool parse_cpus(struct flood *f, char *list)
{
	unsigned long cpu;
	char *word;
	int i;

	f->sender_cnt = 0;
	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		if (f->sender_cnt == FLOOD_CPUS || !parse_number(&cpu, word, 0, FLOOD_CPUS - 1))
			return false;
		for (i = 0; i < f->sender_cnt; i++)
			if (f->senders[i].cpu == (int)cpu)
				return false;
		f->senders[f->sender_cnt++].cpu = cpu;
	}
	return f->sender_cnt;
}

static bool parse_group(struct flood *f, char *text)
{
	struct group *g = &f->groups[f->group_cnt];
	char *list = strchr(text, '='), *word;
	unsigned long pid;

	if (f->group_cnt == GROUPS_MAX || !list || list == text)
		return false;
	*list++ = '\0';
	g->name = text;
	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		if (g->cnt == PIDS_MAX || !parse_number(&pid, word, 1, 1UL << 30))
			return false;
		g->pids[g->cnt++] = pid;
	}
	f->group_cnt++;
	return true;
}

static bool parse_option(struct flood *f, int opt, char *arg)
{
	unsigned long pid;

	switch (opt) {
	case 'n':
		return parse_number(&f->frames, arg, 0, 1UL << 40);
	case 't':
		return parse_seconds(&f->seconds, arg);
	case 'W':
		return parse_seconds(&f->warm_up, arg);
	case 'i':
		return parse_seconds(&f->interval, arg);
	case 'r':
		return parse_number(&f->rate_pps, arg, 0, 1000000000);
	case 'b':
		return parse_number(&f->burst, arg, 1, BURST_MAX);
	case 'q':
		return parse_number(&f->rest_ms, arg, 0, 1000000);
	case 's':
		return parse_number(&f->size, arg, 64, FRAME_MAX);
	case 'f':
		return parse_number(&f->flows, arg, 1, 50000);
	case 'c':
		return parse_cpus(f, arg);
	case 'a':
		return parse_mac(f->src_mac, arg);
	case 'd':
		return parse_mac(f->dst_mac, arg);
	case 'w':
		return parse_group(f, arg);
	case 'k':
		if (!parse_number(&pid, arg, 1, 1UL << 30))
			return false;
		f->sockets_of = pid;
		return true;
	case 'x':
		return f->xdp_sink = true;
	case 'l':
		return f->latency = true;
	case 'j':
		return f->json = true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct flood f = { .size = 64,
				  .flows = 1,
				  .burst = 16,
				  .rest_ms = 100,
				  .src_mac = { 2, 0, 0, 0, 0, 1 },
				  .dst_mac = { 2, 0, 0, 0, 0, 2 },
				  .sender_cnt = 1 };
	int opt;

	while ((opt = getopt(argc, argv, "n:t:W:r:b:s:f:c:a:d:q:xli:w:k:jh")) != -1) {
		if (opt == 'h')
			return usage(0);
		if (opt == '?')
			return usage(2);
		if (!parse_option(&f, opt, optarg)) {
			fprintf(stderr, "flood: -%c does not take '%s'\n", opt, optarg);
			return 2;
		}
	}
	if (optind != argc - 1)
		return usage(2);
	/* none for a sender would mean: without end */
	if (f.frames && f.frames < (unsigned long)f.sender_cnt)
		f.frames = f.sender_cnt;
	if (!f.frames && f.seconds <= 0)
		f.seconds = 10;
	return flood(&f, argv[optind]);
}
