// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls as the torture sees them; see calls.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include "calls.h"

const char *const action_names[ACTION_MAX] = {
	[ACTION_none] = "none",
	[ACTION_kill_before] = "kill-before",
	[ACTION_kill_after] = "kill-after",
	[ACTION_EMFILE] = "EMFILE",
	[ACTION_ENOMEM] = "ENOMEM",
	[ACTION_EPERM] = "EPERM",
	[ACTION_EINTR] = "EINTR",
	[ACTION_ENOSPC] = "ENOSPC",
};

int action_errno(enum action action)
{
	static const int errors[ACTION_MAX] = {
		[ACTION_EMFILE] = EMFILE, [ACTION_ENOMEM] = ENOMEM, [ACTION_EPERM] = EPERM,
		[ACTION_EINTR] = EINTR,	  [ACTION_ENOSPC] = ENOSPC,
	};

	return errors[action];
}

#define MAYBE(name) ACTION_BIT(ACTION_##name)
#define ANYTIME (ACTIONS_KILL | MAYBE(ENOMEM) | MAYBE(EPERM)) /* EPERM: a security module */
#define OPENS (ANYTIME | MAYBE(EMFILE))

/* ---- reading the traced process ---- */

static void read_memory(pid_t tid, __u64 from, void *to, size_t len)
{
	struct iovec here = { .iov_base = to, .iov_len = len };
	struct iovec there = { .iov_base = (void *)(unsigned long)from, .iov_len = len };

	memset(to, 0, len);
	/* less than asked for, where the memory ends: the rest is zero */
	if (process_vm_readv(tid, &here, 1, &there, 1, 0) < 0)
		memset(to, 0, len);
}

static void read_text(pid_t tid, __u64 from, char *text, size_t len)
{
	const size_t page = 4096;
	size_t first = page - from % page;

	/* a text that ends before the page does must not fail for the page after it */
	if (first >= len)
		first = len;
	read_memory(tid, from, text, first);
	if (first < len && !memchr(text, '\0', first))
		read_memory(tid, from + first, text + first, len - first);
	text[len - 1] = '\0';
}

/* The last two components, without the numbers of processes. */
static void short_path(const char *path, char *text, size_t len)
{
	const char *from = path + strlen(path);
	int slashes = 0;
	size_t n = 0;

	while (from > path && (from[-1] != '/' || ++slashes < 2))
		from--;
	for (; *from && n + 1 < len; from++) {
		if (isdigit((unsigned char)*from) && !strncmp(path, "/proc/", 6)) {
			if (!n || text[n - 1] != 'N')
				text[n++] = 'N';
			continue;
		}
		text[n++] = *from;
	}
	text[n] = '\0';
}

static void read_path(pid_t tid, __u64 from, char *text, size_t len)
{
	char path[512];

	read_text(tid, from, path, sizeof(path));
	short_path(path, text, len);
}

int borrow_fd(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), borrowed;

	if (process < 0)
		return -errno;
	borrowed = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (borrowed < 0)
		borrowed = -errno;
	close(process);
	return borrowed;
}

static void describe_map(pid_t tid, int fd, char *text, size_t len)
{
	struct bpf_map_info info = {};
	__u32 info_len = sizeof(info);
	int borrowed = borrow_fd(tid, fd);

	if (borrowed >= 0 && !bpf_obj_get_info_by_fd(borrowed, &info, &info_len))
		snprintf(text, len, "%s", info.name);
	if (borrowed >= 0)
		close(borrowed);
}

