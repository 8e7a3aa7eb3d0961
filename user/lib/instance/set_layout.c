// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether programs and rule sets of different builds work together; see set_layout.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "program.h"
#include "set_layout.h"

/* Those that layout 7 brought (lib/rules/model/field.h). */
#define NEW_FIELDS "vlan inner, arp saddr, arp daddr, ip6 flowlabel, vxlan, geneve and gre"

static bool is_searched(__u32 layout)
{
	return layout >= XS_SET_LAYOUT_OLDEST && layout <= XS_SET_LAYOUT;
}

/* *layout is 0 if the slot is empty. */
static int read_layout(const struct xs_pins *pins, __u32 slot, __u32 *layout)
{
	const struct xs_set_header *set;
	int fd, err = 0;
	__u32 id;

	*layout = 0;
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id))
		return errno == ENOENT ? 0 : -errno;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	set = mmap(NULL, sizeof(*set), PROT_READ, MAP_SHARED, fd, 0);
	if (set == MAP_FAILED) {
		err = -errno;
	} else {
		*layout = set->magic == XS_SET_MAGIC ? set->layout : ~0U;
		munmap((void *)set, sizeof(*set));
	}
	close(fd);
	return err;
}

/* What this kernel is called, as a message names it. */
static const char *kernel_name(struct utsname *name)
{
	return uname(name) ? "of this release" : name->release;
}

static int refuse_sets_with_limits(const struct xs_pins *pins)
{
	struct utsname name;

	xs_err(pins->ctx,
	       "%s: its rules have many IPv6 addresses, limits, dynamic sets or the fields %s, and "
	       "Linux %s refuses this build's program with all that searches them. The program "
	       "that "
	       "runs stays",
	       pins->ifname, NEW_FIELDS, kernel_name(&name));
	return -EPROTO;
}

static int refuse_sets_with_connections(const struct xs_pins *pins)
{
	struct utsname name;

	xs_err(pins->ctx,
	       "%s: its rules ask for 'ct state', and Linux %s does not tell this build's program "
	       "of connections: 'modprobe nf_conntrack' may help. The program that runs stays",
	       pins->ifname, kernel_name(&name));
	return -EPROTO;
}

static int check_slot(const struct xs_pins *pins, __u32 slot, __u32 most)
{
	__u32 layout;
	int err = read_layout(pins, slot, &layout);

	if (err) {
		xs_err(pins->ctx, "cannot read %s/rule_sets: %s%s", pins->dir, strerror(-err),
		       err == -EPERM ? ": needs CAP_SYS_ADMIN, run as root" : "");
		return err;
	}
	if (!layout || (is_searched(layout) && layout <= most &&
			xs_set_layout_has_limits(most) >= xs_set_layout_has_limits(layout)))
		return 0;
	if (is_searched(layout) && most == XS_SET_LAYOUT_BEFORE_CT)
		return refuse_sets_with_connections(pins);
	if (is_searched(layout))
		return refuse_sets_with_limits(pins);
	xs_err(pins->ctx,
	       "%s: its rules were written by another version of xsteer, in layout %u; "
	       "this build's program searches %u to %u. The program that runs stays. "
	       "Save the rules with that version, remove the instance with %s, "
	       "and attach with them",
	       pins->ifname, layout, XS_SET_LAYOUT_OLDEST, XS_SET_LAYOUT,
	       xs_hint(pins->ctx, XSTEER_HINT_DETACH, pins->ifname).text);
	return -EPROTO;
}

int xs_set_layout_check_sets(const struct xs_pins *pins, __u32 most)
{
	int err = 0;

	for (__u32 slot = 0; !err && slot < XS_SET_SLOTS; slot++)
		err = check_slot(pins, slot, most);
	return err;
}

bool xs_set_layout_without_limits(const struct xs_pins *pins)
{
	return pins->meta.abi >= XS_ABI_LIMITS &&
	       pins->meta.set_layout == XS_SET_LAYOUT_BEFORE_LIMITS;
}

static int refuse_limits(const struct xs_pins *pins)
{
	struct utsname name;

	xs_err(pins->ctx,
	       "%s%sthe rules have limits, dynamic sets or the fields %s, and the program that "
	       "runs "
	       "under Linux %s knows none of them: rules without these work; "
	       "Linux 5.17 and newer have them",
	       pins->ifname, pins->ifname[0] ? ": " : "", NEW_FIELDS, kernel_name(&name));
	return -EPROTO;
}

static int refuse_connections(const struct xs_pins *pins)
{
	struct utsname name;

	xs_err(pins->ctx,
	       "%s%sthe rules ask for 'ct state', and Linux %s does not tell XDP programs of its "
	       "connections: Linux 5.18 and newer do, by bpf_xdp_ct_lookup(), while nf_conntrack "
	       "is loaded ('modprobe nf_conntrack', then %s); rules without it work",
	       pins->ifname, pins->ifname[0] ? ": " : "", kernel_name(&name),
	       xs_hint(pins->ctx, XSTEER_HINT_UPGRADE, pins->ifname).text);
	return -EPROTO;
}

__u32 xs_set_layout_searched(const struct xs_pins *pins)
{
	/* 0: its build did not say. The last such build wrote layout 2. */
	return pins->meta.set_layout ? pins->meta.set_layout : XS_SET_LAYOUT_BEFORE_FIELDS;
}

int xs_set_layout_check_program(const struct xs_pins *pins, __u32 layout)
{
	const struct xs_meta *meta = &pins->meta;
	__u32 known = xs_set_layout_searched(pins);

	if (is_searched(known) && layout <= known)
		return 0;
	if (is_searched(known) && xs_set_layout_without_limits(pins))
		return refuse_limits(pins);
	if (is_searched(known) && layout >= XS_SET_LAYOUT_CT && !xs_kernel_tells_connections())
		return refuse_connections(pins);
	if (is_searched(known)) {
		xs_err(pins->ctx,
		       "%s: the rules ask for what the program that runs, "
		       "of xsteer %u.%u.%u, does not know: %s first",
		       pins->ifname, meta->version >> 16, meta->version >> 8 & 255,
		       meta->version & 255,
		       xs_hint(pins->ctx, XSTEER_HINT_UPGRADE, pins->ifname).text);
		return -EPROTO;
	}
	xs_err(pins->ctx,
	       "%s: the program that runs is of xsteer %u.%u.%u and searches rules of layout %u, "
	       "this build writes %u: %s first, or apply them with that version",
	       pins->ifname, meta->version >> 16, meta->version >> 8 & 255, meta->version & 255,
	       meta->set_layout, XS_SET_LAYOUT,
	       xs_hint(pins->ctx, XSTEER_HINT_UPGRADE, pins->ifname).text);
	return -EPROTO;
}
