/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The accounts of brokers as metrics for Prometheus. */
#ifndef XS_BROKER_METRICS_H
#define XS_BROKER_METRICS_H

#include <stdio.h>
#include <jansson.h>

/*
 * Prints what brokers have answered to "show". Several may serve one interface: those that
 * do not listen where its broker is expected have the label socket.
 */
void xs_broker_metrics_put(FILE *out, const json_t *accounts);

#endif
