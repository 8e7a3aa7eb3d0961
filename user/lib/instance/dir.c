// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds the pins of an instance; see dir.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/magic.h>

#include "lib/base/access.h"
#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "dir.h"
#include "netns.h"
#include "pins.h"

int xs_pin_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname)
{
	char name[3 * IFNAMSIZ + 1];
	int n = 0;

	/* "" would be the pin root itself, and "IF/" would be what is in IF. */
	if (!ifname[0] || strchr(ifname, '/') || strlen(ifname) >= IFNAMSIZ) {
		xs_err(ctx, "'%s' cannot be the name of an interface: 'ip link' lists them",
		       ifname);
		return -EINVAL;
	}
	for (const char *c = ifname; *c; c++)
		n += *c == '.' || *c == '%' ? sprintf(name + n, "%%%02x", *c)
					    : sprintf(name + n, "%c", *c);
	name[n] = '\0';
	if (snprintf(dir, PATH_MAX, "%s/%s", ctx->pin_root, name) >= PATH_MAX) {
		xs_err(ctx, "pin root %s: the path is too long", ctx->pin_root);
		return -ENAMETOOLONG;
	}
	return 0;
}

void xs_pin_ifname(char ifname[IFNAMSIZ], const char *name)
{
	unsigned int code;
	int n = 0;

	while (*name && n < IFNAMSIZ - 1) {
		if (*name == '%' && isxdigit((unsigned char)name[1]) &&
		    isxdigit((unsigned char)name[2]) && sscanf(name + 1, "%2x", &code) == 1) {
			ifname[n++] = (char)code;
			name += 3;
		} else {
			ifname[n++] = *name++;
		}
	}
	ifname[n] = '\0';
}

/* The file system of the pin root, or of its nearest existing parent. */
static int stat_root(struct xsteer_ctx *ctx, char path[PATH_MAX], struct statfs *fs)
{
	snprintf(path, PATH_MAX, "%s", ctx->pin_root);
	while (statfs(path, fs)) {
		if (errno != ENOENT || !strcmp(path, "/"))
			return -errno;
		dirname(path);
	}
	return 0;
}

