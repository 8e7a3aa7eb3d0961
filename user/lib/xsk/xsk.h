/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One AF_XDP socket with a UMEM of its own, and the account of every frame in
 * it. Set up by the kernel's UAPI; knows nothing of programs, maps or owners.
 *
 * Where a frame is, and who may touch it:
 *
 *            xs_xsk_refill            the kernel             xs_xsk_receive
 *    free ----------------> fill ring ----------> RX ring ------------------+
 *     ^                                                                     v
 *     |  xs_xsk_reap                  the kernel                            rx
 *     +--------------- completion ring <--------- TX ring <---------------- |
 *     |                                                      xs_xsk_send    |
 *     +---------------------------------------------------------------------+
 *                          xs_xsk_drop, xs_xsk_abandon
 *
 * Each arrow is checked against the frame's recorded state: a frame that the
 * kernel hands over twice, or that it does not hold, is counted and left alone.
 * Every ring belongs to one thread, the one that calls these functions; other
 * threads may read `counters`, each field by a relaxed load.
 */
#ifndef XS_XSK_H
#define XS_XSK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <xdp/xsk.h>

#include "lib/base/memory.h"
#include "maps/xsteer.h"

/* Newer than the oldest headers that this is built with. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

#define XS_XSK_KERNEL_HEADROOM 256 /* XDP_PACKET_HEADROOM, taken from every frame */
#define XS_LINK_HEADER 18 /* Ethernet header and one VLAN tag, which the MTU does not count */
#define XS_XSK_FRAME_MIN 2048
#define XS_XSK_FRAME_MAX 4096 /* a page: the kernel's limit */
#define XS_XSK_FRAGS_MAX 18 /* frames of a packet sent in copy mode: MAX_SKB_FRAGS + 1 */
#define XS_XSK_BATCH_MAX 1024

/* Bytes of a packet that a frame has room for. rounds_down: xs_netif_rounds_buffers_down(). */
static inline __u32 xs_xsk_room(__u32 frame_size, __u32 headroom, bool rounds_down)
{
	__u32 room = frame_size - XS_XSK_KERNEL_HEADROOM - headroom;

	return rounds_down ? room & ~1023U : room;
}

/* The smallest frames that have room for packets of `need` bytes; else the largest. */
static inline __u32 xs_xsk_frame_size(__u32 need, __u32 headroom, bool rounds_down)
{
	return XS_XSK_KERNEL_HEADROOM + headroom < XS_XSK_FRAME_MIN &&
			       need <= xs_xsk_room(XS_XSK_FRAME_MIN, headroom, rounds_down)
		       ? XS_XSK_FRAME_MIN
		       : XS_XSK_FRAME_MAX;
}

enum xs_frame_state {
	XS_FRAME_free, /* on our stack of free frames */
	XS_FRAME_fill, /* given to the kernel for receiving */
	XS_FRAME_rx, /* received, held by the caller */
	XS_FRAME_tx, /* given to the kernel for sending */
	XS_FRAME_MAX
};

struct xs_umem_frame {
	__u64 received_ns; /* set by the caller, for latency */
	__u32 len;
	__u8 state; /* enum xs_frame_state */
	__u8 last; /* the last frame of its packet */
	__u16 pad;
};

struct xs_xsk_config {
	struct xsteer_ctx *ctx; /* for diagnostics while opening */
	const char *ifname; /* for messages; borrowed until xs_xsk_open() returns */
	__u32 ifindex;
	__u32 queue;
	enum xs_xsk_mode want; /* none: zero-copy, else copy */
	__u32 frames; /* 0: 1024 in copy mode, 4096 in zero-copy */
	__u32 frame_size; /* bytes */
	__u32 headroom; /* bytes kept free before each packet, besides the kernel's 256 */
	__u32 ring; /* entries of each ring, a power of two; 0: enough for every frame */
	__u32 rx_ring; /* of the RX ring, if other sockets share the queue; 0: as `ring` */
	__u32 spare; /* frames that never go to the fill ring: for xs_xsk_take() */
	__u32 tx_budget; /* packets that one sendto() may send in copy mode; 0: the kernel's 32 */
	__u32 bind_wait_ms; /* how long to retry EBUSY */
	int numa_node; /* where to allocate the UMEM, e.g. the interface's; -1: anywhere */
	void *memory; /* the caller's UMEM, `frames` times `frame_size` bytes; NULL: allocate */
	bool no_zero_copy; /* the driver says so: if `want` is none, do not even try */
	bool huge; /* huge pages for the UMEM; small ones if there are none */
	bool unaligned; /* frames need no power-of-two size, packets no alignment */
	bool sg; /* packets over several frames, if the kernel can */
	__u32 busy_poll; /* packets that one poll of the NIC handles; 0: no busy-polling */
	__u32 busy_poll_us;
};

