// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One set in the kernel's memory; see mapped.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "mapped.h"
#include "read.h"

void xs_mapped_close(struct xs_mapped_set *set)
{
	if (set->header)
		munmap(set->header, set->bytes);
	if (set->fd >= 0)
		close(set->fd);
	*set = XS_NO_SET;
}

static int map_set(struct xs_mapped_set *set, __u32 chunks, int prot)
{
	void *mapping;

	set->bytes = (size_t)chunks * XS_CHUNK_BYTES;
	mapping = mmap(NULL, set->bytes, prot, MAP_SHARED, set->fd, 0);
	if (mapping == MAP_FAILED)
		return -errno;
	set->header = mapping;
	return 0;
}

int xs_mapped_open(const struct xs_pins *pins, __u32 slot, int prot, struct xs_mapped_set *set)
{
	struct bpf_map_info info = {};
	__u32 id, len = sizeof(info);
	int err;

	*set = XS_NO_SET;
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id))
		return errno == ENOENT ? 0 : -errno;
	set->id = id;
	set->fd = bpf_map_get_fd_by_id(id);
	if (set->fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(set->fd, &info, &len) ? -errno : 0;
	if (!err)
		err = map_set(set, info.max_entries, prot);
	if (!err && !xs_set_valid(set->header, set->bytes))
		err = -EPROTO;
	if (err)
		xs_mapped_close(set);
	set->id = id; /* set even if it cannot be read */
	return err;
}

int xs_mapped_failed(const struct xs_pins *pins, int err)
{
	if (err)
		xs_err(pins->ctx, "cannot read %s/rule_sets: %s%s", pins->dir, strerror(-err),
		       err == -EPROTO  ? ": written by another version of xsteer, use that one"
		       : err == -EPERM ? ": needs CAP_SYS_ADMIN, run as root"
				       : "");
	return err;
}

int xs_mapped_create(struct xsteer_ctx *ctx, const struct xs_rule_blob *blob,
		     struct xs_mapped_set *set)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int err;

	*set = XS_NO_SET;
	set->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rule_set", sizeof(__u32), XS_CHUNK_BYTES,
				 blob->chunk_cnt, &opts);
	err = set->fd < 0 ? -errno : map_set(set, blob->chunk_cnt, PROT_READ | PROT_WRITE);
	if (err) {
		xs_mapped_close(set);
		xs_err(ctx, "cannot make a map for the rule set (%u chunks of %u MiB): %s",
		       blob->chunk_cnt, XS_CHUNK_BYTES >> 20, strerror(-err));
		return err;
	}
	memcpy(set->header, blob->bytes, blob->size);
	return 0;
}

int xs_set_slot_put(const struct xs_pins *pins, __u32 slot, int set_fd)
{
	int fd = pins->map_fds[XS_MAP_rule_sets];
	int err = set_fd >= 0 ? bpf_map_update_elem(fd, &slot, &set_fd, BPF_ANY)
			      : bpf_map_delete_elem(fd, &slot);

	if (!err || (set_fd < 0 && errno == ENOENT))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write slot %u of %s/rule_sets: %s", slot, pins->dir,
	       strerror(-err));
	return err;
}

bool xs_set_waits(const struct xs_set_header *set)
{
	return set && set->deadline_ns && set->deadline_ns != XS_SET_CONFIRMED;
}

/* If the clock cannot be read, it does not roll back: the data path does that by itself. */
bool xs_set_is_over(const struct xs_set_header *set)
{
	__u64 now;

	return xs_set_waits(set) && !xs_kernel_ns(&now) && set->deadline_ns < now;
}

int xs_set_no_clock(const struct xs_pins *pins, int err)
{
	xs_err(pins->ctx, "%s: cannot tell the data path's time, by which it rolls back: %s",
	       pins->ifname,
	       err == -EXDEV ? "this process was started by one that has left its time namespace"
			     : "/proc/self/timens_offsets cannot be read, is /proc mounted?");
	return err;
}

int xs_mapped_open_current(const struct xs_pins *pins, struct xs_mapped_set *set,
			   struct xs_sets_seen *seen, bool *rolled_back, __u64 *confirm_ns)
{
	__u64 time = 0;
	bool known = !xs_kernel_ns(&time); /* if not, a waiting set is assumed to be in force */
	int err = xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ, set);

	*seen = (struct xs_sets_seen){ .ids[XS_SET_IN_FORCE] = set->id };
	*rolled_back = !err && known && xs_set_waits(set->header) &&
		       set->header->deadline_ns < time;
	*confirm_ns = !err && known && xs_set_waits(set->header) && !*rolled_back
			      ? set->header->deadline_ns - time
			      : 0;
	if (*rolled_back) {
		xs_mapped_close(set);
		err = xs_mapped_open(pins, XS_SET_FALLBACK, PROT_READ, set);
		seen->ids[XS_SET_FALLBACK] = set->id;
	}
	return err;
}
