// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rule sets and programs of other builds: what this build reads, and what it refuses before
 * anything has changed. The test imitates the other build: it changes the bytes in the set
 * or in meta that such a build would have written. It runs on lo, in the runner's
 * namespaces; net_tests/upgrade.sh has a real older build.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "../test.h"
#include "../test_lo.h"
#include "lib/instance/set_layout.h"
#include "lib/instance/upgrade.h"
#include "lib/set/read.h"

/* The first page of the set in that slot, to be changed. */
static struct xs_set_header *open_header(__u32 slot)
{
	void *header;
	__u32 id;
	int fd;

	assert_int_equal(bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_sets], &slot, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	assert_true(fd >= 0);
	header = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(header, MAP_FAILED);
	close(fd);
	return header;
}

/* As a build of layout 1 would have written it, whose header is shorter. */
static void make_layout_1(__u32 slot, __u64 compile_ns)
{
	struct xs_set_header *header = open_header(slot);

	assert_true(header->tables >= XS_SET_COMPILE_NS_AT_1 + sizeof(compile_ns));
	header->layout = 1;
	header->compile_ns = 0;
	memset((char *)header + offsetof(struct xs_set_header, members), 0xee,
	       XS_SET_COMPILE_NS_AT_1 - offsetof(struct xs_set_header, members));
	memcpy((char *)header + XS_SET_COMPILE_NS_AT_1, &compile_ns, sizeof(compile_ns));
	munmap(header, 4096);
}

static void make_layout(__u32 slot, __u32 layout)
{
	struct xs_set_header *header = open_header(slot);

	header->layout = layout;
	munmap(header, 4096);
}

/* ---- the tests ---- */

static void a_set_of_layout_1_is_read_and_carried(void **state)
{
	struct xs_rules_in_force now;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	make_layout_1(XS_SET_IN_FORCE, 12345);
	lo_assert_rule("udp sport 1 drop");
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(xs_set_compile_ns(now.header), 12345);
	xs_rules_in_force_close(&now);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 0, NULL), 0);
	lo_assert_rule("udp sport 2 drop");
}

static void a_set_of_layout_1_is_fallen_back_to(void **state)
{
	struct xs_rules_in_force now;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	make_layout_1(XS_SET_IN_FORCE, 1);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 1, NULL), 0);
	sleep(2);
	lo_assert_rule("udp sport 1 drop");
	assert_int_equal(xs_rule_sets_settle(&lo.pins), 1);
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(now.header->layout, 1);
	xs_rules_in_force_close(&now);
}

static void upgrade_carries_a_set_of_layout_1(void **state)
{
	struct xs_upgraded result;
	__u32 layout;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	make_layout_1(XS_SET_IN_FORCE, 1);
	layout = lo.pins.meta.set_layout;
	assert_true(layout >= XS_SET_LAYOUT_BEFORE_LIMITS);
	lo.pins.meta.set_layout = 0; /* it did not say */
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	lo_reopen();
	assert_int_equal(lo.pins.meta.set_layout, layout);
	lo_assert_rule("udp sport 1 drop");
}

static void refuses_to_upgrade(__u32 slot, __u32 layout)
{
	struct xs_upgraded result;
	__u32 before = lo_running();

	make_layout(slot, layout);
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "lo: its rules were written by another "
							 "version"));
	assert_int_equal(lo_running(), before);
	make_layout(slot, XS_SET_LAYOUT_BEFORE_LIMITS);
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	assert_int_not_equal(lo_running(), before);
}

static void upgrade_refuses_sets_that_it_cannot_search(void **state)
{
	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	refuses_to_upgrade(XS_SET_IN_FORCE, XS_SET_LAYOUT + 1);
	refuses_to_upgrade(XS_SET_IN_FORCE,
			   XS_SET_LAYOUT_OLDEST - 1 ? XS_SET_LAYOUT_OLDEST - 1 : 0xffff);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 600, NULL), 0);
	refuses_to_upgrade(XS_SET_FALLBACK, XS_SET_LAYOUT + 1);
}

