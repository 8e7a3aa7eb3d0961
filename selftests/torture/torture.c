// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Every command of scenarios.c, killed or failed at each of its calls in turn:
 * a case is one command, one call, one action. After each, the next command must
 * work, nothing be left behind, and no frame have met anything but the policy
 * before or the one after. Run by selftests/torture/run, which makes the lab.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "objects.h"

#define CALLS_MAX 2048
#define KNOWN_MAX 512
/* What is freed after an RCU grace period, or by a worker of the kernel's. */
#define SETTLES_MS 5000
#define KILLED (128 + 9)

static struct options {
	const char *tools, *dir, *known, *only, *scenarios;
	unsigned long every, seed, shard, shards;
	bool list, verbose;
} options = { .tools = ".output", .dir = "/tmp", .every = 1, .shards = 1 };

static unsigned long passed, failed, skipped, number;

/* ---- known failures ---- */

static struct known {
	const char *pattern; /* of "SCENARIO:ACTION:LABEL#NTH", for fnmatch() */
	const char *reason;
	unsigned long cases, failures;
	char line[400];
} known[KNOWN_MAX];
static unsigned int known_cnt;

static int read_known(const char *path)
{
	FILE *file = fopen(path, "re");
	struct known *entry;
	char *hash;

	if (!file)
		return -errno;
	while (known_cnt < KNOWN_MAX && fgets(known[known_cnt].line, sizeof(known->line), file)) {
		entry = &known[known_cnt];
		entry->line[strcspn(entry->line, "\n")] = '\0';
		hash = strstr(entry->line, "\t");
		if (entry->line[0] == '#' || !hash)
			continue;
		*hash++ = '\0';
		entry->pattern = entry->line;
		entry->reason = hash + strspn(hash, "\t ");
		known_cnt++;
	}
	fclose(file);
	return 0;
}

static struct known *find_known(const char *name)
{
	for (unsigned int i = 0; i < known_cnt; i++)
		if (!fnmatch(known[i].pattern, name, 0))
			return &known[i];
	return NULL;
}

/* ---- one case ---- */

struct numbered_call {
	struct call_key key;
	unsigned int actions;
};

/* A scenario as it goes when nothing happens to it. */
struct model {
	const struct scenario *scenario;
	struct numbered_call calls[CALLS_MAX];
	unsigned int call_cnt;
	char *before, *after, *at_last; /* states */
};

struct torture_case {
	struct model *model;
	unsigned int call; /* index */
	enum action action;
	char id[160]; /* SCENARIO:NUMBER:ACTION */
	char name[200]; /* SCENARIO:ACTION:LABEL#NTH, which does not change with other calls */
	char what[512]; /* what happened, for the report */
	char why[1024]; /* it failed; empty: it did not */
	char output[2048]; /* of the command */
	const char *wanted; /* state that it should have come to; NULL: as it did */
	char *got;
};

static void __attribute__((format(printf, 2, 3)))
blame(struct torture_case *c, const char *format, ...)
{
	size_t len = strlen(c->why);
	va_list args;

	if (len)
		len += (size_t)snprintf(c->why + len, sizeof(c->why) - len, "; ");
	va_start(args, format);
	vsnprintf(c->why + len, sizeof(c->why) - len, format, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3)))
tell(struct torture_case *c, const char *format, ...)
{
	size_t len = strlen(c->what);
	va_list args;

	va_start(args, format);
	vsnprintf(c->what + len, sizeof(c->what) - len, format, args);
	va_end(args);
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&pause, NULL);
}

/* The state, once it is `wanted`, or else what it is after SETTLES_MS. */
static char *settled_state(const char *wanted, bool exactly, unsigned int patience_ms)
{
	char *state = state_read();

	for (unsigned int waited = 0; waited < patience_ms && !state_equal(wanted, state, exactly);
	     waited += 5) {
		free(state);
		sleep_ms(5);
		state = state_read();
	}
	return state;
}

static bool says(const char *words)
{
	return strstr(lab_output(), words);
}

/* What a command that failed has to say, and what not. */
static void judge_words(struct torture_case *c)
{
	const char *output = lab_output();

	if (!output[0])
		blame(c, "it fails without a word");
	if ((c->action == ACTION_EMFILE || c->action == ACTION_ENOMEM) && strstr(output, "as root"))
		blame(c, "%s is told as a lack of permission", action_names[c->action]);
}

