// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rule files on disk: reading, and what they include.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "rule_file.h"

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
		if (used > XS_RULE_FILE_MAX) /* endless input; the parser says it is too large */
			break;
	}
	*text = buf;
	*len = used;
	return 0;
}

/* *secret: not everybody may read the file. */
static int read_file(const char *path, char **text, size_t *len, bool *secret)
{
	struct stat st;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*secret = fstat(fd, &st) || !(st.st_mode & S_IROTH);
	err = read_fd(fd, text, len);
	close(fd);
	return err;
}

/* The name relative to the directory of the including file. From malloc(). */
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

int xs_rules_read(struct xs_ruleset *out, const char *path, bool includes,
		  struct xs_rule_errors *errs)
{
	struct xs_rule_source src = { .name = path, .load = includes ? xs_rule_file_load : NULL };
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
