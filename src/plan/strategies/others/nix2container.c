/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The popularity of nix2container: the number of paths that end at an item.
 *
 * The score of an item is 1 and the scores of all that refer to it. Of equal scores, the item comes
 * first that is seen later in a walk over the items by path, each followed by what it refers to.
 * The members of a cycle share a score; nix2container refuses cycles. Its scores overflow at 2^63,
 * these stay at 2^64 - 1.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "graph/components.h"
#include "plan/strategies/cut.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

struct ranked {
	uint64_t score;
	uint32_t seen; /* place in the walk */
	uint32_t item;
};

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return (a->seen < b->seen) - (a->seen > b->seen);
}

static void see(struct ranked *ranking, uint32_t item, uint32_t *count)
{
	if (ranking[item].seen == 0)
		ranking[item].seen = ++*count;
}

static int partition_nix2container(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	strata_autocomponents struct strata_components components = STRATA_COMPONENTS_INIT;
	uint32_t count = partition->item_count, seen = 0;
	strata_autofree struct ranked *ranking = strata_allocate(count, sizeof(*ranking));
	strata_autofree uint64_t *scores = NULL;
	int status = strata_components_find(graph, &components, error);

	if (status < 0)
		return status;
	scores = strata_allocate(components.count, sizeof(*scores));
	if (!ranking || !scores)
		return strata_fail_memory(error);
	/* Whoever refers to a component has a higher number. */
	for (uint32_t c = components.count; c-- > 0;) {
		scores[c] = strata_saturating_add(scores[c], 1);
		for (uint32_t r = components.reference_starts[c];
			r < components.reference_starts[c + 1]; r++) {
			uint64_t *below = &scores[components.references[r]];

			*below = strata_saturating_add(*below, scores[c]);
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		ranking[i].item = i;
		ranking[i].score = scores[components.of_item[i]];
		see(ranking, i, &seen);
		for (uint32_t r = 0; r < item->reference_count; r++)
			see(ranking, item->references[r], &seen);
	}
	qsort(ranking, count, sizeof(*ranking), compare_ranked);
	for (uint32_t i = 0; i < count; i++)
		partition->order[i] = ranking[i].item;
	strata_partition_cut(partition, bound);
	return 0;
}

const struct strata_strategy strata_strategy_nix2container = {
	.name = "nix2container",
	.summary =
		"nix2container's own: the items with most paths to them alone, the rest together",
	.trade_off = "What almost every package needs is shared between images, without any "
		     "knowledge of them. In closures larger than the bound, the last layer holds "
		     "most of the bytes and also what changes most often.",
	.partition = partition_nix2container,
};
