// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Stops one thread of a process and leaves the others alone, as a deadlock would. Prints
 * "held", and lets go when it is ended by a signal.
 *
 *	hold_thread TID
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	pid_t tid = argc == 2 ? (pid_t)strtoul(argv[1], NULL, 10) : 0;

	if (tid <= 0)
		return 2;
	if (ptrace(PTRACE_SEIZE, tid, 0, 0) || ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
	    waitpid(tid, NULL, __WALL) != tid) {
		perror("hold_thread");
		return 1;
	}
	printf("held\n");
	fflush(stdout);
	pause();
	return 0;
}
