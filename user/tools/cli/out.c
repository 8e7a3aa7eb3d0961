// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prints to a reader who may be slow; see out.h. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cap-ng.h>

#include "out.h"

#define WAITING_MAX (256u << 10) /* bytes; many reports */

struct piece {
	struct piece *next;
	int fd;
	size_t len;
	char text[];
};

struct xs_out {
	pthread_t thread;
	pthread_mutex_t lock; /* of all members below; never held during a write */
	pthread_cond_t more, written;
	struct piece *first, **end;
	size_t waiting; /* bytes, including those being written */
	int wake_fd;
	int error; /* of standard output: -errno */
	bool ending, ended;
};

static int write_all(const struct piece *piece)
{
	size_t done = 0;

	while (done < piece->len) {
		ssize_t n = write(piece->fd, piece->text + done, piece->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* Returns the next piece, or NULL: it is time to end. The lock is held before and after. */
static struct piece *wait_for_piece(struct xs_out *out)
{
	while (!out->first && !out->ending)
		pthread_cond_wait(&out->more, &out->lock);
	return out->first;
}

static void drop_first(struct xs_out *out, int err)
{
	struct piece *piece = out->first;
	const unsigned long long one = 1;

	if (err && piece->fd == STDOUT_FILENO && !out->error) {
		__atomic_store_n(&out->error, err, __ATOMIC_RELEASE);
		/* If it is full, the reader is awake. */
		if (out->wake_fd >= 0)
			(void)!write(out->wake_fd, &one, sizeof(one));
	}
	out->first = piece->next;
	if (!out->first)
		out->end = &out->first;
	out->waiting -= piece->len;
	free(piece);
}

static void *write_pieces(void *arg)
{
	struct xs_out *out = arg;
	struct piece *piece;

	/*
	 * The thread exists before the others drop their capabilities, and each thread
	 * has its own.
	 */
	capng_clear(CAPNG_SELECT_CAPS);
	capng_apply(CAPNG_SELECT_CAPS);
	pthread_mutex_lock(&out->lock);
	while ((piece = wait_for_piece(out))) {
		int err = piece->fd == STDOUT_FILENO ? out->error : 0;

		pthread_mutex_unlock(&out->lock);
		if (!err)
			err = write_all(piece);
		pthread_mutex_lock(&out->lock);
		drop_first(out, err);
	}
	out->ended = true;
	pthread_cond_signal(&out->written);
	pthread_mutex_unlock(&out->lock);
	return NULL;
}

struct xs_out *xs_out_open(int wake_fd)
{
	struct xs_out *out = calloc(1, sizeof(*out));
	pthread_condattr_t clock;

	if (!out)
		return NULL;
	out->wake_fd = wake_fd;
	out->end = &out->first;
	pthread_mutex_init(&out->lock, NULL);
	pthread_cond_init(&out->more, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&out->written, &clock);
	pthread_condattr_destroy(&clock);
	if (!pthread_create(&out->thread, NULL, write_pieces, out))
		return out;
	free(out);
	return NULL;
}

bool xs_out_put(struct xs_out *out, int fd, const char *text, size_t len)
{
	struct piece *piece = malloc(sizeof(*piece) + len);
	bool fits = false;

	if (!piece)
		return false;
	*piece = (struct piece){ .fd = fd, .len = len };
	memcpy(piece->text, text, len);
	pthread_mutex_lock(&out->lock);
	if (out->waiting + len <= WAITING_MAX) {
		fits = true;
		out->waiting += len;
		*out->end = piece;
		out->end = &piece->next;
		pthread_cond_signal(&out->more);
	}
	pthread_mutex_unlock(&out->lock);
	if (!fits)
		free(piece);
	return fits;
}

int xs_out_error(const struct xs_out *out)
{
	return __atomic_load_n(&out->error, __ATOMIC_ACQUIRE);
}

int xs_out_close(struct xs_out *out, int ms)
{
	struct timespec until;
	bool ended;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&out->lock);
	out->ending = true;
	pthread_cond_signal(&out->more);
	while (!out->ended && pthread_cond_timedwait(&out->written, &out->lock, &until) == 0)
		;
	ended = out->ended;
	err = ended ? out->error : -ETIMEDOUT;
	pthread_mutex_unlock(&out->lock);
	if (!ended) {
		/*
		 * It is still blocked in its write, and keeps this memory, until the
		 * process ends.
		 */
		pthread_detach(out->thread);
		return err;
	}
	pthread_join(out->thread, NULL);
	pthread_cond_destroy(&out->more);
	pthread_cond_destroy(&out->written);
	pthread_mutex_destroy(&out->lock);
	free(out);
	return err;
}
