/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libxsteer: attach xsteer's XDP program, put rules in force, read its counters, and
 * receive and send on an AF_XDP socket of your own.
 *
 * Functions return 0 or -errno unless they say otherwise. On failure the outputs are
 * untouched, and the context has a text that says what to do. The library prints
 * nothing, ends no process, and keeps no state outside the context. Threads that run in
 * parallel use one context each.
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
 * Structs that may grow begin with `sz`, the size that the caller was compiled with.
 * This macro declares such a struct: `sz` is set, the given members are set, and the
 * rest is 0:
 *
 *	XSTEER_STRUCT(xsteer_rules_opts, opts, .name = "mine");
 *
 * 0 is the default of every member. For options, NULL instead of a struct means all
 * defaults. For a result, NULL means that the caller does not want it. If `sz` is not
 * set, functions return -EINVAL; if a member is set that this library does not know
 * yet, -E2BIG. In both cases nothing was done.
 */
#define XSTEER_STRUCT(TYPE, NAME, ...) struct TYPE NAME = { .sz = sizeof(struct TYPE), __VA_ARGS__ }

/* ---- the context ---- */

#define XSTEER_PIN_ROOT "/sys/fs/bpf/xsteer"

struct xsteer_ctx;

enum xsteer_log_level {
	XSTEER_LOG_ERROR, /* the function that logs this fails */
	XSTEER_LOG_WARNING, /* it works, but not as hoped */
	XSTEER_LOG_NOTE, /* what was done instead of what was asked for */
	XSTEER_LOG_INFO, /* for the curious */
	XSTEER_LOG_KERNEL, /* the kernel's own words: several lines, with their line ends */
};

/* One diagnostic, without a line end. `text` is valid until the callback returns. */
typedef void (*xsteer_log_fn)(void *arg, enum xsteer_log_level level, const char *text);

/*
 * Makes a context. pin_root is a directory on a bpffs, which is copied; NULL:
 * XSTEER_PIN_ROOT. log() is called in the calling thread for each diagnostic; NULL:
 * diagnostics are not delivered, but the error's text is kept. Free it with
 * xsteer_ctx_free(). NULL: out of memory. Needs no privilege and asks the kernel
 * nothing.
 */
struct xsteer_ctx *xsteer_ctx_new(const char *pin_root, xsteer_log_fn log, void *log_arg);

/* Frees the context; NULL is allowed. Nothing made with it may still be in use. */
void xsteer_ctx_free(struct xsteer_ctx *ctx);

/*
 * The text of the last error; "" before the first. Owned by the context, valid until
 * the next error.
 */
const char *xsteer_ctx_error(const struct xsteer_ctx *ctx);

/* The pin root. Owned by the context, valid as long as it lives. */
const char *xsteer_ctx_pin_root(const struct xsteer_ctx *ctx);

/*
 * Messages propose a next step in the library's terms ("xsteer_detach()"). A program
 * that offers the step under another name sets its own words here.
 */
enum xsteer_hint {
	XSTEER_HINT_BESIDE, /* attach beside other programs */
	XSTEER_HINT_REPLACE, /* attach and replace what is there */
	XSTEER_HINT_DETACH,
	XSTEER_HINT_CLEAN,
	XSTEER_HINT_PIN_ROOT, /* choose another pin root */
	XSTEER_HINT_SKB, /* choose skb mode */
	XSTEER_HINT_ALONE, /* attach without other programs beside it */
	XSTEER_HINT_ZERO_COPY, /* insist on zero-copy mode */
	XSTEER_HINT_VERBOSE, /* see what libraries say */
	XSTEER_HINT_FRAMES, /* set how many frames a UMEM has */
	XSTEER_HINT_RING, /* set how many entries a ring has */
	XSTEER_HINT_UPGRADE, /* replace the running program by this build's */
	XSTEER_HINT_ATTACH,
	XSTEER_HINT_STATUS, /* see which instances there are */
	XSTEER_HINT_SOCKET, /* choose another path for a UNIX socket */
	XSTEER_HINT_MAX /* grows */
};

/*
 * `words` name the step; "{}" in them stands for the interface. They are not copied and
 * must live as long as the context. NULL: the library's own words again.
 */
void xsteer_ctx_set_hint(struct xsteer_ctx *ctx, enum xsteer_hint hint, const char *words);

/* The version of the running library, such as "0.1.0". Static. */
const char *xsteer_version(void);

/* Parsed rules. For one thread at a time. */
struct xsteer_rules;

/* ---- instances ---- */

/*
 * Interfaces are named as in the caller's network namespace. A function here and below
 * that opens an instance can also return:
 *   -ENOENT   there is no instance
 *   -ESTALE   its interface was deleted and created again
 *   -ENODATA  pins are missing
 *   -EXDEV    it is of another network namespace
 *   -EPROTO   another version of xsteer made it
 *   -EACCES, -EPERM  no permission for its pins
 *   -EBUSY    another process has held its lock for 10 s
 *   -EINVAL   no interface can have that name
 */

enum xsteer_mode {
	XSTEER_MODE_AUTO, /* to attach: native, else skb; as a result: not attached */
	XSTEER_MODE_NATIVE, /* the driver runs the program */
	XSTEER_MODE_SKB, /* the kernel runs it later, on any driver */
	XSTEER_MODE_HARDWARE, /* the NIC runs it; only seen for programs of others */
};

/* "auto", "native", "skb", "hw"; "?" for another number. Static. */
const char *xsteer_mode_name(uint32_t mode);

