// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Senders: threads that run the BPF program which sends, on a CPU each. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "flood.h"

#include "selftests/progs/flood.skel.h"

#define RUN_FRAMES (1U << 30) /* of one BPF_PROG_TEST_RUN, which a signal ends */

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

void flood_build_frame(struct flood *f, __u32 run)
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

static __u64 left_of(const struct flood_thread *s)
{
	__u64 sent = __atomic_load_n(&s->state->sent, __ATOMIC_RELAXED);

	if (!s->frames)
		return RUN_FRAMES;
	return s->frames - sent < RUN_FRAMES ? s->frames - sent : RUN_FRAMES;
}

static void *send_frames(void *arg)
{
	struct flood_thread *s = arg;
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
bool flood_all_sent(const struct flood *f, int *err)
{
	bool all = true;
	int i;

	for (i = 0; i < f->sender_cnt; i++) {
		const struct flood_thread *s = &f->senders[i];

		if (s->err)
			*err = s->err;
		all = all && s->frames && !left_of(s);
	}
	return all || *err;
}

void flood_prepare_senders(struct flood *f)
{
	int i;

	for (i = 0; i < f->sender_cnt; i++) {
		struct flood_thread *s = &f->senders[i];

		s->flood = f;
		s->state = &f->skel->bss->sender[s->cpu];
		s->state->first = i;
		s->frames = f->frames / f->sender_cnt + (i < (int)(f->frames % f->sender_cnt));
	}
}

int flood_start_senders(struct flood *f)
{
	int i, err;

	for (i = 0; i < f->sender_cnt; i++) {
		struct flood_thread *s = &f->senders[i];

		err = -pthread_create(&s->thread, NULL, send_frames, s);
		if (err)
			return err;
		s->started = true;
	}
	return 0;
}

void flood_stop_senders(struct flood *f)
{
	int i;

	f->stop = true;
	for (i = 0; i < f->sender_cnt; i++) {
		struct flood_thread *s = &f->senders[i];

		/* again and again: one that comes just before the call ends nothing */
		while (s->started && pthread_tryjoin_np(s->thread, NULL)) {
			pthread_kill(s->thread, SIGUSR1);
			usleep(1000);
		}
		s->started = false;
	}
}
