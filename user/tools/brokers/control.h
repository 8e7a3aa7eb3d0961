/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Questions to a running broker: one JSON object in each direction, through a UNIX
 * socket beside that of the network functions. Only root and the broker's own user may
 * ask.
 */
#ifndef XS_BROKER_CONTROL_H
#define XS_BROKER_CONTROL_H

#include <jansson.h>

#include "lib/base/ctx.h"

#define XS_BROKER_DIR "/run/xsteer" /* of the sockets, unless a broker was told another place */
#define XS_CONTROL_PATH_MAX 108 /* of a UNIX socket */
#define XS_CONTROL_MAX (4u << 20) /* bytes of a request or an answer */

struct xs_control {
	struct xsteer_ctx *ctx;
	int fd; /* -1: closed */
	char path[XS_CONTROL_PATH_MAX];
};

/*
 * The control path of the broker whose network functions join at `socket`: with .ctl in
 * place of .sock.
 */
void xs_control_path(char path[XS_CONTROL_PATH_MAX], const char *socket);

/* Listens at the path with mode 0600. 0 or -errno, logged. */
int xs_control_open(struct xs_control *control, struct xsteer_ctx *ctx, const char *path);
void xs_control_close(struct xs_control *control); /* also removes the path */

/*
 * Answers waiting clients. answer() gets the request and returns the object to send, or
 * NULL if the request makes no sense. Each client may block this for a second or two:
 * clients are trusted.
 */
void xs_control_serve(struct xs_control *control,
		      json_t *(*answer)(void *arg, const json_t *request), void *arg);

/*
 * Asks the broker at the control path, and frees the request. 0 with *answer; or
 * -errno, logged, also if the answer has "error".
 */
int xs_control_ask(struct xsteer_ctx *ctx, const char *path, json_t *request, json_t **answer);
/* Likewise, and gives up once nothing has come for that time. */
int xs_control_ask_for(struct xsteer_ctx *ctx, const char *path, int wait_ms, json_t *request,
		       json_t **answer);

#endif
