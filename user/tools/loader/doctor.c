// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds what would make an interface fail or be slow under XDP; see doctor.h. */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cap-ng.h>

#include "lib/base/number.h"
#include "tools/cli/cli.h"
#include "doctor.h"
#include "features.h"
#include "lib/api/place.h"
#include "lib/api/queue_facts.h"
#include "lib/instance/instance.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "lib/instance/program.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "lib/instance/chain_slots.h"
#include "lib/instance/live.h"
#include "lib/instance/dir.h"

#define UMEM_BYTES (8ULL << 20) /* for a bouncer with many frames */
/* Without fragments a frame and its headroom must fit in a page (driver limits differ a little). */
#define MTU_ONE_BUFFER 3498

enum level {
	LEVEL_OK,
	LEVEL_WARN,
	LEVEL_FAIL,
};

static const char *const level_names[] = { "ok", "warn", "FAIL" };

struct diagnosis {
	struct xs_cli *cli;
	struct xs_netif netif;
	struct xs_grid *grid;
	json_t *findings;
	int failed;
	bool no_pins; /* found when the hook was examined, and reported if necessary */
	bool veth;
	struct xs_netif peer; /* the veth's other end; ifindex 0: see no_peer */
	int no_peer; /* -ENODEV: it is in another network namespace; other -errno */
	char fix[256]; /* of the next finding, if it has a name or a number in it */
};

static const char *__attribute__((format(printf, 2, 3)))
fix(struct diagnosis *diagnosis, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(diagnosis->fix, sizeof(diagnosis->fix), fmt, args);
	va_end(args);
	return diagnosis->fix;
}

static void __attribute__((format(printf, 5, 6)))
find(struct diagnosis *diagnosis, const char *what, enum level level, const char *fix,
     const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	diagnosis->failed += level == LEVEL_FAIL;
	json_array_append_new(diagnosis->findings,
			      json_pack("{s:s, s:s, s:o, s:o}", "check", what, "level",
					level == LEVEL_FAIL ? "fail" : level_names[level],
					"finding", xs_json_text(text), "fix", xs_json_text(fix)));
	xs_grid_cell(diagnosis->grid, "%s", level_names[level]);
	xs_grid_cell(diagnosis->grid, "%s", what);
	xs_grid_cell(diagnosis->grid, "%s%s%s", text, fix[0] ? "; " : "", fix);
}

static void check_kernel(struct diagnosis *d)
{
	if (!xs_kernel_has_af_xdp())
		find(d, "af_xdp", LEVEL_FAIL, "use a kernel with CONFIG_XDP_SOCKETS",
		     "this kernel has no AF_XDP sockets");
	else
		find(d, "af_xdp", LEVEL_OK, "", "AF_XDP sockets are there");
	if (!xs_kernel_has_btf())
		find(d, "btf", LEVEL_FAIL, "use a kernel with CONFIG_DEBUG_INFO_BTF",
		     "/sys/kernel/btf/vmlinux is not there");
	else
		find(d, "btf", LEVEL_OK, "", "the kernel's types are there");
	if (!xs_kernel_has_freplace())
		find(d, "dispatcher", LEVEL_WARN, "attach alone, without -P",
		     "this kernel has no freplace, so no second program beside ours");
}

static void check_bpffs(struct diagnosis *d)
{
	if (!xs_pins_on_bpffs(d->cli->ctx))
		find(d, "bpffs", LEVEL_FAIL, "mount -t bpf bpf /sys/fs/bpf", "%s is not on a bpffs",
		     d->cli->pin_root);
	else
		find(d, "bpffs", LEVEL_OK, "", "%s is on a bpffs", d->cli->pin_root);
}

