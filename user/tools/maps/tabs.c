// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What `top` shows; see tabs.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/number.h"
#include "lib/base/names.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "lib/api/socket_look.h"
#include "losses.h"
#include "tabs.h"

#define SPARK_COLUMNS 20 /* each is three seconds */

const char *const xs_tab_names[XS_TAB_MAX] = { "queues", "rules", "sockets", "losses", "chains" };

/* At most six columns, unless there is room for the whole number. */
static void number_cell(struct xs_grid *grid, double value, bool wide)
{
	static const char units[] = "kMGTPE";
	double shown = value / 1000;
	int unit = 0;

	if (wide || value < 99999.5) {
		xs_grid_number(grid, value, "%.0f", value);
		return;
	}
	while (shown >= 999.5 && units[unit + 1]) {
		shown /= 1000;
		unit++;
	}
	xs_grid_number(grid, value, "%.*f%c",
		       shown < 9.995   ? 2
		       : shown < 99.95 ? 1
				       : 0,
		       shown, units[unit]);
}

/*
 * The last minute. Each column is the mean of a few samples, relative to the row's own
 * peak.
 */
static void spark_cell(struct xs_grid *grid, const float *history, bool utf8)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const marks[] = { " ", ".", ":", "-", "=", "+", "*", "%", "#" };
	const int each = XS_HISTORY / SPARK_COLUMNS;
	char text[SPARK_COLUMNS * 4 + 1] = "";
	float means[SPARK_COLUMNS] = {}, peak = 0;

	for (int i = 0; i < XS_HISTORY; i++)
		means[i / each] += history[i] / (float)each;
	for (int i = 0; i < SPARK_COLUMNS; i++)
		peak = means[i] > peak ? means[i] : peak;
	for (int i = 0; i < SPARK_COLUMNS; i++) {
		int level = peak > 0 ? (int)(means[i] / peak * 8 + 0.5F) : 0;

		if (!level && means[i] > 0)
			level = 1;
		strcat(text, utf8 ? blocks[level] : marks[level]);
	}
	xs_grid_cell(grid, "%s", text);
}

/* ---- queues ---- */

static void queue_cells(struct xs_grid *grid, const char *ifname, int queue,
			const struct xs_queue_stats *total, const struct xs_queue_stats *delta,
			const float *history, const struct xs_tab_view *view)
{
	double mbit = (double)delta->bytes * 8 / view->seconds / 1e6;

	xs_grid_cell(grid, "%s", ifname);
	if (queue < 0)
		xs_grid_cell(grid, "all");
	else
		xs_grid_number(grid, queue, "%d", queue);
	number_cell(grid, (double)delta->packets / view->seconds, view->wide);
	xs_grid_number(grid, mbit, "%.1f", mbit);
	for (int v = 0; v < XS_VERDICT_MAX; v++)
		number_cell(grid, (double)xs_verdict_counters(delta)[v] / view->seconds,
			    view->wide);
	number_cell(grid, (double)total->packets, view->wide);
	if (history)
		spark_cell(grid, history, view->utf8);
	else
		xs_grid_cell(grid, "%s", "");
}

/*
 * Why frames fell back or were malformed in the last interval. Prints nothing if there
 * were none.
 */
static void note_reasons(FILE *notes, const char *ifname, const struct xs_queue_stats *delta,
			 double seconds)
{
	bool any = false;

	for (int r = 0; r < XS_REASON_MAX - 1; r++) {
		if (!xs_reason_counters(delta)[r] || r + 1 == XS_REASON_default)
			continue;
		fprintf(notes, "%s%s%s %.0f/s", any ? "" : ifname, any ? ", " : ": ",
			xs_reason_names[r + 1], (double)xs_reason_counters(delta)[r] / seconds);
		any = true;
	}
	if (any)
		fputc('\n', notes);
}

