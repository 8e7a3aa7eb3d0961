// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends numbered frames out of an interface at millions a second and counts
 * what comes back, how late, and what it cost whom. Knows nothing of xsteer;
 * progs/flood.bpf.c does the sending and the counting, ../flood/ the rest. Here are its
 * options.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../flood/flood.h"

#define BURST_MAX 256 /* of BPF_PROG_TEST_RUN */

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
	struct flood_group *g = &f->groups[f->group_cnt];
	char *list = strchr(text, '='), *word;
	unsigned long pid;

	if (f->group_cnt == FLOOD_GROUPS_MAX || !list || list == text)
		return false;
	*list++ = '\0';
	g->name = text;
	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		if (g->cnt == FLOOD_PIDS_MAX || !parse_number(&pid, word, 1, 1UL << 30))
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
		return parse_number(&f->size, arg, 64, FLOOD_FRAME_MAX);
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
	return flood_run(&f, argv[optind]);
}
