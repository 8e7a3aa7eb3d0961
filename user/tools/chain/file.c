// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads a chain file and prints what is wrong with it; see file.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "file.h"
#include "tools/cli/json.h"

/* Reads the whole file into memory from malloc(); NULL with *err set. */
static char *read_all(FILE *from, size_t *len, int *err)
{
	size_t room = XS_CHAINS_TEXT_MAX + 1;
	char *text = malloc(room);

	*err = -ENOMEM;
	if (!text)
		return NULL;
	*len = fread(text, 1, room, from);
	*err = ferror(from) ? -EIO : *len == room ? -EFBIG : 0;
	if (!*err)
		return text;
	free(text);
	return NULL;
}

char *xs_chain_file_text(struct xs_cli *cli, const char *path, size_t *len, int *err)
{
	FILE *from = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = NULL;

	*err = from ? 0 : -errno;
	if (from)
		text = read_all(from, len, err);
	if (from && from != stdin)
		fclose(from);
	if (*err == -EFBIG)
		xs_err(cli->ctx, "%s: a chain file has at most %u bytes", path, XS_CHAINS_TEXT_MAX);
	else if (*err)
		xs_err(cli->ctx, "cannot read %s: %s", path, strerror(-*err));
	return text;
}

/* Under the byte at `caret`, however wide the characters before it are. */
static void print_caret(const struct xs_chain_finding *finding)
{
	for (__u32 i = 0; i < finding->caret; i++) {
		unsigned char c = (unsigned char)finding->source[i];

		if (c == '\t')
			fputc('\t', stderr);
		else if ((c & 0xc0) != 0x80)
			fputc(' ', stderr);
	}
	fputs("^\n", stderr);
}

static void tell(struct xs_cli *cli, const char *path, const struct xs_chain_finding *finding,
		 json_t *warnings)
{
	fprintf(stderr, "%s:%u:%u: %s%s\n", xs_shown(path).text, finding->line, finding->column,
		finding->warning ? "warning: " : "", finding->message);
	if (!finding->warning) {
		fprintf(stderr, "  %s\n  ", finding->source);
		print_caret(finding);
		xs_fail(cli, "%s:%u:%u: %s", path, finding->line, finding->column,
			finding->message);
	} else if (warnings) {
		json_array_append_new(warnings,
				      json_pack("{s:i, s:o}", "line", finding->line, "message",
						xs_json_text(finding->message)));
	}
}

int xs_chain_file_parse(struct xs_cli *cli, const char *path, const char *text, size_t len,
			struct xs_chains **chains, json_t *warnings)
{
	struct xs_chain_findings *findings = calloc(1, sizeof(*findings));
	struct xs_chains *made = malloc(sizeof(*made));
	int err = -ENOMEM;

	if (findings && made)
		err = xs_chains_parse(made, text, len, findings);
	else
		xs_err(cli->ctx, "not enough memory for the chains");
	for (__u32 i = 0; findings && i < findings->cnt; i++)
		tell(cli, path, &findings->findings[i], warnings);
	if (findings && findings->more)
		fprintf(stderr, "more than %d errors: fix these first\n", XS_CHAIN_FINDINGS_MAX);
	free(findings);
	if (err)
		free(made);
	else
		*chains = made;
	return err;
}

int xs_chain_file_read(struct xs_cli *cli, const char *path, struct xs_chains **chains,
		       json_t *warnings)
{
	size_t len = 0;
	int err;
	char *text = xs_chain_file_text(cli, path, &len, &err);

	if (text)
		err = xs_chain_file_parse(cli, path, text, len, chains, warnings);
	free(text);
	return err;
}

const char *xs_chain_to_name(const struct xs_chains *chains, const struct xs_chain *chain, int to)
{
	if (to >= 0)
		return chains->services[chain->steps[to].service].name;
	return to == XS_TO_drop ? "drop" : to == XS_TO_tx ? "tx" : "nowhere";
}

int xs_chain_choose(struct xs_cli *cli, const char *path, const struct xs_chains *chains,
		    const char *name, __u32 *chain)
{
	int i = name ? xs_chains_chain(chains, name) : 0;

	if (i < 0)
		return xs_usage(cli, "--chain %s: there is no such chain in %s", name, path);
	if (!name && chains->chain_cnt > 1)
		return xs_usage(cli, "%s has %u chains: say which with --chain", path,
				chains->chain_cnt);
	*chain = (__u32)i;
	return 0;
}
