// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader: attach, detach and look after instances. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "tools/cli/cli.h"
#include "doctor.h"
#include "features.h"
#include "lib/instance/instance.h"
#include "lib/net/netif.h"
#include "tools/cli/rows.h"
#include "lib/api/rules.h"
#include "lib/set/sets.h"
#include "tools/cli/json.h"
#include "tools/cli/rule_text.h"
#include "tools/cli/table.h"
#include "lib/instance/upgrade.h"
#include "lib/instance/owners.h"
#include "lib/instance/lock.h"
#include "lib/instance/live.h"
#include "lib/instance/leftovers.h"
#include "lib/instance/dir.h"

struct options {
	struct xs_attach_opts attach;
	const char *rules; /* file */
	bool all, dry_run;
	json_t *results; /* a row for each interface; of one that failed with "error" */
};

static struct options *options_of(const struct xs_cli *cli)
{
	return cli->opts;
}

static int set_mode(struct xs_cli *cli, void *opts, const char *arg)
{
	struct options *options = opts;

	for (int i = 0; i <= XS_MODE_SKB; i++) {
		if (strcmp(arg, xs_mode_names[i]))
			continue;
		options->attach.mode = i;
		return 0;
	}
	return xs_usage(cli, "mode '%s' is not one of native, skb, auto", arg);
}

static int set_prio(struct xs_cli *cli, void *opts, const char *arg)
{
	struct options *options = opts;
	__u64 prio;

	if (xs_parse_u64(arg, 1, 1000000, &prio))
		return xs_usage(cli, "priority '%s' is not a number from 1 to 1000000", arg);
	options->attach.prio = (int)prio;
	return 0;
}

static int set_xsk_missing(struct xs_cli *cli, void *opts, const char *arg)
{
	struct options *options = opts;

	if (strcmp(arg, "pass") && strcmp(arg, "drop"))
		return xs_usage(cli, "--xsk-missing '%s' is neither pass nor drop", arg);
	options->attach.xsk_missing_drop = !strcmp(arg, "drop");
	options->attach.xsk_missing_said = true;
	return 0;
}

/* Works on every operand, goes on after a failure, and returns the first one. */
static int each_operand(struct xs_cli *cli, int argc, char **argv,
			int (*work)(struct xs_cli *cli, const char *ifname))
{
	int first = 0;

	for (int i = 0; i < argc; i++) {
		int err;

		xs_error_mark(cli);
		err = work(cli, argv[i]);
		if (err)
			xs_rows_add_failure(cli, options_of(cli)->results, "interface", argv[i],
					    err);
		if (err && !first)
			first = err;
	}
	return first;
}

/* The rules of -r, or none: what --xsk-missing says is part of a set, too. */
static int put_rules(struct xs_pins *pins, void *arg)
{
	struct xs_cli *cli = arg;
	struct xsteer_rules *rules;
	struct xs_apply result;
	int err;

	if (!options_of(cli)->rules)
		return options_of(cli)->attach.xsk_missing_drop ? xs_rule_sets_flush(pins, &result)
								: 0;
	err = xs_cli_read_rules(cli, options_of(cli)->rules, &rules);
	if (err) {
		xs_err(cli->ctx, "%s: the rules in %s are not applied", pins->ifname,
		       options_of(cli)->rules);
		return err;
	}
	err = xs_rule_sets_apply(pins, &rules->set, 0, &result);
	xsteer_rules_free(rules);
	return err;
}

