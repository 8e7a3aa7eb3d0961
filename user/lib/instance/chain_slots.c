// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Takes and gives up rows of `chains`; see chain_slots.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "chain_slots.h"
#include "owners.h"

/* Number of rows that have slots. Zero if another loader made the instance's xsks_map. */
static __u32 row_cnt(const struct xs_pins *pins)
{
	__u32 cnt = pins->slots ? pins->all_slots / pins->slots - 1 : 0;

	if (pins->map_fds[XS_MAP_chains] < 0)
		return 0;
	return cnt < XS_CHAIN_SLOTS ? cnt : XS_CHAIN_SLOTS;
}

static int read_row(const struct xs_pins *pins, __u32 row, struct xs_chain_row *value)
{
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_chains], &row, value))
		return -errno;
	value->name[XS_CHAIN_NAME_MAX - 1] = '\0';
	return 0;
}

static int write_row(const struct xs_pins *pins, __u32 row, const char *name)
{
	struct xs_chain_row value = {};

	snprintf(value.name, sizeof(value.name), "%s", name);
	return bpf_map_update_elem(pins->map_fds[XS_MAP_chains], &row, &value, BPF_ANY) ? -errno
											: 0;
}

static int refuse_without_rows(const struct xs_pins *pins, const char *name)
{
	if (pins->map_fds[XS_MAP_chains] < 0 && pins->meta.abi >= XS_ABI_CHAINS) {
		xs_err(pins->ctx,
		       "chain %s: no permission to write %s/chains: run as root, "
		       "or as the owner of the pins",
		       name, pins->dir);
		return -EACCES;
	}
	xs_err(pins->ctx,
	       "chain %s: this instance has no slots for chains, since an older xsteer made it: "
	       "remove it with %s and attach again",
	       name, xs_hint(pins->ctx, XSTEER_HINT_DETACH, pins->ifname).text);
	return -EOPNOTSUPP;
}

/* The chain's row, or the first free one. */
static int find_row(const struct xs_pins *pins, const char *name, __u32 *row)
{
	struct xs_chain_row value;
	__u32 free_row = ~0u;

	for (__u32 i = 0; i < row_cnt(pins); i++) {
		int err = read_row(pins, i, &value);

		if (err)
			return err;
		if (!strcmp(value.name, name)) {
			*row = i;
			return 0;
		}
		if (!value.name[0] && free_row == ~0u)
			free_row = i;
	}
	if (free_row == ~0u)
		return -ENOSPC;
	*row = free_row;
	return write_row(pins, free_row, name);
}

int xs_chain_take(const struct xs_pins *pins, const char *name, __u32 *base)
{
	__u32 row = 0;
	int err;

	if (!row_cnt(pins))
		return refuse_without_rows(pins, name);
	err = find_row(pins, name, &row);
	if (err == -ENOSPC)
		xs_err(pins->ctx,
		       "chain %s: an instance has slots for %u chains, "
		       "and rules or brokers have them all; "
		       "the next apply frees those that nobody names or serves",
		       name, row_cnt(pins));
	else if (err)
		xs_err(pins->ctx, "chain %s: cannot use %s/chains: %s", name, pins->dir,
		       strerror(-err));
	if (!err)
		*base = XS_CHAIN_BASE(row, pins->slots);
	return err;
}

bool xs_chain_of_row(const struct xs_pins *pins, __u32 row, char name[XS_CHAIN_NAME_MAX])
{
	struct xs_chain_row value;

	if (row >= row_cnt(pins) || read_row(pins, row, &value) || !value.name[0])
		return false;
	memcpy(name, value.name, XS_CHAIN_NAME_MAX);
	return true;
}

bool xs_chain_of_slot(const struct xs_pins *pins, __u32 slot, char name[XS_CHAIN_NAME_MAX])
{
	return pins->slots && slot >= pins->slots &&
	       xs_chain_of_row(pins, slot / pins->slots - 1, name);
}

int xs_chain_served(const struct xs_pins *pins, __u32 row)
{
	if (row >= row_cnt(pins))
		return 0;
	return xs_slots_in_use(pins, XS_CHAIN_BASE(row, pins->slots), pins->slots);
}

void xs_chain_give_up(const struct xs_pins *pins, __u32 row)
{
	char name[XS_CHAIN_NAME_MAX];

	if (xs_chain_of_row(pins, row, name) && !xs_chain_served(pins, row))
		write_row(pins, row, "");
}
