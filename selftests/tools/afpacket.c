// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A forwarder as one would write it without XDP: it receives frames by a TPACKET_V3 ring,
 * and sends them back unchanged by sendmmsg(), around the queueing discipline. scripts/bench
 * compares with it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BLOCK_BYTES (1 << 18)
#define BLOCKS 16
#define BLOCK_MS 1 /* the shortest time after which a block that is not full is handed over */
#define BATCH 64

struct forwarder {
	int rx, tx;
	char *ring;
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int queued;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig __attribute__((unused)))
{
	stop = 1;
}

static int set(int fd, int option, int value)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) ? -errno : 0;
}

static int open_bound(unsigned int ifindex, __be16 protocol)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = protocol,
				   .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int open_ring(struct forwarder *f)
{
	struct tpacket_req3 req = { .tp_block_size = BLOCK_BYTES,
				    .tp_block_nr = BLOCKS,
				    .tp_frame_size = 2048,
				    .tp_frame_nr = BLOCK_BYTES / 2048 * BLOCKS,
				    .tp_retire_blk_tov = BLOCK_MS };
	int err = set(f->rx, PACKET_VERSION, TPACKET_V3);

	err = err ?: set(f->rx, PACKET_IGNORE_OUTGOING, 1);
	if (!err && setsockopt(f->rx, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		err = -errno;
	if (err)
		return err;
	f->ring = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED,
		       f->rx, 0);
	return f->ring == MAP_FAILED ? -errno : 0;
}

static void send_queued(struct forwarder *f)
{
	/* frames that the device does not accept are lost, as in any forwarder */
	sendmmsg(f->tx, f->msgs, f->queued, MSG_DONTWAIT);
	f->queued = 0;
}

static void forward_block(struct forwarder *f, struct tpacket_block_desc *block)
{
	char *at = (char *)block + block->hdr.bh1.offset_to_first_pkt;
	unsigned int i;

	for (i = 0; i < block->hdr.bh1.num_pkts; i++) {
		struct tpacket3_hdr *packet = (struct tpacket3_hdr *)at;

		f->iov[f->queued] = (struct iovec){ at + packet->tp_mac, packet->tp_snaplen };
		f->msgs[f->queued].msg_hdr.msg_iov = &f->iov[f->queued];
		f->msgs[f->queued].msg_hdr.msg_iovlen = 1;
		if (++f->queued == BATCH)
			send_queued(f);
		at += packet->tp_next_offset;
	}
	if (f->queued)
		send_queued(f);
}

static void forward(struct forwarder *f)
{
	struct pollfd pfd = { .fd = f->rx, .events = POLLIN };
	unsigned int next = 0;

	while (!stop) {
		struct tpacket_block_desc *block =
			(struct tpacket_block_desc *)(f->ring + (size_t)next * BLOCK_BYTES);

		if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER)) {
			poll(&pfd, 1, 100);
			continue;
		}
		forward_block(f, block);
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		next = (next + 1) % BLOCKS;
	}
}

int main(int argc, char **argv)
{
	static struct forwarder f;
	unsigned int ifindex;
	int err = 0;

	if (argc != 2) {
		fputs("usage: afpacket IF\nSends every frame of IF back, until a signal.\n",
		      stderr);
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ifindex = if_nametoindex(argv[1]);
	if (!ifindex) {
		perror(argv[1]);
		return 1;
	}
	f.rx = open_bound(ifindex, htons(ETH_P_ALL));
	f.tx = open_bound(ifindex, 0);
	if (f.rx < 0 || f.tx < 0)
		err = f.rx < 0 ? f.rx : f.tx;
	err = err ?: set(f.tx, PACKET_QDISC_BYPASS, 1);
	err = err ?: open_ring(&f);
	if (err) {
		fprintf(stderr, "afpacket: %s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	forward(&f);
	return 0;
}
