// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rule text to struct xs_ruleset and back: the statements and their grammar.
 * Tokens come from rule_lex, single values from rule_value, words from
 * rule_names. Opens nothing, prints nothing.
 */
#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_lex.h"
#include "rule_names.h"
#include "rule_text.h"
#include "rule_value.h"

struct str {
	const char *p;
	__u32 len;
};

/* Where something stands in the text that is being parsed. */
struct pos {
	__u32 line, column;
	const char *line_start;
};

/* One value as written; what it means depends on the field it is compared with. */
struct elem {
	struct str text; /* value or range */
	struct str prefix; /* after '/'; p is NULL if there is none */
	struct pos pos, prefix_pos;
	struct str define; /* the $NAME it came through; p is NULL if it stands here */
};

enum shape {
	SHAPE_ONE,
	SHAPE_SET, /* { a, b } */
	SHAPE_LIST, /* a,b: flags */
};

struct value {
	enum shape shape;
	struct elem *elems;
	__u32 cnt, cap;
	struct pos pos; /* where it begins */
	struct pos comma; /* LIST: the first comma */
};

struct define {
	struct str name;
	enum shape shape;
	struct elem *elems;
	__u32 cnt;
	__u32 file, line;
};

/* Memory that lives until the end of the parse. */
struct block {
	struct block *next;
	_Alignas(16) char data[];
};

struct include {
	const struct include *outer;
	__u32 file;
};

struct parser {
	const struct xs_rule_source *src;
	struct xs_rule_errors *errs;
	int err; /* -ENOMEM, or -EINVAL: stop at once */

	struct xs_ruleset set;
	__u32 rule_cap;
	bool default_said, malformed_said;
	__u32 default_file, default_line, malformed_file, malformed_line;

	struct xs_lexer lex;
	struct xs_token tok; /* the current one */
	bool in_set; /* between { and } */
	const struct include *include;
	__u32 file;
	__u32 include_cnt;
	char *texts[XS_RULE_INCLUDE_MAX];

	void *defines; /* tsearch(3) tree of struct define */
	__u32 define_cnt;
	struct block *blocks;

	/* The statement being parsed. */
	struct value value;
	struct xs_match matches[XS_RULE_MATCH_MAX]; /* ranges: not set, see first_range */
	__u32 first_range[XS_RULE_MATCH_MAX];
	__u32 match_cnt;
	struct xs_range *ranges;
	__u32 range_cnt, range_cap;
	char *text; /* canonical, no end mark */
	size_t text_len, text_cap;

	__u64 bytes_read, bytes_made, text_total;
};

/* Errors */

struct quote {
	char s[48];
};

/* Text for a message: printable, short. */
static struct quote quote(const char *p, size_t len)
{
	const size_t max = sizeof(struct quote) - 4;
	const char *end = p + len;
	struct quote q;
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

static struct quote quote_str(struct str s)
{
	return quote(s.p, s.len);
}

/* The line around the error, bytes that a terminal might obey replaced. */
static char *excerpt(const struct pos *pos, const char *text_end, __u32 *caret)
{
	enum { BEFORE = 60, MAX = 160 };
	const char *nl = memchr(pos->line_start, '\n', (size_t)(text_end - pos->line_start));
	const char *end = nl ? nl : text_end, *start = pos->line_start;
	size_t n, at = pos->column - 1;
	char *source;

	if (end > start && end[-1] == '\r')
		end--;
	if (end - start > MAX && at > BEFORE)
		start += at - BEFORE;
	/* Not in the middle of a character. */
	while (start < pos->line_start + at && ((unsigned char)*start & 0xc0) == 0x80)
		start++;
	at -= (size_t)(start - pos->line_start);
	if (end - start > MAX)
		end = start + MAX;
	n = (size_t)(end - start);
	source = malloc(n + 1);
	if (!source)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t bytes = xs_utf8_char(start + i, end);

		memcpy(source + i, bytes ? start + i : "?", bytes ? bytes : 1);
		i += bytes ? bytes : 1;
	}
	source[n] = '\0';
	*caret = (__u32)(at < n ? at : n);
	return source;
}

static void error_free(struct xs_rule_error *error)
{
	free(error->file);
	free(error->message);
	free(error->source);
}

static struct xs_rule_error *new_error(struct parser *p)
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

static void __attribute__((format(printf, 3, 4)))
add_error(struct parser *p, const struct pos *pos, const char *fmt, ...)
{
	struct xs_rule_error *error;
	va_list args;

	if (p->err)
		return;
	error = new_error(p);
	if (!error)
		return;
	p->errs->cnt++;
	va_start(args, fmt);
	if (vasprintf(&error->message, fmt, args) < 0)
		error->message = NULL;
	va_end(args);
	error->line = pos->line;
	error->column = pos->column;
	error->file = strdup(p->set.files[p->file]);
	error->source = excerpt(pos, p->lex.end, &error->caret);
	if (error->message && error->file && error->source)
		return;
	error_free(error);
	p->errs->cnt--;
	p->err = -ENOMEM;
}

static struct pos token_pos(const struct xs_token *tok)
{
	return (struct pos){ tok->line, tok->column, tok->line_start };
}

/* "expected WHAT, found TOKEN" at the current token; returns false. */
static bool __attribute__((format(printf, 2, 3))) expected(struct parser *p, const char *fmt, ...)
{
	struct pos pos = token_pos(&p->tok);
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	switch (p->tok.type) {
	case XS_TOKEN_BAD:
		add_error(p, &pos, "%s", p->tok.why);
		break;
	case XS_TOKEN_EOL:
	case XS_TOKEN_EOF:
		add_error(p, &pos, "the line ends here: expected %s", what);
		break;
	case XS_TOKEN_NAME:
		add_error(p, &pos, "found '$%s': expected %s", quote(p->tok.p, p->tok.len).s, what);
		break;
	default:
		add_error(p, &pos, "found '%s': expected %s", quote(p->tok.p, p->tok.len).s, what);
	}
	return false;
}

/* Memory */

static bool out_of_memory(struct parser *p)
{
	p->err = -ENOMEM;
	return false;
}

static void *block_alloc(struct parser *p, size_t size)
{
	struct block *block = malloc(sizeof(*block) + size);

	if (!block) {
		p->err = -ENOMEM;
		return NULL;
	}
	block->next = p->blocks;
	p->blocks = block;
	return block->data;
}

/*
 * Counts memory that the rules make of the text, so that no small text, by
 * names that stand for names, asks for much of it.
 */
