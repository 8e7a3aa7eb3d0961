// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Is an instance the one of the interface that was asked for? See place.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <net/if.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "dir.h"
#include "live.h"
#include "netns.h"
#include "place.h"

int xs_interface_index(const char *word, __u32 *ifindex)
{
	char name[16];

	return xs_netif_find(word, ifindex, name);
}

/* A name that it had when it was attached. 0, or -ENODEV: no instance here has it. */
static int find_renamed(struct xsteer_ctx *ctx, const char *word, __u32 *ifindex, char name[16])
{
	struct xs_meta meta;
	char dir[PATH_MAX];

	/* What cannot be a name would be complained of. */
	if (!word[0] || strchr(word, '/') || strlen(word) >= IFNAMSIZ)
		return -ENODEV;
	if (xs_pin_dir(ctx, dir, word) || xs_pins_look_at_meta(dir, &meta) ||
	    xs_netns_of(&meta) != XS_NETNS_OURS || xs_netif_name(meta.ifindex, name))
		return -ENODEV;
	*ifindex = meta.ifindex;
	return 0;
}

int xs_interface_find(struct xsteer_ctx *ctx, const char *word, __u32 *ifindex, char name[16])
{
	int err = xs_netif_find(word, ifindex, name);

	return err == -ENODEV ? find_renamed(ctx, word, ifindex, name) : err;
}

const char *xs_interface_called(struct xsteer_ctx *ctx, const char *word, char name[16])
{
	__u32 ifindex;

	return xs_interface_find(ctx, word, &ifindex, name) ? word : name;
}

int xs_interface_has_none(struct xsteer_ctx *ctx, const char *ifname)
{
	char name[IFNAMSIZ];
	__u32 ifindex;

	if (xs_netif_find(ifname, &ifindex, name) == -ENODEV)
		xs_err(ctx,
		       "no interface %s in this network namespace, and no instance of one in %s: "
		       "'ip link' lists them",
		       ifname, ctx->pin_root);
	else if (xs_netif_lacks_ethernet(ifname))
		xs_err(ctx,
		       "%s: no xsteer instance, and there can be none: "
		       "its frames have no Ethernet header: "
		       "attach to the interface on which they arrive",
		       ifname);
	else
		xs_err(ctx, "%s: no xsteer instance in %s: is xsteer attached? %s does it", ifname,
		       ctx->pin_root, xs_hint(ctx, XSTEER_HINT_ATTACH, ifname).text);
	return -ENOENT;
}

void xs_pins_name(struct xs_pins *pins)
{
	memcpy(pins->ifname, pins->meta.ifname, sizeof(pins->ifname));
	if (xs_netns_of(&pins->meta) == XS_NETNS_OURS)
		xs_netif_name(pins->meta.ifindex, pins->ifname);
}

static int cannot_ask(const struct xs_pins *pins, int err)
{
	xs_err(pins->ctx, "cannot find out which interface %s belongs to: %s", pins->dir,
	       strerror(-err));
	return err;
}

static int refuse_gone(const struct xs_pins *pins, const char *why)
{
	xs_err(pins->ctx, "%s: the %s: %s removes its pins, then attach again", pins->dir, why,
	       xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
	return -ESTALE;
}

static int refuse_elsewhere(const struct xs_pins *pins)
{
	struct xs_live live;

	if (!xs_instance_live(pins, &live) && live.life == XS_LIFE_gone)
		return refuse_gone(pins, live.why);
	xs_err(pins->ctx,
	       "%s belongs to interface %s of another network namespace (inode %u): run there, "
	       "or give this namespace its own directory with %s",
	       pins->dir, pins->ifname, pins->meta.netns_inode,
	       xs_hint(pins->ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	return -EXDEV;
}

/* The interface is no longer in this network namespace. */
static int refuse_absent(const struct xs_pins *pins, const char *word)
{
	struct xs_live live;
	char name[16];
	__u32 ifindex;
	int err = xs_instance_live(pins, &live);

	if (err) {
		xs_err(pins->ctx,
		       "interface %s of %s is not here, and it is not known whether it is gone: %s",
		       pins->ifname, pins->dir, live.why);
		return err;
	}
	if (live.life == XS_LIFE_alive) {
		xs_err(pins->ctx,
		       "interface %s of %s is in another network namespace now, "
		       "and the program runs there: 'rm -r %s' detaches it",
		       pins->ifname, pins->dir, pins->dir);
		return -EXDEV;
	}
	if (xs_netif_find(word, &ifindex, name))
		return refuse_gone(pins, live.why);
	xs_err(pins->ctx,
	       "interface %s was deleted and created again (index %u, the pins in %s are of %u): "
	       "remove them with %s, then attach again",
	       name, ifindex, pins->dir, pins->meta.ifindex,
	       xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
	return -ESTALE;
}

int xs_pins_check_place(const struct xs_pins *pins, const char *word)
{
	enum xs_netns netns = xs_netns_of(&pins->meta);
	char now[16], name[16];
	__u32 ifindex;
	int err;

	if (netns == XS_NETNS_UNKNOWN)
		return cannot_ask(pins, -errno);
	if (netns != XS_NETNS_OURS)
		return refuse_elsewhere(pins);
	err = xs_netif_name(pins->meta.ifindex, now);
	if (err)
		return err == -ENODEV ? refuse_absent(pins, word) : cannot_ask(pins, err);
	err = xs_netif_find(word, &ifindex, name);
	/* It was renamed since: the old name is valid unless another interface has it now. */
	if (err == -ENODEV || (!err && ifindex == pins->meta.ifindex))
		return 0;
	if (err)
		return cannot_ask(pins, err);
	xs_err(pins->ctx,
	       "the pins in %s are of the interface that is now called %s, not of %s: "
	       "%s removes them",
	       pins->dir, now, name, xs_hint(pins->ctx, XSTEER_HINT_DETACH, now).text);
	return -ESTALE;
}
