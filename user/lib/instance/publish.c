// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Gives an instance its name; see publish.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "dir.h"
#include "leftovers.h"
#include "link.h"
#include "program.h"
#include "publish.h"

/* The number of the program pinned in `dir`. 1; 0: there is none; -errno, logged. */
static int look_at_prog(struct xsteer_ctx *ctx, const char *dir, __u32 *id)
{
	int fd = xs_pinned_prog_open(dir), err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : xs_leftover_say_cannot_look(ctx, dir, XS_PIN_PROG, fd);
	err = xs_prog_id(fd, id);
	close(fd);
	return err ? xs_leftover_say_cannot_look(ctx, dir, XS_PIN_PROG, err) : 1;
}

/* Does a link run the program pinned beside it? 1, 0, -errno, logged. */
static int runs_in_its_link(struct xsteer_ctx *ctx, const char *side)
{
	struct bpf_link_info link;
	__u32 prog_id;
	int fd = xs_link_open(side, &link), found;

	if (fd < 0)
		return fd == -ENOENT ? 0 : xs_leftover_say_cannot_look(ctx, side, XS_PIN_LINK, fd);
	close(fd);
	if (!link.xdp.ifindex)
		return 0;
	found = look_at_prog(ctx, side, &prog_id);
	return found > 0 ? prog_id == link.prog_id : found;
}

static int pin_prog(struct xsteer_ctx *ctx, const char *dir, int fd)
{
	char path[PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, XS_PIN_PROG);
	if (!bpf_obj_pin(fd, path) || errno == EEXIST)
		return 0;
	err = -errno;
	xs_err(ctx, "cannot pin %s: %s", path, strerror(-err));
	return err;
}

/*
 * When the kernel loaded the program. Also makes its pin, which the killed process may
 * not have made.
 */
static int look_at_found(struct xsteer_ctx *ctx, const char *side, __u32 prog_id, __u64 *load_ns)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id), err;

	err = fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	*load_ns = info.load_time;
	if (err)
		xs_err(ctx, "cannot look at program id %u: %s", prog_id, strerror(-err));
	else
		err = pin_prog(ctx, side, fd);
	if (fd >= 0)
		close(fd);
	return err;
}

/* If a dispatcher has both a replaced program and its successor, the later one is in force. */
static int runs_in_dispatcher(struct xsteer_ctx *ctx, const char *side)
{
	__u32 ifindex, prog_id, other_id;
	__u64 load_ns, other_load_ns;
	char dir[PATH_MAX];
	int found = xs_leftover_find_in_dispatcher(ctx, side, &ifindex, &prog_id), other = 0;

	if (found > 0 && xs_instance_dir(dir, side))
		other = xs_leftover_find_in_dispatcher(ctx, dir, &ifindex, &other_id);
	if (found <= 0 || other < 0)
		return found <= 0 ? found : other;
	found = look_at_found(ctx, side, prog_id, &load_ns);
	if (!found && other)
		found = look_at_found(ctx, dir, other_id, &other_load_ns);
	return found ? found : !other || load_ns > other_load_ns;
}

int xs_leftover_in_force(struct xsteer_ctx *ctx, const char *side)
{
	int by_link, in_force;

	if (xs_leftover_is_link(side))
		return 0;
	by_link = runs_in_its_link(ctx, side);
	in_force = by_link ? by_link : runs_in_dispatcher(ctx, side);
	/* Somebody removed pins, too: it is no longer an instance. */
	return in_force > 0 ? xs_pins_complete(side) : in_force;
}

/*
 * Before Linux 5.16 this takes two steps. If it is killed between them, the new one is
 * found to be in force.
 */
static int change_places(const char *staging, const char *dir)
{
	char old[PATH_MAX];
	int err;

	if (!renameat2(AT_FDCWD, staging, AT_FDCWD, dir, RENAME_EXCHANGE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	err = xs_side_dir(old, dir, "old");
	if (!err && rename(dir, old))
		err = -errno;
	if (!err && rename(staging, dir)) {
		err = -errno;
		rename(old, dir);
	}
	return err;
}

int xs_instance_publish(struct xsteer_ctx *ctx, const char *staging, const char *dir)
{
	int err;

	if (!access(dir, F_OK))
		err = change_places(staging, dir);
	else
		err = errno != ENOENT || rename(staging, dir) ? -errno : 0;
	if (err)
		xs_err(ctx, "cannot rename %s to %s: %s", staging, dir, strerror(-err));
	return err;
}

/* 1: it was there; 0: it was not; -errno, logged. */
static int settle_side(struct xsteer_ctx *ctx, const char *side, const char *dir)
{
	int err;

	if (faccessat(AT_FDCWD, side, F_OK, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : xs_leftover_say_cannot_look(ctx, side, "", -errno);
	err = xs_leftover_in_force(ctx, side);
	if (err > 0) {
		err = xs_instance_publish(ctx, side, dir);
		if (!err)
			xs_note(ctx, "%s: an attach that was killed is in force, and is completed",
				strrchr(dir, '/') + 1);
	}
	if (!err)
		err = xs_instance_remove_dir(ctx, side);
	return err ? err : 1;
}

int xs_leftovers_settle(struct xsteer_ctx *ctx, const char *dir)
{
	static const char *const prefixes[] = { "new", "old" };
	char side[PATH_MAX];
	int err, were = 0;

	for (int i = 0; i < 2; i++) {
		err = xs_side_dir(side, dir, prefixes[i]);
		if (!err)
			err = settle_side(ctx, side, dir);
		if (err < 0)
			return err;
		were |= err;
	}
	return were;
}
