// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* service NAME ..., on SERVICE ...: the properties of a service, and what happens without it. */
#include <stdio.h>
#include <string.h>

#include "parse.h"

struct xs_service *xs_chain_find_service(struct xs_chain_parser *p, const struct xs_token *at,
					 const char *name)
{
	int i = xs_chains_service(p->chains, name);

	if (i >= 0)
		return &p->chains->services[i];
	xs_chain_error(p, at, "there is no service '%s' above: 'service %s' declares it", name,
		       name);
	return NULL;
}

int xs_chain_add_exit(struct xs_chain_parser *p, const struct xs_token *at,
		      struct xs_service *service, const char *name)
{
	int i = xs_service_exit(service, name);

	if (i >= 0)
		return i;
	if (service->exit_cnt == XS_SERVICE_EXITS_MAX) {
		xs_chain_error(p, at, "service %s has more than %d exits", service->name,
			       XS_SERVICE_EXITS_MAX);
		return -1;
	}
	strcpy(service->exits[service->exit_cnt], name);
	service->exit_to[service->exit_cnt] = XS_TO_nowhere;
	return (int)service->exit_cnt++;
}

static bool parse_sticky(struct xs_chain_parser *p, struct xs_service *service)
{
	if (xs_chain_take_word(p, "flow")) {
		service->sticky = XS_STICKY_flow;
		return true;
	}
	if (!xs_chain_take_word(p, "ip"))
		return xs_chain_expected(p, "'flow', 'ip saddr' or 'ip daddr'");
	if (xs_chain_take_word(p, "saddr"))
		service->sticky = XS_STICKY_saddr;
	else if (xs_chain_take_word(p, "daddr"))
		service->sticky = XS_STICKY_daddr;
	else
		return xs_chain_expected(p, "'saddr' or 'daddr'");
	return true;
}

static bool parse_ring(struct xs_chain_parser *p, struct xs_service *service)
{
	struct xs_token at = p->tok;

	if (!xs_chain_number(p, XS_SERVICE_RING_MIN, XS_SERVICE_RING_MAX, &service->ring))
		return false;
	if (service->ring & (service->ring - 1))
		return xs_chain_error(p, &at, "a ring's entries are a power of two: %u or %u",
				      1u << (31 - __builtin_clz(service->ring)),
				      2u << (31 - __builtin_clz(service->ring)));
	return true;
}

static bool parse_property(struct xs_chain_parser *p, struct xs_service *service)
{
	if (xs_chain_take_word(p, "readonly"))
		service->readonly = true;
	else if (xs_chain_take_word(p, "tap"))
		service->tap = true;
	else if (xs_chain_take_word(p, "domain"))
		return xs_chain_name(p, "a domain", service->domain);
	else if (xs_chain_take_word(p, "instances"))
		return xs_chain_number(p, 1, XS_INSTANCES_MAX, &service->instances);
	else if (xs_chain_take_word(p, "ring"))
		return parse_ring(p, service);
	else if (xs_chain_take_word(p, "sticky"))
		return parse_sticky(p, service);
	else
		return xs_chain_expected(p, "readonly, tap, domain, instances, ring, sticky, "
					    "or the end of the line");
	return true;
}

static bool check_properties(struct xs_chain_parser *p, const struct xs_token *at,
			     const struct xs_service *service)
{
	if (service->tap && (service->readonly || service->domain[0]))
		return xs_chain_error(p, at,
				      "a tap gets copies: it needs neither readonly nor a domain");
	if (service->readonly && service->domain[0])
		return xs_chain_error(p, at,
				      "in a domain of its own a service gets copies to change: "
				      "leave out readonly or domain");
	return true;
}

bool xs_chain_parse_service(struct xs_chain_parser *p)
{
	struct xs_service service = { .instances = XS_INSTANCES_MAX,
				      .ring = XS_SERVICE_RING,
				      .on_dead = XS_INSTEAD_drop,
				      .line = p->tok.line };
	struct xs_token at = p->tok;

	if (!xs_chain_name(p, "a service", service.name))
		return false;
	if (!strcmp(service.name, "tx") || !strcmp(service.name, "drop") ||
	    !strcmp(service.name, "mirror"))
		return xs_chain_error(p, &at, "'%s' is a keyword of chains", service.name);
	if (xs_chains_service(p->chains, service.name) >= 0)
		return xs_chain_error(p, &at, "service %s is declared above already", service.name);
	if (p->chains->service_cnt == XS_SERVICES_MAX)
		return xs_chain_error(p, &at, "more than %d services", XS_SERVICES_MAX);
	while (!xs_chain_at_end(p))
		if (!parse_property(p, &service))
			return false;
	if (!check_properties(p, &at, &service))
		return false;
	p->chains->services[p->chains->service_cnt++] = service;
	return true;
}

/* ---- on ---- */

static bool parse_instead(struct xs_chain_parser *p, enum xs_instead *instead)
{
	for (int i = 0; i < XS_INSTEAD_MAX; i++) {
		if (!xs_chain_take_word(p, xs_instead_names[i]))
			continue;
		*instead = (enum xs_instead)i;
		return true;
	}
	return xs_chain_expected(p, "hold, drop or bypass");
}

static bool parse_on_exit(struct xs_chain_parser *p, const struct xs_token *at,
			  struct xs_service *service, const char *exit)
{
	int i = xs_chain_add_exit(p, at, service, exit);

	if (i < 0)
		return false;
	service->exit_to[i] = xs_chain_end_word(p);
	return service->exit_to[i] != XS_TO_nowhere || xs_chain_expected(p, "drop or tx");
}

bool xs_chain_parse_on(struct xs_chain_parser *p)
{
	char name[XS_CHAIN_NAME_MAX], exit[XS_CHAIN_NAME_MAX];
	struct xs_token at = p->tok;
	struct xs_service *service;

	if (!xs_chain_dotted(p, name, exit))
		return false;
	service = xs_chain_find_service(p, &at, name);
	if (!service)
		return false;
	if (exit[0])
		return parse_on_exit(p, &at, service, exit);
	if (service->tap)
		return xs_chain_error(p, &at,
				      "%s is a tap: no frame waits for it, "
				      "so nothing is done without it",
				      name);
	if (xs_chain_take_word(p, "full"))
		return parse_instead(p, &service->on_full);
	if (!xs_chain_take_word(p, "dead"))
		return xs_chain_expected(p, "dead or full");
	return parse_instead(p, &service->on_dead) &&
	       (service->on_dead != XS_INSTEAD_hold || xs_chain_time(p, &service->hold_ms));
}
