/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/placement.h"

#include <string.h>

#include "customisation/entries.h"
#include "util/error.h"
#include "util/path.h"

static int append(struct strata_entry_list *list, const struct strata_entry *entry,
	struct strata_error *error)
{
	if (strata_grow(&list->entries, &list->capacity, list->count + 1, sizeof(*list->entries)) <
		0)
		return strata_fail_memory(error);
	list->entries[list->count++] = *entry;
	return 0;
}

static enum strata_below below_of(const struct strata_lower_entry *entry)
{
	if (entry->source == STRATA_LOWER_BASE)
		return STRATA_BELOW_BASE;
	return entry->content == STRATA_CONTENT_FILES ? STRATA_BELOW_FILES : STRATA_BELOW_STORE;
}

/* What ENTRY says of a directory, as the addition PLACED. */
static void describe_below(const struct strata_lower_entry *entry, struct strata_entry *placed)
{
	const struct strata_listed *listed = &entry->listed;

	placed->below = below_of(entry);
	placed->mode = listed->mode;
	placed->uid = listed->uid;
	placed->gid = listed->gid;
	placed->mtime = placed->below == STRATA_BELOW_BASE ? listed->mtime : 0;
	placed->xattrs = listed->xattrs;
	placed->xattr_count = listed->xattr_count;
}

int strata_placing_keep(struct strata_placing *placing, const char *path,
	const struct strata_lower_entry *entry, struct strata_error *error)
{
	struct strata_entry kept = {.kind = STRATA_ENTRY_DIRECTORY};

	/* A copy that was placed before brings its directories itself. */
	if (!*path || entry->source == STRATA_LOWER_COPY ||
		strata_map_get(&placing->kept, path) != STRATA_MAP_NONE)
		return 0;
	kept.path = strata_arena_string(placing->arena, path);
	if (!kept.path)
		return strata_fail_memory(error);
	describe_below(entry, &kept);
	if (strata_map_put(&placing->kept, kept.path, (uint32_t)placing->below.count) < 0)
		return strata_fail_memory(error);
	return append(&placing->below, &kept, error);
}

/* Remember that the additions went through the link PATH to TO. */
static int remember_link(struct strata_placing *placing, const char *path, const char *to,
	struct strata_error *error)
{
	struct strata_followed_link *link;

	for (size_t i = 0; i < placing->followed_count; i++) {
		if (strcmp(placing->followed[i].path, path) == 0)
			return 0;
	}
	if (strata_grow(&placing->followed, &placing->followed_capacity,
		    placing->followed_count + 1, sizeof(*placing->followed)) < 0)
		return strata_fail_memory(error);
	link = &placing->followed[placing->followed_count++];
	link->path = strata_arena_string(placing->arena, path);
	link->to = strata_arena_string(placing->arena, to);
	return link->path && link->to ? 0 : strata_fail_memory(error);
}

/* A store's items are never added to: what is built of them elsewhere would differ. */
static int check_item(const struct strata_placing *placing, const char *link, const char *place,
	const struct strata_lower_entry *entry, struct strata_error *error)
{
	if (entry->source != STRATA_LOWER_ITEM || entry->is_made ||
		entry->content != STRATA_CONTENT_STORE)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the link '%s' leads to '%s', in the item '%s', to which nothing is added",
			link, place, strata_graph_item(placing->lower.graph, entry->item)->id),
		"choose another path, or let --link make a directory of links there");
}

/* Keep all directories of PATH, which has no links, as they are. */
static int keep_all(struct strata_placing *placing, const char *path, struct strata_error *error)
{
	strata_autofree char *upper = strdup(path);
	char *slash = upper;
	int status = 0;

	if (!upper)
		return strata_fail_memory(error);
	while (status == 0 && slash && *slash) {
		struct strata_lower_entry entry;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		status = strata_lower_find(&placing->lower, upper, &entry, error);
		if (status == 0 && entry.listed.kind == STRATA_LISTED_DIRECTORY)
			status = strata_placing_keep(placing, upper, &entry, error);
		if (slash)
			*slash = '/';
	}
	return status;
}