/* grid NULL: only the totals. */
static void queue_rows(struct xs_grid *grid, const struct xs_watched *one,
		       const struct xs_tab_view *view, struct xs_queue_stats *total,
		       struct xs_queue_stats *total_delta)
{
	for (__u32 q = 0; one->before && q < one->cnt; q++) {
		struct xs_queue_stats delta = one->now[q];

		if (!one->now[q].packets && !view->all)
			continue;
		xs_queue_stats_sub(&delta, &one->before[q]);
		xs_queue_stats_add(total, &one->now[q]);
		xs_queue_stats_add(total_delta, &delta);
		if (grid)
			queue_cells(grid, one->ifname, (int)q, &one->now[q], &delta,
				    one->history ? one->history[q] : NULL, view);
	}
}

_Static_assert(XS_VERDICT_MAX == 7, "a column for each verdict");

static struct xs_grid *queues_grid(struct xs_watched_list *watched, const struct xs_tab_view *view,
				   size_t *fixed, FILE *notes)
{
	struct xs_grid *grid = xs_grid_new("Interface|>Queue|>Packets/s|>Mbit/"
					   "s|>Pass|>Drop|>Tx|>Xsk|>Cpu|>Dev|?>Chain|?>Packets|"
					   "?Last minute");
	struct xs_queue_stats totals[2];

	*fixed = watched->cnt;
	for (int i = 0; i < watched->cnt; i++) {
		memset(totals, 0, sizeof(totals));
		queue_rows(grid, &watched->list[i], view, &totals[0], &totals[1]);
		note_reasons(notes, watched->list[i].ifname, &totals[1], view->seconds);
	}
	for (int i = 0; i < watched->cnt; i++) {
		memset(totals, 0, sizeof(totals));
		queue_rows(NULL, &watched->list[i], view, &totals[0], &totals[1]);
		queue_cells(grid, watched->list[i].ifname, -1, &totals[0], &totals[1], NULL, view);
	}
	return grid;
}

/* ---- rules ---- */

static void rule_rows(struct xs_grid *grid, const struct xs_watched *one,
		      const struct xs_tab_view *view)
{
	const struct xs_rules_in_force *now = &one->rules.set;
	static const float none[XS_HISTORY];

	for (__u32 i = 0; i < one->rules.cnt; i++) {
		const float *history = one->rules.history ? one->rules.history[i] : none;
		const struct xs_set_rule *rule = &now->rules[i];

		xs_grid_cell(grid, "%s", one->ifname);
		if (rule->file)
			xs_grid_cell(grid, "%s:%u", xs_set_file(now->header, rule->file),
				     rule->line);
		else
			xs_grid_number(grid, rule->line, "%u", rule->line);
		number_cell(grid, history[XS_HISTORY - 1], view->wide);
		number_cell(grid, (double)now->stats[i].packets, view->wide);
		number_cell(grid, (double)now->stats[i].bytes, view->wide);
		if (view->wide)
			spark_cell(grid, history, view->utf8);
		xs_grid_cell(grid, "%s", xs_set_string(now->header, rule->text));
	}
}

static void note_set(FILE *notes, const struct xs_watched *one)
{
	const struct xs_rules_in_force *now = &one->rules.set;
	__u32 cnt = now->header ? now->header->rule_cnt : 0;

	if (cnt > one->rules.cnt)
		fprintf(notes, "%s: %u rule%s more\n", one->ifname, cnt - one->rules.cnt,
			xs_s(cnt - one->rules.cnt));
	if (now->rolled_back)
		fprintf(notes, "%s: the set after these was not confirmed in time\n", one->ifname);
	if (now->confirm_ns)
		fprintf(notes, "%s: rolls back in %.0f s unless confirmed\n", one->ifname,
			(double)now->confirm_ns / 1e9);
}

/* The text comes last, since it may be long; so the last minute is there only if there is room. */
static struct xs_grid *rules_grid(struct xs_watched_list *watched, const struct xs_tab_view *view,
				  FILE *notes)
{
	struct xs_grid *grid = xs_grid_new(
		view->wide ? "Interface|>Line|>Packets/s|>Packets|>Bytes|Last minute|Rule"
			   : "Interface|>Line|>Packets/s|>Packets|>Bytes|Rule");

	for (int i = 0; i < watched->cnt; i++) {
		const struct xs_watched *one = &watched->list[i];

		if (!one->open)
			continue;
		if (one->rules.why[0])
			fprintf(notes, "%s\n", one->rules.why);
		if (!one->rules.begun)
			continue;
		rule_rows(grid, one, view);
		note_set(notes, one);
	}
	return grid;
}

