// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prints the account of a broker, from the JSON of report.h, for people. */
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "tools/cli/grid.h"
#include "tools/cli/json.h"

static json_int_t sum_of(const json_t *object)
{
	const char *key;
	json_t *value;
	json_int_t sum = 0;

	json_object_foreach((json_t *)object, key, value)
	{
		sum += json_integer_value(value);
	}
	return sum;
}

/* ---- grids ---- */

static void put_hop(struct xs_grid *grid, const json_t *chain, const json_t *hop)
{
	static const char *const verdicts[] = { "in", "next", "tx", "drop" };
	static const char *const now[] = { "bypassed", "held", "waiting" };
	const json_t *lost = json_object_get(hop, "lost");

	xs_grid_cell(grid, "%s", xs_json_string(chain, "name"));
	xs_grid_cell(grid, "%s", xs_json_string(hop, "service"));
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		xs_grid_cell(grid, "%lld", xs_json_number(hop, verdicts[i]));
	xs_grid_cell(grid, "%lld", sum_of(json_object_get(hop, "exits")));
	xs_grid_cell(grid, "%lld", sum_of(lost));
	for (int i = 0; i < XS_LOSS_MAX; i++)
		xs_grid_cell(grid, "%lld", xs_json_number(lost, xs_loss_names[i]));
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++)
		xs_grid_cell(grid, "%lld", xs_json_number(hop, now[i]));
}

/* A row for each hop, whatever put() puts in it. */
static void print_each_hop(struct xs_grid *grid, const json_t *chains,
			   void (*put)(struct xs_grid *grid, const json_t *chain,
				       const json_t *hop))
{
	json_t *chain, *hop;
	size_t c, s;

	json_array_foreach(chains, c, chain)
	{
		json_array_foreach(json_object_get(chain, "hops"), s, hop)
		{
			put(grid, chain, hop);
		}
	}
	xs_grid_print(grid);
}

static void print_hops(const json_t *chains)
{
	struct xs_grid *grid =
		xs_grid_new("CHAIN|STEP|>IN|>NEXT|>TX|>DROP|>EXITS|>LOST|?>FULL|?>DEAD|?>DIED|"
			    "?>UNBOUND|?>MULTI|?>BYPASSED|>HELD|>WAITING");

	print_each_hop(grid, chains, put_hop);
}

static void put_latency(struct xs_grid *grid, const json_t *chain, const json_t *hop)
{
	static const char *const keys[] = { "p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "max_ns" };
	const json_t *latency = json_object_get(hop, "latency");

	if (!xs_json_number(latency, "frames")) /* none has come back yet; or its broker is older */
		return;
	xs_grid_cell(grid, "%s", xs_json_string(chain, "name"));
	xs_grid_cell(grid, "%s", xs_json_string(hop, "service"));
	xs_grid_cell(grid, "%lld", xs_json_number(latency, "frames"));
	xs_grid_cell(grid, "%.1f", json_real_value(json_object_get(hop, "mean_us")));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		xs_grid_cell(grid, "%.1f", xs_json_number(latency, keys[i]) / 1e3);
}

/* How long frames were with the functions of each step. */
static void print_latencies(const json_t *chains)
{
	struct xs_grid *grid = xs_grid_new(
		"CHAIN|STEP|>BACK|>MEAN US|>P50 US|?>P90 US|>P99 US|?>P99.9 US|>MAX US");

	print_each_hop(grid, chains, put_latency);
}

static void print_taps(const json_t *chains)
{
	struct xs_grid *grid = xs_grid_new("CHAIN|TAP|>SEEN|>MISSED|>MULTI");
	json_t *chain, *tap;
	size_t c, t;

	json_array_foreach(chains, c, chain)
	{
		json_array_foreach(json_object_get(chain, "taps"), t, tap)
		{
			xs_grid_cell(grid, "%s", xs_json_string(chain, "name"));
			xs_grid_cell(grid, "%s", xs_json_string(tap, "service"));
			xs_grid_cell(grid, "%lld", xs_json_number(tap, "seen"));
			xs_grid_cell(grid, "%lld", xs_json_number(tap, "missed"));
			xs_grid_cell(grid, "%lld", xs_json_number(tap, "multi"));
		}
	}
	xs_grid_print(grid);
}

static void print_instances(const json_t *instances)
{
	struct xs_grid *grid = xs_grid_new("SERVICE|>INSTANCE|>PID|STATE|>GIVEN|>RETURNED|>HELD");
	json_t *one;
	size_t i;

	json_array_foreach(instances, i, one)
	{
		xs_grid_cell(grid, "%s", xs_json_string(one, "service"));
		xs_grid_cell(grid, "%lld", xs_json_number(one, "instance"));
		xs_grid_cell(grid, "%lld", xs_json_number(one, "pid"));
		xs_grid_cell(grid, "%s", xs_json_string(one, "state"));
		xs_grid_cell(grid, "%lld", xs_json_number(one, "given"));
		xs_grid_cell(grid, "%lld", xs_json_number(one, "returned"));
		xs_grid_cell(grid, "%lld", xs_json_number(one, "held"));
	}
	xs_grid_print(grid);
}

/* Puts a part of the sum into the line, or onto the next one, below the first part. */
static void put_part(size_t *column, size_t indent, const char *part)
{
	size_t width = strlen(part);

	if (*column + width > xs_screen_width()) {
		printf("\n%*s", (int)indent, "");
		*column = indent;
	}
	fputs(part, stdout);
	*column += width;
}

static void print_sum(const json_t *chain)
{
	const json_t *lost = json_object_get(chain, "lost");
	size_t indent, column;
	char part[64];

	indent = (size_t)printf("%s: %lld entered", xs_json_string(chain, "name"),
				xs_json_number(chain, "entered"));
	column = indent;
	snprintf(part, sizeof(part), " = %lld tx", xs_json_number(chain, "tx"));
	put_part(&column, indent, part);
	snprintf(part, sizeof(part), " + %lld drop", xs_json_number(chain, "drop"));
	put_part(&column, indent, part);
	for (int i = 0; i < XS_LOSS_MAX; i++) {
		snprintf(part, sizeof(part), " + %lld %s", xs_json_number(lost, xs_loss_names[i]),
			 xs_loss_names[i]);
		put_part(&column, indent, part);
	}
	snprintf(part, sizeof(part), " + %lld inside", xs_json_number(chain, "inside"));
	put_part(&column, indent, part);
	putchar('\n');
}

void xs_report_print(const json_t *report)
{
	const json_t *chains = json_object_get(report, "chains"),
		     *nfs = json_object_get(report, "nfs");
	json_t *chain;
	size_t c;

	print_hops(chains);
	print_latencies(chains);
	print_taps(chains);
	print_instances(json_object_get(report, "instances"));
	json_array_foreach(chains, c, chain)
	{
		print_sum(chain);
	}
	printf("network functions: %lld joined, %lld left, %lld died, %lld stalled, %lld cheated, "
	       "%lld refused\n%lld copies, %lld bad descriptors, %lld flows moved under way\n",
	       xs_json_number(nfs, "joined"), xs_json_number(nfs, "left"),
	       xs_json_number(nfs, "died"), xs_json_number(nfs, "stalled"),
	       xs_json_number(nfs, "cheated"), xs_json_number(nfs, "refused"),
	       xs_json_number(report, "copies"), xs_json_number(report, "bad_descriptors"),
	       xs_json_number(report, "reorder_risk"));
}
