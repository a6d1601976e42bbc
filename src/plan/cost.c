#include "plan/cost.h"

#include <string.h>

#include "base/error.h"

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
	uint64_t total = 0, pulled = 0, pulled_prefix = 0;

	*cost = (struct strata_cost){0};
	if (!sizes || !sets)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		sizes[layer_of[i]] = strata_saturating_add(
			sizes[layer_of[i]], strata_graph_item(graph, i)->size);
		unite(sets + layer_of[i] * words, churn->class_causes[churn->class_of[i]], words);
	}
	for (uint32_t layer = 0; layer < layer_count; layer++) {
		const uint64_t *set = sets + layer * words;
		uint64_t dirty = strata_churn_dirty(churn, strata_churn_set_hazard(churn, set));

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
	cost->planned = strata_saturating_add(cost->pulled,
		(strata_cost_of(STRATA_REQUEST, cost->requests) >> STRATA_COST_SHIFT) +
			(uint64_t)layer_count * STRATA_REQUEST);
	return 0;
}