int strata_placing_enter(struct strata_placing *placing, const char *what,
	struct strata_buffer *place, struct strata_lower_entry *entry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer link = STRATA_BUFFER_INIT;
	int status = 0;

	if (entry->listed.kind == STRATA_LISTED_SYMLINK) {
		strata_buffer_string(&link, place->data);
		status = strata_lower_follow(&placing->lower, link.data, place, entry, error);
		if (status == 0)
			status = check_item(placing, link.data, place->data, entry, error);
		if (status == 0)
			status = remember_link(placing, link.data, place->data, error);
		if (status == 0)
			status = keep_all(placing, place->data, error);
	}
	if (status < 0 || entry->listed.kind == STRATA_LISTED_NOTHING)
		return status;
	if (entry->listed.kind == STRATA_LISTED_DIRECTORY)
		return strata_placing_keep(placing, place->data, entry, error);
	if (link.length > 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' needs a directory at '%s', which leads to '%s', a file of the image",
			what, link.data, place->data);
	return strata_fail(error, STRATA_ERROR_INVALID,
		"'%s' needs a directory at '%s', where the image has a file", what, place->data);
}

int strata_placing_resolve(struct strata_placing *placing, const char *path,
	struct strata_buffer *place, struct strata_error *error)
{
	const char *at = path;

	strata_buffer_truncate(place, 0);
	for (;;) {
		size_t length = strcspn(++at, "/");
		struct strata_lower_entry entry;
		int status;

		strata_buffer_format(place, "/%.*s", (int)length, at);
		status = strata_buffer_check(place, error);
		if (status < 0 || !at[length])
			return status;
		status = strata_lower_find(&placing->lower, place->data, &entry, error);
		if (status == 0)
			status = strata_placing_enter(placing, path, place, &entry, error);
		if (status < 0)
			return status;
		at += length;
	}
}

static int remember_hidden(struct strata_placing *placing, const char *path, const char *by,
	struct strata_error *error)
{
	struct strata_hidden_file *hidden;

	if (strata_grow(&placing->hidden, &placing->hidden_capacity, placing->hidden_count + 1,
		    sizeof(*placing->hidden)) < 0)
		return strata_fail_memory(error);
	hidden = &placing->hidden[placing->hidden_count++];
	hidden->path = strata_arena_string(placing->arena, path);
	hidden->by = strata_arena_string(placing->arena, by);
	return hidden->path && hidden->by ? 0 : strata_fail_memory(error);
}

int strata_placing_replace(struct strata_placing *placing, const char *what, const char *path,
	const struct strata_lower_entry *entry, const char *target, struct strata_error *error)
{
	const struct strata_listed *listed = &entry->listed;

	if (listed->kind == STRATA_LISTED_NOTHING || entry->source == STRATA_LOWER_COPY)
		return 0;
	if (listed->kind == STRATA_LISTED_DIRECTORY && !placing->force)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"'%s' would replace the directory '%s' of the image, and hide all "
				"that is in it",
				what, path),
			"choose another path, or hide it with --force-overlap");
	if (entry->source != STRATA_LOWER_BASE ||
		(target && listed->kind == STRATA_LISTED_SYMLINK &&
			strcmp(target, listed->target) == 0))
		return 0;
	return remember_hidden(placing, path, "customisation", error);
}

static int place_link(struct strata_placing *placing, struct strata_entry *placed,
	const struct strata_lower_entry *entry, struct strata_error *error)
{
	return strata_placing_replace(
		placing, placed->path, placed->path, entry, placed->target, error);
}

/* A directory that is there keeps its time and attributes, and where nobody chose others its mode
 * and owner. */
static int place_directory(struct strata_placing *placing, struct strata_entry *placed,
	struct strata_buffer *place, struct strata_lower_entry *entry, struct strata_error *error)
{
	struct strata_entry given = *placed;
	int status = strata_placing_enter(placing, given.path, place, entry, error);

	if (status < 0)
		return status;
	placed->path = strata_arena_string(placing->arena, place->data);
	if (!placed->path)
		return strata_fail_memory(error);
	if (entry->listed.kind != STRATA_LISTED_DIRECTORY || entry->source == STRATA_LOWER_COPY)
		return 0;
	describe_below(entry, placed);
	placed->is_brought = !given.keeps_existing;
	if (!given.keeps_existing) {
		placed->mode = given.mode;
		placed->uid = given.uid;
		placed->gid = given.gid;
	}
	return 0;
}

