/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Instances that are looked at repeatedly. Meanwhile they may be detached or attached
 * again, or lose their interface: the data in a map that is still open then belongs to
 * nobody.
 */
#ifndef XS_MAPS_WATCHED_H
#define XS_MAPS_WATCHED_H

#include "lib/instance/pins.h"
#include "lib/instance/queue_stats.h"
#include "lib/net/netif.h"
#include "tools/cli/cli.h"
#include "watched_chains.h"
#include "watched_losses.h"
#include "watched_rules.h"

/*
 * Opens the instance again, by its interface's index. 0: it is the one that *pins has
 * open. 1: it was attached again, and *pins is the new one. -errno, logged to
 * pins->ctx: it is not in force any more, or this could not be found out; *pins is
 * unchanged.
 */
int xs_pins_again(struct xs_pins *pins);
/* The same, and the interface anew: it may have another name by now, and other queues. */
int xs_watched_again(struct xs_pins *pins, struct xs_netif *netif);

/* One instance and its last two samples. */
struct xs_watched {
	struct xs_pins pins;
	bool open;
	bool named; /* named by the user: stays in the list when it is gone */
	char ifname[16]; /* its current name */
	char why[XS_ERROR_MAX]; /* why it is not open, or what its last sample lacks */
	int err; /* 0; or -errno: the last sample lacks what was wanted */
	struct xs_queue_stats *now, *before; /* NULL: none yet */
	float (*history)[XS_HISTORY]; /* packets per second by queue, the newest last */
	__u32 cnt; /* queues of all these */
	struct xs_watched_losses losses; /* these three are zeroed unless they are wanted */
	struct xs_watched_rules rules;
	struct xs_watched_chains chains;
};

struct xs_watched_list {
	struct xsteer_ctx *quiet; /* a context that tells nobody, because the screen is full */
	struct xs_watched *list;
	int cnt;
	bool all; /* every instance of this network namespace, as they come */
	bool losses, rules, chains; /* from the next sample on, sample these as well */
	int err; /* 0, or -errno: it is not known what is there now */
	char why[XS_ERROR_MAX]; /* of that */
};

/*
 * Opens the operands, or all instances if there are none. 0 or -errno, logged, as of
 * xs_pins_check_bpffs() or -ENOMEM.
 */
int xs_watched_open(struct xs_cli *cli, struct xs_watched_list *watched);
/*
 * Takes a new sample of each; `seconds` is the time since the last. An instance that
 * cannot be read says why in its row; if the user did not name it, it leaves the list.
 */
void xs_watched_sample(struct xs_watched_list *watched, double seconds);
void xs_watched_close(struct xs_watched_list *watched);

#endif
