/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunking of ostree-rs-ext (rpm-ostree, bootc), without a prior build: packages by classes of
 * size and of how often they change.
 *
 * One layer of the bound is kept empty for packages to come, one is for small packages, 60 % of the
 * others are for large ones, one each, and the rest is for what is between. Sizes are large from
 * the median plus twice the median deviation on, and small up to half of their difference. What is
 * between is filled in by frequency of change, and again by size: three classes each, apart from
 * each other by two standard deviations, which do not share layers; where that takes too many,
 * neighbours are joined, those that change most as the last ones.
 *
 * Below 4 layers, where ostree refuses, everything is one layer.
 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include <stdlib.h>

#include "plan/strategies/others/bins.h"
#include "plan/strategies/others/sources.h"
#include "plan/strategies/strategies.h"
#include "util/error.h"
#include "util/fixed_point.h"
#include "util/memory.h"

enum {
	LEAST_BOUND = 4,
	CLASSES = 3, /* high, middle, low */
};

struct component {
	uint64_t size, frequency;
	uint32_t item;
	uint8_t class_number; /* of what is between: frequency x CLASSES + size */
};

struct chunking {
	struct component
		*components; /* largest first, then: the large, what is between, the small */
	uint32_t count, large, between;
	uint32_t *bin_of; /* item -> layer */
	uint64_t *numbers;
	uint32_t bin_count;
};

static void release_chunking(struct chunking *chunking)
{
	free(chunking->components);
	free(chunking->bin_of);
	free(chunking->numbers);
}

static int compare_sizes(const void *left, const void *right)
{
	const struct component *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	return (a->item > b->item) - (a->item < b->item);
}

/* By class, and within one by frequency, ascending. */
static int compare_classes(const void *left, const void *right)
{
	const struct component *a = left, *b = right;

	if (a->class_number != b->class_number)
		return a->class_number < b->class_number ? -1 : 1;
	if (a->frequency != b->frequency)
		return a->frequency < b->frequency ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* Half of the distance of A from B. */
static uint64_t half_distance(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) / 2;
}

/* Divide the components, which are sorted by size, with room for LARGE large ones. */
static void classify_sizes(struct chunking *chunking, uint32_t large)
{
	uint64_t middle, deviation, high, low;

	for (uint32_t i = 0; i < chunking->count; i++)
		chunking->numbers[i] = chunking->components[i].size;
	middle = strata_median(chunking->numbers, chunking->count);
	deviation = strata_median_deviation(
		chunking->numbers, chunking->count, middle, chunking->numbers + chunking->count);
	high = strata_saturating_add(middle, 2 * deviation);
	low = half_distance(middle, 2 * deviation);
	while (chunking->large < large && chunking->components[chunking->large].size >= high)
		chunking->large++;
	for (uint32_t i = chunking->large; i < chunking->count; i++)
		chunking->between +=
			chunking->components[i].size > low || chunking->components[i].size >= high;
}

static uint8_t class_of(uint64_t value, uint64_t mean, uint64_t deviation)
{
	if (value >= mean + 2 * deviation)
		return 0;
	return value <= half_distance(mean, 2 * deviation) ? 2 : 1;
}

static void classify_between(struct chunking *chunking)
{
	struct component *between = chunking->components + chunking->large;
	uint64_t mean, deviation, size_mean, size_deviation;

	for (uint32_t i = 0; i < chunking->between; i++)
		chunking->numbers[i] = between[i].frequency;
	strata_mean_deviation(chunking->numbers, chunking->between, &mean, &deviation);
	for (uint32_t i = 0; i < chunking->between; i++)
		chunking->numbers[i] = between[i].size;
	strata_mean_deviation(chunking->numbers, chunking->between, &size_mean, &size_deviation);
	for (uint32_t i = 0; i < chunking->between; i++)
		between[i].class_number =
			(uint8_t)(class_of(between[i].frequency, mean, deviation) * CLASSES +
				  class_of(between[i].size, size_mean, size_deviation));
	if (chunking->between > 0)
		qsort(between, chunking->between, sizeof(*between), compare_classes);
}

