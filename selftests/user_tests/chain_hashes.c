// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * By which hashes a broker keeps a flow together. The same headers behind a VLAN tag or options
 * take another way through the code, and must have the same hashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/chain/flow.h"

#define BYTES 128
#define MAC 12 /* bytes of addresses before the type */
#define PORTS 34 /* where they begin without a tag */

struct frame {
	unsigned char bytes[BYTES];
	__u32 len;
};

/* UDP 10.1.2.3:4660 -> 192.168.5.6:53 */
static struct frame udp(void)
{
	static const unsigned char headers[] = {
		0x08, 0x00, 0x45, 0,   0,   46, 0, 0,	 0,    0, 64, 17, 0,  0, 10,
		1,    2,    3,	  192, 168, 5,	6, 0x12, 0x34, 0, 53, 0,  26, 0, 0,
	};
	struct frame f = { .len = 64 };

	memset(f.bytes, 2, MAC);
	memcpy(f.bytes + MAC, headers, sizeof(headers));
	return f;
}

static struct frame insert(struct frame f, __u32 at, const void *bytes, __u32 n)
{
	memmove(f.bytes + at + n, f.bytes + at, BYTES - at - n);
	memcpy(f.bytes + at, bytes, n);
	f.len += n;
	return f;
}

static struct frame tagged(struct frame f)
{
	return insert(f, MAC, "\x81\x00\x00\x07", 4);
}

static struct frame with_options(struct frame f)
{
	f = insert(f, PORTS, "\x01\x01\x01\x01", 4);
	f.bytes[MAC + 2] = 0x46;
	return f;
}

static struct frame reversed(struct frame f)
{
	struct frame r = f;

	memcpy(r.bytes + 26, f.bytes + 30, 4);
	memcpy(r.bytes + 30, f.bytes + 26, 4);
	memcpy(r.bytes + PORTS, f.bytes + PORTS + 2, 2);
	memcpy(r.bytes + PORTS + 2, f.bytes + PORTS, 2);
	return r;
}

static void assert_same(const struct frame *a, const struct frame *b)
{
	__u32 of_a[XS_STICKY_MAX], of_b[XS_STICKY_MAX];

	xs_flow_hashes(a->bytes, a->len, of_a);
	xs_flow_hashes(b->bytes, b->len, of_b);
	assert_memory_equal(of_a, of_b, sizeof(of_a));
}

static __u32 flow_of(const struct frame *f, __u32 len)
{
	__u32 hashes[XS_STICKY_MAX];

	xs_flow_hashes(f->bytes, len, hashes);
	return hashes[XS_STICKY_flow];
}

static void tags_and_options_change_nothing(void **state)
{
	struct frame plain = udp(), tag = tagged(plain), options = with_options(plain);

	(void)state;
	assert_same(&plain, &tag);
	assert_same(&plain, &options);
	/* Without ports, too. */
	plain.bytes[23] = 47;
	tag = tagged(plain), options = with_options(plain);
	assert_same(&plain, &tag);
	assert_same(&plain, &options);
}

static void both_directions_are_one_flow(void **state)
{
	struct frame there = udp(), back = reversed(there);
	__u32 a[XS_STICKY_MAX], b[XS_STICKY_MAX];

	(void)state;
	xs_flow_hashes(there.bytes, there.len, a);
	xs_flow_hashes(back.bytes, back.len, b);
	assert_int_equal(a[XS_STICKY_flow], b[XS_STICKY_flow]);
	assert_int_equal(a[XS_STICKY_saddr], b[XS_STICKY_daddr]);
	assert_int_equal(a[XS_STICKY_daddr], b[XS_STICKY_saddr]);
	assert_int_not_equal(a[XS_STICKY_saddr], a[XS_STICKY_daddr]);
}

static void ports_count_where_there_are_some(void **state)
{
	struct frame f = udp(), other = f;

	(void)state;
	other.bytes[PORTS + 3]++;
	assert_int_not_equal(flow_of(&f, f.len), flow_of(&other, other.len));
	/* In no fragment, neither the first nor a later one, */
	for (int i = 0; i < 2; i++) {
		struct frame one = f, two = other;

		one.bytes[20 + i] = two.bytes[20 + i] = i ? 8 : 0x20;
		assert_int_equal(flow_of(&one, one.len), flow_of(&two, two.len));
	}
	/* not where the frame ends before them, */
	assert_int_equal(flow_of(&f, PORTS + 3), flow_of(&other, PORTS + 3));
	assert_int_not_equal(flow_of(&f, PORTS + 4), flow_of(&other, PORTS + 4));
	/* and in no protocol without ports. */
	f.bytes[23] = other.bytes[23] = 1;
	assert_int_equal(flow_of(&f, f.len), flow_of(&other, other.len));
}

static void what_is_not_ip_has_none(void **state)
{
	static const __u32 none[XS_STICKY_MAX];
	__u32 hashes[XS_STICKY_MAX];
	struct frame f = udp();

	(void)state;
	for (__u32 len = 0; len < PORTS; len++) {
		memset(hashes, 1, sizeof(hashes));
		xs_flow_hashes(f.bytes, len, hashes);
		assert_memory_equal(hashes, none, sizeof(none));
	}
	f.bytes[MAC + 1] = 6; /* ARP */
	memset(hashes, 1, sizeof(hashes));
	xs_flow_hashes(f.bytes, f.len, hashes);
	assert_memory_equal(hashes, none, sizeof(none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_options_change_nothing),
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(ports_count_where_there_are_some),
		cmocka_unit_test(what_is_not_ip_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