enum xsteer_missing {
	XSTEER_MISSING_DEFAULT, /* keep an existing instance's choice; a new one: pass */
	XSTEER_MISSING_PASS, /* to the kernel */
	XSTEER_MISSING_DROP,
};

#define XSTEER_ATTACH_REPLACE 1U /* replace an existing xsteer instance, and lose its counters */
#define XSTEER_ATTACH_AUTOMATIC 2U /* the last socket that leaves removes the instance */

struct xsteer_attach_opts {
	size_t sz;
	uint32_t mode; /* enum xsteer_mode */
	uint32_t prio; /* 0: alone on the hook; else libxdp's priority, beside other programs */
	uint32_t flags; /* XSTEER_ATTACH_* */
	uint32_t missing; /* enum xsteer_missing: frames of a queue without a socket */
	struct xsteer_rules *rules; /* in force before the first frame; stays the caller's */
};

#define XSTEER_ATTACHED_ALREADY 1U /* it was there as asked for: only rules were applied */

struct xsteer_attached {
	size_t sz;
	uint32_t mode; /* enum xsteer_mode: the mode in use */
	uint32_t prog_id;
	uint32_t flags; /* XSTEER_ATTACHED_* */
	uint32_t reserved;
	uint64_t generation; /* of the set that opts->rules became; 0: none were given */
};

/*
 * Loads the program, pins it and its maps, and attaches it; all or nothing. It stays
 * after the process ends. Blocks for the lock of the pin root (10 s at most), for the
 * verifier (a second), and for the driver, which may reset its rings. Needs a bpffs,
 * CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN for rules. 0, also if it was there;
 * -ENODEV: no such interface; -ENOTSUP: the pin root is not on a bpffs; -EBUSY:
 * somebody else's program is on the hook; -EEXIST: an instance is there, but not as
 * asked for; or an error of the kernel or driver.
 */
int xsteer_attach(struct xsteer_ctx *ctx, const char *ifname, const struct xsteer_attach_opts *opts,
		  struct xsteer_attached *attached);

/*
 * Removes the instance with its rules and counters; its sockets get no more frames.
 * Never touches a program of others. Blocks and needs privileges as xsteer_attach().
 * -ENOENT: there is none.
 */
int xsteer_detach(struct xsteer_ctx *ctx, const char *ifname);

struct xsteer_upgraded {
	size_t sz;
	uint32_t old_prog_id, prog_id;
	uint32_t old_version; /* major << 16 | minor << 8 | patch */
	uint32_t reserved;
};

/*
 * Replaces the running program by this library's, between two frames; sockets, counters
 * and rules stay. Blocks and needs privileges as xsteer_attach(). -EOPNOTSUPP: it runs
 * beside other programs (prio), where this is not possible. On failure the old program
 * still runs.
 */
int xsteer_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_upgraded *upgraded);

enum xsteer_state {
	XSTEER_STATE_NONE, /* nothing is on the hook */
	XSTEER_STATE_ATTACHED, /* an instance, and it runs */
	XSTEER_STATE_STALE, /* an instance whose program is on the hook no more */
	XSTEER_STATE_FOREIGN, /* a program of somebody else */
	XSTEER_STATE_UNUSABLE, /* pins that this library cannot use; the error's text says why */
	XSTEER_STATE_UNKNOWN, /* an instance, but the kernel cannot be asked whether it runs */
};

enum xsteer_by {
	XSTEER_BY_NONE,
	XSTEER_BY_LINK, /* a bpf_link */
	XSTEER_BY_NETLINK,
	XSTEER_BY_DISPATCHER, /* libxdp's dispatcher, beside others */
	XSTEER_BY_UNKNOWN, /* the kernel tells only CAP_SYS_ADMIN */
};

#define XSTEER_STATUS_AUTOMATIC 1U /* the last socket that leaves removes it */
#define XSTEER_STATUS_LIMITS 2U /* its program has limits and dynamic sets */

struct xsteer_status {
	size_t sz;
	char ifname[16];
	uint32_t ifindex;
	uint32_t state; /* enum xsteer_state */
	uint32_t mode; /* enum xsteer_mode: of what is on the hook; auto: nothing is */
	uint32_t by; /* enum xsteer_by: how it is attached */
	uint32_t prog_id; /* 0: nothing is on the hook */
	/* Of an instance; else 0. */
	uint32_t slots; /* the most queues that may have a socket */
	uint32_t sockets; /* slots whose owner is alive */
	uint32_t version; /* of its program: major << 16 | minor << 8 | patch */
	uint32_t flags; /* XSTEER_STATUS_* */
	uint32_t reserved;
	uint64_t generation; /* of the rules in force */
	char prog_name[64]; /* "" if the kernel does not tell */
};

/*
 * Finds out what is on the interface's hook. Does not block. Needs the right to read
 * the pins, and CAP_SYS_ADMIN to name programs of others. 0, whatever the state;
 * -ENODEV: no such interface.
 */
int xsteer_status(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_status *status);

#define XSTEER_INSTANCE_ELSEWHERE 1U /* of another network namespace */

/* What is pinned in one directory of the pin root. Valid during the call only. */
struct xsteer_instance {
	size_t sz; /* set by the library: members beyond it are not there */
	const char *dir; /* path */
	const char *ifname; /* of the interface when it was attached, or of the directory */
	int32_t error; /* -errno: it cannot be used, and the context's error says why; 0 */
	uint32_t ifindex;
	uint32_t slots;
	uint32_t flags; /* XSTEER_INSTANCE_* */
	uint64_t netns_inode;
};

