/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What doctor finds out about an interface, by one function a subject. */
#ifndef XS_FINDINGS_H
#define XS_FINDINGS_H

#include <stdbool.h>

#include <jansson.h>

#include "lib/net/netif.h"
#include "tools/cli/cli.h"
#include "tools/cli/grid.h"

enum xs_level {
	XS_LEVEL_OK,
	XS_LEVEL_WARN, /* works, but not as hoped */
	XS_LEVEL_FAIL, /* attach or traffic will not work */
};

struct xs_diagnosis {
	struct xs_cli *cli;
	struct xs_netif netif;
	struct xs_grid *grid;
	json_t *findings;
	int failed;
	bool no_pins; /* found when the hook was examined, and reported if necessary */
	bool veth;
	struct xs_netif peer; /* the veth's other end; ifindex 0: see no_peer */
	int no_peer; /* -ENODEV: it is in another network namespace; other -errno */
	char fix[256]; /* of the next finding, if it has a name or a number in it */
};

/* Adds a finding of the check `what`. fix: what helps, or "". */
void __attribute__((format(printf, 5, 6)))
xs_find(struct xs_diagnosis *d, const char *what, enum xs_level level, const char *fix,
	const char *fmt, ...);

/* The text, for the `fix` of the next finding; valid until the next call. */
const char *__attribute__((format(printf, 2, 3)))
xs_fix(struct xs_diagnosis *d, const char *fmt, ...);

/* Attach then uses skb mode. An interface without a driver name (lo) has no native XDP either. */
bool xs_skb_only(const struct xs_netif *netif);

/* Each adds what it finds, changes nothing, and reports what it may not ask. */
void xs_check_kernel(struct xs_diagnosis *d);
void xs_check_bpffs(struct xs_diagnosis *d);
void xs_check_memlock(struct xs_diagnosis *d);
void xs_check_hook(struct xs_diagnosis *d); /* fills no_pins */
void xs_check_link(struct xs_diagnosis *d);
void xs_check_driver(struct xs_diagnosis *d);
void xs_check_mtu(struct xs_diagnosis *d);
void xs_check_offloads(struct xs_diagnosis *d);
void xs_check_queues(struct xs_diagnosis *d);
void xs_check_sockets(struct xs_diagnosis *d); /* after xs_check_hook() */
void xs_check_rules(struct xs_diagnosis *d); /* after xs_check_hook() */
void xs_check_reserved(struct xs_diagnosis *d); /* after xs_check_hook() */

#endif
