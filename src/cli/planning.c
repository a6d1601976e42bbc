/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/planning.h"

#include <stratapack/image.h>

#include "cli/text/report.h"
#include "fleet/catalogue/catalogue.h"
#include "graph/internal.h"
#include "model/causes.h"
#include "plan/internal.h"
#include "plan/strategies/pipeline/pipeline.h"

static int apply_plan(void *target, const char *value, struct strata_error *error)
{
	((struct strata_plan_file_options *)target)->path = value;
	return 0;
}

static const struct strata_option plan_file_options[] = {
	{.name = "plan",
		.argument = "PLAN",
		.value = STRATA_VALUE_FILE,
		.help = "use this plan, perhaps edited, instead of making one; without items, its "
			"own are taken",
		.apply = apply_plan},
	{.name = NULL},
};

const struct strata_option_group strata_plan_file_group = {"Plan", plan_file_options};

static int apply_catalogue(void *target, const char *value, struct strata_error *error)
{
	((struct strata_catalogue_options *)target)->path = value;
	return 0;
}

static const struct strata_option catalogue_options[] = {
	{.name = "catalogue",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "take the layers of the fleet that this catalogue is of, as far as they "
			"fit, and plan only what they do not hold",
		.apply = apply_catalogue},
	{.name = NULL},
};

const struct strata_option_group strata_catalogue_group = {"Catalogue", catalogue_options};

/* A catalogue is the previous plan of a fleet. */
static int take_previous_catalogue(struct strata_planning *planning, struct strata_error *error)
{
	const char *previous = planning->strategy.previous;

	if (!previous || !strata_catalogue_recognise(previous))
		return 0;
	if (planning->catalogue.path)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--previous and --catalogue exclude each other where both are "
				"catalogues"),
			"keep one of them");
	planning->catalogue.path = previous;
	planning->catalogue.used.option = "previous";
	planning->strategy.previous = NULL;
	return 0;
}

/* Options of which each says how items are divided. */
static int refuse_second_division(
	const struct strata_planning *planning, struct strata_error *error)
{
	const struct strata_strategy_options *strategy = &planning->strategy;
	const char *first = strategy->strategy ? "strategy" : NULL;
	const char *second = strategy->pipeline ? "pipeline" : NULL;

	if (planning->catalogue.path) {
		first = second                         ? second
			: strategy->below              ? "below"
			: strategy->has_storage_weight ? "storage-weight"
						       : first;
		second = planning->catalogue.used.option;
	}
	if (!first || !second)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"--%s and --%s exclude each other: both say how items share layers", first,
			second),
		"keep one of them");
}

/* Options that a given plan has already answered. */
static int refuse_answered(const struct strata_planning *planning, struct strata_error *error)
{
	const char *option = planning->strategy.used.option;

	if (!option && !planning->explains)
		option = planning->rates.used.option;
	if (!option)
		option = planning->customisation.used.option;
	if (!option)
		option = planning->catalogue.used.option;
	if (!option)
		option = planning->base_items.used.option;
	if (!option)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"--%s and --plan exclude each other: the plan already says it", option),
		"edit the plan, or make a new one");
}

int strata_planning_prepare(struct strata_planning *planning, char *const *items, size_t count,
	struct strata_error *error)
{
	int result;

	planning->first_item = count > 0 ? items[0] : NULL;
	if (planning->file.path) {
		result = refuse_answered(planning, error);
		/* The items will be the plan's. */
		if (result < 0 || count == 0)
			return result;
	} else {
		result = strata_layer_count_check(
			planning->strategy.max_layers, planning->force.force, error);
		if (result == 0)
			result = take_previous_catalogue(planning, error);
		if (result == 0)
			result = refuse_second_division(planning, error);
		if (result == 0)
			result = strata_customisation_check(
				&planning->customisation, planning->root.root, error);
		if (result < 0)
			return result;
	}
	return strata_source_options_choose(
		&planning->source, planning->root.root, (const char *const *)items, count, error);
}

static int make_plan_of(struct strata_planning *planning, const struct strata_graph *graph,
	struct strata_plan_options *options, struct strata_error *error)
{
	strata_autochurn struct strata_churn *churn = NULL;
	strata_autoplan struct strata_plan *previous = NULL;
	const struct strata_strategy *strategy =
		options->strategy ? options->strategy : strata_strategies()[0];
	int result = 0;

	if (strategy->uses_churn || planning->strategy.previous)
		result = strata_rates_options_churn(
			&planning->rates, graph, planning->root.root, &churn, error);
	if (result == 0 && planning->strategy.previous)
		result = strata_image_plan(planning->strategy.previous, &previous, error);
	if (result == 0 && churn && planning->strategy.has_storage_weight)
		strata_churn_set_storage_weight(churn, planning->strategy.storage_weight);
	options->churn = churn;
	options->previous = previous;
	return result < 0 ? result : strata_plan_make(graph, options, &planning->plan, error);
}

/* Plan GRAPH with the layers of a fleet. */
static int make_plan_of_catalogue(struct strata_planning *planning,
	const struct strata_graph *graph, struct strata_plan_options *options,
	struct strata_error *error)
{
	strata_autocatalogue struct strata_catalogue *catalogue = NULL;
	int result = strata_catalogue_load(planning->catalogue.path, &catalogue, error);