/* ---- sockets ---- */

static void number_cells(struct xs_grid *grid, const double *values, int cnt, bool known, bool wide)
{
	for (int i = 0; i < cnt; i++) {
		if (known)
			number_cell(grid, values[i], wide);
		else
			xs_grid_cell(grid, "-");
	}
}

/* Each loss is in one column. */
static void loss_cells(struct xs_grid *grid, const struct xs_socket_counts *counts, bool known,
		       const struct xs_tab_view *view)
{
	const double values[] = {
		(double)counts->rx_ring_full,
		(double)counts->no_frame,
		(double)(counts->rx_other + counts->rx_unread),
		(double)counts->dropped,
		(double)(counts->tx_invalid + counts->tx_lost + counts->tx_too_long),
	};

	number_cells(grid, values, 5, known, view->wide);
}

static void socket_row(struct xs_grid *grid, const struct xs_watched *one, __u32 slot,
		       const struct xs_socket_look *look, const struct xs_tab_view *view)
{
	const double rings[] = { look->state.rx, look->state.tx, look->state.fill,
				 look->state.completion };

	xs_grid_cell(grid, "%s", one->ifname);
	xs_grid_number(grid, slot, "%u", slot);
	xs_grid_number(grid, look->queue, "%u", look->queue);
	xs_grid_number(grid, look->owner.pid, "%u", look->owner.pid);
	xs_grid_cell(grid, "%s", look->elsewhere ? "elsewhere" : look->alive ? "alive" : "dead");
	xs_grid_cell(grid, "%s", xs_xsk_mode_name(look->owner.mode));
	number_cells(grid, rings, 4, !look->err, view->wide);
	loss_cells(grid, &look->own, look->own_known, view);
}

struct sockets_tab {
	struct xs_grid *grid;
	const struct xs_watched *one;
	const struct xs_tab_view *view;
};

static int take_socket(void *arg, __u32 slot, const struct xs_socket_look *look)
{
	const struct sockets_tab *tab = arg;

	if (look->owner.pid)
		socket_row(tab->grid, tab->one, slot, look, tab->view);
	return 0;
}

static struct xs_grid *sockets_grid(struct xs_watched_list *watched, const struct xs_tab_view *view)
{
	struct xs_grid *grid =
		xs_grid_new("Interface|?>Slot|>Queue|>Pid|State|Mode|?>RX|?>TX|?>Fill|?>Compl|"
			    ">RX full|>No frame|>RX other|>Dropped|>TX lost");

	for (int i = 0; i < watched->cnt; i++) {
		struct sockets_tab tab = { grid, &watched->list[i], view };

		if (tab.one->open)
			xs_sockets_look(&tab.one->pins, take_socket, &tab);
	}
	return grid;
}

/* ---- losses ---- */

static void loss_row(struct xs_grid *grid, const struct xs_watched *one, enum xs_loss cause,
		     const struct xs_tab_view *view)
{
	const struct xs_watched_losses *losses = &one->losses;
	char where[256], remedy[256];

	xs_losses_where(&losses->sum, cause, where, sizeof(where));
	xs_losses_remedy(cause, one->ifname, remedy, sizeof(remedy));
	xs_grid_cell(grid, "%s", one->ifname);
	xs_grid_cell(grid, "%s", xs_loss_places[xs_loss_texts[cause].place]);
	xs_grid_cell(grid, "%s", xs_loss_texts[cause].cause);
	number_cell(grid, losses->history[cause][XS_HISTORY - 1], view->wide);
	number_cell(grid, (double)losses->sum.frames[cause], view->wide);
	xs_grid_cell(grid, "%s", where);
	spark_cell(grid, losses->history[cause], view->utf8);
	xs_grid_cell(grid, "%s", remedy);
}

