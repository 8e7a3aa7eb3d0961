// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Messages to a service manager; see notify.h. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

#define MESSAGE_MAX 512
#define USEC_NS 1000ull

/* 0; -EINVAL: neither a path nor an abstract name; -E2BIG. */
static int set_address(struct xs_notify *notify, const char *name)
{
	size_t len = strlen(name);

	if (name[0] != '/' && (name[0] != '@' || !name[1]))
		return -EINVAL;
	if (len >= sizeof(notify->addr.sun_path))
		return -E2BIG;
	notify->addr.sun_family = AF_UNIX;
	memcpy(notify->addr.sun_path, name, len + 1);
	/* An abstract name begins with a NUL, and has none at its end. */
	if (name[0] == '@')
		notify->addr.sun_path[0] = '\0';
	notify->addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

static __u64 read_ping_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	__u64 value;

	if (pid && (xs_parse_u64(pid, 1, ~0u, &value) || value != (__u64)getpid()))
		return 0;
	if (!usec || xs_parse_u64(usec, 1, ~0ull / USEC_NS, &value))
		return 0;
	return value * USEC_NS / 2;
}

void xs_notify_open(struct xs_cli *cli, struct xs_notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int err = 0;

	memset(notify, 0, sizeof(*notify));
	notify->fd = -1;
	if (name && name[0]) {
		err = set_address(notify, name);
		if (!err)
			notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (!err && notify->fd < 0)
			err = -errno;
		if (err)
			xs_warn(cli->ctx, "NOTIFY_SOCKET %s: nobody is told of our state: %s", name,
				strerror(-err));
	}
	if (notify->fd >= 0)
		notify->ping_ns = read_ping_ns();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void xs_notify_say(const struct xs_notify *notify, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list args;
	int len;

	if (notify->fd < 0)
		return;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	(void)!sendto(notify->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&notify->addr, notify->addr_len);
}

/* A manager that is busy reads it soon: its queue is short. */
static int send_waiting(const struct xs_notify *notify, const struct msghdr *header)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 100; i++) {
		if (sendmsg(notify->fd, header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static int say_of(const struct xs_notify *notify, int fd, const char *text)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct sockaddr_un addr = notify->addr;
	struct iovec iov = { .iov_base = (void *)text, .iov_len = strlen(text) };
	struct msghdr header = {
		.msg_name = &addr, .msg_namelen = notify->addr_len, .msg_iov = &iov, .msg_iovlen = 1
	};

	if (fd >= 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	}
	return send_waiting(notify, &header);
}

int xs_notify_store(const struct xs_notify *notify, const char *name, int fd)
{
	char text[MESSAGE_MAX];

	/* Nobody is to look whether it can be read, as managers do to close what has ended. */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	return say_of(notify, fd, text);
}

void xs_notify_forget(const struct xs_notify *notify, const char *name)
{
	char text[MESSAGE_MAX];

	if (notify->fd < 0)
		return;
	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	say_of(notify, -1, text);
}

bool xs_notify_is_due(const struct xs_notify *notify, __u64 now_ns)
{
	return notify->ping_ns && now_ns >= notify->next_ns;
}

void xs_notify_ping(struct xs_notify *notify, __u64 now_ns)
{
	notify->next_ns = now_ns + notify->ping_ns;
	xs_notify_say(notify, "WATCHDOG=1");
}

static struct xs_turns *turns_at(struct xs_turns *first, size_t stride, __u32 i)
{
	return (void *)((char *)first + i * stride);
}

void xs_notify_if_all_turn(struct xs_notify *notify, struct xs_turns *first, size_t stride,
			   __u32 cnt, __u64 now_ns)
{
	struct xs_turns *turns;

	if (!xs_notify_is_due(notify, now_ns))
		return;
	for (__u32 i = 0; i < cnt; i++) {
		turns = turns_at(first, stride, i);
		if (__atomic_load_n(&turns->made, __ATOMIC_RELAXED) == turns->seen)
			return;
	}
	for (__u32 i = 0; i < cnt; i++) {
		turns = turns_at(first, stride, i);
		turns->seen = __atomic_load_n(&turns->made, __ATOMIC_RELAXED);
	}
	xs_notify_ping(notify, now_ns);
}

/* A quarter of the manager's time, so that a ping is late by no more than that. */
int xs_notify_wait_ms(const struct xs_notify *notify, int most)
{
	__u64 ms = notify->ping_ns / 2000000;

	if (!notify->ping_ns || ms >= (__u64)most)
		return most;
	return ms ? (int)ms : 1;
}

void xs_notify_close(struct xs_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