	if (result < 0)
		return result;
	options->strategy = strata_catalogue_strategy();
	options->divide = strata_catalogue_divide;
	options->divide_data = catalogue;
	return make_plan_of(planning, graph, options, error);
}

/* Plan what the layers of BELOW, and the base, do not hold. */
static int make_plan_above(struct strata_planning *planning, const struct strata_graph *graph,
	struct strata_plan_options *options, struct strata_error *error)
{
	const char *path = planning->strategy.below;
	strata_autoplan struct strata_plan *below = NULL;
	strata_autograph struct strata_graph *rest = NULL;
	int result = strata_plan_load(path, &below, error);

	if (result < 0)
		return result;
	result = strata_plan_rest(below, graph, &rest, error);
	if (result < 0 && graph != planning->graph)
		strata_hint(error, result,
			"items that the base holds need no layer; --base-items none packs them all "
			"the same");
	if (result < 0)
		return strata_context(error, result, "the plan '%s'", path);
	options->layers_below = (uint32_t)below->layer_count;
	result = make_plan_of(planning, rest, options, error);
	return result < 0 ? result : strata_plan_put_below(planning->plan, below, error);
}

/* Plan GRAPH, which is what the base does not hold. */
static int make_plan_on_base(struct strata_planning *planning, const struct strata_graph *graph,
	struct strata_error *error)
{
	strata_autopipeline struct strata_pipeline *pipeline = NULL;
	struct strata_plan_options options = {
		.strategy = planning->strategy.strategy,
		.max_layers = planning->strategy.max_layers,
		.base_layers = (uint32_t)strata_base_layer_count(planning->base),
		.customisation = strata_customisation_of(&planning->customisation),
		.root = planning->root.root,
	};

	if (planning->strategy.above_base) {
		int result;

		options.max_layers += options.base_layers;
		result = strata_layer_count_check(options.max_layers, planning->force.force, error);
		if (result < 0)
			return result;
	}
	if (planning->strategy.pipeline) {
		int result = strata_pipeline_load(planning->strategy.pipeline, &pipeline, error);

		if (result < 0)
			return result;
		options.strategy = strata_pipeline_strategy();
		options.divide = strata_pipeline_divide;
		options.divide_data = pipeline;
	}
	if (planning->strategy.below)
		return make_plan_above(planning, graph, &options, error);
	if (planning->catalogue.path)
		return make_plan_of_catalogue(planning, graph, &options, error);
	return make_plan_of(planning, graph, &options, error);
}

static int make_plan(struct strata_planning *planning, struct strata_error *error)
{
	strata_autoplan struct strata_plan *held = NULL;
	strata_autograph struct strata_graph *rest = NULL;
	int result = strata_base_held(
		planning->base, planning->graph, planning->base_items.kind, &held, error);

	if (result < 0)
		return result;
	if (held->layer_count == 0)
		return make_plan_on_base(planning, planning->graph, error);
	result = strata_plan_rest(held, planning->graph, &rest, error);
	if (result == 0)
		result = make_plan_on_base(planning, rest, error);
	return result < 0 ? result : strata_plan_leave_to_base(planning->plan, held, error);
}

static int read_plan(struct strata_planning *planning, bool *wrong_use, struct strata_error *error)
{
	int result = strata_plan_load(planning->file.path, &planning->plan, error);

	if (result < 0 || planning->first_item)
		return result;
	result = strata_source_options_choose_planned(
		&planning->source, planning->root.root, planning->plan, error);
	*wrong_use = result < 0;
	return result;
}

static int check_plan(const struct strata_planning *planning, struct strata_error *error)
{
	int result = strata_plan_check(planning->plan, planning->graph, error);

	if (result < 0)
		return strata_context(error, result, "the plan '%s'", planning->file.path);
	return strata_layer_count_check(
		planning->plan->base_layers + strata_plan_image_layers(planning->plan),
		planning->force.force, error);
}

int strata_planning_run(struct strata_planning *planning, const struct strata_observer *observer,
	bool *wrong_use, struct strata_error *error)
{
	int result = 0;

	*wrong_use = false;
	if (planning->file.path)
		result = read_plan(planning, wrong_use, error);
	if (result == 0)
		result = strata_source_options_read(
			&planning->source, planning->root.root, observer, &planning->graph, error);
	if (result == 0)
		result = strata_signals_check(error);
	if (result < 0)
		return result;
	if (planning->plan)
		return check_plan(planning, error);
	result = strata_customisation_resolve(
		&planning->customisation, planning->graph, planning->first_item, error);
	*wrong_use = result < 0;
	return result < 0 ? result : make_plan(planning, error);
}

void strata_planning_release(struct strata_planning *planning)
{
	strata_source_options_release(&planning->source);
	strata_rates_options_release(&planning->rates);
	strata_customisation_release(&planning->customisation);
	if (planning->plan)
		strata_plan_free(planning->plan);
	if (planning->graph)
		strata_graph_free(planning->graph);
}
