// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Queues are reserved and released on a NIC that is imitated here: whatever dies, fails or is changed by
 * somebody in between, the NIC is afterwards as it was, and what others did stays.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "lib/base/ctx.h"
#include "lib/instance/netns.h"
#include "lib/instance/reserved.h"
#include "lib/net/ethtool.h"
#include "lib/net/ntuple.h"
#include "lib/net/rss.h"

/* ---- the NIC ---- */

#define SIZE 8
#define QUEUES 4
#define RULES 8

/* In memory that a child shares. */
static struct nic {
	__u32 queues;
	__u32 table[SIZE];
	bool set; /* by somebody: it does not follow the number of queues */
	bool used[RULES];
	struct ethtool_rx_flow_spec rules[RULES];
} * nic, before;

static struct {
	int call; /* so far */
	int die_at; /* before this call; 0: never */
	bool die_after; /* after it instead */
	__u32 fail; /* this command */
	int err; /* with this; 0: it says yes, and does nothing */
	bool picks_location;
} mood;

static int set_table(const struct ethtool_rxfh_indir *table)
{
	if (table->size && table->size != SIZE)
		return -EINVAL;
	for (__u32 i = 0; i < table->size; i++)
		if (table->ring_index[i] >= nic->queues)
			return -EINVAL;
	nic->set = table->size;
	for (__u32 i = 0; i < SIZE; i++)
		nic->table[i] = table->size ? table->ring_index[i] : i % nic->queues;
	return 0;
}

static int get_table(struct ethtool_rxfh_indir *table)
{
	if (table->size && table->size < SIZE)
		return -EINVAL;
	if (table->size)
		memcpy(table->ring_index, nic->table, sizeof(nic->table));
	table->size = SIZE;
	return 0;
}

static int list_rules(struct ethtool_rxnfc *ask)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < RULES; i++) {
		if (!nic->used[i])
			continue;
		if (ask->cmd == ETHTOOL_GRXCLSRLALL && cnt == ask->rule_cnt)
			return -EMSGSIZE;
		if (ask->cmd == ETHTOOL_GRXCLSRLALL)
			ask->rule_locs[cnt] = i;
		cnt++;
	}
	ask->rule_cnt = cnt;
	ask->data = RULES | (mood.picks_location ? RX_CLS_LOC_SPECIAL : 0);
	return 0;
}

static int insert_rule(struct ethtool_rxnfc *ask)
{
	__u32 at = ask->fs.location;

	for (__u32 i = 0; at == RX_CLS_LOC_ANY && i < RULES; i++)
		if (!nic->used[i])
			at = i;
	if (at >= RULES)
		return -ENOSPC;
	ask->fs.location = at;
	nic->used[at] = true;
	nic->rules[at] = ask->fs;
	return 0;
}

static int one_rule(struct ethtool_rxnfc *ask)
{
	__u32 at = ask->fs.location;

	if (at >= RULES || !nic->used[at])
		return ask->cmd == ETHTOOL_GRXCLSRULE ? -EINVAL : -ENOENT;
	if (ask->cmd == ETHTOOL_SRXCLSRLDEL)
		nic->used[at] = false;
	else
		ask->fs = nic->rules[at];
	return 0;
}

static int answer(void *request)
{
	switch (*(__u32 *)request) {
	case ETHTOOL_GRXRINGS:
		((struct ethtool_rxnfc *)request)->data = nic->queues;
		return 0;
	case ETHTOOL_GRXFHINDIR:
		return get_table(request);
	case ETHTOOL_SRXFHINDIR:
		return set_table(request);
	case ETHTOOL_GRXCLSRLCNT:
	case ETHTOOL_GRXCLSRLALL:
		return list_rules(request);
	case ETHTOOL_GRXCLSRULE:
	case ETHTOOL_SRXCLSRLDEL:
		return one_rule(request);
	case ETHTOOL_SRXCLSRLINS:
		return insert_rule(request);
	default:
		return -EOPNOTSUPP;
	}
}

