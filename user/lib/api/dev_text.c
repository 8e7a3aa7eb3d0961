// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* `dev IFNAME` in the text of a rule; see dev_text.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/net/identity.h"
#include "lib/rules/syntax/lex.h"
#include "dev_text.h"

/* The name after the word `dev`, which no match contains; NULL: there is none. Skips strings. */
static const char *find_name(const char *text)
{
	bool quoted = false;

	for (const char *c = text; *c; c++) {
		if (*c == '"')
			quoted = !quoted;
		if (!quoted && (c == text || c[-1] == ' ') && !strncmp(c, "dev ", 4))
			return c + 4;
	}
	return NULL;
}

/* Bytes of the name as it is written, with the quotes that it may have. */
static size_t written_bytes(const char *name)
{
	const char *end = *name == '"' ? strchr(name + 1, '"') : NULL;

	return end ? (size_t)(end + 1 - name) : strcspn(name, " ");
}

/* Whether rules have to write it in quotes. */
static bool needs_quotes(const char *name)
{
	for (; *name; name++)
		if (!xs_is_word_byte(*name))
			return true;
	return false;
}

const char *xs_dev_text(const char *text, const struct xs_action *action, char *buf, size_t len,
			__u32 *gone_ifindex)
{
	const char *name = action->verdict == XS_VERDICT_dev ? find_name(text) : NULL, *quote;
	size_t bytes = name ? written_bytes(name) : 0;
	char now[16], shown[16 + 2];
	int err;

	*gone_ifindex = 0;
	if (!name)
		return text;
	err = xs_netif_name(action->target, now);
	if (err == -ENODEV)
		*gone_ifindex = action->target;
	if (err)
		return text;
	quote = needs_quotes(now) ? "\"" : "";
	snprintf(shown, sizeof(shown), "%s%s%s", quote, now, quote);
	if (strlen(shown) == bytes && !strncmp(shown, name, bytes))
		return text;
	snprintf(buf, len, "%.*s%s%s", (int)(name - text), text, shown, name + bytes);
	return buf;
}
