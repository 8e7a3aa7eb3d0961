// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel says of the maps of an instance. */
#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>

#include "lib/instance/pins.h"
#include <xsteer/xsteer.h>

/* Bytes that the kernel charges for the map, as bpftool shows them; 0: not known. */
static __u64 memory_of(int fd)
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

/* Of a map that is not there, since an older build made the instance, nothing is told. */
static int tell_map(const struct xs_pins *pins, enum xs_map map, xsteer_map_fn each, void *arg)
{
	const int fd = pins->map_fds[map];
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	struct xsteer_map own;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	own = (struct xsteer_map){
		.sz = sizeof(own),
		.name = xs_map_names[map],
		.id = info.id,
		.type = info.type,
		.max_entries = info.max_entries,
		.key_bytes = info.key_size,
		.value_bytes = info.value_size,
		.memory_bytes = memory_of(fd),
	};
	return each(arg, &own);
}

int xsteer_each_map(struct xsteer_ctx *ctx, const char *dir, xsteer_map_fn each, void *arg)
{
	struct xs_pins pins;
	int err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);

	if (err)
		return err;
	for (int map = 0; !err && map < XS_MAP_MAX; map++)
		err = tell_map(&pins, map, each, arg);
	xs_pins_close(&pins);
	return err;
}
