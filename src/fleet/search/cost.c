/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/cost.h"

#include "util/fixed_point.h"

enum {
	THOUSAND = 1000,
	COST_BITS = 60 - STRATA_WEIGHT_BITS, /* of the cost of everything, for one unit of weight */
	PAYBACKS_PER_YEAR = 4,
};

/* Weights are relative to their mean, so that the costs of storage and of pulls keep their
 * proportion whether weights count machines or shares. */
static int scale_weights(struct strata_fleet_model *model, const struct strata_fleet *fleet,
	struct strata_error *error)
{
	uint64_t total = 0, count = fleet->image_count;

	model->weights = strata_allocate(fleet->image_count, sizeof(*model->weights));
	if (!model->weights)
		return strata_fail_memory(error);
	for (size_t i = 0; i < fleet->image_count; i++)
		total += fleet->images[i].weight;
	for (size_t i = 0; i < fleet->image_count; i++) {
		uint64_t weight = fleet->images[i].weight;

		if (total > 0)
			model->weights[i] =
				(weight * count * STRATA_WEIGHT_ONE + total / 2) / total;
	}
	return 0;
}

static int sum_weights(struct strata_fleet_model *model, struct strata_error *error)
{
	size_t bytes = model->words * 8;

	model->sums = strata_allocate(bytes, sizeof(*model->sums));
	if (!model->sums)
		return strata_fail_memory(error);
	for (size_t byte = 0; byte < bytes; byte++) {
		for (unsigned value = 1; value < 256; value++) {
			size_t image = byte * 8 + (unsigned)__builtin_ctz(value);

			model->sums[byte][value] =
				model->sums[byte][value & (value - 1)] +
				(image < model->image_count ? model->weights[image] : 0);
		}
	}
	return 0;
}

static int find_factors(struct strata_fleet_model *model, struct strata_error *error)
{
	model->factors = strata_allocate((size_t)model->image_count + 1, sizeof(*model->factors));
	if (!model->factors)
		return strata_fail_memory(error);
	for (uint64_t count = 1; count <= model->image_count; count++) {
		uint64_t root = strata_fixed_root(strata_fixed_root(count << 32) << 16);

		model->factors[count] = (uint32_t)((UINT64_C(1) << 32) / root);
	}
	return 0;
}

static int gather_causes(struct strata_fleet_model *model, struct strata_error *error)
{
	const struct strata_churn *churn = model->churn;
	uint32_t causes = strata_churn_cause_count(churn);
	uint32_t classes = strata_churn_class_count(churn);

	model->hazards = strata_allocate(causes, sizeof(*model->hazards));
	model->causes = strata_allocate(classes, sizeof(*model->causes));
	if (!model->hazards || !model->causes)
		return strata_fail_memory(error);
	for (uint32_t c = 0; c < causes; c++)
		model->hazards[c] = strata_churn_cause_hazard(churn, c);
	for (uint32_t c = 0; c < classes; c++) {
		if (strata_cause_set_gather(&model->causes[c], strata_churn_class_causes(churn, c),
			    strata_churn_words(churn)) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

/* Find the largest cost of a byte, and from it how far costs must be shifted. */
static void choose_shift(struct strata_fleet_model *model, const struct strata_graph *graph)
{
	uint64_t most = strata_churn_rebuilds(model->churn) +
			(uint64_t)strata_churn_batch_days(model->churn) + PAYBACKS_PER_YEAR;
	uint64_t factor = most * (model->storage + model->pull * (model->image_count + 1));
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < strata_graph_count(graph); i++)
		bytes = strata_saturating_add(
			bytes, strata_graph_item(graph, i)->size + model->request);
	while (strata_fixed_multiply(bytes, factor, model->shift) >> COST_BITS != 0)
		model->shift++;
}

int strata_fleet_model_make(struct strata_fleet_model *model, const struct strata_fleet *fleet,
	const struct strata_fleet_options *options, struct strata_error *error)
{
	int status;

	model->churn = options->churn;
	model->image_count = (uint32_t)fleet->image_count;
	model->words = (fleet->image_count + 63) / 64;
	model->storage = options->storage_weight;
	model->pull = THOUSAND;
	model->request = options->request;
	model->others_remain = options->others_remain;
	/* A change of a kept plan must pay for itself within a part of the year. */
	model->renewal = options->previous ? PAYBACKS_PER_YEAR : 1;
	status = gather_causes(model, error);
	if (status == 0)
		status = scale_weights(model, fleet, error);
	if (status == 0)
		status = sum_weights(model, error);
	if (status == 0)
		status = find_factors(model, error);
	if (status == 0)
		choose_shift(model, fleet->graph);
	return status;
}

void strata_fleet_model_release(struct strata_fleet_model *model)
{
	for (uint32_t c = 0; model->causes && c < strata_churn_class_count(model->churn); c++)
		strata_cause_set_release(&model->causes[c]);
	free(model->causes);
	free(model->hazards);
	free(model->weights);
	free(model->sums);
	free(model->factors);
	*model = (struct strata_fleet_model)STRATA_FLEET_MODEL_INIT;
}

uint64_t strata_fleet_model_weight(const struct strata_fleet_model *model, const uint64_t *images)
{
	uint64_t weight = 0;

	for (size_t w = 0; w < model->words; w++) {
		uint64_t bits = images[w];

		for (size_t byte = w * 8; bits != 0; byte++, bits >>= 8)
			weight += model->sums[byte][bits & 0xff];
	}
	return weight;
}

uint64_t strata_fleet_burden(uint64_t size, uint64_t dirty)
{
	return strata_fixed_multiply(size, STRATA_FIXED_ONE + dirty, STRATA_FIXED_SHIFT);
}
