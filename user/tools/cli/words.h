/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What libbpf and the verifier say while an object is opened or loaded, kept until
 * it is known whether it matters. From -vv on it is printed as it comes instead.
 */
#ifndef XS_WORDS_H
#define XS_WORDS_H

#include <stdbool.h>

void xs_words_keep(void);

/* Ends keeping; `print`: all of it, to stderr. Whether there was, or had been, any to see. */
bool xs_words_end(bool print);

#endif
