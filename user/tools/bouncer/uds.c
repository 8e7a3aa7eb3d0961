// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * --uds: a client of the AF_XDP device plugin's protocol. SOCK_SEQPACKET; each message
 * is plain text without a NUL, at most 64 bytes. The map's descriptor comes with
 * "/fd_ack". The server accepts one connection, so we make only one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "uds.h"
#include "tools/cli/cli.h"
#include "lib/base/passfd.h"
#include "lib/base/wait.h"

#define MESSAGE_MAX 64
#define ANSWER_SECONDS 5
#define CONNECT_POLL_MS 20

static int dial(struct xs_cli *cli, const char *path)
{
	int left_ms = ANSWER_SECONDS * 1000;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		xs_err(cli->ctx, "--uds %s: longer than the %zu bytes a socket's path may have",
		       path, sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		err = -errno;
		xs_err(cli->ctx, "cannot make a UNIX socket: %s", strerror(-err));
		return err;
	}
	/* EAGAIN: others are waiting already, and nothing reports when there is room. */
	do {
		err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
		left_ms -= CONNECT_POLL_MS;
	} while (err == -EAGAIN && left_ms > 0 && !xs_wait_ms(cli->ctx, CONNECT_POLL_MS));
	if (!err)
		return fd;
	xs_err(cli->ctx,
	       "cannot connect to the device plugin at %s: %s; "
	       "it serves one connection and then goes: a restarted container needs --xskmap",
	       path, strerror(-err));
	close(fd);
	return err;
}

/* Keeps the first of the descriptors that came with a message; -1: there is none. */
static int keep_first(const int *fds, unsigned int cnt)
{
	for (unsigned int i = 1; i < cnt; i++)
		close(fds[i]);
	return cnt ? fds[0] : -1;
}

/*
 * Sends a question and expects `expected` as the answer. *fd, if not NULL, is the
 * descriptor that came with it.
 */
static int ask(struct xs_cli *cli, int sock, const char *path, const char *question,
	       const char *expected, int *fd)
{
	char answer[MESSAGE_MAX + 1] = "";
	int fds[XS_PASSED_FDS_MAX], got, err;
	unsigned int fd_cnt = 0;
	ssize_t len;

	err = send(sock, question, strlen(question), MSG_NOSIGNAL) < 0 ? -errno : 0;
	if (!err)
		err = xs_wait_readable(cli->ctx, sock, ANSWER_SECONDS * 1000);
	len = err ? 0 : xs_receive_with_fds(sock, answer, MESSAGE_MAX, fds, &fd_cnt);
	if (len < 0)
		err = (int)len;
	if (err) {
		xs_err(cli->ctx, "%s does not answer '%s': %s", path, question, strerror(-err));
		return err;
	}
	got = keep_first(fds, fd_cnt);
	if (!len) {
		xs_err(cli->ctx, "%s closed the connection at '%s'", path, question);
		if (got >= 0)
			close(got);
		return -ECONNRESET;
	}
	answer[len] = '\0';
	if (strcmp(answer, expected) || (fd && got < 0)) {
		xs_err(cli->ctx, "%s answers '%s' with '%s'%s, not '%s'", path, question, answer,
		       fd && got < 0 ? " and no descriptor" : "", expected);
		if (got >= 0)
			close(got);
		return -EPROTO;
	}
	if (fd)
		*fd = got;
	else if (got >= 0)
		close(got);
	return 0;
}

int xs_uds_map(struct xs_cli *cli, const char *path, const char *ifname)
{
	char question[MESSAGE_MAX + 1] = "/connect,", ignored[8];
	int sock, err, fd = -1;
	size_t len = strlen(question);

	if (gethostname(question + len, sizeof(question) - len)) {
		xs_err(cli->ctx, "--uds: the host's name is longer than the protocol's %zu bytes",
		       sizeof(question) - len - 1);
		return -ENAMETOOLONG;
	}
	sock = dial(cli, path);
	if (sock < 0)
		return sock;
	err = ask(cli, sock, path, question, "/host_ok", NULL);
	if (!err) {
		snprintf(question, sizeof(question), "/xsk_map_fd,%s", ifname);
		err = ask(cli, sock, path, question, "/fd_ack", &fd);
	}
	/* Only polite: the server continues without it. */
	if (!err && send(sock, "/fin", 4, MSG_NOSIGNAL) == 4 &&
	    !xs_wait_readable(cli->ctx, sock, ANSWER_SECONDS * 1000))
		(void)!recv(sock, ignored, sizeof(ignored), 0);
	close(sock);
	return err ? err : fd;
}
