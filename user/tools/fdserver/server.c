// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Connections of the device plugin's protocol; see server.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/passfd.h"
#include "lib/base/wait.h"
#include "protocol.h"
#include "server.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

#define SECOND_NS 1000000000ull
#define ACCEPT_AGAIN_NS (SECOND_NS / 10)
#define ACCEPTS_A_TURN 16 /* so that who connects in a loop does not hold up the others */

const char *const xs_refusal_names[XS_REFUSAL_MAX] = {
#define X(name, text) [XS_REFUSAL_##name] = #name,
	XS_REFUSALS(X)
#undef X
};

static const char *const refusal_texts[XS_REFUSAL_MAX] = {
#define X(name, text) [XS_REFUSAL_##name] = text,
	XS_REFUSALS(X)
#undef X
};

/* ---- what is told ---- */

static bool is_told(struct xs_server *server, enum xs_refusal what, uid_t uid)
{
	for (__u32 i = 0; i < server->told_cnt; i++)
		if (server->told[i].what == what && server->told[i].uid == uid)
			return true;
	if (server->told_cnt == XS_PEERS_MAX)
		return true;
	server->told[server->told_cnt++] = (struct xs_told){ .what = what, .uid = uid };
	return false;
}

static void refuse(struct xs_server *server, const struct xs_session *session, enum xs_refusal what)
{
	server->refused[what]++;
	if (!is_told(server, what, session->peer.uid))
		xs_warn(server->cli->ctx, "process %d of user %u %s; this is said once for a user",
			(int)session->peer.pid, session->peer.uid, refusal_texts[what]);
}

/* ---- answers ---- */

static int send_record(const struct xs_session *session, const char *text, int fd)
{
	return xs_send_with_fds(session->fd, text, strlen(text), &fd, fd >= 0);
}

/* False: the connection ends. */
static bool answer(struct xs_server *server, const struct xs_session *session, const char *text)
{
	int err = send_record(session, text, -1);

	if (err == -EAGAIN || err == -ENOBUFS)
		refuse(server, session, XS_REFUSAL_unread);
	return !err;
}

static bool answer_map(struct xs_server *server, const struct xs_session *session, const char *name)
{
	int fd = xs_served_open(server->cli, &server->maps, name), err;

	if (fd < 0) {
		refuse(server, session, fd == -ENOENT ? XS_REFUSAL_name : XS_REFUSAL_map);
		return answer(server, session, "/fd_nak");
	}
	err = send_record(session, "/fd_ack", fd);
	close(fd);
	if (err) {
		/* ETOOMANYREFS: descriptors that its user has not read count, too. */
		refuse(server, session, XS_REFUSAL_unread);
		return false;
	}
	server->given++;
	xs_info(server->cli->ctx, "process %d of user %u got the map of %s", (int)session->peer.pid,
		session->peer.uid, name);
	return true;
}

/* Only on AF_XDP sockets: a peer must not have options set on any other. */
static int set_busy_poll(int fd, __u32 timeout_us, __u32 budget)
{
	int domain = 0, timeout = (int)timeout_us, packets = (int)budget, on = 1;
	socklen_t len = sizeof(domain);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_XDP)
		return -EINVAL;
	if (setsockopt(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &packets, sizeof(packets)))
		return -errno;
	return 0;
}

static bool answer_busy_poll(struct xs_server *server, const struct xs_session *session,
			     const struct xs_question *question, int fd)
{
	if (!server->busy_poll || set_busy_poll(fd, question->timeout_us, question->budget)) {
		refuse(server, session, XS_REFUSAL_busy_poll);
		return answer(server, session, "/config_busy_poll_nak");
	}
	server->busy_polls++;
	return answer(server, session, "/config_busy_poll_ack");
}

static bool greet(struct xs_server *server, struct xs_session *session,
		  const struct xs_question *question)
{
	if (question->kind != XS_QUESTION_CONNECT) {
		refuse(server, session, XS_REFUSAL_first);
		return false;
	}
	if (!session->allowed) {
		answer(server, session, "/host_nak");
		return false;
	}
	session->greeted = true;
	return answer(server, session, "/host_ok");
}

/* fd: what came with the question, or -1. False: the connection ends. */
static bool handle(struct xs_server *server, struct xs_session *session,
		   const struct xs_question *question, int fd)
{
	if (!session->greeted)
		return greet(server, session, question);
	switch (question->kind) {
	case XS_QUESTION_VERSION:
		return answer(server, session, XS_PROTOCOL_VERSION);
	case XS_QUESTION_MAP:
		return answer_map(server, session, question->name);
	case XS_QUESTION_BUSY_POLL:
		return answer_busy_poll(server, session, question, fd);
	case XS_QUESTION_FIN:
		answer(server, session, "/fin_ack");
		return false;
	default:
		refuse(server, session, XS_REFUSAL_nonsense);
		return answer(server, session, "/nak");
	}
}

/* ---- questions ---- */

/* Where no descriptor is of use, the kernel drops those that come; *fd: one that came, or -1. */
static ssize_t receive(const struct xs_server *server, const struct xs_session *session,
		       char text[XS_MESSAGE_MAX + 1], int *fd)
{
	int fds[XS_PASSED_FDS_MAX];
	unsigned int cnt = 0;
	ssize_t len;

	*fd = -1;
	if (!server->busy_poll) {
		len = recv(session->fd, text, XS_MESSAGE_MAX + 1, MSG_DONTWAIT);
		return len < 0 ? -errno : len;
	}
	len = xs_receive_with_fds(session->fd, text, XS_MESSAGE_MAX + 1, fds, &cnt);
	if (len == -EMSGSIZE || len == -EPROTO)
		return XS_MESSAGE_MAX + 1;
	for (unsigned int i = 1; i < cnt; i++)
		close(fds[i]);
	if (len >= 0 && cnt)
		*fd = fds[0];
	return len;
}

