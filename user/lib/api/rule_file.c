// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rule files on disk: reading, includes, and errors as a person sees them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int read_file(const char *path, char **text, size_t *len)
{
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
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

static int load(void *arg, const char *including, const char *name, char **path, char **text,
		size_t *len)
{
	char *found = beside(including, name);
	int err;

	(void)arg;
	if (!found)
		return -ENOMEM;
	err = read_file(found, text, len);
	if (err) {
		free(found);
		return err;
	}
	*path = found;
	return 0;
}

int xs_rules_read(struct xs_ruleset *out, const char *path, struct xs_rule_errors *errs)
{
	struct xs_rule_source src = { .name = path, .load = load };
	char *text;
	int err;

	if (strcmp(path, "-"))
		err = read_file(path, &text, &src.len);
	else
		err = read_fd(STDIN_FILENO, &text, &src.len);
	if (err)
		return err;
	src.text = text;
	err = xs_rules_parse(out, &src, errs);
	free(text);
	return err;
}

/* Spaces up to the caret, as wide as the source above it. */
static void print_caret(FILE *to, const struct xs_rule_error *error)
{
	for (__u32 i = 0; i < error->caret; i++) {
		unsigned char c = (unsigned char)error->source[i];

		if (c == '\t')
			fputc('\t', to);
		else if ((c & 0xc0) != 0x80) /* one column a character */
			fputc(' ', to);
	}
	fputs("^\n", to);
}

void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs)
{
	for (__u32 i = 0; i < errs->cnt; i++) {
		const struct xs_rule_error *error = &errs->errors[i];

		fprintf(to, "%s:%u:%u: %s\n  %s\n  ", error->file, error->line, error->column,
			error->message, error->source);
		print_caret(to, error);
	}
	if (errs->more)
		fprintf(to, "more than %d errors: mend these first\n", XS_RULE_ERROR_MAX);
}

void xs_rule_warnings_print(FILE *to, const struct xs_ruleset *set,
			    const struct xs_rule_warnings *warnings)
{
	for (__u32 i = 0; i < warnings->cnt; i++) {
		const struct xs_rule *rule = &set->rules[warnings->warnings[i].rule];

		fprintf(to, "%s:%u: warning: %s\n", set->files[rule->file], rule->line,
			warnings->warnings[i].message);
	}
}

int xs_rules_load(struct xs_ruleset *out, const char *path)
{
	struct xs_rule_errors errs = {};
	int err = xs_rules_read(out, path, &errs);

	xs_rule_errors_print(stderr, &errs);
	if (err && !errs.cnt)
		fprintf(stderr, "%s: cannot read the rules: %s\n", path, strerror(-err));
	xs_rule_errors_free(&errs);
	return err;
}
