/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The inside of the parser, shared by the files of this folder. A function for each
 * part of the grammar takes the current token and those after it, and appends what it
 * took to the canonical text of the statement.
 *
 * Unless said otherwise, a function that returns bool returns false after an error. It
 * has then added the error to p->errs, or set p->err if the parse must stop at once.
 */
#ifndef XS_RULE_PARSE_H
#define XS_RULE_PARSE_H

#include <string.h>

#include "lex.h"
#include "text.h"

/* A part of a text, or of a block; not NUL-terminated. */
struct xs_str {
	const char *p;
	__u32 len;
};

/* A text that is not the one being parsed: a file of values, or one that chains stand in. */
struct xs_origin {
	const char *end; /* of its text */
	__u32 file; /* index into xs_ruleset.files */
	bool secret; /* its text must not be shown */
};

/* A place, in the text that is being parsed unless `of` says otherwise. */
struct xs_pos {
	__u32 line, column;
	const char *line_start;
	const struct xs_origin *of;
};

/* One value as written. Its meaning depends on the field that it is compared with. */
struct xs_elem {
	struct xs_str text; /* value or range */
	struct xs_str prefix; /* after '/'; p is NULL if there is none */
	struct xs_pos pos, prefix_pos;
	struct xs_str define; /* the $NAME that stands for it; p is NULL: it is written here */
};

enum xs_shape {
	XS_SHAPE_ONE,
	XS_SHAPE_SET, /* { a, b } */
	XS_SHAPE_LIST, /* a,b: flags */
};

/* What follows a field, or `define NAME =`. */
struct xs_operand {
	enum xs_shape shape;
	struct xs_elem *elems;
	__u32 cnt, cap;
	struct xs_pos pos; /* where it begins */
	struct xs_pos comma; /* LIST: the first comma */
};

/* What a rule does where its matches hold; all but the first stand in nft's chains alone. */
enum xs_flow {
	XS_FLOW_VERDICT,
	XS_FLOW_JUMP,
	XS_FLOW_GOTO,
	XS_FLOW_RETURN,
	XS_FLOW_CONTINUE,
};

struct xs_goal {
	enum xs_flow flow;
	struct xs_str name; /* of the chain that it leads to */
	struct xs_pos pos; /* where that, or the word, stands */
	struct xs_chain *chain; /* which that is, once all are known */
};

struct xs_define {
	struct xs_str name;
	enum xs_shape shape;
	struct xs_elem *elems;
	__u32 cnt;
	__u32 file, line;
};

#define XS_KEYS_MAX XS_TUPLE_FIELDS_MAX

/*
 * One element of a concatenation or verdict map. It becomes a rule: the statement's other
 * matches, and for each key one match with the ranges [first, first + cnt) of the parser.
 */
struct xs_branch {
	struct {
		__u32 first, cnt;
	} key[XS_KEYS_MAX];
	struct xs_str text; /* canonical: its matches, and its verdict if it is of a map */
	struct xs_action action; /* of a map */
	char *target_name; /* likewise, in the arena */
	struct xs_goal goal; /* likewise */
	__u32 line;
};

/* Where in nft's blocks a statement stands. */
enum xs_block_kind {
	XS_BLOCK_NONE,
	XS_BLOCK_TABLE,
	XS_BLOCK_CHAIN,
};

struct xs_block {
	enum xs_block_kind kind;
	struct xs_pos pos[XS_BLOCK_CHAIN + 1]; /* where the open one of each kind begins */
	enum xs_block_kind floor; /* that the file was in when it was included */
	const char *implied; /* matches that the table's family puts before each rule */
	struct xs_chain *chains, **chains_end; /* of the table; chains.h */
	struct xs_chain *chain; /* the open one */
};

/* The files that are being read, innermost first. */
struct xs_parse_include {
	const struct xs_parse_include *outer;
	__u32 file;
};

/* The place of `default` or `malformed`; line 0: not there. */
struct xs_said {
	__u32 file, line;
};

struct xs_parser {
	const struct xs_rule_source *src;
	struct xs_rule_errors *errs;
	int err; /* -ENOMEM or -EINVAL: stop at once */

