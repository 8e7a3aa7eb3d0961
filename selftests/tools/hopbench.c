// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a hop costs: nanoseconds a frame there and back between two processes that spin, each
 * on a CPU of its own, in batches of 64. `bare`: two rings of descriptors and nothing else.
 * `checked`: the broker's engine and the library's loop, with everything that they check and
 * count. `ends`: the engine without any NF, so what entering and leaving a chain costs.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/base/clock.h"
#include "lib/chains/text.h"
#include "nf/session.h"
#include "tools/chain/engine.h"

enum {
	FRAMES = 1024,
	FRAME = 2048,
	OFF = 256,
	BATCH = 64,
	WINDOW = 256,
	CHUNK = 4096,
	CHUNKS = 512
};

/* Times of chunks. A chunk that somebody interrupted is longer, so the lower quartile is told. */
struct times {
	double ns[CHUNKS];
	int cnt;
	__u64 frames, since_ns;
};

static struct times times;
static struct xs_engine *engine;
static __u32 free_frames[FRAMES], free_cnt;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("hopbench: CPU");
		exit(1);
	}
}

/* A child on its own CPU from its first instruction: it need not wait for a parent that spins. */
static pid_t fork_on(int cpu)
{
	cpu_set_t mine;
	pid_t pid;

	sched_getaffinity(0, sizeof(mine), &mine);
	pin(cpu);
	pid = fork();
	if (pid)
		sched_setaffinity(0, sizeof(mine), &mine);
	return pid;
}

static void begin_times(void)
{
	memset(&times, 0, sizeof(times));
	times.since_ns = xs_monotonic_ns();
}

