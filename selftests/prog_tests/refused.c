// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs that the verifier refuses: the reason is told, and the program without limits and
 * dynamic sets takes the place of one with them. A kernel that refuses only those is imitated
 * where libbpf is asked to load: here they are refused, and nothing else is. Nor are variables
 * mapped, if so asked, which libbpf leaves out where it could not ask the kernel.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "../packets.h"
#include "../rule_errors.h"
#include "../test.h"
#include "../test_lo.h"
#include "lib/instance/instance.h"
#include "lib/instance/program.h"
#include "lib/instance/upgrade.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/explain.h"
#include "maps/rule_set.h"
#include "selftests/progs/refused.skel.h"
#include "xsteer.skel.h"

/* ---- the kernel that is imitated ---- */

static int answer; /* to a program with limits and dynamic sets; 0: the kernel's own */
static int loads; /* attempts, of any program */
static bool unmapped; /* its variables */

int __real_bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton);
int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton);

static bool has_limits(const struct bpf_object_skeleton *skeleton)
{
	size_t bytes;

	xsteer_bpf__elf_bytes(&bytes);
	return skeleton->data_sz == bytes;
}

int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton)
{
	int err;

	loads++;
	if (answer && has_limits(skeleton))
		return answer;
	err = __real_bpf_object__load_skeleton(skeleton);
	for (int i = 0; unmapped && i < skeleton->map_cnt; i++)
		if (skeleton->maps[i].mmaped)
			*skeleton->maps[i].mmaped = NULL;
	return err;
}

static int attach_where_limits_are_refused(void **state)
{
	answer = -E2BIG;
	loads = 0;
	return lo_set_up(state);
}

static int detach(void **state)
{
	answer = 0;
	unmapped = false;
	return lo_tear_down(state);
}

static const char *kernel_release(void)
{
	static struct utsname name;

	assert_int_equal(uname(&name), 0);
	return name.release;
}

static void refuses_to_apply(const char *text)
{
	assert_int_equal(lo_apply(text, 0, NULL), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "limits, dynamic sets or the fields"));
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), kernel_release()));
	assert_null(strstr(xsteer_ctx_error(lo.ctx), "xsteer_upgrade()"));
}

/* What the program in the link does with a frame. */
static int decided(const char *text)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int fd = bpf_prog_get_fd_by_id(lo_running());
	struct packet packet;

	assert_true(fd >= 0);
	packet_text(&packet, text);
	opts.data_in = packet.data;
	opts.data_size_in = packet.len;
	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
	close(fd);
	return (int)opts.retval;
}

/* ---- the tests ---- */

static void the_program_without_is_attached_and_rules_that_need_more_are_refused(void **state)
{
	(void)state;
	assert_int_equal(loads, xs_kernel_has_limits() ? 2 + xs_kernel_tells_connections() : 1);
	assert_int_equal(lo.pins.meta.set_layout, XS_SET_LAYOUT_BEFORE_LIMITS);
	assert_int_equal(lo_apply("ip ecn ce drop\nudp dport 9 drop\n", 0, NULL), 0);
	refuses_to_apply("udp dport 9 pass limit 1/second\n");
	refuses_to_apply("set s { type ip; }\nip saddr @s drop\n");
	refuses_to_apply("vxlan vni 7 drop\n");
	/* what was in force is so still */
	assert_int_equal(decided("ip udp dport=9"), XDP_DROP);
	assert_int_equal(decided("ip udp dport=10"), XDP_PASS);
}

static void upgrade_brings_them_once_the_verifier_takes_them(void **state)
{
	struct xs_upgraded result;
	__u32 before;

	(void)state;
	if (!xs_kernel_has_limits())
		test_skip("this kernel does refuse them");
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	lo_reopen();
	assert_int_equal(lo.pins.meta.set_layout, XS_SET_LAYOUT_BEFORE_LIMITS);
	answer = 0;
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	lo_reopen();
	assert_int_equal(lo.pins.meta.set_layout, XS_SET_LAYOUT);
	assert_int_equal(lo_apply("udp dport 9 pass limit 1/day burst 1\n", 0, NULL), 0);
	assert_int_equal(decided("ip udp dport=9"), XDP_PASS);
	assert_int_equal(decided("ip udp dport=9"), XDP_DROP);

	/* and does not take them away from rules that ask for them */
	answer = -E2BIG;
	before = lo_running();
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), -EPROTO);
	assert_non_null(strstr(xsteer_ctx_error(lo.ctx), "limits, dynamic sets or the fields"));
	assert_int_equal(lo_running(), before);
	assert_int_equal(decided("ip udp dport=9"), XDP_DROP);
}

