/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files of a base image the items above it would hide. A file hides what has the same path in
 * the layers below. A link or a file also hides everything in a directory of the same path: if only
 * one of base and items has a merged /usr, that is every program.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "customisation/lower.h"
#include "image/base/base_image.h"
#include "image/inspect/contents.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

struct comparing {
	const struct strata_base *base;
	const struct strata_listing *listing;
	struct strata_lower items;
	struct strata_contents contents; /* which items the base's own layers hold */
	struct strata_map left;          /* items that are left to the base */
	bool force;
	struct strata_plan *plan; /* takes what is hidden */
	struct strata_hidden_file *hidden;
	size_t count, capacity;
};

static const char *word_for(enum strata_listed_kind kind)
{
	return kind == STRATA_LISTED_DIRECTORY ? "a directory"
	       : kind == STRATA_LISTED_SYMLINK ? "a symbolic link"
					       : "a file";
}

/* Whether the layer of the base that brings LISTED holds the item, too. */
static bool layer_has_item(
	const struct comparing *comparing, const struct strata_listed *listed, const char *id)
{
	const struct strata_plan_layer *items;

	if (listed->layer >= comparing->contents.count)
		return false;
	items = &comparing->contents.layers[listed->layer].items;
	for (size_t i = 0; i < items->item_count; i++) {
		if (strcmp(items->items[i], id) == 0)
			return true;
	}
	return false;
}

/* Whether the item brings its own file again, perhaps in another version. What no list names was
 * made by a package's scripts, and may be by this one's. */
static bool is_same_package(const struct comparing *comparing, const struct strata_listed *listed,
	const struct strata_item *item)
{
	if (layer_has_item(comparing, listed, item->id))
		return true;
	if (listed->package)
		return strcmp(listed->package, item->name) == 0;
	return strata_map_get(&comparing->listing->packages, item->name) != STRATA_MAP_NONE;
}

static bool is_equal(const struct strata_listed *left, const struct strata_listed *right)
{
	if (left->kind != right->kind)
		return false;
	if (left->kind == STRATA_LISTED_SYMLINK)
		return strcmp(left->target, right->target) == 0;
	return left->kind == STRATA_LISTED_DIRECTORY ||
	       (left->size == right->size && left->mtime == right->mtime);
}

static int hide(struct comparing *comparing, const struct strata_listed *listed,
	const struct strata_item *item, struct strata_error *error)
{
	struct strata_arena *arena = comparing->plan->arena;
	struct strata_hidden_file *hidden;

	if (strata_grow(&comparing->hidden, &comparing->capacity, comparing->count + 1,
		    sizeof(*comparing->hidden)) < 0)
		return strata_fail_memory(error);
	hidden = &comparing->hidden[comparing->count++];
	hidden->path = strata_arena_string(arena, listed->path);
	hidden->by = strata_arena_string(arena, item->id);
	return hidden->path && hidden->by ? 0 : strata_fail_memory(error);
}

static int refuse(const struct comparing *comparing, const struct strata_listed *listed,
	const struct strata_lower_entry *entry, const struct strata_item *item,
	struct strata_error *error)
{
	bool of_kinds = listed->kind == STRATA_LISTED_DIRECTORY ||
			entry->listed.kind == STRATA_LISTED_DIRECTORY;
	int status;

	if (listed->kind == STRATA_LISTED_SYMLINK)
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is a symbolic link to '%s' in the base image '%s', and %s in the item '%s', which would hide %s",
			listed->path, listed->target, comparing->base->source,
			word_for(entry->listed.kind), item->id,
			of_kinds ? "all that the link leads to" : "it");
	else
		status = strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is %s in the base image '%s', and %s%s%s in the item '%s', which would hide %s",
			listed->path, word_for(listed->kind), comparing->base->source,
			word_for(entry->listed.kind),
			entry->listed.kind == STRATA_LISTED_SYMLINK ? " to " : "",
			entry->listed.kind == STRATA_LISTED_SYMLINK ? entry->listed.target : "",
			item->id,
			listed->kind == STRATA_LISTED_DIRECTORY ? "all that is in it" : "it");
	return strata_hint(error, status,
		"take a base that has the same layout, or hide it with --force-overlap");
}