/* The kernel lets nobody attach to a port whose master has a program. */
static void check_free_hook(struct diagnosis *d)
{
	char master[IFNAMSIZ];
	struct xs_hook hook = {};
	int held = d->netif.master ? xs_netif_name(d->netif.master, master) : 0;

	if (!held && d->netif.master)
		held = xs_netif_hook(d->netif.master, &hook);
	if (held < 0 && held != -ENODEV)
		find(d, "hook", LEVEL_WARN, "",
		     "the XDP hook is free, but whether a program of its master is in the way "
		     "cannot be asked: %s",
		     strerror(-held));
	else if (held == 1)
		find(d, "hook", LEVEL_FAIL,
		     fix(d, "detach that from %s with the tool that attached it", master),
		     "%s has program '%s' (id %u): Linux 5.15 and newer then take none on its "
		     "ports",
		     master, hook.prog_name, hook.prog_id);
	else
		find(d, "hook", LEVEL_OK, "", "the XDP hook is free");
}

/* The hook is free, but attach refuses. */
static bool find_left_pins(struct diagnosis *d)
{
	struct xs_pins pins = {};
	struct xs_live live;
	int err;

	if (!xs_pins_on_bpffs(d->cli->ctx))
		return false;
	err = xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ);
	if (err == -ESTALE)
		find(d, "hook", LEVEL_FAIL, "xsteer-loader clean",
		     "the XDP hook is free, but pins of another interface or program have its "
		     "name");
	else if (!err && !xs_instance_live(&pins, &live) && live.life == XS_LIFE_gone)
		find(d, "hook", LEVEL_FAIL, "xsteer-loader clean",
		     "the XDP hook is free, but pins are left: the %s", live.why);
	else
		err = -ENOENT;
	xs_pins_close(&pins);
	return err != -ENOENT;
}

/* Of xs_pins_open(): what runs on the hook is known not to be the instance of this name. */
static bool is_nobodys(int err)
{
	return err == -ENOENT || err == -ESTALE || err == -ENODATA || err == -EXDEV ||
	       err == -EPROTO;
}

static void find_unseen(struct diagnosis *d, __u32 prog_id, int err)
{
	const char *help = err == -ENOTSUP ? "mount the bpffs, or name its pin root"
			   : err == -EACCES || err == -EPERM
				   ? "run as root, or as the owner of the pins"
				   : "";

	find(d, "hook", LEVEL_WARN, help,
	     "program id %u holds the XDP hook; it cannot be seen whether it is xsteer's%s%s",
	     prog_id, help[0] ? "" : ": ", help[0] ? "" : strerror(-err));
}

static void check_hook(struct diagnosis *d)
{
	struct xs_pins pins;
	struct xs_live live;
	struct xs_hook hook;
	int err = xs_netif_hook(d->netif.ifindex, &hook);

	if (err < 0) {
		find(d, "hook", LEVEL_WARN, "", "who holds the XDP hook cannot be asked: %s",
		     strerror(-err));
		return;
	}
	if (!err) {
		if (!find_left_pins(d))
			check_free_hook(d);
		return;
	}
	err = xs_pins_on_bpffs(d->cli->ctx)
		      ? xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ)
		      : -ENOTSUP;
	d->no_pins = err;
	if (!err) {
		err = xs_instance_live(&pins, &live);
		xs_pins_close(&pins);
	}
	if (err && !is_nobodys(err)) {
		find_unseen(d, hook.prog_id, err);
		return;
	}
	if (!err && live.attached) {
		find(d, "hook", LEVEL_OK, "", "xsteer is attached in %s mode",
		     live.native ? "native" : "skb");
		return;
	}
	find(d, "hook", hook.dispatcher ? LEVEL_WARN : LEVEL_FAIL,
	     hook.dispatcher ? fix(d, "xsteer-loader attach -P 20 %s", d->netif.name)
			     : "detach it with the tool that attached it",
	     "program '%s' (id %u) holds the XDP hook", hook.prog_name, hook.prog_id);
}

