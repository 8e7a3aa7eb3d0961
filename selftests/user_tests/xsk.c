// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The account of frames of an AF_XDP socket. The rings are in plain memory, and the test
 * plays the kernel: nothing is lost, doubled or written twice, whatever the kernel hands
 * over. kick() is tested by the net tests.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xsk/books.h"
#include "lib/xsk/pass.h"
#include "lib/xsk/xsk.h"

#define FRAMES 16
#define FRAME_SIZE 2048

struct fixture {
	struct xs_xsk x;
	__u32 fill_prod, fill_cons, comp_prod, comp_cons, rx_prod, rx_cons, tx_prod, tx_cons;
	__u32 flags;
	__u64 fill[FRAMES], comp[FRAMES];
	struct xdp_desc rx[FRAMES], tx[FRAMES];
	struct xs_umem_frame frames[FRAMES];
	__u32 stack[FRAMES];
	struct xs_xsk_books books;
};

static void prod(struct xsk_ring_prod *ring, struct fixture *f, __u32 size, __u32 *producer,
		 __u32 *consumer, void *entries)
{
	*ring = (struct xsk_ring_prod){
		.cached_cons = size,
		.mask = size - 1,
		.size = size,
		.producer = producer,
		.consumer = consumer,
		.ring = entries,
		.flags = &f->flags,
	};
}

static void cons(struct xsk_ring_cons *ring, struct fixture *f, __u32 size, __u32 *producer,
		 __u32 *consumer, void *entries)
{
	*ring = (struct xsk_ring_cons){
		.mask = size - 1,
		.size = size,
		.producer = producer,
		.consumer = consumer,
		.ring = entries,
		.flags = &f->flags,
	};
}

static void set_up_sized(struct fixture *f, __u32 ring)
{
	memset(f, 0, sizeof(*f));
	prod(&f->x.fill, f, ring, &f->fill_prod, &f->fill_cons, f->fill);
	prod(&f->x.tx, f, ring, &f->tx_prod, &f->tx_cons, f->tx);
	cons(&f->x.rx, f, ring, &f->rx_prod, &f->rx_cons, f->rx);
	cons(&f->x.comp, f, ring, &f->comp_prod, &f->comp_cons, f->comp);
	f->x.fd = -1;
	f->x.mode = XS_XSK_copy;
	f->x.frame_size = FRAME_SIZE;
	f->x.frame_shift = 11;
	f->x.frame_cnt = FRAMES;
	f->x.frames = f->frames;
	f->x.free_stack = f->stack;
	f->x.books = &f->books;
	for (__u32 i = 0; i < FRAMES; i++)
		f->x.free_stack[f->x.free_cnt++] = FRAMES - 1 - i;
}

static void set_up(struct fixture *f)
{
	set_up_sized(f, FRAMES);
}

static void assert_balanced(const struct fixture *f)
{
	struct xs_ledger ledger;

	xs_xsk_ledger(&f->x, &ledger);
	assert_true(ledger.balanced);
	assert_int_equal(ledger.total, FRAMES);
}

/* The kernel receives: takes a frame from the fill ring, gives it to RX. */
static __u64 kernel_receives(struct fixture *f, __u32 len, __u32 options)
{
	__u64 addr;

	assert_int_not_equal(f->fill_prod, f->fill_cons);
	addr = f->fill[f->fill_cons++ & f->x.fill.mask];
	f->rx[f->rx_prod++ & f->x.rx.mask] =
		(struct xdp_desc){ .addr = addr + 256, .len = len, .options = options };
	return addr;
}

static void kernel_hands_over(struct fixture *f, __u64 addr)
{
	f->rx[f->rx_prod++ & f->x.rx.mask] = (struct xdp_desc){ .addr = addr, .len = 60 };
}

static struct xdp_desc kernel_takes_tx(struct fixture *f)
{
	assert_int_not_equal(f->tx_prod, f->tx_cons);
	return f->tx[f->tx_cons++ & f->x.tx.mask];
}

static void kernel_completes(struct fixture *f, __u64 addr)
{
	f->comp[f->comp_prod++ & f->x.comp.mask] = addr;
}

