/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Prints for the bouncer or a broker, to a reader who may be slow: a thread of its own waits
 * for the reader, so that neither frames nor signals wait.
 */
#ifndef XS_CLI_OUT_H
#define XS_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct xs_out;

/*
 * Starts the thread. `wake_fd`, an eventfd, is written when standard output fails; -1: none.
 * NULL, silently: out of memory.
 */
struct xs_out *xs_out_open(int wake_fd);

/*
 * Queues `len` bytes for descriptor `fd`, in order, the whole text or nothing. Any
 * thread may call it; it never blocks. False: too much is queued already, and the text
 * is lost.
 */
bool xs_out_put(struct xs_out *out, int fd, const char *text, size_t len);

/* 0, or -errno of the first write to standard output that failed. */
int xs_out_error(const struct xs_out *out);

/*
 * Waits up to `ms` milliseconds until all is written, then frees *out. 0; -errno as
 * xs_out_error(); -ETIMEDOUT: somebody does not read, so printing anything more would
 * block.
 */
int xs_out_close(struct xs_out *out, int ms);

#endif