/* False: the connection ends. */
static bool serve_session(struct xs_server *server, struct xs_session *session)
{
	char text[XS_MESSAGE_MAX + 1];
	struct xs_question question;
	int fd;
	ssize_t len = receive(server, session, text, &fd);
	bool go_on;

	if (len <= 0)
		return len == -EAGAIN || len == -EINTR;
	if (++session->question_cnt > XS_QUESTIONS_MAX) {
		refuse(server, session, XS_REFUSAL_questions);
		go_on = false;
	} else {
		xs_question_read(&question, text, (size_t)len);
		go_on = handle(server, session, &question, fd);
		session->until_ns = xs_monotonic_ns() + server->timeout_sec * SECOND_NS;
	}
	if (fd >= 0)
		close(fd);
	return go_on;
}

/* ---- connections ---- */

static void end_session(struct xs_server *server, __u32 i)
{
	close(server->sessions[i].fd);
	server->sessions[i] = server->sessions[--server->session_cnt];
}

static bool has_room(const struct xs_server *server, const struct xs_session *session)
{
	__u32 cnt = 0, most = session->allowed ? XS_SESSIONS_USER_MAX : XS_SESSIONS_REFUSED_MAX;

	for (__u32 i = 0; i < server->session_cnt; i++) {
		const struct xs_session *other = &server->sessions[i];

		cnt += other->allowed == session->allowed &&
		       (!session->allowed || other->peer.uid == session->peer.uid);
	}
	return cnt < most;
}

static void add_session(struct xs_server *server, int fd)
{
	struct xs_session session = {
		.fd = fd,
		.until_ns = xs_monotonic_ns() + server->timeout_sec * SECOND_NS,
	};

	server->connections++;
	session.allowed = xs_peers_allow(&server->peers, fd, &session.peer);
	if (!session.allowed)
		refuse(server, &session, XS_REFUSAL_peer);
	if (has_room(server, &session)) {
		server->sessions[server->session_cnt++] = session;
		return;
	}
	if (session.allowed)
		refuse(server, &session, XS_REFUSAL_connections);
	close(fd);
}

/* While all places are taken, who comes waits in the kernel's queue. */
static void accept_sessions(struct xs_server *server)
{
	for (int i = 0; i < ACCEPTS_A_TURN && server->session_cnt < XS_SESSIONS_MAX; i++) {
		int fd = accept4(server->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_session(server, fd);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			server->accept_ns = xs_monotonic_ns() + ACCEPT_AGAIN_NS;
		return;
	}
}

static void end_silent(struct xs_server *server)
{
	__u64 now = xs_monotonic_ns();

	for (__u32 i = server->session_cnt; i-- > 0;) {
		if (server->sessions[i].until_ns > now)
			continue;
		refuse(server, &server->sessions[i], XS_REFUSAL_silent);
		end_session(server, i);
	}
}

/* Until something has to be done though nobody says anything; -1: nothing. */
static int wait_ms(const struct xs_server *server, bool accepts)
{
	__u64 next = accepts || server->session_cnt == XS_SESSIONS_MAX ? ~0ull : server->accept_ns;
	__u64 now = xs_monotonic_ns();

	for (__u32 i = 0; i < server->session_cnt; i++)
		if (server->sessions[i].until_ns < next)
			next = server->sessions[i].until_ns;
	if (next == ~0ull)
		return -1;
	return next <= now ? 0 : (int)((next - now) / 1000000) + 1;
}

static int wait_and_serve(struct xs_server *server)
{
	bool accepts = server->session_cnt < XS_SESSIONS_MAX &&
		       xs_monotonic_ns() >= server->accept_ns;
	struct pollfd fds[2 + XS_SESSIONS_MAX] = {
		{ .fd = server->cli->ctx->stop_fd, .events = POLLIN },
		{ .fd = accepts ? server->listening : -1, .events = POLLIN },
	};
	__u32 cnt = server->session_cnt;

	for (__u32 i = 0; i < cnt; i++)
		fds[2 + i] = (struct pollfd){ .fd = server->sessions[i].fd, .events = POLLIN };
	if (poll(fds, 2 + cnt, wait_ms(server, accepts)) < 0)
		return errno == EINTR ? 0 : -errno;
	/* From the end, since one that ends gets the last one in its place. */
	for (__u32 i = cnt; i-- > 0;)
		if (fds[2 + i].revents && !serve_session(server, &server->sessions[i]))
			end_session(server, i);
	end_silent(server);
	if (fds[1].revents)
		accept_sessions(server);
	return 0;
}

void xs_server_refuse_descriptors(int listening)
{
	int off = 0;

	(void)!setsockopt(listening, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}

int xs_server_run(struct xs_server *server)
{
	int err = 0;

	while (!err && !xs_asked_to_stop(server->cli->ctx))
		err = wait_and_serve(server);
	if (err)
		xs_err(server->cli->ctx, "cannot wait for connections: %s", strerror(-err));
	return err;
}

void xs_server_close(struct xs_server *server)
{
	while (server->session_cnt)
		end_session(server, server->session_cnt - 1);
}
