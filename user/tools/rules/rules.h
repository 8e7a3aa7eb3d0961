/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the commands of xsteer-rules share: options. */
#ifndef XS_TOOL_RULES_H
#define XS_TOOL_RULES_H

#include <stdbool.h>
#include <linux/types.h>

#include "tools/cli/cli.h"

struct xs_rules_opts {
	__u32 confirm_sec;
	const char *ifname; /* once xs_rules_take_if() has returned, as it is called now */
	char name[16]; /* room for that */
	const char *file;
	const char *pcap, *hex;
	__u32 queue;
	const char *ct_state;
	bool partial;
	/* of trace */
	const char *verdict, *reason, *write;
	__u64 count; /* 0: until it is told to end */
	__u32 snap, rate;
};

static inline struct xs_rules_opts *xs_rules_opts(const struct xs_cli *cli)
{
	return cli->opts;
}

/*
 * Every command takes its interface by -d or as its first operand: leaves the name in
 * opts->ifname, and in cli->operands the `others` that follow. 0, or -EINVAL after
 * xs_usage(), also where there is none unless `optional`.
 */
int xs_rules_take_if(struct xs_cli *cli, int others, bool optional);

/* The same for commands that look at their operands by themselves: the name of now of opts->ifname. */
void xs_rules_call_if(struct xs_cli *cli, struct xs_rules_opts *opts);

/* Commands that have their own files. 0 or -errno. */
int xs_do_show(struct xs_cli *cli);
int xs_do_explain(struct xs_cli *cli);
int xs_do_cost(struct xs_cli *cli);
int xs_do_import(struct xs_cli *cli);
int xs_do_trace(struct xs_cli *cli);
int xs_do_set(struct xs_cli *cli);

#endif
