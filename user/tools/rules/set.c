// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules set: adds, removes and lists members of a dynamic set, without an apply. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/api/open.h"
#include "lib/base/escape.h"
#include "lib/base/grow.h"
#include "lib/base/number.h"
#include "lib/base/timespan.h"
#include "lib/rules/model/dynamic_set.h"
#include "lib/set/members.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"

#define BLANKS " \t\r\n,"

/* One call. */
struct set_call {
	struct xs_cli *cli;
	const char *ifname, *name;
	char **words; /* of elements, on the command line */
	int word_cnt;
	struct xs_members members;
	struct xs_member_rows rows; /* what the elements say */
};

/* ---- elements ---- */

static int bad_element(const struct set_call *call, const char *word, __u32 line)
{
	char where[32] = "";

	if (line)
		snprintf(where, sizeof(where), "line %u: ", line);
	xs_err(call->cli->ctx, "%s'%s' is no %s address or prefix, and nothing is changed", where,
	       xs_shown(word).text, call->members.set.family == XS_FAMILY_ipv4 ? "IPv4" : "IPv6");
	return -EINVAL;
}

static int add_element(struct set_call *call, const char *word, __u32 line)
{
	struct xs_member_rows *rows = &call->rows;
	struct xs_member_row *more = xs_grow(rows->rows, rows->cnt, &rows->cap, sizeof(*more));

	if (!more) {
		xs_err(call->cli->ctx, "not enough memory for %u elements", rows->cnt);
		return -ENOMEM;
	}
	rows->rows = more;
	if (xs_member_parse(word, call->members.set.family, &more[rows->cnt]))
		return bad_element(call, word, line);
	more[rows->cnt++].ns = call->members.set.timeout_ns;
	return 0;
}

/* The time of all elements from `first` on. */
static int set_timeout(struct set_call *call, __u32 first, const char *word)
{
	__u64 ns;

	if (!word || xs_timespan_parse(word, strlen(word), &ns)) {
		xs_err(call->cli->ctx,
		       "'timeout %s': give a time such as 1h30m or 90s, or 0s for none",
		       word ? xs_shown(word).text : "");
		return -EINVAL;
	}
	for (__u32 i = first; i < call->rows.cnt; i++)
		call->rows.rows[i].ns = ns;
	return 0;
}

/* ELEMENT [ELEMENT...] [timeout TIME], or, as `list` prints, a comment from '#' on. */
static int read_line(struct set_call *call, char *line, __u32 number)
{
	__u32 first = call->rows.cnt;
	char *rest = line, *word;
	int err = 0;

	line[strcspn(line, "#;")] = '\0';
	while (!err && (word = strtok_r(rest, BLANKS, &rest))) {
		if (strcmp(word, "timeout"))
			err = add_element(call, word, number);
		else
			err = set_timeout(call, first, strtok_r(rest, BLANKS, &rest));
	}
	return err;
}

static int read_stdin(struct set_call *call)
{
	__u32 number = 0;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	while (!err && getline(&line, &room, stdin) >= 0)
		err = read_line(call, line, ++number);
	free(line);
	if (!err && ferror(stdin)) {
		xs_err(call->cli->ctx, "cannot read standard input: %s", strerror(errno));
		err = -EIO;
	}
	return err;
}

static int read_words(struct set_call *call)
{
	int err = 0;

	for (int i = 0; !err && i < call->word_cnt; i++) {
		const char *word = call->words[i];

		if (!strcmp(word, "-"))
			err = read_stdin(call);
		else if (strcmp(word, "timeout"))
			err = add_element(call, word, 0);
		else
			err = set_timeout(call, 0, ++i < call->word_cnt ? call->words[i] : NULL);
	}
	return err;
}

/* ---- what is said ---- */

static json_t *json_head(const struct set_call *call)
{
	return json_pack("{s:o, s:s}", "interface", xs_json_text(call->ifname), "set",
			 call->members.set.name);
}

static int say_changed(const struct set_call *call, const char *what, __u32 cnt)
{
	json_t *object;

	if (call->cli->json) {
		object = json_head(call);
		json_object_set_new(object, what, json_integer(cnt));
		return xs_json_print(call->cli, object);
	}
	printf("%s: set %s: %u member%s %s\n", xs_shown(call->ifname).text, call->members.set.name,
	       cnt, xs_s(cnt), what);
	return 0;
}

static int add_members(struct set_call *call)
{
	__u32 added;
	int err = read_words(call);

	if (err)
		return err;
	err = xs_members_add(&call->members, call->rows.rows, call->rows.cnt, &added);
	if (err && added)
		xs_note(call->cli->ctx, "the first %u of %u elements are in the set", added,
			call->rows.cnt);
	return err ? err : say_changed(call, "added", added);
}

