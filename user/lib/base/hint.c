// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Words for the next step; see hint.h. */
#include <stdio.h>
#include <string.h>

#include "ctx.h"
#include "hint.h"

static const char *const library_words[XS_HINT_MAX] = {
#define X(name, words) [XSTEER_HINT_##name] = words,
	XS_HINTS(X)
#undef X
};

struct xs_hint xs_hint(const struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *object)
{
	const char *words = ctx->hints[hint] ? ctx->hints[hint] : library_words[hint];
	const char *place = strstr(words, "{}");
	struct xs_hint out;

	if (place)
		snprintf(out.text, sizeof(out.text), "%.*s%s%s", (int)(place - words), words,
			 object ? object : "", place + 2);
	else
		snprintf(out.text, sizeof(out.text), "%s", words);
	return out;
}
