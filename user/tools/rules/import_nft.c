// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * nft's files, and what `nft list ruleset` prints: defines, sets that are not filled while
 * they are in use, and the rules of a base chain that sees what arrives. Where rules jump,
 * the table of that chain stays a table, with its chains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

enum block { FILE_BLOCK, TABLE, CHAIN, SET, OTHER };

struct nft {
	enum block block;
	char family[16]; /* of the table: inet, ip, ip6, netdev, ... */
	char name[64]; /* of the chain or set */
	bool is_base; /* the chain's rules see what arrives, each frame once */
	bool had_base; /* an earlier chain's did */
	char policy[16];
	bool jumps; /* some rule of the file does */
	bool is_table; /* the table is written as one */
	bool is_open; /* so is the chain, and its beginning */
	bool is_plain; /* the set has a type that a define can hold, and its members are written */
	char *elements; /* "{ ... }" */
	int other_depth; /* of blocks in OTHER */
};

/* ---- statements: up to a line end or ';', with sets in one piece ---- */

struct statement {
	char *text;
	size_t len, room;
	bool opens, closes; /* a block */
};

static void append(struct xs_import *im, struct statement *to, char c)
{
	if (to->len + 1 >= to->room) {
		char *more = realloc(to->text, to->room * 2 + 256);

		if (!more) {
			im->oom = true;
			return;
		}
		to->text = more;
		to->room = to->room * 2 + 256;
	}
	if (c != ' ' || (to->len && to->text[to->len - 1] != ' '))
		to->text[to->len++] = c;
	to->text[to->len] = '\0';
}

static bool begins_with(const char *text, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(text, word, len) && (!text[len] || text[len] == ' ');
}

/* Whether a '{' behind this text begins a block, not a set. */
static bool opens_block(const char *text)
{
	static const char *const words[] = {
		"table",     "chain",	"set",		"map",	       "flowtable", "counter",
		"quota",     "limit",	"ct",		"secmark",     "synproxy",  "add table",
		"add chain", "add set", "create table", "create chain"
	};

	for (size_t i = 0; text && i < CNT(words); i++)
		if (begins_with(text, words[i]) && !strchr(text, '=') && !strchr(text, '.') &&
		    (strcmp(words[i], "ct") || strstr(text, "helper") || strstr(text, "timeout")))
			return true;
	return false;
}

/* Over a comment, which becomes a line of its own. */
static char *take_comment(struct xs_import *im, char *p)
{
	size_t len = strcspn(p, "\n");

	xs_import_put(im, "%.*s", (int)len, p);
	return p + len;
}

static char *take_string(struct xs_import *im, struct statement *to, char *p)
{
	do
		append(im, to, *p++);
	while (*p && *p != '"' && *p != '\n');
	if (*p == '"')
		append(im, to, *p++);
	return p;
}

/* The next statement from p on; where it ends. im->line: of its last line; *from of its first. */
static char *next_statement(struct xs_import *im, struct statement *to, char *p, __u32 *line)
{
	int depth = 0;

	to->len = 0;
	to->opens = to->closes = false;
	append(im, to, ' ');
	for (; *p && !im->oom; p++) {
		if (!to->len)
			im->line = *line;
		if (*p == '\n')
			++*line;
		if (*p == '#') {
			p = take_comment(im, p) - 1;
		} else if (*p == '"') {
			p = take_string(im, to, p) - 1;
		} else if (*p == '\\' && p[1] == '\n') {
			continue;
		} else if (!depth && (*p == '\n' || *p == ';')) {
			if (to->len)
				return p + 1;
		} else if (!depth && *p == '}') {
			if (to->len)
				return p;
			to->closes = true;
			return p + 1;
		} else if (!depth && *p == '{' && opens_block(to->text)) {
			to->opens = true;
			return p + 1;
		} else {
			depth += (*p == '{') - (*p == '}');
			append(im, to, strchr("\n\t\r ", *p) ? ' ' : *p);
		}
	}
	return p;
}

/* ---- rules ---- */

/* Takes the word at *text, up to a blank, a string whole; its length. */
static size_t word_len(const char *text)
{
	const char *end;

	if (*text != '"')
		return strcspn(text, " ");
	end = strchr(text + 1, '"');
	return end ? (size_t)(end - text) + 1 : strlen(text);
}

