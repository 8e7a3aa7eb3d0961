// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The contract's enums as words; see names.h. */
#include "names.h"

const char *const xs_verdict_names[XS_VERDICT_MAX] = {
#define X(name) #name,
	XS_VERDICTS(X)
#undef X
};

const char *const xs_reason_names[XS_REASON_MAX] = { "none",
#define X(name) #name,
						     XS_MATCH_REASONS(X) XS_FALLBACK_REASONS(X)
#undef X
};

const char *xs_xsk_mode_name(__u32 mode)
{
	static const char *const names[] = {
		[XS_XSK_none] = "auto",
		[XS_XSK_copy] = "copy",
		[XS_XSK_zero_copy] = "zero-copy",
	};

	return mode < sizeof(names) / sizeof(*names) ? names[mode] : "?";
}
