// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs the real program on given frames; see explain.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "lib/base/ctx.h"
#include "explain.h"
#include "lib/instance/program.h"
#include "lib/instance/set_layout.h"
#include "maps/rule_set.h"
#include "xsteer.skel.h"

/* Not shared with the instance: the private program's own. */
#define OWN_MAPS \
	(1U << XS_MAP_xdp_stats_map | 1U << XS_MAP_rule_stats | 1U << XS_MAP_meta | \
	 1U << XS_MAP_owners)

#define OUT_ROOM 65536 /* the kernel refuses a buffer that is too small for the frame */

struct copying {
	const struct xs_pins *live;
	__u32 queue, ct_state;
};

static int prepare_copy(struct xsteer_bpf *skel, void *arg)
{
	const struct copying *copying = arg;

	skel->rodata->explaining = true;
	skel->rodata->explain_queue = copying->queue;
	skel->rodata->explain_ct_state = copying->ct_state;
	return copying->live ? xs_program_reuse(skel->obj, copying->live, OWN_MAPS) : 0;
}

int xs_explain_open(struct xsteer_ctx *ctx, struct xs_explain *explain, const struct xs_pins *live,
		    __u32 queue, enum xs_ct_state ct_state)
{
	__u32 slots = live ? live->slots : queue >= XS_SLOTS_MIN ? queue + 1 : XS_SLOTS_MIN;
	struct copying copying = { live, queue, ct_state };

	memset(explain, 0, sizeof(*explain));
	explain->skel =
		xs_program_make(ctx, slots, prepare_copy, &copying, &explain->pins.meta.set_layout);
	if (!explain->skel)
		return -errno;
	/* It asks nobody for a connection, so it needs no kernel that answers. */
	if (xs_set_layout_has_limits(explain->pins.meta.set_layout))
		explain->pins.meta.set_layout = XS_SET_LAYOUT;
	explain->pins.ctx = ctx;
	explain->pins.slots = slots;
	explain->pins.meta.abi = XS_ABI; /* the program is this build's */
	explain->pins.all_slots = live ? live->all_slots : slots * (1 + XS_CHAIN_SLOTS);
	for (int i = 0; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(explain->skel->obj, xs_map_names[i]);

		explain->pins.map_fds[i] = map ? bpf_map__fd(map) : -1;
	}
	return 0;
}

int xs_explain_prog_fd(const struct xs_explain *explain)
{
	return bpf_program__fd(explain->skel->progs.xsteer);
}

void xs_explain_close(struct xs_explain *explain)
{
	xsteer_bpf__destroy(explain->skel);
	explain->skel = NULL;
}

static int test_run(struct xsteer_ctx *ctx, int prog_fd, const struct xs_frame *frame, __u32 repeat,
		    struct bpf_test_run_opts *opts)
{
	unsigned char *out = malloc(OUT_ROOM);
	int err;

	if (!out) {
		xs_err(ctx, "not enough memory to run a frame");
		return -ENOMEM;
	}
	opts->sz = sizeof(*opts);
	opts->data_in = frame->bytes;
	opts->data_size_in = frame->len;
	opts->data_out = out;
	opts->data_size_out = OUT_ROOM;
	opts->repeat = (int)repeat;
	err = bpf_prog_test_run_opts(prog_fd, opts) ? -errno : 0;
	free(out);
	if (!err)
		return 0;
	if (frame->len < ETH_HLEN)
		xs_err(ctx,
		       "a frame of %u bytes cannot be tried: "
		       "the kernel's test run takes none below %u; "
		       "on the wire it counts as malformed_eth",
		       frame->len, ETH_HLEN);
	else
		xs_err(ctx, "the kernel does not run a frame of %u bytes: %s%s", frame->len,
		       strerror(-err),
		       frame->len > 3000 && !xs_kernel_has_frags()
			       ? ": above one page it needs Linux 5.18"
			       : "");
	return err;
}

int xs_explain_run(struct xsteer_ctx *ctx, const struct xs_explain *explain,
		   const struct xs_frame *frame, struct xs_explained *result, int *xdp)
{
	struct bpf_test_run_opts opts = {};
	struct xsteer_bpf__bss variables;
	const __u32 zero = 0;
	int err;

	err = test_run(ctx, bpf_program__fd(explain->skel->progs.xsteer), frame, 1, &opts);
	if (err)
		return err;
	if (bpf_map_lookup_elem(bpf_map__fd(explain->skel->maps.bss), &zero, &variables)) {
		err = -errno;
		xs_err(ctx, "cannot read what became of a frame: %s", strerror(-err));
		return err;
	}
	*result = variables.explained;
	*xdp = (int)opts.retval;
	return 0;
}

const char *xs_xdp_name(int xdp)
{
	static const char *const names[] = {
		[XDP_ABORTED] = "XDP_ABORTED",	 [XDP_DROP] = "XDP_DROP",
		[XDP_PASS] = "XDP_PASS",	 [XDP_TX] = "XDP_TX",
		[XDP_REDIRECT] = "XDP_REDIRECT",
	};

	return xdp >= 0 && xdp <= XDP_REDIRECT ? names[xdp] : "?";
}

int xs_measure(struct xsteer_ctx *ctx, int prog_fd, const struct xs_frames *frames, __u32 repeat,
	       __u32 rounds, double *ns)
{
	double sum = 0;

	for (__u32 i = 0; i < frames->cnt; i++) {
		__u32 best = ~0U;

		for (__u32 round = 0; round < rounds; round++) {
			struct bpf_test_run_opts opts = {};
			int err = test_run(ctx, prog_fd, &frames->frames[i], repeat, &opts);

			if (err)
				return err;
			if (opts.duration < best)
				best = opts.duration;
		}
		sum += best;
	}
	*ns = frames->cnt ? sum / frames->cnt : 0;
	return 0;
}

int xs_bare_program(struct xsteer_ctx *ctx)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd, err;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xsteer_bare", "GPL", insns,
			   sizeof(insns) / sizeof(*insns), NULL);
	if (fd >= 0)
		return fd;
	err = -errno;
	xs_err(ctx, "cannot load a bare program to compare with: %s", strerror(-err));
	return err;
}
