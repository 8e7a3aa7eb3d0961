// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses whole texts: statement after statement, and continues after an error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules/model/field.h"
#include "chains.h"

/* Whether `default` or `malformed` is still allowed. */
static bool check_said(struct xs_parser *p, const char *word, const struct xs_said *said)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (!said->line)
		return true;
	return xs_parse_error(p, &pos, "'%s' stands at %s:%u already: expected it once at most",
			      word, p->set.files[said->file], said->line);
}

/* The end of `default` or `malformed`, which began at `pos`. *text gets its words. */
static bool end_said(struct xs_parser *p, const struct xs_pos *pos, struct xs_said *said,
		     char **text)
{
	if (!xs_parse_end(p, "the end of the line") || !xs_parse_count_text(p, pos))
		return false;
	*text = strndup(p->text, p->text_len);
	if (!*text)
		return xs_parse_oom(p);
	*said = (struct xs_said){ p->file, pos->line };
	return true;
}

static bool parse_default(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_action action = {};
	char name[XS_TARGET_NAME_MAX] = "";

	if (!check_said(p, "default", &p->default_said) || !xs_parse_take_word(p, "default") ||
	    !xs_parse_verdict(p, &action, name))
		return false;
	if (action.own_slot == XS_SLOT_SPREAD)
		return xs_parse_error(p, &pos,
				      "default goes to one CPU: expected a last rule without "
				      "matches, 'cpu { ... } by ...'");
	if (!end_said(p, &pos, &p->default_said, &p->set.default_text))
		return false;
	p->set.default_action = action;
	memcpy(p->set.default_target_name, name, sizeof(name));
	return true;
}

static bool parse_malformed(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	__u8 verdict;

	if (!check_said(p, "malformed", &p->malformed_said) ||
	    !xs_parse_take_word(p, "malformed") ||
	    !xs_parse_pass_or_drop(p, "malformed", &verdict) ||
	    !end_said(p, &pos, &p->malformed_said, &p->set.malformed_text))
		return false;
	p->set.malformed_action.verdict = verdict;
	return true;
}

static bool begins_statement(const struct xs_token *tok)
{
	static const char *const words[] = { "default", "malformed", "define",
					     "include", "name",	     "set" };

	if (tok->type != XS_TOKEN_WORD || !tok->first)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (xs_str_is(xs_token_str(tok), words[i]))
			return true;
	return xs_verdict_of(tok) >= 0 || xs_is_family(tok->p, tok->len);
}

/*
 * After an error, skips to the next statement. This is the next line. Inside a set it
 * is the line after the set, or the first line that looks like a statement, since then
 * the closing brace is missing. A brace that closes no set may close the block.
 */
static void recover(struct xs_parser *p, __u32 line)
{
	while (p->tok.type != XS_TOKEN_EOF) {
		if (p->tok.line > line && begins_statement(&p->tok))
			return;
		if (p->tok.type == XS_TOKEN_RBRACE && !p->in_set && p->block.kind != p->block.floor)
			return;
		if (p->tok.type == XS_TOKEN_LBRACE)
			p->in_set = true;
		if (p->tok.type == XS_TOKEN_RBRACE)
			p->in_set = false;
		if (p->tok.type == XS_TOKEN_EOL && !p->in_set)
			return;
		xs_parse_next(p);
	}
}

static bool parse_statement(struct xs_parser *p)
{
	p->match_cnt = 0;
	p->range_cnt = 0;
	p->text_len = 0;
	p->key_cnt = 0;
	p->is_map = false;
	p->goal = (struct xs_goal){};
	p->in_set = false;
	if (xs_parse_at_block(p))
		return xs_parse_block(p);
	if (xs_parse_at_word(p, "default"))
		return parse_default(p);
	if (xs_parse_at_word(p, "malformed"))
		return parse_malformed(p);
	if (xs_parse_at_word(p, "define"))
		return xs_parse_define(p);
	if (xs_parse_at_word(p, "include"))
		return xs_parse_include(p);
	if (xs_parse_at_word(p, "set"))
		return xs_parse_dynamic_set(p);
	return xs_parse_rule(p);
}

