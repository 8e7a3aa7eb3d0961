// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The account of a socket as JSON; see socket_json.h. */
#include "socket_json.h"

json_t *xs_socket_counts_json(const struct xs_socket_counts *counts)
{
	json_t *object = json_object(), *lost = json_object();

#define X(name) json_object_set_new(object, #name, json_integer((json_int_t)counts->name));
	XS_SOCKET_COUNTERS(X)
#undef X
#define X(name) json_object_set_new(lost, #name, json_integer((json_int_t)counts->name));
	XS_SOCKET_LOSSES(X)
#undef X
	json_object_set_new(object, "lost", lost);
	return object;
}
