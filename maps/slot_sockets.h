/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The answer of bpf/slot_sockets.bpf.c: the queue of a slot's socket, or this. */
#ifndef XSTEER_SLOT_SOCKETS_H
#define XSTEER_SLOT_SOCKETS_H

#define XS_SLOT_EMPTY (-1)

#endif