/* Over "counter packets N bytes N" or "log prefix ... level ..."; NULL: another word. */
static const char *skip_statement(const char *text)
{
	static const char *const counter[] = { "packets", "bytes" };
	static const char *const log[] = { "prefix", "level",	"flags",
					   "group",  "snaplen", "queue-threshold" };
	bool is_log = begins_with(text, "log");
	const char *const *words = is_log ? log : counter;
	size_t cnt = is_log ? CNT(log) : CNT(counter), i;

	if (!is_log && !begins_with(text, "counter"))
		return NULL;
	for (text += word_len(text);;) {
		text += *text == ' ';
		for (i = 0; i < cnt && !begins_with(text, words[i]); i++)
			;
		if (i == cnt)
			return text;
		text += word_len(text);
		text += *text == ' ';
		text += word_len(text);
	}
}

/* The rule as here: no counters' values, no log, $NAME for @NAME. */
static void add_words(struct xs_import *im, const char *text)
{
	while (*text) {
		const char *behind = skip_statement(text);
		size_t len = word_len(text);

		if (behind) {
			im->changed_here++;
			text = behind;
			continue;
		}
		if (*text == '@' && len > 1)
			xs_import_add(im, "$%.*s", (int)len - 1, text + 1);
		else
			xs_import_add(im, "%.*s", (int)len, text);
		text += len + (text[len] == ' ');
	}
}

