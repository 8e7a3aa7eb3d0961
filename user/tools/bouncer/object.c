// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * -f: a program of the user's own instead of xsteer's. A bpf_link attaches it for the
 * life of this process and pins nothing, so it goes away however the process ends.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "steer.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"
#include "tools/cli/library_log.h"

static bool is_xdp(const struct bpf_program *prog)
{
	return bpf_program__type(prog) == BPF_PROG_TYPE_XDP ||
	       !strncmp(bpf_program__section_name(prog), "xdp", 3);
}

/* Chooses by section or by function, or takes the first; the others are not loaded. */
static struct bpf_program *choose_program(struct xs_steer *steer)
{
	const char *name = steer->opts->section;
	struct bpf_program *prog, *chosen = NULL;

	bpf_object__for_each_program(prog, steer->object)
	{
		bool match = name ? !strcmp(bpf_program__section_name(prog), name) ||
					     !strcmp(bpf_program__name(prog), name)
				  : is_xdp(prog);

		if (!chosen && match)
			chosen = prog;
	}
	bpf_object__for_each_program(prog, steer->object)
		bpf_program__set_autoload(prog, prog == chosen);
	if (chosen)
		return chosen;
	if (!name) {
		xs_err(steer->cli->ctx, "%s has no XDP program", steer->opts->object);
		return NULL;
	}
	xs_err(steer->cli->ctx, "%s has no program '%s'; it has:", steer->opts->object, name);
	bpf_object__for_each_program(prog, steer->object)
		xs_note(steer->cli->ctx, "  section %s, function %s",
			bpf_program__section_name(prog), bpf_program__name(prog));
	return NULL;
}

static int load_object(struct xs_steer *steer, struct bpf_program *prog)
{
	struct bpf_map *map;
	bool said;
	int err;

	/* The section may have any name; in the manager's object it is "xdp_sock_prog". */
	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	bpf_program__set_expected_attach_type(prog, BPF_XDP);
	/* Its pinning is for a loader that stays; this program ends with us. */
	bpf_object__for_each_map(map, steer->object) bpf_map__set_pin_path(map, NULL);
	xs_library_log_hold();
	err = bpf_object__load(steer->object);
	said = xs_library_log_release(err && err != -EPERM);
	if (err)
		xs_err(steer->cli->ctx, "%s: the kernel or libbpf refuses program '%s': %s%s",
		       steer->opts->object, bpf_program__name(prog), strerror(-err),
		       err == -EPERM ? "; it needs CAP_BPF and CAP_NET_ADMIN"
		       : said	     ? "; the reason is above"
				     : "");
	return err;
}

static int held(struct xs_cli *cli, const struct xs_netif *netif)
{
	struct xs_hook hook = {};

	if (xs_netif_hook(netif->ifindex, &hook) == 1)
		xs_err(cli->ctx,
		       "%s already carries an XDP program, '%s' (id %u), attached by %s: "
		       "take it away first (xsteer-loader status %s; bpftool net), "
		       "or leave -f out to join an xsteer instance",
		       netif->name, hook.prog_name[0] ? hook.prog_name : "?", hook.prog_id,
		       hook.by == XS_HOOK_LINK	    ? "bpf_link"
		       : hook.by == XS_HOOK_NETLINK ? "netlink"
						    : "a way that only root can see",
		       netif->name);
	else
		xs_err(cli->ctx, "%s already carries an XDP program", netif->name);
	return -EBUSY;
}

static int attach_in(struct xs_steer *steer, int prog_fd, __u32 ifindex, enum xs_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);

	if (fd < 0)
		return -errno;
	steer->link_fd = fd;
	snprintf(steer->mode, sizeof(steer->mode), "%s", xs_mode_names[mode]);
	return 0;
}

static int attach(struct xs_steer *steer, const struct bpf_program *prog,
		  const struct xs_netif *netif)
{
	enum xs_mode mode = steer->opts->mode == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE;
	int fd = bpf_program__fd(prog), err;
	char why[256] = "";

	err = attach_in(steer, fd, netif->ifindex, mode);
	if (err == -EBUSY || err == -EEXIST)
		return held(steer->cli, netif);
	if (err && steer->opts->mode == XS_MODE_AUTO && err != -EPERM) {
		xs_netif_why(netif->ifindex, fd, XDP_FLAGS_DRV_MODE, why, sizeof(why));
		xs_note(steer->cli->ctx, "%s: not in native mode (%s%s%s), so in skb mode",
			netif->name, strerror(-err), why[0] ? ": " : "", why);
		mode = XS_MODE_SKB;
		err = attach_in(steer, fd, netif->ifindex, mode);
	}
	if (!err)
		return 0;
	why[0] = '\0';
	xs_netif_why(netif->ifindex, fd,
		     mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, why,
		     sizeof(why));
	xs_err(steer->cli->ctx, "%s: the kernel refuses to attach in %s mode: %s%s%s%s",
	       netif->name, xs_mode_names[mode], strerror(-err), why[0] ? ": " : "", why,
	       mode == XS_MODE_NATIVE ? "; -S attaches in skb mode" : "");
	return err;
}

int xs_object_open(struct xs_steer *steer, const struct xs_netif *netif)
{
	const char *path = steer->opts->object;
	struct bpf_program *prog;
	struct bpf_map *map;
	char why[128];
	int err;

	steer->link_fd = -1;
	xs_library_log_hold();
	steer->object = bpf_object__open_file(path, NULL);
	err = steer->object ? 0 : -errno;
	xs_library_log_release(err && err != -ENOENT);
	if (err) {
		libbpf_strerror(err, why, sizeof(why)); /* it has error numbers of its own */
		xs_err(steer->cli->ctx, "cannot open %s: %s%s", path, why,
		       err == -ENOENT ? "" : "; is it a BPF object, clang -target bpf -g?");
		return err;
	}
	err = xs_fail_step(steer->cli->ctx, "object");
	if (err)
		return err;
	prog = choose_program(steer);
	if (!prog)
		return -ENOENT;
	map = bpf_object__find_map_by_name(steer->object, "xsks_map");
	if (!map) {
		xs_err(steer->cli->ctx,
		       "%s has no map 'xsks_map': "
		       "its program needs an XSKMAP of that name to redirect to",
		       path);
		return -ENOENT;
	}
	err = load_object(steer, prog);
	if (!err)
		err = xs_fail_step(steer->cli->ctx, "load");
	if (!err)
		err = attach(steer, prog, netif);
	if (!err)
		err = xs_fail_step(steer->cli->ctx, "attach");
	if (!err)
		steer->map_fd = bpf_map__fd(map);
	return err;
}

void xs_object_close(struct xs_steer *steer)
{
	if (steer->link_fd >= 0)
		close(steer->link_fd); /* closing the last descriptor of a link detaches it */
	steer->link_fd = -1;
	if (!steer->object && steer->map_fd >= 0) /* from the bouncer before */
		close(steer->map_fd);
	bpf_object__close(steer->object);
	steer->object = NULL;
}
