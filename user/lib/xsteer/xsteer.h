/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libxsteer: attach xsteer's XDP program, put rules in force, read its counters,
 * and receive and send on an AF_XDP socket of your own.
 *
 * Functions return 0 or -errno unless they say otherwise; on failure outputs are
 * untouched and the context has a text that says what to do. The library prints
 * nothing, ends no process and keeps no state but the context's: threads that
 * work side by side use one context each.
 */
#ifndef LIBXSTEER_H
#define LIBXSTEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * Structs that may get more members begin with `sz`, the size that the caller was
 * compiled with. This declares one with `sz` set, what is given set, and the rest 0:
 *
 *	XSTEER_STRUCT(xsteer_rules_opts, opts, .name = "mine");
 *
 * 0 is the default of every member. As options, NULL in place of a struct means all
 * defaults; as a result, it means that the caller does not want it. A struct without
 * `sz`, or with a member set that this library does not know yet, is -EINVAL or -E2BIG,
 * and then nothing was done.
 */
#define XSTEER_STRUCT(TYPE, NAME, ...) struct TYPE NAME = { .sz = sizeof(struct TYPE), __VA_ARGS__ }

/* ---- the context ---- */

#define XSTEER_PIN_ROOT "/sys/fs/bpf/xsteer"

struct xsteer_ctx;

enum xsteer_log_level {
	XSTEER_LOG_ERROR, /* the function that says this fails */
	XSTEER_LOG_WARNING, /* it works, but not as hoped */
	XSTEER_LOG_NOTE, /* what was done instead of what was asked for */
	XSTEER_LOG_INFO, /* for the curious */
	XSTEER_LOG_KERNEL, /* the kernel's own words: several lines, with their ends */
};

/* One diagnostic, without a line end. `text` is valid until the callback returns. */
typedef void (*xsteer_log_fn)(void *arg, enum xsteer_log_level level, const char *text);

/*
 * A new context. pin_root: a directory on a bpffs, NULL: XSTEER_PIN_ROOT; copied.
 * log: called in the calling thread for each diagnostic; NULL: none are told, the
 * error's text is kept all the same. Free it with xsteer_ctx_free(). NULL: no memory.
 * Needs no privilege and asks the kernel nothing.
 */
struct xsteer_ctx *xsteer_ctx_new(const char *pin_root, xsteer_log_fn log, void *log_arg);

/* Frees the context; NULL is allowed. Nothing that was made with it may be in use. */
void xsteer_ctx_free(struct xsteer_ctx *ctx);

/* Text of the last error, "" before the first; the context's, until the next error. */
const char *xsteer_ctx_error(const struct xsteer_ctx *ctx);

/* The pin root; the context's, as long as it lives. */
const char *xsteer_ctx_pin_root(const struct xsteer_ctx *ctx);

/*
 * Messages propose a next step in the library's terms ("xsteer_detach()"). A
 * program that offers the step under another name says so here.
 */
enum xsteer_hint {
	XSTEER_HINT_BESIDE, /* attach beside other programs */
	XSTEER_HINT_REPLACE, /* attach in place of what is there */
	XSTEER_HINT_DETACH,
	XSTEER_HINT_CLEAN,
	XSTEER_HINT_PIN_ROOT, /* choose another pin root */
	XSTEER_HINT_SKB, /* choose skb mode */
	XSTEER_HINT_ALONE, /* attach without others beside */
	XSTEER_HINT_ZERO_COPY, /* insist on zero-copy mode */
	XSTEER_HINT_VERBOSE, /* see what libraries say */
	XSTEER_HINT_FRAMES, /* how many frames a UMEM has */
	XSTEER_HINT_RING, /* how many entries a ring has */
	XSTEER_HINT_UPGRADE, /* put this build's program in place of the running one */
	XSTEER_HINT_ATTACH,
	XSTEER_HINT_MAX /* grows */
};

/*
 * `words` name the step; "{}" in them stands for the interface. Borrowed for as
 * long as the context lives; NULL: the library's own again.
 */
void xsteer_ctx_set_hint(struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *words);

