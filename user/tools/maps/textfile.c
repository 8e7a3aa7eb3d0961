// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A file that is there whole or not at all; see textfile.h. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "textfile.h"

/*
 * Creates a file beside `path`, under a name that nobody can guess or take before, with
 * the mode that fopen() would give. If the file system can, it has no name until it is
 * complete, so a killed process leaves nothing. Returns the descriptor, or -errno;
 * *next is "" if it has no name yet.
 */
static int create_beside(const char *path, char next[PATH_MAX])
{
	char dir[PATH_MAX];
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	snprintf(dir, sizeof(dir), "%s", path);
	next[0] = '\0';
	fd = open(dirname(dir), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	if (snprintf(next, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = mkostemp(next, O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0666 & ~mask))
		return -errno;
	return fd;
}

/* Gives it a name. link() does not replace an existing file, so tries other names. 0 or -errno. */
static int name_it(int fd, const char *path, char next[PATH_MAX])
{
	char self[64];
	__u64 number;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 100; i++) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		if (snprintf(next, PATH_MAX, "%s.%016llx", path, number) >= PATH_MAX)
			return -ENAMETOOLONG;
		if (!linkat(AT_FDCWD, self, AT_FDCWD, next, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			break;
	}
	next[0] = '\0';
	return -errno;
}

static int fill_file(int fd, void (*put)(FILE *out, const void *arg), const void *arg)
{
	int copy = dup(fd), err = 0;
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	put(out, arg);
	if (fflush(out) || ferror(out) || fsync(copy))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

/* Where the file has a name of its own, a signal would leave it behind. */
static void hold_signals(sigset_t *before)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, before);
}

int xs_textfile_write(struct xs_cli *cli, const char *path, void (*put)(FILE *out, const void *arg),
		      const void *arg)
{
	char next[PATH_MAX];
	sigset_t before;
	int fd, err;

	hold_signals(&before);
	fd = create_beside(path, next);
	err = fd < 0 ? fd : fill_file(fd, put, arg);
	if (!err && !next[0])
		err = name_it(fd, path, next);
	if (!err && rename(next, path))
		err = -errno;
	if (err) {
		xs_err(cli->ctx, "cannot write %s: %s", path, strerror(-err));
		if (next[0])
			unlink(next);
	}
	if (fd >= 0)
		close(fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}
