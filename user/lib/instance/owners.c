// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The owners of slots; see owners.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "owners.h"

static __u32 pidns_inode(void)
{
	struct stat ns;

	return stat("/proc/self/ns/pid", &ns) ? 0 : ns.st_ino;
}

enum process {
	PROCESS_GONE, /* or dead, and its parent has not collected it yet */
	PROCESS_SEEN,
	PROCESS_HIDDEN, /* by hidepid=, or without /proc */
};

/* The kernel reports start times in the reader's time namespace, and rounds them then. */
#define START_ROUNDING_TICKS 1

/* Ticks as the machine counts them: the same for every process that looks. 0 or -errno. */
static int without_boot_shift(__u64 *ticks)
{
	__s64 shift_ns;
	int err = xs_boot_shift_ns(&shift_ns);

	if (!err)
		*ticks -= shift_ns / (1000000000LL / sysconf(_SC_CLK_TCK));
	return err;
}

static bool is_same_start(__u64 a, __u64 b)
{
	return (a > b ? a - b : b - a) <= START_ROUNDING_TICKS;
}

/* *start is set if it is visible: clock ticks since boot. */
static enum process look_at_process(__u32 pid, __u64 *start)
{
	__u64 ticks = 0;
	char path[32], text[1024];
	const char *after_name;
	ssize_t len;
	int fd;

	*start = 0;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kill(pid, 0) && errno == ESRCH ? PROCESS_GONE : PROCESS_HIDDEN;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return PROCESS_GONE;
	text[len] = '\0';
	/* The name may hold spaces and parentheses: count fields from its end. */
	after_name = strrchr(text, ')');
	if (!after_name || after_name[1] != ' ')
		return PROCESS_GONE;
	after_name += 2;
	if (*after_name == 'Z' || *after_name == 'X')
		return PROCESS_GONE;
	for (int field = 3; field < 22; field++) {
		after_name = strchr(after_name, ' ');
		if (!after_name)
			return PROCESS_GONE;
		after_name++;
	}
	if (sscanf(after_name, "%llu", &ticks) != 1)
		return PROCESS_GONE;
	if (without_boot_shift(&ticks))
		return PROCESS_HIDDEN;
	*start = ticks;
	return PROCESS_SEEN;
}

void xs_owner_set_self(struct xs_owner *owner)
{
	owner->pid = getpid();
	owner->pidns = pidns_inode();
	look_at_process(owner->pid, &owner->start_time);
}

bool xs_owner_is_elsewhere(const struct xs_owner *owner)
{
	return owner->pid && owner->pidns && owner->pidns != pidns_inode();
}

bool xs_owner_alive(const struct xs_owner *owner)
{
	__u64 start;

	if (!owner->pid || xs_owner_is_elsewhere(owner))
		return owner->pid;
	switch (look_at_process(owner->pid, &start)) {
	case PROCESS_GONE:
		return false;
	case PROCESS_HIDDEN:
		return true;
	default:
		/* 0: the owner could not read its own. */
		return !owner->start_time || is_same_start(start, owner->start_time);
	}
}

/* Reads the row as if the process named in `fd` had its socket already. */
static struct xs_owner as_if_there(const struct xs_owner *owner)
{
	struct xs_owner there = *owner;

	if (!owner->pid && owner->start_time)
		there.pid = owner->fd;
	return there;
}

bool xs_owner_is_coming(const struct xs_owner *owner)
{
	const struct xs_owner there = as_if_there(owner);

	return !owner->pid && xs_owner_alive(&there);
}

void xs_owner_set_coming(struct xs_owner *owner)
{
	xs_owner_set_self(owner);
	owner->fd = owner->pid;
	owner->pid = 0;
}

bool xs_owner_is_self(const struct xs_owner *owner)
{
	const struct xs_owner there = as_if_there(owner);

	return there.pid == (__u32)getpid() && !xs_owner_is_elsewhere(&there);
}

int xs_owner_get(const struct xs_pins *pins, __u32 slot, struct xs_owner *owner)
{
	int err;

	if (!bpf_map_lookup_elem(pins->map_fds[XS_MAP_owners], &slot, owner))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot read slot %u of %s/owners: %s", slot, pins->dir, strerror(-err));
	return err;
}

int xs_owner_set(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner)
{
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_owners], &slot, owner, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write slot %u of %s/owners: %s", slot, pins->dir, strerror(-err));
	return err;
}

bool xs_owner_in_use(const struct xs_owner *owner)
{
	return xs_owner_alive(owner) || xs_owner_is_coming(owner);
}

bool xs_slot_in_use(const struct xs_pins *pins, __u32 slot)
{
	struct xs_owner owner;

	return !bpf_map_lookup_elem(pins->map_fds[XS_MAP_owners], &slot, &owner) &&
	       xs_owner_in_use(&owner);
}

struct xs_owner *xs_owners_get(const struct xs_pins *pins, __u32 first, __u32 cnt)
{
	struct xs_owner *owners = calloc(cnt + 1, sizeof(*owners));
	int err = owners ? xs_map_read(pins->map_fds[XS_MAP_owners], first, cnt, owners) : -ENOMEM;

	if (!err)
		return owners;
	xs_err(pins->ctx, "cannot read %s/owners: %s", pins->dir, strerror(-err));
	free(owners);
	errno = -err;
	return NULL;
}

/* Of which `counts` is true. */
static int count_owners(const struct xs_pins *pins, __u32 first, __u32 cnt,
			bool (*counts)(const struct xs_owner *owner))
{
	struct xs_owner *owners = xs_owners_get(pins, first, cnt);
	int sum = 0;

	if (!owners)
		return -errno;
	for (__u32 i = 0; i < cnt; i++)
		sum += counts(&owners[i]);
	free(owners);
	return sum;
}

int xs_slots_in_use(const struct xs_pins *pins, __u32 first, __u32 cnt)
{
	return count_owners(pins, first, cnt, xs_owner_in_use);
}

int xs_owners_alive(const struct xs_pins *pins)
{
	return count_owners(pins, 0, pins->all_slots, xs_owner_alive);
}
