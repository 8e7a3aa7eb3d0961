// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The public functions for rules, beginning with a context: what succeeds, what is refused,
 * and who gets the message; and the structs of older and newer programs.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <xsteer/xsteer.h>

static struct xsteer_ctx *ctx;
static int errors_logged;
static char last_logged[512];

static void count_errors(void *arg, enum xsteer_log_level level, const char *text)
{
	assert_ptr_equal(arg, &errors_logged);
	if (level != XSTEER_LOG_ERROR)
		return;
	errors_logged++;
	snprintf(last_logged, sizeof(last_logged), "%s", text);
}

static int set_up(void **state)
{
	(void)state;
	errors_logged = 0;
	last_logged[0] = '\0';
	ctx = xsteer_ctx_new("/sys/fs/bpf/xsteer-test", count_errors, &errors_logged);
	return !ctx;
}

static int tear_down(void **state)
{
	(void)state;
	xsteer_ctx_free(ctx);
	return 0;
}

static struct xsteer_rules *parse(const char *text)
{
	struct xsteer_rules *rules = NULL;

	assert_int_equal(xsteer_rules_parse(ctx, text, strlen(text), NULL, &rules), 0);
	assert_non_null(rules);
	return rules;
}

static void a_context_has_its_pin_root_and_no_error(void **state)
{
	struct xsteer_ctx *plain = xsteer_ctx_new(NULL, NULL, NULL);

	(void)state;
	assert_string_equal(xsteer_ctx_pin_root(ctx), "/sys/fs/bpf/xsteer-test");
	assert_string_equal(xsteer_ctx_error(ctx), "");
	assert_non_null(plain);
	assert_string_equal(xsteer_ctx_pin_root(plain), XSTEER_PIN_ROOT);
	xsteer_ctx_free(plain);
	xsteer_ctx_free(NULL);
	assert_true(xsteer_version()[0] >= '0' && xsteer_version()[0] <= '9');
}

static void a_hint_is_said_in_the_programs_words(void **state)
{
	(void)state;
	assert_int_equal(xsteer_rules_flush(ctx, "lo", NULL), -ENOENT);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "xsteer_attach() does it"));
	xsteer_ctx_set_hint(ctx, XSTEER_HINT_ATTACH, "'mine on {}'");
	assert_int_equal(xsteer_rules_flush(ctx, "lo", NULL), -ENOENT);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "'mine on lo' does it"));
	xsteer_ctx_set_hint(ctx, XSTEER_HINT_ATTACH, NULL);
	assert_int_equal(xsteer_rules_flush(ctx, "lo", NULL), -ENOENT);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "xsteer_attach() does it"));
}

static void rules_become_text_again(void **state)
{
	struct xsteer_rules *rules = parse("define P = 53\n udp   dport $P\tdrop # dns\ntcp pass");
	char *text = xsteer_rules_text(rules);

	(void)state;
	assert_int_equal(xsteer_rules_count(rules), 2);
	assert_string_equal(text, "udp dport 53 drop\ntcp pass\n");
	free(text);
	xsteer_rules_free(rules);
	xsteer_rules_free(NULL);
}

static void text_needs_no_end_mark_and_may_be_empty(void **state)
{
	const char text[] = { 'd', 'r', 'o', 'p', 'x' };
	struct xsteer_rules *rules;

	(void)state;
	assert_int_equal(xsteer_rules_parse(ctx, text, 4, NULL, &rules), 0);
	assert_int_equal(xsteer_rules_count(rules), 1);
	xsteer_rules_free(rules);
	assert_int_equal(xsteer_rules_parse(ctx, NULL, 0, NULL, &rules), 0);
	assert_int_equal(xsteer_rules_count(rules), 0);
	xsteer_rules_free(rules);
}

/* ---- findings ---- */

struct heard {
	int cnt, warnings;
	uint32_t line, column; /* of the last */
	char file[64], message[256], source[64];
};

static void hear(void *arg, const struct xsteer_finding *finding)
{
	struct heard *heard = arg;

	assert_int_equal(finding->sz, sizeof(*finding));
	heard->cnt++;
	heard->warnings += finding->severity == XSTEER_SEVERITY_WARNING;
	heard->line = finding->line;
	heard->column = finding->column;
	snprintf(heard->file, sizeof(heard->file), "%s", finding->file);
	snprintf(heard->message, sizeof(heard->message), "%s", finding->message);
	snprintf(heard->source, sizeof(heard->source), "%s",
		 finding->source ? finding->source : "");
}

static void each_error_is_told_once_where_the_program_listens(void **state)
{
	const char text[] = "udp drop\nupd drop\nicmp type nonsense drop\n";
	struct xsteer_rules *const untouched = (void *)&errors_logged, *rules = untouched;
	struct heard heard = {};
	XSTEER_STRUCT(xsteer_rules_opts, opts, .name = "mine", .finding = hear,
		      .finding_arg = &heard);

	(void)state;
	assert_int_equal(xsteer_rules_parse(ctx, text, strlen(text), &opts, &rules), -EINVAL);
	assert_ptr_equal(rules, untouched);
	assert_int_equal(heard.cnt, 2);
	assert_int_equal(heard.warnings, 0);
	assert_int_equal(heard.line, 3);
	assert_int_equal(heard.column, 11);
	assert_string_equal(heard.file, "mine");
	assert_string_equal(heard.source, "icmp type nonsense drop");
	assert_int_equal(errors_logged, 0);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "mine:2:1: "));
}

