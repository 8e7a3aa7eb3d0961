// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads Ethernet frames from a capture file or from hex text; see capture.h. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "tools/cli/cli.h"
#include "capture.h"

#define FRAME_MAX 65535

int xs_frames_add(struct xs_cli *cli, struct xs_frames *frames, const void *bytes, __u32 len)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (copy && frames->cnt == frames->max) {
		__u32 max = frames->max ? 2 * frames->max : 64;
		struct xs_frame *more = realloc(frames->frames, max * sizeof(*more));

		if (!more) {
			free(copy);
			copy = NULL;
		} else {
			frames->frames = more;
			frames->max = max;
		}
	}
	if (!copy) {
		xs_err(cli->ctx, "not enough memory for %u frames", frames->cnt + 1);
		return -ENOMEM;
	}
	memcpy(copy, bytes, len);
	frames->frames[frames->cnt++] = (struct xs_frame){ .len = len, .bytes = copy };
	return 0;
}

/* Stores what the library says about the packet after the last whole one. */
static int note_broken(struct xs_cli *cli, struct xs_frames *frames, const char *path,
		       const char *why)
{
	bool ends = !strncmp(why, "truncated", 9);

	if (asprintf(&frames->broken, "%s%s packet %u%s: %s", path, ends ? " ends within" : ":",
		     frames->cnt, ends ? "" : " cannot be read", why) < 0) {
		frames->broken = NULL;
		xs_err(cli->ctx, "not enough memory");
		return -ENOMEM;
	}
	if (frames->cnt)
		return 0;
	xs_err(cli->ctx, "%s", frames->broken);
	return -EINVAL;
}

static int read_packets(struct xs_cli *cli, struct xs_frames *frames, const char *path,
			pcap_t *pcap)
{
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	__u32 cut = 0;
	int got, err = 0;

	while (!err && (got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		cut += header->caplen < header->len;
		err = xs_frames_add(cli, frames, bytes, header->caplen);
	}
	if (!err && got == PCAP_ERROR)
		err = note_broken(cli, frames, path, pcap_geterr(pcap));
	if (cut)
		xs_warn(cli->ctx, "%s: %u of %u packets were cut at capture and may look malformed",
			path, cut, frames->cnt);
	return err;
}

int xs_frames_read_pcap(struct xs_cli *cli, struct xs_frames *frames, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, why);
	int err;

	if (!pcap) {
		xs_err(cli->ctx, "cannot read %s: %s", path, why);
		return -EINVAL;
	}
	if (pcap_datalink(pcap) == DLT_EN10MB) {
		err = read_packets(cli, frames, path, pcap);
	} else {
		const char *link = pcap_datalink_val_to_name(pcap_datalink(pcap));

		xs_err(cli->ctx,
		       "%s has link type %s, not Ethernet: capture on the interface itself "
		       "('tcpdump -i IF', not 'any')",
		       path, link ? link : "unknown");
		err = -EINVAL;
	}
	pcap_close(pcap);
	return err;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int xs_frames_read_hex(struct xs_cli *cli, struct xs_frames *frames, const char *text)
{
	unsigned char bytes[FRAME_MAX];
	size_t len = 0;

	for (const char *c = text; *c;) {
		int high, low;

		if (isspace((unsigned char)*c) || *c == ':' || *c == '-') {
			c++;
			continue;
		}
		high = hex_digit(c[0]);
		low = high < 0 ? -1 : hex_digit(c[1]);
		if (low < 0) {
			xs_err(cli->ctx, "--hex: '%.8s' at character %zu is not two hex digits", c,
			       (size_t)(c - text) + 1);
			return -EINVAL;
		}
		if (len == sizeof(bytes)) {
			xs_err(cli->ctx, "--hex: a frame has at most %u bytes", FRAME_MAX);
			return -EINVAL;
		}
		bytes[len++] = (unsigned char)(high << 4 | low);
		c += 2;
	}
	return xs_frames_add(cli, frames, bytes, (__u32)len);
}

void xs_frames_free(struct xs_frames *frames)
{
	for (__u32 i = 0; i < frames->cnt; i++)
		free(frames->frames[i].bytes);
	free(frames->frames);
	free(frames->broken);
	*frames = (struct xs_frames){};
}
