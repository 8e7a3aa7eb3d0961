// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prints what each queue and each rule of an interface has counted. counters IF */
#include <inttypes.h>
#include <stdio.h>
#include <xsteer/xsteer.h>

static int print_queue(void *arg, uint32_t queue, const uint64_t *values, uint32_t count)
{
	(void)arg;
	for (uint32_t i = 0; i < count; i++)
		if (values[i])
			printf("queue %" PRIu32 ": %s %" PRIu64 "\n", queue, xsteer_counter_name(i),
			       values[i]);
	return 0;
}

static int print_rule(void *arg, const struct xsteer_rule *rule)
{
	(void)arg;
	printf("%s:%" PRIu32 ": %s: packets %" PRIu64 ", bytes %" PRIu64 "\n", rule->file,
	       rule->line, rule->text, rule->packets, rule->bytes);
	return 0;
}

int main(int argc, char **argv)
{
	struct xsteer_ctx *ctx = xsteer_ctx_new(NULL, NULL, NULL);
	int err;

	if (!ctx || argc != 2) {
		fprintf(stderr, "usage: counters IF\n");
		return 2;
	}
	err = xsteer_each_queue(ctx, argv[1], print_queue, NULL);
	if (!err)
		err = xsteer_rules_show(ctx, argv[1], NULL, print_rule, NULL);
	if (err)
		fprintf(stderr, "counters: %s\n", xsteer_ctx_error(ctx));
	xsteer_ctx_free(ctx);
	return err ? 1 : 0;
}
