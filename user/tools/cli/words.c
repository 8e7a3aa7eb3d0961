// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* libbpf's words, kept for the case of a failure; see words.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "cli.h"
#include "words.h"

static char *words;
static size_t words_len, words_room;
static libbpf_print_fn_t print_before;

static int __attribute__((format(printf, 2, 0)))
keep(enum libbpf_print_level level, const char *fmt, va_list args)
{
	va_list copy;
	int len;

	if (level == LIBBPF_DEBUG)
		return 0;
	va_copy(copy, args);
	len = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (len > 0 && words_len + len + 1 > words_room) {
		char *more = realloc(words, 2 * (words_len + len + 1));

		if (!more)
			return 0;
		words = more;
		words_room = 2 * (words_len + len + 1);
	}
	if (len > 0)
		words_len += vsnprintf(words + words_len, words_room - words_len, fmt, args);
	return 0;
}

void xs_words_keep(void)
{
	words_len = 0;
	if (xs_common.verbose < 2)
		print_before = libbpf_set_print(keep);
}

bool xs_words_end(bool print)
{
	bool any = words_len;

	if (xs_common.verbose >= 2)
		return true;
	libbpf_set_print(print_before);
	if (print)
		fwrite(words, 1, words_len, stderr);
	free(words);
	words = NULL;
	words_len = words_room = 0;
	return any;
}
