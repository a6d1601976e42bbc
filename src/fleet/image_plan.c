/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of one image of a fleet, for those who make images of plans.
 */
#include <stratapack/fleet.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/plan.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/memory.h"

static int copy_layers(struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_partition *partition, struct strata_error *error)
{
	const char **ids = strata_arena_array(plan->arena, partition->item_count, sizeof(*ids));
	uint32_t start = 0;

	plan->layers =
		strata_arena_array(plan->arena, partition->layer_count, sizeof(*plan->layers));
	if (!ids || !plan->layers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < partition->item_count; i++) {
		ids[i] = strata_arena_string(
			plan->arena, strata_graph_item(graph, partition->order[i])->id);
		if (!ids[i])
			return strata_fail_memory(error);
	}
	for (uint32_t layer = 0; layer < partition->layer_count; layer++) {
		plan->layers[layer].items = ids + start;
		plan->layers[layer].item_count = partition->ends[layer] - start;
		start = partition->ends[layer];
	}
	plan->layer_count = partition->layer_count;
	return 0;
}

int strata_fleet_plan_image(const struct strata_fleet_plan *plan, size_t index,
	struct strata_plan **result, struct strata_error *error)
{
	strata_autoplan struct strata_plan *made = strata_plan_new(error);
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->strategy = "fleet";
	made->max_layers = 1 + (plan->options.max_layers ? plan->options.max_layers
							 : plan->fleet->images[index].max_layers);
	status = copy_layers(made, plan->fleet->graph, &plan->partitions[index], error);
	if (status < 0)
		return status;
	*result = strata_take(made);
	return 0;
}
