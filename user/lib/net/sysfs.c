// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Reads an interface's files below class/net of a sysfs. /sys shows the interfaces of the
 * network namespace in which it was mounted, which may be another one. So who may mount uses a
 * sysfs of this namespace that nobody else sees, and everybody else uses /sys if it shows the
 * right interface, as far as can be seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "lib/base/ctx.h"
#include "sysfs.h"

/* <sys/mount.h> has these since glibc 2.36, the kernel since 5.2. */
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#define FS_OPEN_CLOEXEC 1
#define FS_CONFIG_CREATE 6
#define FS_MOUNT_CLOEXEC 1
#define FS_NOSUID_NODEV_NOEXEC 0xe

/* Without it the calls below need not be tried, which a filter of system calls may not know. */
static bool may_mount(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	return !syscall(SYS_capget, &header, data) &&
	       data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
}

/* Returns the root of a sysfs that is mounted nowhere; -1: not allowed. */
static int mount_own(void)
{
	int fs = syscall(SYS_fsopen, "sysfs", FS_OPEN_CLOEXEC), root = -1;

	if (fs < 0)
		return -1;
	if (!syscall(SYS_fsconfig, fs, FS_CONFIG_CREATE, NULL, NULL, 0))
		root = syscall(SYS_fsmount, fs, FS_MOUNT_CLOEXEC, FS_NOSUID_NODEV_NOEXEC);
	close(fs);
	return root < 0 ? -1 : root;
}

void xs_sysfs_prepare(struct xsteer_ctx *ctx)
{
	if (ctx->sysfs_fd < 0 && may_mount())
		ctx->sysfs_fd = mount_own();
}

static int read_file(int dir, const char *file, char *text, size_t len)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC), err;
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, len - 1);
	err = got < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* Whether the directory is of an interface of this name, index, address and link below. */
static bool looks_right(int dir, const struct xs_netif *netif)
{
	char text[128], address[3 * sizeof(netif->address) + 1] = "";

	for (__u32 i = 0; i < netif->address_len; i++)
		sprintf(address + strlen(address), "%s%02x", i ? ":" : "", netif->address[i]);
	return !read_file(dir, "ifindex", text, sizeof(text)) &&
	       strtoul(text, NULL, 10) == netif->ifindex &&
	       !read_file(dir, "address", text, sizeof(text)) && !strcmp(text, address) &&
	       !read_file(dir, "iflink", text, sizeof(text)) &&
	       strtoul(text, NULL, 10) == (netif->iflink ? netif->iflink : netif->ifindex);
}

int xs_sysfs_open(struct xsteer_ctx *ctx, const struct xs_netif *netif)
{
	char path[64];
	int dir;

	xs_sysfs_prepare(ctx);
	snprintf(path, sizeof(path), "%sclass/net/%s", ctx->sysfs_fd < 0 ? "/sys/" : "",
		 netif->name);
	dir = openat(ctx->sysfs_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -EXDEV : -errno;
	if (looks_right(dir, netif))
		return dir;
	close(dir);
	return -EXDEV;
}

int xs_sysfs_read(int dir, const char *file, char *text, size_t len)
{
	return read_file(dir, file, text, len);
}

int xs_sysfs_write(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

__u32 xs_sysfs_tx_queues(struct xsteer_ctx *ctx, const struct xs_netif *netif)
{
	int dir = xs_sysfs_open(ctx, netif);
	char path[32];
	__u32 cnt = 0;

	if (dir < 0)
		return 0;
	do
		snprintf(path, sizeof(path), "queues/tx-%u", cnt);
	while (!faccessat(dir, path, F_OK, 0) && ++cnt);
	close(dir);
	return cnt;
}

int xs_sysfs_numa_node(struct xsteer_ctx *ctx, const struct xs_netif *netif)
{
	int dir = xs_sysfs_open(ctx, netif), err;
	char text[32];

	if (dir < 0)
		return -1;
	err = read_file(dir, "device/numa_node", text, sizeof(text));
	close(dir);
	return err ? -1 : (int)strtol(text, NULL, 10);
}
