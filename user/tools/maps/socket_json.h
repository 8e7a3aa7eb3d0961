/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What was counted of a slot, or of several, as JSON. */
#ifndef XS_MAPS_SOCKET_JSON_H
#define XS_MAPS_SOCKET_JSON_H

#include <stdint.h>

#include <jansson.h>

/*
 * A value for each counter of xsteer_slot_counter_name(), as {"rx_packets": ..., "lost":
 * {"rx_ring_full": ...}}. The caller owns the object.
 */
json_t *xs_socket_counts_json(const uint64_t *counts);

#endif