/*
 * A return value other than 0 ends the walk and is passed on. This holds for every
 * callback of this kind.
 */
typedef int (*xsteer_instance_fn)(void *arg, const struct xsteer_instance *instance);

/*
 * Calls each() for every instance pinned in the pin root, in no order. If there is no
 * pin root, there are none. Does not block. Needs the right to read the pins. 0, what
 * each() returned, or -errno of reading the pin root.
 */
int xsteer_each_instance(struct xsteer_ctx *ctx, xsteer_instance_fn each, void *arg);

/* A pinned map of an instance. Valid during the call only. */
struct xsteer_map {
	size_t sz; /* set by the library: members beyond it are not there */
	const char *name; /* of its pin, in the instance's directory */
	uint32_t id;
	uint32_t type; /* enum bpf_map_type */
	uint32_t max_entries;
	uint32_t key_bytes, value_bytes;
	uint32_t reserved;
	uint64_t memory_bytes; /* that the kernel charges for it; 0: not known */
};

typedef int (*xsteer_map_fn)(void *arg, const struct xsteer_map *map);

/*
 * Calls each() for every map of the instance in `dir`, a path as xsteer_each_instance()
 * gives it. An instance that an older version made may lack some. Does not block. Needs
 * the right to read the pins. 0, what each() returned, or as listed under "instances".
 */
int xsteer_each_map(struct xsteer_ctx *ctx, const char *dir, xsteer_map_fn each, void *arg);

#define XSTEER_CLEAN_DRY_RUN 1U /* only say what would be removed */

struct xsteer_cleaned {
	size_t sz; /* set by the library: members beyond it are not there */
	const char *dir; /* path */
	const char *reason; /* why it is removed; NULL: it could not be examined, see `error` */
	int32_t error; /* 0: removed, or would be; -errno: the context's error says why not */
	uint32_t reserved;
};

typedef void (*xsteer_cleaned_fn)(void *arg, const struct xsteer_cleaned *cleaned);

/*
 * Removes pins whose interface is gone, whose program is no longer on a hook, or that a
 * killed process left half-made. Only those of this network namespace. An instance that
 * cannot be examined is assumed to be alive. Calls each() (NULL: none) for everything
 * that was removed and every failure. Blocks for the lock of the pin root. Needs
 * CAP_BPF and the rights of the pins' owner. 0, or the first error.
 */
int xsteer_clean(struct xsteer_ctx *ctx, uint32_t flags, xsteer_cleaned_fn each, void *arg);

/* ---- rules ---- */

enum xsteer_severity {
	XSTEER_SEVERITY_ERROR, /* the text is refused */
	XSTEER_SEVERITY_WARNING, /* the rule has no effect */
};

/* Something wrong or odd in a text of rules. Valid during the call only. */
struct xsteer_finding {
	size_t sz; /* set by the library: members beyond it are not there */
	uint32_t severity; /* enum xsteer_severity */
	uint32_t line; /* from 1; 0: about the text as a whole */
	uint32_t column; /* from 1, in bytes; 0: about the whole line */
	uint32_t caret; /* index into `source` of the byte at `column` */
	const char *file; /* as it was opened, or the name of the text */
	const char *message; /* one line */
	const char *source; /* the line, or the part of it around the column; NULL: not shown */
};

typedef void (*xsteer_finding_fn)(void *arg, const struct xsteer_finding *finding);

#define XSTEER_RULES_NO_INCLUDE 1U /* include "FILE" is an error */

struct xsteer_rules_opts {
	size_t sz;
	/*
	 * For parsing only: the name of the text in messages. Included files are looked
	 * up beside it. NULL: "-", and included files are looked up in the working
	 * directory.
	 */
	const char *name;
	xsteer_finding_fn finding; /* called for each error, in the order of the text; or NULL */
	void *finding_arg;
	uint32_t flags; /* XSTEER_RULES_* */
	uint32_t reserved; /* 0 */
};

/*
 * Parses a text of `len` bytes (it needs no NUL) in the language of xsteer-rules(8), or
 * a file; "-" is standard input. Included files are read. Blocks only for reading
 * files. Needs no privilege except to read them. 0: free *rules with
 * xsteer_rules_free(). -EINVAL: the text is wrong; each error went to opts->finding,
 * and the first one is the context's error text. -ENOMEM, or -errno of reading the
 * file.
 */
int xsteer_rules_parse(struct xsteer_ctx *ctx, const char *text, size_t len,
		       const struct xsteer_rules_opts *opts, struct xsteer_rules **rules);
int xsteer_rules_read(struct xsteer_ctx *ctx, const char *path,
		      const struct xsteer_rules_opts *opts, struct xsteer_rules **rules);
void xsteer_rules_free(struct xsteer_rules *rules); /* NULL is allowed */

/* The number of rules, not counting `default` and `malformed`. */
uint32_t xsteer_rules_count(const struct xsteer_rules *rules);

/*
 * Returns the rules as text, one on each line, each in its shortest form, with $names
 * and includes replaced. The caller frees it with free(). NULL: out of memory.
 */
char *xsteer_rules_text(const struct xsteer_rules *rules);

/*
 * Calls finding() for each rule that no frame can ever reach: no frame can match it, or
 * an earlier rule covers it completely. Pure: does not ask the kernel. 0, also with
 * warnings; or -ENOMEM.
 */
int xsteer_rules_warnings(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
			  xsteer_finding_fn finding, void *arg);

