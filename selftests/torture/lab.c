// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs the commands of a scenario; see lab.h. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lab.h"
#include "objects.h"

/* Locks are waited for for 10 s; nothing of ours takes longer than three of these. */
#define COMMAND_MS 32000
/* How long a bouncer runs: some hundred frames, or until one has come back. */
#define LIFE_MS 50
#define ANSWER_MS 3000 /* longer, on a machine that has more to do */
#define WORDS_MAX 16

static struct lab {
	char tools[PATH_MAX - 64], dir[PATH_MAX - 64];
	char old_rules[PATH_MAX], new_rules[PATH_MAX], output_path[PATH_MAX];
	char output[8192];
} lab;

static int write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fputs(text, file);
	return fclose(file) ? -errno : 0;
}

int lab_open(const char *tools, const char *dir)
{
	int err;

	snprintf(lab.tools, sizeof(lab.tools), "%s", tools);
	snprintf(lab.dir, sizeof(lab.dir), "%s", dir);
	snprintf(lab.old_rules, sizeof(lab.old_rules), "%s/old.rules", lab.dir);
	snprintf(lab.new_rules, sizeof(lab.new_rules), "%s/new.rules", lab.dir);
	snprintf(lab.output_path, sizeof(lab.output_path), "%s/output", lab.dir);
	err = write_file(lab.old_rules, old_rules);
	return err ? err : write_file(lab.new_rules, new_rules);
}

static void read_output(void)
{
	FILE *file = fopen(lab.output_path, "re");
	size_t len = file ? fread(lab.output, 1, sizeof(lab.output) - 1, file) : 0;

	lab.output[len] = '\0';
	if (file)
		fclose(file);
}

const char *lab_output(void)
{
	return lab.output;
}

/* ---- a line becomes a command ---- */

struct command {
	char text[512], tool[PATH_MAX];
	char *argv[WORDS_MAX + 1];
};

static char *expand(char *word)
{
	return !strcmp(word, "OLD") ? lab.old_rules : !strcmp(word, "NEW") ? lab.new_rules : word;
}

static void split(struct command *command, const char *line)
{
	char *rest = command->text, *word;
	int n = 0;

	snprintf(command->text, sizeof(command->text), "%s", line);
	while (n < WORDS_MAX && (word = strsep(&rest, " ")))
		command->argv[n++] = expand(word);
	command->argv[n] = NULL;
	snprintf(command->tool, sizeof(command->tool), "%s/xsteer-%s", lab.tools, command->argv[0]);
	command->argv[0] = command->tool;
}

/* ---- its run ---- */

struct watcher {
	const struct scenario *scenario;
	void (*watch)(const struct call_key *key, const struct call *call);
};

/*
 * Between two such calls nothing changes what frames meet, so a frame at each of
 * them sees every policy that there was, however short. Not beside a bouncer: it
 * would have to answer while it stands still.
 */
static void at_call(const struct call_key *key, const struct call *call, void *arg)
{
	const struct watcher *watcher = arg;

	if (watcher->watch)
		watcher->watch(key, call);
	if (!watcher->scenario->lives && !key->worker)
		probe_now();
}

static void made(enum made what, int fd, void *arg)
{
	(void)arg;
	objects_add(what, fd);
}

static bool has_started(const struct trace *trace)
{
	return trace->has_threads;
}

/* A frame has come back. */
static bool has_answered(const struct trace *trace)
{
	struct probe_seen seen;

	(void)trace;
	probe_seen(&seen);
	return seen.policies & POLICY_BIT(POLICY_old);
}

static void let_live(struct trace *trace)
{
	trace_run(trace, has_started, COMMAND_MS);
	if (!trace->ended)
		trace_run(trace, NULL, LIFE_MS);
	if (!trace->ended)
		trace_run(trace, has_answered, ANSWER_MS);
	if (!trace->ended)
		kill(trace->pid, SIGINT);
}

static int status_of(const struct trace *trace)
{
	if (!trace->ended)
		return STATUS_HANGS;
	return WIFSIGNALED(trace->status) ? 128 + WTERMSIG(trace->status)
					  : WEXITSTATUS(trace->status);
}

static int run_shell(const char *line)
{
	int status = system(line);

	return status < 0 ? 127 : WEXITSTATUS(status);
}

void lab_run(struct run *run, const struct scenario *scenario, const char *line,
	     const struct call_key *where, enum action action,
	     void (*watch)(const struct call_key *key, const struct call *call))
{
	struct watcher watcher = { .scenario = scenario, .watch = watch };
	struct trace_opts opts = { .output = lab.output_path,
				   .action = where ? action : ACTION_none,
				   .at_call = at_call,
				   .made = made,
				   .arg = &watcher };
	struct command command;
	struct trace trace;

	*run = (struct run){ .status = 127 };
	lab.output[0] = '\0';
	if (!strncmp(line, "sh ", 3)) {
		run->status = run_shell(line + 3);
		return;
	}
	split(&command, line);
	opts.argv = command.argv;
	if (where)
		opts.where = *where;
	probe_begin(scenario->port);
	if (!trace_start(&trace, &opts)) {
		if (!strncmp(line, "bouncer", 7))
			let_live(&trace);
		if (!trace.ended)
			trace_run(&trace, NULL, COMMAND_MS);
		run->status = status_of(&trace);
		run->hit = trace.hit;
	}
	trace_end(&trace);
	run->at_last = probe_now();
	probe_seen(&run->seen);
	read_output();
}
