// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lists of addresses: one address, prefix or range a line, to drop; see import.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Whether `value` can stand in a set of the field, and so in the file. */
static bool is_value(const char *value, bool ipv6)
{
	size_t len = strcspn(value, "/-");
	char address[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (len >= sizeof(address))
		return false;
	memcpy(address, value, len);
	address[len] = '\0';
	return inet_pton(ipv6 ? AF_INET6 : AF_INET, address, bytes) == 1;
}

/* The line without comment and blanks. */
static char *bare_value(char *line)
{
	char *end;

	line += strspn(line, " \t");
	line[strcspn(line, "#;")] = '\0';
	for (end = line + strlen(line); end > line && strchr(" \t", end[-1]); end--)
		end[-1] = '\0';
	return line;
}

/* Where lines of the output belong: a family's set, with its begin and its end. */
enum { SET4 = 1, SET6 = 4 };

static void put_braces(struct xs_import *im, long key, const char *family)
{
	im->key = key - 1;
	xs_import_put(im, "%s saddr {", family);
	im->key = key + 1;
	xs_import_put(im, "} drop");
}

static bool has_family(const char *text, bool ipv6)
{
	char *copy = strdup(text), *rest = copy, *line;
	bool has = false;

	while (copy && !has && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		has = is_value(bare_value(line), ipv6);
	}
	free(copy);
	return has;
}

void xs_import_cidr(struct xs_import *im, char *text)
{
	bool ip4 = has_family(text, false), ip6 = has_family(text, true);
	char *line;

	if (ip4)
		put_braces(im, SET4, "ip");
	if (ip6)
		put_braces(im, SET6, "ip6");
	/* comments and what is refused stay in the order of the file, in the first set */
	for (im->key = ip4 || !ip6 ? SET4 : SET6; (line = xs_import_next(im, &text));
	     im->key = ip4 || !ip6 ? SET4 : SET6) {
		const char *note = strpbrk(im->source, "#;"), *value = bare_value(line);
		bool is_ip6 = is_value(value, true);

		if (!is_ip6 && !is_value(value, false)) {
			xs_import_refuse(im, "no address, prefix or range");
			continue;
		}
		im->key = is_ip6 ? SET6 : SET4;
		xs_import_add(im, "%s saddr %s drop", is_ip6 ? "ip6" : "ip", value);
		if (xs_import_try(im))
			xs_import_put(im, "\t%s,%s%s", value, note ? " #" : "",
				      note ? note + 1 : "");
		xs_import_drop(im);
	}
}
