/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Defines every map of an instance, once, in plain libbpf form. The tools open the
 * skeleton to learn types and sizes, and compare pins with them.
 *
 * The sizes are those that a loader which knows nothing about us makes (xdp-loader,
 * bpfman); our own loader resizes the maps for the interface. With such a loader, the
 * maps that it can reuse are pinned by name; libbpf before 1.7 cannot reuse a DEVMAP.
 */
#ifndef XSTEER_MAPS_BPF_H
#define XSTEER_MAPS_BPF_H

#include "xsteer.h"
#include "limit.h"
#include "rule_set.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, XS_SLOTS_MIN);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} xsks_map SEC(".maps");

/* By receive queue. The last row is for all queues beyond the map. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XS_SLOTS_MIN);
	__type(key, __u32);
	__type(value, struct xs_queue_stats);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} xdp_stats_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_meta);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} meta SEC(".maps");

/* By slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XS_SLOTS_MIN);
	__type(key, __u32);
	__type(value, struct xs_owner);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} owners SEC(".maps");

/* By number of the chain. The tools write it; the data path never reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XS_CHAIN_SLOTS);
	__type(key, __u32);
	__type(value, struct xs_chain_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} chains SEC(".maps");

/* by slot; the program does not use it, and an older build has none */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* of all slots few ever had a socket */
	__uint(max_entries, XS_SLOTS_MIN);
	__type(key, __u32);
	__type(value, struct xs_socket_stats);
} xsk_stats_map SEC(".maps");

/* likewise */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XS_SLOTS_MIN);
	__type(key, __u32);
	__type(value, struct xs_knobs);
} knobs SEC(".maps");

/* Queues taken out of the NIC's RSS table. Only tools use it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_reserved);
} reserved SEC(".maps");

/* Inner map of rule_sets: one compiled rule set (rule_set.h), with as many chunks as it needs. */
struct xs_rule_chunks {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, XS_CHUNK_BYTES);
};

/* XS_SET_IN_FORCE, XS_SET_FALLBACK. An empty slot means the built-in default. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XS_SET_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct xs_rule_chunks);
} rule_sets SEC(".maps");

/*
 * Inner map of rule_stats: by CPU * rules + rule. It has one slice more than possible
 * CPUs: there the tools keep what earlier sets have counted.
 */
struct xs_rule_counters {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_rule_stats);
};

/* Never read. clang emits the type of an inner map's value only if a variable has that type. */
const volatile struct xs_rule_stats rule_stats_layout;

/* By stats_slot of the set that counts there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XS_STATS_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct xs_rule_counters);
} rule_stats SEC(".maps");

/* By row of struct xs_set_limit: the buckets of rules that have one. An older build has none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XS_LIMIT_ROWS);
	__type(key, __u32);
	__type(value, struct xs_limit_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} limits SEC(".maps");

/* Likewise: what each CPU has taken out of them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XS_LIMIT_ROWS);
	__type(key, __u32);
	__type(value, struct xs_limit_lease);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} limit_leases SEC(".maps");

/* Inner map of limit_keys: the buckets of one rule by key, as many as its `size`. */
struct xs_limit_keys {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct xs_limit_key));
	__uint(value_size, sizeof(struct xs_limit_bucket));
};

/* Likewise by row, for rules that have a bucket for each key; else empty. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XS_LIMIT_ROWS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct xs_limit_keys);
} limit_keys SEC(".maps");

/* Inner map of member_sets: the members of one dynamic set, as many as it was declared for. */
struct xs_member_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct xs_member_key);
	__type(value, struct xs_member);
};

/* Never read: see rule_stats_layout. */
const volatile struct xs_member_key member_key_layout;
const volatile struct xs_member member_layout;

/* By slot, which the set in force names. Each map is pinned as well, by its set's name. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XS_MEMBER_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct xs_member_trie);
} member_sets SEC(".maps");

/* By CPU number. A CPU takes frames once a rule names it. */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 128);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} cpu_map SEC(".maps");

/* By ifindex. An interface takes frames once a rule names it. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, XS_DEV_MAX);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} dev_map SEC(".maps");

#endif
