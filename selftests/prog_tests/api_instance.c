// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The public functions that need a kernel, on lo and a veth in the runner's namespaces.
 * Each succeeds once and is refused once. None of them leaves a descriptor open, and two
 * threads with a context each do not disturb each other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
#include <linux/if_link.h>
#include <net/if.h>

#include "../test.h"
#include "lib/instance/owners.h"
#include "lib/instance/pins.h"
#include "lib/instance/socket_stats.h"

#define ROOT "/sys/fs/bpf/api-test"
#define RULES "udp dport 9 pass\ntcp dport 9 drop\n"

static struct xsteer_ctx *ctx;
static struct xsteer_rules *rules;
static int fds_before;

static int open_all(void **state)
{
	(void)state;
	fds_before = test_count_fds();
	ctx = xsteer_ctx_new(ROOT, test_log, NULL);
	return system("ip link set lo up") || !ctx ||
	       xsteer_rules_parse(ctx, RULES, strlen(RULES), NULL, &rules);
}

static int close_all(void **state)
{
	(void)state;
	xsteer_rules_free(rules);
	xsteer_detach(ctx, "lo");
	xsteer_ctx_free(ctx);
	/* no descriptor is left, whatever failed or succeeded */
	assert_int_equal(test_count_fds(), fds_before);
	return 0;
}

static void attach_lo(void)
{
	XSTEER_STRUCT(xsteer_attach_opts, opts, .mode = XSTEER_MODE_SKB, .rules = rules);

	assert_int_equal(xsteer_attach(ctx, "lo", &opts, NULL), 0);
}

static struct xsteer_status status_of(const char *ifname)
{
	XSTEER_STRUCT(xsteer_status, status);

	assert_int_equal(xsteer_status(ctx, ifname, &status), 0);
	return status;
}

/* ---- instances ---- */

static void attached_once_it_is_there_until_it_is_detached(void **state)
{
	XSTEER_STRUCT(xsteer_attach_opts, opts, .mode = XSTEER_MODE_SKB);
	XSTEER_STRUCT(xsteer_attached, got);
	struct xsteer_status status;
	uint32_t prog_id;

	(void)state;
	assert_int_equal(status_of("lo").state, XSTEER_STATE_NONE);
	assert_int_equal(xsteer_attach(ctx, "lo", &opts, &got), 0);
	assert_int_equal(got.mode, XSTEER_MODE_SKB);
	assert_int_equal(got.flags, 0);
	prog_id = got.prog_id;
	status = status_of("lo");
	assert_int_equal(status.state, XSTEER_STATE_ATTACHED);
	assert_int_equal(status.mode, XSTEER_MODE_SKB);
	assert_int_equal(status.by, XSTEER_BY_LINK);
	assert_int_equal(status.prog_id, prog_id);
	assert_int_equal(status.ifindex, if_nametoindex("lo"));
	assert_string_equal(status.ifname, "lo");
	assert_true(status.slots >= XS_SLOTS_MIN && status.version > 0);
	assert_int_equal(status.sockets, 0);
	assert_int_equal(status.flags & ~XSTEER_STATUS_LIMITS, 0);

	assert_int_equal(xsteer_attach(ctx, "lo", &opts, &got), 0);
	assert_int_equal(got.flags, XSTEER_ATTACHED_ALREADY);
	assert_int_equal(got.prog_id, prog_id);
	opts.missing = XSTEER_MISSING_DROP;
	assert_int_equal(xsteer_attach(ctx, "lo", &opts, &got), -EEXIST);
	opts.flags = XSTEER_ATTACH_REPLACE;
	assert_int_equal(xsteer_attach(ctx, "lo", &opts, &got), 0);
	assert_int_not_equal(got.prog_id, prog_id);

	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
	assert_int_equal(status_of("lo").state, XSTEER_STATE_NONE);
	assert_int_equal(xsteer_detach(ctx, "lo"), -ENOENT);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "no xsteer instance in " ROOT));
}

