/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An engine of a broker of chains whose NFs are functions of the test. One at a time; its
 * account is compared after each turn. Every failure is one of cmocka's.
 */
#ifndef SELFTESTS_ENGINE_BENCH_H
#define SELFTESTS_ENGINE_BENCH_H

#include <stdbool.h>
#include <linux/types.h>

#include "tools/chain/engine.h"

enum { ENGINE_FRAMES = 1024, ENGINE_FRAME = 256 };

extern struct xs_engine *engine;
extern struct xs_chains engine_chains;
extern unsigned char engine_memory[ENGINE_FRAMES * ENGINE_FRAME];
extern __u32 engine_free_frames[ENGINE_FRAMES], engine_free_cnt; /* outside */
extern __u64 engine_sent, engine_dropped; /* frames, by their end */
extern bool engine_in_order; /* those that were sent, by the tags with which they entered */

/* With the chains of this file. */
void engine_begin(const char *text);
void engine_end(void);
void engine_check(void); /* its account */
/* A microsecond later. */
void engine_turn(void);

/* A UDP frame of that flow. */
void engine_enter(__u32 chain, __u32 flow, __u64 tag);
/* A packet of `cnt` such frames, of 64, 65, 66 and so on bytes. */
void engine_enter_long(__u32 chain, __u32 flow, __u32 cnt);
/* So many into the first chain, each of its own flow and tag. */
void engine_enter_many(__u32 cnt);

/* ---- NFs ---- */

/* What the NF has read and returned so far, by port. */
extern __u32 nf_cons[XS_PORTS_MAX], nf_prod[XS_PORTS_MAX];

/* An instance of the service joins. Its exits: miss, and one that the service does not have. */
struct xs_port *engine_join(const char *service);
__u32 nf_waiting(const struct xs_port *port);
struct xsnf_desc nf_take(const struct xs_port *port);
void nf_return(struct xs_port *port, struct xsnf_desc desc, __u8 verdict);
/* Answers all that it was given. Returns how many. */
__u32 nf_answer(struct xs_port *port, __u8 verdict);

#endif