	struct xs_ruleset set;
	__u32 rule_cap, set_cap, spread_cap;
	struct xs_said default_said, malformed_said;

	struct xs_lexer lex;
	struct xs_token tok; /* the current one */
	bool in_set; /* between { and } */
	const struct xs_parse_include *include;
	__u32 file;
	bool secret; /* messages must not show the text of `file` */
	__u32 include_cnt;
	char *texts[XS_RULE_INCLUDE_MAX];

	struct xs_block block;
	bool had_base; /* a base chain has begun */
	const struct xs_origin *origin; /* of the text being parsed; NULL: none made yet */

	void *rule_names; /* tsearch(3) tree of name.c's */
	void *defines; /* tsearch(3) tree of struct xs_define */
	__u32 define_cnt;
	struct xs_arena arena; /* lives until the end of the parse */

	/* The statement that is being parsed. */
	struct xs_operand operand;
	struct xs_match matches[XS_RULE_MATCH_MAX]; /* without `ranges`, see first_range */
	__u32 first_range[XS_RULE_MATCH_MAX];
	__u32 match_cnt;
	struct xs_range *ranges;
	__u32 range_cnt, range_cap;
	__u32 key_cnt, key_at; /* matches that each branch has its own of; 0: no branches */
	bool is_map; /* the branches have the verdicts */
	struct xs_goal goal; /* of the rule */
	size_t key_text; /* where in `text` a branch's stands */
	struct xs_branch *branches;
	__u32 branch_cnt, branch_cap;
	char *text; /* canonical, without a NUL */
	size_t text_len, text_cap;

	__u64 bytes_read, bytes_made, text_total;
};

/* ---- errors: error.c ---- */

/* Text for a message: printable, short. */
struct xs_quote {
	char s[48];
};

struct xs_quote xs_quote(const char *p, size_t len);
struct xs_quote xs_quote_str(struct xs_str s);