static void check_link(struct diagnosis *d)
{
	char master[IFNAMSIZ];

	if (!d->netif.ethernet)
		find(d, "ethernet", LEVEL_FAIL, "attach to the interface on which they arrive",
		     "its frames have no Ethernet header (link type %u, as of tun or a tunnel)",
		     d->netif.link_type);
	if (!d->netif.up)
		find(d, "link", LEVEL_WARN, fix(d, "ip link set %s up", d->netif.name),
		     "the interface is down");
	if (d->netif.master && xs_netif_name(d->netif.master, master))
		snprintf(master, sizeof(master), "index %u", d->netif.master);
	if (d->netif.master)
		find(d, "master", LEVEL_WARN, "attach to each port, and nothing to the master",
		     "it is a port of %s: frames are seen here, before the master gets them",
		     master);
}

/* Attach then uses skb mode. An interface without a driver name (lo) has no native XDP either. */
static bool skb_only(const struct xs_netif *netif)
{
	return netif->xdp_features_known ? !(netif->xdp_features & XS_ACT_BASIC)
					 : !netif->driver[0];
}

/*
 * In native mode a veth needs at least as many receive queues as its peer has transmit
 * queues. Until then it says "no XDP".
 */
static bool veth_lacks_queues(const struct diagnosis *d)
{
	if (!d->veth || (d->netif.xdp_features_known && !skb_only(&d->netif)))
		return false;
	return d->peer.ifindex ? d->peer.tx_queues > d->netif.rx_queues
			       : d->netif.xdp_features_known;
}

static void find_veth_queues(struct diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;

	if (d->peer.ifindex)
		find(d, "driver", LEVEL_WARN,
		     fix(d, "ethtool -L %s rx %u, or ethtool -L %s tx %u", netif->name,
			 d->peer.tx_queues, d->peer.name, netif->rx_queues),
		     "no native XDP, only skb mode: %u receive queue%s, but its peer %s sends on "
		     "%u",
		     netif->rx_queues, xs_s(netif->rx_queues), d->peer.name, d->peer.tx_queues);
	else if (d->no_peer != -ENODEV)
		find(d, "driver", LEVEL_WARN, "",
		     "no native XDP, only skb mode: its peer, which cannot be asked (%s), sends on "
		     "more queues than the %u received on",
		     strerror(-d->no_peer), netif->rx_queues);
	else
		find(d, "driver", LEVEL_WARN,
		     fix(d,
			 "raise them with 'ethtool -L %s rx' to as many as the peer sends on, or "
			 "have it send on %u ('tx %u' there)",
			 netif->name, netif->rx_queues, netif->rx_queues),
		     "no native XDP, only skb mode: its peer, in another network namespace, sends "
		     "on more queues than the %u received on",
		     netif->rx_queues);
}

static void check_driver(struct diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;
	char driver[48] = "the driver";

	if (netif->driver[0])
		snprintf(driver, sizeof(driver), "driver '%s'", netif->driver);

	if (veth_lacks_queues(d))
		find_veth_queues(d);
	else if (!netif->xdp_features_known)
		find(d, "driver", LEVEL_WARN,
		     fix(d, "try 'xsteer-loader attach -m native %s'", netif->name),
		     "what %s can do is not known: kernels tell since 6.3", driver);
	else if (skb_only(netif))
		find(d, "driver", LEVEL_WARN, "skb mode works, at a fraction of the rate",
		     "%s has no native XDP", driver);
	else if (!(netif->xdp_features & XS_ACT_REDIRECT))
		find(d, "driver", LEVEL_FAIL, "use skb mode: xsk, cpu and dev need redirect",
		     "%s has native XDP but cannot redirect", driver);
	else
		find(d, "driver", LEVEL_OK, "", "%s has native XDP", driver);
	if (netif->xdp_features_known && !(netif->xdp_features & XS_ACT_XSK_ZEROCOPY))
		find(d, "zero-copy", LEVEL_WARN, "copy mode works; expect one copy a frame",
		     "%s has no zero-copy", driver);
}

