// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Descriptors that go with messages; see passfd.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "passfd.h"

union control {
	char bytes[CMSG_SPACE(XS_PASSED_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int xs_send_with_fds(int sock, const void *msg, size_t bytes, const int *fds, unsigned int cnt)
{
	union control control = {};
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = bytes };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t sent;

	if (cnt > XS_PASSED_FDS_MAX)
		return -EINVAL;
	if (cnt) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(cnt * sizeof(int));
		cmsg = &control.align;
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(cnt * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, cnt * sizeof(int));
	}
	sent = sendmsg(sock, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return sent == (ssize_t)bytes ? 0 : -EMSGSIZE;
}

static void take_fds(struct msghdr *header, int *fds, unsigned int *cnt)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR(header, cmsg)) {
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS ||
		    n > XS_PASSED_FDS_MAX - *cnt)
			continue;
		memcpy(fds + *cnt, CMSG_DATA(cmsg), n * sizeof(int));
		*cnt += (unsigned int)n;
	}
}

ssize_t xs_receive_with_fds(int sock, void *msg, size_t bytes, int *fds, unsigned int *cnt)
{
	union control control;
	struct iovec iov = { .iov_base = msg, .iov_len = bytes };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);

	*cnt = 0;
	if (got < 0)
		return -errno;
	take_fds(&header, fds, cnt);
	if (!(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return got;
	while (*cnt)
		close(fds[--*cnt]);
	return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : -EPROTO;
}
