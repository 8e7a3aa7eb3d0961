// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-chain show --trace; see show_trace.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/number.h"
#include "options.h"
#include "show_trace.h"
#include "tools/brokers/control.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"
#include "trace_report.h"

#define LOOK_US 50000

static int begin(struct xs_cli *cli, const char *path, json_int_t *trace)
{
	const struct xs_chain_options *opts = cli->opts;
	json_t *request = json_pack("{s:s, s:i}", "command", "trace", "frames", opts->trace);
	json_t *answer;
	int err;

	if (opts->chain)
		json_object_set_new(request, "chain", xs_json_text(opts->chain));
	err = xs_control_ask(cli->ctx, path, request, &answer);
	if (err)
		return err;
	*trace = xs_json_number(answer, "trace");
	json_decref(answer);
	return 0;
}

/* Until all of them have come to their ends, or the time is over. */
static int wait_for_frames(struct xs_cli *cli, const char *path, json_int_t trace, json_t **answer)
{
	const struct xs_chain_options *opts = cli->opts;
	__u64 end = xs_monotonic_ns() + opts->wait_sec * 1000000000ull;

	for (;;) {
		int err = xs_control_ask(
			cli->ctx, path,
			json_pack("{s:s, s:I}", "command", "traced", "trace", trace), answer);
		if (err || xs_json_number(*answer, "done") >= opts->trace ||
		    xs_monotonic_ns() >= end || xs_stop_asked())
			return err;
		json_decref(*answer);
		usleep(LOOK_US);
	}
}

static int by_time(const void *a, const void *b)
{
	json_int_t x = xs_json_number(*(json_t *const *)a, "entered_ns");
	json_int_t y = xs_json_number(*(json_t *const *)b, "entered_ns");

	return (x > y) - (x < y);
}

/* Each queue was asked for as many: the first ones of all. */
static json_t *first_of(const json_t *frames, size_t most)
{
	size_t cnt = json_array_size(frames);
	json_t **sorted = calloc(cnt + 1, sizeof(*sorted)), *first = json_array();

	for (size_t i = 0; sorted && i < cnt; i++)
		sorted[i] = json_array_get(frames, i);
	if (sorted)
		qsort(sorted, cnt, sizeof(*sorted), by_time);
	for (size_t i = 0; sorted && i < cnt && i < most; i++)
		json_array_append(first, sorted[i]);
	free(sorted);
	return first;
}

static int print(struct xs_cli *cli, const json_t *answer)
{
	const struct xs_chain_options *opts = cli->opts;
	json_t *frames = first_of(json_object_get(answer, "frames"), opts->trace);
	size_t cnt = json_array_size(frames);

	if (!cnt) {
		json_decref(frames);
		xs_err(cli->ctx,
		       "no frame entered within %u s: "
		       "'xsteer-rules show %s' says where its frames go",
		       opts->wait_sec, cli->operands[0]);
		return -ETIMEDOUT;
	}
	if (cnt < opts->trace)
		xs_note(cli->ctx, "%zu of %u frames entered within %u s", cnt, opts->trace,
			opts->wait_sec);
	if (cli->json)
		return xs_json_print(cli, json_pack("{s:O, s:o}", "interface",
						    json_object_get(answer, "interface"), "traced",
						    frames));
	xs_trace_report_print(frames);
	json_decref(frames);
	return 0;
}

int xs_chain_show_trace(struct xs_cli *cli, const char *path)
{
	json_int_t trace;
	json_t *answer;
	int err;

	xs_stop_catch();
	err = begin(cli, path, &trace);
	if (!err)
		err = wait_for_frames(cli, path, trace, &answer);
	if (err)
		return err;
	err = print(cli, answer);
	json_decref(answer);
	return err;
}