static void what_cannot_be_attached_is_refused_with_nothing_left(void **state)
{
	XSTEER_STRUCT(xsteer_attach_opts, wrong, .mode = 77);
	struct xsteer_ctx *elsewhere = xsteer_ctx_new("/tmp/no-bpffs", NULL, NULL);
	XSTEER_STRUCT(xsteer_status, status);
	struct xsteer_attached unsized = {};

	(void)state;
	assert_int_equal(xsteer_attach(ctx, "none0", NULL, NULL), -ENODEV);
	assert_int_equal(xsteer_attach(ctx, "no/name", NULL, NULL), -ENODEV);
	assert_int_equal(xsteer_attach(ctx, "lo", &wrong, NULL), -EINVAL);
	assert_int_equal(xsteer_attach(ctx, "lo", NULL, &unsized), -EINVAL);
	assert_int_equal(xsteer_attach(elsewhere, "lo", NULL, NULL), -ENOTSUP);
	assert_int_equal(xsteer_status(ctx, "none0", &status), -ENODEV);
	assert_int_equal(status_of("lo").state, XSTEER_STATE_NONE);
	xsteer_ctx_free(elsewhere);
}

static void a_program_of_others_is_seen_and_left_alone(void **state)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "theirs", "GPL", insns, 2, NULL);
	int lo = if_nametoindex("lo");
	struct xsteer_status status;

	(void)state;
	assert_true(prog >= 0);
	assert_int_equal(bpf_xdp_attach(lo, prog, XDP_FLAGS_SKB_MODE, NULL), 0);
	close(prog);
	status = status_of("lo");
	assert_int_equal(status.state, XSTEER_STATE_FOREIGN);
	assert_int_equal(status.by, XSTEER_BY_NETLINK);
	assert_string_equal(status.prog_name, "theirs");
	assert_int_equal(xsteer_attach(ctx, "lo", NULL, NULL), -EBUSY);
	assert_non_null(strstr(xsteer_ctx_error(ctx), "'theirs'"));
	assert_int_equal(xsteer_detach(ctx, "lo"), -ENOENT);
	assert_int_equal(status_of("lo").prog_id, status.prog_id);
	assert_int_equal(bpf_xdp_detach(lo, XDP_FLAGS_SKB_MODE, NULL), 0);
}

