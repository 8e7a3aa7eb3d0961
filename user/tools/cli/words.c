// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What libbpf and libxdp say, now or in case of a failure; see words.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "lib/base/escape.h"
#include "words.h"

static const struct xs_cli *call;
static bool keeping;
static char *kept;
static size_t kept_len, kept_room;

static int __attribute__((format(printf, 1, 0))) keep_words(const char *fmt, va_list args)
{
	va_list copy;
	int len;

	va_copy(copy, args);
	len = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (len > 0 && kept_len + len + 1 > kept_room) {
		char *more = realloc(kept, 2 * (kept_len + len + 1));

		if (!more)
			return 0;
		kept = more;
		kept_room = 2 * (kept_len + len + 1);
	}
	if (len > 0)
		kept_len += vsnprintf(kept + kept_len, kept_room - kept_len, fmt, args);
	return 0;
}

/* Paths in what they say hold interfaces' names. */
static int __attribute__((format(printf, 1, 0))) print_words(const char *fmt, va_list args)
{
	char *raw, *shown;

	if (vasprintf(&raw, fmt, args) < 0)
		return 0;
	shown = xs_escape_dup(raw, "\n\t");
	if (shown)
		fputs(shown, stderr);
	free(shown);
	free(raw);
	return 0;
}

static int __attribute__((format(printf, 2, 0)))
hear_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (call->verbose >= (level == LIBBPF_DEBUG ? 3 : 2))
		return print_words(fmt, args);
	return keeping && level != LIBBPF_DEBUG ? keep_words(fmt, args) : 0;
}

static int __attribute__((format(printf, 2, 0)))
hear_libxdp(enum libxdp_print_level level, const char *fmt, va_list args)
{
	if (level == LIBXDP_DEBUG ? call->verbose < 3 : call->verbose < 1)
		return 0;
	return print_words(fmt, args);
}

void xs_words_init(const struct xs_cli *cli)
{
	call = cli;
	libbpf_set_print(hear_libbpf);
	libxdp_set_print(hear_libxdp);
}

void xs_words_keep(void)
{
	kept_len = 0;
	keeping = true;
}

bool xs_words_end(bool print)
{
	bool any = kept_len;
	char *shown;

	keeping = false;
	shown = print && kept_len ? xs_escape_dup(kept, "\n\t") : NULL;
	if (shown)
		fputs(shown, stderr);
	free(shown);
	free(kept);
	kept = NULL;
	kept_len = kept_room = 0;
	return any || call->verbose >= 2;
}
