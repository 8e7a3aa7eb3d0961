// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a rule file takes from others: includes, and files of values.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rule_parse.h"

static void include_gives_rules_defines_and_lines(void **state)
{
	static const struct memory_file files[] = {
		{ "a", "define P = 80\ninclude \"b\"\n\nudp dport $P drop" },
		{ "b", "\ndefault pass\r\nudp dport $OUTER drop\r\n" },
		{},
	};
	struct xs_ruleset set;

	(void)state;
	parse_good_with(&set, "define OUTER = 7\ninclude \"a\" # x\ntcp dport $P drop\n", files);
	assert_int_equal(set.rule_cnt, 3);
	assert_int_equal(set.file_cnt, 3);
	assert_string_equal(set.files[set.rules[0].file], "b");
	assert_int_equal(set.rules[0].line, 3);
	assert_string_equal(set.rules[0].text, "udp dport 7 drop");
	assert_string_equal(set.files[set.rules[1].file], "a");
	assert_int_equal(set.rules[1].line, 4);
	assert_string_equal(set.files[set.rules[2].file], "test.rules");
	assert_int_equal(set.rules[2].line, 3);
	assert_int_equal(set.default_action.verdict, XS_VERDICT_pass);
	assert_round_trip(&set);
	xs_ruleset_free(&set);
}

static void assert_include_error(const struct memory_file *files, const char *text,
				 const char *file, __u32 line, const char *part)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	assert_int_equal(parse_with(&set, text, strlen(text), files, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_string_equal(errs.errors[0].file, file);
	assert_int_equal(errs.errors[0].line, line);
	if (!strstr(errs.errors[0].message, part))
		fail_msg("'%s' is not in '%s'", part, errs.errors[0].message);
	xs_rule_errors_free(&errs);
}

static void include_errors_name_the_file(void **state)
{
	static const struct memory_file files[] = {
		{ "bad", "udp drop\nfoo" },
		{ "self", "include \"self\"" },
		{ "ping", "\ninclude \"pong\"" },
		{ "pong", "include \"ping\"" },
		{ "pass", "default pass" },
		{ "define", "define A = 1" },
		{},
	};

	(void)state;
	assert_include_error(files, "include \"bad\"", "bad", 2, "found 'foo'");
	assert_include_error(files, "include \"none\"", "test.rules", 1, "No such file");
	assert_include_error(files, "include \"self\"", "self", 1, "includes itself");
	assert_include_error(files, "include \"ping\"", "pong", 1, "includes itself");
	assert_include_error(files, "include \"pass\"\ndefault pass", "test.rules", 2, "pass:1");
	assert_include_error(files, "include \"define\"\ninclude \"define\"", "define", 1,
			     "define:1");
}

/* Each file "N" includes "N-1"; "0" is empty. */
static int deep_load(void *arg, const char *including, const char *name, char **path, char **text,
		     size_t *len)
{
	int n = atoi(name);

	(void)arg;
	(void)including;
	*path = strdup(name);
	if (asprintf(text, n ? "include \"%d\"" : "", n - 1) < 0)
		return -ENOMEM;
	*len = strlen(*text);
	return 0;
}

static int parse_deep(int depth)
{
	struct xs_rule_source src = { .name = "t", .load = deep_load };
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};
	char text[40];
	int err;

	snprintf(text, sizeof(text), "include \"%d\"", depth);
	src.text = text;
	src.len = strlen(text);
	err = xs_rules_parse(&set, &src, &errs);
	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
	return err;
}

static void sets_take_members_of_files(void **state)
{
	static const struct memory_file files[] = {
		{ "drop.txt",
		  "\xef\xbb\xbf# bad ones\n1.10.16.0/20 ; SBL1\r\n\n 10.0.0.1-10.0.0.9\n"
		  "192.0.2.7 # last" },
		{ "none.txt", "# nothing\n\n" },
		{ NULL, NULL },
	};
	struct xs_ruleset set;

	(void)state;
	parse_good_with(&set,
			"ip saddr { file \"drop.txt\", 1.1.1.1 } drop\n"
			"define N = { file \"none.txt\" }\n"
			"ip saddr != { file \"drop.txt\" } drop\n"
			"ip saddr $N drop\nip saddr != $N drop\nudp dport { $N, 5 } drop",
			files);
	assert_int_equal(set.rule_cnt, 5);
	assert_string_equal(set.rules[0].text, "ip saddr { 1.10.16.0/20, 10.0.0.1-10.0.0.9, "
					       "192.0.2.7, 1.1.1.1 } drop");
	assert_int_equal(set.rules[0].matches[0].range_cnt, 4);
	assert_true(set.rules[1].matches[0].negate);
	assert_int_equal(set.rules[2].matches[0].range_cnt, 0);
	assert_string_equal(set.rules[2].text, "ip saddr { file \"/dev/null\" } drop");
	assert_true(set.rules[3].matches[0].negate && !set.rules[3].matches[0].range_cnt);
	assert_string_equal(set.rules[4].text, "udp dport { 5 } drop");
	xs_ruleset_free(&set);
}

