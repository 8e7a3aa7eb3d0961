// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rates by queue, full-screen, once a second; see top.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "tools/cli/cli.h"
#include "lib/instance/queue_stats.h"
#include "top.h"

#define REFRESH_MS 1000

struct watched {
	const struct xs_pins *pins;
	struct xs_queue_stats *now, *before;
	__u32 cnt;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig __attribute__((unused)))
{
	stop = 1;
}

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int sample(struct watched *watched, int cnt)
{
	for (int i = 0; i < cnt; i++) {
		struct xs_queue_stats *rows = xs_queue_stats_read(watched[i].pins, &watched[i].cnt);

		if (!rows)
			return -EIO;
		free(watched[i].before);
		watched[i].before = watched[i].now;
		watched[i].now = rows;
	}
	return 0;
}

static void print_row(const char *ifname, const char *queue, const struct xs_queue_stats *total,
		      const struct xs_queue_stats *delta, double interval)
{
	printw("%-15s %5s %12.0f %10.1f", ifname, queue, delta->packets / interval,
	       delta->bytes * 8 / interval / 1e6);
	for (int v = 0; v < XS_VERDICT_MAX; v++)
		printw(" %10.0f", xs_verdict_counters(delta)[v] / interval);
	printw(" %14llu\n", total->packets);
}

/* Why frames fell back or were malformed in the last interval; nothing if none were. */
static void print_reasons(const struct xs_queue_stats *delta, double interval)
{
	for (int r = 0; r < XS_REASON_MAX - 1; r++)
		if (xs_reason_counters(delta)[r] && r + 1 != XS_REASON_default)
			printw("%15s %5s %12.0f/s\n", "", xs_reason_names[r + 1],
			       xs_reason_counters(delta)[r] / interval);
}

static void print_instance(const struct watched *watched, double interval)
{
	struct xs_queue_stats total = {}, total_delta = {};
	char queue[16];

	for (__u32 q = 0; q < watched->cnt; q++) {
		struct xs_queue_stats delta = watched->now[q];

		if (!watched->now[q].packets)
			continue;
		xs_queue_stats_sub(&delta, &watched->before[q]);
		xs_queue_stats_add(&total, &watched->now[q]);
		xs_queue_stats_add(&total_delta, &delta);
		snprintf(queue, sizeof(queue), "%u", q);
		print_row(watched->pins->ifname, queue, &watched->now[q], &delta, interval);
	}
	print_row(watched->pins->ifname, "all", &total, &total_delta, interval);
	print_reasons(&total_delta, interval);
}

static void draw(struct xs_cli *cli, const struct watched *watched, int cnt, double interval,
		 bool paused)
{
	erase();
	printw("xsteer-maps top: frames a second by queue%s; p pauses, q ends\n\n",
	       paused ? " (paused)" : "");
	attron(A_REVERSE);
	printw("%-15s %5s %12s %10s", "Interface", "Queue", "Packets/s", "Mbit/s");
	for (int v = 0; v < XS_VERDICT_MAX; v++)
		printw(" %10s", xs_verdict_names[v]);
	printw(" %14s\n", "Packets");
	attroff(A_REVERSE);
	for (int i = 0; i < cnt; i++)
		print_instance(&watched[i], interval);
	if (!cnt)
		printw("no xsteer instance in %s\n", cli->pin_root);
	refresh();
}

static int watch(struct xs_cli *cli, struct watched *watched, int cnt)
{
	double before = seconds();
	bool paused = false;
	int err;

	err = sample(watched, cnt);
	while (!err && !stop) {
		int key = getch(); /* waits REFRESH_MS at most */
		double now = seconds();

		if (key == 'q' || key == 'Q')
			break;
		paused ^= key == 'p' || key == ' ';
		if (key != ERR && now - before < REFRESH_MS / 2000.0)
			continue;
		if (!paused) {
			err = sample(watched, cnt);
			if (!err)
				draw(cli, watched, cnt, now - before, paused);
			before = now;
		}
	}
	return err;
}

int xs_maps_top(struct xs_cli *cli, const struct xs_pins *pins, int cnt)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct watched *watched;
	SCREEN *screen;
	int err;

	screen = isatty(STDOUT_FILENO) ? newterm(NULL, stdout, stdin) : NULL;
	if (!screen) {
		xs_err(cli->ctx,
		       "top needs a terminal; 'xsteer-maps stats IF -w 1' prints line by line");
		return -ENOTTY;
	}
	watched = calloc(cnt + 1, sizeof(*watched));
	if (!watched) {
		endwin();
		delscreen(screen);
		return -ENOMEM;
	}
	for (int i = 0; i < cnt; i++)
		watched[i].pins = &pins[i];
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	cbreak();
	noecho();
	curs_set(0);
	timeout(REFRESH_MS);
	err = watch(cli, watched, cnt);
	endwin();
	delscreen(screen);
	for (int i = 0; i < cnt; i++) {
		free(watched[i].now);
		free(watched[i].before);
	}
	free(watched);
	return err;
}
