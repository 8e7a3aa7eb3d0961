/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The program of this build, opened and adapted to the running kernel and the number of
 * queues; loaded or not. Knows nothing of pins or interfaces.
 */
#ifndef XS_PROGRAM_H
#define XS_PROGRAM_H

#include <linux/types.h>

#include "pins.h"

struct bpf_object;
struct bpf_object_skeleton;
struct xsteer_bpf;

/* Whether the kernel has multi-buffer XDP (Linux 5.18). Found out by probing for its helper. */
bool xs_kernel_has_frags(void);

/*
 * Opens the embedded object and sizes its maps for `slots` queues. The caller destroys
 * it with xsteer_bpf__destroy(). NULL, logged, on failure (errno).
 */
struct xsteer_bpf *xs_program_open(struct xsteer_ctx *ctx, __u32 slots);

/*
 * Makes the program use the maps of an instance, so that it can be loaded a second time
 * beside it. Reuses all descriptors that are not -1, except those in `skip` (a bit for
 * each enum xs_map). 0 or -errno, logged.
 */
int xs_program_reuse(struct bpf_object *object, const struct xs_pins *pins, __u32 skip);

/*
 * Loads the one program of an opened skeleton (skel->skeleton). If the kernel refuses,
 * quotes the verifier's log. Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged.
 */
int xs_program_load(struct xsteer_ctx *ctx, struct bpf_object_skeleton *skeleton);

/* The kernel's number of a loaded program. 0 or -errno, silently. */
int xs_prog_id(int fd, __u32 *id);

/*
 * Whether a loaded program uses the map. An instance's own program does, whatever its
 * version. Needs CAP_SYS_ADMIN. False also if this cannot be found out.
 */
bool xs_prog_uses_map(__u32 prog_id, __u32 map_id);

/*
 * The map of that name (15 bytes at most) that a loaded program uses. Returns a descriptor,
 * which the caller closes, or -errno, silently. Needs CAP_SYS_ADMIN.
 */
int xs_prog_map_named(__u32 prog_id, const char *name);

#endif
