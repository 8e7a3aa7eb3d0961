// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Commands that ask a broker; see ask.h. */
#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "control.h"
#include "file.h"
#include "options.h"
#include "report.h"
#include "tools/cli/json.h"
#include "lib/base/escape.h"

/* ---- whom ---- */

static void path_of(const struct xs_cli *cli, const char *ifname, char path[XS_CONTROL_PATH_MAX])
{
	const struct xs_chain_options *opts = cli->opts;
	char socket[XS_CONTROL_PATH_MAX];

	snprintf(socket, sizeof(socket), XS_CHAIN_SOCKET_DIR "/%s.sock", ifname);
	xs_control_path(path, opts->socket ? opts->socket : socket);
}

static int is_control(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".ctl");
}

/* A broker that ended without closing left its path behind. */
static int ask_one(struct xs_cli *cli, const char *name, json_t *answers)
{
	char path[XS_CONTROL_PATH_MAX];
	json_t *answer;
	int err;

	if (snprintf(path, sizeof(path), XS_CHAIN_SOCKET_DIR "/%s", name) >= (int)sizeof(path))
		return 0; /* no socket has so long a path */
	err = xs_control_ask(cli, path, json_pack("{s:s}", "command", "show"), &answer);
	if (!err)
		json_array_append_new(answers, answer);
	return err;
}

static int ask_all(struct xs_cli *cli, json_t *answers)
{
	struct dirent **found;
	int cnt = scandir(XS_CHAIN_SOCKET_DIR, &found, is_control, alphasort), err = 0;

	if (cnt < 0) {
		err = -errno;
		if (err == -ENOENT)
			return 0;
		xs_err(cli->ctx, "cannot see which brokers run: %s: %s%s", XS_CHAIN_SOCKET_DIR,
		       strerror(-err), err == -EACCES ? ": run as root" : "");
		return err;
	}
	for (int i = 0; i < cnt; i++) {
		int one = ask_one(cli, found[i]->d_name, answers);

		err = err ? err : one;
		free(found[i]);
	}
	free(found);
	return err;
}

/* Collects the answers of the operand's broker, or of all brokers. */
static int ask_brokers(struct xs_cli *cli, json_t *answers)
{
	const struct xs_chain_options *opts = cli->opts;
	char path[XS_CONTROL_PATH_MAX];
	json_t *answer;
	int err;

	if (!cli->operand_cnt && !opts->socket)
		return ask_all(cli, answers);
	path_of(cli, cli->operand_cnt ? cli->operands[0] : "", path);
	err = xs_control_ask(cli, path, json_pack("{s:s}", "command", "show"), &answer);
	if (!err)
		json_array_append_new(answers, answer);
	return err;
}

/* ---- the commands ---- */

int xs_chain_show(struct xs_cli *cli)
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

int xs_chain_export(struct xs_cli *cli)
{
	json_t *brokers = json_array();
	int err = ask_brokers(cli, brokers);
	size_t cnt = json_array_size(brokers);
	const json_t **reports = calloc(cnt + 1, sizeof(*reports));

	if (!err && cli->json) {
		free(reports);
		return xs_json_print(cli, json_pack("{s:o}", "brokers", brokers));
	}
	for (size_t i = 0; reports && i < cnt; i++)
		reports[i] = json_array_get(brokers, i);
	if (!err && reports)
		xs_report_print_metrics(reports, cnt);
	free(reports);
	json_decref(brokers);
	return err;
}

int xs_chain_drain(struct xs_cli *cli)
{
	char path[XS_CONTROL_PATH_MAX];
	__u64 instance = 0;
	json_int_t cnt;
	json_t *answer;
	int err;

	if (cli->operand_cnt == 3 && xs_parse_u64(cli->operands[2], 1, XS_INSTANCES_MAX, &instance))
		return xs_usage(cli, "INSTANCE '%s': give a number from 1 to %d", cli->operands[2],
				XS_INSTANCES_MAX);
	path_of(cli, cli->operands[0], path);
	err = xs_control_ask(cli, path,
			     json_pack("{s:s, s:o, s:I}", "command", "drain", "service",
				       xs_json_text(cli->operands[1]), "instance",
				       (json_int_t)instance),
			     &answer);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, answer);
	cnt = json_integer_value(json_object_get(answer, "draining"));
	printf("%s: %lld instance%s of %s drained, and then told to stop\n",
	       xs_shown(cli->operands[0]).text, cnt, cnt == 1 ? " is" : "s are",
	       xs_shown(cli->operands[1]).text);
	json_decref(answer);
	return 0;
}

static int send_file(struct xs_cli *cli, const char *text, size_t len)
{
	json_t *request = json_pack("{s:s, s:s%}", "command", "apply", "text", text, len), *answer;
	char path[XS_CONTROL_PATH_MAX];
	int err;

	if (!request) {
		xs_err(cli->ctx, "%s is not UTF-8", cli->operands[1]);
		return -EILSEQ;
	}
	path_of(cli, cli->operands[0], path);
	err = xs_control_ask(cli, path, request, &answer);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, answer);
	printf("%s: %s is in force\n", xs_shown(cli->operands[0]).text,
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