static bool charge(struct parser *p, size_t bytes, const struct pos *pos)
{
	__u64 max = XS_RULE_EXPAND_BASE + XS_RULE_EXPAND_FACTOR * p->bytes_read;

	if (max > XS_RULE_EXPAND_MAX)
		max = XS_RULE_EXPAND_MAX;
	p->bytes_made += bytes;
	if (p->bytes_made <= max)
		return true;
	add_error(p, pos,
		  "the rules grow beyond %llu MiB with their $names replaced: use fewer or smaller "
		  "sets",
		  (unsigned long long)(max >> 20));
	p->err = p->err ? p->err : -EINVAL;
	return false;
}

/* Makes room for one more; cap doubles. Returns the array, or NULL with p->err set. */
static void *grow(struct parser *p, void *array, __u32 cnt, __u32 *cap, size_t size)
{
	__u32 new_cap = *cap ? *cap * 2 : 16;
	void *larger;

	if (cnt < *cap)
		return array;
	larger = reallocarray(array, new_cap, size);
	if (!larger) {
		p->err = -ENOMEM;
		return NULL;
	}
	*cap = new_cap;
	return larger;
}

/* Canonical text */

static bool put(struct parser *p, const char *s, size_t len)
{
	size_t need = p->text_len + len;

	if (need > XS_RULE_LINE_MAX) {
		struct pos pos = token_pos(&p->tok);

		add_error(p, &pos, "the rule is longer than %u MiB with its $names replaced",
			  XS_RULE_LINE_MAX >> 20);
		return false;
	}
	if (need > p->text_cap) {
		size_t cap = need * 2 + 256;
		char *text = realloc(p->text, cap);

		if (!text)
			return out_of_memory(p);
		p->text = text;
		p->text_cap = cap;
	}
	memcpy(p->text + p->text_len, s, len);
	p->text_len = need;
	return true;
}

/* One more token, with a space before it. */
static bool put_token(struct parser *p, const char *s, size_t len)
{
	return (!p->text_len || put(p, " ", 1)) && put(p, s, len);
}

static bool put_elem(struct parser *p, const struct elem *elem)
{
	if (!put(p, elem->text.p, elem->text.len))
		return false;
	return !elem->prefix.p || (put(p, "/", 1) && put(p, elem->prefix.p, elem->prefix.len));
}

static bool put_value(struct parser *p, const struct value *value)
{
	const char *separator = value->shape == SHAPE_SET ? ", " : ",";

	if (!put_token(p, "{ ", value->shape == SHAPE_SET ? 2 : 0))
		return false;
	for (__u32 i = 0; i < value->cnt; i++) {
		if (i && !put(p, separator, strlen(separator)))
			return false;
		if (!put_elem(p, &value->elems[i]))
			return false;
	}
	return value->shape != SHAPE_SET || put_token(p, "}", 1);
}

/* Tokens */

static void next(struct parser *p)
{
	xs_lex(&p->lex, &p->tok);
}

static bool at_end(const struct parser *p)
{
	return p->tok.type == XS_TOKEN_EOL || p->tok.type == XS_TOKEN_EOF;
}

static bool str_is(struct str s, const char *word)
{
	return s.len && *s.p == *word && !strncmp(s.p, word, s.len) && !word[s.len];
}

static struct str token_str(const struct xs_token *tok)
{
	return (struct str){ tok->p, tok->len };
}

static bool at_word(const struct parser *p, const char *word)
{
	return p->tok.type == XS_TOKEN_WORD && str_is(token_str(&p->tok), word);
}

/* Takes the word and puts it in the canonical text, if it is the current token. */
static bool take_word(struct parser *p, const char *word)
{
	if (!at_word(p, word) || !put_token(p, p->tok.p, p->tok.len))
		return false;
	next(p);
	return true;
}

/* Defines */

static int compare_defines(const void *a, const void *b)
{
	const struct define *x = a, *y = b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.p, y->name.p, x->name.len);
}

static const struct define *find_define(struct parser *p, struct str name)
{
	const struct define key = { .name = name };
	struct define *const *node = tfind(&key, &p->defines, compare_defines);

	return node ? *node : NULL;
}

/*
 * "$LOW-90" may be the range from $LOW to 90, or a name with a '-' in it; the
 * longest name that is defined wins, and the rest is the next token.
 */
static const struct define *split_name(struct parser *p)
{
	const struct define *define = NULL;
	struct str name = token_str(&p->tok);

	while (!define && name.len > 1) {
		name.len--;
		if (name.p[name.len] == '-')
			define = find_define(p, name);
	}
	if (define) {
		p->tok.len = name.len;
		p->lex.p = p->lex.last_end = name.p + name.len;
	}
	return define;
}

/* The define that the current token, a $NAME, names; NULL after an error. */
static const struct define *this_define(struct parser *p)
{
	const struct define *define = find_define(p, token_str(&p->tok));
	struct pos pos = token_pos(&p->tok);

	if (!define)
		define = split_name(p);
	if (!define)
		add_error(p, &pos,
			  "'$%s' is not defined: expected 'define %s = ...' on an earlier line",
			  quote(p->tok.p, p->tok.len).s, quote(p->tok.p, p->tok.len).s);
	return define;
}

/* Values as written */

static bool add_elem(struct parser *p, struct value *value, const struct elem *elem)
{
	struct elem *elems = grow(p, value->elems, value->cnt, &value->cap, sizeof(*elems));

	if (!elems)
		return false;
	value->elems = elems;
	if (value->cnt == XS_RULE_SET_MAX) {
		add_error(p, &value->pos, "the set has more than %u members", XS_RULE_SET_MAX);
		return false;
	}
	elems[value->cnt++] = *elem;
	return true;
}

/* What a $NAME holds, each member as if it stood here. */
static bool add_define(struct parser *p, struct value *value, const struct define *define,
		       const struct pos *pos)
{
	if (define->shape == SHAPE_LIST && value->shape == SHAPE_ONE) {
		value->shape = SHAPE_LIST;
		value->comma = *pos;
	} else if (define->shape == SHAPE_SET && value->shape == SHAPE_ONE) {
		value->shape = SHAPE_SET;
	}
	if (!charge(p, define->cnt * sizeof(struct elem), pos))
		return false;
	for (__u32 i = 0; i < define->cnt; i++) {
		struct elem elem = define->elems[i];

		elem.pos = elem.prefix_pos = *pos;
		elem.define = define->name;
		if (!add_elem(p, value, &elem))
			return false;
	}
	return true;
}

/* Whether a $NAME is one plain word, that can be part of a range or prefix. */
static bool is_plain(const struct define *define)
{
	return define->shape == SHAPE_ONE && !define->elems[0].prefix.p;
}

