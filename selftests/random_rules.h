/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Random rule sets, each as text and as the struct xs_ruleset that the text means (made
 * at the same time, not by the parser); and frames that have a good chance to match, to
 * miss by one, or to be broken.
 */
#ifndef SELFTESTS_RANDOM_RULES_H
#define SELFTESTS_RANDOM_RULES_H

#include "lib/rules/model/rule.h"
#include "packets.h"
#include "rng.h"

#define RANDOM_POOL 8

/* Kinds of values. Rules and frames of one set take them from the same small pools. */
enum random_kind {
	RANDOM_none,
	RANDOM_mac,
	RANDOM_ethertype,
	RANDOM_vlan,
	RANDOM_small, /* of few bits: any value */
	RANDOM_ip4,
	RANDOM_ip6,
	RANDOM_protocol,
	RANDOM_ttl,
	RANDOM_fragment, /* this one and the next two have only names as values */
	RANDOM_nfproto,
	RANDOM_ct_state,
	RANDOM_length,
	RANDOM_queue,
	RANDOM_port,
	RANDOM_flags,
	RANDOM_icmp,
	RANDOM_word, /* of 16 bits */
	RANDOM_arp_op,
	RANDOM_id, /* of up to 32 bits */
	RANDOM_KIND_MAX
};

/* What kind of values a field has, and what a frame needs in order to have the field. */
struct random_trait {
	enum random_kind kind;
	__u8 family; /* 4, 6, or 0: any */
	__u8 protocol; /* 0: any; RANDOM_THESE: those with ports */
};

#define RANDOM_THESE 254
#define RANDOM_ARP 1 /* as a family */

extern const struct random_trait random_traits[XS_FIELD_MAX];

/* What verdicts may name. */
struct random_targets {
	__u32 slot_max; /* slots 0 to this one */
	__u32 chain_slots; /* of each chain; 0: they are not resolved yet */
	const __u32 *cpus;
	__u32 cpu_cnt;
	const char *const *ifnames;
	const __u32 *ifindexes;
	__u32 dev_cnt;
	__u32 queue_cnt;
	bool dynamic_sets; /* some sets declare them, and ask them */
	bool limits; /* some rules have one */
	__u32 addresses; /* in a rule more, of one field; 0: there is none */
};

#define RANDOM_SHAPES 4
#define RANDOM_SHAPE_FIELDS 5

#define RANDOM_CROWDS 3
#define RANDOM_CROWD 420

/* Numbers that a set's addresses, ports and other fields have in common. */
struct random_crowd {
	__u32 value[RANDOM_CROWD];
	__u32 cnt;
	__u32 span; /* each is a range of one more than this */
	bool upper; /* IPv6 has them in its upper half */
};

/*
 * A small set is wild: it has any fields, with values from small pools, so that rules
 * overlap. A large wild set would exceed the limits of the classifier. So a large set has
 * a few shapes of rules with spread values, as real ones do. A few small sets are
 * crowded: they have long lists in several fields of a rule, and the same lists in
 * different fields and families.
 */
struct random_set {
	struct xs_ruleset rules; /* for the oracle: ranges in no order */
	char *sets; /* lines after the defines, one for each of rules.set_cnt */
	char *defines; /* lines before the rules, one for each define_cnt */
	__u32 define_cnt;
	xs_u128 pool[RANDOM_KIND_MAX][RANDOM_POOL];
	const struct random_targets *targets;
	bool spread, crowded;
	struct random_crowd crowd[RANDOM_CROWDS];
	enum xs_field shapes[RANDOM_SHAPES][RANDOM_SHAPE_FIELDS];
	__u32 shape_fields[RANDOM_SHAPES];
	__u32 limit_chance; /* of a rule to have one, in percent */
	__u32 limit_cnt;
};

struct random_frame {
	struct packet packet;
	__u32 queue;
	__u32 linear; /* bytes in the first buffer, or 0: all that fit */
};

/* `rule_cnt` 0: any number. The caller calls random_set_free(). */
void random_set_make(struct random_set *set, struct rng *rng, const struct random_targets *targets,
		     __u32 rule_cnt);
void random_set_free(struct random_set *set);

/* For a rule that was removed from a set. */
void random_rule_free(struct xs_rule *rule);

/* The rule file. The caller frees it. */
char *random_set_text(const struct random_set *set);

/* One of the set's values of a field. */
xs_u128 random_draw(const struct random_set *set, struct rng *rng, enum xs_field field);

/* random_frames.c: makes a frame that probably has to do with a rule of the set. */
void random_frame_make(struct random_frame *frame, struct rng *rng, const struct random_set *set);

#endif
