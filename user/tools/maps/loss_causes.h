/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Derives what happened to the frames from what was counted: each loss under one cause,
 * with its remedy; what was delivered; and what is left unexplained. Reads nothing.
 */
#ifndef XS_LOSS_CAUSES_H
#define XS_LOSS_CAUSES_H

#include "loss_sources.h"

#define XS_LOSS_IS_MALFORMED(X, name) \
	X(program, name, "the rules say 'malformed drop'; without it they are passed")

#define XS_MALFORMED_OF(X) \
	XS_LOSS_IS_MALFORMED(X, malformed_eth) \
	XS_LOSS_IS_MALFORMED(X, malformed_vlan) \
	XS_LOSS_IS_MALFORMED(X, malformed_ipv4) \
	XS_LOSS_IS_MALFORMED(X, malformed_ipv6) \
	XS_LOSS_IS_MALFORMED(X, malformed_ipv6_ext) \
	XS_LOSS_IS_MALFORMED(X, malformed_tcp) \
	XS_LOSS_IS_MALFORMED(X, malformed_udp) \
	XS_LOSS_IS_MALFORMED(X, malformed_icmp) \
	XS_LOSS_IS_MALFORMED(X, malformed_icmpv6) \
	XS_LOSS_IS_MALFORMED(X, malformed_sctp) \
	XS_LOSS_IS_MALFORMED(X, malformed_dccp)

/* Place, cause, remedy; {} stands for the interface. In the order in which a frame passes them. */
#define XS_LOSSES(X) \
	X(nic, nic_full, "a larger ring (ethtool -G {} rx N), more queues") \
	X(nic, nic_no_memory, "the driver got no memory for frames: more memory, smaller rings") \
	X(nic, nic_broken, "frames came in broken: the cable, or the sender") \
	X(program, rule, "a rule says drop: xsteer-rules show {}") \
	X(program, default, "the default is drop: write a rule for what is wanted") \
	XS_MALFORMED_OF(X) \
	X(program, no_socket, "no worker has the queue: xsteer-bouncer -d {} -Q QUEUE") \
	X(program, no_chain, "nobody serves the chain: xsteer-chain run {} FILE") \
	X(program, over_limit, "over the limit of a rule: xsteer-rules show {}") \
	X(program, earlier_rules, "rules that are not in force any more said drop") \
	X(program, drop, "a rule, the default or malformed; as root this says which") \
	X(program, not_done, "the driver cannot do what the program returned: its manual") \
	X(socket, ring_full, "the worker is too slow: more queues and workers, --ring") \
	X(socket, no_frame, "the worker gives frames back too late: more --frames") \
	X(socket, too_long, \
	  "longer than the socket takes: --frame-size 4096, smaller MTU; skb mode: native") \
	X(socket, other_queue, "the slot's socket is bound to another queue: bind it to this one") \
	X(socket, not_bound, "the slot's socket is not bound: start its process again") \
	X(socket, socket_other, "another error of the redirect; it stands beside") \
	X(cpu, cpu_full, "that CPU is too slow: more CPUs in the rules, fewer frames for it") \
	X(cpu, cpu_no_memory, "the kernel had no memory for the frame") \
	X(cpu, cpu_other, "another error of the redirect; it stands beside") \
	X(dev, dev_refused, "the other interface takes no more: its link, its ring (ethtool -G)") \
	X(dev, dev_down, "set the other interface up: ip link set dev NAME up") \
	X(dev, dev_too_long, "longer than the MTU of the other interface") \
	X(dev, dev_other, "the other interface cannot send for XDP; the error stands beside") \
	X(tx, tx_refused, "the driver takes no more: ethtool -G {} tx N; veth: XDP at its peer") \
	X(tx, tx_failed, "the driver could not send it back: more transmit queues (ethtool -L)") \
	X(send, send_invalid, "descriptors of the worker that are not valid: its error")

enum xs_loss {
#define X(place, cause, remedy) XS_LOSS_##cause,
	XS_LOSSES(X)
#undef X
		XS_LOSS_MAX
};

/* The place of a loss. nic is before the program; frames of send did not come in here. */
enum xs_loss_place {
	XS_PLACE_nic,
	XS_PLACE_program,
	XS_PLACE_socket,
	XS_PLACE_cpu,
	XS_PLACE_dev,
	XS_PLACE_tx,
	XS_PLACE_send,
	XS_PLACE_MAX
};

struct xs_loss_text {
	enum xs_loss_place place;
	const char *cause, *remedy;
};

extern const struct xs_loss_text xs_loss_texts[XS_LOSS_MAX];
extern const char *const xs_loss_places[XS_PLACE_MAX];

/* What the number of a part identifies. */
enum xs_loss_of {
	XS_LOSS_OF_ALL,
	XS_LOSS_OF_QUEUE,
	XS_LOSS_OF_SLOT,
	XS_LOSS_OF_CPU,
	XS_LOSS_OF_IFINDEX,
};

/* Frames of one cause, at one socket, queue, CPU or interface. */
struct xs_loss_part {
	enum xs_loss cause;
	enum xs_loss_of of;
	__u32 number;
	__u32 pid; /* of the socket; 0: not known */
	int error; /* errno; 0: not reported */
	__u64 frames;
};

struct xs_losses {
	__u64 frames_in;
	__u64 frames[XS_LOSS_MAX]; /* the sums of the parts */
	__u64 delivered[XS_VERDICT_MAX]; /* by verdict; drop: 0 */
	struct xs_loss_part *parts;
	__u32 part_cnt;
	bool measured; /* a source that knows of all losses was read */
	__u64 unexplained; /* what that source counted beyond the causes */
	const char *unmeasured; /* why not measured */
};

/*
 * `whole`: the counts are not of an interval but since their start. 0 or -ENOMEM. The
 * caller calls xs_losses_free().
 */
int xs_losses_find(const struct xs_loss_sources *sources, bool whole, struct xs_losses *losses);
void xs_losses_free(struct xs_losses *losses);

#endif
