// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The brokers that serve interfaces of this network namespace; see serving.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "find.h"
#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "serving.h"
#include "tools/cli/json.h"

struct asking {
	struct xsteer_ctx *ctx, *quiet;
	const __u32 *ifindexes;
	int cnt, wait_ms;
	json_t *accounts;
	int err;
};

static bool is_wanted(const struct asking *asking, __u32 ifindex)
{
	for (int i = 0; i < asking->cnt; i++)
		if (asking->ifindexes[i] == ifindex)
			return true;
	return false;
}

/* One that listens under the name of another interface nearly always serves that one. */
static bool may_serve(const struct asking *asking, const char *path)
{
	const char *file = strrchr(path, '/') + 1, *end = strrchr(file, '.');
	char word[XS_CONTROL_PATH_MAX], name[16];
	__u32 ifindex;

	snprintf(word, sizeof(word), "%.*s", (int)(end - file), file);
	return xs_netif_find(word, &ifindex, name) || is_wanted(asking, ifindex);
}

static int ask(const struct asking *asking, const char *path, const char *command, json_t **answer)
{
	return xs_control_ask_for(asking->quiet, path, asking->wait_ms,
				  json_pack("{s:s}", "command", command), answer);
}

static int ask_one(const char *path, void *arg)
{
	struct asking *asking = arg;
	json_t *answer;
	bool wanted;
	int err = ask(asking, path, "who", &answer);

	if (!err) {
		wanted = xs_broker_is_of_here(answer) &&
			 is_wanted(asking, (__u32)xs_json_number(answer, "ifindex"));
		json_decref(answer);
		if (!wanted)
			return 0;
		err = ask(asking, path, "show", &answer);
	}
	if (!err) {
		json_array_append_new(asking->accounts, answer);
	} else if (err != -ENOENT && err != -ECONNREFUSED && may_serve(asking, path)) {
		xs_err(asking->ctx, "its chains are left out: %s", xsteer_ctx_error(asking->quiet));
		asking->err = asking->err ? asking->err : err;
	}
	return 0;
}

int xs_brokers_ask(struct xsteer_ctx *ctx, const __u32 *ifindexes, int cnt, int wait_ms,
		   json_t *accounts)
{
	struct asking asking = { .ctx = ctx,
				 .ifindexes = ifindexes,
				 .cnt = cnt,
				 .wait_ms = wait_ms,
				 .accounts = accounts };
	int err;

	asking.quiet = xsteer_ctx_new(ctx->pin_root, NULL, NULL);
	if (!asking.quiet)
		return -ENOMEM;
	err = xs_each_broker(ctx, ask_one, &asking);
	xsteer_ctx_free(asking.quiet);
	return err ? err : asking.err;
}
