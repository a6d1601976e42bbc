/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the items and the copies of an image have at a path. Their files are looked at only when
 * they are asked for: most of a closure lies nowhere near an addition.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "customisation/lower.h"
#include "tar/xattrs.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

/* Remember the directories above PATH, up to one that is known. */
static int add_parents(
	struct strata_lower *lower, const char *path, uint32_t item, struct strata_error *error)
{
	size_t length = strlen(path);

	for (;;) {
		char *parent;

		while (length > 0 && path[length - 1] != '/')
			length--;
		if (length <= 1)
			return 0;
		parent = strata_arena_bytes(&lower->arena, path, --length);
		if (!parent)
			return strata_fail_memory(error);
		if (strata_map_get(&lower->parents, parent) != STRATA_MAP_NONE)
			return 0;
		if (strata_map_put(&lower->parents, parent, item) < 0)
			return strata_fail_memory(error);
	}
}

static int add_paths(struct strata_lower *lower, struct strata_map *map, uint32_t item,
	const char *const *paths, size_t count, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++) {
		if (strata_map_add(map, paths[i], item) == STRATA_MAP_NONE)
			return strata_fail_memory(error);
		status = add_parents(lower, paths[i], item, error);
	}
	return status;
}

static int add_given(struct strata_lower *lower, uint32_t index, const struct strata_item *item,
	struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < item->entry_count; i++)
		status = add_paths(lower, &lower->given, index, &item->entries[i].path, 1, error);
	return status;
}

int strata_lower_open(struct strata_lower *lower, const struct strata_listing *base,
	const struct strata_graph *graph, const char *root, struct strata_error *error)
{
	int status = 0;

	lower->base = base;
	lower->graph = graph;
	lower->root = root && strcmp(root, "/") != 0 ? root : "";
	for (uint32_t i = 0; status == 0 && i < strata_graph_count(graph); i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		if (item->content == STRATA_CONTENT_ABSENT)
			continue;
		status = add_paths(lower, &lower->trees, i, item->trees, item->tree_count, error);
		if (status == 0)
			status = add_paths(
				lower, &lower->files, i, item->files, item->file_count, error);
		if (status == 0)
			status = add_given(lower, i, item, error);
	}
	return status;
}

void strata_lower_release(struct strata_lower *lower)
{
	strata_map_release(&lower->trees);
	strata_map_release(&lower->files);
	strata_map_release(&lower->given);
	strata_map_release(&lower->parents);
	strata_arena_free(&lower->arena);
	strata_buffer_release(&lower->place);
	free(lower->copies);
}

int strata_lower_add_copy(struct strata_lower *lower, const struct strata_lower_copy *copy,
	struct strata_error *error)
{
	if (strata_grow(&lower->copies, &lower->copy_capacity, lower->copy_count + 1,
		    sizeof(*lower->copies)) < 0)
		return strata_fail_memory(error);
	lower->copies[lower->copy_count++] = *copy;
	return 0;
}

static int read_target(
	struct strata_lower *lower, struct strata_listed *listed, struct strata_error *error)
{
	char bytes[PATH_MAX];
	ssize_t length = readlink(lower->place.data, bytes, sizeof(bytes));

	if (length < 0)
		return strata_fail_errno(error, "cannot read the link '%s'", lower->place.data);
	listed->target = strata_arena_bytes(&lower->arena, bytes, (size_t)length);
	return listed->target ? 0 : strata_fail_memory(error);
}

