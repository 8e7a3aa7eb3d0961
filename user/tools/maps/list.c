// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps list: shows instances and their maps. */
#include <stdio.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "tools/cli/grid.h"
#include "maps.h"
#include "lib/instance/dir.h"
#include "lib/instance/netns.h"

struct listing {
	struct xs_cli *cli;
	struct xs_grid *grid;
	json_t *instances;
};

/* Bytes that the kernel charges for the map, as bpftool shows them; 0: not known. */
static __u64 map_memory(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	if (info)
		fclose(info);
	return bytes;
}

static void list_map(struct listing *listing, const struct xs_pins *pins, int i, json_t *maps)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = pins->map_fds[i];

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	json_array_append_new(maps, json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I}", "name",
					      xs_map_names[i], "id", (json_int_t)info.id, "type",
					      libbpf_bpf_map_type_str(info.type), "max_entries",
					      (json_int_t)info.max_entries, "key_bytes",
					      (json_int_t)info.key_size, "value_bytes",
					      (json_int_t)info.value_size, "memory_bytes",
					      (json_int_t)map_memory(fd)));
	xs_grid_cell(listing->grid, "%s", pins->ifname);
	xs_grid_cell(listing->grid, "%s", xs_map_names[i]);
	xs_grid_cell(listing->grid, "%s", libbpf_bpf_map_type_str(info.type));
	xs_grid_cell(listing->grid, "%u", info.id);
	xs_grid_cell(listing->grid, "%u", info.max_entries);
	xs_grid_cell(listing->grid, "%u", info.key_size);
	xs_grid_cell(listing->grid, "%u", info.value_size);
	xs_grid_cell(listing->grid, "%llu", map_memory(fd));
}

static int list_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct listing *listing = arg;
	struct xs_cli *cli = listing->cli;
	json_t *maps = json_array();
	struct xs_pins pins;
	int err;

	xs_error_mark(cli);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (err) {
		json_decref(maps);
		return xs_results_add_failure(cli, listing->instances, "dir", dir, err);
	}
	for (int i = 0; i < XS_MAP_MAX; i++)
		list_map(listing, &pins, i, maps);
	json_array_append_new(listing->instances,
			      json_pack("{s:o, s:o, s:I, s:I, s:b, s:o}", "interface",
					xs_json_text(pins.ifname), "dir", xs_json_text(dir),
					"ifindex", (json_int_t)pins.meta.ifindex, "netns_inode",
					(json_int_t)pins.meta.netns_inode, "this_netns",
					xs_netns_of(&pins.meta) == XS_NETNS_OURS, "maps", maps));
	xs_pins_close(&pins);
	return 0;
}

int xs_do_list(struct xs_cli *cli)
{
	struct listing listing = {
		.cli = cli,
		.grid = xs_grid_new("Interface|Map|Type|>Id|>Entries|>Key|>Value|>Memory"),
		.instances = json_array(),
	};
	int err = xs_pins_each(cli->ctx, list_instance, &listing);

	if (cli->json) {
		xs_grid_free(listing.grid);
		return xs_results_print(cli, json_object(), "instances", listing.instances, err);
	}
	json_decref(listing.instances);
	xs_grid_print(listing.grid);
	return err;
}
