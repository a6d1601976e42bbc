/* SPDX-License-Identifier: Apache-2.0 */
#include "customisation/listing.h"

#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/text.h"

struct strata_listing *strata_listing_new(struct strata_error *error)
{
	struct strata_listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		strata_fail_memory(error);
	return listing;
}

void strata_listing_free(struct strata_listing *listing)
{
	if (!listing)
		return;
	strata_map_release(&listing->by_path);
	strata_map_release(&listing->packages);
	strata_arena_free(&listing->arena);
	free(listing->entries);
	free(listing);
}

void strata_cleanup_listing(struct strata_listing **listing)
{
	strata_listing_free(*listing);
}

const struct strata_listed *strata_listing_find(
	const struct strata_listing *listing, const char *path)
{
	uint32_t index = strata_map_get(&listing->by_path, path);

	if (index == STRATA_MAP_NONE || listing->entries[index].kind == STRATA_LISTED_NOTHING)
		return NULL;
	return &listing->entries[index];
}

static bool lies_below(const char *path, const char *directory, size_t length)
{
	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

bool strata_listing_has_below(const struct strata_listing *listing, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < listing->count; i++) {
		if (listing->entries[i].kind != STRATA_LISTED_NOTHING &&
			lies_below(listing->entries[i].path, path, length))
			return true;
	}
	return false;
}

void strata_listing_remove(
	struct strata_listing *listing, const char *path, bool only_below, uint32_t layer)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (size_t i = 0; i < listing->count; i++) {
		struct strata_listed *entry = &listing->entries[i];

		if (entry->layer < layer &&
			(lies_below(entry->path, path, length) ||
				(!only_below && strcmp(entry->path, path) == 0)))
			entry->kind = STRATA_LISTED_NOTHING;
	}
}

/* The entry for PATH, new or not; NULL where memory is out. */
static struct strata_listed *take_place(struct strata_listing *listing, const char *path)
{
	uint32_t known = strata_map_get(&listing->by_path, path);
	char *copy;

	if (known != STRATA_MAP_NONE)
		return &listing->entries[known];
	copy = strata_arena_string(&listing->arena, path);
	if (!copy || listing->count >= STRATA_MAP_NONE ||
		strata_grow(&listing->entries, &listing->capacity, listing->count + 1,
			sizeof(*listing->entries)) < 0 ||
		strata_map_put(&listing->by_path, copy, (uint32_t)listing->count) < 0)
		return NULL;
	listing->entries[listing->count] = (struct strata_listed){.path = copy};
	return &listing->entries[listing->count++];
}

static int add_parents(struct strata_listing *listing, const char *path, uint32_t layer,
	struct strata_error *error)
{
	strata_autofree char *parent = strdup(path);

	if (!parent)
		return strata_fail_memory(error);
	for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct strata_listed *place;

		*slash = '\0';
		place = take_place(listing, parent);
		if (!place)
			return strata_fail_memory(error);
		if (place->kind == STRATA_LISTED_NOTHING) {
			const char *own = place->path;

			*place = (struct strata_listed){.kind = STRATA_LISTED_DIRECTORY,
				.path = own,
				.layer = layer,
				.mode = 0755};
		}
		*slash = '/';
	}
	return 0;
}

static int copy_xattrs(struct strata_arena *arena, const struct strata_listed *entry,
	struct strata_listed *place, struct strata_error *error)
{
	struct strata_xattr *xattrs =
		strata_arena_array(arena, entry->xattr_count + 1, sizeof(*xattrs));

	if (!xattrs)
		return strata_fail_memory(error);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		xattrs[i].name = strata_arena_string(arena, entry->xattrs[i].name);
		xattrs[i].value =
			strata_arena_bytes(arena, entry->xattrs[i].value, entry->xattrs[i].size);
		xattrs[i].size = entry->xattrs[i].size;
		if (!xattrs[i].name || !xattrs[i].value)
			return strata_fail_memory(error);
	}
	place->xattrs = xattrs;
	return 0;
}

int strata_listing_add(struct strata_listing *listing, const struct strata_listed *entry,
	struct strata_error *error)
{
	int status = add_parents(listing, entry->path, entry->layer, error);
	struct strata_listed *place = status == 0 ? take_place(listing, entry->path) : NULL;
	const char *path;

	if (status < 0)
		return status;
	if (!place)
		return strata_fail_memory(error);
	if (place->kind == STRATA_LISTED_DIRECTORY && entry->kind != STRATA_LISTED_DIRECTORY)
		strata_listing_remove(listing, entry->path, true, entry->layer);
	path = place->path;
	*place = *entry;
	place->path = path;
	place->xattrs = NULL;
	if (entry->target) {
		place->target = strata_arena_string(&listing->arena, entry->target);
		if (!place->target)
			return strata_fail_memory(error);
	}
	if (entry->content) {
		place->content = strata_arena_string(&listing->arena, entry->content);
		if (!place->content)
			return strata_fail_memory(error);
	}
	return entry->xattr_count > 0 ? copy_xattrs(&listing->arena, entry, place, error) : 0;
}
