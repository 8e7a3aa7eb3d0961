/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the engine's files call of each other. Each function is told a frame that is inside; the
 * caller holds the engine's lock.
 */
#ifndef XS_CHAIN_FRAME_WAY_H
#define XS_CHAIN_FRAME_WAY_H

#include "engine.h"

/* ---- frame_way.c ---- */

unsigned char *xs_frame_bytes(const struct xs_engine *e, __u32 frame);
/* Adds to the trace of the frame, if it has one. */
void xs_frame_trace(struct xs_engine *e, const struct xs_held *h, enum xs_trace_what what,
		    int value);
/* To a step (0 and more) or an end (XS_TO_*), and from there as far as it gets. */
void xs_frame_route(struct xs_engine *e, __u32 frame, int to);
/* Its end, as a loss at its step. */
void xs_frame_lose(struct xs_engine *e, __u32 frame, enum xs_loss loss);
/* Whether the port has room for all frames of the packet. */
bool xs_frame_fits(const struct xs_engine *e, const struct xs_port *port, __u32 frame);
/* To the port's NF, which must have room. */
void xs_frame_give(struct xs_engine *e, struct xs_port *port, __u32 frame);
/* Copies to the taps after this step; -1: those at the entry. */
void xs_frame_show(struct xs_engine *e, __u32 frame, int after);

/* Takes the first one out of the list, which is not empty. */
__u32 xs_frame_unwait(struct xs_engine *e, struct xs_waiting *list);
/* Finds a new way for every frame in the list. inside: they count as inside their bucket. */
__u32 xs_frames_route_again(struct xs_engine *e, struct xs_waiting *list, bool inside);
/* Moves buckets that can be moved, and those that wait for the service if it is offered now. */
__u32 xs_frames_move_buckets(struct xs_engine *e, __u32 service);

/* ---- engine_ports.c ---- */

/* Whether a bucket of the service's flows is the port's. */
bool xs_port_has_flows(const struct xs_engine *e, const struct xs_port *port);

/* ---- take_back.c ---- */

/* Takes what the port's NF has returned, until it is found to cheat. Returns how many. */
__u32 xs_port_take_all(struct xs_engine *e, struct xs_port *port);
/* The port and the bucket do not have the frame any more. */
void xs_frame_leave(struct xs_engine *e, struct xs_port *port, const struct xs_held *h);

#endif
