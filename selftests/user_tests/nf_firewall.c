// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The example docs/examples/nf_firewall.c: the edges of prefixes, and arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "../nf_frames.h"

int firewall_main(int argc, char **argv);
#define main firewall_main
#include "../../docs/examples/nf_firewall.c"
#undef main

#define REJECT XSNF_EXIT(0)

static struct firewall firewall;
static const struct xsnf_ops ops = {
	.service = "fw", .exits = { "reject" }, .packet = on_packet, .data = &firewall
};

static int begin(void **state)
{
	(void)state;
	memset(&firewall, 0, sizeof(firewall));
	return 0;
}

static int reject(const char *prefix)
{
	char name[] = "firewall", text[64], *argv[] = { name, text, NULL };

	snprintf(text, sizeof(text), "%s", prefix);
	return parse_options(&firewall, 2, argv);
}

/* The verdict on a packet from this address; it is not changed. */
static __u8 from(const char *addr)
{
	bool six = strchr(addr, ':');
	struct nf_frame frame = six ? nf_frame6(IPPROTO_UDP, addr, 1, "2001:db8:ffff::1", 2)
				    : nf_frame(IPPROTO_UDP, addr, 1, "1.2.3.4", 2);
	struct nf_frame was = frame;
	__u8 verdict = nf_frame_run(&ops, &frame);

	assert_memory_equal(&frame, &was, sizeof(was));
	return verdict;
}

static void the_edges_of_a_prefix_are_exact(void **state)
{
	static const struct {
		const char *prefix, *below, *first, *last, *above;
	} rows[] = {
		{ "10.0.0.32/27", "10.0.0.31", "10.0.0.32", "10.0.0.63", "10.0.0.64" },
		{ "10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0" },
		{ "128.0.0.0/1", "127.255.255.255", "128.0.0.0", "255.255.255.255", NULL },
		{ "192.0.2.7/32", "192.0.2.6", "192.0.2.7", "192.0.2.7", "192.0.2.8" },
		{ "2001:db8::/33",
		  "2001:db7:ffff::", "2001:db8::", "2001:db8:7fff:ffff::", "2001:db8:8000::" },
		{ "2001:db8::8/128", "2001:db8::7", "2001:db8::8", "2001:db8::8", "2001:db8::9" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(state);
		assert_int_equal(reject(rows[i].prefix), 0);
		assert_int_equal(from(rows[i].below), XSNF_NEXT);
		assert_int_equal(from(rows[i].first), REJECT);
		assert_int_equal(from(rows[i].last), REJECT);
		if (rows[i].above)
			assert_int_equal(from(rows[i].above), XSNF_NEXT);
	}
}

/* Bits beyond the length, which people leave in, mean nothing. */
static void bits_beyond_the_length_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(reject("10.1.2.3/16"), 0);
	assert_int_equal(from("10.1.0.0"), REJECT);
	assert_int_equal(from("10.1.255.255"), REJECT);
	assert_int_equal(from("10.2.2.3"), XSNF_NEXT);
}

static void length_0_is_all_of_its_family_alone(void **state)
{
	(void)state;
	assert_int_equal(reject("0.0.0.0/0"), 0);
	assert_int_equal(from("198.51.100.1"), REJECT);
	assert_int_equal(from("::1"), XSNF_NEXT);
	begin(state);
	assert_int_equal(reject("::/0"), 0);
	assert_int_equal(from("198.51.100.1"), XSNF_NEXT);
	assert_int_equal(from("::1"), REJECT);
}

static void destinations_count_as_well(void **state)
{
	struct nf_frame to = nf_frame(IPPROTO_TCP, "10.0.0.1", 1, "192.0.2.9", 80);
	struct nf_frame to6 = nf_frame6(IPPROTO_UDP, "fd00::1", 1, "2001:db8::9", 53);

	(void)state;
	assert_int_equal(reject("192.0.2.0/24"), 0);
	assert_int_equal(nf_frame_run(&ops, &to6), XSNF_NEXT);
	assert_int_equal(reject("2001:db8::/32"), 0);
	assert_int_equal(nf_frame_run(&ops, &to), REJECT);
	assert_int_equal(nf_frame_run(&ops, &to6), REJECT);
}

/* A fragment without ports has addresses; what is not IP, or has no whole IP header, has none. */
static void what_has_no_addresses_goes_on(void **state)
{
	struct nf_frame piece = nf_frame(IPPROTO_UDP, "10.0.0.1", 1, "192.0.2.9", 2), arp = piece;
	struct nf_frame six = nf_frame6(IPPROTO_UDP, "fd00::1", 1, "fd00::2", 2);

	(void)state;
	assert_int_equal(reject("0.0.0.0/0"), 0);
	assert_int_equal(reject("::/0"), 0);
	nf_frame_set_ip(&piece, 6, 0x0010);
	assert_int_equal(nf_frame_run(&ops, &piece), REJECT);
	arp.bytes[13] = 6;
	assert_int_equal(nf_frame_run(&ops, &arp), XSNF_NEXT);
	nf_frame_passes_when_cut(&ops, &piece, NF_FRAME_L4 - 1, XSNF_NEXT);
	nf_frame_passes_when_cut(&ops, &six, NF_FRAME6_L4 - 1, XSNF_NEXT);
}

static void without_prefixes_all_goes_on(void **state)
{
	(void)state;
	assert_int_equal(from("10.0.0.1"), XSNF_NEXT);
	assert_int_equal(from("::1"), XSNF_NEXT);
}

static void wrong_arguments_are_refused(void **state)
{
	static const char *const wrong[] = {
		"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8x",
		"::/129",   "1::2::/64", "2001:db8::",	"/8",	       ""
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_not_equal(reject(wrong[i]), 0);
		assert_int_equal(firewall.cnt, 0);
	}
	for (int i = 0; i < PREFIXES_MAX; i++)
		assert_int_equal(reject("10.0.0.0/32"), 0);
	assert_int_not_equal(reject("10.0.0.0/32"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(the_edges_of_a_prefix_are_exact),
		TEST(bits_beyond_the_length_do_not_count),
		TEST(length_0_is_all_of_its_family_alone),
		TEST(destinations_count_as_well),
		TEST(what_has_no_addresses_goes_on),
		TEST(without_prefixes_all_goes_on),
		TEST(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
