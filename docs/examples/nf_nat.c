/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: NAT44. Packets from the inside get the outside address and a port
 * of it; what comes to that port goes back inside. Each inside address and port keeps its
 * outside port, whomever it talks to, as long as packets leave or come (RFC 4787). What it
 * translates goes back to the router that it came from.
 *
 * TCP, UDP and pings. By the exit "unknown" leave: what comes to the outside address and
 * belongs to nobody; fragments and other protocols. By "full": what finds no port free.
 * One instance only: `service nat instances 1`.
 *
 *	nf_nat -d eth0 -- 192.0.2.1 10.0.0.0/8
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <xsteer/nf.h>

#define PORT_FIRST 1024
#define PORT_CNT (65536 - PORT_FIRST)
#define EXPIRE_MAX 4096 /* mappings at once */

enum { EXIT_UNKNOWN, EXIT_FULL };
enum { ECHO_REPLY = 0, ECHO_REQUEST = 8 };
enum kind { TCP, UDP, PING, KINDS };

/* How long a mapping without packets is kept: RFC 5382, 4787, 5508. */
static const __u64 timeout_sec[KINDS] = { 7440, 300, 60 };

struct inside {
	__u32 addr; /* network byte order */
	__u16 id; /* port, or a ping's identifier; host order */
	bool used;
};

struct nat {
	union xsnf_addr outside;
	__u32 prefix, mask; /* of the inside, network byte order */
	struct xsnf_flows *mappings[KINDS]; /* inside address and id -> __u16 outside id */
	struct inside by_id[KINDS][PORT_CNT]; /* outside id -> inside */
	__u32 next[KINDS]; /* where to look for a free one */
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec;
}

