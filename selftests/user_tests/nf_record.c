// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_record.c: every byte of its file, for packets of every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "../nf_frames.h"

static int test_clock(clockid_t id, struct timespec *ts)
{
	(void)id;
	*ts = (struct timespec){ .tv_sec = 1800000000, .tv_nsec = 123456789 };
	return 0;
}

int record_main(int argc, char **argv);
#define main record_main
#define clock_gettime test_clock
#include "../../docs/examples/nf_record.c"
#undef clock_gettime
#undef main

#define NOW (1800000000ull * 1000000000 + 123456789)
#define HEADERS 60 /* of the section and of the interface */
enum { LEN_MAX = 9014 }; /* over six frames */

static struct record record;
static const struct xsnf_ops ops = { .service = "record",
				     .flags = XSNF_MULTI,
				     .batch = on_batch,
				     .tick = on_tick,
				     .data = &record };
static unsigned char file[1 << 20];

static int begin(void **state)
{
	(void)state;
	record = (struct record){ .snap = SNAP_MAX, .file = fmemopen(file, sizeof(file), "w") };
	if (record.file)
		put_header(&record);
	return !record.file;
}

static int end(void **state)
{
	(void)state;
	return fclose(record.file);
}

static __u32 word(size_t at)
{
	__u32 value;

	memcpy(&value, file + at, sizeof(value));
	return value;
}

static void record_packet(unsigned char *data, __u32 len)
{
	struct xsnf_test_packet packet = { .data = data, .len = len, .room = LEN_MAX };

	assert_int_equal(xsnf_test_run(&ops, &packet, 1), 0);
	assert_int_equal(packet.verdict, XSNF_NEXT);
	assert_int_equal(packet.len, len);
}

/* The block at that place holds so many bytes of this packet. Returns where the next begins. */
static size_t check_block(size_t at, const unsigned char *data, __u32 kept, __u32 len)
{
	__u32 block = 32 + (kept + 3) / 4 * 4;

	assert_int_equal(word(at), 6);
	assert_int_equal(word(at + 4), block);
	assert_int_equal(word(at + 8), 0);
	assert_int_equal((__u64)word(at + 12) << 32 | word(at + 16), NOW);
	assert_int_equal(word(at + 20), kept);
	assert_int_equal(word(at + 24), len);
	assert_memory_equal(file + at + 28, data, kept);
	for (__u32 i = kept; i < block - 32; i++)
		assert_int_equal(file[at + 28 + i], 0);
	assert_int_equal(word(at + block - 4), block);
	return at + block;
}

static void fill(unsigned char *data)
{
	for (int i = 0; i < LEN_MAX; i++)
		data[i] = (unsigned char)(i * 31 + 7) | 1; /* never the padding's zero */
}

static void the_headers_are_those_of_pcapng(void **state)
{
	(void)state;
	fflush(record.file);
	assert_int_equal(ftell(record.file), HEADERS);
	assert_int_equal(word(0), 0x0a0d0d0a);
	assert_int_equal(word(4), 28);
	assert_int_equal(word(8), 0x1a2b3c4d);
	assert_int_equal(word(24), 28);
	assert_int_equal(word(28), 1);
	assert_int_equal(word(36), 1); /* LINKTYPE_ETHERNET, reserved: 0 */
	assert_int_equal(word(40), SNAP_MAX);
	assert_int_equal(word(44), 9 | 1 << 16); /* if_tsresol, one byte: */
	assert_int_equal(word(48), 9); /* nanoseconds, padded */
	assert_int_equal(word(56), 32);
}

/* Every padding, the empty packet and the longest one. What it ticks is on its way to the disk. */
static void every_length_is_recorded_whole(void **state)
{
	static const __u32 lengths[] = { 0,  1,	 2,  3,	   4,	 5,    14,   60,   61,
					 62, 63, 64, 1514, 1792, 1793, 3584, 3585, LEN_MAX };
	unsigned char data[LEN_MAX], was[LEN_MAX];
	size_t at = HEADERS;

	(void)state;
	fill(data);
	memcpy(was, data, sizeof(was));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		record_packet(data, lengths[i]);
		at = check_block(at, data, lengths[i], lengths[i]);
		assert_int_equal(ftell(record.file), at);
	}
	assert_memory_equal(data, was, sizeof(was));
	assert_false(record.failed);
}

static void no_more_than_snap_is_kept(void **state)
{
	unsigned char data[LEN_MAX];
	size_t at = HEADERS;

	(void)state;
	fill(data);
	record.snap = 41;
	for (__u32 len = 39; len <= 43; len++) {
		record_packet(data, len);
		at = check_block(at, data, len < 41 ? len : 41, len);
	}
	assert_int_equal(ftell(record.file), at);
	/* Where a frame of the packet ends, and in the next one. */
	for (__u32 snap = 3583; snap <= 3586; snap++) {
		record.snap = snap;
		record_packet(data, 5000);
		at = check_block(at, data, snap, 5000);
	}
}

static void a_disk_that_is_full_is_noticed_and_nothing_else_happens(void **state)
{
	unsigned char data[LEN_MAX];
	FILE *kept = record.file, *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	fill(data);
	record.file = full;
	record_packet(data, 100);
	record.file = kept;
	fclose(full);
	assert_true(record.failed);
}

static void wrong_arguments_are_refused(void **state)
{
	char name[] = "record", path[] = "/dev/null", bytes[16] = "65535";
	char *argv[] = { name, path, bytes, NULL };
	struct record with = {}, without = {}, none = {};

	(void)state;
	assert_int_equal(parse_options(&with, 3, argv), 0);
	assert_int_equal(with.snap, 65535);
	fclose(with.file);
	assert_int_equal(parse_options(&without, 2, argv), 0);
	assert_int_equal(without.snap, SNAP_MAX);
	fclose(without.file);
	assert_int_not_equal(parse_options(&none, 1, argv), 0);
	strcpy(bytes, "65536");
	assert_int_not_equal(parse_options(&none, 3, argv), 0);
	strcpy(bytes, "0");
	assert_int_not_equal(parse_options(&none, 3, argv), 0);
	strcpy(bytes, "x");
	assert_int_not_equal(parse_options(&none, 3, argv), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_headers_are_those_of_pcapng),
		TEST(every_length_is_recorded_whole),
		TEST(no_more_than_snap_is_kept),
		TEST(a_disk_that_is_full_is_noticed_and_nothing_else_happens),
		TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
