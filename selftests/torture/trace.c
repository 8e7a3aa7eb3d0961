// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A command under ptrace; see trace.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>

#include "trace.h"

#define TRACED_MAX 64

/* ---- the command's side ---- */

static int install_filter(void)
{
	struct sock_filter filter[2 * TRACED_MAX + 3];
	struct sock_fprog prog = { .filter = filter };
	unsigned short n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (int i = 0; i < TRACED_MAX && traced_calls[i] >= 0; i++) {
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (unsigned int)traced_calls[i], 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) ? -errno : 0;
}

static void __attribute__((noreturn)) become_command(const struct trace_opts *opts)
{
	int out = open(opts->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP) || install_filter())
		_exit(126);
	execv(opts->argv[0], opts->argv);
	_exit(127);
}

/* ---- what is known of its calls ---- */

static unsigned int count_call(struct trace *trace, const char *label, bool worker)
{
	struct call_key *more;

	for (unsigned int i = 0; i < trace->seen_cnt; i++)
		if (trace->seen[i].worker == worker && !strcmp(trace->seen[i].label, label))
			return ++trace->seen[i].nth;
	more = reallocarray(trace->seen, trace->seen_cnt + 1, sizeof(*more));
	if (!more)
		return 0;
	trace->seen = more;
	more[trace->seen_cnt] = (struct call_key){ .nth = 1, .worker = worker };
	snprintf(more[trace->seen_cnt].label, sizeof(more->label), "%s", label);
	trace->seen_cnt++;
	return 1;
}

static bool is_wanted(const struct trace *trace, const struct call_key *key)
{
	const struct call_key *where = &trace->opts->where;

	return trace->opts->action != ACTION_none && !trace->hit && where->nth == key->nth &&
	       where->worker == key->worker && !strcmp(where->label, key->label);
}

/* ld.so maps the libraries before main(), and its calls look like the command's. */
static void find_loader(struct trace *trace)
{
	char path[64], line[512];
	unsigned long base = 0, from, to;
	Elf64_auxv_t entry;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/auxv", trace->pid);
	file = fopen(path, "re");
	while (file && fread(&entry, sizeof(entry), 1, file) == 1)
		if (entry.a_type == AT_BASE)
			base = entry.a_un.a_val;
	if (file)
		fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/maps", trace->pid);
	file = fopen(path, "re");
	while (file && base && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || from < base)
			continue;
		/* its segments follow one another */
		if (!trace->loader_from || from == trace->loader_to)
			trace->loader_to = to;
		if (!trace->loader_from)
			trace->loader_from = from;
	}
	if (file)
		fclose(file);
}

/* ---- threads ---- */

static struct traced_thread *find_thread(struct trace *trace, pid_t tid, bool make)
{
	struct traced_thread *spare = NULL;

	for (int i = 0; i < TRACE_THREADS_MAX; i++) {
		if (trace->threads[i].tid == tid)
			return &trace->threads[i];
		if (!trace->threads[i].tid && !spare)
			spare = &trace->threads[i];
	}
	if (!make || !spare)
		return NULL;
	*spare = (struct traced_thread){ .tid = tid, .is_new = true };
	return spare;
}

/* ESRCH: killed meanwhile; its end is told by waitpid(). */
static void go_on(const struct traced_thread *thread, bool to_the_end_of_the_call, int signal)
{
	ptrace(to_the_end_of_the_call ? PTRACE_SYSCALL : PTRACE_CONT, thread->tid, NULL,
	       (void *)(long)signal);
}

/* ---- at a call ---- */

/* By the registers of x86-64; nothing else here depends on the machine. */
static void fail_call(pid_t tid, int error)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs))
		return;
	regs.orig_rax = -1ULL; /* no such call: nothing is done, and rax is the answer */
	regs.rax = (unsigned long long)-error;
	ptrace(PTRACE_SETREGS, tid, NULL, &regs);
}

