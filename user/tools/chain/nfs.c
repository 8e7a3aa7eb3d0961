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
#include "nfs.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define CHECK_NS 100000000ull
#define JOIN_SEC 5 /* whoever connects and says nothing would block others */
#define LAST_MS 50 /* the kernel closes a dying process's sockets before it reports its death */
#define MSGS_A_TURN 16 /* of one NF, so that it does not keep the broker from the others */

/* The data of an epoll event: which NF, and which of its descriptors. */
enum { ON_FD, ON_PIDFD };
static const __u64 on_listening = ~0ull;

static const char *name_of(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	return nf->state == XS_NF_new ? "?" : nfs->chains->services[nf->service].name;
}

static bool is_there(const struct xs_nf *nf)
{
	return nf->pidfd >= 0;
}

static void set_state(const struct xs_nfs *nfs, struct xs_nf *nf, enum xs_nf_state state)
{
	nf->state = state;
	nf->since_ns = nfs->checked_ns;
}

static void log_event(struct xs_nfs *nfs, const struct xs_nf *nf, enum xs_broker_event_kind kind,
		      __u32 frames, const char *why)
{
	struct xs_broker_event event = { .kind = kind, .frames = frames };

	snprintf(event.service, sizeof(event.service), "%s", name_of(nfs, nf));
	snprintf(event.why, sizeof(event.why), "%s", why);
	event.instance = nf->instance;
	event.pid = nf->pid;
	xs_event_log_add(&nfs->log, &event);
}

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

/* ---- the end of an NF ---- */

static bool has_served(const struct xs_nf *nf)
{
	return nf->state != XS_NF_new && nf->state != XS_NF_offered;
}

