// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * xsteer-chain replay: sends the frames of a capture, or generated ones, through a
 * chain of real network functions, with the rings and the account of a broker on an
 * interface.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/number.h"
#include "children.h"
#include "file.h"
#include "load.h"
#include "nfs.h"
#include "replay.h"
#include "report.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"

#define FRAME_BYTES 2048
#define HEADROOM 256 /* room to grow to the front, as on an interface */
#define PACKET_MAX (XS_PARTS_MAX * (FRAME_BYTES - HEADROOM))
#define BATCH 64
#define POLL_TURNS 64 /* turns between checks of the NFs' connections */
#define IDLE_MS 10
#define QUIET_NS 1000000000ull /* an NF that keeps packets longer is asked to leave */
#define END_NS 5000000000ull /* and has this long to do so */
#define STUCK_NS 5000000000ull /* without a move: NFs keep so much that nothing more can enter */

struct replay {
	struct xs_cli *cli;
	const struct xs_chain_options *opts;
	struct xs_chains *chains;
	__u32 chain;
	struct xs_memory memory;
	struct xs_engine *engine;
	struct xs_nfs nfs;
	struct xs_load load;
	__u32 *free_frames;
	__u32 free_cnt;
	__u64 entered; /* frames of the load that entered, or were too long */
	__u64 too_long;
	__u64 sent, sent_bytes;
	/* Room for a packet: the first of its frames can have grown to the front. */
	unsigned char packet[PACKET_MAX + HEADROOM];
	int err;
	bool stuck; /* not all could enter: it was told */
	__u64 begin_ns, end_ns;
};

/* ---- set-up ---- */

static int read_load(struct replay *r)
{
	const struct xs_chain_options *opts = r->opts;

	if (!opts->pcap == !opts->gen)
		return xs_usage(r->cli, "give one of --pcap IN and --gen SIZE:COUNT");
	if (opts->gen && opts->out)
		return xs_usage(r->cli, "--out is for what comes out of a capture, with --pcap");
	if (opts->pcap)
		return xs_load_read(r->cli->ctx, &r->load, opts->pcap);
	if (xs_load_parse(&r->load, opts->gen))
		return xs_usage(r->cli, "--gen '%s': give SIZE:COUNT, SIZE from 60 to 9216 bytes",
				opts->gen);
	return 0;
}

static unsigned char *bytes_of(const struct replay *r, const struct xs_part *part)
{
	return r->engine->frames + (__u64)part->frame * FRAME_BYTES + part->off;
}

static void take_end(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	struct replay *r = arg;
	const bool sent = end == XS_TO_tx, keep = sent && !r->load.size;
	struct xs_part parts[XS_PARTS_MAX];
	__u32 cnt = xs_engine_parts(r->engine, frame, parts), bytes = 0;

	for (__u32 i = 0; i < cnt; i++) {
		if (keep)
			memcpy(r->packet + bytes, bytes_of(r, &parts[i]), parts[i].len);
		bytes += parts[i].len;
		r->free_frames[r->free_cnt++] = parts[i].frame;
	}
	r->sent += sent;
	r->sent_bytes += sent ? bytes : 0;
	if (!r->load.size && xs_load_set(&r->load, held->tag, keep ? r->packet : NULL, bytes))
		r->err = -ENOMEM;
}

static int make_engine(struct replay *r)
{
	struct xs_engine_config config = { .chains = r->chains,
					   .frame_cnt = r->opts->frames,
					   .frame_size = FRAME_BYTES,
					   .headroom = 0,
					   .done = take_end,
					   .arg = r };
	int err = xs_memory_make(&r->memory, "xsteer-frames", (__u64)config.frame_cnt * FRAME_BYTES,
				 0);

	r->free_frames = calloc(config.frame_cnt, sizeof(*r->free_frames));
	config.frames = r->memory.map;
	if (!err)
		err = r->free_frames ? xs_engine_make(&r->engine, &config) : -ENOMEM;
	if (err) {
		xs_err(r->cli->ctx, "no memory for %u frames: %s", config.frame_cnt,
		       strerror(-err));
		return err;
	}
	for (__u32 i = 0; i < config.frame_cnt; i++)
		r->free_frames[r->free_cnt++] = config.frame_cnt - 1 - i;
	err = xs_nfs_init(&r->nfs, r->cli->ctx, r->chains);
	if (err)
		return err;
	r->nfs.engines[0] = r->engine;
	r->nfs.memories[0] = &r->memory;
	r->nfs.engine_cnt = 1;
	return 0;
}

static int start_nfs(struct replay *r)
{
	int err = 0;

	if (r->opts->socket)
		err = xs_nfs_listen(&r->nfs, r->opts->socket, 0600);
	for (__u32 i = 0; !err && i < r->opts->nf_cnt; i++)
		err = xs_child_start(&r->nfs, r->opts->nfs[i]);
	return err;
}