/* Checks the TX ring: n packets of 60 bytes and more, from these addresses. */
static void kernel_sends(struct fixture *f, __u32 n, const __u64 *addrs)
{
	for (__u32 i = 0; i < n; i++) {
		struct xdp_desc desc = kernel_takes_tx(f);

		assert_int_equal(desc.len, 60 + i);
		assert_int_equal(desc.addr, addrs[i]);
		assert_int_equal(desc.options, 0);
		kernel_completes(f, desc.addr);
	}
	assert_int_equal(xs_xsk_reap(&f->x), n);
	assert_balanced(f);
}

static void frames_go_round_and_none_is_lost(void **state)
{
	struct fixture f;
	struct xdp_desc descs[FRAMES];
	__u32 packets;

	(void)state;
	set_up(&f);
	for (int turn = 0; turn < 1000; turn++) {
		__u32 n = 1 + turn % FRAMES;
		__u64 addrs[FRAMES];

		xs_xsk_refill(&f.x);
		assert_int_equal(f.x.free_cnt, 0);
		for (__u32 i = 0; i < n; i++)
			addrs[i] = kernel_receives(&f, 60 + i, 0) + 256;
		assert_int_equal(xs_xsk_receive(&f.x, descs, FRAMES, ~0ull, &packets), n);
		assert_int_equal(packets, n);
		assert_balanced(&f);
		assert_int_equal(xs_xsk_tx_room(&f.x, n), n);
		xs_xsk_send(&f.x, descs, n);
		assert_int_equal(xs_xsk_tx_queued(&f.x), n);
		assert_balanced(&f);
		kernel_sends(&f, n, addrs);
	}
	assert_int_equal(f.x.counters.rx_packets, f.x.counters.tx_packets);
	assert_int_equal(f.x.counters.rx_bytes, f.x.counters.tx_bytes);
	assert_int_equal(f.x.tx_cnt, 0);
}

static void bounced_frames_go_round_too(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(xs_xsk_bounce(&f.x, FRAMES), 0); /* nothing there */
	for (int turn = 0; turn < 1000; turn++) {
		__u32 n = 1 + turn % FRAMES, i;
		__u64 addrs[FRAMES];

		xs_xsk_refill(&f.x);
		for (i = 0; i < n; i++)
			addrs[i] = kernel_receives(&f, 60 + i, 0) + 256;
		/* in two steps, since the first may not take more */
		assert_int_equal(xs_xsk_bounce(&f.x, n / 2), n / 2);
		assert_int_equal(f.rx_prod - f.rx_cons, n - n / 2);
		assert_balanced(&f);
		assert_int_equal(xs_xsk_bounce(&f.x, FRAMES), n - n / 2);
		assert_int_equal(xs_xsk_tx_queued(&f.x), n);
		assert_balanced(&f);
		kernel_sends(&f, n, addrs);
	}
	assert_int_equal(f.x.counters.rx_packets, f.x.counters.tx_packets);
	assert_int_equal(f.x.counters.rx_bytes, f.x.counters.tx_bytes);
	assert_int_equal(f.x.counters.rx_unowned, 0);
}

static void bounce_leaves_out_what_it_does_not_own(void **state)
{
	struct fixture f;
	__u64 first, last;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	first = kernel_receives(&f, 60, 0);
	kernel_hands_over(&f, first + 256);
	kernel_hands_over(&f, (__u64)FRAMES * FRAME_SIZE);
	last = kernel_receives(&f, 61, XDP_PKT_CONTD | 8); /* no option goes on to TX */
	assert_int_equal(xs_xsk_bounce(&f.x, FRAMES), 2);
	assert_int_equal(f.x.counters.rx_unowned, 2);
	assert_int_equal(f.rx_cons, 4);
	assert_int_equal(f.tx_prod, 2);
	assert_int_equal(kernel_takes_tx(&f).addr, first + 256);
	assert_int_equal(f.tx[1].addr, last + 256);
	assert_int_equal(f.tx[1].options, 0);
	kernel_takes_tx(&f);
	assert_balanced(&f);
	/* what it did not send leaves no gap in the TX ring */
	kernel_receives(&f, 62, 0);
	assert_int_equal(xs_xsk_bounce(&f.x, FRAMES), 1);
	assert_int_equal(kernel_takes_tx(&f).len, 62);
	assert_balanced(&f);
}