/* What came in and what was delivered, so that the rows have a measure. */
static void note_sums(FILE *notes, const struct xs_watched *one)
{
	const struct xs_losses *sum = &one->losses.sum;
	__u64 delivered = 0;

	for (int v = 0; v < XS_VERDICT_MAX; v++)
		delivered += sum->delivered[v];
	fprintf(notes, "%s: in %.0f s %llu in, %llu delivered, ", one->ifname,
		one->losses.last.at - one->losses.since, (unsigned long long)sum->frames_in,
		(unsigned long long)delivered);
	if (sum->measured)
		fprintf(notes, "%llu unexplained\n", (unsigned long long)sum->unexplained);
	else
		fputs("unexplained not known\n", notes);
	if (!one->losses.trace)
		fprintf(notes, "%s: no tracing here: what only it tells is left out\n",
			one->ifname);
}

static struct xs_grid *losses_grid(struct xs_watched_list *watched, const struct xs_tab_view *view,
				   FILE *notes)
{
	struct xs_grid *grid =
		xs_grid_new("Interface|Place|Cause|>Frames/s|>Frames|Where|?Last minute|?Remedy");

	for (int i = 0; i < watched->cnt; i++) {
		const struct xs_watched *one = &watched->list[i];

		if (one->open && one->err)
			fprintf(notes, "%s\n", one->why);
		if (!one->losses.compared)
			continue;
		for (int cause = 0; cause < XS_LOSS_MAX; cause++)
			if (one->losses.sum.frames[cause])
				loss_row(grid, one, cause, view);
		note_sums(notes, one);
	}
	return grid;
}

/* ---- chains ---- */

static void time_cell(struct xs_grid *grid, double us, bool known)
{
	if (known)
		xs_grid_number(grid, us, "%.1f", us);
	else
		xs_grid_cell(grid, "-");
}

/* The first row of a chain is its entry, where nobody serves and nobody is timed. */
static void chain_row(struct xs_grid *grid, const char *ifname, const struct xs_step_row *row,
		      const struct xs_tab_view *view)
{
	bool entry = !row->service[0];

	xs_grid_cell(grid, "%s", ifname);
	xs_grid_cell(grid, "%s", row->chain);
	xs_grid_cell(grid, "%s", entry ? "(entry)" : row->service);
	if (entry)
		xs_grid_cell(grid, "-");
	else
		xs_grid_number(grid, row->nfs, "%u", row->nfs);
	number_cell(grid, row->history[XS_HISTORY - 1], view->wide);
	number_cell(grid, row->lost_rate, view->wide);
	number_cell(grid, (double)row->lost, view->wide);
	number_cell(grid, row->held, view->wide);
	number_cell(grid, row->waiting, view->wide);
	time_cell(grid, row->p50_us, row->timed);
	time_cell(grid, row->p99_us, row->timed);
	time_cell(grid, row->max_us, row->timed);
	number_cell(grid, (double)row->in, view->wide);
	spark_cell(grid, row->history, view->utf8);
}

static struct xs_grid *chains_grid(struct xs_watched_list *watched, const struct xs_tab_view *view,
				   FILE *notes)
{
	struct xs_grid *grid =
		xs_grid_new("Interface|Chain|Step|>NFs|>In/s|>Lost/s|>Lost|>Held|?>Waiting|"
			    ">p50 us|>p99 us|?>Max us|?>In|?Last minute");

	for (int i = 0; i < watched->cnt; i++) {
		const struct xs_watched *one = &watched->list[i];

		if (one->open && one->chains.why[0])
			fprintf(notes, "%s\n", one->chains.why);
		for (__u32 r = 0; r < one->chains.cnt; r++)
			chain_row(grid, one->ifname, &one->chains.rows[r], view);
	}
	return grid;
}

struct xs_grid *xs_tab_grid(enum xs_tab tab, struct xs_watched_list *watched,
			    const struct xs_tab_view *view, size_t *fixed, FILE *notes)
{
	for (int i = 0; i < watched->cnt; i++)
		if (!watched->list[i].open)
			fprintf(notes, "%s\n", watched->list[i].why);
	*fixed = 0;
	switch (tab) {
	case XS_TAB_RULES:
		return rules_grid(watched, view, notes);
	case XS_TAB_SOCKETS:
		return sockets_grid(watched, view);
	case XS_TAB_LOSSES:
		return losses_grid(watched, view, notes);
	case XS_TAB_CHAINS:
		return chains_grid(watched, view, notes);
	default:
		return queues_grid(watched, view, fixed, notes);
	}
}
