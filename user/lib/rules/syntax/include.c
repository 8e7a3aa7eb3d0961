// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* include "FILE" or "PATTERN": texts by the caller's callbacks, parsed where it stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

bool xs_parse_add_file(struct xs_parser *p, char *path, __u32 *file)
{
	char **files;

	for (__u32 i = 0; i < p->set.file_cnt; i++) {
		if (!strcmp(p->set.files[i], path)) {
			free(path);
			*file = i;
			return true;
		}
	}
	files = reallocarray(p->set.files, p->set.file_cnt + 1, sizeof(*files));
	if (!files) {
		free(path);
		return xs_parse_oom(p);
	}
	p->set.files = files;
	*file = p->set.file_cnt;
	files[p->set.file_cnt++] = path;
	return true;
}

static bool is_cycle(const struct xs_parser *p, __u32 file)
{
	for (const struct xs_parse_include *in = p->include; in; in = in->outer)
		if (in->file == file)
			return true;
	return false;
}

static __u32 include_depth(const struct xs_parser *p)
{
	__u32 depth = 0;

	for (const struct xs_parse_include *in = p->include; in; in = in->outer)
		depth++;
	return depth;
}

static bool include_text(struct xs_parser *p, const struct xs_pos *pos, char *path,
			 const char *text, size_t len, bool secret)
{
	__u32 file, outer_file = p->file;
	struct xs_lexer lex = p->lex;
	struct xs_token tok = p->tok;
	bool outer_secret = p->secret;

	if (!xs_parse_add_file(p, path, &file))
		return false;
	if (is_cycle(p, file))
		return xs_parse_error(p, pos, "'%s' includes itself", p->set.files[file]);
	p->secret = secret;
	xs_parse_text(p, file, text, len);
	p->secret = outer_secret;
	p->file = outer_file;
	p->lex = lex;
	p->tok = tok;
	return true;
}

static bool include_error(struct xs_parser *p, const struct xs_pos *pos, const char *name, int err)
{
	if (err == -ENOMEM)
		return xs_parse_oom(p);
	return xs_parse_error(p, pos, "cannot read '%s': %s", xs_quote(name, strlen(name)).s,
			      strerror(-err));
}

bool xs_parse_read_file(struct xs_parser *p, const struct xs_pos *pos, const char *name,
			char **path, const char **text, size_t *len, bool *secret)
{
	char *bytes = NULL;
	int err;

	if (include_depth(p) > XS_RULE_INCLUDE_DEPTH_MAX || p->include_cnt == XS_RULE_INCLUDE_MAX)
		return xs_parse_error(p, pos,
				      "too many includes: expected %u in all, %u deep, at most",
				      XS_RULE_INCLUDE_MAX, XS_RULE_INCLUDE_DEPTH_MAX);
	err = p->src->load
		      ? p->src->load(p->src->arg, p->set.files[p->file], name, path, &bytes, len)
		      : -ENOTSUP;
	if (err < 0)
		return include_error(p, pos, name, err);
	p->texts[p->include_cnt++] = bytes;
	*text = bytes;
	*secret = err > 0;
	return true;
}

static bool include_file(struct xs_parser *p, const struct xs_pos *pos, const char *name)
{
	const char *text;
	char *path;
	size_t len;
	bool secret;

	return xs_parse_read_file(p, pos, name, &path, &text, &len, &secret) &&
	       include_text(p, pos, path, text, len, secret);
}

/* Every file that a pattern stands for; an error in one does not end it. */
static bool include_all(struct xs_parser *p, const struct xs_pos *pos, const char *pattern)
{
	char *names = NULL;
	int err = p->src->expand(p->src->arg, p->set.files[p->file], pattern, &names);
	bool good = true;

	if (err)
		return include_error(p, pos, pattern, err);
	for (const char *name = names; *name && !p->err; name += strlen(name) + 1)
		good &= include_file(p, pos, name);
	free(names);
	return good;
}

bool xs_parse_include(struct xs_parser *p)
{
	struct xs_pos pos;
	char *name;
	bool good;

	xs_parse_next(p);
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_STRING || !p->tok.len)
		return xs_parse_expected(p, "a file name in double quotes after 'include'");
	name = strndup(p->tok.p, p->tok.len);
	if (!name)
		return xs_parse_oom(p);
	xs_parse_next(p);
	good = xs_parse_end(p, "the end of the line");
	if (good)
		good = strpbrk(name, "*?[") && p->src->expand ? include_all(p, &pos, name)
							      : include_file(p, &pos, name);
	free(name);
	return good;
}
