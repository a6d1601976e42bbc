/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stratapack/fleet.h>
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "fleet/catalogue/catalogue.h"
#include "fleet/fleet.h"
#include "lab/measure.h"
#include "model/causes.h"
#include "util/error.h"
#include "util/memory.h"

/* How the images of a state are layered; order holds places in the images' items. */
struct plans {
	struct strata_partition *partitions;
	size_t count;
};

static void release_plans(struct plans *plans)
{
	for (size_t i = 0; i < plans->count; i++) {
		free(plans->partitions[i].order);
		free(plans->partitions[i].ends);
	}
	free(plans->partitions);
}

static int allocate_plans(
	struct plans *plans, const struct strata_state *state, struct strata_error *error)
{
	plans->partitions = strata_allocate(state->fleet->image_count, sizeof(*plans->partitions));
	if (!plans->partitions)
		return strata_fail_memory(error);
	plans->count = state->fleet->image_count;
	for (size_t i = 0; i < plans->count; i++) {
		struct strata_partition *partition = &plans->partitions[i];

		partition->item_count = state->fleet->images[i].item_count;
		partition->order =
			strata_allocate(partition->item_count, sizeof(*partition->order));
		partition->ends = strata_allocate(partition->item_count, sizeof(*partition->ends));
		if (!partition->order || !partition->ends)
			return strata_fail_memory(error);
	}
	return 0;
}

/* Every item alone. */
static void plan_ideal(struct strata_partition *partition)
{
	for (uint32_t i = 0; i < partition->item_count; i++) {
		partition->order[i] = i;
		partition->ends[i] = i + 1;
	}
	partition->layer_count = partition->item_count;
}

static int make_churn(const struct strata_series *series, const struct strata_contender *contender,
	const struct strata_graph *graph, struct strata_churn **churn, struct strata_error *error)
{
	struct strata_churn_options options = {
		.propagation = series->propagate ? STRATA_PROPAGATION_CLOSURE
						 : STRATA_PROPAGATION_BY_CONTENT,
		.rates = contender->rates,
	};

	int status = strata_churn_new(graph, &options, churn, error);

	if (status == 0)
		strata_churn_set_storage_weight(*churn, contender->storage_weight);
	return status;
}

static int plan_alone(const struct strata_series *series, const struct strata_contender *contender,
	const struct strata_graph *graph, struct strata_partition *partition,
	struct strata_error *error)
{
	const struct strata_strategy *strategy = contender->strategy;
	strata_autochurn struct strata_churn *churn = NULL;
	int status = 0;

	if (strategy->least_layers && strategy->least_layers(graph) > contender->max_layers)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"strategy '%s' needs %u layers, but the bound is %u", strategy->name,
			strategy->least_layers(graph), contender->max_layers);
	if (strategy->uses_churn)
		status = make_churn(series, contender, graph, &churn, error);
	if (status < 0)
		return status;
	return strategy->partition(strategy, graph, churn, contender->max_layers, partition, error);
}

/* Take over what a plan of an image's own graph says. */
static void copy_plan(struct strata_partition *partition, const struct strata_plan *plan,
	const struct strata_graph *graph)
{
	uint32_t filled = 0;

	partition->layer_count = 0;
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		for (size_t i = 0; i < plan->layers[layer].item_count; i++)
			partition->order[filled++] =
				strata_graph_find(graph, plan->layers[layer].items[i]);
		partition->ends[partition->layer_count++] = filled;
	}
}

/* The same with the plan of the state before, or NULL, in *PREVIOUS, which this one replaces. */
static int plan_on(const struct strata_series *series, const struct strata_contender *contender,
	const struct strata_graph *graph, struct strata_partition *partition,
	struct strata_plan **previous, struct strata_error *error)
{
	strata_autochurn struct strata_churn *churn = NULL;
	struct strata_plan *plan;
	struct strata_plan_options options = {
		.strategy = contender->strategy,
		.max_layers = contender->max_layers,
		.previous = *previous,
	};
	int status = make_churn(series, contender, graph, &churn, error);

	options.churn = churn;
	if (status == 0)
		status = strata_plan_make(graph, &options, &plan, error);
	if (status < 0)
		return status;
	copy_plan(partition, plan, graph);
	strata_plan_free(*previous);
	*previous = plan;
	return 0;
}

/* What a sticky contender remembers of the state before. */
struct memory {
	struct strata_catalogue *catalogue;
	struct strata_plan **plans; /* of all images of the series */
	uint32_t count;
};

static void forget(struct memory *memory)
{
	strata_catalogue_free(memory->catalogue);
	for (uint32_t i = 0; memory->plans && i < memory->count; i++)
		strata_plan_free(memory->plans[i]);
	free(memory->plans);
}

static int plan_images(struct strata_series *series, const struct strata_contender *contender,
	uint32_t number, struct plans *plans, struct memory *memory, struct strata_error *error)
{
	const struct strata_state *state = &series->states[number];
	int status = 0;

	for (size_t i = 0; status == 0 && i < plans->count; i++) {
		if (plans->partitions[i].item_count == 0)
			continue;
		if (!contender->strategy) {
			plan_ideal(&plans->partitions[i]);
			continue;
		}
		if (contender->sticky)
			status = plan_on(series, contender, state->graphs[i], &plans->partitions[i],
				&memory->plans[state->numbers[i]], error);
		else
			status = plan_alone(
				series, contender, state->graphs[i], &plans->partitions[i], error);
		if (status < 0)
			status = strata_context(
				error, status, "image '%s'", state->fleet->images[i].name);
	}
	return status;
}

