// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Traces an instance: its program in the link, its ring, its counts; see trace.h. */
#include <errno.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "lib/base/wait.h"
#include "link.h"
#include "lock.h"
#include "owners.h"
#include "program.h"
#include "trace.h"
#include "trace.skel.h"
#include "trace_program.h"

struct xs_trace {
	struct xsteer_ctx *ctx;
	char dir[PATH_MAX], ifname[16];
	struct trace_bpf *skel;
	struct ring_buffer *ring;
	int link, plain; /* -1: the plain program is back in the link */
	__u32 prog_id;
	/* of the call that reads */
	xs_trace_fn each;
	void *arg;
	__u32 read;
	int ended; /* what each() returned */
};

/* ---- who traces ---- */

int xs_trace_of(__u32 prog_id, struct xs_owner *tracer)
{
	const __u32 zero = 0;
	int map = xs_prog_map_named(prog_id, "tracer"), found;

	if (map < 0)
		return 0;
	found = !bpf_map_lookup_elem(map, &zero, tracer);
	close(map);
	return found;
}

__u32 xs_trace_plain_id(const struct xs_pins *pins, __u32 prog_id)
{
	int fd = xs_pinned_prog_open(pins->dir);
	struct xs_owner tracer;
	__u32 pinned = prog_id;

	if (fd < 0)
		return prog_id;
	xs_prog_id(fd, &pinned);
	close(fd);
	return pinned != prog_id && xs_trace_of(prog_id, &tracer) ? pinned : prog_id;
}

void xs_trace_settle(const struct xs_pins *pins)
{
	struct bpf_link_info info;
	struct xs_owner tracer;
	int link = pins->meta.attach == XS_ATTACH_LINK ? xs_link_open(pins->dir, &info) : -ENOENT;
	int left = -1, pinned;
	__u32 pinned_id;

	if (link < 0)
		return;
	pinned = xs_pinned_prog_open(pins->dir);
	/* First what is quick to see: nearly always the pinned one runs. */
	if (pinned < 0 || xs_prog_id(pinned, &pinned_id) || pinned_id == info.prog_id ||
	    !xs_trace_of(info.prog_id, &tracer) || xs_owner_alive(&tracer))
		goto out;
	left = bpf_prog_get_fd_by_id(info.prog_id);
	if (left >= 0 && !xs_link_swap(pins->ctx, pins->ifname, link, left, pinned))
		xs_note(pins->ctx, "%s: put the program back that a killed trace had replaced",
			pins->ifname);
out:
	if (left >= 0)
		close(left);
	if (pinned >= 0)
		close(pinned);
	close(link);
}

/* ---- into the link, and back ---- */

static int refuse_second(const struct xs_pins *pins, const struct xs_owner *tracer)
{
	xs_err(pins->ctx,
	       "%s: process %u%s traces it already, and a program has one tracer: end that one, "
	       "or wait for it",
	       pins->ifname, tracer->pid,
	       xs_owner_is_elsewhere(tracer) ? " of another PID namespace" : "");
	return -EBUSY;
}

static int put_into_link(struct xs_trace *trace, const struct xs_pins *pins)
{
	int fresh = bpf_program__fd(trace->skel->progs.xsteer_trace);
	int err = xs_prog_id(fresh, &trace->prog_id);

	if (err) {
		xs_err(trace->ctx, "cannot look at the tracing program: %s", strerror(-err));
		return err;
	}
	return xs_link_swap(trace->ctx, pins->ifname, trace->link, trace->plain, fresh);
}

static int open_link(struct xs_trace *trace, const struct xs_pins *pins)
{
	struct bpf_link_info info;
	struct xs_owner tracer;

	if (pins->meta.attach == XS_ATTACH_DISPATCHER) {
		xs_err(trace->ctx,
		       "%s: attached through libxdp's dispatcher, "
		       "which cannot replace one program, and tracing takes another one: detach, "
		       "and attach alone",
		       pins->ifname);
		return -EOPNOTSUPP;
	}
	trace->link = xs_link_open(pins->dir, &info);
	if (trace->link < 0) {
		xs_err(trace->ctx, "cannot open %s/%s: %s", pins->dir, XS_PIN_LINK,
		       strerror(-trace->link));
		return trace->link;
	}
	if (xs_trace_of(info.prog_id, &tracer))
		return refuse_second(pins, &tracer);
	trace->plain = xs_link_running(pins, trace->link);
	return trace->plain < 0 ? trace->plain : 0;
}

static int take_event(void *arg, void *data, size_t size)
{
	struct xs_trace *trace = arg;
	const struct xs_trace_event *event = data;

	if (size < sizeof(*event) || size - sizeof(*event) < event->captured)
		return 0; /* cannot happen */
	trace->ended = trace->each(trace->arg, event, (const unsigned char *)(event + 1));
	return trace->ended || ++trace->read == XS_TRACE_READ_MAX ? -ECANCELED : 0;
}