bool xs_parse_as_if(struct xs_parser *p, const char *text)
{
	const struct xs_lexer lex = p->lex;
	const struct xs_token tok = p->tok;
	bool good;

	xs_lexer_init(&p->lex, text, strlen(text));
	p->lex.line = tok.line;
	xs_parse_next(p);
	good = parse_statement(p);
	p->lex = lex;
	p->tok = tok;
	return good;
}

/* Refuses, once, what would overflow the parser's or the caller's arithmetic. */
static bool check_text(struct xs_parser *p, const char *text, size_t len)
{
	const char *line = text, *end = text + len, *nl;
	struct xs_pos pos = { .line = 1, .column = 1, .line_start = text };

	p->bytes_read += len;
	if (p->bytes_read > XS_RULE_FILE_MAX)
		return xs_parse_error(p, &pos, "the files are larger than %u MiB together",
				      XS_RULE_FILE_MAX >> 20);
	for (; line < end; line = nl + 1, pos.line++) {
		const char *nul;

		nl = memchr(line, '\n', (size_t)(end - line));
		if (!nl)
			nl = end;
		pos.line_start = line;
		if (nl - line > XS_RULE_LINE_MAX)
			return xs_parse_error(p, &pos, "the line is longer than %u MiB",
					      XS_RULE_LINE_MAX >> 20);
		nul = memchr(line, '\0', (size_t)(nl - line));
		if (nul) {
			pos.column = (__u32)(nul - line) + 1;
			return xs_parse_error(p, &pos, "a NUL byte: expected a text file");
		}
	}
	return true;
}

void xs_parse_text(struct xs_parser *p, __u32 file, const char *text, size_t len)
{
	const struct xs_parse_include include = { p->include, file };
	const struct xs_origin *outer_origin = p->origin;
	const enum xs_block_kind floor = p->block.floor, kind = p->block.kind;

	p->file = file;
	xs_lexer_init(&p->lex, text, len);
	if (!check_text(p, text, len))
		return;
	/* cppcheck-suppress autoVariables ; taken back below */
	p->include = &include;
	p->origin = NULL;
	p->block.floor = kind;
	xs_parse_next(p);
	while (!p->err && p->tok.type != XS_TOKEN_EOF) {
		__u32 line = p->tok.line;

		if (p->tok.type == XS_TOKEN_EOL)
			xs_parse_next(p);
		else if (!parse_statement(p))
			recover(p, line);
	}
	if (!p->err && p->block.kind != kind)
		xs_parse_error(p, &p->block.pos[p->block.kind],
			       "the block is not closed: expected '}'");
	if (kind == XS_BLOCK_NONE)
		xs_chains_free(p); /* of a table that the file left open */
	p->block.kind = kind;
	p->block.floor = floor;
	p->origin = outer_origin;
	p->include = include.outer;
}

static void parser_free(struct xs_parser *p)
{
	xs_chains_free(p);
	xs_parse_free_defines(p);
	xs_parse_free_rule_names(p);
	xs_arena_free(&p->arena);
	for (__u32 i = 0; i < p->include_cnt; i++)
		free(p->texts[i]);
	free(p->operand.elems);
	free(p->ranges);
	free(p->branches);
	free(p->text);
	xs_ruleset_free(&p->set);
}

static int parse_all(struct xs_parser *p)
{
	char *name = strdup(p->src->name);
	__u32 file;

	if (!name || !xs_parse_add_file(p, name, &file))
		return -ENOMEM;
	p->set.default_action.verdict = XS_VERDICT_xsk;
	p->set.default_action.otherwise = XS_VERDICT_pass;
	p->set.default_action.own_slot = 1;
	p->set.malformed_action.verdict = XS_VERDICT_pass;
	xs_parse_text(p, file, p->src->text, p->src->len);
	if (p->err)
		return p->err;
	return p->errs->cnt ? -EINVAL : 0;
}

int xs_rules_parse(struct xs_ruleset *out, const struct xs_rule_source *src,
		   struct xs_rule_errors *errs)
{
	struct xs_parser *p = calloc(1, sizeof(*p));
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
