// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets as `show` tells them; see set_show.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api/open.h"
#include "lib/base/number.h"
#include "lib/base/timespan.h"
#include "lib/set/members.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "tools/cli/json.h"
#include "set_show.h"

struct set_shown {
	struct xs_declared_set set;
	__u32 cnt; /* members now */
};

static int count_members(const struct xs_pins *pins, struct set_shown *shown)
{
	struct xs_member_rows rows = {};
	struct xs_members members;
	int err = xs_members_open(pins, shown->set.name, &members);

	if (!err)
		err = xs_members_read(&members, &rows);
	for (__u32 i = 0; !err && i < rows.cnt; i++)
		shown->cnt += rows.rows[i].ns != XS_MEMBER_OVER;
	free(rows.rows);
	xs_members_close(&members);
	return err;
}

/* Fills at most XS_MEMBER_SETS_MAX. Returns how many there are, or -errno, logged. */
static int read_sets(struct xs_cli *cli, const char *ifname, struct set_shown *sets)
{
	const struct xs_set_members *members = NULL;
	struct xs_rules_in_force now = {};
	struct xs_pins pins;
	int err = xs_api_open(cli->ctx, &pins, ifname), cnt = 0;

	if (err)
		return err;
	err = xs_rule_sets_read(&pins, &now);
	if (!err && now.header)
		members = xs_set_members(now.header);
	for (__u32 i = 0; !err && members && i < members->set_cnt; i++) {
		sets[cnt] = (struct set_shown){ .set = members->set[i] };
		err = count_members(&pins, &sets[cnt++]);
	}
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
	return err ? err : cnt;
}

void xs_sets_print(struct xs_cli *cli, const char *ifname)
{
	struct set_shown sets[XS_MEMBER_SETS_MAX];
	int cnt = read_sets(cli, ifname, sets);

	for (int i = 0; i < cnt; i++) {
		const struct xs_declared_set *set = &sets[i].set;

		printf("set %s { type %s; ", set->name,
		       set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
		if (set->timeout_ns)
			printf("timeout %s; ", xs_timespan_text(set->timeout_ns).text);
		printf("size %u; } # %u member%s\n", set->size, sets[i].cnt, xs_s(sets[i].cnt));
	}
}

int xs_sets_json(struct xs_cli *cli, const char *ifname, json_t **array)
{
	struct set_shown sets[XS_MEMBER_SETS_MAX];
	int cnt = read_sets(cli, ifname, sets);

	if (cnt < 0)
		return cnt;
	*array = json_array();
	for (int i = 0; i < cnt; i++) {
		const struct xs_declared_set *set = &sets[i].set;

		json_array_append_new(
			*array, json_pack("{s:s, s:s, s:i, s:f, s:i}", "name", set->name, "type",
					  set->family == XS_FAMILY_ipv4 ? "ip" : "ip6", "size",
					  set->size, "timeout_seconds", set->timeout_ns / 1e9,
					  "members", sets[i].cnt));
	}
	return 0;
}
