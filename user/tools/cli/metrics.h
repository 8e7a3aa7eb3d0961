/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Pieces of Prometheus text (exposition format 0.0.4). */
#ifndef XS_METRICS_H
#define XS_METRICS_H

#include <stdio.h>

/* The two lines above a family of metrics; type: counter, gauge or histogram. */
void xs_metric_family(FILE *out, const char *name, const char *type, const char *help);

/* A label's value, between its quotes; names may hold quotes, and bytes that are no UTF-8. */
void xs_metric_label(FILE *out, const char *value);

/* NAME{interface="IFNAME", as the beginning of a line. */
void xs_metric_begin(FILE *out, const char *name, const char *ifname);

#endif
