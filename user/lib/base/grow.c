// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arrays that grow; see grow.h. */
#include <stdlib.h>

#include "grow.h"

#define ROOM_FIRST 16 /* little for a rule's values, few doublings to a million */

void *xs_grow(void *array, __u32 cnt, __u32 *room, size_t size)
{
	__u32 more = *room ? *room * 2 : ROOM_FIRST;
	void *larger;

	if (cnt < *room)
		return array;
	larger = reallocarray(array, more, size);
	if (larger)
		*room = more;
	return larger;
}
