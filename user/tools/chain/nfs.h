/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The network functions of a broker: processes that connect by a UNIX socket, join with
 * ports, and leave, die, get stuck or cheat. One thread calls these functions. They
 * take the engines' locks, and never block longer than they say.
 */
#ifndef XS_CHAIN_NFS_H
#define XS_CHAIN_NFS_H

#include <sys/types.h>

#include "engine.h"
#include "event_log.h"
#include "lib/base/ctx.h"

#define XS_NFS_MAX 256
#define XS_STALL_MS 1500 /* an honest NF turns its loop three times within this */

enum xs_nf_state {
	XS_NF_new, /* connected, not joined yet */
	XS_NF_offered, /* it got its ports, but has not said that it is ready */
	XS_NF_serving,
	XS_NF_draining, /* its flows move away */
	XS_NF_stopping, /* it was told to give back what it keeps, and leave */
	XS_NF_quarantined, /* cut off, but perhaps not dead: it may still write to its memories */
};

struct xs_nf {
	enum xs_nf_state state;
	int fd; /* to it; -1: closed */
	int pidfd;
	pid_t pid;
	bool child; /* our child: to be waited for */
	__u64 since_ns; /* when it got into this state */
	__u32 service, instance;
	__u32 exit_cnt;
	char exits[XSNF_EXITS_MAX][XSNF_NAME_MAX]; /* that it named when it joined */
	struct xs_port *ports[XSNF_PORTS_MAX]; /* for each engine; ours until it takes it over */
};

struct xs_nfs {
	struct xsteer_ctx *ctx;
	const struct xs_chains *chains;
	struct xs_engine *engines[XSNF_PORTS_MAX];
	const struct xs_memory *memories[XSNF_PORTS_MAX]; /* the frames of each engine */
	__u32 engine_cnt;
	int epoll;
	int listening; /* -1: only adopted NFs */
	char path[108]; /* of that socket */
	struct xs_nf nfs[XS_NFS_MAX]; /* fd and pidfd -1: free */
	__u64 checked_ns;
	__u64 joined, left, died, stalled, cheated, refused; /* NFs since the broker started */
	struct xs_event_log log;
};

/* Makes xs_nfs_free() safe before xs_nfs_init(). */
void xs_nfs_clear(struct xs_nfs *nfs);
/* Clears *nfs and makes its epoll. The caller adds the engines. 0 or -errno, logged. */
int xs_nfs_init(struct xs_nfs *nfs, struct xsteer_ctx *ctx, const struct xs_chains *chains);
/*
 * Kills children that are still alive, closes everything, and removes the socket. The
 * engines free the ports. Calling it again does nothing.
 */
void xs_nfs_free(struct xs_nfs *nfs);

/*
 * Listens at the path, which must not exist or be a socket that nobody serves. 0 or
 * -errno, logged.
 */
int xs_nfs_listen(struct xs_nfs *nfs, const char *path, mode_t mode);

/* Adds an NF that is our child, at the other end of fd. Takes over fd. 0 or -errno, logged. */
int xs_nfs_adopt(struct xs_nfs *nfs, int fd, pid_t pid);

/*
 * Handles what has arrived. Ten times a second looks for NFs that are stuck or drained.
 * Does not block, except up to 50 ms for an NF that closed its connection to be dead.
 */
void xs_nfs_poll(struct xs_nfs *nfs, __u64 now_ns);

/* Number of NFs in the state, of one service (-1: of any). */
__u32 xs_nfs_count(const struct xs_nfs *nfs, enum xs_nf_state state, int service);
/* Number of NFs that are there, in any state. */
__u32 xs_nfs_present(const struct xs_nfs *nfs);

/* Begins to drain an instance (0: all) of a service (-1: any). Returns how many. */
__u32 xs_nfs_drain(struct xs_nfs *nfs, int service, __u32 instance);

/*
 * Can the NFs that are there go on with another version of the chains? They can if their
 * services have the same memory and rings. If not, writes the reason to `why`.
 */
bool xs_nfs_may_apply(const struct xs_nfs *nfs, const struct xs_chains *chains, char *why,
		      size_t why_bytes);
/* Call it after xs_engine_apply(). Binds exits again, and drains NFs whose service is in no chain. */
void xs_nfs_apply(struct xs_nfs *nfs, const struct xs_chains *chains);

/* ---- join.c ---- */

/* Finds the service's exit for each exit of the NF. */
void xs_nf_bind_exits(const struct xs_nf *nf, const struct xs_service *service,
		      struct xs_port *port);

/* Sends the protocol versions that the broker speaks. 0 or -errno. */
int xs_nf_greet(const struct xs_nf *nf);
/* Handles JOIN: makes the ports and sends them. 0; or -errno, and the NF was told why. */
int xs_nf_offer(struct xs_nfs *nfs, struct xs_nf *nf, const struct xsnf_msg *msg);
/* Sends a message without a body, or with an error text. 0 or -errno, silently. */
int xs_nf_tell(const struct xs_nf *nf, __u32 type, const char *error);
int xs_nf_send(const struct xs_nf *nf, const struct xsnf_msg *msg);

#endif
