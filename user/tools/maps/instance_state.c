// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What `export` says of an instance beside its counters; see instance_state.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/instance/live.h"
#include "lib/instance/owners.h"
#include "instance_state.h"
#include "tools/cli/metrics.h"

static void read_live(const struct xs_pins *pins, struct xs_instance_state *state)
{
	struct xs_live live;

	state->mode = "unknown";
	state->up = -1;
	if (xs_instance_live(pins, &live))
		return;
	state->up = live.attached;
	if (live.attached)
		state->mode = live.native ? "native" : "skb";
}

int xs_instance_state_read(const struct xs_pins *pins, const struct xs_netif *netif,
			   struct xs_instance_state *state)
{
	__u32 version = pins->meta.version;
	struct xs_loss_sources sources;
	int err;

	*state = (struct xs_instance_state){ .pins = pins };
	memcpy(state->ifname, netif->name, sizeof(state->ifname));
	snprintf(state->version, sizeof(state->version), "%u.%u.%u", version >> 16,
		 version >> 8 & 0xff, version & 0xff);
	read_live(pins, state);
	err = xs_loss_sources_read(pins, netif, NULL, &sources);
	if (err)
		return err;
	err = xs_losses_find(&sources, true, &state->losses);
	xs_loss_sources_free(&sources);
	return err;
}

void xs_instance_state_free(struct xs_instance_state *state)
{
	xs_losses_free(&state->losses);
}

/* Whoever holds slots, alive: calls each() for it. */
static void each_owner(const struct xs_instance_state *state,
		       void (*each)(const struct xs_instance_state *state, __u32 slot,
				    const struct xs_owner *owner, void *arg),
		       void *arg)
{
	struct xs_owner *owners = xs_owners_get(state->pins, 0, state->pins->all_slots);

	for (__u32 slot = 0; owners && slot < state->pins->all_slots; slot++)
		if (owners[slot].pid && xs_owner_alive(&owners[slot]))
			each(state, slot, &owners[slot], arg);
	free(owners);
}

static double age_of(const struct xs_owner *owner)
{
	struct timespec now;
	double age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = now.tv_sec + now.tv_nsec / 1e9 - owner->since_ns / 1e9;
	return age > 0 ? age : 0; /* the clock was set back */
}

/*
 * Why the program dropped a frame is told from the rules in force, so the numbers move from one
 * cause to another with each apply, and a counter must not fall. Here they are one: the
 * metrics of rules and reasons say why.
 */
static bool is_told(enum xs_loss cause)
{
	return xs_loss_texts[cause].place != XS_PLACE_program || cause == XS_LOSS_drop ||
	       cause == XS_LOSS_not_done;
}

static __u64 frames_of(const struct xs_losses *losses, enum xs_loss cause)
{
	__u64 frames = losses->frames[cause];

	for (int other = 0; cause == XS_LOSS_drop && other < XS_LOSS_MAX; other++)
		if (!is_told(other))
			frames += losses->frames[other];
	return frames;
}

/* ---- Prometheus ---- */

static void put_info(FILE *out, const struct xs_instance_state *states, int cnt)
{
	xs_metric_family(out, "xsteer_instance_up", "gauge",
			 "1: the program is on the hook; 0: only its pins are left.");
	for (int i = 0; i < cnt; i++) {
		if (states[i].up < 0)
			continue;
		xs_metric_begin(out, "xsteer_instance_up", states[i].ifname);
		fprintf(out, "} %d\n", states[i].up);
	}
	xs_metric_family(out, "xsteer_instance_info", "gauge",
			 "Always 1; what the instance is stands in the labels.");
	for (int i = 0; i < cnt; i++) {
		xs_metric_begin(out, "xsteer_instance_info", states[i].ifname);
		fprintf(out, ",version=\"%s\",mode=\"%s\",attach=\"%s\"} 1\n", states[i].version,
			states[i].mode,
			states[i].pins->meta.attach == XS_ATTACH_DISPATCHER ? "dispatcher"
									    : "link");
	}
}

