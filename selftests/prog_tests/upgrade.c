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
#include "lib/instance/instance.h"
#include "lib/instance/program.h"
#include "lib/instance/upgrade.h"
#include "xsteer.skel.h"
#include "lib/instance/lock.h"

#define ROOT "/sys/fs/bpf/xsteer-test"

static struct xsteer_ctx *ctx; /* of this pin root */

static int lock = -1;

static int set_up(void **state)
{
	const struct xs_attach_opts opts = { .mode = XS_MODE_SKB };
	struct xs_attached got;

	(void)state;
	ctx = ctx ? ctx : xsteer_ctx_new(ROOT, test_log, NULL);
	lock = xs_pins_lock(ctx, NULL, true);
	return lock < 0 || xs_instance_attach(ctx, "lo", &opts, &got, &lock);
}

static int tear_down(void **state)
{
	(void)state;
	xs_instance_detach(ctx, "lo", &lock);
	close(lock);
	return 0;
}

static int link_fd(void)
{
	int fd = bpf_obj_get(ROOT "/lo/" XS_PIN_LINK);

	assert_true(fd >= 0);
	return fd;
}

static __u32 running(void)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	int fd = link_fd();

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	return info.prog_id;
}

static __u32 pinned(void)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(ROOT "/lo/" XS_PIN_PROG);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	return info.id;
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
	__u32 before = running();

	(void)state;
	assert_int_equal(xs_upgrade(ctx, "lo", &result), 0);
	assert_int_equal(result.old_prog_id, before);
	assert_int_equal(result.prog_id, running());
	assert_int_equal(pinned(), running());
	assert_int_not_equal(running(), before);
}

/* Leaves it as an upgrade does that is killed after the update and before the pin. */
static void replaces_one_of_ours_that_was_never_pinned(void **state)
{
	struct xs_upgraded result;
	struct xsteer_bpf *skel;
	struct xs_pins pins;
	__u32 left;

	(void)state;
	assert_int_equal(xs_pins_open(ctx, &pins, "lo", XS_PINS_WRITE), 0);
	skel = xs_program_open(ctx, pins.slots);
	assert_non_null(skel);
	assert_int_equal(xs_program_reuse(skel->obj, &pins, 0), 0);
	assert_int_equal(xs_program_load(ctx, skel->skeleton), 0);
	put_into_link(bpf_program__fd(skel->progs.xsteer));
	xsteer_bpf__destroy(skel);
	xs_pins_close(&pins);
	left = running();
	assert_int_not_equal(pinned(), left);

	assert_int_equal(xs_upgrade(ctx, "lo", &result), 0);
	assert_int_equal(result.old_prog_id, left);
	assert_int_equal(pinned(), running());
	assert_int_not_equal(running(), left);
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
	strangers = running();

	assert_int_equal(xs_upgrade(ctx, "lo", &result), -EPERM);
	assert_int_equal(running(), strangers);
	assert_int_equal(pinned(), ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replaces_what_is_pinned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replaces_one_of_ours_that_was_never_pinned, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(leaves_a_strangers_program, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