/* The current token as part of one value: a word, or a $NAME that is one. */
static bool take_part(struct parser *p, struct str *out, struct str *through)
{
	const struct define *define;
	struct pos pos = token_pos(&p->tok);

	if (p->tok.type == XS_TOKEN_WORD) {
		*out = token_str(&p->tok);
		next(p);
		return true;
	}
	if (p->tok.type != XS_TOKEN_NAME)
		return expected(p, "a value");
	define = this_define(p);
	if (!define)
		return false;
	if (!is_plain(define)) {
		add_error(p, &pos, "'$%s' is not a single value, so it can be no part of one",
			  quote_str(define->name).s);
		return false;
	}
	*out = define->elems[0].text;
	*through = define->name;
	next(p);
	return true;
}

/* "80 - 90", "$low-$high": parts of one range, though not one word. */
static bool joins(const struct parser *p, struct str text)
{
	if (p->tok.first)
		return false;
	if (p->tok.type == XS_TOKEN_WORD)
		return *p->tok.p == '-' || text.p[text.len - 1] == '-';
	return p->tok.type == XS_TOKEN_NAME && text.p[text.len - 1] == '-';
}

static bool join(struct parser *p, struct elem *elem)
{
	struct str part, whole;
	char *bytes;

	if (!take_part(p, &part, &elem->define))
		return false;
	whole.len = elem->text.len + part.len;
	if (whole.len > 4096) {
		add_error(p, &elem->pos, "the value is longer than 4096 bytes");
		return false;
	}
	if (!charge(p, whole.len + sizeof(struct block), &elem->pos))
		return false;
	bytes = block_alloc(p, whole.len);
	if (!bytes)
		return false;
	memcpy(bytes, elem->text.p, elem->text.len);
	memcpy(bytes + elem->text.len, part.p, part.len);
	whole.p = bytes;
	elem->text = whole;
	/* The column is that of the first part, wherever in the value the error is. */
	if (!elem->define.p)
		elem->define = (struct str){ "", 0 };
	return true;
}

static bool parse_prefix(struct parser *p, struct elem *elem)
{
	struct str through = { NULL, 0 };

	next(p);
	elem->prefix_pos = token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD && p->tok.type != XS_TOKEN_NAME)
		return expected(p, "a prefix length after '/'");
	return take_part(p, &elem->prefix, &through);
}

/* One member: a value, range or prefix, or a $NAME that may hold several. */
static bool parse_elem(struct parser *p, struct value *value, bool prefixes, const char *what)
{
	struct elem elem = { .pos = token_pos(&p->tok) };

	if (p->tok.type != XS_TOKEN_WORD && p->tok.type != XS_TOKEN_NAME)
		return expected(p, "%s", what);
	if (p->tok.type == XS_TOKEN_NAME) {
		const struct define *define = this_define(p);

		if (!define)
			return false;
		if (!is_plain(define)) {
			next(p);
			return add_define(p, value, define, &elem.pos);
		}
	}
	if (!take_part(p, &elem.text, &elem.define))
		return false;
	while (joins(p, elem.text))
		if (!join(p, &elem))
			return false;
	if (prefixes && p->tok.type == XS_TOKEN_SLASH && !parse_prefix(p, &elem))
		return false;
	return charge(p, sizeof(elem), &elem.pos) && add_elem(p, value, &elem);
}

static void skip_lines(struct parser *p)
{
	while (p->tok.type == XS_TOKEN_EOL)
		next(p);
}

/* { a, b, } over as many lines as it takes. */
static bool parse_set(struct parser *p, struct value *value, const char *what)
{
	value->shape = SHAPE_SET;
	p->in_set = true;
	next(p);
	skip_lines(p);
	if (p->tok.type == XS_TOKEN_RBRACE)
		return expected(p, "%s: a set has at least one member", what);
	while (p->tok.type != XS_TOKEN_RBRACE) {
		if (p->tok.type == XS_TOKEN_EOF) {
			add_error(p, &value->pos, "the set is not closed: expected '}'");
			return false;
		}
		if (!parse_elem(p, value, true, what))
			return false;
		skip_lines(p);
		if (p->tok.type == XS_TOKEN_COMMA) {
			next(p);
			skip_lines(p);
		} else if (p->tok.type != XS_TOKEN_RBRACE && p->tok.type != XS_TOKEN_EOF) {
			return expected(p, "',' or '}' in the set that begins at line %u",
					value->pos.line);
		}
	}
	p->in_set = false;
	next(p);
	return true;
}

static bool parse_value(struct parser *p, struct value *value, bool prefixes, const char *what)
{
	value->cnt = 0;
	value->shape = SHAPE_ONE;
	value->pos = token_pos(&p->tok);
	if (p->tok.type == XS_TOKEN_LBRACE)
		return parse_set(p, value, what);
	if (!parse_elem(p, value, prefixes, what))
		return false;
	while (p->tok.type == XS_TOKEN_COMMA) {
		if (value->shape != SHAPE_LIST)
			value->comma = token_pos(&p->tok);
		value->shape = SHAPE_LIST;
		next(p);
		if (!parse_elem(p, value, prefixes, what))
			return false;
	}
	return true;
}

/* Values of a field */

/* "0-65535 or a name such as ssh": what can stand where a value of the field must. */
static void describe(enum xs_field field, char *buf, size_t size)
{
	const struct xs_field_info *info = &xs_fields[field];
	const struct xs_name *names = info->names;

	switch (info->kind) {
	case XS_VALUE_MAC:
		snprintf(buf, size, "a MAC address such as 00:53:00:00:00:01");
		return;
	case XS_VALUE_IPV4:
		snprintf(buf, size, "an IPv4 address such as 192.0.2.1");
		return;
	case XS_VALUE_IPV6:
		snprintf(buf, size, "an IPv6 address such as 2001:db8::1");
		return;
	case XS_VALUE_NAME:
		snprintf(buf, size, "%s, %s or %s", names[0].name, names[1].name, names[2].name);
		return;
	case XS_VALUE_NUMBER:
	case XS_VALUE_FLAGS:
		snprintf(buf, size, "0-%llu%s%s%s%s%s%s", (unsigned long long)xs_field_max(field),
			 names ? " or a name such as " : "", names ? names[0].name : "",
			 names ? ", " : "", names ? names[1].name : "", names ? ", " : "",
			 names ? names[2].name : "");
		return;
	case XS_VALUE_NONE:
		break;
	}
	snprintf(buf, size, "nothing");
}

/* Says what is wrong with [at, at + len) of the member. Returns false. */
static bool bad_elem(struct parser *p, enum xs_field field, const struct elem *elem,
		     enum xs_value_result result, size_t at, size_t len)
{
	struct quote q = quote(elem->text.p + at, len);
	char what[160], through[80] = "";
	struct pos pos = elem->pos;

