// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A network function joins: checks what it offers, and gives it its ports. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "lib/base/passfd.h"
#include "nfs.h"

int xs_nf_send(const struct xs_nf *nf, const struct xsnf_msg *msg)
{
	ssize_t len = send(nf->fd, msg, sizeof(*msg), MSG_DONTWAIT | MSG_NOSIGNAL);

	return len == sizeof(*msg) ? 0 : -errno;
}

int xs_nf_tell(const struct xs_nf *nf, __u32 type, const char *error)
{
	struct xsnf_msg msg = { .type = type, .abi = XSNF_ABI };

	if (error)
		snprintf(msg.error, sizeof(msg.error), "%s", error);
	return xs_nf_send(nf, &msg);
}

int xs_nf_greet(const struct xs_nf *nf)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_HELLO,
				.abi = XSNF_ABI,
				.hello.abi_min = XSNF_ABI_MIN };

	return xs_nf_send(nf, &msg);
}

/*
 * The descriptor by which the NF maps the frames: its copies, or all frames, to read or
 * to write.
 */
static int frames_fd(const struct xs_nfs *nfs, const struct xs_port *port, __u32 queue,
		     __u64 *bytes)
{
	const struct xs_memory *memory = port->frames ? &port->own : nfs->memories[queue];

	*bytes = memory->bytes;
	if (port->readonly || port->tap)
		return xs_memory_readonly_fd(memory);
	return dup(memory->fd);
}

static int send_port(const struct xs_nfs *nfs, const struct xs_nf *nf, struct xs_port *port,
		     __u32 queue)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_PORT, .abi = XSNF_ABI };
	int fds[XSNF_FD_MAX], err = -EMFILE;

	msg.port.index = queue;
	msg.port.cnt = nfs->engine_cnt;
	msg.port.b2n_bytes = port->b2n_memory.bytes;
	msg.port.n2b_bytes = port->n2b_memory.bytes;
	fds[XSNF_FD_FRAMES] = frames_fd(nfs, port, queue, &msg.port.frames_bytes);
	fds[XSNF_FD_B2N] = xs_memory_readonly_fd(&port->b2n_memory);
	fds[XSNF_FD_N2B] = port->n2b_memory.fd;
	fds[XSNF_FD_WAKE] = port->nf_wake;
	if (fds[XSNF_FD_FRAMES] >= 0 && fds[XSNF_FD_B2N] >= 0)
		err = xs_send_with_fds(nf->fd, &msg, sizeof(msg), fds, XSNF_FD_MAX);
	if (fds[XSNF_FD_FRAMES] >= 0)
		close(fds[XSNF_FD_FRAMES]);
	if (fds[XSNF_FD_B2N] >= 0)
		close(fds[XSNF_FD_B2N]);
	close(port->nf_wake);
	port->nf_wake = -1;
	return err;
}

void xs_nf_bind_exits(const struct xs_nf *nf, const struct xs_service *service,
		      struct xs_port *port)
{
	port->exit_cnt = nf->exit_cnt;
	for (__u32 i = 0; i < nf->exit_cnt; i++)
		port->exit_of[i] = (__s8)xs_service_exit(service, nf->exits[i]);
}

/* Once for a service. */
static void warn_of_exits(const struct xs_nfs *nfs, const struct xs_nf *nf,
			  const struct xs_service *service)
{
	for (__u32 i = 0; nf->instance == 1 && i < nf->exit_cnt; i++)
		if (xs_service_exit(service, nf->exits[i]) < 0)
			xs_warn(nfs->ctx,
				"service %s: exit '%s' leads nowhere: "
				"frames that leave by it are dropped as unbound; "
				"'on %s.%s drop' says that it is meant",
				service->name, nf->exits[i], service->name, nf->exits[i]);
}

static int make_ports(struct xs_nfs *nfs, struct xs_nf *nf, bool multi)
{
	const struct xs_service *service = &nfs->chains->services[nf->service];

	warn_of_exits(nfs, nf, service);
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		const struct xs_port_config config = {
			.service = service,
			.service_index = nf->service,
			.instance = nf->instance,
			.queue = q,
			.frame_cnt = nfs->engines[q]->frame_cnt,
			.frame_size = nfs->engines[q]->frame_size,
			.headroom = nfs->engines[q]->headroom,
			.multi = multi,
		};
		int err = xs_port_make(&nf->ports[q], &config);

		if (err)
			return err;
		xs_nf_bind_exits(nf, service, nf->ports[q]);
		err = send_port(nfs, nf, nf->ports[q], q);
		if (err)
			return err;
	}
	return 0;
}

/* The lowest number that no NF of the service has; 0: the service has all that it may have. */
static __u32 free_instance(const struct xs_nfs *nfs, __u32 service)
{
	bool taken[XS_INSTANCES_MAX + 1] = {};

	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *nf = &nfs->nfs[i];

		if (nf->pidfd >= 0 && nf->state != XS_NF_new && nf->service == service &&
		    nf->instance <= XS_INSTANCES_MAX)
			taken[nf->instance] = true;
	}
	for (__u32 n = 1; n <= nfs->chains->services[service].instances; n++)
		if (!taken[n])
			return n;
	return 0;
}

/* Whether a text from another process is terminated and safe to show on a terminal. */
static bool is_plain(const char name[XSNF_NAME_MAX])
{
	size_t len = strnlen(name, XSNF_NAME_MAX);

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len && len < XSNF_NAME_MAX;
}

static bool join_is_sound(const struct xsnf_msg *msg)
{
	if (msg->join.exit_cnt > XSNF_EXITS_MAX || !is_plain(msg->join.service))
		return false;
	for (__u32 i = 0; i < msg->join.exit_cnt; i++)
		if (!is_plain(msg->join.exits[i]))
			return false;
	return true;
}

static int refuse(struct xs_nfs *nfs, const struct xs_nf *nf, const char *why)
{
	xs_warn(nfs->ctx, "process %d may not join: %s", nf->pid, why);
	xs_nf_tell(nf, XSNF_MSG_ERROR, why);
	nfs->refused++;
	return -EPROTO;
}

int xs_nf_offer(struct xs_nfs *nfs, struct xs_nf *nf, const struct xsnf_msg *msg)
{
	char why[160];
	int service;

	if (msg->abi < XSNF_ABI_MIN || msg->abi > XSNF_ABI)
		return refuse(nfs, nf, "it speaks another version of the protocol");
	if (!join_is_sound(msg))
		return refuse(nfs, nf, "its message makes no sense");
	service = xs_chains_service(nfs->chains, msg->join.service);
	if (service < 0) {
		snprintf(why, sizeof(why), "there is no service '%s' in the chain file",
			 msg->join.service);
		return refuse(nfs, nf, why);
	}
	nf->instance = free_instance(nfs, (__u32)service);
	if (!nf->instance) {
		snprintf(why, sizeof(why), "service %s has all its %u instances", msg->join.service,
			 nfs->chains->services[service].instances);
		return refuse(nfs, nf, why);
	}
	nf->service = (__u32)service;
	nf->exit_cnt = msg->join.exit_cnt;
	memcpy(nf->exits, msg->join.exits, sizeof(nf->exits));
	if (make_ports(nfs, nf, msg->join.flags & XSNF_JOIN_MULTI))
		return refuse(nfs, nf, "the broker has no memory or descriptors left for it");
	return 0;
}
