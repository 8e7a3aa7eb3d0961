/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: packets from or to one of the prefixes leave by the exit "reject";
 * the chain file says where that leads.
 *
 *	nf_firewall -d eth0 -- 192.0.2.0/24 2001:db8::/32
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <xsteer/nf.h>

#define PREFIXES_MAX 64

struct prefix {
	union xsnf_addr addr;
	__u8 version, bits;
};

struct firewall {
	struct prefix prefixes[PREFIXES_MAX];
	int cnt;
};

static bool is_in(const struct prefix *prefix, const union xsnf_addr *addr)
{
	int bytes = prefix->bits / 8, rest = prefix->bits % 8;
	__u8 mask = (__u8)(0xff00 >> rest);

	return !memcmp(prefix->addr.bytes, addr->bytes, (size_t)bytes) &&
	       (!rest || !((prefix->addr.bytes[bytes] ^ addr->bytes[bytes]) & mask));
}

static enum xsnf_verdict on_packet(struct xsnf *nf, struct xsnf_packet *packet)
{
	const struct firewall *firewall = xsnf_data(nf);
	struct xsnf_headers h;

	if (!xsnf_parse(packet, &h))
		return XSNF_NEXT;
	for (int i = 0; i < firewall->cnt; i++) {
		const struct prefix *prefix = &firewall->prefixes[i];

		if (prefix->version == h.version &&
		    (is_in(prefix, &h.saddr) || is_in(prefix, &h.daddr)))
			return XSNF_EXIT(0);
	}
	return XSNF_NEXT;
}

static int add_prefix(struct firewall *firewall, char *text)
{
	struct prefix *prefix = &firewall->prefixes[firewall->cnt];
	char *slash = strchr(text, '/'), *end = slash;
	long bits = -1;
	bool six = strchr(text, ':');

	if (slash) {
		*slash = '\0';
		bits = strtol(slash + 1, &end, 10);
	}
	if (firewall->cnt == PREFIXES_MAX || !slash || end == slash + 1 || *end || bits < 0 ||
	    bits > (six ? 128 : 32) ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, prefix->addr.bytes) != 1) {
		fprintf(stderr, "'%s' is no prefix, or one too many\n", text);
		return -1;
	}
	prefix->version = six ? 6 : 4;
	prefix->bits = (__u8)bits;
	firewall->cnt++;
	return 0;
}

static int parse_options(void *data, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (add_prefix(data, argv[i]))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static struct firewall firewall;
	const struct xsnf_ops ops = {
		.service = "fw",
		.flags = XSNF_MULTI,
		.exits = { "reject" },
		.packet = on_packet,
		.options = parse_options,
		.usage = "PREFIX...",
		.data = &firewall,
	};

	return xsnf_main(argc, argv, &ops);
}
