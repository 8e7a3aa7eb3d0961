/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * SIGINT and SIGTERM, by which a person or a supervisor asks a command to stop: either
 * noticed between two steps, or waited for.
 */
#ifndef XS_CLI_STOP_H
#define XS_CLI_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <linux/types.h>

/* From now on they end no process; system calls that sleep return EINTR. */
void xs_stop_catch(void);

/* Has one come since xs_stop_catch()? */
bool xs_stop_asked(void);

/* As if one had come: the command ends for another reason, and nobody may hold that up. */
void xs_stop_ask(void);

/* Blocks them, for sigtimedwait(2) or signalfd(2), and fills *signals with them. */
void xs_stop_block(sigset_t *signals);

/*
 * Around what may write for as long as nobody reads, a full pipe for example. In between a
 * signal counts as asked, also one that xs_stop_block() holds back otherwise. Once asked, a
 * write that waits for longer than a second fails with EINTR, and the next ones do so at once:
 * a reader is given one second, not one for each line. They may be nested. Of a process with one
 * thread that prints. Uses SIGALRM and ITIMER_REAL.
 */
void xs_stop_begin_output(void);
void xs_stop_end_output(void);

/* Waits `seconds`, with the signals of xs_stop_block(). False: one of them came. */
bool xs_stop_wait(const sigset_t *signals, __u64 seconds);

#endif
