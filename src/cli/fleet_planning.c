/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fleet_planning.h"

#include <string.h>

#include "cli/text/report.h"
#include "fleet/catalogue/catalogue.h"
#include "model/causes.h"
#include "plan/internal.h"
#include "util/file.h"

static int apply_fleet(void *target, const char *value, struct strata_error *error)
{
	((struct strata_fleet_planning_options *)target)->fleet = value;
	return 0;
}

static int apply_plans(void *target, const char *value, struct strata_error *error)
{
	((struct strata_fleet_planning_options *)target)->plans = value;
	return 0;
}

static const struct strata_option fleet_options[] = {
	{.name = "fleet",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "plan all images that this file names together, so that they share layers, "
			"and write a catalogue instead of a plan; see stratapack-fleet(5)",
		.apply = apply_fleet},
	{.name = "plans",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "write the plan of each image of the fleet into this new directory, as "
			"NAME.plan.json",
		.apply = apply_plans},
	{.name = NULL},
};

const struct strata_option_group strata_fleet_group = {"Fleets", fleet_options};

int strata_fleet_planning_prepare(const struct strata_fleet_planning_options *options,
	const struct strata_planning *planning, size_t count, struct strata_error *error)
{
	const char *foreign = planning->customisation.used.option;

	if (!options->fleet) {
		if (!options->used.option)
			return 0;
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--%s is about a fleet, but none is given", options->used.option),
			"name its file with --fleet");
	}
	if (!foreign)
		foreign = planning->file.used.option;
	if (!foreign)
		foreign = planning->catalogue.used.option;
	if (foreign)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--%s is about one image, --fleet about many", foreign),
			"give it to 'stratapack build --catalogue'");
	if (count > 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"items cannot be named beside --fleet"),
			"add what all images have to \"common\" in the fleet file");
	if (options->plans) {
		int result = strata_directory_check_free(options->plans, error);

		if (result < 0)
			return result;
	}
	return strata_layer_count_check(
		planning->strategy.max_layers, planning->force.force, error);
}

static int fill(void *data, struct strata_graph *graph, struct strata_error *error)
{
	return strata_fleet_fill(data, graph, error);
}

static int check_bounds(const struct strata_fleet *fleet, const struct strata_planning *planning,
	struct strata_error *error)
{
	for (size_t i = 0; i < fleet->image_count; i++) {
		int result = strata_layer_count_check(
			fleet->images[i].max_layers, planning->force.force, error);

		if (result < 0)
			return strata_context(error, result, "image '%s'", fleet->images[i].name);
	}
	return 0;
}

/* Read the graph that holds the items of all images. */
static int read_graph(struct strata_fleet *fleet, struct strata_planning *planning,
	const struct strata_observer *observer, bool *wrong_use, struct strata_error *error)
{
	const char *const *roots;
	size_t count;
	int result = strata_fleet_roots(fleet, &roots, &count, error);

	if (result < 0)
		return result;
	planning->source.extra = fill;
	planning->source.extra_data = fleet;
	result = strata_source_options_choose(
		&planning->source, planning->root.root, roots, count, error);
	if (result < 0) {
		*wrong_use = true;
		return result;
	}
	result = strata_source_options_read(
		&planning->source, planning->root.root, observer, &planning->graph, error);
	if (result == 0)
		result = strata_fleet_resolve(fleet, planning->graph, planning->root.root, error);
	return result < 0 ? result : strata_signals_check(error);
}

/* A file name for the plan of the image called NAME: what is not plain is written as %XX. */
static void append_file_name(struct strata_buffer *path, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=:@,.";

	for (const char *at = name; *at; at++) {
		if (strchr(plain, *at) && (at > name || *at != '.'))
			strata_buffer_byte(path, *at);
		else
			strata_buffer_format(path, "%%%02X", (unsigned)(unsigned char)*at);
	}
	strata_buffer_string(path, ".plan.json");
}

static int write_plans(const struct strata_fleet_plan *fleet_plan, const char *directory,
	struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int result = strata_output_open_directory(&output, directory, error);

	for (size_t i = 0; result == 0 && i < fleet_plan->fleet->image_count; i++) {
		strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
		strata_autoplan struct strata_plan *plan = NULL;

		strata_buffer_format(&path, "%s/", output.temporary);
		append_file_name(&path, fleet_plan->fleet->images[i].name);
		result = strata_buffer_check(&path, error);
		if (result == 0)
			result = strata_fleet_plan_image(fleet_plan, i, &plan, error);
		if (result == 0)
			result = strata_plan_save(plan, path.data, error);
		if (result == 0)
			result = strata_signals_check(error);
	}
	return result < 0 ? result : strata_output_commit(&output, error);
}

static int write_results(const struct strata_fleet_planning_options *options,
	const struct strata_fleet_plan *plan, const char *output, struct strata_error *error)
{
	strata_autocatalogue struct strata_catalogue *catalogue = NULL;
	int result = options->plans ? write_plans(plan, options->plans, error) : 0;

	if (result < 0 || !output)
		return result;
	result = strata_catalogue_make(plan, &catalogue, error);
	return result < 0 ? result : strata_catalogue_save(catalogue, output, error);
}

/* The weights that were asked for, or else those of the catalogue that is extended. */
static int choose_settings(const struct strata_fleet_planning_options *options,
	const struct strata_planning *planning, struct strata_catalogue **previous,
	struct strata_fleet_options *settings, struct strata_error *error)
{
	uint32_t bound = planning->strategy.max_layers;

	settings->storage_weight = STRATA_DEFAULT_STORAGE_WEIGHT;
	settings->request = STRATA_DEFAULT_REQUEST_BYTES;
	/* One layer is left for a customisation. */
	settings->max_layers = bound > 1 ? bound - 1 : bound;
	if (planning->strategy.previous) {
		int result = strata_catalogue_load(planning->strategy.previous, previous, error);

		if (result < 0)
			return result;
		settings->previous = *previous;
		settings->storage_weight = (*previous)->storage_weight;
		settings->request = (*previous)->request;
	}
	if (planning->strategy.has_storage_weight)
		settings->storage_weight = planning->strategy.storage_weight;
	return 0;
}

int strata_fleet_planning_run(const struct strata_fleet_planning_options *options,
	struct strata_planning *planning, const char *output,
	const struct strata_observer *observer, bool *wrong_use, struct strata_error *error)
{
	strata_autofleet struct strata_fleet *fleet = NULL;
	strata_autochurn struct strata_churn *churn = NULL;
	strata_autocatalogue struct strata_catalogue *previous = NULL;
	strata_autofleetplan struct strata_fleet_plan *plan = NULL;
	struct strata_fleet_options settings = {.observer = observer};
	int result = strata_fleet_load(options->fleet, &fleet, error);

	*wrong_use = false;
	if (result == 0)
		result = choose_settings(options, planning, &previous, &settings, error);
	if (result == 0)
		result = check_bounds(fleet, planning, error);
	if (result == 0)
		result = read_graph(fleet, planning, observer, wrong_use, error);
	if (result == 0)
		result = strata_rates_options_churn(
			&planning->rates, planning->graph, planning->root.root, &churn, error);
	settings.churn = churn;
	if (result == 0)
		result = strata_fleet_plan(fleet, &settings, &plan, error);
	return result < 0 ? result : write_results(options, plan, output, error);
}
