// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A process that is killed at any instruction of what it does with rings and frames. A child does
 * it in shared memory, one instruction at a time; after each that has changed something there, a copy of
 * this memory is what a dead process would leave. From there another one goes on: each frame
 * is in exactly one place, each counter is that of the rings, and each packet is sent once.
 * The other one is killed at each of its instructions, too.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/xsk/books.h"
#include "lib/xsk/pass.h"
#include "tools/bouncer/bouncer.h"
#include "tools/bouncer/forward.h"

#define FRAMES 16
#define FRAME_SIZE 2048
#define AWAY 256 /* bytes from the frame to the packet */
#define MACS 12

/* What outlives a process. The rings never wrap here, so they say all that ever was in them. */
struct shared {
	__u32 fill_prod, fill_cons, comp_prod, comp_cons, rx_prod, rx_cons, tx_prod, tx_cons, flags;
	__u64 fill[2 * FRAMES], comp[2 * FRAMES];
	struct xdp_desc rx[2 * FRAMES], tx[2 * FRAMES];
	unsigned char macs_sent[2 * FRAMES][MACS]; /* by index of TX, as the kernel took them */
	struct xs_umem_frame frames[FRAMES];
	__u32 stack[FRAMES];
	struct xs_xsk_books books;
	unsigned char umem[FRAMES * FRAME_SIZE];
};

/* What does not. */
struct process {
	struct shared *s;
	struct xs_bouncer b;
	struct xs_worker w;
};

static void prod(struct xsk_ring_prod *ring, struct shared *s, __u32 *producer, __u32 *consumer,
		 void *entries)
{
	*ring = (struct xsk_ring_prod){ .cached_prod = *producer,
					.cached_cons = *consumer + 2 * FRAMES,
					.mask = 2 * FRAMES - 1,
					.size = 2 * FRAMES,
					.producer = producer,
					.consumer = consumer,
					.ring = entries,
					.flags = &s->flags };
}

static void cons(struct xsk_ring_cons *ring, struct shared *s, __u32 *producer, __u32 *consumer,
		 void *entries)
{
	*ring = (struct xsk_ring_cons){ .cached_prod = *producer,
					.cached_cons = *consumer,
					.mask = 2 * FRAMES - 1,
					.size = 2 * FRAMES,
					.producer = producer,
					.consumer = consumer,
					.ring = entries,
					.flags = &s->flags };
}

static void begin_process(struct process *p, struct shared *s, __u32 actions)
{
	struct xs_xsk *x = &p->w.xsk;

	memset(p, 0, sizeof(*p));
	p->s = s;
	p->w.bouncer = &p->b;
	p->b.opts.actions = actions;
	prod(&x->fill, s, &s->fill_prod, &s->fill_cons, s->fill);
	prod(&x->tx, s, &s->tx_prod, &s->tx_cons, s->tx);
	cons(&x->rx, s, &s->rx_prod, &s->rx_cons, s->rx);
	cons(&x->comp, s, &s->comp_prod, &s->comp_cons, s->comp);
	x->fd = -1;
	x->mode = XS_XSK_copy;
	x->frame_size = FRAME_SIZE;
	x->frame_shift = 11;
	x->frame_cnt = FRAMES;
	x->umem = (char *)s->umem;
	x->frames = s->frames;
	x->free_stack = s->stack;
	x->books = &s->books;
}

/* Each packet's addresses have its number in RX. */
static void kernel_receives(struct shared *s, __u32 options)
{
	__u64 addr = s->fill[s->fill_cons++] + AWAY;

	for (int i = 0; i < MACS; i++)
		s->umem[addr + i] = (unsigned char)(16 * s->rx_prod + i);
	s->rx[s->rx_prod] =
		(struct xdp_desc){ .addr = addr, .len = 60 + s->rx_prod, .options = options };
	s->rx_prod++;
}

