/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: a load balancer for layer 4. What comes to the service's address and
 * port, by TCP or UDP, gets the address of a backend; what a backend answers from that port
 * gets the service's address. Both go back to the router that they came from. All else goes
 * on unchanged.
 *
 * The backend follows from the client's address and port (rendezvous hashing), so every
 * instance decides alike, without state. The message "down ADDRESS" or "up ADDRESS" from
 * another NF takes a backend out or in; then only the flows of that backend move.
 *
 *	nf_balance -d eth0 -- 192.0.2.10 80 10.0.0.1 10.0.0.2 10.0.0.3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <xsteer/nf.h>

#define BACKENDS_MAX 64

struct backend {
	union xsnf_addr addr;
	bool down;
};

struct balance {
	union xsnf_addr service;
	__u8 version;
	__u16 port;
	struct backend backends[BACKENDS_MAX];
	int cnt;
};

static bool is_equal(const union xsnf_addr *a, const union xsnf_addr *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static struct backend *find_backend(struct balance *balance, const union xsnf_addr *addr)
{
	for (int i = 0; i < balance->cnt; i++)
		if (is_equal(&balance->backends[i].addr, addr))
			return &balance->backends[i];
	return NULL;
}

static __u64 mix(__u64 x)
{
	x = (x ^ (x >> 32)) * 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ull;
	return x ^ (x >> 32);
}

static __u64 hash_addr(__u64 hash, const union xsnf_addr *addr)
{
	for (int i = 0; i < 4; i++)
		hash = mix(hash ^ addr->words[i]);
	return hash;
}

/* The backend that this client likes most, of those that are up. NULL: none is. */
static const struct backend *choose(const struct balance *balance, const struct xsnf_headers *h)
{
	__u64 client = hash_addr(h->sport + 1u, &h->saddr), best = 0;
	const struct backend *chosen = NULL;

	for (int i = 0; i < balance->cnt; i++) {
		const struct backend *backend = &balance->backends[i];
		__u64 liking = hash_addr(client, &backend->addr);

		if (backend->down || (chosen && liking <= best))
			continue;
		chosen = backend;
		best = liking;
	}
	return chosen;
}

static enum xsnf_verdict on_packet(struct xsnf *nf, struct xsnf_packet *packet)
{
	struct balance *balance = xsnf_data(nf);
	const struct backend *backend;
	struct xsnf_headers h;

	if (!xsnf_parse(packet, &h) || h.version != balance->version ||
	    (h.l4proto != IPPROTO_TCP && h.l4proto != IPPROTO_UDP))
		return XSNF_NEXT;
	if (h.dport == balance->port && is_equal(&h.daddr, &balance->service)) {
		backend = choose(balance, &h);
		if (!backend)
			return XSNF_EXIT(0);
		xsnf_set_daddr(packet, &h, &backend->addr);
		xsnf_swap_mac(packet);
	} else if (h.sport == balance->port && find_backend(balance, &h.saddr)) {
		xsnf_set_saddr(packet, &h, &balance->service);
		xsnf_swap_mac(packet);
	}
	return XSNF_NEXT;
}

static bool parse_addr(const struct balance *balance, const char *text, union xsnf_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	return inet_pton(balance->version == 4 ? AF_INET : AF_INET6, text, addr->bytes) == 1;
}

static void on_message(struct xsnf *nf, const char *service, __u32 instance, const void *data,
		       __u32 len)
{
	struct balance *balance = xsnf_data(nf);
	char word[8], text[64], line[sizeof(word) + sizeof(text)];
	struct backend *backend = NULL;
	union xsnf_addr addr;

	snprintf(line, sizeof(line), "%.*s", (int)len, (const char *)data);
	if (sscanf(line, "%7s %63s", word, text) == 2 && parse_addr(balance, text, &addr))
		backend = find_backend(balance, &addr);
	if (backend && (!strcmp(word, "up") || !strcmp(word, "down")))
		backend->down = word[0] == 'd';
	else
		fprintf(stderr, "%s/%u says what means nothing here\n", service, instance);
}

static int add_backend(struct balance *balance, const char *text)
{
	struct backend *backend = &balance->backends[balance->cnt];

	if (balance->cnt == BACKENDS_MAX || !parse_addr(balance, text, &backend->addr)) {
		fprintf(stderr, "'%s' is no address of the service's version, or one too many\n",
			text);
		return -1;
	}
	balance->cnt++;
	return 0;
}

static int parse_options(void *data, int argc, char **argv)
{
	struct balance *balance = data;
	int port = argc > 3 ? atoi(argv[2]) : 0;

	if (port < 1 || port > 65535)
		return -1;
	balance->port = (__u16)port;
	balance->version = strchr(argv[1], ':') ? 6 : 4;
	if (!parse_addr(balance, argv[1], &balance->service)) {
		fprintf(stderr, "'%s' is no address\n", argv[1]);
		return -1;
	}
	for (int i = 3; i < argc; i++)
		if (add_backend(balance, argv[i]))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static struct balance balance;
	const struct xsnf_ops ops = {
		.service = "balance",
		.flags = XSNF_MULTI,
		.exits = { "none" },
		.packet = on_packet,
		.message = on_message,
		.options = parse_options,
		.usage = "ADDRESS PORT BACKEND...",
		.data = &balance,
	};

	return xsnf_main(argc, argv, &ops);
}