static void check_mtu(struct diagnosis *d)
{
	bool frags = xs_kernel_has_frags() &&
		     (!d->netif.xdp_features_known || d->netif.xdp_features & XS_ACT_RX_SG);

	if (d->netif.mtu > MTU_ONE_BUFFER && !frags && !skb_only(&d->netif))
		find(d, "mtu", LEVEL_FAIL, "lower it, or use skb mode",
		     "MTU %u needs frames of several buffers, which kernel or driver lacks",
		     d->netif.mtu);
	else
		find(d, "mtu", LEVEL_OK, "", "MTU %u", d->netif.mtu);
}

/*
 * A veth gets a frame as its peer's kernel left it: what that kernel leaves to a driver
 * is not done.
 */
static void check_veth_peer(struct diagnosis *d)
{
	const struct xs_netif *peer = &d->peer;

	if (!peer->ifindex && d->no_peer != -ENODEV) {
		find(d, "checksum", LEVEL_WARN, "",
		     "veth: whether its peer leaves checksums and VLAN tags to be filled in cannot "
		     "be asked: %s",
		     strerror(-d->no_peer));
		return;
	}
	if (!peer->ifindex) {
		find(d, "checksum", LEVEL_WARN,
		     "see 'ethtool -k' there; 'ethtool -K' with 'tx off txvlan off' on it helps",
		     "veth: its peer, in another network namespace, cannot be asked whether it "
		     "leaves checksums and VLAN tags to be filled in");
		return;
	}
	if (peer->leaves_checksums)
		find(d, "checksum", LEVEL_WARN, fix(d, "ethtool -K %s tx off", peer->name),
		     "veth: its peer %s leaves checksums to be filled in, and bounced frames keep "
		     "them so",
		     peer->name);
	if (peer->leaves_vlan)
		find(d, "vlan", LEVEL_WARN, fix(d, "ethtool -K %s txvlan off", peer->name),
		     "veth: its peer %s sends VLAN tags beside the frame: rules on vlan see none",
		     peer->name);
}

static void check_offloads(struct diagnosis *d)
{
	if (d->netif.lro)
		find(d, "lro", LEVEL_FAIL, fix(d, "ethtool -K %s lro off", d->netif.name),
		     "the NIC merges frames: drivers refuse native XDP");
	if (d->netif.strips_vlan && !d->veth)
		find(d, "vlan", LEVEL_WARN, fix(d, "ethtool -K %s rxvlan off", d->netif.name),
		     "the NIC strips VLAN tags: rules on vlan see none");
	if (d->veth)
		check_veth_peer(d);
}

static void check_queues(struct diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;

	if (netif->rx_queues > netif->tx_queues)
		find(d, "queues", LEVEL_WARN,
		     fix(d, "ethtool -L %s tx %u, or as few rx as tx", netif->name,
			 netif->rx_queues),
		     "%u receive and %u transmit queue%s: a bouncer on queue %u or above cannot "
		     "send",
		     netif->rx_queues, netif->tx_queues, xs_s(netif->tx_queues), netif->tx_queues);
	else
		find(d, "queues", LEVEL_OK, "", "%u receive and %u transmit queue%s",
		     netif->rx_queues, netif->tx_queues, xs_s(netif->tx_queues));
}

/* RSS can be limited to the queues with a socket if they are contiguous. */
static const char *fix_sockets(struct diagnosis *d, __u32 held, __u32 first, __u32 last)
{
	if (last - first + 1 != held || !xs_netif_has_rss_table(d->netif.name))
		return "start a bouncer there";
	return fix(d, "start a bouncer there, or keep RSS away: ethtool -X %s start %u equal %u",
		   d->netif.name, first, held);
}

/* The slots that the rules in force lead to. */
struct led_to {
	bool own; /* the frame's own queue: all queues in use */
	bool any;
	bool *slots; /* in addition to those, by number */
	__u32 chains; /* a bit for each row of `chains` */
};