/* It was attached before: -r still holds. */
static int put_rules_live(struct xs_cli *cli, const char *ifname)
{
	struct xs_pins pins;
	int lock, err;

	lock = xs_pins_open_locked(cli->ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = put_rules(&pins, cli);
	xs_pins_close(&pins);
	close(lock);
	return err;
}

static int attach_one(struct xs_cli *cli, const char *ifname)
{
	struct xs_attached got;
	int err;

	err = xs_instance_attach(cli->ctx, ifname, &options_of(cli)->attach, &got);
	if (!err && got.already && options_of(cli)->rules)
		err = put_rules_live(cli, ifname);
	if (err)
		return err;
	json_array_append_new(options_of(cli)->results,
			      json_pack("{s:s, s:s, s:I, s:b}", "interface", ifname, "mode",
					xs_mode_names[got.mode], "prog_id", (json_int_t)got.prog_id,
					"already", got.already));
	if (!cli->json)
		printf("%s: %s in %s mode, program id %u\n", ifname,
		       got.already ? "already attached" : "attached", xs_mode_names[got.mode],
		       got.prog_id);
	return 0;
}

static int finish_json(struct xs_cli *cli, int err)
{
	if (cli->json)
		return xs_rows_print(cli, json_object(), "instances", options_of(cli)->results,
				     err);
	json_decref(options_of(cli)->results);
	return err;
}

static int do_attach(struct xs_cli *cli)
{
	int lock, err;

	options_of(cli)->results = json_array();
	options_of(cli)->attach.prepare = put_rules;
	options_of(cli)->attach.prepare_arg = cli;
	err = xs_pins_check_bpffs(cli->ctx);
	lock = err ? err : xs_pins_lock(cli->ctx, NULL, true);
	if (lock < 0)
		return finish_json(cli, lock);
	err = each_operand(cli, cli->operand_cnt, cli->operands, attach_one);
	close(lock);
	return finish_json(cli, err);
}

/* No pin root, no instance. */
static int say_none(struct xs_cli *cli, const char *ifname)
{
	xs_err(cli->ctx, "%s: no xsteer instance in %s; 'xsteer-loader status' lists what is there",
	       ifname, cli->pin_root);
	return -ENOENT;
}

static int say_detached(struct xs_cli *cli, const char *ifname)
{
	json_array_append_new(options_of(cli)->results, json_pack("{s:s}", "interface", ifname));
	if (!cli->json)
		printf("%s: detached\n", ifname);
	return 0;
}

static int detach_one(struct xs_cli *cli, const char *ifname)
{
	int err = xs_instance_detach(cli->ctx, ifname);

	if (err == -ENOENT)
		return say_none(cli, ifname);
	return err ? err : say_detached(cli, ifname);
}

static int detach_if_here(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = arg;
	struct xs_pins pins;
	char ifname[16];
	int err;

	xs_error_mark(cli);
	xs_pin_ifname(ifname, strrchr(dir, '/') + 1);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (err)
		return xs_rows_add_failure(cli, options_of(cli)->results, "interface", ifname, err);
	/* by its directory: its interface may have been renamed, and its name be another's */
	if (pins.meta.netns_inode == xs_netns_inode()) {
		err = xs_instance_take_apart(&pins);
		if (!err)
			say_detached(cli, ifname);
	}
	xs_pins_close(&pins);
	return err ? xs_rows_add_failure(cli, options_of(cli)->results, "interface", ifname, err)
		   : 0;
}

static int do_detach(struct xs_cli *cli)
{
	int lock, err;

	if (options_of(cli)->all == (cli->operand_cnt > 0))
		return xs_usage(cli, "detach: name interfaces, or give --all");
	options_of(cli)->results = json_array();
	lock = xs_pins_lock(cli->ctx, NULL, false);
	if (lock == -ENOENT)
		return finish_json(cli, options_of(cli)->all
						? 0
						: each_operand(cli, cli->operand_cnt, cli->operands,
							       say_none));
	if (lock < 0)
		return finish_json(cli, lock);
	err = options_of(cli)->all ? xs_pins_each(cli->ctx, detach_if_here, cli)
				   : each_operand(cli, cli->operand_cnt, cli->operands, detach_one);
	close(lock);
	return finish_json(cli, err);
}

struct status {
	struct xs_cli *cli;
	struct xs_table *table;
	json_t *list;
	bool named; /* interfaces were given: say so of an empty one too */
	bool blind; /* may not look for pins */
};

static __u32 count_owners(const struct xs_pins *pins)
{
	struct xs_owner owner;
	__u32 cnt = 0;

	for (__u32 slot = 0; slot < pins->slots; slot++)
		cnt += !bpf_map_lookup_elem(pins->map_fds[XS_MAP_owners], &slot, &owner) &&
		       xs_owner_alive(&owner);
	return cnt;
}

static const char *hook_mode(const struct xs_hook *hook)
{
	return hook->native ? "native" : hook->skb ? "skb" : hook->hardware ? "hw" : "-";
}

static void show_row(struct status *status, const char *ifname, const struct xs_hook *hook,
		     const struct xs_pins *ours, const char *state)
{
	const char *by = !hook->prog_id		       ? "-"
			 : hook->dispatcher	       ? "dispatcher"
			 : hook->by == XS_HOOK_LINK    ? "link"
			 : hook->by == XS_HOOK_NETLINK ? "netlink"
						       : "unknown";
	json_t *row = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "interface", ifname, "state",
				state, "mode", hook_mode(hook), "prog_id",
				(json_int_t)hook->prog_id, "program", hook->prog_name, "by", by);
	__u64 generation = ours ? xs_rule_sets_generation(ours) : 0;
	__u32 sockets = ours ? count_owners(ours) : 0;

	if (ours) {
		json_object_set_new(row, "slots", json_integer(ours->slots));
		json_object_set_new(row, "sockets", json_integer(sockets));
		json_object_set_new(row, "generation", json_integer(generation));
		json_object_set_new(row, "automatic",
				    json_boolean(ours->meta.flags & XS_META_AUTO));
	}
	json_array_append_new(status->list, row);
	xs_table_cell(status->table, "%s", ifname);
	xs_table_cell(status->table, "%s", state);
	xs_table_cell(status->table, "%s", hook_mode(hook));
	xs_table_cell(status->table, "%s", by);
	xs_table_cell(status->table, hook->prog_id ? "%u" : "-", hook->prog_id);
	xs_table_cell(status->table, "%s", hook->prog_name[0] ? hook->prog_name : "-");
	xs_table_cell(status->table, ours ? "%u" : "-", sockets);
	xs_table_cell(status->table, ours ? "%llu" : "-", generation);
}

