/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the fleet file says to the items of each image.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include "fleet/fleet.h"
#include "graph/graph.h"
#include "graph/item_record.h"
#include "graph/store/location.h"
#include "util/arena.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

int strata_fleet_roots(struct strata_fleet *fleet, const char *const **roots, size_t *count,
	struct strata_error *error)
{
	size_t most = 0, filled = 0, kept = 0;
	const char **all;

	for (size_t i = 0; i < fleet->image_count; i++)
		most += fleet->sources[i].root_count;
	all = strata_arena_array(fleet->arena, most, sizeof(*all));
	if (!all)
		return strata_fail_memory(error);
	for (size_t i = 0; i < fleet->image_count; i++) {
		const struct strata_fleet_source *source = &fleet->sources[i];

		for (size_t r = 0; !source->file && r < source->root_count; r++)
			all[filled++] = source->roots[r];
	}
	qsort(all, filled, sizeof(*all), strata_compare_strings);
	for (size_t i = 0; i < filled; i++) {
		if (kept == 0 || strcmp(all[i], all[kept - 1]) != 0)
			all[kept++] = all[i];
	}
	*roots = all;
	*count = kept;
	return 0;
}

/* Add a finished item to an unfinished graph. */
static int copy_item(const struct strata_graph *from, const struct strata_item *item,
	struct strata_graph *graph, struct strata_error *error)
{
	strata_autofree const char **references =
		strata_allocate(item->reference_count, sizeof(*references));
	struct strata_item_record record = strata_item_record_of(item);

	if (!references)
		return strata_fail_memory(error);
	for (uint32_t r = 0; r < item->reference_count; r++)
		references[r] = strata_graph_item(from, item->references[r])->id;
	record.references = references;
	record.reference_count = item->reference_count;
	return strata_graph_add(graph, &record, error);
}

/* Copy what FROM, the finished graph of an image, holds; remember its items. */
static int copy_graph(struct strata_fleet *fleet, struct strata_fleet_source *source,
	const struct strata_graph *from, struct strata_graph *graph, struct strata_error *error)
{
	uint32_t count = strata_graph_count(from);
	const char **ids = strata_arena_array(fleet->arena, count, sizeof(*ids));

	if (!ids)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(from, i);
		int status = copy_item(from, item, graph, error);

		if (status < 0)
			return status;
		ids[i] = strata_arena_string(fleet->arena, item->id);
		if (!ids[i])
			return strata_fail_memory(error);
	}
	source->ids = ids;
	source->id_count = count;
	return 0;
}

static int fill_from(struct strata_fleet *fleet, struct strata_fleet_source *source,
	struct strata_graph *graph, struct strata_error *error)
{
	strata_autograph struct strata_graph *own = strata_graph_new(error);
	int status;

	if (!own)
		return STRATA_ERROR_MEMORY;
	status = source->read(own, source->file, error);
	for (size_t r = 0; status == 0 && !source->exact && r < source->root_count; r++)
		status = strata_graph_add_root(own, source->roots[r], error);
	if (status == 0)
		status = strata_graph_finish(own, NULL, error);
	return status < 0 ? status : copy_graph(fleet, source, own, graph, error);
}

int strata_fleet_fill(
	struct strata_fleet *fleet, struct strata_graph *graph, struct strata_error *error)
{
	for (size_t i = 0; i < fleet->image_count; i++) {
		struct strata_fleet_source *source = &fleet->sources[i];
		int status = source->file ? fill_from(fleet, source, graph, error) : 0;

		if (status < 0)
			return strata_context(error, status, "image '%s'", fleet->images[i].name);
	}
	return 0;
}

#define AMBIGUOUS (UINT32_MAX - 1)

struct resolution {
	struct strata_fleet *fleet;
	const struct strata_graph *graph;
	const char *root;
	struct strata_map names; /* of items; AMBIGUOUS for those of several */
	uint32_t *stack;
	bool *reached;
	uint32_t *items; /* reached, COUNT of them */
	uint32_t count;
};

static void release_resolution(struct resolution *resolution)
{
	strata_map_release(&resolution->names);
	free(resolution->stack);
	free(resolution->reached);
	free(resolution->items);
}

