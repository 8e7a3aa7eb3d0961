/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The frames of a replay, from a capture or generated, one after another; and a capture
 * of those that came out, in the order in which they went in.
 */
#ifndef XS_CHAIN_LOAD_H
#define XS_CHAIN_LOAD_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

#include "lib/base/ctx.h"

#define XS_LOAD_FLOWS 1024 /* of generated frames */
#define XS_LOAD_SIZE_MAX 9216 /* likewise: a jumbo frame */

struct xs_load_frame {
	unsigned char *bytes; /* NULL: it was dropped */
	__u32 len;
	__u64 sec, nsec;
};

struct xs_load {
	__u64 cnt; /* frames */
	__u32 size; /* of generated frames; 0: from a capture */
	struct xs_load_frame *frames; /* from a capture: what went in, then what came out */
	__u64 room;
	__u32 cut; /* frames that were cut short in the capture */
};

/* Reads all frames of a capture (pcap or pcapng, Ethernet). 0 or -errno, logged. */
int xs_load_read(struct xsteer_ctx *ctx, struct xs_load *load, const char *path);
/* Parses "SIZE:COUNT", with SIZE from 60 to XS_LOAD_SIZE_MAX bytes. 0 or -EINVAL, silent. */
int xs_load_parse(struct xs_load *load, const char *text);
void xs_load_free(struct xs_load *load);

/* The length of frame i; and its bytes, copied to `to`, which has room for them. */
__u32 xs_load_len(const struct xs_load *load, __u64 i);
void xs_load_copy(const struct xs_load *load, __u64 i, unsigned char *to);

/*
 * Stores the outcome of frame i; bytes NULL: nothing came out. Only with a capture. 0
 * or -ENOMEM.
 */
int xs_load_set(struct xs_load *load, __u64 i, const unsigned char *bytes, __u32 len);

/* Writes the frames that came out as pcap. 0 or -errno, logged. */
int xs_load_write(struct xsteer_ctx *ctx, const struct xs_load *load, const char *path);

#endif
