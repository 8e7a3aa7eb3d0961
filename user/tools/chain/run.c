// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * xsteer-chain run: serves chains on the queues of an interface. One thread for each
 * queue moves frames. This one talks to network functions, and ends everything in
 * order.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cap-ng.h>

#include "lib/base/clock.h"
#include "lib/base/escape.h"
#include "lib/instance/slots.h"
#include "broker.h"
#include "children.h"
#include "file.h"
#include "report.h"
#include "run.h"
#include "tools/cli/caps.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"

#define KEEP_NS 1000000000ull /* a killed broker loses at most the counts of this time */
#define LOOK_MS 50 /* the death of an NF wakes us; this is for everything else */
#define DRAIN_NS 2000000000ull /* at the end, for frames that are inside */
#define LEAVE_NS 5000000000ull /* at the end, for NFs to give back what they keep */
#define LAST_WORDS_MS 1000 /* how long the reader may take once everything else is done */

/* ---- beginning ---- */

static int start_workers(struct xs_broker *b)
{
	int err = 0;

	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = xs_worker_start(&b->workers[i]);
	if (err)
		xs_err(b->cli->ctx, "cannot start a thread: %s", strerror(-err));
	return err;
}

/* Keeps what is needed to empty the slots, and to kill cheating NFs of any user. */
static void drop_privileges(const struct xs_broker *b)
{
	static const int keep[] = { CAP_BPF, CAP_KILL, -1 };

	xs_caps_keep(b->cli, keep);
}

/* After dropping rights, since NFs need none and must not get more than the broker keeps. */
static int start_all(struct xs_broker *b)
{
	int err = start_workers(b);

	for (__u32 i = 0; !err && i < b->opts->nf_cnt; i++)
		err = xs_child_start(&b->nfs, b->opts->nfs[i]);
	return err;
}

/* ---- messages ---- */

static void tell_out(void *arg, const char *text, size_t len)
{
	xs_out_put(arg, STDERR_FILENO, text, len);
}

/* From here on no message waits for its reader. */
static int open_out(struct xs_broker *b)
{
	b->out = xs_out_open(-1);
	if (!b->out) {
		xs_err(b->cli->ctx, "cannot start the thread that prints");
		return -ENOMEM;
	}
	b->cli->tell_arg = b->out;
	b->cli->tell = tell_out;
	return 0;
}

/* What is not read by now is lost, and nobody is told: that would wait, too. */
static void close_out(struct xs_broker *b)
{
	if (!b->out)
		return;
	b->cli->tell = NULL;
	if (xs_out_close(b->out, LAST_WORDS_MS) == -ETIMEDOUT)
		b->cli->told = true;
	b->out = NULL;
}

/* ---- serving ---- */

static bool is_over(const struct xs_broker *b)
{
	__u64 duration_ns = b->opts->duration_sec * 1000000000ull;

	return xs_stop_asked() || (duration_ns && xs_monotonic_ns() - b->begin_ns >= duration_ns);
}

static int check_workers(const struct xs_broker *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++) {
		int err = __atomic_load_n(&b->workers[i].err, __ATOMIC_RELAXED);

		if (!err)
			err = xs_xsk_error(&b->workers[i].xsk);
		if (!err)
			continue;
		xs_err(b->cli->ctx, "%s queue %u: %s", b->netif.name, b->workers[i].queue,
		       err == -ENETDOWN ? "the interface is gone" : strerror(-err));
		return err;
	}
	return 0;
}

static void look_after_nfs(struct xs_broker *b)
{
	struct pollfd fds[] = { { .fd = b->nfs.epoll, .events = POLLIN },
				{ .fd = b->control.fd, .events = POLLIN } };

	poll(fds, 2, xs_notify_wait_ms(&b->notify, LOOK_MS));
	xs_nfs_poll(&b->nfs, xs_monotonic_ns());
}

