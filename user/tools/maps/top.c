// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Shows queues, rules, sockets, losses and chains live: the screen, its keys, and lines instead; see top.h. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "lib/base/clock.h"
#include "tabs.h"
#include "tools/brokers/control.h"
#include "tools/cli/grid.h"
#include "tools/cli/stop.h"
#include "top.h"
#include "watched.h"

#define WIDE_COLUMNS 120 /* from this width on numbers are shown whole */
#define ESCAPE_KEY 27

struct top {
	struct xs_cli *cli;
	const struct xs_top_opts *opts;
	struct xs_watched_list watched;
	struct xs_tab_view view;
	enum xs_tab tab;
	int sort; /* a column; -1: not sorted */
	int columns; /* of the grid that was shown last */
	bool ascending, paused, help, typing; /* typing: keys go into the filter */
	char filter[64];
	size_t first; /* row at the top of the screen */
	double at; /* of the last sample, seconds */
};

/* The parts of a report. */
struct page {
	char **lines; /* the headings and the rows */
	size_t cnt;
	char *notes; /* lines after the rows */
	size_t note_cnt;
};

static double seconds(void)
{
	return xs_monotonic_ns() / 1e9;
}

static void sample(struct top *top)
{
	double now = seconds();

	top->view.seconds = now > top->at ? now - top->at : 1;
	top->at = now;
	xs_watched_sample(&top->watched, top->view.seconds);
}

/* ---- a page ---- */

/* 0, or -errno: the last sample lacks what was asked for, which the page says. */
static int err_of_last(const struct top *top)
{
	int err = top->watched.err;

	for (int i = 0; !err && i < top->watched.cnt; i++)
		err = top->watched.list[i].err;
	return err;
}

static const char *heading_of_sort(const struct top *top, const struct xs_grid *grid)
{
	return top->sort >= 0 && top->sort < xs_grid_columns(grid)
		       ? xs_grid_heading(grid, top->sort)
		       : NULL;
}

static void build_page(struct top *top, size_t width, struct page *page, char sorted[32])
{
	struct xs_grid *grid;
	const char *heading;
	size_t fixed, bytes;
	FILE *notes;

	page->notes = NULL;
	notes = open_memstream(&page->notes, &bytes);
	if (!notes)
		abort();
	top->view.wide = width >= WIDE_COLUMNS;
	grid = xs_tab_grid(top->tab, &top->watched, &top->view, &fixed, notes);
	if (top->filter[0]) {
		xs_grid_filter(grid, top->filter);
		fixed = 0; /* totals are of all rows; with a filter they are ordinary rows */
	}
	top->columns = xs_grid_columns(grid);
	heading = heading_of_sort(top, grid);
	snprintf(sorted, 32, "%s", heading ? heading : "");
	if (heading)
		xs_grid_sort(grid, top->sort, !top->ascending, fixed);
	page->lines = xs_grid_lines(grid, width, &page->cnt);
	xs_grid_free(grid);
	if (top->watched.err)
		fprintf(notes, "%s\n", top->watched.why);
	else if (!top->watched.cnt)
		fprintf(notes, "no xsteer instance in %s\n", top->cli->pin_root);
	else if (!page->cnt && top->filter[0])
		fprintf(notes, "nothing has '%s' in it\n", top->filter);
	else if (!page->cnt && top->tab == XS_TAB_SOCKETS)
		fputs("no slot has an owner: no bouncer runs here\n", notes);
	else if (!page->cnt && top->tab == XS_TAB_RULES && !err_of_last(top))
		fputs("no rules: every frame takes the default\n", notes);
	else if (!page->cnt && top->tab == XS_TAB_LOSSES && !err_of_last(top))
		fputs("nothing was lost since this tab was opened\n", notes);
	else if (!page->cnt && top->tab == XS_TAB_CHAINS && !err_of_last(top))
		fputs("no broker in " XS_BROKER_DIR " serves chains here\n", notes);
	if (fclose(notes))
		abort();
	page->note_cnt = 0;
	for (const char *c = page->notes; *c; c++)
		page->note_cnt += *c == '\n';
}

static void free_page(struct page *page)
{
	xs_lines_free(page->lines, page->cnt);
	free(page->notes);
}

/* ---- lines instead of a screen ---- */

static void print_page(struct top *top)
{
	struct page page;
	char sorted[32];

	build_page(top, xs_screen_width(), &page, sorted);
	for (size_t i = 0; i < page.cnt; i++)
		puts(page.lines[i]);
	fputs(page.notes, stdout);
	fflush(stdout);
	free_page(&page);
}

static void wait_sample(const struct top *top)
{
	double left;

	while (!xs_stop_asked() &&
	       (left = top->at + (double)top->opts->every_sec - seconds()) > 0) {
		const struct timespec time = { .tv_sec = (time_t)left,
					       .tv_nsec = (long)((left - (time_t)left) * 1e9) };

		nanosleep(&time, NULL);
	}
}