	describe(field, what, sizeof(what));
	if (elem->define.len)
		snprintf(through, sizeof(through), " (of '$%s')", quote_str(elem->define).s);
	if (!elem->define.p)
		pos.column += (__u32)at;
	switch (result) {
	case XS_VALUE_BEYOND:
		add_error(p, &pos, "'%s'%s is too large for '%s': expected %s", q.s, through,
			  xs_fields[field].text, what);
		break;
	case XS_VALUE_REVERSED:
		add_error(p, &pos, "the range '%s'%s is empty: expected its smaller end first", q.s,
			  through);
		break;
	default:
		add_error(p, &pos, "'%s'%s is not %s: expected %s", q.s, through,
			  xs_fields[field].noun, what);
	}
	return false;
}

static bool prefix_range(struct parser *p, enum xs_field field, const struct elem *elem,
			 struct xs_range *range)
{
	const struct xs_field_info *info = &xs_fields[field];
	enum xs_value_result result;
	xs_u128 value;
	__u64 length;

	if (info->kind != XS_VALUE_IPV4 && info->kind != XS_VALUE_IPV6 &&
	    info->kind != XS_VALUE_MAC) {
		add_error(p, &elem->prefix_pos, "'%s' has no prefixes: only addresses have",
			  info->text);
		return false;
	}
	result = xs_value_parse(field, elem->text.p, elem->text.len, &value);
	if (result != XS_VALUE_OK)
		return bad_elem(p, field, elem, result, 0, elem->text.len);
	result = xs_number_parse(elem->prefix.p, elem->prefix.len, info->bits, &length);
	if (result != XS_VALUE_OK) {
		add_error(p, &elem->prefix_pos,
			  "'%s' is not a prefix length of '%s': expected 0-%u",
			  quote_str(elem->prefix).s, info->text, info->bits);
		return false;
	}
	*range = xs_prefix_range(value, (__u32)length, info->bits);
	return true;
}

static bool elem_range(struct parser *p, enum xs_field field, const struct elem *elem,
		       struct xs_range *range)
{
	enum xs_value_result result;
	size_t at, len;

	if (elem->prefix.p)
		return prefix_range(p, field, elem, range);
	result = xs_range_parse(field, elem->text.p, elem->text.len, range, &at, &len);
	return result == XS_VALUE_OK || bad_elem(p, field, elem, result, at, len);
}

static bool add_range(struct parser *p, const struct xs_range *range)
{
	struct xs_range *ranges = grow(p, p->ranges, p->range_cnt, &p->range_cap, sizeof(*ranges));

	if (!ranges)
		return false;
	p->ranges = ranges;
	ranges[p->range_cnt++] = *range;
	return true;
}

/* The value's ranges, behind those of the rule's earlier matches. */
static bool add_ranges(struct parser *p, enum xs_field field, struct xs_match *match)
{
	const struct value *value = &p->value;
	__u32 first = p->range_cnt;
	struct xs_range range;

	if (value->shape == SHAPE_LIST) {
		add_error(p, &value->comma,
			  "several values of '%s' are a set: expected { ... } around them",
			  xs_fields[field].text);
		return false;
	}
	if (!charge(p, value->cnt * sizeof(range), &value->pos))
		return false;
	for (__u32 i = 0; i < value->cnt; i++)
		if (!elem_range(p, field, &value->elems[i], &range) || !add_range(p, &range))
			return false;
	match->range_cnt = xs_ranges_merge(p->ranges + first, p->range_cnt - first);
	p->range_cnt = first + match->range_cnt;
	return put_value(p, value);
}

/* Flags, as the number they are together. */
static bool flags_of(struct parser *p, const struct value *value, __u32 *flags)
{
	xs_u128 flag;

	if (value->shape == SHAPE_SET) {
		add_error(p, &value->pos,
			  "'tcp flags' takes no set: expected a list such as syn,ack");
		return false;
	}
	*flags = 0;
	for (__u32 i = 0; i < value->cnt; i++) {
		const struct elem *elem = &value->elems[i];
		enum xs_value_result result;

		if (elem->prefix.p) {
			add_error(p, &elem->prefix_pos, "'tcp flags' has no prefixes");
			return false;
		}
		result = xs_value_parse(XS_FIELD_tcp_flags, elem->text.p, elem->text.len, &flag);
		if (result != XS_VALUE_OK)
			return bad_elem(p, XS_FIELD_tcp_flags, elem, result, 0, elem->text.len);
		*flags |= (__u32)flag;
	}
	return true;
}

/* tcp flags [!=] A,B [/ M,N], from A on. */
static bool parse_flags(struct parser *p, struct xs_match *match)
{
	const char *what = "TCP flags: fin, syn, rst, psh, ack, urg, ecn, cwr or 0-255";
	struct xs_range ranges[128];
	__u32 flags, mask = 0;
	bool masked;

	if (!parse_value(p, &p->value, false, what) || !flags_of(p, &p->value, &flags) ||
	    !put_value(p, &p->value))
		return false;
	masked = p->tok.type == XS_TOKEN_SLASH;
	if (masked) {
		next(p);
		if (!put_token(p, "/", 1) || !parse_value(p, &p->value, false, what) ||
		    !flags_of(p, &p->value, &mask) || !put_value(p, &p->value))
			return false;
	}
	match->range_cnt = xs_flags_ranges(flags, masked ? (int)mask : -1, match->negate, ranges);
	match->negate = false;
	if (!charge(p, match->range_cnt * sizeof(ranges[0]), &p->value.pos))
		return false;
	for (__u32 i = 0; i < match->range_cnt; i++)
		if (!add_range(p, &ranges[i]))
			return false;
	return true;
}

/* Matches */

/* "saddr, daddr or ttl": the words that may follow a family. */
static void describe_family(struct str family, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *text = xs_fields[i].text;

		if (strncmp(text, family.p, family.len) || text[family.len] != ' ')
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
				      text + family.len + 1);
		if (n >= size)
			return;
	}
}

/* The words of the field, from its family on. */
static bool parse_field(struct parser *p, enum xs_field *field)
{
	struct str family = token_str(&p->tok), word = { "", 0 };
	char what[128];

	next(p);
	if (p->tok.type == XS_TOKEN_WORD)
		word = token_str(&p->tok);
	*field = word.len ? xs_field_find(family.p, family.len, word.p, word.len) : XS_FIELD_MAX;
	if (*field != XS_FIELD_MAX) {
		next(p);
		return put_token(p, xs_fields[*field].text, strlen(xs_fields[*field].text));
	}
	*field = xs_field_find(family.p, family.len, "", 0);
	if (*field != XS_FIELD_MAX)
		return put_token(p, family.p, family.len);
	describe_family(family, what, sizeof(what));
	return expected(p, "one of %s after '%s'", what, quote_str(family).s);
}