/* False: there are enough. */
static bool count_frames(__u32 cnt)
{
	__u64 now;

	times.frames += cnt;
	if (times.frames < CHUNK)
		return true;
	now = xs_monotonic_ns();
	times.ns[times.cnt++] = (double)(now - times.since_ns) / (double)times.frames;
	times.frames = 0;
	times.since_ns = now;
	return times.cnt < CHUNKS;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double lower_quartile(void)
{
	qsort(times.ns, (size_t)times.cnt, sizeof(times.ns[0]), compare);
	return times.ns[times.cnt / 4];
}

static void *share(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("hopbench: memory");
		exit(1);
	}
	return memory;
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* ---- bare ---- */

struct ring {
	__u32 prod XSNF_ALIGNED;
	struct xsnf_desc descs[FRAMES] XSNF_ALIGNED;
};

static void reflect(const struct ring *in, struct ring *out)
{
	__u32 at = 0;

	for (;;) {
		__u32 cnt = xsnf_load(&in->prod) - at;

		if (!cnt)
			relax();
		for (__u32 end = at + (cnt < BATCH ? cnt : BATCH); at != end; at++)
			out->descs[at % FRAMES] = in->descs[at % FRAMES];
		xsnf_store(&out->prod, at);
	}
}

static void exchange(struct ring *out, const struct ring *in)
{
	__u32 sent = 0, got = 0, cnt;

	begin_times();
	do {
		if (sent - got + BATCH <= WINDOW) {
			for (__u32 end = sent + BATCH; sent != end; sent++)
				out->descs[sent % FRAMES] =
					(struct xsnf_desc){ .frame = sent % FRAMES, .len = 64 };
			xsnf_store(&out->prod, sent);
		}
		cnt = xsnf_load(&in->prod) - got;
		for (__u32 end = got + cnt; got != end; got++)
			if (in->descs[got % FRAMES].frame != got % FRAMES)
				abort();
		if (!cnt)
			relax();
	} while (count_frames(cnt));
}

static double measure_bare(int cpu)
{
	struct ring *rings = share(2 * sizeof(*rings));
	pid_t child = fork_on(cpu);

	if (!child)
		reflect(&rings[0], &rings[1]);
	exchange(&rings[0], &rings[1]);
	end_child(child);
	munmap(rings, 2 * sizeof(*rings));
	return lower_quartile();
}

/* ---- the engine ---- */

static void done(void *arg, __u32 frame, const struct xs_held *held, int end)
{
	(void)arg;
	(void)held;
	if (end != XS_TO_tx)
		abort();
	free_frames[free_cnt++] = frame;
}

/* An IPv4 UDP frame in each, so that its flow is looked for. */
static void fill_frames(unsigned char *frames)
{
	for (__u32 i = 0; i < FRAMES; i++) {
		unsigned char *p = frames + (size_t)i * FRAME + OFF;

		p[12] = 8;
		p[14] = 0x45;
		p[17] = 50;
		p[23] = 17;
		p[29] = (unsigned char)i;
	}
}

static void make_engine(struct xs_chains *chains, const char *text, unsigned char *frames)
{
	static struct xs_chain_findings findings;
	const struct xs_engine_config config = { .chains = chains,
						 .frames = frames,
						 .frame_cnt = FRAMES,
						 .frame_size = FRAME,
						 .done = done };

	fill_frames(frames);
	if (xs_chains_parse(chains, text, strlen(text), &findings) ||
	    xs_engine_make(&engine, &config))
		exit(1);
	for (free_cnt = 0; free_cnt < FRAMES; free_cnt++)
		free_frames[free_cnt] = free_cnt;
}

static void turn(void)
{
	__u32 before;

	begin_times();
	do {
		before = xs_engine_inside(engine);
		pthread_mutex_lock(&engine->lock);
		xs_engine_set_now(engine, xs_monotonic_ns());
		for (int i = 0; before + BATCH <= WINDOW && i < BATCH; i++)
			xs_engine_enter(engine, 0, free_frames[--free_cnt], OFF, 64, 0);
		before += before + BATCH <= WINDOW ? BATCH : 0;
		xs_engine_turn(engine, engine->now_ns);
		pthread_mutex_unlock(&engine->lock);
		if (before == xs_engine_inside(engine))
			relax();
	} while (count_frames(before - xs_engine_inside(engine)));
}

static enum xsnf_verdict pass(struct xsnf *nf, struct xsnf_packet *packet)
{
	(void)nf;
	(void)packet;
	return XSNF_NEXT;
}

static void serve(const struct xs_port *port, unsigned char *frames)
{
	static const struct xsnf_ops ops = { .service = "a", .packet = pass };
	static struct xsnf_packet batch[BATCH];
	static struct xsnf nf = { .ops = &ops, .fd = -1, .epoll = -1, .port_cnt = 1 };

	nf.ports[0] = (struct xsnf_port){ .b2n = port->b2n,
					  .n2b = port->n2b_memory.map,
					  .frames = frames,
					  .b2n_bytes = port->b2n_memory.bytes,
					  .n2b_bytes = port->n2b_memory.bytes,
					  .frames_bytes = (__u64)FRAMES * FRAME,
					  .wake = -1 };
	if (xsnf_port_init(&nf.ports[0], false))
		exit(1);
	for (;;)
		if (!xsnf_turn(&nf, batch, BATCH))
			relax();
}

static double measure_engine(const char *text, int cpu)
{
	static struct xs_chains chains;
	unsigned char *frames = share((size_t)FRAMES * FRAME);
	struct xs_port *port = NULL;
	pid_t child = 0;

	make_engine(&chains, text, frames);
	if (chains.service_cnt) {
		const struct xs_port_config config = { .service = &chains.services[0],
						       .instance = 1,
						       .frame_cnt = FRAMES,
						       .frame_size = FRAME };

		if (xs_port_make(&port, &config) || xs_engine_add_port(engine, port))
			exit(1);
		child = fork_on(cpu);
		if (!child)
			serve(port, frames);
	}
	turn();
	if (child)
		end_child(child);
	xs_engine_free(engine);
	munmap(frames, (size_t)FRAMES * FRAME);
	return lower_quartile();
}

int main(int argc, char **argv)
{
	double bare, checked, ends;
	int nf;

	if (argc != 3) {
		fputs("usage: hopbench BROKER-CPU NF-CPU\n", stderr);
		return 2;
	}
	nf = atoi(argv[2]);
	pin(atoi(argv[1]));
	bare = measure_bare(nf);
	checked = measure_engine("service a\nchain c a tx\n", nf);
	ends = measure_engine("chain c tx\n", nf);
	printf("{\"bare\": %.2f, \"checked\": %.2f, \"ends\": %.2f}\n", bare, checked, ends);
	return 0;
}
