// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lines of ethtool -N: flow-type TYPE FIELD VALUE [m MASK] ... action N [loc N]; see
 * import.h. A rule takes no frame to another queue, so an action N becomes the socket of
 * frames that are on queue N.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

enum kind { NUMBER, IP4, IP6, MAC };

static const struct {
	const char *type, *match; /* that holds for the flow type; "": any frame */
	const char *proto; /* whose ports its fields are; or NULL */
	bool ipv6;
} flow_types[] = {
	{ "ether", "", NULL, false },
	{ "ip4", "meta nfproto ipv4", NULL, false },
	{ "tcp4", "ip protocol tcp", "tcp", false },
	{ "udp4", "ip protocol udp", "udp", false },
	{ "sctp4", "ip protocol sctp", "sctp", false },
	{ "ah4", "ip protocol ah", NULL, false },
	{ "esp4", "ip protocol esp", NULL, false },
	{ "ip6", "meta nfproto ipv6", NULL, true },
	{ "tcp6", "meta nfproto ipv6 tcp", "tcp", true },
	{ "udp6", "meta nfproto ipv6 udp", "udp", true },
	{ "sctp6", "meta nfproto ipv6 sctp", "sctp", true },
	{ "esp6", "meta nfproto ipv6 meta l4proto esp", NULL, true },
};

static const struct {
	const char *name, *before, *field; /* before NULL: ip, ip6, or the ports' protocol */
	enum kind kind;
} flow_fields[] = {
	{ "src", "ether", "saddr", MAC },	  { "dst", "ether", "daddr", MAC },
	{ "dst-mac", "ether", "daddr", MAC },	  { "proto", "ether", "type", NUMBER },
	{ "src-ip", NULL, "saddr", IP4 },	  { "dst-ip", NULL, "daddr", IP4 },
	{ "src-port", NULL, "sport", NUMBER },	  { "dst-port", NULL, "dport", NUMBER },
	{ "l4proto", "meta", "l4proto", NUMBER },
};

struct flow {
	size_t type; /* index in flow_types */
	const char *action;
	long loc, last_loc;
};

/* The bits of ethtool's mask are those that do not matter; ours those that do. */
static bool add_mask(struct xs_import *im, const char *field, enum kind kind, const char *value,
		     const char *mask)
{
	unsigned char v[16], m[16];
	unsigned long number, ignored;
	char text[2][INET6_ADDRSTRLEN], *end;
	int family = kind == IP6 ? AF_INET6 : AF_INET;

	if (kind == NUMBER) {
		number = strtoul(value, &end, 0);
		ignored = *end ? 0 : strtoul(mask, &end, 0);
		if (*end || number > 0xffff || ignored > 0xffff)
			return false;
		xs_import_add(im, "%s & 0x%lx == 0x%lx", field, ~ignored & 0xffff,
			      number & ~ignored);
		return true;
	}
	if (kind == MAC || inet_pton(family, value, v) != 1 || inet_pton(family, mask, m) != 1)
		return false;
	for (int i = 0; i < 16; i++) {
		m[i] = (unsigned char)~m[i];
		v[i] &= m[i];
	}
	xs_import_add(im, "%s & %s == %s", field, inet_ntop(family, m, text[0], sizeof(text[0])),
		      inet_ntop(family, v, text[1], sizeof(text[1])));
	return true;
}

/* One field; how many words it took, 0: refused. */
static int add_flow_field(struct xs_import *im, const struct flow *flow, char **words, int cnt)
{
	const char *of = flow_types[flow->type].ipv6 ? "ip6" : "ip";
	bool masked = cnt > 3 && !strcmp(words[2], "m");
	char field[32];

	for (size_t i = 0; i < CNT(flow_fields); i++) {
		enum kind kind = flow_fields[i].kind;

		if (strcmp(flow_fields[i].name, words[0]) || cnt < 2)
			continue;
		if (flow_fields[i].before)
			of = flow_fields[i].before;
		else if (kind == NUMBER)
			of = flow_types[flow->type].proto;
		if (!of) {
			xs_import_refuse(im, "flow type '%s' has no ports",
					 flow_types[flow->type].type);
			return 0;
		}
		snprintf(field, sizeof(field), "%s %s", of, flow_fields[i].field);
		if (kind == IP4 && flow_types[flow->type].ipv6)
			kind = IP6;
		if (!masked) {
			xs_import_add(im, "%s %s", field, words[1]);
			return 2;
		}
		if (add_mask(im, field, kind, words[1], words[3]))
			return 4;
		xs_import_refuse(im, "no rule has the mask '%s' of '%s'", words[3], words[0]);
		return 0;
	}
	xs_import_refuse(im, "no rule has the field '%s'", words[0]);
	return 0;
}

static void end_flow(struct xs_import *im, struct flow *flow)
{
	if (flow->loc >= 0 && flow->loc < flow->last_loc) {
		xs_import_refuse(im,
				 "its loc %ld is before that of the rule above: "
				 "order the lines by loc",
				 flow->loc);
		return;
	}
	if (flow->loc >= 0)
		flow->last_loc = flow->loc;
	if (!flow->action || !strcmp(flow->action, "-1")) {
		xs_import_add(im, flow->action ? "drop" : "xsk");
	} else if (*flow->action == '-') {
		xs_import_refuse(im, "no verdict is action %s", flow->action);
		return;
	} else {
		/* which queue takes a frame is over when rules are asked: its socket gets it */
		xs_import_add(im, "meta rxqueue %s xsk", flow->action);
		im->changed_here++;
	}
	xs_import_end(im);
}

static void import_flow(struct xs_import *im, struct flow *flow, char **words, int cnt)
{
	for (flow->type = 0; flow->type < CNT(flow_types); flow->type++)
		if (!strcmp(flow_types[flow->type].type, words[0]))
			break;
	if (flow->type == CNT(flow_types)) {
		xs_import_refuse(im, "no rule has the flow type '%s'", words[0]);
		return;
	}
	flow->action = NULL;
	flow->loc = -1;
	if (*flow_types[flow->type].match)
		xs_import_add(im, "%s", flow_types[flow->type].match);
	for (int at = 1, took; at < cnt; at += took) {
		took = 2;
		if (at + 1 < cnt && !strcmp(words[at], "action")) {
			flow->action = words[at + 1];
		} else if (at + 1 < cnt && !strcmp(words[at], "loc")) {
			flow->loc = strtol(words[at + 1], NULL, 0);
		} else {
			took = add_flow_field(im, flow, words + at, cnt - at);
			if (!took)
				return;
		}
	}
	end_flow(im, flow);
}

void xs_import_ethtool(struct xs_import *im, char *text)
{
	struct flow flow = { .last_loc = -1 };
	char *words[XS_IMPORT_WORDS], *line;

	while ((line = xs_import_next(im, &text))) {
		int cnt = xs_import_split(line, words), at = 0;

		while (at < cnt && strcmp(words[at], "flow-type"))
			at++;
		if (cnt < 0 || at + 1 >= cnt)
			xs_import_refuse(im,
					 "expected 'ethtool -N IF flow-type TYPE ... action N'");
		else
			import_flow(im, &flow, words + at + 1, cnt - at - 1);
	}
}
