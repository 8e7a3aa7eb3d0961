// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Watches the interface by rtnetlink, because poll() on an AF_XDP socket stays silent
 * when its interface goes away. Also lists who else has such sockets, for an error that
 * would otherwise only say EBUSY.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "watch.h"
#include "tools/cli/cli.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

int xs_watch_open(struct xs_cli *cli)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	xs_err(cli->ctx, "cannot watch interfaces by rtnetlink: %s", strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

static void read_mtu(const struct nlmsghdr *nlh, __u32 *mtu)
{
	const struct ifinfomsg *link = NLMSG_DATA(nlh);
	const struct rtattr *attr = IFLA_RTA(link);
	int len = IFLA_PAYLOAD(nlh);

	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (attr->rta_type == IFLA_MTU && RTA_PAYLOAD(attr) == sizeof(*mtu))
			memcpy(mtu, RTA_DATA(attr), sizeof(*mtu));
}

static enum xs_link_state state_of(const struct nlmsghdr *nlh, __u32 ifindex, __u32 *mtu)
{
	const struct ifinfomsg *link = NLMSG_DATA(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || (__u32)link->ifi_index != ifindex)
		return XS_LINK_same;
	/* When a port leaves its bridge, the bridge's family reports it as deleted, too. */
	if (nlh->nlmsg_type == RTM_DELLINK && link->ifi_family == AF_UNSPEC)
		return XS_LINK_gone;
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return XS_LINK_same;
	read_mtu(nlh, mtu);
	return link->ifi_flags & IFF_UP ? XS_LINK_up : XS_LINK_down;
}

/* Messages were lost, so ask. */
static enum xs_link_state ask(struct xs_cli *cli, __u32 ifindex, __u32 *mtu)
{
	struct xs_netif netif;
	char name[IF_NAMESIZE];
	int err = xs_netif_name(ifindex, name);

	if (err == -ENODEV)
		return XS_LINK_gone;
	/* what cannot be asked changes nothing; sockets of a device that goes say so, too */
	if (err || xs_netif_get(cli->ctx, &netif, name))
		return XS_LINK_same;
	*mtu = netif.mtu;
	return netif.up ? XS_LINK_up : XS_LINK_down;
}

enum xs_link_state xs_watch_read(struct xs_cli *cli, int fd, __u32 ifindex, __u32 *mtu)
{
	enum xs_link_state state = XS_LINK_same, next;
	char buf[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	ssize_t got;
	size_t len;

	for (;;) {
		got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS)
			return ask(cli, ifindex, mtu);
		if (got <= 0)
			return state;
		len = got;
		for (nlh = (void *)buf; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
			next = state_of(nlh, ifindex, mtu);
			if (next == XS_LINK_gone)
				return next;
			if (next != XS_LINK_same)
				state = next;
		}
	}
}

static bool is_xdp_socket_here(int pidfd, int number, __u64 cookie)
{
	int fd = syscall(SYS_pidfd_getfd, pidfd, number, 0), domain = 0;
	socklen_t len = sizeof(domain), cookie_len = sizeof(__u64);
	__u64 its_cookie = 0;
	bool here;

	if (fd < 0)
		return false;
	here = !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_XDP;
	if (here && cookie &&
	    !getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &its_cookie, &cookie_len))
		here = its_cookie == cookie;
	close(fd);
	return here;
}

static bool has_xdp_socket(const char *pid, __u64 cookie)
{
	char path[64], target[32];
	int pidfd = syscall(SYS_pidfd_open, atoi(pid), 0);
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	dir = pidfd >= 0 ? opendir(path) : NULL;
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len > 8 && !strncmp(target, "socket:[", 8))
			found = is_xdp_socket_here(pidfd, atoi(entry->d_name), cookie);
	}
	if (dir)
		closedir(dir);
	if (pidfd >= 0)
		close(pidfd);
	return found;
}

static void add_holder(char *text, size_t size, const char *pid)
{
	char path[64], comm[32] = "?";
	size_t len = strlen(text);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.10s/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	snprintf(text + len, size - len, "%spid %.10s (%s)", len ? ", " : "", pid, comm);
}

void xs_holders(char *text, size_t size)
{
	int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u64 cookie = 0;
	socklen_t len = sizeof(cookie);
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	text[0] = '\0';
	if (any >= 0 && getsockopt(any, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	while (proc && (entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid() &&
		    has_xdp_socket(entry->d_name, cookie))
			add_holder(text, size, entry->d_name);
	}
	if (proc)
		closedir(proc);
	if (any >= 0)
		close(any);
}
