/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The JSON that every tool prints, one object with a schema number, and what tools read of it. */
#ifndef XS_JSON_H
#define XS_JSON_H

#include <jansson.h>

#include "cli.h"

/* Adds "schema": 1, prints `object` with a line end, and frees it. 0 or -errno, logged. */
int xs_json_print(struct xs_cli *cli, json_t *object);
/*
 * Makes a string of text that may hold any byte, such as a name, as lib/base/escape.h
 * writes it. NULL: out of memory.
 */
json_t *xs_json_text(const char *text);

/* What an object that was read has under a key; 0 or "" if that is nothing of the kind. */
json_int_t xs_json_number(const json_t *object, const char *key);
const char *xs_json_string(const json_t *object, const char *key);

/* What became of a rule's frames at its limit; `over` and `no_room` are part of what it decided. */
json_t *xs_json_limit(__u64 packets, __u64 bytes, __u64 over_packets, __u64 over_bytes,
		      __u64 no_room_packets);

/* A dynamic set as declared, and how many members it has now. */
struct xs_declared_set;
json_t *xs_json_declared_set(const struct xs_declared_set *set, __u32 members);

#endif