static void bounce_without_room_takes_nothing(void **state)
{
	struct fixture f;

	(void)state;
	set_up_sized(&f, 4);
	xs_xsk_refill(&f.x);
	for (int i = 0; i < 4; i++)
		kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_bounce(&f.x, 4), 4);
	kernel_takes_tx(&f);
	xs_xsk_refill(&f.x);
	kernel_receives(&f, 60, 0);
	kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_bounce(&f.x, 2), 0); /* room for one */
	assert_int_equal(f.rx_prod - f.rx_cons, 2);
	assert_balanced(&f);
	assert_int_equal(xs_xsk_bounce(&f.x, 1), 1);
	assert_balanced(&f);
}

static void refill_gives_what_there_is_room_for(void **state)
{
	struct fixture f;

	(void)state;
	set_up_sized(&f, 4);
	assert_int_equal(xs_xsk_refill(&f.x), 4);
	assert_int_equal(f.x.free_cnt, FRAMES - 4);
	assert_int_equal(xs_xsk_refill(&f.x), 0); /* full: returns, does not wait */
	f.fill_cons += 3;
	assert_int_equal(xs_xsk_refill(&f.x), 3);
	assert_int_equal(f.fill_prod, 7);
	assert_balanced(&f);
}

static void frame_freed_last_is_given_first(void **state)
{
	struct fixture f;
	struct xdp_desc descs[4];
	__u32 packets;
	__u64 addr;

	(void)state;
	set_up_sized(&f, 4);
	xs_xsk_refill(&f.x);
	addr = kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_receive(&f.x, descs, 4, ~0ull, &packets), 1);
	xs_xsk_drop(&f.x, descs, 1);
	assert_int_equal(xs_xsk_refill(&f.x), 1);
	assert_int_equal(f.fill[(f.fill_prod - 1) & 3], addr);
	assert_int_equal(f.x.counters.dropped, 1);
	assert_balanced(&f);
}

static void frame_handed_over_twice_is_taken_once(void **state)
{
	struct fixture f;
	struct xdp_desc descs[4];
	__u32 packets;
	__u64 addr;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	addr = kernel_receives(&f, 60, 0);
	kernel_hands_over(&f, addr + 256);
	assert_int_equal(xs_xsk_receive(&f.x, descs, 4, ~0ull, &packets), 1);
	assert_int_equal(packets, 1);
	assert_int_equal(f.x.counters.rx_unowned, 1);
	assert_int_equal(f.rx_cons, 2); /* the ring goes on */
	assert_balanced(&f);
}

static void address_outside_the_umem_is_no_index(void **state)
{
	struct fixture f;
	struct xdp_desc descs[4];
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	kernel_hands_over(&f, (__u64)FRAMES * FRAME_SIZE);
	kernel_hands_over(&f, 1ull << 47);
	assert_int_equal(xs_xsk_receive(&f.x, descs, 4, ~0ull, &packets), 0);
	assert_int_equal(f.x.counters.rx_unowned, 2);
	assert_balanced(&f);
}

static void completion_that_comes_twice_counts_once(void **state)
{
	struct fixture f;
	struct xdp_desc descs[4], sent;
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	kernel_receives(&f, 60, 0);
	kernel_receives(&f, 61, 0);
	xs_xsk_receive(&f.x, descs, 4, ~0ull, &packets);
	xs_xsk_send(&f.x, descs, 2);
	sent = kernel_takes_tx(&f);
	kernel_completes(&f, sent.addr);
	kernel_completes(&f, sent.addr);
	assert_int_equal(xs_xsk_reap(&f.x), 1);
	assert_int_equal(f.x.counters.tx_unowned, 1);
	assert_int_equal(f.x.counters.tx_packets, 1);
	assert_int_equal(f.x.tx_cnt, 1);
	assert_int_equal(f.x.free_cnt, 1);
}

