// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rule files on disk: includes that are beside each other, errors as they are printed; and
 * that the profiles that we ship and the lists in the manual are right.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../rule_errors.h"
#include "lib/api/rule_file.h"
#include "lib/rules/model/field.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/xsteer-rule-file-XXXXXX";

static int make_dir(void **state)
{
	char sub[64];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	return mkdir(sub, 0700);
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static const char *write_file(const char *name, const char *text)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* The messages of xs_rules_read() about the file, as printed. From malloc(). */
static char *errors_of(const char *path, int want)
{
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(xs_rules_read(&set, path, true, &errs), want);
	xs_rule_errors_print(to, &errs);
	assert_int_equal(fclose(to), 0);
	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
	return text;
}

static void assert_errors(const char *path, int err, const char *want)
{
	char *got = errors_of(path, err);

	assert_string_equal(got, want);
	free(got);
}

static void include_is_looked_up_beside_the_including_file(void **state)
{
	struct xs_rule_errors errs = {};
	struct xs_ruleset set;
	const char *path;
	char want[128];

	(void)state;
	write_file("sub/b.rules", "include \"../c.rules\"\nudp drop\n");
	write_file("c.rules", "define P = 80\n");
	path = write_file("a.rules", "include \"sub/b.rules\"\ntcp dport $P drop\n");
	assert_int_equal(xs_rules_read(&set, path, true, &errs), 0);
	assert_int_equal(set.rule_cnt, 2);
	snprintf(want, sizeof(want), "%s/sub/b.rules", dir);
	assert_string_equal(set.files[set.rules[0].file], want);
	assert_string_equal(set.files[0], path);
	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
}

static void files_of_values_are_beside_the_rules(void **state)
{
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};

	(void)state;
	write_file("sub/drop.txt", "10.0.0.0/8\n");
	write_file("sub/set.rules", "ip saddr { file \"drop.txt\" } drop\n"
				    "ip saddr { file \"/dev/null\" } drop\n");
	assert_int_equal(xs_rules_read(&set, write_file("set.rules", "include \"sub/set.rules\"\n"),
				       true, &errs),
			 0);
	assert_int_equal(set.rule_cnt, 2);
	assert_true(set.rules[0].matches[0].ranges[0].hi == 0x0affffff);
	assert_int_equal(set.rules[1].matches[0].range_cnt, 0);
	xs_ruleset_free(&set);
}

/* As text_of_a_secret_file_is_not_shown(), for a file of values. */
static void values_of_a_secret_file_are_not_shown(void **state)
{
	char *errors;

	(void)state;
	assert_int_equal(chmod(write_file("sub/secret.txt", "hush\n"), 0600), 0);
	errors = errors_of(write_file("s.rules", "ip saddr { file \"sub/secret.txt\" } drop\n"),
			   -EINVAL);
	assert_null(strstr(errors, "hush"));
	assert_non_null(strstr(errors, "not everybody may read"));
	free(errors);
}

static void patterns_include_in_name_order(void **state)
{
	struct xs_ruleset set = {};
	struct xs_rule_errors errs = {};
	static const __u16 ports[] = { 10, 2, 30 };

	(void)state;
	write_file("sub/10-b.nft", "udp dport 10 drop\n");
	write_file("sub/2-a.nft", "udp dport 2 drop\n");
	write_file("sub/.hidden.nft", "not a rule\n");
	write_file("sub/3.rules", "not a rule\n");
	assert_int_equal(xs_rules_read(&set,
				       write_file("globs.rules", "include \"none/*.nft\"\n"
								 "include \"sub/[0-9]*.nft\"\n"
								 "include \"su*\"\n"
								 "udp dport 30 drop\n"),
				       true, &errs),
			 0);
	assert_int_equal(set.rule_cnt, CNT(ports));
	for (size_t i = 0; i < CNT(ports); i++)
		assert_true(set.rules[i].matches[0].ranges[0].lo == ports[i]);
	assert_non_null(strstr(set.files[1], "/sub/10-b.nft"));
	xs_ruleset_free(&set);
	write_file("sub/bad.nft", "x\n");
	free(errors_of(write_file("globs.rules", "include \"sub/b*\"\n"), -EINVAL));
	unlink(write_file("sub/bad.nft", ""));
}

