// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Drops capabilities; see caps.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <cap-ng.h>

#include "caps.h"

/* Before 5.19 the kernel demands it, unless everybody may use bpf(2). */
bool xs_caps_maps_need_bpf(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	return !capng_get_caps_process() && !uname(&name) &&
	       sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 19)) &&
	       capng_have_capability(CAPNG_PERMITTED, CAP_BPF);
}

void xs_caps_keep(struct xs_cli *cli, const int *keep)
{
	__u64 kept = 0;
	bool bounds;

	if (capng_get_caps_process())
		return;
	/* Without it the bounding set stays, and libcap-ng would complain of that in the log. */
	bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (; *keep >= 0; keep++)
		if (capng_have_capability(CAPNG_PERMITTED, *keep))
			kept |= 1ull << *keep;
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned int cap = 0; kept >> cap; cap++)
		if (kept >> cap & 1)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	if (capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS))
		xs_warn(cli->ctx, "cannot drop capabilities: %s", strerror(errno));
}
