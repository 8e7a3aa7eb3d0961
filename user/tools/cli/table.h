/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Columns of text on stdout, as wide as what is in them. */
#ifndef XS_TABLE_H
#define XS_TABLE_H

struct xs_table;

/* `columns`: headings separated by '|'; a leading '>' aligns that one right. */
struct xs_table *xs_table_new(const char *columns);
/* Adds one cell, printf-like, filling rows from left to right. */
void xs_table_cell(struct xs_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints headings and rows, and frees. Nothing where there are no rows. */
void xs_table_print(struct xs_table *table);
void xs_table_free(struct xs_table *table);

#endif
