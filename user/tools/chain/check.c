// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-chain check: a chain file as a drawing, or as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "file.h"
#include "tools/cli/json.h"

/* ---- text ---- */

/* Draws "-> b -> c -> tx", up to an end or to a step that was already drawn. */
static void draw_way(const struct xs_chains *chains, const struct xs_chain *chain, int to,
		     bool *drawn)
{
	while (to >= 0 && !drawn[to]) {
		drawn[to] = true;
		printf("%s -> ", xs_chain_to_name(chains, chain, to));
		to = chain->steps[to].next;
	}
	printf("%s\n", xs_chain_to_name(chains, chain, to));
}

static void draw_exits(const struct xs_chains *chains, const struct xs_chain *chain, bool *drawn)
{
	for (__u32 s = 0; s < chain->step_cnt; s++) {
		const struct xs_step *step = &chain->steps[s];
		const struct xs_service *service = &chains->services[step->service];

		for (__u32 i = 0; i < service->exit_cnt; i++) {
			if (step->exits[i] == XS_TO_nowhere)
				continue;
			printf("  %s.%s -> ", service->name, service->exits[i]);
			draw_way(chains, chain, step->exits[i], drawn);
		}
	}
}

static void draw_chain(const struct xs_chains *chains, const struct xs_chain *chain)
{
	struct xs_chain_cost cost = xs_chain_cost(chains, chain);
	bool drawn[XS_CHAIN_STEPS_MAX] = {};

	printf("%s\n  ", chain->name);
	draw_way(chains, chain, chain->first, drawn);
	draw_exits(chains, chain, drawn);
	for (__u32 i = 0; i < chain->tap_cnt; i++) {
		const struct xs_tap *tap = &chain->taps[i];

		printf("  tap %s %s%s\n", chains->services[tap->service].name,
		       tap->after < 0 ? "at the entry" : "after ",
		       tap->after < 0 ? "" : xs_chain_to_name(chains, chain, tap->after));
	}
	printf("  at most %u steps, %u handoffs, %u copies a frame", cost.steps, cost.handoffs,
	       cost.copies);
	if (chain->limit)
		printf("; at most %u frames at once", chain->limit);
	putchar('\n');
}

/* ---- JSON ---- */

static json_t *json_step(const struct xs_chains *chains, const struct xs_chain *chain,
			 const struct xs_step *step)
{
	const struct xs_service *service = &chains->services[step->service];
	json_t *exits = json_object();

	for (__u32 i = 0; i < service->exit_cnt; i++)
		if (step->exits[i] != XS_TO_nowhere)
			json_object_set_new(
				exits, service->exits[i],
				json_string(xs_chain_to_name(chains, chain, step->exits[i])));
	return json_pack("{s:s, s:s, s:o}", "service", service->name, "next",
			 xs_chain_to_name(chains, chain, step->next), "exits", exits);
}

static json_t *json_tap(const struct xs_chains *chains, const struct xs_chain *chain,
			const struct xs_tap *tap)
{
	return json_pack("{s:s, s:s?}", "service", chains->services[tap->service].name, "after",
			 tap->after < 0 ? NULL : xs_chain_to_name(chains, chain, tap->after));
}

static json_t *json_chain(const struct xs_chains *chains, const struct xs_chain *chain)
{
	struct xs_chain_cost cost = xs_chain_cost(chains, chain);
	json_t *steps = json_array(), *taps = json_array();

	for (__u32 i = 0; i < chain->step_cnt; i++)
		json_array_append_new(steps, json_step(chains, chain, &chain->steps[i]));
	for (__u32 i = 0; i < chain->tap_cnt; i++)
		json_array_append_new(taps, json_tap(chains, chain, &chain->taps[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:{s:i, s:i, s:i}}", "name", chain->name, "steps",
			 steps, "taps", taps, "limit_frames",
			 chain->limit ? json_integer(chain->limit) : json_null(), "at_most",
			 "steps", cost.steps, "handoffs", cost.handoffs, "copies", cost.copies);
}

static json_t *json_service(const struct xs_service *service)
{
	return json_pack("{s:s, s:b, s:b, s:o, s:s, s:i, s:i, s:s, s:s}", "name", service->name,
			 "readonly", service->readonly, "tap", service->tap, "domain",
			 service->domain[0] ? json_string(service->domain) : json_null(), "sticky",
			 xs_sticky_names[service->sticky], "instances", service->instances, "ring",
			 service->ring, "on_dead", xs_instead_names[service->on_dead], "on_full",
			 xs_instead_names[service->on_full]);
}

static int print_json(struct xs_cli *cli, const struct xs_chains *chains, json_t *warnings)
{
	json_t *services = json_array(), *ways = json_array();

	for (__u32 i = 0; i < chains->service_cnt; i++)
		json_array_append_new(services, json_service(&chains->services[i]));
	for (__u32 i = 0; i < chains->chain_cnt; i++)
		json_array_append_new(ways, json_chain(chains, &chains->chains[i]));
	return xs_json_print(cli, json_pack("{s:o, s:o, s:o, s:O}", "file",
					    xs_json_text(cli->operands[0]), "services", services,
					    "chains", ways, "warnings", warnings));
}

int xs_chain_check(struct xs_cli *cli)
{
	struct xs_chains *chains = NULL;
	json_t *warnings = json_array();
	int err = xs_chain_file_read(cli, cli->operands[0], &chains, warnings);

	if (!err && cli->json)
		err = print_json(cli, chains, warnings);
	else if (!err)
		for (__u32 i = 0; i < chains->chain_cnt; i++)
			draw_chain(chains, &chains->chains[i]);
	json_decref(warnings);
	free(chains);
	return err;
}
