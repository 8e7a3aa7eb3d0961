/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads a chain file for a command of xsteer-chain. */
#ifndef XS_CHAIN_FILE_H
#define XS_CHAIN_FILE_H

#include <jansson.h>

#include "lib/chains/text.h"
#include "tools/cli/cli.h"

/*
 * Reads and parses a file ("-": standard input). Findings go to stderr, each with its
 * line. The caller frees *chains with free(). `warnings` is NULL or a JSON array that
 * gets the warnings. 0 or -errno, logged.
 */
int xs_chain_file_read(struct xs_cli *cli, const char *path, struct xs_chains **chains,
		       json_t *warnings);

/* The halves of it. The bytes, from malloc(); NULL with *err set, logged. */
char *xs_chain_file_text(struct xs_cli *cli, const char *path, size_t *len, int *err);
/* And what they say. */
int xs_chain_file_parse(struct xs_cli *cli, const char *path, const char *text, size_t len,
			struct xs_chains **chains, json_t *warnings);

/*
 * Chooses one of the chains of file `path`: the one of that name; NULL: the only one.
 * 0, or that of xs_usage().
 */
int xs_chain_choose(struct xs_cli *cli, const char *path, const struct xs_chains *chains,
		    const char *name, __u32 *chain);

/* "drop", "tx", the name of a step's service; "nowhere". */
const char *xs_chain_to_name(const struct xs_chains *chains, const struct xs_chain *chain, int to);

#endif
