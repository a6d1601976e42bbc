/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths below a root directory: where an entry really is, when some of the directories that lead
 * to it are symbolic links (merged /usr, directories that an administrator moved).
 *
 * Links are followed as by a process whose root directory this is: absolute targets begin at the
 * root, and ".." never leaves it. Results are remembered, so that resolving all files of a system
 * costs little more than one lstat each.
 */
#ifndef UTIL_ROOT_PATH_H
#define UTIL_ROOT_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buffer.h"
#include "util/map.h"

enum strata_root_kind {
	STRATA_ROOT_MISSING,
	STRATA_ROOT_UNKNOWN, /* in a directory that we may not search */
	STRATA_ROOT_DIRECTORY,
	STRATA_ROOT_SYMLINK,
	STRATA_ROOT_SOCKET,
	STRATA_ROOT_OTHER,
};

struct strata_root {
	int descriptor;   /* the root directory */
	const char *path; /* of it, for messages; borrowed; "" for "/" */
	struct strata_arena arena;
	struct strata_map known; /* path without links -> index into nodes */
	struct strata_root_node *nodes;
	size_t node_capacity;
	uint32_t node_count;
	struct strata_map directories; /* any path -> index into resolved */
	struct strata_root_directory *resolved;
	size_t resolved_capacity;
	uint32_t resolved_count;
	struct strata_buffer scratch;
};

/* An entry and the way to it. Strings live in the arena of the root. */
struct strata_root_entry {
	enum strata_root_kind kind;
	const char *path;         /* absolute, no component but the last may be a link */
	const char *target;       /* of a symbolic link */
	const char *const *links; /* the links that the given path went through */
	size_t link_count;
};

#define STRATA_ROOT_INIT                                                    \
	{                                                                   \
		.descriptor = -1, .path = "", .scratch = STRATA_BUFFER_INIT \
	}
#define strata_autoroot STRATA_CLEANUP(strata_root_release)

/* Open the root directory at PATH (NULL: "/"), which must outlive ROOT. */
int strata_root_open(
	struct strata_root *root, const char *path, struct strata_error *error) STRATA_MUST_CHECK;
void strata_root_release(struct strata_root *root);

/* Find the entry at PATH (absolute); its last component is not followed. A missing entry has the
 * kind STRATA_ROOT_MISSING and no path, and so has an entry behind more than 40 links. The path "/"
 * and paths that end in ".." are entries of no directory, and count as missing. */
int strata_root_find(struct strata_root *root, const char *path, struct strata_root_entry *entry,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The entry that the symbolic link LINK points to, found the same way. */
int strata_root_follow(struct strata_root *root, const struct strata_root_entry *link,
	struct strata_root_entry *entry, struct strata_error *error) STRATA_MUST_CHECK;

#endif
