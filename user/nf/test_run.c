// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Runs an NF in the process of its test. A port in plain memory replaces the broker, so
 * that the NF uses the library's own rings and loop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

#define FRAME_BYTES 2048
#define HEADROOM 256 /* like the broker's */
#define PART_BYTES (FRAME_BYTES - HEADROOM) /* a longer packet has several frames */
#define BATCH 256

struct bench {
	struct xsnf nf;
	struct xsnf_b2n *b2n;
	struct xsnf_test_packet *packets;
	__u32 cnt;
	__u32 frame_cnt; /* of all packets */
	__u32 taken; /* of n2b's ring */
	__u32 *packet_of; /* by frame: the packet that begins there; NONE: none, or it is back */
	struct xsnf_packet *batch;
};

#define NONE (~0u)

static __u32 parts_of(const struct xsnf_test_packet *packet)
{
	return packet->len > PART_BYTES ? (packet->len + PART_BYTES - 1) / PART_BYTES : 1;
}

static __u32 ring_for(__u32 cnt)
{
	__u32 entries = XSNF_RING_MIN;

	while (entries < cnt)
		entries *= 2;
	return entries;
}

/* 128-byte aligned memory, as the members of the rings need. */
static void *get_zeroed(size_t bytes)
{
	void *memory = aligned_alloc(128, (bytes + 127) & ~(size_t)127);

	if (memory)
		memset(memory, 0, bytes);
	return memory;
}

static int make_bench(struct bench *bench)
{
	struct xsnf_port *port = &bench->nf.ports[0];
	__u32 entries = ring_for(bench->frame_cnt);

	port->wake = -1;
	port->b2n_bytes = xsnf_b2n_bytes(entries);
	port->n2b_bytes = xsnf_n2b_bytes(entries);
	port->frames_bytes = (__u64)bench->frame_cnt * FRAME_BYTES;
	bench->b2n = get_zeroed(port->b2n_bytes);
	port->b2n = bench->b2n;
	port->n2b = get_zeroed(port->n2b_bytes);
	port->frames = get_zeroed(port->frames_bytes);
	bench->packet_of = malloc(bench->frame_cnt * sizeof(*bench->packet_of));
	bench->batch = calloc(BATCH, sizeof(*bench->batch));
	if (!port->b2n || !port->n2b || !port->frames || !bench->packet_of || !bench->batch)
		return -ENOMEM;
	memset(bench->packet_of, 0xff, bench->frame_cnt * sizeof(*bench->packet_of));
	bench->b2n->magic = XSNF_MAGIC;
	bench->b2n->abi = XSNF_ABI;
	bench->b2n->entries = entries;
	bench->b2n->frame_cnt = bench->frame_cnt;
	bench->b2n->frame_size = FRAME_BYTES;
	bench->b2n->headroom = 0;
	bench->nf.instance = 1;
	bench->nf.port_cnt = 1;
	return xsnf_port_init(port, bench->nf.ops->flags & XSNF_MULTI);
}

static void free_bench(struct bench *bench)
{
	free(bench->b2n);
	free(bench->nf.ports[0].n2b);
	free(bench->nf.ports[0].frames);
	free(bench->nf.ports[0].rest);
	free(bench->packet_of);
	free(bench->batch);
}

/* A real hash is not needed: it only has to differ between flows and stay the same. */
static void give(struct bench *bench, __u32 i)
{
	const struct xsnf_test_packet *packet = &bench->packets[i];
	struct xsnf_port *port = &bench->nf.ports[0];
	__u32 frame = bench->b2n->prod, parts = parts_of(packet);

	bench->packet_of[frame] = i;
	for (__u32 k = 0; k < parts; k++, frame++) {
		__u32 from = k * PART_BYTES;
		__u32 len = k + 1 < parts ? PART_BYTES : packet->len - from;

		memcpy(port->frames + (size_t)frame * FRAME_BYTES + HEADROOM, packet->data + from,
		       len);
		bench->b2n->ring[frame & (port->entries - 1)] = (struct xsnf_desc){
			.frame = frame,
			.off = HEADROOM,
			.len = (__u16)len,
			.hash = i,
			.verdict = k + 1 < parts ? XSNF_DESC_MORE : 0,
			.step = packet->step,
			.mark = packet->mark,
		};
	}
	xsnf_store(&bench->b2n->prod, frame);
}

