/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet in memory: images, in the order of their names, over one graph.
 */
#include <stdlib.h>
#include <string.h>

#include "fleet/fleet.h"

#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include "util/arena.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/memory.h"

struct strata_fleet *strata_fleet_allocate(struct strata_error *error)
{
	struct strata_fleet *fleet = calloc(1, sizeof(*fleet));

	if (fleet)
		fleet->arena = calloc(1, sizeof(*fleet->arena));
	if (fleet && fleet->arena)
		return fleet;
	free(fleet);
	strata_fail_memory(error);
	return NULL;
}

void strata_fleet_free(struct strata_fleet *fleet)
{
	if (!fleet)
		return;
	strata_arena_free(fleet->arena);
	free(fleet->arena);
	free(fleet->images);
	free(fleet);
}

void strata_cleanup_fleet(struct strata_fleet **fleet)
{
	strata_fleet_free(*fleet);
}

int strata_fleet_new(
	const struct strata_graph *graph, struct strata_fleet **fleet, struct strata_error *error)
{
	struct strata_fleet *made = strata_fleet_allocate(error);

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->graph = graph;
	*fleet = made;
	return 0;
}

int strata_fleet_add(struct strata_fleet *fleet, const struct strata_fleet_image *image,
	struct strata_error *error)
{
	struct strata_fleet_image added = *image;
	uint32_t *items;

	if (fleet->image_count == STRATA_LARGEST_FLEET)
		return strata_fail(error, STRATA_ERROR_INVALID, "a fleet has at most %d images",
			STRATA_LARGEST_FLEET);
	if (strata_grow(&fleet->images, &fleet->image_capacity, fleet->image_count + 1,
		    sizeof(*fleet->images)) < 0)
		return strata_fail_memory(error);
	items = strata_arena_array(fleet->arena, image->item_count, sizeof(*items));
	added.name = strata_arena_string(fleet->arena, image->name);
	if (!items || !added.name)
		return strata_fail_memory(error);
	if (image->item_count > 0)
		memcpy(items, image->items, image->item_count * sizeof(*items));
	added.item_count = 0;
	qsort(items, image->item_count, sizeof(*items), strata_compare_indices);
	for (uint32_t i = 0; i < image->item_count; i++) {
		if (i == 0 || items[i] != items[i - 1])
			items[added.item_count++] = items[i];
	}
	added.items = items;
	fleet->images[fleet->image_count++] = added;
	return 0;
}

static int compare_images(const void *left, const void *right)
{
	const struct strata_fleet_image *a = left, *b = right;

	return strcmp(a->name, b->name);
}

int strata_fleet_sort(struct strata_fleet *fleet, struct strata_error *error)
{
	if (fleet->image_count > 0)
		qsort(fleet->images, fleet->image_count, sizeof(*fleet->images), compare_images);
	for (size_t i = 1; i < fleet->image_count; i++) {
		if (strcmp(fleet->images[i].name, fleet->images[i - 1].name) == 0)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"two images of the fleet are called '%s'",
					fleet->images[i].name),
				"give each a name of its own");
	}
	return 0;
}
