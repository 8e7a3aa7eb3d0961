// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Clocks; see clock.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define NS_PER_SEC 1000000000LL

__u64 xs_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

/*
 * timens_offsets are those that children will have. They are also ours, unless this
 * process was started by vfork() after unshare(), on a kernel before 6.1.
 */
static int check_offsets_are_ours(void)
{
	struct stat own, children;

	if (stat("/proc/self/ns/time", &own) || stat("/proc/self/ns/time_for_children", &children))
		return -errno;
	return own.st_ino == children.st_ino ? 0 : -EXDEV;
}

static int read_offset(FILE *offsets, const char *clock, __s64 *ns)
{
	long long sec, nsec;
	char name[16];

	while (fscanf(offsets, "%15s %lld %lld", name, &sec, &nsec) == 3) {
		if (strcmp(name, clock))
			continue;
		*ns = sec * NS_PER_SEC + nsec;
		return 0;
	}
	return -ENODATA;
}

static int get_shift(const char *clock, __s64 *ns)
{
	FILE *offsets = fopen("/proc/self/timens_offsets", "re");
	int err;

	*ns = 0;
	/* A kernel without time namespaces shifts nothing. Without /proc this is not known. */
	if (!offsets)
		return errno == ENOENT && !access("/proc/self/ns", F_OK) ? 0 : -errno;
	err = check_offsets_are_ours();
	if (!err)
		err = read_offset(offsets, clock, ns);
	fclose(offsets);
	return err;
}

int xs_kernel_ns(__u64 *ns)
{
	__s64 shift;
	int err = get_shift("monotonic", &shift);

	if (!err)
		*ns = xs_monotonic_ns() - shift;
	return err;
}

int xs_boot_shift_ns(__s64 *ns)
{
	return get_shift("boottime", ns);
}
