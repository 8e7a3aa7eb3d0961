// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends numbered UDP frames and checks, byte by byte, what arrives: what is
 * missing, doubled or changed. Plain AF_PACKET; knows nothing of xsteer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define MAGIC 0x78736b70u
#define FRAME_MAX 16384
#define LENGTHS_MAX 4096
#define LINGER_S 0.1 /* after the last expected frame, to see doubled ones */

static const char usage_text[] =
	"usage: pkt send|recv|echo -i IF [option]...\n"
	"  send  sends frames      recv  prints \"ready\", then checks what arrives\n"
	"  echo  sends, and checks what comes back to the same interface\n"
	"All three of one run need the same -n -l -F -V -s -d -p -6 -R.\n"
	"  -n N      frames (100)          -t SEC  recv: for so long; echo: without news (10)\n"
	"  -l LENS   bytes from the Ethernet header on: 60,1514 or 60-1514 (128)\n"
	"  -F N      flows (16)            -p PORT UDP destination port (1234)\n"
	"  -V ID     VLAN tag              -6      IPv6\n"
	"  -s MAC    source (02:00:00:00:00:01)  -d MAC  destination (ff:ff:ff:ff:ff:ff)\n"
	"  -x        expect the MACs swapped\n"
	"  -R ID     mark of this run; others' frames are ignored (0)\n"
	"  -r RATE   frames a second, 0: no limit (10000)\n"
	"  -w N      echo: frames under way (64)\n"
	"exit: 0 all sent, all arrived once and whole; 1 otherwise; 2 wrong usage\n";

struct run {
	const char *ifname;
	uint32_t frames, flows, id, rate, window;
	int lengths[LENGTHS_MAX], lengths_cnt;
	int vlan; /* -1: none */
	uint16_t dport;
	bool ip6, swapped;
	double seconds;
	uint8_t smac[6], dmac[6];
};

/* At the end of the headers of each frame. */
struct mark {
	uint32_t magic, id, seq;
};

struct totals {
	uint32_t sent, received, doubled, corrupt, reordered, overrun, next;
	uint8_t *seen; /* by sequence number */
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	return x ^ (x >> 16);
}

static uint32_t sum16(const uint8_t *p, int len, uint32_t sum)
{
	for (int i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* Addresses and source port differ in many bits from flow to flow, for RSS. */
static int build_ip(const struct run *r, uint32_t flow, uint8_t *p, int l4_len)
{
	uint32_t h = mix(flow + 1);
	int addr = r->ip6 ? 8 : 12, addr_len = r->ip6 ? 32 : 8, len = addr + addr_len;

	memset(p, 0, len);
	if (r->ip6) {
		p[0] = 0x60;
		put16(p + 4, l4_len);
		p[6] = IPPROTO_UDP;
		p[7] = 64;
		p[8] = p[24] = 0xfd;
		p[39] = 1;
		memcpy(p + 20, &h, 4);
	} else {
		p[0] = 0x45;
		put16(p + 2, 20 + l4_len);
		p[8] = 64;
		p[9] = IPPROTO_UDP;
		p[12] = 10;
		p[13] = h >> 16;
		p[14] = h >> 8;
		p[15] = h | 1;
		memcpy(p + 16, (uint8_t[]){192, 0, 2, 1}, 4);
		put16(p + 10, fold(sum16(p, 20, 0)));
	}
	put16(p + len, 1024 + (h >> 12) % 60000);
	put16(p + len + 2, r->dport);
	put16(p + len + 4, l4_len);
	put16(p + len + 6, 0);
	return sum16(p + addr, addr_len, IPPROTO_UDP + l4_len);
}

/* The frame of that number, as it is sent; its length. */
static int build(const struct run *r, uint32_t seq, uint8_t *frame)
{
	int len = r->lengths[seq % r->lengths_cnt], ip = r->vlan >= 0 ? 18 : 14;
	int l4 = ip + (r->ip6 ? 40 : 20), data = l4 + 8;
	struct mark mark = {MAGIC, r->id, seq};
	uint32_t sum, noise = mix(seq ^ r->id);

	memcpy(frame, r->dmac, 6);
	memcpy(frame + 6, r->smac, 6);
	if (r->vlan >= 0) {
		put16(frame + 12, ETH_P_8021Q);
		put16(frame + 14, r->vlan);
	}
	put16(frame + ip - 2, r->ip6 ? ETH_P_IPV6 : ETH_P_IP);
	sum = build_ip(r, seq % r->flows, frame + ip, len - l4);
	memcpy(frame + data, &mark, sizeof(mark));
	for (int i = data + sizeof(mark); i < len; i++) {
		noise = noise * 1664525u + 1013904223u;
		frame[i] = noise >> 24;
	}
	sum = fold(sum16(frame + l4, len - l4, sum));
	put16(frame + l4 + 6, sum ? sum : 0xffff);
	return len;
}

/* One frame with the tag that the kernel took off put back; its length or -1. */
static int receive(int fd, uint8_t *frame)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {frame, FRAME_MAX};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int len = recvmsg(fd, &msg, MSG_DONTWAIT);

	for (struct cmsghdr *c = len < 14 ? NULL : CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		const struct tpacket_auxdata *aux = (const void *)CMSG_DATA(c);

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    !(aux->tp_status & TP_STATUS_VLAN_VALID) || len + 4 > FRAME_MAX)
			continue;
		memmove(frame + 16, frame + 12, len - 12);
		put16(frame + 12, aux->tp_vlan_tpid ? aux->tp_vlan_tpid : ETH_P_8021Q);
		put16(frame + 14, aux->tp_vlan_tci);
		len += 4;
	}
	return len;
}

