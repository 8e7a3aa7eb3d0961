// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps losses: shows what happened to frames, as a grid or JSON; see losses.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/instance/failures.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "tools/cli/stop.h"
#include "loss_causes.h"
#include "losses.h"
#include "watched.h"

struct report {
	const char *ifname;
	const struct xs_loss_sources *sources;
	const struct xs_losses *losses;
	double seconds; /* 0: since the counters began */
	const char *untraced; /* why tracing was asked for and not allowed; or NULL */
};

/* The receiver of a frame, by verdict, as people read it; NULL: not delivered. */
static const char *const receivers[XS_VERDICT_MAX] = {
	[XS_VERDICT_pass] = "kernel",	       [XS_VERDICT_tx] = "sent back",
	[XS_VERDICT_xsk] = "sockets",	       [XS_VERDICT_cpu] = "other CPUs",
	[XS_VERDICT_dev] = "other interfaces", [XS_VERDICT_chain] = "chains",
};

/* ---- text ---- */

static void put_part(FILE *out, const struct xs_loss_part *part, bool only)
{
	char name[IFNAMSIZ];

	switch (part->of) {
	case XS_LOSS_OF_QUEUE:
		fprintf(out, "queue %u", part->number);
		break;
	case XS_LOSS_OF_SLOT:
		fprintf(out, "slot %u", part->number);
		break;
	case XS_LOSS_OF_CPU:
		fprintf(out, "CPU %u", part->number);
		break;
	case XS_LOSS_OF_IFINDEX:
		if (!xs_netif_name(part->number, name))
			fprintf(out, "%s", name);
		else
			fprintf(out, "ifindex %u", part->number);
		break;
	default:
		break;
	}
	if (part->pid)
		fprintf(out, " (pid %u)", part->pid);
	if (part->error)
		fprintf(out, "%s%s", part->of ? ": " : "", strerror(part->error));
	if (!only)
		fprintf(out, " %llu", part->frames);
}

void xs_losses_where(const struct xs_losses *losses, enum xs_loss cause, char *text, size_t len)
{
	FILE *out = fmemopen(text, len, "w");
	bool first = true;

	text[0] = '\0';
	for (__u32 i = 0; out && i < losses->part_cnt; i++) {
		const struct xs_loss_part *part = &losses->parts[i];

		if (part->cause != cause)
			continue;
		fputs(first ? "" : ", ", out);
		put_part(out, part, part->frames == losses->frames[cause]);
		first = false;
	}
	if (out)
		fclose(out);
	text[len - 1] = '\0';
}

void xs_losses_remedy(enum xs_loss cause, const char *ifname, char *text, size_t len)
{
	const char *remedy = xs_loss_texts[cause].remedy, *gap = strstr(remedy, "{}");

	if (gap)
		snprintf(text, len, "%.*s%s%s", (int)(gap - remedy), remedy, ifname, gap + 2);
	else
		snprintf(text, len, "%s", remedy);
}

static void row(struct xs_grid *grid, const char *place, const char *cause, __u64 frames,
		const char *where, const char *remedy)
{
	xs_grid_cell(grid, "%s", place);
	xs_grid_cell(grid, "%s", cause);
	xs_grid_number(grid, (double)frames, "%llu", frames);
	xs_grid_cell(grid, "%s", where);
	xs_grid_cell(grid, "%s", remedy);
}

static void cause_rows(struct xs_grid *grid, const struct report *report, bool in_nic)
{
	char where[256], remedy[256];

	for (int cause = 0; cause < XS_LOSS_MAX; cause++) {
		const struct xs_loss_text *text = &xs_loss_texts[cause];

		if (!report->losses->frames[cause] || (text->place == XS_PLACE_nic) != in_nic)
			continue;
		xs_losses_where(report->losses, cause, where, sizeof(where));
		xs_losses_remedy(cause, report->ifname, remedy, sizeof(remedy));
		row(grid, xs_loss_places[text->place], text->cause, report->losses->frames[cause],
		    where, remedy);
	}
}

/* False: the screen is too narrow for the last column, which is left out. */
static bool print_lines(const struct xs_grid *grid)
{
	size_t cnt;
	char **lines = xs_grid_lines(grid, xs_screen_width(), &cnt);
	bool whole = cnt && strstr(lines[0], "Remedy");

	for (size_t i = 0; i < cnt; i++)
		puts(lines[i]);
	xs_lines_free(lines, cnt);
	return whole;
}

static void print_remedies(const struct report *report)
{
	const struct xs_losses *losses = report->losses;
	char remedy[256];

	for (int cause = 0; cause < XS_LOSS_MAX; cause++) {
		if (!losses->frames[cause])
			continue;
		xs_losses_remedy(cause, report->ifname, remedy, sizeof(remedy));
		if (remedy[0])
			printf("%s: %s\n", xs_loss_texts[cause].cause, xs_shown(remedy).text);
	}
	if (!losses->measured)
		printf("unexplained: %s\n", losses->unmeasured);
}

