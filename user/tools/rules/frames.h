/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ethernet frames from a capture file or from hex text. */
#ifndef XS_FRAMES_H
#define XS_FRAMES_H

#include "lib/base/frames.h"
#include "tools/cli/cli.h"

/* Appends a copy of `bytes`. 0 or -ENOMEM, logged. */
int xs_frames_add(struct xs_cli *cli, struct xs_frames *frames, const void *bytes, __u32 len);

/*
 * Appends every packet of a capture file (pcap or pcapng, Ethernet; "-": standard
 * input). A packet that was cut at capture is taken as it is, with a warning.
 * Of a file that ends within a packet, or that is damaged there, the packets before
 * it: frames->broken then says so, for the caller to log below what it prints of
 * them. 0 or -errno, logged; a file without one whole packet is such an error.
 */
int xs_frames_read_pcap(struct xs_cli *cli, struct xs_frames *frames, const char *path);

/* Appends one frame; digits may be separated by space, ':' or '-'. 0 or -EINVAL, logged. */
int xs_frames_read_hex(struct xs_cli *cli, struct xs_frames *frames, const char *text);

void xs_frames_free(struct xs_frames *frames);

#endif