static int place_entry(struct strata_placing *placing, const struct strata_entry *given,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer place = STRATA_BUFFER_INIT;
	struct strata_entry placed = *given;
	struct strata_lower_entry entry;
	int status = strata_check_path(given->path, STRATA_ERROR_INVALID, error);

	if (status == 0)
		status = strata_placing_resolve(placing, given->path, &place, error);
	if (status == 0)
		status = strata_lower_find(&placing->lower, place.data, &entry, error);
	if (status < 0)
		return status;
	placed.path = strata_arena_string(placing->arena, place.data);
	if (!placed.path)
		return strata_fail_memory(error);
	status = given->kind == STRATA_ENTRY_SYMLINK
			 ? place_link(placing, &placed, &entry, error)
			 : place_directory(placing, &placed, &place, &entry, error);
	return status < 0 ? status : append(&placing->given, &placed, error);
}

/* Everything given, and the directories above that are not given as something else. */
static int unite(struct strata_placing *placing, struct strata_customisation *placed,
	struct strata_error *error)
{
	strata_automap struct strata_map given = STRATA_MAP_INIT;
	struct strata_entry *all = strata_arena_array(
		placing->arena, placing->given.count + placing->below.count, sizeof(*all));
	size_t count = 0;

	if (!all)
		return strata_fail_memory(error);
	for (size_t i = 0; i < placing->given.count; i++) {
		all[count] = placing->given.entries[i];
		if (strata_map_put(&given, all[count].path, (uint32_t)count) < 0)
			return strata_fail_memory(error);
		count++;
	}
	for (size_t i = 0; i < placing->below.count; i++) {
		if (strata_map_get(&given, placing->below.entries[i].path) == STRATA_MAP_NONE)
			all[count++] = placing->below.entries[i];
	}
	placed->entries = all;
	placed->entry_count = count;
	return 0;
}

static void *take_array(struct strata_arena *arena, const void *array, size_t count, size_t size)
{
	void *copy = strata_arena_array(arena, count, size);

	if (copy && count > 0)
		memcpy(copy, array, count * size);
	return copy;
}

static int place_all(struct strata_placing *placing, const struct strata_customisation *from,
	struct strata_customisation *placed, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < from->copy_count; i++) {
		status = strata_placing_add_copy(placing, &from->copies[i], error);
		if (status < 0)
			return strata_context(error, status, "copy of '%s'", from->copies[i].from);
	}
	for (size_t i = 0; status == 0 && i < from->entry_count; i++)
		status = place_entry(placing, &from->entries[i], error);
	*placed = *from;
	if (status == 0)
		status = unite(placing, placed, error);
	placed->copies = take_array(
		placing->arena, placing->copies, placing->copy_count, sizeof(*placing->copies));
	placed->copy_count = placing->copy_count;
	placed->followed = take_array(placing->arena, placing->followed, placing->followed_count,
		sizeof(*placing->followed));
	placed->followed_count = placing->followed_count;
	if (status == 0 && (!placed->copies || !placed->followed))
		status = strata_fail_memory(error);
	return status;
}

int strata_customisation_place(const struct strata_customisation *from,
	const struct strata_surroundings *surroundings, struct strata_arena *arena,
	struct strata_customisation *placed, struct strata_hidden *hidden,
	struct strata_error *error)
{
	struct strata_placing placing = {
		.lower = STRATA_LOWER_INIT, .arena = arena, .force = surroundings->force_overlap};
	int status = strata_lower_open(
		&placing.lower, surroundings->base, surroundings->graph, surroundings->root, error);

	if (status == 0)
		status = place_all(&placing, from, placed, error);
	hidden->files =
		take_array(arena, placing.hidden, placing.hidden_count, sizeof(*placing.hidden));
	hidden->count = placing.hidden_count;
	if (status == 0 && !hidden->files)
		status = strata_fail_memory(error);
	/* Xattrs of directories live in what is released here. */
	if (status == 0)
		status = strata_entries_sort(placed->entries, placed->entry_count, arena,
			&placed->entries, &placed->entry_count, error);
	strata_lower_release(&placing.lower);
	strata_map_release(&placing.kept);
	free(placing.copies);
	free(placing.given.entries);
	free(placing.below.entries);
	free(placing.followed);
	free(placing.hidden);
	return status;
}
