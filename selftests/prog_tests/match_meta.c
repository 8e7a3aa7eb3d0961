// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* meta l4proto, fragment, length, rxqueue. */
#include "../rule_rows.h"

static void l4proto_is_what_follows_the_extension_headers(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta l4proto udp drop", "ip udp", 1),
		RULE_FRAME("ip6 udp", 1),
		RULE_FRAME("ip6 hopopt routing dstopt ah len=1 udp", 1),
		RULE_FRAME("ip offset=5 udp", 1),
		RULE_FRAME("ip6 frag offset=5 udp", 1),
		RULE_FRAME("ip6 tcp", 0),
		RULE_FRAME("arp", 0),
		RULE_BAD("ip6 hopopt udp cut=69", udp),
		RULE_ROW("meta l4proto 0 drop", "ip protocol=0", 1),
		RULE_FRAME("ip6 hopopt udp", 0),
		RULE_FRAME("ip6 frag offset=1 hopopt", 1),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta l4proto { 51, 59, 255 } drop", "ip protocol=51", 1),
		RULE_FRAME("ip6 nexthdr=59", 1),
		RULE_FRAME("ip6 nexthdr=255", 1),
		RULE_FRAME("ip6 nexthdr=254", 0),
		RULE_FRAME("ip6 ah udp", 0),
		RULE_FRAME("ip6 frag offset=1 ah", 1),
		RULE_ROW("meta l4proto != tcp drop", "ip tcp", 0),
		RULE_FRAME("ip6 dstopt tcp", 0),
		RULE_FRAME("ip udp", 1),
		RULE_FRAME("ip6 nexthdr=59", 1),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void fragment(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta fragment none drop", "ip udp", 1),
		RULE_FRAME("ip df=1 udp", 1),
		RULE_FRAME("ip mf=1 udp", 0),
		RULE_FRAME("ip offset=1 udp", 0),
		RULE_FRAME("ip6 udp", 1),
		RULE_FRAME("ip6 frag udp", 1),
		RULE_FRAME("ip6 frag m=1 udp", 0),
		RULE_FRAME("ip6 frag offset=1 udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta fragment first drop", "ip mf=1 udp", 1),
		RULE_FRAME("ip mf=1 offset=1 udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip6 frag m=1 udp", 1),
		RULE_FRAME("ip6 hopopt frag m=1 dstopt udp", 1),
		RULE_FRAME("ip6 frag m=1 offset=1 udp", 0),
		RULE_FRAME("ip6 frag udp", 0),
		RULE_FRAME("arp", 0),
		RULE_BAD("ip mf=1 udp cut=41", udp),
		RULE_BAD("ip6 frag m=1 udp cut=69", udp),
		RULE_ROW("meta fragment later drop", "ip offset=1 udp", 1),
		RULE_FRAME("ip offset=8191 mf=1 udp", 1),
		RULE_FRAME("ip mf=1 udp", 0),
		RULE_FRAME("ip6 frag offset=8191", 1),
		RULE_FRAME("ip6 frag m=1 udp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("ip offset=1 udp cut=35", 1),
		RULE_ROW("meta fragment != none drop", "ip udp", 0),
		RULE_FRAME("ip mf=1 udp", 1),
		RULE_FRAME("ip offset=1 udp", 1),
		RULE_FRAME("ip6 frag udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta fragment { first, later } drop", "ip6 frag m=1 udp", 1),
		RULE_FRAME("ip6 frag offset=4 udp", 1),
		RULE_FRAME("ip6 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void length_counts_from_the_ethernet_header(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta length 60 drop", "data=46", 1),
		RULE_FRAME("data=45", 0),
		RULE_FRAME("data=47", 0),
		RULE_FRAME("vlan data=42", 1),
		RULE_ROW("meta length 0-59 drop", "data=45", 1),
		RULE_FRAME("", 1),
		RULE_FRAME("data=46", 0),
		RULE_ROW("meta length 1501-4294967295 drop", "data=1486", 0),
		RULE_FRAME("data=1487", 1),
		RULE_FRAME("data=3000", 1),
		RULE_ROW("meta length != 64 drop", "data=50", 0),
		RULE_FRAME("data=51", 1),
		RULE_ROW("meta length { 14, 65535-65536 } drop", "", 1),
		RULE_FRAME("data=1", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void rxqueue(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta rxqueue 0 drop", "ip udp", 1),
		RULE_QUEUE("ip udp", 0, 1),
		RULE_QUEUE("arp", 0, 3),
		RULE_ROW("meta rxqueue 1-2 drop", "ip udp", 0),
		RULE_QUEUE("ip udp", 1, 1),
		RULE_QUEUE("ip6", 1, 2),
		RULE_QUEUE("ip udp", 0, 3),
		RULE_ROW("meta rxqueue != 3 drop", "ip udp", 1),
		RULE_QUEUE("ip udp", 0, 3),
		RULE_ROW("meta rxqueue 4294967295 drop", "ip udp", 0),
		RULE_QUEUE("ip udp", 0, 3),
		RULE_ROW("meta rxqueue 3-4294967295 drop", "ip udp", 0),
		RULE_QUEUE("ip udp", 1, 3),
		RULE_QUEUE("ip udp", 0, 2),
	};

	RULE_ROWS_RUN(state, rows);
}

static void frames_of_several_buffers_have_their_whole_length(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta length 9014 udp dport 53 drop", "ip udp data=8972", 1),
		RULE_FRAME("ip udp data=8971", 0),
		RULE_FRAME("ip udp data=8973", 0),
		RULE_FRAME("ip udp dport=54 data=8972", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(l4proto_is_what_follows_the_extension_headers),
		cmocka_unit_test(fragment),
		cmocka_unit_test(length_counts_from_the_ethernet_header),
		cmocka_unit_test(rxqueue),
		cmocka_unit_test(frames_of_several_buffers_have_their_whole_length),
	};

	return cmocka_run_group_tests_name("match_meta", tests, test_open, test_close);
}
