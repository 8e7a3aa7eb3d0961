// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets come, stay and go with the rules that declare them; see member_sets.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/base/number.h"
#include "lib/instance/dir.h"
#include "member_sets.h"
#include "read.h"

/* One declaration on its way into force. */
struct preparing {
	const struct xs_switching *apply;
	const struct xs_ruleset *rules;
	const struct xs_dynamic_set *wanted;
	struct xs_members members; /* of the set that will be in force */
	__u64 used; /* slots */
};

/* The same set in the rules that are or may come back in force; NULL: it is new. */
static const struct xs_declared_set *find_old(const struct xs_switching *apply, const char *name)
{
	const struct xs_declared_set *old = NULL;

	if (apply->now.header)
		old = xs_set_declared(apply->now.header, name);
	if (!old && apply->back.header)
		old = xs_set_declared(apply->back.header, name);
	return old;
}

static __u64 slots_of(const struct xs_set_header *header)
{
	const struct xs_set_members *members = header ? xs_set_members(header) : NULL;
	__u64 slots = 0;

	for (__u32 i = 0; members && i < members->set_cnt; i++)
		slots |= 1ULL << (members->set[i].slot % XS_MEMBER_SLOTS);
	return slots;
}

static int refuse(const struct preparing *p, int err, const char *why)
{
	xs_err(p->apply->pins->ctx, "%s:%u: set %s: %s", p->rules->files[p->wanted->file],
	       p->wanted->line, p->wanted->name, why);
	return err;
}

static int refuse_family(const struct preparing *p)
{
	return refuse(
		p, -EINVAL,
		"its members in force are addresses of the other family: give this one another "
		"name, or apply once without the set, which removes them");
}

/* A map without members, in a slot that no frame looks at. */
static int make_map(struct preparing *p)
{
	const struct xs_pins *pins = p->apply->pins;
	char why[128];

	while (p->members.set.slot < XS_MEMBER_SLOTS && p->used >> p->members.set.slot & 1)
		p->members.set.slot++;
	p->members.fd = xs_members_make(pins->map_fds[XS_MAP_member_sets], p->members.set.slot,
					p->members.set.size);
	if (p->members.fd >= 0)
		return 0;
	snprintf(why, sizeof(why),
		 "cannot make a map for %u member%s in slot %u of member_sets: %s",
		 p->members.set.size, xs_s(p->members.set.size), p->members.set.slot,
		 strerror(-p->members.fd));
	return refuse(p, p->members.fd, why);
}

static int open_old(const struct preparing *p, const struct xs_declared_set *old,
		    struct xs_members *members)
{
	const struct xs_pins *pins = p->apply->pins;
	char why[128];
	__u32 id;
	int err = 0;

	*members = (struct xs_members){ .ctx = pins->ctx, .fd = -1, .set = *old };
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_member_sets], &old->slot, &id))
		err = -errno;
	else
		members->fd = bpf_map_get_fd_by_id(id);
	if (!err && members->fd < 0)
		err = -errno;
	if (!err)
		return 0;
	snprintf(why, sizeof(why), "cannot open the map of its members: %s", strerror(-err));
	return refuse(p, err, why);
}

/* The members go into a new map, since no map changes its size. */
static int resize(struct preparing *p, const struct xs_declared_set *old)
{
	struct xs_member_rows rows = {};
	struct xs_members from;
	char why[160];
	__u32 added;
	int err;

	if (p->apply->confirm_sec || p->apply->back.header)
		return refuse(
			p, -EBUSY,
			"its size changes, which no rollback undoes: apply without --confirm, "
			"and when nothing waits to be confirmed");
	err = open_old(p, old, &from);
	if (!err)
		err = xs_members_read(&from, &rows);
	if (!err)
		xs_members_prune(&from, &rows);
	if (!err && rows.cnt > p->members.set.size) {
		snprintf(why, sizeof(why), "it has %u members, more than its new size %u", rows.cnt,
			 p->members.set.size);
		err = refuse(p, -E2BIG, why);
	}
	if (!err)
		err = make_map(p);
	if (!err)
		err = xs_members_add(&p->members, rows.rows, rows.cnt, &added);
	free(rows.rows);
	xs_members_close(&from);
	return err;
}

static bool is_among(const struct xs_member_rows *rows, const struct xs_set_element *element)
{
	__u32 lo = 0, hi = rows->cnt;

	while (lo < hi) {
		__u32 middle = lo + (hi - lo) / 2;
		const struct xs_member_row *row = &rows->rows[middle];

		if (row->addr == element->addr && row->prefixlen == element->prefixlen)
			return true;
		if (row->addr < element->addr ||
		    (row->addr == element->addr && row->prefixlen < element->prefixlen))
			lo = middle + 1;
		else
			hi = middle;
	}
	return false;
}

