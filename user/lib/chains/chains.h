/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Chains of network functions as data: which services there are, and the way of a frame
 * through them. Pure. text.h makes it from a chain file.
 */
#ifndef XS_CHAINS_H
#define XS_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "maps/xsteer.h"

#define XS_CHAINS_MAX 64
#define XS_SERVICES_MAX 64
#define XS_CHAIN_STEPS_MAX 16 /* in one chain, branches included */
#define XS_CHAIN_TAPS_MAX 8 /* in one chain */
#define XS_SERVICE_EXITS_MAX 16 /* of one service, as in the NFs' library */
#define XS_INSTANCES_MAX 64 /* of one service */
#define XS_SERVICE_RING 512 /* entries, if the file does not say: two batches of the NFs' library */
#define XS_SERVICE_RING_MIN 64
#define XS_SERVICE_RING_MAX 32768

/* The target of a way: a step's index, or one of these. */
enum {
	XS_TO_drop = -1,
	XS_TO_tx = -2,
	XS_TO_nowhere = -3, /* an exit that the chain does not bind */
};

enum xs_sticky { XS_STICKY_flow, XS_STICKY_saddr, XS_STICKY_daddr, XS_STICKY_MAX };

/* What happens to frames for a service that nobody offers, or that has no room. */
enum xs_instead { XS_INSTEAD_hold, XS_INSTEAD_drop, XS_INSTEAD_bypass, XS_INSTEAD_MAX };

extern const char *const xs_sticky_names[XS_STICKY_MAX];
extern const char *const xs_instead_names[XS_INSTEAD_MAX];

struct xs_service {
	char name[XS_CHAIN_NAME_MAX];
	char domain[XS_CHAIN_NAME_MAX]; /* "": the main domain, without copies */
	bool readonly;
	bool tap;
	enum xs_sticky sticky; /* what two frames must share to go to the same instance */
	__u32 instances; /* how many may join */
	__u32 ring; /* frames that one instance may hold */
	enum xs_instead on_dead, on_full;
	__u32 hold_ms; /* on_dead hold: how long; after that the frame is dropped */
	/* The exits that the file names. An exit has the same index in every step's `exits`. */
	char exits[XS_SERVICE_EXITS_MAX][XS_CHAIN_NAME_MAX];
	__s8 exit_to[XS_SERVICE_EXITS_MAX]; /* in chains that do not bind the exit: an end */
	__u32 exit_cnt;
	__u32 line; /* in the file */
};

struct xs_step {
	__u32 service;
	__s8 next; /* a step or an end */
	__s8 exits[XS_SERVICE_EXITS_MAX]; /* likewise, or XS_TO_nowhere */
};

struct xs_tap {
	__u32 service;
	__s8 after; /* the step after which it sees the frames; -1: as they enter */
};

struct xs_chain {
	char name[XS_CHAIN_NAME_MAX];
	struct xs_step steps[XS_CHAIN_STEPS_MAX]; /* [0] is the first that a frame meets */
	__u32 step_cnt;
	__s8 first; /* 0, or an end if the chain has no steps */
	struct xs_tap taps[XS_CHAIN_TAPS_MAX];
	__u32 tap_cnt;
	__u32 limit; /* most frames in it at one time; 0: no limit of its own */
};

struct xs_chains {
	struct xs_service services[XS_SERVICES_MAX];
	__u32 service_cnt;
	struct xs_chain chains[XS_CHAINS_MAX];
	__u32 chain_cnt;
};

/* The index of the service with this name; -1: there is none. */
int xs_chains_service(const struct xs_chains *chains, const char *name);
int xs_chains_chain(const struct xs_chains *chains, const char *name);
/* The step of the chain that is this service; -1: there is none. */
int xs_chain_step_of(const struct xs_chain *chain, __u32 service);
/* The index of an exit that the file names; -1: it does not name it. */
int xs_service_exit(const struct xs_service *service, const char *name);

/* The most that one frame costs, over all ways through the chain. */
struct xs_chain_cost {
	__u32 steps;
	__u32 handoffs; /* between processes: two for each step */
	__u32 copies; /* of the frame: two for each step in another domain, one for each tap */
};
struct xs_chain_cost xs_chain_cost(const struct xs_chains *chains, const struct xs_chain *chain);

/* Whether some way passes the same step twice. */
bool xs_chain_has_loop(const struct xs_chain *chain);

/*
 * `next` in place of `now`, for a broker that runs: chains, services and exits of the same
 * name keep their index, so that what is known of them by index stays true. Services and
 * exits that `next` does not have stay, in no chain. 0; -EINVAL with the reason: chains came
 * or went, or there are too many names.
 */
int xs_chains_merge(const struct xs_chains *now, const struct xs_chains *next,
		    struct xs_chains *out, char *why, size_t why_bytes);

#endif