static int open_ring(struct xs_trace *trace)
{
	trace->ring = ring_buffer__new(bpf_map__fd(trace->skel->maps.trace_ring), take_event, trace,
				       NULL);
	if (trace->ring)
		return 0;
	xs_err(trace->ctx, "cannot map the ring of the tracing program: %s", strerror(errno));
	return -errno;
}

static int start(struct xs_trace *trace, const struct xs_pins *pins,
		 const struct xs_trace_opts *opts)
{
	int err = open_link(trace, pins);

	snprintf(trace->dir, sizeof(trace->dir), "%s", pins->dir);
	snprintf(trace->ifname, sizeof(trace->ifname), "%s", pins->ifname);
	if (!err)
		err = xs_trace_program_load(pins, opts, &trace->skel);
	if (!err)
		err = open_ring(trace);
	if (!err)
		err = put_into_link(trace, pins);
	return err;
}

int xs_trace_open(struct xsteer_ctx *ctx, const char *ifname, const struct xs_trace_opts *opts,
		  struct xs_trace **opened)
{
	struct xs_trace *trace = calloc(1, sizeof(*trace));
	struct xs_pins pins;
	int lock, err;

	if (!trace) {
		xs_err(ctx, "not enough memory to trace");
		return -ENOMEM;
	}
	*trace = (struct xs_trace){ .ctx = ctx, .link = -1, .plain = -1 };
	lock = xs_pins_open_locked(ctx, &pins, ifname);
	err = lock < 0 ? lock : start(trace, &pins, opts);
	if (lock >= 0) {
		xs_pins_close(&pins);
		close(lock);
	}
	if (err)
		xs_trace_close(trace);
	else
		*opened = trace;
	return err;
}

int xs_trace_change_samples(struct xs_trace *trace, const struct xs_trace_samples *fresh,
			    const struct xs_trace_samples *old)
{
	const int map = bpf_map__fd(trace->skel->maps.trace_samples);

	for (__u32 i = 0; i < old->cnt; i++) {
		const struct xs_trace_sample_key key = { .generation = old->generation,
							 .rule = old->rows[i].rule };

		bpf_map_delete_elem(map, &key);
	}
	return xs_trace_program_sample(trace->skel, fresh);
}

/* Waits until every CPU has left the program that the link no longer has. */
static void wait_for_cpus(void)
{
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static bool is_in_link(const struct xs_trace *trace)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(trace->link, &info, &len) && info.xdp.ifindex &&
	       info.prog_id == trace->prog_id;
}

int xs_trace_stop(struct xs_trace *trace)
{
	int lock, err = 0;

	if (trace->plain < 0 || !trace->prog_id)
		return 0;
	/* An upgrade that has looked at the link must find the same there. Without it, too. */
	lock = xs_pins_lock_dir(trace->ctx, trace->dir);
	if (is_in_link(trace))
		err = xs_link_swap(trace->ctx, trace->ifname, trace->link,
				   bpf_program__fd(trace->skel->progs.xsteer_trace), trace->plain);
	if (lock >= 0)
		close(lock);
	wait_for_cpus();
	if (!err) {
		close(trace->plain);
		trace->plain = -1;
	}
	return err;
}

void xs_trace_close(struct xs_trace *trace)
{
	if (!trace)
		return;
	if (trace->prog_id)
		xs_trace_stop(trace);
	ring_buffer__free(trace->ring);
	trace_bpf__destroy(trace->skel);
	if (trace->plain >= 0)
		close(trace->plain);
	if (trace->link >= 0)
		close(trace->link);
	free(trace);
}

/* ---- what it tells ---- */

static int wait_for_frames(const struct xs_trace *trace, int timeout_ms)
{
	int err = xs_wait_readable(trace->ctx, ring_buffer__epoll_fd(trace->ring), timeout_ms);

	return err == -ETIMEDOUT ? 0 : err;
}

int xs_trace_read(struct xs_trace *trace, int timeout_ms, xs_trace_fn each, void *arg, __u32 *read)
{
	int got, err = timeout_ms ? wait_for_frames(trace, timeout_ms) : 0;

	trace->each = each;
	trace->arg = arg;
	trace->read = 0;
	trace->ended = 0;
	*read = 0;
	if (err && err != -EINTR)
		return err;
	got = ring_buffer__consume(trace->ring);
	*read = trace->read;
	if (trace->ended)
		return trace->ended;
	if (got < 0 && got != -ECANCELED)
		return got;
	if (!err && trace->plain >= 0 && !is_in_link(trace))
		err = -ESTALE;
	return err;
}

int xs_trace_read_counts(const struct xs_trace *trace, struct xs_trace_counts *counts)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct xs_trace_counts *each, sum = {};
	const __u32 zero = 0;

	if (cpus < 0)
		return cpus;
	each = calloc(cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(trace->skel->maps.trace_counts), &zero, each))
		err = -errno;
	for (int i = 0; !err && i < cpus; i++) {
		sum.not_sampled += each[i].not_sampled;
		sum.within_rate += each[i].within_rate;
		sum.over_rate += each[i].over_rate;
		sum.no_room += each[i].no_room;
	}
	free(each);
	if (!err)
		*counts = sum;
	return err;
}
