/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/tree/settle.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>

/* How much time must lie between a change and the reading of what was changed, in milliseconds. */
enum {
	/* The kernel reads its clock once a tick, of which there are 100 a second at least. */
	FINE = 20,
	/* Seconds, as ext4 in inodes of 128 bytes, or two of them, as FAT. */
	COARSE = 2100,
	/* The clock of another machine, which may be ahead. */
	REMOTE = 60 * 1000,
};

enum { MOST_FILE_SYSTEMS = 16 };

struct file_system {
	dev_t device;
	struct timespec newest;
	bool is_fine; /* there are times that are not of whole microseconds */
};

/* Times in such steps come from file systems that have no finer ones, with few exceptions. */
static bool is_fine(const struct timespec *time)
{
	return time->tv_nsec % 1000 != 0;
}

static bool is_later(const struct timespec *left, const struct timespec *right)
{
	return left->tv_sec != right->tv_sec ? left->tv_sec > right->tv_sec
					     : left->tv_nsec > right->tv_nsec;
}

/* Find the file systems of the tree. Returns how many; more than there is room for are one more. */
static size_t find_file_systems(const struct strata_tree *tree, struct file_system *found)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const struct strata_tree_entry *entry = &tree->entries[i];

		if (!entry->on_disk)
			continue;
		if (at >= count || found[at].device != entry->file_system) {
			for (at = 0; at < count && found[at].device != entry->file_system;)
				at++;
			if (at == MOST_FILE_SYSTEMS)
				return MOST_FILE_SYSTEMS + 1;
			if (at == count)
				found[count++] = (struct file_system){.device = entry->file_system};
		}
		found[at].is_fine =
			found[at].is_fine || is_fine(&entry->changed) || is_fine(&entry->modified);
		/* Directories are witnessed by what is in them. */
		if (!S_ISDIR(entry->mode) && is_later(&entry->changed, &found[at].newest))
			found[at].newest = entry->changed;
	}
	return count;
}

/* Whether a file system of the type MAGIC goes by the clock of this machine. */
static bool is_local(unsigned long magic)
{
	static const unsigned long local[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		TMPFS_MAGIC, RAMFS_MAGIC, OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		MSDOS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		if (local[i] == magic)
			return true;
	}
	return false;
}

/* How many milliseconds must pass after a change there. The anchors of the tree are asked; what is
 * mounted below them may be anything. */
static int64_t needed(const struct strata_tree *tree, const struct file_system *file_system)
{
	for (size_t i = 0; i < tree->anchor_count; i++) {
		struct statfs about;
		struct stat info;

		if (stat(tree->anchors[i], &info) < 0 || info.st_dev != file_system->device ||
			statfs(tree->anchors[i], &about) < 0)
			continue;
		if (!is_local((unsigned long)about.f_type))
			return REMOTE;
		return file_system->is_fine ? FINE : COARSE;
	}
	return REMOTE;
}

static int64_t age(const struct timespec *time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec - time->tv_sec) * 1000 +
	       (now.tv_nsec - time->tv_nsec) / 1000000;
}

int strata_tree_settle(const struct strata_tree *tree, bool *settled, struct strata_error *error)
{
	struct file_system found[MOST_FILE_SYSTEMS] = {{0}};
	size_t count = find_file_systems(tree, found);
	int64_t wait = 0;

	*settled = count <= MOST_FILE_SYSTEMS;
	for (size_t i = 0; *settled && i < count; i++) {
		int64_t passed = age(&found[i].newest), left;

		/* Nothing is asked about what rested long enough for any. */
		if (passed > REMOTE)
			continue;
		left = needed(tree, &found[i]) - passed;
		*settled = left <= FINE;
		wait = left > wait ? left : wait;
	}
	if (*settled && wait > 0) {
		struct timespec rest = {0, (wait + 1) * 1000000};

		while (nanosleep(&rest, &rest) < 0) {
			if (errno != EINTR)
				return strata_fail_errno(error, "cannot wait");
		}
	}
	return 0;
}
