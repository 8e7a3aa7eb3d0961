/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tells a service manager how this process is doing, as sd_notify(3) describes it. Without a
 * manager (no NOTIFY_SOCKET in the environment) nothing is told.
 */
#ifndef XS_CLI_NOTIFY_H
#define XS_CLI_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <linux/types.h>

#include "cli.h"

struct xs_notify {
	int fd; /* -1: nobody is told */
	struct sockaddr_un addr;
	socklen_t addr_len;
	__u64 ping_ns; /* between two signs of life, half of what the manager waits; 0: none */
	__u64 next_ns;
};

/*
 * Reads NOTIFY_SOCKET, a path or "@" and an abstract name, WATCHDOG_USEC and WATCHDOG_PID, and
 * removes them from the environment: they are not for children. What cannot be used is warned of.
 */
void xs_notify_open(struct xs_cli *cli, struct xs_notify *notify);

/* "STATUS=...", "STOPPING=1"; several lines in one message. Never blocks; what fails is lost. */
void xs_notify_say(const struct xs_notify *notify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Has the manager keep a descriptor under a name, for the process that it starts if this one is
 * killed; or forget it again. It does not say whether it does. Blocks for up to a second if the manager
 * does not read. 0 or -errno, silently.
 */
int xs_notify_store(const struct xs_notify *notify, const char *name, int fd);
void xs_notify_forget(const struct xs_notify *notify, const char *name);

/* Is a sign of life due? Then the caller looks whether its work goes on, and if so pings. */
bool xs_notify_is_due(const struct xs_notify *notify, __u64 now_ns);
void xs_notify_ping(struct xs_notify *notify, __u64 now_ns);

/* How often a thread has gone through its loop. */
struct xs_turns {
	__u64 made; /* by the thread, with relaxed stores */
	__u64 seen; /* by who gives the sign of life, when it last did */
};

/*
 * Both for a process with threads: pings, if it is due and each thread has made a turn since the last. `first` is
 * the first of `cnt` that lie `stride` bytes apart. A thread must make turns while nothing comes,
 * too: one that has made none is stuck.
 */
void xs_notify_if_all_turn(struct xs_notify *notify, struct xs_turns *first, size_t stride,
			   __u32 cnt, __u64 now_ns);

/* How long a loop may wait so that it pings in time: `most` or less. */
int xs_notify_wait_ms(const struct xs_notify *notify, int most);

void xs_notify_close(struct xs_notify *notify);

#endif
