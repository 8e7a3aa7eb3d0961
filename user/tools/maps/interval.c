// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Waits between two reports; see interval.h. */
#include <errno.h>
#include <time.h>

#include "interval.h"

void xs_interval_begin(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

bool xs_interval_wait(const sigset_t *signals, __u64 seconds)
{
	const struct timespec interval = { .tv_sec = (time_t)seconds };
	int sig;

	do {
		sig = sigtimedwait(signals, NULL, &interval);
	} while (sig < 0 && errno == EINTR);
	return sig < 0;
}