static bool parse_match(struct parser *p)
{
	struct xs_match *match = &p->matches[p->match_cnt];
	struct pos pos = token_pos(&p->tok);
	char what[200];

	if (p->match_cnt == XS_RULE_MATCH_MAX) {
		add_error(p, &pos, "the rule has more than %u matches", XS_RULE_MATCH_MAX);
		return false;
	}
	memset(match, 0, sizeof(*match));
	p->first_range[p->match_cnt] = p->range_cnt;
	if (!parse_field(p, &match->field))
		return false;
	p->match_cnt++;
	if (!xs_fields[match->field].bits)
		return true;
	if (p->tok.type == XS_TOKEN_NE) {
		match->negate = true;
		next(p);
		if (!put_token(p, "!=", 2))
			return false;
	}
	if (match->field == XS_FIELD_tcp_flags)
		return parse_flags(p, match);
	if (p->tok.type != XS_TOKEN_WORD && p->tok.type != XS_TOKEN_NAME &&
	    p->tok.type != XS_TOKEN_LBRACE) {
		describe(match->field, what, sizeof(what));
		return expected(p, "%s: %s", xs_fields[match->field].noun, what);
	}
	return parse_value(p, &p->value, true, xs_fields[match->field].noun) &&
	       add_ranges(p, match->field, match);
}

/* Verdicts */

static int verdict_of(const struct xs_token *tok)
{
	/* counters.h has these too, but draws in libbpf, which the parser knows nothing of. */
	static const char *const words[XS_VERDICT_MAX] = {
#define X(name) #name,
		XS_VERDICTS(X)
#undef X
	};

	if (tok->type != XS_TOKEN_WORD)
		return -1;
	if (str_is(token_str(tok), "accept"))
		return XS_VERDICT_pass;
	for (int i = 0; i < XS_VERDICT_MAX; i++)
		if (str_is(token_str(tok), words[i]))
			return i;
	return -1;
}

/* A number, or a $NAME that holds one, up to XS_RULE_INDEX_MAX. */
static bool parse_index(struct parser *p, const char *what, __u32 *out)
{
	struct pos pos = token_pos(&p->tok);
	struct str text, through = { NULL, 0 };
	__u64 number;

	if (p->tok.type != XS_TOKEN_WORD && p->tok.type != XS_TOKEN_NAME)
		return expected(p, "a %s number, 0-%u", what, XS_RULE_INDEX_MAX);
	if (!take_part(p, &text, &through))
		return false;
	if (xs_number_parse(text.p, text.len, XS_RULE_INDEX_MAX, &number)) {
		add_error(p, &pos, "'%s' is not a %s number: expected 0-%u", quote_str(text).s,
			  what, XS_RULE_INDEX_MAX);
		return false;
	}
	*out = (__u32)number;
	return put_token(p, text.p, text.len);
}

static bool parse_xsk(struct parser *p, struct xs_action *action)
{
	int otherwise;

	action->own_slot = 1;
	action->otherwise = XS_VERDICT_pass;
	if (take_word(p, "slot")) {
		action->own_slot = 0;
		if (!parse_index(p, "slot", &action->target))
			return false;
	}
	if (!take_word(p, "else"))
		return !p->err;
	otherwise = verdict_of(&p->tok);
	if (otherwise != XS_VERDICT_pass && otherwise != XS_VERDICT_drop)
		return expected(p, "pass or drop after 'else'");
	action->otherwise = (__u8)otherwise;
	if (!put_token(p, p->tok.p, p->tok.len))
		return false;
	next(p);
	return true;
}

/* As the kernel's dev_valid_name(). */
static bool is_ifname(struct str name)
{
	if (!name.len || name.len > 15 || str_is(name, ".") || str_is(name, ".."))
		return false;
	for (__u32 i = 0; i < name.len; i++)
		if (name.p[i] == '/' || name.p[i] == ':' || name.p[i] == ' ' || name.p[i] == '\t')
			return false;
	return true;
}

/* Quoted where it holds what no word holds. */
static bool put_ifname(struct parser *p, struct str name)
{
	for (__u32 i = 0; i < name.len; i++)
		if (!xs_is_word_byte(name.p[i]))
			return put_token(p, "\"", 1) && put(p, name.p, name.len) && put(p, "\"", 1);
	return put_token(p, name.p, name.len);
}

static bool parse_dev(struct parser *p, char ifname[16])
{
	struct pos pos = token_pos(&p->tok);
	struct str name, through = { NULL, 0 };

	if (p->tok.type == XS_TOKEN_STRING) {
		name = token_str(&p->tok);
		next(p);
	} else if (p->tok.type != XS_TOKEN_WORD && p->tok.type != XS_TOKEN_NAME) {
		return expected(p, "an interface name after 'dev'");
	} else if (!take_part(p, &name, &through)) {
		return false;
	}
	if (!is_ifname(name)) {
		add_error(p, &pos,
			  "'%s' is not an interface name: expected 1-15 bytes without '/', ':', "
			  "space",
			  quote_str(name).s);
		return false;
	}
	memcpy(ifname, name.p, name.len);
	ifname[name.len] = '\0';
	return put_ifname(p, name);
}

/* From the verdict's word on; action and ifname are zero. */
static bool parse_verdict(struct parser *p, struct xs_action *action, char ifname[16])
{
	int verdict = verdict_of(&p->tok);

	if (verdict < 0)
		return expected(p, "a verdict: pass, drop, tx, xsk, cpu or dev");
	action->verdict = (__u8)verdict;
	if (!put_token(p, p->tok.p, p->tok.len))
		return false;
	next(p);
	switch (verdict) {
	case XS_VERDICT_xsk:
		return parse_xsk(p, action);
	case XS_VERDICT_cpu:
		return parse_index(p, "CPU", &action->target);
	case XS_VERDICT_dev:
		return parse_dev(p, ifname);
	}
	return true;
}

/* Statements */

static bool parse_end(struct parser *p, const char *what)
{
	return at_end(p) || expected(p, "%s", what);
}

static bool parse_comment(struct parser *p, struct str *comment)
{
	struct pos pos;

	if (!take_word(p, "comment"))
		return !p->err;
	if (p->tok.type != XS_TOKEN_STRING)
		return expected(p, "a string in double quotes after 'comment'");
	pos = token_pos(&p->tok);
	*comment = token_str(&p->tok);
	if (comment->len > XS_RULE_COMMENT_MAX) {
		add_error(p, &pos, "the comment has %u bytes: expected at most %u", comment->len,
			  XS_RULE_COMMENT_MAX);
		return false;
	}
	next(p);
	return put_token(p, "\"", 1) && put(p, comment->p, comment->len) && put(p, "\"", 1);
}

