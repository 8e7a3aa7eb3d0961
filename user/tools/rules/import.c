// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules import: what the readers of other tools' rules have in common; see import.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/grow.h"
#include "lib/base/number.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "import.h"
#include "rules.h"

static char *format(const char *fmt, va_list args)
{
	char *text;

	return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

void xs_import_add(struct xs_import *im, const char *fmt, ...)
{
	size_t len;
	va_list args;
	char *text, *rule;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	len = text ? strlen(text) : 0;
	rule = text ? realloc(im->rule, im->rule_len + len + 2) : NULL;
	if (rule) {
		im->rule = rule;
		im->rule_len +=
			(size_t)sprintf(rule + im->rule_len, "%s%s", im->rule_len ? " " : "", text);
	}
	im->oom |= !rule;
	free(text);
}

void xs_import_drop(struct xs_import *im)
{
	free(im->rule);
	im->rule = NULL;
	im->rule_len = 0;
	im->changed_here = 0;
}

static void add_line(struct xs_import *im, char *text)
{
	struct xs_import_line *lines =
		xs_grow(im->lines, im->line_cnt, &im->line_room, sizeof(*lines));

	if (!text || !lines) {
		im->oom = true;
		free(text);
		return;
	}
	im->lines = lines;
	lines[im->line_cnt] = (struct xs_import_line){ text, im->key, im->line_cnt };
	im->line_cnt++;
}

void xs_import_put(struct xs_import *im, const char *fmt, ...)
{
	static const char tabs[] = "\t\t";
	char *text, *line = NULL;
	va_list args;

	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	if (text && asprintf(&line, "%s%s", tabs + 2 - (*text ? im->depth : 0), text) < 0)
		line = NULL;
	free(text);
	add_line(im, line);
}

void xs_import_refuse(struct xs_import *im, const char *fmt, ...)
{
	struct xs_shown source = xs_shown(im->source);
	va_list args;
	char *why;

	va_start(args, fmt);
	why = format(fmt, args);
	va_end(args);
	im->refused++;
	xs_import_drop(im);
	if (!why) {
		im->oom = true;
		return;
	}
	fprintf(stderr, "%s:%u: not imported: %s: %s\n", xs_shown(im->file).text, im->line, why,
		source.text);
	xs_import_put(im, "# not imported: %s: %s", why, source.text);
	if (im->refusals)
		json_array_append_new(im->refusals, json_pack("{s:i, s:o, s:o}", "line", im->line,
							      "reason", xs_json_text(why), "text",
							      xs_json_text(im->source)));
	free(why);
}

struct verdict_of_parser {
	char why[512];
};

static void keep_first(void *arg, const struct xsteer_finding *finding)
{
	struct verdict_of_parser *said = arg;

	if (!said->why[0])
		snprintf(said->why, sizeof(said->why), "%s", finding->message);
}

/* Whether the parser takes the text, which is freed; else its reason. */
static bool is_rule_file(struct xs_import *im, char *text, struct verdict_of_parser *said)
{
	XSTEER_STRUCT(xsteer_rules_opts, opts, .flags = XSTEER_RULES_NO_INCLUDE,
		      .finding = keep_first, .finding_arg = said);
	struct xsteer_rules *rules;
	int err;

	if (!text) {
		im->oom = true;
		return false;
	}
	err = xsteer_rules_parse(im->cli->ctx, text, strlen(text), &opts, &rules);
	free(text);
	if (!err)
		xsteer_rules_free(rules);
	return !err;
}

/* Whether the parser takes the rule, with the defines before it if it names one. */
static bool is_taken(struct xs_import *im, struct verdict_of_parser *said)
{
	const char *defines = im->defines && strchr(im->rule, '$') ? im->defines : "";
	char *text;
	int n;

	if (im->family)
		n = asprintf(&text,
			     "%stable %s t {\nchain of-the-rule { type filter hook input priority "
			     "0;\n%s\n}\n%s}\n",
			     defines, im->family, im->rule, im->chains ? im->chains : "");
	else
		n = asprintf(&text, "%s%s\n", defines, im->rule);
	return is_rule_file(im, n < 0 ? NULL : text, said);
}

void xs_import_begin_table(struct xs_import *im, const char *family)
{
	free(im->family);
	im->family = strdup(family);
	im->oom |= !im->family;
}

void xs_import_chain(struct xs_import *im, const char *name, size_t len)
{
	char *chains;

	if (asprintf(&chains, "%schain %.*s {\n}\n", im->chains ? im->chains : "", (int)len, name) <
	    0) {
		im->oom = true;
		return;
	}
	free(im->chains);
	im->chains = chains;
}

void xs_import_end_table(struct xs_import *im)
{
	free(im->family);
	free(im->chains);
	im->family = im->chains = NULL;
}

static void keep_define(struct xs_import *im)
{
	char *all;

	if (asprintf(&all, "%s%s\n", im->defines ? im->defines : "", im->rule) < 0) {
		im->oom = true;
		return;
	}
	free(im->defines);
	im->defines = all;
}

/* "found 'ct': expected ...; connections are not tracked", without the middle. */
static void shorten(char *why)
{
	char *expected = strstr(why, ": expected"), *hint = NULL;

	for (char *at = expected; at && (at = strstr(at, "; ")); at++)
		hint = at;
	if (hint)
		memmove(expected, hint, strlen(hint) + 1);
	else if (expected && strlen(expected) > 80)
		strcpy(expected, " has no meaning here");
}

bool xs_import_try(struct xs_import *im)
{
	struct verdict_of_parser said = { "" };

	if (!im->rule)
		return false;
	if (!is_taken(im, &said)) {
		shorten(said.why);
		xs_import_refuse(im, "%s", said.why);
		return false;
	}
	if (!strncmp(im->rule, "define ", 7))
		keep_define(im);
	im->taken++;
	im->changed += im->changed_here > 0;
	return true;
}

void xs_import_end(struct xs_import *im)
{
	if (xs_import_try(im))
		xs_import_put(im, "%s", im->rule);
	xs_import_drop(im);
}

int xs_import_split(char *line, char **words)
{
	char *from = line, *to = line;
	int cnt = 0;

	while (*(from += strspn(from, " \t"))) {
		bool quoted = *from == '"';

		if (cnt == XS_IMPORT_WORDS)
			return -1;
		words[cnt++] = to;
		from += quoted;
		while (*from && (quoted ? *from != '"' : !strchr(" \t", *from))) {
			from += quoted && from[0] == '\\' && from[1];
			*to++ = *from++;
		}
		if (quoted && !*from)
			return -1;
		from += *from != '\0';
		*to++ = '\0';
	}
	return cnt;
}

char *xs_import_next(struct xs_import *im, char **text)
{
	while (*text && **text) {
		char *line = *text, *end = strchr(line, '\n');

		*text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		line[strcspn(line, "\r")] = '\0';
		im->line++;
		if (line[strspn(line, " \t")] == '#' || !line[strspn(line, " \t")]) {
			xs_import_put(im, "%s", line + strspn(line, " \t"));
			continue;
		}
		free(im->source);
		im->source = strdup(line);
		im->oom |= !im->source;
		return im->source ? line : NULL;
	}
	return NULL;
}

static int by_key(const void *a, const void *b)
{
	const struct xs_import_line *x = a, *y = b;

	return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
				: (x->at > y->at) - (x->at < y->at);
}

/* What a terminal would obey can only be in comments, where it is no loss. */
static void print_lines(const struct xs_import *im)
{
	for (__u32 i = 0; i < im->line_cnt; i++) {
		char *text = xs_escape_dup(im->lines[i].text, "\t");

		printf("%s\n", text ? text : "");
		free(text);
	}
}

static int print_json(struct xs_import *im)
{
	json_t *lines = json_array();

	for (__u32 i = 0; i < im->line_cnt; i++)
		json_array_append_new(lines, xs_json_text(im->lines[i].text));
	return xs_json_print(im->cli, json_pack("{s:o, s:o, s:i, s:i, s:i, s:O}", "file",
						xs_json_text(im->file), "lines", lines, "taken",
						im->taken, "rewritten", im->changed, "refused",
						im->refused, "not_imported", im->refusals));
}

static const struct {
	const char *name;
	xs_import_reader read;
} formats[] = {
	{ "nft", xs_import_nft },	  { "iptables-save", xs_import_iptables },
	{ "ethtool", xs_import_ethtool }, { "ovs", xs_import_ovs },
	{ "cidr", xs_import_cidr },
};

static xs_import_reader find_reader(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, format))
			return formats[i].read;
	return NULL;
}

