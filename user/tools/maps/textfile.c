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

#define TRIES 100 /* of names, each as likely to be taken as 64 bits are to be guessed */

/*
 * The file in the making. Its directory is opened once, since whoever owns a directory above could
 * put another in its place.
 */
struct beside {
	int dir, fd; /* -1: not open */
	const char *name; /* that it gets */
	char next[NAME_MAX + 1]; /* that it has until then; "": none */
};

/* A name beside the last one that nobody can guess or take before. 0 or -errno. */
static int choose_name(struct beside *file)
{
	__u64 number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	return snprintf(file->next, sizeof(file->next), "%s.%016llx", file->name, number) >=
			       (int)sizeof(file->next)
		       ? -ENAMETOOLONG
		       : 0;
}

/* Some file systems cannot have a file without a name. */
static int create_named(struct beside *file)
{
	int err = -EEXIST;

	for (int i = 0; i < TRIES && err == -EEXIST; i++) {
		err = choose_name(file);
		if (err)
			break;
		file->fd = openat(file->dir, file->next,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		err = file->fd < 0 ? -errno : 0;
	}
	if (err)
		file->next[0] = '\0';
	return err;
}

/*
 * Creates the file, with the mode that fopen() would give. If the file system can, it has no name
 * until it is complete, so a killed process leaves nothing. 0 or -errno.
 */
static int create_beside(struct beside *file, char *path_of_dir)
{
	file->dir = open(path_of_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->dir < 0)
		return -errno;
	file->fd = openat(file->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (file->fd >= 0)
		return 0;
	return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ? create_named(file)
									 : -errno;
}

/* Gives it a name. link() does not replace an existing file, so tries other names. 0 or -errno. */
static int name_it(struct beside *file)
{
	char self[64];
	int err = -EEXIST;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	for (int i = 0; i < TRIES && err == -EEXIST; i++) {
		err = choose_name(file);
		if (!err && linkat(AT_FDCWD, self, file->dir, file->next, AT_SYMLINK_FOLLOW))
			err = -errno;
	}
	if (err)
		file->next[0] = '\0';
	return err;
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

static void close_beside(const struct beside *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->dir >= 0)
		close(file->dir);
}

static int make_file(struct beside *file, char *path_of_dir,
		     void (*put)(FILE *out, const void *arg), const void *arg)
{
	int err = create_beside(file, path_of_dir);

	if (!err)
		err = fill_file(file->fd, put, arg);
	if (!err && !file->next[0])
		err = name_it(file);
	if (!err && renameat(file->dir, file->next, file->dir, file->name))
		err = -errno;
	if (err && file->next[0])
		unlinkat(file->dir, file->next, 0);
	return err;
}

int xs_textfile_write(struct xs_cli *cli, const char *path, void (*put)(FILE *out, const void *arg),
		      const void *arg)
{
	char of_dir[PATH_MAX], of_name[PATH_MAX];
	struct beside file = { .dir = -1, .fd = -1 };
	sigset_t before;
	int err;

	snprintf(of_dir, sizeof(of_dir), "%s", path);
	snprintf(of_name, sizeof(of_name), "%s", path);
	file.name = basename(of_name);
	hold_signals(&before);
	err = make_file(&file, dirname(of_dir), put, arg);
	if (err)
		xs_err(cli->ctx, "cannot write %s: %s", path, strerror(-err));
	close_beside(&file);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}
