// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who may ask; see peers.h. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/number.h"
#include "peers.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

#define ID_MAX 0xfffffffeu /* the largest is "none" */

int xs_peers_add_user(struct xs_peers *peers, const char *text)
{
	const struct passwd *user;
	__u64 id;

	if (peers->uid_cnt == XS_PEERS_MAX)
		return -E2BIG;
	if (xs_parse_u64(text, 0, ID_MAX, &id)) {
		user = getpwnam(text);
		if (!user)
			return -ENOENT;
		id = user->pw_uid;
	}
	peers->uids[peers->uid_cnt++] = (uid_t)id;
	return 0;
}

int xs_peers_add_group(struct xs_peers *peers, const char *text)
{
	const struct group *group;
	__u64 id;

	if (peers->gid_cnt == XS_PEERS_MAX)
		return -E2BIG;
	if (xs_parse_u64(text, 0, ID_MAX, &id)) {
		group = getgrnam(text);
		if (!group)
			return -ENOENT;
		id = group->gr_gid;
	}
	peers->gids[peers->gid_cnt++] = (gid_t)id;
	return 0;
}

static bool has_group(const struct xs_peers *peers, gid_t gid)
{
	for (__u32 i = 0; i < peers->gid_cnt; i++)
		if (peers->gids[i] == gid)
			return true;
	return false;
}

/* A user may be in many; without the memory for them, only the first counts. */
static bool has_any_group(const struct xs_peers *peers, int fd)
{
	socklen_t bytes = 0;
	bool found = false;
	gid_t *groups;

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) || errno != ERANGE)
		return false;
	groups = malloc(bytes);
	if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes))
		for (size_t i = 0; !found && i < bytes / sizeof(*groups); i++)
			found = has_group(peers, groups[i]);
	free(groups);
	return found;
}

bool xs_peers_allow(const struct xs_peers *peers, int fd, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len)) {
		*peer = (struct ucred){ .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
		return false;
	}
	if (!peers->uid_cnt && !peers->gid_cnt)
		return !peer->uid || peer->uid == geteuid();
	for (__u32 i = 0; i < peers->uid_cnt; i++)
		if (peers->uids[i] == peer->uid)
			return true;
	return peers->gid_cnt && (has_group(peers, peer->gid) || has_any_group(peers, fd));
}
