/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rows of cells under headings, as lines of text: on stdout, or as many as a screen
 * shows. Cells may hold any byte (lib/base/escape.h). If memory runs out the process
 * ends, since nothing sensible can be printed then.
 */
#ifndef XS_GRID_H
#define XS_GRID_H

#include <stdbool.h>
#include <stddef.h>

struct xs_grid;

/*
 * `columns`: headings separated by '|'. A '>' in front aligns the column right; a '?'
 * in front leaves it out if there is no room for all.
 */
struct xs_grid *xs_grid_new(const char *columns);
/* Adds one cell, printf-like, filling rows from left to right. */
void xs_grid_cell(struct xs_grid *grid, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A cell that shows a number. The grid sorts by the number, whatever the text. */
void xs_grid_number(struct xs_grid *grid, double value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps only rows that have `text` in a cell; upper and lower case are the same. */
void xs_grid_filter(struct xs_grid *grid, const char *text);
/*
 * Sorts by a column: numbers by value, text by bytes. Equal rows keep their order. The
 * last `fixed` rows (totals) stay where they are.
 */
void xs_grid_sort(struct xs_grid *grid, int column, bool descending, size_t fixed);
int xs_grid_columns(const struct xs_grid *grid);
const char *xs_grid_heading(const struct xs_grid *grid, int column);

/*
 * Returns the headings, then each row, as lines of at most `width` columns if possible:
 * first with less space between columns, then without those marked '?'. Leaves out
 * empty columns at the end. *cnt is the number of lines; 0 if there are no rows. The
 * caller calls xs_lines_free().
 */
char **xs_grid_lines(const struct xs_grid *grid, size_t width, size_t *cnt);
void xs_lines_free(char **lines, size_t cnt);

/* Columns of the terminal on stdout, else of $COLUMNS, else 80. */
size_t xs_screen_width(void);

/* Prints headings and rows, and frees the grid. Prints nothing if there are no rows. */
void xs_grid_print(struct xs_grid *grid);
void xs_grid_free(struct xs_grid *grid);

#endif
