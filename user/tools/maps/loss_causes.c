// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Derives what happened to the frames from what was counted; see loss_causes.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "lib/instance/slot_sockets.h"
#include "loss_causes.h"
#include "loss_drops.h"

const char *const xs_loss_places[XS_PLACE_MAX] = { "nic", "program", "socket", "cpu",
						   "dev", "tx",	     "send" };

const struct xs_loss_text xs_loss_texts[XS_LOSS_MAX] = {
#define X(place, cause, remedy) { XS_PLACE_##place, #cause, remedy },
	XS_LOSSES(X)
#undef X
};

_Static_assert(XS_LOSS_malformed_dccp - XS_LOSS_malformed_eth ==
		       XS_REASON_malformed_dccp - XS_REASON_malformed_eth,
	       "a cause for each reason, in the same order");

struct finding {
	const struct xs_loss_sources *sources;
	struct xs_losses *losses;
	bool whole;
	/*
	 * Frames that went there, less those that are named as lost. Whoever counts there has
	 * counted more only if more came since.
	 */
	__u64 sent[XS_PLACE_MAX], into_chains;
	bool driver_counts; /* its counters cover the same frames as ours */
	__u64 seen_by_driver; /* losses named here that the driver also counts */
	bool no_memory;
};

/* At a socket of a chain, whose slots come after the plain ones. */
static bool is_in_chain(const struct finding *find, const struct xs_loss_part *part)
{
	return part->of == XS_LOSS_OF_SLOT && part->number >= find->sources->queue_cnt &&
	       xs_loss_texts[part->cause].place == XS_PLACE_socket;
}

static void add(struct finding *find, struct xs_loss_part part)
{
	__u64 *sent = is_in_chain(find, &part) ? &find->into_chains
					       : &find->sent[xs_loss_texts[part.cause].place];
	struct xs_losses *losses = find->losses;
	struct xs_loss_part *more;

	if (part.frames > *sent)
		part.frames = *sent;
	if (!part.frames)
		return;
	*sent -= part.frames;
	more = realloc(losses->parts, (losses->part_cnt + 1) * sizeof(*more));
	if (!more) {
		find->no_memory = true;
		return;
	}
	losses->parts = more;
	more[losses->part_cnt++] = part;
	losses->frames[part.cause] += part.frames;
}

/* ---- before and in the program ---- */

static void find_in_nic(struct finding *find)
{
	static const enum xs_loss causes[XS_NIC_ROLE_MAX] = {
		[XS_NIC_missed] = XS_LOSS_nic_full,
		[XS_NIC_no_memory] = XS_LOSS_nic_no_memory,
		[XS_NIC_bad] = XS_LOSS_nic_broken,
	};
	const struct xs_nic_counters *nic = &find->sources->nic;

	for (__u32 i = 0; i < nic->cnt; i++) {
		const struct xs_nic_counter *row = &nic->rows[i];

		if (row->role != XS_NIC_missed && row->role != XS_NIC_no_memory &&
		    row->role != XS_NIC_bad)
			continue;
		add(find,
		    (struct xs_loss_part){ .cause = causes[row->role],
					   .of = row->queue < 0 ? XS_LOSS_OF_ALL : XS_LOSS_OF_QUEUE,
					   .number = row->queue < 0 ? 0 : (__u32)row->queue,
					   .frames = row->value });
	}
}

static void find_dropped(struct finding *find)
{
	__u64 frames[XS_LOSS_MAX] = {};

	xs_loss_divide_drops(find->sources, find->whole, frames);
	for (int cause = 0; cause < XS_LOSS_MAX; cause++)
		add(find, (struct xs_loss_part){ .cause = cause, .frames = frames[cause] });
}

/* ---- sockets ---- */

/* What sockets in one slot have lost, according to their counters and to the trace. */
struct slot_losses {
	__u64 full, no_frame, too_long; /* according to the sockets' counters */
	__u32 pid;
	__u64 errors[4]; /* ENOBUFS, ENOMEM, ENOSPC, EINVAL */
	__u64 not_bound;
};

enum { AT_ENOBUFS, AT_ENOMEM, AT_ENOSPC, AT_EINVAL };