static void add_led_to(struct led_to *to, const struct xs_pins *pins,
		       const struct xs_action *action)
{
	if (action->verdict == XS_VERDICT_chain && action->target >= pins->slots)
		to->chains |= 1u << (action->target / pins->slots - 1) % XS_CHAIN_SLOTS;
	if (action->verdict != XS_VERDICT_xsk)
		return;
	to->any = true;
	to->own |= action->own_slot;
	if (!action->own_slot && action->target < pins->slots)
		to->slots[action->target] = true;
}

/* If the rules cannot be read, any queue may be meant. */
static void find_led_to(const struct xs_pins *pins, const struct xs_queue_facts *facts,
			struct led_to *to)
{
	const struct xs_rules_in_force *now = &facts->rules;
	struct xs_action builtin = xs_builtin_default(pins);

	if (!facts->rules_known) {
		to->any = to->own = true;
		return;
	}
	add_led_to(to, pins, now->header ? &now->header->default_action : &builtin);
	for (__u32 i = 0; now->header && i < now->header->rule_cnt; i++)
		add_led_to(to, pins, &now->rules[i].action);
}

/* The findings about the slots that the rules lead to. */
struct slots_seen {
	__u32 empty, held, first_empty, first_held, last_held;
	__u32 others; /* of those that are held: by programs that are not ours */
};

/* The socket in the slot. Of some it is only known that they are bound to the slot's queue. */
static const struct xs_queue_socket *socket_of(const struct xs_queue_facts *facts, __u32 slot)
{
	for (__u32 i = 0; i < facts->socket_cnt; i++) {
		const struct xs_queue_socket *socket = &facts->sockets[i];

		if (socket->slot < 0 ? socket->queue == slot : (__u32)socket->slot == slot)
			return socket;
	}
	return NULL;
}

static struct slots_seen look_at_slots(const struct xs_pins *pins,
				       const struct xs_queue_facts *facts, const struct led_to *to)
{
	struct slots_seen seen = {};

	for (__u32 slot = 0; slot < pins->slots; slot++) {
		const struct xs_queue_socket *socket;

		if (!to->slots[slot] && !(to->own && slot < facts->netif.rx_queues))
			continue;
		socket = socket_of(facts, slot);
		if (socket) {
			if (!seen.held++)
				seen.first_held = slot;
			seen.last_held = slot;
			seen.others += !socket->ours;
		} else if (!seen.empty++) {
			seen.first_empty = slot;
		}
	}
	return seen;
}

static void find_held(struct diagnosis *d, const struct slots_seen *seen)
{
	if (seen->others)
		find(d, "sockets", LEVEL_OK, "",
		     "each of %u slot%s has a socket, %u of them of programs that are not "
		     "xsteer's",
		     seen->held, xs_s(seen->held), seen->others);
	else
		find(d, "sockets", LEVEL_OK, "", "each of %u slot%s has a bouncer", seen->held,
		     xs_s(seen->held));
}

/* What nobody may ask is not called empty. */
static void find_sockets(struct diagnosis *d, const struct led_to *to,
			 const struct slots_seen *seen, bool others_told)
{
	const char *what = others_told ? "socket"
				       : "bouncer of ours; others are not seen without root";
	__u32 cnt = seen->empty + seen->held;

	if (!to->any)
		find(d, "sockets", LEVEL_OK, "", "the rules send no frame to a socket");
	else if (!seen->empty)
		find_held(d, seen);
	else if (!seen->held)
		find(d, "sockets", LEVEL_WARN, "start bouncers",
		     "none of %u slot%s that the rules lead to has a %s", cnt, xs_s(cnt), what);
	else
		find(d, "sockets", LEVEL_WARN,
		     to->own ? fix_sockets(d, seen->held, seen->first_held, seen->last_held)
			     : "start a bouncer there",
		     "%u of %u slots that the rules lead to, the first is %u, have no %s",
		     seen->empty, cnt, seen->first_empty, what);
}

