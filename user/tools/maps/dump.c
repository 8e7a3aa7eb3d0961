// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A pinned map as JSON, decoded by its own BTF; see dump.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "dump.h"

/* The values of one row: one, or one for each CPU, `stride` bytes apart. */
struct values {
	const unsigned char *data;
	size_t stride;
	int cnt;
};

static struct values at(const struct values *values, size_t offset)
{
	return (struct values){ values->data + offset, values->stride, values->cnt };
}

static __u64 read_number(const unsigned char *data, size_t size)
{
	__u64 value = 0;

	memcpy(&value, data, size); /* any byte order: sizes are those of the type */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value >>= 8 * (sizeof(value) - size);
#endif
	return value;
}

static json_t *decode(const struct btf *btf, __u32 type_id, const struct values *values);

static json_t *decode_int(const struct btf_type *type, const struct values *values)
{
	__u64 sum = 0;

	for (int i = 0; i < values->cnt; i++)
		sum += read_number(values->data + i * values->stride, type->size);
	return json_integer((json_int_t)sum);
}

static json_t *decode_hex(const unsigned char *data, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *hex;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	hex = json_stringn(text, 2 * len);
	free(text);
	return hex;
}

static json_t *decode_struct(const struct btf *btf, const struct btf_type *type,
			     const struct values *values)
{
	const struct btf_member *member = btf_members(type);
	json_t *object = json_object();

	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const char *name = btf__name_by_offset(btf, member->name_off);
		struct values part = at(values, btf_member_bit_offset(type, i) / 8);

		if (strncmp(name, "pad", 3))
			json_object_set_new(object, name, decode(btf, member->type, &part));
	}
	return object;
}

static json_t *decode_text(const char *data, size_t room)
{
	char *text = strndup(data, room);
	json_t *string = text ? xs_json_text(text) : NULL;

	free(text);
	return string;
}

static bool is_char(const struct btf *btf, __u32 type_id)
{
	const struct btf_type *type = btf__type_by_id(btf, btf__resolve_type(btf, type_id));

	return type && btf_is_int(type) && type->size == 1 &&
	       !strcmp(btf__name_by_offset(btf, type->name_off), "char");
}

static json_t *decode_array(const struct btf *btf, const struct btf_type *type,
			    const struct values *values)
{
	const struct btf_array *array = btf_array(type);
	__s64 size = btf__resolve_size(btf, array->type);
	json_t *list;

	if (is_char(btf, array->type))
		return decode_text((const char *)values->data, array->nelems);
	list = json_array();
	for (__u32 i = 0; size > 0 && i < array->nelems; i++) {
		struct values part = at(values, (size_t)i * size);

		json_array_append_new(list, decode(btf, array->type, &part));
	}
	return list;
}

static json_t *decode(const struct btf *btf, __u32 type_id, const struct values *values)
{
	const struct btf_type *type = btf__type_by_id(btf, btf__resolve_type(btf, type_id));

	if (!type)
		return json_null();
	if (btf_is_int(type) || btf_is_any_enum(type))
		return decode_int(type, values);
	if (btf_is_composite(type))
		return decode_struct(btf, type, values);
	if (btf_is_array(type))
		return decode_array(btf, type, values);
	return decode_hex(values->data, type->size);
}

struct dump {
	struct bpf_map_info info;
	struct btf *btf; /* of the map; NULL: it has none, or we may not read it */
	unsigned char *key, *next, *value;
	int fd, cpus;
	size_t stride;
	bool all;
};

static bool is_percpu(__u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_zero(const struct dump *dump)
{
	for (size_t i = 0; i < dump->stride * dump->cpus; i++)
		if (dump->value[i])
			return false;
	return true;
}

static json_t *decode_side(const struct dump *dump, __u32 type_id, const unsigned char *data,
			   size_t size, const struct values *values)
{
	if (dump->btf && type_id)
		return decode(dump->btf, type_id, values);
	/* XSKMAP, maps of maps: u32 -> u32, and no BTF allowed. */
	if (size <= sizeof(__u64))
		return json_integer((json_int_t)read_number(data, size));
	return decode_hex(data, size);
}

static json_t *decode_row(const struct dump *dump)
{
	const struct values key = { dump->key, dump->info.key_size, 1 };
	const struct values value = { dump->value, dump->stride, dump->cpus };

	return json_pack(
		"{s:o, s:o}", "key",
		decode_side(dump, dump->info.btf_key_type_id, dump->key, dump->info.key_size, &key),
		"value",
		decode_side(dump, dump->info.btf_value_type_id, dump->value, dump->info.value_size,
			    &value));
}

static int dump_rows(struct dump *dump, json_t *rows)
{
	const void *previous = NULL;

	while (!bpf_map_get_next_key(dump->fd, previous, dump->next)) {
		memcpy(dump->key, dump->next, dump->info.key_size);
		previous = dump->key;
		if (bpf_map_lookup_elem(dump->fd, dump->key, dump->value)) {
			/* ENOENT: an empty slot, or gone since. EOPNOTSUPP: XSKMAP. */
			if (errno == ENOENT)
				continue;
			return errno == EOPNOTSUPP ? 0 : -errno;
		}
		if (dump->all || !is_zero(dump))
			json_array_append_new(rows, decode_row(dump));
	}
	return errno == ENOENT ? 0 : -errno;
}

static int open_dump(struct dump *dump)
{
	__u32 len = sizeof(dump->info);

	if (bpf_obj_get_info_by_fd(dump->fd, &dump->info, &len))
		return -errno;
	dump->stride = dump->info.value_size;
	dump->cpus = 1;
	if (is_percpu(dump->info.type)) {
		dump->cpus = libbpf_num_possible_cpus();
		dump->stride = (dump->info.value_size + 7) & ~7UL;
	}
	if (dump->cpus < 1)
		return dump->cpus;
	if (dump->info.btf_id)
		dump->btf = btf__load_from_kernel_by_id(dump->info.btf_id);
	dump->key = calloc(1, dump->info.key_size);
	dump->next = calloc(1, dump->info.key_size);
	dump->value = calloc(dump->cpus, dump->stride);
	return dump->key && dump->next && dump->value ? 0 : -ENOMEM;
}

json_t *xs_map_dump(struct xs_cli *cli, int fd, const char *name, bool all)
{
	struct dump dump = { .fd = fd, .all = all };
	json_t *rows = json_array();
	int err;

	err = open_dump(&dump);
	if (!err)
		err = dump_rows(&dump, rows);
	if (err) {
		xs_err(cli->ctx, "cannot read map %s: %s", name, strerror(-err));
		json_decref(rows);
		rows = NULL;
	}
	btf__free(dump.btf);
	free(dump.key);
	free(dump.next);
	free(dump.value);
	return rows;
}
