/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Everything that would make an interface fail or crawl under XDP, each with its fix. */
#ifndef XS_DOCTOR_H
#define XS_DOCTOR_H

#include "tools/cli/cli.h"

/*
 * Prints one line (or JSON object) a finding: fail (attach or traffic will not
 * work), warn (it will work, but not as hoped), ok. Only asks. 0 if nothing
 * fails; -EIO if something does; other -errno, logged.
 */
int xs_doctor(struct xs_cli *cli, const char *ifname);

#endif
