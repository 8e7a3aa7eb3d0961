/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A broker on an interface: what run.c makes and the files of this page work on. */
#ifndef XS_CHAIN_BROKER_H
#define XS_CHAIN_BROKER_H

#include "held_slots.h"
#include "lib/net/netif.h"
#include "nfs.h"
#include "options.h"
#include "tools/brokers/control.h"
#include "tools/cli/notify.h"
#include "tools/cli/out.h"
#include "worker.h"

struct xs_broker {
	struct xs_cli *cli;
	const struct xs_chain_options *opts;
	struct xs_chains *chains;
	__u32 first; /* the chain of each queue's main socket */
	bool takes_xsk; /* it also gets the frames with the verdict xsk */
	__u32 rx_ring;
	__u32 frame_size; /* bytes of each frame, and those of a packet that one holds */
	__u32 frame_room;
	struct xs_netif netif;
	char path[108];
	struct xs_held_slots slots;
	struct xs_worker workers[XS_CHAIN_QUEUES_MAX];
	__u32 worker_cnt;
	struct xs_nfs nfs;
	struct xs_control control;
	__u32 applied; /* versions, after the first */
	__u32 traces; /* begun */
	__u64 begin_ns, kept_ns;
	__u32 told_mtu; /* judged last; 0: none */
	__u32 lost_times; /* for xs_slots_check_instance() */
	struct xs_out *out; /* what prints messages; NULL: it is not open */
	struct xs_notify notify; /* a service manager, if there is one */
};

/* ---- set_up.c ---- */

/*
 * Makes everything that `b` needs, from cli, opts and chains on; frames may come from then on, and
 * wait. 0 or -errno, logged; what was made until then is the caller's to free. Needs what xs_xsk_open()
 * and xs_held_slots_open() need.
 */
int xs_broker_set_up(struct xs_broker *b);

/* ---- divide.c ---- */

/*
 * Chooses the size of the RX rings, and gives each chain a limit. 0; -ENOSPC, logged: there
 * are too few frames.
 */
int xs_broker_divide_frames(struct xs_broker *b, struct xs_chains *chains);

/* ---- pages.c ---- */

/* 0; -ESTALE, logged: frames' memory has lost pages, and the broker must end. Call it often. */
int xs_broker_check_pages(struct xs_broker *b);

/* ---- apply.c ---- */

/*
 * Serves the text of another chain file. Frames wait at the entry until those inside have
 * left, for up to a second. Returns the answer: {"applied": N} or {"error"}.
 */
json_t *xs_broker_apply(struct xs_broker *b, const char *text);

/* ---- answers.c ---- */

struct xs_broker_totals {
	__u64 received, sent, refused, ring_full, no_frame, rx_other, unread;
	__u64 too_long; /* of those received: more frames than can be sent */
};

/* Sums over all queues. Takes the engines' locks, as all of these do. */
struct xs_broker_totals xs_broker_totals(struct xs_broker *b);
/* Writes what the sockets have counted into the instance, where it outlives this process. */
void xs_broker_keep_counts(struct xs_broker *b);
/* The account, as JSON. */
json_t *xs_broker_json(struct xs_broker *b);
/* For xs_control_serve(); arg is the broker. */
json_t *xs_broker_answer(void *arg, const json_t *request);

#endif
