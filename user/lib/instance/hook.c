// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The program of an instance under construction onto the XDP hook; see build.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "lib/base/ctx.h"
#include "build.h"
#include "xsteer.skel.h"

/* Held by someone else: say by whom, and what can be done. */
int xs_hook_refuse_held(struct xsteer_ctx *ctx, const char *ifname, const struct xs_hook *hook)
{
	const char *name = hook->prog_name[0] ? hook->prog_name : "?";

	if (hook->dispatcher)
		xs_err(ctx,
		       "%s: the XDP hook is held by libxdp's dispatcher (program id %u): attach "
		       "beside the others with %s, or take them away with "
		       "'xdp-loader unload %s --all'",
		       ifname, hook->prog_id, xs_hint(ctx, XSTEER_HINT_BESIDE, NULL).text, ifname);
	else if (hook->by == XS_HOOK_LINK)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u), attached by bpf_link "
		       "id %u: stop the process, or remove the pin, that holds it "
		       "('bpftool link show id %u -f')",
		       ifname, name, hook->prog_id, hook->link_id, hook->link_id);
	else if (hook->by == XS_HOOK_UNKNOWN)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u): how it is attached is "
		       "told to CAP_SYS_ADMIN only, run as root",
		       ifname, name, hook->prog_id);
	else
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u), attached by netlink: "
		       "if nothing needs it, 'ip link set dev %s %s off'",
		       ifname, name, hook->prog_id, ifname,
		       hook->native ? "xdp"
		       : hook->skb  ? "xdpgeneric"
				    : "xdpoffload");
	return -EBUSY;
}

static int try_link(struct xs_build *build, enum xs_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd, err;

	fd = bpf_link_create(bpf_program__fd(build->skel->progs.xsteer), build->netif.ifindex,
			     BPF_XDP, &opts);
	if (fd < 0)
		return -errno;
	err = xs_build_pin(build, fd, XS_PIN_LINK);
	close(fd);
	build->mode = mode;
	return err;
}

/* The driver's refusal in its own words, or else the errno's. */
static void why_refused(const struct xs_build *build, enum xs_mode mode, int err, char *why,
			size_t len)
{
	char words[256];

	xs_netif_why(build->netif.ifindex, bpf_program__fd(build->skel->progs.xsteer),
		     mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, words,
		     sizeof(words));
	if (words[0])
		snprintf(why, len, "%s (%s)", strerror(-err), words);
	else if (err == -EOPNOTSUPP && mode == XS_MODE_NATIVE)
		snprintf(why, len, "driver '%s' has no native XDP", build->netif.driver);
	else
		snprintf(why, len, "%s", strerror(-err));
}

static int refuse_mode(const struct xs_build *build, enum xs_mode mode, int err)
{
	struct xs_hook hook;
	char why[512];

	if ((err == -EBUSY || err == -EEXIST) && xs_netif_hook(build->netif.ifindex, &hook) == 1)
		return xs_hook_refuse_held(build->ctx, build->netif.name, &hook);
	why_refused(build, mode, err, why, sizeof(why));
	if (mode == XS_MODE_NATIVE && !strstr(why, "upper device")) /* it bars skb too */
		xs_err(build->ctx,
		       "%s: the kernel refused to attach in native mode: %s; %s works on any "
		       "driver, more slowly",
		       build->netif.name, why, xs_hint(build->ctx, XSTEER_HINT_SKB, NULL).text);
	else
		xs_err(build->ctx, "%s: the kernel refused to attach in %s mode: %s",
		       build->netif.name, xs_mode_names[mode], why);
	return err;
}

int xs_hook_attach(struct xs_build *build)
{
	enum xs_mode wanted = build->opts->mode;
	char why[512];
	int err;

	err = xs_build_pin(build, bpf_program__fd(build->skel->progs.xsteer), XS_PIN_PROG);
	if (err)
		return err;
	err = try_link(build, wanted == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE);
	if (!err)
		return 0;
	if (wanted != XS_MODE_AUTO || err == -EBUSY || err == -EEXIST || err == -EPERM)
		return refuse_mode(build, wanted == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE,
				   err);
	why_refused(build, XS_MODE_NATIVE, err, why, sizeof(why));
	err = try_link(build, XS_MODE_SKB);
	if (err)
		return refuse_mode(build, XS_MODE_SKB, err);
	xs_note(build->ctx, "%s: attached in skb mode, native was refused: %s", build->netif.name,
		why);
	return 0;
}
