/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The account of a socket, or of several, as JSON. */
#ifndef XS_MAPS_SOCKET_JSON_H
#define XS_MAPS_SOCKET_JSON_H

#include <jansson.h>

#include "maps/xsteer.h"

/* {"rx_packets": ..., "lost": {"rx_ring_full": ...}}; the caller's. */
json_t *xs_socket_counts_json(const struct xs_socket_counts *counts);

#endif
