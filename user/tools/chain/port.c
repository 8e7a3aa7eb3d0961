// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The broker's end of a port; see port.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "port.h"

/*
 * A broker that has more to do wakes an NF only for so many frames, or after so long. On
 * one CPU the NF would else interrupt it for each small batch.
 */
#define WAKE_FRAMES 256 /* a batch of the NFs' library */
#define WAKE_NS 50000

static int make_wake(struct xs_port *port)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	port->wake = pair[0];
	port->nf_wake = pair[1];
	return 0;
}

/* Copies are as large as frames; there is one for each descriptor that the ring can hold. */
static int make_own(struct xs_port *port, const struct xs_port_config *config)
{
	int err = xs_memory_make(&port->own, "xsteer-copies",
				 (__u64)port->entries * config->frame_size, 0);

	if (err)
		return err;
	port->frames = port->own.map;
	port->frame_of_slot = malloc(port->entries * sizeof(*port->frame_of_slot));
	port->free_slots = malloc(port->entries * sizeof(*port->free_slots));
	if (!port->frame_of_slot || !port->free_slots)
		return -ENOMEM;
	for (__u32 i = 0; i < port->entries; i++) {
		port->frame_of_slot[i] = XS_NO_FRAME;
		port->free_slots[port->free_cnt++] = port->entries - 1 - i;
	}
	return 0;
}

static int make_rings(struct xs_port *port, const struct xs_port_config *config)
{
	int err = xs_memory_make(&port->b2n_memory, "xsteer-b2n", xsnf_b2n_bytes(port->entries), 0);

	if (!err)
		err = xs_memory_make(&port->n2b_memory, "xsteer-n2b", xsnf_n2b_bytes(port->entries),
				     0);
	if (err)
		return err;
	port->b2n = port->b2n_memory.map;
	port->n2b = port->n2b_memory.map;
	port->b2n->magic = XSNF_MAGIC;
	port->b2n->abi = XSNF_ABI;
	port->b2n->entries = port->entries;
	port->b2n->frame_cnt = port->frames ? port->entries : config->frame_cnt;
	port->b2n->frame_size = config->frame_size;
	port->b2n->headroom = config->headroom;
	port->b2n->flags = (port->readonly ? XSNF_F_READONLY : 0) | (port->tap ? XSNF_F_TAP : 0);
	port->b2n->queue = config->queue;
	port->b2n->instance = port->instance;
	return 0;
}

int xs_port_make(struct xs_port **port, const struct xs_port_config *config)
{
	struct xs_port *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return -ENOMEM;
	made->service = config->service_index;
	made->instance = config->instance;
	made->readonly = config->service->readonly;
	made->tap = config->service->tap;
	made->multi = config->multi;
	made->entries = config->service->ring;
	made->wake = made->nf_wake = -1;
	made->waiting.head = made->waiting.tail = XS_NO_FRAME;
	err = make_wake(made);
	if (!err && (made->tap || config->service->domain[0]))
		err = make_own(made, config);
	if (!err)
		err = make_rings(made, config);
	if (err)
		xs_port_free(made);
	else
		*port = made;
	return err;
}

void xs_port_free(struct xs_port *port)
{
	if (!port)
		return;
	xs_memory_free(&port->b2n_memory);
	xs_memory_free(&port->n2b_memory);
	xs_memory_free(&port->own);
	free(port->frame_of_slot);
	free(port->free_slots);
	if (port->wake >= 0)
		close(port->wake);
	if (port->nf_wake >= 0)
		close(port->nf_wake);
	free(port);
}

bool xs_port_moved(struct xs_port *port)
{
	__u32 cons = __atomic_load_n(&port->n2b->cons, __ATOMIC_RELAXED);
	__u32 beat = __atomic_load_n(&port->n2b->beat, __ATOMIC_RELAXED);
	bool moved = cons != port->seen_cons || beat != port->seen_beat ||
		     port->taken != port->seen_taken;

	port->seen_cons = cons;
	port->seen_beat = beat;
	port->seen_taken = port->taken;
	return moved;
}

void xs_port_give(struct xs_port *port, const struct xsnf_desc *desc)
{
	port->b2n->ring[port->given++ & (port->entries - 1)] = *desc;
	port->held++;
	port->given_total++;
	port->dirty = true;
}

void xs_port_publish(struct xs_port *port, __u64 now_ns)
{
	if (port->dirty) {
		xsnf_store(&port->b2n->prod, port->given);
		port->dirty = false;
		port->quiet_ns = port->quiet_ns ? port->quiet_ns : now_ns;
	}
	if (port->given - port->announced >= WAKE_FRAMES || now_ns - port->quiet_ns >= WAKE_NS)
		xs_port_announce(port);
}

void xs_port_announce(struct xs_port *port)
{
	const char byte = 0;

	port->announced = port->given;
	port->quiet_ns = 0;
	/* If the socket is full, its bytes wake the other end as well as this one would. */
	if (xsnf_sleeps(&port->n2b->asleep))
		send(port->wake, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool xs_port_returned(struct xs_port *port, __u32 *cnt)
{
	__u32 returned = xsnf_load(&port->n2b->prod) - port->taken;

	*cnt = 0;
	if (returned > port->held) {
		port->bad = "it returned more packets than it holds";
		return false;
	}
	*cnt = returned;
	return true;
}

struct xsnf_desc xs_port_take(struct xs_port *port)
{
	struct xsnf_desc desc = port->n2b->ring[port->taken++ & (port->entries - 1)];

	/* From here on use the copy: the compiler must not read the NF's memory again. */
	__asm__ volatile("" : "+m"(desc) : : "memory");
	port->taken_total++;
	return desc;
}

void xs_port_set_asleep(struct xs_port *port, bool asleep)
{
	if (asleep)
		xsnf_set_asleep(&port->b2n->asleep);
	else
		__atomic_store_n(&port->b2n->asleep, 0, __ATOMIC_RELAXED);
}

void xs_port_drain_wakes(struct xs_port *port)
{
	xsnf_drain_wakes(port->wake);
}
