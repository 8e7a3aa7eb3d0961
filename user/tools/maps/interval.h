/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Waiting between two reports of a command that repeats until a signal ends it. */
#ifndef XS_MAPS_INTERVAL_H
#define XS_MAPS_INTERVAL_H

#include <signal.h>
#include <stdbool.h>

#include <linux/types.h>

/* Blocks SIGINT and SIGTERM, which then end the waiting. */
void xs_interval_begin(sigset_t *signals);

/* Until `seconds` are over; false if a signal asks to stop. Blocks. */
bool xs_interval_wait(const sigset_t *signals, __u64 seconds);

#endif