/* Without a set in force, only meta shows that the program is of another build. */
static void apply_refuses_beside_a_program_of_another_layout(void **state)
{
	struct xs_rules_in_force now;

	(void)state;
	lo.pins.meta.set_layout = XS_SET_LAYOUT + 1;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_null(now.header);
	lo.pins.meta.set_layout = 0;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	lo_assert_rule("udp sport 1 drop");
}

/* A program of before has not read the new fields: their rules would decide wrongly. */
static void apply_refuses_new_fields_beside_an_older_program(void **state)
{
	static const __u32 layouts[] = { 0, 1, 2 };
	struct xs_rules_in_force now;

	(void)state;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		lo.pins.meta.set_layout = layouts[i];
		assert_int_equal(xs_meta_set(&lo.pins), 0);
		assert_int_equal(lo_apply("ip ecn ce drop\n", 0, NULL), -EPROTO);
		assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
		assert_int_equal(lo_apply("arp drop\nip ttl 1 drop\n", 0, NULL),
				 layouts[i] == 1 ? -EPROTO : 0);
	}
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(now.header->layout, XS_SET_LAYOUT_BEFORE_FIELDS);
	xs_rules_in_force_close(&now);
	lo.pins.meta.set_layout = XS_SET_LAYOUT;
	assert_int_equal(lo_apply("ip ecn ce drop\n", 0, NULL), 0);
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(now.header->layout, XS_SET_LAYOUT_BEFORE_SIZES);
	xs_rules_in_force_close(&now);
}

/* Only the compiler sees that the addresses are too many for one chunk. */
static void apply_refuses_a_larger_set_beside_an_older_program(void **state)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fprintf(out, "ip saddr { 224.0.0.0/8");
	for (__u32 i = 0; i < 350000; i++)
		fprintf(out, ", 1%u.%u.%u.%u", i >> 15, i >> 7 & 255, i << 1 & 255, i % 7);
	fprintf(out, " } drop\n");
	fclose(out);
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, NULL), 0);
	lo.pins.meta.set_layout = XS_SET_LAYOUT_BEFORE_SIZES;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply(text, 0, NULL), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
	lo_assert_rule("udp sport 1 drop");
	lo.pins.meta.set_layout = XS_SET_LAYOUT_BEFORE_LIMITS;
	assert_int_equal(lo_apply(text, 0, NULL), 0);
	free(text);
}

static __u32 layout_in_force(void)
{
	struct xs_rules_in_force now;
	__u32 layout;

	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	layout = now.header->layout;
	xs_rules_in_force_close(&now);
	return layout;
}

/* They are packed only for a program that can search them so. */
static void apply_suits_many_ipv6_addresses_to_the_program(void **state)
{
	__u32 searched = lo.pins.meta.set_layout;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fprintf(out, "ip6 saddr { 2001::/64");
	for (__u32 i = 0; i < 5000; i++)
		fprintf(out, ", 2002:%x:%x::/48", i >> 8, 2 * i & 0xffff);
	fprintf(out, " } drop\n");
	fclose(out);
	lo.pins.meta.set_layout = XS_SET_LAYOUT_PACKED - 1;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply(text, 0, NULL), 0);
	assert_int_equal(layout_in_force(), XS_SET_LAYOUT_BEFORE_FIELDS);
	lo.pins.meta.set_layout = searched;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply(text, 0, NULL), 0);
	assert_int_equal(layout_in_force(), searched >= XS_SET_LAYOUT_PACKED
						    ? XS_SET_LAYOUT_PACKED
						    : XS_SET_LAYOUT_BEFORE_FIELDS);
	free(text);
}

