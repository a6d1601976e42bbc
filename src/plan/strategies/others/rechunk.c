/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After rechunk, which Universal Blue used: keep low what somebody who updates every week would
 * have pulled in a year.
 *
 * That is, for each layer, its size times the weeks in which any of its packages changed. rechunk
 * counts these weeks in changelogs; here they are the expected dirty rebuilds of the model. It has
 * lists, made by hand, of packages that are updated together, for which there is no counterpart.
 *
 * Packages below 0.5 MB are a layer, and those below 1 MB another. Every other layer begins with
 * the largest package that has no place, and takes whichever adds least until it has 40 % of an
 * equal share of all bytes. What is left goes, one by one, where it adds least; layers above 130 %
 * of a share are closed, for as long as others are open. Of equal costs, what comes first is taken.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "model/cost.h"
#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/sources.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/memory.h"

static const uint64_t tiny = 500000, small = 1000000;

enum { MOST_ITEMS = 10000 };

struct filling {
	const struct strata_graph *graph;
	const struct strata_churn *churn;
	uint32_t *bin_of; /* item -> layer, or UINT32_MAX */
	uint64_t *sizes;  /* of layers */
	struct strata_hazard *hazards;
	uint64_t *causes;     /* of each layer, a set */
	uint64_t *best_costs; /* of items without a place: what the best open layer adds ... */
	uint32_t *best_bins;  /* ... and which it is */
	uint32_t item_count, bin_count;
};

static void release_filling(struct filling *filling)
{
	free(filling->bin_of);
	free(filling->sizes);
	free(filling->hazards);
	free(filling->causes);
	free(filling->best_costs);
	free(filling->best_bins);
}

static uint64_t size_of(const struct filling *filling, uint32_t item)
{
	return strata_graph_item(filling->graph, item)->size;
}

static const uint64_t *causes_of(const struct filling *filling, uint32_t item)
{
	return filling->churn->class_causes[filling->churn->class_of[item]];
}

static uint64_t cost_of(const struct filling *filling, uint64_t size, struct strata_hazard hazard)
{
	return strata_cost_of(size, strata_churn_dirty(filling->churn, hazard));
}

/* What layer BIN costs with ITEM in it. */
static uint64_t cost_with(const struct filling *filling, uint32_t bin, uint32_t item)
{
	struct strata_hazard extra = strata_churn_extra_hazard(filling->churn,
		causes_of(filling, item), filling->causes + bin * filling->churn->words);

	return cost_of(filling, filling->sizes[bin] + size_of(filling, item),
		strata_hazard_add(filling->hazards[bin], extra));
}

static void add(struct filling *filling, uint32_t bin, uint32_t item)
{
	uint64_t *causes = filling->causes + bin * filling->churn->words;
	const uint64_t *more = causes_of(filling, item);

	filling->hazards[bin] = strata_hazard_add(
		filling->hazards[bin], strata_churn_extra_hazard(filling->churn, more, causes));
	for (size_t w = 0; w < filling->churn->words; w++)
		causes[w] |= more[w];
	filling->sizes[bin] += size_of(filling, item);
	filling->bin_of[item] = bin;
}

/* Put what is smaller than LIMIT, and has no place, into a layer. */
static void fill_with_small(struct filling *filling, uint64_t limit)
{
	bool any = false;

	for (uint32_t i = 0; i < filling->item_count; i++) {
		if (filling->bin_of[i] != UINT32_MAX || size_of(filling, i) >= limit)
			continue;
		add(filling, filling->bin_count, i);
		any = true;
	}
	filling->bin_count += any;
}

static uint32_t largest_without_place(const struct filling *filling)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < filling->item_count; i++) {
		if (filling->bin_of[i] == UINT32_MAX &&
			(found == UINT32_MAX || size_of(filling, i) > size_of(filling, found)))
			found = i;
	}
	return found;
}

static uint32_t cheapest_without_place(const struct filling *filling, uint32_t bin)
{
	uint32_t found = UINT32_MAX;
	uint64_t least = 0;

	for (uint32_t i = 0; i < filling->item_count; i++) {
		uint64_t cost;

		if (filling->bin_of[i] != UINT32_MAX)
			continue;
		cost = cost_with(filling, bin, i);
		if (found == UINT32_MAX || cost < least) {
			found = i;
			least = cost;
		}
	}
	return found;
}

static void fill_from_seed(struct filling *filling, uint64_t most)
{
	uint32_t bin = filling->bin_count, item = largest_without_place(filling);

	if (item == UINT32_MAX)
		return;
	filling->bin_count++;
	while (item != UINT32_MAX) {
		add(filling, bin, item);
		if (filling->sizes[bin] > most)
			return;
		item = cheapest_without_place(filling, bin);
	}
}

/* What ITEM adds to layer BIN. */
static uint64_t added_cost(const struct filling *filling, uint32_t bin, uint32_t item)
{
	return cost_with(filling, bin, item) -
	       cost_of(filling, filling->sizes[bin], filling->hazards[bin]);
}

