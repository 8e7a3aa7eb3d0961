// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Losses between two moments, while frames come: what is read later has counted more. Whatever
 * the counters are read at, no cause is named that no frame had, and the sums close.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../rng.h"
#include "tools/maps/loss_causes.h"

#define FRAMES 2000

/* A kind of frame: what the program counts for it. */
struct kind {
	__u8 says, counted, otherwise; /* enum xs_verdict: of the rule; after a fallback; `else` */
	__u8 reason; /* enum xs_reason; 0: none */
	bool by_rule;
	bool refused; /* over a limit */
	int cause; /* enum xs_loss; -1: it was not dropped */
};

#define PASS XS_VERDICT_pass
#define DROP XS_VERDICT_drop
#define XSK XS_VERDICT_xsk
#define CHAIN XS_VERDICT_chain

static const struct kind dropped = { DROP, DROP, 0, 0, true, false, XS_LOSS_rule };
static const struct kind passed = { PASS, PASS, 0, 0, true, false, -1 };
static const struct kind to_socket = { XSK, XSK, DROP, 0, true, false, -1 };
static const struct kind no_socket_drop = {
	XSK, DROP, DROP, XS_REASON_no_socket, true, false, XS_LOSS_no_socket
};
static const struct kind no_socket_pass = { XSK, PASS, PASS, XS_REASON_no_socket, true, false, -1 };
static const struct kind no_chain_drop = {
	CHAIN, DROP, DROP, XS_REASON_no_chain, true, false, XS_LOSS_no_chain
};
static const struct kind no_chain_pass = { CHAIN, PASS, PASS, XS_REASON_no_chain, true, false, -1 };
static const struct kind default_drop = { DROP,	 DROP,		 0, XS_REASON_default, false,
					  false, XS_LOSS_default };
static const struct kind malformed = {
	DROP, DROP, 0, XS_REASON_malformed_udp, false, false, XS_LOSS_malformed_udp
};
static const struct kind over_limit = {
	XSK, DROP, DROP, XS_REASON_over_limit, true, true, XS_LOSS_over_limit
};

/* Frames of these kinds, one after another. */
struct stream {
	const struct kind *kinds[5];
	int kind_cnt;
	__u8 by_default; /* enum xs_verdict */
	const struct kind *frames[FRAMES];
};

static void count_frame(const struct kind *kind, struct xs_queue_stats *total)
{
	total->packets++;
	((__u64 *)&total->verdict_pass)[kind->counted]++;
	if (kind->reason)
		((__u64 *)&total->reason_default)[kind->reason - 1]++;
}

static void count_by_rule(const struct kind *kind, struct xs_loss_rules *rules)
{
	struct xs_loss_sent *sent = kind->says == CHAIN ? &rules->to_chains : &rules->to_sockets;

	if (!kind->by_rule)
		return;
	if (kind->refused)
		rules->over_limit++;
	else if (kind->says == DROP)
		rules->dropped++;
	else if (kind->says != PASS && kind->otherwise == DROP)
		sent->else_drop++;
	else if (kind->says != PASS)
		sent->else_pass++;
}

/* The counters, each read when so many frames had come. */
static struct xs_loss_sources read_at(const struct stream *stream, int total, int rules, int later)
{
	struct xs_loss_sources sources = { .rules = { .known = true, .of_malformed = DROP },
					   .traced = true };

	sources.rules.by_default.verdict = stream->by_default;
	for (int i = 0; i < later; i++) {
		if (i < total)
			count_frame(stream->frames[i], &sources.total);
		if (i < rules)
			count_by_rule(stream->frames[i], &sources.rules);
		count_frame(stream->frames[i], &sources.later);
	}
	sources.rules.any_dropped = sources.rules.dropped;
	sources.rules.any_over_limit = sources.rules.over_limit;
	return sources;
}

static __u64 happened(const struct stream *stream, int cause, int from, int to)
{
	__u64 frames = 0;

	for (int i = from; i < to; i++)
		frames += stream->frames[i]->cause == cause;
	return frames;
}

