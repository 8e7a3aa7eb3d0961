// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* include "FILE": its text by the caller's callback, parsed where it stands. */
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

static bool include_text(struct xs_parser *p, const struct xs_pos *pos, char *path, size_t len,
			 bool secret)
{
	const char *text = p->texts[p->include_cnt - 1];
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

static bool include_file(struct xs_parser *p, const struct xs_pos *pos, struct xs_str name)
{
	char *path = NULL, *text = NULL, *copy;
	size_t len = 0;
	int err;

	if (include_depth(p) > XS_RULE_INCLUDE_DEPTH_MAX || p->include_cnt == XS_RULE_INCLUDE_MAX)
		return xs_parse_error(p, pos,
				      "too many includes: expected %u in all, %u deep, at most",
				      XS_RULE_INCLUDE_MAX, XS_RULE_INCLUDE_DEPTH_MAX);
	copy = strndup(name.p, name.len);
	if (!copy)
		return xs_parse_oom(p);
	err = p->src->load
		      ? p->src->load(p->src->arg, p->set.files[p->file], copy, &path, &text, &len)
		      : -ENOTSUP;
	free(copy);
	if (err == -ENOMEM)
		return xs_parse_oom(p);
	if (err < 0)
		return xs_parse_error(p, pos, "cannot read '%s': %s", xs_quote_str(name).s,
				      strerror(-err));
	p->texts[p->include_cnt++] = text;
	return include_text(p, pos, path, len, err > 0);
}

bool xs_parse_include(struct xs_parser *p)
{
	struct xs_pos pos;
	struct xs_str name;

	xs_parse_next(p);
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_STRING || !p->tok.len)
		return xs_parse_expected(p, "a file name in double quotes after 'include'");
	name = xs_token_str(&p->tok);
	xs_parse_next(p);
	return xs_parse_end(p, "the end of the line") && include_file(p, &pos, name);
}