static void an_upgrade_changes_the_program_and_nothing_else(void **state)
{
	XSTEER_STRUCT(xsteer_upgraded, upgraded);
	uint64_t generation;
	uint32_t prog_id;

	(void)state;
	assert_int_equal(xsteer_upgrade(ctx, "lo", &upgraded), -ENOENT);
	attach_lo();
	prog_id = status_of("lo").prog_id;
	generation = status_of("lo").generation;
	assert_int_equal(xsteer_upgrade(ctx, "lo", &upgraded), 0);
	assert_int_equal(upgraded.old_prog_id, prog_id);
	assert_int_not_equal(upgraded.prog_id, prog_id);
	assert_int_equal(upgraded.old_version, status_of("lo").version);
	assert_int_equal(status_of("lo").prog_id, upgraded.prog_id);
	assert_int_equal(status_of("lo").generation, generation);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

struct walked {
	int cnt, unusable, stop;
	char ifname[16];
};

static int see_instance(void *arg, const struct xsteer_instance *instance)
{
	struct walked *walked = arg;

	walked->cnt++;
	walked->unusable += instance->error != 0;
	if (!instance->error)
		snprintf(walked->ifname, sizeof(walked->ifname), "%s", instance->ifname);
	return walked->stop;
}

static void each_instance_is_told_also_what_cannot_be_used(void **state)
{
	struct walked walked = {};

	(void)state;
	assert_int_equal(xsteer_each_instance(ctx, see_instance, &walked), 0);
	assert_int_equal(walked.cnt, 0);
	attach_lo();
	assert_int_equal(mkdir(ROOT "/empty0", 0700), 0);
	assert_int_equal(xsteer_each_instance(ctx, see_instance, &walked), 0);
	assert_int_equal(walked.cnt, 2);
	assert_int_equal(walked.unusable, 1);
	assert_string_equal(walked.ifname, "lo");
	walked = (struct walked){ .stop = 7 };
	assert_int_equal(xsteer_each_instance(ctx, see_instance, &walked), 7);
	assert_int_equal(walked.cnt, 1);
	rmdir(ROOT "/empty0");
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

struct seen_maps {
	int cnt, stop;
	uint32_t id; /* of meta */
	bool charged;
	char dir[128];
};

static int keep_dir(void *arg, const struct xsteer_instance *instance)
{
	struct seen_maps *seen = arg;

	snprintf(seen->dir, sizeof(seen->dir), "%s", instance->dir);
	return 0;
}

static int see_map(void *arg, const struct xsteer_map *map)
{
	struct seen_maps *seen = arg;

	seen->cnt++;
	seen->charged |= map->memory_bytes != 0;
	assert_int_not_equal(map->id, 0);
	if (!strcmp(map->name, "meta")) {
		seen->id = map->id;
		assert_int_equal(map->type, BPF_MAP_TYPE_ARRAY);
		assert_int_equal(map->max_entries, 1);
		assert_int_equal(map->key_bytes, 4);
		assert_int_equal(map->value_bytes, sizeof(struct xs_meta));
	}
	return seen->stop;
}

static void each_map_is_told_with_its_shape(void **state)
{
	struct seen_maps seen = {};
	struct xs_pins pins;

	(void)state;
	assert_int_equal(xsteer_each_map(ctx, ROOT "/lo", see_map, &seen), -ENOENT);
	attach_lo();
	assert_int_equal(xsteer_each_instance(ctx, keep_dir, &seen), 0);
	assert_int_equal(xsteer_each_map(ctx, seen.dir, see_map, &seen), 0);
	assert_int_equal(seen.cnt, XS_MAP_MAX);
	assert_true(seen.charged);
	assert_int_equal(xs_pins_open(ctx, &pins, "lo", XS_PINS_READ), 0);
	assert_int_equal(seen.id, xs_map_id(pins.map_fds[XS_MAP_meta]));
	xs_pins_close(&pins);
	seen.cnt = 0;
	seen.stop = 5;
	assert_int_equal(xsteer_each_map(ctx, seen.dir, see_map, &seen), 5);
	assert_int_equal(seen.cnt, 1);
	assert_int_equal(mkdir(ROOT "/empty0", 0700), 0);
	assert_true(xsteer_each_map(ctx, ROOT "/empty0", see_map, &seen) < 0);
	rmdir(ROOT "/empty0");
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

struct swept {
	int cnt, failed;
};

static void see_cleaned(void *arg, const struct xsteer_cleaned *cleaned)
{
	struct swept *swept = arg;

	swept->cnt += !cleaned->error && cleaned->reason;
	swept->failed += cleaned->error != 0;
}

static void clean_takes_what_is_dead_and_leaves_what_lives(void **state)
{
	struct swept swept = {};

	(void)state;
	attach_lo();
	assert_int_equal(mkdir(ROOT "/%new-x", 0700), 0);
	assert_int_equal(xsteer_clean(ctx, XSTEER_CLEAN_DRY_RUN, see_cleaned, &swept), 0);
	assert_int_equal(swept.cnt, 1);
	assert_int_equal(access(ROOT "/%new-x", F_OK), 0);
	assert_int_equal(xsteer_clean(ctx, 0, see_cleaned, &swept), 0);
	assert_int_equal(swept.cnt, 2);
	assert_int_equal(swept.failed, 0);
	assert_int_not_equal(access(ROOT "/%new-x", F_OK), 0);
	assert_int_equal(status_of("lo").state, XSTEER_STATE_ATTACHED);
	assert_int_equal(xsteer_clean(ctx, 0, NULL, NULL), 0);
	assert_int_equal(xsteer_clean(ctx, 1U << 31, NULL, NULL), -EINVAL);
	/* not ours: said, and left alone */
	assert_int_equal(mkdir(ROOT "/empty0", 0700), 0);
	assert_true(xsteer_clean(ctx, 0, see_cleaned, &swept) < 0);
	assert_int_equal(swept.failed, 1);
	rmdir(ROOT "/empty0");
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

/* ---- rules in force ---- */

static void send_udp(const char *address, uint16_t port, int cnt)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	while (cnt--) /* sometimes an ICMP message refuses it, but it was sent */
		while (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

struct shown {
	int cnt;
	char texts[256];
	uint64_t packets, bytes;
};

static int see_rule(void *arg, const struct xsteer_rule *rule)
{
	struct shown *shown = arg;

	assert_int_equal(rule->index, shown->cnt);
	assert_int_equal(rule->line, shown->cnt + 1);
	assert_string_equal(rule->file, "-");
	shown->cnt++;
	snprintf(shown->texts + strlen(shown->texts), sizeof(shown->texts) - strlen(shown->texts),
		 "%s=%s\n", rule->text, xsteer_verdict_name(rule->verdict));
	shown->packets += rule->packets;
	shown->bytes += rule->bytes;
	return 0;
}

static int stop_at_first(void *arg, const struct xsteer_rule *rule)
{
	(void)rule;
	++*(int *)arg;
	return -ECANCELED;
}

static void rules_are_applied_shown_and_counted(void **state)
{
	XSTEER_STRUCT(xsteer_rule_set, set);
	XSTEER_STRUCT(xsteer_applied, applied);
	struct shown shown = {};
	int seen = 0;

	(void)state;
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, NULL, NULL), -ENOENT);
	assert_int_equal(xsteer_rules_apply(ctx, "lo", rules, NULL, NULL), -ENOENT);
	attach_lo();
	send_udp("127.0.0.1", 9, 5);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, see_rule, &shown), 0);
	assert_int_equal(set.generation, 1);
	assert_int_equal(set.rule_count, 2);
	assert_int_equal(set.flags, 0);
	assert_int_equal(set.confirm_ns, 0);
	assert_string_equal(set.default_text, "default xsk else pass");
	assert_string_equal(set.malformed_text, "malformed pass");
	assert_string_equal(shown.texts, "udp dport 9 pass=pass\ntcp dport 9 drop=drop\n");
	assert_int_equal(shown.packets, 5);
	assert_int_equal(shown.bytes, 5 * (14 + 20 + 8 + 1));
	assert_int_equal(xsteer_rules_show(ctx, "lo", NULL, stop_at_first, &seen), -ECANCELED);
	assert_int_equal(seen, 1);

	assert_int_equal(xsteer_rules_apply(ctx, "lo", rules, NULL, &applied), 0);
	assert_int_equal(applied.generation, 2);
	assert_int_equal(applied.carried, 2);
	memset(&shown, 0, sizeof(shown));
	assert_int_equal(xsteer_rules_show(ctx, "lo", NULL, see_rule, &shown), 0);
	assert_int_equal(shown.packets, 5);

	assert_int_equal(xsteer_rules_flush(ctx, "lo", &applied), 0);
	assert_int_equal(applied.generation, 3);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, see_rule, &shown), 0);
	assert_int_equal(set.rule_count, 0);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

