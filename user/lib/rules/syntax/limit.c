// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The grammar of `limit N/UNIT [burst M] [per KEY] [size S] [else pass|drop]` behind a verdict. */
#include <string.h>

#include "parse.h"
#include "value.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND_NS 1000000000ULL
/* What the burst is where it is not said: a tenth of a second's worth, and at least these. */
#define BURST_NS (SECOND_NS / 10)
#define BURST_PACKETS 5 /* nft's */
#define BURST_BYTES 65536 /* the longest frame of a host without jumbo frames, aggregated */

static const struct {
	const char *name;
	__u64 ns;
} times[] = {
	{ "second", SECOND_NS },	   { "minute", 60 * SECOND_NS },
	{ "hour", 3600 * SECOND_NS },	   { "day", 86400 * SECOND_NS },
	{ "week", 7 * 86400 * SECOND_NS },
};

static const struct {
	const char *name;
	__u32 bytes;
} sizes[] = {
	{ "bytes", 1 },
	{ "kbytes", 1 << 10 },
	{ "mbytes", 1 << 20 },
};

static const struct {
	const char *family, *side;
	enum xs_limit_per per;
	__u8 families, bits;
} keys[] = {
	{ "ip", "saddr", XS_LIMIT_PER_ip_saddr, XS_FAMILY_BIT(XS_FAMILY_ipv4), 32 },
	{ "ip", "daddr", XS_LIMIT_PER_ip_daddr, XS_FAMILY_BIT(XS_FAMILY_ipv4), 32 },
	{ "ip6", "saddr", XS_LIMIT_PER_ip6_saddr, XS_FAMILY_BIT(XS_FAMILY_ipv6), 128 },
	{ "ip6", "daddr", XS_LIMIT_PER_ip6_daddr, XS_FAMILY_BIT(XS_FAMILY_ipv6), 128 },
};

/* A number from 1 to max, or a $NAME that holds one. */
static bool parse_count(struct xs_parser *p, const char *what, __u64 max, __u64 *out)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str text, through = { NULL, 0 };

	if (!xs_parse_at_value(p))
		return xs_parse_expected(p, "%s, 1-%llu", what, (unsigned long long)max);
	if (!xs_parse_take_part(p, &text, &through))
		return false;
	if (xs_number_parse(text.p, text.len, max, out) || !*out)
		return xs_parse_error(p, &pos, "'%s' is not %s: expected 1-%llu",
				      xs_quote_str(text).s, what, (unsigned long long)max);
	return xs_parse_put_token(p, text.p, text.len);
}

/* bytes, kbytes, mbytes, if one of them is there: *units becomes bytes. */
static bool parse_bytes(struct xs_parser *p, const struct xs_pos *pos, __u64 max, __u64 *units,
			bool *by_bytes)
{
	*by_bytes = false;
	for (size_t i = 0; i < CNT(sizes) && !*by_bytes; i++) {
		if (!xs_parse_at_word(p, sizes[i].name))
			continue;
		*by_bytes = true;
		if (*units > max / sizes[i].bytes)
			return xs_parse_error(p, pos, "that are more than %llu bytes",
					      (unsigned long long)max);
		*units *= sizes[i].bytes;
		if (!xs_parse_take(p))
			return false;
	}
	return true;
}

/* "/second", which is one word with what stands before it. */
static bool parse_time(struct xs_parser *p, struct xs_limit *limit)
{
	if (p->tok.type != XS_TOKEN_SLASH)
		return xs_parse_expected(p, "bytes, kbytes, mbytes, or '/' and a unit of time: "
					    "'limit 100/second'");
	xs_parse_next(p);
	for (size_t i = 0; i < CNT(times); i++) {
		if (!xs_parse_at_word(p, times[i].name))
			continue;
		limit->per_ns = times[i].ns;
		if (!xs_parse_put(p, "/", 1) || !xs_parse_put(p, p->tok.p, p->tok.len))
			return false;
		xs_parse_next(p);
		return true;
	}
	return xs_parse_expected(p, "second, minute, hour, day or week after '/'");
}

static bool parse_rate(struct xs_parser *p, struct xs_limit *limit)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (!parse_count(p, "a rate", XS_LIMIT_RATE_MAX, &limit->rate) ||
	    !parse_bytes(p, &pos, XS_LIMIT_RATE_MAX, &limit->rate, &limit->by_bytes) ||
	    !parse_time(p, limit))
		return false;
	if (limit->by_bytes && limit->per_ns / limit->rate >= XS_LIMIT_UNIT_NS_MAX)
		return xs_parse_error(p, &pos,
				      "one byte takes longer than an hour at this rate: expected "
				      "more bytes, or a shorter time");
	return true;
}

static __u64 default_burst(const struct xs_limit *limit)
{
	__u64 least = limit->by_bytes ? BURST_BYTES : BURST_PACKETS;
	__u64 worth = (__u64)((xs_u128)limit->rate * BURST_NS / limit->per_ns);

	return worth > least ? worth : least;
}

