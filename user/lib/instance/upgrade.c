// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* This build's program in place of the one that runs; see upgrade.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "version.h"
#include "lib/base/ctx.h"
#include "maps/rule_set.h"
#include "dir.h"
#include "instance.h"
#include "link.h"
#include "netns.h"
#include "program.h"
#include "set_layout.h"
#include "upgrade.h"
#include "xsteer.skel.h"

static __u32 prog_id(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static int repin_prog(const struct xs_pins *pins, int fd)
{
	char path[PATH_MAX + 16], next[PATH_MAX + 16];
	int err;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, XS_PIN_PROG);
	snprintf(next, sizeof(next), "%s/%%%s", pins->dir, XS_PIN_PROG);
	unlink(next); /* of a process that was killed here */
	err = bpf_obj_pin(fd, next) ? -errno : 0;
	if (!err) {
		xs_pin_copy_access(pins->ctx, next, path);
		err = rename(next, path) ? -errno : 0;
	}
	if (!err)
		return 0;
	xs_err(pins->ctx, "cannot pin %s: %s", path, strerror(-err));
	return err;
}

static int replace(struct xs_pins *pins, struct xsteer_bpf *skel, struct xs_upgraded *result)
{
	int link, old = -1, err, fresh = bpf_program__fd(skel->progs.xsteer);
	struct bpf_link_info info;

	link = xs_link_open(pins->dir, &info);
	if (link < 0) {
		xs_err(pins->ctx, "cannot open %s/%s: %s", pins->dir, XS_PIN_LINK, strerror(-link));
		return link;
	}
	old = xs_link_running(pins, link);
	err = old < 0 ? old : xs_link_swap(pins->ctx, pins->ifname, link, old, fresh);
	if (!err) {
		*result = (struct xs_upgraded){ .old_prog_id = prog_id(old),
						.prog_id = prog_id(fresh),
						.old_version = pins->meta.version };
		pins->meta.version = XS_VERSION;
		pins->meta.abi = XS_ABI;
		xs_netns_set_own(&pins->meta);
		pins->meta.set_layout = XS_SET_LAYOUT;
		err = repin_prog(pins, fresh);
	}
	if (!err)
		err = xs_meta_set(pins);
	if (old >= 0)
		close(old);
	close(link);
	return err;
}

int xs_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xs_upgraded *result)
{
	struct xsteer_bpf *skel = NULL;
	struct xs_pins pins;
	int err;

	err = xs_pins_open(ctx, &pins, ifname, XS_PINS_WRITE);
	if (err)
		return err;
	if (pins.meta.attach == XS_ATTACH_DISPATCHER) {
		xs_err(ctx,
		       "%s: attached through libxdp's dispatcher, which cannot replace one "
		       "program: "
		       "detach and attach again",
		       ifname);
		err = -EOPNOTSUPP;
		goto out;
	}
	err = xs_set_layout_check_sets(&pins);
	if (err)
		goto out;
	skel = xs_program_open(ctx, pins.slots);
	err = skel ? xs_program_reuse(skel, &pins, 0) : -errno;
	if (!err)
		err = xs_program_load(ctx, skel);
	if (!err)
		err = replace(&pins, skel, result);
out:
	xsteer_bpf__destroy(skel);
	xs_pins_close(&pins);
	return err;
}
