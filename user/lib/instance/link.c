// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The pinned link of an instance; see link.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/base/hint.h"
#include "link.h"
#include "program.h"

int xs_link_open(const char *dir, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);
	char path[PATH_MAX + 8];
	struct stat file;
	int fd, err;

	memset(info, 0, sizeof(*info));
	snprintf(path, sizeof(path), "%s/%s", dir, XS_PIN_LINK);
	/* A symbolic link may point to one that we must not detach. */
	if (lstat(path, &file))
		return -errno;
	if (S_ISLNK(file.st_mode))
		return -ELOOP;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (!bpf_obj_get_info_by_fd(fd, info, &len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int xs_link_detach(int link)
{
	/* ENOLINK: the interface is gone, and its program with it. */
	return bpf_link_detach(link) && errno != ENOLINK ? -errno : 0;
}

/* The running program is not the pinned one. We may only replace a program of this instance. */
static int open_unpinned(const struct xs_pins *pins, __u32 id)
{
	int fd = xs_prog_uses_map(id, xs_map_id(pins->map_fds[XS_MAP_xsks_map]))
			 ? bpf_prog_get_fd_by_id(id)
			 : -1;

	if (fd >= 0)
		return fd;
	xs_err(pins->ctx,
	       "%s: its link runs program id %u, which is not xsteer's, as far as can be seen: "
	       "whoever put it there must remove it; or %s and attach again",
	       pins->ifname, id, xs_hint(pins->ctx, XSTEER_HINT_DETACH, pins->ifname).text);
	return -EPERM;
}

int xs_pinned_prog_open(const char *dir)
{
	char path[PATH_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, XS_PIN_PROG);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int xs_link_running(const struct xs_pins *pins, int link)
{
	int fd = xs_pinned_prog_open(pins->dir), err = fd < 0 ? fd : 0;
	struct bpf_link_info running = {};
	__u32 len = sizeof(running), pinned;

	if (!err)
		err = xs_prog_id(fd, &pinned);
	if (!err && bpf_obj_get_info_by_fd(link, &running, &len))
		err = -errno;
	if (err) {
		xs_err(pins->ctx, "cannot look at %s/%s: %s", pins->dir, XS_PIN_PROG,
		       strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	if (pinned == running.prog_id)
		return fd;
	close(fd);
	return open_unpinned(pins, running.prog_id);
}

int xs_link_swap(struct xsteer_ctx *ctx, const char *ifname, int link, int old_prog, int new_prog)
{
	/* Name the old program, so that nobody else's update is undone. */
	LIBBPF_OPTS(bpf_link_update_opts, opts, .old_prog_fd = old_prog, .flags = BPF_F_REPLACE);
	int err = bpf_link_update(link, new_prog, &opts) ? -errno : 0;

	if (err)
		xs_err(ctx, "%s: the kernel refused to replace the program: %s", ifname,
		       strerror(-err));
	return err;
}
