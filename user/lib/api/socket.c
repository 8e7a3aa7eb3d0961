// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens an AF_XDP socket of a program into its slot of an instance, and closes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/base/failstep.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/lock.h"
#include "lib/instance/owners.h"
#include "lib/instance/place.h"
#include "lib/instance/slots.h"
#include "lib/instance/socket_stats.h"
#include "lib/xsk/counts.h"
#include "open.h"
#include "sized.h"
#include "socket.h"

#define BIND_WAIT_MS 2000
#define XDP_ACT_XSK_ZEROCOPY (1 << 3) /* NETDEV_XDP_ACT_XSK_ZEROCOPY, Linux 6.3 */
#define FRAMES_MAX (1U << 20)
#define DRAIN_NS 2000000000ULL
/* No RCU reader holds the slot longer. So a socket that is quiet for this long stays quiet. */
#define QUIET_NS 5000000ULL
#define KNOWN_FLAGS (XSTEER_SOCKET_ATTACH | XSTEER_SOCKET_HUGE)

static bool is_power_of_two(__u32 n)
{
	return n && !(n & (n - 1));
}

static int check_opts(struct xsteer_ctx *ctx, const struct xsteer_socket_opts *opts)
{
	const char *wrong = opts->mode > XSTEER_XSK_ZERO_COPY		 ? "mode"
			    : opts->attach_mode > XSTEER_MODE_SKB	 ? "attach_mode"
			    : opts->flags & ~KNOWN_FLAGS		 ? "flags"
			    : opts->frames > FRAMES_MAX			 ? "frames"
			    : opts->ring && !is_power_of_two(opts->ring) ? "ring"
			    : opts->spare && opts->spare >= opts->frames ? "spare"
									 : NULL;

	if (!wrong && opts->frame_size && opts->frame_size != XS_XSK_FRAME_MIN &&
	    opts->frame_size != XS_XSK_FRAME_MAX)
		wrong = "frame_size";
	if (!wrong)
		return 0;
	xs_err(ctx,
	       "struct xsteer_socket_opts: %s has a value that is not allowed; see libxsteer(3)",
	       wrong);
	return -EINVAL;
}

/* Chooses frames that are large enough for a packet of the MTU. */
static int choose_frame_size(struct xsteer_socket *s, struct xsteer_socket_opts *opts)
{
	const __u32 taken = XS_XSK_KERNEL_HEADROOM + opts->headroom;
	const __u32 need = s->netif.mtu + XS_LINK_HEADER;
	const bool rounds = opts->mode != XS_XSK_copy && xs_netif_rounds_buffers_down(&s->netif);
	__u32 room;

	if (!opts->frame_size)
		opts->frame_size = xs_xsk_frame_size(need, opts->headroom, rounds);
	if (opts->headroom >= opts->frame_size || taken + 64 > opts->frame_size) {
		xs_err(s->ctx, "a headroom of %u bytes leaves nothing of a frame of %u bytes",
		       opts->headroom, opts->frame_size);
		return -EINVAL;
	}
	room = xs_xsk_room(opts->frame_size, opts->headroom, rounds);
	if (need > room)
		xs_warn(s->ctx,
			"%s queue %u: packets longer than %u bytes are dropped, and the MTU is %u",
			s->netif.name, s->slot, room, s->netif.mtu);
	return 0;
}

static int open_xsk(struct xsteer_socket *s, const struct xsteer_socket_opts *opts)
{
	const struct xs_xsk_config cfg = {
		.ctx = s->ctx,
		.ifname = s->netif.name,
		.ifindex = s->netif.ifindex,
		.queue = s->slot,
		.want = opts->mode,
		.frames = opts->frames,
		.frame_size = opts->frame_size,
		.headroom = opts->headroom,
		.ring = opts->ring,
		.spare = opts->spare,
		.tx_budget = XS_XSK_BATCH_MAX,
		.bind_wait_ms = BIND_WAIT_MS,
		.numa_node = -1,
		.no_zero_copy = s->netif.xdp_features_known &&
				!(s->netif.xdp_features & XDP_ACT_XSK_ZEROCOPY),
		.huge = opts->flags & XSTEER_SOCKET_HUGE,
	};
	int err = xs_xsk_open(&s->xsk, &cfg);

	s->others = err == -EBUSY;
	if (err == -EBUSY)
		xs_err(s->ctx,
		       "%s queue %u: another AF_XDP socket has held it for %d s; stop it, "
		       "or take another queue",
		       s->netif.name, s->slot, BIND_WAIT_MS / 1000);
	return err;
}