static void tables_left_open_in_files_are_two_errors(void **state)
{
	static const struct memory_file files[] = {
		{ "a", "table netdev t {\nchain a {\ntcp drop\n" }, { NULL, NULL }
	};
	static const char text[] = "include \"a\"\ninclude \"a\"\n"
				   "table netdev t { chain a { tcp drop }";
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, text, strlen(text), files, &errs), -EINVAL);
	assert_true(errs.cnt >= 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(errs.errors[i].file, "a");
		assert_int_equal(errs.errors[i].line, 2);
		assert_non_null(strstr(errs.errors[i].message, "not closed"));
	}
	xs_rule_errors_free(&errs);
}

static void an_empty_file_of_values_can_be_the_first_define(void **state)
{
	static const struct memory_file files[] = { { "none.txt", "# nothing" }, { NULL, NULL } };
	struct xs_ruleset set;

	(void)state;
	parse_good_with(&set,
			"define N = { file \"none.txt\" }\n"
			"ip ttl . tcp port != { 1 . $N, $N . 2 } drop\n"
			"ip ttl . tcp port != { 1 . $N, 2 . 3 } drop",
			files);
	assert_int_equal(set.rule_cnt, 2);
	assert_int_equal(set.rules[0].matches[0].tuple, 0);
	for (int i = 0; i < 2; i++)
		assert_true(set.rules[0].matches[i].negate && !set.rules[0].matches[i].range_cnt);
	assert_string_equal(set.rules[0].text, "ip ttl != { file \"/dev/null\" } "
					       "tcp port != { file \"/dev/null\" } drop");
	assert_int_equal(set.rules[1].matches[0].tuple, 2);
	assert_int_equal(set.rules[1].matches[0].range_cnt, 2);
	assert_string_equal(set.rules[1].text, "ip ttl . tcp port != { 2 . 3 } drop");
	xs_ruleset_free(&set);
}

static void errors_in_files_of_values_have_their_place(void **state)
{
	static const struct {
		const char *values, *rules, *file;
		__u32 line, column;
		const char *part;
	} wrong[] = {
		{ "10.0.0.1\n  10.0.0.999\n", "ip saddr { file \"v\" } drop", "v", 2, 3,
		  "IPv4 address" },
		{ "::1\n10.0.0.1", "ip6 saddr { file \"v\" } drop", "v", 2, 1, "IPv6 address" },
		{ "10.0.0.0/33", "ip saddr { file \"v\" } drop", "v", 1, 10, "prefix length" },
		{ "10.0.0.1 10.0.0.2", "ip saddr { file \"v\" } drop", "v", 1, 1, "IPv4 address" },
		{ "1\n\n1-70000", "define V = { file \"v\" }\nudp dport $V drop", "v", 3, 1,
		  "too large" },
		{ "syn|ack", "tcp flags { file \"v\" } drop", "v", 1, 1, "one value a line" },
		{ "1", "udp dport { file v } drop", "test.rules", 1, 18, "double quotes" },
		{ "1", "udp dport { file \"w\" } drop", "test.rules", 1, 18, "cannot read 'w'" },
		{ "1", "udp dport file \"v\" drop", "test.rules", 1, 11, "'file' is not a port" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(wrong); i++) {
		const struct memory_file files[] = { { "v", wrong[i].values }, { NULL, NULL } };
		struct xs_rule_errors errs;
		struct xs_ruleset set;

		assert_int_equal(
			parse_with(&set, wrong[i].rules, strlen(wrong[i].rules), files, &errs),
			-EINVAL);
		if (strcmp(errs.errors[0].file, wrong[i].file) ||
		    errs.errors[0].line != wrong[i].line ||
		    errs.errors[0].column != wrong[i].column ||
		    !strstr(errs.errors[0].message, wrong[i].part)) {
			xs_rule_errors_print(stderr, &errs);
			fail_msg("'%s'", wrong[i].rules);
		}
		xs_rule_errors_free(&errs);
	}
}

static void include_depth_is_limited(void **state)
{
	(void)state;
	assert_int_equal(parse_deep(XS_RULE_INCLUDE_DEPTH_MAX - 1), 0);
	assert_int_equal(parse_deep(XS_RULE_INCLUDE_DEPTH_MAX), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(include_gives_rules_defines_and_lines),
		cmocka_unit_test(include_errors_name_the_file),
		cmocka_unit_test(sets_take_members_of_files),
		cmocka_unit_test(tables_left_open_in_files_are_two_errors),
		cmocka_unit_test(an_empty_file_of_values_can_be_the_first_define),
		cmocka_unit_test(errors_in_files_of_values_have_their_place),
		cmocka_unit_test(include_depth_is_limited),
	};

	return cmocka_run_group_tests_name("rule_includes", tests, NULL, NULL);
}