int __wrap_xs_ethtool(const char *ifname, void *request);
int __wrap_xs_ethtool(const char *ifname, void *request)
{
	int err;

	assert_string_equal(ifname, "lo");
	mood.call++;
	if (mood.call == mood.die_at && !mood.die_after)
		_exit(0);
	err = *(__u32 *)request == mood.fail ? mood.err : answer(request);
	if (mood.call == mood.die_at)
		_exit(0);
	return err;
}

/* ---- the instance ---- */

static struct xsteer_ctx ctx;
static struct xs_pins pins;
static struct xs_reserved record, *kept;

static struct xs_reserved_flow udp(__u16 port, __u32 location)
{
	return (struct xs_reserved_flow){
		.family = 1 /* IPv4 */,
		.proto = 17,
		.queue = 2,
		.ports = XS_FLOW_DPORT,
		.dport = (__be16)(port << 8),
		.location = location,
	};
}

/* Somebody's table and rule, and a plan that takes queue 2 out and has two rules. */
static int set_up(void **state)
{
	struct xs_reserved_flow theirs = udp(99, 1);

	(void)state;
	memset(nic, 0, sizeof(*nic));
	nic->queues = QUEUES;
	memset(&mood, 0, sizeof(mood));
	memset(&record, 0, sizeof(record));
	record.queue_cnt = 1;
	record.queues[0].queue = 2;
	record.table_size = SIZE;
	for (__u32 i = 0; i < SIZE; i++) {
		nic->table[i] = record.before[i] = i / 2;
		record.after[i] = i / 2 == 2 ? i & 1 : i / 2;
	}
	nic->set = true;
	nic->used[1] = true;
	xs_ntuple_spec(&theirs, &nic->rules[1]);
	record.flow_cnt = 2;
	record.flows[0] = udp(53, 0);
	record.flows[1] = udp(54, 2);
	before = *nic;
	if (pins.map_fds[XS_MAP_reserved] < 0)
		skip();
	return xs_reserved_write(&pins, &(struct xs_reserved){});
}

static int make(void)
{
	int refused[XS_RESERVED_FLOWS_MAX], err = xs_reserved_make(&pins, "lo", &record, refused);

	for (int i = 0; i < XS_RESERVED_FLOWS_MAX; i++)
		if (refused[i])
			return refused[i];
	return err;
}

static void assert_as_before(void)
{
	assert_memory_equal(nic->table, before.table, sizeof(nic->table));
	assert_int_equal(nic->set, before.set);
	for (__u32 i = 0; i < RULES; i++) {
		assert_int_equal(nic->used[i], before.used[i]);
		if (before.used[i])
			assert_memory_equal(&nic->rules[i], &before.rules[i],
					    sizeof(before.rules[i]));
	}
	assert_int_equal(xs_reserved_read(&pins, kept), 0);
}

static void assert_made(void)
{
	for (__u32 i = 0; i < SIZE; i++)
		assert_int_equal(nic->table[i], record.after[i]);
	assert_true(nic->used[0] && nic->used[1] && nic->used[2]);
	assert_int_equal(nic->rules[2].h_u.udp_ip4_spec.pdst, 54 << 8);
	assert_int_equal(xs_reserved_read(&pins, kept), 1);
	assert_memory_equal(kept, &record, sizeof(record));
	assert_int_equal(kept->flows[1].state, XS_RESERVED_MADE);
	assert_true(kept->since_ns > 0);
}

static struct xs_reserved_undone undo(int want)
{
	struct xs_reserved_undone undone;

	assert_int_equal(xs_reserved_undo(&pins, &undone), want);
	return undone;
}

/* ---- tests ---- */

static void what_is_made_is_undone(void **state)
{
	struct xs_reserved_undone undone;

	(void)state;
	assert_int_equal(make(), 0);
	assert_made();
	undone = undo(1);
	assert_true(undone.table && !undone.table_changed);
	assert_int_equal(undone.queue_cnt, 1);
	assert_int_equal(undone.flows, 2);
	assert_int_equal(undone.flows_changed, 0);
	assert_as_before();
	undo(0);
	assert_as_before();
}

