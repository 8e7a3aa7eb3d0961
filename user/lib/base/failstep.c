/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Makes the Nth step of set-up fail, for the tests. */
#include <errno.h>
#include <stdlib.h>

#include "tools/cli/cli.h"
#include "failstep.h"

int xs_fail_step(const char *step)
{
	static __u64 wanted, count;
	const char *text;

	if (!count) {
		text = secure_getenv("XSTEER_FAIL_STEP");
		if (!text || xs_parse_u64(text, 1, 10000, &wanted))
			wanted = 0;
	}
	if (++count != wanted)
		return 0;
	xs_err("step %llu (%s) fails: XSTEER_FAIL_STEP asked for it", count, step);
	return -ECANCELED;
}
