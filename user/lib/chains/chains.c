// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Looks up names in a set of chains, and derives facts from a chain's graph. */
#include <string.h>

#include "chains.h"

const char *const xs_sticky_names[XS_STICKY_MAX] = { "flow", "ip saddr", "ip daddr" };
const char *const xs_instead_names[XS_INSTEAD_MAX] = { "hold", "drop", "bypass" };

int xs_chains_service(const struct xs_chains *chains, const char *name)
{
	for (__u32 i = 0; i < chains->service_cnt; i++)
		if (!strcmp(chains->services[i].name, name))
			return (int)i;
	return -1;
}

int xs_chains_chain(const struct xs_chains *chains, const char *name)
{
	for (__u32 i = 0; i < chains->chain_cnt; i++)
		if (!strcmp(chains->chains[i].name, name))
			return (int)i;
	return -1;
}

int xs_chain_step_of(const struct xs_chain *chain, __u32 service)
{
	for (__u32 i = 0; i < chain->step_cnt; i++)
		if (chain->steps[i].service == service)
			return (int)i;
	return -1;
}

int xs_service_exit(const struct xs_service *service, const char *name)
{
	for (__u32 i = 0; i < service->exit_cnt; i++)
		if (!strcmp(service->exits[i], name))
			return (int)i;
	return -1;
}

/* ---- the graph ---- */

/* The k-th way out of a step: k = 0 is `next`, then the exits. */
static int way_out(const struct xs_step *step, int k)
{
	return k ? step->exits[k - 1] : step->next;
}

enum visit { UNSEEN, ON_THE_WAY, DONE };

static bool meets_its_way(const struct xs_chain *chain, int step, enum visit *visits)
{
	if (step < 0 || visits[step] == DONE)
		return false;
	if (visits[step] == ON_THE_WAY)
		return true;
	visits[step] = ON_THE_WAY;
	for (int k = 0; k <= XS_SERVICE_EXITS_MAX; k++)
		if (meets_its_way(chain, way_out(&chain->steps[step], k), visits))
			return true;
	visits[step] = DONE;
	return false;
}

bool xs_chain_has_loop(const struct xs_chain *chain)
{
	enum visit visits[XS_CHAIN_STEPS_MAX] = {};

	for (__u32 i = 0; i < chain->step_cnt; i++)
		if (meets_its_way(chain, (int)i, visits))
			return true;
	return false;
}

static __u32 tap_copies(const struct xs_chain *chain, int after)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < chain->tap_cnt; i++)
		cnt += chain->taps[i].after == after;
	return cnt;
}

/* The cost from a step on. Each step is computed once, since there may be many ways to it. */
static struct xs_chain_cost cost_from(const struct xs_chains *chains, const struct xs_chain *chain,
				      int step, struct xs_chain_cost *known)
{
	struct xs_chain_cost cost, most = {};
	const struct xs_step *here;

	if (step < 0 || known[step].steps)
		return step < 0 ? most : known[step];
	here = &chain->steps[step];
	for (int k = 0; k <= XS_SERVICE_EXITS_MAX; k++) {
		cost = cost_from(chains, chain, way_out(here, k), known);
		most.steps = cost.steps > most.steps ? cost.steps : most.steps;
		most.copies = cost.copies > most.copies ? cost.copies : most.copies;
	}
	most.steps++;
	most.copies += tap_copies(chain, step);
	most.copies += chains->services[here->service].domain[0] ? 2 : 0;
	known[step] = most;
	return most;
}

struct xs_chain_cost xs_chain_cost(const struct xs_chains *chains, const struct xs_chain *chain)
{
	struct xs_chain_cost known[XS_CHAIN_STEPS_MAX] = {};
	struct xs_chain_cost cost = cost_from(chains, chain, chain->first, known);

	cost.handoffs = 2 * cost.steps;
	cost.copies += tap_copies(chain, -1);
	return cost;
}
