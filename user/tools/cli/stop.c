// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Signals that ask a command to stop; see stop.h. */
#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <sys/time.h>

#include "stop.h"

#define READER_USEC 999999 /* for a reader who is slow, but reads */
#define NEXT_USEC 10000 /* for one who has let that pass already */

/* a handler has no other way to tell */
static volatile sig_atomic_t asked, in_output; /* how deep */
static volatile sig_atomic_t reader_is_late;
static sigset_t held_back;

/* In Linux a plain system call, so handlers may use it. */
static void wake_after(suseconds_t usec)
{
	const struct itimerval timer = { .it_value.tv_usec = usec };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void limit_wait(void)
{
	wake_after(reader_is_late ? NEXT_USEC : READER_USEC);
}

static void on_signal(int sig)
{
	(void)sig;
	asked = 1;
	if (in_output)
		limit_wait();
}

/* The next write may wait, too: one second for each would add up. */
static void on_alarm(int sig)
{
	(void)sig;
	reader_is_late = 1;
	limit_wait();
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

void xs_stop_ask(void)
{
	asked = 1;
}

void xs_stop_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigprocmask(SIG_BLOCK, signals, NULL);
	held_back = *signals;
	xs_stop_catch();
}

void xs_stop_begin_output(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };

	if (in_output++)
		return;
	sigaction(SIGALRM, &action, NULL);
	if (asked)
		limit_wait();
	sigprocmask(SIG_UNBLOCK, &held_back, NULL);
}

void xs_stop_end_output(void)
{
	if (in_output > 1) {
		in_output--;
		return;
	}
	sigprocmask(SIG_BLOCK, &held_back, NULL);
	in_output = 0;
	wake_after(0);
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
