// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds out which slots have a socket, and of which queue; see slot_sockets.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>

#include "slot_sockets.h"
#include "slot_sockets.skel.h"

static int ask_slot(int prog, __u32 slot, int *queue)
{
	char frame[ETH_ZLEN] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = 1);

	memcpy(frame, &slot, sizeof(slot));
	if (bpf_prog_test_run_opts(prog, &opts))
		return -errno;
	*queue = (int)opts.retval;
	return 0;
}

static int ask_slots(const struct xs_pins *pins, int *queues)
{
	struct slot_sockets_bpf *skel = slot_sockets_bpf__open();
	int err;

	if (!skel)
		return -errno;
	err = bpf_map__reuse_fd(skel->maps.xsks_map, pins->map_fds[XS_MAP_xsks_map]);
	if (!err)
		err = slot_sockets_bpf__load(skel);
	for (__u32 slot = 0; !err && slot < pins->all_slots; slot++)
		err = ask_slot(bpf_program__fd(skel->progs.queue_of_slot), slot, &queues[slot]);
	slot_sockets_bpf__destroy(skel);
	return err;
}

int *xs_slot_sockets(const struct xs_pins *pins)
{
	int *queues = calloc(pins->all_slots + 1, sizeof(*queues));
	int err = queues ? ask_slots(pins, queues) : -ENOMEM;

	if (!err)
		return queues;
	free(queues);
	errno = -err;
	return NULL;
}
