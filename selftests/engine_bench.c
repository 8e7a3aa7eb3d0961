// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An engine whose NFs are functions of the test; see engine_bench.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "lib/chains/text.h"

struct xs_chains engine_chains;
unsigned char engine_memory[ENGINE_FRAMES * ENGINE_FRAME];
struct xs_engine *engine;
__u32 engine_free_frames[ENGINE_FRAMES], engine_free_cnt;
__u64 engine_sent, engine_dropped;
static __u64 last_tag;
bool engine_in_order;

static void done(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	struct xs_part parts[XS_PARTS_MAX];
	__u32 cnt;

	(void)arg;
	engine_sent += end == XS_TO_tx;
	engine_dropped += end == XS_TO_drop;
	if (end == XS_TO_tx) {
		engine_in_order &= held->tag >= last_tag;
		last_tag = held->tag;
	}
	cnt = xs_engine_parts(engine, frame, parts);
	for (__u32 i = 0; i < cnt; i++) {
		/* A worker gives the kernel an address, which must lie in the frame. */
		assert_true(parts[i].off < ENGINE_FRAME);
		engine_free_frames[engine_free_cnt++] = parts[i].frame;
	}
}

void engine_begin(const char *text)
{
	static struct xs_chain_findings findings;
	const struct xs_engine_config config = { .chains = &engine_chains,
						 .frames = engine_memory,
						 .frame_cnt = ENGINE_FRAMES,
						 .frame_size = ENGINE_FRAME,
						 .headroom = 16,
						 .done = done };

	assert_int_equal(xs_chains_parse(&engine_chains, text, strlen(text), &findings), 0);
	assert_int_equal(xs_engine_make(&engine, &config), 0);
	engine_free_cnt = 0;
	for (__u32 i = 0; i < ENGINE_FRAMES; i++)
		engine_free_frames[engine_free_cnt++] = i;
	engine_sent = engine_dropped = last_tag = 0;
	engine_in_order = true;
}

void engine_check(void)
{
	char why[256] = "";

	if (!xs_engine_balanced(engine, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(engine_free_cnt + xs_engine_inside(engine), ENGINE_FRAMES);
}

void engine_end(void)
{
	engine_check();
	xs_engine_free(engine);
	engine = NULL;
}

/* ---- NFs ---- */

static struct xs_port *join_again(const char *service)
{
	int i = xs_chains_service(&engine_chains, service);
	static __u32 instance;
	const struct xs_port_config config = { .service = &engine_chains.services[i],
					       .service_index = (__u32)i,
					       .instance = instance + 1,
					       .frame_cnt = ENGINE_FRAMES,
					       .frame_size = ENGINE_FRAME,
					       .headroom = 16 };
	struct xs_port *port;

	instance++;
	assert_int_equal(xs_port_make(&port, &config), 0);
	port->exit_cnt = 2;
	port->exit_of[0] = (__s8)xs_service_exit(&engine_chains.services[i], "miss");
	port->exit_of[1] = -1;
	assert_int_equal(xs_engine_add_port(engine, port), 0);
	return port;
}

/* What the NF has read so far, by port. This is the NF's own state. */
__u32 nf_cons[XS_PORTS_MAX], nf_prod[XS_PORTS_MAX];

struct xs_port *engine_join(const char *service)
{
	struct xs_port *port = join_again(service);

	nf_cons[port->id] = nf_prod[port->id] = 0;
	return port;
}

__u32 nf_waiting(const struct xs_port *port)
{
	return port->b2n->prod - nf_cons[port->id];
}

struct xsnf_desc nf_take(const struct xs_port *port)
{
	return port->b2n->ring[nf_cons[port->id]++ & (port->entries - 1)];
}

void nf_return(struct xs_port *port, struct xsnf_desc desc, __u8 verdict)
{
	struct xsnf_n2b *n2b = port->n2b_memory.map;

	desc.verdict = verdict;
	n2b->ring[nf_prod[port->id]++ & (port->entries - 1)] = desc;
	n2b->prod = nf_prod[port->id];
}

/* The NF handles all frames that it was given. */
__u32 nf_answer(struct xs_port *port, __u8 verdict)
{
	__u32 cnt = 0;

	for (; nf_waiting(port); cnt++)
		nf_return(port, nf_take(port), verdict);
	return cnt;
}

void engine_turn(void)
{
	xs_engine_turn(engine, engine->now_ns + 1000);
	engine_check();
}

static __u32 make_frame(__u32 flow)
{
	__u32 frame = engine_free_frames[--engine_free_cnt];
	unsigned char *p = engine_memory + frame * ENGINE_FRAME + 64;

	memset(p, 0, 64);
	p[12] = 8;
	p[14] = 0x45;
	p[17] = 50;
	p[23] = 17;
	memcpy(p + 26, &flow, 4);
	p[34] = (unsigned char)(flow >> 8);
	p[35] = (unsigned char)flow;
	return frame;
}

void engine_enter(__u32 chain, __u32 flow, __u64 tag)
{
	xs_engine_enter(engine, chain, make_frame(flow), 64, 64, tag);
}

void engine_enter_long(__u32 chain, __u32 flow, __u32 cnt)
{
	struct xs_part parts[XS_PARTS_MAX];

	for (__u32 i = 0; i < cnt; i++)
		parts[i] = (struct xs_part){ make_frame(flow), 64, (__u16)(64 + i) };
	xs_engine_enter_parts(engine, chain, parts, cnt, 0);
}

void engine_enter_many(__u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++)
		engine_enter(0, i, i);
}
