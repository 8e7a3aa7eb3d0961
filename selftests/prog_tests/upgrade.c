// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Whose program an upgrade replaces if the one that runs is not the one that is pinned. It
 * runs on lo, in the runner's namespaces; the other tests are in net_tests/upgrade.sh.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "../test.h"
#include "../test_lo.h"
#include "lib/instance/link.h"
#include "lib/instance/program.h"
#include "lib/instance/set_layout.h"
#include "lib/instance/upgrade.h"
#include "maps/rule_set.h"
#include "xsteer.skel.h"

static int link_fd(void)
{
	int fd = bpf_obj_get(LO_ROOT "/lo/" XS_PIN_LINK);

	assert_true(fd >= 0);
	return fd;
}

static __u32 pinned(void)
{
	int fd = xs_pinned_prog_open(LO_ROOT "/lo");
	__u32 id;

	assert_true(fd >= 0);
	assert_int_equal(xs_prog_id(fd, &id), 0);
	close(fd);
	return id;
}

static void put_into_link(int prog)
{
	int fd = link_fd();

	assert_int_equal(bpf_link_update(fd, prog, NULL), 0);
	close(fd);
}

static void replaces_what_is_pinned(void **state)
{
	struct xs_upgraded result;
	__u32 before = lo_running();

	(void)state;
	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	assert_int_equal(result.old_prog_id, before);
	assert_int_equal(result.prog_id, lo_running());
	assert_int_equal(pinned(), lo_running());
	assert_int_not_equal(lo_running(), before);
}

/* Leaves it as an upgrade does that is killed after the update and before the pin. */
static void replaces_one_of_ours_that_was_never_pinned(void **state)
{
	struct xs_upgraded result;
	struct xsteer_bpf *skel;
	__u32 left;

	(void)state;
	skel = xs_program_open(lo.ctx, lo.pins.slots, lo.pins.meta.set_layout);
	assert_non_null(skel);
	assert_int_equal(xs_program_reuse(skel->obj, &lo.pins, 0), 0);
	assert_int_equal(xs_program_load(lo.ctx, skel->skeleton), 0);
	put_into_link(bpf_program__fd(skel->progs.xsteer));
	xsteer_bpf__destroy(skel);
	left = lo_running();
	assert_int_not_equal(pinned(), left);

	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), 0);
	assert_int_equal(result.old_prog_id, left);
	assert_int_equal(pinned(), lo_running());
	assert_int_not_equal(lo_running(), left);
}

static void leaves_a_strangers_program(void **state)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP);
	int prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", pass, 2, &opts);
	struct xs_upgraded result;
	__u32 strangers, ours = pinned();

	(void)state;
	assert_true(prog >= 0);
	put_into_link(prog);
	close(prog);
	strangers = lo_running();

	assert_int_equal(xs_upgrade(lo.ctx, "lo", &result), -EPERM);
	assert_int_equal(lo_running(), strangers);
	assert_int_equal(pinned(), ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replaces_what_is_pinned, lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(replaces_one_of_ours_that_was_never_pinned,
						lo_set_up, lo_tear_down),
		cmocka_unit_test_setup_teardown(leaves_a_strangers_program, lo_set_up,
						lo_tear_down),
	};

	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