static void cycles_and_missing_files_are_errors(void **state)
{
	const char *path;
	char want[512];

	(void)state;
	path = write_file("self.rules", "include \"self.rules\"\ninclude \"none\"\n");
	snprintf(want, sizeof(want),
		 "%s:1:9: '%s' includes itself\n  include \"self.rules\"\n          ^\n"
		 "%s:2:9: cannot read 'none': No such file or directory\n  include \"none\"\n"
		 "          ^\n",
		 path, path, path);
	assert_errors(path, -EINVAL, want);
	/* Each time by another name for the same file, so that only the depth ends it. */
	path = write_file("deep.rules", "include \"./deep.rules\"\n");
	free(errors_of(path, -EINVAL));
}

/* A user whose rule file root checks must not see text by this that only root may read. */
static void text_of_a_secret_file_is_not_shown(void **state)
{
	char *got, *path;

	(void)state;
	path = strdup(write_file("shadow", "root:$6$secret:20000:0:99999:7:::\ndaemon:*:20000\n"));
	assert_non_null(path);
	assert_int_equal(chmod(path, 0640), 0);
	got = errors_of(write_file("leak.rules", "include \"shadow\"\n"), -EINVAL);
	assert_null(strstr(got, "root"));
	assert_null(strstr(got, "secret"));
	assert_non_null(strstr(got, "shadow:1:1: this line is wrong, but not everybody may read"));
	assert_null(strstr(got, "daemon"));
	free(got);
	/* Text that everybody may read is shown, and so is the line after such an include. */
	assert_int_equal(chmod(path, 0644), 0);
	got = errors_of(write_file("leak.rules", "include \"shadow\"\n"), -EINVAL);
	assert_non_null(strstr(got, "root:"));
	free(got);
	free(path);
	assert_int_equal(chmod(write_file("good", "define P = 80\n"), 0640), 0);
	got = errors_of(write_file("leak.rules", "include \"good\"\nudp dport $Q drop\n"), -EINVAL);
	assert_non_null(strstr(got, "'$Q' is not defined"));
	free(got);
}

static void errors_show_line_and_caret(void **state)
{
	const char *path;
	char want[512];

	(void)state;
	path = write_file(
		"bad.rules",
		"drop\n\tudp dport\t70000 drop # \xc3\xbc\nudp drop comment \"\xc3\xbc\" x");
	snprintf(want, sizeof(want),
		 "%s:2:12: '70000' is too large for 'udp dport': expected 0-65535 or a name such "
		 "as ssh, domain, http\n"
		 "  \tudp dport\t70000 drop # \xc3\xbc\n"
		 "  \t         \t^\n"
		 "%s:3:23: found 'x': expected the end of the line\n"
		 "  udp drop comment \"\xc3\xbc\" x\n"
		 "                       ^\n",
		 path, path);
	assert_errors(path, -EINVAL, want);
}

static void what_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_errors("/nonexistent.rules", -ENOENT, "");
	assert_errors(dir, -EISDIR, "");
}

