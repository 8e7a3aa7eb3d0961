// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What libxsteer-nf finds in a packet, and that checksums are right after its changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <netinet/in.h>

#include <cmocka.h>

#include <xsteer/nf.h>

#define L3 18 /* behind one VLAN tag */

/* A packet that ends where its memory ends, so that a sanitizer notices a read beyond it. */
static struct xsnf_packet exact(const unsigned char *bytes, __u32 len)
{
	struct xsnf_packet packet = { .data = malloc(len ? len : 1), .len = len };

	memcpy(packet.data, bytes, len);
	return packet;
}

static __u16 sum_at(const unsigned char *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static void set_at(unsigned char *p, __u16 value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* Computes the L4 checksum from the beginning, with its own bytes as zeros. */
static __u16 l4_sum(unsigned char *ip, bool six, __u8 proto, unsigned char *field, __u32 l4_bytes)
{
	__u16 was = sum_at(field), sum;
	__u32 total = proto + l4_bytes;

	set_at(field, 0);
	total = xsnf_csum_add(total, ip + (six ? 8 : 12), six ? 32 : 8);
	total = xsnf_csum_add(total, ip + (six ? 40 : 20), l4_bytes);
	sum = xsnf_csum_fold(total);
	set_at(field, was);
	return proto == IPPROTO_UDP && !sum ? 0xffff : sum;
}

static const __u32 proto_bytes[256] = {
	[IPPROTO_TCP] = 20, [IPPROTO_UDP] = 8, [IPPROTO_ICMPV6] = 8, [136] = 8
};
static const __u32 proto_field[256] = {
	[IPPROTO_TCP] = 16, [IPPROTO_UDP] = 6, [IPPROTO_ICMPV6] = 2, [136] = 6
};

/* VLAN, IP, L4, 5 bytes of payload; its checksums are right. Its length. */
static __u32 build(unsigned char *bytes, bool six, __u8 proto)
{
	__u32 l4 = L3 + (six ? 40 : 20), payload = proto_bytes[proto] + 5;
	unsigned char *ip = bytes + L3;

	memset(bytes, 0, 256);
	for (__u32 i = 0; i < 128; i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	set_at(bytes + 12, 0x8100);
	set_at(bytes + 16, six ? 0x86dd : 0x0800);
	ip[0] = six ? 0x60 : 0x45;
	if (six) {
		set_at(ip + 4, (__u16)payload);
		ip[6] = proto;
		ip[7] = 64;
	} else {
		set_at(ip + 2, (__u16)(20 + payload));
		set_at(ip + 6, 0);
		ip[8] = 64;
		ip[9] = proto;
		set_at(ip + 10, 0);
		set_at(ip + 10, xsnf_csum_fold(xsnf_csum_add(0, ip, 20)));
	}
	if (proto == IPPROTO_TCP)
		bytes[l4 + 12] = 0x50;
	set_at(bytes + l4, 1000);
	set_at(bytes + l4 + 2, 53);
	set_at(bytes + l4 + proto_field[proto],
	       l4_sum(ip, six, proto, bytes + l4 + proto_field[proto], payload));
	return l4 + payload;
}

static void fields_are_found(void **state)
{
	unsigned char bytes[256] = {};
	struct xsnf_packet packet;
	struct xsnf_headers h;

	(void)state;
	packet = exact(bytes, build(bytes, false, IPPROTO_TCP));
	assert_true(xsnf_parse(&packet, &h));
	assert_int_equal(h.version, 4);
	assert_int_equal(h.eth_type, 0x0800);
	assert_int_equal(h.l3, L3);
	assert_int_equal(h.l4, L3 + 20);
	assert_int_equal(h.payload, L3 + 40);
	assert_int_equal(h.l4proto, IPPROTO_TCP);
	assert_int_equal(h.ttl, 64);
	assert_int_equal(h.sport, 1000);
	assert_int_equal(h.dport, 53);
	assert_memory_equal(h.saddr.bytes, packet.data + L3 + 12, 4);
	assert_memory_equal(h.daddr.bytes, packet.data + L3 + 16, 4);
	free(packet.data);
}

static void extension_headers_are_stepped_over(void **state)
{
	/* Hop-by-hop of 16 bytes, a first fragment, then UDP. */
	static const unsigned char chain[] = { 44, 1, 0, 0, 0,	0, 0, 0, 0, 0, 0, 0,
					       0,  0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 9 };
	unsigned char bytes[256] = {};
	struct xsnf_packet packet;
	struct xsnf_headers h;
	__u32 len = build(bytes, true, IPPROTO_UDP);

	(void)state;
	memmove(bytes + L3 + 40 + sizeof(chain), bytes + L3 + 40, len - L3 - 40);
	memcpy(bytes + L3 + 40, chain, sizeof(chain));
	bytes[L3 + 6] = 0;
	set_at(bytes + L3 + 4, (__u16)(len - L3 - 40 + sizeof(chain)));
	packet = exact(bytes, len + sizeof(chain));
	assert_true(xsnf_parse(&packet, &h));
	assert_int_equal(h.l4, L3 + 40 + sizeof(chain));
	assert_int_equal(h.dport, 53);
	assert_false(h.later);
	/* A later fragment has no L4 header, whatever its bytes are. */
	packet.data[L3 + 40 + 16 + 3] = 8;
	assert_true(xsnf_parse(&packet, &h));
	assert_true(h.later);
	assert_int_equal(h.l4, 0);
	assert_int_equal(h.dport, 0);
	free(packet.data);
}

static void every_length_too_short_is_refused(void **state)
{
	static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, 136 };
	unsigned char bytes[256];
	struct xsnf_headers h;

	(void)state;
	for (int six = 0; six < 2; six++) {
		for (size_t i = 0; i < sizeof(protos); i++) {
			__u32 whole = build(bytes, six, protos[i]);

			for (__u32 len = 0; len <= whole; len++) {
				struct xsnf_packet packet = exact(bytes, len);

				assert_int_equal(xsnf_parse(&packet, &h), len == whole);
				assert_int_equal(h.version, len == whole ? 4 + 2 * six : 0);
				free(packet.data);
			}
		}
	}
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		int at;
		unsigned char value;
	} bad[] = {
		{ L3, 0x55 }, /* version */
		{ L3, 0x44 }, /* IHL */
		{ L3 + 3, 19 }, /* total length below the header */
		{ L3 + 2, 1 }, /* beyond the packet */
		{ L3 + 20 + 12, 0x40 }, /* TCP data offset below 5 */
		{ L3 + 20 + 12, 0xf0 }, /* beyond the datagram */
	};
	unsigned char bytes[256] = {};
	struct xsnf_packet packet;
	struct xsnf_headers h;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		packet = exact(bytes, build(bytes, false, IPPROTO_TCP));
		assert_true(xsnf_parse(&packet, &h));
		packet.data[bad[i].at] = bad[i].value;
		assert_false(xsnf_parse(&packet, &h));
		free(packet.data);
	}
}

