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
struct bpf_program;
struct xsteer_bpf;

/* Whether the kernel has multi-buffer XDP (Linux 5.18). Found out by probing for its helper. */
bool xs_kernel_has_frags(void);

/*
 * Whether the kernel has what the program with limits and dynamic sets is made of: bpf_loop()
 * (Linux 5.17). Without it there is the basic one. Without the right to load programs: true.
 */
bool xs_kernel_has_limits(void);

/*
 * Whether the kernel tells XDP programs the state of a connection: it has bpf_xdp_ct_lookup()
 * (Linux 5.18), in itself or in the module nf_conntrack, which must be loaded. Needs CAP_SYS_ADMIN
 * to look into a module; without it: false.
 */
bool xs_kernel_tells_connections(void);

/*
 * Is this -errno of a load the verifier's answer to the program, rather than a right or memory
 * that is missing?
 */
bool xs_is_verifiers_refusal(int err);

/*
 * Has an opened program loaded as one for a link, whatever else fails: a link takes no program
 * of another attach type than its own.
 */
void xs_program_set_attach_type(struct bpf_program *prog);

/*
 * Opens one of the embedded objects and sizes its maps for `slots` queues: the one that searches
 * sets up to this layout. That is the program with the kernel's connections, that without, or the
 * basic one, without limits and dynamic sets; maps and variables are the same in all. The caller
 * destroys it with xsteer_bpf__destroy(). NULL, logged, on failure (errno).
 */
struct xsteer_bpf *xs_program_open(struct xsteer_ctx *ctx, __u32 slots, __u32 set_layout);

/* The highest layout that the next smaller program searches, where the kernel refuses this one. */
__u32 xs_program_lower_layout(__u32 set_layout);

/* What is done to an opened program before it is loaded. 0 or -errno, logged. */
typedef int (*xs_program_prepare_fn)(struct xsteer_bpf *skel, void *arg);

/*
 * Opens the program and loads it: the one with the most that the kernel does not refuse. prepare() may be NULL; it is called for each program that is tried. Needs
 * CAP_BPF and CAP_NET_ADMIN. *set_layout is the highest layout of sets that the program searches
 * (maps/rule_set.h). The caller destroys the result. NULL, logged, on failure (errno).
 *
 * Read nothing from its skel->rodata and skel->bss: libbpf leaves them NULL where it could not
 * learn whether the kernel maps arrays into memory, be it for want of a descriptor.
 */
struct xsteer_bpf *xs_program_make(struct xsteer_ctx *ctx, __u32 slots,
				   xs_program_prepare_fn prepare, void *arg, __u32 *set_layout);

/*
 * Makes the program use the maps of an instance, so that it can be loaded a second time
 * beside it. Reuses all descriptors that are not -1, except those in `skip` (a bit for
 * each enum xs_map). 0 or -errno, logged.
 */
int xs_program_reuse(struct bpf_object *object, const struct xs_pins *pins, __u32 skip);

/*
 * Loads the one program of an opened skeleton (skel->skeleton). If the kernel refuses,
 * quotes the verifier's reason. Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged.
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
