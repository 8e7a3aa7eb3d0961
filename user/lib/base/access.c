// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who may use a file; see access.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"

/* fchmodat() knows AT_SYMLINK_NOFOLLOW since Linux 6.6 only, and fchmod() no O_PATH. */
static int chmod_opened(int fd, mode_t mode)
{
	struct stat st;
	char self[64];

	if (fstat(fd, &st))
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode) ? -errno : 0;
}

int xs_chmod_itself(const char *path, mode_t mode)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = chmod_opened(fd, mode);
	close(fd);
	return err;
}
