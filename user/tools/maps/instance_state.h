/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `export` says of an instance beside its counters: whether it is in force, who owns
 * its slots, and what was lost. As Prometheus text, or as JSON.
 */
#ifndef XS_MAPS_INSTANCE_STATE_H
#define XS_MAPS_INSTANCE_STATE_H

#include <stdio.h>

#include <jansson.h>

#include "lib/instance/pins.h"
#include "lib/net/netif.h"
#include "loss_causes.h"

struct xs_instance_state {
	const struct xs_pins *pins;
	char ifname[16];
	int up; /* 1: its program is on the hook; 0: it is not; -1: this cannot be asked */
	const char *mode; /* native, skb; unknown */
	char version[24];
	struct xs_losses losses; /* since the counters began */
};

/* 0 or -errno, logged. What only some may ask is left out. xs_instance_state_free(). */
int xs_instance_state_read(const struct xs_pins *pins, const struct xs_netif *netif,
			   struct xs_instance_state *state);
void xs_instance_state_free(struct xs_instance_state *state);

/* Families of metrics over all instances. */
void xs_instance_states_put(FILE *out, const struct xs_instance_state *states, int cnt);

/* Adds its keys to the instance's object. */
void xs_instance_state_add(json_t *object, const struct xs_instance_state *state);

#endif