/* The version of the library that runs, "0.1.0"; static. */
const char *xsteer_version(void);

/* ---- rules ---- */

/* Rules that were parsed; for one thread at a time. */
struct xsteer_rules;

enum xsteer_severity {
	XSTEER_SEVERITY_ERROR, /* the text is refused */
	XSTEER_SEVERITY_WARNING, /* the rule has no effect */
};

/* What is wrong with, or odd in, a text of rules. All of it is valid during the call only. */
struct xsteer_finding {
	size_t sz; /* set by the library: members beyond it are not there */
	uint32_t severity; /* enum xsteer_severity */
	uint32_t line; /* from 1; 0: about the text as a whole */
	uint32_t column; /* from 1, in bytes; 0: about the whole line */
	uint32_t caret; /* index into `source` of the byte at `column` */
	const char *file; /* as it was opened, or the name of the text */
	const char *message; /* one line */
	const char *source; /* the line, or the part of it around the column; NULL: not told */
};

typedef void (*xsteer_finding_fn)(void *arg, const struct xsteer_finding *finding);

#define XSTEER_RULES_NO_INCLUDE 1U /* include "FILE" is an error */

struct xsteer_rules_opts {
	size_t sz;
	/*
	 * Parsing only: what messages call the text; included files are looked up beside it.
	 * NULL: "-", and included files are looked up in the working directory.
	 */
	const char *name;
	xsteer_finding_fn finding; /* called for each error, in the order of the text; or NULL */
	void *finding_arg;
	uint32_t flags; /* XSTEER_RULES_* */
	uint32_t reserved; /* 0 */
};

/*
 * Parses a text of `len` bytes (it needs no end mark) in the language of xsteer-rules(8),
 * or a file; "-" is standard input. Included files are read. Blocks for reading files only.
 * Needs no privilege but to read them. 0, and *rules is to be freed with
 * xsteer_rules_free(). -EINVAL: the text is wrong. Each error went to opts->finding; the
 * first is the context's error text. -ENOMEM, or -errno of reading the file.
 */
int xsteer_rules_parse(struct xsteer_ctx *ctx, const char *text, size_t len,
		       const struct xsteer_rules_opts *opts, struct xsteer_rules **rules);
int xsteer_rules_read(struct xsteer_ctx *ctx, const char *path,
		      const struct xsteer_rules_opts *opts, struct xsteer_rules **rules);
void xsteer_rules_free(struct xsteer_rules *rules); /* NULL is allowed */

/* How many rules there are, beside `default` and `malformed`. */
uint32_t xsteer_rules_count(const struct xsteer_rules *rules);

/*
 * The rules as text, one a line, each in its shortest form, with $names and includes
 * replaced; the caller frees it with free(). NULL: no memory.
 */
char *xsteer_rules_text(const struct xsteer_rules *rules);

/*
 * Calls `finding` for each rule that no frame can ever reach: none can meet it, or an
 * earlier rule covers it whole. Pure: asks no kernel. 0, also with warnings; or -ENOMEM.
 */
int xsteer_rules_warnings(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
			  xsteer_finding_fn finding, void *arg);

/* What rules cost, as the compiler has proved. */
struct xsteer_cost {
	size_t sz;
	uint32_t tables; /* hash tables that the rules became */
	uint32_t longest_chain; /* entries that one key of a table leads to */
	uint32_t probe_bound; /* tables that one frame may have to look into */
	uint32_t step_bound; /* entries and conditions likewise */
	uint64_t entries;
	uint64_t table_bytes; /* kernel memory of the tables, without the rules' text */
	uint64_t compile_ns;
};

/*
 * Compiles the rules and puts nothing in force. Pure but for the clock. Takes some
 * microseconds a rule. 0 and *cost (NULL: not wanted); -E2BIG: beyond a limit, and
 * the error text names the rule; -ENOMEM.
 */
int xsteer_rules_check(struct xsteer_ctx *ctx, struct xsteer_rules *rules,
		       struct xsteer_cost *cost);

/* What the last successful compilation of these rules found. -ENODATA: there was none. */
int xsteer_rules_cost(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
		      struct xsteer_cost *cost);

