/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who may ask: users and groups, compared with what the kernel says of a connection. */
#ifndef XS_FDSERVER_PEERS_H
#define XS_FDSERVER_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <linux/types.h>

#define XS_PEERS_MAX 64

struct xs_peers {
	uid_t uids[XS_PEERS_MAX];
	gid_t gids[XS_PEERS_MAX];
	__u32 uid_cnt, gid_cnt; /* both 0: root, and the user who runs this */
};

/* A user or group, by name or number. 0; -ENOENT: there is none; -E2BIG. */
int xs_peers_add_user(struct xs_peers *peers, const char *text);
int xs_peers_add_group(struct xs_peers *peers, const char *text);

/*
 * Who connected, as the kernel recorded it then, and whether it is one of them, by its user,
 * group or supplementary groups. False, with uid and pid -1, if the kernel does not tell.
 */
bool xs_peers_allow(const struct xs_peers *peers, int fd, struct ucred *peer);

#endif
