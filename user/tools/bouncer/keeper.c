// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Starts a worker after another; see keeper.h, and hand.h for what they tell. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "keeper.h"
#include "lib/base/clock.h"
#include "lib/base/passfd.h"
#include "lib/instance/slots.h"
#include "prepare.h"

#define QUICK_NS 1000000000ull /* a worker that is killed by then has done nothing */
#define QUICK_MAX 5 /* of these in a row */

struct keeper {
	struct xs_cli *cli;
	struct xs_notify notify;
	const char *ifname;
	int signal_fd;
	int sock; /* to the worker; -1: it has closed its end */
	pid_t pid;
	__u64 born_ns;
	unsigned int quick; /* workers in a row that were killed at once */
	struct xs_take kept;
	int owners_fd; /* of the instance that kept's sockets are in; -1: none */
	__u32 queues_to_come;
	bool works; /* the worker has begun */
	bool giving;
	int stop; /* a signal that ends the worker, for one that has not begun; 0 */
};

/* ---- what a worker tells ---- */

static bool has_all(const struct keeper *k)
{
	return k->kept.queue_cnt && !k->queues_to_come;
}

static void forget_kept(struct keeper *k)
{
	xs_take_close(&k->kept);
	xs_take_init(&k->kept);
	if (k->owners_fd >= 0)
		close(k->owners_fd);
	k->owners_fd = -1;
	k->queues_to_come = 0;
}

static void keep(struct keeper *k, const struct xs_hand_keep *msg, const int *fds)
{
	struct xs_take *kept = &k->kept;

	forget_kept(k);
	kept->offer.ifindex = msg->ifindex;
	kept->offer.queue_cnt = k->queues_to_come = msg->queue_cnt;
	kept->offer.source = msg->source;
	kept->offer.map_id = msg->map_id;
	memcpy(kept->offer.mode, msg->mode, sizeof(kept->offer.mode));
	kept->start_ns = msg->start_ns;
	kept->first = msg->first;
	if (msg->listens)
		kept->listen_fd = *fds++;
	if (msg->source == XS_HAND_instance)
		k->owners_fd = *fds;
	else
		kept->map_fd = *fds++;
	if (msg->source == XS_HAND_object)
		kept->link_fd = *fds;
	kept->queues = calloc(msg->queue_cnt, sizeof(*kept->queues));
}

/* False: nobody waits for it, and its descriptors are not ours. */
static bool keep_queue(struct keeper *k, const struct xs_hand_queue *msg, const int *fds)
{
	struct xs_take_queue *queue;

	if (!k->queues_to_come || !k->kept.queues)
		return false;
	queue = &k->kept.queues[k->kept.queue_cnt++];
	queue->queue = msg->queue;
	queue->since_ns = msg->since_ns;
	queue->shape = msg->shape;
	memcpy(queue->fds, fds, sizeof(queue->fds));
	k->queues_to_come--;
	return true;
}

static void begun(struct keeper *k)
{
	k->works = true;
	/* Whoever makes everything anew needs what the first one needed. */
	if (has_all(k))
		xs_bouncer_drop_capabilities(k->cli, false);
	if (k->stop)
		kill(k->pid, k->stop);
}

/* True: the descriptors are ours. */
static bool take_in(struct keeper *k, const union xs_hand_msg *msg, const int *fds)
{
	switch (msg->head.type) {
	case XS_HAND_keep:
		keep(k, &msg->keep, fds);
		return true;
	case XS_HAND_queue:
		return keep_queue(k, &msg->queue, fds);
	case XS_HAND_works:
		begun(k);
		return false;
	case XS_HAND_giving:
	case XS_HAND_stays:
		k->giving = msg->head.type == XS_HAND_giving;
		return false;
	default:
		return false;
	}
}

/* Everything that it has said. What is no message of ours is for the service manager. */
static void hear(struct keeper *k)
{
	int fds[XS_PASSED_FDS_MAX];
	union {
		union xs_hand_msg msg;
		char text[sizeof(union xs_hand_msg) + 1];
	} got;
	unsigned int cnt;
	ssize_t bytes;

	while (k->sock >= 0) {
		bytes = xs_receive_with_fds(k->sock, &got, sizeof(got.msg), fds, &cnt);
		if (bytes == -EAGAIN || bytes == -EINTR)
			return;
		if (bytes <= 0) {
			close(k->sock);
			k->sock = -1;
			return;
		}
		if ((size_t)bytes < sizeof(got.msg.head) || got.msg.head.magic != XS_HAND_MAGIC) {
			got.text[bytes] = '\0';
			xs_notify_say(&k->notify, "%s", got.text);
		} else if (!xs_hand_check(&got.msg, (size_t)bytes, cnt, got.msg.head.type) &&
			   take_in(k, &got.msg, fds)) {
			continue;
		}
		while (cnt)
			close(fds[--cnt]);
	}
}

/* ---- a worker's birth and death ---- */

/* In the child. */
static int become_worker(struct keeper *k, int fd,
			 int (*work)(struct xs_cli *cli, const struct xs_keeper_child *child))
{
	struct xs_keeper_child child = { .fd = fd, .notify = k->notify };

	close(k->signal_fd);
	if (k->owners_fd >= 0)
		close(k->owners_fd);
	xs_take_init(&child.kept);
	if (has_all(k)) {
		child.kept = k->kept;
		child.kept.dead = true;
	}
	if (k->notify.fd >= 0) {
		close(k->notify.fd);
		child.notify.fd = dup(fd);
		child.notify.addr_len = 0; /* it is connected */
	}
	return work(k->cli, &child);
}

