// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An instance on lo; see test_lo.h. */
#include "test.h"
#include "test_lo.h"

#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/instance/instance.h"
#include "lib/instance/lock.h"
#include "lib/set/read.h"
#include "rule_errors.h"

struct test_lo lo = { .lock = -1 };

int lo_set_up(void **state)
{
	const struct xs_attach_opts opts = { .mode = XS_MODE_SKB };
	struct xs_attached got;

	(void)state;
	lo.ctx = lo.ctx ? lo.ctx : xsteer_ctx_new(LO_ROOT, test_log, NULL);
	lo.lock = xs_pins_lock(lo.ctx, NULL, true);
	return lo.lock < 0 || xs_instance_attach(lo.ctx, "lo", &opts, &got, &lo.lock) ||
	       xs_pins_open(lo.ctx, &lo.pins, "lo", XS_PINS_WRITE);
}

int lo_tear_down(void **state)
{
	(void)state;
	xs_pins_close(&lo.pins);
	xs_instance_detach(lo.ctx, "lo", &lo.lock);
	close(lo.lock);
	return 0;
}

void lo_reopen(void)
{
	xs_pins_close(&lo.pins);
	assert_int_equal(xs_pins_open(lo.ctx, &lo.pins, "lo", XS_PINS_WRITE), 0);
}

int lo_apply(const char *text, __u32 confirm_sec, struct xs_apply *result)
{
	struct xs_ruleset rules = {};
	struct xs_apply unused;
	int err;

	assert_int_equal(test_parse_rules(&rules, text), 0);
	err = xs_rule_sets_apply(&lo.pins, &rules, confirm_sec, result ? result : &unused);
	xs_ruleset_free(&rules);
	return err;
}

void lo_assert_rule(const char *text)
{
	struct xs_rules_in_force now;

	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_non_null(now.header);
	assert_int_equal(now.header->rule_cnt, 1);
	assert_string_equal(xs_set_string(now.header, now.rules[0].text), text);
	xs_rules_in_force_close(&now);
}

__u32 lo_running(void)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(LO_ROOT "/lo/" XS_PIN_LINK);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	return info.prog_id;
}
