// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The map that a rule set counts in; see rule_stats.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "lib/base/ran_out.h"
#include "maps/xsteer.h"
#include "rule_stats.h"

/*
 * Field names for bpftool, from the program's BTF. Without them it shows bytes: that a kernel
 * takes none is no failure. 0 or -errno.
 */
static int add_btf(struct bpf_map_create_opts *opts)
{
	struct btf *btf = btf__new_empty();
	int u32, u64, stats, fd = -1, err = 0;

	if (!btf)
		return -ENOMEM;
	u32 = btf__add_int(btf, "unsigned int", sizeof(__u32), 0);
	u64 = btf__add_int(btf, "unsigned long long", sizeof(__u64), 0);
	stats = btf__add_struct(btf, "xs_rule_stats", sizeof(struct xs_rule_stats));
	btf__add_field(btf, "packets", u64, 8 * offsetof(struct xs_rule_stats, packets), 0);
	btf__add_field(btf, "bytes", u64, 8 * offsetof(struct xs_rule_stats, bytes), 0);
	if (u32 < 0 || u64 < 0 || stats < 0)
		err = -ENOMEM;
	if (!err)
		err = btf__load_into_kernel(btf);
	if (!err) {
		fd = fcntl(btf__fd(btf), F_DUPFD_CLOEXEC, 0);
		err = fd < 0 ? -errno : 0;
	}
	btf__free(btf);
	if (err)
		return xs_ran_out(err) ? err : 0;
	opts->btf_fd = fd;
	opts->btf_key_type_id = u32;
	opts->btf_value_type_id = stats;
	return 0;
}

int xs_rule_stats_create(__u32 rows)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int fd, err = add_btf(&opts);

	if (err)
		return err;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rule_stats_map", sizeof(__u32),
			    sizeof(struct xs_rule_stats), rows, &opts);
	if (fd < 0)
		fd = -errno;
	if (opts.btf_fd)
		close(opts.btf_fd);
	return fd;
}
