// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Writes pcapng (draft-ietf-opsawg-pcapng); see pcapng.h. Numbers in this machine's order. */
#include <string.h>

#include "version.h"
#include "pcapng.h"

enum block {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6, /* an Enhanced Packet Block */
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_SHB_USERAPPL = 4,
	OPTION_EPB_QUEUE = 6,
	OPTION_EPB_VERDICT = 7,
	OPTION_ISB_IFRECV = 4,
	OPTION_ISB_IFDROP = 5,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define LENGTH_NOT_KNOWN ~0ULL
#define LINKTYPE_ETHERNET 1
#define RESOLUTION_NS 9 /* 10^-9 s */
#define VERDICT_OF_XDP 2 /* "Linux_eBPF_XDP" */

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static void put(FILE *out, const void *bytes, size_t len)
{
	static const char zeroes[4];

	fwrite(bytes, 1, len, out);
	fwrite(zeroes, 1, padded(len) - len, out);
}

static void put_u32(FILE *out, __u32 value)
{
	put(out, &value, sizeof(value));
}

static void put_u64(FILE *out, __u64 value)
{
	put(out, &value, sizeof(value));
}

static size_t option_bytes(size_t len)
{
	return 4 + padded(len);
}

static void put_option(FILE *out, enum option code, const void *value, size_t len)
{
	const __u16 head[2] = { code, (__u16)len };

	put(out, head, sizeof(head));
	put(out, value, len);
}

/* A block's type, length, body, and length again. The body has `bytes`. */
static void begin_block(FILE *out, enum block type, size_t bytes)
{
	put_u32(out, type);
	put_u32(out, (__u32)bytes + 12);
}

static void end_block(FILE *out, size_t bytes)
{
	put_u32(out, (__u32)bytes + 12);
}

void xs_pcapng_begin(FILE *out, const char *ifname, __u32 snap)
{
	static const char tool[] = "xsteer-rules " XS_VERSION_TEXT;
	const __u16 version[2] = { 1, 0 }, link[2] = { LINKTYPE_ETHERNET, 0 };
	const unsigned char resolution = RESOLUTION_NS;
	size_t bytes = 16 + option_bytes(sizeof(tool) - 1) + option_bytes(0);

	begin_block(out, BLOCK_SECTION, bytes);
	put_u32(out, BYTE_ORDER_MAGIC);
	put(out, version, sizeof(version));
	put_u64(out, LENGTH_NOT_KNOWN);
	put_option(out, OPTION_SHB_USERAPPL, tool, sizeof(tool) - 1);
	put_option(out, OPTION_END, "", 0);
	end_block(out, bytes);

	bytes = 8 + option_bytes(strlen(ifname)) + option_bytes(1) + option_bytes(0);
	begin_block(out, BLOCK_INTERFACE, bytes);
	put(out, link, sizeof(link));
	put_u32(out, snap);
	put_option(out, OPTION_IF_NAME, ifname, strlen(ifname));
	put_option(out, OPTION_IF_TSRESOL, &resolution, 1);
	put_option(out, OPTION_END, "", 0);
	end_block(out, bytes);
}

void xs_pcapng_frame(FILE *out, const struct xs_pcapng_frame *frame)
{
	const __u64 xdp = frame->xdp;
	unsigned char verdict[1 + sizeof(xdp)] = { VERDICT_OF_XDP };
	size_t bytes = 20 + padded(frame->captured) + option_bytes(strlen(frame->comment)) +
		       option_bytes(sizeof(frame->queue)) + option_bytes(sizeof(verdict)) +
		       option_bytes(0);

	memcpy(verdict + 1, &xdp, sizeof(xdp));
	begin_block(out, BLOCK_PACKET, bytes);
	put_u32(out, 0); /* the interface */
	put_u32(out, frame->time_ns >> 32);
	put_u32(out, (__u32)frame->time_ns);
	put_u32(out, frame->captured);
	put_u32(out, frame->length);
	put(out, frame->bytes, frame->captured);
	put_option(out, OPTION_COMMENT, frame->comment, strlen(frame->comment));
	put_option(out, OPTION_EPB_QUEUE, &frame->queue, sizeof(frame->queue));
	put_option(out, OPTION_EPB_VERDICT, verdict, sizeof(verdict));
	put_option(out, OPTION_END, "", 0);
	end_block(out, bytes);
}

void xs_pcapng_end(FILE *out, __u64 time_ns, __u64 frames, __u64 missing)
{
	size_t bytes = 12 + 2 * option_bytes(8) + option_bytes(0);

	begin_block(out, BLOCK_STATISTICS, bytes);
	put_u32(out, 0); /* the interface */
	put_u32(out, time_ns >> 32);
	put_u32(out, (__u32)time_ns);
	put_option(out, OPTION_ISB_IFRECV, &frames, sizeof(frames));
	put_option(out, OPTION_ISB_IFDROP, &missing, sizeof(missing));
	put_option(out, OPTION_END, "", 0);
	end_block(out, bytes);
}