/* The unit of the burst is that of the rate; it may be said, and for bytes must be. */
static bool parse_burst(struct xs_parser *p, struct xs_limit *limit)
{
	struct xs_pos pos;
	bool by_bytes;

	limit->burst = default_burst(limit);
	if (!xs_parse_take_word(p, "burst"))
		return !p->err;
	pos = xs_token_pos(&p->tok);
	if (!parse_count(p, "a burst", XS_LIMIT_RATE_MAX, &limit->burst) ||
	    !parse_bytes(p, &pos, XS_LIMIT_RATE_MAX, &limit->burst, &by_bytes))
		return false;
	if (by_bytes != limit->by_bytes)
		return xs_parse_error(p, &pos,
				      "the rate is of %s, so the burst is, too: expected %s",
				      limit->by_bytes ? "bytes" : "packets",
				      limit->by_bytes ? "a number with bytes, kbytes or mbytes"
						      : "a number without bytes");
	if (!by_bytes && xs_parse_at_word(p, "packets"))
		xs_parse_next(p); /* nft's word says nothing more */
	if ((xs_u128)limit->burst * limit->per_ns / limit->rate >= XS_LIMIT_BURST_NS_MAX)
		return xs_parse_error(p, &pos,
				      "such a burst takes more than a hundred years at this rate: "
				      "expected a smaller one");
	return true;
}

/* "/24" behind an address of so many bits. */
static bool parse_prefix(struct xs_parser *p, struct xs_limit *limit, __u8 bits)
{
	struct xs_pos pos;
	__u64 number;

	limit->prefix = bits;
	if (p->tok.type != XS_TOKEN_SLASH)
		return true;
	xs_parse_next(p);
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD || xs_number_parse(p->tok.p, p->tok.len, bits, &number) ||
	    !number)
		return xs_parse_error(p, &pos, "expected a prefix length after '/', 1-%u", bits);
	limit->prefix = (__u8)number;
	if (!xs_parse_put(p, "/", 1) || !xs_parse_put(p, p->tok.p, p->tok.len))
		return false;
	xs_parse_next(p);
	return true;
}

/* The families of the frames that the matches at hand leave. */
static __u8 families_of(const struct xs_parser *p)
{
	__u8 families = XS_FAMILIES_ALL;

	for (__u32 i = 0; i < p->match_cnt; i++)
		families &= xs_fields[p->matches[i].field].header->families;
	return families;
}

static bool parse_address_key(struct xs_parser *p, struct xs_limit *limit)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	size_t of = 0;

	while (of < CNT(keys) && !xs_parse_at_word(p, keys[of].family))
		of++;
	if (of == CNT(keys))
		return xs_parse_expected(p,
					 "ip saddr, ip daddr, ip6 saddr, ip6 daddr or flow after "
					 "'per'");
	if (!xs_parse_take(p))
		return false;
	if (xs_parse_at_word(p, "daddr"))
		of++;
	else if (!xs_parse_at_word(p, "saddr"))
		return xs_parse_expected(p, "saddr or daddr");
	limit->per = keys[of].per;
	if (!(families_of(p) & keys[of].families))
		return xs_parse_error(p, &pos,
				      "no frame of this rule has %s %s: expected another key, or "
				      "none",
				      keys[of].family, keys[of].side);
	return xs_parse_take(p) && parse_prefix(p, limit, keys[of].bits);
}

static bool parse_key(struct xs_parser *p, struct xs_limit *limit)
{
	__u64 size;

	if (!xs_parse_take_word(p, "per"))
		return !p->err;
	limit->size = XS_LIMIT_SIZE;
	if (xs_parse_take_word(p, "flow"))
		limit->per = XS_LIMIT_PER_flow;
	else if (p->err || !parse_address_key(p, limit))
		return false;
	if (!xs_parse_take_word(p, "size"))
		return !p->err;
	if (!parse_count(p, "a number of keys", XS_LIMIT_SIZE_MAX, &size))
		return false;
	limit->size = (__u32)size;
	return true;
}

static bool parse_over(struct xs_parser *p, __u8 verdict, const struct xs_pos *pos,
		       struct xs_limit *limit)
{
	limit->otherwise = XS_VERDICT_drop;
	if (xs_parse_take_word(p, "else")) {
		if (!xs_parse_pass_or_drop(p, "else", &limit->otherwise))
			return false;
	} else if (p->err) {
		return false;
	}
	if (limit->otherwise == verdict)
		return xs_parse_error(p, pos,
				      "the rule does the same within the limit and over it: "
				      "expected 'else %s' at its end",
				      verdict == XS_VERDICT_drop ? "pass" : "drop");
	return true;
}

bool xs_parse_limit(struct xs_parser *p, __u8 verdict, struct xs_limit *limit)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (!xs_parse_take_word(p, "limit"))
		return !p->err;
	return parse_rate(p, limit) && parse_burst(p, limit) && parse_key(p, limit) &&
	       parse_over(p, verdict, &pos, limit);
}
