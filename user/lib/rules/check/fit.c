// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Compares rules with the place that they are for; see fit.h. */
#include <stdio.h>
#include <string.h>

#include "fit.h"
#include "maps/rule_set.h"

/* The CPUs of an action: one, or those of a set. */
struct cpus {
	__u32 cnt;
	const __u16 *several; /* NULL: `one` */
	__u32 one;
};

static __u32 cpu_at(const struct cpus *cpus, __u32 i)
{
	return cpus->several ? cpus->several[i] : cpus->one;
}

static bool is_offline(const struct xs_place *place, __u32 cpu)
{
	return cpu < XS_PLACE_CPUS && place->offline[cpu / 64] >> cpu % 64 & 1;
}

/* What holds for a single CPU comes before what holds for all. */
static enum xs_fit cpus_fit(const struct cpus *cpus, const struct xs_place *place, char *text,
			    size_t len)
{
	for (__u32 i = 0; place->cpus && i < cpus->cnt; i++) {
		if (cpu_at(cpus, i) < place->cpus)
			continue;
		snprintf(text, len, "cpu %u: this machine has CPUs 0 to %u", cpu_at(cpus, i),
			 place->cpus - 1);
		return XS_FIT_NEVER;
	}
	for (__u32 i = 0; i < cpus->cnt; i++) {
		const __u32 cpu = cpu_at(cpus, i);

		if (!is_offline(place, cpu))
			continue;
		snprintf(text, len,
			 "cpu %u is offline: the kernel takes its frames on another CPU until "
			 "'echo 1 >/sys/devices/system/cpu/cpu%u/online'",
			 cpu, cpu);
		return XS_FIT_DOUBTFUL;
	}
	if (!place->open_checksums || !place->native)
		return XS_FIT_YES;
	snprintf(text, len,
		 "cpu %u: %s is a veth%s: checksums that its other end leaves open arrive wrong, "
		 "and TCP stops; 'ethtool -K PEER tx off' there fills them in, "
		 "or attach in skb mode",
		 cpu_at(cpus, 0), place->ifname,
		 place->peer_unseen ? " whose other end cannot be seen from here" : "");
	return XS_FIT_DOUBTFUL;
}

static enum xs_fit cpu_fit(const struct xs_action *action, const struct xs_spread *spread,
			   const struct xs_place *place, char *text, size_t len)
{
	const struct cpus cpus = { .cnt = spread ? spread->cnt : 1,
				   .several = spread ? spread->member : NULL,
				   .one = action->target };

	return cpus_fit(&cpus, place, text, len);
}

static enum xs_fit dev_fit(const char *dev, const struct xs_place *place, char *text, size_t len)
{
	int takes = place->native ? place->takes_redirects(place->arg, dev) : 1;

	if (place->exists && !place->exists(place->arg, dev)) {
		snprintf(text, len, "dev %s: there is no such interface here", dev);
		return XS_FIT_DOUBTFUL;
	}
	if (takes > 0)
		return XS_FIT_YES;
	if (takes < 0) {
		snprintf(text, len,
			 "dev %s: whether it takes redirected frames cannot be asked: %s", dev,
			 strerror(-takes));
		return XS_FIT_DOUBTFUL;
	}
	snprintf(text, len,
		 "dev %s takes no redirected frames: they are lost; "
		 "a veth does once its other end has an XDP program or 'ethtool -K PEER gro on'",
		 dev);
	return XS_FIT_DOUBTFUL;
}

static enum xs_fit tx_fit(const struct xs_place *place, char *text, size_t len)
{
	if (!place->native || place->tx_arrives)
		return XS_FIT_YES;
	snprintf(text, len,
		 "tx: the other end of veth %s accepts no frames back: "
		 "they are lost until it has an XDP program or 'ethtool -K PEER gro on'",
		 place->ifname);
	return XS_FIT_DOUBTFUL;
}

