/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads Ethernet frames from a capture file or from hex text. */
#ifndef XS_CAPTURE_H
#define XS_CAPTURE_H

#include "lib/base/frames.h"
#include "tools/cli/cli.h"

/* Appends a frame: a copy of `bytes`, of which `there` are, and zeros up to `len`. 0 or -ENOMEM, logged. */
int xs_frames_add(struct xs_cli *cli, struct xs_frames *frames, const void *bytes, __u32 there,
		  __u32 len);

/*
 * Appends every packet of a capture file (pcap or pcapng, Ethernet; "-": standard
 * input). A packet that was cut at capture gets zeros up to its length, with a warning for
 * all of them. If the file is damaged or ends within a packet, appends the packets before that, and sets
 * frames->broken, which the caller logs after its output for those packets. 0 or
 * -errno, logged; a file without one whole packet is an error.
 */
int xs_frames_read_pcap(struct xs_cli *cli, struct xs_frames *frames, const char *path);

/*
 * Appends one frame; digits may be separated by space, ':' or '-', or be lines of 'tcpdump
 * -xx' or -XX. 0 or -EINVAL, logged.
 */
int xs_frames_read_hex(struct xs_cli *cli, struct xs_frames *frames, const char *text);

void xs_frames_free(struct xs_frames *frames);

#endif