bool xs_pins_on_bpffs(struct xsteer_ctx *ctx)
{
	char path[PATH_MAX];
	struct statfs fs;

	return !stat_root(ctx, path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

bool xs_bpffs_is_mounted(void)
{
	struct statfs fs;

	return !statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int refuse_root(struct xsteer_ctx *ctx, const char *path, int err)
{
	if (err == -ENOTDIR)
		xs_err(ctx,
		       "%s is not a directory, so no instance can be pinned in %s: "
		       "name another pin root with %s",
		       path, ctx->pin_root, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	else
		xs_err(ctx, "cannot look into %s: %s%s", ctx->pin_root, strerror(-err),
		       err == -EACCES ? ": run as root, or as the owner of the pins" : "");
	return err;
}

int xs_pins_check_bpffs(struct xsteer_ctx *ctx)
{
	char path[PATH_MAX];
	struct stat root;
	struct statfs fs;
	int err = stat_root(ctx, path, &fs);

	if (!err && !stat(path, &root) && !S_ISDIR(root.st_mode))
		err = -ENOTDIR;
	if (err)
		return refuse_root(ctx, path, err);
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (xs_bpffs_is_mounted())
		xs_err(ctx,
		       "%s is not on a bpffs, where pinned maps must live: name a directory of one "
		       "with %s, such as " XSTEER_PIN_ROOT,
		       ctx->pin_root, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	else
		xs_err(ctx,
		       "%s is not on a bpffs, where pinned maps must live: "
		       "mount one with 'mount -t bpf bpf /sys/fs/bpf', or name one with %s",
		       ctx->pin_root, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	return -ENOTSUP;
}

/* Is this a name that xsteer gives to a pin? "%..." is a rename that has not finished. */
static bool is_our_name(const char *name)
{
	if (*name == '%')
		name++;
	for (int i = 0; i < XS_MAP_MAX; i++)
		if (!strcmp(name, xs_map_names[i]))
			return true;
	return !strcmp(name, XS_PIN_LINK) || !strcmp(name, XS_PIN_PROG) ||
	       !strncmp(name, XS_PIN_MEMBERS, strlen(XS_PIN_MEMBERS));
}

/* Others may have directories on a bpffs, too, with a pin called "link" or "prog" in one. */
int xs_pins_refuse_others(struct xsteer_ctx *ctx, const char *dir)
{
	bool only_common = true, ours = true;
	char name[NAME_MAX + 1] = "";
	struct dirent *entry;
	DIR *entries = opendir(dir);

	if (!entries)
		return -errno;
	while (ours && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s", entry->d_name);
		ours = is_our_name(name);
		only_common = only_common &&
			      (!strcmp(name, XS_PIN_LINK) || !strcmp(name, XS_PIN_PROG));
	}
	closedir(entries);
	if (ours && (!only_common || !name[0]))
		return 0;
	xs_err(ctx,
	       "%s holds '%s' and was not made by xsteer-loader, as far as can be seen: "
	       "if nothing needs it, remove it with 'rm -r %s', "
	       "or choose another directory with %s",
	       dir, name, dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	return -EPROTO;
}

void xs_pin_copy_access(struct xsteer_ctx *ctx, const char *path, const char *model)
{
	struct stat now, wanted;
	int err = 0;

	if (lstat(model, &wanted) || lstat(path, &now))
		return;
	/* First, because chown() clears bits of the mode. */
	if ((now.st_uid != wanted.st_uid || now.st_gid != wanted.st_gid) &&
	    lchown(path, wanted.st_uid, wanted.st_gid))
		xs_warn(ctx, "%s: cannot give it the owner and group that %s has: %s", path, model,
			strerror(errno));
	if (now.st_mode != wanted.st_mode)
		err = xs_chmod_itself(path, wanted.st_mode & 07777);
	if (err)
		xs_warn(ctx, "%s: cannot give it the mode that %s has: %s", path, model,
			strerror(-err));
}

bool xs_pins_complete(const char *dir)
{
	char path[PATH_MAX + 32];

	for (int i = 0; i < XS_MAP_NEEDED_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, xs_map_names[i]);
		if (access(path, F_OK))
			return false;
	}
	return true;
}

int xs_pins_look_at_meta(const char *dir, struct xs_meta *meta)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	const __u32 zero = 0;
	char path[PATH_MAX + 8];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, xs_map_names[XS_MAP_meta]);
	fd = bpf_obj_get_opts(path, &opts);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) ||
	    (info.value_size == sizeof(*meta) && bpf_map_lookup_elem(fd, &zero, meta)))
		err = -errno;
	else if (info.value_size != sizeof(*meta) || meta->magic != XS_MAGIC ||
		 meta->abi < XS_ABI_OLDEST || meta->abi > XS_ABI)
		err = -EPROTO;
	close(fd);
	return err;
}

bool xs_pins_is_elsewhere(const char *dir)
{
	enum xs_netns netns;
	struct xs_meta meta;

	if (xs_pins_look_at_meta(dir, &meta))
		return false;
	netns = xs_netns_of(&meta);
	return netns == XS_NETNS_OTHER || netns == XS_NETNS_GONE;
}

static bool is_leftover(const char *name)
{
	return !strncmp(name, "%new-", 5) || !strncmp(name, "%old-", 5);
}

static int walk_root(struct xsteer_ctx *ctx, bool leftovers,
		     int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg), void *arg)
{
	DIR *root = opendir(ctx->pin_root);
	struct dirent *entry;
	char dir[PATH_MAX];
	int first = 0, err;

	if (!root)
		return errno == ENOENT ? 0 : -errno;
	while (first <= 0 && (entry = readdir(root))) {
		if (entry->d_name[0] == '.' || is_leftover(entry->d_name) != leftovers)
			continue;
		err = -ENAMETOOLONG;
		if (snprintf(dir, sizeof(dir), "%s/%s", ctx->pin_root, entry->d_name) <
		    (int)sizeof(dir))
			err = each(ctx, dir, arg);
		if (err > 0 || !first)
			first = err;
	}
	closedir(root);
	return first;
}

static int walk_or_say(struct xsteer_ctx *ctx, bool leftovers,
		       int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg), void *arg)
{
	int err = xs_pins_check_bpffs(ctx);

	if (err)
		return err;
	if (access(ctx->pin_root, R_OK) && errno != ENOENT) {
		err = -errno;
		xs_err(ctx, "cannot read %s: %s%s", ctx->pin_root, strerror(-err),
		       err == -EACCES ? ": run as root, or as the owner of the pins" : "");
		return err;
	}
	return walk_root(ctx, leftovers, each, arg);
}

