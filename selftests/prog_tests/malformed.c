// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Frames whose headers are cut short or make no sense. For each reason there is the last
 * frame that is still right and the first that is wrong. The table was worked out by hand;
 * the oracle is compared with it, too.
 */
#include <stdio.h>
#include <string.h>

#include "../oracle.h"
#include "../test.h"

/* A frame that is right, and the reason that a cut before each `end` has. */
struct chain {
	const char *text;
	struct {
		__u32 end; /* bytes from the start of the frame */
		enum xs_reason reason;
	} parts[8];
};

#define ETH \
	{ \
		14, XS_REASON_malformed_eth \
	}
#define PART(end, name) \
	{ \
		end, XS_REASON_malformed_##name \
	}

static const struct chain chains[] = {
	{ "data=46", { ETH } },
	{ "arp", { ETH } },
	{ "vlan data=8", { ETH, PART(18, vlan) } },
	{ "qinq vlan data=8", { ETH, PART(22, vlan) } },
	{ "vlan vlan vlan vlan arp", { ETH, PART(30, vlan) } },
	{ "ip data=8", { ETH, PART(34, ipv4) } },
	{ "ip ihl=15 data=4", { ETH, PART(74, ipv4) } },
	{ "ip mf=1 offset=0 udp data=4", { ETH, PART(34, ipv4), PART(42, udp) } },
	{ "ip offset=1 tcp", { ETH, PART(34, ipv4) } },
	{ "ip tcp data=6", { ETH, PART(34, ipv4), PART(54, tcp) } },
	{ "ip tcp doff=15 data=6", { ETH, PART(34, ipv4), PART(54, tcp) } },
	{ "ip ihl=6 udp data=6", { ETH, PART(38, ipv4), PART(46, udp) } },
	{ "ip udplite data=6", { ETH, PART(34, ipv4), PART(42, udp) } },
	{ "ip icmp data=6", { ETH, PART(34, ipv4), PART(42, icmp) } },
	{ "ip icmpv6 data=6", { ETH, PART(34, ipv4), PART(42, icmpv6) } },
	{ "ip sctp data=6", { ETH, PART(34, ipv4), PART(46, sctp) } },
	{ "ip dccp data=6", { ETH, PART(34, ipv4), PART(46, dccp) } },
	{ "ip protocol=47 data=6", { ETH, PART(34, ipv4) } },
	{ "ip protocol=0 data=6", { ETH, PART(34, ipv4) } },
	{ "ip protocol=51 data=6", { ETH, PART(34, ipv4) } },
	{ "qinq vlan ip tcp data=6", { ETH, PART(22, vlan), PART(42, ipv4), PART(62, tcp) } },
	{ "ip6 data=8", { ETH, PART(54, ipv6) } },
	{ "ip6 nexthdr=59", { ETH, PART(54, ipv6) } },
	{ "ip6 nexthdr=50 data=3", { ETH, PART(54, ipv6) } },
	{ "ip6 tcp data=6", { ETH, PART(54, ipv6), PART(74, tcp) } },
	{ "ip6 udp data=6", { ETH, PART(54, ipv6), PART(62, udp) } },
	{ "ip6 udplite data=6", { ETH, PART(54, ipv6), PART(62, udp) } },
	{ "ip6 icmpv6 data=6", { ETH, PART(54, ipv6), PART(62, icmpv6) } },
	{ "ip6 icmp data=6", { ETH, PART(54, ipv6), PART(62, icmp) } },
	{ "ip6 sctp data=6", { ETH, PART(54, ipv6), PART(66, sctp) } },
	{ "ip6 dccp data=6", { ETH, PART(54, ipv6), PART(66, dccp) } },
	{ "ip6 hopopt tcp", { ETH, PART(54, ipv6), PART(62, ipv6_ext), PART(82, tcp) } },
	{ "ip6 hopopt len=2 udp", { ETH, PART(54, ipv6), PART(78, ipv6_ext), PART(86, udp) } },
	{ "ip6 dstopt len=1 udp", { ETH, PART(54, ipv6), PART(70, ipv6_ext), PART(78, udp) } },
	{ "ip6 routing len=4 udp", { ETH, PART(54, ipv6), PART(94, ipv6_ext), PART(102, udp) } },
	{ "ip6 ah len=4 udp", { ETH, PART(54, ipv6), PART(78, ipv6_ext), PART(86, udp) } },
	{ "ip6 ah len=1 udp", { ETH, PART(54, ipv6), PART(66, ipv6_ext), PART(74, udp) } },
	{ "ip6 frag m=1 tcp", { ETH, PART(54, ipv6), PART(62, ipv6_ext), PART(82, tcp) } },
	{ "ip6 frag tcp", { ETH, PART(54, ipv6), PART(62, ipv6_ext), PART(82, tcp) } },
	/* its length byte is reserved, and does not make the header longer */
	{ "ip6 frag reserved=9 udp", { ETH, PART(54, ipv6), PART(62, ipv6_ext), PART(70, udp) } },
	{ "ip6 frag offset=1 tcp", { ETH, PART(54, ipv6), PART(62, ipv6_ext) } },
	/* the walk ends at a later fragment; the next header is the L4 protocol */
	{ "ip6 frag offset=1 dstopt len=3", { ETH, PART(54, ipv6), PART(62, ipv6_ext) } },
	{ "vlan ip6 hopopt dstopt routing frag ah len=2 dstopt dstopt hopopt icmpv6",
	  { ETH, PART(18, vlan), PART(58, ipv6), PART(130, ipv6_ext), PART(138, icmpv6) } },
};