static void a_table_that_was_the_kernels_is_given_back(void **state)
{
	(void)state;
	for (__u32 i = 0; i < SIZE; i++) {
		nic->table[i] = record.before[i] = i % QUEUES;
		record.after[i] = i % QUEUES == 2 ? 0 : i % QUEUES;
	}
	nic->set = false;
	record.by_default = 1;
	before = *nic;
	assert_int_equal(make(), 0);
	assert_true(nic->set);
	assert_true(undo(1).table);
	assert_as_before();
}

/* The table that spreads over all queues, of which the last is reserved. */
static void reserve_last_of_all(void)
{
	for (__u32 i = 0; i < SIZE; i++) {
		nic->table[i] = record.before[i] = i % QUEUES;
		record.after[i] = i % QUEUES == QUEUES - 1 ? 0 : i % QUEUES;
	}
	nic->set = false;
	record.by_default = 1;
	assert_int_equal(make(), 0);
}

/* `ethtool -L` after the fact: more queues, or no more than the small table leads to. */
static void the_kernels_table_follows_the_number_of_queues_again(void **state)
{
	static const __u32 numbers[] = { QUEUES + 2, QUEUES - 1 };

	for (int n = 0; n < 2; n++) {
		set_up(state);
		reserve_last_of_all();
		nic->queues = numbers[n];
		assert_true(undo(1).table);
		assert_false(nic->set);
		for (__u32 i = 0; i < SIZE; i++)
			assert_int_equal(nic->table[i], i % numbers[n]);
		assert_int_equal(xs_reserved_read(&pins, kept), 0);
	}
}

/* Somebody's table led to a queue that is no more: no release could put it back. */
static void a_table_that_leads_beyond_the_queues_is_reset(void **state)
{
	struct xs_reserved_undone undone;

	(void)state;
	for (__u32 i = 0; i < SIZE; i++)
		record.after[i] = record.before[i] % (QUEUES - 1);
	assert_int_equal(make(), 0);
	nic->queues = QUEUES - 1;
	undone = undo(1);
	assert_true(!undone.table && !undone.table_changed);
	assert_int_equal(undone.flows, 2);
	assert_false(nic->set);
	for (__u32 i = 0; i < SIZE; i++)
		assert_int_equal(nic->table[i], i % nic->queues);
	assert_int_equal(xs_reserved_read(&pins, kept), 0);
}

/* In a child: it dies before the call of that number, or after it. True: it came so far. */
static bool dies_at(int call, bool after, int (*work)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		mood.call = 0;
		mood.die_at = call;
		mood.die_after = after;
		work();
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return !WEXITSTATUS(status);
}

static int undo_once(void)
{
	struct xs_reserved_undone undone;

	return xs_reserved_undo(&pins, &undone);
}

static void killed_anywhere_while_making_it_is_undone(void **state)
{
	int calls = 0;

	for (int any = 0; any < 2; any++)
		for (int after = 0; after < 2; after++)
			for (int call = 1;; call++) {
				set_up(state);
				mood.picks_location = any;
				if (any)
					record.flows[0].location = record.flows[1].location =
						RX_CLS_LOC_ANY;
				if (!dies_at(call, after, make))
					break;
				undo(1);
				assert_as_before();
				calls++;
			}
	/* two rules, each made and read; a table set and read */
	assert_true(calls >= 4 * 7);
}

static void killed_anywhere_while_undoing_it_is_undone_by_the_next(void **state)
{
	int calls = 0;

	for (int after = 0; after < 2; after++)
		for (int call = 1;; call++) {
			set_up(state);
			assert_int_equal(make(), 0);
			if (!dies_at(call, after, undo_once))
				break;
			undo(1);
			assert_as_before();
			calls++;
		}
	assert_true(calls >= 2 * 9);
}

static void what_others_did_to_the_table_stays(void **state)
{
	struct xs_reserved_undone undone;

	(void)state;
	assert_int_equal(make(), 0);
	nic->table[0] = 3;
	undone = undo(1);
	assert_true(undone.table_changed && !undone.table);
	assert_int_equal(undone.flows, 2);
	assert_int_equal(nic->table[0], 3);
	assert_int_equal(nic->table[4], record.after[4]);
	assert_true(!nic->used[0] && nic->used[1] && !nic->used[2]);
	assert_int_equal(xs_reserved_read(&pins, kept), 0);
}

