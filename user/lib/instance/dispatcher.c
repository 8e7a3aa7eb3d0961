// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An instance that shares the hook through libxdp's dispatcher; see dispatcher.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "maps/rule_set.h"
#include "dispatcher.h"
#include "program.h"
#include "set_layout.h"
#include "xsteer.skel.h"

static int configure(struct xdp_program *prog, const struct xs_attach_opts *opts)
{
	int err;

	err = xdp_program__set_run_prio(prog, opts->prio);
	if (!err)
		err = xdp_program__set_chain_call_enabled(prog, XDP_PASS, true);
	/* libxdp 1.3 does not read the section's name. */
	if (!err && xs_kernel_has_frags())
		err = xdp_program__set_xdp_frags_support(prog, true);
	return err;
}

static int pin_prog(int fd, const struct xs_pins *pins)
{
	char path[PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, XS_PIN_PROG);
	if (!bpf_obj_pin(fd, path))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot pin %s: %s", path, strerror(-err));
	return err;
}

static void say_if_alone(struct xsteer_ctx *ctx, const struct xs_netif *netif)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(netif->ifindex);

	if (libxdp_get_error(mp))
		return;
	if (xdp_multiprog__is_legacy(mp))
		xs_warn(ctx,
			"%s: this kernel does not let libxdp's dispatcher in (it needs freplace): "
			"the program is attached alone, and a second one will be refused",
			netif->name);
	xdp_multiprog__close(mp);
}

static int try_modes(struct xsteer_ctx *ctx, struct xdp_program *prog, const struct xs_netif *netif,
		     const struct xs_attach_opts *opts, enum xs_mode *got)
{
	int err = -EOPNOTSUPP, native = 0;

	if (opts->mode != XS_MODE_SKB) {
		err = native = xdp_program__attach(prog, netif->ifindex, XDP_MODE_NATIVE, 0);
		*got = XS_MODE_NATIVE;
	}
	if (opts->mode == XS_MODE_SKB ||
	    (err && opts->mode == XS_MODE_AUTO && err != -EBUSY && err != -EPERM)) {
		err = xdp_program__attach(prog, netif->ifindex, XDP_MODE_SKB, 0);
		*got = XS_MODE_SKB;
		if (!err && native)
			xs_note(ctx, "%s: attached in skb mode, native was refused: %s",
				netif->name, strerror(-native));
	}
	return err;
}

static void say_refused(struct xsteer_ctx *ctx, const struct xs_netif *netif, int err)
{
	char why[256];

	libxdp_strerror(err, why, sizeof(why));
	if (err == -EBUSY)
		xs_err(ctx,
		       "%s: libxdp cannot attach beside other programs: %s: the program there is "
		       "not in a dispatcher, or this kernel has no freplace; attach alone, %s",
		       netif->name, why, xs_hint(ctx, XSTEER_HINT_ALONE, NULL).text);
	else
		xs_err(ctx,
		       "%s: libxdp cannot attach beside other programs: %s; %s shows its own words",
		       netif->name, why, xs_hint(ctx, XSTEER_HINT_VERBOSE, NULL).text);
}

