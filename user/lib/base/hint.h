/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The next step that a message proposes, in the words of whoever shows it: the library
 * names its functions, a tool names its commands and options.
 */
#ifndef XS_HINT_H
#define XS_HINT_H

#include <xsteer/xsteer.h>

/*
 * The name of each enum xsteer_hint, and the library's words for it. "{}" stands for
 * the object, the interface's name.
 */
#define XS_HINTS(X) \
	X(BESIDE, "a priority in xsteer_attach_opts") \
	X(REPLACE, "xsteer_attach() with 'replace'") \
	X(DETACH, "xsteer_detach()") \
	X(CLEAN, "xsteer_clean()") \
	X(PIN_ROOT, "the pin root of the context") \
	X(SKB, "XSTEER_MODE_SKB") \
	X(ALONE, "priority 0 in xsteer_attach_opts") \
	X(ZERO_COPY, "zero-copy mode") \
	X(VERBOSE, "the log callback") \
	X(FRAMES, "frames") \
	X(RING, "ring entries") \
	X(UPGRADE, "xsteer_upgrade()") \
	X(ATTACH, "xsteer_attach()") \
	X(STATUS, "xsteer_each_instance()") \
	X(SOCKET, "the path of the call")

#define X(name, words) \
	_Static_assert((int)XSTEER_HINT_##name >= 0, "every hint of the library is public");
XS_HINTS(X)
#undef X

#define XS_HINT_MAX XSTEER_HINT_MAX

struct xsteer_ctx;

struct xs_hint {
	char text[128];
};

/* The words of ctx for a hint, with `object` in place of {}. Text that is too long is cut. */
struct xs_hint xs_hint(const struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *object);

#endif
