// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which interface a word means; see identity.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "identity.h"
#include "netlink.h"

#define ALT_NAME_MAX 128 /* ALTIFNAMSIZ, including the NUL */

struct identity {
	__u32 ifindex;
	char name[IFNAMSIZ];
};

static int on_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct identity *found = arg;
	const struct nlattr *attr;

	found->ifindex = ifi->ifi_index;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) if (mnl_attr_get_type(attr) == IFLA_IFNAME)
		snprintf(found->name, sizeof(found->name), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* Asks by index, or, if that is 0, by word. */
static int ask(__u32 ifindex, const char *word, struct identity *found)
{
	const struct xs_nl_call call = { .cb = on_link, .arg = found };
	char buf[512] = {}; /* zeroed, because an attribute's padding is sent, too */
	struct nlmsghdr *nlh = xs_nl_put_getlink(buf, ifindex);
	int err;

	if (!ifindex)
		mnl_attr_put_strz(nlh, strlen(word) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME,
				  word);
	*found = (struct identity){};
	err = xs_nl_call(NETLINK_ROUTE, nlh, &call);
	return err ? err : found->ifindex ? 0 : -ENODEV;
}

int xs_netif_find(const char *word, __u32 *ifindex, char name[IFNAMSIZ])
{
	struct identity found;
	int err;

	if (!word[0] || strlen(word) >= ALT_NAME_MAX)
		return -ENODEV;
	err = ask(0, word, &found);
	/* Before 5.5 there are no alternative names, and no name is this long. */
	if (err == -EINVAL)
		err = -ENODEV;
	if (err)
		return err;
	*ifindex = found.ifindex;
	memcpy(name, found.name, IFNAMSIZ);
	return 0;
}

int xs_netif_name(__u32 ifindex, char name[IFNAMSIZ])
{
	struct identity found;
	int err = ifindex ? ask(ifindex, NULL, &found) : -ENODEV;

	if (!err)
		memcpy(name, found.name, IFNAMSIZ);
	return err;
}