/* Frames met `from`, then perhaps `to`, and nothing else. */
static bool is_one_step(const struct probe_seen *seen, enum policy from, enum policy to)
{
	char text[64];

	if (from == to)
		return !strcmp(seen->changes, policy_names[from]);
	snprintf(text, sizeof(text), "%s %s", policy_names[from], policy_names[to]);
	return !strcmp(seen->changes, policy_names[from]) ||
	       !strcmp(seen->changes, policy_names[to]) || !strcmp(seen->changes, text);
}

/* From one to the other by way of none, or, refused, back. */
static bool is_gap(const struct probe_seen *seen, enum policy from, enum policy to)
{
	char there[64], back[64];

	snprintf(there, sizeof(there), "%s none %s", policy_names[from], policy_names[to]);
	snprintf(back, sizeof(back), "%s none %s", policy_names[from], policy_names[from]);
	return !strcmp(seen->changes, there) || !strcmp(seen->changes, back);
}

static void judge_frames(struct torture_case *c, const struct run *run, enum policy from,
			 enum policy to, const char *when)
{
	const struct scenario *s = c->model->scenario;
	unsigned int allowed = POLICY_BIT(from) | POLICY_BIT(to);

	if (s->lives) {
		allowed |= POLICY_BIT(POLICY_old); /* bounced */
		if (run->status) /* what a socket held dies with it */
			allowed |= POLICY_BIT(POLICY_lost);
	}
	if (s->gap)
		allowed |= POLICY_BIT(POLICY_none);
	if (run->seen.policies & ~allowed)
		blame(c, "%s, frames met: %s", when, run->seen.changes);
	else if (!s->lives && !run->status && !is_one_step(&run->seen, from, to) &&
		 !(s->gap && is_gap(&run->seen, from, to)))
		blame(c, "%s, frames went to and fro: %s", when, run->seen.changes);
}

static void judge_status(struct torture_case *c, const struct run *run)
{
	bool kills = ACTION_BIT(c->action) & ACTIONS_KILL;

	if (run->status == STATUS_HANGS)
		blame(c, "it hangs");
	else if (run->status == KILLED ? !kills : run->status > 1)
		blame(c, "it ends with status %d", run->status);
	else if (run->status == 1)
		judge_words(c);
	if (run->status == STATUS_HANGS || run->status == KILLED)
		tell(c, run->status == KILLED ? "killed" : "hangs");
	else
		tell(c, "exit %d", run->status);
}

/* Whatever is there now, the next command makes it whole. */
static void judge_next(struct torture_case *c, enum policy now)
{
	const struct scenario *s = c->model->scenario;
	struct run run;

	lab_run(&run, s, s->next, NULL, ACTION_none, NULL);
	tell(c, ", next exit %d", run.status);
	if (run.status && !(run.status == 1 && s->next_may_say && says(s->next_may_say)))
		blame(c, "the next command fails with %d: %.200s", run.status, lab_output());
	if (run.at_last != s->at_last)
		blame(c, "after the next command frames meet %s", policy_names[run.at_last]);
	judge_frames(c, &run, now, s->at_last, "during the next command");
	if (s->lives && !run.status && !(run.seen.policies & POLICY_BIT(POLICY_old)))
		blame(c, "the next bouncer sends nothing back");
	c->got = settled_state(c->model->at_last, false, SETTLES_MS);
	if (!state_equal(c->model->at_last, c->got, false)) {
		blame(c, "after the next command the state is not whole");
		c->wanted = c->model->at_last;
	}
}

static void judge_counters(struct torture_case *c)
{
	unsigned long long packets;

	/* a frame may be in the middle of being counted */
	for (int i = 0; i < 5; i++)
		if (counters_add_up(&packets))
			return;
	blame(c, "the verdicts do not add up to %llu packets", packets);
}

