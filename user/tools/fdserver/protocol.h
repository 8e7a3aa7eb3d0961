/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The messages of the AF_XDP device plugin's protocol, as text. Each is one record of a
 * SOCK_SEQPACKET socket: plain text without a NUL, at most XS_MESSAGE_MAX bytes. Pure.
 *
 *	asked by the client                     answered
 *	/connect,HOSTNAME  (first, once)        /host_ok | /host_nak
 *	/version                                0.1
 *	/xsk_map_fd,IF                          /fd_ack and the descriptor | /fd_nak
 *	/config_busy_poll,TIMEOUT,BUDGET        /config_busy_poll_ack | /config_busy_poll_nak
 *	    and the descriptor of a socket
 *	/fin                                    /fin_ack
 *	anything else                           /nak
 *
 * A first message that is no /connect has no answer: the connection ends.
 */
#ifndef XS_FDSERVER_PROTOCOL_H
#define XS_FDSERVER_PROTOCOL_H

#include <stddef.h>
#include <linux/types.h>

#define XS_MESSAGE_MAX 64
#define XS_PROTOCOL_VERSION "0.1"

enum xs_question_kind {
	XS_QUESTION_NONSENSE,
	XS_QUESTION_CONNECT,
	XS_QUESTION_VERSION,
	XS_QUESTION_MAP,
	XS_QUESTION_BUSY_POLL,
	XS_QUESTION_FIN,
};

struct xs_question {
	enum xs_question_kind kind;
	char name[XS_MESSAGE_MAX]; /* of CONNECT and MAP, not empty, without spaces */
	__u32 timeout_us, budget; /* of BUSY_POLL */
};

/* Reads a record of `len` bytes; one that was cut to `len` is the caller's to refuse. */
void xs_question_read(struct xs_question *question, const char *bytes, size_t len);

#endif
