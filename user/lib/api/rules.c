// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules for programs: parses text or files, and finds what is odd in them and what they cost. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "lib/rules/check/warn.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/sets.h"
#include "rule_file.h"
#include "rules.h"
#include "sized.h"

#define TEXT_OF(number) #number
#define MORE_THAN(number) "more than " TEXT_OF(number) " errors: fix these first"

struct xsteer_finding xs_error_finding(const struct xs_rule_error *error)
{
	return (struct xsteer_finding){
		.sz = sizeof(struct xsteer_finding),
		.severity = XSTEER_SEVERITY_ERROR,
		.line = error->line,
		.column = error->column,
		.caret = error->caret,
		.file = error->file,
		.message = error->message,
		.source = *error->source ? error->source : NULL,
	};
}

static void tell_errors(const struct xsteer_rules_opts *opts, const struct xs_rule_errors *errors)
{
	const struct xsteer_finding more = {
		.sz = sizeof(more),
		.severity = XSTEER_SEVERITY_ERROR,
		.file = errors->cnt ? errors->errors[0].file : "",
		.message = MORE_THAN(XS_RULE_ERROR_MAX),
	};

	for (__u32 i = 0; i < errors->cnt; i++) {
		const struct xsteer_finding finding = xs_error_finding(&errors->errors[i]);

		opts->finding(opts->finding_arg, &finding);
	}
	if (errors->more)
		opts->finding(opts->finding_arg, &more);
}

/* If opts->finding got each error, do not log the first one again. */
static void keep_first(struct xsteer_ctx *ctx, const struct xsteer_rules_opts *opts,
		       const struct xs_rule_errors *errors)
{
	const struct xs_rule_error *first = &errors->errors[0];

	(opts->finding ? xs_keep_err : xs_err)(ctx, "%s:%u:%u: %s%s", first->file, first->line,
					       first->column, first->message,
					       errors->cnt > 1 ? "; and more errors" : "");
}

static int parse_text(struct xs_ruleset *set, const char *text, size_t len,
		      const struct xsteer_rules_opts *opts, struct xs_rule_errors *errors)
{
	const struct xs_rule_source source = {
		.name = opts->name ? opts->name : "-",
		.text = text,
		.len = len,
		.load = opts->flags & XSTEER_RULES_NO_INCLUDE ? NULL : xs_rule_file_load,
		.expand = opts->flags & XSTEER_RULES_NO_INCLUDE ? NULL : xs_rule_file_expand,
	};

	return xs_rules_parse(set, &source, errors);
}

static int check_opts(struct xsteer_ctx *ctx, const struct xsteer_rules_opts *opts)
{
	if (!opts->reserved && !(opts->flags & ~XSTEER_RULES_NO_INCLUDE))
		return 0;
	xs_err(ctx, "struct xsteer_rules_opts: a flag that this libxsteer (%s) does not know",
	       xsteer_version());
	return -EINVAL;
}

/* Parses the text, or, if it is NULL, the file. */
static int make_rules(struct xsteer_ctx *ctx, const char *text, size_t len, const char *path,
		      const struct xsteer_rules_opts *theirs, struct xsteer_rules **out)
{
	struct xsteer_rules_opts opts = { .sz = sizeof(opts) };
	struct xs_rule_errors errors = {};
	struct xsteer_rules *rules;
	int err;

	err = xs_sized_take(ctx, &opts, sizeof(opts), theirs, "xsteer_rules_opts");
	if (!err)
		err = check_opts(ctx, &opts);
	if (err)
		return err;
	rules = calloc(1, sizeof(*rules));
	if (!rules)
		err = -ENOMEM;
	else if (text)
		err = parse_text(&rules->set, text, len, &opts, &errors);
	else
		err = xs_rules_read(&rules->set, path, !(opts.flags & XSTEER_RULES_NO_INCLUDE),
				    &errors);
	if (!err) {
		*out = rules;
		return 0;
	}
	if (opts.finding)
		tell_errors(&opts, &errors);
	if (errors.cnt)
		keep_first(ctx, &opts, &errors);
	else
		xs_err(ctx, "cannot read the rules in %s: %s",
		       path	   ? path
		       : opts.name ? opts.name
				   : "the text",
		       strerror(-err));
	xs_rule_errors_free(&errors);
	free(rules);
	return err;
}

int xsteer_rules_parse(struct xsteer_ctx *ctx, const char *text, size_t len,
		       const struct xsteer_rules_opts *opts, struct xsteer_rules **rules)
{
	return make_rules(ctx, len ? text : "", len, NULL, opts, rules);
}

int xsteer_rules_read(struct xsteer_ctx *ctx, const char *path,
		      const struct xsteer_rules_opts *opts, struct xsteer_rules **rules)
{
	return make_rules(ctx, NULL, 0, path, opts, rules);
}

void xsteer_rules_free(struct xsteer_rules *rules)
{
	if (rules)
		xs_ruleset_free(&rules->set);
	free(rules);
}

uint32_t xsteer_rules_count(const struct xsteer_rules *rules)
{
	return rules->set.rule_cnt;
}

char *xsteer_rules_text(const struct xsteer_rules *rules)
{
	return xs_ruleset_text(&rules->set);
}

int xsteer_rules_warnings(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
			  xsteer_finding_fn finding, void *arg)
{
	struct xs_rule_warnings warnings = {};
	int err = xs_rules_warn(&rules->set, &warnings);

	if (err)
		xs_err(ctx, "cannot look for rules without effect: %s", strerror(-err));
	for (__u32 i = 0; !err && i < warnings.cnt; i++) {
		const struct xs_rule *rule = &rules->set.rules[warnings.warnings[i].rule];
		const struct xsteer_finding warning = {
			.sz = sizeof(warning),
			.severity = XSTEER_SEVERITY_WARNING,
			.line = rule->line,
			.file = rules->set.files[rule->file],
			.message = warnings.warnings[i].message,
		};

		finding(arg, &warning);
	}
	xs_rule_warnings_free(&warnings);
	return err;
}

static void give_cost(struct xsteer_cost *cost, const struct xs_rule_report *report)
{
	const struct xsteer_cost own = {
		.sz = sizeof(own),
		.tables = report->table_cnt,
		.longest_chain = report->chain_max,
		.probe_bound = report->probe_max,
		.step_bound = report->step_max,
		.entries = report->entry_cnt,
		.table_bytes = report->bytes,
		.compile_ns = report->compile_ns,
	};

	xs_sized_give(cost, &own, sizeof(own));
}

int xsteer_rules_check(struct xsteer_ctx *ctx, struct xsteer_rules *rules, struct xsteer_cost *cost)
{
	struct xs_rule_report report = {};
	struct xs_rule_blob blob = {};
	int err = xs_sized_check(ctx, cost, "xsteer_cost");

	if (!err)
		err = xs_rule_sets_compile(ctx, &rules->set, &XS_RULE_TARGET_OWN, &blob, &report);
	xs_rule_blob_free(&blob);
	if (err)
		return err;
	rules->report = report;
	rules->compiled = true;
	give_cost(cost, &report);
	return 0;
}

int xsteer_rules_cost(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
		      struct xsteer_cost *cost)
{
	int err = xs_sized_check(ctx, cost, "xsteer_cost");

	if (err)
		return err;
	if (!rules->compiled) {
		xs_err(ctx, "these rules have not been compiled: xsteer_rules_check() does it");
		return -ENODATA;
	}
	give_cost(cost, &rules->report);
	return 0;
}
