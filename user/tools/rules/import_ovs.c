// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * OVS flows, as ovs-ofctl prints or takes them: FIELD=VALUE,...,actions=ACTION. Those of
 * higher priority come first; table 0 alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define PRIORITY_DEFAULT 32768

struct word {
	const char *name, *match;
};

/* Protocols, which stand alone. */
static const struct word protocols[] = {
	{ "ip", "meta nfproto ipv4" },
	{ "ipv6", "meta nfproto ipv6" },
	{ "arp", "ether type arp" },
	{ "tcp", "ip protocol tcp" },
	{ "udp", "ip protocol udp" },
	{ "sctp", "ip protocol sctp" },
	{ "icmp", "ip protocol icmp" },
	{ "tcp6", "meta nfproto ipv6 tcp" },
	{ "udp6", "meta nfproto ipv6 udp" },
	{ "sctp6", "meta nfproto ipv6 sctp" },
	{ "icmp6", "icmpv6" },
};

/* Fields whose values are written as here; a MASK behind '/' stays one. */
static const struct word fields[] = {
	{ "dl_src", "ether saddr" },	  { "eth_src", "ether saddr" },
	{ "dl_dst", "ether daddr" },	  { "eth_dst", "ether daddr" },
	{ "dl_type", "ether type" },	  { "eth_type", "ether type" },
	{ "dl_vlan", "vlan id" },	  { "dl_vlan_pcp", "vlan pcp" },
	{ "nw_src", "ip saddr" },	  { "ip_src", "ip saddr" },
	{ "nw_dst", "ip daddr" },	  { "ip_dst", "ip daddr" },
	{ "ipv6_src", "ip6 saddr" },	  { "ipv6_dst", "ip6 daddr" },
	{ "nw_proto", "meta l4proto" },	  { "ip_proto", "meta l4proto" },
	{ "tcp_src", "tcp sport" },	  { "tcp_dst", "tcp dport" },
	{ "udp_src", "udp sport" },	  { "udp_dst", "udp dport" },
	{ "sctp_src", "sctp sport" },	  { "sctp_dst", "sctp dport" },
	{ "icmp_type", "icmp type" },	  { "icmp_code", "icmp code" },
	{ "icmpv6_type", "icmpv6 type" }, { "icmpv6_code", "icmpv6 code" },
};

/* What says nothing of frames: counters and names of the flow. */
static const char *const notes[] = { "cookie",	"duration", "n_packets",
				     "n_bytes", "idle_age", "hard_age",
				     "table",	"priority", "send_flow_rem" };

static const char *find_word(const struct word *words, size_t cnt, const char *name)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(words[i].name, name))
			return words[i].match;
	return NULL;
}

static bool is_note(const char *name)
{
	for (size_t i = 0; i < CNT(notes); i++)
		if (!strcmp(notes[i], name))
			return true;
	return false;
}

/* "FIELD=VALUE" or "FIELD=VALUE/MASK", where the mask of an address may be a prefix length. */
static void add_field(struct xs_import *im, const char *match, char *value)
{
	char *mask = strchr(value, '/');

	if (!mask || (strchr(match, 'i') == match && !strpbrk(mask, ".:")))
		xs_import_add(im, "%s %s", match, value);
	else if ((*mask++ = '\0', true))
		xs_import_add(im, "%s & %s == %s", match, mask, value);
}

/* tp_src and its like belong to the protocol that the flow names. */
static const char *port_match(const char *proto, const char *name, char *match, size_t size)
{
	const char *side = !strcmp(name, "tp_src") ? "sport" : "dport";

	if (!proto ||
	    (strncmp(proto, "tcp", 3) && strncmp(proto, "udp", 3) && strncmp(proto, "sctp", 4)))
		return NULL;
	snprintf(match, size, "%.*s %s", (int)strcspn(proto, "6"), proto, side);
	return match;
}

/* One part between commas; false: refused. */
static bool add_part(struct xs_import *im, char *part, const char **proto)
{
	char *value = strchr(part, '='), match[32];
	const char *found;

	if (!value) {
		found = find_word(protocols, CNT(protocols), part);
		if (!found && is_note(part))
			return true;
		if (!found) {
			xs_import_refuse(im, "no rule has the match '%s'", part);
			return false;
		}
		*proto = part;
		xs_import_add(im, "%s", found);
		return true;
	}
	*value++ = '\0';
	if (!strcmp(part, "table") && strcmp(value, "0")) {
		xs_import_refuse(im,
				 "there is one table: a flow of table %s is reached by others only",
				 value);
		return false;
	}
	if (is_note(part))
		return true;
	found = !strcmp(part, "tp_src") || !strcmp(part, "tp_dst")
			? port_match(*proto, part, match, sizeof(match))
			: find_word(fields, CNT(fields), part);
	if (found)
		add_field(im, found, value);
	else
		xs_import_refuse(im, "no rule has the match '%s'", part);
	return found;
}

static void end_flow(struct xs_import *im, const char *actions)
{
	if (!strcmp(actions, "drop"))
		xs_import_add(im, "drop");
	else if (!strcasecmp(actions, "NORMAL") || !strcasecmp(actions, "LOCAL"))
		xs_import_add(im, "pass");
	else if (!strcasecmp(actions, "IN_PORT"))
		xs_import_add(im, "tx");
	else if (!strncmp(actions, "output:", 7) &&
		 strspn(actions + 7, "0123456789") < strlen(actions + 7))
		xs_import_add(im, "dev %s", actions + 7);
	else {
		xs_import_refuse(im, "no verdict is '%s'", actions);
		return;
	}
	xs_import_end(im);
}

static void import_flow(struct xs_import *im, char *line)
{
	char *actions = strstr(line, "actions="), *part;
	const char *priority = strstr(line, "priority="), *proto = NULL;

	if (!actions) {
		xs_import_refuse(im, "expected FIELD=VALUE,...,actions=ACTION");
		return;
	}
	im->key = -(priority ? strtol(priority + 9, NULL, 10) : PRIORITY_DEFAULT);
	actions[-(actions > line)] = '\0';
	while ((part = strsep(&line, ", ")))
		if (*part && !add_part(im, part, &proto))
			return;
	end_flow(im, actions + 8);
}

void xs_import_ovs(struct xs_import *im, char *text)
{
	char *line;

	im->key = -65536; /* comments at the head stay there */
	while ((line = xs_import_next(im, &text)))
		import_flow(im, line);
}
