/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Traffic that knows what happened to it: a thread sends frames to rx0, one at a
 * time, and sees where each comes out. The rules of the torture make that tell
 * which policy a frame met:
 *
 *	on rx0, in the kernel	none: no program, or no rule
 *	back on tx0		the old rules (verdict tx), or a bouncer
 *	on dv1			the new rules (verdict dev dv0)
 *	nowhere			lost
 */
#ifndef TORTURE_PROBE_H
#define TORTURE_PROBE_H

#include <stdbool.h>

enum policy { POLICY_none, POLICY_old, POLICY_new, POLICY_lost, POLICY_MAX };

#define POLICY_BIT(policy) (1u << (policy))

extern const char *const policy_names[POLICY_MAX];

#define PROBE_PORT_RULE 40001 /* the rules name it */
#define PROBE_PORT_NO_RULE 40003 /* what no rule matches goes to a bouncer */

/* Starts the thread; the interfaces are there. 0 or -errno. */
int probe_start(void);
void probe_stop(void);

/* From now on, frames go to this UDP port; what was seen is forgotten. */
void probe_begin(unsigned short port);

/* Returns once a frame that was sent after the call has come out. Its policy. */
enum policy probe_now(void);

/* What was seen since probe_begin(), as text: "old none new", each once for each change. */
struct probe_seen {
	unsigned int policies; /* POLICY_BIT()s */
	unsigned long frames;
	unsigned long lost;
	char changes[256];
};

void probe_seen(struct probe_seen *seen);

#endif