/* Why longer packets are not taken, and what helps besides a smaller MTU. */
static const char *why_too_long(const struct xs_broker *b)
{
	if (b->workers[0].xsk.sg)
		return "the kernel sends no packet of more frames: ";
	if (b->netif.mtu + XS_LINK_HEADER <= b->frame_room)
		return "start this again, so that its sockets are opened for that, ";
	/* Kernels with this field say how many buffers a driver's zero-copy supports. */
	if (b->workers[0].xsk.mode == XS_XSK_zero_copy && b->netif.xdp_zc_max_segs)
		return "the driver's zero-copy takes packets of one buffer only: "
		       "use copy mode (-c), ";
	return "this kernel has no multi-buffer AF_XDP (Linux 6.6): ";
}

static void say_if_too_long(struct xs_broker *b, __u32 mtu)
{
	const __u32 room = b->frame_room * (b->workers[0].xsk.sg ? XS_PARTS_MAX : 1);

	if (mtu == b->told_mtu || !mtu)
		return;
	if (mtu + XS_LINK_HEADER > room)
		xs_warn(b->cli->ctx,
			"%s: its MTU is %u: packets longer than %u bytes are dropped: %slower the "
			"MTU, or let rules pass what is longer (meta length)",
			b->netif.name, mtu, room, why_too_long(b));
	b->told_mtu = mtu;
}

static int serve(struct xs_broker *b)
{
	int err = 0;

	b->begin_ns = xs_monotonic_ns();
	xs_notify_say(&b->notify, "READY=1\nSTATUS=%s: %u chain%s on %u queue%s",
		      xs_shown(b->netif.name).text, b->chains->chain_cnt,
		      xs_s(b->chains->chain_cnt), b->worker_cnt, xs_s(b->worker_cnt));
	while (!err && !is_over(b)) {
		look_after_nfs(b);
		xs_control_serve(&b->control, xs_broker_answer, b);
		err = check_workers(b);
		if (!err)
			err = xs_broker_check_pages(b);
		xs_notify_if_all_turn(&b->notify, &b->workers[0].turns, sizeof(b->workers[0]),
				      b->worker_cnt, xs_monotonic_ns());
		if (!err && xs_monotonic_ns() - b->kept_ns >= KEEP_NS) {
			b->kept_ns = xs_monotonic_ns();
			xs_broker_keep_counts(b);
			say_if_too_long(b, xs_netif_mtu(b->netif.ifindex));
			err = xs_slots_check_instance(&b->slots.pins, &b->netif, &b->lost_times);
		}
	}
	return err;
}

/* ---- the end ---- */

static __u32 busy(struct xs_broker *b)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < b->worker_cnt; i++)
		cnt += xs_worker_busy(&b->workers[i]);
	return cnt;
}

static void set_phase(struct xs_broker *b, enum xs_worker_phase phase)
{
	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_worker_set_phase(&b->workers[i], phase);
}

/*
 * First the slots, so that the rules' `else` decides new frames. Then the frames that
 * are inside go on to their ends. Then NFs return what they keep. An NF that does not
 * leave is killed, but what it had returned goes on.
 */
static void finish(struct xs_broker *b)
{
	__u64 end = xs_monotonic_ns() + DRAIN_NS;

	xs_notify_say(&b->notify, "STOPPING=1");
	xs_control_close(&b->control); /* nobody would get an answer from here on */
	xs_held_slots_empty(&b->slots);
	while (busy(b) && xs_monotonic_ns() < end)
		look_after_nfs(b);
	set_phase(b, XS_WORKER_finish);
	xs_nfs_drain(&b->nfs, -1, 0);
	end = xs_monotonic_ns() + LEAVE_NS;
	while (xs_nfs_present(&b->nfs) > xs_nfs_count(&b->nfs, XS_NF_new, -1) &&
	       xs_monotonic_ns() < end)
		look_after_nfs(b);
	xs_nfs_free(&b->nfs);
	end = xs_monotonic_ns() + DRAIN_NS;
	while (busy(b) && xs_monotonic_ns() < end)
		poll(NULL, 0, 1);
	set_phase(b, XS_WORKER_end);
	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_worker_discard(&b->workers[i]);
	xs_broker_keep_counts(b);
}

