/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategy `size`: the largest items alone, the rest together.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "plan/strategies/cut.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

struct sized {
	uint64_t size;
	uint32_t item;
};

/* Largest first; indices are in the order of ids. */
static int compare_sized(const void *left, const void *right)
{
	const struct sized *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	return (a->item > b->item) - (a->item < b->item);
}

static int partition_by_size(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	uint32_t count = partition->item_count;
	strata_autofree struct sized *sorted = strata_allocate(count, sizeof(*sorted));

	if (!sorted)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = (struct sized){strata_graph_item(graph, i)->size, i};
	qsort(sorted, count, sizeof(*sorted), compare_sized);
	for (uint32_t i = 0; i < count; i++)
		partition->order[i] = sorted[i].item;
	strata_partition_cut(partition, bound);
	return 0;
}

const struct strata_strategy strata_strategy_size = {
	.name = "size",
	.summary = "the largest items alone, all others in one layer",
	.trade_off =
		"Large items, which cost most to send, are shared and kept for themselves. All "
		"small ones lie together, and a change of any of them renews that layer.",
	.partition = partition_by_size,
};
