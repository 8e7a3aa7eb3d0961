// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Questions to a broker and their answers; see control.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control.h"
#include "lib/base/listen.h"

#define PIECE 32768u /* bytes of a message: less than a socket's buffer */
#define WAIT_MS 1000
#define ANSWER_MS 15000 /* an apply waits for frames that are inside */

/* ---- an object, in pieces until the end of the stream ---- */

static int send_object(int fd, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	int err = text ? 0 : -ENOMEM;

	for (size_t at = 0; !err && at < len; at += PIECE) {
		size_t part = len - at < PIECE ? len - at : PIECE;

		if (send(fd, text + at, part, MSG_NOSIGNAL) != (ssize_t)part)
			err = -errno;
	}
	free(text);
	shutdown(fd, SHUT_WR);
	return err;
}

/* NULL, with *err set, after an error. */
static json_t *receive_object(int fd, int *err)
{
	char *text = malloc(XS_CONTROL_MAX);
	json_t *object = NULL;
	size_t len = 0;
	bool reset = false;
	ssize_t part = 0;

	*err = text ? 0 : -ENOMEM;
	while (!*err && len + PIECE <= XS_CONTROL_MAX) {
		part = recv(fd, text + len, PIECE, 0);
		/* It closed before it read all of ours; what it has said is behind this error. */
		if (part < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			continue;
		}
		if (part <= 0)
			break;
		len += (size_t)part;
	}
	if (!*err && part < 0)
		*err = -errno;
	if (!*err && reset && !len)
		*err = -ECONNRESET;
	if (!*err) {
		object = json_loadb(text, len, 0, NULL);
		*err = object ? 0 : -EPROTO;
	}
	free(text);
	return object;
}

static void set_timeout(int fd, int ms)
{
	const struct timeval timeout = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

/* ---- the broker's end ---- */

void xs_control_path(char path[XS_CONTROL_PATH_MAX], const char *socket)
{
	size_t len = strlen(socket);

	if (len > 5 && !strcmp(socket + len - 5, ".sock"))
		len -= 5;
	snprintf(path, XS_CONTROL_PATH_MAX, "%.*s.ctl", (int)len, socket);
}

int xs_control_open(struct xs_control *control, struct xsteer_ctx *ctx, const char *path)
{
	int fd = xs_listen_at(ctx, path, 0600);

	if (fd < 0)
		return fd;
	control->ctx = ctx;
	control->fd = fd;
	snprintf(control->path, sizeof(control->path), "%s", path);
	return 0;
}

void xs_control_close(struct xs_control *control)
{
	if (control->fd < 0)
		return;
	xs_listen_remove(control->path);
	close(control->fd);
	control->fd = -1;
}

static json_t *refuse(const char *why)
{
	return json_pack("{s:s}", "error", why);
}

static json_t *answer_one(int fd, json_t *(*answer)(void *arg, const json_t *request), void *arg)
{
	json_t *request, *object;
	int err;

	if (!xs_peer_is_trusted(fd))
		return refuse("only root and the broker's user may ask it");
	request = receive_object(fd, &err);
	if (!request)
		return refuse("the request is not JSON");
	object = answer(arg, request);
	json_decref(request);
	return object ? object : refuse("the request makes no sense to this version");
}

void xs_control_serve(struct xs_control *control,
		      json_t *(*answer)(void *arg, const json_t *request), void *arg)
{
	int fd = control->fd < 0 ? -1 : accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
	json_t *object;

	if (fd < 0)
		return;
	set_timeout(fd, WAIT_MS);
	object = answer_one(fd, answer, arg);
	send_object(fd, object); /* a client that does not read is gone */
	json_decref(object);
	close(fd);
}

/* ---- the other end ---- */

static int connect_to(struct xsteer_ctx *ctx, const char *path, int wait_ms)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd >= 0)
		set_timeout(fd, wait_ms); /* connect() waits too, where many have asked */
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	if (err == -ENOENT || err == -ECONNREFUSED)
		xs_err(ctx, "no broker answers at %s: 'xsteer-chain run IF FILE' starts one", path);
	else
		xs_err(ctx, "cannot ask the broker at %s: %s%s", path, strerror(-err),
		       err == -EACCES ? ": run as root, or as the broker's user" : "");
	if (fd >= 0)
		close(fd);
	return err;
}

static int check_answer(struct xsteer_ctx *ctx, const char *path, const json_t *answer, int err,
			int wait_ms)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	if (!answer && err == -EAGAIN)
		xs_err(ctx, "%s: the broker has not answered for %g s: is it stopped?", path,
		       wait_ms / 1e3);
	else if (!answer)
		xs_err(ctx, "%s: the broker does not answer: %s", path, strerror(-err));
	else if (error)
		xs_err(ctx, "%s", error);
	return !answer ? err : error ? -EPROTO : 0;
}

int xs_control_ask_for(struct xsteer_ctx *ctx, const char *path, int wait_ms, json_t *request,
		       json_t **answer)
{
	int err, fd = connect_to(ctx, path, wait_ms);

	*answer = NULL;
	if (fd < 0) {
		json_decref(request);
		return fd;
	}
	err = send_object(fd, request);
	json_decref(request);
	/* A broker that refuses answers before it reads. */
	*answer = receive_object(fd, &err);
	close(fd);
	err = check_answer(ctx, path, *answer, err, wait_ms);
	if (err) {
		json_decref(*answer);
		*answer = NULL;
	}
	return err;
}

int xs_control_ask(struct xsteer_ctx *ctx, const char *path, json_t *request, json_t **answer)
{
	return xs_control_ask_for(ctx, path, ANSWER_MS, request, answer);
}