static void what_others_did_to_the_rules_stays(void **state)
{
	struct xs_reserved_undone undone;

	(void)state;
	assert_int_equal(make(), 0);
	nic->rules[0].ring_cookie = 3; /* in its place, with another queue */
	nic->used[2] = false;
	undone = undo(1);
	assert_int_equal(undone.flows, 0);
	assert_int_equal(undone.flows_changed, 1);
	assert_true(undone.table);
	assert_true(nic->used[0] && nic->used[1] && !nic->used[2]);
	assert_int_equal(xs_reserved_read(&pins, kept), 0);
}

static void a_rule_that_is_refused_is_left_out(void **state)
{
	int refused[XS_RESERVED_FLOWS_MAX];

	(void)state;
	record.flows[0].location = RULES; /* there is no such place */
	assert_int_equal(xs_reserved_make(&pins, "lo", &record, refused), 0);
	assert_int_equal(refused[0], -ENOSPC);
	assert_int_equal(refused[1], 0);
	assert_int_equal(record.flows[0].state, XS_RESERVED_NOT);
	assert_int_equal(record.flows[1].state, XS_RESERVED_MADE);
	assert_false(nic->used[0]);
	assert_true(nic->used[2]);
	assert_int_equal(undo(1).flows, 1);
	assert_as_before();
}

static void a_table_that_is_not_taken_undoes_all(void **state)
{
	static const int errors[] = { -EOPNOTSUPP, -EPERM, 0 }; /* 0: the driver only says so */

	for (int i = 0; i < 3; i++) {
		set_up(state);
		mood.fail = ETHTOOL_SRXFHINDIR;
		mood.err = errors[i];
		assert_int_equal(make(), errors[i] ? errors[i] : -EIO);
		assert_as_before();
	}
}

static void what_may_not_be_put_back_is_kept(void **state)
{
	(void)state;
	assert_int_equal(make(), 0);
	mood.fail = ETHTOOL_SRXFHINDIR;
	mood.err = -EPERM;
	assert_int_equal(xs_reserved_put_back(&pins), -EPERM);
	assert_int_equal(xs_reserved_read(&pins, kept), 1);
	undo(-EPERM);
	assert_int_equal(xs_reserved_read(&pins, kept), 1);
	mood.fail = 0;
	undo(1);
	assert_as_before();
}

/* `clean` takes apart what is off its hook, wherever that is: the record is all that knows the way back. */
static void in_another_namespace_the_record_is_kept(void **state)
{
	struct xs_meta here = pins.meta;

	(void)state;
	assert_int_equal(make(), 0);
	pins.meta.netns_inode++;
	mood.call = 0;
	assert_int_equal(xs_reserved_put_back(&pins), -EXDEV);
	assert_non_null(strstr(ctx.error, "run where the interface is"));
	assert_int_equal(mood.call, 0);
	pins.meta = here;
	undo(1);
	assert_as_before();
}

/* An instance must go even if its NIC does not answer any more. */
static void a_driver_that_fails_does_not_keep_an_instance(void **state)
{
	(void)state;
	assert_int_equal(make(), 0);
	mood.fail = ETHTOOL_SRXFHINDIR;
	mood.err = -EIO;
	assert_int_equal(xs_reserved_put_back(&pins), 0);
	assert_non_null(strstr(ctx.error, "RSS table cannot be put back"));
	mood.fail = 0;
	assert_int_equal(xs_reserved_put_back(&pins), 0);
	assert_memory_equal(nic->table, before.table, sizeof(nic->table));
}

static void an_interface_that_is_gone_needs_nothing(void **state)
{
	(void)state;
	assert_int_equal(make(), 0);
	pins.meta.ifindex = 0x7fffffff;
	undo(1);
	assert_int_equal(xs_reserved_read(&pins, kept), 0);
	pins.meta.ifindex = 1;
}

