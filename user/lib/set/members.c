// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rows of a dynamic set's map; see members.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/base/grow.h"
#include "lib/base/number.h"
#include "lib/rules/model/dynamic_set.h"
#include "mapped.h"
#include "members.h"
#include "read.h"

/* ---- the map ---- */

static int add_key_type(struct btf *btf, int u32, int u8)
{
	int bytes = btf__add_array(btf, u32, u8, sizeof(((struct xs_member_key *)0)->addr));
	int key = btf__add_struct(btf, "xs_member_key", sizeof(struct xs_member_key));

	if (bytes < 0 || key < 0)
		return -EINVAL;
	btf__add_field(btf, "prefixlen", u32, 8 * offsetof(struct xs_member_key, prefixlen), 0);
	btf__add_field(btf, "addr", bytes, 8 * offsetof(struct xs_member_key, addr), 0);
	return key;
}

static int add_value_type(struct btf *btf, int u32, int u64)
{
	int value = btf__add_struct(btf, "xs_member", sizeof(struct xs_member));

	btf__add_field(btf, "expires_ns", u64, 8 * offsetof(struct xs_member, expires_ns), 0);
	btf__add_field(btf, "prefixlen", u32, 8 * offsetof(struct xs_member, prefixlen), 0);
	btf__add_field(btf, "pad", u32, 8 * offsetof(struct xs_member, pad), 0);
	return value;
}

/* Field names for bpftool. Without them it shows bytes. */
static void add_btf(struct bpf_map_create_opts *opts)
{
	struct btf *btf = btf__new_empty();
	int u8, u32, u64, key, value;

	if (!btf)
		return;
	u8 = btf__add_int(btf, "unsigned char", sizeof(__u8), 0);
	u32 = btf__add_int(btf, "unsigned int", sizeof(__u32), 0);
	u64 = btf__add_int(btf, "unsigned long long", sizeof(__u64), 0);
	key = add_key_type(btf, u32, u8);
	value = add_value_type(btf, u32, u64);
	if (key > 0 && value > 0 && !btf__load_into_kernel(btf)) {
		opts->btf_fd = fcntl(btf__fd(btf), F_DUPFD_CLOEXEC, 0);
		opts->btf_key_type_id = key;
		opts->btf_value_type_id = value;
	}
	btf__free(btf);
}

static int create(__u32 size, bool btf)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd;

	if (btf)
		add_btf(&opts);
	fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "member_set", sizeof(struct xs_member_key),
			    sizeof(struct xs_member), size, &opts);
	if (fd < 0)
		fd = -errno;
	if (opts.btf_fd)
		close(opts.btf_fd);
	return fd;
}

static int create_and_put(int member_sets, __u32 slot, __u32 size, bool btf)
{
	int fd = create(size, btf), err;

	if (fd < 0 || !bpf_map_update_elem(member_sets, &slot, &fd, BPF_ANY))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int xs_members_make(int member_sets, __u32 slot, __u32 size)
{
	int fd = create_and_put(member_sets, slot, size, true);

	return fd == -EINVAL ? create_and_put(member_sets, slot, size, false) : fd;
}

/* ---- opening ---- */

static int refuse_unknown(const struct xs_pins *pins, const char *name,
			  const struct xs_set_members *declared)
{
	char names[XS_MEMBER_SETS_MAX * (XS_MEMBER_NAME_MAX + 2)] = "none";
	size_t at = 0;

	for (__u32 i = 0; declared && i < declared->set_cnt; i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
				       declared->set[i].name);
	xs_err(pins->ctx,
	       "%s: the rules in force declare no set '%s', but these: %s; a rule file declares it "
	       "by 'set NAME { type ip; }'",
	       pins->ifname, name, names);
	return -ENOENT;
}

static int open_slot(const struct xs_pins *pins, struct xs_members *members)
{
	__u32 id;
	int err = 0;

	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_member_sets], &members->set.slot, &id))
		err = -errno;
	if (!err) {
		members->fd = bpf_map_get_fd_by_id(id);
		err = members->fd < 0 ? -errno : 0;
	}
	if (err)
		xs_err(pins->ctx, "%s: cannot open the map of the set '%s': %s%s", pins->ifname,
		       members->set.name, strerror(-err),
		       err == -EPERM ? ": needs CAP_SYS_ADMIN, run as root" : "");
	return err;
}