static void what_is_not_confirmed_in_time_is_rolled_back(void **state)
{
	XSTEER_STRUCT(xsteer_apply_opts, briefly, .confirm_sec = 1);
	XSTEER_STRUCT(xsteer_apply_opts, minutes, .confirm_sec = 600);
	XSTEER_STRUCT(xsteer_applied, applied);
	XSTEER_STRUCT(xsteer_rule_set, set);

	(void)state;
	attach_lo();
	assert_int_equal(xsteer_rules_confirm(ctx, "lo", &applied), -ENOENT);
	assert_int_equal(xsteer_rules_apply(ctx, "lo", rules, &minutes, &applied), 0);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, NULL, NULL), 0);
	assert_true(set.confirm_ns > 0 && set.confirm_ns <= 600000000000ULL);
	assert_int_equal(xsteer_rules_confirm(ctx, "lo", &applied), 0);
	assert_int_equal(applied.generation, 2);
	assert_int_equal(xsteer_rules_apply(ctx, "lo", rules, &briefly, NULL), 0);
	sleep(2);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, NULL, NULL), 0);
	assert_int_equal(set.flags, XSTEER_RULE_SET_ROLLED_BACK);
	assert_int_equal(set.generation, 2);
	assert_int_equal(xsteer_rules_confirm(ctx, "lo", NULL), -ETIMEDOUT);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

