// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One netlink request and its answers; see netlink.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "netlink.h"

#ifndef NLM_F_ACK_TLVS
#define NLM_F_ACK_TLVS 0x200
#endif

static void keep_extack(const struct nlmsghdr *nlh, const struct xs_nl_call *call)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t skip = sizeof(*error);

	if (!call->why || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(nlh) > sizeof(*error)
				? error->msg.nlmsg_len - sizeof(error->msg)
				: 0;
	mnl_attr_for_each(attr, nlh, skip) if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(call->why, call->why_len, "%s", mnl_attr_get_str(attr));
}

static int nl_answers(struct mnl_socket *nl, const struct xs_nl_call *call, __u32 seq)
{
	char buf[32768];
	ssize_t len;
	int more = MNL_CB_OK;

	while (more > MNL_CB_STOP) {
		const struct nlmsghdr *nlh = (void *)buf;

		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			keep_extack(nlh, call);
		more = mnl_cb_run(buf, len, seq, mnl_socket_get_portid(nl), call->cb, call->arg);
		if (more < 0)
			return -errno;
	}
	return 0;
}

int xs_nl_call(int bus, struct nlmsghdr *nlh, const struct xs_nl_call *call)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1, err = 0;

	if (!nl)
		return -errno;
	nlh->nlmsg_seq = 1;
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		err = -errno;
	if (!err)
		err = nl_answers(nl, call, nlh->nlmsg_seq);
	mnl_socket_close(nl);
	return err;
}

struct nlmsghdr *xs_nl_put_getlink(void *buf, __u32 ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	return nlh;
}
