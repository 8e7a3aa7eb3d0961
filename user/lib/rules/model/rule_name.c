// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The name of a rule, in its text; see rule_name.h. */
#include <string.h>

#include "rule_name.h"

#define BEFORE "name "

const char *xs_rule_name(const char *text, size_t *len)
{
	const char *name = text + strlen(BEFORE), *colon;

	if (strncmp(text, BEFORE, strlen(BEFORE)))
		return NULL;
	colon = strstr(name, ": ");
	if (!colon)
		return NULL;
	*len = (size_t)(colon - name);
	return name;
}

const char *xs_rule_unnamed(const char *text)
{
	size_t len;
	const char *name = xs_rule_name(text, &len);

	return name ? name + len + strlen(": ") : text;
}