static void no_bytes_make_it_read_beyond(void **state)
{
	unsigned char bytes[256];

	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		__u32 len = build(bytes, i & 1, i & 2 ? IPPROTO_TCP : IPPROTO_UDP);
		struct xsnf_packet packet;
		struct xsnf_headers h;

		for (long k = random() % 6; k >= 0; k--)
			bytes[12 + random() % 60] = (unsigned char)random();
		packet = exact(bytes, (__u32)random() % (len + 1));
		if (xsnf_parse(&packet, &h)) {
			union xsnf_addr addr = { .words = { 1, 2, 3, 4 } };

			assert_true(h.payload <= packet.len);
			xsnf_set_saddr(&packet, &h, &addr);
			xsnf_set_dport(&packet, &h, 7);
			xsnf_dec_ttl(&packet, &h);
		}
		free(packet.data);
	}
}

static void changes_keep_checksums_true(void **state)
{
	static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 };
	unsigned char bytes[256];

	(void)state;
	srandom(2);
	for (int round = 0; round < 20000; round++) {
		bool six = round & 1;
		__u8 proto = protos[round % (six ? 3 : 2)];
		struct xsnf_packet packet = { .data = bytes, .len = build(bytes, six, proto) };
		union xsnf_addr addr = { .words = { (__u32)random(), six ? (__u32)random() : 0 } };
		unsigned char *ip = bytes + L3, *l4 = ip + (six ? 40 : 20);
		struct xsnf_headers h, again;

		assert_true(xsnf_parse(&packet, &h));
		xsnf_set_saddr(&packet, &h, &addr);
		xsnf_set_sport(&packet, &h, (__u16)random());
		addr.words[0] = (__u32)random();
		xsnf_set_daddr(&packet, &h, &addr);
		xsnf_set_dport(&packet, &h, (__u16)random());
		xsnf_dec_ttl(&packet, &h);
		assert_int_equal(h.ttl, 63);
		assert_int_equal(
			sum_at(l4 + proto_field[proto]),
			l4_sum(ip, six, proto, l4 + proto_field[proto], packet.len - h.l4));
		if (!six)
			assert_int_equal(xsnf_csum_fold(xsnf_csum_add(0, ip, 20)), 0);
		assert_true(xsnf_parse(&packet, &again));
		assert_memory_equal(&h, &again, sizeof(h));
	}
}