/* What is on disk at lower->place; nothing where there is nothing, or we may not look. */
static int examine(struct strata_lower *lower, struct strata_lower_entry *entry,
	const struct stat *info, struct strata_error *error)
{
	struct strata_listed *listed = &entry->listed;

	listed->kind = S_ISDIR(info->st_mode)   ? STRATA_LISTED_DIRECTORY
		       : S_ISLNK(info->st_mode) ? STRATA_LISTED_SYMLINK
						: STRATA_LISTED_OTHER;
	listed->mode = info->st_mode & 07777;
	listed->size = (uint64_t)info->st_size;
	listed->mtime = info->st_mtime;
	if (entry->content == STRATA_CONTENT_FILES) {
		listed->uid = info->st_uid;
		listed->gid = info->st_gid;
	} else {
		listed->mode &= ~022u;
	}
	if (listed->kind == STRATA_LISTED_SYMLINK)
		return read_target(lower, listed, error);
	if (listed->kind == STRATA_LISTED_DIRECTORY && entry->content == STRATA_CONTENT_FILES)
		return strata_xattrs_read(AT_FDCWD, lower->place.data, lower->place.data,
			&lower->arena, &listed->xattrs, &listed->xattr_count, NULL, error);
	return 0;
}

/* Look at BEHIND below PLACE. Returns whether something is there, or an error. */
static int look(struct strata_lower *lower, const char *place, const char *behind,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	struct stat info;
	int status;

	strata_buffer_truncate(&lower->place, 0);
	strata_buffer_format(&lower->place, "%s%s", place, behind);
	status = strata_buffer_check(&lower->place, error);
	if (status < 0)
		return status;
	if (lstat(lower->place.data, &info) < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ||
			errno == ENAMETOOLONG)
			return 0;
		return strata_fail_errno(error, "cannot read '%s'", lower->place.data);
	}
	status = examine(lower, entry, &info, error);
	return status < 0 ? status : 1;
}

/* What PATH has below DIRECTORY, which may be "/": "" where they are the same, NULL where it does
 * not lie there. */
