// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Up to four tags, of both kinds in any order, are skipped; with a fifth the frame is malformed. */
#include <stdio.h>
#include <string.h>

#include "../test.h"

static void tags(char *text, unsigned int cnt, unsigned int kinds)
{
	*text = '\0';
	for (unsigned int i = 0; i < cnt; i++)
		strcat(text, kinds >> i & 1 ? "qinq id=4095 " : "vlan id=0 ");
}

static void up_to_four_tags_are_stepped_over(void **state)
{
	struct test_env *env = test_env(state);
	char text[128];

	for (unsigned int cnt = 0; cnt <= XS_VLAN_MAX; cnt++) {
		for (unsigned int kinds = 0; kinds < 1u << cnt; kinds++) {
			tags(text, cnt, kinds);
			strcat(text, "ip udp data=18");
			test_text(env, text, &test_no_socket);
		}
	}
}

static void a_fifth_tag_is_malformed(void **state)
{
	struct test_env *env = test_env(state);
	const struct test_want malformed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_vlan,
					     XS_REASON_none };
	char text[128];

	for (unsigned int kinds = 0; kinds < 1u << (XS_VLAN_MAX + 1); kinds++) {
		tags(text, XS_VLAN_MAX + 1, kinds);
		strcat(text, "ip udp data=18");
		test_text(env, text, &malformed);
	}
}

/* The headers after the tags are parsed as without tags. */
static void headers_behind_tags_are_checked(void **state)
{
	struct test_env *env = test_env(state);
	const struct test_want bad_tcp = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_tcp,
					   XS_REASON_none };
	const struct test_want bad_ip = { XDP_PASS, XS_VERDICT_pass, XS_REASON_malformed_ipv4,
					  XS_REASON_none };
	char text[128];

	for (unsigned int cnt = 0; cnt <= XS_VLAN_MAX; cnt++) {
		tags(text, cnt, 5);
		strcat(text, "ip tcp doff=4");
		test_text(env, text, &bad_tcp);
		tags(text, cnt, 5);
		strcat(text, "ip version=6 udp");
		test_text(env, text, &bad_ip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_to_four_tags_are_stepped_over),
		cmocka_unit_test(a_fifth_tag_is_malformed),
		cmocka_unit_test(headers_behind_tags_are_checked),
	};

	return cmocka_run_group_tests_name("vlan", tests, test_open, test_close);
}
