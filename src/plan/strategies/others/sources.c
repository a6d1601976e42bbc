/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strategies/others/sources.h"

#include <string.h>

#include "model/cost.h"
#include "util/error.h"
#include "util/fixed_point.h"

struct sourced {
	const char *name;
	uint32_t item;
};

static int compare_sourced(const void *left, const void *right)
{
	const struct sourced *a = left, *b = right;
	int difference = strcmp(a->name, b->name);

	return difference ? difference : (a->item > b->item) - (a->item < b->item);
}

uint64_t strata_weekly_hazard(const struct strata_churn *churn, uint32_t item)
{
	struct strata_hazard hazard = churn->class_hazards[churn->class_of[item]];

	return strata_hazard_joint(churn, hazard) * churn->rebuilds / STRATA_DEFAULT_REBUILDS;
}

static void add_item(struct strata_source_group *group, const struct strata_graph *graph,
	const struct strata_churn *churn, uint32_t item, bool first)
{
	uint64_t size = strata_graph_item(graph, item)->size;
	uint64_t hazard = churn ? strata_weekly_hazard(churn, item) : 0;

	if (first || size > strata_graph_item(graph, group->largest)->size)
		group->largest = item;
	group->size = strata_saturating_add(group->size, size);
	if (hazard > group->hazard)
		group->hazard = hazard;
}

int strata_source_groups_find(const struct strata_graph *graph, const struct strata_churn *churn,
	struct strata_source_groups *sources, struct strata_error *error)
{
	uint32_t count = strata_graph_count(graph);
	strata_autofree struct sourced *sorted = strata_allocate(count, sizeof(*sorted));

	sources->groups = strata_allocate(count, sizeof(*sources->groups));
	sources->of_item = strata_allocate(count, sizeof(*sources->of_item));
	if (!sorted || !sources->groups || !sources->of_item)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = (struct sourced){strata_graph_item(graph, i)->cause, i};
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), compare_sourced);
	for (uint32_t i = 0; i < count; i++) {
		bool first = i == 0 || strcmp(sorted[i].name, sorted[i - 1].name) != 0;

		if (first)
			sources->groups[sources->count++].name = sorted[i].name;
		add_item(&sources->groups[sources->count - 1], graph, churn, sorted[i].item, first);
		sources->of_item[sorted[i].item] = sources->count - 1;
	}
	return 0;
}

void strata_source_groups_release(struct strata_source_groups *sources)
{
	free(sources->groups);
	free(sources->of_item);
}

/* --- statistics ------------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t strata_median(uint64_t *numbers, uint32_t count)
{
	uint64_t low, high;

	if (count == 0)
		return 0;
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	low = numbers[(count - 1) / 2];
	high = numbers[count / 2];
	return low + (high - low) / 2;
}

uint64_t strata_median_deviation(
	const uint64_t *numbers, uint32_t count, uint64_t middle, uint64_t *scratch)
{
	for (uint32_t i = 0; i < count; i++)
		scratch[i] = numbers[i] > middle ? numbers[i] - middle : middle - numbers[i];
	return strata_median(scratch, count);
}

void strata_mean_deviation(
	const uint64_t *numbers, uint32_t count, uint64_t *mean, uint64_t *deviation)
{
	uint64_t sum = 0, squares = 0;
	unsigned shift = 0;

	*mean = *deviation = 0;
	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++)
		sum = strata_saturating_add(sum, numbers[i]);
	*mean = sum / count;
	/* Squares of large numbers would not fit: their low bits do not matter. */
	for (uint32_t i = 0; i < count; i++) {
		uint64_t distance = numbers[i] > *mean ? numbers[i] - *mean : *mean - numbers[i];

		while (distance >> shift >= UINT64_C(1) << 21)
			shift++;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t distance = numbers[i] > *mean ? numbers[i] - *mean : *mean - numbers[i];

		distance >>= shift;
		squares = strata_saturating_add(squares, distance * distance);
	}
	*deviation = strata_fixed_root(squares / count) << shift;
}