/* The cost of rules, as the compiler has proved it. */
struct xsteer_cost {
	size_t sz;
	uint32_t tables; /* hash tables that the rules became */
	uint32_t longest_chain; /* most entries that one key of a table leads to */
	uint32_t probe_bound; /* most tables that one frame looks into */
	uint32_t step_bound; /* most entries and conditions for one frame */
	uint64_t entries;
	uint64_t table_bytes; /* kernel memory of the tables, without the rules' text */
	uint64_t compile_ns;
};

/*
 * Compiles the rules without putting them in force. Pure, except that it reads the
 * clock. Takes some microseconds for each rule. 0 and *cost (NULL: not wanted); -E2BIG:
 * a limit is exceeded, and the error text names the rule; -ENOMEM.
 */
int xsteer_rules_check(struct xsteer_ctx *ctx, struct xsteer_rules *rules,
		       struct xsteer_cost *cost);

/* The cost found by the last successful compilation of these rules. -ENODATA: there was none. */
int xsteer_rules_cost(struct xsteer_ctx *ctx, const struct xsteer_rules *rules,
		      struct xsteer_cost *cost);

/* ---- rules in force ---- */

enum xsteer_verdict {
	XSTEER_VERDICT_PASS, /* on to the kernel */
	XSTEER_VERDICT_DROP,
	XSTEER_VERDICT_TX, /* back out of the interface that it came from */
	XSTEER_VERDICT_XSK, /* to an AF_XDP socket */
	XSTEER_VERDICT_CPU, /* to the kernel, on another CPU */
	XSTEER_VERDICT_DEV, /* out of another interface */
	XSTEER_VERDICT_CHAIN, /* into a chain of network functions */
	/* grows */
};

/* "pass" and so on, as in rules; "?" for another number. Static. */
const char *xsteer_verdict_name(uint32_t verdict);

struct xsteer_apply_opts {
	size_t sz;
	uint32_t confirm_sec; /* roll back after so many seconds unless confirmed; 0: never */
	uint32_t reserved; /* 0 */
};

struct xsteer_applied {
	size_t sz;
	uint64_t generation; /* number of the rule set in force; each change increments it */
	uint64_t carried; /* rules whose counters were carried over: the same text */
	uint64_t switch_ns; /* duration of the switch with its grace period */
};

/*
 * Compiles the rules and puts them in force on the interface, all or nothing: each
 * frame meets the old set or the new one. With confirm_sec the data path itself returns
 * to the old set when the time is over. The same rules may be applied again, also to
 * other interfaces. Blocks for the instance's lock (10 s at most), for compiling, and
 * for an RCU grace period. Needs CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN to carry
 * counters over. 0; or -errno, and the old set is in force: -ENODEV and -ERANGE: a rule
 * names a target that is not there; -E2BIG: as xsteer_rules_check(); or as listed under
 * "instances".
 */
int xsteer_rules_apply(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
		       const struct xsteer_apply_opts *opts, struct xsteer_applied *applied);

/* Applies no rules: what is left is xsteer's default for all frames. Otherwise the same. */
int xsteer_rules_flush(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied);

/*
 * Makes permanent what was applied with confirm_sec. Needs privileges and blocks as
 * xsteer_rules_apply(). 0, and applied->generation is set; -ENOENT: nothing waits, or
 * there is no instance; -ETIMEDOUT: too late, it has been rolled back.
 */
int xsteer_rules_confirm(struct xsteer_ctx *ctx, const char *ifname,
			 struct xsteer_applied *applied);

#define XSTEER_RULE_SET_ROLLED_BACK 1U /* the last set was not confirmed in time */

/* The set that frames are classified by now. */
struct xsteer_rule_set {
	size_t sz;
	uint64_t generation; /* 0: no rules were ever applied */
	uint64_t confirm_ns; /* time until it is rolled back; 0: nothing waits */
	uint32_t rule_count;
	uint32_t flags; /* XSTEER_RULE_SET_* */
	char default_text[256]; /* "default xsk else pass"; cut if it is longer */
	char malformed_text[32]; /* "malformed pass" */
};

#define XSTEER_RULE_LIMITED 1U /* it has a limit */

/* One rule with its counters. Valid during the call only. */
struct xsteer_rule {
	size_t sz; /* set by the library: members beyond it are not there */
	uint32_t index; /* from 0; the first rule that matches decides */
	uint32_t line; /* from 1, in `file` */
	const char *file; /* as it was applied */
	const char *text; /* in its shortest form; `dev` with the interface's current name */
	uint32_t verdict; /* enum xsteer_verdict */
	uint32_t gone_ifindex; /* of `dev`: the index of an interface that is gone; else 0 */
	uint64_t packets, bytes; /* that it decided, on all CPUs and queues */
	const char *name; /* from `name web:` before it; NULL: it has none */
	uint64_t over_packets, over_bytes; /* of these, what its limit refused */
	uint64_t no_room_packets; /* of these, because there was no room for a key more */
	uint32_t flags; /* XSTEER_RULE_* */
};

typedef int (*xsteer_rule_fn)(void *arg, const struct xsteer_rule *rule);

/*
 * Reads the rules in force: fills *set (NULL: not wanted), then calls each() (NULL:
 * none) for every rule in order. The counters of one rule are of one moment; those of
 * different rules are not. Does not block. Needs CAP_SYS_ADMIN (the kernel gives maps
 * of maps to nobody else). 0, what each() returned, or as listed under "instances".
 */
