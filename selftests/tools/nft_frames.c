// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Matches as nft and as the oracle read them: sends random frames, made for the
 * expressions of a file, out of an interface, and prints for how many of them each
 * rule holds by the oracle: LINE, COUNT, RULE; or with -f, how many each decides, being the
 * first that holds. Whoever has nft's counters of the same expressions at
 * the other end compares. What differs on purpose (docs/from-nftables.md) is not sent:
 * malformed frames, VLAN tags, later fragments, authentication headers, ARP cut short.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "../oracle.h"
#include "../random_rules.h"
#include "../rule_errors.h"
#include "lib/api/rule_file.h"

#define FRAME_MAX 1514
#define ARP_MIN (ETH_HLEN + 28)

static void die(const char *what)
{
	fprintf(stderr, "nft_frames: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_socket(const char *ifname)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die(ifname);
	return fd;
}

static void read_expressions(const char *path, struct xs_ruleset *rules)
{
	struct xs_rule_errors errs = {};
	int err = xs_rules_read(rules, path, false, &errs);

	xs_rule_errors_print(stderr, &errs);
	xs_rule_errors_free(&errs);
	errno = -err;
	if (err)
		die(path);
}

static bool has_layer(const struct packet *packet, enum packet_layer layer)
{
	for (__u32 i = 0; i < packet->layer_cnt; i++)
		if (packet->layers[i].type == layer)
			return true;
	return false;
}

/* Neither malformed nor a later fragment: then the rule or the reason would say so. */
static bool is_plain(const struct packet *packet)
{
	struct xs_range later = { XS_FRAGMENT_later, XS_FRAGMENT_later };
	struct xs_match match = { .field = XS_FIELD_meta_fragment,
				  .range_cnt = 1,
				  .ranges = &later };
	struct xs_rule rule = { .matches = &match, .match_cnt = 1 };
	const struct xs_ruleset rules = { .rules = &rule, .rule_cnt = 1 };

	return oracle_run(&rules, NULL, packet->data, packet->len, 0).reason == XS_REASON_default;
}

static bool is_sent(const struct packet *packet)
{
	unsigned int type = packet->data[12] << 8 | packet->data[13];

	return packet->len <= FRAME_MAX && type != ETH_P_8021Q && type != ETH_P_8021AD &&
	       (type != ETH_P_ARP || packet->len >= ARP_MIN) && !has_layer(packet, PACKET_ah) &&
	       is_plain(packet);
}

/* Adds one to the count of each expression that holds for the frame; or of the first. */
static void count_rules(struct xs_ruleset *rules, const struct packet *packet, bool first,
			unsigned int *counts)
{
	if (first) {
		int rule = oracle_run(rules, NULL, packet->data, packet->len, 0).rule;

		if (rule >= 0)
			counts[rule]++;
		return;
	}
	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		struct xs_ruleset one = *rules;

		one.rules += i;
		one.rule_cnt = 1;
		counts[i] += oracle_run(&one, NULL, packet->data, packet->len, 0).rule == 0;
	}
}

int main(int argc, char **argv)
{
	static const __u32 cpus[] = { 0 };
	const struct random_targets targets = { .cpus = cpus, .cpu_cnt = 1, .queue_cnt = 1 };
	const bool first = argc > 1 && !strcmp(argv[1], "-f");
	static struct random_frame frame;
	struct random_set set, expressions;
	unsigned int *counts, sent = 0, wanted;
	struct rng rng = { 1 };
	int fd;

	argv += first;
	argc -= first;
	if (argc < 4) {
		fprintf(stderr, "usage: nft_frames [-f] FILE IF FRAMES [SEED]\n");
		return 2;
	}
	if (argc > 4)
		rng.state = strtoull(argv[4], NULL, 0);
	wanted = (unsigned int)strtoul(argv[3], NULL, 0);
	fd = open_socket(argv[2]);
	random_set_make(&set, &rng, &targets, 1);
	expressions = set;
	read_expressions(argv[1], &expressions.rules);
	counts = calloc(expressions.rules.rule_cnt, sizeof(*counts));
	if (!counts)
		die("memory");
	while (sent < wanted) {
		random_frame_make(&frame, &rng, &expressions);
		if (!is_sent(&frame.packet))
			continue;
		if (send(fd, frame.packet.data, frame.packet.len, 0) < 0)
			die("send");
		count_rules(&expressions.rules, &frame.packet, first, counts);
		sent++;
		if (sent % 64 == 0)
			usleep(2000); /* not faster than the other end takes them */
	}
	for (__u32 i = 0; i < expressions.rules.rule_cnt; i++)
		printf("%u\t%u\t%s\n", expressions.rules.rules[i].line, counts[i],
		       expressions.rules.rules[i].text);
	free(counts);
	close(fd);
	xs_ruleset_free(&expressions.rules);
	random_set_free(&set);
	return 0;
}