static void put_age(const struct xs_instance_state *state, __u32 slot, const struct xs_owner *owner,
		    void *arg)
{
	xs_metric_begin(arg, "xsteer_owner_age_seconds", state->ifname);
	fprintf(arg, ",queue=\"%u\",slot=\"%u\"} %.3f\n", owner->queue, slot, age_of(owner));
}

static void put_owners(FILE *out, const struct xs_instance_state *states, int cnt)
{
	xs_metric_family(out, "xsteer_sockets_alive", "gauge",
			 "Slots that a process holds which lives.");
	for (int i = 0; i < cnt; i++) {
		int alive = xs_owners_alive(states[i].pins);

		if (alive < 0)
			continue;
		xs_metric_begin(out, "xsteer_sockets_alive", states[i].ifname);
		fprintf(out, "} %d\n", alive);
	}
	xs_metric_family(out, "xsteer_owner_age_seconds", "gauge",
			 "Since the process that holds the slot took it.");
	for (int i = 0; i < cnt; i++)
		each_owner(&states[i], put_age, out);
}

static void put_losses(FILE *out, const struct xs_instance_state *states, int cnt)
{
	xs_metric_family(out, "xsteer_lost_packets_total", "counter",
			 "Frames that were lost, by the place and the cause: each in one.");
	for (int i = 0; i < cnt; i++)
		for (int cause = 0; cause < XS_LOSS_MAX; cause++) {
			if (!is_told(cause))
				continue;
			xs_metric_begin(out, "xsteer_lost_packets_total", states[i].ifname);
			fprintf(out, ",place=\"%s\",cause=\"%s\"} %llu\n",
				xs_loss_places[xs_loss_texts[cause].place],
				xs_loss_texts[cause].cause, frames_of(&states[i].losses, cause));
		}
	xs_metric_family(out, "xsteer_unexplained_packets", "gauge",
			 "Frames that the driver lost behind the program, without a cause.");
	for (int i = 0; i < cnt; i++) {
		if (!states[i].losses.measured)
			continue;
		xs_metric_begin(out, "xsteer_unexplained_packets", states[i].ifname);
		fprintf(out, "} %llu\n", states[i].losses.unexplained);
	}
}

void xs_instance_states_put(FILE *out, const struct xs_instance_state *states, int cnt)
{
	put_info(out, states, cnt);
	put_owners(out, states, cnt);
	put_losses(out, states, cnt);
}

/* ---- JSON ---- */

static void append_owner(const struct xs_instance_state *state, __u32 slot,
			 const struct xs_owner *owner, void *arg)
{
	(void)state;
	json_array_append_new(arg, json_pack("{s:I, s:I, s:I, s:f}", "slot", (json_int_t)slot,
					     "queue", (json_int_t)owner->queue, "pid",
					     (json_int_t)owner->pid, "age_seconds", age_of(owner)));
}

static json_t *losses_json(const struct xs_losses *losses)
{
	json_t *rows = json_array();

	for (int cause = 0; cause < XS_LOSS_MAX; cause++) {
		if (!is_told(cause))
			continue;
		json_array_append_new(rows, json_pack("{s:s, s:s, s:I}", "place",
						      xs_loss_places[xs_loss_texts[cause].place],
						      "cause", xs_loss_texts[cause].cause, "frames",
						      (json_int_t)frames_of(losses, cause)));
	}
	return rows;
}

void xs_instance_state_add(json_t *object, const struct xs_instance_state *state)
{
	const struct xs_losses *losses = &state->losses;
	json_t *owners = json_array();

	each_owner(state, append_owner, owners);
	json_object_set_new(object, "up", state->up < 0 ? json_null() : json_boolean(state->up));
	json_object_set_new(object, "mode", json_string(state->mode));
	json_object_set_new(object, "version", json_string(state->version));
	json_object_set_new(object, "owners", owners);
	json_object_set_new(object, "losses", losses_json(losses));
	json_object_set_new(object, "unexplained",
			    losses->measured ? json_integer((json_int_t)losses->unexplained)
					     : json_null());
}
