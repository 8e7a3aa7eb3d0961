// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The pin directory of an instance; see pins.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#include "lib/base/ctx.h"
#include "pins.h"

#define LOCK_WAIT_MS 10000 /* an attach with a slow driver reset takes seconds */
#define LOCK_POLL_MS 20

const char *const xs_map_names[XS_MAP_MAX] = {
#define X(name) #name,
	XS_MAPS(X)
#undef X
};

int xs_pin_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname)
{
	char name[3 * IFNAMSIZ + 1];
	int n = 0;

	/* "" would be the pin root itself, and "IF/" what is in it */
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

/* File system of the pin root, or of what is there above it. */
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

int xs_pins_check_bpffs(struct xsteer_ctx *ctx)
{
	char path[PATH_MAX];
	struct statfs fs;
	int err = stat_root(ctx, path, &fs);

	if (err) {
		xs_err(ctx, "cannot look at %s: %s", path, strerror(-err));
		return err;
	}
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	xs_err(ctx,
	       "%s is not on a bpffs, where pinned maps must live: mount one with "
	       "'mount -t bpf bpf /sys/fs/bpf', or name one with %s",
	       ctx->pin_root, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	return -ENOTSUP;
}

static int lock_dir(struct xsteer_ctx *ctx, int fd, const char *dir)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += LOCK_POLL_MS) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			int err = -errno;

			xs_err(ctx, "cannot lock %s: %s", dir, strerror(errno));
			return err;
		}
		if (waited >= LOCK_WAIT_MS) {
			xs_err(ctx,
			       "%s is locked by another xsteer tool for %d s: see who with "
			       "'fuser %s', then try again",
			       dir, LOCK_WAIT_MS / 1000, dir);
			return -EBUSY;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* The directory may have been taken away, or made anew, while we waited. */
static bool still_there(int fd, const char *dir)
{
	struct stat locked, now;

	return !fstat(fd, &locked) && !stat(dir, &now) && locked.st_ino == now.st_ino &&
	       locked.st_dev == now.st_dev;
}

/* With what is missing above it. */
static int make_root(struct xsteer_ctx *ctx, const char *root)
{
	char dir[PATH_MAX];
	int err = 0;

	snprintf(dir, sizeof(dir), "%s", root);
	for (char *slash = strchr(dir + 1, '/'); !err; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			err = -errno;
		if (!slash)
			break;
		*slash = '/';
	}
	if (err == -EPERM || err == -EACCES)
		xs_err(ctx,
		       "no permission to make %s: run as root, or name another bpffs with "
		       "%s",
		       dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	else if (err)
		xs_err(ctx, "cannot make %s: %s", dir, strerror(-err));
	return err;
}

int xs_pins_lock(struct xsteer_ctx *ctx, const char *ifname, bool create)
{
	char dir[PATH_MAX];
	int fd, err;

	snprintf(dir, sizeof(dir), "%s", ctx->pin_root);
	err = ifname ? xs_pins_find(ctx, dir, ifname) : create ? make_root(ctx, dir) : 0;
	if (err)
		return err;
	for (;;) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			err = -errno;
			if (err != -ENOENT)
				xs_err(ctx, "cannot open %s: %s%s", dir, strerror(errno),
				       err == -EACCES ? ": run as root or as the owner of the pins"
						      : "");
			return err;
		}
		err = lock_dir(ctx, fd, dir);
		if (err) {
			close(fd);
			return err;
		}
		if (still_there(fd, dir))
			return fd;
		close(fd);
	}
}

__u64 xs_netns_inode(void)
{
	struct stat ns;

	return stat("/proc/self/ns/net", &ns) ? 0 : ns.st_ino;
}

static int open_pin(const struct xs_pins *pins, enum xs_map map, bool write)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = write ? 0 : BPF_F_RDONLY);
	char path[PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, xs_map_names[map]);
	fd = bpf_obj_get_opts(path, &opts);
	return fd < 0 ? -errno : fd;
}

const struct xs_map_shape xs_map_shapes[XS_MAP_MAX] = {
	[XS_MAP_xsks_map] = { BPF_MAP_TYPE_XSKMAP, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_xdp_stats_map] = { BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
				   sizeof(struct xs_queue_stats) },
	[XS_MAP_rule_stats_map] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32),
				    sizeof(struct xs_rule_stats) },
	[XS_MAP_meta] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_meta) },
	[XS_MAP_owners] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_owner) },
	[XS_MAP_rule_sets] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_rule_stats] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_cpu_map] = { BPF_MAP_TYPE_CPUMAP, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_dev_map] = { BPF_MAP_TYPE_DEVMAP_HASH, sizeof(__u32), sizeof(__u32) },
};

