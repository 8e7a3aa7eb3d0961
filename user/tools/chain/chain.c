// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-chain: chains of network functions; the table of its commands. */
#include "check.h"
#include "tools/cli/cli.h"

static const struct xs_cmd cmds[] = {
	{ "check", NULL, "FILE", "parse a chain file, draw its chains, say what they may cost",
	  NULL, 1, 1, xs_chain_check },
	{},
};

static const struct xs_tool tool = {
	.name = "xsteer-chain",
	.summary = "Chains of network functions: processes that see frames one after another.",
	.cmds = cmds,
};

int main(int argc, char **argv)
{
	return xs_main(&tool, NULL, argc, argv);
}
