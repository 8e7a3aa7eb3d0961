// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends numbered UDP and TCP frames out of an interface, and compares each one that comes
 * back, byte for byte, with what was sent. It does not know xsteer.
 *
 * A frame follows from its number, so only the numbers that came back must be remembered.
 * No more than a window of frames is on the way, since a veth queues 256 and drops the
 * rest, which would hide a loss that is ours.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define BATCH 32
#define FRAME_MAX 65536
#define FIRST_PORT 10000
#define MAGIC 0x78737472U /* "xstr" */

enum proto { UDP4, TCP4, UDP6, TCP6, PROTO_MAX };

/* At the start of every L4 payload; random bytes follow. */
struct stamp {
	__be32 magic;
	__be32 run; /* this process: frames of another are not ours */
	__be64 number;
};

struct traffic {
	int fd;
	unsigned int ifindex;
	unsigned char src_mac[ETH_ALEN], dst_mac[ETH_ALEN];
	unsigned long frames, flows, window, rate_pps, wait_ms;
	unsigned long size_min, size_max;
	unsigned int protos; /* bits: 1 << enum proto */
	bool one_way, swapped, malformed, ordered;
	unsigned int run;

	unsigned char *seen; /* by number: came back */
	unsigned long *last; /* with -O, by flow: one more than the latest number that came back */
	unsigned long sent, sent_bytes, returned, duplicated, corrupt, overtaken;
	unsigned char *tx[BATCH], *rx[BATCH], *expected;
};

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* splitmix64: every bit of the number reaches every bit of the result */
static unsigned long long scramble(unsigned long long x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static unsigned int sum16(unsigned int sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static __be16 fold(unsigned int sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static enum proto proto_of(const struct traffic *t, unsigned long number)
{
	enum proto p = number % PROTO_MAX;

	while (!(t->protos & (1U << p)))
		p = (p + 1) % PROTO_MAX;
	return p;
}

static size_t headers_len(enum proto p)
{
	return ETH_HLEN + (p == UDP4 || p == TCP4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr)) +
	       (p == UDP4 || p == UDP6 ? sizeof(struct udphdr) : sizeof(struct tcphdr));
}

/* Returns the pseudo header's sum. */
static unsigned int put_ip(unsigned char *at, enum proto p, size_t l4_len)
{
	unsigned char l4 = p == UDP4 || p == UDP6 ? IPPROTO_UDP : IPPROTO_TCP;
	unsigned int sum = l4 + l4_len;

	if (p == UDP4 || p == TCP4) {
		struct iphdr ip = { .version = 4,
				    .ihl = 5,
				    .tot_len = htons(sizeof(ip) + l4_len),
				    .ttl = 64,
				    .protocol = l4,
				    .saddr = htonl(0xc6120001), /* 198.18.0.1, .2 */
				    .daddr = htonl(0xc6120002) };

		ip.check = fold(sum16(0, &ip, sizeof(ip)));
		memcpy(at, &ip, sizeof(ip));
		return sum16(sum, &ip.saddr, 8);
	}

	struct ip6_hdr ip6 = { .ip6_ctlun.ip6_un1 = { .ip6_un1_flow = htonl(6U << 28),
						      .ip6_un1_plen = htons(l4_len),
						      .ip6_un1_nxt = l4,
						      .ip6_un1_hlim = 64 } };

	inet_pton(AF_INET6, "fd00:198:18::1", &ip6.ip6_src);
	inet_pton(AF_INET6, "fd00:198:18::2", &ip6.ip6_dst);
	memcpy(at, &ip6, sizeof(ip6));
	return sum16(sum, &ip6.ip6_src, 32);
}

static void put_l4(unsigned char *at, const struct traffic *t, enum proto p, unsigned long number,
		   size_t l4_len, unsigned int sum)
{
	__be16 source = htons(FIRST_PORT + number / PROTO_MAX % t->flows), dest = htons(7);

	if (p == UDP4 || p == UDP6) {
		struct udphdr udp = { .source = source, .dest = dest, .len = htons(l4_len) };

		memcpy(at, &udp, sizeof(udp));
		udp.check = fold(sum16(sum, at, l4_len));
		if (!udp.check)
			udp.check = 0xffff;
		memcpy(at, &udp, sizeof(udp));
	} else {
		struct tcphdr tcp = { .source = source,
				      .dest = dest,
				      .seq = htonl(number),
				      .doff = 5,
				      .psh = 1,
				      .ack = 1,
				      .window = htons(1024) };

		memcpy(at, &tcp, sizeof(tcp));
		tcp.check = fold(sum16(sum, at, l4_len));
		memcpy(at, &tcp, sizeof(tcp));
	}
}

/* Writes frame `number` to buf (FRAME_MAX bytes); returns its length. */
static size_t build_frame(const struct traffic *t, unsigned long number, unsigned char *buf)
{
	struct stamp stamp = { htonl(MAGIC), htonl(t->run), htobe64(number) };
	enum proto p = proto_of(t, number);
	size_t headers = headers_len(p), ip_len, len, at;
	unsigned long long noise = scramble(number + ((unsigned long long)t->run << 32));
	__be16 type = htons(p == UDP4 || p == TCP4 ? ETH_P_IP : ETH_P_IPV6);
	unsigned int sum;

	len = t->size_min + noise % (t->size_max - t->size_min + 1);
	if (len < headers + sizeof(stamp))
		len = headers + sizeof(stamp);

	memcpy(buf, t->dst_mac, ETH_ALEN);
	memcpy(buf + ETH_ALEN, t->src_mac, ETH_ALEN);
	memcpy(buf + 2 * ETH_ALEN, &type, sizeof(type));
	memcpy(buf + headers, &stamp, sizeof(stamp));
	for (at = headers + sizeof(stamp); at < len; at += sizeof(noise)) {
		noise = scramble(noise);
		memcpy(buf + at, &noise, len - at < sizeof(noise) ? len - at : sizeof(noise));
	}
	ip_len = p == UDP4 || p == TCP4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	len -= ETH_HLEN + ip_len;
	sum = put_ip(buf + ETH_HLEN, p, len);
	if (t->malformed)
		(buf + ETH_HLEN)[0] |= 0xf0;
	put_l4(buf + ETH_HLEN + ip_len, t, p, number, len, sum);
	return len + ETH_HLEN + ip_len;
}

/* The number of a frame that may be ours; false: somebody else's. */
static bool read_stamp(const struct traffic *t, const unsigned char *buf, size_t len,
		       unsigned long *number)
{
	struct stamp stamp;
	size_t headers;
	int p;

	for (p = 0; p < PROTO_MAX; p++) {
		headers = headers_len(p);
		if (!(t->protos & (1U << p)) || len < headers + sizeof(stamp))
			continue;
		memcpy(&stamp, buf + headers, sizeof(stamp));
		*number = be64toh(stamp.number);
		if (stamp.magic == htonl(MAGIC) && stamp.run == htonl(t->run) &&
		    *number < t->sent && proto_of(t, *number) == (enum proto)p)
			return true;
	}
	return false;
}

/* Whether a later frame of its flow came back before this one. */
static bool is_overtaken(struct traffic *t, unsigned long number)
{
	unsigned long *last =
		&t->last[number / PROTO_MAX % t->flows * PROTO_MAX + proto_of(t, number)];

	if (number < *last)
		return true;
	*last = number + 1;
	return false;
}

static void take_frame(struct traffic *t, unsigned char *buf, size_t len)
{
	unsigned char mac[ETH_ALEN];
	unsigned long number;
	size_t expected;

	if (!read_stamp(t, buf, len, &number))
		return;
	if (t->swapped) {
		memcpy(mac, buf, ETH_ALEN);
		memcpy(buf, buf + ETH_ALEN, ETH_ALEN);
		memcpy(buf + ETH_ALEN, mac, ETH_ALEN);
	}
	expected = build_frame(t, number, t->expected);
	if (expected != len || memcmp(buf, t->expected, len)) {
		if (!t->corrupt++)
			fprintf(stderr,
				"traffic: frame %lu came back as %zu bytes, not the %zu sent\n",
				number, len, expected);
		return;
	}
	if (t->seen[number]) {
		t->duplicated++;
		return;
	}
	t->seen[number] = 1;
	t->returned++;
	if (t->ordered && is_overtaken(t, number))
		t->overtaken++;
}

static int receive(struct traffic *t)
{
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ t->rx[i], FRAME_MAX };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(t->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (i = 0; i < n; i++)
		take_frame(t, t->rx[i], msgs[i].msg_len);
	return n;
}

static int send_some(struct traffic *t, unsigned long room)
{
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	unsigned long i, count = t->frames - t->sent;
	int n;

	if (count > room)
		count = room;
	if (count > BATCH)
		count = BATCH;
	for (i = 0; i < count; i++) {
		iov[i].iov_base = t->tx[i];
		iov[i].iov_len = build_frame(t, t->sent + i, t->tx[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	/* counted before they leave, since the first may be back before the call returns */
	t->sent += count;
	n = sendmmsg(t->fd, msgs, count, 0);
	if (n < (int)count)
		t->sent -= count - (n < 0 ? 0 : n);
	if (n < 0)
		return errno == ENOBUFS || errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (i = 0; i < (unsigned long)n; i++)
		t->sent_bytes += iov[i].iov_len;
	return n;
}

static unsigned long allowed(const struct traffic *t, unsigned long long start_ns)
{
	unsigned long due = t->frames, on_the_way = t->one_way ? 0 : t->sent - t->returned;

	if (t->rate_pps)
		due = (now_ns() - start_ns) * t->rate_pps / 1000000000ULL + 1;
	if (due <= t->sent || on_the_way >= t->window)
		return 0;
	due -= t->sent;
	return due < t->window - on_the_way ? due : t->window - on_the_way;
}

/* Waits until all came back, or nothing did for wait_ms. 0 or -errno. */
static int exchange(struct traffic *t)
{
	unsigned long long start = now_ns(), last = start;
	struct pollfd pfd = { .fd = t->fd, .events = POLLIN };
	unsigned long room, before;
	int n, err;

	while (t->sent < t->frames || (!t->one_way && t->returned < t->sent)) {
		room = allowed(t, start);
		n = t->sent < t->frames && room ? send_some(t, room) : 0;
		if (n < 0)
			return n;
		before = t->returned;
		err = receive(t);
		if (err < 0)
			return err;
		if (n || t->returned > before || (t->sent < t->frames && t->rate_pps && t->one_way))
			last = now_ns();
		else if (now_ns() - last > t->wait_ms * 1000000ULL)
			break;
		if (!n && !err)
			poll(&pfd, 1, 1);
	}
	/* look once more, since a duplicate comes late */
	for (n = 0; !t->one_way && n < 3; n++) {
		poll(&pfd, 1, 10);
		while ((err = receive(t)) > 0)
			;
		if (err < 0)
			return err;
	}
	return 0;
}

static int open_interface(struct traffic *t, const char *ifname)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq ifr = { 0 };
	int bytes = 32 << 20, one = 1;

	t->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(t->fd, SIOCGIFHWADDR, &ifr))
		return -errno;
	memcpy(t->src_mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	sll.sll_ifindex = if_nametoindex(ifname);
	if (setsockopt(t->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(t->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) ||
	    setsockopt(t->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(t->fd, (struct sockaddr *)&sll, sizeof(sll)))
		return -errno;
	return 0;
}

static int usage(int status)
{
	fputs("usage: traffic [options] IF\n"
	      "  -n N        frames (1000)\n"
	      "  -f N        flows: source ports (64)\n"
	      "  -p LIST     of udp4,tcp4,udp6,tcp6, taken in turn (all)\n"
	      "  -s N[-M]    frame bytes (64-1514); no less than the headers need\n"
	      "  -w N        frames on the way at most (128)\n"
	      "  -r PPS      no faster than this\n"
	      "  -t MS       give up when nothing comes back for so long (2000)\n"
	      "  -d MAC      destination (02:00:00:00:00:02)\n"
	      "  -x          expect the MAC addresses swapped\n"
	      "  -m          malformed: an IP version of 15\n"
	      "  -o          one way: expect nothing back\n"
	      "  -O          in order: no frame of a flow may overtake another\n"
	      "Prints one line of counts; exits 0 if every frame sent came back once, unchanged.\n",
	      status ? stderr : stdout);
	return status;
}

static bool parse_protos(struct traffic *t, char *list)
{
	static const char *const names[] = { "udp4", "tcp4", "udp6", "tcp6" };
	char *name;
	int p;

	t->protos = 0;
	for (name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		for (p = 0; p < PROTO_MAX && strcmp(name, names[p]); p++)
			;
		if (p == PROTO_MAX)
			return false;
		t->protos |= 1U << p;
	}
	return t->protos;
}

static bool parse_mac(unsigned char *mac, const char *text)
{
	unsigned int b[ETH_ALEN], i;

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
		return false;
	for (i = 0; i < ETH_ALEN; i++)
		mac[i] = b[i];
	return true;
}

static bool parse_number(unsigned long *out, const char *text, unsigned long min, unsigned long max)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return !errno && end != text && !*end && *out >= min && *out <= max;
}

static bool parse_size(struct traffic *t, char *text)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	return parse_number(&t->size_min, text, 14, 65535) &&
	       parse_number(&t->size_max, dash ? dash + 1 : text, t->size_min, 65535);
}

static bool parse_option(struct traffic *t, int option)
{
	switch (option) {
	case 'n':
		return parse_number(&t->frames, optarg, 1, 1000000000);
	case 'f':
		return parse_number(&t->flows, optarg, 1, 50000);
	case 'p':
		return parse_protos(t, optarg);
	case 's':
		return parse_size(t, optarg);
	case 'w':
		return parse_number(&t->window, optarg, 1, 100000);
	case 'r':
		return parse_number(&t->rate_pps, optarg, 1, 10000000);
	case 't':
		return parse_number(&t->wait_ms, optarg, 1, 600000);
	case 'd':
		return parse_mac(t->dst_mac, optarg);
	case 'x':
		t->swapped = true;
		return true;
	case 'm':
		t->malformed = true;
		return true;
	case 'o':
		t->one_way = true;
		return true;
	case 'O':
		t->ordered = true;
		return true;
	default:
		return false;
	}
}

static bool allocate(struct traffic *t)
{
	int i;

	t->seen = calloc(t->frames, 1);
	t->last = calloc(t->flows * PROTO_MAX, sizeof(*t->last));
	t->expected = malloc(FRAME_MAX);
	for (i = 0; i < BATCH; i++) {
		t->tx[i] = malloc(FRAME_MAX);
		t->rx[i] = malloc(FRAME_MAX);
		if (!t->tx[i] || !t->rx[i])
			return false;
	}
	return t->seen && t->last && t->expected;
}

static void release(struct traffic *t)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		free(t->tx[i]);
		free(t->rx[i]);
	}
	free(t->expected);
	free(t->seen);
	free(t->last);
	if (t->fd >= 0)
		close(t->fd);
}

int main(int argc, char **argv)
{
	struct traffic t = { .fd = -1,
			     .dst_mac = { 2, 0, 0, 0, 0, 2 },
			     .frames = 1000,
			     .flows = 64,
			     .window = 128,
			     .wait_ms = 2000,
			     .size_min = 64,
			     .size_max = 1514,
			     .protos = (1U << PROTO_MAX) - 1,
			     .run = getpid() };
	int option, err;
	bool good;

	while ((option = getopt(argc, argv, "n:f:p:s:w:r:t:d:xmoOh")) != -1) {
		if (option == 'h')
			return usage(0);
		if (!parse_option(&t, option))
			return usage(2);
	}
	if (optind + 1 != argc)
		return usage(2);

	err = allocate(&t) ? open_interface(&t, argv[optind]) : -ENOMEM;
	if (!err)
		err = exchange(&t);
	if (err)
		fprintf(stderr, "traffic: %s: %s\n", argv[optind], strerror(-err));
	printf("sent %lu returned %lu missing %lu duplicated %lu corrupt %lu bytes %lu", t.sent,
	       t.returned, t.one_way ? 0 : t.sent - t.returned, t.duplicated, t.corrupt,
	       t.sent_bytes);
	if (t.ordered)
		printf(" overtaken %lu", t.overtaken);
	printf("\n");
	good = !err && t.sent == t.frames && !t.duplicated && !t.corrupt && !t.overtaken &&
	       t.returned == (t.one_way ? 0 : t.sent);
	release(&t);
	return good ? 0 : 1;
}
