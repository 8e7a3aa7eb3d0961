// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* JSON on stdout, and read; see json.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "maps/rule_set.h"
#include "json.h"

json_t *xs_json_text(const char *text)
{
	char *shown = xs_escape_dup(text, "");
	json_t *string = shown ? json_string(shown) : NULL;

	free(shown);
	return string;
}

json_int_t xs_json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *xs_json_string(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

json_t *xs_json_limit(__u64 packets, __u64 bytes, __u64 over_packets, __u64 over_bytes,
		      __u64 no_room_packets)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "within_packets",
			 (json_int_t)(packets - over_packets), "within_bytes",
			 (json_int_t)(bytes - over_bytes), "over_packets", (json_int_t)over_packets,
			 "over_bytes", (json_int_t)over_bytes, "no_room_packets",
			 (json_int_t)no_room_packets);
}

int xs_json_print(struct xs_cli *cli, json_t *object)
{
	int err;

	if (!object) {
		xs_err(cli->ctx, "not enough memory for the JSON output");
		return -ENOMEM;
	}
	json_object_set_new(object, "schema", json_integer(1));
	err = json_dumpf(object, stdout, cli->pretty ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
	cli->json_done = true;
	json_decref(object);
	if (err)
		xs_err(cli->ctx, "cannot write the JSON output");
	return err ? -EIO : 0;
}

json_t *xs_json_declared_set(const struct xs_declared_set *set, __u32 members)
{
	return json_pack("{s:s, s:s, s:I, s:f, s:I}", "name", set->name, "type",
			 set->family == XS_FAMILY_ipv4 ? "ip" : "ip6", "size",
			 (json_int_t)set->size, "timeout_seconds", (double)set->timeout_ns / 1e9,
			 "members", (json_int_t)members);
}