/* The first service of the chain, or tap, that nobody offers; NULL: all are offered. */
static const char *missing_service(const struct replay *r)
{
	const struct xs_chain *chain = &r->chains->chains[r->chain];
	__u32 wanted[XS_CHAIN_STEPS_MAX + XS_CHAIN_TAPS_MAX], cnt = 0;

	for (__u32 i = 0; i < chain->step_cnt; i++)
		wanted[cnt++] = chain->steps[i].service;
	for (__u32 i = 0; i < chain->tap_cnt; i++)
		wanted[cnt++] = chain->taps[i].service;
	for (__u32 i = 0; i < cnt; i++)
		if (!xs_nfs_count(&r->nfs, XS_NF_serving, (int)wanted[i]))
			return r->chains->services[wanted[i]].name;
	return NULL;
}

/* Waits until all started NFs have joined and, with --socket, every service is offered. */
static int await_nfs(struct replay *r)
{
	__u64 end = xs_monotonic_ns() + r->opts->wait_sec * 1000000000ull;
	const char *missing = NULL;
	int joined;

	while (!xs_stop_asked()) {
		xs_nfs_poll(&r->nfs, xs_monotonic_ns());
		joined = xs_children_joined(&r->nfs, r->opts->nf_cnt);
		if (joined < 0)
			return joined;
		missing = r->opts->socket ? missing_service(r) : NULL;
		if (!missing && joined)
			return 0;
		if (xs_monotonic_ns() > end) {
			xs_err(r->cli->ctx, "%s%s within %u seconds (--wait)",
			       missing ? "nobody offered service " : "not all of --nf joined",
			       missing ? missing : "", r->opts->wait_sec);
			return -ETIMEDOUT;
		}
		poll(NULL, 0, 1);
	}
	return -EINTR;
}

/* ---- the loop ---- */

/* In as many frames as the kernel makes of it. False: there are too few. */
static bool enter_parts(struct replay *r, __u32 len)
{
	const __u32 most = FRAME_BYTES - HEADROOM, cnt = (len + most - 1) / most;
	struct xs_part parts[XS_PARTS_MAX];

	if (r->free_cnt < cnt)
		return false;
	xs_load_copy(&r->load, r->entered, r->packet);
	for (__u32 i = 0; i < cnt; i++) {
		const __u32 from = i * most, bytes = len - from < most ? len - from : most;

		parts[i] =
			(struct xs_part){ r->free_frames[--r->free_cnt], HEADROOM, (__u16)bytes };
		memcpy(bytes_of(r, &parts[i]), r->packet + from, bytes);
	}
	xs_engine_enter_parts(r->engine, r->chain, parts, cnt, r->entered++);
	return true;
}

static bool enter_one(struct replay *r)
{
	__u32 len = xs_load_len(&r->load, r->entered);
	struct xs_part part;

	if (len > PACKET_MAX || len < 14) {
		r->too_long++;
		xs_load_set(&r->load, r->entered++, NULL, 0);
		return true;
	}
	if (len > FRAME_BYTES - HEADROOM)
		return enter_parts(r, len);
	if (!r->free_cnt)
		return false;
	part = (struct xs_part){ r->free_frames[--r->free_cnt], HEADROOM, (__u16)len };
	xs_load_copy(&r->load, r->entered, bytes_of(r, &part));
	xs_engine_enter(r->engine, r->chain, part.frame, part.off, part.len, r->entered++);
	return true;
}

static __u32 enter_batch(struct replay *r)
{
	__u32 cnt = 0;

	/* Asked for each packet, which may have several of the frames that there is room for. */
	while (cnt < BATCH && r->entered < r->load.cnt && xs_engine_room(r->engine, r->chain) &&
	       enter_one(r))
		cnt++;
	return cnt;
}

static void sleep_until_something(struct replay *r)
{
	struct pollfd fds[XS_NFS_MAX + 1] = { { .fd = r->nfs.epoll, .events = POLLIN } };
	nfds_t cnt = 1;

	cnt += xs_engine_list_wakes(r->engine, fds + cnt, XS_NFS_MAX);
	if (xs_engine_set_asleep(r->engine, true) && poll(fds, cnt, IDLE_MS) > 0)
		xs_engine_read_wakes(r->engine, fds, cnt);
	xs_engine_set_asleep(r->engine, false);
}

/* One turn of everything. Returns whether frames moved. */
static bool turn(struct replay *r, __u32 *turns)
{
	__u64 now = xs_monotonic_ns();
	__u32 moved;

	pthread_mutex_lock(&r->engine->lock);
	xs_engine_set_now(r->engine, now);
	moved = enter_batch(r);
	moved += xs_engine_turn(r->engine, now);
	if (!moved)
		sleep_until_something(r);
	pthread_mutex_unlock(&r->engine->lock);
	if (!moved || !(++*turns % POLL_TURNS))
		xs_nfs_poll(&r->nfs, xs_monotonic_ns());
	return moved;
}

/* The port that holds most; NULL: none holds any. */
static const struct xs_port *fullest_port(const struct xs_engine *e)
{
	const struct xs_port *most = NULL;

	for (__u32 i = 0; i < e->port_end; i++)
		if (e->ports[i] && !e->ports[i]->closed && e->ports[i]->held &&
		    (!most || e->ports[i]->held > most->held))
			most = e->ports[i];
	return most;
}