/* An interface that fails to answer must not end the listing. */
static int show_interface(__u32 ifindex, const char *ifname, void *arg)
{
	struct status *status = arg;
	struct xs_cli *cli = status->cli;
	struct xs_hook hook = {};
	struct xs_pins pins;
	struct xs_live live;
	int held, err;

	held = xs_netif_hook(ifindex, &hook);
	err = status->blind ? -EACCES : xs_pins_open(cli->ctx, &pins, ifname, XS_PINS_READ);
	if (!err) {
		const char *state = !xs_instance_live(&pins, &live) && live.attached ? "attached"
										     : "stale";

		show_row(status, ifname, &hook, &pins, state);
		xs_pins_close(&pins);
	} else if (held == 1 || (err != -ENOENT && (!status->blind || status->named))) {
		show_row(status, ifname, &hook, NULL, err == -ENOENT ? "foreign" : "unusable");
	} else if (status->named) {
		show_row(status, ifname, &hook, NULL, "none");
	}
	return 0;
}

static int do_status(struct xs_cli *cli)
{
	struct status status = {
		.cli = cli,
		.table = xs_table_new(
			"Interface|State|Mode|By|>Prog id|Program|>Sockets|>Generation"),
		.list = json_array(),
		.named = cli->operand_cnt > 0,
	};
	int err = 0;

	if (access(cli->pin_root, X_OK) && errno == EACCES) {
		status.blind = true;
		xs_warn(cli->ctx,
			"cannot look into %s: Permission denied: what is xsteer's is not known; "
			"run as root, or as the owner of the pins",
			cli->pin_root);
	}
	for (int i = 0; i < cli->operand_cnt; i++) {
		__u32 ifindex = if_nametoindex(cli->operands[i]);

		if (!ifindex) {
			xs_error_mark(cli);
			xs_err(cli->ctx,
			       "no interface %s in this network namespace: 'ip link' lists them",
			       cli->operands[i]);
			err = xs_rows_add_failure(cli, status.list, "interface", cli->operands[i],
						  -ENODEV);
			continue;
		}
		show_interface(ifindex, cli->operands[i], &status);
	}
	if (!cli->operand_cnt)
		err = xs_netif_each(cli->ctx, show_interface, &status);
	if (cli->json) {
		xs_table_free(status.table);
		return xs_rows_print(cli, json_object(), "interfaces", status.list, err);
	}
	json_decref(status.list);
	xs_table_print(status.table);
	return err;
}