/* Counts one received frame; ignores what does not carry this run's mark. */
static void check(const struct run *r, const uint8_t *got, int len, struct totals *t)
{
	int data = (r->vlan >= 0 ? 18 : 14) + (r->ip6 ? 40 : 20) + 8, want_len;
	uint8_t want[FRAME_MAX], mac[6];
	struct mark mark;

	if (len < data + (int)sizeof(mark))
		return;
	memcpy(&mark, got + data, sizeof(mark));
	if (mark.magic != MAGIC || mark.id != r->id)
		return;
	if (mark.seq >= r->frames) {
		t->corrupt++;
		return;
	}
	want_len = build(r, mark.seq, want);
	if (r->swapped) {
		memcpy(mac, want, 6);
		memcpy(want, want + 6, 6);
		memcpy(want + 6, mac, 6);
	}
	/* network cards fill short frames up to 60 bytes */
	if ((len != want_len && (want_len >= 60 || len < want_len || len > 64)) ||
	    memcmp(got, want, want_len))
		t->corrupt++;
	else if (t->seen[mark.seq]++)
		t->doubled++;
	else
		t->received++;
	if (mark.seq < t->next)
		t->reordered++;
	else
		t->next = mark.seq + 1;
}

static int open_socket(const struct run *r)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, bytes = 32 << 20;
	struct packet_mreq promisc = {.mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	addr.sll_ifindex = promisc.mr_ifindex = if_nametoindex(r->ifname);
	if (fd < 0 || !addr.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)) ||
	    bind(fd, (void *)&addr, sizeof(addr))) {
		fprintf(stderr, "pkt: cannot open %s: %s\n", r->ifname, strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

static int run(const struct run *r, int fd, bool sends, bool checks, struct totals *t)
{
	static uint8_t frame[FRAME_MAX];
	double start = now_s(), news = start, full = 0;
	int len;

	for (;;) {
		double now = now_s();
		bool due = sends && t->sent < r->frames &&
			   (!r->rate || t->sent < (now - start) * r->rate) &&
			   (!checks || t->sent - t->received < r->window);

		if (due && send(fd, frame, build(r, t->sent, frame), 0) >= 0) {
			t->sent++;
			news = now;
		} else if (due && errno != ENOBUFS && errno != EAGAIN && errno != ENETDOWN) {
			fprintf(stderr, "pkt: cannot send on %s: %s\n", r->ifname, strerror(errno));
			return -1;
		}
		for (int i = 0; checks && i < 64 && (len = receive(fd, frame)) >= 0; i++) {
			check(r, frame, len, t);
			news = now;
		}
		if (checks && t->received == r->frames && !full)
			full = now;
		if ((full && now - full > LINGER_S) || (!checks && t->sent == r->frames) ||
		    now - (sends ? news : start) > r->seconds)
			return 0;
		if (!due) {
			struct pollfd p = {.fd = fd, .events = checks ? POLLIN : 0};

			poll(&p, 1, 1);
		}
	}
}

static int report(const struct run *r, int fd, bool sends, bool checks, struct totals *t)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);
	bool good = !sends || t->sent == r->frames;

	if (sends)
		printf("sent %u%s", t->sent, checks ? " " : "\n");
	if (checks) {
		getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
		printf("received %u missing %u doubled %u corrupt %u reordered %u overrun %u\n",
		       t->received, r->frames - t->received, t->doubled, t->corrupt, t->reordered,
		       stats.tp_drops);
		good = good && t->received == r->frames && !t->doubled && !t->corrupt;
	}
	for (uint32_t i = 0, shown = 0; checks && i < r->frames && shown < 10; i++)
		if (!t->seen[i] && ++shown)
			fprintf(stderr, "pkt: frame %u (flow %u, %d bytes) is missing\n", i,
				i % r->flows, r->lengths[i % r->lengths_cnt]);
	return good ? 0 : 1;
}