static bool check_text_total(struct parser *p, const struct pos *pos)
{
	p->text_total += p->text_len + 1;
	if (p->text_total <= XS_RULE_FILE_MAX)
		return true;
	add_error(p, pos, "the rules are longer than %u MiB with their $names replaced",
		  XS_RULE_FILE_MAX >> 20);
	p->err = p->err ? p->err : -EINVAL;
	return false;
}

/*
 * Puts the parts of the rule in one block: matches, ranges, text, comment. It
 * begins with the matches, and is freed by them.
 */
static bool pack_rule(struct parser *p, struct xs_rule *rule, const struct str *comment)
{
	size_t matches = (p->match_cnt * sizeof(struct xs_match) + 15) & ~(size_t)15;
	size_t ranges = p->range_cnt * sizeof(struct xs_range);
	size_t size = matches + ranges + p->text_len + 1 + (comment->p ? comment->len + 1 : 0);
	char *block = malloc(size);
	struct xs_range *to;

	if (!block)
		return out_of_memory(p);
	rule->matches = (struct xs_match *)(void *)block;
	rule->match_cnt = p->match_cnt;
	to = (struct xs_range *)(void *)(block + matches);
	memcpy(rule->matches, p->matches, p->match_cnt * sizeof(struct xs_match));
	if (ranges)
		memcpy(to, p->ranges, ranges);
	for (__u32 i = 0; i < p->match_cnt; i++)
		rule->matches[i].ranges = rule->matches[i].range_cnt ? to + p->first_range[i]
								     : NULL;
	rule->text = block + matches + ranges;
	memcpy(rule->text, p->text, p->text_len);
	rule->text[p->text_len] = '\0';
	if (comment->p) {
		rule->comment = rule->text + p->text_len + 1;
		memcpy(rule->comment, comment->p, comment->len);
		rule->comment[comment->len] = '\0';
	}
	return true;
}

static bool add_rule(struct parser *p, struct xs_rule *rule, const struct str *comment,
		     const struct pos *pos)
{
	struct xs_rule *rules;

	if (p->set.rule_cnt == XS_RULE_CNT_MAX) {
		add_error(p, pos, "there are more than %u rules", XS_RULE_CNT_MAX);
		p->err = p->err ? p->err : -EINVAL;
		return false;
	}
	if (!charge(p, sizeof(*rule) + p->text_len, pos) || !check_text_total(p, pos))
		return false;
	rules = grow(p, p->set.rules, p->set.rule_cnt, &p->rule_cap, sizeof(*rules));
	if (!rules)
		return false;
	p->set.rules = rules;
	if (!pack_rule(p, rule, comment))
		return false;
	rules[p->set.rule_cnt++] = *rule;
	return true;
}

/* What people try who know nft, iptables or tcpdump. */
static const char *hint(struct str word)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {
		{ "counter", "; every rule counts anyway: leave it out" },
		{ "allow", "; it is called pass" },
		{ "ACCEPT", "; it is called pass" },
		{ "DROP", "; it is called drop" },
		{ "deny", "; it is called drop" },
		{ "reject", "; nothing is answered here: drop" },
		{ "redirect", "; it is called xsk, cpu or dev" },
		{ "log", "; nothing is logged, but every rule counts" },
		{ "limit", "; there are no rates" },
		{ "ct", "; connections are not tracked" },
		{ "iif", "; the rules belong to one interface" },
		{ "iifname", "; the rules belong to one interface" },
		{ "src", "; it is called ip saddr" },
		{ "dst", "; it is called ip daddr" },
		{ "queue", "; it is called meta rxqueue" },
		{ "arp", "; write ether type arp" },
		{ "table", "; there are no tables and chains, only rules" },
		{ "chain", "; there are no tables and chains, only rules" },
		{ "flush", "; there are no tables and chains, only rules" },
		{ "add", "; a rule begins with its matches" },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (str_is(word, hints[i].word))
			return hints[i].hint;
	return "";
}

/* Neither match nor verdict stands where one must. */
static bool bad_rule_word(struct parser *p)
{
	const char *verdicts = "a verdict: pass, drop, tx, xsk, cpu or dev";
	enum xs_field last = p->match_cnt ? p->matches[p->match_cnt - 1].field : XS_FIELD_MAX;
	char words[128] = "";

	if (p->match_cnt && !xs_fields[last].bits && p->tok.type == XS_TOKEN_WORD)
		describe_family(
			(struct str){ xs_fields[last].text, (__u32)strlen(xs_fields[last].text) },
			words, sizeof(words));
	if (words[0])
		return expected(p, "%s %s, another match or %s%s", xs_fields[last].text, words,
				verdicts, hint(token_str(&p->tok)));
	return expected(p,
			"%s (ether, vlan, ip, ip6, meta, tcp, udp, sctp, th, icmp, icmpv6) or %s%s",
			p->match_cnt ? "another match" : "a match", verdicts,
			p->tok.type == XS_TOKEN_WORD ? hint(token_str(&p->tok)) : "");
}

static bool parse_rule(struct parser *p)
{
	struct pos pos = token_pos(&p->tok);
	struct xs_rule rule = { .line = p->tok.line, .file = p->file };
	struct str comment = { NULL, 0 };

	while (p->tok.type == XS_TOKEN_WORD && verdict_of(&p->tok) < 0) {
		if (!xs_is_family(p->tok.p, p->tok.len))
			return bad_rule_word(p);
		if (!parse_match(p))
			return false;
	}
	if (p->tok.type != XS_TOKEN_WORD)
		return bad_rule_word(p);
	return parse_verdict(p, &rule.action, rule.ifname) && parse_comment(p, &comment) &&
	       parse_end(p, comment.p ? "the end of the line"
				      : "comment or the end of the line: the verdict comes last") &&
	       add_rule(p, &rule, &comment, &pos);
}

static char *text_dup(struct parser *p)
{
	char *text = strndup(p->text, p->text_len);

	if (!text)
		p->err = -ENOMEM;
	return text;
}

static bool said_before(struct parser *p, const char *word, __u32 file, __u32 line)
{
	struct pos pos = token_pos(&p->tok);

	add_error(p, &pos, "'%s' stands at %s:%u already: expected it once at most", word,
		  p->set.files[file], line);
	return false;
}

static bool parse_default(struct parser *p)
{
	struct xs_action action = {};
	char ifname[16] = "";
	__u32 line = p->tok.line;
	struct pos pos = token_pos(&p->tok);

	if (p->default_said)
		return said_before(p, "default", p->default_file, p->default_line);
	if (!take_word(p, "default") || !parse_verdict(p, &action, ifname) ||
	    !parse_end(p, "the end of the line") || !check_text_total(p, &pos))
		return false;
	p->set.default_text = text_dup(p);
	if (!p->set.default_text)
		return false;
	p->set.default_action = action;
	memcpy(p->set.default_ifname, ifname, sizeof(ifname));
	p->default_said = true;
	p->default_file = p->file;
	p->default_line = line;
	return true;
}

