// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps list: shows instances and their maps. */
#include <bpf/libbpf.h>

#include <xsteer/xsteer.h>

#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "tools/cli/grid.h"
#include "maps.h"

struct listing {
	struct xs_cli *cli;
	struct xs_grid *grid;
	json_t *instances;
	int err; /* the first */
};

struct listed_maps {
	struct xs_grid *grid;
	const char *ifname;
	json_t *maps;
};

static int list_map(void *arg, const struct xsteer_map *map)
{
	const struct listed_maps *listed = arg;
	const char *type = libbpf_bpf_map_type_str(map->type);

	json_array_append_new(listed->maps,
			      json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I}", "name", map->name,
					"id", (json_int_t)map->id, "type", type, "max_entries",
					(json_int_t)map->max_entries, "key_bytes",
					(json_int_t)map->key_bytes, "value_bytes",
					(json_int_t)map->value_bytes, "memory_bytes",
					(json_int_t)map->memory_bytes));
	xs_grid_cell(listed->grid, "%s", listed->ifname);
	xs_grid_cell(listed->grid, "%s", map->name);
	xs_grid_cell(listed->grid, "%s", type);
	xs_grid_cell(listed->grid, "%u", map->id);
	xs_grid_cell(listed->grid, "%u", map->max_entries);
	xs_grid_cell(listed->grid, "%u", map->key_bytes);
	xs_grid_cell(listed->grid, "%u", map->value_bytes);
	xs_grid_cell(listed->grid, "%llu", (unsigned long long)map->memory_bytes);
	return 0;
}

/* The first error is the command's; the walk goes on. */
static int list_instance(void *arg, const struct xsteer_instance *instance)
{
	struct listing *listing = arg;
	struct xs_cli *cli = listing->cli;
	struct listed_maps listed = { .grid = listing->grid,
				      .ifname = instance->ifname,
				      .maps = json_array() };
	int err = instance->error;

	if (!err)
		err = xsteer_each_map(cli->ctx, instance->dir, list_map, &listed);
	if (err) {
		json_decref(listed.maps);
		xs_results_add_failure(cli, listing->instances, "dir", instance->dir, err);
		listing->err = listing->err ? listing->err : err;
	} else {
		json_array_append_new(listing->instances,
				      json_pack("{s:o, s:o, s:I, s:I, s:b, s:o}", "interface",
						xs_json_text(instance->ifname), "dir",
						xs_json_text(instance->dir), "ifindex",
						(json_int_t)instance->ifindex, "netns_inode",
						(json_int_t)instance->netns_inode, "this_netns",
						!(instance->flags & XSTEER_INSTANCE_ELSEWHERE),
						"maps", listed.maps));
	}
	xs_error_mark(cli);
	return 0;
}

int xs_do_list(struct xs_cli *cli)
{
	struct listing listing = {
		.cli = cli,
		.grid = xs_grid_new("Interface|Map|Type|>Id|>Entries|>Key|>Value|>Memory"),
		.instances = json_array(),
	};
	int err;

	xs_error_mark(cli);
	err = xsteer_each_instance(cli->ctx, list_instance, &listing);
	err = err ? err : listing.err;
	if (cli->json) {
		xs_grid_free(listing.grid);
		return xs_results_print(cli, json_object(), "instances", listing.instances, err);
	}
	json_decref(listing.instances);
	xs_grid_print(listing.grid);
	return err;
}
