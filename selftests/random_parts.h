/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files that make random rules share: values, matches, and text that grows. */
#ifndef SELFTESTS_RANDOM_PARTS_H
#define SELFTESTS_RANDOM_PARTS_H

#include "random_rules.h"

/* ---- random_values.c ---- */

/* A field's words, and how many bits its values have. */
struct random_field {
	const char *text;
	__u32 bits;
};

extern const struct random_field random_fields[XS_FIELD_MAX];

/* Whether values of the kind are names alone: no ranges, no other values. */
bool random_is_named(enum random_kind kind);
/* 128 random bits. */
xs_u128 random_wide(struct rng *rng);
xs_u128 random_field_max(enum xs_field field);

void random_pool_make(struct random_set *set, struct rng *rng);
void random_crowds_make(struct random_set *set, struct rng *rng);
/* A member of a crowd as a value of the field: the same number wherever it fits. */
xs_u128 random_crowd_value(const struct random_crowd *crowd, enum xs_field field, __u32 i);

/* Begins as zeroes; buf is malloc'ed, and ends with '\0' once something was said. */
struct random_text {
	char *buf;
	size_t len, room;
};

void random_say(struct random_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A value of the field, in one of the ways in which it can be written. */
void random_say_value(struct random_text *t, struct rng *rng, enum xs_field field, xs_u128 value);

/* ---- random_matches.c: each fills *match and appends its text ---- */

void random_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
		       enum xs_field field, struct random_text *t);
/* Declarations, and the set of one of them as a match; false: none fits the field. */
void random_sets_make(struct random_set *set, struct rng *rng);
bool random_member_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
			      enum xs_field field, struct random_text *t);
/* `limit ...` behind the verdict of a rule whose matches are there. */
void random_limit_make(struct random_set *set, struct rng *rng, struct xs_rule *rule,
		       struct random_text *t);
/* F . G { A . B }: the two matches F A and G B. */
void random_pair_make(struct random_set *set, struct rng *rng, struct xs_match *matches,
		      const enum xs_field *chosen, struct random_text *t);
/*
 * F . G != { A . B, ... } of so many fields: the ranges of all elements are in the first match.
 * Half of the elements share a value with the one before them.
 */
void random_tuples_make(struct random_set *set, struct rng *rng, struct xs_match *matches,
			const enum xs_field *chosen, __u32 fields, struct random_text *t);
/* A whole crowd. */
void random_crowd_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
			     enum xs_field field, const struct random_crowd *crowd,
			     struct random_text *t);
/* `cnt` addresses and prefixes, scattered, beside those of the set's other rules, or close. */
void random_addresses_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
				 enum xs_field field, __u32 cnt, struct random_text *t);
/* Prefixes of many lengths, or such ranges: combinations of more shapes than tables. */
void random_shapes_match_make(struct rng *rng, struct xs_match *match, enum xs_field field,
			      struct random_text *t);

#endif