/* -ERESTART, silently: the verifier refuses limits and dynamic sets, which the program has. */
static int attach(struct xdp_program *prog, __u32 layout, const struct xs_netif *netif,
		  const struct xs_pins *pins, const struct xs_attach_opts *opts, enum xs_mode *got)
{
	int err;

	err = configure(prog, opts);
	if (!err)
		err = try_modes(pins->ctx, prog, netif, opts, got);
	/* EINVAL has many other reasons here, and the verifier's of a large program are these. */
	if (xs_set_layout_has_limits(layout) && (err == -E2BIG || err == -EACCES))
		return -ERESTART;
	if (err) {
		say_refused(pins->ctx, netif, err);
		return err;
	}
	say_if_alone(pins->ctx, netif);
	err = pin_prog(xdp_program__fd(prog), pins);
	if (err)
		xdp_program__detach(prog, netif->ifindex,
				    *got == XS_MODE_SKB ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
	return err;
}

static int open_and_attach(const struct xs_netif *netif, const struct xs_pins *pins,
			   const struct xs_attach_opts *opts, enum xs_mode *got, __u32 *prog_id)
{
	__u32 layout = pins->meta.set_layout;
	struct xsteer_bpf *skel = xs_program_open(pins->ctx, pins->slots, layout);
	struct xdp_program *prog;
	int err;

	if (!skel)
		return -errno;
	err = xs_program_reuse(skel->obj, pins, 0);
	if (err)
		goto out;
	prog = xdp_program__from_bpf_obj(skel->obj, bpf_program__section_name(skel->progs.xsteer));
	err = libxdp_get_error(prog);
	if (err) {
		xs_err(pins->ctx, "libxdp refuses the program: %s", strerror(-err));
		goto out;
	}
	err = attach(prog, layout, netif, pins, opts, got);
	if (!err)
		*prog_id = xdp_program__id(prog);
	xdp_program__close(prog);
out:
	xsteer_bpf__destroy(skel);
	return err;
}

/* Rules may be there already: the program must be able to search them. */
static int lower_layout(struct xs_pins *pins, __u32 layout)
{
	int err;

	if (layout >= pins->meta.set_layout)
		return 0;
	err = xs_set_layout_check_sets(pins, layout);
	if (err)
		return err;
	pins->meta.set_layout = layout;
	return xs_meta_set(pins);
}

int xs_dispatcher_attach(const struct xs_netif *netif, struct xs_pins *pins,
			 const struct xs_attach_opts *opts, enum xs_mode *got, __u32 *prog_id)
{
	int err = open_and_attach(netif, pins, opts, got, prog_id);

	while (err == -ERESTART) {
		err = lower_layout(pins, xs_program_lower_layout(pins->meta.set_layout));
		if (!err)
			err = open_and_attach(netif, pins, opts, got, prog_id);
	}
	return err;
}

static bool has_id(__u32 prog_id, __u32 id)
{
	return prog_id == id;
}

/* The program on the interface with this id, according to `is`; NULL: it is not there. */
static struct xdp_program *find_program(struct xdp_multiprog *mp,
					bool (*is)(__u32 prog_id, __u32 id), __u32 id)
{
	struct xdp_program *prog = NULL;

	if (xdp_multiprog__is_legacy(mp)) {
		prog = xdp_multiprog__main_prog(mp);
		return prog && is(xdp_program__id(prog), id) ? prog : NULL;
	}
	while ((prog = xdp_multiprog__next_prog(prog, mp)))
		if (is(xdp_program__id(prog), id))
			return prog;
	return NULL;
}

int xs_dispatcher_has(__u32 ifindex, __u32 prog_id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	int err = libxdp_get_error(mp), held;
	struct xs_hook hook;
	bool has;

	if (err) {
		/*
		 * libxdp's own -ENOENT has several meanings; the kernel's empty hook
		 * has only one.
		 */
		held = xs_netif_hook(ifindex, &hook);
		return !held || held == -ENODEV ? 0 : err;
	}
	has = find_program(mp, has_id, prog_id);
	xdp_multiprog__close(mp);
	return has;
}

int xs_dispatcher_detach(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id)
{
	struct xdp_multiprog *mp;
	struct xdp_program *prog;
	char name[IFNAMSIZ];
	int err;

	mp = xdp_multiprog__get_from_ifindex(ifindex);
	err = libxdp_get_error(mp);
	if (!err) {
		prog = find_program(mp, has_id, prog_id);
		err = prog ? xdp_program__detach(prog, ifindex, xdp_multiprog__attach_mode(mp), 0)
			   : -ENOENT;
		xdp_multiprog__close(mp);
	}
	if (err)
		xs_err(ctx, "%s: libxdp cannot remove program id %u: %s",
		       xs_netif_name(ifindex, name) ? "interface" : name, prog_id, strerror(-err));
	return err;
}

int xs_dispatcher_find_user_of(struct xsteer_ctx *ctx, __u32 ifindex, __u32 map_id, __u32 *prog_id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *prog;
	int err = libxdp_get_error(mp);

	if (err == -ENOENT || err == -ENODEV)
		return 0; /* nothing is on the hook, or the interface is gone */
	if (err) {
		xs_err(ctx, "interface %u: libxdp cannot tell what is on its hook: %s", ifindex,
		       strerror(-err));
		return err;
	}
	prog = find_program(mp, xs_prog_uses_map, map_id);
	*prog_id = prog ? xdp_program__id(prog) : 0;
	xdp_multiprog__close(mp);
	return prog != NULL;
}

int xs_dispatcher_leave(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id)
{
	return xs_dispatcher_has(ifindex, prog_id) ? xs_dispatcher_detach(ctx, ifindex, prog_id)
						   : 0;
}

int xs_dispatcher_prio(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id, int *prio)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *prog;
	int err = libxdp_get_error(mp);

	if (!err) {
		prog = find_program(mp, has_id, prog_id);
		err = prog ? 0 : -ENOENT;
		*prio = prog ? (int)xdp_program__run_prio(prog) : 0;
		xdp_multiprog__close(mp);
	}
	if (err)
		xs_err(ctx, "interface %u: libxdp cannot look at program id %u: %s", ifindex,
		       prog_id, strerror(-err));
	return err;
}

