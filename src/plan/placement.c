#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/path.h"
#include "graph/root_path.h"
#include "plan/entries.h"

struct entry_list {
	struct strata_entry *entries;
	size_t count, capacity;
};

struct placing {
	struct strata_root root;
	struct strata_arena *arena;
	struct entry_list given;   /* what the user asked for, in its place */
	struct entry_list parents; /* directories above it, as they are */
};

static int append(
	struct entry_list *list, const struct strata_entry *entry, struct strata_error *error)
{
	if (strata_grow(&list->entries, &list->capacity, list->count + 1, sizeof(*list->entries)) <
		0)
		return strata_fail_memory(error);
	list->entries[list->count++] = *entry;
	return 0;
}

static bool has_path(const struct entry_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->entries[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Add the directory at PATH of the system as it is, unless that was done. */
static int keep_directory(struct placing *placing, const char *path, struct strata_error *error)
{
	struct strata_entry entry = {.kind = STRATA_ENTRY_DIRECTORY};
	struct stat info;

	if (has_path(&placing->parents, path))
		return 0;
	if (fstatat(placing->root.descriptor, path + 1, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return strata_fail_errno(error, "cannot read '%s%s'", placing->root.path, path);
	entry.path = strata_arena_string(placing->arena, path);
	if (!entry.path)
		return strata_fail_memory(error);
	entry.mode = info.st_mode & 07777;
	entry.uid = info.st_uid;
	entry.gid = info.st_gid;
	return append(&placing->parents, &entry, error);
}

/* Append COMPONENT to PLACE, the path of a directory; follow it where the system has a link. Sets
 * *MISSING where there is nothing of that name. */
static int descend(struct placing *placing, struct strata_buffer *place, const char *component,
	size_t length, bool *missing, struct strata_error *error)
{
	struct strata_root_entry entry;
	int status;

	strata_buffer_format(place, "/%.*s", (int)length, component);
	status = strata_buffer_check(place, error);
	if (status < 0 || *missing)
		return status;
	status = strata_root_find(&placing->root, place->data, &entry, error);
	if (status == 0 && entry.kind == STRATA_ROOT_SYMLINK)
		status = strata_root_follow(&placing->root, &entry, &entry, error);
	if (status < 0)
		return status;
	*missing = entry.kind == STRATA_ROOT_MISSING;
	if (*missing)
		return 0;
	if (entry.kind != STRATA_ROOT_DIRECTORY)
		return strata_fail(error, STRATA_ERROR_INVALID, "'%s%s' is no directory",
			placing->root.path, place->data);
	strata_buffer_truncate(place, 0);
	strata_buffer_string(place, entry.path);
	return keep_directory(placing, entry.path, error);
}

static int place_entry(
	struct placing *placing, const struct strata_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	struct strata_entry placed = *entry;
	const char *at = entry->path;
	bool missing = false;

	for (;;) {
		size_t length = strcspn(++at, "/");
		int status;

		if (!at[length])
			break;
		status = descend(placing, &place, at, length, &missing, error);
		if (status < 0)
			return strata_context(error, status, "'%s'", entry->path);
		at += length;
	}
	strata_buffer_format(&place, "/%s", at);
	placed.path = strata_arena_string(placing->arena, place.data);
	if (place.failed || !placed.path)
		return strata_fail_memory(error);
	return append(&placing->given, &placed, error);
}

/* Everything given, and the parents that are not given as something else. */
static int unite(struct placing *placing, struct strata_entry **result, size_t *result_count,
	struct strata_error *error)
{
	struct strata_entry *all = strata_arena_array(
		placing->arena, placing->given.count + placing->parents.count, sizeof(*all));
	size_t count = 0;

	if (!all)
		return strata_fail_memory(error);
	for (size_t i = 0; i < placing->given.count; i++)
		all[count++] = placing->given.entries[i];
	for (size_t i = 0; i < placing->parents.count; i++) {
		if (!has_path(&placing->given, placing->parents.entries[i].path))
			all[count++] = placing->parents.entries[i];
	}
	*result = all;
	*result_count = count;
	return 0;
}

int strata_entries_place(const struct strata_entry *entries, size_t count, const char *root,
	struct strata_arena *arena, struct strata_entry **result, size_t *result_count,
	struct strata_error *error)
{
	struct placing placing = {.root = STRATA_ROOT_INIT, .arena = arena};
	int status = strata_root_open(&placing.root, root, error);

	for (size_t i = 0; status == 0 && i < count; i++) {
		status = strata_check_path(entries[i].path, STRATA_ERROR_INVALID, error);
		if (status == 0)
			status = place_entry(&placing, &entries[i], error);
	}
	if (status == 0)
		status = unite(&placing, result, result_count, error);
	strata_root_release(&placing.root);
	free(placing.given.entries);
	free(placing.parents.entries);
	return status;
}
