// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counts the members of dynamic sets; see set_sizes.h. */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/ctx.h"
#include "members.h"
#include "read.h"
#include "set_sizes.h"

static int count_members(const struct xs_pins *pins, struct xs_set_size *size)
{
	struct xs_member_rows rows = {};
	struct xs_members members;
	int err = xs_members_open(pins, size->set.name, &members);

	if (err)
		return err;
	err = xs_members_read(&members, &rows);
	for (__u32 i = 0; !err && i < rows.cnt; i++)
		size->members += rows.rows[i].ns != XS_MEMBER_OVER;
	free(rows.rows);
	xs_members_close(&members);
	return err;
}

int xs_set_sizes_read(const struct xs_pins *pins, const struct xs_set_header *header,
		      struct xs_set_sizes *sizes)
{
	const struct xs_set_members *declared = xs_set_members(header);
	int err = 0;

	*sizes = (struct xs_set_sizes){};
	if (!declared || !declared->set_cnt)
		return 0;
	sizes->sets = calloc(declared->set_cnt, sizeof(*sizes->sets));
	if (!sizes->sets) {
		xs_err(pins->ctx, "not enough memory to count the members of sets");
		return -ENOMEM;
	}
	for (__u32 i = 0; i < declared->set_cnt && !err; i++) {
		sizes->sets[i].set = declared->set[i];
		err = count_members(pins, &sizes->sets[i]);
		sizes->cnt += !err;
	}
	return err;
}

void xs_set_sizes_free(struct xs_set_sizes *sizes)
{
	free(sizes->sets);
	*sizes = (struct xs_set_sizes){};
}