int xsteer_rules_show(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rule_set *set,
		      xsteer_rule_fn each, void *arg);

/* ---- counters ---- */

/* The number of counters that a queue has; it grows with the version. Needs no privilege. */
uint32_t xsteer_counter_count(void);

/*
 * The name of a counter, numbered from 0: "packets", "bytes", "verdict_pass" ...,
 * "reason_no_socket" ...; xsteer-maps(8) explains them. NULL: there is no such counter.
 * Static.
 */
const char *xsteer_counter_name(uint32_t counter);

/* The counters of one queue, summed over CPUs: `count` values, named by xsteer_counter_name(). */
typedef int (*xsteer_queue_fn)(void *arg, uint32_t queue, const uint64_t *values, uint32_t count);

/*
 * Calls each() for every queue that may have a socket, also for those without traffic.
 * A frame that arrives meanwhile may be in one counter of a queue and not yet in
 * another. Does not block. Needs the right to read the pins. 0, what each() returned,
 * or as listed under "instances". For counters by rule see xsteer_rules_show().
 */
int xsteer_each_queue(struct xsteer_ctx *ctx, const char *ifname, xsteer_queue_fn each, void *arg);

/* ---- owners of slots ---- */

enum xsteer_owner_state {
	XSTEER_OWNER_ALIVE,
	XSTEER_OWNER_DEAD, /* its process is gone, and the slot is free */
	XSTEER_OWNER_ELSEWHERE, /* in another PID namespace; assumed to be alive */
};

enum xsteer_xsk_mode {
	XSTEER_XSK_AUTO, /* as a request: zero-copy, else copy */
	XSTEER_XSK_COPY,
	XSTEER_XSK_ZERO_COPY,
};

/* "auto", "copy", "zero-copy"; "?" for another number. Static. */
const char *xsteer_xsk_mode_name(uint32_t mode);

struct xsteer_owner {
	size_t sz; /* set by the library: members beyond it are not there */
	uint32_t slot;
	uint32_t queue;
	uint32_t pid; /* in its PID namespace */
	uint32_t state; /* enum xsteer_owner_state */
	uint32_t asked; /* enum xsteer_xsk_mode */
	uint32_t mode; /* enum xsteer_xsk_mode: the mode in use */
	uint32_t fd; /* of the socket, in that process */
	uint32_t reserved;
	uint64_t since_ns; /* CLOCK_REALTIME */
};

typedef int (*xsteer_owner_fn)(void *arg, const struct xsteer_owner *owner);

/*
 * Calls each() for every slot that has an owner, including dead ones. Does not block.
 * Needs the right to read the pins. 0, what each() returned, or as listed under
 * "instances".
 */
int xsteer_each_owner(struct xsteer_ctx *ctx, const char *ifname, xsteer_owner_fn each, void *arg);

/* ---- what became of the frames of a slot ---- */

/* The number of counters that a slot has; it grows with the version. Needs no privilege. */
uint32_t xsteer_slot_counter_count(void);

/*
 * The name of a counter, numbered from 0: "rx_packets", "tx_bytes" ..., and
 * "lost_rx_ring_full" ... for packets that were given to a socket and went no further:
 * each is in one of these. NULL: there is no such counter. Static.
 */
const char *xsteer_slot_counter_name(uint32_t counter);

/* The slot's socket is in a slot of a chain, too, and is counted there alone. */
#define XSTEER_SLOT_IN_CHAIN 1U

/* A slot that a process holds, or whose sockets have counted something. Valid during the call only. */
struct xsteer_slot {
	size_t sz; /* set by the library: members beyond it are not there */
	const struct xsteer_owner *owner; /* NULL: nobody holds it */
	const char *chain; /* that the slot belongs to; NULL: it is its queue's own */
	uint32_t slot;
	uint32_t queue;
	uint32_t flags; /* XSTEER_SLOT_* */
	int32_t error; /* 0; -errno: the socket cannot be looked at, and the next ten are 0 */
	uint32_t rx_ring, tx_ring, fill_ring, completion_ring; /* descriptors in each now */
	/* XDP_STATISTICS, as in struct xsteer_socket_statistics. */
	uint64_t kernel_rx_dropped;
	uint64_t kernel_rx_ring_full;
	uint64_t kernel_fill_ring_empty;
	uint64_t kernel_tx_ring_empty;
	uint64_t kernel_rx_invalid, kernel_tx_invalid;
	/*
	 * `count` values each, named by xsteer_slot_counter_name(): of the owner's socket
	 * (NULL: not known), and the sums of all sockets that were in the slot before it. A
	 * process writes its share once a second, so that it outlives the process.
	 */
	const uint64_t *counts;
	const uint64_t *earlier;
	uint32_t count;
	uint32_t reserved;
};

typedef int (*xsteer_slot_fn)(void *arg, const struct xsteer_slot *slot);

/*
 * Calls each() for every such slot. Looks at the sockets of other processes without
 * disturbing them. Does not block. Needs the right to read the pins, and the right to
 * ptrace(2) the owner to look at its socket (Linux 5.6). 0, what each() returned, or as
 * listed under "instances".
 */
int xsteer_each_slot(struct xsteer_ctx *ctx, const char *ifname, xsteer_slot_fn each, void *arg);

/* ---- what the program does with a frame ---- */

/* The program, loaded a second time. For one thread at a time. */
struct xsteer_explain;

enum xsteer_ct_state {
	XSTEER_CT_STATE_NEW,
	XSTEER_CT_STATE_ESTABLISHED,
	XSTEER_CT_STATE_RELATED,
};