/* Take over what the plan of a fleet says, whose order is of items of the graph. */
static void copy_partition(struct strata_partition *partition,
	const struct strata_partition *planned, const struct strata_fleet_image *image)
{
	for (uint32_t i = 0; i < planned->item_count; i++) {
		uint32_t low = 0, high = image->item_count;

		while (high - low > 1) {
			uint32_t middle = low + (high - low) / 2;

			if (image->items[middle] <= planned->order[i])
				low = middle;
			else
				high = middle;
		}
		partition->order[i] = low;
	}
	memcpy(partition->ends, planned->ends, planned->layer_count * sizeof(*partition->ends));
	partition->layer_count = planned->layer_count;
}

static int plan_together(const struct strata_series *series,
	const struct strata_contender *contender, const struct strata_fleet *fleet,
	struct plans *plans, struct memory *memory, struct strata_error *error)
{
	strata_autochurn struct strata_churn *churn = NULL;
	strata_autofleetplan struct strata_fleet_plan *plan = NULL;
	strata_autocatalogue struct strata_catalogue *previous = strata_take(memory->catalogue);
	struct strata_fleet_options options = {
		.storage_weight = contender->storage_weight,
		.request = STRATA_DEFAULT_REQUEST_BYTES,
		.max_layers = contender->max_layers,
		.previous = previous,
	};
	int status = make_churn(series, contender, fleet->graph, &churn, error);

	options.churn = churn;
	if (status == 0)
		status = strata_fleet_plan(fleet, &options, &plan, error);
	for (size_t i = 0; status == 0 && i < plans->count; i++) {
		if (fleet->images[i].item_count > 0)
			copy_partition(
				&plans->partitions[i], &plan->partitions[i], &fleet->images[i]);
	}
	if (status == 0 && contender->sticky)
		status = strata_catalogue_make(plan, &memory->catalogue, error);
	return status;
}

static uint64_t processor_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int plan_state(struct strata_series *series, const struct strata_contender *contender,
	uint32_t number, struct plans *plans, struct memory *memory, uint64_t *time,
	struct strata_error *error)
{
	struct strata_state *state = &series->states[number];
	uint64_t start;
	int status = allocate_plans(plans, state, error);

	if (status == 0 && contender->strategy)
		status = strata_series_make_graphs(series, number, error);
	start = processor_time();
	if (status == 0 && contender->fleet)
		status = plan_together(series, contender, state->fleet, plans, memory, error);
	else if (status == 0)
		status = plan_images(series, contender, number, plans, memory, error);
	*time += processor_time() - start;
	return status;
}

/* Count revision R of a run, which is REVISION of the series. */
static int measure_revision(struct strata_measure *measure, const struct strata_series *series,
	const struct strata_revision *revision, uint32_t r, const struct plans *plans,
	struct strata_error *error)
{
	const struct strata_state *state = &series->states[revision->state];
	int status = 0;

	strata_measure_revision(measure, r);
	for (size_t i = 0; status == 0 && i < state->fleet->image_count; i++)
		status = strata_measure_image(measure, r, state, i, revision->contents,
			&plans[revision->state].partitions[i], error);
	return status;
}

static int measure_run(const struct strata_series *series, uint32_t run, const struct plans *plans,
	struct strata_outcome *outcome, struct strata_error *error)
{
	strata_automeasure struct strata_measure measure = {0};
	int status = strata_measure_begin(&measure, series, outcome, error);

	for (uint32_t r = 0; status == 0 && r < strata_series_revision_count(series); r++) {
		uint32_t at = r < series->state_count ? r : r + run * series->run_length;

		status =
			measure_revision(&measure, series, &series->revisions[at], r, plans, error);
	}
	return status;
}

int strata_simulate(struct strata_series *series, const struct strata_contender *contender,
	struct strata_outcome *outcomes, struct strata_error *error)
{
	struct plans *plans = strata_allocate(series->state_count, sizeof(*plans));
	STRATA_CLEANUP(forget)
	struct memory memory = {
		.plans = strata_allocate(series->image_number_count, sizeof(*memory.plans)),
		.count = series->image_number_count};
	uint64_t time = 0;
	int status = plans && memory.plans ? 0 : strata_fail_memory(error);

	for (uint32_t s = 0; status == 0 && s < series->state_count; s++)
		status = plan_state(series, contender, s, &plans[s], &memory, &time, error);
	for (uint32_t run = 0; status == 0 && run < strata_series_run_count(series); run++) {
		outcomes[run].plan_count = series->state_count;
		outcomes[run].plan_time = time;
		status = measure_run(series, run, plans, &outcomes[run], error);
	}
	for (uint32_t s = 0; plans && s < series->state_count; s++)
		release_plans(&plans[s]);
	free(plans);
	return status;
}