/* 0; -ENOENT, logged: there is none, and attaching was not asked for. */
static int join_or_attach(struct xsteer_socket *s, const struct xsteer_socket_opts *opts, int *root)
{
	const struct xs_attach_opts attach = { .mode = opts->attach_mode, .automatic = true };
	struct xs_attached got;
	struct xs_live live;
	int err;

	err = xs_slots_open(s->ctx, &s->pins, s->netif.name, &live, root);
	if (err != -ENOENT)
		return err;
	if (!(opts->flags & XSTEER_SOCKET_ATTACH))
		return xs_interface_has_none(s->ctx, s->netif.name);
	err = xs_instance_attach(s->ctx, s->netif.name, &attach, &got, root);
	if (err)
		return err;
	s->attached = true;
	err = xs_fail_step(s->ctx, "attach");
	return err ? err : xs_pins_open(s->ctx, &s->pins, s->netif.name, XS_PINS_SOCKET);
}

static int take_slot(struct xsteer_socket *s, const struct xsteer_socket_opts *opts)
{
	const struct xs_owner owner = {
		.queue = s->slot, .mode = s->xsk.mode, .asked = opts->mode, .fd = s->xsk.fd
	};
	int err;

	err = xs_slot_insert(s->ctx, s->pins.map_fds[XS_MAP_xsks_map], &s->pins, s->netif.name,
			     s->slot, s->xsk.fd);
	if (err)
		return err;
	s->inserted = true;
	err = xs_fail_step(s->ctx, "slot");
	/* Not earlier: readers of `owners` assume that the row's socket exists. */
	if (!err)
		err = xs_slot_claim(&s->pins, s->slot, owner, &s->since_ns);
	return err ? err : xs_fail_step(s->ctx, "claim");
}

void xs_socket_keep_counts(struct xsteer_socket *s)
{
	struct xs_socket_counts counts;

	xs_socket_counts_get(&counts, &s->xsk);
	counts.rx_unread = s->unread;
	xs_socket_stats_keep(&s->pins, s->slot, s->since_ns, &counts);
}

/*
 * From now on the last to leave does not take away what we join, and of two that want a
 * queue one sees the other; the socket waits for its queue without a lock.
 */
static int join_locked(struct xsteer_socket *s, const struct xsteer_socket_opts *opts, int *root)
{
	int err = join_or_attach(s, opts, root);

	if (!err && s->slot >= s->pins.slots) {
		xs_err(s->ctx, "queue %u: xsks_map has only %u slots; valid: 0-%u", s->slot,
		       s->pins.slots, s->pins.slots - 1);
		err = -ERANGE;
	}
	if (!err)
		err = xs_slot_check(&s->pins, s->netif.name, s->slot);
	if (!err)
		err = xs_slot_announce(&s->pins, s->slot);
	if (err)
		return err;
	s->claimed = true;
	return xs_fail_step(s->ctx, "announce");
}

/* *root: the lock of the pin root. */
static void leave_locked(struct xsteer_socket *s, int *root)
{
	int err = 0;

	if (s->claimed)
		xs_slot_give_up(&s->pins, s->slot, s->since_ns);
	s->claimed = false;
	if (s->others && !s->attached)
		return;
	if (s->pins.dir[0])
		err = xs_slots_take_apart_unused(&s->pins, false, root);
	else if (s->attached)
		err = xs_instance_detach(s->ctx, s->netif.name, root);
	if (err && err != -ENOENT)
		xs_warn(s->ctx, "%s stays attached: %s; %s removes it", s->netif.name,
			strerror(-err), xs_hint(s->ctx, XSTEER_HINT_DETACH, s->netif.name).text);
}

/* Without the lock: the owner's row says by pid and start time when we are gone. */
static void leave(struct xsteer_socket *s)
{
	int lock;

	if (!s->pins.dir[0] && !s->attached)
		return;
	lock = xs_pins_lock_for(s->ctx, s->netif.name, false);
	if (lock < 0)
		return;
	leave_locked(s, &lock);
	if (lock >= 0)
		close(lock);
}