static void judge(struct torture_case *c, const char *before, const struct run *run)
{
	const struct scenario *s = c->model->scenario;
	bool unchanged, done;
	char *state;

	snprintf(c->output, sizeof(c->output), "%s", lab_output());
	judge_status(c, run);
	judge_frames(c, run, s->before, s->after, "meanwhile");
	if (run->at_last != s->before && run->at_last != s->after &&
	    !(s->gap && run->status == KILLED && run->at_last == POLICY_none))
		blame(c, "afterwards frames meet %s", policy_names[run->at_last]);
	if (!run->status && run->at_last != s->after)
		blame(c, "it exits 0, and frames meet %s", policy_names[run->at_last]);
	state = settled_state(before, true, run->status ? 25 : 0);
	unchanged = state_equal(before, state, true);
	if (!run->status && !unchanged) {
		free(state);
		state = settled_state(c->model->after, false, 25);
	}
	done = !run->status && state_equal(c->model->after, state, false);
	free(state);
	tell(c, unchanged ? ", as before" : done ? ", done" : "");
	if (!unchanged && !done)
		judge_next(c, run->at_last);
	else if (!run->status && unchanged && !state_equal(before, c->model->after, false))
		blame(c, "it exits 0 and has done nothing");
	judge_counters(c);
}

/* ---- from case to case ---- */

static char *nothing; /* the state of a lab where nothing is attached */

static void say_setup(const char *line, const struct run *run)
{
	printf("# set-up: %s: exit %d\n#\t%.400s\n", line, run->status, lab_output());
}

/* By whatever means: what a failed case left must not be the next one's failure. */
static void clear_all(const struct scenario *s)
{
	struct run run;
	char *state;

	lab_run(&run, s, "loader detach rx0", NULL, ACTION_none, NULL);
	lab_run(&run, s, "loader clean", NULL, ACTION_none, NULL);
	state = settled_state(nothing, false, 500);
	if (!state_equal(nothing, state, false)) {
		lab_run(&run, s,
			"sh rm -rf /sys/fs/bpf/xsteer; ip link set rx0 xdp off 2>/dev/null;"
			" ip link del lost0 2>/dev/null; echo 0 "
			">/sys/class/net/rx0/gro_flush_timeout;"
			" echo 0 >/sys/class/net/rx0/napi_defer_hard_irqs",
			NULL, ACTION_none, NULL);
		free(state);
		state = settled_state(nothing, false, SETTLES_MS);
	}
	if (!state_equal(nothing, state, false)) {
		printf("# the lab does not come back to what it was:\n");
		state_print_difference(nothing, state);
		free(nothing);
		nothing = strdup(state);
	}
	free(state);
}

static int set_up(const struct scenario *s)
{
	struct run run;

	clear_all(s);
	for (int i = 0; i < SETUP_MAX && s->setup[i]; i++) {
		lab_run(&run, s, s->setup[i], NULL, ACTION_none, NULL);
		if (run.status) {
			say_setup(s->setup[i], &run);
			return -EIO;
		}
	}
	return 0;
}

/* Back to the state before, the quickest way. That state; NULL: it cannot be had. */
static char *prepare(const struct model *model)
{
	const struct scenario *s = model->scenario;
	struct run run;
	char *state = state_read();

	if (state_equal(model->before, state, false) && probe_now() == s->before)
		return state;
	free(state);
	if (s->restore) {
		lab_run(&run, s, s->restore, NULL, ACTION_none, NULL);
		state = settled_state(model->before, false, 500);
		if (state_equal(model->before, state, false) && run.at_last == s->before)
			return state;
		free(state);
	}
	if (set_up(s))
		return NULL;
	state = settled_state(model->before, false, SETTLES_MS);
	if (state_equal(model->before, state, false))
		return state;
	printf("# %s: the state before is another than the first time:\n", s->name);
	state_print_difference(model->before, state);
	free(state);
	return NULL;
}

/* ---- the model ---- */

static struct model *learning;

static void learn_call(const struct call_key *key, const struct call *call)
{
	if (learning->call_cnt == CALLS_MAX)
		return;
	learning->calls[learning->call_cnt++] =
		(struct numbered_call){ .key = *key, .actions = call->actions };
}

/* Read when it has stopped changing. */
static char *steady_state(void)
{
	char *state = state_read(), *again;
	int steady = 0;

	for (int i = 0; i < 500 && steady < 50; i++) {
		sleep_ms(20);
		again = state_read();
		steady = state_equal(state, again, true) ? steady + 1 : 0;
		free(state);
		state = again;
	}
	return state;
}