static void udp_without_checksum_stays_without(void **state)
{
	unsigned char bytes[256];
	struct xsnf_packet packet = { .data = bytes, .len = build(bytes, false, IPPROTO_UDP) };
	union xsnf_addr addr = { .words = { 5 } };
	struct xsnf_headers h;

	(void)state;
	set_at(bytes + L3 + 26, 0);
	assert_true(xsnf_parse(&packet, &h));
	xsnf_set_daddr(&packet, &h, &addr);
	xsnf_set_dport(&packet, &h, 99);
	assert_int_equal(sum_at(bytes + L3 + 26), 0);
	assert_int_equal(sum_at(bytes + L3 + 22), 99);
}

static void ttl_of_zero_stays(void **state)
{
	unsigned char bytes[256], before[256];
	struct xsnf_packet packet = { .data = bytes, .len = build(bytes, false, IPPROTO_UDP) };
	struct xsnf_headers h;

	(void)state;
	bytes[L3 + 8] = 0;
	memcpy(before, bytes, sizeof(bytes));
	assert_true(xsnf_parse(&packet, &h));
	xsnf_dec_ttl(&packet, &h);
	assert_memory_equal(bytes, before, sizeof(bytes));
}

static void push_and_pop_stay_within_the_frame(void **state)
{
	unsigned char frame[64] = {};
	struct xsnf_packet packet = { .data = frame + 16, .len = 20, .room_front = 16 };

	(void)state;
	assert_int_equal(xsnf_push(&packet, 17), -ENOSPC);
	assert_int_equal(xsnf_push(&packet, 16), 0);
	assert_ptr_equal(packet.data, frame);
	assert_int_equal(packet.len, 36);
	assert_int_equal(packet.room_front, 0);
	assert_int_equal(xsnf_pop(&packet, 37), -EINVAL);
	assert_int_equal(xsnf_pop(&packet, 36), 0);
	assert_int_equal(packet.len, 0);
	assert_int_equal(packet.room_front, 36);
}

static void mac_addresses_change_places(void **state)
{
	unsigned char bytes[14] = "abcdefABCDEF";
	struct xsnf_packet packet = { .data = bytes, .len = 14 };

	(void)state;
	xsnf_swap_mac(&packet);
	assert_memory_equal(bytes, "ABCDEFabcdef", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found),
		cmocka_unit_test(extension_headers_are_stepped_over),
		cmocka_unit_test(every_length_too_short_is_refused),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(no_bytes_make_it_read_beyond),
		cmocka_unit_test(changes_keep_checksums_true),
		cmocka_unit_test(udp_without_checksum_stays_without),
		cmocka_unit_test(ttl_of_zero_stays),
		cmocka_unit_test(push_and_pop_stay_within_the_frame),
		cmocka_unit_test(mac_addresses_change_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
