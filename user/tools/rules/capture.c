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

int xs_frames_add(struct xs_cli *cli, struct xs_frames *frames, const void *bytes, __u32 there,
		  __u32 len)
{
	unsigned char *copy = calloc(len ? len : 1, 1);

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
	memcpy(copy, bytes, there);
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
		bool is_cut = header->caplen < header->len && header->len <= FRAME_MAX;

		cut += is_cut;
		err = xs_frames_add(cli, frames, bytes, header->caplen,
				    is_cut ? header->len : header->caplen);
	}
	if (!err && got == PCAP_ERROR)
		err = note_broken(cli, frames, path, pcap_geterr(pcap));
	if (cut)
		xs_warn(cli->ctx,
			"%s: %u of %u packets were cut at capture: "
			"they are taken at their whole length, with zeros for what is missing",
			path, cut, frames->cnt);
	return err;
}

/* What compressed the file; NULL: nothing that is known here. */
static const char *compressor_of(const char *path)
{
	static const struct {
		unsigned char magic[4];
		size_t len;
		const char *name;
	} known[] = {
		{ { 0x1f, 0x8b }, 2, "gzip" },
		{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, "zstd" },
		{ { 0xfd, '7', 'z', 'X' }, 4, "xz" },
		{ { 'B', 'Z', 'h' }, 3, "bzip2" },
	};
	unsigned char start[4] = {};
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : NULL;
	size_t got = file ? fread(start, 1, sizeof(start), file) : 0;

	if (file)
		fclose(file);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (got >= known[i].len && !memcmp(start, known[i].magic, known[i].len))
			return known[i].name;
	return NULL;
}

static const char *advice_for(int link)
{
	switch (link) {
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		return "capture on the interface itself ('tcpdump -i IF', not 'any')";
	case DLT_RAW:
	case DLT_NULL:
	case DLT_PPP:
		return "it is of an interface without Ethernet headers, such as a tunnel: "
		       "capture on the Ethernet interface below";
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
		return "it was taken in monitor mode: capture without it ('tcpdump' without -I)";
	case DLT_NFLOG:
		return "capture on the interface itself ('tcpdump -i IF', not 'nflog')";
	default:
		return "capture on an Ethernet interface";
	}
}

int xs_frames_read_pcap(struct xs_cli *cli, struct xs_frames *frames, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, why);
	int err;

	if (!pcap) {
		const char *compressor = compressor_of(path);

		if (compressor)
			xs_err(cli->ctx,
			       "%s is compressed: '%s -dc %s' writes out what --pcap - reads", path,
			       compressor, path);
		else
			xs_err(cli->ctx, "cannot read %s: %s", path, why);
		return -EINVAL;
	}
	if (pcap_datalink(pcap) == DLT_EN10MB) {
		err = read_packets(cli, frames, path, pcap);
	} else {
		const char *link = pcap_datalink_val_to_name(pcap_datalink(pcap));

		xs_err(cli->ctx, "%s has link type %s, not Ethernet: %s", path,
		       link ? link : "unknown", advice_for(pcap_datalink(pcap)));
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

/* Over "0x0010:", with which tcpdump begins a line; 0: there is none. */
static size_t offset_len(const char *c)
{
	size_t len = 2;

	if (c[0] != '0' || c[1] != 'x')
		return 0;
	while (hex_digit(c[len]) >= 0)
		len++;
	return len > 2 && c[len] == ':' ? len + 1 : 0;
}

/* One byte of the frame. */
static int take_byte(struct xs_cli *cli, const char *text, const char *c, unsigned char *bytes,
		     size_t len)
{
	int high = hex_digit(c[0]), low = high < 0 ? -1 : hex_digit(c[1]);

	if (low < 0)
		xs_err(cli->ctx, "--hex: '%.8s' at character %zu is not two hex digits", c,
		       (size_t)(c - text) + 1);
	else if (len == FRAME_MAX)
		xs_err(cli->ctx, "--hex: a frame has at most %u bytes", FRAME_MAX);
	else
		bytes[len] = (unsigned char)(high << 4 | low);
	return low < 0 || len == FRAME_MAX ? -EINVAL : 0;
}

int xs_frames_read_hex(struct xs_cli *cli, struct xs_frames *frames, const char *text)
{
	unsigned char bytes[FRAME_MAX];
	bool in_dump = false; /* in a line of tcpdump's, behind its offset and a byte */
	size_t len = 0;

	for (const char *c = text; *c;) {
		size_t offset = offset_len(c);

		if (offset) {
			c += offset + strspn(c + offset, " \t");
			in_dump = true;
		} else if (in_dump && c[0] == ' ' && c[1] == ' ') {
			c += strcspn(c, "\n"); /* the bytes once more, as characters */
		} else if (isspace((unsigned char)*c) || *c == ':' || *c == '-') {
			in_dump &= *c != '\n';
			c++;
		} else if (take_byte(cli, text, c, bytes, len)) {
			return -EINVAL;
		} else {
			len++;
			c += 2;
		}
	}
	return xs_frames_add(cli, frames, bytes, (__u32)len, (__u32)len);
}

void xs_frames_free(struct xs_frames *frames)
{
	for (__u32 i = 0; i < frames->cnt; i++)
		free(frames->frames[i].bytes);
	free(frames->frames);
	free(frames->broken);
	*frames = (struct xs_frames){};
}
