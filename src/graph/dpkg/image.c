/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/dpkg/image.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "util/file.h"
#include "util/text.h"

enum {
	LARGEST_FILE = 1 << 28,
	CHAIN_LIMIT = 40,
};

void strata_dpkg_image_release(struct strata_dpkg_image *image)
{
	uint32_t count = image->database ? image->database->count : 0;

	for (uint32_t i = 0; image->lists && i < count; i++)
		free(image->lists[i].paths);
	for (uint32_t i = 0; image->entries && i < count; i++)
		free(image->entries[i].entries);
	for (size_t i = 0; i < image->group_count; i++)
		free(image->groups[i].entries.entries);
	free(image->lists);
	free(image->entries);
	free(image->groups);
	strata_map_release(&image->owners);
	strata_map_release(&image->every_owner);
	strata_map_release(&image->directories);
	strata_dpkg_closure_release(&image->closure);
}

int strata_dpkg_entries_add(struct strata_dpkg_entries *entries,
	const struct strata_item_entry *entry, struct strata_error *error)
{
	if (strata_grow(&entries->entries, &entries->capacity, entries->count + 1,
		    sizeof(*entries->entries)) < 0)
		return strata_fail_memory(error);
	entries->entries[entries->count++] = *entry;
	return 0;
}

int strata_dpkg_entries_add_link(struct strata_dpkg_entries *entries, const char *path,
	const char *target, struct strata_error *error)
{
	struct strata_item_entry link = {.kind = STRATA_ITEM_SYMLINK,
		.path = path,
		.mode = 0777,
		.target = target,
		.time = STRATA_DPKG_MADE_TIME};

	return strata_dpkg_entries_add(entries, &link, error);
}

int strata_dpkg_image_group(struct strata_dpkg_image *image, const char *name, uint32_t owner,
	struct strata_dpkg_entries **entries, struct strata_error *error)
{
	struct strata_dpkg_group *group;

	for (size_t i = 0; i < image->group_count; i++) {
		if (strcmp(image->groups[i].name, name) == 0) {
			*entries = &image->groups[i].entries;
			return 0;
		}
	}
	if (strata_grow(&image->groups, &image->group_capacity, image->group_count + 1,
		    sizeof(*image->groups)) < 0)
		return strata_fail_memory(error);
	group = &image->groups[image->group_count++];
	*group = (struct strata_dpkg_group){
		.name = strata_arena_string(&image->files->root->arena, name), .owner = owner};
	*entries = &group->entries;
	return group->name ? 0 : strata_fail_memory(error);
}

int strata_dpkg_image_holds(
	struct strata_dpkg_image *image, const char *path, bool *holds, struct strata_error *error)
{
	struct strata_root_entry entry;
	int status = strata_root_find(image->files->root, path, &entry, error);

	*holds = false;
	for (int i = 0; status == 0 && i < CHAIN_LIMIT && entry.kind != STRATA_ROOT_MISSING; i++) {
		*holds = strata_map_get(&image->owners, entry.path) != STRATA_MAP_NONE;
		if (*holds || entry.kind != STRATA_ROOT_SYMLINK)
			return 0;
		status = strata_root_follow(image->files->root, &entry, &entry, error);
	}
	return status;
}

uint32_t strata_dpkg_image_owner(const struct strata_dpkg_image *image, const char *path)
{
	uint32_t owner = strata_map_get(&image->owners, path);

	if (owner == STRATA_MAP_NONE)
		owner = strata_map_get(&image->every_owner, path);
	if (owner == STRATA_MAP_NONE && strata_text_starts_with(path, "/usr/"))
		owner = strata_map_get(&image->every_owner, path + strlen("/usr"));
	return owner;
}

/* Remember the directory of PATH, which is the caller's. */
static int own_directory(
	struct strata_dpkg_image *image, const char *path, struct strata_error *error)
{
	size_t length = (size_t)(strrchr(path, '/') - path);
	char directory[PATH_MAX];
	const char *kept;

	if (length == 0 || length >= sizeof(directory))
		return 0;
	memcpy(directory, path, length);
	directory[length] = '\0';
	if (strata_map_get(&image->directories, directory) != STRATA_MAP_NONE)
		return 0;
	kept = strata_arena_string(&image->files->arena, directory);
	if (!kept || strata_map_put(&image->directories, kept, 0) < 0)
		return strata_fail_memory(error);
	return 0;
}

/* Remember the paths in LIST, which is cut into lines, as those of PACKAGE. */
static int own_list(struct strata_dpkg_image *image, uint32_t package, struct strata_buffer *list,
	struct strata_error *error)
{
	struct strata_dpkg_lines lines = {list->data, list->data + list->length, 0};
	const char *path;

	while ((path = strata_dpkg_next_line(&lines))) {
		const char *kept;

		if (*path != '/' || strcmp(path, "/.") == 0 ||
			strata_map_get(&image->every_owner, path) != STRATA_MAP_NONE)
			continue;
		kept = strata_arena_string(&image->files->arena, path);
		if (!kept || strata_map_put(&image->every_owner, kept, package) < 0)
			return strata_fail_memory(error);
		if (own_directory(image, kept, error) < 0)
			return STRATA_ERROR_MEMORY;
	}
	return 0;
}

int strata_dpkg_image_own(struct strata_dpkg_image *image, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer list = STRATA_BUFFER_INIT;
	const char *path;
	int status = 0;

	for (uint32_t i = 0; status >= 0 && i < image->database->count; i++) {
		strata_buffer_truncate(&list, 0);
		status = strata_dpkg_read_info(
			image->files, &image->database->packages[i], "list", &path, &list, error);
		if (status > 0)
			status = own_list(image, i, &list, error);
	}
	return status < 0 ? status : 0;
}

uint32_t strata_dpkg_image_package(const struct strata_dpkg_image *image, const char *name)
{
	const struct strata_dpkg *database = image->database;
	uint32_t found = STRATA_MAP_NONE;

	for (uint32_t i = strata_map_get(&database->names, name); i != STRATA_MAP_NONE;
		i = database->packages[i].next_of_name) {
		if (!image->closure.reached[i])
			continue;
		if (found == STRATA_MAP_NONE ||
			strcmp(database->packages[i].architecture, database->native) == 0)
			found = i;
	}
	return found;
}

int strata_dpkg_read_path(struct strata_dpkg_files *files, const char *path,
	struct strata_buffer *content, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer full = STRATA_BUFFER_INIT;
	struct strata_error failure = STRATA_ERROR_INIT;
	int status;

	strata_buffer_format(&full, "%s%s", files->root->path, path);
	if (strata_buffer_check(&full, error) < 0)
		return STRATA_ERROR_MEMORY;
	status = strata_file_read(full.data, LARGEST_FILE, content, &failure);
	if (status == 0)
		return 1;
	if (failure.system_error == ENOENT || failure.system_error == ENOTDIR || !error) {
		bool missing = failure.system_error == ENOENT || failure.system_error == ENOTDIR;

		strata_error_clear(&failure);
		return missing ? 0 : status;
	}
	strata_error_clear(error);
	*error = failure;
	return status;
}
