// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Frames as a line of text: each kind, and each cut at every length. Needs no kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../packets.h"
#include "tools/rules/frame_text.h"

static const struct {
	const char *frame, *text;
} frames[] = {
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 udp sport=1000 dport=53 data=4",
	  "IP 10.0.0.1.1000 > 10.0.0.2.53: UDP, length 4" },
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 tcp sport=1000 dport=80 flags=0x12 data=6",
	  "IP 10.0.0.1.1000 > 10.0.0.2.80: Flags [S.], length 6" },
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 tcp sport=1 dport=2 flags=0",
	  "IP 10.0.0.1.1 > 10.0.0.2.2: Flags [none], length 0" },
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 tcp sport=1 dport=2 doff=8 flags=2",
	  "IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], length 0" },
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 sctp sport=1 dport=7",
	  "IP 10.0.0.1.1 > 10.0.0.2.7: protocol 132, length 12" },
	{ "ip saddr=10.0.0.1 daddr=10.0.0.2 icmp type=3 code=4",
	  "IP 10.0.0.1 > 10.0.0.2: ICMP type 3 code 4, length 8" },
	{ "ip ihl=7 saddr=10.0.0.1 daddr=10.0.0.2 udp sport=1 dport=2 data=1",
	  "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 1" },
	{ "ip offset=1 protocol=17 saddr=10.0.0.1 daddr=10.0.0.2 data=9",
	  "IP 10.0.0.1 > 10.0.0.2: protocol 17, fragment at 8" },
	{ "ip protocol=47 saddr=10.0.0.1 daddr=10.0.0.2 data=9",
	  "IP 10.0.0.1 > 10.0.0.2: protocol 47, length 9" },
	{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 udp sport=1000 dport=53 data=4",
	  "IP6 2001:db8::1.1000 > 2001:db8::2.53: UDP, length 4" },
	{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 icmpv6 type=135 code=0",
	  "IP6 2001:db8::1 > 2001:db8::2: ICMP6 type 135 code 0, length 8" },
	{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 hopopt routing len=1 ah len=2 dstopt tcp "
	  "sport=1 "
	  "dport=2 flags=2 data=3",
	  "IP6 2001:db8::1.1 > 2001:db8::2.2: Flags [S], length 3" },
	{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 frag offset=0 m=1 udp sport=1 dport=2 data=8",
	  "IP6 2001:db8::1.1 > 2001:db8::2.2: UDP, length 8" },
	{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 frag nexthdr=6 offset=3 data=8",
	  "IP6 2001:db8::1 > 2001:db8::2: protocol 6, fragment at 24" },
	{ "vlan id=7 qinq id=4095 ip saddr=10.0.0.1 daddr=10.0.0.2 udp sport=1 dport=2",
	  "vlan 7, vlan 4095, IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0" },
	{ "vlan id=1 vlan id=2 vlan id=3 vlan id=4 vlan id=5",
	  "vlan 1, vlan 2, vlan 3, vlan 4, ethertype 0x8100, length 34" },
	{ "arp op=1", "ARP, Request who-has 0.0.0.0 tell 0.0.0.0, length 28" },
	{ "arp op=2", "ARP, Reply 0.0.0.0 is-at 00:00:00:00:00:00, length 28" },
	{ "arp op=9", "ARP, operation 9, length 28" },
	{ "data=46", "ethertype 0x88b5, length 60" },
};

/* Bytes that end where their memory ends, so that a sanitizer notices a read beyond it. */
static void text_of(char text[XS_FRAME_TEXT_MAX], const struct packet *packet, __u32 captured)
{
	unsigned char *bytes = malloc(captured ? captured : 1);

	memcpy(bytes, packet->data, captured);
	xs_frame_text(text, bytes, captured, packet->len);
	free(bytes);
}

static void each_kind_has_its_text(void **state)
{
	char text[XS_FRAME_TEXT_MAX];
	static struct packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		packet_text(&packet, frames[i].frame);
		text_of(text, &packet, packet.len);
		assert_string_equal(text, frames[i].text);
	}
}

/* Where the text differs from the whole frame's, it says that something is cut off. */
static void what_is_cut_off_is_said(void **state)
{
	char text[XS_FRAME_TEXT_MAX];
	static struct packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		packet_text(&packet, frames[i].frame);
		for (__u32 captured = 0; captured < packet.len; captured++) {
			text_of(text, &packet, captured);
			if (strcmp(text, frames[i].text) && !strstr(text, "[|"))
				fail_msg("%u bytes of '%s': %s", captured, frames[i].frame, text);
			if (captured < 14)
				assert_string_equal(text, "[|ether]");
		}
	}
}

static void lengths_that_lie_are_not_believed(void **state)
{
	static const struct {
		const char *frame, *text;
	} lies[] = {
		{ "ip saddr=10.0.0.1 daddr=10.0.0.2 ihl=4 udp", "IP [|ip]" },
		{ "ip saddr=10.0.0.1 daddr=10.0.0.2 len=20 udp sport=1 dport=2",
		  "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0" },
		{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 len=0 udp sport=1 dport=2",
		  "IP6 2001:db8::1.1 > 2001:db8::2.2: UDP, length 0" },
		{ "ip6 saddr=2001:db8::1 daddr=2001:db8::2 hopopt len=200 snap=70", "IP6 [|ip6]" },
	};
	char text[XS_FRAME_TEXT_MAX];
	static struct packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		packet_text(&packet, lies[i].frame);
		text_of(text, &packet, packet.len);
		assert_string_equal(text, lies[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_text),
		cmocka_unit_test(what_is_cut_off_is_said),
		cmocka_unit_test(lengths_that_lie_are_not_believed),
	};

	return cmocka_run_group_tests_name("frame_text", tests, NULL, NULL);
}
