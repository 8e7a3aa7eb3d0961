// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * xsteer-chain exec: starts a network function that has its connection to the broker, and
 * nothing else. It is this process that becomes the NF, so the broker watches the right one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "exec.h"
#include "lib/base/escape.h"
#include "tools/brokers/find.h"
#include "options.h"
#include "sandbox.h"

#define NOBODY 65534

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Where the broker's NFs join: its control socket lies beside that. */
static int find_socket(struct xs_cli *cli, char path[XS_CONTROL_PATH_MAX])
{
	const struct xs_chain_options *opts = cli->opts;
	int err;
	char *end;

	if (opts->socket) {
		snprintf(path, XS_CONTROL_PATH_MAX, "%s", opts->socket);
		return 0;
	}
	/* only root may ask brokers whom they serve */
	if (geteuid()) {
		snprintf(path, XS_CONTROL_PATH_MAX, XS_BROKER_DIR "/%s.sock", cli->operands[0]);
		return 0;
	}
	err = xs_broker_find(cli->ctx, cli->operands[0], NULL, path);
	if (err)
		return err;
	end = strrchr(path, '.');
	if (end && end - path + sizeof(".sock") <= XS_CONTROL_PATH_MAX)
		strcpy(end, ".sock");
	return 0;
}

static int connect_to(struct xs_cli *cli, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		xs_err(cli->ctx, "%s: too long for a socket's path", path);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	if (fd >= 0)
		close(fd);
	xs_err(cli->ctx, "no broker at %s: %s", xs_shown(path).text, strerror(-err));
	return err;
}

/* A user by name or number; without --user nobody. */
static int find_user(struct xs_cli *cli, const char *name, struct xs_sandbox *sandbox)
{
	const struct passwd *user = getpwnam(name ? name : "nobody");
	__u64 number;

	if (!user && name && !xs_parse_u64(name, 0, ~0u - 1, &number)) {
		sandbox->uid = sandbox->gid = (uid_t)number;
		user = getpwuid((uid_t)number);
	} else if (!user && name) {
		xs_err(cli->ctx, "--user %s: there is no such user", xs_shown(name).text);
		return -ENOENT;
	} else if (!user) {
		sandbox->uid = sandbox->gid = NOBODY;
	}
	if (user) {
		sandbox->uid = user->pw_uid;
		sandbox->gid = user->pw_gid;
	}
	if (!sandbox->uid || (name && geteuid() && geteuid() != sandbox->uid)) {
		xs_err(cli->ctx, "--user %s: %s", xs_shown(name).text,
		       sandbox->uid ? "only root can start it as another user"
				    : "a network function must not be root");
		return -EPERM;
	}
	return 0;
}

/* Keeps standard input, output and error, and the connection, which becomes descriptor 3. */
static int keep_only(struct xs_cli *cli, int fd)
{
	char number[16];

	if (fd != STDERR_FILENO + 1) {
		if (dup2(fd, STDERR_FILENO + 1) < 0)
			return -errno;
		fd = STDERR_FILENO + 1;
	}
	if (syscall(SYS_close_range, fd + 1, ~0u, 0)) {
		for (int i = fd + 1; i < (int)sysconf(_SC_OPEN_MAX); i++)
			close(i); /* Linux before 5.9 */
	}
	snprintf(number, sizeof(number), "%d", fd);
	if (!setenv("XSTEER_NF_FD", number, 1))
		return 0;
	xs_err(cli->ctx, "not enough memory");
	return -ENOMEM;
}

int xs_chain_exec(struct xs_cli *cli)
{
	const struct xs_chain_options *opts = cli->opts;
	struct xs_sandbox sandbox = opts->sandbox;
	char path[XS_CONTROL_PATH_MAX];
	char **command = cli->operands + 1;
	int err = find_user(cli, opts->user, &sandbox), fd;

	if (!err)
		err = find_socket(cli, path);
	if (err)
		return err;
	fd = connect_to(cli, path);
	if (fd < 0)
		return fd;
	err = keep_only(cli, fd);
	if (!err)
		err = xs_sandbox_enter(cli->ctx, &sandbox);
	if (err)
		return err;
	execvp(command[0], command);
	err = -errno;
	xs_err(cli->ctx, "cannot start %s as user %u: %s", xs_shown(command[0]).text, geteuid(),
	       strerror(-err));
	return err;
}
