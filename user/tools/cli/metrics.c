// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Pieces of Prometheus text; see metrics.h. */
#include "lib/base/escape.h"
#include "metrics.h"

void xs_metric_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void xs_metric_label(FILE *out, const char *value)
{
	const struct xs_shown shown = xs_shown(value);

	for (const char *c = shown.text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
}

void xs_metric_begin(FILE *out, const char *name, const char *ifname)
{
	fprintf(out, "%s{interface=\"", name);
	xs_metric_label(out, ifname);
	fputc('"', out);
}
