// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A worker of others: it knows nothing of xsteer, has its socket from libxdp, and its XSKMAP
 * from a device plugin's socket, asked as DPDK's driver asks. It prints "ready", receives COUNT
 * frames, and prints how many bytes they had.
 *
 *	uds_libxdp SOCKET IF QUEUE COUNT
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/if_link.h>
#include <xdp/xsk.h>

#define FRAMES 1024u
#define UMEM_BYTES (FRAMES * XSK_UMEM__DEFAULT_FRAME_SIZE)
#define WAIT_MS 20000

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : sock;
}

/* The descriptor that came with the answer, 0 if none did; -1: another answer. */
static int ask(int sock, const char *question, const char *expected)
{
	char text[128], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	ssize_t len;
	int fd = 0;

	if (write(sock, question, strlen(question)) != (ssize_t)strlen(question))
		return -1;
	len = recvmsg(sock, &msg, 0);
	text[len > 0 ? len : 0] = '\0';
	cmsg = len > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	if (strcmp(text, expected)) {
		fprintf(stderr, "uds_libxdp: '%s' is answered with '%s'\n", question, text);
		return -1;
	}
	return fd;
}

static int get_map(const char *path, const char *ifname)
{
	char question[64];
	int map = -1, sock = dial(path);

	snprintf(question, sizeof(question), "/xsk_map_fd,%s", ifname);
	if (sock < 0)
		fprintf(stderr, "uds_libxdp: %s: %s\n", path, strerror(errno));
	else if (!ask(sock, "/connect,worker", "/host_ok") && !ask(sock, "/version", "0.1"))
		map = ask(sock, question, "/fd_ack");
	if (map > 0)
		ask(sock, "/fin", "/fin_ack");
	return map;
}

int main(int argc, char **argv)
{
	struct xsk_socket_config config = { .rx_size = 512,
					    .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD };
	unsigned int count, got = 0, bytes = 0, index, n;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion, rx;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct pollfd ready;
	void *memory;
	int map, err;

	if (argc != 5)
		return 2;
	count = (unsigned int)strtoul(argv[4], NULL, 10);
	map = get_map(argv[1], argv[2]);
	if (map <= 0)
		return 1;
	memory = mmap(NULL, UMEM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = memory == MAP_FAILED
		      ? -ENOMEM
		      : xsk_umem__create(&umem, memory, UMEM_BYTES, &fill, &completion, NULL);
	if (!err)
		err = xsk_socket__create(&xsk, argv[2], (__u32)strtoul(argv[3], NULL, 10), umem,
					 &rx, NULL, &config);
	n = err ? 0 : xsk_ring_prod__reserve(&fill, FRAMES, &index);
	for (unsigned int i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&fill, index + i) =
			(__u64)i * XSK_UMEM__DEFAULT_FRAME_SIZE;
	if (!err) {
		xsk_ring_prod__submit(&fill, n);
		err = xsk_socket__update_xskmap(xsk, map);
	}
	if (err) {
		fprintf(stderr, "uds_libxdp: %s: %s\n", argv[2], strerror(-err));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	ready = (struct pollfd){ .fd = xsk_socket__fd(xsk), .events = POLLIN };
	while (got < count && poll(&ready, 1, WAIT_MS) > 0) {
		n = xsk_ring_cons__peek(&rx, 64, &index);
		for (unsigned int i = 0; i < n; i++)
			bytes += xsk_ring_cons__rx_desc(&rx, index + i)->len;
		xsk_ring_cons__release(&rx, n);
		got += n;
	}
	printf("%u frames, %u bytes\n", got, bytes);
	return got == count ? 0 : 1;
}
