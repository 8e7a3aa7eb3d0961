/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The program of this build, opened and fitted to the running kernel and to the
 * number of queues; loaded or not. Knows nothing of pins or interfaces.
 */
#ifndef XS_PROGRAM_H
#define XS_PROGRAM_H

#include <linux/types.h>

#include "pins.h"

struct xsteer_bpf;

/* Multi-buffer XDP (Linux 5.18): probed by asking for its helper. */
bool xs_kernel_has_frags(void);

/*
 * Opens the embedded object and sizes its maps for `slots` queues. Caller
 * destroys it with xsteer_bpf__destroy(). NULL, logged, on failure (errno).
 */
struct xsteer_bpf *xs_program_open(struct xsteer_ctx *ctx, __u32 slots);

/*
 * The same maps as an instance's, so that the program can be loaded once more
 * beside it: all descriptors that are not -1 are reused, except `skip`
 * (a bit per enum xs_map). 0 or -errno, logged.
 */
int xs_program_reuse(struct xsteer_bpf *skel, const struct xs_pins *pins, __u32 skip);

/*
 * Loads it. If the kernel refuses, its verifier's words go to stderr.
 * Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged.
 */
int xs_program_load(struct xsteer_ctx *ctx, struct xsteer_bpf *skel);

/*
 * Whether a program that is loaded uses the map: an instance's own does, whatever
 * its version. Needs CAP_SYS_ADMIN; false if it cannot be told.
 */
bool xs_prog_uses_map(__u32 prog_id, __u32 map_id);

#endif
