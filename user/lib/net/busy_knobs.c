// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Settings of an interface for busy-polling; see busy_knobs.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "busy_knobs.h"
#include "identity.h"
#include "netif.h"
#include "sysfs.h"

/* The kernel documentation's own: two empty polls, then 200 us, before interrupts return. */
static const struct {
	const char *name;
	const char *value;
} knobs_of[XS_KNOB_MAX] = {
	[XS_KNOB_napi_defer_hard_irqs] = { "napi_defer_hard_irqs", "2" },
	[XS_KNOB_gro_flush_timeout] = { "gro_flush_timeout", "200000" },
};

/* An interface, and its directory in a sysfs. */
struct place {
	struct xs_netif netif;
	int dir;
};

/* By its name of now. 0; -ENODEV, silently: it is gone; -EXDEV or other -errno, warned of. */
static int open_place(struct xsteer_ctx *ctx, __u32 ifindex, struct place *place)
{
	char name[16];
	int err = xs_netif_name(ifindex, name);

	if (err == -ENODEV)
		return err;
	if (!err)
		err = xs_netif_get(ctx, &place->netif, name);
	if (err)
		return err;
	place->dir = xs_sysfs_open(ctx, &place->netif);
	if (place->dir >= 0)
		return 0;
	xs_warn(ctx, "%s: napi_defer_hard_irqs and gro_flush_timeout stay as they are: %s",
		place->netif.name,
		place->dir == -EXDEV ? "/sys shows another network namespace"
				     : strerror(-place->dir));
	return place->dir;
}

static int read_knob(const struct place *place, int i, __u64 *value)
{
	char text[32];
	int err = xs_sysfs_read(place->dir, knobs_of[i].name, text, sizeof(text));

	if (!err)
		*value = strtoull(text, NULL, 10);
	return err;
}

static bool is_as_we_set_it(int i, __u64 value)
{
	return value == strtoull(knobs_of[i].value, NULL, 10);
}

static void warn_not_set(struct xsteer_ctx *ctx, const struct xs_netif *netif, int i, int err)
{
	xs_warn(ctx, "%s: %s cannot be set to %s: %s; so interrupts continue beside busy-polling",
		netif->name, knobs_of[i].name, knobs_of[i].value, strerror(-err));
}

int xs_busy_knobs_plan(struct xsteer_ctx *ctx, __u32 ifindex, const struct xs_knobs *others,
		       struct xs_knobs *knobs)
{
	struct place place;
	int err = open_place(ctx, ifindex, &place);

	*knobs = (struct xs_knobs){};
	for (int i = 0; !err && i < XS_KNOB_MAX; i++) {
		int failed = read_knob(&place, i, &knobs->before[i]);

		if (failed) {
			warn_not_set(ctx, &place.netif, i, failed);
		} else if (!knobs->before[i]) {
			knobs->set |= 1U << i;
		} else if (others->set & 1U << i && is_as_we_set_it(i, knobs->before[i])) {
			knobs->set |= 1U << i;
			knobs->before[i] = others->before[i];
		}
	}
	if (!err)
		close(place.dir);
	return err;
}

void xs_busy_knobs_turn(struct xsteer_ctx *ctx, __u32 ifindex, struct xs_knobs *knobs)
{
	struct place place;

	if (open_place(ctx, ifindex, &place)) {
		knobs->set = 0;
		return;
	}
	for (int i = 0; i < XS_KNOB_MAX; i++) {
		int err = knobs->set & 1U << i
				  ? xs_sysfs_write(place.dir, knobs_of[i].name, knobs_of[i].value)
				  : 0;

		if (!err)
			continue;
		warn_not_set(ctx, &place.netif, i, err);
		knobs->set &= ~(1U << i);
	}
	close(place.dir);
}

static int turn_one_back(struct xsteer_ctx *ctx, const struct place *place, int i, __u64 before)
{
	char text[32];
	__u64 now;
	int err = read_knob(place, i, &now);

	if (!err && !is_as_we_set_it(i, now))
		return 0;
	snprintf(text, sizeof(text), "%llu", before);
	if (!err)
		err = xs_sysfs_write(place->dir, knobs_of[i].name, text);
	if (err)
		xs_warn(ctx, "%s: %s stays at %s, it was %llu before busy-polling: %s",
			place->netif.name, knobs_of[i].name, knobs_of[i].value, before,
			strerror(-err));
	return err;
}

int xs_busy_knobs_turn_back(struct xsteer_ctx *ctx, __u32 ifindex, const struct xs_knobs *knobs)
{
	struct place place;
	int first, err;

	if (!knobs->set)
		return 0;
	first = open_place(ctx, ifindex, &place);
	if (first)
		return first == -ENODEV ? 0 : first;
	for (int i = 0; i < XS_KNOB_MAX; i++) {
		err = knobs->set & 1U << i ? turn_one_back(ctx, &place, i, knobs->before[i]) : 0;
		if (err && !first)
			first = err;
	}
	close(place.dir);
	return first;
}