static struct xs_losses losses_between(const struct xs_loss_sources *before,
				       const struct xs_loss_sources *now)
{
	struct xs_loss_sources since;
	struct xs_losses losses;

	assert_int_equal(xs_loss_sources_since(now, before, &since), 0);
	assert_int_equal(xs_losses_find(&since, false, &losses), 0);
	xs_loss_sources_free(&since);
	return losses;
}

static __u64 sum_of(const __u64 *numbers, int cnt)
{
	__u64 sum = 0;

	for (int i = 0; i < cnt; i++)
		sum += numbers[i];
	return sum;
}

/* Positions of one moment: of the total, of the rules, and of what is read later. */
struct moment {
	int total, rules, later;
};

static struct moment moment_from(struct rng *rng, int first, int width)
{
	struct moment at = { .total = first };

	at.rules = at.total + (int)rng_below(rng, width + 1);
	at.later = at.rules + (int)rng_below(rng, width + 1);
	return at;
}

static void check_interval(const struct stream *stream, struct moment a, struct moment b)
{
	struct xs_loss_sources before = read_at(stream, a.total, a.rules, a.later);
	struct xs_loss_sources now = read_at(stream, b.total, b.rules, b.later);
	struct xs_losses losses = losses_between(&before, &now);

	assert_int_equal(losses.frames_in, b.total - a.total);
	assert_int_equal(losses.frames_in, sum_of(losses.frames, XS_LOSS_MAX) +
						   sum_of(losses.delivered, XS_VERDICT_MAX));
	assert_int_equal(losses.unexplained, 0);
	for (int cause = 0; cause < XS_LOSS_MAX; cause++)
		if (losses.frames[cause] && !happened(stream, cause, a.total, b.later))
			fail_msg("%llu of %s, which no frame had",
				 (unsigned long long)losses.frames[cause],
				 xs_loss_texts[cause].cause);
	xs_losses_free(&losses);
}

/* At rest all is read at the same frame, and each cause has exactly its frames. */
static void check_at_rest(const struct stream *stream)
{
	const struct xs_loss_sources before = read_at(stream, 100, 100, 100);
	const struct xs_loss_sources now = read_at(stream, FRAMES, FRAMES, FRAMES);
	struct xs_losses losses = losses_between(&before, &now);

	for (int cause = 0; cause < XS_LOSS_MAX; cause++)
		assert_int_equal(losses.frames[cause], happened(stream, cause, 100, FRAMES));
	xs_losses_free(&losses);
}

/* `exact`: each drop's cause is known. Else intervals are long enough for some of each. */
static void check_stream(struct stream *stream, bool exact)
{
	struct rng rng = { .state = 7 };

	for (int i = 0; i < FRAMES; i++)
		stream->frames[i] = stream->kinds[rng_below(&rng, stream->kind_cnt)];
	for (int i = 0; i < 300; i++) {
		struct moment a = moment_from(&rng, 500, 40);
		struct moment b = moment_from(
			&rng, a.later + (int)rng_below(&rng, 1000) + (exact ? 0 : 100), 40);

		check_interval(stream, a, b);
	}
	if (exact)
		check_at_rest(stream);
}

static void passed_for_want_of_a_socket_is_not_dropped_for_it(void **state)
{
	struct stream stream = { .kinds = { &dropped, &no_socket_pass, &passed }, .kind_cnt = 3 };

	(void)state;
	check_stream(&stream, true);
}

static void dropped_for_want_of_a_socket_is_told_from_rules(void **state)
{
	struct stream stream = { .kinds = { &dropped, &no_socket_drop }, .kind_cnt = 2 };

	(void)state;
	check_stream(&stream, true);
}

static void rules_that_drop_without_a_socket_and_have_one_dropped_none(void **state)
{
	struct stream stream = { .kinds = { &dropped, &to_socket, &no_socket_pass, &no_chain_pass },
				 .kind_cnt = 4 };

	(void)state;
	check_stream(&stream, true);
}

