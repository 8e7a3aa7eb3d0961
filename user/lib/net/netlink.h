/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Sends one netlink request and reads its answers. */
#ifndef XS_NETLINK_H
#define XS_NETLINK_H

#include <stddef.h>

#include <libmnl/libmnl.h>
#include <linux/types.h>

/*
 * One request. Its answers go to `cb`, which returns 0 or -errno. The kernel's words go
 * to `why`.
 */
struct xs_nl_call {
	mnl_cb_t cb;
	void *arg;
	char *why;
	size_t why_len;
};

/*
 * `bus` is NETLINK_*. Opens a socket, sends the request, waits for the answers. 0 or
 * -errno, silently.
 */
int xs_nl_call(int bus, struct nlmsghdr *nlh, const struct xs_nl_call *call);

/*
 * Begins a request for one interface in `buf`, for NETLINK_ROUTE. ifindex 0: the caller adds
 * the attribute that names the interface, and zeroes `buf` before, because the attribute's
 * padding is sent, too.
 */
struct nlmsghdr *xs_nl_put_getlink(void *buf, __u32 ifindex);

#endif