int xs_pins_each(struct xsteer_ctx *ctx,
		 int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg), void *arg)
{
	return walk_or_say(ctx, false, each, arg);
}

int xs_pins_each_leftover(struct xsteer_ctx *ctx,
			  int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg),
			  void *arg)
{
	return walk_or_say(ctx, true, each, arg);
}

struct wanted_instance {
	char *dir; /* has PATH_MAX bytes */
	__u32 ifindex;
	int err; /* the first error of examining a directory */
	char unseen[PATH_MAX];
};

static int is_instance_of(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct wanted_instance *wanted = arg;
	struct xs_meta meta;
	int err = xs_pins_look_at_meta(dir, &meta);

	(void)ctx;
	if (err && err != -ENOENT && err != -ENOTDIR && err != -EPROTO && !wanted->err) {
		wanted->err = err;
		snprintf(wanted->unseen, sizeof(wanted->unseen), "%s", dir);
	}
	if (err || meta.ifindex != wanted->ifindex || xs_netns_of(&meta) != XS_NETNS_OURS)
		return 0;
	snprintf(wanted->dir, PATH_MAX, "%s", dir);
	return 1;
}

/* Finds the instance of an interface, whatever its name at attach. 1, 0 or -errno, logged. */
static int find_by_index(struct xsteer_ctx *ctx, char dir[PATH_MAX], __u32 ifindex,
			 const char *ifname)
{
	struct wanted_instance wanted = { .dir = dir, .ifindex = ifindex };
	char named[PATH_MAX];
	int err = xs_pin_dir(ctx, named, ifname);

	if (err)
		return err;
	/* Nearly always it is here. */
	if (is_instance_of(ctx, named, &wanted) ||
	    walk_root(ctx, false, is_instance_of, &wanted) > 0)
		return 1;
	/* The caller examines what is there under its name, and says why it cannot. */
	if (!wanted.err || !access(named, F_OK))
		return 0;
	xs_err(ctx, "%s: it is not known whether it has an instance: cannot look at %s: %s", ifname,
	       wanted.unseen, strerror(-wanted.err));
	return wanted.err;
}

int xs_pins_named_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word)
{
	char name[IFNAMSIZ];
	__u32 ifindex;
	int err = xs_netif_find(word, &ifindex, name);

	if (!err || err == -ENODEV)
		return xs_pin_dir(ctx, dir, err ? word : name);
	xs_err(ctx, "cannot ask for interface %s: %s", word, strerror(-err));
	return err;
}

int xs_pins_find(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word)
{
	char name[IFNAMSIZ];
	__u32 ifindex;
	int err;

	err = xs_pins_named_dir(ctx, dir, word);
	if (!err)
		err = xs_pins_check_bpffs(ctx);
	if (err)
		return err;
	if (access(ctx->pin_root, X_OK) && errno != ENOENT) {
		err = -errno;
		xs_err(ctx, "cannot look into %s: %s%s", ctx->pin_root, strerror(-err),
		       err == -EACCES ? ": run as root, or as the owner of the pins" : "");
		return err;
	}
	if (!xs_netif_find(word, &ifindex, name)) {
		err = find_by_index(ctx, dir, ifindex, name);
		if (err)
			return err < 0 ? err : 0;
		err = xs_pin_dir(ctx, dir, name);
	}
	/* No interface here has an instance: the caller judges what has the name. */
	return err ? err : access(dir, F_OK) ? -errno : 0;
}
