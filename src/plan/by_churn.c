#include <string.h>

#include "base/error.h"
#include "plan/grouping.h"
#include "plan/internal.h"
#include "plan/merging.h"
#include "plan/pile.h"
#include "plan/segments.h"

enum {
	THOROUGH = 32, /* pieces */
};

/* The search for the best grouping. */
struct search {
	struct strata_pieces pieces;
	uint32_t *order;
	struct strata_merging merging;
	struct strata_segments segments;
	struct strata_grouping grouping;
	uint32_t *trial; /* piece -> group */
};

static void search_release(struct search *search)
{
	strata_pieces_release(&search->pieces);
	free(search->order);
	strata_merging_release(&search->merging);
	strata_segments_release(&search->segments);
	strata_grouping_release(&search->grouping);
	free(search->trial);
}

static int search_prepare(struct search *search, const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t bound, struct strata_error *error)
{
	int status = strata_pieces_find(graph, churn, STRATA_PIECES_LIMIT, &search->pieces, error);
	uint32_t count = search->pieces.count, most = count < bound ? count : bound;

	if (status < 0)
		return status;
	search->order = strata_allocate(count, sizeof(*search->order));
	search->trial = strata_allocate(count, sizeof(*search->trial));
	if (!search->order || !search->trial)
		return strata_fail_memory(error);
	status = strata_pieces_order(&search->pieces, search->order, error);
	if (status == 0)
		status = strata_merging_run(&search->pieces, 1, &search->merging, error);
	if (status == 0)
		status = strata_segments_find(
			&search->pieces, search->order, most, &search->segments, error);
	if (status == 0)
		status = strata_grouping_new(&search->pieces, most, &search->grouping, error);
	return status;
}

/* The best of the cuts and the merges with at most COUNT groups takes the place of the grouping
 * where it costs less. */
static void compete(struct search *search, uint32_t count)
{
	uint64_t best = strata_grouping_cost(&search->grouping);
	uint32_t cuts = 0, merges = 0;

	for (uint32_t groups = 1; groups <= count; groups++) {
		uint64_t cost = search->segments.costs[groups - 1];

		if (cost < best) {
			best = cost;
			cuts = groups;
		}
	}
	for (uint32_t groups = 1; groups <= count; groups++) {
		uint64_t cost = search->merging.costs[search->pieces.count - groups];

		if (cost < best) {
			best = cost;
			merges = groups;
		}
	}
	if (merges > 0) {
		strata_merging_groups(&search->merging, merges, search->trial);
		strata_grouping_set(&search->grouping, search->trial, merges);
	} else if (cuts > 0) {
		strata_segments_groups(&search->segments, cuts, search->trial);
		strata_grouping_set(&search->grouping, search->trial, cuts);
	}
}

/* Few pieces are searched thoroughly, in rounds with more and more groups, whatever the bound is:
 * in each, the result of the one before is split further, the cuts and the merges compete with it,
 * and the best is improved. With many pieces, moves gain next to nothing, and images have fewer
 * layers in common for them. Either way a larger bound never gives a worse result. */
static int search_run(struct search *search, struct strata_error *error)
{
	uint32_t most = search->grouping.capacity;
	int status = 0;

	memset(search->trial, 0, search->pieces.count * sizeof(*search->trial));
	strata_grouping_set(&search->grouping, search->trial, 1);
	if (search->pieces.count > THOROUGH)
		compete(search, most);
	for (uint32_t count = 1; status == 0 && search->pieces.count <= THOROUGH && count <= most;
		count++) {
		status = strata_grouping_split(&search->grouping, search->order, count, error);
		compete(search, count);
		strata_grouping_improve(&search->grouping, search->order);
	}
	return status;
}

/* Groups become layers, in the order that is best for clients that reuse a prefix. */
static int fill_partition(
	struct search *search, struct strata_partition *partition, struct strata_error *error)
{
	const struct strata_churn *churn = search->pieces.churn;
	struct strata_grouping *grouping = &search->grouping;
	strata_autofree struct strata_piece *layers =
		strata_allocate(grouping->count, sizeof(*layers));
	strata_autofree uint32_t *layer_of = strata_allocate(grouping->count, sizeof(*layer_of));
	strata_autofree uint32_t *order = strata_allocate(grouping->count, sizeof(*order));
	uint32_t count = 0, filled = 0;
	int status;

	if (!layers || !layer_of || !order)
		return strata_fail_memory(error);
	/* Numbered by their first items, so that nothing depends on the way of the search. */
	for (uint32_t g = 0; g < grouping->count; g++)
		layer_of[g] = UINT32_MAX;
	for (uint32_t i = 0; i < partition->item_count; i++) {
		uint32_t g = grouping->group_of[search->pieces.piece_of[churn->class_of[i]]];

		if (layer_of[g] != UINT32_MAX)
			continue;
		layer_of[g] = count;
		layers[count++] = (struct strata_piece){
			.size = grouping->groups[g].size,
			.hazard = grouping->groups[g].hazard,
			.causes = search->pieces.words == 0
					  ? NULL
					  : grouping->sets + g * search->pieces.words,
		};
	}
	status = strata_pile_order(churn, layers, count, order, error);
	if (status < 0)
		return status;
	for (uint32_t place = 0; place < count; place++) {
		for (uint32_t i = 0; i < partition->item_count; i++) {
			uint32_t piece = search->pieces.piece_of[churn->class_of[i]];

			if (layer_of[grouping->group_of[piece]] == order[place])
				partition->order[filled++] = i;
		}
		partition->ends[place] = filled;
	}
	partition->layer_count = count;
	return 0;
}

static int partition_by_churn(const struct strata_graph *graph, const struct strata_churn *churn,
	uint32_t bound, struct strata_partition *partition, struct strata_error *error)
{
	struct search search = {.pieces = STRATA_PIECES_INIT};
	int status = search_prepare(&search, graph, churn, bound, error);

	if (status == 0)
		status = search_run(&search, error);
	if (status == 0)
		status = fill_partition(&search, partition, error);
	search_release(&search);
	return status;
}

const struct strata_strategy strata_strategy_churn = {
	.name = "churn",
	.summary = "what changes together, or as often for its size, shares a layer",
	.trade_off =
		"Pulls of updates and a registry's growth are close to the least that so many "
		"layers allow, which --explain shows. How often things change is estimated: from "
		"the graph alone where no history is at hand.",
	.uses_churn = true,
	.partition = partition_by_churn,
};