/* Before the program, where no rule can help. */
static void find_drops(struct diagnosis *d, const struct xs_queue_facts *facts)
{
	__u64 most = 0, all = 0;
	__u32 worst = 0;

	if (!facts->drops_told)
		return;
	for (__u32 q = 0; q < facts->netif.rx_queues; q++) {
		all += facts->drops[q];
		if (facts->drops[q] > most) {
			most = facts->drops[q];
			worst = q;
		}
	}
	if (all)
		find(d, "drops", LEVEL_WARN,
		     fix(d, "a larger ring: ethtool -G %s rx N, or more queues", d->netif.name),
		     "%llu frames were lost before the program, the most, %llu, on queue %u",
		     (unsigned long long)all, (unsigned long long)most, worst);
	else
		find(d, "drops", LEVEL_OK, "", "no frame was lost before the program");
}

static void find_chains(struct diagnosis *d, const struct xs_pins *pins, const struct led_to *to)
{
	for (__u32 row = 0; row < XS_CHAIN_SLOTS; row++) {
		char name[XS_CHAIN_NAME_MAX] = "?";
		int served;

		if (!(to->chains & 1u << row))
			continue;
		xs_chain_of_row(pins, row, name);
		served = xs_chain_served(pins, row);
		if (served < 0)
			continue;
		if ((__u32)served >= d->netif.rx_queues)
			find(d, "chains", LEVEL_OK, "", "chain %s is served on each queue", name);
		else
			find(d, "chains", LEVEL_WARN,
			     fix(d, "xsteer-chain run %s FILE", d->netif.name),
			     "rules send frames into chain %s, which is served on %d of %u queues",
			     name, served, d->netif.rx_queues);
	}
}

/* RSS spreads over every queue: frames of a queue without a socket go to the kernel, or nowhere. */
static void check_slots(struct diagnosis *d, const struct xs_pins *pins,
			const struct xs_queue_facts *facts)
{
	struct led_to to = { .slots = calloc(pins->slots, sizeof(*to.slots)) };
	struct slots_seen seen;

	if (!to.slots)
		return;
	find_led_to(pins, facts, &to);
	seen = look_at_slots(pins, facts, &to);
	find_sockets(d, &to, &seen, facts->others_told);
	find_chains(d, pins, &to);
	free(to.slots);
}

/* What `queues` shows, too. */
static void check_sockets(struct diagnosis *d)
{
	/* Without diagnostics: what may not be read is reported where it matters. */
	struct xsteer_ctx *quiet = xsteer_ctx_new(d->cli->pin_root, NULL, NULL);
	struct xs_queue_facts facts;
	struct xs_pins pins = {};
	int err;

	if (d->no_pins || !quiet) {
		xsteer_ctx_free(quiet);
		return;
	}
	err = xs_pins_open(quiet, &pins, d->netif.name, XS_PINS_READ);
	if (err == -ENOENT)
		find(d, "sockets", LEVEL_OK, "", "no instance, so no queue waits for a bouncer");
	if (!xs_queue_facts_read(quiet, d->netif.name, err ? NULL : &pins, &facts)) {
		if (!err)
			check_slots(d, &pins, &facts);
		find_drops(d, &facts);
		xs_queue_facts_free(&facts);
	}
	xs_pins_close(&pins);
	xsteer_ctx_free(quiet);
}

#define MISFITS_MAX 8 /* in the list: a long set would hide everything else */

