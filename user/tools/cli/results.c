// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Results for things of which some may have failed; see results.h. */
#include <string.h>

#include "results.h"
#include "json.h"

int xs_results_add_failure(struct xs_cli *cli, json_t *results, const char *key, const char *name,
			   int err)
{
	const char *said = xs_error_said(cli);

	json_array_append_new(results, json_pack("{s:o, s:o}", key, xs_json_text(name), "error",
						 xs_json_text(said[0] ? said : strerror(-err))));
	return err;
}

int xs_results_print(struct xs_cli *cli, json_t *object, const char *key, json_t *results, int err)
{
	bool more_to_tell = json_object_size(object) || json_array_size(results) > 1;
	json_t *result, *error = NULL;
	int printed;
	size_t i;

	json_array_foreach(results, i, result)
	{
		if (!error)
			error = json_object_get(result, "error");
	}
	json_object_set_new(object, key, results);
	if (err && (!error || !more_to_tell)) {
		json_decref(object);
		return err;
	}
	if (error)
		json_object_set(object, "error", error);
	printed = xs_json_print(cli, object);
	return err ? err : printed;
}