/* A program of before would take every frame for one within the limit. */
static void apply_refuses_limits_beside_an_older_program(void **state)
{
	struct xs_rules_in_force now;

	(void)state;
	if (!xs_set_layout_has_limits(lo.pins.meta.set_layout))
		test_skip("this kernel's verifier refuses limits");
	lo.pins.meta.set_layout = XS_SET_LAYOUT_BEFORE_SIZES;
	lo.pins.meta.abi = XS_ABI_LIMITS - 1;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply("udp pass limit 1/second\n", 0, NULL), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
	assert_int_equal(lo_apply("ip ecn ce drop\n", 0, NULL), 0);
	lo.pins.meta.set_layout = XS_SET_LAYOUT;
	lo.pins.meta.abi = XS_ABI;
	assert_int_equal(lo_apply("udp pass limit 1/second\n", 0, NULL), 0);
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(now.header->layout, XS_SET_LAYOUT_LIMITS);
	xs_rules_in_force_close(&now);
}

/* A program of before does not read them out of a frame. */
static void apply_refuses_inner_fields_beside_an_older_program(void **state)
{
	static const char *const rules[] = { "vlan inner id 7 drop\n",
					     "arp saddr ip 10.0.0.1 drop\n",
					     "ip6 flowlabel != 0 drop\n", "gre key 7 drop\n",
					     "udp drop\nvxlan vni 7 drop\n" };
	struct xs_rules_in_force now;

	(void)state;
	if (!xs_set_layout_has_limits(lo.pins.meta.set_layout))
		test_skip("this kernel's verifier refuses the program with such fields");
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		lo.pins.meta.set_layout = XS_SET_LAYOUT_LIMITS;
		assert_int_equal(xs_meta_set(&lo.pins), 0);
		assert_int_equal(lo_apply(rules[i], 0, NULL), -EPROTO);
		assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
		assert_int_equal(lo_apply("udp pass limit 1/second\n", 0, NULL), 0);
		lo.pins.meta.set_layout = XS_SET_LAYOUT;
		assert_int_equal(lo_apply(rules[i], 0, NULL), 0);
		assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
		assert_int_equal(now.header->layout, XS_SET_LAYOUT_INNER);
		xs_rules_in_force_close(&now);
	}
}

/* As one that was loaded before the kernel told it of connections. */
static void apply_refuses_ct_state_beside_a_program_without(void **state)
{
	static const char rules[] = "udp ct state new drop\n";
	struct xs_rules_in_force now;
	struct utsname kernel;
	bool tells = lo.pins.meta.set_layout >= XS_SET_LAYOUT_CT;

	(void)state;
	if (!xs_set_layout_has_limits(lo.pins.meta.set_layout))
		test_skip("this kernel's verifier refuses the program with such fields");
	assert_int_equal(uname(&kernel), 0);
	lo.pins.meta.set_layout = XS_SET_LAYOUT_BEFORE_CT;
	assert_int_equal(xs_meta_set(&lo.pins), 0);
	assert_int_equal(lo_apply(rules, 0, NULL), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), tells ? "xsteer_upgrade()" : "ct state"));
	assert_int_equal(!strstr(xsteer_ctx_error(lo.ctx), kernel.release), tells);
	assert_int_equal(lo_apply("gre key 7 drop\n", 0, NULL), 0);
	if (!tells)
		return;
	lo.pins.meta.set_layout = XS_SET_LAYOUT;
	assert_int_equal(lo_apply(rules, 0, NULL), 0);
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_int_equal(now.header->layout, XS_SET_LAYOUT_CT);
	xs_rules_in_force_close(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_set_of_layout_1_is_read_and_carried, lo_set_up,
						lo_tear_down),
		cmocka_unit_test_setup_teardown(a_set_of_layout_1_is_fallen_back_to, lo_set_up,
						lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_ct_state_beside_a_program_without,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(upgrade_carries_a_set_of_layout_1, lo_set_up,
						lo_tear_down),
		cmocka_unit_test_setup_teardown(upgrade_refuses_sets_that_it_cannot_search,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_new_fields_beside_an_older_program,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_a_larger_set_beside_an_older_program,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_suits_many_ipv6_addresses_to_the_program,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_limits_beside_an_older_program,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_inner_fields_beside_an_older_program,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(apply_refuses_beside_a_program_of_another_layout,
						lo_set_up, lo_tear_down),
	};

	return cmocka_run_group_tests_name("set_layout", tests, NULL, NULL);
}