struct xsteer_explain_opts {
	size_t sz;
	uint32_t queue; /* on which frames are assumed to arrive */
	uint32_t ct_state; /* enum xsteer_ct_state: what `ct state` is assumed to be */
};

#define XSTEER_NO_RULE 0xffffffffU
#define XSTEER_EXPLAINED_INCLUDED 1U /* the rule is in a file that another file includes */
#define XSTEER_EXPLAINED_LIMITED 2U /* the rule has a limit, which was not asked: within it */
#define XSTEER_EXPLAINED_SPREAD 4U /* the rule has a set of CPUs, one of which was chosen */

struct xsteer_explained {
	size_t sz;
	const char *file; /* of the rule, or NULL; valid until xsteer_explain_close() */
	const char *text; /* likewise */
	uint32_t rule; /* from 0; XSTEER_NO_RULE: `default` or `malformed` decided */
	uint32_t line; /* from 1 */
	uint32_t verdict; /* enum xsteer_verdict: what the rule or the default says */
	uint32_t reason; /* for xsteer_reason_name(); 0: a rule decided, without a fallback */
	uint32_t xdp; /* enum xdp_action: what the program returned */
	uint32_t flags; /* XSTEER_EXPLAINED_* */
	uint32_t over_verdict; /* LIMITED: enum xsteer_verdict of what is over the rule's limit */
	uint32_t over_xdp; /* likewise, what the program returns then */
	uint32_t cpu; /* SPREAD: the one that was chosen */
	uint32_t reserved; /* 0 */
};

/*
 * Loads the program to try frames on. Give one of the two: `ifname`, for the rules in
 * force there, whose counters stay unchanged; or `rules`, without sockets. Blocks for
 * the verifier. Needs CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN. 0: close *explain later;
 * -ERANGE: no such queue; as xsteer_rules_apply(), or as listed under "instances".
 */
int xsteer_explain_open(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
			const struct xsteer_explain_opts *opts, struct xsteer_explain **explain);

/*
 * Finds out what the program does with a frame. The frame starts at the Ethernet header
 * and has 14 to 65535 bytes (Linux before 5.18: one page at most). Blocks for an RCU
 * grace period. 0 and *explained; or -EINVAL and others: the kernel does not run it.
 */
int xsteer_explain_frame(struct xsteer_explain *explain, const void *frame, size_t len,
			 struct xsteer_explained *explained);
void xsteer_explain_close(struct xsteer_explain *explain); /* NULL is allowed */

/* "none", "default", "malformed_tcp", "no_socket" ...; "?" for another number. Static. */
const char *xsteer_reason_name(uint32_t reason);
/* "XDP_PASS" ...; "?" for another number. Static. */
const char *xsteer_xdp_name(uint32_t xdp);

/* ---- frames as they are decided ---- */

/* A trace of one interface. For one thread at a time. */
struct xsteer_trace;

struct xsteer_trace_opts {
	size_t sz;
	/*
	 * Only frames that these rules decide: numbers as in struct xsteer_rule, of the set
	 * `generation`. NULL: all frames.
	 */
	const uint32_t *rules;
	uint32_t rule_count;
	uint32_t reserved; /* 0 */
	uint64_t generation;
	uint32_t verdicts; /* 1 << enum xsteer_verdict, as they are counted; 0: any */
	uint32_t reasons; /* 1 << a reason; 1: no reason, so a rule decided; 0: any */
	uint32_t snap; /* bytes of each frame, at most 16384; 0: that many */
	uint32_t rate; /* frames a second, at most 1000000, and as many at once; 0: 1000 */
};

/*
 * Puts a program that traces into the instance's link, in place of the plain one; rules,
 * sockets and counters stay. While nobody traces, this costs nothing. If the process dies,
 * frames are handled as before, and the next function that changes the instance puts the
 * plain program back. Blocks for the instance's lock (10 s at most) and for the verifier.
 * Needs CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN. 0: close *trace later; -EBUSY: another
 * process traces it; -EOPNOTSUPP: it runs beside other programs (prio), or Linux is older than 5.18; -EPROTO: upgrade it
 * first; -ESTALE: other rules than `generation` are in force; -EINVAL, -ERANGE: an option;
 * or as listed under "instances".
 */
int xsteer_trace_open(struct xsteer_ctx *ctx, const char *ifname,
		      const struct xsteer_trace_opts *opts, struct xsteer_trace **trace);

/* One frame. Valid during the call only. */
struct xsteer_traced {
	size_t sz; /* set by the library: members beyond it are not there */
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint64_t generation; /* of the rules that it met; 0: there were none */
	const void *bytes; /* from the Ethernet header on, as it arrived */
	uint32_t captured; /* bytes that are there */
	uint32_t length; /* bytes of the frame */
	uint32_t queue;
	uint32_t rule; /* from 0; XSTEER_NO_RULE: `default` or `malformed` decided */
	uint32_t line; /* from 1; 0: that set is gone already, and so is the text */
	uint32_t flags; /* XSTEER_EXPLAINED_* */
	const char *file; /* of the rule, or NULL */
	const char *text; /* likewise */
	uint32_t verdict; /* enum xsteer_verdict: what the rule or the default says */
	uint32_t done; /* enum xsteer_verdict: what was counted, after a fallback */
	uint32_t reason; /* for xsteer_reason_name(); 0: a rule decided, without a fallback */
	uint32_t xdp; /* enum xdp_action: what the program returned */
};