static int check_shape(const struct xs_pins *pins, enum xs_map map, const struct xs_map_shape *want)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(pins->map_fds[map], &info, &len)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot query %s/%s: %s", pins->dir, xs_map_names[map],
		       strerror(errno));
		return err;
	}
	if (info.type == want->type && info.key_size == want->key_size &&
	    info.value_size == want->value_size)
		return 0;
	xs_err(pins->ctx,
	       "%s/%s was made by another version of xsteer: type %u, key %u, value %u bytes; "
	       "this build wants %u, %u, %u. Use that version, or take the instance away with "
	       "%s and attach anew",
	       pins->dir, xs_map_names[map], info.type, info.key_size, info.value_size, want->type,
	       want->key_size, want->value_size,
	       xs_hint(pins->ctx, XSTEER_HINT_DETACH, pins->ifname).text);
	return -EPROTO;
}

static int read_meta(struct xs_pins *pins)
{
	const __u32 zero = 0;

	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_meta], &zero, &pins->meta)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot read %s/meta: %s", pins->dir, strerror(errno));
		return err;
	}
	if (pins->meta.magic != XS_MAGIC) {
		xs_err(pins->ctx,
		       "%s was not made by xsteer-loader (meta has no magic): remove it with "
		       "'rm -r %s', or choose another directory with %s",
		       pins->dir, pins->dir, xs_hint(pins->ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
		return -EPROTO;
	}
	if (pins->meta.abi != XS_ABI) {
		xs_err(pins->ctx,
		       "%s has ABI %u, this build speaks %u: use the version that attached it "
		       "to detach it, then attach anew",
		       pins->dir, pins->meta.abi, XS_ABI);
		return -EPROTO;
	}
	return 0;
}

static int check_place(const struct xs_pins *pins, const char *ifname)
{
	char now[IF_NAMESIZE];

	if (pins->meta.netns_inode != xs_netns_inode()) {
		xs_err(pins->ctx,
		       "%s belongs to interface %s of another network namespace (inode %llu): "
		       "run there, or give this namespace a directory of its own with %s",
		       pins->dir, pins->ifname, pins->meta.netns_inode,
		       xs_hint(pins->ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
		return -EXDEV;
	}
	if (!if_indextoname(pins->meta.ifindex, now)) {
		if (if_nametoindex(ifname))
			xs_err(pins->ctx,
			       "interface %s was deleted and made again (index %u, the pins in %s "
			       "are of %u): remove them with %s, then attach anew",
			       ifname, if_nametoindex(ifname), pins->dir, pins->meta.ifindex,
			       xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
		else
			xs_err(pins->ctx, "interface %s of %s is gone: %s removes its pins",
			       pins->ifname, pins->dir,
			       xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
		return -ESTALE;
	}
	/* renamed since: either name will do, unless the old one is another interface's now */
	if (strcmp(now, ifname) && if_nametoindex(ifname)) {
		xs_err(pins->ctx,
		       "the pins in %s are of the interface that is now called %s, not of %s: "
		       "%s removes them",
		       pins->dir, now, ifname, xs_hint(pins->ctx, XSTEER_HINT_DETACH, now).text);
		return -ESTALE;
	}
	return 0;
}

static bool wants_write(enum xs_map map, enum xs_pins_access how)
{
	return how == XS_PINS_WRITE ||
	       (how == XS_PINS_SOCKET && (map == XS_MAP_xsks_map || map == XS_MAP_owners));
}

/* A name that xsteer gives to what it pins; "%..." is what a rename has not moved yet. */
static bool is_our_name(const char *name)
{
	if (*name == '%')
		name++;
	for (int i = 0; i < XS_MAP_MAX; i++)
		if (!strcmp(name, xs_map_names[i]))
			return true;
	return !strcmp(name, XS_PIN_LINK) || !strcmp(name, XS_PIN_PROG);
}

/* Others have directories on a bpffs too, and may have called a pin "link" or "prog" in one. */
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
	       "%s holds '%s' and was not made by xsteer-loader, as far as can be seen: if nothing "
	       "needs it, remove it with 'rm -r %s', or choose another directory with %s",
	       dir, name, dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
	return -EPROTO;
}

static int open_map(struct xs_pins *pins, enum xs_map map, enum xs_pins_access how,
		    const struct xs_map_shape *shape)
{
	bool needed = map == XS_MAP_meta || map == XS_MAP_xsks_map || map == XS_MAP_owners;
	int fd;

	fd = open_pin(pins, map, wants_write(map, how));
	if (fd < 0 && how == XS_PINS_SOCKET && !needed)
		return 0;
	if (fd == -ENOENT) {
		int err = xs_pins_refuse_others(pins->ctx, pins->dir);

		if (err)
			return err;
		xs_err(pins->ctx, "%s is incomplete, %s is not there: %s takes away what is left",
		       pins->dir, xs_map_names[map],
		       xs_hint(pins->ctx, XSTEER_HINT_DETACH, strrchr(pins->dir, '/') + 1).text);
		return -ENODATA;
	}
	if (fd < 0) {
		xs_err(pins->ctx, "cannot open %s/%s%s: %s%s", pins->dir, xs_map_names[map],
		       wants_write(map, how) ? " for writing" : "", strerror(-fd),
		       fd == -EACCES || fd == -EPERM ? ": run as root, or as the owner of the pins"
						     : "");
		return fd;
	}
	pins->map_fds[map] = fd;
	return check_shape(pins, map, shape);
}

bool xs_pins_complete(const char *dir)
{
	char path[PATH_MAX + 32];

	for (int i = 0; i < XS_MAP_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, xs_map_names[i]);
		if (access(path, F_OK))
			return false;
	}
	return true;
}

int xs_pins_open_dir(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *dir,
		     enum xs_pins_access how)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	struct stat file;
	int err;

	*pins = (struct xs_pins){ .ctx = ctx };
	for (int i = 0; i < XS_MAP_MAX; i++)
		pins->map_fds[i] = -1;
	if (snprintf(pins->dir, sizeof(pins->dir), "%s", dir) >= (int)sizeof(pins->dir))
		return -ENAMETOOLONG;
	if (stat(dir, &file))
		return -errno;
	if (!S_ISDIR(file.st_mode)) {
		xs_err(ctx,
		       "%s is a pin of something else, not an instance's directory: if nothing "
		       "needs it, remove it with 'rm %s', or choose another directory with %s",
		       dir, dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
		return -ENOTDIR;
	}

	/* meta first: a directory that is not ours must say so, not fail on some map */
	err = open_map(pins, XS_MAP_meta, how, &xs_map_shapes[XS_MAP_meta]);
	if (!err)
		err = read_meta(pins);
	if (!err)
		memcpy(pins->ifname, pins->meta.ifname, sizeof(pins->ifname));
	for (int i = 0; !err && i < XS_MAP_MAX; i++)
		if (i != XS_MAP_meta)
			err = open_map(pins, i, how, &xs_map_shapes[i]);
	if (!err && !bpf_obj_get_info_by_fd(pins->map_fds[XS_MAP_xsks_map], &info, &len))
		pins->slots = info.max_entries;
	if (err)
		xs_pins_close(pins);
	return err;
}

bool xs_pins_peek_meta(const char *dir, struct xs_meta *meta)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	const __u32 zero = 0;
	char path[PATH_MAX + 8];
	bool ours;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, xs_map_names[XS_MAP_meta]);
	fd = bpf_obj_get_opts(path, &opts);
	if (fd < 0)
		return false;
	ours = !bpf_obj_get_info_by_fd(fd, &info, &len) && info.value_size == sizeof(*meta) &&
	       !bpf_map_lookup_elem(fd, &zero, meta) && meta->magic == XS_MAGIC &&
	       meta->abi == XS_ABI;
	close(fd);
	return ours;
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
	if (access(ctx->pin_root, R_OK) && errno != ENOENT) {
		int err = -errno;

		xs_err(ctx, "cannot read %s: %s", ctx->pin_root, strerror(-err));
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
	char *dir; /* of PATH_MAX bytes */
	__u32 ifindex;
};

static int is_instance_of(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct wanted_instance *wanted = arg;
	struct xs_meta meta;

	(void)ctx;
	if (!xs_pins_peek_meta(dir, &meta) || meta.ifindex != wanted->ifindex ||
	    meta.netns_inode != xs_netns_inode())
		return 0;
	snprintf(wanted->dir, PATH_MAX, "%s", dir);
	return 1;
}

/* The instance of an interface that has been renamed since: found by its index. */
static bool find_renamed(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname)
{
	struct wanted_instance wanted = { .dir = dir, .ifindex = if_nametoindex(ifname) };

	return wanted.ifindex && walk_root(ctx, false, is_instance_of, &wanted) > 0;
}

bool xs_pins_is_elsewhere(const char *dir)
{
	struct xs_meta meta;

	return xs_pins_peek_meta(dir, &meta) && meta.netns_inode != xs_netns_inode();
}

int xs_pins_find(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname)
{
	int err = xs_pin_dir(ctx, dir, ifname);

	if (err || !access(dir, F_OK))
		return err;
	if (errno != ENOENT) {
		err = -errno;
		xs_err(ctx, "cannot look into %s: %s%s", ctx->pin_root, strerror(-err),
		       err == -EACCES ? ": run as root, or as the owner of the pins" : "");
		return err;
	}
	return find_renamed(ctx, dir, ifname) ? 0 : -ENOENT;
}

int xs_pins_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		 enum xs_pins_access how)
{
	char dir[PATH_MAX];
	int err;

	*pins = (struct xs_pins){ .ctx = ctx };
	for (int i = 0; i < XS_MAP_MAX; i++)
		pins->map_fds[i] = -1;
	err = xs_pins_find(ctx, dir, ifname);
	if (!err)
		err = xs_pins_open_dir(ctx, pins, dir, how);
	if (err)
		return err;
	err = check_place(pins, ifname);
	if (err)
		xs_pins_close(pins);
	return err;
}

int xs_pins_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int lock = xs_pins_lock(ctx, ifname, false), err;

	if (lock < 0)
		return lock;
	err = xs_pins_open(ctx, pins, ifname, XS_PINS_WRITE);
	if (!err)
		return lock;
	close(lock);
	return err;
}

