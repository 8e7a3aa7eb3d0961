// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Instances that are looked at repeatedly; see watched.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api/status.h"
#include "lib/base/ran_out.h"
#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/net/identity.h"
#include "watched.h"

/* An instance that cannot be examined is assumed to be in force. */
static bool is_off(const struct xs_pins *pins)
{
	struct xs_live live;

	return !xs_instance_live(pins, &live) && !live.attached;
}

int xs_pins_again(struct xs_pins *pins)
{
	struct xsteer_ctx *ctx = pins->ctx;
	char ifname[IF_NAMESIZE];
	struct xs_pins next;
	int err;

	err = xs_netif_name(pins->meta.ifindex, ifname);
	if (err == -ENODEV)
		xs_err(ctx, "%s: the interface is gone; %s removes its pins", pins->ifname,
		       xs_hint(ctx, XSTEER_HINT_CLEAN, NULL).text);
	else if (err)
		xs_err(ctx, "%s: cannot ask for the interface: %s", pins->ifname, strerror(-err));
	if (err)
		return err;
	err = xs_pins_open(ctx, &next, ifname, XS_PINS_READ);
	if (err == -ENOENT)
		xs_err(ctx, "%s: detached: its counters ended", ifname);
	if (err)
		return err;
	if (is_off(&next)) {
		xs_err(ctx, "%s: its program is no longer on the hook; %s removes its pins", ifname,
		       xs_hint(ctx, XSTEER_HINT_CLEAN, NULL).text);
		xs_pins_close(&next);
		return -ENOLINK;
	}
	if (xs_map_id(next.map_fds[XS_MAP_xdp_stats_map]) ==
	    xs_map_id(pins->map_fds[XS_MAP_xdp_stats_map])) {
		xs_pins_close(&next);
		return 0;
	}
	xs_pins_close(pins);
	*pins = next;
	return 1;
}

int xs_watched_again(struct xs_pins *pins, struct xs_netif *netif)
{
	int got = xs_pins_again(pins), err = 0;
	char name[16];

	if (got >= 0 && !xs_netif_name(pins->meta.ifindex, name))
		err = xs_netif_get(pins->ctx, netif, name);
	return err ? err : got;
}

/* ---- a list of them ---- */

static void forget_samples(struct xs_watched *watched)
{
	free(watched->now);
	free(watched->before);
	free(watched->history);
	xs_watched_losses_forget(&watched->losses);
	xs_watched_rules_forget(&watched->rules);
	xs_watched_chains_forget(&watched->chains);
	watched->now = watched->before = NULL;
	watched->history = NULL;
	watched->cnt = 0;
}

static void close_one(struct xs_watched *watched)
{
	forget_samples(watched);
	if (watched->open)
		xs_pins_close(&watched->pins);
	watched->open = false;
}

static struct xs_watched *one_more(struct xs_watched_list *watched)
{
	struct xs_watched *more = realloc(watched->list, (watched->cnt + 1) * sizeof(*more));

	if (!more)
		return NULL;
	watched->list = more;
	memset(&more[watched->cnt], 0, sizeof(*more));
	return &more[watched->cnt];
}

static void say_blind(struct xs_watched_list *watched, int err)
{
	watched->err = err;
	snprintf(watched->why, sizeof(watched->why), "cannot look at the instances in %s: %s",
		 watched->quiet->pin_root, strerror(-err));
}

/* One that may not be looked at does not hide the others. The rest is tried again next time. */
static int leave_out(struct xs_watched_list *watched, int err)
{
	if (err == -EACCES || err == -EPERM) {
		watched->err = err;
		snprintf(watched->why, sizeof(watched->why), "%s", watched->quiet->error);
	}
	return xs_ran_out(err) ? err : 0;
}

static bool is_listed(const struct xs_watched_list *watched, const char *dir)
{
	for (int i = 0; i < watched->cnt; i++)
		if (watched->list[i].open && !strcmp(watched->list[i].pins.dir, dir))
			return true;
	return false;
}

/* By its directory, since its interface may have been renamed, and another may have its name. */
static int add_found(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_watched_list *watched = arg;
	struct xs_watched *more;
	int err;

	if (xs_pins_is_elsewhere(dir) || is_listed(watched, dir))
		return 0;
	more = one_more(watched);
	if (!more)
		return -ENOMEM;
	err = xs_pins_open_dir(ctx, &more->pins, dir, XS_PINS_READ);
	if (err)
		return leave_out(watched, err);
	err = xs_netif_name(more->pins.meta.ifindex, more->ifname);
	if (err || is_off(&more->pins)) {
		xs_pins_close(&more->pins);
		return xs_ran_out(err) ? err : 0;
	}
	more->open = true;
	watched->cnt++;
	return 0;
}

static void say_lacks(const struct xs_watched_list *watched, struct xs_watched *one, int err)
{
	one->err = err;
	snprintf(one->why, sizeof(one->why), "%s", watched->quiet->error);
}

