// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A network function for tests. It can count, mark and keep packets, be slow, die where it
 * is told to, and cheat in every way that its memory allows.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "nf/session.h"

#define KEPT_MAX 4096

struct probe {
	__u64 drop_every, exit_every, keep, sleep_us, abort_after, stop_after, evil_after, mark_add;
	int abort_at; /* enum xsnf_at; -1: nowhere */
	bool touch, stamp, stamped, lie;
	const char *evil, *log;
	__u64 packets;
	__u64 reached[XSNF_AT_MAX];
	struct xsnf_packet kept[KEPT_MAX];
	__u32 kept_cnt;
};

static void die(void)
{
	kill(getpid(), SIGKILL);
}

/* ---- cheating ---- */

static void return_desc(struct xsnf_port *port, struct xsnf_desc desc)
{
	port->n2b->ring[port->prod++ & (port->entries - 1)] = desc;
	xsnf_store(&port->n2b->prod, port->prod);
}

static void scribble(struct xsnf_port *port)
{
	__u32 *words = (__u32 *)port->n2b;

	srandom((unsigned int)getpid());
	for (;;)
		words[(__u64)random() % (port->n2b_bytes / 4)] = (__u32)random();
}

static void punch_hole(struct xsnf_port *port)
{
	madvise(port->frames, 4096, MADV_REMOVE);
}

static bool read_only_is_real(struct xsnf_port *port)
{
	return mprotect(port->frames, port->frames_bytes, PROT_READ | PROT_WRITE) &&
	       errno == EACCES;
}

static void return_in_another_order(struct xsnf *nf, const struct xsnf_packet *p)
{
	struct xsnf_port *port = &nf->ports[p->port];
	struct xsnf_rest *head = &port->rest[p->frame], *second = &port->rest[head->next];
	struct xsnf_rest *third = &port->rest[second->next];
	__u32 first = head->next;

	head->next = second->next;
	second->next = third->next;
	third->next = first;
	xsnf_send(nf, p, 1);
}

/* Does one wrong thing with the packet that it has just received. "part": only its first frame. */
static void cheat(struct xsnf *nf, const char *how, const struct xsnf_packet *p)
{
	struct xsnf_port *port = &nf->ports[p->port];
	struct xsnf_desc desc = { .frame = p->frame,
				  .off = (__u16)(p->data - port->frames -
						 (__u64)p->frame * port->frame_size),
				  .len = (__u16)p->len };

	if (!strcmp(how, "index"))
		desc.frame = ~0u;
	else if (!strcmp(how, "foreign"))
		desc.frame = (p->frame + port->frame_cnt / 2) % port->frame_cnt;
	else if (!strcmp(how, "length"))
		desc.len = 65535;
	else if (!strcmp(how, "short"))
		desc.len = 13;
	else if (!strcmp(how, "verdict"))
		desc.verdict = 200;
	else if (!strcmp(how, "keep"))
		desc.verdict = XSNF_KEEP;
	else if (!strcmp(how, "producer"))
		port->prod += 1u << 31;
	else if (!strcmp(how, "scribble"))
		scribble(port);
	else if (!strcmp(how, "hole"))
		punch_hole(port);
	else if (!strcmp(how, "hang-up"))
		shutdown(nf->fd, SHUT_RDWR);
	else if (!strcmp(how, "hang"))
		pause();
	else if (!strcmp(how, "readonly"))
		_exit(read_only_is_real(port) ? 0 : 9);
	else if (!strcmp(how, "half"))
		desc.verdict = XSNF_DESC_MORE;
	if (!strcmp(how, "order")) {
		return_in_another_order(nf, p);
		return;
	}
	if (!strcmp(how, "duplicate"))
		return_desc(port, desc);
	return_desc(port, desc);
	if (!strcmp(how, "hang-up"))
		pause();
}

/* ---- working ---- */

static void at(void *arg, enum xsnf_at at)
{
	struct probe *probe = arg;

	if ((int)at == probe->abort_at && ++probe->reached[at] > probe->abort_after)
		die();
}

/* The index by which this NF knows the frame, behind the headers of a packet of the tests. */
enum { STAMP_AT = 50 };

static void stamp(struct xsnf_packet *p)
{
	if (p->len >= STAMP_AT + sizeof(p->frame))
		memcpy(p->data + STAMP_AT, &p->frame, sizeof(p->frame));
}

static bool is_stamped(const struct xsnf_packet *p)
{
	return p->len >= STAMP_AT + sizeof(p->frame) &&
	       !memcmp(p->data + STAMP_AT, &p->frame, sizeof(p->frame));
}

/* Says of every packet that it belongs elsewhere. */
static void lie(struct xsnf_packet *p)
{
	p->step = 15;
	p->hash = ~p->hash;
}

