// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The commands that are tortured; see scenarios.h. */
#include <stddef.h>

#include "scenarios.h"

/* Between them, each kind of target that needs an entry of its own in a map. */
const char old_rules[] = "udp dport 40001 tx\n"
			 "udp dport 40002 cpu 0\n";
const char new_rules[] = "udp dport 40001 dev dv0\n";

#define OLD_ATTACHED "loader attach -r OLD rx0"
#define BACK_TO_OLD "rules apply rx0 OLD"

const struct scenario scenarios[] = {
	{
		.name = "attach",
		.command = "loader attach rx0",
		.next = "loader attach rx0",
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "attach-rules",
		.command = "loader attach -r NEW rx0",
		.next = "loader attach -r NEW rx0",
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "replace",
		.setup = { OLD_ATTACHED },
		.restore = BACK_TO_OLD,
		.command = "loader attach --replace -r NEW rx0",
		.next = "loader attach --replace -r NEW rx0",
		.before = POLICY_old,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		/* the kernel has no mode beside another */
		.name = "replace-mode",
		.setup = { OLD_ATTACHED },
		.command = "loader attach --replace -m skb -r NEW rx0",
		.next = "loader attach --replace -m skb -r NEW rx0",
		.before = POLICY_old,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
		.gap = true,
	},
	{
		/* through libxdp: in its dispatcher, or alone where the kernel has none */
		.name = "attach-prio",
		.command = "loader attach -P 50 -r NEW rx0",
		.next = "loader attach -P 50 -r NEW rx0",
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "replace-prio",
		.setup = { "loader attach -P 50 -r OLD rx0" },
		.restore = BACK_TO_OLD,
		.command = "loader attach --replace -P 50 -r NEW rx0",
		.next = "loader attach --replace -P 50 -r NEW rx0",
		.before = POLICY_old,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "detach-prio",
		.setup = { "loader attach -P 50 -r OLD rx0" },
		.command = "loader detach rx0",
		.next = "loader detach rx0",
		.next_may_say = "no xsteer instance",
		.before = POLICY_old,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "detach",
		.setup = { OLD_ATTACHED },
		.command = "loader detach rx0",
		.next = "loader detach rx0",
		.next_may_say = "no xsteer instance",
		.before = POLICY_old,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "upgrade",
		.setup = { OLD_ATTACHED },
		.command = "loader upgrade rx0",
		.next = "loader upgrade rx0",
		.before = POLICY_old,
		.after = POLICY_old,
		.at_last = POLICY_old,
		.port = PROBE_PORT_RULE,
	},
	{
		/* beside a live one: what a killed attach left, and what is of a lost interface */
		.name = "clean",
		.setup = { OLD_ATTACHED, "sh mkdir -p /sys/fs/bpf/xsteer/%new-lost",
			   "sh ip link add lost0 type veth peer name lost1", "loader attach lost0",
			   "sh ip link del lost0" },
		.command = "loader clean",
		.next = "loader clean",
		.before = POLICY_old,
		.after = POLICY_old,
		.at_last = POLICY_old,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "apply",
		.setup = { OLD_ATTACHED },
		.restore = BACK_TO_OLD,
		.command = "rules apply rx0 NEW",
		.next = "rules apply rx0 NEW",
		.before = POLICY_old,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "apply-confirm",
		.setup = { OLD_ATTACHED },
		.restore = BACK_TO_OLD,
		.command = "rules apply --confirm 600 rx0 NEW",
		.next = "rules apply --confirm 600 rx0 NEW",
		.before = POLICY_old,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "confirm",
		.setup = { OLD_ATTACHED, "rules apply --confirm 600 rx0 NEW" },
		.command = "rules confirm rx0",
		.next = "rules confirm rx0",
		.next_may_say = "no rule set waits",
		.before = POLICY_new,
		.after = POLICY_new,
		.at_last = POLICY_new,
		.port = PROBE_PORT_RULE,
	},
	{
		.name = "flush",
		.setup = { OLD_ATTACHED },
		.restore = BACK_TO_OLD,
		.command = "rules flush rx0",
		.next = "rules flush rx0",
		.before = POLICY_old,
		.port = PROBE_PORT_RULE,
	},
	{
		/* joins an instance; frames come back while it runs */
		.name = "bouncer",
		.setup = { OLD_ATTACHED },
		.command = "bouncer -d rx0 -p --busy-poll",
		.next = "bouncer -d rx0 -p --busy-poll",
		.port = PROBE_PORT_NO_RULE,
		.lives = true,
	},
	{
		/* attaches one itself, and takes it away at its end */
		.name = "bouncer-alone",
		.command = "bouncer -d rx0 -p",
		.next = "bouncer -d rx0 -p",
		.port = PROBE_PORT_NO_RULE,
		.lives = true,
	},
	{},
};
