// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads what the kernel did not deliver after the verdict; see failures.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "failures.h"
#include "failures.skel.h"

static int refused(char *why, size_t len, const char *what, int err)
{
	snprintf(why, len, "%s: %s", what, strerror(-err));
	return err;
}

int xs_failures_open(const struct xs_pins *pins, struct failures_bpf **watch, char *why,
		     size_t why_len)
{
	struct failures_bpf *skel;
	struct stat netns;
	int err;

	if (stat("/proc/self/ns/net", &netns))
		return refused(why, why_len, "/proc/self/ns/net", -errno);
	skel = failures_bpf__open();
	if (!skel)
		return refused(why, why_len, "the tracing program", -errno);
	skel->rodata->ifindex = pins->meta.ifindex;
	skel->rodata->netns_inode = (__u32)netns.st_ino;
	skel->rodata->cpu_map_id = xs_map_id(pins->map_fds[XS_MAP_cpu_map]);
	err = failures_bpf__load(skel);
	if (err)
		err = refused(why, why_len, "the kernel refused the tracing program", err);
	else if ((err = failures_bpf__attach(skel)))
		err = refused(why, why_len, "the kernel refused its xdp tracepoints", err);
	if (err) {
		failures_bpf__destroy(skel);
		return err;
	}
	*watch = skel;
	return 0;
}

void xs_failures_close(struct failures_bpf *watch)
{
	failures_bpf__destroy(watch);
}

static __u64 sum_of(const __u64 *values, int cpus)
{
	__u64 sum = 0;

	for (int i = 0; i < cpus; i++)
		sum += values[i];
	return sum;
}

int xs_failures_read(const struct failures_bpf *watch, struct xs_failures *failures)
{
	int fd = bpf_map__fd(watch->maps.failures), cpus = libbpf_num_possible_cpus(), err = 0;
	struct xs_failure_key key, *last = NULL;
	struct failures_bpf__bss variables;
	struct xs_failures found = {};
	const __u32 zero = 0;
	__u64 *values;

	if (cpus < 0)
		return cpus;
	/* watch->bss may be NULL, as program.h says. */
	if (bpf_map_lookup_elem(bpf_map__fd(watch->maps.bss), &zero, &variables))
		return -errno;
	found.uncounted = variables.uncounted;
	values = calloc(cpus, sizeof(*values));
	found.rows = calloc(XS_FAILURE_KEYS, sizeof(*found.rows));
	if (!values || !found.rows)
		err = -ENOMEM;
	while (!err && found.cnt < XS_FAILURE_KEYS && !bpf_map_get_next_key(fd, last, &key)) {
		if (bpf_map_lookup_elem(fd, &key, values)) {
			err = -errno;
			break;
		}
		found.rows[found.cnt++] =
			(struct xs_failure){ .key = key, .frames = sum_of(values, cpus) };
		last = &key;
	}
	free(values);
	if (err)
		free(found.rows);
	else
		*failures = found;
	return err;
}