static __u64 most(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

static __u64 less(__u64 frames, __u64 lost)
{
	return frames > lost ? frames - lost : 0;
}

static bool is_in_slot(const struct xs_loss_socket *socket, __u32 slot)
{
	return socket->slot < 0 ? socket->queue == slot : (__u32)socket->slot == slot;
}

static void sum_sockets(const struct finding *find, __u32 slot, struct slot_losses *sum)
{
	for (__u32 i = 0; i < find->sources->socket_cnt; i++) {
		const struct xs_loss_socket *socket = &find->sources->sockets[i];
		const struct xdp_statistics *stats = &socket->stats;
		__u64 no_frame = stats->rx_fill_ring_empty_descs;

		if (!is_in_slot(socket, slot))
			continue;
		/*
		 * Zero-copy counts how often the driver found no frame, not how many
		 * frames it lost.
		 */
		if (socket->zero_copy || no_frame > stats->rx_dropped)
			no_frame = socket->zero_copy ? 0 : stats->rx_dropped;
		sum->pid = socket->pid;
		sum->full += stats->rx_ring_full;
		sum->no_frame += no_frame;
		sum->too_long += stats->rx_dropped - no_frame;
	}
}

static void sum_kept(const struct finding *find, __u32 slot, struct slot_losses *sum)
{
	for (__u32 i = 0; i < find->sources->kept_cnt; i++) {
		const struct xs_loss_kept *kept = &find->sources->kept[i];

		if (kept->slot != slot)
			continue;
		sum->full += kept->counts.rx_ring_full;
		sum->no_frame += kept->counts.no_frame;
		sum->too_long += kept->counts.rx_other;
	}
}

static void sum_traced(struct finding *find, __u32 slot, struct slot_losses *sum)
{
	for (__u32 i = 0; i < find->sources->failures.cnt; i++) {
		const struct xs_failure *row = &find->sources->failures.rows[i];

		if (row->key.kind != XS_FAILURE_xsk || row->key.index != slot)
			continue;
		switch (row->key.error) {
		case ENOBUFS:
			sum->errors[AT_ENOBUFS] += row->frames;
			break;
		case ENOMEM:
			sum->errors[AT_ENOMEM] += row->frames;
			break;
		case ENOSPC:
			sum->errors[AT_ENOSPC] += row->frames;
			break;
		case EINVAL:
			sum->errors[AT_EINVAL] += row->frames;
			break;
		case ENXIO:
			sum->not_bound += row->frames;
			break;
		default:
			find->seen_by_driver += row->frames;
			add(find, (struct xs_loss_part){ .cause = XS_LOSS_socket_other,
							 .of = XS_LOSS_OF_SLOT,
							 .number = slot,
							 .error = row->key.error,
							 .frames = row->frames });
		}
	}
}

static void add_of_slot(struct finding *find, __u32 slot, enum xs_loss cause, __u32 pid,
			__u64 frames)
{
	find->seen_by_driver += frames;
	add(find, (struct xs_loss_part){ .cause = cause,
					 .of = XS_LOSS_OF_SLOT,
					 .number = slot,
					 .pid = pid,
					 .frames = frames });
}

static __u64 lost_by_driver(const struct finding *find, int queue);

/* Without tracing: the slot that the queue's frames went to holds a socket of another queue. */
static __u64 lost_to_other_queue(const struct finding *find, __u32 slot)
{
	const struct xs_loss_sources *sources = find->sources;
	__u64 lost, sent;

	if (sources->traced || !find->driver_counts || !sources->slot_queues ||
	    slot >= sources->slots || slot >= sources->queue_cnt ||
	    sources->slot_queues[slot] == XS_SLOT_EMPTY || sources->slot_queues[slot] == (int)slot)
		return 0;
	lost = lost_by_driver(find, (int)slot);
	sent = sources->queues[slot].verdict_xsk;
	return lost < sent ? lost : sent;
}

/*
 * A socket's counters and the tracepoint report the same frames. Either may know of
 * more: the trace includes sockets that cannot be examined; the counters include times
 * without a trace. Before Linux 5.19 ENOSPC stood for all three causes.
 */
static void find_at_slot(struct finding *find, __u32 slot)
{
	struct slot_losses sum = {};
	__u64 no_space;

	sum_sockets(find, slot, &sum);
	sum_kept(find, slot, &sum);
	sum_traced(find, slot, &sum);
	no_space = sum.errors[AT_ENOSPC];
	if (!sum.errors[AT_ENOBUFS] && !sum.errors[AT_ENOMEM])
		no_space -= no_space < sum.full + sum.no_frame ? no_space : sum.full + sum.no_frame;
	add_of_slot(find, slot, XS_LOSS_ring_full, sum.pid, most(sum.full, sum.errors[AT_ENOBUFS]));
	add_of_slot(find, slot, XS_LOSS_no_frame, sum.pid,
		    most(sum.no_frame, sum.errors[AT_ENOMEM]));
	add_of_slot(find, slot, XS_LOSS_too_long, sum.pid, most(sum.too_long, no_space));
	add_of_slot(find, slot, XS_LOSS_other_queue, sum.pid,
		    most(sum.errors[AT_EINVAL], lost_to_other_queue(find, slot)));
	add_of_slot(find, slot, XS_LOSS_not_bound, sum.pid, sum.not_bound);
}

static void find_at_sockets(struct finding *find)
{
	for (__u32 slot = 0; slot < find->sources->slots; slot++)
		find_at_slot(find, slot);
	for (__u32 i = 0; i < find->sources->socket_cnt; i++) {
		const struct xs_loss_socket *socket = &find->sources->sockets[i];

		add(find, (struct xs_loss_part){
				  .cause = XS_LOSS_send_invalid,
				  .of = socket->slot < 0 ? XS_LOSS_OF_QUEUE : XS_LOSS_OF_SLOT,
				  .number = socket->slot < 0 ? socket->queue : (__u32)socket->slot,
				  .pid = socket->pid,
				  .frames = socket->stats.tx_invalid_descs });
	}
	for (__u32 i = 0; i < find->sources->kept_cnt; i++)
		add(find,
		    (struct xs_loss_part){ .cause = XS_LOSS_send_invalid,
					   .of = XS_LOSS_OF_SLOT,
					   .number = find->sources->kept[i].slot,
					   .frames = find->sources->kept[i].counts.tx_invalid });
}

/* ---- CPUs, interfaces, and back out ---- */

static enum xs_loss of_dev_error(int error)
{
	switch (error) {
	case ENETDOWN:
		return XS_LOSS_dev_down;
	case EMSGSIZE:
		return XS_LOSS_dev_too_long;
	default:
		return XS_LOSS_dev_other;
	}
}

static void find_elsewhere(struct finding *find, const struct xs_failure *row)
{
	struct xs_loss_part part = { .number = row->key.index,
				     .error = row->key.error,
				     .frames = row->frames };
	bool by_driver = false;

	switch (row->key.kind) {
	case XS_FAILURE_cpu:
		/* In skb mode a full queue is reported twice: here, and as cpu_queue. */
		if (row->key.error == ENOSPC)
			return;
		part.cause = XS_LOSS_cpu_other;
		part.of = XS_LOSS_OF_CPU;
		by_driver = true;
		break;
	case XS_FAILURE_cpu_queue:
		part.cause = XS_LOSS_cpu_full;
		part.of = XS_LOSS_OF_CPU;
		break;
	case XS_FAILURE_cpu_kernel:
		part.cause = XS_LOSS_cpu_no_memory;
		part.of = XS_LOSS_OF_CPU;
		break;
	case XS_FAILURE_dev:
	case XS_FAILURE_redirect:
		part.cause = of_dev_error(row->key.error);
		part.of = XS_LOSS_OF_IFINDEX;
		by_driver = true;
		break;
	case XS_FAILURE_dev_xmit:
		part.cause = XS_LOSS_dev_refused;
		part.of = XS_LOSS_OF_IFINDEX;
		break;
	case XS_FAILURE_exception:
		/* Drivers report a failed redirect here a second time. */
		if (row->key.index == XDP_REDIRECT)
			return;
		part.cause = row->key.index == XDP_TX ? XS_LOSS_tx_failed : XS_LOSS_not_done;
		by_driver = true;
		break;
	default: /* sockets; tx is compared with the driver's counter */
		return;
	}
	find->seen_by_driver += by_driver ? row->frames : 0;
	add(find, part);
}

/* After the program, on a queue, or with -1 on all queues: at least. */
static __u64 lost_by_driver(const struct finding *find, int queue)
{
	const struct xs_loss_sources *sources = find->sources;
	const struct xs_nic_counters *nic = find->whole ? &sources->nic : &sources->nic_least;
	__u64 both = xs_nic_sum(nic, XS_NIC_lost_or_dropped, queue);
	__u64 dropped = queue < 0 ? sources->total.verdict_drop
				  : sources->queues[queue].verdict_drop;

	return xs_nic_sum(nic, XS_NIC_lost, queue) + less(both, dropped);
}

/* Of a driver that counts every drop together: what none of the other causes was. */
static void find_unbuffered(struct finding *find)
{
	const struct xs_loss_sources *sources = find->sources;
	const struct xs_nic_counters *nic = find->whole ? &sources->nic : &sources->nic_least;

	if (!find->driver_counts)
		return;
	add(find, (struct xs_loss_part){
			  .cause = XS_LOSS_nic_no_memory,
			  .frames = xs_nic_unbuffered(
				  nic, -1, sources->total.verdict_drop + find->seen_by_driver) });
}

static void find_sent_back(struct finding *find)
{
	__u64 traced = 0, counted = 0;
	int error = 0;

	for (__u32 i = 0; i < find->sources->failures.cnt; i++) {
		const struct xs_failure *row = &find->sources->failures.rows[i];

		if (row->key.kind != XS_FAILURE_tx)
			continue;
		traced += row->frames;
		error = row->key.error;
	}
	if (find->driver_counts)
		counted = xs_nic_sum(&find->sources->nic, XS_NIC_tx_lost, -1);
	add(find, (struct xs_loss_part){ .cause = XS_LOSS_tx_refused,
					 .error = error,
					 .frames = most(traced, counted) });
}

/* ---- all of it ---- */

/*
 * The driver counts since it was loaded: these are the same frames only if no other
 * program was there. Our counter was read between two readings of the driver's.
 */
static bool driver_counts(const struct xs_loss_sources *sources, bool whole)
{
	__u64 packets = sources->total.packets;

	return sources->nic.counts_lost && sources->native &&
	       (!whole || (xs_nic_sum(&sources->nic, XS_NIC_seen, -1) <= packets &&
			   xs_nic_sum(&sources->nic_later, XS_NIC_seen, -1) >= packets));
}

static void measure(struct finding *find)
{
	struct xs_losses *losses = find->losses;
	__u64 lost;

	losses->measured = find->driver_counts || find->sources->traced;
	losses->unexplained = find->sources->failures.uncounted;
	if (find->driver_counts) {
		lost = lost_by_driver(find, -1);
		if (lost > find->seen_by_driver)
			losses->unexplained += lost - find->seen_by_driver;
	}
	losses->unmeasured =
		losses->measured ? NULL
		: find->sources->nic.counts_lost && find->sources->native
			? "the driver has counted since before the program was attached: "
			  "-w SEC measures from now on"
			: "this driver does not count it: -w SEC traces it";
}

/* Each frame has one verdict. At the same moment the counter of packets may be ahead of them. */
static void sum_up(struct finding *find)
{
	struct xs_losses *losses = find->losses;
	const __u64 *verdicts = xs_verdict_counters(&find->sources->total);

	for (int v = 0; v < XS_VERDICT_MAX; v++)
		losses->frames_in += verdicts[v];
	losses->delivered[XS_VERDICT_pass] = verdicts[XS_VERDICT_pass];
	losses->delivered[XS_VERDICT_tx] = find->sent[XS_PLACE_tx];
	losses->delivered[XS_VERDICT_xsk] = find->sent[XS_PLACE_socket];
	losses->delivered[XS_VERDICT_cpu] = find->sent[XS_PLACE_cpu];
	losses->delivered[XS_VERDICT_dev] = find->sent[XS_PLACE_dev];
	losses->delivered[XS_VERDICT_chain] = find->into_chains;
}

static void find_sent(struct finding *find)
{
	const __u64 *verdicts = xs_verdict_counters(&find->sources->total);

	for (int place = 0; place < XS_PLACE_MAX; place++)
		find->sent[place] = ~0ULL;
	find->sent[XS_PLACE_socket] = verdicts[XS_VERDICT_xsk];
	find->sent[XS_PLACE_cpu] = verdicts[XS_VERDICT_cpu];
	find->sent[XS_PLACE_dev] = verdicts[XS_VERDICT_dev];
	find->sent[XS_PLACE_tx] = verdicts[XS_VERDICT_tx];
	find->into_chains = verdicts[XS_VERDICT_chain];
}

int xs_losses_find(const struct xs_loss_sources *sources, bool whole, struct xs_losses *losses)
{
	struct finding find = { .sources = sources,
				.losses = losses,
				.whole = whole,
				.driver_counts = driver_counts(sources, whole) };

	*losses = (struct xs_losses){};
	find_sent(&find);
	find_in_nic(&find);
	find_dropped(&find);
	find_at_sockets(&find);
	for (__u32 i = 0; i < sources->failures.cnt; i++)
		find_elsewhere(&find, &sources->failures.rows[i]);
	find_unbuffered(&find);
	find_sent_back(&find);
	measure(&find);
	sum_up(&find);
	if (!find.no_memory)
		return 0;
	xs_losses_free(losses);
	return -ENOMEM;
}

void xs_losses_free(struct xs_losses *losses)
{
	free(losses->parts);
	*losses = (struct xs_losses){};
}
