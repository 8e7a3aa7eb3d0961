// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps watch: a line, or an object, for each event on instances. */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "lib/api/status.h"
#include "lib/base/escape.h"
#include "lib/base/names.h"
#include "lib/base/number.h"
#include "lib/base/ran_out.h"
#include "lib/instance/dir.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"
#include "chain_events.h"
#include "events.h"
#include "watch.h"

/* Whether frames can come in: the kernel tells changes, ours is what was told last. */
struct link_state {
	__u32 ifindex;
	bool up;
};

struct watching {
	struct xs_cli *cli;
	struct xsteer_ctx *quiet;
	const struct xs_watch_opts *opts;
	__u32 only; /* ifindex; 0: all */
	struct xs_seen_list seen;
	struct xs_brokers_seen brokers;
	struct link_state *links; /* of the interfaces in `seen` */
	__u64 told;
	int err; /* of telling */
	bool blind; /* the last look was not possible, which has been said */
};

/* ---- one event ---- */

static json_t *owner_json(const struct xs_event *event)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "slot", (json_int_t)event->slot, "queue",
			 (json_int_t)event->owner->queue, "pid", (json_int_t)event->owner->pid,
			 "mode", xs_xsk_mode_name(event->owner->mode));
}

static void version_text(__u32 version, char text[24])
{
	snprintf(text, 24, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

/* What belongs to this kind of event; NULL: no more than its name. */
static json_t *details_json(const struct xs_event *event)
{
	const struct xs_seen *seen = event->seen;
	char version[24];
	json_t *object;

	switch (event->kind) {
	case XS_EVENT_present:
	case XS_EVENT_attach:
	case XS_EVENT_upgrade:
		version_text(seen->version, version);
		return json_pack("{s:s, s:I, s:s, s:I}", "version", version, "prog_id",
				 (json_int_t)seen->prog_id, "mode", seen->native ? "native" : "skb",
				 "generation", (json_int_t)seen->rules.generation);
	case XS_EVENT_apply:
		object = json_pack("{s:I, s:I}", "generation", (json_int_t)seen->rules.generation,
				   "rules", (json_int_t)seen->rules.rule_cnt);
		if (seen->rules.confirm_sec > 0)
			json_object_set_new(object, "confirm_seconds_left",
					    json_real(seen->rules.confirm_sec));
		return object;
	case XS_EVENT_confirmed:
	case XS_EVENT_rolled_back:
		return json_pack("{s:I}", "generation", (json_int_t)seen->rules.generation);
	case XS_EVENT_queues:
		return json_pack("{s:I, s:I}", "queues", (json_int_t)seen->rx_queues, "before",
				 (json_int_t)event->before->rx_queues);
	case XS_EVENT_renamed:
		return json_pack("{s:o}", "before", xs_json_text(event->before->ifname));
	case XS_EVENT_owner_came:
	case XS_EVENT_owner_left:
	case XS_EVENT_owner_died:
		return owner_json(event);
	default:
		return NULL;
	}
}

static int print_json(struct xs_cli *cli, const struct xs_event *event, const struct timespec *at)
{
	json_t *object = json_pack("{s:f, s:o, s:s}", "time", at->tv_sec + at->tv_nsec / 1e9,
				   "interface", xs_json_text(event->seen->ifname), "event",
				   xs_event_names[event->kind]);
	json_t *details = details_json(event);

	if (details)
		json_object_update(object, details);
	json_decref(details);
	return xs_json_print(cli, object);
}

static void print_details(const struct xs_event *event)
{
	const struct xs_seen *seen = event->seen;
	char version[24];

	switch (event->kind) {
	case XS_EVENT_present:
	case XS_EVENT_attach:
	case XS_EVENT_upgrade:
		version_text(seen->version, version);
		printf(": xsteer %s, program id %u, %s mode, rule set %llu", version, seen->prog_id,
		       seen->native ? "native" : "skb", seen->rules.generation);
		break;
	case XS_EVENT_apply:
		printf(": rule set %llu, %u rule%s", seen->rules.generation, seen->rules.rule_cnt,
		       xs_s(seen->rules.rule_cnt));
		if (seen->rules.confirm_sec > 0)
			printf(", rolls back in %.0f s unless confirmed", seen->rules.confirm_sec);
		break;
	case XS_EVENT_confirmed:
		printf(": rule set %llu", seen->rules.generation);
		break;
	case XS_EVENT_rolled_back:
		printf(": what was not confirmed in time; in force is rule set %llu",
		       seen->rules.generation);
		break;
	case XS_EVENT_queues:
		printf(": %u, before %u", seen->rx_queues, event->before->rx_queues);
		break;
	case XS_EVENT_renamed:
		printf(": before %s", xs_shown(event->before->ifname).text);
		break;
	case XS_EVENT_owner_came:
	case XS_EVENT_owner_left:
	case XS_EVENT_owner_died:
		printf(": slot %u, queue %u, pid %u, %s", event->slot, event->owner->queue,
		       event->owner->pid, xs_xsk_mode_name(event->owner->mode));
		break;
	default:
		break;
	}
}

static void print_head(const struct timespec *at, const char *ifname, const char *name)
{
	char clock[16];
	struct tm local;

	localtime_r(&at->tv_sec, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s.%03ld %s %s", clock, at->tv_nsec / 1000000, ifname, name);
}

static void print_text(const struct xs_event *event, const struct timespec *at)
{
	print_head(at, xs_shown(event->seen->ifname).text, xs_event_names[event->kind]);
	print_details(event);
	putchar('\n');
}

static bool is_enough(const struct watching *watching)
{
	return watching->opts->count && watching->told >= watching->opts->count;
}

static void end_telling(struct watching *watching)
{
	if (fflush(stdout))
		watching->err = -EIO;
	xs_stop_end_output();
	watching->told++;
}

static void tell(const struct xs_event *event, void *arg)
{
	struct watching *watching = arg;
	struct timespec at;

	if (is_enough(watching) || watching->err)
		return;
	clock_gettime(CLOCK_REALTIME, &at);
	xs_stop_begin_output();
	if (watching->cli->json)
		watching->err = print_json(watching->cli, event, &at);
	else
		print_text(event, &at);
	end_telling(watching);
}

static void print_chain_text(const struct xs_chain_event *event)
{
	const struct timespec at = { .tv_sec = (time_t)event->time,
				     .tv_nsec = (long)((event->time - (double)(time_t)event->time) *
						       1e9) };

	/* A broker's own words. */
	print_head(&at, xs_shown(event->ifname).text, xs_shown(event->name).text);
	printf(": %s\n", xs_shown(event->text).text);
}

static int print_chain_json(struct xs_cli *cli, const struct xs_chain_event *event)
{
	json_t *object = json_pack("{s:f, s:s, s:s}", "time", event->time, "interface",
				   event->ifname, "event", event->name);

	json_object_update(object, (json_t *)event->details);
	return xs_json_print(cli, object);
}

static void tell_chain(const struct xs_chain_event *event, void *arg)
{
	struct watching *watching = arg;

	if (is_enough(watching) || watching->err)
		return;
	xs_stop_begin_output();
	if (watching->cli->json)
		watching->err = print_chain_json(watching->cli, event);
	else
		print_chain_text(event);
	end_telling(watching);
}

/* ---- links ---- */

static bool is_running(unsigned int flags)
{
	return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

static bool ask_running(const char *ifname)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {};
	bool up = true;

	if (fd < 0)
		return true;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr))
		up = is_running((unsigned short)ifr.ifr_flags);
	close(fd);
	return up;
}

static struct link_state *link_of(struct watching *watching, __u32 ifindex)
{
	for (__u32 i = 0; i < watching->seen.cnt; i++)
		if (watching->links[i].ifindex == ifindex)
			return &watching->links[i];
	return NULL;
}

static void tell_link(struct watching *watching, __u32 ifindex, bool up)
{
	struct link_state *link = link_of(watching, ifindex);
	struct xs_event event = { .kind = up ? XS_EVENT_link_up : XS_EVENT_link_down };

	if (!link || link->up == up)
		return;
	link->up = up;
	event.seen = &watching->seen.rows[link - watching->links];
	tell(&event, watching);
}

static int on_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWLINK)
		tell_link(arg, (__u32)ifi->ifi_index, is_running(ifi->ifi_flags));
	return MNL_CB_OK;
}

