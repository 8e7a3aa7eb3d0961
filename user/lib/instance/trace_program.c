// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loads the program that traces; see trace_program.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "maps/rule_set.h"
#include "owners.h"
#include "program.h"
#include "set_layout.h"
#include "trace.skel.h"
#include "trace_program.h"

#define NS_PER_SEC 1000000000ULL

/* The plain program comes back later, so both must work on these maps and on these sets. */
static int check_build(const struct xs_pins *pins)
{
	if (!xs_kernel_has_frags()) {
		xs_err(pins->ctx,
		       "%s: tracing needs Linux 5.18, "
		       "whose kernel copies bytes of a frame for a program; "
		       "explain tells what rules do with a capture",
		       pins->ifname);
		return -EOPNOTSUPP;
	}
	if (pins->meta.abi >= XS_ABI_LIMITS)
		return xs_set_layout_check_sets(pins, pins->meta.set_layout);
	xs_err(pins->ctx,
	       "%s: its program is of an older version, which cannot be traced: %s first",
	       pins->ifname, xs_hint(pins->ctx, XSTEER_HINT_UPGRADE, pins->ifname).text);
	return -EPROTO;
}

static void set_options(struct trace_bpf *skel, const struct xs_pins *pins,
			const struct xs_trace_opts *opts)
{
	skel->rodata->connections = pins->meta.set_layout >= XS_SET_LAYOUT_CT;
	skel->rodata->last_queue = pins->slots - 1;
	skel->rodata->verdicts = opts->verdicts;
	skel->rodata->reasons = opts->reasons;
	skel->rodata->by_rule = opts->rules != NULL;
	skel->rodata->chosen_generation = opts->generation;
	skel->rodata->snap = opts->snap;
	skel->rodata->frame_ns = NS_PER_SEC / opts->rate;
	skel->rodata->burst_ns = NS_PER_SEC / opts->rate * (opts->rate - 1);
}

static __u32 words_for(const struct xs_trace_opts *opts)
{
	__u32 last = 0;

	for (__u32 i = 0; i < opts->rule_cnt; i++)
		if (opts->rules[i] > last)
			last = opts->rules[i];
	return last / 64 + 1;
}

static int open_program(const struct xs_pins *pins, const struct xs_trace_opts *opts,
			struct trace_bpf **opened)
{
	struct trace_bpf *skel = trace_bpf__open();
	struct bpf_map *map;
	int err = 0;

	if (!skel) {
		err = -errno;
		xs_err(pins->ctx, "cannot open the tracing program: %s", strerror(-err));
		return err;
	}
	bpf_object__for_each_map(map, skel->obj) bpf_map__set_pin_path(map, NULL);
	xs_program_set_attach_type(skel->progs.xsteer_trace);
	set_options(skel, pins, opts);
	err = bpf_map__set_max_entries(skel->maps.chosen, words_for(opts));
	if (!err)
		err = bpf_program__set_flags(skel->progs.xsteer_trace, BPF_F_XDP_HAS_FRAGS);
	if (err) {
		xs_err(pins->ctx, "cannot adapt the tracing program: %s", strerror(-err));
		trace_bpf__destroy(skel);
		return err;
	}
	*opened = skel;
	return 0;
}

int xs_trace_program_sample(const struct trace_bpf *skel, const struct xs_trace_samples *samples)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct xs_trace_sample *each;

	if (!samples->cnt)
		return 0;
	each = calloc(cpus > 0 ? cpus : 1, sizeof(*each));
	if (cpus < 1 || !each)
		err = cpus < 1 ? cpus : -ENOMEM;
	for (__u32 i = 0; !err && i < samples->cnt; i++) {
		const struct xs_trace_sample_key key = { .generation = samples->generation,
							 .rule = samples->rows[i].rule };

		for (int cpu = 0; cpu < cpus; cpu++)
			each[cpu].every = samples->rows[i].every;
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.trace_samples), &key, each, BPF_ANY))
			err = -errno;
	}
	free(each);
	return err;
}

/* Before any frame meets the program. */
static int fill_maps(const struct xs_pins *pins, const struct trace_bpf *skel,
		     const struct xs_trace_opts *opts)
{
	struct xs_owner self = {};
	__u32 cnt = words_for(opts), zero = 0;
	__u64 *words = calloc(cnt, sizeof(*words));
	int err = words ? 0 : -ENOMEM;

	xs_owner_set_self(&self);
	for (__u32 i = 0; !err && i < opts->rule_cnt; i++)
		words[opts->rules[i] / 64] |= 1ULL << opts->rules[i] % 64;
	for (__u32 i = 0; !err && i < cnt; i++)
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.chosen), &i, &words[i], BPF_ANY))
			err = -errno;
	if (!err)
		err = xs_trace_program_sample(skel, &opts->samples);
	if (!err && bpf_map_update_elem(bpf_map__fd(skel->maps.tracer), &zero, &self, BPF_ANY))
		err = -errno;
	/* The program never looks at it. Bound, the map lives as long, and is found by it. */
	if (!err && bpf_prog_bind_map(bpf_program__fd(skel->progs.xsteer_trace),
				      bpf_map__fd(skel->maps.tracer), NULL))
		err = -errno;
	free(words);
	if (err)
		xs_err(pins->ctx, "cannot write a map of the tracing program: %s", strerror(-err));
	return err;
}

int xs_trace_program_load(const struct xs_pins *pins, const struct xs_trace_opts *opts,
			  struct trace_bpf **skel)
{
	struct trace_bpf *own = NULL;
	int err = check_build(pins);

	if (!err)
		err = open_program(pins, opts, &own);
	if (err)
		return err;
	err = xs_program_reuse(own->obj, pins, 0);
	if (!err)
		err = xs_program_load(pins->ctx, own->skeleton);
	if (!err)
		err = fill_maps(pins, own, opts);
	if (err)
		trace_bpf__destroy(own);
	else
		*skel = own;
	return err;
}
