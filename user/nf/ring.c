// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Packets out of and into the rings of a session's ports. Nothing here blocks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "session.h"

static void reached(const struct xsnf *nf, enum xsnf_at at)
{
	if (nf->at)
		nf->at(nf->at_arg, at);
}

int xsnf_port_init(struct xsnf_port *port, bool multi)
{
	const struct xsnf_b2n *b2n = port->b2n;
	__u32 entries = b2n->entries;

	if (b2n->magic != XSNF_MAGIC || b2n->abi < XSNF_ABI_MIN || b2n->abi > XSNF_ABI)
		return -EPROTO;
	if (entries < XSNF_RING_MIN || entries > XSNF_RING_MAX || entries & (entries - 1))
		return -EPROTO;
	if (port->b2n_bytes < xsnf_b2n_bytes(entries) || port->n2b_bytes < xsnf_n2b_bytes(entries))
		return -EPROTO;
	if (b2n->frame_size < 64 || b2n->frame_size > 65535 || b2n->headroom >= b2n->frame_size ||
	    port->frames_bytes / b2n->frame_size < b2n->frame_cnt)
		return -EPROTO;
	port->entries = entries;
	port->frame_cnt = b2n->frame_cnt;
	port->frame_size = b2n->frame_size;
	port->headroom = b2n->headroom;
	port->cons = port->prod = 0;
	if (multi)
		port->rest = calloc(port->frame_cnt, sizeof(*port->rest));
	return multi && !port->rest ? -ENOMEM : 0;
}

void xsnf_port_close(struct xsnf_port *port)
{
	if (port->b2n)
		munmap((void *)port->b2n, port->b2n_bytes);
	if (port->n2b)
		munmap(port->n2b, port->n2b_bytes);
	if (port->frames)
		munmap(port->frames, port->frames_bytes);
	free(port->rest);
	if (port->wake >= 0)
		close(port->wake);
	memset(port, 0, sizeof(*port));
	port->wake = -1;
}

bool xsnf_port_waiting(const struct xsnf_port *port)
{
	return xsnf_load(&port->b2n->prod) != port->cons;
}

static void to_packet(const struct xsnf_port *port, __u32 index, const struct xsnf_desc *desc,
		      struct xsnf_packet *packet)
{
	unsigned char *frame = port->frames + (__u64)desc->frame * port->frame_size;

	*packet = (struct xsnf_packet){
		.data = frame + desc->off,
		.len = desc->len,
		.hash = desc->hash,
		.mark = desc->mark,
		.verdict = XSNF_NEXT,
		.step = desc->step,
		.room_front = (__u16)(desc->off - port->headroom),
		.room_back = (__u16)(port->frame_size - desc->off - desc->len),
		.port = (__u16)index,
		.frame = desc->frame,
	};
}

/*
 * The broker publishes a packet as a whole. What makes no sense is left out here; the broker sees
 * what is missing when the packet is given back.
 */
static void take_rest(struct xsnf_port *port, struct xsnf_packet *packet, __u32 prod)
{
	__u32 last = packet->frame, bytes = 0;
	bool more = true;

	packet->room_back = 0; /* the next frame's bytes follow */
	while (more && port->cons != prod) {
		const struct xsnf_desc *desc = &port->b2n->ring[port->cons++ & (port->entries - 1)];

		more = desc->verdict & XSNF_DESC_MORE;
		if (!port->rest || packet->frame >= port->frame_cnt ||
		    desc->frame >= port->frame_cnt)
			continue;
		port->rest[last].next = desc->frame;
		port->rest[desc->frame] = (struct xsnf_rest){ XSNF_NO_FRAME, desc->off, desc->len };
		last = desc->frame;
		bytes += desc->len;
	}
	packet->rest = (__u16)bytes;
}

static __u32 recv_from(struct xsnf *nf, __u32 index, struct xsnf_packet *packets, __u32 max)
{
	struct xsnf_port *port = &nf->ports[index];
	__u32 prod = xsnf_load(&port->b2n->prod), cnt = 0;

	while (cnt < max && port->cons != prod) {
		const struct xsnf_desc *desc = &port->b2n->ring[port->cons++ & (port->entries - 1)];

		to_packet(port, index, desc, &packets[cnt]);
		if (desc->verdict & XSNF_DESC_MORE)
			take_rest(port, &packets[cnt], prod);
		cnt++;
	}
	return cnt;
}

