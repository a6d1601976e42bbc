/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that a base image holds already: stratapack wrote into the history of its images which
 * items lie in which layer.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graph/item_name.h"
#include "image/base/base_image.h"
#include "image/inspect/contents.h"
#include "plan/plan.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

/* What a base holds, by id. */
struct held {
	struct strata_contents contents;
	struct strata_map by_id; /* -> place in the list */
	const char **versions;   /* "" where unknown */
	size_t count;
};

static void held_release(struct held *held)
{
	strata_contents_release(&held->contents);
	strata_map_release(&held->by_id);
	free(held->versions);
}

static int add_layer(
	struct held *held, const struct strata_plan_layer *items, struct strata_error *error)
{
	const char **versions = reallocarray(
		held->versions, held->count + items->item_count + 1, sizeof(*versions));

	if (!versions)
		return strata_fail_memory(error);
	held->versions = versions;
	for (size_t i = 0; i < items->item_count; i++) {
		versions[held->count] = items->versions ? items->versions[i] : "";
		if (strata_map_put(&held->by_id, items->items[i], (uint32_t)held->count++) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

/* Layers of other programs may remove or change files of layers below them; stratapack's never do.
 */
static int find_held(const struct strata_base *base, struct held *held, struct strata_error *error)
{
	size_t layer;
	int status = strata_contents_of(base->image, &held->contents, error);

	if (status < 0)
		return status;
	layer = held->contents.count;
	while (layer > 0 && held->contents.layers[layer - 1].known)
		layer--;
	/* Of an item that is there twice, the upper one counts. */
	for (; status == 0 && layer < held->contents.count; layer++)
		status = add_layer(held, &held->contents.layers[layer].items, error);
	return status;
}

/* Whether the base is known to have the item ID in this VERSION. */
static bool is_held(const struct held *held, const char *id, const char *version)
{
	uint32_t place = strata_map_get(&held->by_id, id);

	if (place == STRATA_MAP_NONE)
		return false;
	return strata_item_has_hash(id) ||
	       (*version && strcmp(held->versions[place], version) == 0);
}

static int add_held(struct strata_plan *plan, const struct strata_graph *graph,
	const struct held *held, enum strata_base_items kind, struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	const char **ids = strata_arena_array(plan->arena, count, sizeof(*ids));
	const char **versions = strata_arena_array(plan->arena, count, sizeof(*versions));
	bool has_versions = false;
	size_t found = 0;

	plan->layers = strata_arena_array(plan->arena, 1, sizeof(*plan->layers));
	if (!ids || !versions || !plan->layers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, i);
		bool hashed = strata_item_has_hash(item->id);

		if ((kind == STRATA_BASE_ITEMS_STORE && !hashed) ||
			!is_held(held, item->id, item->version))
			continue;
		ids[found] = strata_arena_string(plan->arena, item->id);
		versions[found] = strata_arena_string(plan->arena, hashed ? "" : item->version);
		if (!ids[found] || !versions[found])
			return strata_fail_memory(error);
		has_versions = has_versions || !hashed;
		found++;
	}
	plan->layers[0] = (struct strata_plan_layer){
		.items = ids, .item_count = found, .versions = has_versions ? versions : NULL};
	plan->layer_count = found > 0;
	return 0;
}

int strata_base_held(const struct strata_base *base, const struct strata_graph *graph,
	enum strata_base_items kind, struct strata_plan **plan, struct strata_error *error)
{
	strata_autoplan struct strata_plan *made = strata_plan_new(error);
	struct held held = {STRATA_CONTENTS_INIT, STRATA_MAP_INIT, NULL, 0};
	int status = made ? 0 : STRATA_ERROR_MEMORY;

	if (status == 0)
		made->strategy = "";
	if (status == 0 && base && kind != STRATA_BASE_ITEMS_NONE) {
		status = find_held(base, &held, error);
		if (status == 0)
			status = add_held(made, graph, &held, kind, error);
	}
	held_release(&held);
	if (status == 0)
		*plan = strata_take(made);
	return status;
}

static int check_layer_count(
	const struct strata_base *base, const struct strata_plan *plan, struct strata_error *error)
{
	size_t layers = strata_base_layer_count(base);

	if (layers == plan->base_layers)
		return 0;
	if (!base)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the plan is for an image on a base of %u layers",
				plan->base_layers),
			"give that with --base");
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the base image '%s' has %zu layers, but the plan is for one of %u",
			base->source, layers, plan->base_layers),
		"make the plan again with this --base");
}

int strata_base_check_plan(
	const struct strata_base *base, const struct strata_plan *plan, struct strata_error *error)
{
	const struct strata_plan_layer *items = &plan->base_items;
	struct held held = {STRATA_CONTENTS_INIT, STRATA_MAP_INIT, NULL, 0};
	int status = check_layer_count(base, plan, error);

	if (status == 0 && base && items->item_count > 0)
		status = find_held(base, &held, error);
	for (size_t i = 0; status == 0 && base && i < items->item_count; i++) {
		if (is_held(&held, items->items[i], items->versions ? items->versions[i] : ""))
			continue;
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the plan leaves item '%s' to the base image, but '%s' does not "
				"hold it",
				items->items[i], base->source),
			"make the plan again with this --base");
	}
	held_release(&held);
	return status;
}