/* False: there are enough. */
static bool find_misfit(struct diagnosis *d, const struct xs_place *place,
			const struct xs_action *action, const char *where, __u32 *cnt)
{
	char dev[IFNAMSIZ] = "?", text[384];
	int err = action->verdict == XS_VERDICT_dev ? xs_netif_name(action->target, dev) : 0;
	enum xs_fit fit;

	if (err == -ENODEV)
		return true; /* gone: its frames pass, and are counted */
	if (err) {
		find(d, "rules", LEVEL_WARN, "",
		     "%s: whether interface %u takes redirects cannot be "
		     "asked: %s",
		     where, action->target, strerror(-err));
		return ++*cnt < MISFITS_MAX;
	}
	fit = xs_action_fit(action, dev, place, text, sizeof(text));
	if (fit == XS_FIT_YES)
		return true;
	find(d, "rules", fit == XS_FIT_NEVER ? LEVEL_FAIL : LEVEL_WARN, "", "%s: %s", where, text);
	return ++*cnt < MISFITS_MAX;
}

static void find_misfits(struct diagnosis *d, const struct xs_rules_in_force *now)
{
	struct xs_netif netif;
	struct xs_place place;
	char where[192];
	__u32 cnt = 0;

	if (!now->header ||
	    xs_place_get(d->cli->ctx, d->netif.name, XS_MODE_AUTO, &netif, &place) ||
	    !find_misfit(d, &place, &now->header->default_action, "default", &cnt))
		return;
	for (__u32 i = 0; i < now->header->rule_cnt; i++) {
		snprintf(where, sizeof(where), "%.128s:%u",
			 xs_set_file(now->header, now->rules[i].file), now->rules[i].line);
		if (!find_misfit(d, &place, &now->rules[i].action, where, &cnt))
			return;
	}
	if (!cnt)
		find(d, "rules", LEVEL_OK, "", "the interface can do what the rules say");
}

static void check_rules(struct diagnosis *d)
{
	struct xs_rules_in_force now;
	struct xs_pins pins;

	if (d->no_pins || xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ))
		return;
	if (!xs_rule_sets_read(&pins, &now))
		find_misfits(d, &now);
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
}

static void check_memlock(struct diagnosis *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK))
		return;
	if (limit.rlim_cur < UMEM_BYTES)
		find(d, "memlock", LEVEL_WARN,
		     "ulimit -l unlimited, LimitMEMLOCK=, or CAP_IPC_LOCK",
		     "only %llu bytes may be locked, and UMEMs are",
		     (unsigned long long)limit.rlim_cur);
}

static void (*const checks[])(struct diagnosis *) = {
	check_kernel, check_bpffs,   check_hook,     check_link,    check_driver, check_mtu,
	check_queues, check_sockets, check_offloads, check_memlock, check_rules,
};

static void find_peer(struct diagnosis *d)
{
	char name[IFNAMSIZ];
	__u32 peer;

	d->veth = !strcmp(d->netif.driver, "veth");
	if (!d->veth)
		return;
	d->no_peer = xs_netif_peer(d->netif.ifindex, &peer);
	if (!d->no_peer)
		d->no_peer = xs_netif_name(peer, name);
	if (!d->no_peer)
		d->no_peer = xs_netif_get(d->cli->ctx, &d->peer, name);
}

int xs_doctor(struct xs_cli *cli, const char *ifname)
{
	struct diagnosis diagnosis = { .cli = cli };
	int err;

	err = xs_need_descriptors(cli);
	if (!err)
		err = xs_netif_get(cli->ctx, &diagnosis.netif, ifname);
	if (err)
		return err;
	find_peer(&diagnosis);
	diagnosis.grid = xs_grid_new("State|Check|Finding");
	diagnosis.findings = json_array();
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](&diagnosis);
	err = diagnosis.failed ? -EIO : 0;
	cli->told = true;
	if (cli->json) {
		xs_grid_free(diagnosis.grid);
		xs_json_print(cli, json_pack("{s:o, s:b, s:o}", "interface", xs_json_text(ifname),
					     "ok", !err, "findings", diagnosis.findings));
		return err;
	}
	json_decref(diagnosis.findings);
	xs_grid_print(diagnosis.grid);
	return err;
}
