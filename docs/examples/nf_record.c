/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function for a tap: writes the packets that it sees to a pcapng file, with the
 * time at which it saw them. Declare it as `service record tap`, so that no packet waits
 * for the disk: what it is too slow for is counted as missed.
 *
 *	nf_record -d eth0 -- FILE [BYTES]		BYTES of each packet at most
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xsteer/nf.h>

#define SNAP_MAX 65535
#define ETHERNET 1
#define PADDED(len) (((len) + 3u) & ~3u)

struct record {
	FILE *file;
	__u32 snap;
	bool failed;
};

static void put(struct record *record, const void *bytes, size_t len)
{
	record->failed |= fwrite(bytes, 1, len, record->file) != len;
}

/* pcapng, section 4: a section of unknown length, and one interface with times in ns. */
static void put_header(struct record *record)
{
	const __u32 section[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, ~0u, ~0u, 28 };
	const __u32 interface[] = { 1, 32, ETHERNET, record->snap, 9 | 1 << 16, 9, 0, 32 };

	put(record, section, sizeof(section));
	put(record, interface, sizeof(interface));
}

static __u32 min(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/* The first `len` bytes, from as many frames as they are in. */
static void put_bytes(struct record *record, const struct xsnf *nf,
		      const struct xsnf_packet *packet, __u32 len)
{
	__u32 left = len - min(len, packet->len);
	struct xsnf_part part = {};

	put(record, packet->data, len - left);
	while (left && xsnf_next_part(nf, packet, &part)) {
		put(record, part.data, min(left, part.len));
		left -= min(left, part.len);
	}
}

static void put_packet(struct record *record, const struct xsnf *nf,
		       const struct xsnf_packet *packet, __u64 now_ns)
{
	__u32 total = xsnf_total(packet), len = min(total, record->snap);
	__u32 block = 32 + PADDED(len);
	const __u32 head[] = { 6, block, 0, (__u32)(now_ns >> 32), (__u32)now_ns, len, total };
	const char padding[4] = "";

	put(record, head, sizeof(head));
	put_bytes(record, nf, packet, len);
	put(record, padding, PADDED(len) - len);
	put(record, &block, sizeof(block));
}

static void on_batch(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	struct record *record = xsnf_data(nf);
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts); /* one look for all of them */
	for (__u32 i = 0; i < cnt; i++) {
		put_packet(record, nf, &packets[i],
			   (__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec);
		packets[i].verdict = XSNF_NEXT;
	}
}

static void on_tick(struct xsnf *nf)
{
	const struct record *record = xsnf_data(nf);

	fflush(record->file); /* who reads along sees it within a second */
}

static int parse_options(void *data, int argc, char **argv)
{
	struct record *record = data;

	if (argc != 2 && argc != 3)
		return -1;
	record->snap = argc == 3 ? (__u32)strtoul(argv[2], NULL, 10) : SNAP_MAX;
	if (!record->snap || record->snap > SNAP_MAX)
		return -1;
	record->file = fopen(argv[1], "wbe");
	if (!record->file) {
		perror(argv[1]);
		return -1;
	}
	put_header(record);
	return 0;
}

int main(int argc, char **argv)
{
	struct record record = {};
	const struct xsnf_ops ops = {
		.service = "record",
		.flags = XSNF_MULTI,
		.batch = on_batch,
		.tick = on_tick,
		.tick_ms = 1000,
		.options = parse_options,
		.usage = "FILE [BYTES]",
		.data = &record,
	};
	int status = xsnf_main(argc, argv, &ops);

	if (record.file && (fclose(record.file) || record.failed)) {
		fprintf(stderr, "nf_record: not all could be written\n");
		return 1;
	}
	return status;
}