/* Adds an error at `pos` of the text that is being parsed. Returns false. */
bool xs_parse_error(struct xs_parser *p, const struct xs_pos *pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds "found TOKEN: expected WHAT" at the current token. Returns false. */
bool xs_parse_expected(struct xs_parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- memory: parse.c ---- */

/* Each sets p->err: out of memory, or a reason to end the parse. Return false. */
bool xs_parse_oom(struct xs_parser *p);
bool xs_parse_stop(struct xs_parser *p);

/* `size` bytes of memory that lives until the end of the parse; NULL with p->err set. */
void *xs_parse_alloc(struct xs_parser *p, size_t size);

/*
 * Makes room for one more member of `size` bytes in an array from malloc(); *cap
 * doubles. Returns the array; or NULL with p->err set, and the old array is unchanged.
 */
void *xs_parse_grow(struct xs_parser *p, void *array, __u32 cnt, __u32 *cap, size_t size);

/*
 * Counts the bytes that the rules make of the text. Without this limit a small text,
 * with names that stand for names, could ask for much memory.
 */
bool xs_parse_charge(struct xs_parser *p, size_t bytes, const struct xs_pos *pos);

/* Counts the canonical text of a whole statement that begins at `pos`. */
bool xs_parse_count_text(struct xs_parser *p, const struct xs_pos *pos);

/* ---- canonical text: parse.c ---- */

/* Append bytes: as they are; after a space; after a space and in double quotes. */
bool xs_parse_put(struct xs_parser *p, const char *s, size_t len);
bool xs_parse_put_token(struct xs_parser *p, const char *s, size_t len);
bool xs_parse_put_string(struct xs_parser *p, struct xs_str s);

/* ---- tokens: parse.c ---- */

static inline struct xs_str xs_token_str(const struct xs_token *tok)
{
	return (struct xs_str){ tok->p, tok->len };
}

static inline struct xs_pos xs_token_pos(const struct xs_token *tok)
{
	return (struct xs_pos){ tok->line, tok->column, tok->line_start, NULL };
}

static inline bool xs_str_is(struct xs_str s, const char *word)
{
	return s.len && *s.p == *word && !strncmp(s.p, word, s.len) && !word[s.len];
}

/* Whether the current token ends the line; can be a value; is this word. */
static inline bool xs_parse_at_end(const struct xs_parser *p)
{
	return p->tok.type == XS_TOKEN_EOL || p->tok.type == XS_TOKEN_EOF;
}

static inline bool xs_parse_at_value(const struct xs_parser *p)
{
	return p->tok.type == XS_TOKEN_WORD || p->tok.type == XS_TOKEN_NAME;
}

bool xs_parse_at_word(const struct xs_parser *p, const char *word);

/* Steps over the current token. xs_parse_take() also appends it to the canonical text. */
void xs_parse_next(struct xs_parser *p);
bool xs_parse_take(struct xs_parser *p);

/* Takes the current token if it is this word. False, without an error, if it is not. */
bool xs_parse_take_word(struct xs_parser *p, const char *word);

/* The line must end here; otherwise adds an error that `what` was expected. */
bool xs_parse_end(struct xs_parser *p, const char *what);

/*
 * ---- the grammar, one file for each part ----
 */

/*
 * operand.c: reads a value, list or set into *operand. Reuses its elems, which the
 * caller frees. `prefixes`: a '/' is part of the value. `what` names the expected thing
 * in messages. Appends no text: xs_parse_put_operand() does.
 */
bool xs_parse_operand(struct xs_parser *p, struct xs_operand *operand, bool prefixes,
		      const char *what);
bool xs_parse_put_operand(struct xs_parser *p, const struct xs_operand *operand);
/* The text of one value, without a space before it. */
bool xs_parse_put_elem(struct xs_parser *p, const struct xs_elem *elem);
/* How a set without members is written: those of files alone can be such. */
#define XS_EMPTY_SET "{ file \"/dev/null\" }"
/* One member more of a set. */
bool xs_parse_add_elem(struct xs_parser *p, struct xs_operand *operand, const struct xs_elem *elem);
/* Likewise one member of a set, though a $NAME may hold more. */
bool xs_parse_member(struct xs_parser *p, struct xs_operand *operand, const char *what);
/* Over the line ends within a set. */
void xs_parse_skip_lines(struct xs_parser *p);
/*
 * Behind an element of a concatenation's set, which begins at `line`: goes over the comma, to the
 * next element or the '}'.
 */
bool xs_parse_end_element(struct xs_parser *p, __u32 line);

/*
 * Takes the current token as part of one value: a word, or a $NAME that stands for one,
 * which is then stored in *through. Appends no text.
 */
bool xs_parse_take_part(struct xs_parser *p, struct xs_str *out, struct xs_str *through);

/* set_file.c: file "NAME" in a set: each line of it as a member. The token is the name. */
bool xs_parse_set_file(struct xs_parser *p, struct xs_operand *operand);

/* dynamic_set.c: set NAME { ... }; the token is 'set'. */
bool xs_parse_dynamic_set(struct xs_parser *p);
/* Whether the token is @NAME, of no set of a table; and such a value of a match. */
bool xs_parse_at_set_name(const struct xs_parser *p);
bool xs_parse_set_match(struct xs_parser *p, struct xs_match *match);

/* define.c: define NAME = VALUE. */
bool xs_parse_define(struct xs_parser *p);
/* The define that the current token, a $NAME, refers to; NULL after an error. */
const struct xs_define *xs_parse_this_define(struct xs_parser *p);
/* p->operand as what $NAME stands for, or with an '@' before it a set's name. */
bool xs_parse_add_define(struct xs_parser *p, struct xs_str name, __u32 line,
			 const struct xs_pos *pos);
/* Whether the token, which begins with an '@', is a set's name. */
bool xs_parse_is_set(struct xs_parser *p);
void xs_parse_free_defines(struct xs_parser *p);

/*
 * concat.c: what follows the first field of a concatenation or verdict map, which is the
 * last of p->matches and whose text begins at `text_at`: the other fields, into p->matches too,
 * and p->branches.
 */
bool xs_parse_concat(struct xs_parser *p, size_t text_at);
/* Whether the token begins that: '.' or vmap. */
bool xs_parse_at_concat(const struct xs_parser *p);

/*
 * tuples.c: the != that is the token, and what follows it: of a concatenation whose fields
 * are p->matches from `first` on; its text begins at `text_at`.
 */
bool xs_parse_tuples(struct xs_parser *p, __u32 first, size_t text_at);

/*
 * idiom.c: a phrase of nft that other matches say, as these. False without an error: it is
 * none, and the token is where it was.
 */
bool xs_parse_idiom(struct xs_parser *p);

/* Reads `meant`, matches, in place of what stands in the text. */
bool xs_parse_meant(struct xs_parser *p, const char *meant);

/*
 * block.c: whether the token begins or ends a block, or is a statement of one that is no
 * rule; and that statement.
 */
bool xs_parse_at_block(const struct xs_parser *p);
bool xs_parse_block(struct xs_parser *p);

/* match.c: one match, added to p->matches. The current token is a family. */
bool xs_parse_match(struct xs_parser *p);
/* The words of a field, from its family on, as one more of p->matches without ranges. */
bool xs_parse_field(struct xs_parser *p);
/* Writes "saddr, daddr, ttl": the words that may follow a family; "" if none may. */
void xs_parse_family_words(struct xs_str family, char *buf, size_t size);

/* verdict.c: a verdict with its target and fallback. The caller zeroes action and name. */
bool xs_parse_verdict(struct xs_parser *p, struct xs_action *action, char name[XS_TARGET_NAME_MAX]);
/* The verdict pass or drop, which must follow the word `after`. */
bool xs_parse_pass_or_drop(struct xs_parser *p, const char *after, __u8 *verdict);
/* The verdict that a token names; -1: it names none. */
int xs_verdict_of(const struct xs_token *tok);

/*
 * limit.c: `limit ...`, if it stands there, behind the verdict of a rule whose matches are in
 * p->matches. The caller zeroes *limit.
 */
bool xs_parse_limit(struct xs_parser *p, __u8 verdict, struct xs_limit *limit);
/* sample.c: `sample 1/N`, if it stands there, behind these. The caller zeroes *sample. */
bool xs_parse_sample(struct xs_parser *p, __u32 *sample);

/* spread.c: the set behind `cpu`, at its brace, and `by ...`. */
bool xs_parse_spread(struct xs_parser *p, struct xs_action *action);

/* name.c: whether it can be the name of a chain or of a rule. As in chain files. */
bool xs_parse_is_name(struct xs_str name);
/* `name NAME:`, if it stands before a rule. pos->line is 0 if it does not. */
bool xs_parse_rule_name(struct xs_parser *p, struct xs_pos *pos);
void xs_parse_free_rule_names(struct xs_parser *p);

/* rule.c: a rule, added to p->set or, within a chain, to the chain. */
bool xs_parse_rule(struct xs_parser *p);
/* The matches and the text at hand as a rule more of p->set; its comment is in the text. */
bool xs_parse_add_rule(struct xs_parser *p, const struct xs_rule *rule, const struct xs_pos *pos);

/* include.c: include "FILE", with everything in it. */
bool xs_parse_include(struct xs_parser *p);
/*
 * Reads the file `name` (it stands at pos): *text and *len until the end of the parse,
 * *path from malloc(), *secret as in struct xs_parser.
 */
bool xs_parse_read_file(struct xs_parser *p, const struct xs_pos *pos, const char *name,
			char **path, const char **text, size_t *len, bool *secret);
/* The number of the file with this name in p->set.files. Takes ownership of the name. */
bool xs_parse_add_file(struct xs_parser *p, char *path, __u32 *file);

/* text.c: one statement, as if `text` stood at the current token. */
bool xs_parse_as_if(struct xs_parser *p, const char *text);
/* text.c: all statements of a text. Errors go to p->errs and p->err. */
void xs_parse_text(struct xs_parser *p, __u32 file, const char *text, size_t len);

#endif
