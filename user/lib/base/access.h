/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who may use a file. */
#ifndef XS_BASE_ACCESS_H
#define XS_BASE_ACCESS_H

#include <sys/types.h>

/*
 * chmod(2) of what is at the path itself: whoever may write into its folder could put a
 * symbolic link there at any moment. Needs /proc. 0; or -errno, silently: -ELOOP: it is a link.
 */
int xs_chmod_itself(const char *path, mode_t mode);

#endif
