/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The frames of a replay: those of a capture or made ones, one after another; and a
 * capture of those that came out, in the order in which they went in.
 */
#ifndef XS_CHAIN_LOAD_H
#define XS_CHAIN_LOAD_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

#include "lib/base/ctx.h"

#define XS_LOAD_FLOWS 1024 /* of made frames */

struct xs_load_frame {
	unsigned char *bytes; /* NULL: it was dropped */
	__u32 len;
	__u64 sec, nsec;
};

struct xs_load {
	__u64 cnt; /* frames */
	__u32 size; /* of made ones; 0: of a capture */
	struct xs_load_frame *frames; /* of a capture: what went in, then what came out */
	__u64 room;
	__u32 cut; /* were shorter in the capture than on the wire */
};

/* All frames of a capture (pcap or pcapng, Ethernet). 0 or -errno, logged. */
int xs_load_read(struct xsteer_ctx *ctx, struct xs_load *load, const char *path);
/* "SIZE:COUNT": 60 to 1518 bytes. 0 or -EINVAL, silent. */
int xs_load_parse(struct xs_load *load, const char *text);
void xs_load_free(struct xs_load *load);

/* Length of frame i; and its bytes into `to`, which has room for them. */
__u32 xs_load_len(const struct xs_load *load, __u64 i);
void xs_load_copy(const struct xs_load *load, __u64 i, unsigned char *to);

/* What became of frame i; bytes NULL: nothing came out. 0 or -ENOMEM. Of a capture only. */
int xs_load_set(struct xs_load *load, __u64 i, const unsigned char *bytes, __u32 len);

/* Writes what came out as pcap. 0 or -errno, logged. */
int xs_load_write(struct xsteer_ctx *ctx, const struct xs_load *load, const char *path);

#endif
