// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Columns of text on stdout; see table.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define COLUMNS_MAX 32

struct xs_table {
	char *headings;
	char *heading[COLUMNS_MAX];
	int right[COLUMNS_MAX];
	int columns;
	char **cells;
	size_t cell_cnt, cell_max;
};

struct xs_table *xs_table_new(const char *columns)
{
	struct xs_table *table = calloc(1, sizeof(*table));
	char *rest, *heading;

	if (!table)
		abort();
	rest = table->headings = strdup(columns);
	while (table->columns < COLUMNS_MAX && (heading = strsep(&rest, "|"))) {
		table->right[table->columns] = heading[0] == '>';
		table->heading[table->columns++] = heading + (heading[0] == '>');
	}
	return table;
}

void xs_table_cell(struct xs_table *table, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		abort(); /* no memory for a table: nothing sensible can be printed */
	if (table->cell_cnt == table->cell_max) {
		table->cell_max = table->cell_max ? 2 * table->cell_max : 64;
		table->cells = realloc(table->cells, table->cell_max * sizeof(char *));
		if (!table->cells)
			abort();
	}
	table->cells[table->cell_cnt++] = text;
}

static void print_row(const struct xs_table *table, char *const *cells, const int *widths)
{
	for (int c = 0; c < table->columns; c++) {
		bool last = c == table->columns - 1;

		if (table->right[c])
			printf("%*s%s", widths[c], cells[c], last ? "\n" : "  ");
		else if (last)
			printf("%s\n", cells[c]);
		else
			printf("%-*s  ", widths[c], cells[c]);
	}
}

void xs_table_print(struct xs_table *table)
{
	int widths[COLUMNS_MAX];

	for (int c = 0; c < table->columns; c++) {
		widths[c] = (int)strlen(table->heading[c]);
		for (size_t i = c; i < table->cell_cnt; i += table->columns)
			if ((int)strlen(table->cells[i]) > widths[c])
				widths[c] = (int)strlen(table->cells[i]);
	}
	if (table->cell_cnt)
		print_row(table, table->heading, widths);
	for (size_t i = 0; i + table->columns <= table->cell_cnt; i += table->columns)
		print_row(table, table->cells + i, widths);
	xs_table_free(table);
}

void xs_table_free(struct xs_table *table)
{
	for (size_t i = 0; i < table->cell_cnt; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->headings);
	free(table);
}
