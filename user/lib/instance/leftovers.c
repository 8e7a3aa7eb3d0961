// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Handles pin directories that are not instances; see leftovers.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "dir.h"
#include "dispatcher.h"
#include "leftovers.h"
#include "link.h"
#include "netns.h"
#include "pins.h"

/* "ROOT/%new-IF": a directory that is not yet, or no longer, an instance. */
int xs_side_dir(char side[PATH_MAX], const char *dir, const char *prefix)
{
	const char *name = strrchr(dir, '/') + 1;

	if (snprintf(side, PATH_MAX, "%.*s%%%s-%s", (int)(name - dir), dir, prefix, name) >=
	    PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

bool xs_instance_dir(char dir[PATH_MAX], const char *side)
{
	const char *name = strrchr(side, '/') + 1;

	if (strncmp(name, "%new-", 5) && strncmp(name, "%old-", 5))
		return false;
	snprintf(dir, PATH_MAX, "%.*s%s", (int)(name - side), side, name + 5);
	return true;
}

int xs_leftover_say_cannot_look(struct xsteer_ctx *ctx, const char *dir, const char *name, int err)
{
	xs_err(ctx, "cannot look at %s/%s: %s", dir, name, strerror(-err));
	return err;
}

/* Does the instance of that name have the same link? 1, 0, or -errno, logged. */
static int is_shared(struct xsteer_ctx *ctx, const char *side, __u32 link_id)
{
	struct bpf_link_info info;
	char dir[PATH_MAX];
	int fd;

	if (!xs_instance_dir(dir, side))
		return 0;
	fd = xs_link_open(dir, &info);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return xs_leftover_say_cannot_look(ctx, dir, XS_PIN_LINK, fd);
	close(fd);
	return info.id == link_id;
}

static int detach_link(struct xsteer_ctx *ctx, const char *dir)
{
	struct bpf_link_info info;
	int fd = xs_link_open(dir, &info), err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return xs_leftover_say_cannot_look(ctx, dir, XS_PIN_LINK, fd);
	err = is_shared(ctx, dir, info.id);
	if (!err) {
		err = xs_link_detach(fd);
		if (err)
			xs_err(ctx, "cannot detach %s/%s: %s", dir, XS_PIN_LINK, strerror(-err));
	}
	close(fd);
	return err < 0 ? err : 0;
}

int xs_leftover_find_in_dispatcher(struct xsteer_ctx *ctx, const char *dir, __u32 *ifindex,
				   __u32 *prog_id)
{
	const char *name = xs_map_names[XS_MAP_xdp_stats_map];
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 32];
	struct xs_meta meta;
	int fd, err;

	err = xs_pins_look_at_meta(dir, &meta);
	if (err == -ENOENT || err == -EPROTO)
		return 0;
	if (err)
		return xs_leftover_say_cannot_look(ctx, dir, xs_map_names[XS_MAP_meta], err);
	if (meta.attach != XS_ATTACH_DISPATCHER || xs_netns_of(&meta) != XS_NETNS_OURS)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : xs_leftover_say_cannot_look(ctx, dir, name, -errno);
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	if (err)
		return xs_leftover_say_cannot_look(ctx, dir, name, err);
	*ifindex = meta.ifindex;
	return xs_dispatcher_find_user_of(ctx, meta.ifindex, info.id, prog_id);
}

static int leave_dispatcher(struct xsteer_ctx *ctx, const char *dir)
{
	__u32 ifindex, prog_id;
	int found = xs_leftover_find_in_dispatcher(ctx, dir, &ifindex, &prog_id);

	return found > 0 ? xs_dispatcher_detach(ctx, ifindex, prog_id) : found;
}

int xs_leftover_take_off_hook(struct xsteer_ctx *ctx, const char *dir)
{
	int err = detach_link(ctx, dir);

	return err ? err : leave_dispatcher(ctx, dir);
}

/* Opens the directory itself, even if somebody just replaced it by a symbolic link. */
static DIR *open_itself(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !entries)
		close(fd);
	return entries;
}

bool xs_leftover_is_link(const char *dir)
{
	struct stat file;

	return !lstat(dir, &file) && S_ISLNK(file.st_mode);
}

/*
 * Removes a symbolic link that has one of our names. What it points to is not ours. 1,
 * 0, -errno, logged.
 */
static int remove_if_link(struct xsteer_ctx *ctx, const char *dir)
{
	if (!xs_leftover_is_link(dir))
		return 0;
	if (unlink(dir)) {
		int err = -errno;

		xs_err(ctx, "cannot remove the symbolic link %s: %s", dir, strerror(-err));
		return err;
	}
	xs_note(ctx, "removed the symbolic link %s, and left its target alone", dir);
	return 1;
}

int xs_instance_remove_dir(struct xsteer_ctx *ctx, const char *dir)
{
	struct dirent *entry;
	DIR *entries;
	int err;

	err = remove_if_link(ctx, dir);
	if (err)
		return err < 0 ? err : 0;
	entries = open_itself(dir);
	if (!entries) {
		err = -errno;
		if (err == -ENOENT)
			return 0;
		xs_err(ctx, "cannot open %s to remove it: %s", dir, strerror(-err));
		return err;
	}
	err = xs_leftover_take_off_hook(ctx, dir);
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

/* Index and name may be equal in another network namespace; the program's id is not. */
static bool is_on_hook_of(const struct bpf_link_info *link, const char *ifname)
{
	struct xs_hook hook;
	char name[16];
	__u32 ifindex;

	return !xs_netif_find(ifname, &ifindex, name) && link->xdp.ifindex == ifindex &&
	       xs_netif_hook(link->xdp.ifindex, &hook) == 1 && hook.prog_id == link->prog_id;
}

/* Somebody removed pins: removes the rest, unless its link is on another interface. */
int xs_leftovers_take_rest(struct xsteer_ctx *ctx, const char *ifname, const char *dir)
{
	struct bpf_link_info info;
	int fd, err;

	err = xs_pins_refuse_others(ctx, dir);
	if (err)
		return err;
	fd = xs_link_open(dir, &info);
	if (fd < 0 && fd != -ENOENT)
		return xs_leftover_say_cannot_look(ctx, dir, XS_PIN_LINK, fd);
	if (fd >= 0)
		close(fd);
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
