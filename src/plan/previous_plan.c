/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/previous_plan.h"

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>
#include <string.h>

#include "graph/item_name.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

/* An item of the previous plan. */
struct old_item {
	const char *id, *version;
	uint32_t layer;
	uint32_t next; /* the next one of the same name, or STRATA_MAP_NONE */
	bool found;    /* in the graph, by its id */
	bool replaced;
};

struct matching {
	const struct strata_graph *graph;
	const struct strata_plan *plan;
	struct old_item *items;
	uint32_t count;
	struct strata_arena arena;
	struct strata_map by_id, by_name;
	struct strata_buffer name, version;
};

static void matching_release(struct matching *matching)
{
	free(matching->items);
	strata_arena_free(&matching->arena);
	strata_map_release(&matching->by_id);
	strata_map_release(&matching->by_name);
	strata_buffer_release(&matching->name);
	strata_buffer_release(&matching->version);
}

/* The part of ID that stays the same from one release to the next: the name of a store item, or the
 * whole of any other id. The result is valid until the next call. */
static const char *lasting_name(struct matching *matching, const char *id)
{
	if (*id != '/')
		return id;
	strata_item_split_name(id, &matching->name, &matching->version);
	return matching->name.failed ? NULL : matching->name.data;
}

static int add_old(struct matching *matching, const char *id, const char *version, uint32_t layer,
	struct strata_error *error)
{
	uint32_t index = matching->count++;
	const char *lasting = lasting_name(matching, id);
	const char *name = lasting ? strata_arena_string(&matching->arena, lasting) : NULL;

	if (!name)
		return strata_fail_memory(error);
	matching->items[index] = (struct old_item){
		id, version, layer, strata_map_get(&matching->by_name, name), false, false};
	if (strata_map_put(&matching->by_id, id, index) < 0 ||
		strata_map_put(&matching->by_name, name, index) < 0)
		return strata_fail_memory(error);
	return 0;
}

/* The last layer comes first, so that the lowest of several items with the same name is replaced
 * first. */
static int add_all(struct matching *matching, struct strata_error *error)
{
	const struct strata_plan *plan = matching->plan;
	size_t count = 0;

	for (size_t layer = 0; layer < plan->layer_count; layer++)
		count += plan->layers[layer].item_count;
	matching->items = strata_allocate(count, sizeof(*matching->items));
	if (!matching->items)
		return strata_fail_memory(error);
	for (size_t layer = plan->layer_count; layer-- > 0;) {
		const struct strata_plan_layer *old = &plan->layers[layer];

		for (size_t i = old->item_count; i-- > 0;) {
			int status = add_old(matching, old->items[i],
				old->versions ? old->versions[i] : NULL, (uint32_t)layer, error);

			if (status < 0)
				return status;
		}
	}
	return 0;
}

/* Whether ITEM, whose id is that of OLD, may have other content. */
static bool has_changed(const struct strata_item *item, const struct old_item *old)
{
	return *item->id != '/' && old->version && *old->version &&
	       strcmp(old->version, item->version) != 0;
}

static void find_same(struct matching *matching, struct strata_previous *previous)
{
	for (uint32_t i = 0; i < strata_graph_count(matching->graph); i++) {
		const struct strata_item *item = strata_graph_item(matching->graph, i);
		uint32_t index = strata_map_get(&matching->by_id, item->id);

		previous->layer_of[i] = STRATA_NO_LAYER;
		if (index == STRATA_MAP_NONE)
			continue;
		matching->items[index].found = true;
		previous->layer_of[i] = matching->items[index].layer;
		if (has_changed(item, &matching->items[index]))
			previous->touched[matching->items[index].layer] = true;
	}
}

static int find_replaced(
	struct matching *matching, struct strata_previous *previous, struct strata_error *error)
{
	for (uint32_t i = 0; i < strata_graph_count(matching->graph); i++) {
		const char *name;
		uint32_t index;

		if (previous->layer_of[i] != STRATA_NO_LAYER)
			continue;
		name = lasting_name(matching, strata_graph_item(matching->graph, i)->id);
		if (!name)
			return strata_fail_memory(error);
		index = strata_map_get(&matching->by_name, name);
		while (index != STRATA_MAP_NONE &&
			(matching->items[index].found || matching->items[index].replaced))
			index = matching->items[index].next;
		if (index == STRATA_MAP_NONE)
			continue;
		matching->items[index].replaced = true;
		previous->layer_of[i] = matching->items[index].layer;
	}
	for (uint32_t index = 0; index < matching->count; index++) {
		if (!matching->items[index].found)
			previous->touched[matching->items[index].layer] = true;
	}
	return 0;
}

int strata_previous_find(const struct strata_graph *graph, const struct strata_plan *plan,
	struct strata_previous *previous, struct strata_error *error)
{
	struct matching matching = {.graph = graph,
		.plan = plan,
		.name = STRATA_BUFFER_INIT,
		.version = STRATA_BUFFER_INIT};
	int status;

	*previous = (struct strata_previous){.layer_count = (uint32_t)plan->layer_count};
	previous->layer_of =
		strata_allocate(strata_graph_count(graph), sizeof(*previous->layer_of));
	previous->touched = strata_allocate(plan->layer_count, sizeof(*previous->touched));
	status = previous->layer_of && previous->touched ? add_all(&matching, error)
							 : strata_fail_memory(error);
	if (status == 0) {
		find_same(&matching, previous);
		status = find_replaced(&matching, previous, error);
	}
	matching_release(&matching);
	return status;
}

void strata_previous_release(struct strata_previous *previous)
{
	free(previous->layer_of);
	free(previous->touched);
	*previous = (struct strata_previous)STRATA_PREVIOUS_INIT;
}
