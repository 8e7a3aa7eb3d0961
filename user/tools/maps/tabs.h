/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What `top` shows. Each tab is a grid of the last sample. */
#ifndef XS_MAPS_TABS_H
#define XS_MAPS_TABS_H

#include "tools/cli/grid.h"
#include "watched.h"

enum xs_tab {
	XS_TAB_QUEUES,
	XS_TAB_RULES,
	XS_TAB_SOCKETS,
	XS_TAB_LOSSES,
	XS_TAB_CHAINS,
	XS_TAB_MAX
};

extern const char *const xs_tab_names[XS_TAB_MAX];

struct xs_tab_view {
	double seconds; /* between the last two samples */
	bool all; /* also queues that have counted nothing */
	bool wide; /* there is room for whole numbers */
	bool utf8; /* the sparkline may use blocks */
};

/*
 * Makes the grid, which the caller frees. Its last *fixed rows are totals. What it
 * cannot show is added to `notes`, one line each.
 */
struct xs_grid *xs_tab_grid(enum xs_tab tab, struct xs_watched_list *watched,
			    const struct xs_tab_view *view, size_t *fixed, FILE *notes);

#endif