static int delete_members(struct set_call *call)
{
	__u32 removed;
	int err = read_words(call);

	if (!err)
		err = xs_members_remove(&call->members, call->rows.rows, call->rows.cnt, &removed);
	return err ? err : say_changed(call, "removed", removed);
}

static int flush_members(struct set_call *call)
{
	__u32 removed = 0;
	int err = xs_members_read(&call->members, &call->rows);

	if (!err)
		err = xs_members_remove(&call->members, call->rows.rows, call->rows.cnt, &removed);
	return err ? err : say_changed(call, "removed", removed);
}

static int list_json(const struct set_call *call)
{
	const struct xs_declared_set *set = &call->members.set;
	json_t *object = json_head(call), *list = json_array();

	for (__u32 i = 0; i < call->rows.cnt; i++) {
		const struct xs_member_row *row = &call->rows.rows[i];
		json_t *member;

		if (row->ns == XS_MEMBER_OVER)
			continue;
		member = json_pack("{s:s}", "member",
				   xs_member_text(set->family, row->addr, row->prefixlen).text);
		if (row->ns)
			json_object_set_new(member, "expires_seconds", json_real(row->ns / 1e9));
		json_array_append_new(list, member);
	}
	json_object_set_new(object, "type",
			    json_string(set->family == XS_FAMILY_ipv4 ? "ip" : "ip6"));
	json_object_set_new(object, "size", json_integer(set->size));
	json_object_set_new(object, "timeout_seconds", json_real(set->timeout_ns / 1e9));
	json_object_set_new(object, "members", list);
	return xs_json_print(call->cli, object);
}

static int list_members(struct set_call *call)
{
	const struct xs_declared_set *set = &call->members.set;
	int err = xs_members_read(&call->members, &call->rows);

	if (err || call->cli->json)
		return err ? err : list_json(call);
	for (__u32 i = 0; i < call->rows.cnt; i++) {
		const struct xs_member_row *row = &call->rows.rows[i];

		if (row->ns == XS_MEMBER_OVER)
			continue;
		printf("%s", xs_member_text(set->family, row->addr, row->prefixlen).text);
		if (row->ns)
			printf(" timeout %s", xs_timespan_text(row->ns).text);
		putchar('\n');
	}
	return 0;
}

/* ---- commands ---- */

static const struct action {
	const char *word;
	int (*run)(struct set_call *call);
	bool changes, elements;
} actions[] = {
	{ "add", add_members, true, true },
	{ "del", delete_members, true, true },
	{ "list", list_members, false, false },
	{ "flush", flush_members, true, false },
};

static const struct action *action_of(const char *word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].word, word))
			return &actions[i];
	return NULL;
}

static int run_action(struct set_call *call, const struct action *action)
{
	struct xsteer_ctx *ctx = call->cli->ctx;
	struct xs_pins pins;
	int lock = -1, err = 0;

	if (action->changes)
		lock = xs_api_open_locked(ctx, &pins, call->ifname);
	else
		err = xs_api_open(ctx, &pins, call->ifname);
	if (err || (action->changes && lock < 0))
		return err ? err : lock;
	err = xs_members_open(&pins, call->name, &call->members);
	if (!err)
		err = action->run(call);
	xs_members_close(&call->members);
	free(call->rows.rows);
	xs_pins_close(&pins);
	if (lock >= 0)
		close(lock);
	return err;
}

int xs_do_set(struct xs_cli *cli)
{
	struct xs_rules_opts *opts = xs_rules_opts(cli);
	struct set_call call = { .cli = cli };
	const struct action *action = action_of(cli->operands[0]);
	int at = 1;

	if (!action)
		return xs_usage(cli, "set %s: say what to do: add, del, list or flush",
				cli->operands[0]);
	if (!opts->ifname && at < cli->operand_cnt)
		opts->ifname = cli->operands[at++];
	xs_rules_call_if(cli, opts);
	call.ifname = opts->ifname;
	if (!call.ifname || at >= cli->operand_cnt)
		return xs_usage(cli, "set %s: give the interface and the set's name", action->word);
	call.name = cli->operands[at++];
	call.words = cli->operands + at;
	call.word_cnt = cli->operand_cnt - at;
	if (action->elements && !call.word_cnt)
		return xs_usage(cli,
				"set %s: give addresses or prefixes, or '-' for standard input",
				action->word);
	if (!action->elements && call.word_cnt)
		return xs_usage(cli, "too many operands: '%s'", call.words[0]);
	return run_action(&call, action);
}
