// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* lib/base/escape.c makes printable UTF-8 of any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/escape.h"

static void becomes(const char *text, const char *keep, const char *wanted)
{
	char out[256];

	assert_int_equal(xs_escape(out, sizeof(out), text, keep), strlen(wanted));
	assert_string_equal(out, wanted);
}

static void text_stays(void **state)
{
	(void)state;
	becomes("", "", "");
	becomes("rx0", "", "rx0");
	becomes("a\\x1b", "", "a\\x1b");
	becomes("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9d", "", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9d");
}

static void control_codes_are_escaped(void **state)
{
	(void)state;
	becomes("\x1b[31m", "", "\\x1b[31m");
	becomes("a\nb\tc\rd\x7f", "", "a\\x0ab\\x09c\\x0dd\\x7f");
	becomes("a\nb\tc\rd", "\n\t", "a\nb\tc\\x0dd");
	becomes("\xc2\x9b"
		"31m",
		"", "\\xc2\\x9b31m"); /* C1: CSI */
	becomes("a\xe2\x80\xae"
		"b",
		"", "a\\xe2\\x80\\xaeb"); /* right to left */
	becomes("\xe2\x80\xa8", "\n", "\\xe2\\x80\\xa8"); /* a line end of Unicode's */
}

static void what_is_no_utf8_is_escaped(void **state)
{
	(void)state;
	becomes("\xff", "", "\\xff");
	becomes("\xc3", "", "\\xc3"); /* cut short */
	becomes("\xe2\x82", "", "\\xe2\\x82");
	becomes("\xc0\xaf", "", "\\xc0\\xaf"); /* overlong */
	becomes("\xed\xa0\x80", "", "\\xed\\xa0\\x80"); /* a surrogate */
	becomes("\xf4\x90\x80\x80", "", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
}

static void nothing_is_cut_amid_a_character(void **state)
{
	static const char text[] = "a\xe2\x82\xac\xff";
	static const size_t lengths[] = { 0, 0, 1, 1, 1, 4, 4, 4, 4, 8 };
	char out[16];

	(void)state;
	for (size_t room = 0; room < sizeof(lengths) / sizeof(*lengths); room++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(xs_escape(out, room, text, ""), 8);
		if (room)
			assert_int_equal(strlen(out), lengths[room]);
		assert_int_equal(out[room], '#');
	}
}

static void every_byte_comes_out_printable(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			char text[] = { (char)first, (char)second, '\0' };
			char *out = xs_escape_dup(text, "");
			const char *end = out + strlen(out);

			for (const char *p = out; p < end; p += xs_utf8_char(p, end))
				assert_true(xs_utf8_char(p, end) && *p != '\t');
			free(out);
		}
	}
}

static void what_is_too_long_ends_with_dots(void **state)
{
	char text[5000];
	struct xs_shown shown;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	shown = xs_shown(text);
	assert_int_equal(strlen(shown.text), sizeof(shown) - 4 + 3);
	assert_string_equal(shown.text + strlen(shown.text) - 4, "a...");
	assert_string_equal(xs_shown("rx0").text, "rx0");
	assert_int_equal(xs_columns("\xe2\x82\xac"
				    "5"),
			 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays),
		cmocka_unit_test(control_codes_are_escaped),
		cmocka_unit_test(what_is_no_utf8_is_escaped),
		cmocka_unit_test(nothing_is_cut_amid_a_character),
		cmocka_unit_test(every_byte_comes_out_printable),
		cmocka_unit_test(what_is_too_long_ends_with_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
