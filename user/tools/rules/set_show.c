// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets as `show` tells them; see set_show.h. */
#include <stdio.h>

#include "lib/api/open.h"
#include "lib/base/number.h"
#include "lib/base/timespan.h"
#include "lib/set/set_sizes.h"
#include "lib/set/sets.h"
#include "tools/cli/json.h"
#include "set_show.h"

/* 0 or -errno, logged. xs_set_sizes_free(). */
static int read_sets(struct xs_cli *cli, const char *ifname, struct xs_set_sizes *sizes)
{
	struct xs_rules_in_force now = {};
	struct xs_pins pins;
	int err = xs_api_open(cli->ctx, &pins, ifname);

	*sizes = (struct xs_set_sizes){};
	if (err)
		return err;
	err = xs_rule_sets_read(&pins, &now);
	if (!err && now.header)
		err = xs_set_sizes_read(&pins, now.header, sizes);
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
	return err;
}

void xs_sets_print(struct xs_cli *cli, const char *ifname)
{
	struct xs_set_sizes sizes;

	read_sets(cli, ifname, &sizes);
	for (__u32 i = 0; i < sizes.cnt; i++) {
		const struct xs_declared_set *set = &sizes.sets[i].set;
		__u32 members = sizes.sets[i].members;

		printf("set %s { type %s; ", set->name,
		       set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
		if (set->timeout_ns)
			printf("timeout %s; ", xs_timespan_text(set->timeout_ns).text);
		printf("size %u; } # %u member%s\n", set->size, members, xs_s(members));
	}
	xs_set_sizes_free(&sizes);
}

int xs_sets_json(struct xs_cli *cli, const char *ifname, json_t **array)
{
	struct xs_set_sizes sizes;
	int err = read_sets(cli, ifname, &sizes);

	if (!err)
		*array = json_array();
	for (__u32 i = 0; !err && i < sizes.cnt; i++)
		json_array_append_new(
			*array, xs_json_declared_set(&sizes.sets[i].set, sizes.sets[i].members));
	xs_set_sizes_free(&sizes);
	return err;
}
