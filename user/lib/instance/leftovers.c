// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Pin directories that are no instances; see leftovers.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/net/netif.h"
#include "dir.h"
#include "dispatcher.h"
#include "leftovers.h"
#include "pins.h"
#include "program.h"

/* "ROOT/%new-IF": the name of a directory that is not, or no longer, an instance. */
int xs_side_dir(char side[PATH_MAX], const char *dir, const char *prefix)
{
	const char *name = strrchr(dir, '/') + 1;

	if (snprintf(side, PATH_MAX, "%.*s%%%s-%s", (int)(name - dir), dir, prefix, name) >=
	    PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* Now, not when the kernel gets round to the unpinned link: the next attach may follow at once. */
static void detach_link(const char *dir)
{
	char path[PATH_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, XS_PIN_LINK);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	bpf_link_detach(fd); /* ENOLINK: the interface is gone, and the link with it */
	close(fd);
}

/*
 * Of an attach beside others that was killed: no pin may say yet which program it
 * put on the hook, but that one has our maps.
 */
static int detach_orphan(struct xsteer_ctx *ctx, const char *dir)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 32];
	struct xs_meta meta;
	int fd, err;

	if (!xs_pins_peek_meta(dir, &meta) || meta.attach != XS_ATTACH_DISPATCHER ||
	    meta.netns_inode != xs_netns_inode())
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, xs_map_names[XS_MAP_xdp_stats_map]);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	return err ? err : xs_dispatcher_detach_user_of(ctx, meta.ifindex, info.id);
}

int xs_instance_remove_dir(struct xsteer_ctx *ctx, const char *dir)
{
	DIR *entries = opendir(dir);
	struct dirent *entry;
	int err;

	if (!entries)
		return errno == ENOENT ? 0 : -errno;
	detach_link(dir);
	err = detach_orphan(ctx, dir);
	if (err) {
		closedir(entries);
		return err;
	}
	while ((entry = readdir(entries))) {
		if (entry->d_name[0] != '.' && unlinkat(dirfd(entries), entry->d_name, 0))
			err = -errno;
	}
	closedir(entries);
	if (rmdir(dir) && !err)
		err = -errno;
	if (err)
		xs_err(ctx, "cannot remove %s: %s", dir, strerror(-err));
	return err;
}

int xs_leftovers_clear(struct xsteer_ctx *ctx, const char *dir)
{
	static const char *const prefixes[] = { "new", "old" };
	char side[PATH_MAX];
	int err;

	for (int i = 0; i < 2; i++) {
		err = xs_side_dir(side, dir, prefixes[i]);
		if (!err)
			err = xs_instance_remove_dir(ctx, side);
		if (err)
			return err;
	}
	return 0;
}

/* Index and name may be the same in another network namespace: the program's id is not. */
static bool is_on_hook_of(const struct bpf_link_info *link, const char *ifname)
{
	struct xs_hook hook;

	return link->xdp.ifindex == if_nametoindex(ifname) &&
	       xs_netif_hook(link->xdp.ifindex, &hook) == 1 && hook.prog_id == link->prog_id;
}

/* Pins were removed behind our back: the rest goes, unless its link is another interface's. */
int xs_leftovers_take_rest(struct xsteer_ctx *ctx, const char *ifname, const char *dir)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 8];
	int fd, err;

	err = xs_pins_refuse_others(ctx, dir);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s", dir, XS_PIN_LINK);
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
	}
	if (info.xdp.ifindex && !is_on_hook_of(&info, ifname)) {
		xs_err(ctx,
		       "%s is attached to interface %u, which is not %s of this network namespace: "
		       "run where it is",
		       dir, info.xdp.ifindex, ifname);
		return -EXDEV;
	}
	xs_note(ctx, "%s: removing an incomplete instance", ifname);
	return xs_instance_remove_dir(ctx, dir);
}