/* ---- one in place of another ---- */

static bool is_alone(__u32 ifindex, __u32 prog_id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	bool alone;

	if (libxdp_get_error(mp))
		return false;
	alone = xdp_multiprog__is_legacy(mp) && find_program(mp, has_id, prog_id);
	xdp_multiprog__close(mp);
	return alone;
}

/* Uses netlink, as libxdp does to attach a single program. */
static int swap_alone(__u32 ifindex, enum xs_mode mode, __u32 old_prog_id, int prog)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int err;

	opts.old_prog_fd = bpf_prog_get_fd_by_id(old_prog_id);
	if (opts.old_prog_fd < 0)
		return -errno;
	err = bpf_xdp_attach(
		(int)ifindex, prog,
		XDP_FLAGS_REPLACE | (mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE),
		&opts);
	close(opts.old_prog_fd);
	return err;
}

static int share_maps(struct xsteer_bpf *skel, void *arg)
{
	return xs_program_reuse(skel->obj, arg, 0);
}

static int pin_and_swap_alone(const struct xs_netif *netif, struct xs_pins *pins,
			      const struct xsteer_bpf *skel, enum xs_mode mode, __u32 old_prog_id,
			      __u32 *prog_id)
{
	int err, fd = bpf_program__fd(skel->progs.xsteer);

	err = pin_prog(fd, pins);
	if (err)
		return err;
	err = xs_prog_id(fd, prog_id);
	if (!err)
		err = swap_alone(netif->ifindex, mode, old_prog_id, fd);
	if (err)
		xs_err(pins->ctx, "%s: the kernel refused to replace the program: %s", netif->name,
		       strerror(-err));
	return err;
}

int xs_dispatcher_replace(const struct xs_netif *netif, struct xs_pins *pins,
			  const struct xs_attach_opts *opts, __u32 old_prog_id, enum xs_mode *got,
			  __u32 *prog_id)
{
	struct xsteer_bpf *skel;
	__u32 set_layout;
	int err;

	if (!is_alone(netif->ifindex, old_prog_id))
		return xs_dispatcher_attach(netif, pins, opts, got, prog_id);
	skel = xs_program_make(pins->ctx, pins->slots, share_maps, pins, &set_layout);
	if (!skel)
		return -errno;
	*got = opts->mode;
	err = lower_layout(pins, set_layout);
	if (!err)
		err = pin_and_swap_alone(netif, pins, skel, opts->mode, old_prog_id, prog_id);
	xsteer_bpf__destroy(skel);
	return err;
}

void xs_dispatcher_undo(struct xsteer_ctx *ctx, const struct xs_netif *netif, __u32 old_prog_id,
			__u32 prog_id)
{
	struct xs_hook hook = {};
	int old, err;

	if (!is_alone(netif->ifindex, prog_id)) {
		xs_dispatcher_detach(ctx, netif->ifindex, prog_id);
		return;
	}
	old = bpf_prog_get_fd_by_id(old_prog_id);
	err = old < 0 ? -errno : xs_netif_hook(netif->ifindex, &hook) != 1 ? -ENOENT : 0;
	if (!err)
		err = swap_alone(netif->ifindex, hook.native ? XS_MODE_NATIVE : XS_MODE_SKB,
				 prog_id, old);
	if (err)
		xs_err(ctx, "%s: the program that was there cannot be put back: %s", netif->name,
		       strerror(-err));
	if (old >= 0)
		close(old);
}
