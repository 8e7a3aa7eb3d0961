// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* JSON on stdout; see json.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "json.h"

json_t *xs_json_text(const char *text)
{
	char *shown = xs_escape_dup(text, "");
	json_t *string = shown ? json_string(shown) : NULL;

	free(shown);
	return string;
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
