// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What becomes of received packets, and of those of a worker that was killed; see forward.h. */
#include <errno.h>
#include <stdlib.h>

#include "action.h"
#include "bouncer.h"
#include "forward.h"
#include "lib/xsk/books.h"

/* Whether the packet in descs[0..n-1] must be sent. */
static bool wanted(struct xs_worker *w, const struct xdp_desc *descs, __u32 n)
{
	__u32 actions = w->bouncer->opts.actions;

	if (w->xsk.books->skipping)
		return false;
	/* It has more fragments than an skb can: the kernel would keep their frames for good. */
	if (n > XS_XSK_FRAGS_MAX) {
		xs_books_count(&w->xsk, tx_too_long, 1);
		return false;
	}
	return !actions ||
	       xs_action_apply(actions, xs_xsk_data(&w->xsk, descs[0].addr), descs[0].len);
}

/* The same of descs[first..end-1], so that it is known if the worker is killed meanwhile. */
static bool handle(struct xs_worker *w, __u32 first, __u32 end)
{
	struct xs_xsk_books *books = w->xsk.books;
	bool changes = w->bouncer->opts.actions, send;

	if (changes) {
		books->progress = 2 * first + 1;
		xs_books_barrier();
	}
	send = wanted(w, &books->descs[first], end - first);
	if (changes && send) {
		xs_books_barrier();
		books->progress = 2 * end;
	}
	return send;
}

static void drop(struct xs_worker *w, __u32 first, __u32 end)
{
	xs_xsk_drop(&w->xsk, &w->xsk.books->descs[first], end - first);
	w->xsk.books->skipping = false;
}

/* Sends or drops each whole packet, in order. Returns where the rest begins. */
static __u32 forward(struct xs_worker *w)
{
	const struct xdp_desc *descs = w->xsk.books->descs;
	__u32 first = 0, run = 0, n = w->xsk.books->held, i;

	/* descs[run..first-1] must be sent and are not yet; descs[first..i] is one packet. */
	for (i = 0; i < n; i++) {
		if (descs[i].options & XDP_PKT_CONTD)
			continue;
		if (!handle(w, first, i + 1)) {
			xs_xsk_send(&w->xsk, &descs[run], first - run);
			drop(w, first, i + 1);
			run = i + 1;
		}
		first = i + 1;
	}
	xs_xsk_send(&w->xsk, &descs[run], first - run);
	return first;
}

/* One by one from the front: whoever finds it half done takes the first of two that are alike. */
static void move_to_front(struct xs_xsk_books *books, __u32 from, __u32 n)
{
	for (__u32 i = 0; from && i < n; i++) {
		books->descs[i] = books->descs[from + i];
		xs_books_barrier();
	}
	books->held = n;
}

static void keep_rest(struct xs_worker *w, __u32 done)
{
	struct xs_xsk_books *books = w->xsk.books;

	xs_books_barrier();
	books->progress = 0;
	xs_books_barrier();
	move_to_front(books, done, books->held - done);
	if (books->held <= XS_XSK_FRAGS_MAX)
		return;
	/* It is too long already. Its end will be thrown away when it arrives. */
	if (!books->skipping)
		xs_books_count(&w->xsk, tx_too_long, 1);
	books->skipping = true;
	xs_xsk_drop(&w->xsk, books->descs, books->held);
	books->held = 0;
}

void xs_forward(struct xs_worker *w)
{
	keep_rest(w, forward(w));
}

/* ---- after a death ---- */

/* What was sent or dropped is in another state; the second of two that are alike is a copy. */
static bool is_held(struct xs_worker *w, bool *seen, __u32 i)
{
	struct xdp_desc *desc = &w->xsk.books->descs[i];
	const struct xs_umem_frame *frame = xs_frame_of(&w->xsk, desc->addr);

	if (!frame || frame->state != XS_FRAME_rx || seen[frame - w->xsk.frames])
		return false;
	seen[frame - w->xsk.frames] = true;
	desc->len = frame->len;
	desc->options = frame->last ? 0 : XDP_PKT_CONTD;
	return true;
}

static void handle_again(struct xs_worker *w, __u32 first, __u32 end, __u32 progress)
{
	struct xdp_desc *descs = &w->xsk.books->descs[first];

	if (2 * first + 1 == progress)
		xs_xsk_abandon(&w->xsk, descs, end - first);
	else if (2 * first < progress || handle(w, first, end))
		xs_xsk_send(&w->xsk, descs, end - first);
	else
		drop(w, first, end);
}

static void handle_whole(struct xs_worker *w, bool *seen)
{
	struct xs_xsk_books *books = w->xsk.books;
	__u32 progress = books->progress, first = 0, cnt = 0;

	for (__u32 i = 0; i < books->held; i++) {
		if (!is_held(w, seen, i))
			continue;
		first = cnt ? first : i;
		cnt++;
		if (books->descs[i].options & XDP_PKT_CONTD)
			continue;
		handle_again(w, first, i + 1, progress);
		cnt = 0;
	}
}

static void gather_rest(struct xs_worker *w, bool *seen)
{
	struct xs_xsk_books *books = w->xsk.books;
	__u32 cnt = 0;

	xs_books_barrier();
	books->progress = 0;
	xs_books_barrier();
	for (__u32 i = 0; i < books->held; i++) {
		if (!is_held(w, seen, i))
			continue;
		books->descs[cnt++] = books->descs[i];
		xs_books_barrier();
	}
	books->held = cnt;
	keep_rest(w, 0);
}

int xs_forward_again(struct xs_worker *w)
{
	bool *seen = calloc(2ull * w->xsk.frame_cnt, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	handle_whole(w, seen);
	gather_rest(w, seen + w->xsk.frame_cnt);
	free(seen);
	return 0;
}
