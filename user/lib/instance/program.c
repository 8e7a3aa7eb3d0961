// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The program of this build, adapted to kernel and interface; see program.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "lib/base/ctx.h"
#include "maps/rule_set.h"
#include "basic.skel.h"
#include "program.h"
#include "set_layout.h"
#include "xsteer.skel.h"

#define KERNEL_LOG_STATS 4 /* the kernel's BPF_LOG_STATS, of bpf_verifier.h */
#define KERNEL_LOG_BYTES (1 << 16) /* at that level the log has a few lines */
#define MAPS_OF_PROG_MAX 64 /* ours has fewer */

bool xs_kernel_has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

bool xs_kernel_has_limits(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_loop, NULL) != 0;
}

static bool has_function(const struct btf *btf)
{
	return btf && btf__find_by_name_kind(btf, "bpf_xdp_ct_lookup", BTF_KIND_FUNC) > 0;
}

bool xs_kernel_tells_connections(void)
{
	struct btf *kernel = btf__load_vmlinux_btf(), *module = NULL;
	bool tells = has_function(kernel);

	if (kernel && !tells) {
		module = btf__load_module_btf("nf_conntrack", kernel);
		tells = has_function(module);
	}
	btf__free(module);
	btf__free(kernel);
	return tells;
}

bool xs_is_verifiers_refusal(int err)
{
	return err == -E2BIG || err == -EINVAL || err == -EACCES || err == -ENOSPC ||
	       err == -EFAULT;
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

void xs_program_set_attach_type(struct bpf_program *prog)
{
	/*
	 * The section's handler in libbpf asks whether the kernel knows attach types, and loads
	 * without one if that call fails, be it for want of a descriptor. libbpf drops the handler
	 * as soon as a program gets another type.
	 */
	bpf_program__set_type(prog, BPF_PROG_TYPE_UNSPEC);
	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	bpf_program__set_expected_attach_type(prog, BPF_XDP);
}

/* The skeleton serves both objects, since they differ in their code alone. NULL: errno. */
static struct xsteer_bpf *open_object(bool limits)
{
	struct xsteer_bpf *skel = calloc(1, sizeof(*skel));
	int err;

	if (!skel)
		return NULL;
	err = xsteer_bpf__create_skeleton(skel);
	if (!err && !limits)
		skel->skeleton->data = basic_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (!err)
		return skel;
	xsteer_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

struct xsteer_bpf *xs_program_open(struct xsteer_ctx *ctx, __u32 slots, __u32 set_layout)
{
	struct xsteer_bpf *skel = open_object(xs_set_layout_has_limits(set_layout));
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
	xs_program_set_attach_type(skel->progs.xsteer);
	skel->rodata->connections = set_layout >= XS_SET_LAYOUT_CT;
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

/*
 * Loads the program. Without success `log` has the reason, in a line or two. The way there
 * would be longer than any buffer, and before Linux 6.4 a log that does not fit is the error,
 * in place of the reason.
 */
static int try_loading(struct bpf_object_skeleton *skeleton, char log[KERNEL_LOG_BYTES])
{
	struct bpf_program *prog = *skeleton->progs[0].prog;
	int err;

	log[0] = '\0';
	bpf_program__set_log_level(prog, KERNEL_LOG_STATS);
	bpf_program__set_log_buf(prog, log, KERNEL_LOG_BYTES);
	err = bpf_object__load_skeleton(skeleton);
	bpf_program__set_log_buf(prog, NULL, 0);
	return err;
}

static void report_refusal(struct xsteer_ctx *ctx, int err, const char *log)
{
	if (err == -EPERM) {
		xs_err(ctx, "no permission to load an XDP program: "
			    "needs CAP_BPF and CAP_NET_ADMIN, run as root");
		return;
	}
	xs_quote_kernel(ctx, log);
	xs_err(ctx, "the kernel refused the program: %s%s", strerror(-err),
	       err == -ENOMEM ? ": not enough memory for its maps"
	       : log[0]	      ? "; the verifier's reason is above"
			      : "");
}

static char *log_buffer(struct xsteer_ctx *ctx)
{
	char *log = calloc(1, KERNEL_LOG_BYTES);

	if (!log)
		xs_err(ctx, "not enough memory to load a program");
	return log;
}

int xs_program_load(struct xsteer_ctx *ctx, struct bpf_object_skeleton *skeleton)
{
	char *log = log_buffer(ctx);
	int err = log ? try_loading(skeleton, log) : -ENOMEM;

	if (log && err)
		report_refusal(ctx, err, log);
	free(log);
	return err;
}

struct making {
	struct xsteer_ctx *ctx;
	__u32 slots;
	xs_program_prepare_fn prepare;
	void *arg;
	char *log;
};

/* The highest layout of sets whose program this kernel has all parts for. */
static __u32 possible_layout(void)
{
	if (!xs_kernel_has_limits())
		return XS_SET_LAYOUT_BEFORE_LIMITS;
	return xs_kernel_tells_connections() ? XS_SET_LAYOUT : XS_SET_LAYOUT_BEFORE_CT;
}

__u32 xs_program_lower_layout(__u32 set_layout)
{
	return set_layout >= XS_SET_LAYOUT_CT ? XS_SET_LAYOUT_BEFORE_CT
					      : XS_SET_LAYOUT_BEFORE_LIMITS;
}

/* 0; -ERESTART: the kernel refuses the program, and there is a smaller one; other -errno, logged. */
static int make_program(const struct making *making, __u32 set_layout, struct xsteer_bpf **made)
{
	struct xsteer_bpf *skel = xs_program_open(making->ctx, making->slots, set_layout);
	int err = 0;

	if (!skel)
		return -errno;
	if (making->prepare)
		err = making->prepare(skel, making->arg);
	if (err)
		goto out;
	err = try_loading(skel->skeleton, making->log);
	if (!err) {
		*made = skel;
		return 0;
	}
	if (xs_set_layout_has_limits(set_layout) && xs_is_verifiers_refusal(err)) {
		xs_info(making->ctx, "the kernel refused the program with %s: %s",
			set_layout >= XS_SET_LAYOUT_CT ? "connections" : "limits and sets",
			strerror(-err));
		err = -ERESTART;
	} else {
		report_refusal(making->ctx, err, making->log);
	}
out:
	xsteer_bpf__destroy(skel);
	return err;
}

struct xsteer_bpf *xs_program_make(struct xsteer_ctx *ctx, __u32 slots,
				   xs_program_prepare_fn prepare, void *arg, __u32 *set_layout)
{
	struct making making = { ctx, slots, prepare, arg, log_buffer(ctx) };
	struct xsteer_bpf *skel = NULL;
	int err = -ENOMEM;

	*set_layout = possible_layout();
	if (making.log)
		err = make_program(&making, *set_layout, &skel);
	while (err == -ERESTART) {
		*set_layout = xs_program_lower_layout(*set_layout);
		err = make_program(&making, *set_layout, &skel);
	}
	free(making.log);
	errno = -err;
	return skel;
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