/* The elements that the set has not, with room for all of them made sure of. */
static int find_missing(const struct preparing *p, struct xs_member_rows *missing)
{
	struct xs_member_rows rows;
	char why[160];
	int err = xs_members_read(&p->members, &rows);

	missing->rows = calloc(p->wanted->element_cnt + 1, sizeof(*missing->rows));
	if (!err && !missing->rows)
		err = -ENOMEM;
	if (!err)
		xs_members_prune(&p->members, &rows);
	for (__u32 i = 0; !err && i < p->wanted->element_cnt; i++) {
		const struct xs_set_element *element = &p->wanted->elements[i];

		if (!is_among(&rows, element))
			missing->rows[missing->cnt++] =
				(struct xs_member_row){ element->addr, element->prefixlen,
							element->timeout_ns };
	}
	if (!err && rows.cnt + missing->cnt > p->members.set.size) {
		snprintf(
			why, sizeof(why),
			"it has room for %u members, and %u are there beside %u new elements: give "
			"it a larger size",
			p->members.set.size, rows.cnt, missing->cnt);
		err = refuse(p, -ENOSPC, why);
	}
	free(rows.rows);
	return err;
}

static int add_elements(const struct preparing *p)
{
	struct xs_member_rows missing = {};
	__u32 added;
	int err;

	if (!p->wanted->element_cnt)
		return 0;
	err = find_missing(p, &missing);
	if (!err)
		err = xs_members_add(&p->members, missing.rows, missing.cnt, &added);
	free(missing.rows);
	return err;
}

static int prepare_one(struct preparing *p, struct xs_declared_set *set)
{
	const struct xs_declared_set *old = find_old(p->apply, set->name);
	int err;

	p->members = (struct xs_members){ .ctx = p->apply->pins->ctx, .fd = -1, .set = *set };
	p->members.set.slot = 0;
	if (old && old->family != set->family)
		return refuse_family(p);
	if (old && old->size == set->size) {
		err = open_old(p, old, &p->members);
		p->members.set.timeout_ns = set->timeout_ns;
	} else {
		err = old ? resize(p, old) : make_map(p);
	}
	if (!err)
		err = add_elements(p);
	set->slot = p->members.set.slot;
	p->used |= 1ULL << set->slot;
	xs_members_close(&p->members);
	return err;
}

/* From the numbers of sets that the compiler wrote to their slots. */
static void place_asked(struct xs_set_members *members)
{
	for (int side = 0; side < 2; side++)
		for (int family = 0; family < 2; family++) {
			struct xs_set_asked *asked = &members->asked[side][family];

			for (__u32 i = 0; i < asked->cnt; i++)
				asked->each[i] = (asked->each[i] & ~0xffffU) |
						 members->set[asked->each[i] & 0xffff].slot;
		}
}

int xs_member_sets_prepare(const struct xs_switching *apply, const struct xs_ruleset *rules)
{
	struct xs_set_members *members = (void *)xs_set_members(apply->next.header);
	struct preparing p = { .apply = apply,
			       .rules = rules,
			       .used = slots_of(apply->now.header) | slots_of(apply->back.header) };
	int err = 0;

	if (!members)
		return 0;
	if (apply->pins->map_fds[XS_MAP_member_sets] < 0) {
		xs_err(apply->pins->ctx,
		       "%s: dynamic sets need the map member_sets, which this instance lacks: "
		       "remove "
		       "it with %s and attach again",
		       apply->pins->ifname,
		       xs_hint(apply->pins->ctx, XSTEER_HINT_DETACH, apply->pins->ifname).text);
		return -EOPNOTSUPP;
	}
	for (__u32 i = 0; !err && i < members->set_cnt; i++) {
		p.wanted = &rules->sets[i];
		err = prepare_one(&p, &members->set[i]);
	}
	if (!err)
		place_asked(members);
	return err;
}

/* ---- after the switch ---- */

static void pin_path(const struct xs_pins *pins, const char *before, const char *name,
		     char path[PATH_MAX + 64])
{
	snprintf(path, PATH_MAX + 64, "%s/%s%s%s", pins->dir, before, XS_PIN_MEMBERS, name);
}

static __u32 id_of_pin(const char *path)
{
	int fd = bpf_obj_get(path);
	__u32 id = xs_map_id(fd);

	if (fd >= 0)
		close(fd);
	return id;
}

