// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A UNIX socket at a path; see listen.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "access.h"
#include "listen.h"
#include "wait.h"

#define BACKLOG 16
#define LOCK_WAIT_MS 5000
#define LOCK_POLL_MS 20
#define SWEEP_MOST 100 /* a start must not take long, and the next one goes on */

/*
 * Only if nobody listens the kernel refuses like that. A full queue, no permission or a socket
 * of another type mean that somebody does.
 */
static bool is_left_behind(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
		       errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

/* The caller holds the folder's lock: nobody of us replaces what it looked at. */
static int bind_path(int fd, const struct sockaddr_un *addr)
{
	struct stat st;

	if (!bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode) || !is_left_behind(addr))
		return -EADDRINUSE;
	/* A process that was killed left it behind. */
	if (unlink(addr->sun_path) || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return -errno;
	return 0;
}

/* Returns a descriptor that holds the lock of the folder; -EPERM: others may write there. */
static int lock_folder(const struct xsteer_ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct stat st;
	int fd, err = 0, left_ms = LOCK_WAIT_MS;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err = -errno;
	else if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		err = -EPERM;
	while (!err && flock(fd, LOCK_EX | LOCK_NB)) {
		err = errno != EWOULDBLOCK ? -errno : left_ms <= 0 ? -ETIMEDOUT : 0;
		left_ms -= LOCK_POLL_MS;
		if (!err)
			err = xs_wait_ms(ctx, LOCK_POLL_MS);
	}
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

/* The kernel gives the path the mode of the descriptor, less the umask: never more than asked for. */
static int listen_locked(int fd, const struct sockaddr_un *addr, mode_t mode)
{
	int err = fchmod(fd, mode) ? -errno : bind_path(fd, addr);

	if (err)
		return err;
	err = xs_chmod_itself(addr->sun_path, mode);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (err)
		unlink(addr->sun_path);
	return err;
}

static bool helps_to_choose_another(int err)
{
	return err == -EADDRINUSE || err == -EPERM;
}

static const char *reason(int err)
{
	switch (err) {
	case -EADDRINUSE:
		return "somebody listens there, or it is something else than a socket: "
		       "choose another path";
	case -EPERM:
		return "everybody may write into its folder, and so replace it: "
		       "choose another path";
	case -ETIMEDOUT:
		return "somebody holds the lock of its folder";
	default:
		return strerror(-err);
	}
}

int xs_listen_at(struct xsteer_ctx *ctx, const char *path, mode_t mode)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = -1, lock, err;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		xs_err(ctx, "%s: too long for a socket's path (%zu bytes at most)", path,
		       sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	lock = lock_folder(ctx, path);
	err = lock < 0 ? lock : 0;
	if (!err) {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = fd < 0 ? -errno : listen_locked(fd, &addr, mode);
	}
	if (lock >= 0)
		close(lock);
	if (!err)
		return fd;
	xs_err(ctx, "cannot listen at %s: %s%s%s", path, reason(err),
	       helps_to_choose_another(err) ? " with " : "",
	       helps_to_choose_another(err) ? xs_hint(ctx, XSTEER_HINT_SOCKET, NULL).text : "");
	if (fd >= 0)
		close(fd);
	return err;
}

/* Under the folder's lock nobody is between bind() and listen(). */
static void sweep_locked(int lock, const char *folder)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int copy = dup(lock), left = SWEEP_MOST;
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	struct stat st;

	while (entries && left && (entry = readdir(entries))) {
		int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", folder,
				   entry->d_name);

		if (len >= (int)sizeof(addr.sun_path) || lstat(addr.sun_path, &st) ||
		    !S_ISSOCK(st.st_mode))
			continue;
		if (is_left_behind(&addr) && !unlink(addr.sun_path))
			left--;
	}
	if (entries)
		closedir(entries);
	else if (copy >= 0)
		close(copy);
}

void xs_listen_sweep(struct xsteer_ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int lock = slash ? lock_folder(ctx, path) : -EINVAL;

	if (lock < 0)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	sweep_locked(lock, folder);
	close(lock);
}

/* Of a queue that is full it is not known whose it is. */
static bool is_anothers(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = { .pid = 0 };
	socklen_t len = sizeof(peer);
	bool anothers = false;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		anothers = fd < 0 || errno != ECONNREFUSED;
	else
		anothers = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
			   peer.pid != getpid();
	if (fd >= 0)
		close(fd);
	return anothers;
}

void xs_listen_remove(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && !is_anothers(path))
		unlink(path);
}

bool xs_peer_is_trusted(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (!peer.uid || peer.uid == geteuid());
}
