// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The index from a protocol or a port to the tables that may hold a match. */
#include <errno.h>
#include <stdlib.h>

#include "steps.h"

#define PORT_VALUES (XS_KEY_NO_PORT + 1)

typedef struct xs_span (*span_fn)(const struct xs_box *box);

static struct xs_span sport_span(const struct xs_box *box)
{
	return (struct xs_span){ box->port_lo[0], box->port_hi[0], 0 };
}

static struct xs_span dport_span(const struct xs_box *box)
{
	return (struct xs_span){ box->port_lo[1], box->port_hi[1], 0 };
}

static struct xs_span proto_span(const struct xs_box *box)
{
	return (struct xs_span){ box->proto_lo, box->proto_hi, 0 };
}

/*
 * Fills tables[value] for a field that is not an address. *differ: whether the values
 * differ in tables.
 */
static int sweep_field(const struct xs_compiler *c, span_fn span_of, __u32 cnt, __u64 *tables,
		       bool *differ)
{
	struct xs_span *spans = malloc((c->boxes.cnt + 1) * sizeof(*spans));
	int err;

	if (!spans)
		return -ENOMEM;
	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		spans[i] = span_of(&c->boxes.box[i]);
		spans[i].table = xs_table_of_box(c, &c->boxes.box[i]);
	}
	err = xs_spans_sweep(tables, cnt, spans, c->boxes.cnt);
	free(spans);
	*differ = false;
	for (__u32 i = 1; !err && i < cnt; i++)
		*differ |= tables[i] != tables[0];
	return err;
}

int xs_protocols_index(struct xs_compiler *c)
{
	__u32 offset;
	bool differ;
	int err = xs_chunks_place_first(&c->chunks, 256 * sizeof(__u64), 64, &offset);

	if (!err)
		err = sweep_field(c, proto_span, 256, xs_chunks_at(&c->chunks, 0, offset), &differ);
	if (err)
		return err;
	xs_header(c)->proto_classes = offset;
	if (differ)
		xs_header(c)->flags |= XS_SET_PROTO;
	return 0;
}

static int index_port(struct xs_compiler *c, int side)
{
	__u64 *tables = malloc(PORT_VALUES * sizeof(*tables));
	__u32 *class = malloc(PORT_VALUES * sizeof(*class));
	__u32 offset;
	__u8 *to;
	bool differ;
	int err = -ENOMEM;

	if (!tables || !class)
		goto out;
	err = sweep_field(c, side ? dport_span : sport_span, PORT_VALUES, tables, &differ);
	if (err || !differ)
		goto out;
	err = xs_chunks_place_first(&c->chunks, 256 * sizeof(__u64), 64, &offset);
	if (err)
		goto out;
	xs_header(c)->port_classes[side] = offset;
	if (xs_classes_make(class, xs_chunks_at(&c->chunks, 0, offset), 256, tables, PORT_VALUES) <
	    0)
		err = -ENOMEM;
	if (!err)
		err = xs_chunks_place_first(&c->chunks, PORT_VALUES, 64, &offset);
	if (err)
		goto out;
	xs_header(c)->ports[side] = offset;
	to = xs_chunks_at(&c->chunks, 0, offset);
	for (__u32 i = 0; i < PORT_VALUES; i++)
		to[i] = class[i];
	xs_header(c)->flags |= side ? XS_SET_DPORT : XS_SET_SPORT;
out:
	free(tables);
	free(class);
	return err;
}

int xs_ports_index(struct xs_compiler *c)
{
	int err = 0;

	for (int side = 0; side < 2 && !err; side++)
		err = index_port(c, side);
	return err;
}
