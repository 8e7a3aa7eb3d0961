// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the bouncer does to a packet: the bytes after that, checksums, what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bouncer/action.h"

#define ETH "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
#define ETH_BACK "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
#define TAG "\x81\x00\x00\x64"
#define IP4(proto) \
	"\x45\x00\x00\x20\x12\x34\x00\x00\x40" proto "\xe4\x94\xc6\x12\x00\x01\xc6\x12\x00\x02"
#define IP4_BACK(proto) \
	"\x45\x00\x00\x20\x12\x34\x00\x00\x40" proto "\xe4\x94\xc6\x12\x00\x02\xc6\x12\x00\x01"

static __u32 sum16(const unsigned char *p, size_t len)
{
	__u32 sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void expect(__u32 actions, const void *before, const void *after, size_t len)
{
	/* on the heap, in its own size, so that a sanitizer notices a read beyond it */
	unsigned char *packet = malloc(len ? len : 1);

	memcpy(packet, before, len);
	assert_true(xs_action_apply(actions, packet, len));
	assert_memory_equal(packet, after, len);
	free(packet);
}

#define EXPECT(actions, before, after) expect(actions, before, after, sizeof(before) - 1)

static void swap_mac_exchanges_both_and_nothing_else(void **state)
{
	(void)state;
	EXPECT(XS_ACTION_swap_mac, ETH "\x08\x06xyz", ETH_BACK "\x08\x06xyz");
}

static void swap_ip_exchanges_ipv4_addresses(void **state)
{
	(void)state;
	EXPECT(XS_ACTION_swap_ip, ETH "\x08\x00" IP4("\x11"), ETH "\x08\x00" IP4_BACK("\x11"));
	EXPECT(XS_ACTION_swap_ip | XS_ACTION_swap_mac, ETH TAG TAG "\x08\x00" IP4("\x11"),
	       ETH_BACK TAG TAG "\x08\x00" IP4_BACK("\x11"));
}

static void swap_ip_exchanges_ipv6_addresses(void **state)
{
#define IP6 ETH "\x86\xdd\x60\x00\x00\x00\x00\x00\x11\x40"
	(void)state;
	EXPECT(XS_ACTION_swap_ip, IP6 "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB",
	       IP6 "BBBBBBBBBBBBBBBBAAAAAAAAAAAAAAAA");
}

static void swap_ip_exchanges_ports(void **state)
{
	static const char sctp[] = ETH "\x08\x00" IP4("\x84") "\x01\x02\x03\x04zzzz";
	static const char sctp_after[] = ETH "\x08\x00" IP4_BACK("\x84") "\x01\x02\x03\x04zzzz";
	char fragment[] = ETH "\x08\x00" IP4("\x11") "\x01\x02\x03\x04zzzz";
	char fragment_after[] = ETH "\x08\x00" IP4_BACK("\x11") "\x01\x02\x03\x04zzzz";
	char tcp6[] = IP6 "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB\x01\x02\x03\x04zzzz";
	char tcp6_after[] = IP6 "BBBBBBBBBBBBBBBBAAAAAAAAAAAAAAAA\x03\x04\x01\x02zzzz";

	(void)state;
	EXPECT(XS_ACTION_swap_ip, ETH TAG "\x08\x00" IP4("\x11") "\x01\x02\x03\x04zzzz",
	       ETH TAG "\x08\x00" IP4_BACK("\x11") "\x03\x04\x01\x02zzzz");
	tcp6[14 + 6] = tcp6_after[14 + 6] = 6;
	expect(XS_ACTION_swap_ip, tcp6, tcp6_after, sizeof(tcp6) - 1);
	/* cut within the ports; a checksum that is no sum; what may be no ports at all */
	EXPECT(XS_ACTION_swap_ip, ETH "\x08\x00" IP4("\x06") "\x01\x02\x03",
	       ETH "\x08\x00" IP4_BACK("\x06") "\x01\x02\x03");
	expect(XS_ACTION_swap_ip, sctp, sctp_after, sizeof(sctp) - 1);
	fragment[14 + 7] = fragment_after[14 + 7] = 1;
	expect(XS_ACTION_swap_ip, fragment, fragment_after, sizeof(fragment) - 1);
}

static void short_and_foreign_packets_stay_as_they_are(void **state)
{
	static const char packet[] = ETH "\x08\x00" IP4("\x01") "\x08\x00\xf7\xff\x00\x00\x00\x00";
	const __u32 ip = XS_ACTION_swap_ip | XS_ACTION_echo;
	static const char arp[] = ETH "\x08\x06" IP4("\x01");
	static const char tags[] = ETH TAG TAG TAG TAG TAG "\x08\x00" IP4("\x01");

	(void)state;
	for (size_t len = 0; len < 14 + 20; len++)
		expect(ip, packet, packet, len);
	for (size_t len = 0; len < 14; len++)
		expect(XS_ACTION_swap_mac, packet, packet, len);
	expect(ip, arp, arp, sizeof(arp) - 1);
	expect(ip, tags, tags, sizeof(tags) - 1);
}

static void echo_request_becomes_its_reply(void **state)
{
	unsigned char packet[] = ETH TAG
		"\x08\x00" IP4("\x01") "\x08\x00\x00\x00\x12\x34\x00\x01zy";
	unsigned char *icmp = packet + 18 + 20;
	const size_t len = sizeof(packet) - 1, icmp_len = len - 18 - 20;
	__u16 sum = ~sum16(icmp, icmp_len);

	(void)state;
	icmp[2] = sum >> 8;
	icmp[3] = sum;
	assert_true(xs_action_apply(XS_ACTION_echo, packet, len));
	assert_memory_equal(packet, ETH_BACK TAG "\x08\x00" IP4_BACK("\x01"), 18 + 20);
	assert_int_equal(icmp[0], 0);
	assert_int_equal(sum16(icmp, icmp_len), 0xffff);
	assert_memory_equal(icmp + 4, "\x12\x34\x00\x01zy", 6);

	/* beside the others: exchanged once, not twice */
	icmp[0] = 8;
	memcpy(packet, ETH TAG "\x08\x00" IP4("\x01"), 18 + 20);
	assert_true(xs_action_apply(XS_ACTION_echo | XS_ACTION_swap_ip | XS_ACTION_swap_mac, packet,
				    len));
	assert_memory_equal(packet, ETH_BACK TAG "\x08\x00" IP4_BACK("\x01"), 18 + 20);
}

static void echo_checksum_is_right_for_every_sequence_number(void **state)
{
	(void)state;
	for (__u32 seq = 0; seq < 65536; seq++) {
		unsigned char packet[] = ETH
			"\x08\x00" IP4("\x01") "\x08\x00\x00\x00\x00\x00\x00\x00";
		unsigned char *icmp = packet + 14 + 20;
		__u16 sum;

		icmp[6] = seq >> 8;
		icmp[7] = seq;
		sum = ~sum16(icmp, 8);
		icmp[2] = sum >> 8;
		icmp[3] = sum;
		assert_true(xs_action_apply(XS_ACTION_echo, packet, sizeof(packet) - 1));
		assert_int_equal(sum16(icmp, 8), 0xffff);
	}
}

static void echo_answers_icmpv6(void **state)
{
	unsigned char packet[] = IP6
		"AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB\x80\x00\x12\x34\x00\x01\x00\x01";

	(void)state;
	packet[14 + 6] = 58;
	assert_true(xs_action_apply(XS_ACTION_echo, packet, sizeof(packet) - 1));
	assert_int_equal(packet[14 + 40], 129);
	/* the type rose by one in the high byte, so the sum fell by as much */
	assert_int_equal(packet[14 + 40 + 2], 0x11);
	assert_int_equal(packet[14 + 40 + 3], 0x34);
	assert_memory_equal(packet + 14 + 8, "BBBBBBBBBBBBBBBBAAAAAAAAAAAAAAAA", 32);
	assert_memory_equal(packet, ETH_BACK, 12);
}

static void echo_leaves_what_is_no_request(void **state)
{
	static const char reply[] = ETH "\x08\x00" IP4("\x01") "\x00\x00\xff\xff\x00\x00\x00\x00";
	static const char udp[] = ETH "\x08\x00" IP4("\x11") "\x08\x00\xff\xff\x00\x00\x00\x00";
	static const char cut[] = ETH "\x08\x00" IP4("\x01") "\x08\x00\xff\xff\x00\x00\x00";
	char fragment[] = ETH "\x08\x00" IP4("\x01") "\x08\x00\xff\xff\x00\x00\x00\x00";

	(void)state;
	expect(XS_ACTION_echo, reply, reply, sizeof(reply) - 1);
	expect(XS_ACTION_echo, udp, udp, sizeof(udp) - 1);
	expect(XS_ACTION_echo, cut, cut, sizeof(cut) - 1);
	fragment[14 + 6] = 0x20; /* more to come */
	expect(XS_ACTION_echo, fragment, fragment, sizeof(fragment) - 1);
}

static void drop_sends_nothing(void **state)
{
	char packet[] = ETH "\x08\x00";

	(void)state;
	assert_false(xs_action_apply(XS_ACTION_drop | XS_ACTION_swap_mac, packet, 14));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_mac_exchanges_both_and_nothing_else),
		cmocka_unit_test(swap_ip_exchanges_ipv4_addresses),
		cmocka_unit_test(swap_ip_exchanges_ipv6_addresses),
		cmocka_unit_test(swap_ip_exchanges_ports),
		cmocka_unit_test(short_and_foreign_packets_stay_as_they_are),
		cmocka_unit_test(echo_request_becomes_its_reply),
		cmocka_unit_test(echo_checksum_is_right_for_every_sequence_number),
		cmocka_unit_test(echo_answers_icmpv6),
		cmocka_unit_test(echo_leaves_what_is_no_request),
		cmocka_unit_test(drop_sends_nothing),
	};

	return cmocka_run_group_tests_name("xsk_action", tests, NULL, NULL);
}