static int begin(struct resolution *resolution, struct strata_error *error)
{
	uint32_t count = strata_graph_count(resolution->graph);

	resolution->stack = strata_allocate(count, sizeof(*resolution->stack));
	resolution->reached = strata_allocate(count, sizeof(*resolution->reached));
	resolution->items = strata_allocate(count, sizeof(*resolution->items));
	if (!resolution->stack || !resolution->reached || !resolution->items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const char *name = strata_graph_item(resolution->graph, i)->name;
		bool known = strata_map_get(&resolution->names, name) != STRATA_MAP_NONE;

		if (strata_map_put(&resolution->names, name, known ? AMBIGUOUS : i) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

static int is_item(void *context, const char *path, struct strata_error *error)
{
	return strata_graph_find(context, path) != STRATA_GRAPH_NONE;
}

/* Follow the link at PATH to an item. */
static int follow(
	struct resolution *resolution, const char *path, uint32_t *item, struct strata_error *error)
{
	strata_autofree char *target = NULL;
	struct strata_graph *context = (struct strata_graph *)resolution->graph;
	int status = strata_store_follow(resolution->root, path, is_item, context, &target, error);

	if (status < 0)
		return status;
	*item = strata_graph_find(resolution->graph, target);
	return 0;
}

static int find_item(
	struct resolution *resolution, const char *text, uint32_t *item, struct strata_error *error)
{
	int status = 0;

	*item = strata_graph_find(resolution->graph, text);
	if (*item == STRATA_GRAPH_NONE && strchr(text, '/'))
		status = follow(resolution, text, item, error);
	else if (*item == STRATA_GRAPH_NONE)
		*item = strata_map_get(&resolution->names, text);
	if (status < 0)
		return status;
	if (*item == AMBIGUOUS)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"several items of the graph are called '%s'", text),
			"give the id of one");
	if (*item == STRATA_GRAPH_NONE)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"item '%s' is not in the graph of the fleet", text);
	return 0;
}

static void reach(struct resolution *resolution, uint32_t item, bool closure)
{
	uint32_t depth = 0;

	if (resolution->reached[item])
		return;
	resolution->reached[item] = true;
	resolution->stack[depth++] = item;
	while (depth > 0) {
		uint32_t at = resolution->stack[--depth];
		const struct strata_item *reached = strata_graph_item(resolution->graph, at);

		resolution->items[resolution->count++] = at;
		for (uint32_t r = 0; closure && r < reached->reference_count; r++) {
			uint32_t below = reached->references[r];

			if (!resolution->reached[below])
				resolution->stack[depth++] = below;
			resolution->reached[below] = true;
		}
	}
}

/* Reach everything that image INDEX itself names. */
static int reach_image(struct resolution *resolution, size_t index, struct strata_error *error)
{
	const struct strata_fleet_source *source = &resolution->fleet->sources[index];
	const char *const *names = source->roots;
	size_t count = source->root_count;

	/* Of a graph of its own, all items were gathered when it was read. */
	if (source->file && !source->exact) {
		names = source->ids;
		count = source->id_count;
	}
	for (size_t n = 0; n < count; n++) {
		uint32_t item;
		int status = find_item(resolution, names[n], &item, error);

		if (status < 0)
			return status;
		reach(resolution, item, !source->exact && !source->file);
	}
	return 0;
}

static int keep_items(struct resolution *resolution, size_t index, struct strata_error *error)
{
	struct strata_fleet_image *image = &resolution->fleet->images[index];
	uint32_t *items =
		strata_arena_array(resolution->fleet->arena, resolution->count, sizeof(*items));

	if (!items)
		return strata_fail_memory(error);
	memcpy(items, resolution->items, resolution->count * sizeof(*items));
	qsort(items, resolution->count, sizeof(*items), strata_compare_indices);
	image->items = items;
	image->item_count = resolution->count;
	for (uint32_t i = 0; i < resolution->count; i++)
		resolution->reached[items[i]] = false;
	resolution->count = 0;
	return 0;
}

int strata_fleet_resolve(struct strata_fleet *fleet, const struct strata_graph *graph,
	const char *root, struct strata_error *error)
{
	STRATA_CLEANUP(release_resolution)
	struct resolution resolution = {
		.fleet = fleet, .graph = graph, .root = root, .names = STRATA_MAP_INIT};
	int status = begin(&resolution, error);

	for (size_t i = 0; status == 0 && i < fleet->image_count; i++) {
		status = reach_image(&resolution, i, error);
		if (status == 0)
			status = keep_items(&resolution, i, error);
		if (status < 0)
			return strata_context(error, status, "image '%s'", fleet->images[i].name);
	}
	if (status == 0)
		fleet->graph = graph;
	return status;
}
