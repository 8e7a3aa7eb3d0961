// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was counted of a slot as JSON; see socket_json.h. */
#include <string.h>

#include <xsteer/xsteer.h>

#include "socket_json.h"

json_t *xs_socket_counts_json(const uint64_t *counts)
{
	json_t *object = json_object(), *lost = json_object();

	for (uint32_t i = 0; i < xsteer_slot_counter_count(); i++) {
		const char *name = xsteer_slot_counter_name(i);
		json_t *value = json_integer((json_int_t)counts[i]);

		if (strncmp(name, "lost_", 5))
			json_object_set_new(object, name, value);
		else
			json_object_set_new(lost, name + 5, value);
	}
	json_object_set_new(object, "lost", lost);
	return object;
}
