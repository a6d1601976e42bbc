/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalogue as a strategy for one image: it is planned as a fleet of one.
 */
#include <string.h>

#include "fleet/catalogue/catalogue.h"
#include "util/error.h"

/* Make a fleet of one image, with all of GRAPH. It has no name, so that it is new to the catalogue,
 * and the image of the catalogue that it is most like is looked for. */
static int make_fleet(const struct strata_graph *graph, uint32_t bound, struct strata_fleet **fleet,
	struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	strata_autofree uint32_t *items = strata_allocate(count, sizeof(*items));
	struct strata_fleet_image image = {
		.name = "", .weight = 1, .max_layers = bound, .items = items, .item_count = count};
	int status = strata_fleet_new(graph, fleet, error);

	if (status < 0)
		return status;
	if (!items)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		items[i] = i;
	return strata_fleet_add(*fleet, &image, error);
}

static int partition_by_catalogue(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autofleet struct strata_fleet *fleet = NULL;
	strata_autofleetplan struct strata_fleet_plan *plan = NULL;
	const struct strata_catalogue *previous = strategy->data;
	struct strata_fleet_options options = {
		.churn = churn,
		.storage_weight = previous->storage_weight,
		.request = previous->request,
		.previous = previous,
		.others_remain = true,
	};
	int status = make_fleet(graph, bound, &fleet, error);

	if (status == 0)
		status = strata_fleet_plan(fleet, &options, &plan, error);
	if (status < 0)
		return status;
	memcpy(partition->order, plan->partitions[0].order,
		plan->partitions[0].item_count * sizeof(*partition->order));
	memcpy(partition->ends, plan->partitions[0].ends,
		plan->partitions[0].layer_count * sizeof(*partition->ends));
	partition->layer_count = plan->partitions[0].layer_count;
	return 0;
}

struct strata_strategy strata_catalogue_strategy(const struct strata_catalogue *catalogue)
{
	return (struct strata_strategy){
		.name = "catalogue",
		.summary = "groups of a catalogue, and what is left for itself",
		.trade_off = "Layers are those that the fleet has already. What no group holds is "
			     "planned like an image of its own, in the layers that are left.",
		.uses_churn = true,
		.data = catalogue,
		.partition = partition_by_catalogue,
	};
}