int xs_members_open(const struct xs_pins *pins, const char *name, struct xs_members *members)
{
	const struct xs_declared_set *set = NULL;
	struct xs_mapped_set now;
	struct xs_sets_seen seen;
	bool rolled_back;
	__u64 confirm_ns;
	int err = xs_mapped_open_current(pins, &now, &seen, &rolled_back, &confirm_ns);

	*members = (struct xs_members){ .ctx = pins->ctx, .fd = -1 };
	if (err)
		return xs_mapped_failed(pins, err);
	if (now.header)
		set = xs_set_declared(now.header, name);
	if (set)
		members->set = *set;
	else
		err = refuse_unknown(pins, name, now.header ? xs_set_members(now.header) : NULL);
	xs_mapped_close(&now);
	return err ? err : open_slot(pins, members);
}

void xs_members_close(struct xs_members *members)
{
	if (members->fd >= 0)
		close(members->fd);
	members->fd = -1;
}

/* ---- rows ---- */

static struct xs_member_key key_of(const struct xs_members *members,
				   const struct xs_member_row *row)
{
	__u32 bits = xs_family_bits(members->set.family);
	struct xs_member_key key = { .prefixlen = row->prefixlen };

	for (__u32 i = 0; i < bits / 8; i++)
		key.addr[i] = (__u8)(row->addr >> (bits - 8 - 8 * i));
	return key;
}

static struct xs_member_row row_of(const struct xs_members *members,
				   const struct xs_member_key *key, const struct xs_member *value,
				   __u64 now_ns)
{
	struct xs_member_row row = { .prefixlen = key->prefixlen };

	for (__u32 i = 0; i < xs_family_bits(members->set.family) / 8; i++)
		row.addr = row.addr << 8 | key->addr[i];
	if (value->expires_ns)
		row.ns = value->expires_ns > now_ns ? value->expires_ns - now_ns : XS_MEMBER_OVER;
	return row;
}

static int kernel_now(const struct xs_members *members, __u64 *now_ns)
{
	int err = xs_kernel_ns(now_ns);

	if (err)
		xs_err(members->ctx,
		       "set '%s': cannot tell the data path's time, by which members are over: %s",
		       members->set.name, strerror(-err));
	return err;
}

static int by_addr(const void *a, const void *b)
{
	const struct xs_member_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->prefixlen < y->prefixlen ? -1 : x->prefixlen > y->prefixlen;
}

static int cannot_read(const struct xs_members *members, int err)
{
	xs_err(members->ctx, "cannot read the set '%s': %s", members->set.name, strerror(-err));
	return err;
}

static int append_row(const struct xs_members *members, struct xs_member_rows *rows,
		      const struct xs_member_key *key, __u64 now_ns)
{
	struct xs_member_row *more = xs_grow(rows->rows, rows->cnt, &rows->cap, sizeof(*more));
	struct xs_member value;

	if (!more)
		return -ENOMEM;
	rows->rows = more;
	/* A shorter one is found where somebody has just removed it, and is read again. */
	if (!bpf_map_lookup_elem(members->fd, key, &value))
		more[rows->cnt++] = row_of(members, key, &value, now_ns);
	return 0;
}

/*
 * The walk begins anew where the key that it was at is removed meanwhile. So rows may come
 * twice, and the walk has a bound.
 */
int xs_members_read(const struct xs_members *members, struct xs_member_rows *rows)
{
	struct xs_member_key key, *from = NULL;
	__u64 most = 2ULL * members->set.size + 1024, now_ns;
	__u32 cnt = 0;
	int err = kernel_now(members, &now_ns);

	*rows = (struct xs_member_rows){};
	for (; !err && most-- && !bpf_map_get_next_key(members->fd, from, &key); from = &key)
		err = append_row(members, rows, &key, now_ns);
	if (!err && errno != ENOENT)
		err = most == ~0ULL ? -EAGAIN : -errno;
	if (err)
		return cannot_read(members, err);
	if (rows->cnt)
		qsort(rows->rows, rows->cnt, sizeof(*rows->rows), by_addr);
	for (__u32 i = 0; i < rows->cnt; i++)
		if (!cnt || by_addr(&rows->rows[i], &rows->rows[cnt - 1]))
			rows->rows[cnt++] = rows->rows[i];
	rows->cnt = cnt;
	return 0;
}

void xs_members_prune(const struct xs_members *members, struct xs_member_rows *rows)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < rows->cnt; i++) {
		struct xs_member_key key = key_of(members, &rows->rows[i]);

		if (rows->rows[i].ns == XS_MEMBER_OVER)
			bpf_map_delete_elem(members->fd, &key);
		else
			rows->rows[cnt++] = rows->rows[i];
	}
	rows->cnt = cnt;
}