typedef int (*xsteer_traced_fn)(void *arg, const struct xsteer_traced *frame);

/*
 * Waits for frames for timeout_ms (0: does not wait), and calls each() for those that are
 * there, some thousands at most. 0, also if none came; -ESTALE: another program took the
 * tracing one's place (an upgrade, a detach), or the rules that were chosen are no longer
 * in force; what each() returned.
 */
int xsteer_trace_read(struct xsteer_trace *trace, int timeout_ms, xsteer_traced_fn each, void *arg);

/* Frames since the trace was opened. */
struct xsteer_trace_counts {
	size_t sz;
	uint64_t matched; /* met all conditions: copied, or in one of the next two or not_sampled */
	uint64_t over_rate; /* not copied: over opts->rate */
	uint64_t no_room; /* not copied: the process read more slowly than they came */
	uint64_t read; /* given to each(); the rest waits to be read */
	uint64_t not_sampled; /* not copied: the sample of its rule takes others */
};

int xsteer_trace_counts(const struct xsteer_trace *trace, struct xsteer_trace_counts *counts);

/*
 * Ends the trace: puts the plain program back, and waits until no frame is within the
 * tracing one. What was copied before can still be read; the counts are final. Blocks for
 * the instance's lock (10 s at most) and for an RCU grace period. 0; or -errno: the next
 * function that changes the instance puts it back.
 */
int xsteer_trace_stop(struct xsteer_trace *trace);
void xsteer_trace_close(struct xsteer_trace *trace); /* stops it first; NULL is allowed */

/* ---- slots for sockets of the program's own ---- */

/*
 * For a worker that makes its AF_XDP sockets by itself, or by another library: holds a slot, so that
 * xsteer's tools show it, no other worker takes it for free, and what rules send to it is not lost
 * with a worker that died. For one thread at a time.
 */
struct xsteer_held_slot;

/*
 * Inserts `socket_fd`, an AF_XDP socket that is bound to the queue, into the queue's slot of the
 * interface's instance, and writes into `owners` that this process has it. The socket stays the
 * caller's, and must stay open until the slot is given up. Blocks for the lock of the pin root (10 s at most). Needs
 * write access to the pins. 0: give *held up later; -EINVAL: it is no AF_XDP socket; -ERANGE: no such
 * queue; -EBUSY: another process, which the error names, holds the slot; -EEXIST: it holds a
 * socket of a program that is not xsteer's; -ENODEV; or as listed under "instances".
 */
int xsteer_slot_hold(struct xsteer_ctx *ctx, const char *ifname, uint32_t queue, int socket_fd,
		     struct xsteer_held_slot **held);

/*
 * Whether frames still come: to be called about once a second, since no call tells the socket. Does not
 * block. 0; -ESTALE: the instance was detached, twice in a row, or another one has taken its place.
 */
int xsteer_slot_check(struct xsteer_held_slot *held);

/*
 * Empties the slot, writes that nobody has it, and frees *held. What the socket has received by then is the
 * caller's. NULL is allowed. Blocks for the lock of the pin root. Needs what holding it needed; without,
 * the slot counts as free once the process has ended. The last of an automatic instance removes it.
 */
void xsteer_slot_give_up(struct xsteer_held_slot *held);

/* ---- AF_XDP sockets ---- */

/*
 * A socket in the slot of its queue, with frames of its own. For one thread at a time.
 * It records who holds each frame, so no call can lose or duplicate one: packets that a
 * call refuses stay where they were.
 */
struct xsteer_socket;

#define XSTEER_SOCKET_ATTACH 1U /* attach if nothing is there; the last such socket detaches */
#define XSTEER_SOCKET_HUGE 2U /* huge pages for the frames; small ones if there are none */

struct xsteer_socket_opts {
	size_t sz;
	uint32_t mode; /* enum xsteer_xsk_mode: the mode wanted */
	uint32_t frames; /* 0: 1024 in copy mode, 4096 in zero-copy */
	uint32_t frame_size; /* bytes: 2048 or 4096; 0: as a packet of the MTU needs */
	uint32_t headroom; /* bytes free in front of each packet, besides the kernel's 256 */
	uint32_t ring; /* entries of each ring, a power of two; 0: enough for every frame */
	uint32_t spare; /* how many of `frames` are for xsteer_socket_take(), not for receiving */
	uint32_t flags; /* XSTEER_SOCKET_* */
	uint32_t attach_mode; /* enum xsteer_mode, with XSTEER_SOCKET_ATTACH */
};

/*
 * Opens a socket on the queue and inserts it into its slot of the interface's instance.
 * From then on it receives the frames that a rule or the default sends to `xsk`. Blocks
 * for the lock of the pin root (10 s at most), and for up to 2 s if another socket has
 * just left the queue. Needs CAP_NET_RAW and write access to the pins; to attach, also
 * what xsteer_attach() needs. 0: close *socket later; -ERANGE: no such queue; -EBUSY:
 * another process, which the error names, holds it; -EEXIST: its slot holds a socket of
 * a program that is not xsteer's; -ENODEV; -ENETDOWN; -ENOMEM; -EOPNOTSUPP: no
 * zero-copy here; or as listed under "instances".
 */
int xsteer_socket_open(struct xsteer_ctx *ctx, const char *ifname, uint32_t queue,
		       const struct xsteer_socket_opts *opts, struct xsteer_socket **socket);

