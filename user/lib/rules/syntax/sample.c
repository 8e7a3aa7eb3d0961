// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The grammar of `sample 1/N` behind a verdict. */
#include "parse.h"
#include "value.h"

#define SAMPLE_MAX 1000000000

bool xs_parse_sample(struct xs_parser *p, __u32 *sample)
{
	struct xs_pos pos;
	__u64 number;

	if (!xs_parse_take_word(p, "sample"))
		return !p->err;
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD || xs_number_parse(p->tok.p, p->tok.len, 1, &number) ||
	    !number || !xs_parse_take(p) || p->tok.type != XS_TOKEN_SLASH)
		return !p->err && xs_parse_error(p, &pos,
						 "expected how many frames a trace is offered: "
						 "'sample 1/100' is every hundredth");
	xs_parse_next(p);
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD ||
	    xs_number_parse(p->tok.p, p->tok.len, SAMPLE_MAX, &number) || !number)
		return xs_parse_error(p, &pos, "expected a number after '1/', 1-%u", SAMPLE_MAX);
	*sample = (__u32)number;
	if (!xs_parse_put(p, "/", 1) || !xs_parse_put(p, p->tok.p, p->tok.len))
		return false;
	xs_parse_next(p);
	return true;
}
