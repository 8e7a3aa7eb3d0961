// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether an instance's program is on its hook; see live.h. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/net/netif.h"
#include "dispatcher.h"
#include "live.h"
#include "program.h"

/* The link knows best: an upgrade that was killed leaves an older program's pin. */
static int look_at_link(const struct xs_pins *pins, struct xs_live *live)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 8];
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, XS_PIN_LINK);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	live->prog_id = info.prog_id;
	live->ifindex = info.xdp.ifindex;
	live->attached = info.xdp.ifindex == pins->meta.ifindex;
	return err;
}

static int look_at_prog(const struct xs_pins *pins, struct xs_live *live)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX + 8];
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, XS_PIN_PROG);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	live->prog_id = info.id;
	live->attached = !err && xs_dispatcher_has(pins->meta.ifindex, info.id);
	live->ifindex = live->attached ? pins->meta.ifindex : 0;
	return err;
}

int xs_instance_live(const struct xs_pins *pins, struct xs_live *live)
{
	struct xs_hook hook;
	int err;

	*live = (struct xs_live){};
	err = pins->meta.attach == XS_ATTACH_DISPATCHER ? look_at_prog(pins, live)
							: look_at_link(pins, live);
	if (!err && live->attached && xs_netif_hook(pins->meta.ifindex, &hook) == 1)
		live->native = hook.native;
	return err;
}
