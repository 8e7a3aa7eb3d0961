// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules trace: shows or writes frames as the program decides them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/base/wait.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/stop.h"
#include "decided.h"
#include "frame_text.h"
#include "pcapng.h"
#include "rules.h"

#define WAIT_MS 200 /* then output is flushed, and the instance looked at */
/*
 * After a few frames it waits for more, since each time that it wakes costs as much as many
 * frames, on a CPU that forwards, too. 50 times a second still looks live. So few frames, even of
 * the greatest length, leave room in the ring for those that come meanwhile.
 */
#define GATHER_MS 20
#define FEW_FRAMES 100

struct tracing {
	struct xs_cli *cli;
	const struct xs_rules_opts *opts;
	const char *ifname;
	struct xsteer_trace *trace;
	FILE *file; /* -w; or NULL */
	__u64 written;
	__u32 *rules, rule_cnt;
	uint64_t generation;
};

/* ---- one frame ---- */

static struct xs_decided decided(const struct xsteer_traced *frame)
{
	return (struct xs_decided){
		.rule = frame->rule,
		.line = frame->line,
		.included = frame->flags & XSTEER_EXPLAINED_INCLUDED,
		.file = frame->file,
		.text = frame->text,
		.verdict = frame->verdict,
		.reason = frame->reason,
		.xdp = frame->xdp,
	};
}