static const char *behind(const char *path, const char *directory)
{
	size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	if (strncmp(path, directory, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path + length;
}

/* What COPY has at PATH. Returns whether something is there, or an error. */
static int look_in_copy(struct strata_lower *lower, const struct strata_lower_copy *copy,
	const char *path, struct strata_lower_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer target = STRATA_BUFFER_INIT;
	const char *rest = behind(path, copy->to);
	int found;

	*entry = (struct strata_lower_entry){
		.source = STRATA_LOWER_COPY, .content = STRATA_CONTENT_STORE};
	if (!rest)
		return 0;
	found = look(lower, copy->place, rest, entry, error);
	if (found <= 0 || !copy->links || entry->listed.kind == STRATA_LISTED_DIRECTORY)
		return found;
	strata_buffer_format(&target, "%s%s", copy->links, rest);
	entry->listed.kind = STRATA_LISTED_SYMLINK;
	entry->listed.target = strata_arena_string(&lower->arena, target.data);
	if (target.failed || !entry->listed.target)
		return strata_fail_memory(error);
	return 1;
}

/* The last copy counts; but a directory of links takes the place of a link, whichever is last. */
static int find_copy(struct strata_lower *lower, const char *path, struct strata_lower_entry *entry,
	struct strata_error *error)
{
	struct strata_lower_entry other;
	int found = 0;
	bool links = false;

	for (size_t i = lower->copy_count; i-- > 0;) {
		int status;

		if (found && !lower->copies[i].links)
			continue;
		status =
			look_in_copy(lower, &lower->copies[i], path, found ? &other : entry, error);
		if (status < 0)
			return status;
		if (status > 0 && found && other.listed.kind == STRATA_LISTED_DIRECTORY) {
			*entry = other;
			return 1;
		}
		links = found ? links : lower->copies[i].links != NULL;
		found = found || status > 0;
		if (found && (!links || entry->listed.kind == STRATA_LISTED_DIRECTORY))
			return 1;
	}
	return found;
}

/* The item with a tree that PATH is in, or STRATA_MAP_NONE. */
static uint32_t find_tree(const struct strata_lower *lower, const char *path)
{
	strata_autofree char *above = strdup(path);
	uint32_t item = STRATA_MAP_NONE;

	while (above && *above && item == STRATA_MAP_NONE) {
		item = strata_map_get(&lower->trees, above);
		*strrchr(above, '/') = '\0';
	}
	return item;
}

int strata_lower_find_copy(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	int found = find_copy(lower, path, entry, error);

	if (found == 0)
		entry->listed.kind = STRATA_LISTED_NOTHING;
	return found < 0 ? found : 0;
}

static int compare_path(const void *path, const void *entry)
{
	return strcmp(path, ((const struct strata_item_entry *)entry)->path);
}

/* What an item has at PATH as an entry, whatever is there on disk. Returns whether it has one, or
 * an error. */
static int find_given(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	static const enum strata_listed_kind kinds[] = {
		[STRATA_ITEM_FILE] = STRATA_LISTED_OTHER,
		[STRATA_ITEM_DIRECTORY] = STRATA_LISTED_DIRECTORY,
		[STRATA_ITEM_SYMLINK] = STRATA_LISTED_SYMLINK,
	};
	uint32_t index = strata_map_get(&lower->given, path);
	const struct strata_item *item;
	const struct strata_item_entry *given;

	if (index == STRATA_MAP_NONE)
		return 0;
	item = strata_graph_item(lower->graph, index);
	given = bsearch(path, item->entries, item->entry_count, sizeof(*given), compare_path);
	entry->item = index;
	entry->content = item->content;
	entry->given = given;
	if (given->kind == STRATA_ITEM_SOURCE)
		return look(lower, lower->root, given->source, entry, error);
	entry->listed = (struct strata_listed){.kind = kinds[given->kind],
		.target = given->target,
		.mode = given->kind == STRATA_ITEM_SYMLINK ? 0777 : given->mode,
		.uid = given->uid,
		.gid = given->gid,
		.size = given->length,
		.mtime = given->time};
	return 1;
}

int strata_lower_find_item(struct strata_lower *lower, const char *path,
	struct strata_lower_entry *entry, struct strata_error *error)
{
	uint32_t item, parent = STRATA_MAP_NONE;
	int found;

	*entry = (struct strata_lower_entry){.source = STRATA_LOWER_ITEM};
	found = find_given(lower, path, entry, error);
	if (found != 0)
		return found < 0 ? found : 0;
	item = strata_map_get(&lower->files, path);
	if (item == STRATA_MAP_NONE)
		item = find_tree(lower, path);
	if (item == STRATA_MAP_NONE)
		item = parent = strata_map_get(&lower->parents, path);
	if (item == STRATA_MAP_NONE)
		return 0;
	entry->item = item;
	entry->content = strata_graph_item(lower->graph, item)->content;
	entry->is_made = parent != STRATA_MAP_NONE;
	if (!entry->is_made || entry->content == STRATA_CONTENT_FILES) {
		found = look(lower, lower->root, path, entry, error);
		if (found != 0)
			return found < 0 ? found : 0;
	}
	if (entry->is_made)
		entry->listed =
			(struct strata_listed){.kind = STRATA_LISTED_DIRECTORY, .mode = 0755};
	return 0;
}

int strata_lower_add_customisation(struct strata_lower *lower,
	const struct strata_customisation *customisation, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < customisation->copy_count; i++) {
		const struct strata_copy *copy = &customisation->copies[i];
		strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
		struct strata_lower_copy laid = {
			.to = copy->to, .links = copy->links ? copy->from : NULL};

		strata_buffer_format(&place, "%s%s", copy->links ? lower->root : "", copy->from);
		laid.place = place.failed ? NULL : strata_arena_string(&lower->arena, place.data);
		if (!laid.place)
			return strata_fail_memory(error);
		status = strata_lower_add_copy(lower, &laid, error);
	}
	lower->entries = customisation->entries;
	lower->entry_count = customisation->entry_count;
	return status;
}

/* The names in a directory on this machine; one that is not there, or closed to us, has none. */
static int list_place(const char *place,
	int (*visit)(void *data, const char *name, struct strata_error *error), void *data,
	struct strata_error *error)
{
	DIR *stream = opendir(place);
	struct dirent *entry;
	int status = 0;

	while (stream && status == 0 && (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = visit(data, entry->d_name, error);
	}
	if (stream)
		closedir(stream);
	return status;
}

/* The name of PATH where it lies right in DIRECTORY; else NULL. */
static const char *name_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strncmp(path, directory, length) != 0 || path[length] != '/' ||
		strchr(path + length + 1, '/'))
		return NULL;
	return path + length + 1;
}

