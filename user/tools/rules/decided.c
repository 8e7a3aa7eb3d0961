// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How explain and trace say what decided a frame; see decided.h. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/cli/json.h"
#include "decided.h"

/* LINE, or FILE:LINE if the rule was included. The caller frees it. */
static char *place_text(const struct xs_decided *by)
{
	char *text = NULL;
	int len = by->included ? asprintf(&text, "%s:%u", by->file, by->line)
			       : asprintf(&text, "%u", by->line);

	return len < 0 ? NULL : text;
}

static char *rule_text(const struct xs_decided *by)
{
	char *place = place_text(by), *text = NULL;
	int len;

	if (by->rule == XSTEER_NO_RULE)
		len = asprintf(&text, "no rule");
	else if (!by->line)
		len = asprintf(&text, "rule number %u of a set that is gone", by->rule);
	else
		len = asprintf(&text, "rule %s%s%s (%s)", by->included ? "\"" : "",
			       place ? place : "", by->included ? "\"" : "", by->text);
	free(place);
	return len < 0 ? NULL : text;
}

char *xs_decided_text(const struct xs_decided *by)
{
	char *rule = rule_text(by), *text = NULL, over[64] = "", cpu[16] = "";
	int len;

	if (by->limited)
		snprintf(over, sizeof(over), "; over its limit: %s, %s, over_limit",
			 xsteer_verdict_name(by->over_verdict), xsteer_xdp_name(by->over_xdp));
	if (by->spread)
		snprintf(cpu, sizeof(cpu), " %u", by->cpu);
	len = asprintf(&text, "%s: %s%s, %s%s%s%s", rule ? rule : "",
		       xsteer_verdict_name(by->verdict), cpu, xsteer_xdp_name(by->xdp),
		       by->reason ? ", " : "", by->reason ? xsteer_reason_name(by->reason) : "",
		       over);

	free(rule);
	return len < 0 ? NULL : text;
}

static json_t *rule_json(const struct xs_decided *by)
{
	char *place = by->included ? place_text(by) : NULL;
	json_t *json = json_null();

	if (by->rule != XSTEER_NO_RULE && by->line)
		json = place ? xs_json_text(place) : json_integer(by->line);
	free(place);
	return json;
}

void xs_decided_add(json_t *object, const struct xs_decided *by)
{
	json_object_set_new(object, "rule", rule_json(by));
	json_object_set_new(object, "verdict", json_string(xsteer_verdict_name(by->verdict)));
	json_object_set_new(object, "xdp", json_string(xsteer_xdp_name(by->xdp)));
	json_object_set_new(object, "reason",
			    by->reason ? json_string(xsteer_reason_name(by->reason)) : json_null());
	if (by->spread)
		json_object_set_new(object, "cpu", json_integer(by->cpu));
	if (by->limited)
		json_object_set_new(object, "over_limit",
				    json_pack("{s:s, s:s}", "verdict",
					      xsteer_verdict_name(by->over_verdict), "xdp",
					      xsteer_xdp_name(by->over_xdp)));
}
