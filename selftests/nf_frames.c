// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Frames for tests of network functions; see nf_frames.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "nf_frames.h"

#define IP 14
#define L4_BYTES (NF_FRAME_BYTES - NF_FRAME_L4)
#define L4_BYTES6 (NF_FRAME_BYTES - NF_FRAME6_L4)

static void put16(unsigned char *p, __u16 value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* With libc alone, so that the library under test does not prove itself. */
static __u16 sum_of(const unsigned char *p, __u32 len, __u32 sum)
{
	for (__u32 i = 0; i < len; i += 2)
		sum += (__u32)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __u32 sum_field(__u8 proto)
{
	return proto == IPPROTO_TCP ? 16 : proto == IPPROTO_UDP ? 6 : 2;
}

static void set_sums(struct nf_frame *frame, __u8 proto)
{
	unsigned char *ip = frame->bytes + IP, *l4 = frame->bytes + NF_FRAME_L4;
	__u32 pseudo = proto == IPPROTO_ICMP ? 0 : (__u16)~sum_of(ip + 12, 8, proto + L4_BYTES);

	put16(ip + 10, 0);
	put16(ip + 10, sum_of(ip, 20, 0));
	put16(l4 + sum_field(proto), 0);
	put16(l4 + sum_field(proto), sum_of(l4, L4_BYTES, pseudo));
}

struct nf_frame nf_frame(__u8 proto, const char *saddr, __u16 sport, const char *daddr, __u16 dport)
{
	struct nf_frame frame = {};
	unsigned char *ip = frame.bytes + IP, *l4 = frame.bytes + NF_FRAME_L4;

	for (__u32 i = 0; i < NF_FRAME_BYTES; i++)
		frame.bytes[i] = (unsigned char)(i * 37 + 11);
	memcpy(frame.bytes, "\2\0\0\0\0\2\2\0\0\0\0\1\10\0", 14);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, NF_FRAME_BYTES - IP);
	ip[8] = 64;
	ip[9] = proto;
	assert_int_equal(inet_pton(AF_INET, saddr, ip + 12), 1);
	assert_int_equal(inet_pton(AF_INET, daddr, ip + 16), 1);
	put16(l4, proto == IPPROTO_ICMP ? (__u16)(sport << 8) : sport);
	put16(l4 + (proto == IPPROTO_ICMP ? 4 : 2), dport);
	if (proto == IPPROTO_UDP)
		put16(l4 + 4, L4_BYTES);
	if (proto == IPPROTO_TCP)
		l4[12] = 0x50;
	set_sums(&frame, proto);
	return frame;
}

struct nf_frame nf_frame6(__u8 proto, const char *saddr, __u16 sport, const char *daddr,
			  __u16 dport)
{
	struct nf_frame frame = {};
	unsigned char *ip = frame.bytes + IP, *l4 = frame.bytes + NF_FRAME6_L4;
	bool icmp = proto == IPPROTO_ICMPV6;

	memcpy(frame.bytes, "\2\0\0\0\0\2\2\0\0\0\0\1\x86\xdd", 14);
	ip[0] = 0x60;
	put16(ip + 4, L4_BYTES6);
	ip[6] = proto;
	ip[7] = 64;
	assert_int_equal(inet_pton(AF_INET6, saddr, ip + 8), 1);
	assert_int_equal(inet_pton(AF_INET6, daddr, ip + 24), 1);
	put16(l4, icmp ? (__u16)(sport << 8) : sport);
	put16(l4 + (icmp ? 4 : 2), dport);
	if (!icmp)
		put16(l4 + 4, L4_BYTES6);
	l4[8] = 0x5a;
	l4[9] = 0xa5;
	put16(l4 + (icmp ? 2 : 6),
	      sum_of(l4, L4_BYTES6, (__u16)~sum_of(ip + 8, 32, proto + L4_BYTES6)));
	return frame;
}

void nf_frame_set_ip(struct nf_frame *frame, __u32 off, __u16 value)
{
	put16(frame->bytes + IP + off, value);
	put16(frame->bytes + IP + 10, 0);
	put16(frame->bytes + IP + 10, sum_of(frame->bytes + IP, 20, 0));
}

static bool is(const struct nf_frame *frame, struct nf_frame wanted, bool swapped)
{
	if (swapped)
		memcpy(wanted.bytes, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	return !memcmp(frame->bytes, wanted.bytes, NF_FRAME_BYTES);
}

bool nf_frame_is(const struct nf_frame *frame, __u8 proto, const char *saddr, __u16 sport,
		 const char *daddr, __u16 dport, bool swapped)
{
	return is(frame, nf_frame(proto, saddr, sport, daddr, dport), swapped);
}

bool nf_frame6_is(const struct nf_frame *frame, __u8 proto, const char *saddr, __u16 sport,
		  const char *daddr, __u16 dport, bool swapped)
{
	return is(frame, nf_frame6(proto, saddr, sport, daddr, dport), swapped);
}

struct xsnf_test_packet nf_frame_packet(struct nf_frame *frame)
{
	return (struct xsnf_test_packet){ .data = frame->bytes,
					  .len = NF_FRAME_BYTES,
					  .room = NF_FRAME_BYTES };
}

__u8 nf_frame_run(const struct xsnf_ops *ops, struct nf_frame *frame)
{
	struct xsnf_test_packet packet = nf_frame_packet(frame);

	assert_int_equal(xsnf_test_run(ops, &packet, 1), 0);
	assert_int_equal(packet.len, NF_FRAME_BYTES);
	return packet.verdict;
}

void nf_frame_passes_when_cut(const struct xsnf_ops *ops, const struct nf_frame *frame, __u32 most,
			      __u8 verdict)
{
	for (__u32 len = 0; len <= most; len++) {
		struct nf_frame cut = *frame;
		struct xsnf_test_packet packet = nf_frame_packet(&cut);

		packet.len = len;
		assert_int_equal(xsnf_test_run(ops, &packet, 1), 0);
		assert_int_equal(packet.verdict, verdict);
		assert_int_equal(packet.len, len);
		assert_memory_equal(cut.bytes, frame->bytes, NF_FRAME_BYTES);
	}
}
