// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows for things of which some may have failed; see rows.h. */
#include <string.h>

#include "rows.h"
#include "json.h"

int xs_rows_add_failure(struct xs_cli *cli, json_t *rows, const char *key, const char *name,
			int err)
{
	const char *said = xs_error_said(cli);

	json_array_append_new(rows, json_pack("{s:o, s:o}", key, xs_json_text(name), "error",
					      xs_json_text(said[0] ? said : strerror(-err))));
	return err;
}

int xs_rows_print(struct xs_cli *cli, json_t *object, const char *key, json_t *rows, int err)
{
	bool more_to_tell = json_object_size(object) || json_array_size(rows) > 1;
	json_t *row, *error = NULL;
	int printed;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (!error)
			error = json_object_get(row, "error");
	}
	json_object_set_new(object, key, rows);
	if (err && (!error || !more_to_tell)) {
		json_decref(object);
		return err;
	}
	if (error)
		json_object_set(object, "error", error);
	printed = xs_json_print(cli, object);
	return err ? err : printed;
}
