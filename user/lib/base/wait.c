// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Waiting that a signal can end; see wait.h. */
#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "ctx.h"
#include "wait.h"

bool xs_asked_to_stop(const struct xsteer_ctx *ctx)
{
	struct pollfd stop = { .fd = ctx->stop_fd, .events = POLLIN };

	return ctx->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* poll() skips a descriptor below 0. */
int xs_wait_readable(const struct xsteer_ctx *ctx, int fd, int ms)
{
	struct pollfd fds[2] = {
		{ .fd = ctx->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	const __u64 until = xs_monotonic_ns() + ms * 1000000ull;

	for (;;) {
		__u64 now = xs_monotonic_ns();
		int left = now < until ? (int)((until - now + 999999) / 1000000) : 0;
		int ready = poll(fds, 2, left);

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0 && fds[0].revents)
			return -EINTR;
		if (ready > 0)
			return 0;
		if (!ready)
			return -ETIMEDOUT;
	}
}

int xs_wait_ms(const struct xsteer_ctx *ctx, int ms)
{
	int err = xs_wait_readable(ctx, -1, ms);

	return err == -ETIMEDOUT ? 0 : err;
}
