// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Starts network functions as children; see children.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "children.h"

static void run_child(const char *command, int fd)
{
	char line[4096], number[16];

	snprintf(number, sizeof(number), "%d", fd);
	snprintf(line, sizeof(line), "exec %s", command);
	setenv("XSTEER_NF_FD", number, 1);
	if (!fcntl(fd, F_SETFD, 0)) /* only this descriptor survives exec */
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

int xs_child_start(struct xs_nfs *nfs, const char *command)
{
	int pair[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		err = -errno;
		xs_err(nfs->ctx, "cannot make a socket for '%s': %s", command, strerror(-err));
		return err;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(pair[0]);
		run_child(command, pair[1]);
	}
	err = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (!err)
		return xs_nfs_adopt(nfs, pair[0], pid);
	close(pair[0]);
	xs_err(nfs->ctx, "cannot start '%s': %s", command, strerror(-err));
	return err;
}

int xs_children_joined(const struct xs_nfs *nfs, __u32 cnt)
{
	__u32 coming = xs_nfs_count(nfs, XS_NF_new, -1) + xs_nfs_count(nfs, XS_NF_offered, -1);

	if (nfs->joined >= cnt)
		return 1;
	if (!nfs->refused && nfs->joined + coming >= cnt)
		return 0;
	xs_err(nfs->ctx,
	       "a network function that was started with --nf ended before it had joined");
	return -ECHILD;
}