/* ---- rules in force ---- */

enum xsteer_verdict {
	XSTEER_VERDICT_PASS, /* on to the kernel */
	XSTEER_VERDICT_DROP,
	XSTEER_VERDICT_TX, /* back out of the interface it came in on */
	XSTEER_VERDICT_XSK, /* to an AF_XDP socket */
	XSTEER_VERDICT_CPU, /* to the kernel, on another CPU */
	XSTEER_VERDICT_DEV, /* out of another interface */
	/* grows */
};

/* "pass" ... as rules have it; "?" for another number. Static. */
const char *xsteer_verdict_name(uint32_t verdict);

struct xsteer_apply_opts {
	size_t sz;
	uint32_t confirm_sec; /* roll back after so many seconds unless confirmed; 0: do not */
	uint32_t reserved; /* 0 */
};

struct xsteer_applied {
	size_t sz;
	uint64_t generation; /* number of the rule set in force; rises by one at each change */
	uint64_t carried; /* rules whose counters were carried over: their text is the same */
	uint64_t switch_ns; /* the switch with its grace period */
};

/*
 * Compiles the rules and puts them in force on the interface, all or nothing: each frame
 * sees the old set or the new one. With confirm_sec the data path itself goes back to the
 * old set once the time is over. The rules may be applied again, to other interfaces too.
 * Blocks for the instance's lock (10 s at most), for compiling, and for an RCU grace period.
 * Needs CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN to carry counters over. 0; or -errno
 * with the old set in force: -ENOENT no instance, -EBUSY the lock, -ENODEV and -ERANGE a
 * rule names a target that is not there, -E2BIG as xsteer_rules_check(), or as for
 * xsteer_status().
 */
int xsteer_rules_apply(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
		       const struct xsteer_apply_opts *opts, struct xsteer_applied *applied);

/* Applies no rules: what xsteer does with a frame by default is left. Otherwise the same. */
int xsteer_rules_flush(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied);

/*
 * Keeps what was applied with confirm_sec. Privilege and blocking are those of
 * xsteer_rules_apply(). 0, and applied->generation; -ENOENT: nothing waits, or no
 * instance; -ETIMEDOUT: too late, it has been rolled back.
 */
int xsteer_rules_confirm(struct xsteer_ctx *ctx, const char *ifname,
			 struct xsteer_applied *applied);

#define XSTEER_RULE_SET_ROLLED_BACK 1U /* the set after it was not confirmed in time */

/* What frames are classified by now. */
struct xsteer_rule_set {
	size_t sz;
	uint64_t generation; /* 0: no rules were ever applied */
	uint64_t confirm_ns; /* left until it is rolled back; 0: nothing waits */
	uint32_t rule_count;
	uint32_t flags; /* XSTEER_RULE_SET_* */
	char default_text[256]; /* "default xsk else pass"; cut if it is longer */
	char malformed_text[32]; /* "malformed pass" */
};

/* One rule with its counters. All of it is valid during the call only. */
struct xsteer_rule {
	size_t sz; /* set by the library: members beyond it are not there */
	uint32_t index; /* from 0: the first that matches decides */
	uint32_t line; /* from 1, in `file` */
	const char *file; /* as it was applied */
	const char *text; /* in its shortest form */
	uint32_t verdict; /* enum xsteer_verdict */
	uint32_t reserved;
	uint64_t packets, bytes; /* that it decided, on all CPUs and queues */
};

/* Anything but 0 ends the walk and is returned. */
typedef int (*xsteer_rule_fn)(void *arg, const struct xsteer_rule *rule);

/*
 * The rules in force: fills *set (NULL: not wanted), then calls `each` (NULL: none) for
 * every rule in their order. The counters are those of one moment for each rule, not for
 * all. Does not block. Needs CAP_SYS_ADMIN (the kernel hands out maps of maps to nobody
 * else). 0, what `each` returned, -ENOENT no instance, or as for xsteer_status().
 */
int xsteer_rules_show(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rule_set *set,
		      xsteer_rule_fn each, void *arg);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