bool xsnf_next_part(const struct xsnf *nf, const struct xsnf_packet *packet, struct xsnf_part *part)
{
	const struct xsnf_port *port = &nf->ports[packet->port];
	const struct xsnf_rest *rest;
	__u32 frame;

	if (!packet->rest || !port->rest)
		return false;
	frame = port->rest[part->data ? part->frame : packet->frame].next;
	if (frame == XSNF_NO_FRAME)
		return false;
	rest = &port->rest[frame];
	*part = (struct xsnf_part){ .data = port->frames + (__u64)frame * port->frame_size +
					    rest->off,
				    .len = rest->len,
				    .frame = frame };
	return true;
}

__u32 xsnf_recv(struct xsnf *nf, struct xsnf_packet *packets, __u32 max)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < nf->port_cnt && cnt < max; i++)
		cnt += recv_from(nf, (nf->turn + i) % nf->port_cnt, packets + cnt, max - cnt);
	/* Starts with another queue each time; else the first one could starve the others. */
	if (nf->port_cnt)
		nf->turn = (nf->turn + 1) % nf->port_cnt;
	if (cnt)
		reached(nf, XSNF_AT_TAKEN);
	return cnt;
}

static void put_desc(struct xsnf_port *port, const struct xsnf_desc *desc)
{
	port->n2b->ring[port->prod++ & (port->entries - 1)] = *desc;
}

static void put_rest(struct xsnf_port *port, const struct xsnf_packet *packet)
{
	__u32 frame = port->rest[packet->frame].next;

	while (frame != XSNF_NO_FRAME) {
		const struct xsnf_rest *rest = &port->rest[frame];
		const bool more = rest->next != XSNF_NO_FRAME;

		put_desc(port, &(struct xsnf_desc){ .frame = frame,
						    .off = rest->off,
						    .len = rest->len,
						    .verdict = more ? XSNF_DESC_MORE : 0 });
		frame = rest->next;
	}
}

static void put_packet(struct xsnf_port *port, const struct xsnf_packet *packet)
{
	const unsigned char *frame = port->frames + (__u64)packet->frame * port->frame_size;
	const bool more = packet->rest && port->rest;

	put_desc(port, &(struct xsnf_desc){
			       .frame = packet->frame,
			       .off = (__u16)(packet->data - frame),
			       .len = (__u16)packet->len,
			       .hash = packet->hash,
			       .verdict = packet->verdict | (more ? XSNF_DESC_MORE : 0),
			       .step = packet->step,
			       .mark = packet->mark,
		       });
	if (more)
		put_rest(port, packet);
}

static void publish(struct xsnf *nf, struct xsnf_port *port)
{
	const char byte = 0;

	if (port->prod != port->n2b->prod) {
		xsnf_store(&port->n2b->prod, port->prod);
		reached(nf, XSNF_AT_PUBLISHED);
		/* If the socket is full, its bytes wake the other end as well as this one would. */
		if (xsnf_sleeps(&port->b2n->asleep) && port->wake >= 0)
			send(port->wake, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	__atomic_store_n(&port->n2b->cons, port->cons, __ATOMIC_RELAXED);
}

void xsnf_send(struct xsnf *nf, const struct xsnf_packet *packets, __u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++)
		if (packets[i].verdict != XSNF_KEEP && packets[i].port < nf->port_cnt)
			put_packet(&nf->ports[packets[i].port], &packets[i]);
	if (cnt)
		reached(nf, XSNF_AT_WRITTEN);
	for (__u32 i = 0; i < nf->port_cnt; i++)
		publish(nf, &nf->ports[i]);
	if (cnt)
		reached(nf, XSNF_AT_RELEASED);
}

__u32 xsnf_turn(struct xsnf *nf, struct xsnf_packet *batch, __u32 max)
{
	__u32 cnt = xsnf_recv(nf, batch, max);

	if (!cnt)
		return 0;
	if (nf->ops->batch)
		nf->ops->batch(nf, batch, cnt);
	else
		for (__u32 i = 0; i < cnt; i++)
			batch[i].verdict = (__u8)nf->ops->packet(nf, &batch[i]);
	reached(nf, XSNF_AT_CALLED);
	xsnf_send(nf, batch, cnt);
	return cnt;
}
