// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows of cells under headings, as lines of text; see grid.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "grid.h"

#define COLUMNS_MAX 32
#define WIDTH_MAX 10000

struct cell {
	char *text; /* escaped */
	double value; /* of a number; 0 for text */
	bool number;
};

struct xs_grid {
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

struct xs_grid *xs_grid_new(const char *columns)
{
	struct xs_grid *grid = or_abort(calloc(1, sizeof(*grid)));
	char *rest, *heading;

	rest = grid->headings = or_abort(strdup(columns));
	while (grid->columns < COLUMNS_MAX && (heading = strsep(&rest, "|"))) {
		for (; *heading == '>' || *heading == '?'; heading++) {
			grid->right[grid->columns] |= *heading == '>';
			grid->optional[grid->columns] |= *heading == '?';
		}
		grid->heading[grid->columns++] = heading;
	}
	return grid;
}

static struct cell *add_cell(struct xs_grid *grid, const char *fmt, va_list args)
{
	char *raw;

	if (vasprintf(&raw, fmt, args) < 0)
		abort();
	if (grid->cell_cnt == grid->cell_max) {
		grid->cell_max = grid->cell_max ? 2 * grid->cell_max : 64;
		grid->cells = or_abort(realloc(grid->cells, grid->cell_max * sizeof(*grid->cells)));
	}
	grid->cells[grid->cell_cnt] = (struct cell){ .text = or_abort(xs_escape_dup(raw, "")) };
	free(raw);
	return &grid->cells[grid->cell_cnt++];
}

void xs_grid_cell(struct xs_grid *grid, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_cell(grid, fmt, args);
	va_end(args);
}

void xs_grid_number(struct xs_grid *grid, double value, const char *fmt, ...)
{
	struct cell *cell;
	va_list args;

	va_start(args, fmt);
	cell = add_cell(grid, fmt, args);
	va_end(args);
	cell->value = value;
	cell->number = true;
}

/* ---- which rows, in which order ---- */

static size_t row_cnt(const struct xs_grid *grid)
{
	return grid->cell_cnt / grid->columns;
}

static struct cell *row_of(const struct xs_grid *grid, size_t row)
{
	return &grid->cells[row * grid->columns];
}

static bool has_text(const struct xs_grid *grid, const struct cell *row, const char *text)
{
	for (int c = 0; c < grid->columns; c++)
		if (strcasestr(row[c].text, text))
			return true;
	return false;
}

void xs_grid_filter(struct xs_grid *grid, const char *text)
{
	size_t rows = row_cnt(grid), kept = 0;

	for (size_t r = 0; r < rows; r++) {
		struct cell *row = row_of(grid, r);

		if (has_text(grid, row, text)) {
			if (kept != r)
				memcpy(row_of(grid, kept), row, grid->columns * sizeof(*row));
			kept++;
			continue;
		}
		for (int c = 0; c < grid->columns; c++)
			free(row[c].text);
	}
	grid->cell_cnt = kept * grid->columns;
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

void xs_grid_sort(struct xs_grid *grid, int column, bool descending, size_t fixed)
{
	size_t rows = row_cnt(grid), bytes = grid->cell_cnt * sizeof(*grid->cells);
	struct sort_key *keys;
	struct cell *sorted;

	if (rows < fixed + 2 || column < 0 || column >= grid->columns)
		return;
	rows -= fixed;
	keys = or_abort(calloc(rows, sizeof(*keys)));
	sorted = or_abort(malloc(bytes));
	memcpy(sorted, grid->cells, bytes);
	for (size_t r = 0; r < rows; r++)
		keys[r] = (struct sort_key){ row_of(grid, r) + column, r, descending };
	qsort(keys, rows, sizeof(*keys), by_cell);
	for (size_t r = 0; r < rows; r++)
		memcpy(&sorted[r * grid->columns], row_of(grid, keys[r].row),
		       grid->columns * sizeof(*sorted));
	free(keys);
	free(grid->cells);
	grid->cells = sorted;
	grid->cell_max = grid->cell_cnt;
}

int xs_grid_columns(const struct xs_grid *grid)
{
	return grid->columns;
}

const char *xs_grid_heading(const struct xs_grid *grid, int column)
{
	return grid->heading[column];
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

static struct layout natural_layout(const struct xs_grid *grid)
{
	struct layout layout = { .gap = 2 };

	for (int c = 0; c < grid->columns; c++) {
		size_t most = 0;

		for (size_t i = c; i < grid->cell_cnt; i += grid->columns) {
			size_t width = xs_columns(grid->cells[i].text);

			most = width > most ? width : most;
		}
		if (!most && c == grid->columns - 1)
			continue;
		layout.widths[c] = most > strlen(grid->heading[c]) ? most
								   : strlen(grid->heading[c]);
	}
	return layout;
}

static struct layout fitting_layout(const struct xs_grid *grid, size_t width)
{
	struct layout layout = natural_layout(grid);

	if (width_of(&layout) > width)
		layout.gap = 1;
	for (int c = grid->columns - 1; c >= 0 && width_of(&layout) > width; c--)
		if (grid->optional[c])
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
static char *line_of(const struct xs_grid *grid, const struct layout *layout,
		     const struct cell *row)
{
	char *line = NULL;
	size_t bytes;
	FILE *out = or_abort(open_memstream(&line, &bytes));

	for (int c = 0; c < grid->columns; c++)
		if (layout->widths[c])
			put_cell(out, layout, c, grid->right[c],
				 row ? row[c].text : grid->heading[c]);
	if (fclose(out))
		abort();
	return line;
}

char **xs_grid_lines(const struct xs_grid *grid, size_t width, size_t *cnt)
{
	struct layout layout = fitting_layout(grid, width);
	size_t rows = row_cnt(grid);
	char **lines;

	*cnt = rows ? rows + 1 : 0;
	lines = or_abort(calloc(*cnt + 1, sizeof(*lines)));
	for (size_t i = 0; i < *cnt; i++)
		lines[i] = line_of(grid, &layout, i ? row_of(grid, i - 1) : NULL);
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

void xs_grid_print(struct xs_grid *grid)
{
	size_t cnt;
	char **lines = xs_grid_lines(grid, xs_screen_width(), &cnt);

	for (size_t i = 0; i < cnt; i++)
		puts(lines[i]);
	xs_lines_free(lines, cnt);
	xs_grid_free(grid);
}

void xs_grid_free(struct xs_grid *grid)
{
	for (size_t i = 0; i < grid->cell_cnt; i++)
		free(grid->cells[i].text);
	free(grid->cells);
	free(grid->headings);
	free(grid);
}
