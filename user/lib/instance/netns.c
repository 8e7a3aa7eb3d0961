// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The network namespace that an instance belongs to; see netns.h. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* *cookie is 0 if the kernel has none. 0 or -errno. */
static int own_cookie(__u32 *cookie)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
	socklen_t len = sizeof(__u64);
	__u64 whole = 0;

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &whole, &len) && errno != ENOPROTOOPT)
		err = -errno;
	close(fd);
	*cookie = (__u32)whole;
	return err;
}

int xs_netns_set_own(struct xs_meta *meta)
{
	struct stat ns;

	if (stat("/proc/self/ns/net", &ns))
		return -errno;
	meta->netns_inode = ns.st_ino;
	return own_cookie(&meta->netns_cookie);
}

enum xs_netns xs_netns_of(const struct xs_meta *meta)
{
	struct xs_meta own = {};
	int err = xs_netns_set_own(&own);

	if (err) {
		errno = -err;
		return XS_NETNS_UNKNOWN;
	}
	if (meta->netns_inode != own.netns_inode)
		return XS_NETNS_OTHER;
	if (!meta->netns_cookie || !own.netns_cookie || meta->netns_cookie == own.netns_cookie)
		return XS_NETNS_OURS;
	return XS_NETNS_GONE;
}