/* Fill layers with what is between, MOST to a layer; of more than ROOM layers, join the last two,
 * the two before them, and so on, and then anew. */
static void place_between(struct chunking *chunking, uint32_t most, uint32_t room)
{
	const struct component *between = chunking->components + chunking->large;
	uint32_t *joined = (uint32_t *)chunking->numbers, filled = 0, bins = 0, left;

	for (uint32_t i = 0; i < chunking->between; i++) {
		if (i == 0 || filled == most ||
			between[i].class_number != between[i - 1].class_number) {
			bins++;
			filled = 0;
		}
		filled++;
		chunking->bin_of[between[i].item] = bins - 1;
	}
	for (uint32_t b = 0; b < bins; b++)
		joined[b] = b;
	for (left = bins; left > room;) {
		uint32_t start = left, pairs = 0, excess = left - room;

		/* `start` is where the pairs begin, counted back from the end. */
		while (start >= 2 && pairs < excess) {
			start -= 2;
			pairs++;
		}
		for (uint32_t b = 0; b < bins; b++) {
			if (joined[b] >= start)
				joined[b] = start + (joined[b] - start) / 2;
		}
		left -= pairs;
	}
	for (uint32_t i = 0; i < chunking->between; i++) {
		uint32_t *bin = &chunking->bin_of[between[i].item];

		*bin = chunking->bin_count + joined[*bin];
	}
	chunking->bin_count += left;
}

static void chunk(struct chunking *chunking, uint32_t bound)
{
	uint32_t large_room = (bound - 2) * 6 / 10, room = bound - 2 - large_room, small, rest;

	classify_sizes(chunking, large_room);
	classify_between(chunking);
	for (uint32_t i = 0; i < chunking->large; i++)
		chunking->bin_of[chunking->components[i].item] = chunking->bin_count++;
	small = chunking->count - chunking->large - chunking->between;
	for (uint32_t i = chunking->count - small; i < chunking->count; i++)
		chunking->bin_of[chunking->components[i].item] = chunking->bin_count;
	chunking->bin_count += small > 0;
	rest = chunking->between / room;
	place_between(chunking, rest > 0 ? rest : 1, room);
}

static int begin(struct chunking *chunking, const struct strata_graph *graph,
	const struct strata_churn *churn, struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);

	chunking->count = count;
	chunking->components = strata_allocate(count, sizeof(*chunking->components));
	chunking->bin_of = strata_allocate(count, sizeof(*chunking->bin_of));
	chunking->numbers = strata_allocate((size_t)2 * count, sizeof(*chunking->numbers));
	if (!chunking->components || !chunking->bin_of || !chunking->numbers)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		chunking->components[i] = (struct component){
			strata_graph_item(graph, i)->size, strata_weekly_hazard(churn, i), i, 0};
	qsort(chunking->components, count, sizeof(*chunking->components), compare_sizes);
	return 0;
}

static int partition_as_ostree(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	STRATA_CLEANUP(release_chunking) struct chunking chunking = {0};
	int status = begin(&chunking, graph, churn, error);

	if (status < 0)
		return status;
	if (chunking.count < bound) {
		for (uint32_t i = 0; i < chunking.count; i++)
			chunking.bin_of[chunking.components[i].item] = chunking.bin_count++;
	} else if (bound < LEAST_BOUND) {
		chunking.bin_count = 1;
	} else {
		chunk(&chunking, bound);
	}
	return strata_bins_write(partition, chunking.bin_of, chunking.bin_count, error);
}

const struct strata_strategy strata_strategy_ostree = {
	.name = "ostree",
	.summary = "rpm-ostree's own: packages by classes of size and frequency of change",
	.trade_off =
		"Large packages are alone, small ones together, and the others beside those that "
		"change as often. It aims at no figure, and without the previous build a small "
		"change may move packages from layer to layer.",
	.uses_churn = true,
	.partition = partition_as_ostree,
};
