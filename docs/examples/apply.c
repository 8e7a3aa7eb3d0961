// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Puts a file of rules in force, for 10 seconds unless the program still lives then: so
 * rules that cut off whoever applied them go by themselves. apply IF FILE
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <xsteer/xsteer.h>

static void print_finding(void *arg, const struct xsteer_finding *finding)
{
	(void)arg;
	fprintf(stderr, "%s:%" PRIu32 ":%" PRIu32 ": %s\n", finding->file, finding->line,
		finding->column, finding->message);
}

static int apply(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules)
{
	XSTEER_STRUCT(xsteer_apply_opts, opts, .confirm_sec = 10);
	XSTEER_STRUCT(xsteer_applied, applied);
	XSTEER_STRUCT(xsteer_cost, cost);
	int err;

	xsteer_rules_warnings(ctx, rules, print_finding, NULL);
	err = xsteer_rules_apply(ctx, ifname, rules, &opts, &applied);
	if (err)
		return err;
	xsteer_rules_cost(ctx, rules, &cost);
	printf("set %" PRIu64 ": %" PRIu32 " rules, at most %" PRIu32 " lookups a frame\n",
	       applied.generation, xsteer_rules_count(rules), cost.probe_bound);
	sleep(1); /* here a program looks whether all still works */
	return xsteer_rules_confirm(ctx, ifname, NULL);
}

int main(int argc, char **argv)
{
	XSTEER_STRUCT(xsteer_rules_opts, opts, .finding = print_finding);
	struct xsteer_ctx *ctx = xsteer_ctx_new(NULL, NULL, NULL);
	struct xsteer_rules *rules = NULL;
	int err;

	if (!ctx || argc != 3) {
		fprintf(stderr, "usage: apply IF FILE\n");
		return 2;
	}
	err = xsteer_rules_read(ctx, argv[2], &opts, &rules);
	if (!err)
		err = apply(ctx, argv[1], rules);
	if (err)
		fprintf(stderr, "apply: %s\n", xsteer_ctx_error(ctx));
	xsteer_rules_free(rules);
	xsteer_ctx_free(ctx);
	return err ? 1 : 0;
}
