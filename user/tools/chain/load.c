// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Captures and generated frames for a replay; see load.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "lib/base/number.h"
#include "load.h"

#define SNAP 65535

/*
 * ---- captures ----
 */

static int add_frame(struct xsteer_ctx *ctx, struct xs_load *load, const struct pcap_pkthdr *header,
		     const unsigned char *bytes)
{
	struct xs_load_frame *frame;

	if (load->cnt == load->room) {
		__u64 room = load->room ? 2 * load->room : 1024;
		struct xs_load_frame *more = realloc(load->frames, room * sizeof(*more));

		if (!more)
			goto no_memory;
		load->frames = more;
		load->room = room;
	}
	frame = &load->frames[load->cnt];
	frame->bytes = malloc(header->caplen ? header->caplen : 1);
	if (!frame->bytes)
		goto no_memory;
	memcpy(frame->bytes, bytes, header->caplen);
	frame->len = header->caplen;
	frame->sec = (__u64)header->ts.tv_sec;
	frame->nsec = (__u64)header->ts.tv_usec; /* opened with nanoseconds */
	load->cut += header->caplen < header->len;
	load->cnt++;
	return 0;
no_memory:
	xs_err(ctx, "not enough memory for frame %llu of the capture", load->cnt + 1);
	return -ENOMEM;
}

static int read_frames(struct xsteer_ctx *ctx, struct xs_load *load, const char *path, pcap_t *pcap)
{
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	int got, err = 0;

	while (!err && (got = pcap_next_ex(pcap, &header, &bytes)) == 1)
		err = add_frame(ctx, load, header, bytes);
	if (!err && got == PCAP_ERROR) {
		xs_err(ctx, "%s: cannot read frame %llu: %s", path, load->cnt + 1,
		       pcap_geterr(pcap));
		err = -EINVAL;
	}
	if (load->cut)
		xs_warn(ctx, "%s: %u of %llu frames were cut at capture", path, load->cut,
			load->cnt);
	return err;
}

int xs_load_read(struct xsteer_ctx *ctx, struct xs_load *load, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	int err;

	if (!pcap) {
		/* libpcap begins with the path if it cannot open it, else not */
		xs_err(ctx, "cannot read %s%s%s", strncmp(why, path, strlen(path)) ? path : "",
		       strncmp(why, path, strlen(path)) ? ": " : "", why);
		return -EINVAL;
	}
	if (pcap_datalink(pcap) == DLT_EN10MB) {
		err = read_frames(ctx, load, path, pcap);
	} else {
		xs_err(ctx, "%s: its frames are not Ethernet", path);
		err = -EINVAL;
	}
	pcap_close(pcap);
	return err;
}

int xs_load_set(struct xs_load *load, __u64 i, const unsigned char *bytes, __u32 len)
{
	struct xs_load_frame *frame = &load->frames[i];
	unsigned char *copy = NULL;

	if (bytes) {
		copy = malloc(len ? len : 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, bytes, len);
	}
	free(frame->bytes);
	frame->bytes = copy;
	frame->len = len;
	return 0;
}

static void dump_frames(const struct xs_load *load, pcap_dumper_t *dumper)
{
	for (__u64 i = 0; i < load->cnt; i++) {
		const struct xs_load_frame *frame = &load->frames[i];
		struct pcap_pkthdr header = { .caplen = frame->len, .len = frame->len };

		if (!frame->bytes)
			continue;
		header.ts.tv_sec = (time_t)frame->sec;
		header.ts.tv_usec = (suseconds_t)frame->nsec;
		pcap_dump((unsigned char *)dumper, &header, frame->bytes);
	}
}

int xs_load_write(struct xsteer_ctx *ctx, const struct xs_load *load, const char *path)
{
	pcap_t *pcap =
		pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP, PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *dumper = pcap ? pcap_dump_open(pcap, path) : NULL;
	int err = 0;

	if (dumper) {
		dump_frames(load, dumper);
		if (pcap_dump_flush(dumper))
			err = -EIO;
		pcap_dump_close(dumper);
	} else {
		err = -EIO;
	}
	if (err)
		xs_err(ctx, "cannot write %s: %s", path,
		       pcap && !dumper ? pcap_geterr(pcap) : "is the disk full?");
	if (pcap)
		pcap_close(pcap);
	return err;
}

void xs_load_free(struct xs_load *load)
{
	for (__u64 i = 0; load->frames && i < load->cnt; i++)
		free(load->frames[i].bytes);
	free(load->frames);
	memset(load, 0, sizeof(*load));
}

/*
 * ---- generated frames ----
 */

int xs_load_parse(struct xs_load *load, const char *text)
{
	const char *colon = strchr(text, ':');
	char size_text[16];
	__u64 size, cnt;

	if (!colon || (size_t)(colon - text) >= sizeof(size_text))
		return -EINVAL;
	memcpy(size_text, text, (size_t)(colon - text));
	size_text[colon - text] = '\0';
	if (xs_parse_u64(size_text, 60, XS_LOAD_SIZE_MAX, &size) ||
	    xs_parse_u64(colon + 1, 1, ~0ull, &cnt))
		return -EINVAL;
	load->size = (__u32)size;
	load->cnt = cnt;
	return 0;
}

static void put16(unsigned char *p, __u32 value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

static __u16 ip_checksum(const unsigned char *ip)
{
	__u32 sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (__u32)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16) ~(sum + (sum >> 16));
}

/* UDP over IPv4, of one of XS_LOAD_FLOWS flows. The frame's number is in the payload. */
static void make_frame(const struct xs_load *load, __u64 i, unsigned char *to)
{
	static const unsigned char start[] = { 2,    0, 0, 0, 0,  2, 2, 0, 0,  0,  0, 1,
					       8,    0, /* Ethernet */
					       0x45, 0, 0, 0, 0,  0, 0, 0, 64, 17, 0, 0, /* IPv4 */
					       10,   0, 0, 1, 10, 0, 0, 2 };

	memset(to, 0, load->size);
	memcpy(to, start, sizeof(start));
	put16(to + 16, load->size - 14);
	put16(to + 28, (__u32)(i % XS_LOAD_FLOWS) >> 4);
	put16(to + 24, ip_checksum(to + 14));
	put16(to + 34, 1024 + (__u32)(i % XS_LOAD_FLOWS));
	put16(to + 36, 9);
	put16(to + 38, load->size - 34);
	memcpy(to + 42, &i, sizeof(i));
}

__u32 xs_load_len(const struct xs_load *load, __u64 i)
{
	return load->size ? load->size : load->frames[i].len;
}

void xs_load_copy(const struct xs_load *load, __u64 i, unsigned char *to)
{
	if (load->size)
		make_frame(load, i, to);
	else
		memcpy(to, load->frames[i].bytes, load->frames[i].len);
}
