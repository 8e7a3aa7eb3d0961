/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The network functions of a broker: processes that come by a UNIX socket, join with
 * ports, and leave, die, get stuck or cheat. One thread calls these functions; they take
 * the engines' locks, and never block longer than said.
 */
#ifndef XS_CHAIN_NFS_H
#define XS_CHAIN_NFS_H

#include <sys/types.h>

#include "engine.h"
#include "lib/base/ctx.h"

#define XS_NFS_MAX 256
#define XS_STALL_MS 1500 /* an honest NF turns its loop three times in this */

enum xs_nf_state {
	XS_NF_new, /* connected: it has not joined */
	XS_NF_offered, /* it has its ports, and did not say that it is ready */
	XS_NF_serving,
	XS_NF_draining, /* its flows move away */
	XS_NF_stopping, /* it was told to give back what it keeps, and go */
	XS_NF_quarantined, /* cut off, but not known to be dead: it may write where it could */
};

struct xs_nf {
	enum xs_nf_state state;
	int fd; /* to it; -1: closed */
	int pidfd;
	pid_t pid;
	bool child; /* of ours: to be waited for */
	__u64 since_ns; /* in this state */
	__u32 service, instance;
	struct xs_port *ports[XSNF_PORTS_MAX]; /* one an engine; ours until the engine has it */
};

struct xs_nfs {
	struct xsteer_ctx *ctx;
	const struct xs_chains *chains;
	struct xs_engine *engines[XSNF_PORTS_MAX];
	const struct xs_memory *memories[XSNF_PORTS_MAX]; /* the frames of each */
	__u32 engine_cnt;
	int epoll;
	int listening; /* -1: nobody but who is adopted */
	struct xs_nf nfs[XS_NFS_MAX]; /* fd and pidfd -1: free */
	__u64 checked_ns;
	__u64 joined, left, died, stalled, cheated, refused; /* NFs, in the broker's life */
};

/* For xs_nfs_free() before xs_nfs_init(). */
void xs_nfs_clear(struct xs_nfs *nfs);
/* Clears *nfs and makes its epoll. The engines are added by the caller. 0 or -errno, logged. */
int xs_nfs_init(struct xs_nfs *nfs, struct xsteer_ctx *ctx, const struct xs_chains *chains);
/* Kills children that still live, and closes everything. The ports are the engines'. */
void xs_nfs_free(struct xs_nfs *nfs);

/*
 * Listens at the path, which must not exist, or be a socket that nobody serves. 0 or
 * -errno, logged.
 */
int xs_nfs_listen(struct xs_nfs *nfs, const char *path, mode_t mode);

/* An NF that is a child of ours, at the other end of fd, which becomes ours. 0 or -errno, logged. */
int xs_nfs_adopt(struct xs_nfs *nfs, int fd, pid_t pid);

/*
 * Handles what has come, and looks, ten times a second, for what is stuck or has been
 * drained. Does not block, but up to 50 ms for an NF that hangs up to be dead.
 */
void xs_nfs_poll(struct xs_nfs *nfs, __u64 now_ns);

/* NFs in the state, of one service (-1: of any). */
__u32 xs_nfs_count(const struct xs_nfs *nfs, enum xs_nf_state state, int service);
/* NFs that are there in any state. */
__u32 xs_nfs_present(const struct xs_nfs *nfs);

/* Begins to drain an instance (0: all) of a service (-1: of any); how many. */
__u32 xs_nfs_drain(struct xs_nfs *nfs, int service, __u32 instance);

/* ---- join.c ---- */

/* Says which protocol is spoken here. 0 or -errno. */
int xs_nf_greet(const struct xs_nf *nf);
/* Its JOIN: ports are made and sent. 0; -errno, and the NF was told why. */
int xs_nf_offer(struct xs_nfs *nfs, struct xs_nf *nf, const struct xsnf_msg *msg);
/* Sends a message without a body, or with the words of an error. 0 or -errno; silent. */
int xs_nf_tell(const struct xs_nf *nf, __u32 type, const char *error);
int xs_nf_send(const struct xs_nf *nf, const struct xsnf_msg *msg);

#endif
