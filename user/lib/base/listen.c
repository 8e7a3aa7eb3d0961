// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A UNIX socket at a path; see listen.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "listen.h"

static bool is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	bool served = fd < 0 || !connect(fd, (const struct sockaddr *)addr, sizeof(*addr));

	if (fd >= 0)
		close(fd);
	return served;
}

static int bind_path(int fd, const struct sockaddr_un *addr)
{
	struct stat st;

	if (!bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode) || is_served(addr))
		return -EADDRINUSE;
	/* A broker that was killed left it behind. */
	if (unlink(addr->sun_path) || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return -errno;
	return 0;
}

int xs_listen_at(struct xsteer_ctx *ctx, const char *path, mode_t mode)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		xs_err(ctx, "%s: too long for a socket's path (%zu bytes at most)", path,
		       sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = fd < 0 ? -errno : bind_path(fd, &addr);
	if (!err && (chmod(path, mode) || listen(fd, 16)))
		err = -errno;
	if (!err)
		return fd;
	xs_err(ctx, "cannot listen at %s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

bool xs_peer_is_trusted(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (!peer.uid || peer.uid == geteuid());
}
