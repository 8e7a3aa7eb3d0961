// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds what would make an interface fail or be slow under XDP; see doctor.h. */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "features.h"
#include "findings.h"
#include "lib/net/identity.h"
#include "tools/cli/json.h"

static const char *const level_names[] = { "ok", "warn", "FAIL" };

const char *xs_fix(struct xs_diagnosis *diagnosis, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(diagnosis->fix, sizeof(diagnosis->fix), fmt, args);
	va_end(args);
	return diagnosis->fix;
}

void xs_find(struct xs_diagnosis *diagnosis, const char *what, enum xs_level level, const char *fix,
	     const char *fmt, ...)
{
	char text[640]; /* a file, a line, and what xs_rule_fit() says */
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	diagnosis->failed += level == XS_LEVEL_FAIL;
	json_array_append_new(diagnosis->findings,
			      json_pack("{s:s, s:s, s:o, s:o}", "check", what, "level",
					level == XS_LEVEL_FAIL ? "fail" : level_names[level],
					"finding", xs_json_text(text), "fix", xs_json_text(fix)));
	xs_grid_cell(diagnosis->grid, "%s", level_names[level]);
	xs_grid_cell(diagnosis->grid, "%s", what);
	xs_grid_cell(diagnosis->grid, "%s%s%s", text, fix[0] ? "; " : "", fix);
}

static void (*const checks[])(struct xs_diagnosis *) = {
	xs_check_kernel,   xs_check_bpffs,   xs_check_hook,   xs_check_link,
	xs_check_driver,   xs_check_mtu,     xs_check_queues, xs_check_sockets,
	xs_check_offloads, xs_check_memlock, xs_check_rules,  xs_check_reserved,
};

static void find_peer(struct xs_diagnosis *d)
{
	char name[IFNAMSIZ];
	__u32 peer;

	d->veth = !strcmp(d->netif.driver, "veth");
	if (!d->veth)
		return;
	d->no_peer = xs_netif_peer(d->netif.ifindex, &peer);
	if (!d->no_peer)
		d->no_peer = xs_netif_name(peer, name);
	if (!d->no_peer)
		d->no_peer = xs_netif_get(d->cli->ctx, &d->peer, name);
}

int xs_doctor(struct xs_cli *cli, const char *ifname)
{
	struct xs_diagnosis diagnosis = { .cli = cli };
	int err;

	err = xs_need_descriptors(cli);
	if (!err)
		err = xs_netif_get(cli->ctx, &diagnosis.netif, ifname);
	if (err)
		return err;
	find_peer(&diagnosis);
	diagnosis.grid = xs_grid_new("State|Check|Finding");
	diagnosis.findings = json_array();
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](&diagnosis);
	err = diagnosis.failed ? -EIO : 0;
	cli->told = true;
	if (cli->json) {
		xs_grid_free(diagnosis.grid);
		xs_json_print(cli, json_pack("{s:o, s:b, s:o}", "interface", xs_json_text(ifname),
					     "ok", !err, "findings", diagnosis.findings));
		return err;
	}
	json_decref(diagnosis.findings);
	xs_grid_print(diagnosis.grid);
	return err;
}
