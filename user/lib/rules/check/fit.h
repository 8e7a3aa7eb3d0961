/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What rules ask of an interface and a machine, compared with what these can do. Pure:
 * the caller has asked the kernel.
 */
#ifndef XS_FIT_H
#define XS_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/rules/model/rule.h"

/* An interface with the program on it. What is not known is taken to work. */
struct xs_place {
	const char *ifname;
	bool native; /* the driver runs the program; in skb mode the kernel sends everything */
	bool redirects; /* so far as the driver can */
	bool tx_arrives; /* a veth's other end may not take what is sent back */
	bool open_checksums; /* frames may come with checksums that are still to be filled in */
	__u32 rx_queues; /* in use; 0: not known */
	__u32 cpus; /* numbered from 0; 0: not known */
	/* Does it take frames that another interface redirects? */
	bool (*takes_redirects)(void *arg, const char *ifname);
	void *arg;
};

enum xs_fit {
	XS_FIT_YES,
	XS_FIT_DOUBTFUL, /* frames are lost, unless something is changed elsewhere */
	XS_FIT_NEVER,
};

/*
 * One action; `dev` is the name of its interface. `text`, of `len` bytes: why it does not
 * fit, and what helps; untouched if it does.
 */
enum xs_fit xs_action_fit(const struct xs_action *action, const char *dev,
			  const struct xs_place *place, char *text, size_t len);

/* rule NULL: the default. `text` lives until it returns. */
typedef void (*xs_misfit_fn)(void *arg, const struct xs_rule *rule, enum xs_fit fit,
			     const char *text);

/* Every rule, and the default: calls say() for each that does not fit. The worst of them. */
enum xs_fit xs_rules_fit(const struct xs_ruleset *set, const struct xs_place *place,
			 xs_misfit_fn say, void *arg);

#endif
