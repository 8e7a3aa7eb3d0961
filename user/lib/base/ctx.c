// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A context: its creation and end, and the diagnostics that go through it; see ctx.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "version.h"
#include "ctx.h"
#include "escape.h"

/* Names and paths in the text may hold any byte. */
static void __attribute__((format(printf, 2, 0)))
format(char text[XS_ERROR_MAX], const char *fmt, va_list args)
{
	char raw[XS_ERROR_MAX];

	vsnprintf(raw, sizeof(raw), fmt, args);
	xs_escape(text, XS_ERROR_MAX, raw, "");
}

static void __attribute__((format(printf, 3, 0)))
say(const struct xsteer_ctx *ctx, enum xsteer_log_level level, const char *fmt, va_list args)
{
	char text[XS_ERROR_MAX];

	if (!ctx->log)
		return;
	format(text, fmt, args);
	ctx->log(ctx->log_arg, level, text);
}

void xs_err(struct xsteer_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format(ctx->error, fmt, args);
	va_end(args);
	if (ctx->log)
		ctx->log(ctx->log_arg, XSTEER_LOG_ERROR, ctx->error);
}

void xs_keep_err(struct xsteer_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ctx->error, sizeof(ctx->error), fmt, args);
	va_end(args);
}

void xs_warn(struct xsteer_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(ctx, XSTEER_LOG_WARNING, fmt, args);
	va_end(args);
}

void xs_note(struct xsteer_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(ctx, XSTEER_LOG_NOTE, fmt, args);
	va_end(args);
}

void xs_info(struct xsteer_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(ctx, XSTEER_LOG_INFO, fmt, args);
	va_end(args);
}

void xs_quote_kernel(struct xsteer_ctx *ctx, const char *text)
{
	char *shown = ctx->log && text[0] ? xs_escape_dup(text, "\n\t") : NULL;

	if (shown)
		ctx->log(ctx->log_arg, XSTEER_LOG_KERNEL, shown);
	free(shown);
}

struct xsteer_ctx *xsteer_ctx_new(const char *pin_root, xsteer_log_fn log, void *log_arg)
{
	struct xsteer_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return NULL;
	ctx->pin_root = strdup(pin_root ? pin_root : XSTEER_PIN_ROOT);
	if (!ctx->pin_root) {
		free(ctx);
		return NULL;
	}
	ctx->log = log;
	ctx->log_arg = log_arg;
	ctx->stop_fd = ctx->sysfs_fd = -1;
	return ctx;
}

int xs_ctx_set_pin_root(struct xsteer_ctx *ctx, const char *pin_root)
{
	char *copy = strdup(pin_root);

	if (!copy)
		return -ENOMEM;
	free(ctx->pin_root);
	ctx->pin_root = copy;
	return 0;
}

void xsteer_ctx_free(struct xsteer_ctx *ctx)
{
	if (!ctx)
		return;
	if (ctx->sysfs_fd >= 0)
		close(ctx->sysfs_fd);
	free(ctx->pin_root);
	free(ctx);
}

const char *xsteer_ctx_error(const struct xsteer_ctx *ctx)
{
	return ctx->error;
}

const char *xsteer_ctx_pin_root(const struct xsteer_ctx *ctx)
{
	return ctx->pin_root;
}

void xsteer_ctx_set_hint(struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *words)
{
	if ((unsigned int)hint < XS_HINT_MAX)
		ctx->hints[hint] = words;
}

const char *xsteer_version(void)
{
	return XS_VERSION_TEXT;
}
