/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a plan is one of a graph: every item in one layer, no layer empty, no foreign item.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "customisation/customisation.h"
#include "util/error.h"
#include "util/memory.h"

/* In the place of a layer's number. */
#define IN_BASE SIZE_MAX

static int check_layer(const struct strata_plan *plan, const struct strata_graph *graph,
	size_t layer, size_t *layer_of_item, struct strata_error *error)
{
	if (plan->layers[layer].item_count == 0)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "layer %zu has no items", layer + 1),
			"remove it from the plan");
	for (size_t i = 0; i < plan->layers[layer].item_count; i++) {
		const char *id = plan->layers[layer].items[i];
		uint32_t item = strata_graph_find(graph, id);

		if (item == STRATA_GRAPH_NONE)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"layer %zu: item '%s' does not belong to this image",
					layer + 1, id),
				"remove it from the plan, or name it as an item of the image");
		if (layer_of_item[item] == IN_BASE)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"layer %zu: item '%s' is left to the base image as well",
					layer + 1, id),
				"keep it in one of them");
		if (layer_of_item[item] != 0)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"layer %zu: item '%s' is already in layer %zu", layer + 1,
					id, layer_of_item[item]),
				"keep it in one of them");
		layer_of_item[item] = layer + 1;
	}
	return 0;
}

int strata_plan_check(const struct strata_plan *plan, const struct strata_graph *graph,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph), missing = 0;
	strata_autofree size_t *layer_of_item = strata_allocate(count, sizeof(*layer_of_item));
	const char *example = NULL;

	if (!layer_of_item)
		return strata_fail_memory(error);
	for (size_t i = 0; i < plan->base_items.item_count; i++) {
		uint32_t item = strata_graph_find(graph, plan->base_items.items[i]);

		if (item != STRATA_GRAPH_NONE)
			layer_of_item[item] = IN_BASE;
	}
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		int status = check_layer(plan, graph, layer, layer_of_item, error);

		if (status < 0)
			return status;
	}
	for (uint32_t i = count; i-- > 0;) {
		if (layer_of_item[i] == 0) {
			example = strata_graph_item(graph, i)->id;
			missing++;
		}
	}
	if (missing > 1)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"item '%s' and %u others are in no layer of the plan", example,
				missing - 1),
			"add them to layers, or make the plan anew");
	if (missing == 1)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"item '%s' is in no layer of the plan", example),
			"add it to a layer, or make the plan anew");
	if (plan->layer_count == 0 && !strata_customisation_is_empty(&plan->customisation) &&
		!plan->customisation_layer)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the customisation is part of the topmost layer, but the plan has "
				"no layers"),
			"let the customisation have a layer of its own");
	return 0;
}
