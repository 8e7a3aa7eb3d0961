/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the bouncer prints, on its way to somebody who may not read: a thread of its
 * own waits for them, so that neither frames nor signals do.
 */
#ifndef XS_OUT_H
#define XS_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct xs_out;

/* `wake_fd`, an eventfd: told when standard output fails. NULL, silently: no memory. */
struct xs_out *xs_out_open(int wake_fd);

/*
 * Takes `len` bytes for descriptor `fd`, in order, the whole text or nothing. For any
 * thread; never blocks. False: too much waits already, and the text is lost.
 */
bool xs_out_put(struct xs_out *out, int fd, const char *text, size_t len);

/* 0, or -errno of the first write to standard output that failed. */
int xs_out_error(const struct xs_out *out);

/*
 * Waits up to `ms` milliseconds until all is written. 0; -errno as xs_out_error(); or
 * -ETIMEDOUT: somebody does not read, so printing anything more would block. Ends *out.
 */
int xs_out_close(struct xs_out *out, int ms);

#endif
