/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "plan/churn/churn.h"

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/churn/greedy_merging.h"
#include "plan/churn/grouping.h"
#include "plan/churn/prefix_order.h"
#include "plan/churn/segments.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

enum {
	THOROUGH = 32,  /* up to this many pieces are searched thoroughly */
	PROMISING = 10, /* moves hardly ever save more than one part in this many */
	PATIENCE = 3,   /* the search ends after this many rounds without a gain */
};

/* The search for the best grouping. */
struct search {
	struct strata_pieces pieces;
	uint32_t *order;
	struct strata_merging merging;
	struct strata_segments segments;
	struct strata_grouping grouping;
	uint32_t *trial; /* piece -> group */
	uint32_t *best;  /* likewise */
	uint32_t best_count;
	const bool *skip;
};

static void search_release(struct search *search)
{
	strata_pieces_release(&search->pieces);
	free(search->order);
	strata_merging_release(&search->merging);
	strata_segments_release(&search->segments);
	strata_grouping_release(&search->grouping);
	free(search->trial);
	free(search->best);
}

static int search_prepare(struct search *search, const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t bound, struct strata_error *error)
{
	int status = strata_pieces_find(
		graph, churn, search->skip, STRATA_PIECES_LIMIT, &search->pieces, error);
	uint32_t count = search->pieces.count, most = count < bound ? count : bound;

	if (status < 0)
		return status;
	search->order = strata_allocate(count, sizeof(*search->order));
	search->trial = strata_allocate(count, sizeof(*search->trial));
	search->best = strata_allocate(count, sizeof(*search->best));
	if (!search->order || !search->trial || !search->best)
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

/* Replace the grouping by the best of the cuts and merges with at most COUNT groups, where that
 * costs less. */
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

/* The grouping becomes the best where it costs less than LEAST. */
static void keep_better(struct search *search, uint64_t *least)
{
	uint64_t cost = strata_grouping_cost(&search->grouping);

	if (cost >= *least)
		return;
	*least = cost;
	search->best_count = search->grouping.count;
	memcpy(search->best, search->grouping.group_of,
		search->pieces.count * sizeof(*search->best));
}

/* Whether COUNT groups are the best number for cuts: one more group, which the bound allows, does
 * not lower the cost, and one less raises it. */
static bool is_where_cuts_end(const struct search *search, uint32_t count)
{
	const uint64_t *costs = search->segments.costs;

	return costs[count] >= costs[count - 1] &&
	       (count == 1 || costs[count - 2] > costs[count - 1]);
}

/* Join groups of the best cuts that are not neighbours in the order; the merges leave none that
 * would cost less joined. The result replaces the grouping where it costs less. Only numbers of
 * groups below COUNT are tried, so that a larger bound tries everything that a smaller one does. */
static void join_cuts(struct search *search, uint32_t count)
{
	uint64_t least = UINT64_MAX;

	keep_better(search, &least);
	for (uint32_t groups = 1; groups < count; groups++) {
		if (!is_where_cuts_end(search, groups))
			continue;
		strata_segments_groups(&search->segments, groups, search->trial);
		strata_grouping_set(&search->grouping, search->trial, groups);
		strata_grouping_join(&search->grouping);
		keep_better(search, &least);
	}
	strata_grouping_set(&search->grouping, search->best, search->best_count);
}

/* Improve the trial of SEARCH, which has COUNT groups. Where it then costs less than *LEAST, it
 * becomes the best. */
static void try_improved(struct search *search, uint32_t count, uint64_t *least)
{
	strata_grouping_set(&search->grouping, search->trial, count);
	strata_grouping_improve(&search->grouping, search->order);
	keep_better(search, least);
}

/* Whether moves may lower COST below LEAST. */
static bool is_promising(uint64_t cost, uint64_t least)
{
	return cost < least + least / PROMISING;
}

/* Search in rounds, each with more groups than the one before. A round splits the best grouping so
 * far, and improves that, the cuts and the merges. The search ends where another layer costs more
 * in requests than it saves. */
static int search_thoroughly(struct search *search, uint32_t most, struct strata_error *error)
{
	uint64_t least = UINT64_MAX;

	search->best_count = 1;
	for (uint32_t count = 1; count <= most && count <= search->best_count + PATIENCE; count++) {
		int status;

		strata_grouping_set(&search->grouping, search->best, search->best_count);
		status = strata_grouping_split(&search->grouping, search->order, count, error);
		if (status < 0)
			return status;
		memcpy(search->trial, search->grouping.group_of,
			search->pieces.count * sizeof(*search->trial));
		try_improved(search, search->grouping.count, &least);
		if (is_promising(search->segments.costs[count - 1], least)) {
			strata_segments_groups(&search->segments, count, search->trial);
			try_improved(search, count, &least);
		}
		if (is_promising(search->merging.costs[search->pieces.count - count], least)) {
			strata_merging_groups(&search->merging, count, search->trial);
			try_improved(search, count, &least);
		}
	}
	strata_grouping_set(&search->grouping, search->best, search->best_count);
	return 0;
}

/* Few pieces are searched thoroughly. With many, moves save next to nothing, and images share fewer
 * layers after them. A larger bound never gives a worse result, in either case. */
static int search_run(struct search *search, struct strata_error *error)
{
	uint32_t most = search->grouping.capacity;

	if (search->pieces.count <= THOROUGH)
		return search_thoroughly(search, most, error);
	memset(search->trial, 0, search->pieces.count * sizeof(*search->trial));
	strata_grouping_set(&search->grouping, search->trial, 1);
	compete(search, most);
	join_cuts(search, most);
	return 0;
}

/* The group of ITEM, or none where it is left out. */
static uint32_t group_of_item(const struct search *search, uint32_t item)
{
	uint32_t piece = search->pieces.piece_of[search->pieces.churn->class_of[item]];

	if (search->skip && search->skip[item])
		return UINT32_MAX;
	return search->grouping.group_of[piece];
}

/* Number the groups by their first items, so that the result does not depend on the order of the
 * search, and describe them as LAYERS. Returns how many there are. */
static uint32_t number_groups(const struct search *search, uint32_t item_count,
	uint32_t *group_of_layer, struct strata_piece *layers)
{
	const struct strata_grouping *grouping = &search->grouping;
	uint32_t count = 0;

	for (uint32_t i = 0; i < item_count; i++) {
		uint32_t g = group_of_item(search, i), known = 0;

		while (known < count && group_of_layer[known] != g)
			known++;
		if (g == UINT32_MAX || known < count)
			continue;
		group_of_layer[count] = g;
		layers[count++] = (struct strata_piece){
			.size = grouping->groups[g].size,
			.hazard = grouping->groups[g].hazard,
			.causes = search->pieces.words == 0
					  ? NULL
					  : grouping->sets + g * search->pieces.words,
		};
	}
	return count;
}

/* Groups become layers, in the order that is best for clients that reuse a prefix. */
static int fill_partition(const struct search *search, uint32_t item_count,
	struct strata_partition *partition, struct strata_error *error)
{
	uint32_t room = search->grouping.count, count, filled = 0;
	strata_autofree struct strata_piece *layers = strata_allocate(room, sizeof(*layers));
	strata_autofree uint32_t *group_of_layer = strata_allocate(room, sizeof(*group_of_layer));
	strata_autofree uint32_t *order = strata_allocate(room, sizeof(*order));
	int status;

	if (!layers || !group_of_layer || !order)
		return strata_fail_memory(error);
	count = number_groups(search, item_count, group_of_layer, layers);
	status = strata_pile_order(search->pieces.churn, layers, count, order, error);
	if (status < 0)
		return status;
	for (uint32_t place = 0; place < count; place++) {
		for (uint32_t i = 0; i < item_count; i++) {
			if (group_of_item(search, i) == group_of_layer[order[place]])
				partition->order[filled++] = i;
		}
		partition->ends[place] = filled;
	}
	partition->layer_count = count;
	return 0;
}

int strata_churn_divide(const struct strata_graph *graph, const struct strata_churn *churn,
	const bool *skip, uint32_t bound, struct strata_partition *partition,
	struct strata_error *error)
{
	struct search search = {.pieces = STRATA_PIECES_INIT, .skip = skip};
	int status = search_prepare(&search, graph, churn, bound, error);

	if (status == 0)
		status = search_run(&search, error);
	if (status == 0)
		status = fill_partition(&search, strata_graph_count(graph), partition, error);
	search_release(&search);
	return status;
}

static int partition_by_churn(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	return strata_churn_divide(graph, churn, NULL, bound, partition, error);
}

const struct strata_strategy strata_strategy_churn = {
	.name = "churn",
	.summary = "what changes together, or as often for its size, shares a layer",
	.trade_off =
		"Pulls of updates and a registry's growth are close to the least that so many "
		"layers allow, which --explain shows. How often things change is estimated: from "
		"the graph alone where no history is at hand.",
	.uses_churn = true,
	.weighs_storage = true,
	.partition = partition_by_churn,
};

/* It differs only where there is a previous plan. */
const struct strata_strategy strata_strategy_update = {
	.name = "update",
	.summary =
		"the layers of --previous that can stay as they are, the rest above them by churn",
	.trade_off =
		"Machines that have the previous image pull nothing but what changed, and what "
		"shared a layer with it. The layers are planned for this one update, not for those "
		"that follow.",
	.uses_churn = true,
	.weighs_storage = true,
	.keeps_previous = true,
	.partition = partition_by_churn,
};