static void the_first_error_is_logged_where_nobody_listens(void **state)
{
	struct xsteer_rules *rules = NULL;

	(void)state;
	assert_int_equal(xsteer_rules_parse(ctx, "upd drop\nudp dorp", 17, NULL, &rules), -EINVAL);
	assert_null(rules);
	assert_int_equal(errors_logged, 1);
	assert_non_null(strstr(last_logged, "-:1:1: "));
	assert_non_null(strstr(last_logged, "and more errors"));
	assert_string_equal(last_logged, xsteer_ctx_error(ctx));
}

static void more_errors_than_are_told_are_said(void **state)
{
	struct xsteer_rules *rules = NULL;
	struct heard heard = {};
	XSTEER_STRUCT(xsteer_rules_opts, opts, .finding = hear, .finding_arg = &heard);
	char text[5 * 150 + 1] = "";

	(void)state;
	for (int i = 0; i < 150; i++)
		strcat(text, "oops\n");
	assert_int_equal(xsteer_rules_parse(ctx, text, strlen(text), &opts, &rules), -EINVAL);
	assert_int_equal(heard.cnt, 101);
	assert_int_equal(heard.line, 0);
	assert_string_equal(heard.message, "more than 100 errors: fix these first");
}

static void warnings_name_rule_and_reason(void **state)
{
	struct xsteer_rules *rules = parse("udp drop\nudp dport 53 pass\ntcp pass\n");
	struct heard heard = {};

	(void)state;
	assert_int_equal(xsteer_rules_warnings(ctx, rules, hear, &heard), 0);
	assert_int_equal(heard.cnt, 1);
	assert_int_equal(heard.warnings, 1);
	assert_int_equal(heard.line, 2);
	assert_int_equal(heard.column, 0);
	xsteer_rules_free(rules);
	rules = parse("udp drop\n");
	assert_int_equal(xsteer_rules_warnings(ctx, rules, hear, &heard), 0);
	assert_int_equal(heard.cnt, 1);
	xsteer_rules_free(rules);
}

/* ---- files ---- */

static void write_to(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_with_what_it_includes(void **state)
{
	XSTEER_STRUCT(xsteer_rules_opts, alone, .flags = XSTEER_RULES_NO_INCLUDE);
	char dir[] = "/tmp/xsteer-api-XXXXXX", path[64], other[64];
	struct xsteer_rules *rules = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a", dir);
	snprintf(other, sizeof(other), "%s/b", dir);
	write_to(path, "include \"b\"\nudp drop\n");
	write_to(other, "tcp drop\n");
	assert_int_equal(xsteer_rules_read(ctx, path, NULL, &rules), 0);
	assert_int_equal(xsteer_rules_count(rules), 2);
	xsteer_rules_free(rules);
	rules = NULL;
	assert_int_equal(xsteer_rules_read(ctx, path, &alone, &rules), -EINVAL);
	assert_int_equal(xsteer_rules_parse(ctx, "include \"/dev/null\"", 19, &alone, &rules),
			 -EINVAL);
	assert_null(rules);
	unlink(path);
	unlink(other);
	rmdir(dir);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct xsteer_rules *rules = NULL;

	(void)state;
	assert_int_equal(xsteer_rules_read(ctx, "/nonexistent.rules", NULL, &rules), -ENOENT);
	assert_null(rules);
	assert_int_equal(errors_logged, 1);
	assert_non_null(strstr(last_logged, "/nonexistent.rules: No such file"));
}

/* ---- cost ---- */

static void a_check_says_what_a_frame_costs_at_most(void **state)
{
	struct xsteer_rules *rules = parse("udp dport 53 drop\nip saddr 10.0.0.0/8 drop\n");
	XSTEER_STRUCT(xsteer_cost, cost);

	(void)state;
	assert_int_equal(xsteer_rules_cost(ctx, rules, &cost), -ENODATA);
	assert_int_equal(xsteer_rules_check(ctx, rules, NULL), 0);
	assert_int_equal(xsteer_rules_cost(ctx, rules, &cost), 0);
	assert_true(cost.tables >= 1 && cost.entries >= 2 && cost.probe_bound >= 1);
	assert_true(cost.step_bound >= 1 && cost.table_bytes > 0 && cost.compile_ns > 0);
	memset(&cost, 0, sizeof(cost));
	cost.sz = sizeof(cost);
	assert_int_equal(xsteer_rules_check(ctx, rules, &cost), 0);
	assert_true(cost.entries >= 2);
	xsteer_rules_free(rules);
}

static void rules_beyond_the_bound_are_refused_by_name(void **state)
{
	XSTEER_STRUCT(xsteer_cost, cost);
	struct xsteer_rules *rules;
	char text[400 * 40] = "";

	(void)state;
	for (int i = 0; i < 400; i++)
		sprintf(text + strlen(text), "udp meta length != %d drop\n", 100 + i);
	rules = parse(text);
	assert_int_equal(xsteer_rules_check(ctx, rules, &cost), -E2BIG);
	assert_int_equal(cost.entries, 0);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "-:"));
	assert_int_equal(xsteer_rules_cost(ctx, rules, &cost), -ENODATA);
	xsteer_rules_free(rules);
}