/* One thing is wrong, or just still right. */
static const struct {
	const char *text;
	enum xs_reason reason;
} faults[] = {
	{ "qinq vlan qinq vlan ip udp", XS_REASON_none },
	{ "vlan vlan vlan vlan vlan ip udp", XS_REASON_malformed_vlan },
	{ "vlan vlan vlan vlan type=0x88a8 data=8", XS_REASON_malformed_vlan },
	{ "vlan type=0x9100 data=8", XS_REASON_none }, /* not a tag we know */
	{ "ip version=5 udp", XS_REASON_malformed_ipv4 },
	{ "ip version=6 udp", XS_REASON_malformed_ipv4 },
	{ "ip version=0 udp", XS_REASON_malformed_ipv4 },
	{ "ip ihl=4 udp", XS_REASON_malformed_ipv4 },
	{ "ip ihl=0 udp", XS_REASON_malformed_ipv4 },
	{ "ip ihl=5 udp", XS_REASON_none },
	{ "ip len=19 udp", XS_REASON_malformed_ipv4 },
	{ "ip len=0 udp", XS_REASON_malformed_ipv4 },
	{ "ip ihl=7 len=27 udp", XS_REASON_malformed_ipv4 },
	{ "ip ihl=7 len=28 protocol=47 data=8", XS_REASON_none },
	{ "ip len=38 udp data=10", XS_REASON_none },
	{ "ip len=39 udp data=10", XS_REASON_malformed_ipv4 },
	{ "ip len=65535 udp data=10", XS_REASON_malformed_ipv4 },
	{ "ip len=39 offset=5 udp data=10", XS_REASON_malformed_ipv4 },
	{ "ip len=28 udp data=18", XS_REASON_none }, /* padding of a short frame */
	/* a header in the padding is none */
	{ "ip len=20 udp data=18", XS_REASON_malformed_udp },
	{ "ip len=27 udp data=18", XS_REASON_malformed_udp },
	{ "ip mf=1 len=27 udp data=18", XS_REASON_malformed_udp },
	{ "ip offset=1 len=20 udp data=18", XS_REASON_none },
	{ "ip ihl=7 len=35 udp data=18", XS_REASON_malformed_udp },
	{ "ip ihl=7 len=36 udp data=18", XS_REASON_none },
	{ "vlan ip len=27 udp data=18", XS_REASON_malformed_udp },
	{ "vlan ip len=28 udp data=18", XS_REASON_none },
	{ "ip len=27 udplite data=18", XS_REASON_malformed_udp },
	{ "ip len=28 udplite data=18", XS_REASON_none },
	{ "ip len=39 tcp data=6", XS_REASON_malformed_tcp },
	{ "ip len=40 tcp data=6", XS_REASON_none },
	{ "ip len=27 icmp data=18", XS_REASON_malformed_icmp },
	{ "ip len=28 icmp data=18", XS_REASON_none },
	{ "ip len=31 sctp data=14", XS_REASON_malformed_sctp },
	{ "ip len=32 sctp data=14", XS_REASON_none },
	{ "ip len=31 dccp data=14", XS_REASON_malformed_dccp },
	{ "ip len=32 dccp data=14", XS_REASON_none },
	{ "ip len=20 protocol=47 data=26", XS_REASON_none },
	{ "ip6 len=7 udp data=10", XS_REASON_malformed_udp },
	{ "ip6 len=19 tcp data=10", XS_REASON_malformed_tcp },
	{ "ip6 len=20 tcp data=10", XS_REASON_none },
	{ "ip6 len=7 icmpv6 data=10", XS_REASON_malformed_icmpv6 },
	{ "ip6 len=7 dstopt udp", XS_REASON_malformed_ipv6_ext },
	{ "ip6 len=8 dstopt udp", XS_REASON_malformed_udp },
	{ "ip6 len=15 dstopt udp", XS_REASON_malformed_udp },
	{ "ip6 len=16 dstopt udp", XS_REASON_none },
	{ "ip6 len=7 frag offset=1 udp", XS_REASON_malformed_ipv6_ext },
	{ "ip6 len=8 frag offset=1 udp", XS_REASON_none },
	{ "ip6 len=0 hopopt udp", XS_REASON_none }, /* as a jumbogram has it */
	{ "ip6 len=0 dstopt udp", XS_REASON_malformed_ipv6_ext },
	{ "ip udp len=3 data=10", XS_REASON_none }, /* UDP's own length is not looked at */
	{ "ip6 version=4 udp", XS_REASON_malformed_ipv6 },
	{ "ip6 version=7 udp", XS_REASON_malformed_ipv6 },
	{ "ip6 len=18 udp data=10", XS_REASON_none },
	{ "ip6 len=19 udp data=10", XS_REASON_malformed_ipv6 },
	{ "ip6 len=65535 udp data=10", XS_REASON_malformed_ipv6 },
	{ "ip6 len=0 udp data=10", XS_REASON_malformed_udp },
	{ "ip6 len=0 nexthdr=59 data=10", XS_REASON_none },
	{ "ip6 len=8 udp data=10", XS_REASON_none },
	{ "ip tcp doff=4", XS_REASON_malformed_tcp },
	{ "ip tcp doff=0", XS_REASON_malformed_tcp },
	{ "ip tcp doff=5", XS_REASON_none },
	{ "ip tcp doff=15 cut=54", XS_REASON_none }, /* options are not needed */
	{ "ip mf=1 tcp doff=4", XS_REASON_malformed_tcp },
	{ "ip offset=3 tcp doff=4", XS_REASON_none },
	{ "ip offset=8191 mf=1 tcp doff=4", XS_REASON_none },
	{ "ip df=1 tcp doff=4", XS_REASON_malformed_tcp },
	{ "ip6 tcp doff=4", XS_REASON_malformed_tcp },
	{ "ip6 frag m=1 tcp doff=4", XS_REASON_malformed_tcp },
	{ "ip6 frag offset=8191 tcp doff=4", XS_REASON_none },
	{ "ip6 dstopt dstopt dstopt dstopt dstopt dstopt dstopt dstopt udp", XS_REASON_none },
	{ "ip6 dstopt dstopt dstopt dstopt dstopt dstopt dstopt dstopt dstopt udp",
	  XS_REASON_malformed_ipv6_ext },
	{ "ip6 frag frag frag frag frag frag frag frag frag udp", XS_REASON_malformed_ipv6_ext },
	{ "ip6 frag frag frag frag frag frag frag frag offset=1 nexthdr=60", XS_REASON_none },
	{ "ip6 hopopt ah dstopt routing frag hopopt ah dstopt nexthdr=43 data=80",
	  XS_REASON_malformed_ipv6_ext },
	{ "ip6 nexthdr=0", XS_REASON_malformed_ipv6_ext },
	{ "ip6 nexthdr=44 data=7", XS_REASON_malformed_ipv6_ext },
	{ "ip6 nexthdr=51 data=7", XS_REASON_malformed_ipv6_ext },
	{ "ip6 ah len=0 udp", XS_REASON_none },
	{ "ip6 ah len=255 udp", XS_REASON_none },
	{ "ip6 ah len=255 cut=1081", XS_REASON_malformed_ipv6_ext },
	{ "ip6 hopopt len=255 udp", XS_REASON_none },
	{ "ip6 hopopt len=255 cut=2101", XS_REASON_malformed_ipv6_ext },
	{ "ip6 hopopt len=255 dstopt len=255 udp cut=4157", XS_REASON_malformed_udp },
	{ "eth type=0x0600 data=46", XS_REASON_none },
	{ "eth type=0x002e data=46", XS_REASON_none }, /* 802.3 length */
	{ "eth type=0x8847 data=3", XS_REASON_none },
};

