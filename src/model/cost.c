/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cost.h"

#include <string.h>

#include "util/error.h"

uint64_t strata_cost_planned(
	const struct strata_churn *churn, uint64_t bytes, struct strata_hazard hazard, bool mixed)
{
	uint64_t dirty = strata_churn_dirty(churn, hazard);

	return strata_cost_planned_of(
		churn, bytes, dirty, strata_churn_pulls(churn, hazard, dirty), mixed);
}

int strata_cost_compare_prefix(
	uint64_t bytes, uint64_t hazard, uint64_t other_bytes, uint64_t other_hazard)
{
	if (bytes == 0 || other_bytes == 0)
		return (bytes == 0) - (other_bytes == 0);
	return strata_wide_compare(
		strata_wide_multiply(strata_fixed_exp_minus_one(hazard), other_bytes),
		strata_wide_multiply(strata_fixed_exp_minus_one(other_hazard), bytes));
}

static void unite(uint64_t *set, const uint64_t *other, size_t words)
{
	for (size_t w = 0; w < words; w++)
		set[w] |= other[w];
}

int strata_cost_layers(const struct strata_graph *graph, const struct strata_churn *churn,
	const uint32_t *layer_of, uint32_t layer_count, struct strata_cost *cost,
	struct strata_error *error)
{
	size_t words = churn->words;
	strata_autofree uint64_t *sizes = strata_allocate(layer_count, sizeof(*sizes));
	strata_autofree uint64_t *sets =
		strata_allocate(((size_t)layer_count + 1) * words, sizeof(*sets));
	uint64_t *below = sets ? sets + layer_count * words : NULL;
	strata_autofree uint32_t *classes = strata_allocate(layer_count, sizeof(*classes));
	strata_autofree bool *mixed = strata_allocate(layer_count, sizeof(*mixed));
	uint64_t total = 0, pulled = 0, pulled_prefix = 0, planned = 0;

	*cost = (struct strata_cost){0};
	if (!sizes || !sets || !classes || !mixed)
		return strata_fail_memory(error);
	for (uint32_t layer = 0; layer < layer_count; layer++)
		classes[layer] = UINT32_MAX;
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		uint32_t layer = layer_of[i], c = churn->class_of[i];

		sizes[layer] =
			strata_saturating_add(sizes[layer], strata_graph_item(graph, i)->size);
		unite(sets + layer * words, churn->class_causes[c], words);
		mixed[layer] |= classes[layer] != UINT32_MAX && classes[layer] != c;
		classes[layer] = c;
	}
	for (uint32_t layer = 0; layer < layer_count; layer++) {
		const uint64_t *set = sets + layer * words;
		struct strata_hazard hazard = strata_churn_set_hazard(churn, set);
		uint64_t dirty = strata_churn_dirty(churn, hazard);

		planned = strata_saturating_add(
			planned, strata_cost_planned(churn, sizes[layer], hazard, mixed[layer]));
		unite(below, set, words);
		total = strata_saturating_add(total, sizes[layer]);
		pulled = strata_saturating_add(pulled, strata_cost_of(sizes[layer], dirty));
		cost->requests += dirty;
		dirty = strata_churn_dirty(churn, strata_churn_set_hazard(churn, below));
		pulled_prefix =
			strata_saturating_add(pulled_prefix, strata_cost_of(sizes[layer], dirty));
	}
	cost->pulled = pulled >> STRATA_COST_SHIFT;
	cost->pulled_prefix = pulled_prefix >> STRATA_COST_SHIFT;
	cost->registry = strata_saturating_add(total, cost->pulled);
	cost->planned = planned >> STRATA_COST_SHIFT;
	return 0;
}