static int read_text(struct xs_cli *cli, const char *path, char **text)
{
	FILE *from = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t room = 0;
	ssize_t len;

	*text = NULL;
	if (!from) {
		int err = -errno;

		xs_err(cli->ctx, "cannot read %s: %s", path, strerror(errno));
		return err;
	}
	errno = 0;
	len = getdelim(text, &room, '\0', from);
	if (from != stdin)
		fclose(from);
	if (len > 0 && !(*text)[len - 1]) {
		xs_err(cli->ctx, "%s has a NUL byte: give a text file", path);
		return -EINVAL;
	}
	if (len >= 0)
		return 0;
	if (errno) {
		int err = -errno;

		xs_err(cli->ctx, "cannot read %s: %s", path, strerror(-err));
		return err;
	}
	free(*text);
	*text = strdup("");
	return *text ? 0 : -ENOMEM;
}

/* All lines as one text. NULL: out of memory. */
static char *join_lines(const struct xs_import *im)
{
	size_t size = 1;
	char *text, *to;

	for (__u32 i = 0; i < im->line_cnt; i++)
		size += strlen(im->lines[i].text) + 1;
	text = to = malloc(size);
	for (__u32 i = 0; text && i < im->line_cnt; i++)
		to = stpcpy(stpcpy(to, im->lines[i].text), "\n");
	if (text)
		*to = '\0';
	return text;
}