void xs_pins_close(struct xs_pins *pins)
{
	if (!pins->dir[0])
		return;
	for (int i = 0; i < XS_MAP_MAX; i++) {
		if (pins->map_fds[i] >= 0)
			close(pins->map_fds[i]);
		pins->map_fds[i] = -1;
	}
	pins->dir[0] = '\0';
}

static __u32 pidns_inode(void)
{
	struct stat ns;

	return stat("/proc/self/ns/pid", &ns) ? 0 : ns.st_ino;
}

enum process {
	PROCESS_GONE, /* or dead, and its parent has not looked yet */
	PROCESS_SEEN,
	PROCESS_HIDDEN, /* by hidepid=, or without /proc */
};

/* *start: in clock ticks since boot, if seen. */
static enum process look_at_process(__u32 pid, __u64 *start)
{
	unsigned long long ticks = 0;
	char path[32], text[1024];
	const char *after_name;
	ssize_t len;
	int fd;

	*start = 0;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kill(pid, 0) && errno == ESRCH ? PROCESS_GONE : PROCESS_HIDDEN;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return PROCESS_GONE;
	text[len] = '\0';
	/* the name may hold spaces and parentheses: count fields from its end */
	after_name = strrchr(text, ')');
	if (!after_name || after_name[1] != ' ')
		return PROCESS_GONE;
	after_name += 2;
	if (*after_name == 'Z' || *after_name == 'X')
		return PROCESS_GONE;
	for (int field = 3; field < 22; field++) {
		after_name = strchr(after_name, ' ');
		if (!after_name)
			return PROCESS_GONE;
		after_name++;
	}
	if (sscanf(after_name, "%llu", &ticks) != 1)
		return PROCESS_GONE;
	*start = ticks;
	return PROCESS_SEEN;
}

