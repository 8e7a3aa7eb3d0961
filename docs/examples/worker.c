// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Answers every packet of a queue, its MAC addresses swapped: worker IF QUEUE */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xsteer/xsteer.h>

static void interrupt(int sig)
{
	(void)sig; /* ends xsteer_socket_wait() */
}

int main(int argc, char **argv)
{
	XSTEER_STRUCT(xsteer_socket_opts, opts, .flags = XSTEER_SOCKET_ATTACH);
	struct xsteer_ctx *ctx = xsteer_ctx_new(NULL, NULL, NULL);
	struct xsteer_packet packets[64];
	struct xsteer_socket *socket;

	if (!ctx || argc != 3)
		return fprintf(stderr, "usage: worker IF QUEUE\n"), 2;
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = interrupt }, NULL);
	if (xsteer_socket_open(ctx, argv[1], atoi(argv[2]), &opts, &socket))
		return fprintf(stderr, "worker: %s\n", xsteer_ctx_error(ctx)), 1;
	while (xsteer_socket_wait(socket, -1) > 0) {
		int n = xsteer_socket_receive(socket, packets, 64);
		for (int i = 0; i < n; i++) {
			unsigned char *frame = packets[i].data, mac[6];
			memcpy(mac, frame, 6);
			memmove(frame, frame + 6, 6);
			memcpy(frame + 6, mac, 6);
		}
		xsteer_socket_send(socket, packets, n > 0 ? n : 0); /* the ring has room for all */
		xsteer_socket_kick(socket);
	}
	return xsteer_socket_close(socket) != 0; /* 0: every frame is accounted for */
}
