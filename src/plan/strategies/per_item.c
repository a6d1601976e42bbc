/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategy `per-item`: a layer for each item, references below.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "graph/components.h"
#include "plan/strategies/cut.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

/* A cycle, or an item that is in none. */
struct unit {
	uint32_t height; /* the longest chain of references below it */
	uint32_t first;  /* its first item */
	uint32_t component;
};

static int compare_units(const void *left, const void *right)
{
	const struct unit *a = left, *b = right;

	if (a->height != b->height)
		return a->height < b->height ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

/* Components are numbered so that what they refer to comes before them. */
static void measure_heights(const struct strata_components *components, struct unit *units)
{
	for (uint32_t c = 0; c < components->count; c++) {
		struct unit *unit = &units[c];

		*unit = (struct unit){0, components->members[components->member_starts[c]], c};
		for (uint32_t r = components->reference_starts[c];
			r < components->reference_starts[c + 1]; r++) {
			uint32_t below = units[components->references[r]].height;

			if (unit->height <= below)
				unit->height = below + 1;
		}
	}
}

static uint32_t need_layer_for_each(const struct strata_graph *graph)
{
	return strata_graph_count(graph);
}

static int partition_per_item(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	strata_autofree struct unit *units = NULL;
	uint32_t filled = 0;
	int status;

	if (partition->item_count > bound)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"%u items do not fit into %u layers of one item each",
			partition->item_count, bound);
	status = strata_components_find(graph, &components, error);
	if (status < 0)
		return status;
	units = strata_allocate(components.count, sizeof(*units));
	if (!units)
		return strata_fail_memory(error);
	measure_heights(&components, units);
	qsort(units, components.count, sizeof(*units), compare_units);
	for (uint32_t u = 0; u < components.count; u++) {
		uint32_t c = units[u].component;

		for (uint32_t m = components.member_starts[c]; m < components.member_starts[c + 1];
			m++)
			partition->order[filled++] = components.members[m];
	}
	strata_partition_cut(partition, bound);
	return 0;
}

const struct strata_strategy strata_strategy_per_item = {
	.name = "per-item",
	.summary = "one layer for each item, dependencies first",
	.trade_off =
		"Nothing is ever sent or stored twice. Only small closures fit, since an image has "
		"125 layers at most.",
	.least_layers = need_layer_for_each,
	.partition = partition_per_item,
};
