// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What happens to rule sets between two steps of a command: the clock passes a deadline,
 * or the kernel refuses something. For this the test replaces the clock and the calls that
 * change maps; the kernel, the pins and the program are real. It runs on lo, in the
 * runner's namespaces. The other tests are in net_tests/rules_atomic.sh.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "../test.h"
#include "../test_lo.h"
#include "lib/set/read.h"

#define PIN LO_ROOT "/lo/rule_stats_map"

/* ---- what the tests change under the tool ---- */

/* As libbpf does it. */
static int change_map(enum bpf_cmd cmd, int fd, const void *key, const void *value, __u64 flags)
{
	union bpf_attr attr = {
		.map_fd = fd, .key = (uintptr_t)key, .value = (uintptr_t)value, .flags = flags
	};

	return syscall(SYS_bpf, cmd, &attr, sizeof(attr)) ? -errno : 0;
}

static int refused_fd = -1; /* of a map: deleting from it fails */

int bpf_map_delete_elem(int fd, const void *key)
{
	if (fd != refused_fd)
		return change_map(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
	errno = ENOMEM;
	return -ENOMEM;
}

static int watched_fd = -1; /* of a map: how often it was written */
static int writes;

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	writes += fd == watched_fd;
	return change_map(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

/*
 * What clock_gettime() adds after this many more calls; 0 calls: never. The data path uses
 * the kernel's clock and notices nothing.
 */
static int calls_until_later;
static time_t later_sec;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long err = syscall(SYS_clock_gettime, clock, now);

	if (clock != CLOCK_MONOTONIC || err)
		return (int)err;
	now->tv_sec += later_sec;
	if (calls_until_later && !--calls_until_later)
		later_sec = 3600;
	return 0;
}

/* ---- set-up ---- */

/* Each test begins without rules, and reads meta as a new process would. */
static int no_rules(void **state)
{
	struct xs_apply result;

	(void)state;
	refused_fd = -1;
	watched_fd = -1;
	writes = 0;
	calls_until_later = 0;
	later_sec = 0;
	return xs_rule_sets_flush(&lo.pins, &result);
}

/* The packets of rule 0, as a reader sees them. */
static __u64 packets(void)
{
	struct xs_rules_in_force now;
	__u64 packets;

	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_non_null(now.header);
	packets = now.stats[0].packets;
	xs_rules_in_force_close(&now);
	return packets;
}

/* Adds frames to what rule 0 of the set in that slot of rule_sets has counted on CPU 0. */
static void count(__u32 set_slot, __u64 frames)
{
	struct xs_rule_stats row = {};
	struct xs_set_header *header;
	const __u32 chunk = 0;
	int set_fd, fd;
	__u32 id;

	assert_int_equal(bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_sets], &set_slot, &id), 0);
	set_fd = bpf_map_get_fd_by_id(id);
	assert_true(set_fd >= 0);
	header = mmap(NULL, sizeof(*header), PROT_READ, MAP_SHARED, set_fd, 0);
	assert_ptr_not_equal(header, MAP_FAILED);
	assert_int_equal(
		bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_stats], &header->stats_slot, &id),
		0);
	fd = bpf_map_get_fd_by_id(id);
	assert_true(fd >= 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &chunk, &row), 0);
	row.packets += frames;
	assert_int_equal(bpf_map_update_elem(fd, &chunk, &row, BPF_ANY), 0);
	munmap(header, sizeof(*header));
	close(set_fd);
	close(fd);
}

static __u32 map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.id;
}

/* Is the pin that of the counters in force, and is meta about that set? */
static void assert_published(void)
{
	struct xs_rules_in_force now;
	int fd = bpf_obj_get(PIN);
	__u32 id;

	lo_reopen();
	assert_int_equal(xs_rule_sets_read(&lo.pins, &now), 0);
	assert_non_null(now.header);
	assert_int_equal(bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_stats],
					     &now.header->stats_slot, &id),
			 0);
	assert_int_equal(map_id(fd), id);
	assert_int_equal(lo.pins.meta.generation, now.header->generation);
	xs_rules_in_force_close(&now);
	close(fd);
}

/* ---- the tests ---- */

