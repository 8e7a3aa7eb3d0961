// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A session with a broker: joining, waiting, messages, leaving. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "session.h"

#define ANSWER_MS 5000 /* a broker that is busy applying answers within this time */

static int __attribute__((format(printf, 3, 4)))
fail(const struct xsnf_config *config, int err, const char *fmt, ...)
{
	va_list args;

	if (!config->why)
		return err;
	va_start(args, fmt);
	vsnprintf(config->why, config->why_bytes, fmt, args);
	va_end(args);
	return err;
}

void *xsnf_data(const struct xsnf *nf)
{
	return nf->ops->data;
}

__u32 xsnf_instance(const struct xsnf *nf)
{
	return nf->instance;
}

int xsnf_fd(const struct xsnf *nf)
{
	return nf->epoll;
}

/* ---- messages ---- */

static int send_msg(const struct xsnf *nf, const struct xsnf_msg *msg)
{
	if (nf->fd < 0 || nf->gone)
		return -EPIPE;
	if (send(nf->fd, msg, sizeof(*msg), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(*msg))
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -EPIPE;
}

static int send_type(const struct xsnf *nf, __u32 type)
{
	struct xsnf_msg msg = { .type = type, .abi = XSNF_ABI };

	return send_msg(nf, &msg);
}

static void close_fds(const int *fds, int cnt)
{
	for (int i = 0; i < cnt; i++)
		close(fds[i]);
}

/*
 * Receives one message, and up to XSNF_FD_MAX descriptors into fds. Returns how many.
 * -EAGAIN: none waits.
 */
static int recv_msg(int fd, struct xsnf_msg *msg, int *fds)
{
	union {
		char bytes[CMSG_SPACE(XSNF_FD_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg;
	ssize_t len = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int cnt = 0;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	cmsg = CMSG_FIRSTHDR(&header);
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS) {
		cnt = (int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(cmsg), (size_t)cnt * sizeof(int));
	}
	if (len == sizeof(*msg))
		return cnt;
	close_fds(fds, cnt);
	return len ? -EPROTO : -EPIPE;
}

static int say_closed(const struct xsnf_config *config)
{
	return fail(config, -EPIPE, "the broker closed the connection");
}

/* Waits for the next message. Returns how many descriptors came with it. */
static int await_msg(const struct xsnf_config *config, int fd, struct xsnf_msg *msg, int *fds)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int cnt = -EAGAIN;

	while (cnt == -EAGAIN) {
		if (!poll(&poll_fd, 1, ANSWER_MS))
			return fail(config, -ETIMEDOUT, "the broker does not answer");
		cnt = recv_msg(fd, msg, fds);
	}
	if (cnt == -EPIPE)
		return say_closed(config);
	if (cnt < 0)
		return fail(config, cnt,
			    "the broker's message has another form than this library's");
	if (msg->type != XSNF_MSG_ERROR)
		return cnt;
	close_fds(fds, cnt);
	msg->error[XSNF_TEXT_MAX - 1] = '\0';
	return fail(config, -EPROTO, "the broker says: %s", msg->error);
}

int xsnf_message(struct xsnf *nf, const char *service, __u32 instance, const void *data, __u32 len)
{
	struct xsnf_msg msg = { .type = XSNF_MSG_TEXT, .abi = XSNF_ABI };

	if (len > XSNF_TEXT_MAX)
		return -EMSGSIZE;
	if (!service[0] || strlen(service) >= XSNF_NAME_MAX)
		return -EINVAL;
	strcpy(msg.text.service, service);
	msg.text.instance = instance;
	msg.text.len = len;
	if (len)
		memcpy(msg.text.data, data, len);
	return send_msg(nf, &msg);
}

static void handle_msg(struct xsnf *nf, struct xsnf_msg *msg)
{
	if (msg->type == XSNF_MSG_STOP)
		nf->stopping = true;
	if (msg->type != XSNF_MSG_TEXT || !nf->ops->message || msg->text.len > XSNF_TEXT_MAX)
		return;
	msg->text.service[XSNF_NAME_MAX - 1] = '\0';
	nf->ops->message(nf, msg->text.service, msg->text.instance, msg->text.data, msg->text.len);
}

static void handle_msgs(struct xsnf *nf)
{
	int fds[XSNF_FD_MAX], cnt;
	struct xsnf_msg msg;

	while ((cnt = recv_msg(nf->fd, &msg, fds)) >= 0) {
		close_fds(fds, cnt);
		handle_msg(nf, &msg);
	}
	if (cnt != -EAGAIN)
		nf->gone = true;
}

/* ---- joining ---- */

static int connect_to(const struct xsnf_config *config)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (!config->path)
		return config->fd;
	if (strlen(config->path) >= sizeof(addr.sun_path))
		return fail(config, -ENAMETOOLONG, "%s: too long for a socket's path",
			    config->path);
	strcpy(addr.sun_path, config->path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(config, -errno, "cannot make a UNIX socket: %s", strerror(errno));
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return fail(config, err, "%s: %s", config->path, strerror(-err));
}

static int say_hello(struct xsnf *nf, const struct xsnf_config *config)
{
	const struct xsnf_ops *ops = config->ops;
	struct xsnf_msg msg;
	int fds[XSNF_FD_MAX], cnt = await_msg(config, nf->fd, &msg, fds);

	if (cnt < 0)
		return cnt;
	close_fds(fds, cnt);
	if (msg.type != XSNF_MSG_HELLO)
		return fail(config, -EPROTO, "this is no broker of chains");
	if (msg.hello.abi_min > XSNF_ABI || msg.abi < XSNF_ABI_MIN)
		return fail(config, -EPROTO,
			    "the broker speaks versions %u to %u of the protocol, "
			    "this library %u to %u: build the NF with the broker's libxsteer-nf",
			    msg.hello.abi_min, msg.abi, XSNF_ABI_MIN, XSNF_ABI);
	memset(&msg, 0, sizeof(msg));
	msg.type = XSNF_MSG_JOIN;
	msg.abi = XSNF_ABI;
	strcpy(msg.join.service, ops->service);
	msg.join.flags = ops->flags & XSNF_MULTI ? XSNF_JOIN_MULTI : 0;
	while (msg.join.exit_cnt < XSNF_EXITS_MAX && ops->exits[msg.join.exit_cnt]) {
		strcpy(msg.join.exits[msg.join.exit_cnt], ops->exits[msg.join.exit_cnt]);
		msg.join.exit_cnt++;
	}
	return send_msg(nf, &msg) ? say_closed(config) : 0;
}

static void *map(int fd, __u64 bytes, int prot)
{
	void *memory = mmap(NULL, bytes, prot, MAP_SHARED | MAP_POPULATE, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * A descriptor that cannot be written cannot be mapped for writing, so the flag is not
 * needed earlier.
 */
static void *map_frames(int fd, __u64 bytes)
{
	void *frames = map(fd, bytes, PROT_READ | PROT_WRITE);

	return frames ? frames : map(fd, bytes, PROT_READ);
}

static int map_port(struct xsnf *nf, const struct xsnf_config *config, const struct xsnf_msg *msg,
		    const int *fds)
{
	struct xsnf_port *port = &nf->ports[nf->port_cnt++];
	int err;

	*port = (struct xsnf_port){ .b2n_bytes = msg->port.b2n_bytes,
				    .n2b_bytes = msg->port.n2b_bytes,
				    .frames_bytes = msg->port.frames_bytes,
				    .wake = fds[XSNF_FD_WAKE] };
	port->b2n = map(fds[XSNF_FD_B2N], port->b2n_bytes, PROT_READ);
	port->n2b = map(fds[XSNF_FD_N2B], port->n2b_bytes, PROT_READ | PROT_WRITE);
	port->frames = map_frames(fds[XSNF_FD_FRAMES], port->frames_bytes);
	close_fds(fds, XSNF_FD_WAKE);
	if (!port->b2n || !port->n2b || !port->frames)
		return fail(config, -ENOMEM, "cannot map the broker's memory: %s", strerror(errno));
	err = port->b2n_bytes < sizeof(*port->b2n)
		      ? -EPROTO
		      : xsnf_port_init(port, config->ops->flags & XSNF_MULTI);
	if (err == -ENOMEM)
		return fail(config, -ENOMEM, "not enough memory");
	if (err)
		return fail(config, -EPROTO,
			    "the broker's memory has another form than this library's");
	nf->instance = port->b2n->instance;
	return 0;
}

static int watch(struct xsnf *nf, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.fd = fd;
	return epoll_ctl(nf->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int take_ports(struct xsnf *nf, const struct xsnf_config *config)
{
	int fds[XSNF_FD_MAX], cnt, err = 0;
	struct xsnf_msg msg;

	do {
		cnt = await_msg(config, nf->fd, &msg, fds);
		if (cnt < 0)
			return cnt;
		if (msg.type != XSNF_MSG_PORT || cnt != XSNF_FD_MAX ||
		    msg.port.cnt > XSNF_PORTS_MAX || msg.port.index != nf->port_cnt ||
		    msg.port.index >= msg.port.cnt) {
			close_fds(fds, cnt);
			return fail(config, -EPROTO, "the broker's ports make no sense");
		}
		err = map_port(nf, config, &msg, fds);
		if (!err)
			err = watch(nf, nf->ports[nf->port_cnt - 1].wake);
	} while (!err && nf->port_cnt < msg.port.cnt);
	return err;
}

static int check_ops(const struct xsnf_config *config)
{
	const struct xsnf_ops *ops = config->ops;

	if (!ops->service || !ops->service[0] || strlen(ops->service) >= XSNF_NAME_MAX)
		return fail(config, -EINVAL, "a service's name has 1 to %d bytes",
			    XSNF_NAME_MAX - 1);
	for (int i = 0; i < XSNF_EXITS_MAX && ops->exits[i]; i++)
		if (!ops->exits[i][0] || strlen(ops->exits[i]) >= XSNF_NAME_MAX)
			return fail(config, -EINVAL, "an exit's name has 1 to %d bytes",
				    XSNF_NAME_MAX - 1);
	return 0;
}

static int join(struct xsnf *nf, const struct xsnf_config *config)
{
	int err;

	nf->fd = connect_to(config);
	if (nf->fd < 0)
		return nf->fd;
	nf->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (nf->epoll < 0 || watch(nf, nf->fd))
		return fail(config, -errno, "cannot make an epoll: %s", strerror(errno));
	err = say_hello(nf, config);
	if (!err)
		err = take_ports(nf, config);
	if (err)
		return err;
	return send_type(nf, XSNF_MSG_READY) ? say_closed(config) : 0;
}

static void free_session(struct xsnf *nf)
{
	for (__u32 i = 0; i < nf->port_cnt; i++)
		xsnf_port_close(&nf->ports[i]);
	if (nf->fd >= 0)
		close(nf->fd);
	if (nf->epoll >= 0)
		close(nf->epoll);
	free(nf);
}

int xsnf_open(struct xsnf **nf, const struct xsnf_config *config)
{
	struct xsnf *made;
	int err = check_ops(config);

	if (err)
		return err;
	made = calloc(1, sizeof(*made));
	if (!made)
		return fail(config, -ENOMEM, "not enough memory");
	made->ops = config->ops;
	made->fd = made->epoll = -1;
	err = join(made, config);
	if (err)
		free_session(made);
	else
		*nf = made;
	return err;
}

/* ---- waiting and leaving ---- */

static bool any_waiting(const struct xsnf *nf)
{
	for (__u32 i = 0; i < nf->port_cnt; i++)
		if (xsnf_port_waiting(&nf->ports[i]))
			return true;
	return false;
}

static void set_awake(struct xsnf *nf)
{
	for (__u32 i = 0; i < nf->port_cnt; i++)
		__atomic_store_n(&nf->ports[i].n2b->asleep, 0, __ATOMIC_RELAXED);
}

bool xsnf_may_sleep(struct xsnf *nf)
{
	for (__u32 i = 0; i < nf->port_cnt; i++)
		xsnf_set_asleep(&nf->ports[i].n2b->asleep);
	if (!any_waiting(nf))
		return true;
	set_awake(nf);
	return false;
}

static int sleep_for(struct xsnf *nf, int timeout_ms)
{
	struct epoll_event events[8];
	int cnt = epoll_wait(nf->epoll, events, 8, timeout_ms), err = cnt < 0 ? -errno : 0;

	for (int i = 0; i < cnt; i++) {
		if (events[i].data.fd == nf->fd)
			handle_msgs(nf);
		else
			xsnf_drain_wakes(events[i].data.fd);
	}
	return err;
}

int xsnf_wait(struct xsnf *nf, int timeout_ms)
{
	int err;

	for (__u32 i = 0; i < nf->port_cnt; i++)
		__atomic_fetch_add(&nf->ports[i].n2b->beat, 1, __ATOMIC_RELAXED);
	if (nf->fd < 0)
		return 0;
	if (timeout_ms && !xsnf_may_sleep(nf))
		timeout_ms = 0;
	err = sleep_for(nf, timeout_ms);
	set_awake(nf);
	if (nf->gone)
		return -EPIPE;
	if (nf->stopping && !any_waiting(nf))
		return -ESHUTDOWN;
	return err;
}

int xsnf_leave(struct xsnf *nf)
{
	return send_type(nf, XSNF_MSG_LEAVE);
}

void xsnf_close(struct xsnf *nf)
{
	if (!nf)
		return;
	if (nf->stopping)
		send_type(nf, XSNF_MSG_BYE);
	free_session(nf);
}