static void check(struct test_env *env, const struct packet *p, const char *text,
		  enum xs_reason reason, __u32 linear)
{
	static const struct xs_ruleset no_rules = {
		.default_action = { .verdict = XS_VERDICT_xsk, .own_slot = 1 },
	};
	const struct test_want malformed = { XDP_PASS, XS_VERDICT_pass, reason, XS_REASON_none };
	struct oracle_result oracle = oracle_run(&no_rules, NULL, p->data, p->len, 0);
	char name[256];
	struct test_frame frame = { name, p->data, p->len, 0, linear };

	snprintf(name, sizeof(name), "%s, %u bytes, first buffer %u", text, p->len,
		 linear ? linear : p->len);
	if (oracle.reason != (reason == XS_REASON_none ? XS_REASON_default : reason))
		fail_msg("%s: the oracle says %s, the table %s", name,
			 xs_reason_names[oracle.reason], xs_reason_names[reason]);
	if (p->len >= 14) /* test_run accepts nothing shorter */
		test_frame(env, &frame, reason == XS_REASON_none ? &test_no_socket : &malformed);
}

static enum xs_reason reason_of_cut(const struct chain *chain, __u32 len)
{
	for (int i = 0; i < 8 && chain->parts[i].end; i++)
		if (len < chain->parts[i].end)
			return chain->parts[i].reason;
	return XS_REASON_none;
}

