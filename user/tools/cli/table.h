/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Columns of text on stdout, as wide as what is in them, and the JSON that every
 * tool prints: one object with a schema number.
 */
#ifndef XS_TABLE_H
#define XS_TABLE_H

#include <jansson.h>

struct xs_table;

/* `columns`: headings separated by '|'; a leading '>' aligns that one right. */
struct xs_table *xs_table_new(const char *columns);
/* Adds one cell, printf-like, filling rows from left to right. */
void xs_table_cell(struct xs_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints headings and rows, and frees. Nothing where there are no rows. */
void xs_table_print(struct xs_table *table);
void xs_table_free(struct xs_table *table);

/* Adds "schema": 1, prints `object` with a line end, and takes it over. */
int xs_json_print(json_t *object);
/* Text that may be no UTF-8, such as a file's name; what is outside ASCII is '?' then. */
json_t *xs_json_text(const char *text);

#endif