static bool is_verdict(const struct xsnf_ops *ops, __u8 verdict)
{
	int exits = 0;

	while (exits < XSNF_EXITS_MAX && ops->exits[exits])
		exits++;
	return verdict <= XSNF_TX || (verdict >= XSNF_EXIT_0 && verdict < XSNF_EXIT_0 + exits);
}

/* Copies the bytes of a descriptor behind those that the packet has. */
static int take_bytes(const struct bench *bench, const struct xsnf_desc *desc,
		      struct xsnf_test_packet *packet)
{
	if (desc->off + desc->len > FRAME_BYTES || desc->len > packet->room - packet->len)
		return -EINVAL;
	memcpy(packet->data + packet->len,
	       bench->nf.ports[0].frames + (size_t)desc->frame * FRAME_BYTES + desc->off,
	       desc->len);
	packet->len += desc->len;
	return 0;
}

static const struct xsnf_desc *next_desc(struct bench *bench)
{
	const struct xsnf_port *port = &bench->nf.ports[0];

	return bench->taken == port->n2b->prod
		       ? NULL
		       : &port->n2b->ring[bench->taken++ & (port->entries - 1)];
}

static int take(struct bench *bench, const struct xsnf_desc *desc)
{
	const __u32 frame = desc->frame;
	struct xsnf_test_packet *packet;
	__u32 parts;
	int err;

	if (frame >= bench->frame_cnt || bench->packet_of[frame] == NONE)
		return -EINVAL;
	packet = &bench->packets[bench->packet_of[frame]];
	bench->packet_of[frame] = NONE;
	packet->mark = desc->mark;
	packet->verdict = desc->verdict & (__u8)~XSNF_DESC_MORE;
	parts = parts_of(packet);
	packet->len = 0;
	if (!is_verdict(bench->nf.ops, packet->verdict) ||
	    !(desc->verdict & XSNF_DESC_MORE) != (parts == 1))
		return -EINVAL;
	err = take_bytes(bench, desc, packet);
	for (__u32 k = 1; !err && k < parts; k++) {
		desc = next_desc(bench);
		err = desc && desc->frame == frame + k ? take_bytes(bench, desc, packet) : -EINVAL;
	}
	return err;
}

static int take_all(struct bench *bench)
{
	const struct xsnf_desc *desc;
	int err = 0;

	while (!err && (desc = next_desc(bench)))
		err = take(bench, desc);
	return err;
}

static int run_packets(struct bench *bench)
{
	const struct xsnf_ops *ops = bench->nf.ops;
	int err = ops->start ? ops->start(&bench->nf) : 0;

	for (__u32 i = 0; !err && i < bench->cnt;) {
		for (__u32 end = i + BATCH; i < bench->cnt && i < end; i++)
			give(bench, i);
		while (xsnf_turn(&bench->nf, bench->batch, BATCH))
			;
		err = take_all(bench);
	}
	if (!err && ops->tick)
		ops->tick(&bench->nf);
	if (!err && ops->stop)
		ops->stop(&bench->nf);
	return err ? err : take_all(bench);
}

int xsnf_test_run(const struct xsnf_ops *ops, struct xsnf_test_packet *packets, __u32 cnt)
{
	struct bench *bench;
	__u32 frames = 0;
	int err;

	if (!ops->packet && !ops->batch)
		return -EINVAL;
	if (!cnt || cnt > XSNF_RING_MAX)
		return -EINVAL;
	for (__u32 i = 0; i < cnt; i++) {
		__u32 parts = parts_of(&packets[i]);

		if (packets[i].room < packets[i].len ||
		    packets[i].len > XSNF_PARTS_MAX * PART_BYTES ||
		    (parts > 1 && !(ops->flags & XSNF_MULTI)))
			return -EINVAL;
		frames += parts;
	}
	if (frames > XSNF_RING_MAX)
		return -EINVAL;
	bench = calloc(1, sizeof(*bench));
	if (!bench)
		return -ENOMEM;
	bench->frame_cnt = frames;
	bench->nf.ops = ops;
	bench->nf.fd = bench->nf.epoll = -1;
	bench->packets = packets;
	bench->cnt = cnt;
	for (__u32 i = 0; i < cnt; i++)
		packets[i].verdict = XSNF_KEEP;
	err = make_bench(bench);
	if (!err)
		err = run_packets(bench);
	free_bench(bench);
	free(bench);
	return err;
}
