// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What pins.c wants of a pinned map is what this build's program defines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/instance/pins.h"
#include "xsteer.skel.h"

static void map_shapes_are_those_of_the_program(void **state)
{
	struct xsteer_bpf *skel = xsteer_bpf__open();
	int seen = 0;

	(void)state;
	assert_non_null(skel);
	for (int i = 0; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(skel->obj, xs_map_names[i]);

		if (!map) { /* rule_stats_map is an inner map of rule_stats, made at run time */
			assert_int_equal(i, XS_MAP_rule_stats_map);
			continue;
		}
		assert_int_equal(xs_map_shapes[i].type, bpf_map__type(map));
		assert_int_equal(xs_map_shapes[i].key_size, bpf_map__key_size(map));
		assert_int_equal(xs_map_shapes[i].value_size, bpf_map__value_size(map));
		seen++;
	}
	assert_int_equal(seen, XS_MAP_MAX - 1);
	xsteer_bpf__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_shapes_are_those_of_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
