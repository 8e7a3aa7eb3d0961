/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rows of cells under headings, as lines of text: on stdout, or as many as a screen
 * shows. Cells may hold any byte (lib/base/escape.h). Memory that runs out ends the
 * process: nothing sensible can be printed then.
 */
#ifndef XS_TABLE_H
#define XS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct xs_table;

/*
 * `columns`: headings separated by '|'. A leading '>' aligns that one right, a leading
 * '?' leaves it out where there is no room for all.
 */
struct xs_table *xs_table_new(const char *columns);
/* Adds one cell, printf-like, filling rows from left to right. */
void xs_table_cell(struct xs_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A cell that shows a number, and is sorted by it, whatever its text. */
void xs_table_number(struct xs_table *table, double value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the rows that have `text` in a cell, in capitals or not. */
void xs_table_filter(struct xs_table *table, const char *text);
/*
 * Sorts by a column: numbers by value, text by bytes; rows that are equal stay in their
 * order. The last `fixed` rows (totals) stay where they are.
 */
void xs_table_sort(struct xs_table *table, int column, bool descending, size_t fixed);
int xs_table_columns(const struct xs_table *table);
const char *xs_table_heading(const struct xs_table *table, int column);

/*
 * The headings, then each row, as lines of at most `width` columns where that is
 * possible: with less space between columns, then without those marked '?'. A column
 * at the end that is empty is left out. *cnt lines; xs_lines_free(). Without rows: none.
 */
char **xs_table_lines(const struct xs_table *table, size_t width, size_t *cnt);
void xs_lines_free(char **lines, size_t cnt);

/* Columns of the terminal on stdout, else of $COLUMNS, else 80. */
size_t xs_screen_width(void);

/* Prints headings and rows, and frees. Nothing where there are no rows. */
void xs_table_print(struct xs_table *table);
void xs_table_free(struct xs_table *table);

#endif
