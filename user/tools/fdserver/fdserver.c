// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * xsteer-fdserver: gives the XSKMAP of an instance to workers of others, by the protocol of the
 * AF_XDP device plugin. Here: options, set-up, and the totals at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/signalfd.h>

#include <cap-ng.h>

#include "lib/base/listen.h"
#include "lib/base/number.h"
#include "server.h"
#include "tools/cli/caps.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"

struct options {
	const char *socket;
	__u32 timeout_sec;
	bool busy_poll;
	struct xs_peers peers;
};

static int add_user(struct xs_cli *cli, void *opts, const char *arg)
{
	int err = xs_peers_add_user(&((struct options *)opts)->peers, arg);

	if (err == -E2BIG)
		return xs_usage(cli, "--uid: at most %d times", XS_PEERS_MAX);
	return err ? xs_usage(cli, "--uid '%s': no user has this name", arg) : 0;
}

static int add_group(struct xs_cli *cli, void *opts, const char *arg)
{
	int err = xs_peers_add_group(&((struct options *)opts)->peers, arg);

	if (err == -E2BIG)
		return xs_usage(cli, "--gid: at most %d times", XS_PEERS_MAX);
	return err ? xs_usage(cli, "--gid '%s': no group has this name", arg) : 0;
}

static const struct xs_opt server_opts[] = {
	{ "socket", 's', "PATH", "listen here", XS_TO_TEXT(struct options, socket) },
	{ "uid", 0, "USER", "this user may ask; may be repeated", XS_TO_CALL(add_user) },
	{ "gid", 0, "GROUP", "members of this group may ask; may be repeated",
	  XS_TO_CALL(add_group) },
	{ "timeout", 0, "SEC", "end connections that are silent for so long (default 30)",
	  XS_TO_U32(struct options, timeout_sec, 1, 3600), .unit = "seconds" },
	{ "busy-poll", 0, NULL, "configure busy-polling for who asks; keeps CAP_NET_ADMIN",
	  XS_TO_FLAG(struct options, busy_poll) },
	{},
};

static void drop_capabilities(struct xs_cli *cli, bool busy_poll)
{
	int keep[] = { -1, -1, -1 }, cnt = 0;

	if (xs_caps_maps_need_bpf())
		keep[cnt++] = CAP_BPF;
	if (busy_poll)
		keep[cnt++] = CAP_NET_ADMIN;
	xs_caps_keep(cli, keep);
}

/* Those who may ask must be able to connect; whoever else connects is refused by its user. */
static mode_t socket_mode(const struct options *options)
{
	return options->peers.uid_cnt || options->peers.gid_cnt ? 0666 : 0600;
}

static int open_stop(struct xs_cli *cli)
{
	sigset_t signals;

	xs_stop_block(&signals);
	cli->ctx->stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (cli->ctx->stop_fd >= 0)
		return 0;
	xs_err(cli->ctx, "cannot make a signalfd: %s", strerror(errno));
	return -errno;
}

static int print_totals(const struct xs_server *server, const struct options *options)
{
	json_t *refused, *object;

	if (!server->cli->json) {
		xs_info(server->cli->ctx, "%llu connection%s, %llu map%s given",
			server->connections, xs_s(server->connections), server->given,
			xs_s(server->given));
		return 0;
	}
	refused = json_object();
	for (int i = 0; i < XS_REFUSAL_MAX; i++)
		json_object_set_new(refused, xs_refusal_names[i],
				    json_integer((json_int_t)server->refused[i]));
	object = json_pack("{s:o, s:I, s:I, s:I, s:o}", "socket", xs_json_text(options->socket),
			   "connections", (json_int_t)server->connections, "maps",
			   (json_int_t)server->given, "busy_polls", (json_int_t)server->busy_polls,
			   "refused", refused);
	return xs_json_print(server->cli, object);
}

static int listen_and_serve(struct xs_server *server, const struct options *options)
{
	int err;

	server->listening = xs_listen_at(server->cli->ctx, options->socket, socket_mode(options));
	if (server->listening < 0)
		return server->listening;
	if (!options->busy_poll)
		xs_server_refuse_descriptors(server->listening);
	drop_capabilities(server->cli, options->busy_poll);
	xs_info(server->cli->ctx, "ready at %s", options->socket);
	err = xs_server_run(server);
	xs_server_close(server);
	xs_listen_remove(options->socket);
	close(server->listening);
	return err ? err : print_totals(server, options);
}

static int serve(struct xs_cli *cli)
{
	const struct options *options = cli->opts;
	struct xs_server server = {
		.cli = cli,
		.peers = options->peers,
		.busy_poll = options->busy_poll,
		.timeout_sec = options->timeout_sec,
	};
	int err;

	if (!options->socket)
		return xs_usage(cli, "--socket PATH is missing");
	err = open_stop(cli);
	if (!err)
		err = xs_served_find(cli, &server.maps);
	if (!err)
		err = listen_and_serve(&server, options);
	else if (err == -EINTR)
		err = 0; /* it was asked to stop before it was ready */
	if (cli->ctx->stop_fd >= 0)
		close(cli->ctx->stop_fd);
	cli->ctx->stop_fd = -1;
	return err;
}

int main(int argc, char **argv)
{
	static const struct xs_cmd cmds[] = {
		{ .name = "",
		  .args = "--socket PATH IF...",
		  .help = "serve XSKMAPs",
		  .opts = server_opts,
		  .operands_min = 1,
		  .operands_max = -1,
		  .run = serve },
		{},
	};
	static const struct xs_tool tool = {
		.name = "xsteer-fdserver",
		.summary = "Gives the XSKMAPs of interfaces to AF_XDP programs without rights.",
		.cmds = cmds,
	};
	struct options options = { .timeout_sec = 30 };

	return xs_main(&tool, &options, argc, argv);
}
