// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An AF_XDP socket that loses frames. It is bound to QUEUE and put into SLOT of a pinned
 * XSKMAP, as a program would do that does not know xsteer, and it is never read. At
 * SIGUSR1 it sends ten descriptors that the kernel refuses. The program prints "ready",
 * then waits for a signal that ends it.
 *
 *	hold_socket IF QUEUE PIN SLOT RX-ENTRIES FILL-COUNT	PIN -: into no slot
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <net/if.h>

#include "../plain_xsk.h"

static __u32 number(const char *text)
{
	return (__u32)strtoul(text, NULL, 10);
}

static int put_into_slot(const struct plain_xsk *xsk, const char *pin, __u32 slot)
{
	int map = bpf_obj_get(pin);

	return map < 0 ? -1 : bpf_map_update_elem(map, &slot, &xsk->fd, BPF_ANY);
}

int main(int argc, char **argv)
{
	struct plain_xsk xsk;
	sigset_t signals;
	int sig, err;

	if (argc != 7) {
		fprintf(stderr, "usage: hold_socket IF QUEUE PIN SLOT RX-ENTRIES FILL-COUNT\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	err = plain_xsk_open_small(&xsk, if_nametoindex(argv[1]), number(argv[2]), number(argv[5]),
				   number(argv[6]));
	if (!err && strcmp(argv[3], "-"))
		err = put_into_slot(&xsk, argv[3], number(argv[4]));
	if (err) {
		fprintf(stderr, "hold_socket: %s queue %s: error %d\n", argv[1], argv[2], err);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (!sigwait(&signals, &sig) && sig == SIGUSR1)
		for (int i = 0; i < 10; i++)
			plain_xsk_send_invalid(&xsk);
	plain_xsk_close(&xsk);
	return 0;
}