static void an_instance_without_the_map_has_nothing(void **state)
{
	struct xs_pins older = pins;
	struct xs_reserved_undone undone;

	(void)state;
	older.map_fds[XS_MAP_reserved] = -1;
	assert_false(xs_reserved_is_recorded(&older));
	assert_int_equal(xs_reserved_undo(&older, &undone), 0);
	assert_int_equal(xs_reserved_put_back(&older), 0);
	assert_int_equal(mood.call, 0);
}

static void a_record_that_makes_no_sense_is_not_used(void **state)
{
	struct xs_reserved_undone undone;

	(void)state;
	record.since_ns = 1;
	record.flow_cnt = XS_RESERVED_FLOWS_MAX + 1;
	assert_int_equal(xs_reserved_write(&pins, &record), 0);
	assert_int_equal(xs_reserved_undo(&pins, &undone), -EPROTO);
	assert_int_equal(mood.call, 0);
}

/* Each frame that a rule sends to a socket is steered, whatever became of it. */
static void frames_of_no_rule_are_told_from_the_others(void **state)
{
	struct xs_queue_stats stats = { .packets = 100,
					.verdict_xsk = 50,
					.verdict_chain = 5,
					.verdict_pass = 30,
					.verdict_drop = 15,
					.reason_no_socket = 10,
					.reason_no_chain = 2,
					.reason_over_limit = 3,
					.reason_default = 20 };

	(void)state;
	/* the default passes them */
	assert_int_equal(xs_reserved_by_no_rule(&stats, false), 30);
	/* the default sends them to sockets, too */
	assert_int_equal(xs_reserved_by_no_rule(&stats, true), 50);
	stats.reason_default = 1000; /* rules have changed since */
	assert_int_equal(xs_reserved_by_no_rule(&stats, true), 100);
	stats.packets = 0;
	assert_int_equal(xs_reserved_by_no_rule(&stats, false), 0);
}

static int make_pins(void **state)
{
	(void)state;
	nic = mmap(NULL, sizeof(*nic), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	kept = malloc(sizeof(*kept));
	if (nic == MAP_FAILED || !kept)
		return -1;
	ctx.stop_fd = ctx.sysfs_fd = -1;
	pins = (struct xs_pins){
		.ctx = &ctx, .dir = "/pins/lo", .ifname = "lo", .meta.ifindex = 1
	};
	for (int i = 0; i < XS_MAP_MAX; i++)
		pins.map_fds[i] = -1;
	pins.map_fds[XS_MAP_reserved] = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "reserved", sizeof(__u32), sizeof(struct xs_reserved), 1, NULL);
	return xs_netns_set_own(&pins.meta);
}

static int free_pins(void **state)
{
	(void)state;
	if (pins.map_fds[XS_MAP_reserved] >= 0)
		close(pins.map_fds[XS_MAP_reserved]);
	munmap(nic, sizeof(*nic));
	free(kept);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_made_is_undone),
		TEST(a_table_that_was_the_kernels_is_given_back),
		TEST(the_kernels_table_follows_the_number_of_queues_again),
		TEST(a_table_that_leads_beyond_the_queues_is_reset),
		TEST(killed_anywhere_while_making_it_is_undone),
		TEST(killed_anywhere_while_undoing_it_is_undone_by_the_next),
		TEST(what_others_did_to_the_table_stays),
		TEST(what_others_did_to_the_rules_stays),
		TEST(a_rule_that_is_refused_is_left_out),
		TEST(a_table_that_is_not_taken_undoes_all),
		TEST(what_may_not_be_put_back_is_kept),
		TEST(in_another_namespace_the_record_is_kept),
		TEST(a_driver_that_fails_does_not_keep_an_instance),
		TEST(an_interface_that_is_gone_needs_nothing),
		TEST(an_instance_without_the_map_has_nothing),
		TEST(a_record_that_makes_no_sense_is_not_used),
		TEST(frames_of_no_rule_are_told_from_the_others),
	};

	return cmocka_run_group_tests_name("reserved_nic", tests, make_pins, free_pins);
}
