/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is done to a packet on its way through. Pure: bytes in, bytes out. */
#include <string.h>
#include <linux/if_ether.h>

#include "bouncer.h"

static void swap_mac(struct ethhdr *eth)
{
	unsigned char mac[ETH_ALEN];

	memcpy(mac, eth->h_dest, ETH_ALEN);
	memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	memcpy(eth->h_source, mac, ETH_ALEN);
}

bool xs_action_apply(__u32 actions, void *data, __u32 len)
{
	if ((actions & XS_ACTION_swap_mac) && len >= sizeof(struct ethhdr))
		swap_mac(data);
	return true;
}
