// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads rules that a person wrote; see rule_text.h. */
#include "lib/base/escape.h"
#include "rule_text.h"

/* Spaces up to the caret, as wide as the source above it. */
static void print_caret(FILE *to, const struct xsteer_finding *finding)
{
	for (__u32 i = 0; i < finding->caret; i++) {
		unsigned char c = (unsigned char)finding->source[i];

		if (c == '\t')
			fputc('\t', to);
		else if ((c & 0xc0) != 0x80) /* one column for each character */
			fputc(' ', to);
	}
	fputs("^\n", to);
}

void xs_finding_print(FILE *to, const struct xsteer_finding *finding)
{
	if (!finding->line)
		fprintf(to, "%s: %s\n", xs_shown(finding->file).text, finding->message);
	else if (finding->severity == XSTEER_SEVERITY_WARNING)
		fprintf(to, "%s:%u: warning: %s\n", xs_shown(finding->file).text, finding->line,
			finding->message);
	else
		fprintf(to, "%s:%u:%u: %s\n", xs_shown(finding->file).text, finding->line,
			finding->column, finding->message);
	if (!finding->source)
		return;
	fprintf(to, "  %s\n  ", finding->source);
	print_caret(to, finding);
}

static void tell_error(void *arg, const struct xsteer_finding *finding)
{
	xs_finding_print(stderr, finding);
	xs_fail(arg, "%s:%u:%u: %s", finding->file, finding->line, finding->column,
		finding->message);
}

int xs_cli_read_rules(struct xs_cli *cli, const char *path, struct xsteer_rules **rules)
{
	XSTEER_STRUCT(xsteer_rules_opts, opts, .finding = tell_error, .finding_arg = cli);

	return xsteer_rules_read(cli->ctx, path, &opts, rules);
}