/* What a directory under the pin root is, and whether clean may take it. */
static const char *why_dead(struct xs_cli *cli, const struct xs_pins *pins)
{
	char name[IF_NAMESIZE];
	struct xs_live live;
	bool gone;
	int err;

	if (pins->meta.netns_inode != xs_netns_inode())
		return NULL;
	gone = !if_indextoname(pins->meta.ifindex, name);
	err = xs_instance_live(pins, &live);
	if (err || !live.ifindex)
		return gone  ? "interface is gone"
		       : err ? "program's pin is gone"
			     : "program is not attached any more";
	if (gone || !live.attached)
		xs_note(cli->ctx,
			"%s: its interface is in another network namespace now, and the program "
			"runs there: left alone; 'rm -r %s' detaches it",
			pins->dir, pins->dir);
	return NULL;
}

struct cleaned {
	struct xs_cli *cli;
	json_t *removed, *failed; /* rows */
};

/* err: of removing it, or of finding out whether it lives; why: NULL: it does. */
static int say_cleaned(struct xs_cli *cli, const struct cleaned *cleaned, const char *dir,
		       const char *why, int err)
{
	if (err)
		return xs_rows_add_failure(cli, cleaned->failed, "dir", dir, err);
	if (!why)
		return 0;
	if (!cli->json)
		printf("%s%s: %s\n", options_of(cli)->dry_run ? "would remove " : "removed ", dir,
		       why);
	json_array_append_new(cleaned->removed, json_pack("{s:s, s:s}", "dir", dir, "reason", why));
	return 0;
}

static int clean_leftover(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = ((struct cleaned *)arg)->cli;

	xs_error_mark(cli);
	return say_cleaned(cli, arg, dir, "left by a process that was killed",
			   options_of(cli)->dry_run ? 0 : xs_instance_remove_dir(ctx, dir));
}

static int clean_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = ((struct cleaned *)arg)->cli;
	const char *why = NULL;
	struct xs_pins pins;
	int err;

	xs_error_mark(cli);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (!err) { /* else not ours, or of another version: said, and left alone */
		why = why_dead(cli, &pins);
		if (why && !options_of(cli)->dry_run)
			err = xs_instance_take_apart(&pins);
		xs_pins_close(&pins);
	}
	return say_cleaned(cli, arg, dir, why, err);
}

static int clean_all(struct xs_cli *cli, struct cleaned *cleaned)
{
	int first = xs_pins_each_leftover(cli->ctx, clean_leftover, cleaned);
	int err = xs_pins_each(cli->ctx, clean_instance, cleaned);

	return first ? first : err;
}

static int do_clean(struct xs_cli *cli)
{
	struct cleaned cleaned = { .cli = cli, .removed = json_array(), .failed = json_array() };
	json_t *object;
	int lock, err;

	lock = xs_pins_lock(cli->ctx, NULL, false);
	err = lock == -ENOENT ? 0 : lock < 0 ? lock : clean_all(cli, &cleaned);
	if (lock >= 0)
		close(lock);
	object = json_pack("{s:b, s:o}", "dry_run", options_of(cli)->dry_run, "removed",
			   cleaned.removed);
	if (cli->json)
		return xs_rows_print(cli, object, "failed", cleaned.failed, err);
	json_decref(object);
	json_decref(cleaned.failed);
	return err;
}