static void kernel_takes(struct shared *s, __u32 n)
{
	for (; n; n--) {
		memcpy(s->macs_sent[s->tx_cons], &s->umem[s->tx[s->tx_cons].addr], MACS);
		s->tx_cons++;
	}
}

static void kernel_completes(struct shared *s, __u32 n)
{
	for (; n; n--) {
		s->comp[s->comp_prod] = s->tx[s->comp_prod].addr;
		s->comp_prod++;
	}
}

static void receive_into_books(struct xs_xsk *x)
{
	__u32 packets;

	xs_xsk_receive(x, &x->books->descs[x->books->held], 8, ~0ull, &packets);
}

/* Some frames are free, some are in each ring, and one packet has no end yet. */
static void some_everywhere(struct process *p, struct shared *s, __u32 actions)
{
	struct xs_xsk *x = &p->w.xsk;

	memset(s, 0, sizeof(*s));
	begin_process(p, s, actions);
	for (__u32 i = 0; i < FRAMES; i++)
		x->free_stack[x->free_cnt++] = i;
	x->spare = 4;
	xs_xsk_refill(x);
	x->spare = 2;
	for (int i = 0; i < 3; i++)
		kernel_receives(s, 0);
	kernel_receives(s, actions == ~0u ? 0 : XDP_PKT_CONTD);
	if (actions == ~0u) {
		xs_xsk_bounce(x, 4);
	} else {
		receive_into_books(x);
		xs_forward(&p->w);
	}
	if (s->tx_prod) {
		kernel_takes(s, 2);
		kernel_completes(s, 2);
	}
	kernel_receives(s, 0);
	kernel_receives(s, 0);
	if (actions != ~0u)
		kernel_receives(s, XDP_PKT_CONTD);
	kernel_receives(s, 0);
	if (actions != ~0u)
		kernel_receives(s, XDP_PKT_CONTD);
}

/* ---- what a process does ---- */

static void bounces(struct process *p)
{
	xs_xsk_reap(&p->w.xsk);
	xs_xsk_refill(&p->w.xsk);
	xs_xsk_bounce(&p->w.xsk, 8);
}

static void forwards(struct process *p)
{
	xs_xsk_reap(&p->w.xsk);
	xs_xsk_refill(&p->w.xsk);
	receive_into_books(&p->w.xsk);
	xs_forward(&p->w);
}

static void discards(struct process *p)
{
	xs_xsk_discard(&p->w.xsk);
	xs_xsk_reap(&p->w.xsk);
	xs_xsk_refill(&p->w.xsk);
}

static void recovers(struct process *p)
{
	struct xs_xsk_places places;

	if (xs_xsk_recover(&p->w.xsk, &places) || xs_forward_again(&p->w))
		_exit(1);
}

/* ---- what has to hold after its death ---- */

static __u32 packets_in(const struct xdp_desc *descs, __u32 n)
{
	__u32 whole = 0;

	for (__u32 i = 0; i < n; i++)
		whole += !(descs[i].options & XDP_PKT_CONTD);
	return whole;
}

static void counters_are_those_of_the_rings(const struct shared *s, const struct xs_xsk *x)
{
	const struct xs_xsk_counters *c = &x->counters;
	__u64 bytes = 0;

	for (__u32 i = 0; i < s->comp_cons; i++)
		bytes += s->tx[i].len;
	assert_int_equal(c->rx_packets + c->discarded, packets_in(s->rx, s->rx_cons));
	assert_int_equal(c->tx_packets, packets_in(s->tx, s->comp_cons));
	assert_int_equal(c->tx_bytes, bytes);
	assert_int_equal(c->rx_unowned + c->tx_unowned, 0);
	bytes = 0;
	for (__u32 i = 0; i < s->rx_cons; i++)
		bytes += s->rx[i].len;
	if (!c->discarded)
		assert_int_equal(c->rx_bytes, bytes);
}