/* The socket's thread writes these; any thread may read them. */
struct xs_xsk_counters {
	__u64 rx_packets, rx_bytes;
	__u64 tx_packets, tx_bytes; /* completed: the kernel is done with them */
	__u64 dropped; /* by xs_xsk_drop(): packets received but not sent */
	__u64 interrupted; /* by xs_xsk_abandon(): a process was killed while it had them */
	__u64 discarded; /* by xs_xsk_discard(): not in rx_packets */
	__u64 tx_lost; /* completed, but the device refused them (EBUSY) */
	__u64 rx_unowned; /* received frames that the kernel did not hold */
	__u64 tx_unowned; /* completions of frames that were not being sent */
	__u64 tx_too_long; /* packets of more than XS_XSK_FRAGS_MAX frames */
	__u64 kicks, wakeups; /* sendto(), recvfrom() */
};

struct xs_ring_map {
	void *addr;
	size_t bytes;
};

struct xs_xsk_books;

struct xs_xsk {
	int fd;
	enum xs_xsk_mode mode; /* effective, by XDP_OPTIONS */
	int fallback_errno; /* why zero-copy failed, if it was tried first; 0 */
	bool sg; /* effective */
	bool huge; /* effective */
	bool unaligned;
	__u32 tx_budget; /* effective */
	__u32 napi_id; /* 0: the kernel names none, and busy-polling does nothing */
	int busy_poll_errno; /* why busy-polling was refused; 0: it was not */

	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons rx, comp;

	char *umem;
	struct xs_memory own; /* what `umem` lies in; zeroed: the memory is the caller's */
	struct xs_memory account; /* holds frames, free_stack and books */
	__u32 frame_size;
	__u32 headroom;
	int frame_shift; /* -1: not a power of two */
	__u32 frame_cnt;
	struct xs_umem_frame *frames;
	__u32 *free_stack; /* LIFO: the next frame given out is the last one touched */
	__u32 free_cnt;
	__u32 spare; /* this many of them always stay there */
	__u32 fill_cnt, rx_cnt, tx_cnt; /* frames in that state */

	struct xs_ring_map maps[4];
	struct xs_xsk_counters counters;
	struct xs_xsk_books *books; /* what another process needs if this one is killed */

	/* If not NULL, called for each packet that was sent. Set it after opening. */
	void (*sent)(void *arg, const struct xs_umem_frame *frame);
	void *sent_arg;
};

/*
 * Makes the socket, its UMEM and rings, fills the fill ring and binds. Needs
 * CAP_NET_RAW; CAP_IPC_LOCK or enough RLIMIT_MEMLOCK for the UMEM; CAP_NET_ADMIN for
 * busy-polling. Blocks: retries EBUSY, which the kernel returns for some 20 ms after
 * another socket left the queue, for up to bind_wait_ms.
 *
 * 0; or -errno, logged. Not logged are -EBUSY, because only the caller can name the
 * holder, and -EINTR: asked to stop. On failure nothing is left and *x is closed.
 */
int xs_xsk_open(struct xs_xsk *x, const struct xs_xsk_config *cfg);
void xs_xsk_close(struct xs_xsk *x); /* zeroed or closed: does nothing */

/*
 * A socket that has only an RX ring, on the queue and over the UMEM of another socket.
 * The XDP program chooses between them by slot, and each can have a full ring of its
 * own. The frames belong to the other socket: call all functions except these for that
 * one, from the same thread.
 */
struct xs_xsk_shared {
	int fd; /* -1: closed */
	struct xsk_ring_cons rx;
	struct xs_ring_map map;
};

/*
 * Opens one. `ring` is its number of entries, a power of two. The queue's socket must
 * be open; close the two in any order. Needs CAP_NET_RAW. 0 or -errno, logged; on
 * failure nothing is left.
 */
int xs_xsk_open_shared(struct xs_xsk_shared *s, const struct xs_xsk *x,
		       const struct xs_xsk_config *cfg, __u32 ring);
void xs_xsk_close_shared(struct xs_xsk_shared *s);

/*
 * Whether several sockets on one queue are safe if the kernel, not the driver, runs the
 * program (skb mode). Before Linux 6.15 two CPUs may take the same entry of the fill
 * ring (CVE-2025-37920). An older kernel that has the fix cannot be recognised.
 */
bool xs_xsk_may_share_in_skb_mode(void);

/* Moves as many free frames to the fill ring as fit. Returns how many. */
__u32 xs_xsk_refill(struct xs_xsk *x);

/* Number of descriptors that wait in the RX ring, at most `max`. */
static inline __u32 xs_xsk_waiting(struct xs_xsk *x, __u32 max)
{
	return xsk_cons_nb_avail(&x->rx, max);
}

/*
 * Takes up to `max` (at most XS_XSK_BATCH_MAX) descriptors and up to `max_packets`
 * whole packets from the RX ring. The caller holds their frames until xs_xsk_send() or
 * xs_xsk_drop(). A packet may continue in the next call: its last descriptor is the one
 * without XDP_PKT_CONTD. *packets is how many ended. Returns the number of descriptors.
 */
__u32 xs_xsk_receive(struct xs_xsk *x, struct xdp_desc *descs, __u32 max, __u64 max_packets,
		     __u32 *packets);