/* Number 0 of each scenario: nothing is done to it. */
static void judge_model(struct torture_case *c, const struct run *run)
{
	const struct scenario *s = c->model->scenario;

	snprintf(c->output, sizeof(c->output), "%s", lab_output());
	tell(c, "%u calls, %lu frames: %s", c->model->call_cnt, run->seen.frames,
	     run->seen.changes);
	if (run->status)
		blame(c, "it ends with status %d", run->status);
	if (run->at_last != s->after)
		blame(c, "frames meet %s", policy_names[run->at_last]);
	judge_frames(c, run, s->before, s->after, "meanwhile");
	if (s->lives && !(run->seen.policies & POLICY_BIT(POLICY_old)))
		blame(c, "the bouncer sends nothing back");
	/* no rule of the new ones is about a CPU, nor is one after a flush */
	if ((s->after == POLICY_new || !strcmp(s->name, "flush")) &&
	    strcmp(s->name, "apply-confirm") && strstr(c->model->after, "cpu_map["))
		blame(c, "cpu_map has entries that no rule names");
	judge_counters(c);
}

/* 0, or -EIO: the scenario does not work even when nobody disturbs it. */
static int learn_model(struct model *model, struct torture_case *c)
{
	const struct scenario *s = model->scenario;
	struct run run;

	if (set_up(s)) {
		blame(c, "it cannot be set up");
		return -EIO;
	}
	model->before = steady_state();
	learning = model;
	lab_run(&run, s, s->command, NULL, ACTION_none, learn_call);
	learning = NULL;
	model->after = steady_state();
	judge_model(c, &run);
	lab_run(&run, s, s->next, NULL, ACTION_none, NULL);
	if (run.status && !(s->next_may_say && says(s->next_may_say)))
		blame(c, "and once more: status %d: %.200s", run.status, lab_output());
	model->at_last = steady_state();
	return run.status && !s->next_may_say ? -EIO : 0;
}

/* ---- reporting ---- */

