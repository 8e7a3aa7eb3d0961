/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A chain file as a command of xsteer-chain reads it. */
#ifndef XS_CHAIN_FILE_H
#define XS_CHAIN_FILE_H

#include <jansson.h>

#include "lib/chains/text.h"
#include "tools/cli/cli.h"

/*
 * Reads and parses a file ("-": standard input); what was found goes to stderr, each
 * with its line. *chains is to be freed with free(). warnings: NULL, or a JSON array
 * that gets them. 0 or -errno, logged.
 */
int xs_chain_file_read(struct xs_cli *cli, const char *path, struct xs_chains **chains,
		       json_t *warnings);

/*
 * Which of the chains of file `path` is meant: the one of that name; NULL: the only one.
 * 0, or xs_usage()'s.
 */
int xs_chain_choose(struct xs_cli *cli, const char *path, const struct xs_chains *chains,
		    const char *name, __u32 *chain);

/* "drop", "tx", the name of a step's service; "nowhere". */
const char *xs_chain_to_name(const struct xs_chains *chains, const struct xs_chain *chain, int to);

#endif