/* The name of a map, "prog", "link": what a descriptor of the traced process is. */
static void describe_fd(pid_t tid, int fd, char *text, size_t len)
{
	char path[64], target[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	snprintf(text, len, "%s",
		 strstr(target, "bpf-map")    ? "map"
		 : strstr(target, "bpf-prog") ? "prog"
		 : strstr(target, "bpf_link") ? "link"
		 : strstr(target, "btf")      ? "btf"
					      : "?");
	if (!strcmp(text, "map"))
		describe_map(tid, fd, text, len);
}

/* ---- bpf(2) ---- */

static const char *const bpf_names[] = {
	[BPF_MAP_CREATE] = "MAP_CREATE",
	[BPF_MAP_LOOKUP_ELEM] = "MAP_LOOKUP",
	[BPF_MAP_UPDATE_ELEM] = "MAP_UPDATE",
	[BPF_MAP_DELETE_ELEM] = "MAP_DELETE",
	[BPF_MAP_GET_NEXT_KEY] = "MAP_GET_NEXT_KEY",
	[BPF_PROG_LOAD] = "PROG_LOAD",
	[BPF_OBJ_PIN] = "OBJ_PIN",
	[BPF_OBJ_GET] = "OBJ_GET",
	[BPF_PROG_TEST_RUN] = "PROG_TEST_RUN",
	[BPF_PROG_GET_NEXT_ID] = "PROG_GET_NEXT_ID",
	[BPF_MAP_GET_NEXT_ID] = "MAP_GET_NEXT_ID",
	[BPF_PROG_GET_FD_BY_ID] = "PROG_GET_FD_BY_ID",
	[BPF_MAP_GET_FD_BY_ID] = "MAP_GET_FD_BY_ID",
	[BPF_OBJ_GET_INFO_BY_FD] = "GET_INFO",
	[BPF_BTF_LOAD] = "BTF_LOAD",
	[BPF_BTF_GET_FD_BY_ID] = "BTF_GET_FD_BY_ID",
	[BPF_MAP_FREEZE] = "MAP_FREEZE",
	[BPF_BTF_GET_NEXT_ID] = "BTF_GET_NEXT_ID",
	[BPF_MAP_LOOKUP_BATCH] = "MAP_LOOKUP_BATCH",
	[BPF_LINK_CREATE] = "LINK_CREATE",
	[BPF_LINK_UPDATE] = "LINK_UPDATE",
	[BPF_LINK_GET_FD_BY_ID] = "LINK_GET_FD_BY_ID",
	[BPF_LINK_GET_NEXT_ID] = "LINK_GET_NEXT_ID",
	[BPF_LINK_DETACH] = "LINK_DETACH",
	[BPF_PROG_BIND_MAP] = "PROG_BIND_MAP",
};

static bool gives_fd(unsigned int cmd)
{
	switch (cmd) {
	case BPF_MAP_CREATE:
	case BPF_PROG_LOAD:
	case BPF_OBJ_GET:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
	case BPF_BTF_LOAD:
	case BPF_LINK_CREATE:
		return true;
	default:
		return false;
	}
}

static unsigned int bpf_actions(unsigned int cmd)
{
	unsigned int actions = gives_fd(cmd) ? OPENS : ANYTIME;

	if (cmd == BPF_OBJ_PIN) /* no inode */
		actions |= MAYBE(ENOSPC);
	if (cmd == BPF_PROG_LOAD) /* the log is longer than its buffer */
		actions |= MAYBE(ENOSPC);
	if (cmd == BPF_PROG_TEST_RUN)
		actions |= MAYBE(EINTR);
	return actions;
}

static void describe_object(pid_t tid, unsigned int cmd, const union bpf_attr *attr, char *text,
			    size_t len)
{
	text[0] = '\0';
	switch (cmd) {
	case BPF_OBJ_PIN:
	case BPF_OBJ_GET:
		read_path(tid, attr->pathname, text, len);
		break;
	case BPF_MAP_CREATE:
		snprintf(text, len, "%.16s", attr->map_name);
		break;
	case BPF_PROG_LOAD:
		snprintf(text, len, "%.16s", attr->prog_name);
		break;
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_OBJ_GET_INFO_BY_FD: /* the descriptor stands first in all of these */
		describe_fd(tid, attr->info.bpf_fd, text, len);
		break;
	}
}

static void describe_bpf(pid_t tid, const __u64 args[6], struct call *call)
{
	unsigned int cmd = (unsigned int)args[0];
	const char *name = cmd < sizeof(bpf_names) / sizeof(bpf_names[0]) ? bpf_names[cmd] : NULL;
	union bpf_attr attr;
	char object[64];

	read_memory(tid, args[1], &attr, args[2] < sizeof(attr) ? args[2] : sizeof(attr));
	describe_object(tid, cmd, &attr, object, sizeof(object));
	snprintf(call->label, sizeof(call->label), "bpf(%s%s%s)", name ? name : "?",
		 object[0] ? " " : "", object);
	call->actions = bpf_actions(cmd);
	/* libbpf's question whether objects may have names: without, they have none, and it works */
	if (!strcmp(object, "libbpf_nametest"))
		call->actions = ACTIONS_KILL;
	call->makes = cmd == BPF_MAP_CREATE    ? MADE_map
		      : cmd == BPF_PROG_LOAD   ? MADE_prog
		      : cmd == BPF_LINK_CREATE ? MADE_link
					       : MADE_nothing;
}

/* ---- the others ---- */

static const char *family_name(unsigned int family)
{
	return family == AF_XDP	      ? "XDP"
	       : family == AF_NETLINK ? "NETLINK"
	       : family == AF_UNIX    ? "UNIX"
	       : family == AF_INET    ? "INET"
				      : "?";
}

static void describe_bind(pid_t tid, const __u64 args[6], struct call *call)
{
	sa_family_t family;

	read_memory(tid, args[1], &family, sizeof(family));
	snprintf(call->label, sizeof(call->label), "bind(%s)", family_name(family));
	call->actions = ANYTIME;
}

static void describe_setsockopt(const __u64 args[6], struct call *call)
{
	static const char *const xdp[] = {
		[XDP_RX_RING] = "RX_RING",
		[XDP_TX_RING] = "TX_RING",
		[XDP_UMEM_REG] = "UMEM_REG",
		[XDP_UMEM_FILL_RING] = "FILL_RING",
		[XDP_UMEM_COMPLETION_RING] = "COMPLETION_RING",
	};
	unsigned int name = (unsigned int)args[2];
	char text[32];

	snprintf(text, sizeof(text), "%u:%u", (unsigned int)args[1], name);
	snprintf(call->label, sizeof(call->label), "setsockopt(%s)",
		 args[1] == SOL_XDP && name < sizeof(xdp) / sizeof(xdp[0]) && xdp[name] ? xdp[name]
											: text);
	call->actions = ANYTIME;
}

/* Malloc's memory, and that of threads, is not told apart: it is asked for at any time. */
static bool describe_mmap(const __u64 args[6], struct call *call)
{
	unsigned long flags = args[3];

	if (flags & (MAP_STACK | MAP_NORESERVE) || !(args[2] & PROT_READ))
		return false;
	snprintf(call->label, sizeof(call->label), "mmap(%s %s)",
		 flags & MAP_SHARED ? "shared" : "private",
		 flags & MAP_ANONYMOUS ? "memory" : "file");
	call->actions = ACTIONS_KILL | MAYBE(ENOMEM) | (flags & MAP_ANONYMOUS ? 0 : MAYBE(EPERM));
	return true;
}

static void describe_send(pid_t tid, const char *name, const __u64 args[6], struct call *call)
{
	struct nlmsghdr nlh = {};

	if (args[1])
		read_memory(tid, args[1], &nlh, sizeof(nlh));
	snprintf(call->label, sizeof(call->label), args[1] ? "%s(netlink %u)" : "%s(XDP)", name,
		 nlh.nlmsg_type < 0x20 ? 0 : nlh.nlmsg_type);
	call->actions = ANYTIME | MAYBE(EINTR);
}

static void describe_ioctl(const __u64 args[6], struct call *call)
{
	snprintf(call->label, sizeof(call->label), "ioctl(%s)",
		 args[1] == SIOCETHTOOL	   ? "ETHTOOL"
		 : args[1] == SIOCGIFINDEX ? "GIFINDEX"
		 : args[1] == SIOCGIFNAME  ? "GIFNAME"
					   : "?");
	call->actions = ANYTIME | MAYBE(EINTR);
}

static void describe_path(pid_t tid, const char *name, __u64 path, unsigned int actions,
			  struct call *call)
{
	char text[64];

	read_path(tid, path, text, sizeof(text));
	snprintf(call->label, sizeof(call->label), "%s(%s)", name, text);
	call->actions = actions;
}

static void describe_word(const char *text, unsigned int actions, struct call *call)
{
	snprintf(call->label, sizeof(call->label), "%s()", text);
	call->actions = actions;
}

const int traced_calls[] = {
	SYS_bpf,	  SYS_rename,
	SYS_renameat,	  SYS_renameat2,
	SYS_unlink,	  SYS_unlinkat,
	SYS_rmdir,	  SYS_mkdir,
	SYS_mkdirat,	  SYS_bind,
	SYS_setsockopt,	  SYS_mmap,
	SYS_sendto,	  SYS_sendmsg,
	SYS_flock,	  SYS_ioctl,
	SYS_openat,	  SYS_socket,
	SYS_fchmod,	  SYS_fchmodat,
	SYS_chmod,	  SYS_timerfd_create,
	SYS_signalfd4,	  SYS_eventfd2,
	SYS_memfd_create, -1,
};

bool describe_call(pid_t tid, long nr, const __u64 args[6], struct call *call)
{
	const unsigned int makes_name = ANYTIME | MAYBE(ENOSPC);

	*call = (struct call){};
	switch (nr) {
	case SYS_bpf:
		describe_bpf(tid, args, call);
		return true;
	case SYS_rename:
		describe_path(tid, "rename", args[0], makes_name, call);
		return true;
	case SYS_renameat:
	case SYS_renameat2:
		describe_path(tid, "rename", args[1], makes_name, call);
		return true;
	case SYS_unlink:
		describe_path(tid, "unlink", args[0], ANYTIME, call);
		return true;
	case SYS_unlinkat:
		describe_path(tid, "unlink", args[1], ANYTIME, call);
		return true;
	case SYS_rmdir:
		describe_path(tid, "rmdir", args[0], ANYTIME, call);
		return true;
	case SYS_mkdir:
		describe_path(tid, "mkdir", args[0], makes_name, call);
		return true;
	case SYS_mkdirat:
		describe_path(tid, "mkdir", args[1], makes_name, call);
		return true;
	case SYS_chmod:
		describe_path(tid, "chmod", args[0], ANYTIME, call);
		return true;
	case SYS_fchmodat:
		describe_path(tid, "chmod", args[1], ANYTIME, call);
		return true;
	case SYS_fchmod:
		describe_word("fchmod", ANYTIME, call);
		return true;
	case SYS_openat:
		describe_path(tid, "open", args[1], OPENS | MAYBE(EINTR), call);
		return true;
	case SYS_bind:
		describe_bind(tid, args, call);
		return true;
	case SYS_setsockopt:
		describe_setsockopt(args, call);
		return true;
	case SYS_mmap:
		return describe_mmap(args, call);
	case SYS_sendto:
		describe_send(tid, "sendto", args, call);
		return true;
	case SYS_sendmsg:
		describe_word("sendmsg", ANYTIME | MAYBE(EINTR), call);
		return true;
	case SYS_flock:
		describe_word("flock", ACTIONS_KILL | MAYBE(ENOMEM) | MAYBE(EINTR), call);
		return true;
	case SYS_ioctl:
		describe_ioctl(args, call);
		return true;
	case SYS_socket:
		describe_word(family_name((unsigned int)args[0]), OPENS, call);
		snprintf(call->label, sizeof(call->label), "socket(%s)",
			 family_name((unsigned int)args[0]));
		return true;
	case SYS_timerfd_create:
		describe_word("timerfd_create", OPENS, call);
		return true;
	case SYS_signalfd4:
		describe_word("signalfd", OPENS, call);
		return true;
	case SYS_eventfd2:
		describe_word("eventfd", OPENS, call);
		return true;
	case SYS_memfd_create:
		describe_word("memfd_create", OPENS, call);
		return true;
	default:
		return false;
	}
}
