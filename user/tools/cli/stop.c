// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Signals that ask a command to stop; see stop.h. */
#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "stop.h"

static volatile sig_atomic_t asked; /* a handler has no other way to tell */

static void on_signal(int sig)
{
	(void)sig;
	asked = 1;
}

void xs_stop_catch(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool xs_stop_asked(void)
{
	return asked;
}

void xs_stop_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

bool xs_stop_wait(const sigset_t *signals, __u64 seconds)
{
	const struct timespec interval = { .tv_sec = (time_t)seconds };
	int sig;

	do {
		sig = sigtimedwait(signals, NULL, &interval);
	} while (sig < 0 && errno == EINTR);
	return sig < 0;
}