/* 0, or -errno: the last report lacks what was asked for, and has said why. */
static int repeat_lines(struct top *top)
{
	for (__u64 n = 0; !top->opts->batch || n < top->opts->batch; n++) {
		wait_sample(top);
		if (xs_stop_asked())
			break;
		sample(top);
		xs_stop_begin_output();
		if (n)
			putchar('\n');
		print_page(top);
		xs_stop_end_output();
		if (ferror(stdout))
			break;
	}
	return err_of_last(top);
}

/* ---- the screen ---- */

static void draw_head(const struct top *top, const struct page *page, const char *sorted,
		      size_t shown)
{
	move(0, 0);
	addstr("xsteer-maps top");
	for (int i = 0; i < XS_TAB_MAX; i++) {
		addstr("  ");
		if (i == (int)top->tab)
			attron(A_BOLD | A_UNDERLINE);
		printw("%d %s", i + 1, xs_tab_names[i]);
		attroff(A_BOLD | A_UNDERLINE);
	}
	if (top->paused) {
		addstr("  ");
		attron(A_REVERSE);
		addstr(" PAUSED ");
		attroff(A_REVERSE);
	}
	move(1, 0);
	if (page->cnt > shown + 1)
		printw("rows %zu-%zu of %zu  ", top->first + 1, top->first + shown, page->cnt - 1);
	if (sorted[0])
		printw("sorted by %s, %s first  ", sorted, top->ascending ? "least" : "most");
	if (top->typing || top->filter[0])
		printw("filter: %s%s", top->filter, top->typing ? "_" : "");
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"1 to 5, Tab   queues, rules, sockets, losses, chains; the next",
		"p, Space      pause, and go on",
		"s S           sort by the next column; by the one before",
		"r             the other way round",
		"/             filter: rows with a text; Enter keeps it, Esc ends it",
		"a             queues that have counted nothing, too",
		"Up Down j k   scroll by a row; PgUp PgDn by a page; Home End",
		"h ?           this help, and back",
		"q             quit",
		"",
		"Verdicts are frames a second; Packets and Bytes are since attach; losses since",
		"their tab was opened. Chains: p50, p99 and Lost are since the broker started.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines) && (int)i + 2 < LINES - 1; i++)
		mvaddnstr((int)i + 2, 2, lines[i], COLS - 2);
}

static void draw_notes(const struct page *page, int row)
{
	const char *note = page->notes;

	for (size_t i = 0; i < page->note_cnt && row < LINES - 1; i++, row++) {
		const char *end = strchr(note, '\n');

		mvaddnstr(row, 0, note, (int)(end - note) < COLS ? (int)(end - note) : COLS);
		note = end + 1;
	}
}

/* Number of rows between the heading, which is line 2, and the notes. */
static size_t rows_of_screen(const struct page *page)
{
	int room = LINES - 4 - (int)page->note_cnt;

	return room > 1 ? (size_t)room : 1;
}

static void draw_page(struct top *top, const struct page *page, const char *sorted)
{
	size_t rows = page->cnt ? page->cnt - 1 : 0, room = rows_of_screen(page), shown;

	if (top->first + room > rows)
		top->first = rows > room ? rows - room : 0;
	shown = rows - top->first < room ? rows - top->first : room;
	draw_head(top, page, sorted, shown);
	attron(A_REVERSE);
	if (page->cnt)
		mvaddstr(2, 0, page->lines[0]);
	attroff(A_REVERSE);
	for (size_t i = 0; i < shown; i++)
		mvaddstr((int)i + 3, 0, page->lines[top->first + i + 1]);
	draw_notes(page, (int)shown + 3);
}

static void draw(struct top *top)
{
	struct page page;
	char sorted[32];

	erase();
	build_page(top, (size_t)COLS, &page, sorted);
	if (top->help) {
		draw_head(top, &page, sorted, page.cnt);
		draw_help();
	} else {
		draw_page(top, &page, sorted);
	}
	mvaddnstr(LINES - 1, 0,
		  "h help  q quit  p pause  s sort  r reverse  / filter  1-5 tabs  arrows scroll",
		  COLS - 1);
	refresh();
	free_page(&page);
}

static void type_key(struct top *top, int key)
{
	size_t len = strlen(top->filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		top->typing = false;
	} else if (key == ESCAPE_KEY) {
		top->typing = false;
		top->filter[0] = '\0';
	} else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len) {
		top->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 127 && len + 1 < sizeof(top->filter)) {
		top->filter[len] = (char)key;
		top->filter[len + 1] = '\0';
	}
}

static void sort_by(struct top *top, int step)
{
	top->sort += step;
	if (top->sort >= top->columns)
		top->sort = -1;
	if (top->sort < -1)
		top->sort = top->columns - 1;
}

/* What costs more than counters is sampled only once somebody wants to see it. */
static void want_tab(struct top *top)
{
	if (top->tab == XS_TAB_LOSSES)
		top->watched.losses = true;
	if (top->tab == XS_TAB_RULES && !top->watched.rules) {
		top->watched.rules = true;
		for (int i = 0; i < top->watched.cnt; i++)
			if (top->watched.list[i].open)
				xs_watched_rules_sample(&top->watched.list[i].rules,
							&top->watched.list[i].pins, 1);
	}
	if (top->tab == XS_TAB_CHAINS && !top->watched.chains) {
		top->watched.chains = true;
		for (int i = 0; i < top->watched.cnt; i++)
			if (top->watched.list[i].open)
				xs_watched_chains_sample(&top->watched.list[i].chains,
							 &top->watched.list[i].pins, 1);
	}
}