/* A directory in which nothing is left hides nothing. */
static bool is_empty_directory(
	const struct comparing *comparing, const struct strata_listed *listed)
{
	return listed->kind == STRATA_LISTED_DIRECTORY &&
	       !strata_listing_has_below(comparing->listing, listed->path);
}

static int compare(
	struct comparing *comparing, const struct strata_listed *listed, struct strata_error *error)
{
	struct strata_lower_entry entry;
	const struct strata_item *item;
	bool of_kinds;
	int status = strata_lower_find_item(&comparing->items, listed->path, &entry, error);

	if (status < 0 || entry.listed.kind == STRATA_LISTED_NOTHING ||
		is_equal(listed, &entry.listed))
		return status;
	item = strata_graph_item(comparing->items.graph, entry.item);
	if (strata_map_get(&comparing->left, item->id) != STRATA_MAP_NONE ||
		is_empty_directory(comparing, listed))
		return 0;
	of_kinds = listed->kind == STRATA_LISTED_DIRECTORY ||
		   entry.listed.kind == STRATA_LISTED_DIRECTORY;
	if (!of_kinds && is_same_package(comparing, listed, item))
		return 0;
	/* What scripts make is for the packages above; --table and --json name it. */
	if (!comparing->force && (of_kinds || !entry.given))
		return refuse(comparing, listed, &entry, item, error);
	return hide(comparing, listed, item, error);
}

/* Those that the customisation hides come first. */
static int keep_hidden(struct comparing *comparing, struct strata_error *error)
{
	struct strata_hidden *kept = &comparing->plan->hidden;
	size_t count = kept->count + comparing->count;
	struct strata_hidden_file *all =
		strata_arena_array(comparing->plan->arena, count, sizeof(*all));

	if (!all)
		return strata_fail_memory(error);
	if (kept->count > 0)
		memcpy(all, kept->files, kept->count * sizeof(*all));
	if (comparing->count > 0)
		memcpy(all + kept->count, comparing->hidden, comparing->count * sizeof(*all));
	kept->files = all;
	kept->count = count;
	return 0;
}

static int compare_all(struct comparing *comparing, struct strata_error *error)
{
	const struct strata_plan_layer *left = &comparing->plan->base_items;
	int status = strata_contents_of(comparing->base->image, &comparing->contents, error);

	for (size_t i = 0; status == 0 && i < left->item_count; i++) {
		if (strata_map_put(&comparing->left, left->items[i], 0) < 0)
			return strata_fail_memory(error);
	}
	for (size_t i = 0; status == 0 && i < comparing->listing->count; i++) {
		if (comparing->listing->entries[i].kind != STRATA_LISTED_NOTHING)
			status = compare(comparing, &comparing->listing->entries[i], error);
	}
	return status < 0 ? status : keep_hidden(comparing, error);
}

int strata_base_check_overlap(const struct strata_base *base, const struct strata_listing *files,
	const struct strata_graph *graph, const char *root, bool force, struct strata_plan *plan,
	struct strata_error *error)
{
	struct comparing comparing = {.base = base,
		.listing = files,
		.items = STRATA_LOWER_INIT,
		.contents = STRATA_CONTENTS_INIT,
		.force = force,
		.plan = plan};
	int status;

	if (!files)
		return 0;
	status = strata_lower_open(&comparing.items, NULL, graph, root, error);
	if (status == 0)
		status = compare_all(&comparing, error);
	strata_lower_release(&comparing.items);
	strata_contents_release(&comparing.contents);
	strata_map_release(&comparing.left);
	free(comparing.hidden);
	return status;
}
