/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The library's state apart from its arguments: the pin root, the receiver of
 * diagnostics, and the text of the last error. A context is for one thread at a time;
 * threads that run in parallel use one each. There is no other state.
 */
#ifndef XS_CTX_H
#define XS_CTX_H

#include <stdbool.h>
#include <linux/types.h>

#include <xsteer/xsteer.h>

#include "hint.h"

#define XS_ERROR_MAX 1024 /* bytes of an error's text, with its NUL */

struct xsteer_ctx {
	char *pin_root;
	xsteer_log_fn log; /* NULL: nobody listens */
	void *log_arg;
	const char *hints[XS_HINT_MAX]; /* the program's wording; NULL: the library's */
	char error[XS_ERROR_MAX]; /* "": none yet */
	int stop_fd; /* becomes readable when waiting must end, see wait.h; -1: none */
	int sysfs_fd; /* root of a sysfs of this network namespace, see lib/net/sysfs.h; -1: none */
	__u32 fail_step, step; /* for the tests, see failstep.h */
};

/*
 * Diagnostics. Each is one line, without a line end, whatever bytes the names in it
 * have (escape.h). An error says the object, the reason and the next step; its text
 * stays in ctx->error until the next error. A warning says what will not work as hoped.
 * A note says what was done instead. An info is for the curious only. None of them
 * blocks, unless the program's callback does.
 */
void xs_err(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_warn(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_note(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xs_info(struct xsteer_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Stores the error's text without logging it: the program was told in another form. */
void xs_keep_err(struct xsteer_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Logs the kernel's own text, such as the verifier's reason: many lines, unchanged. */
void xs_quote_kernel(struct xsteer_ctx *ctx, const char *text);

/*
 * Another pin root, copied, before anything was asked of the old one. 0 or -ENOMEM, silently,
 * and the old one stays.
 */
int xs_ctx_set_pin_root(struct xsteer_ctx *ctx, const char *pin_root);

#endif