static void completions_come_in_any_order(void **state)
{
	struct fixture f;
	struct xdp_desc descs[FRAMES];
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	for (int i = 0; i < 8; i++)
		kernel_receives(&f, 60, 0);
	xs_xsk_receive(&f.x, descs, 8, ~0ull, &packets);
	xs_xsk_send(&f.x, descs, 8);
	f.tx_cons = f.tx_prod;
	for (int i = 7; i >= 0; i--)
		kernel_completes(&f, descs[i].addr);
	assert_int_equal(xs_xsk_reap(&f.x), 8);
	assert_int_equal(f.x.counters.tx_unowned, 0);
	assert_balanced(&f);
}

static void limit_takes_that_many_packets_and_leaves_the_rest(void **state)
{
	struct fixture f;
	struct xdp_desc descs[FRAMES];
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	for (int i = 0; i < 6; i++)
		kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_receive(&f.x, descs, FRAMES, 0, &packets), 0);
	assert_int_equal(xs_xsk_receive(&f.x, descs, FRAMES, 4, &packets), 4);
	assert_int_equal(packets, 4);
	assert_int_equal(f.rx_cons, 4);
	assert_int_equal(f.x.counters.rx_packets, 4);
	/* those that it had not taken, and those that have come since it looked */
	for (int i = 0; i < 2; i++)
		kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_discard(&f.x), 4);
	assert_int_equal(f.x.counters.rx_packets, 4);
	assert_int_equal(f.x.free_cnt, 4);
	assert_balanced(&f);
}

static void packet_of_several_frames_is_one_packet(void **state)
{
	struct fixture f;
	struct xdp_desc descs[FRAMES];
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	kernel_receives(&f, 1792, XDP_PKT_CONTD);
	kernel_receives(&f, 1792, XDP_PKT_CONTD);
	kernel_receives(&f, 100, 0);
	kernel_receives(&f, 60, 0);
	assert_int_equal(xs_xsk_receive(&f.x, descs, FRAMES, 1, &packets), 3);
	assert_int_equal(packets, 1);
	assert_int_equal(f.x.counters.rx_bytes, 2 * 1792 + 100);
	xs_xsk_send(&f.x, descs, 3);
	for (int i = 0; i < 3; i++) {
		struct xdp_desc desc = kernel_takes_tx(&f);

		assert_int_equal(desc.options, i < 2 ? XDP_PKT_CONTD : 0);
		kernel_completes(&f, desc.addr);
	}
	assert_int_equal(xs_xsk_reap(&f.x), 3);
	assert_int_equal(f.x.counters.tx_packets, 1);
	assert_int_equal(f.x.counters.tx_bytes, 2 * 1792 + 100);
	assert_balanced(&f);
}

static void ledger_sees_a_frame_that_never_completes(void **state)
{
	struct fixture f;
	struct xdp_desc descs[4];
	struct xs_ledger ledger;
	__u32 packets;

	(void)state;
	set_up(&f);
	xs_xsk_refill(&f.x);
	kernel_receives(&f, 60, 0);
	kernel_receives(&f, 60, 0);
	kernel_receives(&f, 60, 0);
	xs_xsk_receive(&f.x, descs, 3, ~0ull, &packets);
	xs_xsk_send(&f.x, descs, 2);
	kernel_takes_tx(&f);
	xs_xsk_ledger(&f.x, &ledger);
	assert_true(ledger.balanced);
	assert_int_equal(ledger.in_flight, 1);
	assert_int_equal(ledger.tx_ring, 1);
	assert_int_equal(ledger.rx, 1);
	assert_int_equal(ledger.fill_ring, FRAMES - 3);
	assert_int_equal(ledger.kernel, 0);
	/* and one that is on the stack twice */
	f.x.free_stack[f.x.free_cnt++] = 0;
	xs_xsk_ledger(&f.x, &ledger);
	assert_false(ledger.balanced);
}

static void unaligned_address_finds_its_frame(void **state)
{
	struct fixture f;
	char umem[FRAMES * 3000];
	__u64 addr = (256ull << XSK_UNALIGNED_BUF_OFFSET_SHIFT) | (5 * 3000);

	(void)state;
	set_up(&f);
	f.x.frame_size = 3000;
	f.x.frame_shift = -1;
	f.x.unaligned = true;
	f.x.umem = umem;
	assert_ptr_equal(xs_xsk_frame(&f.x, addr), &f.frames[5]);
	assert_ptr_equal(xs_xsk_data(&f.x, addr), umem + 5 * 3000 + 256);
}

