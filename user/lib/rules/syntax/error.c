// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Says in words what is wrong with a rule text, with the line and the place in it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "excerpt.h"
#include "lib/base/escape.h"
#include "parse.h"

struct xs_quote xs_quote(const char *p, size_t len)
{
	const size_t max = sizeof(struct xs_quote) - 4;
	const char *end = p + len;
	struct xs_quote q;
	size_t n = 0;

	while (p < end && n < max) {
		size_t bytes = xs_utf8_char(p, end);

		if (bytes > max - n)
			break;
		if (!bytes || *p == '\t')
			q.s[n++] = '?';
		else
			memcpy(q.s + n, p, bytes);
		n += bytes && *p != '\t' ? bytes : 0;
		p += bytes ? bytes : 1;
	}
	strcpy(q.s + n, p < end ? "..." : "");
	return q;
}

struct xs_quote xs_quote_str(struct xs_str s)
{
	return xs_quote(s.p, s.len);
}

static void error_free(struct xs_rule_error *error)
{
	free(error->file);
	free(error->message);
	free(error->source);
}

static struct xs_rule_error *new_error(struct xs_parser *p)
{
	struct xs_rule_errors *errs = p->errs;
	struct xs_rule_error *errors;

	if (errs->cnt >= XS_RULE_ERROR_MAX) {
		errs->more = true;
		p->err = -EINVAL;
		return NULL;
	}
	errors = realloc(errs->errors, (errs->cnt + 1) * sizeof(*errors));
	if (!errors) {
		p->err = -ENOMEM;
		return NULL;
	}
	errs->errors = errors;
	memset(&errors[errs->cnt], 0, sizeof(*errors));
	return &errors[errs->cnt];
}

/* Replaces a message that would quote the text. One is enough, because the parse ends. */
static char *hide_error(struct xs_parser *p)
{
	p->err = -EINVAL;
	return strdup("this line is wrong, but not everybody may read the file, "
		      "so its text is not shown: check the file by itself");
}

bool xs_parse_error(struct xs_parser *p, const struct xs_pos *pos, const char *fmt, ...)
{
	bool secret = pos->of ? pos->of->secret : p->secret;
	struct xs_rule_error *error;
	va_list args;

	if (p->err)
		return false;
	error = new_error(p);
	if (!error)
		return false;
	p->errs->cnt++;
	va_start(args, fmt);
	if (secret)
		error->message = hide_error(p);
	else if (vasprintf(&error->message, fmt, args) < 0)
		error->message = NULL;
	va_end(args);
	error->line = pos->line;
	error->column = pos->column;
	error->file = strdup(p->set.files[pos->of ? pos->of->file : p->file]);
	error->source = secret ? strdup("") : malloc(XS_EXCERPT_MAX);
	if (error->source && !secret)
		error->caret = xs_excerpt(pos->line_start, pos->of ? pos->of->end : p->lex.end,
					  pos->column, error->source, XS_EXCERPT_MAX);
	if (error->message && error->file && error->source)
		return false;
	error_free(error);
	p->errs->cnt--;
	return xs_parse_oom(p);
}

bool xs_parse_expected(struct xs_parser *p, const char *fmt, ...)
{
	struct xs_quote found = xs_quote_str(xs_token_str(&p->tok));
	struct xs_pos pos = xs_token_pos(&p->tok);
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	switch (p->tok.type) {
	case XS_TOKEN_BAD:
		return xs_parse_error(p, &pos, "%s", p->tok.why);
	case XS_TOKEN_EOL:
	case XS_TOKEN_EOF:
		return xs_parse_error(p, &pos, "the line ends here: expected %s", what);
	case XS_TOKEN_NAME:
		return xs_parse_error(p, &pos, "found '$%s': expected %s", found.s, what);
	default:
		return xs_parse_error(p, &pos, "found '%s': expected %s", found.s, what);
	}
}

void xs_rule_errors_free(struct xs_rule_errors *errs)
{
	for (__u32 i = 0; i < errs->cnt; i++)
		error_free(&errs->errors[i]);
	free(errs->errors);
	memset(errs, 0, sizeof(*errs));
}
