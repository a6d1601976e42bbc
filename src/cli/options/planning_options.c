/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/planning_options.h"

#include "util/error.h"

static const struct strata_option plan_file_options[] = {
	{.name = "plan",
		.argument = "PLAN",
		.value = STRATA_VALUE_FILE,
		.help = "use this plan, perhaps edited, instead of making one; without items, its "
			"own are taken",
		STRATA_STORES_TEXT(struct strata_plan_file_options, path)},
	{.name = NULL},
};

const struct strata_option_group strata_plan_file_group = {"Plan", plan_file_options};

static const struct strata_option catalogue_options[] = {
	{.name = "catalogue",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "take layers from this catalogue of a fleet, as far as they fit, and plan "
			"only the items that they do not hold",
		STRATA_STORES_TEXT(struct strata_catalogue_options, path)},
	{.name = NULL},
};

const struct strata_option_group strata_catalogue_group = {"Catalogue", catalogue_options};

/* Options of which each says how items are divided. */
static int refuse_second_division(
	const struct strata_planning_options *planning, struct strata_error *error)
{
	const struct strata_strategy_options *strategy = &planning->strategy;
	const char *first = strategy->strategy ? "strategy" : NULL;
	const char *second = strategy->pipeline ? "pipeline" : NULL;
	const char *catalogue = planning->catalogue.used.option;

	/* A catalogue is the previous plan of a fleet. */
	if (strategy->previous && strata_catalogue_recognise(strategy->previous)) {
		if (catalogue)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"--previous and --catalogue exclude each other where both "
					"are catalogues"),
				"keep one of them");
		catalogue = "previous";
	}

	if (catalogue) {
		first = second                         ? second
			: strategy->below              ? "below"
			: strategy->has_storage_weight ? "storage-weight"
						       : first;
		second = catalogue;
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
static int refuse_answered(
	const struct strata_planning_options *planning, struct strata_error *error)
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

int strata_planning_options_check(
	struct strata_planning_options *options, struct strata_error *error)
{
	int status;

	if (options->file.path)
		return refuse_answered(options, error);
	status = refuse_second_division(options, error);
	if (status == 0)
		status = strata_customisation_check(
			&options->customisation, options->root.root, error);
	return status;
}

void strata_planning_options_apply(const struct strata_planning_options *options,
	char *const *items, size_t count, struct strata_request *request)
{
	const struct strata_strategy_options *strategy = &options->strategy;

	request->items = (const char *const *)items;
	request->item_count = count;
	request->root = options->root.root;
	request->plan = options->file.path;
	request->catalogue = options->catalogue.path;
	request->strategy = strategy->strategy;
	request->pipeline = strategy->pipeline;
	request->below = strategy->below;
	request->previous = strategy->previous;
	request->max_layers = strategy->max_layers;
	request->bound_above_base = strategy->above_base;
	request->has_storage_weight = strategy->has_storage_weight;
	request->storage_weight = strategy->storage_weight;
	request->allow_many_layers = options->force.force;
	request->base_items = options->base_items.kind;
	request->force_overlap = options->overlap.force;
	strata_source_options_apply(&options->source, request);
	strata_rates_options_apply(&options->rates, request);
	strata_customisation_apply(&options->customisation, request);
}

void strata_planning_options_release(struct strata_planning_options *options)
{
	strata_source_options_release(&options->source);
	strata_rates_options_release(&options->rates);
	strata_customisation_release(&options->customisation);
}