static void print_indented(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("#\t| %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void report(struct torture_case *c)
{
	struct known *expected = find_known(c->name);

	number++;
	if (expected) {
		expected->cases++;
		expected->failures += c->why[0] != '\0';
	}
	if (c->why[0] && expected) {
		skipped++;
		printf("ok %lu - %s %s # SKIP known: %s\n", number, c->id, c->what,
		       expected->reason);
	} else if (c->why[0]) {
		failed++;
		printf("not ok %lu - %s %s\n#\t%s\n#\t%s\n", number, c->id, c->what, c->name,
		       c->why);
		if (c->wanted)
			state_print_difference(c->wanted, c->got);
		print_indented(c->output);
	} else {
		passed++;
		printf("ok %lu - %s %s\n", number, c->id, c->what);
		if (options.verbose)
			print_indented(c->output);
	}
	fflush(stdout);
	free(c->got);
}

/* A failure that is mended must leave the list. */
static void report_known(void)
{
	for (unsigned int i = 0; i < known_cnt; i++) {
		if (!known[i].cases || known[i].failures)
			continue;
		number++;
		failed++;
		printf("not ok %lu - known failure does not fail any more: %s (%s)\n", number,
		       known[i].pattern, known[i].reason);
	}
}

/* ---- which cases ---- */

/* Spread evenly, and elsewhere for another seed. */
static bool is_drawn(unsigned long index)
{
	if (index % options.shards != options.shard)
		return false;
	return options.every <= 1 || (index / options.shards + options.seed) % options.every == 0;
}

static void name_case(struct torture_case *c)
{
	const struct scenario *s = c->model->scenario;
	const struct call_key *key = &c->model->calls[c->call].key;

	snprintf(c->id, sizeof(c->id), "%s:%u:%s", s->name, c->call + 1, action_names[c->action]);
	snprintf(c->name, sizeof(c->name), "%s:%s:%s%s#%u", s->name, action_names[c->action],
		 key->worker ? "worker " : "", key->label, key->nth);
	tell(c, "%s%s#%u -> ", key->worker ? "worker " : "", key->label, key->nth);
}

static void run_case(struct model *model, unsigned int call, enum action action)
{
	struct torture_case c = { .model = model, .call = call, .action = action };
	struct run run;
	char *before;

	name_case(&c);
	if (options.only && fnmatch(options.only, c.id, 0) && fnmatch(options.only, c.name, 0))
		return;
	if (options.list) {
		printf("%s %s\n", c.id, c.name);
		return;
	}
	before = prepare(model);
	if (!before) {
		blame(&c, "the state before cannot be had");
		report(&c);
		return;
	}
	lab_run(&run, model->scenario, model->scenario->command, &model->calls[call].key, action,
		NULL);
	if (run.hit) {
		judge(&c, before, &run);
		report(&c);
	} else {
		number++;
		skipped++;
		printf("ok %lu - %s %s# SKIP the call did not come this time\n", number, c.id,
		       c.what);
	}
	free(before);
}

static void run_scenario(const struct scenario *scenario, unsigned long *index)
{
	struct model *model = calloc(1, sizeof(*model));
	struct torture_case c = { .model = model };
	int err;

	if (!model)
		abort();
	model->scenario = scenario;
	snprintf(c.id, sizeof(c.id), "%s:0:none", scenario->name);
	snprintf(c.name, sizeof(c.name), "%s:none", scenario->name);
	err = learn_model(model, &c);
	if (!options.list)
		report(&c);
	for (unsigned int call = 0; !err && call < model->call_cnt; call++)
		for (enum action action = ACTION_none + 1; action < ACTION_MAX; action++)
			if (model->calls[call].actions & ACTION_BIT(action) &&
			    (!model->calls[call].key.worker || model->calls[call].key.nth == 1) &&
			    is_drawn((*index)++))
				run_case(model, call, action);
	clear_all(scenario);
	free(model->before);
	free(model->after);
	free(model->at_last);
	free(model);
}

static bool is_wanted(const struct scenario *scenario)
{
	char list[256], *rest = list, *word;

	if (options.only && strncmp(options.only, "*", 1))
		return !strncmp(options.only, scenario->name, strlen(scenario->name)) &&
		       options.only[strlen(scenario->name)] == ':';
	if (!options.scenarios)
		return true;
	snprintf(list, sizeof(list), "%s", options.scenarios);
	while ((word = strsep(&rest, ",")))
		if (!strcmp(word, scenario->name))
			return true;
	return false;
}

static int usage(int status)
{
	fputs("usage: torture [options]; run it by selftests/torture/run\n"
	      "  --only CASE        SCENARIO:NUMBER:ACTION, or a pattern of it\n"
	      "  --scenarios LIST   these, with commas between\n"
	      "  --every N          one case in N, --seed S says which\n"
	      "  --shard K/N        share K of N\n"
	      "  --known FILE       failures that are known\n"
	      "  --list             print the cases\n"
	      "  --verbose          what the commands say, too\n"
	      "  --tools DIR --dir DIR   the tools; a directory to write to\n",
	      status ? stderr : stdout);
	return status;
}

static bool parse_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "only", 1, NULL, 'o' }, { "scenarios", 1, NULL, 'c' }, { "every", 1, NULL, 'e' },
		{ "seed", 1, NULL, 's' }, { "shard", 1, NULL, 'k' },	 { "known", 1, NULL, 'n' },
		{ "list", 0, NULL, 'l' }, { "verbose", 0, NULL, 'v' },	 { "tools", 1, NULL, 't' },
		{ "dir", 1, NULL, 'd' },  { "help", 0, NULL, 'h' },	 {},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'o':
			options.only = optarg;
			break;
		case 'c':
			options.scenarios = optarg;
			break;
		case 'e':
			options.every = strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.seed = strtoul(optarg, NULL, 10);
			break;
		case 'k':
			if (sscanf(optarg, "%lu/%lu", &options.shard, &options.shards) != 2 ||
			    options.shard >= options.shards)
				return false;
			break;
		case 'n':
			options.known = optarg;
			break;
		case 'l':
			options.list = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 't':
			options.tools = optarg;
			break;
		case 'd':
			options.dir = optarg;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "torture: %s: %s\n", what, strerror(-err));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long index = 0;
	int err;

	if (!parse_options(argc, argv))
		return usage(2);
	err = options.known ? read_known(options.known) : 0;
	if (err)
		return fail(options.known, err);
	err = lab_open(options.tools, options.dir);
	if (!err)
		err = probe_start();
	if (err)
		return fail("the lab", err);
	nothing = steady_state();
	for (const struct scenario *s = scenarios; s->name; s++)
		if (is_wanted(s))
			run_scenario(s, &index);
	probe_stop();
	if (options.every <= 1 && options.shards <= 1 && !options.only && !options.list)
		report_known();
	if (!options.list)
		printf("%lu passed, %lu failed, %lu skipped\n", passed, failed, skipped);
	free(nothing);
	return failed || (!passed && !options.list);
}