static void pin_set(const struct xs_pins *pins, const struct xs_declared_set *set)
{
	char path[PATH_MAX + 64], next[PATH_MAX + 64], model[PATH_MAX + 64];
	__u32 id = 0;
	int fd;

	pin_path(pins, "", set->name, path);
	bpf_map_lookup_elem(pins->map_fds[XS_MAP_member_sets], &set->slot, &id);
	if (id && id_of_pin(path) == id)
		return;
	pin_path(pins, "%", set->name, next);
	unlink(next); /* left by a process that was killed here */
	snprintf(model, sizeof(model), "%s/%s", pins->dir, xs_map_names[XS_MAP_rule_sets]);
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_pin(fd, next)) {
		xs_warn(pins->ctx, "cannot pin %s: %s", path, strerror(errno));
	} else {
		xs_pin_copy_access(pins->ctx, next, access(path, F_OK) ? model : path);
		if (rename(next, path))
			xs_warn(pins->ctx, "cannot pin %s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
}

static void pin_sets(const struct xs_pins *pins, const struct xs_set_header *header,
		     const struct xs_set_header *before)
{
	const struct xs_set_members *members = header ? xs_set_members(header) : NULL;

	for (__u32 i = 0; members && i < members->set_cnt; i++)
		if (!before || !xs_set_declared(before, members->set[i].name))
			pin_set(pins, &members->set[i]);
}

/* How many members the pinned map has. */
static __u32 count_members(const struct xs_pins *pins, const char *path, const char *name)
{
	struct xs_members members = { .ctx = pins->ctx, .fd = bpf_obj_get(path) };
	struct bpf_map_info info = {};
	struct xs_member_rows rows = {};
	__u32 len = sizeof(info), cnt = 0;

	snprintf(members.set.name, sizeof(members.set.name), "%s", name);
	members.set.family = XS_FAMILY_ipv6; /* all of the key counts */
	if (members.fd < 0 || bpf_obj_get_info_by_fd(members.fd, &info, &len))
		goto out;
	members.set.size = info.max_entries;
	if (!xs_members_read(&members, &rows))
		for (__u32 i = 0; i < rows.cnt; i++)
			cnt += rows.rows[i].ns != XS_MEMBER_OVER;
	free(rows.rows);
out:
	xs_members_close(&members);
	return cnt;
}

static void unpin_undeclared(const struct xs_pins *pins, const struct xs_set_header *now,
			     const struct xs_set_header *back)
{
	DIR *entries = opendir(pins->dir);
	char path[PATH_MAX + 64];
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		const char *name = entry->d_name + strlen(XS_PIN_MEMBERS);
		__u32 cnt;

		if (strncmp(entry->d_name, XS_PIN_MEMBERS, strlen(XS_PIN_MEMBERS)) ||
		    (now && xs_set_declared(now, name)) || (back && xs_set_declared(back, name)))
			continue;
		pin_path(pins, "", name, path);
		cnt = count_members(pins, path, name);
		if (unlink(path))
			xs_warn(pins->ctx, "cannot remove %s: %s", path, strerror(errno));
		else
			xs_note(pins->ctx,
				"%s: the rules in force do not declare the set '%s' any more: it "
				"is "
				"removed, with %u member%s",
				pins->ifname, name, cnt, xs_s(cnt));
	}
	if (entries)
		closedir(entries);
}

static void empty_slots(const struct xs_pins *pins, __u64 used)
{
	__u32 id;

	for (__u32 slot = 0; slot < XS_MEMBER_SLOTS; slot++)
		if (!(used >> slot & 1) &&
		    !bpf_map_lookup_elem(pins->map_fds[XS_MAP_member_sets], &slot, &id))
			bpf_map_delete_elem(pins->map_fds[XS_MAP_member_sets], &slot);
}

void xs_member_sets_settle(const struct xs_pins *pins)
{
	struct xs_mapped_set now, back;

	if (pins->map_fds[XS_MAP_member_sets] < 0 ||
	    xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ, &now))
		return;
	if (!xs_mapped_open(pins, XS_SET_FALLBACK, PROT_READ, &back)) {
		if (pins->dir[0]) {
			pin_sets(pins, now.header, NULL);
			pin_sets(pins, back.header, now.header);
			unpin_undeclared(pins, now.header, back.header);
		}
		empty_slots(pins, slots_of(now.header) | slots_of(back.header));
	}
	xs_mapped_close(&back);
	xs_mapped_close(&now);
}