static int make_room(const struct xs_members *members)
{
	struct xs_member_rows rows;
	__u32 before;
	int err = xs_members_read(members, &rows);

	before = rows.cnt;
	if (!err)
		xs_members_prune(members, &rows);
	if (!err && rows.cnt == before)
		err = -ENOSPC;
	free(rows.rows);
	return err;
}

static struct xs_member value_of(const struct xs_member_row *row, __u64 now_ns)
{
	return (struct xs_member){ .expires_ns = row->ns ? now_ns + row->ns : 0,
				   .prefixlen = row->prefixlen };
}

static int put_row(const struct xs_members *members, const struct xs_member_row *row, __u64 now_ns)
{
	struct xs_member_key key = key_of(members, row);
	const struct xs_member value = value_of(row, now_ns);
	int err = bpf_map_update_elem(members->fd, &key, &value, BPF_ANY) ? -errno : 0;

	if (err == -ENOSPC)
		err = make_room(members);
	else
		return err;
	return err ? err : bpf_map_update_elem(members->fd, &key, &value, BPF_ANY) ? -errno : 0;
}

#define BATCH 4096 /* rows in one system call: 144 KB */

/* As many rows as go in at once. What is left, put_row() tries: Linux 5.10 has no batches here. */
static __u32 put_batch(const struct xs_members *members, const struct xs_member_row *rows,
		       __u32 cnt, __u64 now_ns)
{
	struct xs_member_key *keys = malloc(BATCH * sizeof(*keys));
	struct xs_member *values = malloc(BATCH * sizeof(*values));

	if (cnt > BATCH)
		cnt = BATCH;
	for (__u32 i = 0; keys && values && i < cnt; i++) {
		keys[i] = key_of(members, &rows[i]);
		values[i] = value_of(&rows[i], now_ns);
	}
	if (!keys || !values ||
	    (bpf_map_update_batch(members->fd, keys, values, &cnt, NULL) && errno != ENOSPC))
		cnt = 0;
	free(keys);
	free(values);
	return cnt;
}

int xs_members_add(const struct xs_members *members, const struct xs_member_row *rows, __u32 cnt,
		   __u32 *added)
{
	__u64 now_ns;
	int err = kernel_now(members, &now_ns);

	for (*added = 0; !err && *added < cnt;) {
		__u32 done = cnt - *added > 1
				     ? put_batch(members, rows + *added, cnt - *added, now_ns)
				     : 0;

		*added += done;
		if (done)
			continue;
		err = put_row(members, &rows[*added], now_ns);
		*added += !err;
	}
	if (err == -ENOSPC)
		xs_err(members->ctx,
		       "the set '%s' is full, it has room for %u member%s: give it a larger size "
		       "in "
		       "the rules and apply them, or remove some",
		       members->set.name, members->set.size, xs_s(members->set.size));
	else if (err)
		xs_err(members->ctx, "cannot write into the set '%s': %s", members->set.name,
		       strerror(-err));
	return err;
}

int xs_members_remove(const struct xs_members *members, const struct xs_member_row *rows, __u32 cnt,
		      __u32 *removed)
{
	int err = 0;

	*removed = 0;
	for (__u32 i = 0; !err && i < cnt; i++) {
		struct xs_member_key key = key_of(members, &rows[i]);

		if (!bpf_map_delete_elem(members->fd, &key))
			++*removed;
		else if (errno != ENOENT)
			err = -errno;
	}
	if (err)
		xs_err(members->ctx, "cannot write into the set '%s': %s", members->set.name,
		       strerror(-err));
	return err;
}

int xs_member_parse(const char *text, enum xs_family family, struct xs_member_row *row)
{
	__u32 bits = xs_family_bits(family);
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	__u64 prefixlen = bits;

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (inet_pton(family == XS_FAMILY_ipv4 ? AF_INET : AF_INET6, addr, bytes) != 1 ||
	    (slash && xs_parse_u64(slash + 1, 0, bits, &prefixlen)))
		return -EINVAL;
	*row = (struct xs_member_row){ .prefixlen = (__u32)prefixlen };
	for (__u32 i = 0; i < bits / 8; i++)
		row->addr = row->addr << 8 | bytes[i];
	row->addr = xs_prefix_range(row->addr, row->prefixlen, bits).lo;
	return 0;
}
