// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The shapes that pins.c demands of pinned maps are those that this build's program defines.
 * An array that is read at once gives what it holds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
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

#define VALUES 70

static void check_read(int fd, __u32 first, __u32 cnt)
{
	__u64 got[VALUES + 1];

	memset(got, 0xee, sizeof(got));
	assert_int_equal(xs_map_read(fd, first, cnt, got), 0);
	for (__u32 i = 0; i < cnt; i++)
		assert_int_equal(got[i], 1000 + first + i);
	assert_int_equal(got[cnt], 0xeeeeeeeeeeeeeeeeULL);
}

static void an_array_is_read_at_once(void **state)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "read", sizeof(__u32), sizeof(__u64), VALUES,
				NULL);
	__u64 got[VALUES + 1];

	(void)state;
	if (fd < 0 && errno == EPERM)
		skip();
	assert_true(fd >= 0);
	for (__u32 i = 0; i < VALUES; i++) {
		__u64 value = 1000 + i;

		assert_int_equal(bpf_map_update_elem(fd, &i, &value, BPF_ANY), 0);
	}
	check_read(fd, 0, VALUES);
	check_read(fd, 0, 1);
	check_read(fd, 1, 1);
	check_read(fd, 64, VALUES - 64);
	check_read(fd, VALUES - 1, 1);
	assert_int_equal(xs_map_read(fd, 0, VALUES + 1, got), -ENODATA);
	assert_int_equal(xs_map_read(fd, VALUES - 1, 2, got), -ENODATA);
	close(fd);
	assert_int_equal(xs_map_read(fd, 0, 1, got), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_shapes_are_those_of_the_program),
		cmocka_unit_test(an_array_is_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
