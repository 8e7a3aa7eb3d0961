// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends one frame, given as hexadecimal, several times, for frames that `traffic` does not
 * make. It pauses after every few frames, so that the ring of a veth does not overflow.
 *
 *	send_hex IF COUNT HEX [LENGTH]		LENGTH: zeros at the end, up to it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#define AT_ONCE 32

static size_t read_hex(const char *text, unsigned char *frame, size_t max)
{
	size_t len = 0;
	unsigned int byte;

	while (len < max && sscanf(text + 2 * len, "%2x", &byte) == 1) {
		frame[len++] = (unsigned char)byte;
		if (strlen(text) <= 2 * len)
			break;
	}
	return len;
}

int main(int argc, char **argv)
{
	static unsigned char frame[65536];
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	size_t len, wanted;
	long cnt;
	int fd;

	if (argc < 4) {
		fprintf(stderr, "usage: send_hex IF COUNT HEX [LENGTH]\n");
		return 2;
	}
	cnt = strtol(argv[2], NULL, 10);
	len = read_hex(argv[3], frame, sizeof(frame));
	wanted = argc > 4 ? strtoul(argv[4], NULL, 10) : len;
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || !to.sll_ifindex || wanted > sizeof(frame)) {
		perror(argv[1]);
		return 1;
	}
	for (long i = 0; i < cnt; i++) {
		if (sendto(fd, frame, wanted > len ? wanted : len, 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0) {
			perror("sendto");
			return 1;
		}
		if (i % AT_ONCE == AT_ONCE - 1)
			usleep(10000);
	}
	close(fd);
	return 0;
}
