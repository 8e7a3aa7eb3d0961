// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What libbpf and libxdp say, now or in case of a failure; see library_log.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "lib/base/escape.h"
#include "library_log.h"

static const struct xs_cli *call;
static bool holding;
static char *held;
static size_t held_len, held_room;

static int __attribute__((format(printf, 1, 0))) hold_text(const char *fmt, va_list args)
{
	va_list copy;
	int len;

	va_copy(copy, args);
	len = vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	if (len > 0 && held_len + len + 1 > held_room) {
		char *more = realloc(held, 2 * (held_len + len + 1));

		if (!more)
			return 0;
		held = more;
		held_room = 2 * (held_len + len + 1);
	}
	if (len > 0)
		held_len += vsnprintf(held + held_len, held_room - held_len, fmt, args);
	return 0;
}

/* Paths in what they say hold interfaces' names. */
static int __attribute__((format(printf, 1, 0))) print_text(const char *fmt, va_list args)
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
		return print_text(fmt, args);
	return holding && level != LIBBPF_DEBUG ? hold_text(fmt, args) : 0;
}

static int __attribute__((format(printf, 2, 0)))
hear_libxdp(enum libxdp_print_level level, const char *fmt, va_list args)
{
	if (level == LIBXDP_DEBUG ? call->verbose < 3 : call->verbose < 1)
		return 0;
	return print_text(fmt, args);
}

void xs_library_log_init(const struct xs_cli *cli)
{
	call = cli;
	libbpf_set_print(hear_libbpf);
	libxdp_set_print(hear_libxdp);
}

void xs_library_log_hold(void)
{
	held_len = 0;
	holding = true;
}

bool xs_library_log_release(bool print)
{
	bool any = held_len;
	char *shown;

	holding = false;
	shown = print && held_len ? xs_escape_dup(held, "\n\t") : NULL;
	if (shown)
		fputs(shown, stderr);
	free(shown);
	free(held);
	held = NULL;
	held_len = held_room = 0;
	return any || call->verbose >= 2;
}
