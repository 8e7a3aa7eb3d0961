/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the parts of the bouncer share: its options, where its frames are
 * steered from, and its workers.
 *
 *   opts.c    the command line
 *   steer.c   instance, object or map: who sends frames to the sockets
 *   object.c  -f: a program of the user's own
 *   worker.c  one thread a queue: RX -> action -> TX
 *   action.c  what is done to a packet on its way
 *   stats.c   text and JSON
 *   busy.c    --busy-poll: the interface's side of it
 *   sysfs.c   files of /sys/class/net
 *   watch.c   the interface: up, down, gone; who else has sockets
 *   bouncer.c         set-up, signals and timers, shutdown
 *
 * Threads: each worker owns its socket, rings, UMEM and counters. The main
 * thread owns everything else, and reads counters by relaxed loads.
 */
#ifndef XS_BOUNCER_H
#define XS_BOUNCER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

#include "tools/cli/cli.h"
#include "lib/instance/instance.h"
#include "latency.h"
#include "lib/net/netif.h"
#include "lib/instance/pins.h"
#include "lib/xsk/xsk.h"

#define XS_QUEUES_MAX 1024

/*
 * What can be done to each packet before it goes back, in the order in which it
 * is done: name, long option, help. A new one is a row here and a function of
 * that name in action.c; docs/architecture.md, "How to add".
 */
#define XS_BOUNCER_ACTIONS(X) \
	X(drop, "drop", "send nothing back") \
	X(echo, "echo", "answer ICMP and ICMPv6 echo requests") \
	X(swap_ip, "swap-ip", "exchange the IP addresses, and the ports") \
	X(swap_mac, "swap-mac", "exchange the MAC addresses")

#define XS_ACTION_INDEX(name, option, help) XS_ACTION_INDEX_##name,
enum { XS_BOUNCER_ACTIONS(XS_ACTION_INDEX) XS_ACTION_CNT };
#define XS_ACTION_BIT(name, option, help) XS_ACTION_##name = 1 << XS_ACTION_INDEX_##name,
enum { XS_BOUNCER_ACTIONS(XS_ACTION_BIT) };

struct xs_bouncer_opts {
	const char *ifname;
	const char *queue_text; /* "0", "0-3", "all" */
	__u32 queues[XS_QUEUES_MAX];
	__u32 queue_cnt;
	enum xs_mode mode;
	enum xs_xsk_mode want;
	const char *object, *section;
	const char *xskmap, *uds;
	int map_fd; /* -1: none */
	bool periodic; /* statistics every interval without -v */
	bool verbose, poll, adaptive, latency;
	bool huge, unaligned;
	__u64 duration_ns; /* 0: until a signal */
	__u64 limit; /* packets; 0: none */
	__u64 interval_ns;
	__u32 batch;
	__u32 frames, frame_size, headroom, ring; /* 0: chosen */
	__u32 busy_poll; /* budget; 0: off */
	__u32 actions; /* enum xs_action_bit */
	__u32 cpus[XS_QUEUES_MAX];
	__u32 cpu_cnt; /* 0: wherever the scheduler likes */
};

extern const struct xs_opt xs_bouncer_opt_table[];
void xs_bouncer_opts_init(struct xs_bouncer_opts *opts);

/* What the table cannot say: options that exclude each other. 0, or xs_usage()'s. */
int xs_bouncer_opts_check(struct xs_cli *cli, const struct xs_bouncer_opts *opts);

/* The queues meant, compared with what the interface has. 0 or -errno, logged. */
int xs_bouncer_opts_queues(struct xs_cli *cli, struct xs_bouncer_opts *opts,
			   const struct xs_netif *netif);

