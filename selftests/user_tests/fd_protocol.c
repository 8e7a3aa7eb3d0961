// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The questions of the device plugin's protocol, as records of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/fdserver/protocol.h"

static struct xs_question read_bytes(const char *bytes, size_t len)
{
	struct xs_question question;

	memset(&question, 0xff, sizeof(question));
	xs_question_read(&question, bytes, len);
	return question;
}

static struct xs_question read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void names_are_read_without_spaces(void **state)
{
	struct xs_question question = read_text("/connect,pod-7.example");

	(void)state;
	assert_int_equal(question.kind, XS_QUESTION_CONNECT);
	assert_string_equal(question.name, "pod-7.example");
	question = read_text("/xsk_map_fd, eth 0 ");
	assert_int_equal(question.kind, XS_QUESTION_MAP);
	assert_string_equal(question.name, "eth0");
}

static void words_alone_are_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("/version").kind, XS_QUESTION_VERSION);
	assert_int_equal(read_text("/fin").kind, XS_QUESTION_FIN);
}

static void busy_polling_has_two_numbers(void **state)
{
	struct xs_question question = read_text("/config_busy_poll,20,64");

	(void)state;
	assert_int_equal(question.kind, XS_QUESTION_BUSY_POLL);
	assert_int_equal(question.timeout_us, 20);
	assert_int_equal(question.budget, 64);
	question = read_text("/config_busy_poll,1000000,65535");
	assert_int_equal(question.kind, XS_QUESTION_BUSY_POLL);
	assert_int_equal(question.budget, 65535);
}

static void what_is_not_of_the_protocol_is_nonsense(void **state)
{
	static const char *const texts[] = {
		"/",
		"version",
		"/version ",
		"/versions",
		"/Version",
		"/fin,",
		"/connect",
		"/connect,",
		"/connect, ",
		"/connect,a,b",
		"/connect ,a",
		"/xsk_map_fd",
		"/xsk_map_fd,",
		"/xsk_map_fd,a,b",
		"/config_busy_poll",
		"/config_busy_poll,20",
		"/config_busy_poll,20,",
		"/config_busy_poll,,64",
		"/config_busy_poll,20,64,1",
		"/config_busy_poll,-1,64",
		"/config_busy_poll,1000001,64",
		"/config_busy_poll,20,65536",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(read_text(texts[i]).kind, XS_QUESTION_NONSENSE);
}

static void every_length_and_every_byte_is_survived(void **state)
{
	char bytes[XS_MESSAGE_MAX + 2] = "/connect,";

	(void)state;
	memset(bytes + 9, 'a', sizeof(bytes) - 9);
	assert_int_equal(read_bytes(bytes, 0).kind, XS_QUESTION_NONSENSE);
	assert_int_equal(read_bytes(bytes, 9).kind, XS_QUESTION_NONSENSE);
	assert_int_equal(read_bytes(bytes, 10).kind, XS_QUESTION_CONNECT);
	assert_int_equal(strlen(read_bytes(bytes, XS_MESSAGE_MAX).name), XS_MESSAGE_MAX - 9);
	assert_int_equal(read_bytes(bytes, XS_MESSAGE_MAX + 1).kind, XS_QUESTION_NONSENSE);
	assert_int_equal(read_bytes("/version\0", 9).kind, XS_QUESTION_NONSENSE);
	for (size_t at = 0; at < 12; at++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(bytes, "/connect,pod", 12);
			bytes[at] = (char)byte;
			assert_true(read_bytes(bytes, 12).kind <= XS_QUESTION_FIN);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_without_spaces),
		cmocka_unit_test(words_alone_are_read),
		cmocka_unit_test(busy_polling_has_two_numbers),
		cmocka_unit_test(what_is_not_of_the_protocol_is_nonsense),
		cmocka_unit_test(every_length_and_every_byte_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
