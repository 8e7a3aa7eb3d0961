// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Files of values: one address, prefix or range a line, as blocklists are published; '#'
 * and ';' begin a comment.
 */
#include <stdlib.h>

#include "parse.h"

/* The part of a line that is no blank and no comment: [*from, end). */
static const char *value_of_line(const char **from, const char *end)
{
	const char *p = *from, *to;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	for (to = p; to < end && *to != '#' && *to != ';'; to++)
		;
	while (to > p && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	*from = p;
	return to;
}

static bool add_line(struct xs_parser *p, struct xs_operand *value, const char *from,
		     const char *end, const struct xs_pos *line)
{
	const char *slash = memchr(from, '/', (size_t)(end - from));
	const char *text_end = slash ? slash : end;
	struct xs_elem elem = { .text = { from, (__u32)(text_end - from) },
				.pos = *line,
				.prefix_pos = *line };

	elem.pos.column = (__u32)(from - line->line_start) + 1;
	if (slash) {
		elem.prefix = (struct xs_str){ slash + 1, (__u32)(end - slash - 1) };
		elem.prefix_pos.column = (__u32)(slash + 1 - line->line_start) + 1;
	}
	if (memchr(from, '|', elem.text.len) || elem.text.len > 4096)
		return xs_parse_error(p, &elem.pos, "expected one value a line");
	return xs_parse_charge(p, sizeof(elem), line) && xs_parse_add_elem(p, value, &elem);
}

static bool add_lines(struct xs_parser *p, struct xs_operand *value, const char *text,
		      struct xs_origin *of)
{
	struct xs_pos pos = { .line = 1, .column = 1, .of = of };

	if (of->end - text >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (const char *line = text, *nl; line < of->end; line = nl + 1, pos.line++) {
		const char *from = line, *end;

		nl = memchr(line, '\n', (size_t)(of->end - line));
		nl = nl ? nl : of->end;
		pos.line_start = line;
		end = value_of_line(&from, nl);
		if (from < end && !add_line(p, value, from, end, &pos))
			return false;
	}
	return true;
}

bool xs_parse_set_file(struct xs_parser *p, struct xs_operand *value)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_origin *of;
	const char *text;
	char *name, *path;
	size_t len;
	bool good;

	if (p->tok.type != XS_TOKEN_STRING || !p->tok.len)
		return xs_parse_expected(p, "a file name in double quotes after 'file'");
	of = xs_parse_alloc(p, sizeof(*of));
	name = xs_parse_alloc(p, p->tok.len + 1);
	if (!of || !name)
		return false;
	memcpy(name, p->tok.p, p->tok.len); /* the arena's memory is zeroed */
	good = xs_parse_read_file(p, &pos, name, &path, &text, &len, &of->secret) &&
	       xs_parse_add_file(p, path, &of->file);
	if (!good)
		return false;
	of->end = text + len;
	p->bytes_read += len;
	if (p->bytes_read > XS_RULE_FILE_MAX)
		return xs_parse_error(p, &pos, "the files are larger than %u MiB together",
				      XS_RULE_FILE_MAX >> 20);
	xs_parse_next(p);
	return add_lines(p, value, text, of);
}
