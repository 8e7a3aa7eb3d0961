/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A file that others read at any time, as node_exporter does: there whole, or as it was. */
#ifndef XS_TEXTFILE_H
#define XS_TEXTFILE_H

#include <stdio.h>

#include "tools/cli/cli.h"

/*
 * Replaces `path` with what put() writes. A symbolic link at `path` is replaced, not
 * followed. Waits for the disk. 0; or -errno, logged: then the old file is untouched.
 */
int xs_textfile_write(struct xs_cli *cli, const char *path, void (*put)(FILE *out, const void *arg),
		      const void *arg);

#endif
