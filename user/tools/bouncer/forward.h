/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What becomes of packets that a worker has received: each is changed, then sent or dropped. They
 * lie in the socket's books (lib/xsk/books.h), so that another process can go on if this one is killed.
 */
#ifndef XS_BOUNCER_FORWARD_H
#define XS_BOUNCER_FORWARD_H

struct xs_worker;

/* Handles each packet whose end has arrived. The rest moves to the front, and is held. */
void xs_forward(struct xs_worker *w);

/*
 * The same with the packets of a worker that was killed, of which some may be sent or changed
 * already. The one that it was changing is abandoned, since nobody knows how far it came. May be
 * killed, and done again. 0 or -ENOMEM.
 */
int xs_forward_again(struct xs_worker *w);

#endif