static void show_tab(struct top *top, int tab)
{
	top->tab = tab;
	top->first = 0;
	top->sort = -1;
	want_tab(top);
}

static void scroll_key(struct top *top, int key)
{
	const size_t page = LINES > 8 ? (size_t)LINES - 6 : 1;

	if (key == KEY_DOWN || key == 'j')
		top->first++;
	else if ((key == KEY_UP || key == 'k') && top->first)
		top->first--;
	else if (key == KEY_NPAGE)
		top->first += page;
	else if (key == KEY_PPAGE)
		top->first = top->first > page ? top->first - page : 0;
	else if (key == KEY_HOME)
		top->first = 0;
	else if (key == KEY_END)
		top->first = 1u << 30; /* drawing limits it to the last page */
}

/* False: end. */
static bool take_key(struct top *top, int key)
{
	if (top->typing) {
		type_key(top, key);
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case 'p':
	case ' ':
		top->paused = !top->paused;
		break;
	case 'h':
	case '?':
		top->help = !top->help;
		break;
	case '\t':
		show_tab(top, (top->tab + 1) % XS_TAB_MAX);
		break;
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
		show_tab(top, key - '1');
		break;
	case 's':
	case 'S':
		sort_by(top, key == 's' ? 1 : -1);
		break;
	case 'r':
		top->ascending = !top->ascending;
		break;
	case 'a':
		top->view.all = !top->view.all;
		break;
	case '/':
		top->typing = true;
		break;
	default:
		scroll_key(top, key);
	}
	return true;
}

static void run_screen(struct top *top)
{
	while (!xs_stop_asked()) {
		double left = top->at + (double)top->opts->every_sec - seconds();
		int key;

		timeout(left > 0 ? (int)(left * 1000) + 1 : 0);
		key = getch();
		if (key != ERR && !take_key(top, key))
			break;
		if (seconds() >= top->at + (double)top->opts->every_sec) {
			if (top->paused)
				top->at = seconds();
			else
				sample(top);
		} else if (key == ERR) {
			continue;
		}
		draw(top);
	}
}

static SCREEN *open_screen(struct xs_cli *cli)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (!screen) {
		xs_note(cli->ctx, "unknown terminal '%s': printing lines instead of a screen",
			getenv("TERM") ? getenv("TERM") : "");
		return NULL;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return screen;
}

static int show_top(struct top *top)
{
	SCREEN *screen = top->opts->batch ? NULL : open_screen(top->cli);

	sample(top);
	if (!screen)
		return repeat_lines(top);
	draw(top);
	run_screen(top);
	endwin();
	delscreen(screen);
	return 0;
}

static int set_tab(struct top *top)
{
	for (int i = 0; top->opts->tab && i < XS_TAB_MAX; i++) {
		if (!strcmp(top->opts->tab, xs_tab_names[i])) {
			top->tab = i;
			return 0;
		}
	}
	return top->opts->tab ? xs_usage(top->cli,
					 "top: --tab '%s' is none of queues, rules, sockets, "
					 "losses, chains",
					 top->opts->tab)
			      : 0;
}

static int set_sort(struct top *top)
{
	struct xs_watched_list none = {};
	struct xs_tab_view view = { .seconds = 1 };
	struct xs_grid *grid;
	size_t fixed;

	top->sort = -1;
	if (!top->opts->sort)
		return 0;
	grid = xs_tab_grid(top->tab, &none, &view, &fixed, stderr);
	for (int i = 0; i < xs_grid_columns(grid); i++)
		if (!strcasecmp(xs_grid_heading(grid, i), top->opts->sort))
			top->sort = i;
	xs_grid_free(grid);
	return top->sort < 0 ? xs_usage(top->cli, "top: --sort '%s' is no column of tab %s",
					top->opts->sort, xs_tab_names[top->tab])
			     : 0;
}

int xs_maps_top(struct xs_cli *cli, const struct xs_top_opts *opts)
{
	struct top top = { .cli = cli, .opts = opts };
	int err;

	err = set_tab(&top);
	if (!err)
		err = set_sort(&top);
	if (err)
		return err;
	if (cli->json)
		return xs_usage(cli, "top has no JSON: use 'xsteer-maps stats -j -w 1 IF'");
	if (!opts->batch && !isatty(STDOUT_FILENO)) {
		xs_err(cli->ctx, "top needs a terminal; 'xsteer-maps top -b 1' prints lines");
		return -ENOTTY;
	}
	setlocale(LC_CTYPE, "");
	top.view.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	snprintf(top.filter, sizeof(top.filter), "%s", opts->filter ? opts->filter : "");
	xs_stop_catch();
	err = xs_watched_open(cli, &top.watched);
	if (!err) {
		want_tab(&top);
		err = show_top(&top);
	}
	xs_watched_close(&top.watched);
	return err;
}
