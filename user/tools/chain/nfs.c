// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The life of network functions, from connecting to their death; see nfs.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/clock.h"
#include "lib/base/listen.h"
#include "lib/base/number.h"
#include "nf_life.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define CHECK_NS 100000000ull
#define JOIN_SEC 5 /* whoever connects and says nothing would block others */
#define MSGS_A_TURN 16 /* of one NF, so that it does not keep the broker from the others */

/* The data of an epoll event: which NF, and which of its descriptors. */
enum { ON_FD, ON_PIDFD };
static const __u64 on_listening = ~0ull;

void xs_nfs_clear(struct xs_nfs *nfs)
{
	memset(nfs, 0, sizeof(*nfs));
	nfs->listening = nfs->epoll = -1;
	for (int i = 0; i < XS_NFS_MAX; i++)
		nfs->nfs[i].fd = nfs->nfs[i].pidfd = -1;
}

int xs_nfs_init(struct xs_nfs *nfs, struct xsteer_ctx *ctx, const struct xs_chains *chains)
{
	xs_nfs_clear(nfs);
	nfs->ctx = ctx;
	nfs->chains = chains;
	nfs->checked_ns = xs_monotonic_ns();
	nfs->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (nfs->epoll >= 0)
		return 0;
	xs_err(ctx, "cannot make an epoll: %s", strerror(errno));
	return -errno;
}

/* ---- coming ---- */

static int watch(const struct xs_nfs *nfs, int fd, const struct xs_nf *nf, int which)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.u64 = nf ? (__u64)(nf - nfs->nfs) << 1 | (__u64)which : on_listening;
	return epoll_ctl(nfs->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static struct xs_nf *free_place(struct xs_nfs *nfs)
{
	for (int i = 0; i < XS_NFS_MAX; i++)
		if (!xs_nf_is_there(&nfs->nfs[i]))
			return &nfs->nfs[i];
	return NULL;
}

/* Takes over fd and pidfd, and closes both on failure. */
static int add_nf(struct xs_nfs *nfs, int fd, int pidfd, pid_t pid, bool child)
{
	struct xs_nf *nf = free_place(nfs);

	if (!nf || pidfd < 0) {
		xs_warn(nfs->ctx, "process %d may not join: %s", pid,
			nf ? "it cannot be watched from here" : "there are too many already");
		nfs->refused++;
		close(fd);
		if (pidfd >= 0)
			close(pidfd);
		return -EAGAIN;
	}
	*nf = (struct xs_nf){ .fd = fd, .pidfd = pidfd, .pid = pid, .child = child };
	xs_nf_set_state(nfs, nf, XS_NF_new);
	if (!watch(nfs, fd, nf, ON_FD) && !watch(nfs, pidfd, nf, ON_PIDFD) && !xs_nf_greet(nf))
		return 0;
	xs_nf_forget(nfs, nf);
	return -EIO;
}

/* A handle of the process at the other end. Unlike a pid, it cannot mean another process later. */
static int peer_pidfd(int fd, pid_t *pid)
{
	struct ucred cred = {};
	socklen_t len = sizeof(cred);
	int pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -1;
	*pid = cred.pid;
	len = sizeof(pidfd);
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len))
		return pidfd;
	return (int)syscall(SYS_pidfd_open, cred.pid, 0); /* Linux before 6.5 */
}