/* The last byte of each further frame. */
static void touch_rest(struct xsnf *nf, const struct xsnf_packet *p)
{
	struct xsnf_part part = {};

	while (xsnf_next_part(nf, p, &part))
		part.data[part.len - 1]++;
}

static bool every(__u64 n, __u64 packets)
{
	return n && packets % n == 0;
}

static enum xsnf_verdict on_packet(struct xsnf *nf, struct xsnf_packet *p)
{
	struct probe *probe = xsnf_data(nf);
	__u64 n = ++probe->packets;

	if (probe->sleep_us)
		usleep((useconds_t)probe->sleep_us);
	if (probe->touch && p->len > 50)
		p->data[50]++;
	if (probe->touch)
		touch_rest(nf, p);
	if (probe->stamped && !is_stamped(p))
		return XSNF_DROP;
	if (probe->stamp)
		stamp(p);
	if (probe->lie)
		lie(p);
	p->mark = (__u16)(p->mark + probe->mark_add);
	if (probe->stop_after && n > probe->stop_after)
		raise(SIGSTOP);
	if (probe->evil && n > probe->evil_after) {
		cheat(nf, probe->evil, p);
		probe->evil = NULL;
		return XSNF_KEEP;
	}
	if (probe->keep && probe->kept_cnt < probe->keep && probe->kept_cnt < KEPT_MAX) {
		probe->kept[probe->kept_cnt++] = *p;
		return XSNF_KEEP;
	}
	if (every(probe->drop_every, n))
		return XSNF_DROP;
	return every(probe->exit_every, n) ? XSNF_EXIT(0) : XSNF_NEXT;
}

static int on_start(struct xsnf *nf)
{
	struct probe *probe = xsnf_data(nf);

	if (probe->abort_at >= 0) {
		nf->at = at;
		nf->at_arg = probe;
	}
	return 0;
}

static void on_stop(struct xsnf *nf)
{
	struct probe *probe = xsnf_data(nf);

	for (__u32 i = 0; i < probe->kept_cnt; i++)
		probe->kept[i].verdict = XSNF_NEXT;
	xsnf_send(nf, probe->kept, probe->kept_cnt);
	probe->kept_cnt = 0;
}

/* ---- options ---- */

static int parse_options(void *data, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "drop-every", 1, NULL, 'd' },	 { "exit-every", 1, NULL, 'e' },
		{ "keep", 1, NULL, 'k' },	 { "sleep", 1, NULL, 's' },
		{ "touch", 0, NULL, 't' },	 { "abort-at", 1, NULL, 'A' },
		{ "abort-after", 1, NULL, 'a' }, { "stop-after", 1, NULL, 'S' },
		{ "evil", 1, NULL, 'E' },	 { "evil-after", 1, NULL, 'F' },
		{ "mark", 1, NULL, 'm' },	 { "stamp", 0, NULL, 'w' },
		{ "stamped", 0, NULL, 'r' },	 { "lie", 0, NULL, 'l' },
		{ "single", 0, NULL, '1' },	 {},
	};
	struct probe *probe = data;
	int letter;

	optind = 0;
	while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		__u64 value = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (letter) {
		case 'd':
			probe->drop_every = value;
			break;
		case 'e':
			probe->exit_every = value;
			break;
		case 'k':
			probe->keep = value;
			break;
		case 's':
			probe->sleep_us = value;
			break;
		case 't':
			probe->touch = true;
			break;
		case 'A':
			probe->abort_at = (int)value;
			break;
		case 'a':
			probe->abort_after = value;
			break;
		case 'S':
			probe->stop_after = value;
			break;
		case 'E':
			probe->evil = optarg;
			break;
		case 'F':
			probe->evil_after = value;
			break;
		case 'm':
			probe->mark_add = value;
			break;
		case 'w':
			probe->stamp = true;
			break;
		case 'r':
			probe->stamped = true;
			break;
		case 'l':
			probe->lie = true;
			break;
		case '1': /* see main() */
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	static struct probe probe = { .abort_at = -1 };
	struct xsnf_ops ops = {
		.service = "probe",
		.flags = XSNF_MULTI,
		.exits = { "miss" },
		.packet = on_packet,
		.options = parse_options,
		.start = on_start,
		.stop = on_stop,
		.data = &probe,
		.usage = "[--drop-every N] [--exit-every N] [--keep N] [--sleep US] [--touch] "
			 "[--mark N] [--stamp] [--stamped] [--lie] [--single] "
			 "[--abort-at STEP --abort-after N] [--stop-after N] [--evil HOW "
			 "--evil-after N]",
	};

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--single"))
			ops.flags = 0;
	return xsnf_main(argc, argv, &ops);
}
