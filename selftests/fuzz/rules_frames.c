// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Fuzzes compiler and data path together, with the text of a rule file and frames. Rules
 * that can be parsed and compiled are given to the real program. For each frame its
 * verdict, bytes and counters must be as the oracle says. Needs root, as prog tests do.
 *
 * The input begins with the text, up to the first byte 0xff. Each frame after that is a byte
 * for the queue, two for its length, and its bytes. The last may be shorter than its length.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../oracle.h"
#include "../test.h"
#include "../test_rules.h"
#include "lib/rules/syntax/text.h"
#include "xsteer.skel.h"

#define FRAMES_MAX 16
#define TEXT_MAX 2048
#define CPUS_MAX 64
#define QUEUE 1 /* of the socket that is in all slots */

static const __u32 slots[] = { 1, 3 };
static __u32 cpus[CPUS_MAX], devs[2];
static struct oracle_world world = {
	.slots = slots, .slot_cnt = 2, .slot_queue = QUEUE, .cpus = cpus, .devs = devs, .dev_cnt = 2
};
static struct test_env *env;

/*
 * A world with a socket in two slots. CPUs and interfaces are opened when rules name them;
 * rules that name others are refused.
 */
static void open_world(void)
{
	static struct plain_xsk xsk;
	void *state;
	int map;

	if (test_open(&state))
		abort();
	env = state;
	if (env->skip) {
		fprintf(stderr, "rules_frames: nothing to do: %s\n", env->skip);
		_exit(0);
	}
	map = bpf_map__fd(env->skel->maps.xsks_map);
	if (plain_xsk_open(&xsk, env->ifindex, QUEUE))
		abort();
	for (size_t i = 0; i < world.slot_cnt; i++)
		if (bpf_map_update_elem(map, &slots[i], &xsk.fd, BPF_ANY))
			abort();
	for (; world.cpu_cnt < env->cpu_cnt && world.cpu_cnt < CPUS_MAX; world.cpu_cnt++)
		cpus[world.cpu_cnt] = world.cpu_cnt;
	devs[0] = env->ifindex;
	devs[1] = env->peer_ifindex;
}

static void require(bool holds, const char *what, const struct test_frame *frame)
{
	if (holds)
		return;
	fprintf(stderr, "rules_frames: %s differs from what the oracle says\n", what);
	test_hexdump("frame", frame->data, frame->len);
	abort();
}

static void run_frame(struct test_rules *rules, const struct test_frame *frame)
{
	static struct test_got got;
	struct oracle_result want =
		oracle_run(&rules->parsed, &world, frame->data, frame->len, frame->queue);
	struct test_want counts = test_want_of(&want);
	struct xs_queue_stats row;

	if (test_run(env, frame, &got))
		return; /* too short or too long for the kernel's test_run */
	require(got.xdp == want.xdp, "verdict", frame);
	require(got.len == frame->len && !memcmp(got.data, frame->data, got.len), "frame", frame);
	test_count(&env->stats[frame->queue], frame->len, &counts);
	test_stats_read_row(env, frame->queue, &row);
	require(!test_stats_diff(&env->stats[frame->queue], &row, frame->queue), "queue's counters",
		frame);
	test_rules_count(rules, want.rule, frame->len);
	require(!test_rules_diff_one(env, rules, want.rule), "rule's counter", frame);
}

static void run_frames(struct test_rules *rules, const uint8_t *data, size_t size)
{
	for (int i = 0; i < FRAMES_MAX && size > 3; i++) {
		__u32 queue = env->has_ctx ? data[0] % TEST_QUEUES : 0;
		size_t len = data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		run_frame(rules, &(struct test_frame){ "fuzzed", data, len, queue, 0 });
		data += len;
		size -= len;
	}
}

/* Parsed beforehand, since test_rules_open() prints the errors of a text. */
static bool parses(const char *text)
{
	struct xs_rule_source source = { .name = "fuzz", .text = text, .len = strlen(text) };
	struct xs_rule_errors errs = { 0 };
	struct xs_ruleset set = { 0 };
	int err = xs_rules_parse(&set, &source, &errs);

	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
	return !err;
}

static void run_text(const char *text, const uint8_t *frames, size_t size)
{
	struct test_rules rules;
	int err;

	if (!env)
		open_world();
	err = test_rules_open(env, &rules, text);
	if (!err)
		run_frames(&rules, frames, size);
	test_rules_close(&rules);
	/* beyond the compiler's bounds or the map's, or no such interface or CPU */
	if (err && err != -E2BIG && err != -ENODEV) {
		fprintf(stderr, "rules_frames: cannot apply: %s\n", strerror(-err));
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = memchr(data, 0xff, size);
	size_t len = cut ? (size_t)(cut - data) : 0;
	char text[TEXT_MAX + 1];

	/* The parser has its own fuzzer; without a frame there is nothing to compare here. */
	if (!cut || len > TEXT_MAX || memchr(data, 0, len))
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	if (parses(text))
		run_text(text, cut + 1, size - len - 1);
	return 0;
}