static void accept_nfs(struct xs_nfs *nfs)
{
	pid_t pid = 0;
	int fd, pidfd;

	for (int i = 0; i < MSGS_A_TURN; i++) {
		fd = accept4(nfs->listening, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		pidfd = peer_pidfd(fd, &pid);
		add_nf(nfs, fd, pidfd, pid, false);
	}
}

int xs_nfs_adopt(struct xs_nfs *nfs, int fd, pid_t pid)
{
	int err = add_nf(nfs, fd, (int)syscall(SYS_pidfd_open, pid, 0), pid, true);

	if (err)
		xs_err(nfs->ctx, "process %d ended before it had joined", pid);
	return err;
}

int xs_nfs_listen(struct xs_nfs *nfs, const char *path, mode_t mode)
{
	int err;

	nfs->listening = xs_listen_at(nfs->ctx, path, mode);
	if (nfs->listening < 0) {
		err = nfs->listening;
		nfs->listening = -1;
		return err;
	}
	err = watch(nfs, nfs->listening, NULL, 0);
	if (!err) {
		snprintf(nfs->path, sizeof(nfs->path), "%s", path);
		return 0;
	}
	xs_err(nfs->ctx, "cannot wait for %s: %s", path, strerror(-err));
	close(nfs->listening);
	nfs->listening = -1;
	return err;
}

/* ---- what NFs say ---- */

static void begin_serving(struct xs_nfs *nfs, struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		int err;

		pthread_mutex_lock(&nfs->engines[q]->lock);
		err = xs_engine_add_port(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
		if (err) {
			xs_port_free(nf->ports[q]);
			nf->ports[q] = NULL;
		}
	}
	xs_nf_set_state(nfs, nf, XS_NF_serving);
	nfs->joined++;
	xs_nf_log(nfs, nf, XS_BROKER_nf_joined, 0, "");
	xs_info(nfs->ctx, "%s/%u joined (process %d)", xs_nf_name(nfs, nf), nf->instance, nf->pid);
}

/* Sends it to all instances that it is for. An instance that does not read loses it. */
static void pass_on(const struct xs_nfs *nfs, const struct xs_nf *from, struct xsnf_msg *msg)
{
	int service;
	__u32 instance = msg->text.instance;

	msg->text.service[XSNF_NAME_MAX - 1] = '\0';
	service = xs_chains_service(nfs->chains, msg->text.service);
	if (service < 0 || msg->text.len > XSNF_TEXT_MAX)
		return;
	strcpy(msg->text.service, xs_nf_name(nfs, from));
	msg->text.instance = from->instance;
	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *to = &nfs->nfs[i];

		if (xs_nf_is_there(to) && to != from && to->state == XS_NF_serving &&
		    to->service == (__u32)service && (!instance || to->instance == instance))
			xs_nf_send(to, msg);
	}
}

/* False: the NF must go. */
static bool hear(struct xs_nfs *nfs, struct xs_nf *nf, struct xsnf_msg *msg)
{
	switch (msg->type) {
	case XSNF_MSG_JOIN:
		if (nf->state != XS_NF_new || xs_nf_offer(nfs, nf, msg))
			return false;
		xs_nf_set_state(nfs, nf, XS_NF_offered);
		return true;
	case XSNF_MSG_READY:
		if (nf->state != XS_NF_offered)
			return false;
		begin_serving(nfs, nf);
		return true;
	case XSNF_MSG_LEAVE:
		xs_nf_begin_draining(nfs, nf);
		return true;
	case XSNF_MSG_BYE:
		return nf->state == XS_NF_stopping; /* it closes the connection itself */
	case XSNF_MSG_TEXT:
		if (nf->state == XS_NF_serving || nf->state == XS_NF_draining)
			pass_on(nfs, nf, msg);
		return true;
	default:
		return false;
	}
}

static void read_msgs(struct xs_nfs *nfs, struct xs_nf *nf)
{
	struct xsnf_msg msg;

	for (int i = 0; i < MSGS_A_TURN && nf->fd >= 0; i++) {
		/*
		 * Without room for descriptors, so that the kernel closes what an NF
		 * sends along.
		 */
		ssize_t len = recv(nf->fd, &msg, sizeof(msg), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len == sizeof(msg) && hear(nfs, nf, &msg))
			continue;
		xs_nf_hang_up(nfs, nf);
		return;
	}
}

static void handle(struct xs_nfs *nfs, __u64 what)
{
	struct xs_nf *nf;

	if (what == on_listening) {
		accept_nfs(nfs);
		return;
	}
	nf = &nfs->nfs[what >> 1];
	if (!xs_nf_is_there(nf))
		return;
	if ((what & 1) == ON_PIDFD)
		xs_nf_part(nfs, nf);
	else if (nf->fd >= 0)
		read_msgs(nfs, nf);
}

/*
 * ---- what is checked from time to time ----
 */

/* NULL, or what is wrong with a port in use. */
static const char *look_at_port(const struct xs_nfs *nfs, struct xs_engine *e, struct xs_port *port)
{
	const char *wrong = NULL;

	pthread_mutex_lock(&e->lock);
	if (xs_port_moved(port) || !port->held)
		port->moved_ns = nfs->checked_ns;
	if (port->bad)
		wrong = port->bad;
	else if (nfs->checked_ns - port->moved_ns > XS_STALL_MS * 1000000ull &&
		 nfs->checked_ns > port->moved_ns)
		wrong = "";
	pthread_mutex_unlock(&e->lock);
	return wrong;
}