static __u16 get16(const unsigned char *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static void put16(unsigned char *p, __u16 value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

static void set_ping_id(struct xsnf_packet *packet, const struct xsnf_headers *h, __u16 id)
{
	unsigned char *icmp = packet->data + h->l4;
	const unsigned char words[4] = { (unsigned char)~icmp[4], (unsigned char)~icmp[5],
					 (unsigned char)(id >> 8), (unsigned char)id };
	const unsigned char check[2] = { (unsigned char)~icmp[2], (unsigned char)~icmp[3] };

	/* The checksum changes by as much as the word that it covers (RFC 1624). */
	put16(icmp + 2, xsnf_csum_fold(xsnf_csum_add(xsnf_csum_add(0, check, 2), words, 4)));
	put16(icmp + 4, id);
}

/* False: a protocol without ports, a fragment, or another ICMP type than this. */
static bool find_kind(const struct xsnf_packet *packet, const struct xsnf_headers *h,
		      __u8 ping_type, enum kind *kind)
{
	if (!h->l4 || get16(packet->data + h->l3 + 6) & 0x3fff)
		return false;
	switch (h->l4proto) {
	case IPPROTO_TCP:
		*kind = TCP;
		return true;
	case IPPROTO_UDP:
		*kind = UDP;
		return true;
	case IPPROTO_ICMP:
		*kind = PING;
		return h->l4 + 8u <= packet->len && packet->data[h->l4] == ping_type;
	}
	return false;
}

/* The outside id for an inside one: the same if nobody has it. 0: none is free. */
static __u16 take_id(struct nat *nat, enum kind kind, const struct inside *inside)
{
	struct inside *ids = nat->by_id[kind];
	__u32 at = inside->id >= PORT_FIRST ? inside->id - (__u32)PORT_FIRST : nat->next[kind];

	for (__u32 tries = 0; ids[at].used; tries++) {
		if (tries == PORT_CNT)
			return 0;
		at = nat->next[kind];
		nat->next[kind] = (at + 1) % PORT_CNT;
	}
	ids[at] = *inside;
	return (__u16)(PORT_FIRST + at);
}

/* The key of a mapping: everything but the inside is zero. */
static struct xsnf_headers key_of(__u32 addr, __u16 id, __u8 l4proto)
{
	return (struct xsnf_headers){
		.version = 4, .l4proto = l4proto, .saddr.words[0] = addr, .sport = id
	};
}

static int translate_out(struct nat *nat, struct xsnf_packet *packet, struct xsnf_headers *h,
			 __u64 now)
{
	struct inside inside = { .addr = h->saddr.words[0], .id = h->sport, .used = true };
	struct xsnf_headers key;
	enum kind kind;
	__u16 *outside;

	if (!find_kind(packet, h, ECHO_REQUEST, &kind))
		return XSNF_EXIT(EXIT_UNKNOWN);
	if (kind == PING)
		inside.id = get16(packet->data + h->l4 + 4);
	key = key_of(inside.addr, inside.id, h->l4proto);
	outside = xsnf_flows_get(nat->mappings[kind], &key, now, NULL);
	if (outside && !*outside)
		*outside = take_id(nat, kind, &inside);
	if (!outside || !*outside)
		return XSNF_EXIT(EXIT_FULL);
	xsnf_set_saddr(packet, h, &nat->outside);
	if (kind == PING)
		set_ping_id(packet, h, *outside);
	else
		xsnf_set_sport(packet, h, *outside);
	xsnf_swap_mac(packet);
	return XSNF_NEXT;
}

static int translate_in(struct nat *nat, struct xsnf_packet *packet, struct xsnf_headers *h,
			__u64 now)
{
	const struct inside *inside;
	union xsnf_addr addr = {};
	struct xsnf_headers key;
	enum kind kind;
	__u16 id;

	if (!find_kind(packet, h, ECHO_REPLY, &kind))
		return XSNF_EXIT(EXIT_UNKNOWN);
	id = kind == PING ? get16(packet->data + h->l4 + 4) : h->dport;
	if (id < PORT_FIRST || !nat->by_id[kind][id - PORT_FIRST].used)
		return XSNF_EXIT(EXIT_UNKNOWN);
	inside = &nat->by_id[kind][id - PORT_FIRST];
	key = key_of(inside->addr, inside->id, h->l4proto);
	if (!xsnf_flows_find(nat->mappings[kind], &key, now)) /* else it is in use */
		return XSNF_EXIT(EXIT_UNKNOWN);
	addr.words[0] = inside->addr;
	xsnf_set_daddr(packet, h, &addr);
	if (kind == PING)
		set_ping_id(packet, h, inside->id);
	else
		xsnf_set_dport(packet, h, inside->id);
	xsnf_swap_mac(packet);
	return XSNF_NEXT;
}

static int translate(struct nat *nat, struct xsnf_packet *packet, __u64 now)
{
	struct xsnf_headers h;

	if (!xsnf_parse(packet, &h) || h.version != 4)
		return XSNF_NEXT;
	if (h.daddr.words[0] == nat->outside.words[0])
		return translate_in(nat, packet, &h, now);
	if ((h.saddr.words[0] & nat->mask) == nat->prefix)
		return translate_out(nat, packet, &h, now);
	return XSNF_NEXT;
}

static void on_batch(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	struct nat *nat = xsnf_data(nf);
	__u64 now = now_ns(); /* one look at the clock for all of them */

	for (__u32 i = 0; i < cnt; i++)
		packets[i].verdict = (__u8)translate(nat, &packets[i], now);
}

/* A mapping ends: its outside port is free again. */
static void free_id(void *arg, const struct xsnf_flow_key *key, void *value)
{
	struct nat *nat = arg;
	enum kind kind = key->l4proto == IPPROTO_TCP   ? TCP
			 : key->l4proto == IPPROTO_UDP ? UDP
						       : PING;
	const __u16 *outside = value;

	if (*outside)
		nat->by_id[kind][*outside - PORT_FIRST].used = false;
}

static void on_tick(struct xsnf *nf)
{
	const struct nat *nat = xsnf_data(nf);

	for (int k = 0; k < KINDS; k++)
		xsnf_flows_expire(nat->mappings[k], now_ns(), EXPIRE_MAX);
}

static int parse_options(void *data, int argc, char **argv)
{
	struct nat *nat = data;
	char *slash = argc == 3 ? strchr(argv[2], '/') : NULL, *end = slash;
	long bits = -1;

	if (slash) {
		*slash = '\0';
		bits = strtol(slash + 1, &end, 10);
	}
	if (!slash || end == slash + 1 || *end || bits < 0 || bits > 32 ||
	    inet_pton(AF_INET, argv[1], nat->outside.bytes) != 1 ||
	    inet_pton(AF_INET, argv[2], &nat->prefix) != 1) {
		fprintf(stderr,
			"give an IPv4 address and a prefix, such as 192.0.2.1 10.0.0.0/8\n");
		return -1;
	}
	nat->mask = htonl(bits ? ~0u << (32 - bits) : 0);
	nat->prefix &= nat->mask;
	return 0;
}

/* 0; -1: not enough memory. */
static int make_mappings(struct nat *nat)
{
	for (int k = 0; k < KINDS; k++) {
		const struct xsnf_flows_config config = { .max = PORT_CNT,
							  .value_bytes = sizeof(__u16),
							  .timeout_ns =
								  timeout_sec[k] * 1000000000ull,
							  .gone = free_id,
							  .arg = nat };

		nat->mappings[k] = xsnf_flows_new(&config);
		if (!nat->mappings[k])
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct nat nat;
	const struct xsnf_ops ops = {
		.service = "nat",
		.flags = XSNF_MULTI,
		.exits = { "unknown", "full" },
		.batch = on_batch,
		.tick = on_tick,
		.tick_ms = 1000,
		.options = parse_options,
		.usage = "OUTSIDE-ADDRESS INSIDE-PREFIX",
		.data = &nat,
	};
	int status = make_mappings(&nat) ? 1 : xsnf_main(argc, argv, &ops);

	for (int k = 0; k < KINDS; k++)
		if (nat.mappings[k])
			xsnf_flows_free(nat.mappings[k]);
	return status;
}
