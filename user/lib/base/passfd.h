/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Messages with descriptors through a UNIX socket that keeps their borders (SOCK_SEQPACKET). */
#ifndef XS_BASE_PASSFD_H
#define XS_BASE_PASSFD_H

#include <stddef.h>
#include <sys/types.h>

#define XS_PASSED_FDS_MAX 8

/*
 * Sends a message with cnt descriptors, at most XS_PASSED_FDS_MAX, which stay the caller's.
 * Never blocks. 0 or -errno, silently.
 */
int xs_send_with_fds(int sock, const void *msg, size_t bytes, const int *fds, unsigned int cnt);

/*
 * Receives a message of at most `bytes` bytes, and the descriptors that came with it into fds,
 * which has room for XS_PASSED_FDS_MAX. The caller closes them; *cnt is their number. Blocks as
 * the socket does. Returns the number of bytes, 0 at the end; or -errno, silently, with all
 * descriptors closed. -EMSGSIZE: the message is longer; -EPROTO: there were more descriptors.
 */
ssize_t xs_receive_with_fds(int sock, void *msg, size_t bytes, int *fds, unsigned int *cnt);

#endif
