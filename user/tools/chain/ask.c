// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Commands that ask a broker; see ask.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "file.h"
#include "options.h"
#include "report.h"
#include "show_trace.h"
#include "tools/brokers/find.h"
#include "tools/brokers/metrics.h"
#include "tools/cli/json.h"
#include "lib/base/escape.h"
#include "lib/instance/place.h"

/* ---- whom ---- */

static int find(struct xs_cli *cli, const char *ifname, char path[XS_CONTROL_PATH_MAX])
{
	const struct xs_chain_options *opts = cli->opts;

	return xs_broker_find(cli->ctx, ifname, opts->socket, path);
}

struct asking {
	struct xs_cli *cli;
	struct xsteer_ctx *quiet;
	json_t *answers;
	int err; /* the first */
};

static int ask_at(struct xsteer_ctx *ctx, const char *path, json_t *answers)
{
	json_t *answer;
	int err;

	err = xs_control_ask(ctx, path, json_pack("{s:s}", "command", "show"), &answer);
	if (!err)
		json_array_append_new(answers, answer);
	return err;
}

/* One that was killed left its path behind, which hides no other. */
static int ask_one(const char *path, void *arg)
{
	struct asking *asking = arg;
	int err = ask_at(asking->quiet, path, asking->answers);

	if (err == -ECONNREFUSED) {
		xs_warn(asking->cli->ctx,
			"%s was left by a broker that was killed: the next one removes it", path);
	} else if (err && err != -ENOENT) { /* it has just ended */
		xs_err(asking->cli->ctx, "%s", xsteer_ctx_error(asking->quiet));
		asking->err = asking->err ? asking->err : err;
	}
	return 0;
}

static int ask_all(struct xs_cli *cli, json_t *answers)
{
	struct asking asking = { .cli = cli, .answers = answers };
	int err;

	asking.quiet = xsteer_ctx_new(cli->pin_root, NULL, NULL);
	if (!asking.quiet)
		return -ENOMEM;
	err = xs_each_broker(cli->ctx, ask_one, &asking);
	xsteer_ctx_free(asking.quiet);
	return err ? err : asking.err;
}

/* Collects the answers of the operand's broker, or of all brokers: as many as there are, on error, too. */
static int ask_brokers(struct xs_cli *cli, json_t *answers)
{
	const struct xs_chain_options *opts = cli->opts;
	char path[XS_CONTROL_PATH_MAX];
	int err;

	if (!cli->operand_cnt && !opts->socket)
		return ask_all(cli, answers);
	err = find(cli, cli->operand_cnt ? cli->operands[0] : "", path);
	return err ? err : ask_at(cli->ctx, path, answers);
}

/* ---- the commands ---- */

static int show_trace(struct xs_cli *cli)
{
	const struct xs_chain_options *opts = cli->opts;
	char path[XS_CONTROL_PATH_MAX];
	int err;

	if (!cli->operand_cnt && !opts->socket)
		return xs_usage(cli, "show: --trace is for one broker: name its interface");
	err = find(cli, cli->operand_cnt ? cli->operands[0] : "", path);
	return err ? err : xs_chain_show_trace(cli, path);
}

static int show_account(struct xs_cli *cli)
{
	json_t *brokers = json_array(), *broker;
	int err = ask_brokers(cli, brokers);
	size_t i;

	if (!err && cli->json)
		return xs_json_print(cli, json_pack("{s:o}", "brokers", brokers));
	json_array_foreach(brokers, i, broker)
	{
		printf("%s:\n", json_string_value(json_object_get(broker, "interface")));
		xs_report_print(broker);
	}
	if (!err && !json_array_size(brokers))
		printf("no broker runs here\n");
	json_decref(brokers);
	return err;
}

int xs_chain_show(struct xs_cli *cli)
{
	const struct xs_chain_options *opts = cli->opts;

	if (opts->trace)
		return show_trace(cli);
	if (opts->chain)
		return xs_usage(cli, "show: --chain is for --trace");
	return show_account(cli);
}

int xs_chain_export(struct xs_cli *cli)
{
	json_t *brokers = json_array();
	int err = ask_brokers(cli, brokers);

	if (!err && cli->json)
		return xs_json_print(cli, json_pack("{s:o}", "brokers", brokers));
	if (!err || json_array_size(brokers))
		xs_broker_metrics_put(stdout, brokers);
	json_decref(brokers);
	return err;
}

int xs_chain_drain(struct xs_cli *cli)
{
	char path[XS_CONTROL_PATH_MAX], name[16];
	__u64 instance = 0;
	json_int_t cnt;
	json_t *answer;
	int err;

	if (cli->operand_cnt == 3 && xs_parse_u64(cli->operands[2], 1, XS_INSTANCES_MAX, &instance))
		return xs_usage(cli, "INSTANCE '%s': give a number from 1 to %d", cli->operands[2],
				XS_INSTANCES_MAX);
	err = find(cli, cli->operands[0], path);
	if (err)
		return err;
	err = xs_control_ask(cli->ctx, path,
			     json_pack("{s:s, s:o, s:I}", "command", "drain", "service",
				       xs_json_text(cli->operands[1]), "instance",
				       (json_int_t)instance),
			     &answer);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, answer);
	cnt = xs_json_number(answer, "draining");
	printf("%s: %lld instance%s of %s drained, and then told to stop\n",
	       xs_shown(xs_interface_called(cli->ctx, cli->operands[0], name)).text, cnt,
	       cnt == 1 ? " is" : "s are", xs_shown(cli->operands[1]).text);
	json_decref(answer);
	return 0;
}

static int send_file(struct xs_cli *cli, const char *text, size_t len)
{
	json_t *request = json_pack("{s:s, s:s%}", "command", "apply", "text", text, len), *answer;
	char path[XS_CONTROL_PATH_MAX], name[16];
	int err;

	if (!request) {
		xs_err(cli->ctx, "%s is not UTF-8", cli->operands[1]);
		return -EILSEQ;
	}
	err = find(cli, cli->operands[0], path);
	if (err) {
		json_decref(request);
		return err;
	}
	err = xs_control_ask(cli->ctx, path, request, &answer);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, answer);
	printf("%s: %s is in force\n",
	       xs_shown(xs_interface_called(cli->ctx, cli->operands[0], name)).text,
	       xs_shown(cli->operands[1]).text);
	json_decref(answer);
	return 0;
}

int xs_chain_apply(struct xs_cli *cli)
{
	struct xs_chains *chains = NULL;
	size_t len = 0;
	int err;
	char *text = xs_chain_file_text(cli, cli->operands[1], &len, &err);

	/* here first, where its errors can be shown with their lines */
	if (text)
		err = xs_chain_file_parse(cli, cli->operands[1], text, len, &chains, NULL);
	if (!err)
		err = send_file(cli, text, len);
	free(text);
	free(chains);
	return err;
}
