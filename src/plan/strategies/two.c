/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategy `two`: what was asked for above, all that it needs below.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/strategies/cut.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

/* Mark the roots and what they refer to. Returns how many items that is. */
static uint32_t mark_top(const struct strata_graph *graph, bool *top)
{
	uint32_t root_count, marked = 0;
	const uint32_t *roots = strata_graph_roots(graph, &root_count);

	for (uint32_t r = 0; r < root_count; r++) {
		const struct strata_item *root = strata_graph_item(graph, roots[r]);

		marked += !top[roots[r]];
		top[roots[r]] = true;
		for (uint32_t i = 0; i < root->reference_count; i++) {
			marked += !top[root->references[i]];
			top[root->references[i]] = true;
		}
	}
	return marked;
}

static int partition_two(const struct strata_strategy *strategy, const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t bound, struct strata_partition *partition,
	struct strata_error *error)
{
	strata_autofree bool *top = strata_allocate(partition->item_count, sizeof(*top));
	uint32_t below = 0, above;

	if (!top)
		return strata_fail_memory(error);
	above = partition->item_count - mark_top(graph, top);
	if (bound == 1 || above == 0) {
		strata_partition_single(partition);
		return 0;
	}
	partition->ends[0] = above;
	partition->ends[1] = partition->item_count;
	partition->layer_count = 2;
	for (uint32_t i = 0; i < partition->item_count; i++)
		partition->order[top[i] ? above++ : below++] = i;
	return 0;
}

/* The proposal of the Guix developers' thread of March 2020. */
const struct strata_strategy strata_strategy_two = {
	.name = "two",
	.summary = "what was asked for and its direct references on top, the rest below",
	.trade_off =
		"While one's own code changes and its inputs stay exactly the same, only the top "
		"layer is sent again. One update deep down, and the whole base is new.",
	.customisation_on_top_layer = true,
	.partition = partition_two,
};
