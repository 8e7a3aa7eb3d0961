// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The program of this build, adapted to kernel and interface; see program.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "program.h"
#include "xsteer.skel.h"

#define KERNEL_LOG_BYTES \
	(1 << 20) /* the reason is at the end of a log; older kernels accept no less */
#define MAPS_OF_PROG_MAX 64 /* ours has fewer */

bool xs_kernel_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static int fit(struct xsteer_bpf *skel, __u32 slots)
{
	int err, cpus = libbpf_num_possible_cpus();

	err = bpf_map__set_max_entries(skel->maps.xsks_map, slots * (1 + XS_CHAIN_SLOTS));
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.xdp_stats_map, slots);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.owners, slots * (1 + XS_CHAIN_SLOTS));
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.knobs, slots);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.xsk_stats_map,
					       slots * (1 + XS_CHAIN_SLOTS));
	if (!err && cpus > 0)
		err = bpf_map__set_max_entries(skel->maps.cpu_map, cpus);
	skel->rodata->last_queue = slots - 1;
	return err;
}

struct xsteer_bpf *xs_program_open(struct xsteer_ctx *ctx, __u32 slots)
{
	struct xsteer_bpf *skel = xsteer_bpf__open();
	struct bpf_map *map;
	int err;

	if (!skel) {
		err = -errno;
		xs_err(ctx, "cannot open the embedded program: %s", strerror(errno));
		errno = -err;
		return NULL;
	}
	/* The caller pins, where and when it wants. */
	bpf_object__for_each_map(map, skel->obj) bpf_map__set_pin_path(map, NULL);
	err = fit(skel, slots);
	/*
	 * By flag, not by the section's name: an old kernel refuses the flag, and
	 * libbpf obeys the name.
	 */
	if (!err && xs_kernel_has_frags())
		err = bpf_program__set_flags(skel->progs.xsteer, BPF_F_XDP_HAS_FRAGS);
	if (err) {
		xs_err(ctx, "cannot adapt the program to %u queues: %s", slots, strerror(-err));
		xsteer_bpf__destroy(skel);
		errno = -err;
		return NULL;
	}
	return skel;
}

int xs_program_reuse(struct bpf_object *object, const struct xs_pins *pins, __u32 skip)
{
	for (int i = 0; i < XS_MAP_MAX; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, xs_map_names[i]);
		int err;

		if (!map || pins->map_fds[i] < 0 || skip & 1U << i)
			continue;
		err = bpf_map__reuse_fd(map, pins->map_fds[i]);
		if (err) {
			xs_err(pins->ctx, "cannot share %s/%s: %s", pins->dir, xs_map_names[i],
			       strerror(-err));
			return err;
		}
	}
	return 0;
}

int xs_program_load(struct xsteer_ctx *ctx, struct bpf_object_skeleton *skeleton)
{
	struct bpf_program *prog = *skeleton->progs[0].prog;
	char *log = calloc(1, KERNEL_LOG_BYTES);
	int err;

	/* libbpf asks for the log only after the kernel has refused. */
	if (log)
		bpf_program__set_log_buf(prog, log, KERNEL_LOG_BYTES);
	err = bpf_object__load_skeleton(skeleton);
	bpf_program__set_log_buf(prog, NULL, 0);
	if (log && err && err != -EPERM)
		xs_quote_kernel(ctx, log);
	if (err == -EPERM)
		xs_err(ctx, "no permission to load an XDP program: needs CAP_BPF and "
			    "CAP_NET_ADMIN, run as root");
	else if (err)
		xs_err(ctx, "the kernel refused the program: %s%s", strerror(-err),
		       err == -ENOMEM  ? ": not enough memory for its maps"
		       : log && log[0] ? "; the verifier's log is above"
				       : "");
	free(log);
	return err;
}

int xs_prog_id(int fd, __u32 *id)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	*id = info.id;
	return 0;
}

/* Numbers of the maps that a program uses. Returns how many; 0: none, or it cannot be found out. */
static __u32 maps_of(__u32 prog_id, __u32 ids[MAPS_OF_PROG_MAX])
{
	struct bpf_prog_info info = { .nr_map_ids = MAPS_OF_PROG_MAX,
				      .map_ids = (unsigned long)ids };
	__u32 len = sizeof(info), cnt = 0;
	int fd = bpf_prog_get_fd_by_id(prog_id);

	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		cnt = info.nr_map_ids < MAPS_OF_PROG_MAX ? info.nr_map_ids : MAPS_OF_PROG_MAX;
	close(fd);
	return cnt;
}

bool xs_prog_uses_map(__u32 prog_id, __u32 map_id)
{
	__u32 ids[MAPS_OF_PROG_MAX] = {}, cnt = maps_of(prog_id, ids);
	bool uses = false;

	for (__u32 i = 0; !uses && i < cnt; i++)
		uses = ids[i] == map_id;
	return uses;
}

static bool is_named(int map, const char *name)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &len) && !strcmp(info.name, name);
}

int xs_prog_map_named(__u32 prog_id, const char *name)
{
	__u32 ids[MAPS_OF_PROG_MAX] = {}, cnt = maps_of(prog_id, ids);

	for (__u32 i = 0; i < cnt; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);

		if (fd >= 0 && is_named(fd, name))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}
