/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections of the device plugin's protocol, from accept to close. One thread, which
 * never blocks for a peer: what a peer may cost in connections, time and memory has bounds,
 * and whoever goes beyond them loses only its own connection. Each kind of trouble is told
 * once for each user; the rest is counted.
 */
#ifndef XS_FDSERVER_SERVER_H
#define XS_FDSERVER_SERVER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <linux/types.h>

#include "maps.h"
#include "peers.h"
#include "tools/cli/cli.h"

#define XS_SESSIONS_MAX 64 /* more than the pods of a node at once; each costs a descriptor */
#define XS_SESSIONS_USER_MAX 16 /* of one user, so that none can keep out the others */
#define XS_SESSIONS_REFUSED_MAX 8 /* of all who may not ask, until they have heard so */
#define XS_QUESTIONS_MAX 256 /* of one connection: several for each interface it may name */

/* What is refused, each with a counter: name, what is told of the peer. */
#define XS_REFUSALS(X) \
	X(peer, "may not ask: name it by --uid or --gid") \
	X(connections, "has too many connections") \
	X(first, "says something else before /connect") \
	X(questions, "asks too much on one connection") \
	X(nonsense, "says what is not of the protocol") \
	X(name, "asks for an interface that is not served here") \
	X(map, "cannot have a map") \
	X(busy_poll, "may not configure busy-polling") \
	X(silent, "says nothing for too long") \
	X(unread, "does not read its answers")

enum xs_refusal {
#define X(name, text) XS_REFUSAL_##name,
	XS_REFUSALS(X)
#undef X
		XS_REFUSAL_MAX
};

extern const char *const xs_refusal_names[XS_REFUSAL_MAX];

struct xs_session {
	int fd;
	struct ucred peer;
	bool allowed, greeted;
	__u32 question_cnt;
	__u64 until_ns; /* it ends if it is silent until then */
};

/* Who was told of, for what. When it is full, nobody new is. */
struct xs_told {
	enum xs_refusal what;
	uid_t uid;
};

struct xs_server {
	struct xs_cli *cli;
	struct xs_served_maps maps;
	struct xs_peers peers;
	bool busy_poll; /* options are set on sockets that peers send */
	__u32 timeout_sec;
	int listening;
	__u64 accept_ns; /* not before: there were no descriptors left */
	struct xs_session sessions[XS_SESSIONS_MAX];
	__u32 session_cnt;
	struct xs_told told[XS_PEERS_MAX];
	__u32 told_cnt;
	__u64 connections, given, busy_polls, refused[XS_REFUSAL_MAX];
};

/*
 * Makes connections of a listening socket refuse descriptors where nobody needs them (Linux
 * 6.16). Before, the kernel drops those that nobody takes, which can block for as long as
 * the sender's SO_LINGER says. Call this before listen(2)'s first connection.
 */
void xs_server_refuse_descriptors(int listening);

/* Serves until ctx->stop_fd is readable. 0; or -errno, logged: it cannot wait. */
int xs_server_run(struct xs_server *server);

/* Ends all connections. */
void xs_server_close(struct xs_server *server);

#endif