static int join(struct xsteer_socket *s, const char *ifname, const struct xsteer_socket_opts *opts)
{
	int lock = xs_pins_lock_for(s->ctx, ifname, opts->flags & XSTEER_SOCKET_ATTACH), err;

	if (lock < 0)
		return lock == -ENOENT ? xs_interface_has_none(s->ctx, ifname) : lock;
	err = join_locked(s, opts, &lock);
	if (lock >= 0)
		close(lock);
	return err;
}

static void empty_slot(struct xsteer_socket *s)
{
	/*
	 * ENOENT: the interface is gone, or somebody emptied the slot. In both cases it
	 * is empty.
	 */
	if (s->inserted && bpf_map_delete_elem(s->pins.map_fds[XS_MAP_xsks_map], &s->slot) &&
	    errno != ENOENT)
		xs_warn(s->ctx, "cannot empty slot %u of xsks_map: %s", s->slot, strerror(errno));
	s->inserted = false;
}

static int check_queue(struct xsteer_socket *s)
{
	if (s->slot < s->netif.rx_queues)
		return 0;
	xs_err(s->ctx, "%s has no queue %u: valid are 0 to %u", s->netif.name, s->slot,
	       s->netif.rx_queues - 1);
	return -ERANGE;
}

static int open_socket(struct xsteer_socket *s, const char *ifname, struct xsteer_socket_opts *opts)
{
	int err;

	err = xs_netif_get(s->ctx, &s->netif, ifname);
	if (!err)
		err = check_queue(s);
	if (!err)
		err = choose_frame_size(s, opts);
	if (!err)
		err = xs_pins_check_bpffs(s->ctx);
	if (err)
		return err;
	err = join(s, ifname, opts);
	if (!err)
		err = open_xsk(s, opts);
	if (!err)
		err = take_slot(s, opts);
	if (err) {
		empty_slot(s);
		leave(s);
	}
	return err;
}

int xsteer_socket_open(struct xsteer_ctx *ctx, const char *ifname, uint32_t queue,
		       const struct xsteer_socket_opts *opts, struct xsteer_socket **out)
{
	struct xsteer_socket_opts own = { .sz = sizeof(own) };
	struct xsteer_socket *s;
	int err;

	err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_socket_opts");
	if (!err)
		err = check_opts(ctx, &own);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s) {
		xs_err(ctx, "not enough memory for a socket");
		return -ENOMEM;
	}
	s->ctx = ctx;
	s->slot = queue;
	s->xsk.fd = -1;
	err = open_socket(s, ifname, &own);
	if (!err) {
		*out = s;
		return 0;
	}
	xs_xsk_close(&s->xsk);
	xs_pins_close(&s->pins);
	free(s);
	return err;
}

/* The slot is empty already. Discards what had arrived, and waits for what is being sent. */
static void drain(struct xsteer_socket *s)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	__u64 now = xs_monotonic_ns(), deadline = now + DRAIN_NS, quiet_since = now;
	int err = 0;

	while ((now = xs_monotonic_ns()) < deadline) {
		__u32 late = xs_xsk_discard(&s->xsk), moved = xs_xsk_reap(&s->xsk) + late;

		s->unread += late;

		if (s->xsk.tx_cnt)
			err = xs_xsk_kick(&s->xsk, true);
		if (moved)
			quiet_since = now;
		/* A link that is down or gone accepts nothing any more. */
		if (now - quiet_since > QUIET_NS && (!s->xsk.tx_cnt || (err && err != -EAGAIN)))
			break;
		if (!moved)
			nanosleep(&pause, NULL);
	}
}

static int audit(const struct xsteer_socket *s)
{
	struct xs_ledger ledger;

	xs_xsk_ledger(&s->xsk, &ledger);
	if (ledger.balanced && !s->xsk.counters.rx_unowned && !s->xsk.counters.tx_unowned)
		return 0;
	xs_err(s->ctx,
	       "%s queue %u: frames are not where they should be: %u free, %u in the kernel, "
	       "%u received, %u being sent, of %u",
	       s->netif.name, s->slot, ledger.free, ledger.fill_ring + ledger.kernel, ledger.rx,
	       ledger.tx_ring + ledger.in_flight + ledger.completed, ledger.total);
	return -EUCLEAN;
}

int xsteer_socket_close(struct xsteer_socket *s)
{
	int err;

	if (!s)
		return 0;
	empty_slot(s);
	drain(s);
	xs_socket_keep_counts(s);
	err = audit(s);
	xs_xsk_close(&s->xsk);
	leave(s);
	xs_pins_close(&s->pins);
	free(s);
	return err;
}
