/* SPDX-License-Identifier: Apache-2.0 */
#include "util/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/memory.h"

int strata_walk_beneath(int directory, const char *path, int flags)
{
	strata_autoclose int opened = -1;
	int current = directory;

	for (;;) {
		size_t length = strcspn(path, "/");
		char name[NAME_MAX + 1];
		bool last = !path[length];
		int next;

		if (length > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, length > 0 ? path : ".", length > 0 ? length : 1);
		name[length > 0 ? length : 1] = '\0';
		if (strcmp(name, "..") == 0) {
			errno = EXDEV;
			return -1;
		}
		next = openat(current, name,
			last ? flags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 || last)
			return next;
		strata_cleanup_close(&opened);
		current = opened = next;
		path += length + 1;
	}
}

int strata_open_beneath(int directory, const char *path, int flags)
{
	/* Kernels before 5.6 lack the call, and some confinements do not know it. */
	static atomic_bool is_missing;
	struct open_how how = {.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	int status;

	if (atomic_load_explicit(&is_missing, memory_order_relaxed))
		return strata_walk_beneath(directory, path, flags);
	do {
		status =
			(int)syscall(SYS_openat2, directory, *path ? path : ".", &how, sizeof(how));
	} while (status < 0 && (errno == EAGAIN || errno == EINTR));
	if (status >= 0 || (errno != ENOSYS && errno != EPERM))
		return status;
	if (errno == ENOSYS)
		atomic_store_explicit(&is_missing, true, memory_order_relaxed);
	return strata_walk_beneath(directory, path, flags);
}