static bool parse_malformed(struct parser *p)
{
	__u32 line = p->tok.line;
	struct pos pos = token_pos(&p->tok);
	int verdict;

	if (p->malformed_said)
		return said_before(p, "malformed", p->malformed_file, p->malformed_line);
	if (!take_word(p, "malformed"))
		return false;
	verdict = verdict_of(&p->tok);
	if (verdict != XS_VERDICT_pass && verdict != XS_VERDICT_drop)
		return expected(p, "pass or drop after 'malformed'");
	if (!put_token(p, p->tok.p, p->tok.len))
		return false;
	next(p);
	if (!parse_end(p, "the end of the line") || !check_text_total(p, &pos))
		return false;
	p->set.malformed_text = text_dup(p);
	if (!p->set.malformed_text)
		return false;
	p->set.malformed_action.verdict = (__u8)verdict;
	p->malformed_said = true;
	p->malformed_file = p->file;
	p->malformed_line = line;
	return true;
}

/* A define holds the value as written; it means something where it is used. */
static bool add_define_name(struct parser *p, struct str name, __u32 line, const struct pos *pos)
{
	struct define *define;

	if (p->define_cnt == XS_RULE_DEFINE_MAX) {
		add_error(p, pos, "there are more than %u defines", XS_RULE_DEFINE_MAX);
		return false;
	}
	define = block_alloc(p, sizeof(*define));
	if (!define)
		return false;
	*define = (struct define){ .name = name,
				   .shape = p->value.shape,
				   .cnt = p->value.cnt,
				   .file = p->file,
				   .line = line };
	define->elems = block_alloc(p, p->value.cnt * sizeof(struct elem));
	if (!define->elems)
		return false;
	memcpy(define->elems, p->value.elems, p->value.cnt * sizeof(struct elem));
	if (!tsearch(define, &p->defines, compare_defines))
		return out_of_memory(p);
	p->define_cnt++;
	return true;
}

static bool parse_define(struct parser *p)
{
	const struct define *old;
	__u32 line = p->tok.line;
	struct str name;
	struct pos pos;

	next(p);
	pos = token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD || !xs_is_define_name(p->tok.p, p->tok.len))
		return expected(p, "a name of letters, digits, '_', '-' and '.' after 'define'");
	name = token_str(&p->tok);
	old = find_define(p, name);
	if (old) {
		add_error(p, &pos, "'%s' is defined at %s:%u already: expected another name",
			  quote_str(name).s, p->set.files[old->file], old->line);
		return false;
	}
	next(p);
	if (p->tok.type != XS_TOKEN_EQ)
		return expected(p, "'=' after the name");
	next(p);
	return parse_value(p, &p->value, true, "a value, a set or a $name") &&
	       parse_end(p, "the end of the line") && add_define_name(p, name, line, &pos);
}

static void parse_text(struct parser *p, __u32 file, const char *text, size_t len);

/* The number of the file with this name, taking the name over. */
static bool add_file(struct parser *p, char *path, __u32 *file)
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
		return out_of_memory(p);
	}
	p->set.files = files;
	*file = p->set.file_cnt;
	files[p->set.file_cnt++] = path;
	return true;
}

static bool is_cycle(const struct parser *p, __u32 file)
{
	for (const struct include *in = p->include; in; in = in->outer)
		if (in->file == file)
			return true;
	return false;
}

static __u32 include_depth(const struct parser *p)
{
	__u32 depth = 0;

	for (const struct include *in = p->include; in; in = in->outer)
		depth++;
	return depth;
}

static bool include_text(struct parser *p, const struct pos *pos, char *path, size_t len)
{
	const char *text = p->texts[p->include_cnt - 1];
	__u32 file, outer_file = p->file;
	struct xs_lexer lex = p->lex;
	struct xs_token tok = p->tok;

	if (!add_file(p, path, &file))
		return false;
	if (is_cycle(p, file)) {
		add_error(p, pos, "'%s' includes itself", p->set.files[file]);
		return false;
	}
	parse_text(p, file, text, len);
	p->file = outer_file;
	p->lex = lex;
	p->tok = tok;
	return true;
}

static bool include_file(struct parser *p, const struct pos *pos, struct str name)
{
	char *path = NULL, *text = NULL, *copy;
	size_t len = 0;
	int err;

	if (include_depth(p) > XS_RULE_INCLUDE_DEPTH_MAX || p->include_cnt == XS_RULE_INCLUDE_MAX) {
		add_error(p, pos, "too many includes: expected %u in all, %u deep, at most",
			  XS_RULE_INCLUDE_MAX, XS_RULE_INCLUDE_DEPTH_MAX);
		return false;
	}
	copy = strndup(name.p, name.len);
	if (!copy)
		return out_of_memory(p);
	err = p->src->load
		      ? p->src->load(p->src->arg, p->set.files[p->file], copy, &path, &text, &len)
		      : -ENOTSUP;
	free(copy);
	if (err == -ENOMEM)
		return out_of_memory(p);
	if (err) {
		add_error(p, pos, "cannot read '%s': %s", quote_str(name).s, strerror(-err));
		return false;
	}
	p->texts[p->include_cnt++] = text;
	return include_text(p, pos, path, len);
}

static bool parse_include(struct parser *p)
{
	struct pos pos;
	struct str name;

	next(p);
	pos = token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_STRING || !p->tok.len)
		return expected(p, "a file name in double quotes after 'include'");
	name = token_str(&p->tok);
	next(p);
	return parse_end(p, "the end of the line") && include_file(p, &pos, name);
}

static bool begins_statement(const struct xs_token *tok)
{
	static const char *const words[] = { "default", "malformed", "define", "include" };

	if (tok->type != XS_TOKEN_WORD || !tok->first)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(token_str(tok), words[i]))
			return true;
	return verdict_of(tok) >= 0 || xs_is_family(tok->p, tok->len);
}

/*
 * After an error: to the next statement. That is the next line; inside a set,
 * the line after it, or the first one that looks like a statement, since then
 * the closing brace is what is missing.
 */
static void recover(struct parser *p, __u32 line)
{
	while (p->tok.type != XS_TOKEN_EOF) {
		if (p->tok.line > line && begins_statement(&p->tok))
			return;
		if (p->tok.type == XS_TOKEN_LBRACE)
			p->in_set = true;
		if (p->tok.type == XS_TOKEN_RBRACE)
			p->in_set = false;
		if (p->tok.type == XS_TOKEN_EOL && !p->in_set)
			return;
		next(p);
	}
}