/* The same from the RX ring of a shared socket; nobody asks how many packets ended. */
__u32 xs_xsk_receive_shared(struct xs_xsk *x, struct xs_xsk_shared *s, struct xdp_desc *descs,
			    __u32 max);

/*
 * xs_xsk_receive() and xs_xsk_send() in one pass, from the RX ring straight to the TX
 * ring, for packets of one frame each that nobody looks at. `max` must not exceed the
 * room in the TX ring. Returns how many.
 */
__u32 xs_xsk_bounce(struct xs_xsk *x, __u32 max);

/* Number of descriptors that xs_xsk_send() would take now. */
static inline __u32 xs_xsk_tx_room(struct xs_xsk *x, __u32 wanted)
{
	__u32 room = xsk_prod_nb_free(&x->tx, wanted);

	return room < wanted ? room : wanted;
}

/* Puts received frames on the TX ring. `n` must not exceed the room there. */
void xs_xsk_send(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n);

/* Empties the RX ring unread. These packets are `discarded` only. Returns how many. */
__u32 xs_xsk_discard(struct xs_xsk *x);
__u32 xs_xsk_discard_shared(struct xs_xsk *x, struct xs_xsk_shared *s);

/*
 * Takes up to n free frames. The caller holds them as if it had received them with an
 * empty packet each, after `headroom` bytes and the kernel's headroom; it writes and
 * sends them, or drops them. Returns how many.
 */
__u32 xs_xsk_take(struct xs_xsk *x, struct xdp_desc *descs, __u32 n);

/* Gives received frames back without sending them. */
void xs_xsk_drop(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n);

/* The same of packets that a process before this one was changing when it was killed. */
void xs_xsk_abandon(struct xs_xsk *x, const struct xdp_desc *descs, __u32 n);

/* Number of descriptors in the TX ring that the kernel has not taken yet. */
static inline __u32 xs_xsk_tx_queued(const struct xs_xsk *x)
{
	return x->tx.cached_prod - __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE);
}

/*
 * Tells the kernel to send, if it wants to be told or `force` is set. Also takes back
 * what was sent meanwhile, since a full completion ring would stop the kernel. 0;
 * -EAGAIN: some are left, call again; -ENETDOWN: the link is down, wait; -ENXIO: the
 * interface is gone; other -errno. Silent.
 */
int xs_xsk_kick(struct xs_xsk *x, bool force);

/* What xs_xsk_tx_stalled() has seen last. Begin with it zeroed. */
struct xs_tx_watch {
	__u32 seen;
	__u64 moved_ns;
};

/*
 * Whether TX has not moved for 100 ms although something waits, as if the wake-up flag was wrong or got
 * lost, or nobody polls the NIC's transmit side. Then force xs_xsk_kick(); the next 100 ms
 * begin. Call it while nothing moves. now_ns: monotonic.
 */
bool xs_xsk_tx_stalled(const struct xs_xsk *x, struct xs_tx_watch *watch, __u64 now_ns);

/* Tells the driver to receive, if it wants to be told or `force` is set. */
int xs_xsk_wake_rx(struct xs_xsk *x, bool force);

/* Takes back the frames that the kernel has sent. Returns how many. */
__u32 xs_xsk_reap(struct xs_xsk *x);

static inline struct xs_umem_frame *xs_xsk_frame(struct xs_xsk *x, __u64 addr)
{
	addr = xsk_umem__extract_addr(addr);
	return &x->frames[x->frame_shift >= 0 ? addr >> x->frame_shift : addr / x->frame_size];
}

static inline void *xs_xsk_data(const struct xs_xsk *x, __u64 addr)
{
	return x->umem + (x->unaligned ? xsk_umem__add_offset_to_addr(addr) : addr);
}

/* Where every frame is. If the first eight do not add up to total, it is a bug. */
struct xs_ledger {
	__u32 total;
	__u32 free;
	__u32 fill_ring; /* in the fill ring */
	__u32 kernel; /* taken from it: the kernel's cache, the NIC's ring, the RX ring */
	__u32 rx; /* held by the caller */
	__u32 tx_ring; /* not yet taken by the kernel */
	__u32 in_flight; /* taken, not completed */
	__u32 completed; /* in the completion ring */
	bool balanced; /* the states, the stack, the counts and the rings agree */
};
void xs_xsk_ledger(const struct xs_xsk *x, struct xs_ledger *ledger);

/* Reads XDP_STATISTICS. Fields that this kernel does not have are 0. 0 or -errno, silent. */
int xs_xsk_statistics(const struct xs_xsk *x, struct xdp_statistics *stats);
int xs_xsk_statistics_of(int fd, struct xdp_statistics *stats);

/* SO_INCOMING_NAPI_ID, which busy-polling polls; 0: nothing. */
__u32 xs_xsk_napi_id(struct xs_xsk *x);

/* Resets the busy-polling options. */
void xs_xsk_end_busy_poll(struct xs_xsk *x);

/* Reads SO_ERROR. -ENETDOWN: the interface is gone; 0: nothing is wrong. */
int xs_xsk_error(const struct xs_xsk *x);

#endif