/* Whether NFs keep so much that the rest of the load can never enter. Says so. */
static bool is_stuck(struct replay *r, __u64 quiet_ns)
{
	const struct xs_port *port = quiet_ns > STUCK_NS ? fullest_port(r->engine) : NULL;

	if (!port)
		return false;
	xs_err(r->cli->ctx,
	       "%llu frames could not enter: %s/%u keeps %u packets (of %u that its ring has), and "
	       "nothing has moved for %llu s",
	       r->load.cnt - r->entered, r->chains->services[port->service].name, port->instance,
	       port->held, port->entries, STUCK_NS / 1000000000);
	return true;
}

static void run_frames(struct replay *r)
{
	__u64 moved_ns = xs_monotonic_ns();
	__u32 turns = 0;

	r->begin_ns = moved_ns;
	while (!xs_stop_asked() && !r->err &&
	       (r->entered < r->load.cnt || xs_engine_inside(r->engine))) {
		if (turn(r, &turns)) {
			moved_ns = xs_monotonic_ns();
		} else if (r->entered == r->load.cnt) {
			/* NFs keep everything that is left. */
			if (xs_monotonic_ns() - moved_ns > QUIET_NS)
				break;
		} else if (is_stuck(r, xs_monotonic_ns() - moved_ns)) {
			r->stuck = true;
			break;
		}
	}
	r->end_ns = xs_monotonic_ns();
}

/* NFs that keep packets must return them now, or lose them. */
static void end_nfs(struct replay *r)
{
	__u64 end = xs_monotonic_ns() + END_NS;
	__u32 turns = 0;

	r->engine->paused = true; /* what has not entered by now never does */
	xs_nfs_drain(&r->nfs, -1, 0);
	while (xs_nfs_present(&r->nfs) > xs_nfs_count(&r->nfs, XS_NF_new, -1) &&
	       xs_monotonic_ns() < end)
		turn(r, &turns);
	xs_nfs_free(&r->nfs);
	xs_engine_turn(r->engine, xs_monotonic_ns());
}

/* ---- the result ---- */

static int check_account(struct replay *r)
{
	__u32 missing = r->engine->frame_cnt - r->free_cnt - xs_engine_inside(r->engine);

	if (!xs_report_balanced(&r->nfs))
		return -EIO;
	if (!missing)
		return 0;
	xs_err(r->cli->ctx,
	       "the account does not add up: %u frames are missing: please report this", missing);
	return -EIO;
}

static int print_result(struct replay *r)
{
	double seconds = (r->end_ns - r->begin_ns) / 1e9;
	json_t *object = xs_report_json(&r->nfs);

	if (r->cli->json) {
		json_object_update_new(
			object, json_pack("{s:s, s:I, s:I, s:I, s:f, s:b}", "chain",
					  r->chains->chains[r->chain].name, "frames",
					  (json_int_t)r->load.cnt, "sent", (json_int_t)r->sent,
					  "too_long", (json_int_t)r->too_long, "seconds", seconds,
					  "interrupted", r->entered < r->load.cnt));
		return xs_json_print(r->cli, object);
	}
	xs_report_print(object);
	json_decref(object);
	printf("%llu frame%s in, %llu out (%llu bytes), %llu of no fitting length; %.3f s, %.0f "
	       "frames/s\n",
	       r->entered, xs_s(r->entered), r->sent, r->sent_bytes, r->too_long, seconds,
	       seconds > 0 ? r->entered / seconds : 0);
	return 0;
}

static void free_replay(struct replay *r)
{
	xs_nfs_free(&r->nfs);
	xs_engine_free(r->engine);
	xs_memory_free(&r->memory);
	free(r->free_frames);
	xs_load_free(&r->load);
	free(r->chains);
}

static int run_replay(struct replay *r)
{
	int err = start_nfs(r);

	if (!err)
		err = await_nfs(r);
	if (err)
		return err;
	run_frames(r);
	end_nfs(r);
	err = r->err ? r->err : check_account(r);
	if (!err && r->opts->out)
		err = xs_load_write(r->cli->ctx, &r->load, r->opts->out);
	xs_stop_begin_output();
	err = err ? err : print_result(r);
	fflush(stdout);
	xs_stop_end_output();
	return !err && r->stuck ? -ENOBUFS : err;
}

int xs_chain_replay(struct xs_cli *cli)
{
	struct replay r = { .cli = cli, .opts = cli->opts };
	int err = xs_chain_file_read(cli, cli->operands[0], &r.chains, NULL);

	xs_nfs_clear(&r.nfs);
	if (err)
		return err;
	xs_stop_catch();
	err = xs_chain_choose(cli, cli->operands[0], r.chains, r.opts->chain, &r.chain);
	if (!err)
		err = read_load(&r);
	if (!err)
		err = make_engine(&r);
	if (!err)
		err = run_replay(&r);
	free_replay(&r);
	return err;
}
