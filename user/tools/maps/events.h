/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What changes on instances, told one event at a time, from what is seen of them at one
 * moment and at the next. Opens pins to read; prints nothing.
 */
#ifndef XS_MAPS_EVENTS_H
#define XS_MAPS_EVENTS_H

#include <stdbool.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/* Name of the event as it is printed, and what it says in words. */
#define XS_EVENTS(X) \
	X(present) /* was there when the watching began */ \
	X(attach) \
	X(detach) \
	X(upgrade) /* another program, with the same maps */ \
	X(apply) \
	X(confirmed) \
	X(rolled_back) \
	X(owner_came) \
	X(owner_left) \
	X(owner_died) \
	X(queues) /* their number changed */ \
	X(link_up) \
	X(link_down) \
	X(renamed) \
	X(interface_gone)

enum xs_event_kind {
#define X(name) XS_EVENT_##name,
	XS_EVENTS(X)
#undef X
		XS_EVENT_MAX
};

extern const char *const xs_event_names[XS_EVENT_MAX];

/* The rules that frames are classified by. */
struct xs_seen_rules {
	bool known; /* read; else only that another set is there */
	__u32 set_id, fallback_id; /* of the inner maps; 0: none */
	__u64 generation;
	__u32 rule_cnt;
	double confirm_sec; /* left until it is rolled back; 0: nothing waits */
	bool rolled_back; /* by its deadline */
};

/* One instance at one moment. */
struct xs_seen {
	__u32 ifindex;
	char ifname[16];
	char *dir; /* of its pins */
	__u32 maps_id; /* of its counters: another one is another instance */
	__u32 prog_id, version;
	bool native;
	__u32 rx_queues;
	struct xs_seen_rules rules;
	struct xs_owner *owners; /* by slot */
	bool *alive; /* the process of that row */
	__u32 slots;
	bool gone; /* not there any more: for the comparison alone */
};

struct xs_event {
	enum xs_event_kind kind;
	const struct xs_seen *seen; /* after it; of what is gone: before */
	const struct xs_seen *before; /* NULL: there was nothing */
	__u32 slot; /* of owner_* */
	const struct xs_owner *owner; /* likewise */
};

typedef void (*xs_event_fn)(const struct xs_event *event, void *arg);

struct xs_seen_list {
	struct xs_seen *rows;
	__u32 cnt;
	__u32 hidden; /* further ones, which may not be looked at */
};

/*
 * Every instance of this network namespace whose program is on the hook, or that of `only`
 * (an interface's index; 0: all). 0 or -errno, logged; what cannot be opened is left out, but
 * for one of `before` that may not be looked at any more: it is not gone, so this fails.
 * `quiet`: a context that tells nobody, with the pin root.
 */
int xs_seen_read(struct xsteer_ctx *quiet, __u32 only, const struct xs_seen_list *before,
		 struct xs_seen_list *list);
void xs_seen_free(struct xs_seen_list *list);

/* Tells what happened between the two, in the order of the interfaces' indices. */
void xs_events_tell(const struct xs_seen_list *before, const struct xs_seen_list *now,
		    xs_event_fn tell, void *arg);

#endif
