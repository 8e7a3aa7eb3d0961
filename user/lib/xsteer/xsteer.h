/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libxsteer: attach xsteer's XDP program, put rules in force, read its counters,
 * and receive and send on an AF_XDP socket of your own.
 *
 * Functions return 0 or -errno unless they say otherwise; on failure outputs are
 * untouched and the context has a text that says what to do. The library prints
 * nothing, ends no process and keeps no state but the context's: threads that
 * work side by side use one context each.
 */
#ifndef LIBXSTEER_H
#define LIBXSTEER_H

#ifdef __cplusplus
extern "C" {
#endif

#define XSTEER_PIN_ROOT "/sys/fs/bpf/xsteer"

struct xsteer_ctx;

enum xsteer_log_level {
	XSTEER_LOG_ERROR, /* the function that says this fails */
	XSTEER_LOG_WARNING, /* it works, but not as hoped */
	XSTEER_LOG_NOTE, /* what was done instead of what was asked for */
	XSTEER_LOG_INFO, /* for the curious */
	XSTEER_LOG_KERNEL, /* the kernel's own words: several lines, with their ends */
};

/* One diagnostic, without a line end. `text` is valid until the callback returns. */
typedef void (*xsteer_log_fn)(void *arg, enum xsteer_log_level level, const char *text);

/*
 * A new context. pin_root: a directory on a bpffs, NULL: XSTEER_PIN_ROOT; copied.
 * log: called in the calling thread for each diagnostic; NULL: none are told, the
 * error's text is kept all the same. Free it with xsteer_ctx_free(). NULL: no memory.
 * Needs no privilege and asks the kernel nothing.
 */
struct xsteer_ctx *xsteer_ctx_new(const char *pin_root, xsteer_log_fn log, void *log_arg);

/* Frees the context; NULL is allowed. Nothing that was made with it may be in use. */
void xsteer_ctx_free(struct xsteer_ctx *ctx);

/* Text of the last error, "" before the first; the context's, until the next error. */
const char *xsteer_ctx_error(const struct xsteer_ctx *ctx);

/* The pin root; the context's, as long as it lives. */
const char *xsteer_ctx_pin_root(const struct xsteer_ctx *ctx);

/*
 * Messages propose a next step in the library's terms ("xsteer_detach()"). A
 * program that offers the step under another name says so here.
 */
enum xsteer_hint {
	XSTEER_HINT_BESIDE, /* attach beside other programs */
	XSTEER_HINT_REPLACE, /* attach in place of what is there */
	XSTEER_HINT_DETACH,
	XSTEER_HINT_CLEAN,
	XSTEER_HINT_PIN_ROOT, /* choose another pin root */
	XSTEER_HINT_SKB, /* choose skb mode */
	XSTEER_HINT_ALONE, /* attach without others beside */
	XSTEER_HINT_ZERO_COPY, /* insist on zero-copy mode */
	XSTEER_HINT_VERBOSE, /* see what libraries say */
	XSTEER_HINT_FRAMES, /* how many frames a UMEM has */
	XSTEER_HINT_RING, /* how many entries a ring has */
	XSTEER_HINT_UPGRADE, /* put this build's program in place of the running one */
	XSTEER_HINT_MAX
};

/*
 * `words` name the step; "{}" in them stands for the interface. Borrowed for as
 * long as the context lives; NULL: the library's own again.
 */
void xsteer_ctx_set_hint(struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *words);

#ifdef __cplusplus
}
#endif

#endif