static bool parse_statement(struct parser *p)
{
	p->match_cnt = 0;
	p->range_cnt = 0;
	p->text_len = 0;
	p->in_set = false;
	if (at_word(p, "default"))
		return parse_default(p);
	if (at_word(p, "malformed"))
		return parse_malformed(p);
	if (at_word(p, "define"))
		return parse_define(p);
	if (at_word(p, "include"))
		return parse_include(p);
	return parse_rule(p);
}

/* What would break the parser's or the caller's arithmetic, said once. */
static bool check_text(struct parser *p, const char *text, size_t len)
{
	const char *line = text, *end = text + len, *nl;
	struct pos pos = { 1, 1, text };

	p->bytes_read += len;
	if (p->bytes_read > XS_RULE_FILE_MAX) {
		add_error(p, &pos, "the files are larger than %u MiB together",
			  XS_RULE_FILE_MAX >> 20);
		return false;
	}
	for (; line < end; line = nl + 1, pos.line++) {
		const char *nul;

		nl = memchr(line, '\n', (size_t)(end - line));
		if (!nl)
			nl = end;
		pos.line_start = line;
		if (nl - line > XS_RULE_LINE_MAX) {
			add_error(p, &pos, "the line is longer than %u MiB",
				  XS_RULE_LINE_MAX >> 20);
			return false;
		}
		nul = memchr(line, '\0', (size_t)(nl - line));
		if (nul) {
			pos.column = (__u32)(nul - line) + 1;
			add_error(p, &pos, "a NUL byte: expected a text file");
			return false;
		}
	}
	return true;
}

static void parse_text(struct parser *p, __u32 file, const char *text, size_t len)
{
	const struct include include = { p->include, file };

	p->file = file;
	xs_lexer_init(&p->lex, text, len);
	if (!check_text(p, text, len))
		return;
	p->include = &include;
	next(p);
	while (!p->err && p->tok.type != XS_TOKEN_EOF) {
		__u32 line = p->tok.line;

		if (p->tok.type == XS_TOKEN_EOL)
			next(p);
		else if (!parse_statement(p))
			recover(p, line);
	}
	p->include = include.outer;
}

static void keep(void *node)
{
	(void)node; /* defines lie in blocks */
}

static void parser_free(struct parser *p)
{
	struct block *block;

	tdestroy(p->defines, keep);
	while ((block = p->blocks)) {
		p->blocks = block->next;
		free(block);
	}
	for (__u32 i = 0; i < p->include_cnt; i++)
		free(p->texts[i]);
	free(p->value.elems);
	free(p->ranges);
	free(p->text);
	xs_ruleset_free(&p->set);
}

static int parse_all(struct parser *p)
{
	char *name = strdup(p->src->name);
	__u32 file;

	if (!name || !add_file(p, name, &file))
		return -ENOMEM;
	p->set.default_action.verdict = XS_VERDICT_xsk;
	p->set.default_action.otherwise = XS_VERDICT_pass;
	p->set.default_action.own_slot = 1;
	p->set.malformed_action.verdict = XS_VERDICT_pass;
	parse_text(p, file, p->src->text, p->src->len);
	if (p->err)
		return p->err;
	return p->errs->cnt ? -EINVAL : 0;
}

int xs_rules_parse(struct xs_ruleset *out, const struct xs_rule_source *src,
		   struct xs_rule_errors *errs)
{
	struct parser *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->src = src;
	p->errs = errs;
	err = parse_all(p);
	if (!err) {
		*out = p->set;
		memset(&p->set, 0, sizeof(p->set));
	}
	parser_free(p);
	free(p);
	return err;
}

void xs_rule_errors_free(struct xs_rule_errors *errs)
{
	for (__u32 i = 0; i < errs->cnt; i++)
		error_free(&errs->errors[i]);
	free(errs->errors);
	memset(errs, 0, sizeof(*errs));
}

void xs_ruleset_free(struct xs_ruleset *set)
{
	for (__u32 i = 0; i < set->rule_cnt; i++)
		free(set->rules[i].matches);
	free(set->rules);
	for (__u32 i = 0; i < set->file_cnt; i++)
		free(set->files[i]);
	free(set->files);
	free(set->default_text);
	free(set->malformed_text);
	memset(set, 0, sizeof(*set));
}

/* Text and comparison */

const char *xs_rule_print(const struct xs_rule *rule)
{
	return rule->text;
}

static char *put_line(char *to, const char *line)
{
	if (!line)
		return to;
	to = stpcpy(to, line);
	*to++ = '\n';
	return to;
}

char *xs_ruleset_text(const struct xs_ruleset *set)
{
	size_t size = 1;
	char *text, *to;

	size += set->default_text ? strlen(set->default_text) + 1 : 0;
	size += set->malformed_text ? strlen(set->malformed_text) + 1 : 0;
	for (__u32 i = 0; i < set->rule_cnt; i++)
		size += strlen(set->rules[i].text) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	to = put_line(put_line(text, set->default_text), set->malformed_text);
	for (__u32 i = 0; i < set->rule_cnt; i++)
		to = put_line(to, set->rules[i].text);
	*to = '\0';
	return text;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_action(const struct xs_action *a, const struct xs_action *b)
{
	return a->verdict == b->verdict && a->otherwise == b->otherwise &&
	       a->own_slot == b->own_slot && a->target == b->target;
}

static bool same_match(const struct xs_match *a, const struct xs_match *b)
{
	if (a->field != b->field || a->negate != b->negate || a->range_cnt != b->range_cnt)
		return false;
	for (__u32 i = 0; i < a->range_cnt; i++)
		if (a->ranges[i].lo != b->ranges[i].lo || a->ranges[i].hi != b->ranges[i].hi)
			return false;
	return true;
}

static bool same_rule(const struct xs_rule *a, const struct xs_rule *b)
{
	if (a->match_cnt != b->match_cnt || !same_action(&a->action, &b->action) ||
	    strcmp(a->ifname, b->ifname) || !same_text(a->text, b->text) ||
	    !same_text(a->comment, b->comment))
		return false;
	for (__u32 i = 0; i < a->match_cnt; i++)
		if (!same_match(&a->matches[i], &b->matches[i]))
			return false;
	return true;
}

bool xs_ruleset_equal(const struct xs_ruleset *a, const struct xs_ruleset *b)
{
	if (a->rule_cnt != b->rule_cnt || !same_action(&a->default_action, &b->default_action) ||
	    !same_action(&a->malformed_action, &b->malformed_action) ||
	    strcmp(a->default_ifname, b->default_ifname) ||
	    !same_text(a->default_text, b->default_text) ||
	    !same_text(a->malformed_text, b->malformed_text))
		return false;
	for (__u32 i = 0; i < a->rule_cnt; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}
