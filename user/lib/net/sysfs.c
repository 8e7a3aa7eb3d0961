// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Reads an interface's files below /sys/class/net, if /sys shows the right interface:
 * it shows those of the network namespace in which it was mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

static int open_file(const char *ifname, const char *file, int flags)
{
	char path[128];
	int fd;

	if (snprintf(path, sizeof(path), "/sys/class/net/%s/%s", ifname, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int xs_sysfs_read(const char *ifname, const char *file, char *text, size_t len)
{
	int fd = open_file(ifname, file, O_RDONLY), err;
	ssize_t got;

	if (fd < 0)
		return fd;
	got = read(fd, text, len - 1);
	err = got < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int xs_sysfs_write(const char *ifname, const char *file, const char *text)
{
	int fd = open_file(ifname, file, O_WRONLY), err;

	if (fd < 0)
		return fd;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/*
 * /sys may show another network namespace, which may have an interface of that name and
 * index. But then its address differs from the one that netlink reports.
 */
bool xs_sysfs_is_ours(const struct xs_netif *netif)
{
	char text[128], address[3 * sizeof(netif->address) + 1] = "";

	for (__u32 i = 0; i < netif->address_len; i++)
		sprintf(address + strlen(address), "%s%02x", i ? ":" : "", netif->address[i]);
	return !xs_sysfs_read(netif->name, "ifindex", text, sizeof(text)) &&
	       strtoul(text, NULL, 10) == netif->ifindex &&
	       !xs_sysfs_read(netif->name, "address", text, sizeof(text)) &&
	       !strcmp(text, address) &&
	       !xs_sysfs_read(netif->name, "iflink", text, sizeof(text)) &&
	       strtoul(text, NULL, 10) == (netif->iflink ? netif->iflink : netif->ifindex);
}

__u32 xs_sysfs_tx_queues(const struct xs_netif *netif)
{
	char path[128];
	__u32 cnt = 0;

	if (!xs_sysfs_is_ours(netif))
		return 0;
	for (;; cnt++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/queues/tx-%u", netif->name, cnt);
		if (access(path, F_OK))
			return cnt;
	}
}

int xs_sysfs_numa_node(const struct xs_netif *netif)
{
	char text[32];

	if (!xs_sysfs_is_ours(netif) ||
	    xs_sysfs_read(netif->name, "device/numa_node", text, sizeof(text)))
		return -1;
	return strtol(text, NULL, 10);
}