static void print_line(const struct xsteer_traced *frame, const char *why)
{
	time_t sec = (time_t)(frame->time_ns / 1000000000);
	char clock[16], text[XS_FRAME_TEXT_MAX];
	struct tm local;

	localtime_r(&sec, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	xs_frame_text(text, frame->bytes, frame->captured, frame->length);
	printf("%s.%06u queue %u, %s: %s\n", clock,
	       (unsigned int)(frame->time_ns % 1000000000 / 1000), frame->queue, why, text);
}

static char *hex_of(const unsigned char *bytes, __u32 len)
{
	char *text = malloc(2 * (size_t)len + 1);

	for (__u32 i = 0; text && i < len; i++)
		sprintf(text + 2 * (size_t)i, "%02x", bytes[i]);
	if (text)
		text[2 * (size_t)len] = '\0';
	return text;
}

static void print_object(const struct tracing *tracing, const struct xsteer_traced *frame,
			 const struct xs_decided *by)
{
	char *hex = hex_of(frame->bytes, frame->captured);
	json_t *object =
		json_pack("{s:f, s:i}", "time", frame->time_ns / 1e9, "queue", frame->queue);

	xs_decided_add(object, by);
	json_object_set_new(object, "counted", json_string(xsteer_verdict_name(frame->done)));
	json_object_set_new(object, "length", json_integer(frame->length));
	json_object_set_new(object, "hex", json_string(hex ? hex : ""));
	json_dumpf(object, stdout, tracing->cli->pretty ? JSON_INDENT(2) : 0);
	putchar('\n');
	json_decref(object);
	free(hex);
}

static void write_frame(const struct tracing *tracing, const struct xsteer_traced *frame,
			const char *why)
{
	const struct xs_pcapng_frame own = {
		.time_ns = frame->time_ns,
		.bytes = frame->bytes,
		.captured = frame->captured,
		.length = frame->length,
		.queue = frame->queue,
		.xdp = frame->xdp,
		.comment = why,
	};

	xs_pcapng_frame(tracing->file, &own);
}

static FILE *output_of(const struct tracing *tracing)
{
	return tracing->file ? tracing->file : stdout;
}

/* 1: that was the last one. */
static int take_frame(void *arg, const struct xsteer_traced *frame)
{
	struct tracing *tracing = arg;
	const struct xs_decided by = decided(frame);
	char *why = xs_decided_text(&by);

	if (!why)
		return -ENOMEM;
	xs_stop_begin_output();
	if (tracing->file)
		write_frame(tracing, frame, why);
	else if (tracing->cli->json)
		print_object(tracing, frame, &by);
	else
		print_line(frame, why);
	xs_stop_end_output();
	free(why);
	/* Behind what could not be written nothing is worth waiting for. */
	return ++tracing->written == tracing->opts->count || ferror(output_of(tracing));
}

/* ---- what was asked for ---- */

/* A bit for each word of a list such as "drop,tx". 0, or -EINVAL after xs_usage(). */
static int read_words(struct xs_cli *cli, const char *option, const char *list,
		      const char *(*name)(uint32_t), __u32 *bits)
{
	char *copy = list ? strdup(list) : NULL, *rest = copy, *word;
	int err = list && !copy ? -ENOMEM : 0;

	while (!err && (word = strsep(&rest, ","))) {
		__u32 i = 0;

		while (strcmp(name(i), word) != 0 && strcmp(name(i), "?") != 0)
			i++;
		if (strcmp(name(i), "?") == 0)
			err = xs_usage(cli, "%s: '%s' is none; xsteer-maps(8) lists them", option,
				       word);
		else
			*bits |= 1U << i;
	}
	free(copy);
	return err;
}

/* As explain names it: LINE, or FILE:LINE. Rules of several files may have one line. */
static bool is_meant(const char *word, const struct xsteer_rule *rule)
{
	const char *colon = strrchr(word, ':'), *line = colon ? colon + 1 : word;
	__u64 number;

	if (xs_parse_u64(line, 1, ~0U, &number) || number != rule->line)
		return false;
	return !colon || (strlen(rule->file) == (size_t)(colon - word) &&
			  !strncmp(rule->file, word, colon - word));
}

struct finding {
	struct tracing *tracing;
	char **words;
	int cnt;
	bool *found; /* by word */
};

static int find_rule(void *arg, const struct xsteer_rule *rule)
{
	struct finding *finding = arg;
	struct tracing *tracing = finding->tracing;
	bool meant = false;
	__u32 *more;

	for (int i = 0; i < finding->cnt; i++)
		if (is_meant(finding->words[i], rule))
			meant = finding->found[i] = true;
	if (!meant)
		return 0;
	more = realloc(tracing->rules, (tracing->rule_cnt + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	tracing->rules = more;
	more[tracing->rule_cnt++] = rule->index;
	return 0;
}

static int refuse_unfound(const struct finding *finding)
{
	struct tracing *tracing = finding->tracing;

	for (int i = 0; i < finding->cnt; i++) {
		if (finding->found[i])
			continue;
		xs_err(tracing->cli->ctx,
		       "%s: no rule at '%s': give the line, or FILE:LINE; "
		       "'xsteer-rules show -j %s' has them",
		       tracing->ifname, finding->words[i], tracing->ifname);
		return -ENOENT;
	}
	return 0;
}

/* In one walk, so that all are of one generation. */
static int find_rules(struct tracing *tracing, char **words, int cnt)
{
	struct finding finding = { tracing, words, cnt, calloc(cnt + 1, sizeof(bool)) };
	XSTEER_STRUCT(xsteer_rule_set, set);
	int err = finding.found ? 0 : -ENOMEM;

	if (!err && cnt)
		err = xsteer_rules_show(tracing->cli->ctx, tracing->ifname, &set, find_rule,
					&finding);
	if (!err)
		err = refuse_unfound(&finding);
	free(finding.found);
	tracing->generation = set.generation;
	return err;
}

static int open_trace(struct tracing *tracing)
{
	XSTEER_STRUCT(xsteer_trace_opts, opts, .rules = tracing->rules,
		      .rule_count = tracing->rule_cnt, .generation = tracing->generation,
		      .snap = tracing->opts->snap, .rate = tracing->opts->rate);
	int err = read_words(tracing->cli, "--verdict", tracing->opts->verdict, xsteer_verdict_name,
			     &opts.verdicts);

	if (!err)
		err = read_words(tracing->cli, "--reason", tracing->opts->reason,
				 xsteer_reason_name, &opts.reasons);
	return err ? err
		   : xsteer_trace_open(tracing->cli->ctx, tracing->ifname, &opts, &tracing->trace);
}

static int open_file(struct tracing *tracing)
{
	const char *path = tracing->opts->write;

	if (!path)
		return 0;
	tracing->file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!tracing->file) {
		xs_err(tracing->cli->ctx, "cannot write %s: %s", path, strerror(errno));
		return -errno;
	}
	xs_pcapng_begin(tracing->file, tracing->ifname, tracing->opts->snap);
	return 0;
}

/* ---- until it ends ---- */

/* Without a signal's own effect, since the plain program must be put back first. */
static int take_signals(struct xs_cli *cli)
{
	sigset_t signals;

	xs_stop_block(&signals);
	sigaddset(&signals, SIGHUP); /* of a terminal that went away */
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	cli->ctx->stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return cli->ctx->stop_fd < 0 ? -errno : 0;
}

/* 0; -EPIPE, silently: nobody reads any more; -EIO, logged. */
static int flush_output(const struct tracing *tracing)
{
	FILE *out = output_of(tracing);

	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	if (errno == EPIPE)
		return -EPIPE;
	xs_err(tracing->cli->ctx, "cannot write %s: %s",
	       tracing->opts->write ? tracing->opts->write : "the output",
	       strerror(errno ? errno : EIO));
	return -EIO;
}

/* 0: it was told to end, or has all it wants. */
static int trace_until_told(struct tracing *tracing)
{
	int err = 0, output = 0;
	__u64 before;

	while (!err && !output && !xs_stop_asked()) {
		before = tracing->written;
		err = xsteer_trace_read(tracing->trace, WAIT_MS, take_frame, tracing);
		xs_stop_begin_output();
		output = flush_output(tracing);
		xs_stop_end_output();
		if (!err && !output && tracing->written != before &&
		    tracing->written - before < FEW_FRAMES)
			err = xs_wait_ms(tracing->cli->ctx, GATHER_MS);
	}
	if (output)
		return output == -EPIPE ? 0 : output;
	return err == 1 || err == -EINTR ? 0 : err;
}

/* What came before the plain program was back. */
static int read_rest(struct tracing *tracing)
{
	int err = 0;
	__u64 before;

	if (ferror(output_of(tracing)))
		return 0; /* which has been said */
	do {
		before = tracing->written;
		if (!tracing->opts->count || tracing->written < tracing->opts->count)
			err = xsteer_trace_read(tracing->trace, 0, take_frame, tracing);
	} while (!err && tracing->written != before);
	return err < 0 && err != -ESTALE ? err : 0;
}

static int tell_counts(struct tracing *tracing, const struct xsteer_trace_counts *counts)
{
	__u64 unread = counts->matched - counts->not_sampled - counts->over_rate - counts->no_room -
		       tracing->written;

	if (tracing->cli->json && tracing->opts->write && !strcmp(tracing->opts->write, "-"))
		return 0;
	if (tracing->cli->json)
		return xs_json_print(tracing->cli,
				     json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "interface",
					       xs_json_text(tracing->ifname), "matched",
					       (json_int_t)counts->matched, "written",
					       (json_int_t)tracing->written, "not_sampled",
					       (json_int_t)counts->not_sampled, "over_rate",
					       (json_int_t)counts->over_rate, "no_room",
					       (json_int_t)counts->no_room, "unread",
					       (json_int_t)unread));
	fprintf(stderr,
		"%llu frame%s %s of %llu decided; left out: %llu over the rate, "
		"%llu for want of room",
		(unsigned long long)tracing->written, xs_s(tracing->written),
		tracing->file ? "written" : "shown", (unsigned long long)counts->matched,
		(unsigned long long)counts->over_rate, (unsigned long long)counts->no_room);
	if (counts->not_sampled)
		fprintf(stderr, ", %llu not sampled", (unsigned long long)counts->not_sampled);
	fprintf(stderr, unread ? ", %llu behind the last\n" : "\n", (unsigned long long)unread);
	return 0;
}

static int end_trace(struct tracing *tracing)
{
	XSTEER_STRUCT(xsteer_trace_counts, counts);
	int err = xsteer_trace_stop(tracing->trace), got;
	struct timespec now;

	got = read_rest(tracing);
	if (!err)
		err = got;
	got = xsteer_trace_counts(tracing->trace, &counts);
	if (got)
		return err ? err : got;
	clock_gettime(CLOCK_REALTIME, &now);
	if (tracing->file)
		xs_pcapng_end(tracing->file, now.tv_sec * 1000000000ULL + now.tv_nsec,
			      counts.matched, counts.matched - tracing->written);
	xs_stop_begin_output();
	got = tell_counts(tracing, &counts);
	xs_stop_end_output();
	return err ? err : got;
}

static int run_trace(struct tracing *tracing)
{
	int err = open_trace(tracing), ended;

	if (!err)
		err = open_file(tracing);
	if (err)
		return err;
	xs_stop_begin_output();
	fprintf(stderr, "tracing %s, at most %u frames a second of %u bytes each; Ctrl-C ends it\n",
		xs_shown(tracing->ifname).text, tracing->opts->rate, tracing->opts->snap);
	xs_stop_end_output();
	err = trace_until_told(tracing);
	ended = end_trace(tracing);
	if (!err)
		err = ended;
	if (tracing->file && tracing->file != stdout && fclose(tracing->file) && !err) {
		xs_err(tracing->cli->ctx, "cannot write %s: %s", tracing->opts->write,
		       strerror(errno));
		err = -EIO;
	}
	return err;
}

int xs_do_trace(struct xs_cli *cli)
{
	struct tracing tracing = { .cli = cli, .opts = xs_rules_opts(cli) };
	struct xs_rules_opts *opts = xs_rules_opts(cli);
	char **words = cli->operands;
	int cnt = cli->operand_cnt, err = 0;

	if (!opts->ifname && !cnt)
		return xs_usage(cli, "trace: %s is missing", cli->cmd->args);
	if (!opts->ifname) {
		opts->ifname = *words++;
		cnt--;
	}
	xs_rules_call_if(cli, opts);
	tracing.ifname = opts->ifname;
	err = find_rules(&tracing, words, cnt);
	if (!err)
		err = take_signals(cli);
	if (!err)
		err = run_trace(&tracing);
	xsteer_trace_close(tracing.trace);
	free(tracing.rules);
	return err;
}
