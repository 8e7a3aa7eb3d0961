// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Frames that tell which policy they met; see probe.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include "probe.h"

/* Far beyond what a loaded machine takes for one frame; only a lost one waits so long. */
#define LOST_MS 1500
/* Between frames while nobody waits for one: long enough to leave the CPU to others. */
#define PAUSE_US 500

const char *const policy_names[POLICY_MAX] = { "none", "old", "new", "lost" };

static const struct end {
	const char *ifname;
	enum policy policy; /* of a frame that comes out here */
} ends[] = { { "rx0", POLICY_none }, { "tx0", POLICY_old }, { "dv1", POLICY_new } };

#define ENDS (int)(sizeof(ends) / sizeof(ends[0]))
#define SENDER 1 /* tx0 */

struct probe_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u64 number;
	char pad[20];
} __attribute__((packed));

static struct prober {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more; /* asked changed, or done did */
	int fds[ENDS];
	bool running;
	unsigned short port;
	unsigned long asked, done; /* frames wanted at once; `done` counts up to it */
	unsigned long round; /* rises with probe_begin() */
	enum policy last, newest;
	struct probe_seen seen;
	__u64 number;
} prober = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static __u16 ip_checksum(const struct iphdr *ip)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

	for (size_t i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16) ~(sum + (sum >> 16));
}

static void fill_frame(struct probe_frame *frame, unsigned short port, __u64 number)
{
	static const unsigned char tx_mac[] = { 2, 0, 0, 0, 0, 1 }, rx_mac[] = { 2, 0, 0, 0, 0, 2 };
	const unsigned short ip_len = sizeof(*frame) - sizeof(frame->eth);
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .tot_len = htons(ip_len),
			    .ttl = 64,
			    .protocol = IPPROTO_UDP,
			    .saddr = htonl(0xc6120001),
			    .daddr = htonl(0xc6120002) };

	*frame = (struct probe_frame){ .eth.h_proto = htons(ETH_P_IP), .number = number };
	memcpy(frame->eth.h_source, tx_mac, ETH_ALEN);
	memcpy(frame->eth.h_dest, rx_mac, ETH_ALEN);
	ip.check = ip_checksum(&ip);
	frame->ip = ip;
	frame->udp = (struct udphdr){ .source = htons(1),
				      .dest = htons(port),
				      .len = htons(ip_len - sizeof(ip)) };
}

/* Is what waits on this socket the frame with that number? Others are thrown away. */
static bool take(int fd, __u64 number)
{
	struct probe_frame frame;
	ssize_t len;

	while ((len = recv(fd, &frame, sizeof(frame), MSG_DONTWAIT)) >= 0)
		if (len == sizeof(frame) && frame.udp.source == htons(1) && frame.number == number)
			return true;
	return false;
}

static enum policy send_one(unsigned short port)
{
	struct pollfd fds[ENDS];
	struct probe_frame frame;
	unsigned long long end = now_ms() + LOST_MS;

	fill_frame(&frame, port, ++prober.number);
	for (int i = 0; i < ENDS; i++)
		fds[i] = (struct pollfd){ .fd = prober.fds[i], .events = POLLIN };
	if (send(prober.fds[SENDER], &frame, sizeof(frame), 0) < 0)
		return POLICY_lost;
	while (now_ms() < end) {
		poll(fds, ENDS, 10);
		for (int i = 0; i < ENDS; i++)
			if (fds[i].revents && take(prober.fds[i], prober.number))
				return ends[i].policy;
	}
	return POLICY_lost;
}

static void note(enum policy policy)
{
	size_t len = strlen(prober.seen.changes);

	prober.seen.frames++;
	prober.seen.lost += policy == POLICY_lost;
	if (!prober.seen.policies || policy != prober.last)
		snprintf(prober.seen.changes + len, sizeof(prober.seen.changes) - len, "%s%s",
			 len ? " " : "", policy_names[policy]);
	prober.seen.policies |= POLICY_BIT(policy);
	prober.last = policy;
}

/* Under the lock; sends without it. */
static void probe_next(void)
{
	unsigned long asked = prober.asked, round = prober.round;
	unsigned short port = prober.port;
	enum policy policy;

	pthread_mutex_unlock(&prober.lock);
	policy = send_one(port);
	pthread_mutex_lock(&prober.lock);
	if (round == prober.round)
		note(policy);
	if (prober.done < asked) {
		prober.done = asked;
		prober.newest = policy;
		pthread_cond_broadcast(&prober.more);
	}
}

static void *probe_forever(void *arg)
{
	struct timespec until;

	(void)arg;
	pthread_mutex_lock(&prober.lock);
	while (prober.running) {
		probe_next();
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PAUSE_US * 1000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
		if (prober.running && prober.done >= prober.asked)
			pthread_cond_timedwait(&prober.more, &prober.lock, &until);
	}
	pthread_mutex_unlock(&prober.lock);
	return NULL;
}

/* A veth wakes its peer for frames of XDP_TX only if that has a program of its own. */
static int let_frames_in(const char *ifname)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, NULL), err;

	if (fd < 0)
		return -errno;
	err = bpf_xdp_attach((int)if_nametoindex(ifname), fd, 0, NULL);
	close(fd);
	return err;
}

static int open_end(const char *ifname)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(ifname) };
	int one = 1, fd, err;

	if (!address.sll_ifindex)
		return -ENODEV;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) &&
	    !bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int probe_start(void)
{
	sigset_t all, old;
	int err;

	err = let_frames_in("tx0");
	if (!err)
		err = let_frames_in("dv1");
	if (err)
		return err;
	for (int i = 0; i < ENDS; i++) {
		prober.fds[i] = open_end(ends[i].ifname);
		if (prober.fds[i] < 0)
			return prober.fds[i];
	}
	prober.port = PROBE_PORT_RULE;
	prober.running = true;
	/* the alarms are for who waits for the traced process */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&prober.thread, NULL, probe_forever, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

void probe_stop(void)
{
	pthread_mutex_lock(&prober.lock);
	prober.running = false;
	pthread_cond_broadcast(&prober.more);
	pthread_mutex_unlock(&prober.lock);
	pthread_join(prober.thread, NULL);
	for (int i = 0; i < ENDS; i++)
		close(prober.fds[i]);
}

void probe_begin(unsigned short port)
{
	pthread_mutex_lock(&prober.lock);
	prober.port = port;
	prober.round++;
	prober.seen = (struct probe_seen){};
	pthread_mutex_unlock(&prober.lock);
}

enum policy probe_now(void)
{
	enum policy policy;
	unsigned long mine;

	pthread_mutex_lock(&prober.lock);
	mine = ++prober.asked;
	pthread_cond_broadcast(&prober.more);
	while (prober.done < mine)
		pthread_cond_wait(&prober.more, &prober.lock);
	policy = prober.newest;
	pthread_mutex_unlock(&prober.lock);
	return policy;
}

void probe_seen(struct probe_seen *seen)
{
	pthread_mutex_lock(&prober.lock);
	*seen = prober.seen;
	pthread_mutex_unlock(&prober.lock);
}