static void read_links(struct watching *watching, struct mnl_socket *nl)
{
	char buf[32768];
	ssize_t len;

	while ((len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) > 0 ||
	       (len < 0 && (errno == EINTR || errno == ENOBUFS)))
		if (len > 0)
			mnl_cb_run(buf, len, 0, 0, on_link, watching);
}

/* ---- instances ---- */

/* Links that were known keep what was told of them; the others are asked for. */
static int follow_links(struct watching *watching, const struct xs_seen_list *now)
{
	struct link_state *links = calloc(now->cnt + 1, sizeof(*links));

	if (!links)
		return -ENOMEM;
	for (__u32 i = 0; i < now->cnt; i++) {
		const struct link_state *known = link_of(watching, now->rows[i].ifindex);

		links[i].ifindex = now->rows[i].ifindex;
		links[i].up = known ? known->up : ask_running(now->rows[i].ifname);
	}
	free(watching->links);
	watching->links = links;
	return 0;
}

static void tell_present(struct watching *watching)
{
	for (__u32 i = 0; i < watching->seen.cnt; i++) {
		const struct xs_event event = { .kind = XS_EVENT_present,
						.seen = &watching->seen.rows[i] };

		tell(&event, watching);
	}
}

/* What was seen last is still what is told: the next look may be possible. */
static int say_blind(struct watching *watching, bool first, int err)
{
	if (first || !xs_ran_out(err)) {
		xs_err(watching->cli->ctx, "cannot look at the instances in %s: %s%s",
		       watching->cli->pin_root, strerror(-err),
		       err == -EACCES || err == -EPERM
			       ? ": run as root, or as the owner of the pins"
			       : "");
		return err;
	}
	if (!watching->blind)
		xs_warn(watching->cli->ctx,
			"cannot look at the instances in %s: %s; "
			"what has changed is told once it can",
			watching->cli->pin_root, strerror(-err));
	watching->blind = true;
	return 0;
}

