// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads rule files from disk, and the files that they include. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "rule_file.h"

#define WRITER_SECONDS 5 /* how long to wait until the writer of a FIFO opens it */

static int read_fd(int fd, char **text, size_t *len)
{
	size_t cap = 0, used = 0;
	char *buf = NULL;

	for (;;) {
		ssize_t n;

		if (used == cap) {
			char *larger = realloc(buf, cap ? cap * 2 : 65536);

			if (!larger) {
				free(buf);
				return -ENOMEM;
			}
			buf = larger;
			cap = cap ? cap * 2 : 65536;
		}
		n = read(fd, buf + used, cap - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = -errno;

			free(buf);
			return err;
		}
		if (!n)
			break;
		used += (size_t)n;
		if (used > XS_RULE_FILE_MAX) /* endless input; the parser refuses it */
			break;
	}
	*text = buf;
	*len = used;
	return 0;
}

/* Whether there is data, or a writer who has not written yet. Takes no byte. */
static bool has_writer(int fd, const int look[2])
{
	ssize_t seen = tee(fd, look[1], 1, SPLICE_F_NONBLOCK);

	return seen > 0 || (seen < 0 && errno == EAGAIN);
}

/*
 * Opening a FIFO waits for a writer, who may never come. A writer that is there may
 * take as long as it needs; one that came and went has written everything.
 */
static int wait_for_writer(int fd)
{
	const __u64 end = xs_monotonic_ns() + WRITER_SECONDS * 1000000000ULL;
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int look[2], err = -ETIMEDOUT;

	if (pipe2(look, O_CLOEXEC))
		return -errno;
	while (err && xs_monotonic_ns() < end)
		if (poll(&wait, 1, 100) > 0 || has_writer(fd, look))
			err = 0;
	close(look[0]);
	close(look[1]);
	return err;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat stat;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &stat) && S_ISFIFO(stat.st_mode))
		err = wait_for_writer(fd);
	if (!err && fcntl(fd, F_SETFL, 0))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* *secret: not everybody may read the file. */
static int read_file(const char *path, char **text, size_t *len, bool *secret)
{
	struct stat st;
	int fd, err;

	fd = open_file(path);
	if (fd < 0)
		return fd;
	*secret = fstat(fd, &st) || !(st.st_mode & S_IROTH);
	err = read_fd(fd, text, len);
	close(fd);
	return err;
}

/* The name relative to the directory of the including file, from malloc(). */
static char *beside(const char *including, const char *name)
{
	const char *slash = strrchr(including, '/');
	char *path;

	if (*name == '/' || !slash || !strcmp(including, "-"))
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - including), including, name) < 0)
		return NULL;
	return path;
}

int xs_rule_file_load(void *arg, const char *including, const char *name, char **path, char **text,
		      size_t *len)
{
	char *found = beside(including, name);
	bool secret;
	int err;

	(void)arg;
	if (!found)
		return -ENOMEM;
	err = read_file(found, text, len, &secret);
	if (err) {
		free(found);
		return err;
	}
	*path = found;
	return secret;
}

/* `dir` with what glob(3) would take for a pattern escaped, and the pattern behind it. */
static char *escape_dir(const char *dir, size_t len, const char *pattern)
{
	char *out = malloc(2 * len + strlen(pattern) + 1), *to = out;

	for (size_t i = 0; out && i < len; i++) {
		if (strchr("*?[\\", dir[i]))
			*to++ = '\\';
		*to++ = dir[i];
	}
	if (out)
		strcpy(to, pattern);
	return out;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of files, without their first `skip` bytes, as struct xs_rule_source has them. */
static int list_names(const glob_t *found, size_t skip, char **names)
{
	size_t bytes = 1;
	char *to;

	for (size_t i = 0; i < found->gl_pathc; i++)
		bytes += strlen(found->gl_pathv[i]) + 1;
	*names = to = malloc(bytes);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < found->gl_pathc; i++) {
		const char *path = found->gl_pathv[i];

		if (path[strlen(path) - 1] != '/') /* as GLOB_MARK ends directories */
			to = stpcpy(to, path + skip) + 1;
	}
	*to = '\0';
	return 0;
}

int xs_rule_file_expand(void *arg, const char *including, const char *pattern, char **names)
{
	char *path = beside(including, pattern), *whole;
	size_t dir;
	glob_t found = {};
	int err;

	(void)arg;
	if (!path)
		return -ENOMEM;
	dir = strlen(path) - strlen(pattern);
	whole = escape_dir(path, dir, pattern);
	free(path);
	if (!whole)
		return -ENOMEM;
	/* sorted here: glob() does it by the locale */
	err = glob(whole, GLOB_NOSORT | GLOB_MARK, NULL, &found);
	free(whole);
	if (!err)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(char *), by_bytes);
	err = err && err != GLOB_NOMATCH ? -(err == GLOB_NOSPACE ? ENOMEM : EIO)
					 : list_names(&found, dir, names);
	globfree(&found);
	return err;
}

int xs_rules_read(struct xs_ruleset *out, const char *path, bool includes,
		  struct xs_rule_errors *errs)
{
	struct xs_rule_source src = { .name = path,
				      .load = includes ? xs_rule_file_load : NULL,
				      .expand = includes ? xs_rule_file_expand : NULL };
	bool secret;
	char *text;
	int err;

	if (strcmp(path, "-"))
		err = read_file(path, &text, &src.len, &secret);
	else
		err = read_fd(STDIN_FILENO, &text, &src.len);
	if (err)
		return err;
	src.text = text;
	err = xs_rules_parse(out, &src, errs);
	free(text);
	return err;
}
