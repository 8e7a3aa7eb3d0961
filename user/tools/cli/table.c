// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows of cells under headings, as lines of text; see table.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "table.h"

#define COLUMNS_MAX 32
#define WIDTH_MAX 10000

struct cell {
	char *text; /* escaped */
	double value; /* of a number; 0 for text */
	bool number;
};

struct xs_table {
	char *headings;
	char *heading[COLUMNS_MAX];
	bool right[COLUMNS_MAX], optional[COLUMNS_MAX];
	int columns;
	struct cell *cells;
	size_t cell_cnt, cell_max;
};

static void *or_abort(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct xs_table *xs_table_new(const char *columns)
{
	struct xs_table *table = or_abort(calloc(1, sizeof(*table)));
	char *rest, *heading;

	rest = table->headings = or_abort(strdup(columns));
	while (table->columns < COLUMNS_MAX && (heading = strsep(&rest, "|"))) {
		for (; *heading == '>' || *heading == '?'; heading++) {
			table->right[table->columns] |= *heading == '>';
			table->optional[table->columns] |= *heading == '?';
		}
		table->heading[table->columns++] = heading;
	}
	return table;
}

static struct cell *add_cell(struct xs_table *table, const char *fmt, va_list args)
{
	char *raw;

	if (vasprintf(&raw, fmt, args) < 0)
		abort();
	if (table->cell_cnt == table->cell_max) {
		table->cell_max = table->cell_max ? 2 * table->cell_max : 64;
		table->cells =
			or_abort(realloc(table->cells, table->cell_max * sizeof(*table->cells)));
	}
	table->cells[table->cell_cnt] = (struct cell){ .text = or_abort(xs_escape_dup(raw, "")) };
	free(raw);
	return &table->cells[table->cell_cnt++];
}

void xs_table_cell(struct xs_table *table, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_cell(table, fmt, args);
	va_end(args);
}

void xs_table_number(struct xs_table *table, double value, const char *fmt, ...)
{
	struct cell *cell;
	va_list args;

	va_start(args, fmt);
	cell = add_cell(table, fmt, args);
	va_end(args);
	cell->value = value;
	cell->number = true;
}

/* ---- which rows, in which order ---- */

static size_t row_cnt(const struct xs_table *table)
{
	return table->cell_cnt / table->columns;
}

static struct cell *row_of(const struct xs_table *table, size_t row)
{
	return &table->cells[row * table->columns];
}

static bool has_text(const struct xs_table *table, const struct cell *row, const char *text)
{
	for (int c = 0; c < table->columns; c++)
		if (strcasestr(row[c].text, text))
			return true;
	return false;
}

void xs_table_filter(struct xs_table *table, const char *text)
{
	size_t rows = row_cnt(table), kept = 0;

	for (size_t r = 0; r < rows; r++) {
		struct cell *row = row_of(table, r);

		if (has_text(table, row, text)) {
			if (kept != r)
				memcpy(row_of(table, kept), row, table->columns * sizeof(*row));
			kept++;
			continue;
		}
		for (int c = 0; c < table->columns; c++)
			free(row[c].text);
	}
	table->cell_cnt = kept * table->columns;
}

struct sort_key {
	const struct cell *cell;
	size_t row;
	bool descending;
};

static int by_cell(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int order;

	if (x->cell->number && y->cell->number)
		order = x->cell->value < y->cell->value ? -1 : x->cell->value > y->cell->value;
	else
		order = strcmp(x->cell->text, y->cell->text);
	if (!order)
		return x->row < y->row ? -1 : x->row > y->row;
	return x->descending ? -order : order;
}

void xs_table_sort(struct xs_table *table, int column, bool descending, size_t fixed)
{
	size_t rows = row_cnt(table), bytes = table->cell_cnt * sizeof(*table->cells);
	struct sort_key *keys;
	struct cell *sorted;

	if (rows < fixed + 2 || column < 0 || column >= table->columns)
		return;
	rows -= fixed;
	keys = or_abort(calloc(rows, sizeof(*keys)));
	sorted = or_abort(malloc(bytes));
	memcpy(sorted, table->cells, bytes);
	for (size_t r = 0; r < rows; r++)
		keys[r] = (struct sort_key){ row_of(table, r) + column, r, descending };
	qsort(keys, rows, sizeof(*keys), by_cell);
	for (size_t r = 0; r < rows; r++)
		memcpy(&sorted[r * table->columns], row_of(table, keys[r].row),
		       table->columns * sizeof(*sorted));
	free(keys);
	free(table->cells);
	table->cells = sorted;
	table->cell_max = table->cell_cnt;
}

int xs_table_columns(const struct xs_table *table)
{
	return table->columns;
}

const char *xs_table_heading(const struct xs_table *table, int column)
{
	return table->heading[column];
}

/* ---- lines ---- */

struct layout {
	size_t widths[COLUMNS_MAX]; /* 0: not shown */
	size_t gap;
};

static size_t width_of(const struct layout *layout)
{
	size_t width = 0;

	for (int c = 0; c < COLUMNS_MAX; c++)
		if (layout->widths[c])
			width += layout->widths[c] + (width ? layout->gap : 0);
	return width;
}

static struct layout natural_layout(const struct xs_table *table)
{
	struct layout layout = { .gap = 2 };

	for (int c = 0; c < table->columns; c++) {
		size_t most = 0;

		for (size_t i = c; i < table->cell_cnt; i += table->columns) {
			size_t width = xs_columns(table->cells[i].text);

			most = width > most ? width : most;
		}
		if (!most && c == table->columns - 1)
			continue;
		layout.widths[c] = most > strlen(table->heading[c]) ? most
								    : strlen(table->heading[c]);
	}
	return layout;
}

static struct layout fitting_layout(const struct xs_table *table, size_t width)
{
	struct layout layout = natural_layout(table);

	if (width_of(&layout) > width)
		layout.gap = 1;
	for (int c = table->columns - 1; c >= 0 && width_of(&layout) > width; c--)
		if (table->optional[c])
			layout.widths[c] = 0;
	return layout;
}

static void put_spaces(FILE *out, size_t cnt)
{
	fprintf(out, "%*s", (int)cnt, "");
}

static bool is_last(const struct layout *layout, int column)
{
	for (int c = column + 1; c < COLUMNS_MAX; c++)
		if (layout->widths[c])
			return false;
	return true;
}

static void put_cell(FILE *out, const struct layout *layout, int column, bool right,
		     const char *text)
{
	size_t width = xs_columns(text), room = layout->widths[column];
	size_t pad = width < room ? room - width : 0;

	if (right)
		put_spaces(out, pad);
	fputs(text, out);
	if (is_last(layout, column))
		return;
	put_spaces(out, layout->gap + (right ? 0 : pad));
}

/* row NULL: the headings. */
static char *line_of(const struct xs_table *table, const struct layout *layout,
		     const struct cell *row)
{
	char *line = NULL;
	size_t bytes;
	FILE *out = or_abort(open_memstream(&line, &bytes));

	for (int c = 0; c < table->columns; c++)
		if (layout->widths[c])
			put_cell(out, layout, c, table->right[c],
				 row ? row[c].text : table->heading[c]);
	if (fclose(out))
		abort();
	return line;
}

char **xs_table_lines(const struct xs_table *table, size_t width, size_t *cnt)
{
	struct layout layout = fitting_layout(table, width);
	size_t rows = row_cnt(table);
	char **lines;

	*cnt = rows ? rows + 1 : 0;
	lines = or_abort(calloc(*cnt + 1, sizeof(*lines)));
	for (size_t i = 0; i < *cnt; i++)
		lines[i] = line_of(table, &layout, i ? row_of(table, i - 1) : NULL);
	return lines;
}

void xs_lines_free(char **lines, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		free(lines[i]);
	free(lines);
}

size_t xs_screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	__u64 number;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && !xs_parse_u64(columns, 1, WIDTH_MAX, &number) ? number : 80;
}

void xs_table_print(struct xs_table *table)
{
	size_t cnt;
	char **lines = xs_table_lines(table, xs_screen_width(), &cnt);

	for (size_t i = 0; i < cnt; i++)
		puts(lines[i]);
	xs_lines_free(lines, cnt);
	xs_table_free(table);
}

void xs_table_free(struct xs_table *table)
{
	for (size_t i = 0; i < table->cell_cnt; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table->headings);
	free(table);
}
