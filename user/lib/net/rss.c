// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A NIC's RSS table; see rss.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>

#include "ethtool.h"
#include "rss.h"

static struct ethtool_rxfh_indir *table_new(__u32 cmd, __u32 size)
{
	struct ethtool_rxfh_indir *table =
		calloc(1, sizeof(*table) + size * sizeof(table->ring_index[0]));

	if (table) {
		table->cmd = cmd;
		table->size = size;
	}
	return table;
}

static int read_queues(const char *ifname, __u32 *queues)
{
	struct ethtool_rxnfc rings = { .cmd = ETHTOOL_GRXRINGS };
	int err = xs_ethtool(ifname, &rings);

	if (!err)
		*queues = (__u32)rings.data;
	return err;
}

static int read_table(const char *ifname, __u32 size, struct xs_rss *rss)
{
	struct ethtool_rxfh_indir *table = table_new(ETHTOOL_GRXFHINDIR, size);
	int err = table ? xs_ethtool(ifname, table) : -ENOMEM;

	if (!err && table->size != size)
		err = -EAGAIN; /* it was changed in between */
	for (__u32 i = 0; !err && i < size; i++)
		rss->entry[i] = (__u16)table->ring_index[i];
	if (!err)
		rss->size = size;
	free(table);
	return err;
}

int xs_rss_read(const char *ifname, struct xs_rss *rss)
{
	struct ethtool_rxfh_indir ask = { .cmd = ETHTOOL_GRXFHINDIR };
	int err = xs_ethtool(ifname, &ask);

	if (!err && !ask.size)
		err = -EOPNOTSUPP;
	if (!err && ask.size > XS_RESERVED_TABLE_MAX)
		err = -E2BIG;
	if (!err)
		err = read_queues(ifname, &rss->queues);
	return err ? err : read_table(ifname, ask.size, rss);
}

int xs_rss_write(const char *ifname, const struct xs_rss *rss)
{
	struct ethtool_rxfh_indir *table = table_new(ETHTOOL_SRXFHINDIR, rss->size);
	int err;

	if (!table)
		return -ENOMEM;
	for (__u32 i = 0; i < rss->size; i++)
		table->ring_index[i] = rss->entry[i];
	err = xs_ethtool(ifname, table);
	free(table);
	return err;
}

int xs_rss_reset(const char *ifname)
{
	struct ethtool_rxfh_indir table = { .cmd = ETHTOOL_SRXFHINDIR };

	return xs_ethtool(ifname, &table);
}

bool xs_rss_is_default(const struct xs_rss *rss)
{
	for (__u32 i = 0; i < rss->size; i++)
		if (!rss->queues || rss->entry[i] != i % rss->queues)
			return false;
	return true;
}

bool xs_rss_is(const struct xs_rss *rss, const __u16 *entry, __u32 size)
{
	return rss->size == size && !memcmp(rss->entry, entry, size * sizeof(*entry));
}
