// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who used the CPUs, and what AF_XDP sockets lost; see meter.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/xsk/peek.h"
#include "meter.h"

static __u64 thread_ns(pid_t pid, const char *tid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, tid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

__u64 meter_process_ns(pid_t pid)
{
	struct dirent *entry;
	__u64 ns = 0;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ns += thread_ns(pid, entry->d_name);
	closedir(dir);
	return ns;
}

__u64 meter_own_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

__u64 meter_busy_ns(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, ticks = 0;
	FILE *f = fopen("/proc/stat", "r");

	if (!f)
		return 0;
	if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
		   &iowait, &irq, &softirq) == 7)
		ticks = user + nice + system + irq + softirq;
	fclose(f);
	return ticks * (1000000000ULL / sysconf(_SC_CLK_TCK));
}

int meter_sockets(pid_t pid, struct xdp_statistics *sum)
{
	struct xs_xsk_state state;
	struct dirent *entry;
	int cnt = 0;
	char path[32];
	DIR *dir;

	memset(sum, 0, sizeof(*sum));
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		/* fails for everything that is not an AF_XDP socket */
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    xs_xsk_peek(pid, strtoul(entry->d_name, NULL, 10), &state))
			continue;
		sum->rx_dropped += state.stats.rx_dropped;
		sum->rx_invalid_descs += state.stats.rx_invalid_descs;
		sum->tx_invalid_descs += state.stats.tx_invalid_descs;
		sum->rx_ring_full += state.stats.rx_ring_full;
		sum->rx_fill_ring_empty_descs += state.stats.rx_fill_ring_empty_descs;
		sum->tx_ring_empty_descs += state.stats.tx_ring_empty_descs;
		cnt++;
	}
	closedir(dir);
	return cnt;
}
