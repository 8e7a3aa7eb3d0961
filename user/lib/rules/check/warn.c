// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules that no frame can ever reach, and why: the list of them, in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "lib/rules/model/names.h"
#include "never.h"
#include "warn.h"

static int __attribute__((format(printf, 3, 4)))
add_warning(struct xs_rule_warnings *out, __u32 rule, const char *fmt, ...)
{
	struct xs_rule_warning *warnings = out->warnings;
	char *message;
	va_list args;
	int n;

	/* A power of two is full. */
	if (!(out->cnt & (out->cnt - 1))) {
		warnings = reallocarray(warnings, out->cnt ? out->cnt * 2 : 1, sizeof(*warnings));
		if (!warnings)
			return -ENOMEM;
		out->warnings = warnings;
	}
	va_start(args, fmt);
	n = vasprintf(&message, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	warnings[out->cnt++] = (struct xs_rule_warning){ rule, message };
	return 0;
}

static int warn_never(struct xs_rule_warnings *out, __u32 rule, enum xs_never why,
		      enum xs_field field)
{
	switch (why) {
	case XS_NEVER_NOT:
		break;
	case XS_NEVER_FIELD:
		return add_warning(out, rule,
				   "never holds: no value of '%s' is what the rule asks for",
				   xs_fields[field].text);
	case XS_NEVER_IP:
		return add_warning(out, rule, "never holds: no frame is both IPv4 and IPv6");
	case XS_NEVER_TYPE:
		return add_warning(out, rule,
				   "never holds: 'ether type' contradicts the other matches");
	case XS_NEVER_TAG_TYPE:
		return add_warning(out, rule,
				   "never holds: 'ether type' is what follows the VLAN tags; for "
				   "tagged frames write 'vlan id 0-4095'");
	case XS_NEVER_PROTO:
		return add_warning(
			out, rule,
			"never holds: no frame has all the protocols that the rule asks for");
	case XS_NEVER_FRAGMENT:
		return add_warning(
			out, rule,
			"never holds: later fragments have no ports, flags, types and codes");
	case XS_NEVER_LENGTH:
		return add_warning(out, rule,
				   "never holds: frames of this 'meta length' are too short for "
				   "the other matches");
	case XS_NEVER_RUNT:
		return add_warning(out, rule,
				   "never holds: no frame is shorter than its Ethernet header, 14 "
				   "bytes");
	case XS_NEVER_PORTS:
		return add_warning(out, rule, "never holds: its ports contradict each other");
	}
	return 0;
}

static int warn_covered(struct xs_rule_warnings *out, const struct xs_ruleset *set, __u32 rule,
			__u32 by)
{
	if (set->rules[by].file == set->rules[rule].file)
		return add_warning(out, rule, "never asked: the rule at line %u covers it whole",
				   set->rules[by].line);
	return add_warning(out, rule, "never asked: the rule at %s:%u covers it whole",
			   set->files[set->rules[by].file], set->rules[by].line);
}

int xs_rules_warn(const struct xs_ruleset *set, struct xs_rule_warnings *out)
{
	struct xs_cover cover;
	int err;

	err = xs_cover_init(&cover, set);
	if (err)
		return err;
	for (__u32 i = 0; i < set->rule_cnt && !err; i++) {
		enum xs_field field;
		enum xs_never why = xs_rule_never(&set->rules[i], &field);
		__u32 by;

		if (why) {
			err = warn_never(out, i, why, field);
			continue;
		}
		by = xs_cover_find(&cover, i);
		if (by < set->rule_cnt)
			err = warn_covered(out, set, i, by);
		else
			xs_cover_remember(&cover, i);
	}
	xs_cover_free(&cover);
	return err;
}

void xs_rule_warnings_free(struct xs_rule_warnings *warnings)
{
	for (__u32 i = 0; i < warnings->cnt; i++)
		free(warnings->warnings[i].message);
	free(warnings->warnings);
	memset(warnings, 0, sizeof(*warnings));
}