static void give_up_dead(struct xs_watched *one)
{
	xs_pins_close(&one->pins);
	snprintf(one->why, sizeof(one->why), "%s: its program is no longer on the hook",
		 one->ifname);
}

/* For a named instance that is not there, or no longer there. */
static void open_again(struct xs_watched_list *watched, struct xs_watched *one)
{
	int err = xs_pins_open(watched->quiet, &one->pins, one->ifname, XS_PINS_READ);

	if (err == -ENOENT)
		snprintf(one->why, sizeof(one->why), "%s: no xsteer instance", one->ifname);
	else if (err)
		say_lacks(watched, one, err);
	else if (is_off(&one->pins))
		give_up_dead(one);
	else
		one->open = true;
}

static void look_again(struct xs_watched_list *watched, struct xs_watched *one)
{
	int got;

	if (!one->open) {
		open_again(watched, one);
		return;
	}
	got = xs_pins_again(&one->pins);
	if (got > 0)
		forget_samples(one);
	if (xs_ran_out(got)) {
		say_blind(watched, got); /* what was seen last is still there, as far as is known */
	} else if (got < 0) {
		snprintf(one->why, sizeof(one->why), "%s", watched->quiet->error);
		close_one(one);
	} else {
		xs_netif_name(one->pins.meta.ifindex, one->ifname);
	}
}

static void keep_history(struct xs_watched *one, double seconds)
{
	if (!one->history)
		one->history = calloc(one->cnt + 1, sizeof(*one->history));
	for (__u32 q = 0; one->history && one->before && q < one->cnt; q++) {
		float *row = one->history[q];

		memmove(row, row + 1, (XS_HISTORY - 1) * sizeof(*row));
		row[XS_HISTORY - 1] =
			(float)((double)(one->now[q].packets - one->before[q].packets) / seconds);
	}
}

static void sample_one(struct xs_watched_list *watched, struct xs_watched *one, double seconds)
{
	struct xs_queue_stats *rows;
	__u32 cnt;
	int err;

	one->err = 0;
	look_again(watched, one);
	rows = one->open ? xs_queue_stats_read(&one->pins, &cnt) : NULL;
	if (!rows)
		return;
	free(one->before);
	one->before = one->now;
	one->now = rows;
	one->cnt = cnt;
	keep_history(one, seconds);
	if (watched->rules)
		one->err = xs_watched_rules_sample(&one->rules, &one->pins, seconds);
	err = watched->chains ? xs_watched_chains_sample(&one->chains, &one->pins, seconds) : 0;
	one->err = one->err ? one->err : err;
	err = watched->losses ? xs_watched_losses_sample(&one->losses, &one->pins, one->ifname) : 0;
	if (err)
		say_lacks(watched, one, err);
}

void xs_watched_sample(struct xs_watched_list *watched, double seconds)
{
	int kept = 0, err;

	watched->err = 0;
	for (int i = 0; i < watched->cnt; i++) {
		struct xs_watched *one = &watched->list[i];

		sample_one(watched, one, seconds);
		if (one->open || one->named)
			watched->list[kept++] = *one;
		else
			close_one(one);
	}
	watched->cnt = kept;
	if (!watched->all)
		return;
	err = xs_pins_each(watched->quiet, add_found, watched);
	if (err)
		say_blind(watched, err);
	for (int i = kept; i < watched->cnt; i++)
		sample_one(watched, &watched->list[i], seconds);
}

static int add_named(struct xs_cli *cli, struct xs_watched_list *watched, const char *operand)
{
	struct xs_watched *more = one_more(watched);
	__u32 ifindex;
	int err;

	if (!more)
		return -ENOMEM;
	err = xs_status_find(cli->ctx, operand, &ifindex, more->ifname);
	if (err)
		return err;
	more->named = true;
	watched->cnt++;
	return 0;
}

int xs_watched_open(struct xs_cli *cli, struct xs_watched_list *watched)
{
	int err = xs_pins_check_bpffs(cli->ctx);

	*watched = (struct xs_watched_list){ .all = !cli->operand_cnt };
	if (err)
		return err;
	watched->quiet = xsteer_ctx_new(cli->pin_root, NULL, NULL);
	if (!watched->quiet)
		return -ENOMEM;
	for (int i = 0; i < XSTEER_HINT_MAX; i++)
		xsteer_ctx_set_hint(watched->quiet, i, cli->ctx->hints[i]);
	for (int i = 0; !err && i < cli->operand_cnt; i++)
		err = add_named(cli, watched, cli->operands[i]);
	return err;
}

void xs_watched_close(struct xs_watched_list *watched)
{
	for (int i = 0; i < watched->cnt; i++)
		close_one(&watched->list[i]);
	free(watched->list);
	xsteer_ctx_free(watched->quiet);
}