static void explain_refuses_them_too(void **state)
{
	struct xs_explain explain;
	struct xs_ruleset rules = {};
	struct xs_apply result;

	(void)state;
	assert_int_equal(xs_explain_open(lo.ctx, &explain, NULL, 0, XS_CT_STATE_new), 0);
	assert_int_equal(test_parse_rules(&rules, "udp pass limit 1/second\n"), 0);
	assert_int_equal(xs_rule_sets_apply(&explain.pins, &rules, 0, &result), -EPROTO);
	/* no interface to name */
	assert_int_equal(strncmp(xsteer_ctx_error(lo.ctx), "the rules have limits", 21), 0);
	xs_ruleset_free(&rules);
	xs_explain_close(&explain);
}

static void variables_that_are_not_mapped_are_read_all_the_same(void **state)
{
	static unsigned char arp[ETH_ZLEN] = { [12] = 0x08, [13] = 0x06 };
	const struct xs_frame frame = { .bytes = arp, .len = sizeof(arp) };
	struct xs_upgraded upgraded;
	struct xs_explained found;
	struct xs_explain explain;
	struct xs_ruleset rules = {};
	struct xs_apply result;
	int xdp;

	(void)state;
	answer = 0;
	unmapped = true;
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &upgraded), 0);
	assert_int_equal(xs_explain_open(lo.ctx, &explain, NULL, 0, XS_CT_STATE_new), 0);
	assert_null(explain.skel->bss);
	assert_int_equal(test_parse_rules(&rules, "ether type arp drop\n"), 0);
	assert_int_equal(xs_rule_sets_apply(&explain.pins, &rules, 0, &result), 0);
	assert_int_equal(xs_explain_run(lo.ctx, &explain, &frame, &found, &xdp), 0);
	assert_int_equal(xdp, XDP_DROP);
	assert_int_equal(found.verdict, XS_VERDICT_drop);
	assert_int_equal(found.rule, 0);
	xs_ruleset_free(&rules);
	xs_explain_close(&explain);
}

static void what_is_no_refusal_of_the_verifier_is_not_tried_again(void **state)
{
	static const int errors[] = { -EPERM, -ENOMEM, -EMFILE };
	__u32 set_layout;

	(void)state;
	if (!xs_kernel_has_limits())
		test_skip("limits are not tried here");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		answer = errors[i];
		loads = 0;
		assert_null(xs_program_make(lo.ctx, XS_SLOTS_MIN, NULL, NULL, &set_layout));
		assert_int_equal(errno, -errors[i]);
		assert_int_equal(loads, 1);
	}
}

/* Before Linux 6.4 a log that is longer than its buffer is an error of its own. */
static void the_reason_is_told_however_long_the_way_to_it_is(void **state)
{
	struct xsteer_ctx *ctx = xsteer_ctx_new(LO_ROOT, test_log, NULL);
	struct refused_bpf *skel = refused_bpf__open();

	(void)state;
	assert_non_null(ctx);
	assert_non_null(skel);
	assert_int_equal(xs_program_load(ctx, skel->skeleton), -EACCES);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "the verifier's reason is above"));
	refused_bpf__destroy(skel);
	xsteer_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_program_without_is_attached_and_rules_that_need_more_are_refused,
			attach_where_limits_are_refused, detach),
		cmocka_unit_test_setup_teardown(upgrade_brings_them_once_the_verifier_takes_them,
						attach_where_limits_are_refused, detach),
		cmocka_unit_test_setup_teardown(variables_that_are_not_mapped_are_read_all_the_same,
						attach_where_limits_are_refused, detach),
		cmocka_unit_test_setup_teardown(explain_refuses_them_too,
						attach_where_limits_are_refused, detach),
		cmocka_unit_test_setup_teardown(
			what_is_no_refusal_of_the_verifier_is_not_tried_again,
			attach_where_limits_are_refused, detach),
		cmocka_unit_test(the_reason_is_told_however_long_the_way_to_it_is),
	};

	return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