/* Index in RX of the frame that TX has at this index; -1: it was never received. */
static int received_as(const struct shared *s, __u32 tx)
{
	for (__u32 i = 0; i < s->rx_cons; i++)
		if (s->rx[i].len == s->tx[tx].len)
			return s->rx[i].addr == s->tx[tx].addr ? (int)i : -1;
	return -1;
}

static void each_was_sent_once(const struct shared *s, __u32 actions)
{
	bool first = true;
	int before = -1;

	for (__u32 i = 0; i < s->tx_prod; i++) {
		int rx = received_as(s, i);
		unsigned char want[MACS];

		assert_true(rx > before); /* in order, so none twice */
		before = rx;
		assert_int_equal(s->tx[i].options, s->rx[rx].options);
		for (int k = 0; k < MACS; k++)
			want[k] = (unsigned char)(16 * rx + (actions == XS_ACTION_swap_mac && first
								     ? (k + MACS / 2) % MACS
								     : k));
		assert_memory_equal(s->macs_sent[i], want, MACS);
		first = !(s->tx[i].options & XDP_PKT_CONTD);
	}
}

/* Somebody goes on, and the kernel, too; then nothing is left that is under way. */
static void goes_on_to_the_end(struct process *p, __u32 actions, __u32 deaths)
{
	struct shared *s = p->s;
	struct xs_xsk *x = &p->w.xsk;
	struct xs_ledger ledger;
	const struct xs_xsk_counters *c = &x->counters;

	if (actions == ~0u) {
		xs_xsk_bounce(x, 8);
	} else {
		assert_int_equal(xs_forward_again(&p->w), 0);
		receive_into_books(x);
		xs_forward(&p->w);
	}
	kernel_takes(s, s->tx_prod - s->tx_cons);
	kernel_completes(s, s->tx_prod - s->comp_prod);
	while (xs_xsk_reap(x)) /* the library looks only if it has seen none before */
		;
	xs_xsk_refill(x);
	xs_xsk_ledger(x, &ledger);
	assert_true(ledger.balanced);
	assert_int_equal(ledger.in_flight + ledger.tx_ring + ledger.completed, 0);
	assert_int_equal(ledger.rx, s->books.held);
	counters_are_those_of_the_rings(s, x);
	assert_int_equal(s->rx_cons, s->rx_prod);
	assert_true(c->interrupted <= deaths);
	assert_int_equal(c->rx_packets, c->tx_packets + c->dropped + c->interrupted);
	if (actions == XS_ACTION_drop)
		assert_int_equal(c->tx_packets, 0);
	else
		assert_int_equal(c->dropped, 0);
	each_was_sent_once(s, actions);
}

static void everything_is_found(const struct shared *left, __u32 actions, __u32 deaths)
{
	static struct shared copy;
	static struct process p;
	struct xs_xsk_places at;

	copy = *left;
	begin_process(&p, &copy, actions);
	assert_int_equal(xs_xsk_recover(&p.w.xsk, &at), 0);
	assert_int_equal(at.total, FRAMES);
	assert_int_equal(at.free + at.fill_ring + at.kernel + at.rx_ring + at.held + at.tx_ring +
				 at.in_flight + at.completed,
			 FRAMES);
	assert_int_equal(at.fill_ring, copy.fill_prod - copy.fill_cons);
	assert_int_equal(at.rx_ring, copy.rx_prod - copy.rx_cons);
	assert_int_equal(at.tx_ring, copy.tx_prod - copy.tx_cons);
	assert_int_equal(at.completed, copy.comp_prod - copy.comp_cons);
	counters_are_those_of_the_rings(&copy, &p.w.xsk);
	goes_on_to_the_end(&p, actions, deaths);
}

/* ---- one instruction after another ---- */

struct walk {
	void (*run)(struct process *p);
	__u32 actions;
	__u32 deaths; /* with the one that is tried */
	unsigned int
		every; /* after every Nth change the next process is killed at any instruction, too; 0: never */
};

