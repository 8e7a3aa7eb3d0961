// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-chain: chains of network functions; the table of its commands. */
#include "ask.h"
#include "check.h"
#include "exec.h"
#include "options.h"
#include "replay.h"
#include "run.h"

static int add_nf(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_chain_options *options = opts;

	if (options->nf_cnt == XS_CHAIN_NFS_MAX)
		return xs_usage(cli, "--nf: at most %d times", XS_CHAIN_NFS_MAX);
	options->nfs[options->nf_cnt++] = arg;
	return 0;
}

static int add_queue(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_chain_options *options = opts;
	__u64 queue;

	if (xs_parse_u64(arg, 0, XS_CHAIN_QUEUES_MAX - 1, &queue))
		return xs_usage(cli, "--queue '%s': give a number from 0 to %d", arg,
				XS_CHAIN_QUEUES_MAX - 1);
	for (__u32 i = 0; i < options->queue_cnt; i++)
		if (options->queues[i] == queue)
			return 0;
	options->queues[options->queue_cnt++] = (__u32)queue;
	return 0;
}

static int add_call(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_sandbox *sandbox = &((struct xs_chain_options *)opts)->sandbox;

	if (!xs_sandbox_knows_call(arg))
		return xs_usage(cli, "--allow '%s': there is no such system call", arg);
	if (sandbox->allowed_cnt == XS_SANDBOX_ALLOWED_MAX)
		return xs_usage(cli, "--allow: at most %d times", XS_SANDBOX_ALLOWED_MAX);
	sandbox->allowed[sandbox->allowed_cnt++] = arg;
	return 0;
}

#define TEXT(field) XS_TO_TEXT(struct xs_chain_options, field)
#define U32(field, least, most) XS_TO_U32(struct xs_chain_options, field, least, most)

static const struct xs_opt replay_opts[] = {
	{ "pcap", 0, "FILE", "send the frames of this capture through", TEXT(pcap) },
	{ "out", 0, "FILE", "write what comes out, in the order of the capture", TEXT(out) },
	{ "gen", 0, "SIZE:COUNT", "or send COUNT generated frames of SIZE bytes", TEXT(gen) },
	{ "chain", 0, "NAME", "use this chain, if FILE has several", TEXT(chain) },
	{ "nf", 0, "COMMAND", "start a network function; may be repeated", XS_TO_CALL(add_nf) },
	{ "socket", 0, "PATH", "let network functions join here", TEXT(socket) },
	{ "wait", 0, "SEC", "wait for all of them to join (default 10)", U32(wait_sec, 1, 3600),
	  .unit = "seconds" },
	{ "frames", 0, "N", "frames in memory (default 4096)", U32(frames, 64, 1048576) },
	{},
};

static const struct xs_opt run_opts[] = {
	{ "queue", 'Q', "N", "this queue; may be repeated (default: all)", XS_TO_CALL(add_queue) },
	{ "copy", 'c', NULL, "copy mode",
	  XS_TO_BITS(struct xs_chain_options, want, XS_CHAIN_COPY) },
	{ "zero-copy", 'z', NULL, "zero-copy mode",
	  XS_TO_BITS(struct xs_chain_options, want, XS_CHAIN_ZERO_COPY) },
	{ "poll", 0, NULL, "sleep while there is nothing to do (default)",
	  XS_TO_BITS(struct xs_chain_options, wait, XS_CHAIN_POLL) },
	{ "adaptive", 0, NULL, "spin 50 us after a frame, then sleep",
	  XS_TO_BITS(struct xs_chain_options, wait, XS_CHAIN_ADAPTIVE) },
	{ "spin", 0, NULL, "never sleep; takes a CPU a queue",
	  XS_TO_BITS(struct xs_chain_options, wait, XS_CHAIN_SPIN) },
	{ "huge", 0, NULL, "huge pages for the frames, if there are any",
	  XS_TO_FLAG(struct xs_chain_options, huge) },
	{ "chain", 0, "NAME", "if FILE has several, this one gets verdict xsk", TEXT(chain) },
	{ "nf", 0, "COMMAND", "start a network function; may be repeated", XS_TO_CALL(add_nf) },
	{ "socket", 0, "PATH", "instead of /run/xsteer/IF.sock", TEXT(socket) },
	{ "frames", 0, "N", "frames in memory for each queue (default 4096)",
	  U32(frames, 64, 1048576) },
	{ "duration", 't', "SEC", "end after SEC seconds", U32(duration_sec, 1, 1u << 30),
	  .unit = "seconds" },
	{},
};

static const struct xs_opt ask_opts[] = {
	{ "socket", 0, "PATH", "ask the broker that was started with it", TEXT(socket) },
	{},
};

static const struct xs_opt show_opts[] = {
	{ "trace", 0, "N", "instead, the way of the next N frames (1 to 64), step by step",
	  U32(trace, 1, 64) },
	{ "chain", 0, "NAME", "with --trace: only frames of this chain", TEXT(chain) },
	{ "wait", 0, "SEC", "with --trace: wait so long for them (default 10)",
	  U32(wait_sec, 1, 3600), .unit = "seconds" },
	{ "socket", 0, "PATH", "ask the broker that was started with it", TEXT(socket) },
	{},
};

static const struct xs_opt exec_opts[] = {
	{ "user", 'u', "USER", "run as this user (default: nobody)", TEXT(user) },
	{ "cgroup", 0, "DIR", "in this cgroup, which is made if it is missing",
	  TEXT(sandbox.cgroup) },
	{ "allow", 0, "CALL", "allow one more system call; may be repeated", XS_TO_CALL(add_call) },
	{ "socket", 0, "PATH", "join the broker that was started with it", TEXT(socket) },
	{},
};

static const struct xs_cmd cmds[] = {
	{ "run", NULL, "IF FILE", "serve chains on the queues of an interface", run_opts, 2, 2,
	  xs_chain_run },
	{ "check", NULL, "FILE", "parse a chain file, draw its chains, say what they may cost",
	  NULL, 1, 1, xs_chain_check },
	{ "apply", NULL, "IF FILE", "serve another version of the chains, under traffic", ask_opts,
	  2, 2, xs_chain_apply },
	{ "show", NULL, "[IF]", "what brokers that run have counted, by chain and step", show_opts,
	  0, 1, xs_chain_show },
	{ "export", NULL, "[IF]", "the same as metrics for Prometheus", ask_opts, 0, 1,
	  xs_chain_export },
	{ "drain", NULL, "IF SERVICE [INSTANCE]",
	  "move flows away from network functions, then let them stop", ask_opts, 2, 3,
	  xs_chain_drain },
	{ "exec", NULL, "IF -- COMMAND...", "start a network function without any rights",
	  exec_opts, 2, -1, xs_chain_exec },
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
	struct xs_chain_options options = { .frames = 4096, .wait_sec = 10 };

	return xs_main(&tool, &options, argc, argv);
}