static enum xs_fit xsk_fit(const struct xs_action *action, const struct xs_place *place, char *text,
			   size_t len)
{
	if (action->own_slot || !place->rx_queues || action->target < place->rx_queues)
		return XS_FIT_YES;
	snprintf(text, len,
		 "xsk slot %u: %s receives on queues 0 to %u, "
		 "and a slot's socket takes frames of its own queue only: "
		 "one of its number gets none",
		 action->target, place->ifname, place->rx_queues - 1);
	return XS_FIT_DOUBTFUL;
}

/* Where the kernel runs the program, it does so before it splits frames, or after it merged them. */
static enum xs_fit merged_fit(const struct xs_action *action, const struct xs_place *place,
			      char *text, size_t len)
{
	bool dev = action->verdict == XS_VERDICT_dev;

	if (!place->merges || (!dev && action->verdict != XS_VERDICT_chain))
		return XS_FIT_YES;
	snprintf(text, len,
		 "%s: in skb mode frames may come merged, by GRO of %s or by a veth's other end, "
		 "and those longer than %s are lost: attach in native mode",
		 dev ? "dev" : "chain", place->ifname,
		 dev ? "the MTU of the other interface" : "chains take");
	return XS_FIT_DOUBTFUL;
}

static bool needs_redirect(const struct xs_action *action)
{
	return action->verdict == XS_VERDICT_xsk || action->verdict == XS_VERDICT_cpu ||
	       action->verdict == XS_VERDICT_dev || action->verdict == XS_VERDICT_chain;
}

static enum xs_fit action_fit(const struct xs_action *action, const char *dev,
			      const struct xs_spread *spread, const struct xs_place *place,
			      char *text, size_t len)
{
	enum xs_fit fit = XS_FIT_YES;

	if (action->verdict == XS_VERDICT_cpu)
		fit = cpu_fit(action, spread, place, text, len);
	else if (action->verdict == XS_VERDICT_dev)
		fit = dev_fit(dev, place, text, len);
	else if (action->verdict == XS_VERDICT_tx)
		fit = tx_fit(place, text, len);
	else if (action->verdict == XS_VERDICT_xsk)
		fit = xsk_fit(action, place, text, len);
	if (fit == XS_FIT_YES && needs_redirect(action) && place->native && !place->redirects) {
		snprintf(text, len,
			 "the driver of %s cannot redirect: frames are lost; attach in skb mode",
			 place->ifname);
		fit = XS_FIT_DOUBTFUL;
	}
	return fit == XS_FIT_YES ? merged_fit(action, place, text, len) : fit;
}

bool xs_match_holds_for_queue(const struct xs_match *match, __u32 queue)
{
	bool named = false;

	if (match->field != XS_FIELD_meta_rxqueue || match->tuple)
		return true;
	for (__u32 i = 0; !named && i < match->range_cnt; i++)
		named = match->ranges[i].lo <= queue && queue <= match->ranges[i].hi;
	return named != match->negate;
}

/* Every queue that a match names is beyond those in use. */
static bool names_no_queue(const struct xs_rule *rule, const struct xs_place *place)
{
	for (__u32 i = 0; place->rx_queues && i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];

		/* Sorted, so the first range has the lowest value. */
		if (match->field == XS_FIELD_meta_rxqueue && !match->negate && match->range_cnt &&
		    match->ranges[0].lo >= place->rx_queues)
			return true;
	}
	return false;
}

/* What of a rule the basic program does not know; NULL: it knows all of it. */
static const char *beyond_basic(const struct xs_rule *rule)
{
	if (rule->limit.rate)
		return "limit";
	if (rule->action.own_slot == XS_SLOT_SPREAD)
		return "a set of CPUs";
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		if (rule->matches[i].set)
			return "a dynamic set";
		if (xs_field_layout(rule->matches[i].field) >= XS_SET_LAYOUT_LIMITS)
			return xs_fields[rule->matches[i].field].text;
	}
	return NULL;
}

