// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which broker serves an interface; see find.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "lib/base/ctx.h"
#include "lib/instance/dir.h"
#include "lib/instance/netns.h"
#include "lib/net/identity.h"
#include "tools/cli/json.h"

static int is_control(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".ctl");
}

int xs_each_broker(struct xsteer_ctx *ctx, int (*each)(const char *path, void *arg), void *arg)
{
	struct dirent **found;
	int cnt = scandir(XS_BROKER_DIR, &found, is_control, alphasort), result = 0;

	if (cnt < 0) {
		result = -errno;
		if (result == -ENOENT)
			return 0;
		xs_err(ctx, "cannot see which brokers run: %s: %s%s", XS_BROKER_DIR,
		       strerror(-result), result == -EACCES ? ": run as root" : "");
		return result;
	}
	for (int i = 0; i < cnt; i++) {
		char path[XS_CONTROL_PATH_MAX];

		/* no socket has a longer path */
		if (!result && snprintf(path, sizeof(path), XS_BROKER_DIR "/%s", found[i]->d_name) <
				       (int)sizeof(path))
			result = each(path, arg);
		free(found[i]);
	}
	free(found);
	return result;
}

bool xs_broker_is_of_here(const json_t *answer)
{
	struct xs_meta whose = {};

	whose.netns_inode = (__u32)xs_json_number(answer, "netns_inode");
	whose.netns_cookie = (__u64)xs_json_number(answer, "netns_cookie");
	return xs_netns_of(&whose) == XS_NETNS_OURS;
}

struct wanted_broker {
	struct xsteer_ctx *quiet; /* most brokers are somebody else's, and some are dead */
	__u32 ifindex;
	char *path;
};

/* 1; 0: it serves another one; or -errno: it does not say. */
static int serves(const struct wanted_broker *wanted, const char *path)
{
	json_t *answer;
	bool is_it;
	int err;

	err = xs_control_ask(wanted->quiet, path, json_pack("{s:s}", "command", "who"), &answer);
	if (err)
		return err;
	is_it = (__u32)xs_json_number(answer, "ifindex") == wanted->ifindex &&
		xs_broker_is_of_here(answer);
	json_decref(answer);
	return is_it;
}

static int take_if_it_serves(const char *path, void *arg)
{
	struct wanted_broker *wanted = arg;

	if (serves(wanted, path) <= 0)
		return 0;
	snprintf(wanted->path, XS_CONTROL_PATH_MAX, "%s", path);
	return 1;
}

static void path_of_name(const char *ifname, char path[XS_CONTROL_PATH_MAX])
{
	snprintf(path, XS_CONTROL_PATH_MAX, XS_BROKER_DIR "/%s.ctl", ifname);
}

/*
 * First where it nearly always is. If that one does not say whom it serves, because it is of an
 * older version or somebody else's, the question that follows has the reason.
 */
static int find_by_index(struct xsteer_ctx *ctx, struct wanted_broker *wanted, const char *ifname)
{
	char named[XS_CONTROL_PATH_MAX];
	int got;

	path_of_name(ifname, named);
	snprintf(wanted->path, XS_CONTROL_PATH_MAX, "%s", named);
	got = serves(wanted, named);
	if (got > 0 || (got && got != -ENOENT && got != -ECONNREFUSED))
		return 0;
	if (xs_each_broker(ctx, take_if_it_serves, wanted) == 1)
		return 0;
	if (got)
		return 0;
	xs_err(ctx,
	       "%s: no broker serves it, the one at %s serves another interface: "
	       "'xsteer-chain run IF FILE' starts one",
	       ifname, named);
	return -ENOENT;
}

/*
 * An instance keeps the name that its interface had. If nobody has that name now, it means the
 * interface still, as for whoever asks for the instance.
 */
static bool find_by_instance(struct xsteer_ctx *quiet, const char *word, __u32 *ifindex,
			     char name[16])
{
	struct xs_meta meta;
	char dir[PATH_MAX];

	if (xs_pins_find(quiet, dir, word) || xs_pins_look_at_meta(dir, &meta) ||
	    xs_netns_of(&meta) != XS_NETNS_OURS)
		return false;
	*ifindex = meta.ifindex;
	return !xs_netif_name(meta.ifindex, name);
}

int xs_broker_find(struct xsteer_ctx *ctx, const char *ifname, const char *socket,
		   char path[XS_CONTROL_PATH_MAX])
{
	struct wanted_broker wanted = { .path = path };
	char name[16];
	int err;

	if (socket) {
		xs_control_path(path, socket);
		return 0;
	}
	wanted.quiet = xsteer_ctx_new(ctx->pin_root, NULL, NULL);
	if (!wanted.quiet)
		return -ENOMEM;
	err = xs_netif_find(ifname, &wanted.ifindex, name);
	if (err == -ENODEV && find_by_instance(wanted.quiet, ifname, &wanted.ifindex, name))
		err = 0;
	if (!err) {
		err = find_by_index(ctx, &wanted, name);
	} else if (err == -ENODEV) { /* gone, and its broker perhaps not yet */
		path_of_name(ifname, path);
		err = 0;
	} else {
		xs_err(ctx, "cannot ask for interface %s: %s", ifname, strerror(-err));
	}
	xsteer_ctx_free(wanted.quiet);
	return err;
}
