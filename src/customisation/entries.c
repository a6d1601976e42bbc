/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/entries.h"

#include <string.h>

#include "tar/writer.h"
#include "util/error.h"
#include "util/path.h"
#include "util/text.h"

enum {
	PERMISSION_BITS = 07777,
};

static int compare_entries(const void *left, const void *right)
{
	const struct strata_entry *a = left, *b = right;

	return strata_path_compare(a->path, b->path);
}

static int check_entry(const struct strata_entry *entry, struct strata_error *error)
{
	int status = strata_check_path(entry->path, STRATA_ERROR_INVALID, error);

	if (status < 0)
		return status;
	if (entry->kind == STRATA_ENTRY_SYMLINK && (!entry->target || !*entry->target))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the symbolic link '%s' has no target", entry->path);
	if (entry->kind == STRATA_ENTRY_DIRECTORY && entry->mode > PERMISSION_BITS)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"mode %o of the directory '%s' has more than permission bits",
			(unsigned)entry->mode, entry->path);
	return 0;
}

/* Of two entries with one path. */
static bool same_entry(const struct strata_entry *left, const struct strata_entry *right)
{
	if (left->kind != right->kind || left->uid != right->uid || left->gid != right->gid)
		return false;
	if (left->kind == STRATA_ENTRY_SYMLINK)
		return strcmp(left->target, right->target) == 0;
	return left->mode == right->mode && left->below == right->below &&
	       left->mtime == right->mtime;
}

static int copy_xattrs(const struct strata_entry *entry, struct strata_arena *arena,
	struct strata_entry *copy, struct strata_error *error)
{
	struct strata_xattr *xattrs =
		strata_arena_array(arena, entry->xattr_count, sizeof(*xattrs));

	if (!xattrs)
		return strata_fail_memory(error);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct strata_xattr *xattr = &entry->xattrs[i];

		xattrs[i] = *xattr;
		xattrs[i].name = strata_arena_string(arena, xattr->name);
		xattrs[i].value = strata_arena_bytes(arena, xattr->value, xattr->size);
		if (!xattrs[i].name || !xattrs[i].value)
			return strata_fail_memory(error);
	}
	copy->xattrs = xattrs;
	return 0;
}

static int copy_entry(const struct strata_entry *entry, struct strata_arena *arena,
	struct strata_entry *copy, struct strata_error *error)
{
	bool symlink = entry->kind == STRATA_ENTRY_SYMLINK;

	*copy = *entry;
	copy->path = strata_arena_string(arena, entry->path);
	copy->target = symlink ? strata_arena_string(arena, entry->target) : NULL;
	copy->mode = symlink ? 0 : entry->mode;
	if (!copy->path || (symlink && !copy->target))
		return strata_fail_memory(error);
	return entry->xattr_count > 0 ? copy_xattrs(entry, arena, copy, error) : 0;
}

/* Unite the sorted ENTRIES. Whatever is below a symbolic link follows right after it. */
static int unite(struct strata_entry *entries, size_t *count, struct strata_error *error)
{
	const struct strata_entry *symlink = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		const struct strata_entry *entry = &entries[i];

		if (kept > 0 && strcmp(entry->path, entries[kept - 1].path) == 0) {
			if (!same_entry(entry, &entries[kept - 1]))
				return strata_hint(error,
					strata_fail(error, STRATA_ERROR_INVALID,
						"two different entries for '%s'", entry->path),
					"keep one of them");
			continue;
		}
		if (symlink && strata_text_starts_with(entry->path, symlink->path) &&
			entry->path[strlen(symlink->path)] == '/')
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"'%s' lies below the symbolic link '%s'", entry->path,
					symlink->path),
				"give the place that the link leads to");
		entries[kept] = *entry;
		if (entries[kept].kind == STRATA_ENTRY_SYMLINK)
			symlink = &entries[kept];
		kept++;
	}
	*count = kept;
	return 0;
}

int strata_entries_sort(const struct strata_entry *entries, size_t count,
	struct strata_arena *arena, const struct strata_entry **result, size_t *result_count,
	struct strata_error *error)
{
	struct strata_entry *copies = strata_arena_array(arena, count, sizeof(*copies));
	int status;

	if (!copies)
		return strata_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		status = check_entry(&entries[i], error);
		if (status == 0)
			status = copy_entry(&entries[i], arena, &copies[i], error);
		if (status < 0)
			return status;
	}
	qsort(copies, count, sizeof(*copies), compare_entries);
	status = unite(copies, &count, error);
	if (status < 0)
		return status;
	*result = copies;
	*result_count = count;
	return 0;
}