static int upgrade_one(struct xs_cli *cli, const char *ifname)
{
	struct xs_upgraded result;
	int lock, err;

	/* against xsteer-rules: both write meta */
	lock = xs_pins_lock(cli->ctx, ifname, false);
	err = lock < 0 ? lock : xs_upgrade(cli->ctx, ifname, &result);
	if (lock >= 0)
		close(lock);
	if (err == -ENOENT)
		return say_none(cli, ifname);
	if (err)
		return err;
	json_array_append_new(options_of(cli)->results,
			      json_pack("{s:s, s:I, s:I}", "interface", ifname, "old_prog_id",
					(json_int_t)result.old_prog_id, "prog_id",
					(json_int_t)result.prog_id));
	if (!cli->json)
		printf("%s: program id %u in place of %u; sockets, counters and rules stay\n",
		       ifname, result.prog_id, result.old_prog_id);
	return 0;
}

static int do_upgrade(struct xs_cli *cli)
{
	int lock, err;

	options_of(cli)->results = json_array();
	lock = xs_pins_lock(cli->ctx, NULL, false);
	if (lock < 0)
		return finish_json(cli, lock == -ENOENT ? each_operand(cli, cli->operand_cnt,
								       cli->operands, say_none)
							: lock);
	err = each_operand(cli, cli->operand_cnt, cli->operands, upgrade_one);
	close(lock);
	return finish_json(cli, err);
}

static int do_features(struct xs_cli *cli)
{
	return xs_features_show(cli, cli->operands[0]);
}

static int do_doctor(struct xs_cli *cli)
{
	return xs_doctor(cli, cli->operands[0]);
}

static const struct xs_opt attach_opts[] = {
	{ "mode", 'm', "MODE", "native, skb, or auto: native, then skb (default)",
	  XS_TO_CALL(set_mode) },
	{ "rules", 'r', "FILE", "put these rules in force before the first frame",
	  XS_TO_TEXT(struct options, rules) },
	{ "xsk-missing", 0, "VERDICT",
	  "default where a queue has no socket: pass (default) or drop",
	  XS_TO_CALL(set_xsk_missing) },
	{ "prio", 'P', "PRIO", "beside other programs, through libxdp's dispatcher",
	  XS_TO_CALL(set_prio) },
	{ "replace", 0, NULL, "take an instance of ours away first; never another's program",
	  XS_TO_FLAG(struct options, attach.replace) },
	{ NULL },
};

static const struct xs_opt detach_opts[] = {
	{ "all", 'a', NULL, "every instance of this network namespace",
	  XS_TO_FLAG(struct options, all) },
	{ NULL },
};

static const struct xs_opt clean_opts[] = {
	{ "dry-run", 0, NULL, "only say what would be removed",
	  XS_TO_FLAG(struct options, dry_run) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "attach", "load", "IF...", "attach the program and pin its maps", attach_opts, 1, -1,
	  do_attach },
	{ "detach", "unload", "IF... | --all", "detach and unpin", detach_opts, 0, -1, do_detach },
	{ "status", NULL, "[IF...]", "who holds which XDP hook", NULL, 0, -1, do_status },
	{ "upgrade", NULL, "IF...", "this build's program in place of the running one", NULL, 1, -1,
	  do_upgrade },
	{ "clean", NULL, "", "remove pins whose interface or link is gone", clean_opts, 0, 0,
	  do_clean },
	{ "features", NULL, "IF", "what driver and kernel offer", NULL, 1, 1, do_features },
	{ "doctor", NULL, "IF", "what would make it fail or crawl, each with its fix", NULL, 1, 1,
	  do_doctor },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const struct xs_tool tool = {
		.name = "xsteer-loader",
		.summary = "Attach, detach and look after xsteer's XDP program.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
