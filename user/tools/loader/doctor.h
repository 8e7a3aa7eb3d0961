/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Finds everything that would make an interface fail or be slow under XDP, each with its fix. */
#ifndef XS_DOCTOR_H
#define XS_DOCTOR_H

#include "tools/cli/cli.h"

/*
 * Prints one line (or JSON object) for each finding. fail: attach or traffic will not
 * work; warn: it will work, but not as hoped; ok. Changes nothing. 0: nothing fails;
 * -EIO: something does; other -errno, logged.
 */
int xs_doctor(struct xs_cli *cli, const char *ifname);

#endif
