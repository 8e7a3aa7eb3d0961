// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses a whole chain file: statement after statement, then the checks over all of them. */
#include <errno.h>
#include <string.h>

#include "parse.h"

static const struct {
	const char *word;
	bool (*parse)(struct xs_chain_parser *p);
} statements[] = {
	{ "service", xs_chain_parse_service },
	{ "chain", xs_chain_parse_chain },
	{ "on", xs_chain_parse_on },
	{ "limit", xs_chain_parse_limit },
};

static bool parse_statement(struct xs_chain_parser *p)
{
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (!xs_chain_take_word(p, statements[i].word))
			continue;
		return statements[i].parse(p) &&
		       (xs_chain_at_end(p) || xs_chain_expected(p, "the end of the line"));
	}
	return xs_chain_expected(p, "service, chain, on or limit");
}

static void skip_line(struct xs_chain_parser *p)
{
	while (!xs_chain_at_end(p))
		xs_chain_next(p);
}

/* A token at the first byte of a line of the text, for findings about a whole statement. */
static struct xs_token line_token(const char *text, size_t len, __u32 line)
{
	struct xs_token at = { .line = 1, .column = 1, .p = text, .line_start = text };
	const char *end = text + len;

	while (at.line < line) {
		const char *nl = memchr(at.p, '\n', (size_t)(end - at.p));

		if (!nl)
			break;
		at.p = at.line_start = nl + 1;
		at.line++;
	}
	return at;
}

static void check_whole(struct xs_chain_parser *p, const char *text, size_t len)
{
	struct xs_token end = p->tok;

	if (!p->chains->chain_cnt)
		xs_chain_error(p, &end, "there is no chain: 'chain NAME SERVICE... tx' makes one");
	for (__u32 i = 0; i < p->chains->service_cnt; i++) {
		const struct xs_service *service = &p->chains->services[i];
		struct xs_token at = line_token(text, len, service->line);

		if (!p->used[i])
			xs_chain_warn(p, &at, "service %s is in no chain", service->name);
	}
}

/* If a chain does not bind an exit, 'on SERVICE.EXIT' may have bound it for all chains. */
static void bind_exits(struct xs_chains *chains)
{
	for (__u32 c = 0; c < chains->chain_cnt; c++) {
		for (__u32 s = 0; s < chains->chains[c].step_cnt; s++) {
			struct xs_step *step = &chains->chains[c].steps[s];
			const struct xs_service *service = &chains->services[step->service];

			for (__u32 i = 0; i < service->exit_cnt; i++)
				if (step->exits[i] == XS_TO_nowhere)
					step->exits[i] = service->exit_to[i];
		}
	}
}

int xs_chains_parse(struct xs_chains *out, const char *text, size_t len,
		    struct xs_chain_findings *findings)
{
	struct xs_chain_parser p = { .chains = out, .findings = findings };

	memset(out, 0, sizeof(*out));
	findings->cnt = 0;
	findings->more = false;
	xs_lexer_init(&p.lex, text, len);
	xs_chain_next(&p);
	while (p.tok.type != XS_TOKEN_EOF) {
		if (p.tok.type != XS_TOKEN_EOL && !parse_statement(&p))
			skip_line(&p);
		if (p.tok.type == XS_TOKEN_EOL)
			xs_chain_next(&p);
	}
	if (!p.failed)
		check_whole(&p, text, len);
	if (p.failed)
		return -EINVAL;
	bind_exits(out);
	return 0;
}
