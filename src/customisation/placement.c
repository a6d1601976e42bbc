/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "customisation/customisation.h"
#include "util/error.h"
#include "util/path.h"
#include "util/root_path.h"

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

/* Find where PATH goes: *PLACED is in the arena. */
static int place_path(
	struct placing *placing, const char *path, const char **placed, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	const char *at = path;
	bool missing = false;

	for (;;) {
		size_t length = strcspn(++at, "/");
		int status;

		if (!at[length])
			break;
		status = descend(placing, &place, at, length, &missing, error);
		if (status < 0)
			return strata_context(error, status, "'%s'", path);
		at += length;
	}
	strata_buffer_format(&place, "/%s", at);
	*placed = place.failed ? NULL : strata_arena_string(placing->arena, place.data);
	return *placed ? 0 : strata_fail_memory(error);
}

static int place_entry(
	struct placing *placing, const struct strata_entry *entry, struct strata_error *error)
{
	struct strata_entry placed = *entry;
	int status = place_path(placing, entry->path, &placed.path, error);

	return status < 0 ? status : append(&placing->given, &placed, error);
}

static int keep_joined(
	struct placing *placing, const char *from, const char *to, struct strata_error *error);

/* The directory FROM is to be joined with what the system has at TO, if anything. A link would be
 * replaced by the directory, and all that is reached through it lost. */
static int join_directory(
	struct placing *placing, const char *from, const char *to, struct strata_error *error)
{
	struct strata_root_entry entry;
	int status = strata_root_find(&placing->root, to, &entry, error);

	if (status < 0 || entry.kind == STRATA_ROOT_MISSING)
		return status;
	if (entry.kind == STRATA_ROOT_SYMLINK)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the directory '%s' would replace the symbolic link '%s%s'", from,
				placing->root.path, to),
			"copy it to where that link leads, '%s'", entry.target);
	if (entry.kind != STRATA_ROOT_DIRECTORY)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the directory '%s' would replace the file '%s%s'", from,
			placing->root.path, to);
	status = keep_directory(placing, to, error);
	return status < 0 ? status : keep_joined(placing, from, to, error);
}

/* Keep those directories below TO that are on the system and below FROM. */
static int keep_joined(
	struct placing *placing, const char *from, const char *to, struct strata_error *error)
{
	struct dirent *entry;
	DIR *stream = opendir(from);
	int status = 0;

	if (!stream)
		return errno == ENOTDIR
			       ? 0
			       : strata_fail_errno(error, "cannot open the directory '%s'", from);
	while (status == 0 && (errno = 0, entry = readdir(stream))) {
		strata_autobuffer struct strata_buffer source = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
		struct stat info;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		strata_buffer_format(&source, "%s/%s", from, entry->d_name);
		strata_buffer_format(
			&place, "%s/%s", strcmp(to, "/") == 0 ? "" : to, entry->d_name);
		if (source.failed || place.failed)
			status = strata_fail_memory(error);
		else if (lstat(source.data, &info) < 0)
			status = strata_fail_errno(error, "cannot read '%s'", source.data);
		else if (S_ISDIR(info.st_mode))
			status = join_directory(placing, source.data, place.data, error);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '%s'", from);
	closedir(stream);
	return status;
}

static int place_copy(struct placing *placing, struct strata_copy *copy, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;
	int status = strata_check_path(copy->from, STRATA_ERROR_INVALID, error);

	if (status == 0 && strcmp(copy->to, "/") != 0) {
		status = strata_check_path(copy->to, STRATA_ERROR_INVALID, error);
		if (status == 0)
			status = place_path(placing, copy->to, &copy->to, error);
	}
	strata_buffer_format(&from, "%s%s", copy->links ? placing->root.path : "", copy->from);
	if (status == 0)
		status = strata_buffer_check(&from, error);
	if (status < 0)
		return status;
	return strcmp(copy->to, "/") == 0 ? keep_joined(placing, from.data, "/", error)
					  : join_directory(placing, from.data, copy->to, error);
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

int strata_customisation_place(const struct strata_customisation *from, const char *root,
	struct strata_arena *arena, struct strata_customisation *placed, struct strata_error *error)
{
	struct placing placing = {.root = STRATA_ROOT_INIT, .arena = arena};
	struct strata_copy *copies = strata_arena_array(arena, from->copy_count, sizeof(*copies));
	struct strata_entry *entries = NULL;
	int status =
		copies ? strata_root_open(&placing.root, root, error) : strata_fail_memory(error);

	for (size_t i = 0; status == 0 && i < from->entry_count; i++) {
		status = strata_check_path(from->entries[i].path, STRATA_ERROR_INVALID, error);
		if (status == 0)
			status = place_entry(&placing, &from->entries[i], error);
	}
	for (size_t i = 0; status == 0 && i < from->copy_count; i++) {
		copies[i] = from->copies[i];
		status = place_copy(&placing, &copies[i], error);
	}
	*placed = *from;
	if (status == 0)
		status = unite(&placing, &entries, &placed->entry_count, error);
	placed->entries = entries;
	placed->copies = copies;
	strata_root_release(&placing.root);
	free(placing.given.entries);
	free(placing.parents.entries);
	return status;
}
