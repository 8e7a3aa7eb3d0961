// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sets that are too long to be multiplied out. If a rule has two, the longer one becomes a
 * condition, which looks up a bit. It decides as a short set would.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../rule_rows.h"

/* Together they are more than the compiler multiplies out; the first is the longer one. */
#define LONG 370
#define LESS_LONG 360

/* Numbers of 32 bits that do not touch; 192.0.2.1 is the first. */
static __u32 member(__u32 i)
{
	return 0xc0000201 + 16 * i;
}

static void say_ip4(FILE *out, __u32 i)
{
	__u32 v = member(i);

	fprintf(out, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
}

static void say_ip6(FILE *out, __u32 i)
{
	fprintf(out, "::%x:%x", member(i) >> 16, member(i) & 0xffff);
}

static void say_port(FILE *out, __u32 i)
{
	fprintf(out, "%u", member(i) & 0xffff);
}

static void say_set(FILE *out, const char *field, void (*say)(FILE *, __u32), __u32 cnt)
{
	fprintf(out, "%s { ", field);
	for (__u32 i = 0; i < cnt; i++) {
		fprintf(out, i ? ", " : "");
		say(out, i);
	}
	fprintf(out, " } ");
}

/* Writes the rules into a text: `ip` on line `at`, `ip6` on the other one. */
static char *both_families(int at)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int line = 1; line <= 2; line++) {
		if (line == at) {
			say_set(out, "ip saddr", say_ip4, LONG);
			say_set(out, "ip daddr", say_ip4, LESS_LONG);
		} else {
			say_set(out, "ip6 saddr", say_ip6, LONG);
			say_set(out, "ip6 daddr", say_ip6, LESS_LONG);
		}
		fprintf(out, "drop\n");
	}
	fclose(out);
	return text;
}

static void the_same_numbers_are_a_set_in_each_family(void **state)
{
	for (int at = 1; at <= 2; at++) {
		char *text = both_families(at);
		const struct rule_row rows[] = {
			RULE_ROW(text, "ip saddr=192.0.2.1 daddr=192.0.2.17", at),
			RULE_FRAME("ip6 saddr=::c000:201 daddr=::c000:211", 3 - at),
			RULE_FRAME("ip saddr=192.0.2.2 daddr=192.0.2.17", 0),
			RULE_FRAME("ip6 saddr=::c000:202 daddr=::c000:211", 0),
			RULE_FRAME("ip saddr=192.0.25.17 daddr=192.0.2.1", at),
			RULE_FRAME("ip6 saddr=::c000:1911 daddr=::c000:201", 3 - at),
			RULE_FRAME("ip saddr=192.0.25.33 daddr=192.0.2.1", 0),
			RULE_FRAME("ip6 saddr=::c000:1921 daddr=::c000:201", 0),
			RULE_FRAME("ip6 saddr=::1:c000:201 daddr=::c000:201", 0),
			RULE_FRAME("arp", 0),
		};

		RULE_ROWS_RUN(state, rows);
		free(text);
	}
}

static void a_set_of_ports_is_one_on_its_side_only(void **state)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	say_set(out, "ip saddr", say_ip4, LESS_LONG);
	say_set(out, "tcp dport", say_port, LONG);
	fprintf(out, "drop\n");
	say_set(out, "ip6 saddr", say_ip6, LESS_LONG);
	say_set(out, "tcp sport", say_port, LONG);
	fprintf(out, "drop\n");
	fclose(out);
	{
		const struct rule_row rows[] = {
			RULE_ROW(text, "ip saddr=192.0.2.17 tcp sport=9 dport=513", 1),
			RULE_FRAME("ip saddr=192.0.2.17 tcp sport=513 dport=9", 0),
			RULE_FRAME("ip saddr=192.0.2.17 tcp sport=9 dport=514", 0),
			RULE_FRAME("ip6 saddr=::c000:211 tcp sport=513 dport=9", 2),
			RULE_FRAME("ip6 saddr=::c000:211 tcp sport=9 dport=513", 0),
			RULE_FRAME("ip6 saddr=::c000:211 tcp sport=6417 dport=9", 2),
			RULE_FRAME("ip6 saddr=::c000:211 tcp sport=6433 dport=9", 0),
			RULE_FRAME("ip saddr=192.0.2.17 offset=8 tcp", 0),
		};

		RULE_ROWS_RUN(state, rows);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_numbers_are_a_set_in_each_family),
		cmocka_unit_test(a_set_of_ports_is_one_on_its_side_only),
	};

	return cmocka_run_group_tests_name("rule_conditions", tests, test_open, test_close);
}