static int look(struct watching *watching, bool first)
{
	struct xs_seen_list now = {};
	int err = xs_seen_read(watching->quiet, watching->only, &watching->seen, &now);

	if (!err && now.hidden > watching->seen.hidden)
		xs_warn(watching->cli->ctx,
			"%u instance%s in %s may not be looked at, and nothing is told of %s: "
			"run as root, or as the owner of the pins",
			now.hidden, xs_s(now.hidden), watching->cli->pin_root,
			now.hidden == 1 ? "it" : "them");
	if (!err)
		err = follow_links(watching, &now);
	if (err) {
		xs_seen_free(&now);
		return say_blind(watching, first, err);
	}
	watching->blind = false;
	if (!first)
		xs_events_tell(&watching->seen, &now, tell, watching);
	xs_seen_free(&watching->seen);
	watching->seen = now;
	if (first)
		tell_present(watching);
	if (!watching->opts->no_chains)
		xs_brokers_look(&watching->brokers, tell_chain, watching);
	return watching->err;
}

static int watch_until_told(struct watching *watching, struct mnl_socket *nl, int signals)
{
	struct pollfd fds[] = { { .fd = mnl_socket_get_fd(nl), .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };
	int err = look(watching, true);

	while (!err && !is_enough(watching) && !xs_stop_asked()) {
		if (poll(fds, 2, (int)watching->opts->delay_ms) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents)
			return 0;
		if (fds[0].revents)
			read_links(watching, nl);
		err = watching->err ? watching->err : look(watching, false);
	}
	return err;
}

/* ---- the command ---- */

static struct mnl_socket *open_links(struct xs_cli *cli)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (nl && !mnl_socket_bind(nl, RTMGRP_LINK, MNL_SOCKET_AUTOPID))
		return nl;
	xs_err(cli->ctx, "cannot watch interfaces by rtnetlink: %s", strerror(errno));
	if (nl)
		mnl_socket_close(nl);
	return NULL;
}

static int open_signals(void)
{
	sigset_t signals;

	xs_stop_block(&signals);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int find_only(struct xs_cli *cli, __u32 *ifindex)
{
	char name[16];

	return cli->operand_cnt ? xs_status_find(cli->ctx, cli->operands[0], ifindex, name) : 0;
}

int xs_maps_watch(struct xs_cli *cli, const struct xs_watch_opts *opts)
{
	struct watching watching = { .cli = cli, .opts = opts };
	struct mnl_socket *nl = NULL;
	int signals = -1, err;

	err = find_only(cli, &watching.only);
	if (!err)
		err = xs_pins_check_bpffs(cli->ctx);
	if (err)
		return err;
	watching.quiet = xsteer_ctx_new(cli->pin_root, NULL, NULL);
	watching.brokers = (struct xs_brokers_seen){ .ctx = cli->ctx,
						     .quiet = watching.quiet,
						     .only = watching.only };
	signals = open_signals();
	if (!watching.quiet || signals < 0)
		err = -ENOMEM;
	else if (!(nl = open_links(cli)))
		err = -EIO;
	else
		err = watch_until_told(&watching, nl, signals);
	if (nl)
		mnl_socket_close(nl);
	if (signals >= 0)
		close(signals);
	xs_seen_free(&watching.seen);
	xs_brokers_forget(&watching.brokers);
	free(watching.links);
	xsteer_ctx_free(watching.quiet);
	return err;
}