/* Who sends frames to the sockets. */
struct xs_steer {
	struct xs_cli *cli;
	enum {
		XS_STEER_none,
		XS_STEER_instance, /* xsteer's, joined or attached */
		XS_STEER_object, /* -f */
		XS_STEER_map, /* --xskmap, --map-fd, --uds */
	} kind;
	const struct xs_bouncer_opts *opts;
	struct xs_pins pins;
	struct bpf_object *object;
	int link_fd; /* of object's program */
	int map_fd; /* xsks_map */
	int lock; /* on the pin root, from joining to settling; -1 */
	__u32 map_id, slots;
	char mode[16]; /* how the program is attached; "" unknown */
	bool attached; /* by this process */
	bool claimed[XS_QUEUES_MAX]; /* owners row is ours, by index into opts->queues */
	bool inserted[XS_QUEUES_MAX]; /* slot is ours */
};

/*
 * Joins what is there or attaches what is asked for, once nobody who lives owns
 * a slot of opts->queues. Joining needs no capability, only the pins;
 * attaching needs CAP_BPF and CAP_NET_ADMIN. Of an instance it holds the lock
 * until xs_steer_settle(). 0 or -errno, logged; either way xs_steer_close()
 * undoes it.
 */
int xs_steer_open(struct xs_cli *cli, struct xs_steer *steer, const struct xs_bouncer_opts *opts,
		  const struct xs_netif *netif);

/*
 * Puts the socket into its slot, from now on frames arrive; and its owner into
 * `owners`. 0 or -errno, logged.
 */
int xs_steer_insert(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk);

/* All sockets are in their slots: lets go of the lock. */
void xs_steer_settle(struct xs_steer *steer);

/*
 * Whether the instance was detached, or another one took its place: then no frame
 * comes any more, for as long as the sockets live. True for a moment while an
 * instance is being replaced, so ask twice.
 */
bool xs_steer_lost(const struct xs_steer *steer, __u32 ifindex);

/* Takes all sockets out of their slots: no frame is steered here any more. */
void xs_steer_remove(struct xs_steer *steer);

/* Gives the claims up; the last automatic owner of an instance takes it away. */
void xs_steer_close(struct xs_steer *steer);

/* -f: loads and attaches the user's program and finds its xsks_map. */
int xs_object_open(struct xs_steer *steer, const struct xs_netif *netif);
void xs_object_close(struct xs_steer *steer);

/* --uds: asks a device plugin for the XSKMAP of `ifname`. A descriptor, or -errno, logged. */
int xs_uds_map(struct xs_cli *cli, const char *path, const char *ifname);

/*
 * The packet's new contents, in place: `len` bytes of its first frame. False:
 * the packet is not to be sent.
 */
bool xs_action_apply(__u32 actions, void *data, __u32 len);

enum xs_phase {
	XS_PHASE_run,
	XS_PHASE_drain, /* bounce what has arrived, then stop */
	XS_PHASE_discard, /* throw away what has arrived, then stop */
};

struct xs_bouncer;

struct xs_worker {
	struct xsteer_ctx *ctx; /* of its thread alone */
	struct xs_bouncer *bouncer;
	__u32 queue;
	int cpu; /* -1: any */
	struct xs_xsk xsk;
	struct xs_latency latency;
	pthread_t thread;
	bool started;
	int wake_fd; /* eventfd: out of poll() */
	/* written by the worker, read by any */
	__u64 stalls; /* TX that did not move until it was forced */
	__u64 late; /* packets that came after the limit, thrown away */
	__u64 sleeps;
	int err; /* why it ended early; 0 */
	bool done;
	/* the worker's own */
	struct xdp_desc descs[XS_XSK_BATCH_MAX + 2 * XS_XSK_FRAGS_MAX];
	__u32 held; /* descs of a packet whose end has not come yet */
	bool skipping; /* the packet coming in is too long: throw it away */
	bool net_down;
	__u32 unbound; /* how often in a row the kernel said so */
	bool busy; /* polls the NIC in its system calls */
	bool busy_later; /* would, but its NAPI is not known yet */
	__u32 tx_seen; /* where TX and completions were when they last moved */
	__u64 tx_moved_ns;
	__u64 active_ns; /* when it last had work */
};

#define XS_BUSY_KNOBS 2

/* What --busy-poll changed of the interface, to be put back. */
struct xs_busy {
	bool wanted; /* by a socket that may poll, now or when its NAPI is known */
	bool tried;
	bool turned[XS_BUSY_KNOBS];
	char old[XS_BUSY_KNOBS][32];
};