static void print_grid(const struct report *report)
{
	struct xs_grid *grid = xs_grid_new("Place|Cause|>Frames|Where|?Remedy");
	const struct xs_losses *losses = report->losses;

	cause_rows(grid, report, true);
	row(grid, "in", "", losses->frames_in, "", "");
	cause_rows(grid, report, false);
	for (int v = 0; v < XS_VERDICT_MAX; v++)
		if (receivers[v] && losses->delivered[v])
			row(grid, "delivered", receivers[v], losses->delivered[v], "", "");
	if (losses->measured) {
		row(grid, "unexplained", "", losses->unexplained, "", "");
	} else {
		xs_grid_cell(grid, "unexplained");
		xs_grid_cell(grid, "%s", "");
		xs_grid_cell(grid, "?");
		xs_grid_cell(grid, "%s", "");
		xs_grid_cell(grid, "%s", losses->unmeasured);
	}
	if (!print_lines(grid))
		print_remedies(report);
	xs_grid_free(grid);
}

/* ---- JSON ---- */

static json_t *part_json(const struct xs_loss_part *part)
{
	static const char *const keys[] = { NULL, "queue", "slot", "cpu", "ifindex" };
	json_t *object = json_pack("{s:I}", "frames", (json_int_t)part->frames);

	if (part->of != XS_LOSS_OF_ALL)
		json_object_set_new(object, keys[part->of], json_integer(part->number));
	if (part->pid)
		json_object_set_new(object, "pid", json_integer(part->pid));
	if (part->error)
		json_object_set_new(object, "error", json_string(strerror(part->error)));
	return object;
}

static json_t *cause_json(const struct report *report, enum xs_loss cause)
{
	const struct xs_losses *losses = report->losses;
	json_t *parts = json_array();
	char remedy[256];

	for (__u32 i = 0; i < losses->part_cnt; i++)
		if (losses->parts[i].cause == cause)
			json_array_append_new(parts, part_json(&losses->parts[i]));
	xs_losses_remedy(cause, report->ifname, remedy, sizeof(remedy));
	return json_pack("{s:s, s:s, s:I, s:o, s:o}", "place",
			 xs_loss_places[xs_loss_texts[cause].place], "cause",
			 xs_loss_texts[cause].cause, "frames", (json_int_t)losses->frames[cause],
			 "parts", parts, "remedy", xs_json_text(remedy));
}

static int print_json(struct xs_cli *cli, const struct report *report)
{
	const struct xs_losses *losses = report->losses;
	json_t *causes = json_array(), *delivered = json_object(), *object;

	for (int cause = 0; cause < XS_LOSS_MAX; cause++)
		if (losses->frames[cause])
			json_array_append_new(causes, cause_json(report, cause));
	for (int v = 0; v < XS_VERDICT_MAX; v++)
		if (receivers[v])
			json_object_set_new(delivered, xs_verdict_names[v],
					    json_integer((json_int_t)losses->delivered[v]));
	object = json_pack("{s:o, s:I, s:o, s:o, s:o, s:b}", "interface",
			   xs_json_text(report->ifname), "frames_in", (json_int_t)losses->frames_in,
			   "losses", causes, "delivered", delivered, "unexplained",
			   losses->measured ? json_integer((json_int_t)losses->unexplained)
					    : json_null(),
			   "traced", report->sources->traced);
	if (losses->unmeasured)
		json_object_set_new(object, "unexplained_why", json_string(losses->unmeasured));
	if (report->untraced)
		json_object_set_new(object, "untraced_why", xs_json_text(report->untraced));
	if (!report->sources->rules.known)
		json_object_set_new(object, "rules_why",
				    xs_json_text(strerror(-report->sources->rules.err)));
	if (report->seconds > 0)
		json_object_set_new(object, "interval", json_real(report->seconds));
	return xs_json_print(cli, object);
}

/* ---- reports ---- */

/* The kernel drops them there, and counts them for all interfaces together. */
static void note_open_checksums(struct xs_cli *cli, const struct xs_netif *netif,
				const struct report *report)
{
	if (report->sources->native && report->losses->delivered[XS_VERDICT_cpu] &&
	    !strcmp(netif->driver, "veth") && xs_netif_peer_leaves_checksums(netif->ifindex))
		xs_note(cli->ctx,
			"%s: its other end leaves checksums open, or cannot be asked: other CPUs "
			"then drop TCP and UDP (nstat: TcpInCsumErrors, UdpInCsumErrors); "
			"'ethtool -K PEER tx off' there fills them in",
			netif->name);
}