/* Some frames in each place, and a process that stops between two calls. */
static void stop_in_the_middle(struct fixture *f, struct xs_xsk_standing *standing)
{
	struct xdp_desc descs[FRAMES];
	__u32 packets;

	set_up(f);
	f->x.spare = 3;
	xs_xsk_refill(&f->x);
	for (__u32 i = 0; i < 9; i++)
		kernel_receives(f, 60 + i, 0);
	assert_int_equal(xs_xsk_receive(&f->x, descs, 5, ~0ull, &packets), 5);
	xs_xsk_send(&f->x, descs, 4); /* one is held */
	kernel_completes(f, kernel_takes_tx(f).addr);
	kernel_takes_tx(f);
	xs_xsk_stand(&f->x, standing);
}

static void another_process_goes_on_where_one_has_stopped(void **state)
{
	struct xs_xsk_standing standing;
	struct xs_ledger ledger;
	struct fixture f;
	__u32 sent = 0;

	(void)state;
	stop_in_the_middle(&f, &standing);
	f.x.free_cnt = f.x.fill_cnt = f.x.rx_cnt = f.x.tx_cnt = 0;
	f.x.rx.cached_cons = f.x.rx.cached_prod = 77;
	f.x.tx.cached_prod = f.x.fill.cached_prod = f.x.comp.cached_cons = 78;
	memset(&f.x.counters, 0, sizeof(f.x.counters));
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), 0);
	assert_int_equal(f.x.counters.rx_packets, 5);
	xs_xsk_ledger(&f.x, &ledger);
	assert_int_equal(ledger.rx, 1);
	assert_int_equal(ledger.tx_ring, 2);
	assert_int_equal(ledger.in_flight, 1);
	assert_int_equal(ledger.completed, 1);
	assert_int_equal(xs_xsk_reap(&f.x), 1);
	assert_int_equal(xs_xsk_bounce(&f.x, FRAMES), 4);
	while (f.tx_cons != f.tx_prod) {
		kernel_takes_tx(&f);
		sent++;
	}
	assert_int_equal(sent, 6);
	assert_balanced(&f);
}

static void an_account_that_does_not_add_up_is_not_gone_on_with(void **state)
{
	struct xs_xsk_standing standing;
	struct fixture f;

	(void)state;
	stop_in_the_middle(&f, &standing);
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), 0);
	standing.free++;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);
	standing.free = ~0u;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);

	stop_in_the_middle(&f, &standing);
	standing.tx--;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);

	stop_in_the_middle(&f, &standing);
	f.frames[4].state = XS_FRAME_MAX;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);

	stop_in_the_middle(&f, &standing);
	f.stack[0] = FRAMES;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);

	stop_in_the_middle(&f, &standing);
	f.stack[0] = f.stack[1];
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);

	/* the kernel would hold more than there is */
	stop_in_the_middle(&f, &standing);
	f.comp_prod += 3;
	assert_int_equal(xs_xsk_go_on(&f.x, &standing), -EUCLEAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_go_round_and_none_is_lost),
		cmocka_unit_test(bounced_frames_go_round_too),
		cmocka_unit_test(bounce_leaves_out_what_it_does_not_own),
		cmocka_unit_test(bounce_without_room_takes_nothing),
		cmocka_unit_test(refill_gives_what_there_is_room_for),
		cmocka_unit_test(frame_freed_last_is_given_first),
		cmocka_unit_test(frame_handed_over_twice_is_taken_once),
		cmocka_unit_test(address_outside_the_umem_is_no_index),
		cmocka_unit_test(completion_that_comes_twice_counts_once),
		cmocka_unit_test(completions_come_in_any_order),
		cmocka_unit_test(limit_takes_that_many_packets_and_leaves_the_rest),
		cmocka_unit_test(packet_of_several_frames_is_one_packet),
		cmocka_unit_test(ledger_sees_a_frame_that_never_completes),
		cmocka_unit_test(unaligned_address_finds_its_frame),
		cmocka_unit_test(another_process_goes_on_where_one_has_stopped),
		cmocka_unit_test(an_account_that_does_not_add_up_is_not_gone_on_with),
	};

	return cmocka_run_group_tests_name("xsk", tests, NULL, NULL);
}
