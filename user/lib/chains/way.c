// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * chain NAME ...: the way through the services, branches from exits, taps; and
 * limit CHAIN frames N.
 */
#include <string.h>

#include "parse.h"

static struct xs_chain *find_chain(struct xs_chain_parser *p, const struct xs_token *at,
				   const char *name)
{
	int i = xs_chains_chain(p->chains, name);

	if (i >= 0)
		return &p->chains->chains[i];
	xs_chain_error(p, at, "there is no chain '%s' above", name);
	return NULL;
}

/* ---- ways ---- */

/* Adds a step of this service, still without a way out. -1 after an error. */
static int add_step(struct xs_chain_parser *p, const struct xs_token *at, struct xs_chain *chain,
		    const struct xs_service *service)
{
	struct xs_step *step = &chain->steps[chain->step_cnt];

	if (service->tap) {
		xs_chain_error(p, at, "%s is a tap: 'chain %s mirror %s' puts it beside the way",
			       service->name, chain->name, service->name);
		return -1;
	}
	if (chain->step_cnt == XS_CHAIN_STEPS_MAX) {
		xs_chain_error(p, at, "chain %s has more than %d steps", chain->name,
			       XS_CHAIN_STEPS_MAX);
		return -1;
	}
	step->service = (__u32)(service - p->chains->services);
	step->next = XS_TO_nowhere;
	memset(step->exits, XS_TO_nowhere, sizeof(step->exits));
	p->used[step->service] = true;
	return (int)chain->step_cnt++;
}

/*
 * Parses SERVICE [->] ... END from the current token on. *from is the first step. A
 * branch may end at a step that the chain already has.
 */
static bool parse_way(struct xs_chain_parser *p, struct xs_chain *chain, __s8 *from, bool branch)
{
	char name[XS_CHAIN_NAME_MAX];
	struct xs_service *service;
	struct xs_token at;
	int step;

	for (;;) {
		if (p->arrow)
			xs_chain_next(p);
		*from = xs_chain_end_word(p);
		if (*from != XS_TO_nowhere)
			return true;
		at = p->tok;
		if (xs_chain_at_end(p))
			return xs_chain_expected(p, branch ? "a service of the chain, tx or drop"
							   : "a service, tx or drop");
		if (!xs_chain_name(p, "a service", name))
			return false;
		service = xs_chain_find_service(p, &at, name);
		if (!service)
			return false;
		step = xs_chain_step_of(chain, (__u32)(service - p->chains->services));
		if (step >= 0 && branch) {
			*from = (__s8)step;
			return true;
		}
		if (step >= 0)
			return xs_chain_error(p, &at, "chain %s meets %s twice", chain->name, name);
		step = add_step(p, &at, chain, service);
		if (step < 0)
			return false;
		*from = (__s8)step;
		from = &chain->steps[step].next;
	}
}

static bool parse_branch(struct xs_chain_parser *p, const struct xs_token *chain_at,
			 const char *chain_name)
{
	char name[XS_CHAIN_NAME_MAX], exit[XS_CHAIN_NAME_MAX];
	struct xs_chain *chain = find_chain(p, chain_at, chain_name);
	struct xs_token at = p->tok;
	struct xs_service *service;
	int step, i;

	if (!chain || !xs_chain_dotted(p, name, exit))
		return false;
	service = xs_chain_find_service(p, &at, name);
	if (!service)
		return false;
	step = xs_chain_step_of(chain, (__u32)(service - p->chains->services));
	if (step < 0)
		return xs_chain_error(p, &at, "chain %s does not meet %s", chain_name, name);
	i = xs_chain_add_exit(p, &at, service, exit);
	if (i < 0)
		return false;
	if (chain->steps[step].exits[i] != XS_TO_nowhere)
		return xs_chain_error(p, &at, "chain %s says above where %s.%s leads", chain_name,
				      name, exit);
	if (!parse_way(p, chain, &chain->steps[step].exits[i], true))
		return false;
	return !xs_chain_has_loop(chain) ||
	       xs_chain_error(p, &at, "a frame that leaves by %s.%s would come back to %s", name,
			      exit, name);
}

