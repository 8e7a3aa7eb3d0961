// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the machine has: the kernel's features, a bpffs, memory that may be locked. */
#include <sys/resource.h>

#include <cap-ng.h>

#include "features.h"
#include "findings.h"
#include "lib/instance/dir.h"
#include "lib/instance/program.h"

#define UMEM_BYTES (8ULL << 20) /* for a bouncer with many frames */

void xs_check_kernel(struct xs_diagnosis *d)
{
	if (!xs_kernel_has_af_xdp())
		xs_find(d, "af_xdp", XS_LEVEL_FAIL, "use a kernel with CONFIG_XDP_SOCKETS",
			"this kernel has no AF_XDP sockets");
	else
		xs_find(d, "af_xdp", XS_LEVEL_OK, "", "AF_XDP sockets are there");
	if (!xs_kernel_has_btf())
		xs_find(d, "btf", XS_LEVEL_FAIL, "use a kernel with CONFIG_DEBUG_INFO_BTF",
			"/sys/kernel/btf/vmlinux is not there");
	else
		xs_find(d, "btf", XS_LEVEL_OK, "", "the kernel's types are there");
	if (!xs_kernel_has_limits())
		xs_find(d, "limits", XS_LEVEL_WARN, "rules without them work",
			"limits and dynamic sets need bpf_loop(), which came with Linux 5.17");
	if (!xs_kernel_has_freplace())
		xs_find(d, "dispatcher", XS_LEVEL_WARN, "attach alone, without -P",
			"this kernel has no freplace, so no second program beside ours");
}

void xs_check_bpffs(struct xs_diagnosis *d)
{
	if (!xs_pins_on_bpffs(d->cli->ctx))
		xs_find(d, "bpffs", XS_LEVEL_FAIL,
			xs_bpffs_is_mounted() ? "name a directory of one with --pin-root"
					      : "mount -t bpf bpf /sys/fs/bpf",
			"%s is not on a bpffs", d->cli->pin_root);
	else
		xs_find(d, "bpffs", XS_LEVEL_OK, "", "%s is on a bpffs", d->cli->pin_root);
}

void xs_check_memlock(struct xs_diagnosis *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK))
		return;
	if (limit.rlim_cur < UMEM_BYTES)
		xs_find(d, "memlock", XS_LEVEL_WARN,
			"as root: 'ulimit -l unlimited'; LimitMEMLOCK=; or CAP_IPC_LOCK",
			"only %llu bytes may be locked, and UMEMs are",
			(unsigned long long)limit.rlim_cur);
}