/* 0: *fd is its end of the connection, and it is to be run; >0: in the keeper; or -errno, logged. */
static int begin_worker(struct keeper *k, int *fd)
{
	int pair[2] = { -1, -1 }, err = 0;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		err = -errno;
	k->kept.from = k->pid;
	if (!err) {
		k->pid = fork();
		err = k->pid < 0 ? -errno : 0;
	}
	if (err) {
		xs_err(k->cli->ctx, "%s: cannot start a worker: %s", k->ifname, strerror(-err));
		k->pid = 0;
		if (pair[0] >= 0) {
			close(pair[0]);
			close(pair[1]);
		}
		return err;
	}
	if (!k->pid) {
		close(pair[0]);
		*fd = pair[1];
		return 0;
	}
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	k->sock = pair[0];
	k->works = k->giving = false;
	k->born_ns = xs_monotonic_ns();
	return 1;
}

/*
 * The sockets live as long as we have them, and the process that the rows name is dead: who looks at
 * them until the next one has written its own is not to take the slots, or the instance, for free.
 */
static void reserve_slots(const struct keeper *k)
{
	for (__u32 i = 0; k->owners_fd >= 0 && i < k->kept.queue_cnt; i++)
		xs_slot_hold_after(k->owners_fd, k->kept.queues[i].queue, (__u32)k->pid,
				   k->kept.queues[i].since_ns);
}

/* Whether another one is to be started after it was killed. */
static bool shall_go_on(struct keeper *k, int sig)
{
	bool quick = xs_monotonic_ns() - k->born_ns < QUICK_NS;

	k->quick = quick ? k->quick + 1 : 0;
	if (k->giving) {
		xs_err(k->cli->ctx,
		       "%s: process %d was killed (%s) while it handed over: "
		       "'xsteer-maps sockets %s' shows whether the other one has taken over; "
		       "if not, start the bouncer again",
		       k->ifname, k->pid, strsignal(sig), k->ifname);
		return false;
	}
	if (k->quick >= QUICK_MAX) {
		xs_err(k->cli->ctx,
		       "%s: %u processes in a row were killed within a second of their start, "
		       "the last one by %s: none is started any more, and the kernel gets the "
		       "frames",
		       k->ifname, k->quick, strsignal(sig));
		return false;
	}
	if (has_all(k)) {
		reserve_slots(k);
		xs_warn(k->cli->ctx, "%s: process %d was killed (%s): another one goes on",
			k->ifname, k->pid, strsignal(sig));
	} else {
		forget_kept(k); /* half of it would only keep the queues from the next one */
		xs_warn(k->cli->ctx,
			"%s: process %d was killed (%s): another one begins anew; "
			"what was in its rings is lost, and the kernel gets the frames until then",
			k->ifname, k->pid, strsignal(sig));
	}
	return true;
}

/* ---- the keeper's own life ---- */

/* The terminal sends its signals to the worker, too. */
static void pass_signal(struct keeper *k, const struct signalfd_siginfo *info)
{
	bool ends = info->ssi_signo == SIGTERM || info->ssi_signo == SIGINT;

	if (ends)
		k->stop = (int)info->ssi_signo;
	if (info->ssi_code == SI_KERNEL || !k->pid)
		return;
	/* One that has to find the frames of another does so first. */
	if (k->works || !has_all(k) || !ends)
		kill(k->pid, (int)info->ssi_signo);
}

static int open_signals(struct keeper *k)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signal_fd >= 0)
		return 0;
	xs_err(k->cli->ctx, "cannot make a signalfd: %s", strerror(errno));
	return -errno;
}

/* Until the worker is dead: how it ended, as from waitpid(). */
static int wait_for_worker(struct keeper *k)
{
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = k->signal_fd, .events = POLLIN },
			{ .fd = k->sock, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0)
			continue;
		hear(k);
		while (read(k->signal_fd, &info, sizeof(info)) == sizeof(info))
			if (info.ssi_signo != SIGCHLD)
				pass_signal(k, &info);
		if (waitpid(k->pid, &status, WNOHANG) == k->pid)
			break;
	}
	hear(k); /* its last words */
	if (k->sock >= 0)
		close(k->sock);
	k->sock = -1;
	return status;
}

/* What a child has said stands on stderr already. */
static int end_as(struct xs_cli *cli, int code)
{
	cli->told = cli->json_done = true;
	cli->usage_error = code == XS_EXIT_USAGE;
	return code ? -ECHILD : 0;
}

static void close_keeper(struct keeper *k)
{
	forget_kept(k);
	close(k->signal_fd);
	xs_notify_close(&k->notify);
}

int xs_keeper_run(struct xs_cli *cli,
		  int (*work)(struct xs_cli *cli, const struct xs_keeper_child *child))
{
	const struct xs_bouncer_opts *opts = cli->opts;
	struct keeper k = {
		.cli = cli,
		.ifname = opts->ifname ? opts->ifname : "",
		.signal_fd = -1,
		.sock = -1,
		.owners_fd = -1,
	};
	int err, fd = -1, status;

	xs_take_init(&k.kept);
	xs_notify_open(cli, &k.notify);
	err = open_signals(&k);
	while (!err) {
		err = begin_worker(&k, &fd);
		if (!err)
			return become_worker(&k, fd, work);
		if (err < 0)
			break;
		status = wait_for_worker(&k);
		err = 0;
		if (!WIFSIGNALED(status))
			err = WEXITSTATUS(status) ? end_as(cli, WEXITSTATUS(status)) : 1;
		else if (!shall_go_on(&k, WTERMSIG(status)))
			err = -EINTR;
	}
	close_keeper(&k);
	return err > 0 ? end_as(cli, 0) : err;
}