void xs_owner_set_self(struct xs_owner *owner)
{
	owner->pid = getpid();
	owner->pidns = pidns_inode();
	look_at_process(owner->pid, &owner->start_time);
}

bool xs_owner_is_elsewhere(const struct xs_owner *owner)
{
	return owner->pid && owner->pidns && owner->pidns != pidns_inode();
}

bool xs_owner_alive(const struct xs_owner *owner)
{
	__u64 start;

	if (!owner->pid || xs_owner_is_elsewhere(owner))
		return owner->pid;
	switch (look_at_process(owner->pid, &start)) {
	case PROCESS_GONE:
		return false;
	case PROCESS_HIDDEN:
		return true;
	default:
		/* 0: it could not see itself */
		return !owner->start_time || start == owner->start_time;
	}
}

int xs_owner_get(const struct xs_pins *pins, __u32 slot, struct xs_owner *owner)
{
	int err;

	if (!bpf_map_lookup_elem(pins->map_fds[XS_MAP_owners], &slot, owner))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot read slot %u of %s/owners: %s", slot, pins->dir, strerror(-err));
	return err;
}

int xs_owner_set(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner)
{
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_owners], &slot, owner, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write slot %u of %s/owners: %s", slot, pins->dir, strerror(-err));
	return err;
}

int xs_meta_set(struct xs_pins *pins)
{
	const __u32 zero = 0;
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_meta], &zero, &pins->meta, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write %s/meta: %s", pins->dir, strerror(-err));
	return err;
}