static void a_fallback_that_stays_is_no_failure(void **state)
{
	const __u32 slot = XS_SET_FALLBACK;
	struct xs_apply result;
	__u32 id;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, &result), 0);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 30, &result), 0);
	refused_fd = lo.pins.map_fds[XS_MAP_rule_sets];
	assert_int_equal(lo_apply("udp sport 3 drop\n", 0, &result), 0);
	refused_fd = -1;
	assert_int_equal(result.carried, 0);
	lo_assert_rule("udp sport 3 drop");
	assert_published();
	assert_int_equal(bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_sets], &slot, &id), 0);
	assert_int_equal(xs_rule_sets_settle(&lo.pins), 0);
	assert_int_not_equal(bpf_map_lookup_elem(lo.pins.map_fds[XS_MAP_rule_sets], &slot, &id), 0);
	lo_assert_rule("udp sport 3 drop");
}

static void a_pin_that_cannot_be_renamed_is_repaired(void **state)
{
	struct xs_apply result;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, &result), 0);
	assert_int_equal(unlink(PIN), 0);
	assert_int_equal(mkdir(PIN, 0700), 0);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 0, &result), 0);
	assert_int_equal(rmdir(PIN), 0);
	lo_assert_rule("udp sport 2 drop");
	assert_int_equal(xs_rule_sets_settle(&lo.pins), 0);
	assert_published();
}

static void a_deadline_that_passes_during_a_compile_gives_back_the_counters(void **state)
{
	struct xs_apply result;

	(void)state;
	assert_int_equal(lo_apply("udp drop\n", 0, &result), 0);
	count(XS_SET_IN_FORCE, 3);
	assert_int_equal(lo_apply("udp drop\n", 30, &result), 0);
	count(XS_SET_IN_FORCE, 100);
	assert_int_equal(packets(), 103);
	calls_until_later = 1; /* once settled for the first time */
	count(XS_SET_FALLBACK, 5); /* since then frames meet the fallback */
	assert_int_equal(lo_apply("udp drop\n", 0, &result), 0);
	later_sec = 0;
	assert_int_equal(result.carried, 1);
	assert_int_equal(packets(), 108); /* the set that was not confirmed has counted, too */
	assert_published();
}

static void a_deadline_that_passes_before_the_store_is_too_late(void **state)
{
	struct xs_apply result;

	(void)state;
	assert_int_equal(lo_apply("udp sport 1 drop\n", 0, &result), 0);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 30, &result), 0);
	calls_until_later = 1;
	assert_int_equal(xs_rule_sets_confirm(&lo.pins), -ETIMEDOUT);
	lo_assert_rule("udp sport 1 drop");
	later_sec = 0;
	lo_assert_rule("udp sport 1 drop");
	assert_published();
	assert_int_equal(xs_rule_sets_confirm(&lo.pins), -ENOENT);
	assert_int_equal(lo_apply("udp sport 2 drop\n", 30, &result), 0);
	assert_int_equal(xs_rule_sets_confirm(&lo.pins), 0);
	later_sec = 3600;
	lo_assert_rule("udp sport 2 drop");
}

static void a_cpu_that_takes_frames_already_is_left_alone(void **state)
{
	__u32 cpu = 0, frames, others = 64;
	struct xs_apply result;

	(void)state;
	watched_fd = lo.pins.map_fds[XS_MAP_cpu_map];
	assert_int_equal(lo_apply("udp sport 1 cpu 0\nudp sport 2 cpu 0\n", 0, &result), 0);
	assert_int_equal(writes, 1);
	assert_int_equal(bpf_map_lookup_elem(watched_fd, &cpu, &frames), 0);
	assert_int_equal(lo_apply("udp sport 3 cpu 0\n", 0, &result), 0);
	assert_int_equal(writes, 1);
	/* one with another queue is not ours to leave */
	assert_int_equal(bpf_map_update_elem(watched_fd, &cpu, &others, BPF_ANY), 0);
	assert_int_equal(lo_apply("udp sport 1 cpu 0\n", 0, &result), 0);
	assert_int_equal(writes, 3);
	assert_int_equal(bpf_map_lookup_elem(watched_fd, &cpu, &others), 0);
	assert_int_equal(others, frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_fallback_that_stays_is_no_failure, no_rules),
		cmocka_unit_test_setup(a_pin_that_cannot_be_renamed_is_repaired, no_rules),
		cmocka_unit_test_setup(
			a_deadline_that_passes_during_a_compile_gives_back_the_counters, no_rules),
		cmocka_unit_test_setup(a_deadline_that_passes_before_the_store_is_too_late,
				       no_rules),
		cmocka_unit_test_setup(a_cpu_that_takes_frames_already_is_left_alone, no_rules),
	};

	return cmocka_run_group_tests_name("rule_sets", tests, lo_set_up, lo_tear_down);
}