/* ---- structs of other versions ---- */

static void a_struct_without_its_size_is_refused(void **state)
{
	struct xsteer_rules_opts opts = { .name = "x" };
	struct xsteer_rules *rules = NULL;
	struct xsteer_applied applied = {};
	struct xsteer_rule_set set = {};
	struct xsteer_cost cost = {};

	(void)state;
	assert_int_equal(xsteer_rules_parse(ctx, "drop", 4, &opts, &rules), -EINVAL);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "struct xsteer_rules_opts"));
	assert_int_equal(xsteer_rules_flush(ctx, "lo", &applied), -EINVAL);
	assert_int_equal(xsteer_rules_confirm(ctx, "lo", &applied), -EINVAL);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, NULL, NULL), -EINVAL);
	rules = parse("drop");
	assert_int_equal(xsteer_rules_apply(ctx, "lo", rules, NULL, &applied), -EINVAL);
	assert_int_equal(xsteer_rules_check(ctx, rules, &cost), -EINVAL);
	assert_int_equal(xsteer_rules_cost(ctx, rules, &cost), -EINVAL);
	xsteer_rules_free(rules);
}

static void a_newer_program_may_use_what_an_older_library_knows(void **state)
{
	struct {
		struct xsteer_rules_opts known;
		uint64_t later;
	} opts = { .known.sz = sizeof(opts), .known.name = "mine" };
	struct {
		struct xsteer_cost known;
		uint64_t later;
	} cost = { .known.sz = sizeof(cost), .later = 7 };
	struct xsteer_rules *rules = NULL;

	(void)state;
	assert_int_equal(xsteer_rules_parse(ctx, "drop", 4, &opts.known, &rules), 0);
	assert_int_equal(xsteer_rules_check(ctx, rules, &cost.known), 0);
	assert_int_equal(cost.known.sz, sizeof(cost));
	assert_true(cost.known.table_bytes > 0);
	assert_int_equal(cost.later, 0);
	xsteer_rules_free(rules);
	rules = NULL;
	opts.later = 1;
	assert_int_equal(xsteer_rules_parse(ctx, "drop", 4, &opts.known, &rules), -E2BIG);
	assert_null(rules);
	opts.later = 0;
	opts.known.flags = 1U << 31;
	assert_int_equal(xsteer_rules_parse(ctx, "drop", 4, &opts.known, &rules), -EINVAL);
}

static void an_older_program_gets_what_it_knows(void **state)
{
	struct xsteer_rules *rules = parse("drop");
	struct xsteer_cost cost;

	(void)state;
	memset(&cost, 0xee, sizeof(cost));
	cost.sz = offsetof(struct xsteer_cost, entries);
	assert_int_equal(xsteer_rules_check(ctx, rules, &cost), 0);
	assert_int_equal(cost.sz, offsetof(struct xsteer_cost, entries));
	assert_true(cost.tables >= 1 && cost.tables < 64);
	assert_true(cost.entries == 0xeeeeeeeeeeeeeeeeULL);
	xsteer_rules_free(rules);
}

static void verdicts_have_names(void **state)
{
	(void)state;
	assert_string_equal(xsteer_verdict_name(XSTEER_VERDICT_PASS), "pass");
	assert_string_equal(xsteer_verdict_name(XSTEER_VERDICT_DEV), "dev");
	assert_string_equal(xsteer_verdict_name(12345), "?");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_context_has_its_pin_root_and_no_error),
		TEST(a_hint_is_said_in_the_programs_words),
		TEST(rules_become_text_again),
		TEST(text_needs_no_end_mark_and_may_be_empty),
		TEST(each_error_is_told_once_where_the_program_listens),
		TEST(the_first_error_is_logged_where_nobody_listens),
		TEST(more_errors_than_are_told_are_said),
		TEST(warnings_name_rule_and_reason),
		TEST(a_file_is_read_with_what_it_includes),
		TEST(a_file_that_is_not_there_is_named),
		TEST(a_check_says_what_a_frame_costs_at_most),
		TEST(rules_beyond_the_bound_are_refused_by_name),
		TEST(a_struct_without_its_size_is_refused),
		TEST(a_newer_program_may_use_what_an_older_library_knows),
		TEST(an_older_program_gets_what_it_knows),
		TEST(verdicts_have_names),
	};

	return cmocka_run_group_tests_name("api_rules", tests, NULL, NULL);
}