static struct shared *shared_memory(void)
{
	void *map = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

static pid_t begin_child(struct process *p, void (*run)(struct process *p))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		run(p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

/* Returns how many times the memory has changed. */
static unsigned int walk(struct process *p, const struct walk *how)
{
	static const struct walk again = { .run = recovers };
	struct shared *before = malloc(sizeof(*before));
	pid_t pid = begin_child(p, how->run);
	unsigned int changes = 0;
	int status;

	*before = *p->s;
	everything_is_found(p->s, how->actions, how->deaths);
	for (;;) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			break;
		assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
		if (!memcmp(before, p->s, sizeof(*before)))
			continue;
		*before = *p->s;
		changes++;
		everything_is_found(p->s, how->actions, how->deaths);
		if (how->every && changes % how->every == 0) {
			struct walk next = again;
			struct process other;
			struct shared *left = shared_memory();

			*left = *p->s;
			next.actions = how->actions;
			next.deaths = how->deaths + 1;
			begin_process(&other, left, how->actions);
			walk(&other, &next);
			munmap(left, sizeof(*left));
		}
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	free(before);
	return changes;
}

static void killed_anywhere(void (*run)(struct process *p), __u32 actions, unsigned int every)
{
	const struct walk how = { .run = run, .actions = actions, .deaths = 1, .every = every };
	struct shared *s = shared_memory();
	static struct process p;
	unsigned int changes;

	some_everywhere(&p, s, actions);
	changes = walk(&p, &how);
	print_message("killed after each of %u changes\n", changes);
	assert_true(changes > 30); /* it did what is tried here */
	munmap(s, sizeof(*s));
}

static void while_it_bounces(void **state)
{
	(void)state;
	killed_anywhere(bounces, ~0u, 9);
}

static void while_it_forwards(void **state)
{
	(void)state;
	killed_anywhere(forwards, 0, 9);
}

static void while_it_changes_packets(void **state)
{
	(void)state;
	killed_anywhere(forwards, XS_ACTION_swap_mac, 9);
}

static void while_it_drops(void **state)
{
	(void)state;
	killed_anywhere(forwards, XS_ACTION_drop, 9);
}

static void while_it_throws_away(void **state)
{
	(void)state;
	killed_anywhere(discards, 0, 9);
}

/* ---- memory that no process of ours can have left ---- */

static void nonsense_is_not_gone_on_with(void **state)
{
	static struct process p, next;
	static struct shared s, bad;
	struct xs_xsk_places at;

	(void)state;
	some_everywhere(&p, &s, 0);
	for (int i = 0; i < 8; i++) {
		bad = s;
		begin_process(&next, &bad, 0);
		switch (i) {
		case 0:
			bad.books.step.op = XS_BOOKS_MAX;
			break;
		case 1:
			bad.books.step = (struct xs_books_step){ .op = XS_BOOKS_refill, .n = 3 };
			break;
		case 2:
			bad.books.step = (struct xs_books_step){ .op = XS_BOOKS_send,
								 .from = XS_BOOKS_DESCS,
								 .n = 1 };
			break;
		case 3:
			bad.books.step = (struct xs_books_step){
				.op = XS_BOOKS_receive, .from = 99, .n = 2, .to = 1, .moved = ~0u
			};
			break;
		case 4:
			bad.books.held = ~0u;
			break;
		case 5:
			bad.frames[3].state = XS_FRAME_MAX;
			break;
		case 6:
			bad.tx[bad.tx_prod - 1].addr = bad.rx[bad.rx_prod - 1].addr;
			break;
		default:
			bad.books.held = 0; /* a frame of a packet without end is nowhere */
		}
		assert_int_equal(xs_xsk_recover(&next.w.xsk, &at), -EUCLEAN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_bounces),
		cmocka_unit_test(while_it_forwards),
		cmocka_unit_test(while_it_changes_packets),
		cmocka_unit_test(while_it_drops),
		cmocka_unit_test(while_it_throws_away),
		cmocka_unit_test(nonsense_is_not_gone_on_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