static void rules_that_name_what_is_not_there_are_refused(void **state)
{
	struct xsteer_rules *wrong = NULL;
	XSTEER_STRUCT(xsteer_rule_set, set);

	(void)state;
	attach_lo();
	assert_int_equal(xsteer_rules_parse(ctx, "udp dev none0", 13, NULL, &wrong), 0);
	assert_int_equal(xsteer_rules_apply(ctx, "lo", wrong, NULL, NULL), -ENODEV);
	assert_int_equal(xsteer_rules_show(ctx, "lo", &set, NULL, NULL), 0);
	assert_int_equal(set.rule_count, 2);
	assert_int_equal(set.generation, 1);
	xsteer_rules_free(wrong);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

/* ---- counters and owners ---- */

struct summed {
	uint64_t packets, verdicts, pass;
	uint32_t queues;
	int stop;
};

static int see_queue(void *arg, uint32_t queue, const uint64_t *values, uint32_t count)
{
	struct summed *summed = arg;

	assert_int_equal(queue, summed->queues++);
	for (uint32_t i = 0; i < count; i++) {
		const char *name = xsteer_counter_name(i);

		summed->packets += !strcmp(name, "packets") ? values[i] : 0;
		summed->pass += !strcmp(name, "verdict_pass") ? values[i] : 0;
		summed->verdicts += !strncmp(name, "verdict_", 8) ? values[i] : 0;
	}
	return summed->stop;
}

static void counters_have_names_and_add_up(void **state)
{
	struct summed summed = {};

	(void)state;
	assert_int_equal(xsteer_counter_count(), sizeof(struct xs_queue_stats) / 8);
	assert_null(xsteer_counter_name(xsteer_counter_count()));
	assert_string_equal(xsteer_counter_name(xsteer_counter_count() - 1), "reason_over_limit");
	assert_int_equal(xsteer_each_queue(ctx, "lo", see_queue, &summed), -ENOENT);
	attach_lo();
	send_udp("127.0.0.1", 9, 3);
	assert_int_equal(xsteer_each_queue(ctx, "lo", see_queue, &summed), 0);
	assert_int_equal(summed.queues, status_of("lo").slots);
	assert_true(summed.packets >= 3);
	assert_int_equal(summed.packets, summed.verdicts);
	assert_int_equal(summed.packets, summed.pass);
	summed = (struct summed){ .stop = 3 };
	assert_int_equal(xsteer_each_queue(ctx, "lo", see_queue, &summed), 3);
	assert_int_equal(summed.queues, 1);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

static int see_owner(void *arg, const struct xsteer_owner *owner)
{
	((uint32_t *)arg)[owner->state]++;
	if (owner->state == XSTEER_OWNER_ALIVE) {
		assert_int_equal(owner->pid, getpid());
		assert_int_equal(owner->slot, 3);
		assert_string_equal(xsteer_xsk_mode_name(owner->mode), "copy");
	}
	return 0;
}

static void owners_are_told_with_their_state(void **state)
{
	struct xs_owner alive = { .queue = 3, .mode = XS_XSK_copy }, dead = { .queue = 4 };
	uint32_t states[3] = {};
	struct xs_pins pins;

	(void)state;
	assert_int_equal(xsteer_each_owner(ctx, "lo", see_owner, states), -ENOENT);
	attach_lo();
	assert_int_equal(xs_pins_open(ctx, &pins, "lo", XS_PINS_WRITE), 0);
	xs_owner_set_self(&alive);
	dead = alive;
	dead.start_time += 1000; /* ticks: far from what another clock may make of it */
	assert_int_equal(xs_owner_set(&pins, 3, &alive), 0);
	assert_int_equal(xs_owner_set(&pins, 4, &dead), 0);
	xs_pins_close(&pins);
	assert_int_equal(xsteer_each_owner(ctx, "lo", see_owner, states), 0);
	assert_int_equal(states[XSTEER_OWNER_ALIVE], 1);
	assert_int_equal(states[XSTEER_OWNER_DEAD], 1);
	assert_int_equal(states[XSTEER_OWNER_ELSEWHERE], 0);
	assert_int_equal(status_of("lo").sockets, 1);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
	assert_string_equal(xsteer_xsk_mode_name(99), "?");
}

static uint64_t counter_of(const uint64_t *values, const char *name)
{
	for (uint32_t i = 0; i < xsteer_slot_counter_count(); i++)
		if (!strcmp(xsteer_slot_counter_name(i), name))
			return values[i];
	fail_msg("no counter %s", name);
	return 0;
}

struct seen_slots {
	int cnt, stop;
};

/* Slot 3: a process that lives; 4: one that has left; 5: what others had counted there. */
static int see_slot(void *arg, const struct xsteer_slot *slot)
{
	struct seen_slots *seen = arg;

	assert_int_equal(slot->slot, 3 + seen->cnt++);
	assert_int_equal(slot->count, xsteer_slot_counter_count());
	assert_int_equal(slot->queue, slot->slot);
	assert_null(slot->chain);
	assert_int_not_equal(slot->error, 0); /* there is no socket */
	assert_int_equal(slot->owner != NULL, slot->slot != 5);
	if (slot->slot == 3) {
		assert_int_equal(slot->owner->state, XSTEER_OWNER_ALIVE);
		assert_int_equal(counter_of(slot->counts, "rx_packets"), 7);
		assert_int_equal(counter_of(slot->earlier, "rx_packets"), 0);
	} else if (slot->slot == 4) {
		assert_int_equal(slot->owner->state, XSTEER_OWNER_DEAD);
		assert_null(slot->counts); /* nobody wrote any */
	} else {
		assert_null(slot->counts);
		assert_int_equal(counter_of(slot->earlier, "lost_dropped"), 9);
	}
	return seen->stop;
}

static void slots_are_told_with_what_their_sockets_have_counted(void **state)
{
	const struct xs_socket_counts seven = { .rx_packets = 7 }, nine = { .dropped = 9 };
	struct xs_owner alive = { .queue = 3, .mode = XS_XSK_copy }, dead;
	struct seen_slots seen = {};
	struct xs_pins pins;

	(void)state;
	assert_int_equal(xsteer_slot_counter_count(), sizeof(struct xs_socket_counts) / 8);
	assert_null(xsteer_slot_counter_name(xsteer_slot_counter_count()));
	assert_int_equal(xsteer_each_slot(ctx, "lo", see_slot, &seen), -ENOENT);
	attach_lo();
	assert_int_equal(xsteer_each_slot(ctx, "lo", see_slot, &seen), 0);
	assert_int_equal(seen.cnt, 0);
	assert_int_equal(xs_pins_open(ctx, &pins, "lo", XS_PINS_WRITE), 0);
	xs_owner_set_self(&alive);
	dead = alive;
	dead.queue = 4;
	dead.start_time += 1000; /* ticks: far from what another clock may make of it */
	assert_int_equal(xs_owner_set(&pins, 3, &alive), 0);
	assert_int_equal(xs_owner_set(&pins, 4, &dead), 0);
	xs_socket_stats_begin(&pins, 3, 3, alive.since_ns);
	xs_socket_stats_keep(&pins, 3, alive.since_ns, &seven);
	xs_socket_stats_begin(&pins, 5, 5, alive.since_ns);
	xs_socket_stats_keep(&pins, 5, alive.since_ns, &nine);
	xs_pins_close(&pins);
	assert_int_equal(xsteer_each_slot(ctx, "lo", see_slot, &seen), 0);
	assert_int_equal(seen.cnt, 3);
	seen = (struct seen_slots){ .stop = 4 };
	assert_int_equal(xsteer_each_slot(ctx, "lo", see_slot, &seen), 4);
	assert_int_equal(seen.cnt, 1);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
}

/* ---- explain ---- */

static void a_frame_is_explained_over_rules_and_over_an_instance(void **state)
{
	unsigned char frame[60] = {
		0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0, 0, 46
	};
	XSTEER_STRUCT(xsteer_explain_opts, beyond, .queue = 60000);
	XSTEER_STRUCT(xsteer_explained, why);
	struct xsteer_explain *explain = NULL;
	struct summed summed = {};

	(void)state;
	frame[22] = 64;
	frame[23] = 17;
	frame[37] = 9; /* destination port */
	frame[39] = 26; /* UDP length */
	assert_int_equal(xsteer_explain_open(ctx, NULL, NULL, NULL, &explain), -EINVAL);
	assert_int_equal(xsteer_explain_open(ctx, "lo", NULL, NULL, &explain), -ENOENT);
	assert_null(explain);
	assert_int_equal(xsteer_explain_open(ctx, NULL, rules, NULL, &explain), 0);
	assert_int_equal(xsteer_explain_frame(explain, frame, sizeof(frame), &why), 0);
	assert_int_equal(why.rule, 0);
	assert_int_equal(why.line, 1);
	assert_string_equal(why.text, "udp dport 9 pass");
	assert_int_equal(why.verdict, XSTEER_VERDICT_PASS);
	assert_string_equal(xsteer_reason_name(why.reason), "none");
	assert_string_equal(xsteer_xdp_name(why.xdp), "XDP_PASS");
	frame[37] = 10;
	assert_int_equal(xsteer_explain_frame(explain, frame, sizeof(frame), &why), 0);
	assert_int_equal(why.rule, XSTEER_NO_RULE);
	assert_null(why.text);
	assert_int_equal(why.verdict, XSTEER_VERDICT_XSK);
	assert_string_equal(xsteer_reason_name(why.reason), "no_socket");
	assert_true(xsteer_explain_frame(explain, frame, 13, &why) < 0);
	assert_int_equal(xsteer_explain_frame(explain, frame, 65536, &why), -E2BIG);
	xsteer_explain_close(explain);
	xsteer_explain_close(NULL);

	attach_lo();
	explain = NULL;
	assert_int_equal(xsteer_explain_open(ctx, "lo", NULL, &beyond, &explain), -ERANGE);
	assert_null(explain);
	assert_int_equal(xsteer_explain_open(ctx, "lo", NULL, NULL, &explain), 0);
	frame[23] = 6;
	frame[37] = 9;
	frame[46] = 0x50;
	assert_int_equal(xsteer_explain_frame(explain, frame, sizeof(frame), &why), 0);
	assert_int_equal(why.rule, 1);
	assert_string_equal(xsteer_xdp_name(why.xdp), "XDP_DROP");
	xsteer_explain_close(explain);
	/* it counts nothing of the instance */
	assert_int_equal(xsteer_each_queue(ctx, "lo", see_queue, &summed), 0);
	assert_int_equal(summed.verdicts, summed.pass);
	assert_int_equal(xsteer_detach(ctx, "lo"), 0);
	assert_string_equal(xsteer_reason_name(9999), "?");
	assert_string_equal(xsteer_xdp_name(9999), "?");
	assert_string_equal(xsteer_mode_name(XSTEER_MODE_HARDWARE), "hw");
	assert_string_equal(xsteer_mode_name(XSTEER_MODE_SKB), "skb");
	assert_string_equal(xsteer_mode_name(99), "?");
}

/* ---- threads ---- */

#define ROUNDS 3

struct thread {
	const char *root, *ifname;
	int err; /* the first */
	uint64_t rules_seen;
	pthread_t id;
};

static int count_rule(void *arg, const struct xsteer_rule *rule)
{
	(void)rule;
	++*(uint64_t *)arg;
	return 0;
}

static int ignore_queue(void *arg, uint32_t queue, const uint64_t *values, uint32_t count)
{
	(void)arg;
	(void)queue;
	(void)values;
	(void)count;
	return 0;
}

static int one_round(struct xsteer_ctx *mine, struct thread *thread)
{
	XSTEER_STRUCT(xsteer_attach_opts, opts, .mode = XSTEER_MODE_SKB);
	XSTEER_STRUCT(xsteer_status, status);
	struct xsteer_explain *explain = NULL;
	struct xsteer_rules *own = NULL;
	int err;

	err = xsteer_rules_parse(mine, RULES, strlen(RULES), NULL, &own);
	if (!err)
		err = xsteer_attach(mine, thread->ifname, &opts, NULL);
	if (!err)
		err = xsteer_rules_apply(mine, thread->ifname, own, NULL, NULL);
	if (!err)
		err = xsteer_rules_show(mine, thread->ifname, NULL, count_rule,
					&thread->rules_seen);
	if (!err)
		err = xsteer_each_queue(mine, thread->ifname, ignore_queue, NULL);
	if (!err)
		err = xsteer_upgrade(mine, thread->ifname, NULL);
	if (!err)
		err = xsteer_status(mine, thread->ifname, &status);
	if (!err)
		err = xsteer_explain_open(mine, NULL, own, NULL, &explain);
	xsteer_explain_close(explain);
	if (!err)
		err = xsteer_rules_flush(mine, thread->ifname, NULL);
	if (!err)
		err = xsteer_detach(mine, thread->ifname);
	xsteer_rules_free(own);
	return err;
}

static void *work(void *arg)
{
	struct thread *thread = arg;
	struct xsteer_ctx *mine = xsteer_ctx_new(thread->root, test_log, NULL);

	for (int i = 0; !thread->err && i < ROUNDS; i++)
		thread->err = one_round(mine, thread);
	/* the text of its own error, not of the other thread's */
	if (!thread->err && (xsteer_detach(mine, thread->ifname) != -ENOENT ||
			     !strstr(xsteer_ctx_error(mine), thread->root)))
		thread->err = -EBADMSG;
	xsteer_ctx_free(mine);
	return NULL;
}

static void two_contexts_in_two_threads_do_not_meet(void **state)
{
	struct thread threads[] = {
		{ .root = "/sys/fs/bpf/api-one", .ifname = "lo" },
		{ .root = "/sys/fs/bpf/api-two", .ifname = "api0" },
	};

	(void)state;
	assert_int_equal(system("ip link add api0 type veth peer name api1"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i].id, NULL, work, &threads[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i].id, NULL);
	assert_int_equal(system("ip link del api0"), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(threads[i].err, 0);
		assert_int_equal(threads[i].rules_seen, ROUNDS * 2);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
	const struct CMUnitTest tests[] = {
		TEST(attached_once_it_is_there_until_it_is_detached),
		TEST(what_cannot_be_attached_is_refused_with_nothing_left),
		TEST(a_program_of_others_is_seen_and_left_alone),
		TEST(an_upgrade_changes_the_program_and_nothing_else),
		TEST(each_instance_is_told_also_what_cannot_be_used),
		TEST(each_map_is_told_with_its_shape),
		TEST(clean_takes_what_is_dead_and_leaves_what_lives),
		TEST(rules_are_applied_shown_and_counted),
		TEST(what_is_not_confirmed_in_time_is_rolled_back),
		TEST(rules_that_name_what_is_not_there_are_refused),
		TEST(counters_have_names_and_add_up),
		TEST(owners_are_told_with_their_state),
		TEST(slots_are_told_with_what_their_sockets_have_counted),
		TEST(a_frame_is_explained_over_rules_and_over_an_instance),
		TEST(two_contexts_in_two_threads_do_not_meet),
	};

	return cmocka_run_group_tests_name("api_instance", tests, NULL, NULL);
}