static int check_account(struct xs_broker *b)
{
	bool balanced = xs_report_balanced(&b->nfs);

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		if (xs_worker_balanced(&b->workers[i]))
			continue;
		xs_err(b->cli->ctx,
		       "%s queue %u: the account of frames does not add up: please report this",
		       b->netif.name, b->workers[i].queue);
		balanced = false;
	}
	return balanced ? 0 : -EIO;
}

static int print_result(struct xs_broker *b)
{
	json_t *object = xs_broker_json(b);
	struct xs_broker_totals sum = xs_broker_totals(b);

	if (b->cli->json)
		return xs_json_print(b->cli, object);
	xs_report_print(object);
	json_decref(object);
	printf("%s: %llu frame%s received, %llu sent, %llu refused by the device, %llu of too many "
	       "frames; not received: %llu ring full, %llu no frame, %llu too long, %llu at the "
	       "end\n",
	       xs_shown(b->netif.name).text, sum.received, xs_s(sum.received), sum.sent,
	       sum.refused, sum.too_long, sum.ring_full, sum.no_frame, sum.rx_other, sum.unread);
	return 0;
}

static void free_broker(struct xs_broker *b)
{
	set_phase(b, XS_WORKER_end);
	xs_control_close(&b->control);
	xs_nfs_free(&b->nfs);
	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_worker_free(&b->workers[i]);
	xs_notify_close(&b->notify);
	free(b->chains);
	free(b);
}

static int run_broker(struct xs_broker *b)
{
	int err = xs_broker_set_up(b), result;

	if (!err) {
		drop_privileges(b);
		err = start_all(b);
		err = err ? err : serve(b);
		finish(b);
		result = check_account(b);
		xs_stop_ask();
		xs_stop_begin_output();
		result = result ? result : print_result(b);
		fflush(stdout);
		xs_stop_end_output();
		err = err ? err : result;
	}
	xs_held_slots_close(&b->slots);
	return err;
}

/* Frames with the verdict xsk enter the chain that --chain names, or the only one. */
static int choose_first(struct xs_broker *b)
{
	b->takes_xsk = b->opts->chain || b->chains->chain_cnt == 1;
	if (!b->takes_xsk)
		return 0;
	return xs_chain_choose(b->cli, b->cli->operands[1], b->chains, b->opts->chain, &b->first);
}

int xs_chain_run(struct xs_cli *cli)
{
	struct xs_broker *b = calloc(1, sizeof(*b));
	int err;

	if (!b) {
		xs_err(cli->ctx, "not enough memory");
		return -ENOMEM;
	}
	b->cli = cli;
	b->opts = cli->opts;
	if (b->opts->wait & (b->opts->wait - 1)) {
		free(b);
		return xs_usage(cli, "--poll, --adaptive and --spin exclude each other");
	}
	b->control.fd = -1;
	b->slots.lock = b->slots.instance_lock = -1;
	xs_nfs_clear(&b->nfs);
	for (int i = 0; i < XS_CHAIN_QUEUES_MAX; i++)
		b->workers[i].xsk.fd = -1;
	xs_stop_catch();
	xs_notify_open(cli, &b->notify);
	/* rings are cut out of the frames here, and have no option of their own */
	xsteer_ctx_set_hint(cli->ctx, XSTEER_HINT_RING, "number of --frames");
	err = xs_chain_file_read(cli, cli->operands[1], &b->chains, NULL);
	if (!err)
		err = choose_first(b);
	if (!err)
		err = open_out(b);
	if (!err)
		err = run_broker(b);
	close_out(b);
	free_broker(b);
	return err;
}