static void dash_is_standard_input(void **state)
{
	int saved = dup(STDIN_FILENO), fd = open(write_file("in", "udp drop\n"), O_RDONLY);
	struct xs_rule_errors errs = {};
	struct xs_ruleset set;

	(void)state;
	assert_true(saved >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(xs_rules_read(&set, "-", true, &errs), 0);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	close(saved);
	assert_int_equal(set.rule_cnt, 1);
	assert_string_equal(set.files[0], "-");
	xs_ruleset_free(&set);
}

/* The top of the tree, as seen from where the tests run. */
static const char *top(void)
{
	return access("docs/rules.md", R_OK) ? "../.." : ".";
}

static void profiles_parse_without_warning(void **state)
{
	char pattern[64];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/docs/examples/*.rules", top());
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 5);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct xs_rule_warnings warnings = {};
		struct xs_rule_errors errs = {};
		struct xs_ruleset set;
		int err = xs_rules_read(&set, found.gl_pathv[i], true, &errs);

		xs_rule_errors_print(stderr, &errs);
		xs_rule_errors_free(&errs);
		assert_int_equal(err, 0);
		assert_true(set.rule_cnt > 0);
		assert_int_equal(xs_rules_warn(&set, &warnings), 0);
		xs_rule_warnings_print(stderr, &set, &warnings);
		assert_int_equal(warnings.cnt, 0);
		xs_rule_warnings_free(&warnings);
		xs_ruleset_free(&set);
	}
	globfree(&found);
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

static bool stands_in(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at++)
		if (!is_name_char(at[len]) && (at == text || !is_name_char(at[-1])))
			return true;
	return false;
}

static void manual_lists_every_field_and_name(void **state)
{
	static char text[65536];
	char path[64];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/rules.md", top());
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 1000);
	fclose(file);
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *names = xs_fields[i].names;
		const char *word = strrchr(xs_fields[i].text, ' ');
		struct xs_name name;

		if (!stands_in(text, word ? word + 1 : xs_fields[i].text))
			fail_msg("field '%s'", xs_fields[i].text);
		/* Of these the manual shows only the form. */
		if (strstr(xs_fields[i].text, "dscp") || strstr(xs_fields[i].text, "port"))
			continue;
		while (xs_name_next(&names, &name)) {
			char one[32];

			snprintf(one, sizeof(one), "%.*s", (int)name.len, name.name);
			if (!stands_in(text, one))
				fail_msg("'%s' of '%s'", one, xs_fields[i].text);
		}
	}
#define X(name) assert_true(stands_in(text, #name));
	XS_VERDICTS(X)
#undef X
}

/* Whether the parser takes "MATCH drop". */
static bool takes(const char *match, size_t len)
{
	char text[256];
	struct xs_rule_source src = { .name = "-", .text = text };
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};
	int err;

	src.len = (size_t)snprintf(text, sizeof(text), "%.*s drop", (int)len, match);
	assert_true(src.len < sizeof(text));
	/* a bar in a table of Markdown is written with a backslash */
	for (char *bar; (bar = strstr(text, "\\|")); src.len--)
		memmove(bar, bar + 1, strlen(bar));
	err = xs_rules_parse(&set, &src, &errs);
	xs_rule_errors_free(&errs);
	if (!err)
		xs_ruleset_free(&set);
	return !err;
}

/* Each `expression` of a row that says yes is taken, of one that says no refused. */
static void page_for_users_of_nft_says_what_is_taken(void **state)
{
	char path[64], line[1024];
	int said[2] = {};
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/from-nftables.md", top());
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *yes = strstr(line, " | yes |"), *end = yes ? yes : strstr(line, " | no |");

		if (!end)
			continue;
		*end = '\0';
		for (char *from = strchr(line, '`'); from; from = strchr(from, '`')) {
			size_t len = strcspn(++from, "`");

			if (takes(from, len) != !!yes)
				fail_msg("'%.*s'", (int)len, from);
			said[!!yes]++;
			from += len + 1;
		}
	}
	fclose(file);
	assert_true(said[0] > 50 && said[1] > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(include_is_looked_up_beside_the_including_file),
		cmocka_unit_test(files_of_values_are_beside_the_rules),
		cmocka_unit_test(values_of_a_secret_file_are_not_shown),
		cmocka_unit_test(patterns_include_in_name_order),
		cmocka_unit_test(cycles_and_missing_files_are_errors),
		cmocka_unit_test(text_of_a_secret_file_is_not_shown),
		cmocka_unit_test(errors_show_line_and_caret),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(dash_is_standard_input),
		cmocka_unit_test(profiles_parse_without_warning),
		cmocka_unit_test(manual_lists_every_field_and_name),
		cmocka_unit_test(page_for_users_of_nft_says_what_is_taken),
	};

	return cmocka_run_group_tests_name("rule_file", tests, make_dir, remove_dir);
}