/* "60,1514" or "60-1514"; false: neither. */
static bool parse_lengths(struct run *r, const char *text)
{
	int from, to, used;

	for (r->lengths_cnt = 0;; text++) {
		if (sscanf(text, "%d%n", &from, &used) != 1)
			return false;
		to = from;
		text += used;
		if (*text == '-' && sscanf(++text, "%d%n", &to, &used) == 1)
			text += used;
		for (; from <= to && from <= FRAME_MAX && r->lengths_cnt < LENGTHS_MAX; from++)
			r->lengths[r->lengths_cnt++] = from;
		if (*text != ',')
			return !*text && from == to + 1 && r->lengths_cnt;
	}
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	struct ether_addr *addr = ether_aton(text);

	if (addr)
		memcpy(mac, addr, 6);
	return addr;
}

static bool parse(struct run *r, int argc, char **argv)
{
	bool good = true;
	int opt, least;

	while ((opt = getopt(argc, argv, "i:n:l:F:V:s:d:p:6xR:r:w:t:")) != -1) {
		switch (opt) {
		case 'i':
			r->ifname = optarg;
			break;
		case 'n':
			r->frames = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			good &= parse_lengths(r, optarg);
			break;
		case 'F':
			r->flows = strtoul(optarg, NULL, 0);
			break;
		case 'V':
			r->vlan = strtoul(optarg, NULL, 0) & 0xffff;
			break;
		case 's':
			good &= parse_mac(optarg, r->smac);
			break;
		case 'd':
			good &= parse_mac(optarg, r->dmac);
			break;
		case 'p':
			r->dport = strtoul(optarg, NULL, 0);
			break;
		case '6':
			r->ip6 = true;
			break;
		case 'x':
			r->swapped = true;
			break;
		case 'R':
			r->id = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			r->rate = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			r->window = strtoul(optarg, NULL, 0);
			break;
		case 't':
			r->seconds = strtod(optarg, NULL);
			break;
		default:
			good = false;
		}
	}
	least = (r->vlan >= 0 ? 18 : 14) + (r->ip6 ? 40 : 20) + 8 + sizeof(struct mark);
	for (int i = 0; i < r->lengths_cnt; i++)
		good &= r->lengths[i] >= least;
	return good && optind == argc && r->ifname && r->frames && r->flows && r->window;
}

int main(int argc, char **argv)
{
	static struct run r = {.frames = 100,
			       .flows = 16,
			       .rate = 10000,
			       .window = 64,
			       .lengths = {128},
			       .lengths_cnt = 1,
			       .vlan = -1,
			       .dport = 1234,
			       .seconds = 10,
			       .smac = {2, 0, 0, 0, 0, 1},
			       .dmac = {255, 255, 255, 255, 255, 255}};
	struct totals t = {0};
	bool sends, checks;
	int fd, status = 1;

	sends = argc > 1 && (!strcmp(argv[1], "send") || !strcmp(argv[1], "echo"));
	checks = argc > 1 && (!strcmp(argv[1], "recv") || !strcmp(argv[1], "echo"));
	if ((!sends && !checks) || !parse(&r, argc - 1, argv + 1)) {
		fputs(usage_text, stderr);
		return 2;
	}
	t.seen = calloc(r.frames, 1);
	fd = t.seen ? open_socket(&r) : -1;
	if (fd >= 0) {
		if (checks && !sends) {
			puts("ready");
			fflush(stdout);
		}
		if (!run(&r, fd, sends, checks, &t))
			status = report(&r, fd, sends, checks, &t);
		close(fd);
	}
	free(t.seen);
	return status;
}
