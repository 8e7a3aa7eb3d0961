// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Requests to the generic netlink family "netdev"; see netdev.h. */
#include <errno.h>

#include <linux/genetlink.h>

#include "netdev.h"
#include "netlink.h"

#define FAMILY_NAME "netdev"
#define FAMILY_VERSION 1

static int on_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attr) ==
								    CTRL_ATTR_FAMILY_ID) *
		(__u16 *)arg = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static struct nlmsghdr *put_request(char *buf, __u16 type, __u8 cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FAMILY_VERSION;
	return nlh;
}

static int find_family(__u16 *family)
{
	const struct xs_nl_call call = { .cb = on_family, .arg = family };
	char buf[XS_NETDEV_REQUEST] = {}; /* zeroed, because an attribute's padding is sent, too */
	struct nlmsghdr *nlh = put_request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	int err;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, FAMILY_NAME);
	err = xs_nl_call(NETLINK_GENERIC, nlh, &call);
	return !err && !*family ? -ENOENT : err;
}

int xs_netdev_ask(__u8 cmd, __u16 ifindex_attr, __u32 ifindex, bool dump, __u64 scope, mnl_cb_t cb,
		  void *arg)
{
	const struct xs_nl_call call = { .cb = cb, .arg = arg };
	char buf[XS_NETDEV_REQUEST] = {};
	struct nlmsghdr *nlh;
	__u16 family = 0;
	int err;

	err = find_family(&family);
	if (err)
		return err;
	nlh = put_request(buf, family, cmd);
	if (dump)
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_attr_put_u32(nlh, ifindex_attr, ifindex);
	if (scope)
		mnl_attr_put_u64(nlh, NETDEV_A_QSTATS_SCOPE, scope);
	return xs_nl_call(NETLINK_GENERIC, nlh, &call);
}
