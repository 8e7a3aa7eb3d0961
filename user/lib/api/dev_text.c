// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* `dev IFNAME` in the text of a rule; see dev_text.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/net/identity.h"
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

const char *xs_dev_text(const char *text, const struct xs_action *action, char *buf, size_t len,
			__u32 *gone_ifindex)
{
	const char *name = action->verdict == XS_VERDICT_dev ? find_name(text) : NULL;
	size_t name_len = name ? strcspn(name, " ") : 0;
	char now[16];
	int err;

	*gone_ifindex = 0;
	if (!name)
		return text;
	err = xs_netif_name(action->target, now);
	if (err == -ENODEV)
		*gone_ifindex = action->target;
	if (err || (strlen(now) == name_len && !strncmp(now, name, name_len)))
		return text;
	snprintf(buf, len, "%.*s%s%s", (int)(name - text), text, now, name + name_len);
	return buf;
}
