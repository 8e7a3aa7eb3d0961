/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The wait between two reports of a command that repeats until a signal ends it. */
#ifndef XS_MAPS_INTERVAL_H
#define XS_MAPS_INTERVAL_H

#include <signal.h>
#include <stdbool.h>

#include <linux/types.h>

/* Blocks SIGINT and SIGTERM, which from then on end the wait. */
void xs_interval_begin(sigset_t *signals);

/* Waits `seconds`. False: a signal asks to stop. */
bool xs_interval_wait(const sigset_t *signals, __u64 seconds);

#endif
