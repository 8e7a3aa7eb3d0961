// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Puts the program of an instance under construction onto the XDP hook; see build.h. */
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

/* Someone else holds the hook: log who, and what can be done. */
int xs_hook_refuse_held(struct xsteer_ctx *ctx, const char *ifname, const struct xs_hook *hook)
{
	const char *name = hook->prog_name[0] ? hook->prog_name : "?";

	if (hook->dispatcher)
		xs_err(ctx,
		       "%s: the XDP hook is held by libxdp's dispatcher (program id %u): "
		       "attach beside the others with %s, "
		       "or remove them with 'xdp-loader unload %s --all'",
		       ifname, hook->prog_id, xs_hint(ctx, XSTEER_HINT_BESIDE, NULL).text, ifname);
	else if (hook->by == XS_HOOK_LINK)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u), "
		       "attached by bpf_link id %u: stop the process, or remove the pin, "
		       "that holds it ('bpftool link show id %u -f')",
		       ifname, name, hook->prog_id, hook->link_id, hook->link_id);
	else if (hook->by == XS_HOOK_UNKNOWN && hook->unknown != EPERM)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u): "
		       "how it is attached cannot be asked: %s",
		       ifname, name, hook->prog_id, strerror(hook->unknown));
	else if (hook->by == XS_HOOK_UNKNOWN)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u): "
		       "only CAP_SYS_ADMIN can see how it is attached: run as root",
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

/* Returns a descriptor, or -errno. */
static int create_link(const struct xs_build *build, enum xs_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(bpf_program__fd(build->skel->progs.xsteer), build->netif.ifindex,
				 BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

/*
 * Did the driver or the mode refuse, rather than a right, a descriptor or a free hook
 * be missing?
 */
static bool is_refusal(int err)
{
	return err != -EBUSY && err != -EEXIST && err != -EPERM && err != -EMFILE &&
	       err != -ENFILE && err != -EINTR;
}

/* The driver's refusal in its own words, or else the errno's text. */
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
	if (!is_refusal(err) && err != -EEXIST) { /* EEXIST: of the upper device */
		xs_err(build->ctx, "%s: cannot attach: %s%s", build->netif.name, strerror(-err),
		       err == -EPERM ? ": needs CAP_BPF and CAP_NET_ADMIN, run as root" : "");
		return err;
	}
	why_refused(build, mode, err, why, sizeof(why));
	if (mode == XS_MODE_NATIVE && !strstr(why, "upper device")) /* it also excludes skb mode */
		xs_err(build->ctx,
		       "%s: the kernel refused to attach in native mode: %s; "
		       "%s works on any driver, more slowly",
		       build->netif.name, why, xs_hint(build->ctx, XSTEER_HINT_SKB, NULL).text);
	else
		xs_err(build->ctx, "%s: the kernel refused to attach in %s mode: %s",
		       build->netif.name, xs_mode_names[mode], why);
	return err;
}

/* Makes a link in the mode that was asked for. Returns it, or -errno, logged. */
static int create_any_link(struct xs_build *build)
{
	enum xs_mode wanted = build->opts->mode;
	char why[512];
	int link;

	build->mode = wanted == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE;
	link = create_link(build, build->mode);
	if (link >= 0)
		return link;
	if (wanted != XS_MODE_AUTO || !is_refusal(link))
		return refuse_mode(build, build->mode, link);
	why_refused(build, XS_MODE_NATIVE, link, why, sizeof(why));
	build->mode = XS_MODE_SKB;
	link = create_link(build, build->mode);
	if (link < 0)
		return refuse_mode(build, build->mode, link);
	xs_note(build->ctx, "%s: attached in skb mode, native was refused: %s", build->netif.name,
		why);
	return link;
}

int xs_hook_attach(struct xs_build *build)
{
	int link, err;

	link = create_any_link(build);
	if (link < 0)
		return link;
	err = xs_build_pin(build, link, XS_PIN_LINK);
	close(link);
	return err;
}