/*
 * Gives up the slot, discards what has arrived, waits for what is being sent (2 s at
 * most), and frees everything, also on failure. NULL is allowed. The last socket of an
 * automatic instance removes the instance. Needs the privileges of opening; without
 * them the slot counts as free once the process has ended. 0; -EUCLEAN: a frame was not
 * where it should be.
 */
int xsteer_socket_close(struct xsteer_socket *socket);

/*
 * A packet in its frame. The caller may move `data` and change `len` within the frame:
 * `front` bytes before and `behind` bytes after the packet are free.
 */
struct xsteer_packet {
	void *data; /* from the Ethernet header on */
	uint32_t len; /* bytes */
	uint32_t front, behind; /* free bytes when the packet was given out */
	uint32_t reserved[3];
};

/*
 * Takes up to `max` (at most 1024) packets that have arrived. The caller holds each
 * until it sends or drops it. A packet that is larger than a frame never arrives; the
 * kernel counts it. Also takes back what was sent. Does not block. Returns how many; 0:
 * none; -errno: the kernel does not receive.
 */
int xsteer_socket_receive(struct xsteer_socket *socket, struct xsteer_packet *packets,
			  uint32_t max);

/*
 * Takes up to `max` (at most 1024) empty packets from `spare`, to be written and sent:
 * `len` is 0, `behind` is the room in the frame. The caller holds them until it sends
 * or drops them. Does not block. Returns how many; 0: all are in use.
 */
int xsteer_socket_take(struct xsteer_socket *socket, struct xsteer_packet *packets, uint32_t max);

/*
 * Puts packets that the caller holds on the send ring; xsteer_socket_kick() sends them.
 * Does not block. Returns how many were taken, from the front: fewer than `n` if the
 * ring is full or a packet is refused. The caller keeps the others. -EINVAL: the caller
 * does not hold the first packet.
 */
int xsteer_socket_send(struct xsteer_socket *socket, const struct xsteer_packet *packets,
		       uint32_t n);

/*
 * Gives packets back without sending them. 0; -EINVAL: the caller did not hold one of
 * them; the others were given back. Does not block.
 */
int xsteer_socket_drop(struct xsteer_socket *socket, const struct xsteer_packet *packets,
		       uint32_t n);

/*
 * Tells the kernel to send what is on the ring, if it wants to be told. What it does
 * not take now goes out with the next call, or in xsteer_socket_wait(). Does not block.
 * 0; -ENETDOWN: the link is down; -ENXIO: the interface is gone; or another error of
 * the kernel.
 */
int xsteer_socket_kick(struct xsteer_socket *socket);

/*
 * Waits until a packet has arrived; what is being sent makes progress meanwhile. Blocks
 * for timeout_ms; if negative, without limit. 1: there are packets; 0: none in time;
 * -EINTR: a signal; -ENETDOWN: the interface is gone; -ESTALE: the instance was
 * detached. After the last two no more packets come: close the socket. It checks for
 * them once a second.
 */
int xsteer_socket_wait(struct xsteer_socket *socket, int timeout_ms);

/* The descriptor, for poll(2) and POLLIN. The library owns it: do not close it. */
int xsteer_socket_fd(const struct xsteer_socket *socket);

struct xsteer_socket_info {
	size_t sz;
	char ifname[16];
	uint32_t ifindex;
	uint32_t queue;
	uint32_t slot;
	uint32_t mode; /* enum xsteer_xsk_mode: the mode in use */
	uint32_t frames;
	uint32_t frame_size; /* bytes */
	uint32_t fallback_errno; /* why zero-copy failed, if it was tried first; 0 */
	uint32_t flags; /* XSTEER_SOCKET_*: it attached the instance, it has huge pages */
};

/* Fills *info with the properties that the socket actually has. Does not block. Returns 0. */
int xsteer_socket_info(const struct xsteer_socket *socket, struct xsteer_socket_info *info);

/* Since the socket was opened. */
struct xsteer_socket_statistics {
	size_t sz;
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes; /* completed: the kernel is done with them */
	uint64_t dropped; /* packets given back without being sent */
	uint64_t tx_lost; /* completed, but the device refused them */
	uint64_t kicks, wakeups; /* system calls to send, to receive */
	/* The kernel's own XDP_STATISTICS. What the kernel does not have is 0. */
	uint64_t kernel_rx_dropped; /* for other reasons, such as packets longer than a frame */
	uint64_t kernel_rx_ring_full;
	uint64_t kernel_fill_ring_empty;
	uint64_t kernel_tx_ring_empty;
	uint64_t kernel_rx_invalid, kernel_tx_invalid; /* descriptors */
};

/* Does not block. Returns 0. */
int xsteer_socket_statistics(const struct xsteer_socket *socket,
			     struct xsteer_socket_statistics *statistics);

/* Where every frame is. */
struct xsteer_ledger {
	size_t sz;
	uint32_t total; /* the sum of the others */
	uint32_t free;
	uint32_t fill_ring; /* offered to the kernel for receiving */
	uint32_t kernel; /* taken from it: the kernel's cache, the NIC's ring, the receive ring */
	uint32_t held; /* by the caller */
	uint32_t tx_ring; /* not yet taken by the kernel */
	uint32_t in_flight; /* taken, not completed */
	uint32_t completed; /* to be taken back by the next call */
};

/*
 * Counts where every frame is. Does not block, but looks at every frame. 0; -EUCLEAN:
 * the counts do not add up, which is a bug.
 */
int xsteer_socket_ledger(const struct xsteer_socket *socket, struct xsteer_ledger *ledger);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