static bool parse_new(struct xs_chain_parser *p, const struct xs_token *at, const char *name)
{
	struct xs_chain *chain = &p->chains->chains[p->chains->chain_cnt];

	if (xs_chains_chain(p->chains, name) >= 0)
		return xs_chain_error(p, at,
				      "chain %s has its way above: "
				      "expected SERVICE.EXIT or 'mirror' behind the name",
				      name);
	if (p->chains->chain_cnt == XS_CHAINS_MAX)
		return xs_chain_error(p, at, "more than %d chains", XS_CHAINS_MAX);
	memset(chain, 0, sizeof(*chain));
	strcpy(chain->name, name);
	if (!parse_way(p, chain, &chain->first, false))
		return false;
	p->chains->chain_cnt++;
	return true;
}

/* ---- taps ---- */

static bool parse_after(struct xs_chain_parser *p, const struct xs_chain *chain, struct xs_tap *tap)
{
	struct xs_token at = p->tok;
	char name[XS_CHAIN_NAME_MAX];
	struct xs_service *service;

	tap->after = -1;
	if (!xs_chain_take_word(p, "after"))
		return true;
	at = p->tok;
	if (!xs_chain_name(p, "a service", name))
		return false;
	service = xs_chain_find_service(p, &at, name);
	if (!service)
		return false;
	tap->after = (__s8)xs_chain_step_of(chain, (__u32)(service - p->chains->services));
	return tap->after >= 0 ||
	       xs_chain_error(p, &at, "chain %s does not meet %s", chain->name, name);
}

static bool parse_mirror(struct xs_chain_parser *p, const struct xs_token *chain_at,
			 const char *chain_name)
{
	struct xs_chain *chain = find_chain(p, chain_at, chain_name);
	struct xs_token at = p->tok;
	char name[XS_CHAIN_NAME_MAX];
	struct xs_service *service;
	struct xs_tap tap;

	if (!chain || !xs_chain_name(p, "a tap", name))
		return false;
	service = xs_chain_find_service(p, &at, name);
	if (!service)
		return false;
	if (!service->tap)
		return xs_chain_error(p, &at, "%s is no tap: 'service %s tap' makes it one", name,
				      name);
	tap.service = (__u32)(service - p->chains->services);
	if (!parse_after(p, chain, &tap))
		return false;
	if (chain->tap_cnt == XS_CHAIN_TAPS_MAX)
		return xs_chain_error(p, &at, "chain %s has more than %d taps", chain_name,
				      XS_CHAIN_TAPS_MAX);
	p->used[tap.service] = true;
	chain->taps[chain->tap_cnt++] = tap;
	return true;
}

/* ---- statements ---- */

bool xs_chain_parse_chain(struct xs_chain_parser *p)
{
	char name[XS_CHAIN_NAME_MAX];
	struct xs_token at = p->tok;

	if (!xs_chain_name(p, "a chain", name))
		return false;
	if (xs_chain_take_word(p, "mirror"))
		return parse_mirror(p, &at, name);
	if (p->tok.type == XS_TOKEN_WORD && !p->arrow && memchr(p->tok.p, '.', p->tok.len))
		return parse_branch(p, &at, name);
	return parse_new(p, &at, name);
}

bool xs_chain_parse_limit(struct xs_chain_parser *p)
{
	char name[XS_CHAIN_NAME_MAX];
	struct xs_token at = p->tok;
	struct xs_chain *chain;

	if (!xs_chain_name(p, "a chain", name))
		return false;
	chain = find_chain(p, &at, name);
	if (!chain)
		return false;
	if (!xs_chain_take_word(p, "frames"))
		return xs_chain_expected(p, "'frames' and a number");
	return xs_chain_number(p, 1, 1u << 20, &chain->limit);
}