/* Cuts at every byte; the lengths in the headers before fit. */
static void every_cut_has_the_reason_of_the_header_it_hits(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet full, cut;
	char text[256];

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		packet_text(&full, chains[i].text);
		for (__u32 len = 0; len <= full.len; len++) {
			snprintf(text, sizeof(text), "%s cut=%u", chains[i].text, len);
			packet_text(&cut, text);
			check(env, &cut, text, reason_of_cut(&chains[i], len), 0);
		}
	}
}

/* The same with one header after the other split over two buffers. */
static void headers_may_lie_in_any_buffer(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet full, cut;
	char text[256];

	if (!env->has_linear)
		test_skip("test_run does not let choose the first buffer's size (Linux 6.18)");
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		packet_text(&full, chains[i].text);
		for (__u32 linear = 14; linear < full.len; linear++)
			check(env, &full, chains[i].text, XS_REASON_none, linear);
		for (__u32 len = 15; len < full.len; len++) {
			snprintf(text, sizeof(text), "%s cut=%u", chains[i].text, len);
			packet_text(&cut, text);
			check(env, &cut, text, reason_of_cut(&chains[i], len), len - 1);
			check(env, &cut, text, reason_of_cut(&chains[i], len), 14);
		}
	}
}

static void each_fault_has_its_reason(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		packet_text(&p, faults[i].text);
		if (p.len > 3500 && !env->has_frags)
			continue;
		check(env, &p, faults[i].text, faults[i].reason, 0);
	}
}

/* A frame that was cut on its way: its IP header has a larger length. */
static void a_frame_shorter_than_its_ip_length_is_malformed(void **state)
{
	struct test_env *env = test_env(state);
	static struct packet p;
	char text[64];

	for (__u32 len = 14; len < 60; len++) {
		snprintf(text, sizeof(text), "ip tcp data=6 snap=%u", len);
		packet_text(&p, text);
		check(env, &p, text, XS_REASON_malformed_ipv4, 0);
		snprintf(text, sizeof(text), "ip6 tcp data=6 snap=%u", len);
		packet_text(&p, text);
		check(env, &p, text, XS_REASON_malformed_ipv6, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_has_the_reason_of_the_header_it_hits),
		cmocka_unit_test(headers_may_lie_in_any_buffer),
		cmocka_unit_test(each_fault_has_its_reason),
		cmocka_unit_test(a_frame_shorter_than_its_ip_length_is_malformed),
	};

	return cmocka_run_group_tests_name("malformed", tests, test_open, test_close);
}