static int list_copies(struct strata_lower *lower, const char *path,
	int (*visit)(void *data, const char *name, struct strata_error *error), void *data,
	struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < lower->copy_count; i++) {
		const struct strata_lower_copy *copy = &lower->copies[i];
		const char *rest = behind(path, copy->to);
		const char *name = name_in(copy->to, path);

		strata_buffer_truncate(&lower->place, 0);
		strata_buffer_format(&lower->place, "%s%s", copy->place, rest ? rest : "");
		status = strata_buffer_check(&lower->place, error);
		if (status == 0 && rest)
			status = list_place(lower->place.data, visit, data, error);
		if (status == 0 && name && *name)
			status = visit(data, name, error);
	}
	for (size_t i = 0; status == 0 && i < lower->entry_count; i++) {
		const char *name = name_in(lower->entries[i].path, path);

		status = name ? visit(data, name, error) : 0;
	}
	return status;
}

/* Of a system's files those that an item has; of a tree all that is there. */
static int list_items(struct strata_lower *lower, const char *path,
	int (*visit)(void *data, const char *name, struct strata_error *error), void *data,
	struct strata_error *error)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < strata_graph_count(lower->graph); i++) {
		const struct strata_item *item = strata_graph_item(lower->graph, i);

		for (size_t k = 0; status == 0 && k < item->file_count; k++) {
			const char *name = name_in(item->files[k], path);

			status = name ? visit(data, name, error) : 0;
		}
		for (size_t k = 0; status == 0 && k < item->entry_count; k++) {
			const char *name = name_in(item->entries[k].path, path);

			status = name ? visit(data, name, error) : 0;
		}
	}
	if (status < 0 || find_tree(lower, path) == STRATA_MAP_NONE)
		return status;
	strata_buffer_truncate(&lower->place, 0);
	strata_buffer_format(&lower->place, "%s%s", lower->root, path);
	status = strata_buffer_check(&lower->place, error);
	return status < 0 ? status : list_place(lower->place.data, visit, data, error);
}

int strata_lower_list(struct strata_lower *lower, const char *path,
	int (*visit)(void *data, const char *name, struct strata_error *error), void *data,
	struct strata_error *error)
{
	int status = list_copies(lower, path, visit, data, error);

	if (status == 0)
		status = list_items(lower, path, visit, data, error);
	for (size_t i = 0; lower->base && status == 0 && i < lower->base->count; i++) {
		const struct strata_listed *listed = &lower->base->entries[i];
		const char *name = name_in(listed->path, path);

		if (name && listed->kind != STRATA_LISTED_NOTHING)
			status = visit(data, name, error);
	}
	return status;
}

int strata_lower_read(struct strata_lower *lower, const char *path, struct strata_buffer *content,
	struct strata_error *error)
{
	enum { LARGEST = 16 * 1024 * 1024 };
	strata_autobuffer struct strata_buffer resolved = STRATA_BUFFER_INIT;
	struct strata_lower_entry entry;
	int status = strata_lower_follow(lower, path, &resolved, &entry, error);

	if (status < 0 || entry.listed.kind != STRATA_LISTED_OTHER)
		return status;
	if (entry.source == STRATA_LOWER_BASE) {
		if (entry.listed.content)
			strata_buffer_string(content, entry.listed.content);
		status = strata_buffer_check(content, error);
		return status < 0 ? status : entry.listed.content != NULL;
	}
	if (entry.given && entry.given->kind == STRATA_ITEM_FILE) {
		strata_buffer_append(content, entry.given->content, entry.given->length);
		status = strata_buffer_check(content, error);
		return status < 0 ? status : 1;
	}
	/* What was found last is at lower->place. */
	status = strata_file_read(lower->place.data, LARGEST, content, error);
	return status < 0 ? status : 1;
}
