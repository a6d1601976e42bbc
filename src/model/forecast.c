/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the model says of a plan: of all of it, and layer by layer.
 */
#include <stratapack/forecast.h>

#include "model/causes.h"
#include "model/cost.h"
#include "util/error.h"

/* Fill LAYER_OF, item -> layer. */
static int find_layers(const struct strata_plan *plan, const struct strata_graph *graph,
	uint32_t *layer_of, struct strata_error *error)
{
	int status = strata_plan_check(plan, graph, error);

	for (size_t layer = 0; status == 0 && layer < plan->layer_count; layer++) {
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			layer_of[strata_graph_find(graph, plan->layers[layer].items[i])] =
				(uint32_t)layer;
	}
	return status;
}

/* Keep CAUSE among the worst where it belongs there; of equal ones, the first in their order. */
static void rank_cause(
	struct strata_layer_forecast *forecast, const struct strata_churn *churn, uint32_t cause)
{
	uint64_t hazard = strata_hazard_joint(churn, churn->causes[cause].hazard);
	unsigned place = forecast->worst_count;

	while (place > 0 && hazard > strata_hazard_joint(churn,
					     churn->causes[forecast->worst[place - 1]].hazard))
		place--;
	if (place == STRATA_WORST_CAUSES)
		return;
	if (forecast->worst_count < STRATA_WORST_CAUSES)
		forecast->worst_count++;
	for (unsigned at = forecast->worst_count - 1; at > place; at--)
		forecast->worst[at] = forecast->worst[at - 1];
	forecast->worst[place] = cause;
}

static void forecast_layer(const struct strata_churn *churn, const uint64_t *causes,
	struct strata_layer_forecast *forecast)
{
	struct strata_hazard hazard = strata_churn_set_hazard(churn, causes);
	uint64_t joint = strata_hazard_joint(churn, hazard);

	forecast->dirty = strata_churn_dirty(churn, hazard);
	for (uint32_t cause = 0; cause < churn->cause_count; cause++) {
		if (!(causes[cause / 64] >> (cause % 64) & 1))
			continue;
		forecast->cause_count++;
		rank_cause(forecast, churn, cause);
	}
	for (unsigned w = 0; w < forecast->worst_count; w++) {
		uint64_t own = strata_hazard_joint(churn, churn->causes[forecast->worst[w]].hazard);

		forecast->shares[w] = joint == 0 ? 0 : (uint32_t)(own * 1000 / joint);
	}
}

static int forecast_layers(const struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_churn *churn, const uint32_t *layer_of,
	struct strata_layer_forecast *forecasts, struct strata_error *error)
{
	size_t words = churn->words;
	strata_autofree uint64_t *sets = strata_allocate(plan->layer_count * words, sizeof(*sets));

	if (!sets)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		const uint64_t *causes = churn->class_causes[churn->class_of[i]];

		forecasts[layer_of[i]].size = strata_saturating_add(
			forecasts[layer_of[i]].size, strata_graph_item(graph, i)->size);
		for (size_t w = 0; w < words; w++)
			sets[layer_of[i] * words + w] |= causes[w];
	}
	for (size_t layer = 0; layer < plan->layer_count; layer++)
		forecast_layer(churn, sets + layer * words, &forecasts[layer]);
	return 0;
}

int strata_plan_forecast(const struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_churn *churn, struct strata_forecast *forecast,
	struct strata_error *error)
{
	strata_autofree uint32_t *layer_of =
		strata_allocate(strata_graph_count(graph), sizeof(*layer_of));
	strata_autofree struct strata_layer_forecast *layers =
		strata_allocate(plan->layer_count, sizeof(*layers));
	uint32_t count = (uint32_t)plan->layer_count;
	int status;

	*forecast = (struct strata_forecast){.layer_count = plan->layer_count};
	if (!layer_of || !layers)
		return strata_fail_memory(error);
	status = find_layers(plan, graph, layer_of, error);
	if (status == 0)
		status = strata_cost_layers(graph, churn, layer_of, count, &forecast->cost, error);
	if (status == 0)
		status = strata_cost_bound(
			graph, churn, count > 0 ? count : 1, &forecast->bound, error);
	if (status == 0)
		status = forecast_layers(plan, graph, churn, layer_of, layers, error);
	if (status < 0)
		return status;
	for (uint32_t cause = 0; cause < churn->cause_count; cause++)
		forecast->sources[churn->causes[cause].source]++;
	forecast->layers = strata_take(layers);
	return 0;
}

void strata_forecast_release(struct strata_forecast *forecast)
{
	free(forecast->layers);
	*forecast = (struct strata_forecast){.layers = NULL};
}