static bool gets_nothing(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	bool nothing = true;

	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		nothing &= xs_engine_port_is_unused(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
	return nothing;
}

static void look_at_ports(struct xs_nfs *nfs, struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		const char *wrong = nf->ports[q] ? look_at_port(nfs, nfs->engines[q], nf->ports[q])
						 : NULL;

		if (!wrong)
			continue;
		if (wrong[0])
			nfs->cheated++;
		else
			nfs->stalled++;
		if (!wrong[0])
			wrong = "it held packets and did not move for 1.5 seconds";
		xs_warn(nfs->ctx, "%s/%u (process %d) is cut off: %s", xs_nf_name(nfs, nf),
			nf->instance, nf->pid, wrong);
		xs_nf_quarantine(nfs, nf, wrong);
		return;
	}
}

static void end_wait(struct xs_nfs *nfs, struct xs_nf *nf)
{
	char why[64];

	if (nfs->checked_ns - nf->since_ns <= JOIN_SEC * 1000000000ull)
		return;
	snprintf(why, sizeof(why), "it has not joined within %d seconds", JOIN_SEC);
	xs_warn(nfs->ctx, "process %d is sent away: %s", nf->pid, why);
	xs_nf_tell(nf, XSNF_MSG_ERROR, why);
	nfs->refused++;
	xs_nf_forget(nfs, nf);
}

static void look_at(struct xs_nfs *nfs, struct xs_nf *nf)
{
	switch (nf->state) {
	case XS_NF_new:
	case XS_NF_offered:
		end_wait(nfs, nf);
		return;
	case XS_NF_draining:
		if (gets_nothing(nfs, nf)) {
			xs_nf_tell(nf, XSNF_MSG_STOP, NULL);
			xs_nf_set_state(nfs, nf, XS_NF_stopping);
		}
		look_at_ports(nfs, nf);
		return;
	case XS_NF_serving:
	case XS_NF_stopping:
		look_at_ports(nfs, nf);
		return;
	case XS_NF_quarantined:
		return;
	}
}

void xs_nfs_poll(struct xs_nfs *nfs, __u64 now)
{
	struct epoll_event events[32];
	int cnt = epoll_wait(nfs->epoll, events, 32, 0);

	for (int i = 0; i < cnt; i++)
		handle(nfs, events[i].data.u64);
	if (now - nfs->checked_ns < CHECK_NS)
		return;
	nfs->checked_ns = now;
	for (int i = 0; i < XS_NFS_MAX; i++)
		if (xs_nf_is_there(&nfs->nfs[i]))
			look_at(nfs, &nfs->nfs[i]);
}

/* ---- all of them ---- */

__u32 xs_nfs_count(const struct xs_nfs *nfs, enum xs_nf_state state, int service)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++)
		cnt += xs_nf_is_there(&nfs->nfs[i]) && nfs->nfs[i].state == state &&
		       (service < 0 || nfs->nfs[i].service == (__u32)service);
	return cnt;
}

__u32 xs_nfs_present(const struct xs_nfs *nfs)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++)
		cnt += xs_nf_is_there(&nfs->nfs[i]);
	return cnt;
}

__u32 xs_nfs_drain(struct xs_nfs *nfs, int service, __u32 instance)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!xs_nf_is_there(nf) || nf->state != XS_NF_serving ||
		    (service >= 0 && nf->service != (__u32)service) ||
		    (instance && nf->instance != instance))
			continue;
		xs_nf_begin_draining(nfs, nf);
		cnt++;
	}
	return cnt;
}

void xs_nfs_free(struct xs_nfs *nfs)
{
	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!xs_nf_is_there(nf))
			continue;
		if (nf->child) {
			kill(nf->pid, SIGKILL);
			waitpid(nf->pid, NULL, 0);
			nf->child = false;
		}
		xs_nf_forget(nfs, nf);
	}
	if (nfs->listening >= 0) {
		close(nfs->listening);
		xs_listen_remove(nfs->path);
	}
	if (nfs->epoll >= 0)
		close(nfs->epoll);
	nfs->listening = nfs->epoll = -1;
}
