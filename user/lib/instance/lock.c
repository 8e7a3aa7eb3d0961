// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Decides who may change pins; see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/base/wait.h"
#include "lib/net/identity.h"
#include "dir.h"
#include "leftovers.h"
#include "lock.h"

#define LOCK_WAIT_MS 10000 /* an attach may take seconds if the driver resets slowly */
#define LOCK_POLL_MS 20

static int lock_dir(struct xsteer_ctx *ctx, int fd, const char *dir)
{
	const __u64 until = xs_monotonic_ns() + LOCK_WAIT_MS * 1000000ull;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = -errno;

		if (err == -EINTR)
			continue;
		if (err != -EWOULDBLOCK) {
			xs_err(ctx, "cannot lock %s: %s", dir, strerror(-err));
			return err;
		}
		if (xs_monotonic_ns() >= until) {
			xs_err(ctx,
			       "%s is locked by another xsteer tool for %d s: "
			       "see who with 'fuser %s', then try again",
			       dir, LOCK_WAIT_MS / 1000, dir);
			return -EBUSY;
		}
		err = xs_wait_ms(ctx, LOCK_POLL_MS);
		if (err)
			return err;
	}
	return 0;
}

/* The directory may have been removed, or made again, while we waited. */
static bool still_there(int fd, const char *dir)
{
	struct stat locked, now;

	return !fstat(fd, &locked) && !stat(dir, &now) && locked.st_ino == now.st_ino &&
	       locked.st_dev == now.st_dev;
}

/* Also makes the missing directories above it. */
static int make_root(struct xsteer_ctx *ctx, const char *root)
{
	char dir[PATH_MAX];
	int err = 0;

	snprintf(dir, sizeof(dir), "%s", root);
	for (char *slash = strchr(dir + 1, '/'); !err; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			err = -errno;
		if (!slash)
			break;
		*slash = '/';
	}
	if (err == -EPERM || err == -EACCES)
		xs_err(ctx, "no permission to make %s: run as root, or name another bpffs with %s",
		       dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	else if (err)
		xs_err(ctx, "cannot make %s: %s", dir, strerror(-err));
	return err;
}

static int say_cannot_open(struct xsteer_ctx *ctx, const char *dir, int err)
{
	if (err != -ENOENT)
		xs_err(ctx, "cannot open %s: %s%s", dir, strerror(-err),
		       err == -EACCES ? ": run as root or as the owner of the pins" : "");
	return err;
}

int xs_pins_lock_dir(struct xsteer_ctx *ctx, const char *dir)
{
	int fd, err;

	for (;;) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return say_cannot_open(ctx, dir, -errno);
		err = lock_dir(ctx, fd, dir);
		if (err) {
			close(fd);
			return err;
		}
		if (still_there(fd, dir))
			return fd;
		close(fd);
	}
}

int xs_pins_lock(struct xsteer_ctx *ctx, const char *ifname, bool create)
{
	char dir[PATH_MAX];
	int err;

	snprintf(dir, sizeof(dir), "%s", ctx->pin_root);
	err = ifname ? xs_pins_find(ctx, dir, ifname) : xs_pins_check_bpffs(ctx);
	if (!err && !ifname && create)
		err = make_root(ctx, dir);
	return err ? err : xs_pins_lock_dir(ctx, dir);
}

static int open_side(const char *side)
{
	return open(side, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool xs_pins_is_being_built(const char *side)
{
	int fd = open_side(side);
	bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return held;
}

static int side_of(struct xsteer_ctx *ctx, char side[PATH_MAX], const char *word)
{
	char dir[PATH_MAX], name[IFNAMSIZ];
	__u32 ifindex;
	int err;

	/*
	 * Nothing is built for what is no name: the caller says so in its own words. A long one
	 * may still be an alternative name.
	 */
	if (!word[0] || strchr(word, '/') ||
	    (strlen(word) >= IFNAMSIZ && xs_netif_find(word, &ifindex, name)))
		return -ENOENT;
	err = xs_pins_find(ctx, dir, word);
	if (err == -ENOENT)
		err = xs_pins_named_dir(ctx, dir, word);
	return err ? err : xs_side_dir(side, dir, "new");
}

/* Without the root's lock, so that nobody else waits with us. */
static int wait_for_builder(struct xsteer_ctx *ctx, const char *side)
{
	int fd = open_side(side), err;

	if (fd < 0)
		return 0;
	err = lock_dir(ctx, fd, side);
	close(fd);
	return err;
}

/* The root's lock, at a moment when nobody builds in `side`. -ERESTART: somebody did. */
static int lock_root_beside(struct xsteer_ctx *ctx, const char *side, int root)
{
	int err;

	if (!xs_pins_is_being_built(side))
		return root;
	close(root);
	err = wait_for_builder(ctx, side);
	return err ? err : -ERESTART;
}

int xs_pins_lock_for(struct xsteer_ctx *ctx, const char *word, bool create)
{
	char side[PATH_MAX];
	int root, err;

	do {
		root = xs_pins_lock(ctx, NULL, create);
		if (root < 0)
			return root;
		err = side_of(ctx, side, word);
		if (err == -ENOENT)
			return root;
		if (err) {
			close(root);
			return err;
		}
		root = lock_root_beside(ctx, side, root);
	} while (root == -ERESTART);
	return root;
}

/* `dir` may be where an instance is built, or where it is. */
static int retake_root(struct xsteer_ctx *ctx, const char *dir)
{
	char side[PATH_MAX];
	int root, err = 0;

	if (strrchr(dir, '/')[1] == '%')
		snprintf(side, sizeof(side), "%s", dir);
	else
		err = xs_side_dir(side, dir, "new");
	if (err)
		return err;
	do {
		root = xs_pins_lock(ctx, NULL, false);
		if (root >= 0)
			root = lock_root_beside(ctx, side, root);
	} while (root == -ERESTART);
	return root;
}

int xs_pins_lock_under(struct xsteer_ctx *ctx, const char *dir, int *root)
{
	int fd = open_side(dir), err;

	if (fd < 0)
		return say_cannot_open(ctx, dir, -errno);
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	close(*root);
	err = lock_dir(ctx, fd, dir);
	close(fd);
	*root = retake_root(ctx, dir);
	if (err)
		return err;
	return *root < 0 ? *root : -ERESTART;
}