/* What was taken line by line may still be too much together, or lead in circles. */
static int check_whole(struct xs_import *im)
{
	struct verdict_of_parser said = { "" };

	if (is_rule_file(im, join_lines(im), &said))
		return 0;
	if (im->oom)
		return -ENOMEM;
	xs_err(im->cli->ctx, "%s: no rule file can say this: %s", im->file, said.why);
	return -EINVAL;
}

static int print_imported(struct xs_import *im)
{
	int err;

	if (im->oom)
		return -ENOMEM;
	if (im->line_cnt) /* else there is no array */
		qsort(im->lines, im->line_cnt, sizeof(*im->lines), by_key);
	err = check_whole(im);
	if (err)
		return err;
	if (im->cli->json)
		err = print_json(im);
	else
		print_lines(im);
	fprintf(stderr, "%s: %u taken (%u rewritten), %u not imported\n", xs_shown(im->file).text,
		im->taken, im->changed, im->refused);
	if (err || !im->refused || xs_rules_opts(im->cli)->partial)
		return err;
	xs_err(im->cli->ctx,
	       "%s: %u line%s could not be said: see the comments in their place, "
	       "or take the rest with --partial",
	       im->file, im->refused, xs_s(im->refused));
	return -EINVAL;
}

int xs_do_import(struct xs_cli *cli)
{
	xs_import_reader read = find_reader(cli->operands[0]);
	struct xs_import im = { .cli = cli, .file = cli->operands[1] };
	char *text;
	int err;

	if (!read)
		return xs_usage(cli, "'%s': give nft, iptables-save, ethtool, ovs or cidr",
				cli->operands[0]);
	err = read_text(cli, im.file, &text);
	if (err)
		goto out;
	im.refusals = cli->json ? json_array() : NULL;
	read(&im, text);
	err = print_imported(&im);
	for (__u32 i = 0; i < im.line_cnt; i++)
		free(im.lines[i].text);
	free(im.lines);
	free(im.defines);
	xs_import_end_table(&im);
	free(im.source);
	free(im.rule);
	json_decref(im.refusals);
out:
	free(text);
	return err;
}
