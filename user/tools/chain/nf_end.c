// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How a network function ends: it leaves, dies, hangs up, or is cut off; see nf_life.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/number.h"
#include "nf_life.h"

#define LAST_MS 50 /* the kernel closes a dying process's sockets before it reports its death */

void xs_nf_log(struct xs_nfs *nfs, const struct xs_nf *nf, enum xs_broker_event_kind kind,
	       __u32 frames, const char *why)
{
	struct xs_broker_event event = { .kind = kind, .frames = frames };

	snprintf(event.service, sizeof(event.service), "%s", xs_nf_name(nfs, nf));
	snprintf(event.why, sizeof(event.why), "%s", why);
	event.instance = nf->instance;
	event.pid = nf->pid;
	xs_event_log_add(&nfs->log, &event);
}

/* Calls `act` for each port that the NF has, with the lock of its engine. */
static void for_each_port(const struct xs_nfs *nfs, const struct xs_nf *nf,
			  void (*act)(struct xs_engine *e, struct xs_port *port))
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		act(nfs->engines[q], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

void xs_nf_begin_draining(struct xs_nfs *nfs, struct xs_nf *nf)
{
	if (nf->state != XS_NF_serving)
		return;
	for_each_port(nfs, nf, xs_engine_drain_port);
	xs_nf_set_state(nfs, nf, XS_NF_draining);
}

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

void xs_nf_forget(struct xs_nfs *nfs, struct xs_nf *nf)
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
void xs_nf_part(struct xs_nfs *nfs, struct xs_nf *nf)
{
	bool served = has_served(nf);
	__u32 held = 0;

	/* What it had returned when its connection ended is not what it keeps, or died with. */
	if (served) {
		for_each_port(nfs, nf, xs_engine_take_back);
		held = held_by(nfs, nf);
	}
	if (nf->state == XS_NF_stopping) {
		nfs->left++;
		xs_nf_log(nfs, nf, XS_BROKER_nf_left, 0, "");
		xs_info(nfs->ctx, "%s/%u left (process %d)", xs_nf_name(nfs, nf), nf->instance,
			nf->pid);
	} else if (served) {
		nfs->died++;
		xs_nf_log(nfs, nf, XS_BROKER_nf_died, held, "");
		xs_warn(nfs->ctx, "%s/%u died (process %d) with %u frame%s", xs_nf_name(nfs, nf),
			nf->instance, nf->pid, held, xs_s(held));
	}
	xs_nf_forget(nfs, nf);
}

/* Until its death is certain its frames stay where they are: it may still write there. */
void xs_nf_quarantine(struct xs_nfs *nfs, struct xs_nf *nf, const char *why)
{
	for_each_port(nfs, nf, xs_engine_close_port);
	xs_nf_set_state(nfs, nf, XS_NF_quarantined);
	xs_nf_log(nfs, nf, XS_BROKER_nf_quarantined, 0, why);
	if (nf->fd >= 0) {
		xs_nf_tell(nf, XSNF_MSG_ERROR, why);
		close(nf->fd);
		nf->fd = -1;
	}
	if (syscall(SYS_pidfd_send_signal, nf->pidfd, SIGKILL, NULL, 0) && errno != ESRCH)
		xs_warn(nfs->ctx,
			"%s/%u (process %d) cannot be killed: %s; "
			"frames that stay unused until it is gone: %u",
			xs_nf_name(nfs, nf), nf->instance, nf->pid, strerror(errno),
			held_by(nfs, nf));
}

void xs_nf_hang_up(struct xs_nfs *nfs, struct xs_nf *nf)
{
	if (has_served(nf))
		for_each_port(nfs, nf, xs_engine_take_back);
	if (!has_served(nf) || is_dead(nf, LAST_MS) || !held_by(nfs, nf)) {
		xs_nf_part(nfs, nf);
		return;
	}
	nfs->cheated++;
	xs_warn(nfs->ctx, "%s/%u (process %d) closed its connection and keeps %u frame%s",
		xs_nf_name(nfs, nf), nf->instance, nf->pid, held_by(nfs, nf),
		xs_s(held_by(nfs, nf)));
	xs_nf_quarantine(nfs, nf, "it closed its connection");
}