static int show(struct xs_cli *cli, const struct xs_netif *netif, const struct report *report)
{
	const struct xs_loss_sources *sources = report->sources;
	int err = 0;

	if (cli->json)
		err = print_json(cli, report);
	else
		print_grid(report);
	fflush(stdout);
	if (!sources->rules.known)
		xs_note(cli->ctx,
			"%s: the rules cannot be read (%s), "
			"so why the program dropped frames is not known%s",
			report->ifname, strerror(-sources->rules.err),
			sources->rules.err == -EPERM ? ": run as root" : "");
	if (sources->unread)
		xs_note(cli->ctx,
			"%s: the counters of a socket may not be read: run as root, "
			"in the PID namespace of its process",
			report->ifname);
	if (!sources->traced && (report->losses->delivered[XS_VERDICT_cpu] ||
				 report->losses->delivered[XS_VERDICT_dev]))
		xs_note(cli->ctx,
			"%s: frames for other CPUs and interfaces are followed no further: "
			"-w SEC traces them",
			report->ifname);
	note_open_checksums(cli, netif, report);
	return err;
}

static int report_once(struct xs_cli *cli, struct xs_pins *pins, const struct xs_netif *netif)
{
	struct xs_loss_sources sources;
	struct xs_losses losses;
	int err;

	err = xs_loss_sources_read(pins, netif, NULL, &sources);
	if (err)
		return err;
	err = xs_losses_find(&sources, true, &losses);
	if (!err)
		err = show(cli, netif,
			   &(struct report){
				   .ifname = netif->name, .sources = &sources, .losses = &losses });
	xs_losses_free(&losses);
	xs_loss_sources_free(&sources);
	return err;
}

struct watching {
	struct failures_bpf *trace; /* NULL: not allowed */
	char why[256]; /* why not */
	struct xs_loss_sources before;
};

static int begin(struct xs_cli *cli, struct xs_pins *pins, const struct xs_netif *netif,
		 struct watching *watching)
{
	int err;

	watching->trace = NULL;
	watching->why[0] = '\0';
	if (xs_failures_open(pins, &watching->trace, watching->why, sizeof(watching->why)))
		xs_note(cli->ctx,
			"%s: cannot trace here (%s): causes that only tracing shows are left out",
			netif->name, watching->why);
	err = xs_loss_sources_read(pins, netif, watching->trace, &watching->before);
	if (!err)
		xs_info(cli->ctx, "%s: watching", netif->name);
	return err;
}

static void end(struct watching *watching)
{
	xs_failures_close(watching->trace);
	xs_loss_sources_free(&watching->before);
}

/* If the instance was attached again, everything starts again. */
static int begin_again(struct xs_cli *cli, struct xs_pins *pins, struct xs_netif *netif,
		       struct watching *watching)
{
	int got = xs_watched_again(pins, netif);

	if (got <= 0)
		return got;
	xs_note(cli->ctx, "%s: attached again: its counters restarted at 0", netif->name);
	end(watching);
	return begin(cli, pins, netif, watching);
}

static int report_interval(struct xs_cli *cli, const struct xs_pins *pins,
			   const struct xs_netif *netif, struct watching *watching)
{
	struct xs_loss_sources now, since;
	struct xs_losses losses;
	int err;

	err = xs_loss_sources_read(pins, netif, watching->trace, &now);
	if (err)
		return err;
	err = xs_loss_sources_since(&now, &watching->before, &since);
	if (err) {
		xs_loss_sources_free(&now);
		return err;
	}
	err = xs_losses_find(&since, false, &losses);
	if (!err)
		err = show(cli, netif,
			   &(struct report){ .ifname = netif->name,
					     .sources = &since,
					     .losses = &losses,
					     .seconds = now.at - watching->before.at,
					     .untraced = watching->trace ? NULL : watching->why });
	xs_losses_free(&losses);
	xs_loss_sources_free(&since);
	xs_loss_sources_free(&watching->before);
	watching->before = now;
	return err;
}

/* After a signal, also reports the interval that it broke off. */
static int report_intervals(struct xs_cli *cli, struct xs_pins *pins, struct xs_netif *netif,
			    struct watching *watching, const struct xs_losses_opts *opts,
			    const sigset_t *signals)
{
	bool goes_on = true;
	int err = 0;

	for (__u64 n = 0; !err && goes_on && (!opts->count || n < opts->count); n++) {
		goes_on = xs_stop_wait(signals, opts->watch_sec);
		err = begin_again(cli, pins, netif, watching);
		xs_stop_begin_output();
		if (!err && n && !cli->json)
			putchar('\n');
		if (!err)
			err = report_interval(cli, pins, netif, watching);
		xs_stop_end_output();
		if (ferror(stdout) || xs_stop_asked())
			break;
	}
	return err;
}

int xs_maps_losses(struct xs_cli *cli, struct xs_pins *pins, const char *ifname,
		   const struct xs_losses_opts *opts)
{
	struct watching watching = {};
	struct xs_netif netif;
	sigset_t signals;
	int err;

	err = xs_netif_get(cli->ctx, &netif, ifname);
	if (err)
		return err;
	if (!opts->watch_sec)
		return report_once(cli, pins, &netif);
	xs_stop_block(&signals);
	err = begin(cli, pins, &netif, &watching);
	if (!err)
		err = report_intervals(cli, pins, &netif, &watching, opts, &signals);
	end(&watching);
	return err;
}