static void at_entry(struct trace *trace, struct traced_thread *thread)
{
	struct ptrace_syscall_info info;
	struct call_key key = { .worker = thread->tid != trace->pid };
	enum action action = ACTION_none;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) <= 0 ||
	    (info.instruction_pointer >= trace->loader_from &&
	     info.instruction_pointer < trace->loader_to) ||
	    !describe_call(thread->tid, (long)info.seccomp.nr, (const __u64 *)info.seccomp.args,
			   &thread->call)) {
		go_on(thread, false, 0);
		return;
	}
	snprintf(key.label, sizeof(key.label), "%s", thread->call.label);
	key.nth = count_call(trace, key.label, key.worker);
	if (trace->opts->at_call && (!key.worker || key.nth == 1))
		trace->opts->at_call(&key, &thread->call, trace->opts->arg);
	if (is_wanted(trace, &key)) {
		action = trace->opts->action;
		trace->hit = true;
	}
	if (action == ACTION_kill_before)
		kill(trace->pid, SIGKILL);
	else if (action_errno(action))
		fail_call(thread->tid, action_errno(action));
	thread->action = action == ACTION_kill_after ? action : ACTION_none;
	if (action_errno(action))
		thread->call.makes = MADE_nothing;
	go_on(thread, thread->action == ACTION_kill_after || thread->call.makes, 0);
}

static void at_exit_of_call(struct trace *trace, struct traced_thread *thread)
{
	struct ptrace_syscall_info info;
	int fd;

	if (thread->call.makes && trace->opts->made &&
	    ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error) {
		fd = borrow_fd(trace->pid, (int)info.exit.rval);
		if (fd >= 0) {
			trace->opts->made(thread->call.makes, fd, trace->opts->arg);
			close(fd);
		}
	}
	if (thread->action == ACTION_kill_after)
		kill(trace->pid, SIGKILL);
	thread->action = ACTION_none;
	thread->call.makes = MADE_nothing;
	go_on(thread, false, 0);
}

/* ---- stops ---- */

static void at_end(struct trace *trace, pid_t tid, int status)
{
	struct traced_thread *thread = find_thread(trace, tid, false);

	if (thread)
		*thread = (struct traced_thread){};
	if (tid != trace->pid)
		return;
	trace->ended = true;
	trace->status = status;
}

static void at_stop(struct trace *trace, pid_t tid, int status)
{
	struct traced_thread *thread = find_thread(trace, tid, true);
	int signal = WSTOPSIG(status);

	if (!thread)
		return;
	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		at_entry(trace, thread);
		return;
	case PTRACE_EVENT_EXEC:
		find_loader(trace);
		go_on(thread, false, 0);
		return;
	case PTRACE_EVENT_CLONE:
		trace->has_threads = true;
		go_on(thread, false, 0);
		return;
	case 0:
		break;
	default:
		go_on(thread, false, 0);
		return;
	}
	if (signal == (SIGTRAP | 0x80)) {
		at_exit_of_call(trace, thread);
		return;
	}
	/* a new thread begins with a stop that is the tracer's, not its own */
	if (thread->is_new && signal == SIGSTOP)
		signal = 0;
	thread->is_new = false;
	go_on(thread, false, signal);
}

static void wake_up(int signal)
{
	(void)signal; /* waitpid() returns EINTR */
}

static void set_alarm(unsigned int ms)
{
	const struct sigaction action = { .sa_handler = wake_up };
	const struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 },
		.it_interval = { .tv_usec = ms ? 100000 : 0 }, /* for one that came too early */
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

void trace_run(struct trace *trace, bool (*until)(const struct trace *trace), unsigned int ms)
{
	unsigned long long end = now_ms() + ms;
	int status;
	pid_t tid;

	set_alarm(ms ? ms : 1);
	while (!trace->ended && !(until && until(trace))) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno != EINTR)
			break;
		if (tid > 0 && (WIFEXITED(status) || WIFSIGNALED(status)))
			at_end(trace, tid, status);
		else if (tid > 0)
			at_stop(trace, tid, status);
		else if (now_ms() >= end)
			break;
	}
	set_alarm(0);
}

int trace_start(struct trace *trace, const struct trace_opts *opts)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
			     PTRACE_O_EXITKILL;
	int status;

	*trace = (struct trace){ .opts = opts };
	trace->pid = fork();
	if (trace->pid < 0)
		return -errno;
	if (!trace->pid)
		become_command(opts);
	if (waitpid(trace->pid, &status, 0) != trace->pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, trace->pid, NULL, (void *)options) ||
	    ptrace(PTRACE_CONT, trace->pid, NULL, NULL)) {
		int err = -errno;

		kill(trace->pid, SIGKILL);
		waitpid(trace->pid, &status, 0);
		trace->ended = true;
		return err ? err : -EIO;
	}
	find_thread(trace, trace->pid, true)->is_new = false;
	return 0;
}

void trace_end(struct trace *trace)
{
	if (!trace->ended && trace->pid > 0) {
		kill(trace->pid, SIGKILL);
		trace_run(trace, NULL, 10000);
	}
	free(trace->seen);
	trace->seen = NULL;
	trace->seen_cnt = 0;
}
