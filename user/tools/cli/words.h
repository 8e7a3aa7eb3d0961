/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What libbpf and libxdp say. Their print hooks have no argument, so this is the
 * one place that knows the call of the tool by a static. Most of it matters only
 * if something fails: it is kept until that is known.
 */
#ifndef XS_WORDS_H
#define XS_WORDS_H

#include "cli.h"

/* Sets both libraries' hooks, for as long as the process lives. */
void xs_words_init(const struct xs_cli *cli);

/* From now on, unless -vv asks to see it as it comes, what they say is kept. */
void xs_words_keep(void);

/* Ends keeping; `print`: all of it, to stderr. Whether there was, or had been, any to see. */
bool xs_words_end(bool print);

#endif
