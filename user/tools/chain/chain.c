// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-chain: chains of network functions; the table of its commands. */
#include "check.h"
#include "replay.h"
#include "tools/cli/cli.h"

static int add_nf(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_replay_options *replay = opts;

	if (replay->nf_cnt == XS_REPLAY_NFS_MAX)
		return xs_usage(cli, "--nf: at most %d times", XS_REPLAY_NFS_MAX);
	replay->nfs[replay->nf_cnt++] = arg;
	return 0;
}

#define REPLAY(field) XS_TO_TEXT(struct xs_replay_options, field)

static const struct xs_opt replay_opts[] = {
	{ "pcap", 0, "FILE", "send the frames of this capture through", REPLAY(pcap) },
	{ "out", 0, "FILE", "write what comes out, in the order of the capture", REPLAY(out) },
	{ "gen", 0, "SIZE:COUNT", "or send COUNT made frames of SIZE bytes", REPLAY(gen) },
	{ "chain", 0, "NAME", "through this chain, of several", REPLAY(chain) },
	{ "nf", 0, "COMMAND", "start a network function; may be repeated", XS_TO_CALL(add_nf) },
	{ "socket", 0, "PATH", "let network functions join here", REPLAY(socket) },
	{ "wait", 0, "SEC", "for all of them to join (default 10)",
	  XS_TO_U32(struct xs_replay_options, wait_sec, 1, 3600), .unit = "seconds" },
	{ "frames", 0, "N", "frames in memory (default 4096)",
	  XS_TO_U32(struct xs_replay_options, frames, 64, 1048576) },
	{},
};

static const struct xs_cmd cmds[] = {
	{ "check", NULL, "FILE", "parse a chain file, draw its chains, say what they may cost",
	  NULL, 1, 1, xs_chain_check },
	{ "replay", NULL, "FILE", "chains without an interface: for tests of network functions",
	  replay_opts, 1, 1, xs_chain_replay },
	{},
};

static const struct xs_tool tool = {
	.name = "xsteer-chain",
	.summary = "Chains of network functions: processes that see frames one after another.",
	.cmds = cmds,
};

int main(int argc, char **argv)
{
	struct xs_replay_options options = { .frames = 4096, .wait_sec = 10 };

	return xs_main(&tool, &options, argc, argv);
}