/* Find the open layer to which ITEM adds least; MOST is what an open layer has at most. */
static void find_best(struct filling *filling, uint32_t item, uint64_t most)
{
	filling->best_bins[item] = UINT32_MAX;
	filling->best_costs[item] = UINT64_MAX;
	for (uint32_t b = 0; b < filling->bin_count; b++) {
		uint64_t more;

		if (filling->sizes[b] > most)
			continue;
		more = added_cost(filling, b, item);
		if (filling->best_bins[item] == UINT32_MAX || more < filling->best_costs[item]) {
			filling->best_costs[item] = more;
			filling->best_bins[item] = b;
		}
	}
}

/* The same when nothing but layer BIN has changed since. */
static void find_best_again(struct filling *filling, uint32_t item, uint32_t bin, uint64_t most)
{
	uint64_t more;

	if (filling->best_bins[item] == bin) {
		find_best(filling, item, most);
		return;
	}
	if (filling->sizes[bin] > most)
		return;
	more = added_cost(filling, bin, item);
	if (more < filling->best_costs[item] ||
		(more == filling->best_costs[item] && bin < filling->best_bins[item])) {
		filling->best_costs[item] = more;
		filling->best_bins[item] = bin;
	}
}

/* Put one item where it adds least. Returns false where none is left, or no layer is open. */
static bool place_cheapest(struct filling *filling, uint64_t most)
{
	uint32_t item = UINT32_MAX, bin;

	for (uint32_t i = 0; i < filling->item_count; i++) {
		if (filling->bin_of[i] == UINT32_MAX && filling->best_bins[i] != UINT32_MAX &&
			(item == UINT32_MAX || filling->best_costs[i] < filling->best_costs[item]))
			item = i;
	}
	if (item == UINT32_MAX)
		return false;
	bin = filling->best_bins[item];
	add(filling, bin, item);
	for (uint32_t i = 0; i < filling->item_count; i++) {
		if (filling->bin_of[i] == UINT32_MAX)
			find_best_again(filling, i, bin, most);
	}
	return true;
}

static void fill_up(struct filling *filling, uint64_t most)
{
	for (int round = 0; round < 2; round++) {
		uint64_t limit = round == 0 ? most : UINT64_MAX;

		for (uint32_t i = 0; i < filling->item_count; i++) {
			if (filling->bin_of[i] == UINT32_MAX)
				find_best(filling, i, limit);
		}
		while (place_cheapest(filling, limit))
			;
	}
}

static int fill(struct filling *filling, uint32_t bound, struct strata_error *error)
{
	uint64_t total = 0;
	uint32_t left = 0;

	for (uint32_t i = 0; i < filling->item_count; i++)
		total += size_of(filling, i);
	/* With so few layers that these two are most of them, they only cost. */
	if (bound > 2) {
		fill_with_small(filling, tiny);
		fill_with_small(filling, small);
	}
	for (uint32_t i = 0; i < filling->item_count; i++)
		left += filling->bin_of[i] == UINT32_MAX;
	if (left > MOST_ITEMS)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"strategy 'rechunk' would compare each of %u items with all "
				"others, which takes hours",
				left),
			"choose another strategy, for example --strategy chunkah");
	while (filling->bin_count < bound && largest_without_place(filling) != UINT32_MAX)
		fill_from_seed(filling, total / bound * 4 / 10);
	fill_up(filling, total / bound * 13 / 10);
	return 0;
}

static int partition_as_rechunk(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	uint32_t count = partition->item_count, most = count < bound ? count : bound;
	STRATA_CLEANUP(release_filling)
	struct filling filling = {.graph = graph, .churn = churn, .item_count = count};

	filling.bin_of = strata_allocate(count, sizeof(*filling.bin_of));
	filling.sizes = strata_allocate(most, sizeof(*filling.sizes));
	filling.hazards = strata_allocate(most, sizeof(*filling.hazards));
	filling.causes = strata_allocate(most * churn->words, sizeof(*filling.causes));
	filling.best_costs = strata_allocate(count, sizeof(*filling.best_costs));
	filling.best_bins = strata_allocate(count, sizeof(*filling.best_bins));
	if (!filling.bin_of || !filling.sizes || !filling.hazards || !filling.causes ||
		!filling.best_costs || !filling.best_bins)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		filling.bin_of[i] = count <= bound ? i : UINT32_MAX;
	filling.bin_count = count <= bound ? count : 0;
	if (count > bound) {
		int status = fill(&filling, bound, error);

		if (status < 0)
			return status;
	}
	return strata_bins_write(partition, filling.bin_of, filling.bin_count, error);
}

const struct strata_strategy strata_strategy_rechunk = {
	.name = "rechunk",
	.summary = "after rechunk: fill layers with what adds least to a year of updates",
	.trade_off =
		"It aims at what a machine pulls in a year, and knows that packages of one source "
		"change together. It takes its time, and the lists of packages that rechunk's "
		"users wrote by hand are missing.",
	.uses_churn = true,
	.partition = partition_as_rechunk,
};