static void a_chain_that_nobody_serves_is_no_missing_socket(void **state)
{
	struct stream stream = { .kinds = { &no_chain_drop, &no_socket_pass }, .kind_cnt = 2 };

	(void)state;
	check_stream(&stream, true);
}

static void default_malformed_and_limits_have_their_own(void **state)
{
	struct stream stream = { .kinds = { &default_drop, &malformed, &over_limit, &passed },
				 .kind_cnt = 4,
				 .by_default = DROP };

	(void)state;
	check_stream(&stream, true);
	stream.kinds[3] = &dropped;
	check_stream(&stream, true);
}

/* Which of them had none cannot be known, but that some were dropped for it, and how many drops. */
static void both_kinds_of_rules_without_a_socket(void **state)
{
	struct stream stream = { .kinds = { &dropped, &no_socket_drop, &no_socket_pass },
				 .kind_cnt = 3 };

	(void)state;
	check_stream(&stream, false);
}

static void what_nothing_claims_is_of_earlier_rules(void **state)
{
	struct xs_loss_sources before = { .rules = { .known = true }, .traced = true },
			       now = before;
	struct xs_losses losses;

	(void)state;
	now.total.verdict_drop = now.later.verdict_drop = 9;
	now.total.packets = now.later.packets = 9;
	losses = losses_between(&before, &now);
	assert_int_equal(losses.frames[XS_LOSS_earlier_rules], 9);
	xs_losses_free(&losses);
	/* of rules that may not be read, nothing is known */
	now.rules.known = false;
	losses = losses_between(&before, &now);
	assert_int_equal(losses.frames[XS_LOSS_drop], 9);
	xs_losses_free(&losses);
}

/* virtio_net: each drop is in one counter; those after the program are in a second one, or are not. */
static __u64 unbuffered(__u64 any, __u64 counted, __u64 verdicts)
{
	struct xs_nic_counter rows[] = {
		{ "rx_queue_0_drops", XS_NIC_any_drop, 0, any },
		{ "rx_queue_0_xdp_drops", XS_NIC_lost_or_dropped, 0, counted },
		{ "rx_queue_0_xdp_packets", XS_NIC_seen, 0, verdicts },
	};
	struct xs_loss_sources sources = {
		.total = { .packets = verdicts, .verdict_drop = verdicts },
		.rules = { .known = true, .dropped = verdicts },
		.nic = { .rows = rows, .cnt = 3, .counts_lost = true },
		.native = true,
	};
	struct xs_losses losses;
	__u64 frames;

	sources.later = sources.total;
	sources.nic_later = sources.nic;
	assert_int_equal(xs_losses_find(&sources, true, &losses), 0);
	frames = losses.frames[XS_LOSS_nic_no_memory];
	assert_int_equal(losses.frames[XS_LOSS_rule], verdicts);
	assert_int_equal(losses.unexplained, 0);
	xs_losses_free(&losses);
	return frames;
}

static void drops_of_rules_are_not_those_of_a_nic_without_memory(void **state)
{
	(void)state;
	assert_int_equal(unbuffered(30, 30, 30), 0);
	assert_int_equal(unbuffered(37, 30, 30), 7);
	assert_int_equal(unbuffered(30, 0, 30), 0); /* zero-copy */
	assert_int_equal(unbuffered(32, 0, 30), 2);
	assert_int_equal(unbuffered(0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passed_for_want_of_a_socket_is_not_dropped_for_it),
		cmocka_unit_test(dropped_for_want_of_a_socket_is_told_from_rules),
		cmocka_unit_test(rules_that_drop_without_a_socket_and_have_one_dropped_none),
		cmocka_unit_test(a_chain_that_nobody_serves_is_no_missing_socket),
		cmocka_unit_test(default_malformed_and_limits_have_their_own),
		cmocka_unit_test(both_kinds_of_rules_without_a_socket),
		cmocka_unit_test(what_nothing_claims_is_of_earlier_rules),
		cmocka_unit_test(drops_of_rules_are_not_those_of_a_nic_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