static void drop_ports(struct xs_nfs *nfs, struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		struct xs_port *port = nf->ports[q];

		nf->ports[q] = NULL;
		if (!port)
			continue;
		if (!has_served(nf)) {
			xs_port_free(port);
			continue;
		}
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_engine_reap_port(nfs->engines[q], port);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

static void forget(struct xs_nfs *nfs, struct xs_nf *nf)
{
	drop_ports(nfs, nf);
	if (nf->fd >= 0)
		close(nf->fd);
	close(nf->pidfd);
	if (nf->child)
		waitpid(nf->pid, NULL, WNOHANG);
	memset(nf, 0, sizeof(*nf));
	nf->fd = nf->pidfd = -1;
}

static bool is_dead(const struct xs_nf *nf, int wait_ms)
{
	struct pollfd poll_fd = { .fd = nf->pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, wait_ms) == 1;
}

/* What it had returned when its connection ended is not what it keeps, or died with. */
static void take_back(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_engine_take_back(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

static __u32 held_by(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	__u32 held = 0;

	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		held += nf->ports[q]->held;
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
	return held;
}

/* The NF is dead, or may be treated so since it holds nothing. */
static void part(struct xs_nfs *nfs, struct xs_nf *nf)
{
	bool served = has_served(nf);
	__u32 held = 0;

	if (served) {
		take_back(nfs, nf);
		held = held_by(nfs, nf);
	}
	if (nf->state == XS_NF_stopping) {
		nfs->left++;
		log_event(nfs, nf, XS_BROKER_nf_left, 0, "");
		xs_info(nfs->ctx, "%s/%u left (process %d)", name_of(nfs, nf), nf->instance,
			nf->pid);
	} else if (served) {
		nfs->died++;
		log_event(nfs, nf, XS_BROKER_nf_died, held, "");
		xs_warn(nfs->ctx, "%s/%u died (process %d) with %u frame%s", name_of(nfs, nf),
			nf->instance, nf->pid, held, xs_s(held));
	}
	forget(nfs, nf);
}

static void close_ports(struct xs_nfs *nfs, struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_engine_close_port(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

/* Until its death is certain its frames stay where they are: it may still write there. */
static void quarantine(struct xs_nfs *nfs, struct xs_nf *nf, const char *why)
{
	close_ports(nfs, nf);
	set_state(nfs, nf, XS_NF_quarantined);
	log_event(nfs, nf, XS_BROKER_nf_quarantined, 0, why);
	if (nf->fd >= 0) {
		xs_nf_tell(nf, XSNF_MSG_ERROR, why);
		close(nf->fd);
		nf->fd = -1;
	}
	if (syscall(SYS_pidfd_send_signal, nf->pidfd, SIGKILL, NULL, 0) && errno != ESRCH)
		xs_warn(nfs->ctx,
			"%s/%u (process %d) cannot be killed: %s; "
			"frames that stay unused until it is gone: %u",
			name_of(nfs, nf), nf->instance, nf->pid, strerror(errno), held_by(nfs, nf));
}

static void hang_up(struct xs_nfs *nfs, struct xs_nf *nf)
{
	if (has_served(nf))
		take_back(nfs, nf);
	if (!has_served(nf) || is_dead(nf, LAST_MS) || !held_by(nfs, nf)) {
		part(nfs, nf);
		return;
	}
	nfs->cheated++;
	xs_warn(nfs->ctx, "%s/%u (process %d) closed its connection and keeps %u frame%s",
		name_of(nfs, nf), nf->instance, nf->pid, held_by(nfs, nf), xs_s(held_by(nfs, nf)));
	quarantine(nfs, nf, "it closed its connection");
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
		if (!is_there(&nfs->nfs[i]))
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
	set_state(nfs, nf, XS_NF_new);
	if (!watch(nfs, fd, nf, ON_FD) && !watch(nfs, pidfd, nf, ON_PIDFD) && !xs_nf_greet(nf))
		return 0;
	forget(nfs, nf);
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
	set_state(nfs, nf, XS_NF_serving);
	nfs->joined++;
	log_event(nfs, nf, XS_BROKER_nf_joined, 0, "");
	xs_info(nfs->ctx, "%s/%u joined (process %d)", name_of(nfs, nf), nf->instance, nf->pid);
}

static void begin_draining(struct xs_nfs *nfs, struct xs_nf *nf)
{
	if (nf->state != XS_NF_serving)
		return;
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_engine_drain_port(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
	set_state(nfs, nf, XS_NF_draining);
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
	strcpy(msg->text.service, name_of(nfs, from));
	msg->text.instance = from->instance;
	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *to = &nfs->nfs[i];

		if (is_there(to) && to != from && to->state == XS_NF_serving &&
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
		set_state(nfs, nf, XS_NF_offered);
		return true;
	case XSNF_MSG_READY:
		if (nf->state != XS_NF_offered)
			return false;
		begin_serving(nfs, nf);
		return true;
	case XSNF_MSG_LEAVE:
		begin_draining(nfs, nf);
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
		hang_up(nfs, nf);
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
	if (!is_there(nf))
		return;
	if ((what & 1) == ON_PIDFD)
		part(nfs, nf);
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
		xs_warn(nfs->ctx, "%s/%u (process %d) is cut off: %s", name_of(nfs, nf),
			nf->instance, nf->pid, wrong);
		quarantine(nfs, nf, wrong);
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
	forget(nfs, nf);
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
			set_state(nfs, nf, XS_NF_stopping);
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
		if (is_there(&nfs->nfs[i]))
			look_at(nfs, &nfs->nfs[i]);
}

/* ---- all of them ---- */

__u32 xs_nfs_count(const struct xs_nfs *nfs, enum xs_nf_state state, int service)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++)
		cnt += is_there(&nfs->nfs[i]) && nfs->nfs[i].state == state &&
		       (service < 0 || nfs->nfs[i].service == (__u32)service);
	return cnt;
}

__u32 xs_nfs_present(const struct xs_nfs *nfs)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++)
		cnt += is_there(&nfs->nfs[i]);
	return cnt;
}

__u32 xs_nfs_drain(struct xs_nfs *nfs, int service, __u32 instance)
{
	__u32 cnt = 0;

	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!is_there(nf) || nf->state != XS_NF_serving ||
		    (service >= 0 && nf->service != (__u32)service) ||
		    (instance && nf->instance != instance))
			continue;
		begin_draining(nfs, nf);
		cnt++;
	}
	return cnt;
}

/* ---- another version of the chains ---- */

/* What cannot change for an NF: which memory it maps, and the size of its rings. */
static bool is_same_kind(const struct xs_service *now, const struct xs_service *next)
{
	return now->readonly == next->readonly && now->tap == next->tap &&
	       now->ring == next->ring && !strcmp(now->domain, next->domain);
}

bool xs_nfs_may_apply(const struct xs_nfs *nfs, const struct xs_chains *chains, char *why,
		      size_t why_bytes)
{
	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *nf = &nfs->nfs[i];

		if (!is_there(nf) || nf->state == XS_NF_new ||
		    is_same_kind(&nfs->chains->services[nf->service],
				 &chains->services[nf->service]))
			continue;
		snprintf(why, why_bytes,
			 "service %s has other memory or rings in the file, "
			 "and processes that use them: drain it first",
			 name_of(nfs, nf));
		return false;
	}
	return true;
}

static bool is_in_a_chain(const struct xs_chains *chains, __u32 service)
{
	for (__u32 c = 0; c < chains->chain_cnt; c++) {
		const struct xs_chain *chain = &chains->chains[c];

		if (xs_chain_step_of(chain, service) >= 0)
			return true;
		for (__u32 t = 0; t < chain->tap_cnt; t++)
			if (chain->taps[t].service == service)
				return true;
	}
	return false;
}

static void rebind_exits(struct xs_nfs *nfs, const struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_nf_bind_exits(nf, &nfs->chains->services[nf->service], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

void xs_nfs_apply(struct xs_nfs *nfs, const struct xs_chains *chains)
{
	nfs->chains = chains;
	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!is_there(nf) || nf->state == XS_NF_new)
			continue;
		rebind_exits(nfs, nf);
		if (!is_in_a_chain(chains, nf->service))
			begin_draining(nfs, nf);
	}
}

void xs_nfs_free(struct xs_nfs *nfs)
{
	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!is_there(nf))
			continue;
		if (nf->child) {
			kill(nf->pid, SIGKILL);
			waitpid(nf->pid, NULL, 0);
			nf->child = false;
		}
		forget(nfs, nf);
	}
	if (nfs->listening >= 0) {
		close(nfs->listening);
		xs_listen_remove(nfs->path);
	}
	if (nfs->epoll >= 0)
		close(nfs->epoll);
	nfs->listening = nfs->epoll = -1;
}
