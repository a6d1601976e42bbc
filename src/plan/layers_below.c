/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/layers_below.h"

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <string.h>

#include "graph/graph.h"
#include "graph/item_record.h"
#include "plan/plan.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/memory.h"

/* Which items the layers below hold. */
static int mark_held(const struct strata_plan *below, const struct strata_graph *graph, bool *held,
	struct strata_error *error)
{
	for (size_t layer = 0; layer < below->layer_count; layer++) {
		for (size_t i = 0; i < below->layers[layer].item_count; i++) {
			const char *id = below->layers[layer].items[i];
			uint32_t item = strata_graph_find(graph, id);

			if (item == STRATA_GRAPH_NONE)
				return strata_hint(error,
					strata_fail(error, STRATA_ERROR_INVALID,
						"layer %zu: item '%s' does not belong to this image",
						layer + 1, id),
					"remove it, or name it as an item of the image");
			if (held[item])
				return strata_hint(error,
					strata_fail(error, STRATA_ERROR_INVALID,
						"layer %zu: item '%s' is in two layers", layer + 1,
						id),
					"keep it in one of them");
			held[item] = true;
		}
	}
	return 0;
}

/* A search of the items that are reached through items that are held. */
struct search {
	const struct strata_graph *graph;
	const bool *held;
	uint32_t *seen_by; /* of each item, 1 + the start of the last search that reached it */
	uint32_t *stack;   /* room for all items */
	const char **found;
	size_t count;
};

/* Find the items of the rest that START refers to, directly or through items that are held. START
 * is an item of the rest, or a root that is held. */
static void find_needed(struct search *search, uint32_t start)
{
	size_t depth = 0;

	search->count = 0;
	search->seen_by[start] = start + 1;
	search->stack[depth++] = start;
	while (depth > 0) {
		const struct strata_item *item =
			strata_graph_item(search->graph, search->stack[--depth]);

		for (uint32_t i = 0; i < item->reference_count; i++) {
			uint32_t next = item->references[i];

			if (search->seen_by[next] == start + 1)
				continue;
			search->seen_by[next] = start + 1;
			if (search->held[next])
				search->stack[depth++] = next;
			else
				search->found[search->count++] =
					strata_graph_item(search->graph, next)->id;
		}
	}
}

static int add_rest_item(struct strata_graph *rest, struct search *search, uint32_t index,
	struct strata_error *error)
{
	const struct strata_item *item = strata_graph_item(search->graph, index);
	struct strata_item_record record = strata_item_record_of(item);

	find_needed(search, index);
	record.references = search->found;
	record.reference_count = search->count;
	return strata_graph_add(rest, &record, error);
}

/* The roots of the rest: the roots of the image, and in place of a root that is held, the items of
 * the rest that it refers to. */
static int add_rest_roots(
	struct strata_graph *rest, struct search *search, struct strata_error *error)
{
	uint32_t count;
	const uint32_t *roots = strata_graph_roots(search->graph, &count);
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < count; i++) {
		if (!search->held[roots[i]]) {
			status = strata_graph_add_root(
				rest, strata_graph_item(search->graph, roots[i])->id, error);
			continue;
		}
		find_needed(search, roots[i]);
		for (size_t found = 0; status == 0 && found < search->count; found++)
			status = strata_graph_add_root(rest, search->found[found], error);
	}
	return status;
}

static int fill_rest(struct strata_graph *rest, struct search *search, struct strata_error *error)
{
	uint32_t count = strata_graph_count(search->graph), left = 0;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < count; i++) {
		if (search->held[i])
			continue;
		left++;
		status = add_rest_item(rest, search, i, error);
	}
	if (status == 0 && left > 0)
		status = add_rest_roots(rest, search, error);
	return status < 0 ? status : strata_graph_finish(rest, NULL, error);
}

/* The graph of what is not HELD. */
static int make_rest(const struct strata_graph *graph, const bool *held, struct strata_graph **rest,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	strata_autograph struct strata_graph *made = strata_graph_new(error);
	strata_autofree uint32_t *seen_by = strata_allocate(count, sizeof(*seen_by));
	strata_autofree uint32_t *stack = strata_allocate(count, sizeof(*stack));
	strata_autofree const char **found = strata_allocate(count, sizeof(*found));
	struct search search = {graph, held, seen_by, stack, found, 0};
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	if (!seen_by || !stack || !found)
		return strata_fail_memory(error);
	status = fill_rest(made, &search, error);
	if (status == 0)
		*rest = strata_take(made);
	return status;
}

int strata_plan_rest(const struct strata_plan *below, const struct strata_graph *graph,
	struct strata_graph **rest, struct strata_error *error)
{
	strata_autofree bool *held = strata_allocate(strata_graph_count(graph), sizeof(*held));
	int status = held ? mark_held(below, graph, held, error) : strata_fail_memory(error);

	return status < 0 ? status : make_rest(graph, held, rest, error);
}

int strata_plan_rest_above_base(const struct strata_plan *plan, const struct strata_graph *graph,
	struct strata_graph **rest, struct strata_error *error)
{
	strata_autofree bool *held = strata_allocate(strata_graph_count(graph), sizeof(*held));

	if (!held)
		return strata_fail_memory(error);
	for (size_t i = 0; i < plan->base_items.item_count; i++) {
		uint32_t item = strata_graph_find(graph, plan->base_items.items[i]);

		if (item != STRATA_GRAPH_NONE)
			held[item] = true;
	}
	return make_rest(graph, held, rest, error);
}

int strata_plan_put_below(
	struct strata_plan *plan, const struct strata_plan *below, struct strata_error *error)
{
	size_t count = below->layer_count + plan->layer_count;
	struct strata_plan_layer *layers = strata_arena_array(plan->arena, count, sizeof(*layers));

	if (!layers)
		return strata_fail_memory(error);
	for (size_t i = 0; i < below->layer_count; i++) {
		if (strata_plan_copy_layer(plan->arena, &below->layers[i], &layers[i]) < 0)
			return strata_fail_memory(error);
	}
	if (plan->layer_count > 0)
		memcpy(layers + below->layer_count, plan->layers,
			plan->layer_count * sizeof(*layers));
	plan->layers = layers;
	plan->layer_count = count;
	return 0;
}

int strata_plan_leave_to_base(
	struct strata_plan *plan, const struct strata_plan *held, struct strata_error *error)
{
	if (held->layer_count == 0)
		return 0;
	return strata_plan_copy_layer(plan->arena, &held->layers[0], &plan->base_items) < 0
		       ? strata_fail_memory(error)
		       : 0;
}