/* Can frames of another queue than this one come to the rule? NULL: to the default. */
static bool meets_other_queue(const struct xs_rule *rule, __u32 queue, const struct xs_place *place)
{
	for (__u32 q = 0; q < place->rx_queues; q++) {
		bool comes = q != queue;

		for (__u32 i = 0; rule && comes && i < rule->match_cnt; i++)
			comes = xs_match_holds_for_queue(&rule->matches[i], q);
		if (comes)
			return true;
	}
	return false;
}

/* A slot's socket is bound to the queue of its number. */
static enum xs_fit slot_fit(const struct xs_rule *rule, const struct xs_action *action,
			    const struct xs_place *place, char *text, size_t len)
{
	if (action->verdict != XS_VERDICT_xsk || action->own_slot ||
	    !meets_other_queue(rule, action->target, place))
		return XS_FIT_YES;
	snprintf(text, len,
		 "xsk slot %u: its socket takes frames of queue %u only, "
		 "and %s receives on queues 0 to %u: those of others go where 'else' says; "
		 "'meta rxqueue %u' before it says that this is meant",
		 action->target, action->target, place->ifname, place->rx_queues - 1,
		 action->target);
	return XS_FIT_DOUBTFUL;
}

static bool asks_ct_state(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (rule->matches[i].field == XS_FIELD_ct_state)
			return true;
	return false;
}

static enum xs_fit connection_fit(const struct xs_rule *rule, const struct xs_place *place,
				  char *text, size_t len)
{
	if (!rule || !place->tells_connections || !asks_ct_state(rule) ||
	    place->tells_connections(place->arg))
		return XS_FIT_YES;
	snprintf(text, len,
		 "ct state: Linux %s does not tell XDP programs of its connections here; "
		 "Linux 5.18 and newer do, by bpf_xdp_ct_lookup(), "
		 "while nf_conntrack is loaded: 'modprobe nf_conntrack'",
		 place->release);
	return XS_FIT_NEVER;
}

enum xs_fit xs_rule_fit(const struct xs_rule *rule, const struct xs_action *action, const char *dev,
			const struct xs_spread *spreads, const struct xs_place *place, char *text,
			size_t len)
{
	const char *beyond = rule && place->no_limits ? beyond_basic(rule) : NULL;
	enum xs_fit fit;

	if (beyond) {
		snprintf(text, len,
			 "%s: the verifier of this kernel refuses the program with limits, "
			 "dynamic sets and such fields, and the one without knows no such rules; "
			 "Linux 6.12 takes all of them",
			 beyond);
		return XS_FIT_NEVER;
	}
	if (rule && names_no_queue(rule, place)) {
		snprintf(text, len, "meta rxqueue: %s receives on queues 0 to %u: it never holds",
			 place->ifname, place->rx_queues - 1);
		return XS_FIT_DOUBTFUL;
	}
	fit = connection_fit(rule, place, text, len);
	if (fit != XS_FIT_YES)
		return fit;
	fit = action_fit(action, dev,
			 rule && rule->action.own_slot == XS_SLOT_SPREAD
				 ? &spreads[rule->action.target]
				 : NULL,
			 place, text, len);
	return fit == XS_FIT_YES ? slot_fit(rule, action, place, text, len) : fit;
}

enum xs_fit xs_rules_fit(const struct xs_ruleset *set, const struct xs_place *place,
			 xs_misfit_fn say, void *arg)
{
	enum xs_fit worst, fit;
	char text[384];

	worst = xs_rule_fit(NULL, &set->default_action, set->default_target_name, NULL, place, text,
			    sizeof(text));
	if (worst != XS_FIT_YES)
		say(arg, NULL, worst, text);
	for (__u32 i = 0; i < set->rule_cnt; i++) {
		const struct xs_rule *rule = &set->rules[i];

		fit = xs_rule_fit(rule, &rule->action, rule->target_name, set->spreads, place, text,
				  sizeof(text));
		if (fit != XS_FIT_YES)
			say(arg, rule, fit, text);
		if (fit > worst)
			worst = fit;
	}
	return worst;
}