struct xs_bouncer {
	struct xs_cli *cli;
	struct xs_bouncer_opts opts;
	struct xs_netif netif;
	struct xs_steer steer;
	struct xs_busy busy;
	struct xs_worker *workers;
	__u32 worker_cnt;
	int done_fd; /* eventfd: a worker has something to say */
	/* shared with the workers, by atomics */
	enum xs_phase phase;
	bool link_up;
	__u64 claimed; /* packets of the limit that a worker has taken on */
	__u64 received; /* of those, in fact received */
	/* the main thread's */
	__u64 start_ns, last_ns;
	struct xs_xsk_counters last; /* at the last interval */
	__u32 lost_cnt; /* checks in a row that found the instance gone */
	const char *why; /* it stopped */
};

__u64 xs_now_ns(void); /* CLOCK_MONOTONIC */

int xs_worker_start(struct xs_worker *worker); /* 0 or -errno, logged */
void xs_worker_wake(struct xs_worker *worker);

/* Everything a reader of statistics wants, summed or for one worker. */
struct xs_totals {
	struct xs_xsk_counters xsk;
	struct xdp_statistics kernel;
	__u64 rx_other; /* kernel.rx_dropped less what kernel.rx_fill_ring_empty_descs has */
	__u64 stalls, late, sleeps;
};
void xs_totals_get(struct xs_totals *totals, const struct xs_worker *worker);

/* All return 0, or -errno if stdout is gone. */
int xs_stats_start(const struct xs_bouncer *bouncer);
int xs_stats_interval(struct xs_bouncer *bouncer);
int xs_stats_final(const struct xs_bouncer *bouncer);

/*
 * The ledger of every worker: 0, or -EUCLEAN if a frame is not where it was
 * left, which is logged.
 */
int xs_stats_audit(const struct xs_bouncer *bouncer);

/*
 * Files of /sys/class/net/IFNAME. 0 or -errno, silent. First ask whether they are
 * of our network namespace. The node is -1 where there is none, or it is unknown.
 */
bool xs_sysfs_is_ours(const struct xs_netif *netif);
int xs_sysfs_read(const char *ifname, const char *file, char *text, size_t len);
int xs_sysfs_write(const char *ifname, const char *file, const char *text);
int xs_sysfs_numa_node(const struct xs_netif *netif);
/*
 * Transmit queues that sockets may use: fewer than ethtool's channels where the
 * driver keeps some for XDP_TX and redirects (virtio_net). 0: not told.
 */
__u32 xs_sysfs_tx_queues(const struct xs_netif *netif);

/*
 * Says of each open socket whether busy-polling does anything, and turns the
 * interface's knobs if so. Needs CAP_NET_ADMIN, then and when stopping.
 */
void xs_busy_start(struct xs_busy *busy, struct xs_bouncer *bouncer);
void xs_busy_update(struct xs_busy *busy, const struct xs_bouncer *bouncer);

/* By a worker with busy_later, once it has received: some kernels name the NAPI only then. */
void xs_busy_recheck(struct xs_worker *worker);
void xs_busy_stop(struct xs_cli *cli, struct xs_busy *busy, const struct xs_netif *netif);

/*
 * What happens to the interface. A descriptor that is readable when something
 * has, or -errno, logged.
 */
int xs_watch_open(struct xs_cli *cli);

enum xs_link_state {
	XS_LINK_same,
	XS_LINK_up,
	XS_LINK_down,
	XS_LINK_gone, /* deleted, or moved to another namespace */
};

/* Reads what there is and says where `ifindex` stands after it. Never blocks. */
enum xs_link_state xs_watch_read(struct xs_cli *cli, int fd, __u32 ifindex);

/*
 * Which processes hold AF_XDP sockets in this network namespace, as "pid 12
 * (xdpsock), ..."; the kernel tells no more. Needs CAP_SYS_PTRACE to see other
 * users'. "" if none is seen.
 */
void xs_holders(char *text, size_t len);

#endif
