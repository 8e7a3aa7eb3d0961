/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the library knows beside its arguments: the pin root, where diagnostics
 * go, and the text of the last error. One context serves one thread at a time;
 * threads that work side by side have one each. There is no other state.
 */
#ifndef XS_CTX_H
#define XS_CTX_H

#include <stdbool.h>
#include <linux/types.h>

#include <xsteer/xsteer.h>

#include "hint.h"

#define XS_ERROR_MAX 1024 /* bytes of an error's text, with its end mark */

struct xsteer_ctx {
	char *pin_root;
	xsteer_log_fn log; /* NULL: nobody listens */
	void *log_arg;
	const char *hints[XS_HINT_MAX]; /* the program's words; NULL: the library's */
	char error[XS_ERROR_MAX]; /* "": none yet */
	int stop_fd; /* readable: give up waiting, see wait.h; -1: none */
	__u32 fail_step, step; /* for the tests, see failstep.h */
};

/*
 * Diagnostics: one line each, without a line end, whatever bytes are in what they name
 * (escape.h). An error says the object, the
 * reason and the next step; its text stays in ctx->error until the next one. A
 * warning says what will not be as hoped, a note what was done instead, an info
 * what only a curious person wants to know. None of them blocks, but for what
 * the program's callback does.
 */
void xs_err(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_warn(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_note(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_info(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the error's text without telling it: the program has been told in another form. */
void xs_keep_err(struct xsteer_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What the kernel itself said, such as the verifier's log: many lines, as they are. */
void xs_quote_kernel(struct xsteer_ctx *ctx, const char *text);

#endif
