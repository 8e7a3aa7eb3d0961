/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who sends the frames: an instance, an object of the user's, or somebody's map. */
#ifndef XS_BOUNCER_STEER_H
#define XS_BOUNCER_STEER_H

#include <stdbool.h>
#include <linux/types.h>

#include "lib/instance/pins.h"
#include "lib/net/netif.h"
#include "lib/xsk/xsk.h"
#include "opts.h"
#include "tools/cli/cli.h"

/* Who sends frames to the sockets. */
struct xs_steer {
	struct xs_cli *cli;
	enum {
		XS_STEER_none,
		XS_STEER_instance, /* xsteer's instance, joined or attached */
		XS_STEER_object, /* -f */
		XS_STEER_map, /* --xskmap, --map-fd, --uds */
	} kind;
	const struct xs_bouncer_opts *opts;
	struct xs_pins pins;
	struct bpf_object *object;
	int link_fd; /* of the object's program */
	int map_fd; /* xsks_map */
	int lock; /* on the pin root, from joining until settling; -1: none */
	__u32 map_id, slots;
	char mode[16]; /* how the program is attached; "": unknown */
	bool attached; /* by this process */
	bool others; /* one who cannot be seen has a queue of it: it is not ours to take away */
	bool claimed[XS_QUEUES_MAX]; /* the owners row is ours, by index into opts->queues */
	__u64 since_ns[XS_QUEUES_MAX]; /* of that row */
	bool inserted[XS_QUEUES_MAX]; /* the slot is ours */
	__u32 lost_times; /* for xs_slots_check_instance() */
};

/*
 * Joins what is there, or attaches what is asked for, once no living process owns a
 * slot of opts->queues. Joining needs no capability, only access to the pins; attaching
 * needs CAP_BPF and CAP_NET_ADMIN. Holds an instance's lock only until the sockets are
 * announced. 0 or -errno, logged; call xs_steer_close() in either case.
 */
int xs_steer_open(struct xs_cli *cli, struct xs_steer *steer, const struct xs_bouncer_opts *opts,
		  const struct xs_netif *netif);

struct xs_take;
struct xs_worker;

/*
 * For a successor: the same of the bouncer that was asked, whose slots and sockets stay. Touches
 * nothing. 0 or -errno, logged; call xs_steer_let_go() if it goes no further, else
 * xs_steer_own().
 */
int xs_steer_adopt(struct xs_cli *cli, struct xs_steer *steer, const struct xs_bouncer_opts *opts,
		   struct xs_take *take);

/*
 * From now on the slots are ours; writes that into `owners`. of_dead: whatever stands there, since
 * others may take the slot of who was killed for free. 0 or -errno, logged.
 */
int xs_steer_own(struct xs_steer *steer, const struct xs_worker *workers, __u32 cnt, bool of_dead);

/* Slots, claims and what was attached are another process's: closes, and undoes nothing. */
void xs_steer_let_go(struct xs_steer *steer);

/*
 * Puts the socket into its slot, from now on frames arrive; and its owner into
 * `owners`. 0 or -errno, logged.
 */
int xs_steer_insert(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk);

/* Keeps what the socket has counted with the instance, where it can: it outlives us there. */
void xs_steer_keep_counts(const struct xs_steer *steer, __u32 i,
			  const struct xs_socket_counts *counts);

/*
 * As xs_slots_check_instance(), where it is an instance that steers: to be called once a second.
 * Keeps our rows of `owners` in it, too.
 */
int xs_steer_check_instance(struct xs_steer *steer, const struct xs_worker *workers, __u32 cnt,
			    const struct xs_netif *netif);

/*
 * Takes all sockets out of their slots: no frame is steered here any more. 0; or -errno,
 * logged: a slot cannot be emptied, so frames come until its socket is closed.
 */
int xs_steer_remove(struct xs_steer *steer);

/*
 * Gives up the claims. The last owner of an automatic instance removes the instance. 0;
 * or -errno, logged: something that should be gone is still there.
 */
int xs_steer_close(struct xs_steer *steer);

/* -f: loads and attaches the user's program and finds its xsks_map. */
int xs_object_open(struct xs_steer *steer, const struct xs_netif *netif);
void xs_object_close(struct xs_steer *steer);

#endif