static bool ends_with_verdict(const char *text)
{
	static const char *const words[] = { "accept", "drop", "vmap", "jump", "goto", "return" };

	for (size_t i = 0; i < CNT(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* Whether the rule has one of these words. */
static bool has_word(const char *text, const char *const *words, size_t cnt)
{
	for (; *text; text += word_len(text) + (text[word_len(text)] == ' '))
		for (size_t i = 0; i < cnt; i++)
			if (begins_with(text, words[i]))
				return true;
	return false;
}

/* What every rule of a table of one family says by that, unless its matches say it. */
static void add_family(struct xs_import *im, const struct nft *nft, const char *rule)
{
	static const char *const any[] = { "ip",   "ip6",     "tcp", "udp",  "sctp",
					   "dccp", "udplite", "th",  "icmp", "icmpv6" };
	static const char *const ip4[] = { "ip", "icmp" }, *const ip6[] = { "ip6", "icmpv6" };

	if (!strcmp(nft->family, "ip") && !has_word(rule, ip4, CNT(ip4)))
		xs_import_add(im, "meta nfproto ipv4");
	else if (!strcmp(nft->family, "ip6") && !has_word(rule, ip6, CNT(ip6)))
		xs_import_add(im, "meta nfproto ipv6");
	else if (!strcmp(nft->family, "inet") && !has_word(rule, any, CNT(any)))
		xs_import_add(im, "meta nfproto { ipv4, ipv6 }");
}

static void import_rule(struct xs_import *im, struct nft *nft, const char *text)
{
	static const char *const length = "meta length";

	if (!nft->is_base && !nft->is_open) {
		xs_import_refuse(im, "the chain '%s' is none that sees each arriving frame once",
				 nft->name);
		return;
	}
	if (!ends_with_verdict(text)) {
		xs_import_refuse(im, "it has no verdict that a rule can have");
		return;
	}
	if (has_word(text, &length, 1)) {
		xs_import_refuse(im, "'meta length' counts from the Ethernet header here: 14 more");
		return;
	}
	if (!nft->is_open)
		add_family(im, nft, text);
	add_words(im, text);
	xs_import_end(im);
}

/* ---- chains and sets ---- */

/* Whether a base chain with this first statement sees each arriving frame. */
static bool sees_arriving(const char *text)
{
	static const char *const hooks[] = { "hook ingress", "hook prerouting", "hook input" };
	size_t len = strcspn(text, ";\n}");

	for (size_t i = 0; i < CNT(hooks); i++)
		if (begins_with(text, "type filter") &&
		    memmem(text, len, hooks[i], strlen(hooks[i])))
			return true;
	return false;
}

/* Behind the '}' that closes the block whose inside begins at p. */
static const char *behind_block(const char *p)
{
	for (int depth = 1; *p && depth; p++) {
		if (*p == '#')
			p += strcspn(p, "\n");
		else if (*p == '"')
			p += 1 + strcspn(p + 1, "\"\n");
		if (!*p)
			break;
		depth += (*p == '{') - (*p == '}');
	}
	return p;
}

/*
 * Looks ahead at a table: whether it has the base chain, and then which chains jumps may
 * lead to.
 */
static bool look_at_table(struct xs_import *im, const char *p)
{
	const char *end = behind_block(p);
	bool has_base = false;

	while (p < end) {
		size_t len = strcspn(p, " \t\n;{}#\"");
		const char *name = p + len + strspn(p + len, " \t"), *inside;

		if (*p == '#') {
			p += strcspn(p, "\n");
		} else if (*p == '"') {
			p += 1 + strcspn(p + 1, "\"\n");
			p += *p == '"';
		} else if (*p == '{') {
			p = behind_block(p + 1);
		} else if (len == strlen("chain") && !strncmp(p, "chain", len)) {
			len = strcspn(name, " \t\n{");
			p = name + len + strspn(name + len, " \t\n");
			inside = *p == '{' ? p + 1 : p;
			inside += strspn(inside, " \t\n");
			has_base |= sees_arriving(inside);
			if (!begins_with(inside, "type"))
				xs_import_chain(im, name, len);
		} else {
			p += len ? len : 1;
		}
	}
	return has_base;
}

/* The table stays one if the chains that rules jump to are in it. */
static void begin_table(struct xs_import *im, struct nft *nft, const char *text, const char *inside)
{
	static const char *const families[] = { "netdev", "inet", "ip", "ip6" };

	nft->is_table = false;
	for (size_t i = 0; i < CNT(families); i++)
		nft->is_table |= nft->jumps && !nft->had_base && !strcmp(nft->family, families[i]);
	nft->is_table = nft->is_table && look_at_table(im, inside);
	if (!nft->is_table) {
		xs_import_end_table(im);
		xs_import_put(im, "# %s", text);
		return;
	}
	xs_import_begin_table(im, nft->family);
	xs_import_put(im, "table %s %s {", nft->family, strrchr(text, ' ') + 1);
	im->depth = 1;
}

static void end_table(struct xs_import *im, struct nft *nft)
{
	if (!nft->is_table)
		return;
	im->depth = 0;
	xs_import_put(im, "}");
	xs_import_end_table(im);
	nft->is_table = false;
	if (strcmp(nft->family, "netdev")) {
		xs_import_add(im, "default pass");
		xs_import_end(im);
	}
}

/* A chain of a table that stays one, when its first statement is there. */
static void open_chain(struct xs_import *im, struct nft *nft, const char *first)
{
	if (!nft->is_table || nft->is_open)
		return;
	if (begins_with(first, "type") && (!sees_arriving(first) || nft->had_base))
		return;
	xs_import_put(im, "chain %s {", nft->name);
	im->depth = 2;
	nft->is_open = true;
}

/* "type filter hook input priority 0"; the policy may follow as a statement. */
static void begin_base(struct xs_import *im, struct nft *nft, const char *text)
{
	if (sees_arriving(text) && !nft->had_base)
		nft->is_base = nft->had_base = true;
	snprintf(nft->policy, sizeof(nft->policy), "accept");
	if (nft->is_open)
		xs_import_put(im, "%s", text);
	else
		xs_import_put(im, "# chain %s: %s", nft->name, text);
}

static void end_chain(struct xs_import *im, struct nft *nft)
{
	if (nft->is_open) {
		im->depth = 1;
		xs_import_put(im, "}");
		nft->is_open = nft->is_base = false;
		return;
	}
	if (!nft->is_base)
		return;
	if (!strcmp(nft->family, "netdev")) {
		xs_import_add(im, "default %s", nft->policy);
	} else {
		add_family(im, nft, "");
		xs_import_add(im, "%s", nft->policy);
		xs_import_end(im);
		xs_import_add(im, "default pass");
	}
	xs_import_end(im);
	nft->is_base = false;
}

static void import_set_part(struct nft *nft, const char *text)
{
	static const char *const types[] = { "type ipv4_addr",	"type ipv6_addr",
					     "type ether_addr", "type inet_service",
					     "type inet_proto", "type ether_type",
					     "typeof" };

	for (size_t i = 0; i < CNT(types); i++)
		if (begins_with(text, types[i]) && !strchr(text, '.') && !strchr(text, ':'))
			nft->is_plain = true;
	if (begins_with(text, "flags") && (strstr(text, "dynamic") || strstr(text, "timeout")))
		nft->is_plain = false;
	if (begins_with(text, "elements") && strchr(text, '{')) {
		free(nft->elements);
		nft->elements = strdup(strchr(text, '{'));
	}
}

static void end_set(struct xs_import *im, struct nft *nft)
{
	if (nft->is_plain && nft->elements) {
		xs_import_add(im, "define %s = %s", nft->name, nft->elements);
		xs_import_end(im);
	} else {
		xs_import_refuse(im,
				 "the set '%s' is filled while it is in use, or no list of values",
				 nft->name);
	}
	free(nft->elements);
	nft->elements = NULL;
}

/* ---- blocks ---- */

static void open_block(struct xs_import *im, struct nft *nft, const char *text, const char *inside)
{
	char first[16] = "", second[64] = "", third[64] = "";

	if (begins_with(text, "add") || begins_with(text, "create"))
		text += word_len(text) + 1;
	sscanf(text, "%15s %63s %63s", first, second, third);
	if (nft->block == FILE_BLOCK && !strcmp(first, "table")) {
		nft->block = TABLE;
		snprintf(nft->family, sizeof(nft->family), "%.15s", *third ? second : "ip");
		begin_table(im, nft, text, inside);
	} else if (nft->block == TABLE && !strcmp(first, "chain")) {
		nft->block = CHAIN;
		nft->is_base = false;
		snprintf(nft->name, sizeof(nft->name), "%s", second);
	} else if (nft->block == TABLE && !strcmp(first, "set")) {
		nft->block = SET;
		nft->is_plain = false;
		snprintf(nft->name, sizeof(nft->name), "%s", second);
	} else {
		if (!nft->other_depth++)
			xs_import_refuse(im, "no rule is what '%s' names", first);
	}
}

static void close_block(struct xs_import *im, struct nft *nft)
{
	if (nft->other_depth) {
		nft->other_depth--;
		return;
	}
	if (nft->block == SET) {
		free(im->source);
		im->oom |= asprintf(&im->source, "set %s", nft->name) < 0;
		end_set(im, nft);
	}
	if (nft->block == CHAIN) {
		open_chain(im, nft, ""); /* it may be empty, and jumps lead there */
		end_chain(im, nft);
	}
	if (nft->block == TABLE)
		end_table(im, nft);
	nft->block = nft->block == CHAIN || nft->block == SET ? TABLE : FILE_BLOCK;
}

/* A statement outside of tables: define, or the commands of a script. */
static void import_command(struct xs_import *im, const char *text)
{
	if (begins_with(text, "define")) {
		xs_import_add(im, "%s", text);
		xs_import_end(im);
	} else if (begins_with(text, "flush") || begins_with(text, "delete") ||
		   begins_with(text, "destroy") || begins_with(text, "table") ||
		   begins_with(text, "add table")) {
		xs_import_put(im, "# %s", text);
	} else {
		xs_import_refuse(im, "only define stands outside of a table");
	}
}

static void import_statement(struct xs_import *im, struct nft *nft, const char *text)
{
	if (nft->other_depth)
		return;
	if (nft->block == CHAIN)
		open_chain(im, nft, text);
	if (nft->block == FILE_BLOCK) {
		import_command(im, text);
	} else if (nft->block == SET) {
		import_set_part(nft, text);
	} else if (nft->block == CHAIN && begins_with(text, "type")) {
		begin_base(im, nft, text);
	} else if (nft->block == CHAIN && begins_with(text, "policy")) {
		snprintf(nft->policy, sizeof(nft->policy), "%.15s", text + strlen("policy "));
		if (nft->is_open)
			xs_import_put(im, "%s", text);
	} else if (nft->block == CHAIN && begins_with(text, "comment")) {
		xs_import_put(im, "# %s", text);
	} else if (nft->block == CHAIN) {
		import_rule(im, nft, text);
	} else {
		xs_import_refuse(im, "only chains and sets stand in a table");
	}
}

void xs_import_nft(struct xs_import *im, char *text)
{
	struct statement statement = {};
	struct nft nft = { .block = FILE_BLOCK,
			   .jumps = strstr(text, "jump ") || strstr(text, "goto ") };
	__u32 line = 1;

	while (*text && !im->oom) {
		text = next_statement(im, &statement, text, &line);
		while (statement.len && statement.text[statement.len - 1] == ' ')
			statement.text[--statement.len] = '\0';
		if (!statement.len && !statement.closes)
			continue;
		free(im->source);
		im->source = strdup(statement.text);
		im->oom |= !im->source;
		if (im->oom)
			break;
		if (statement.opens)
			open_block(im, &nft, im->source, text);
		else if (statement.closes)
			close_block(im, &nft);
		else
			import_statement(im, &nft, im->source);
	}
	if (nft.block != FILE_BLOCK)
		xs_import_refuse(im, "the file ends within a block");
	free(nft.elements);
	free(statement.text);
}
