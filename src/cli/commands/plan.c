/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack plan: which items share a layer, and the recipes of the layers.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/options/base_options.h"
#include "cli/options/cache_options.h"
#include "cli/options/fleet_options.h"
#include "cli/options/layer_options.h"
#include "cli/options/planning_options.h"
#include "cli/options/registry_options.h"
#include "cli/text/explaining.h"
#include "cli/text/output.h"
#include "cli/text/progress.h"
#include "model/causes.h"
#include "util/file.h"

struct plan_output_options {
	struct strata_used used;
	const char *output;  /* NULL: none given */
	const char *recipes; /* NULL: none */
	bool table, digests, explain, json;
};

struct plan {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct strata_planning_options planning;
	struct strata_fleet_planning_options fleet;
	struct strata_base_options base;
	struct strata_platform_options platform;
	struct strata_layer_options layer;
	struct plan_output_options output;
	struct strata_cache_options cache;
};

/* The option that lets something else than the plan go to standard output, or NULL. */
static const char *printed(const struct plan_output_options *output)
{
	if (output->explain)
		return "explain";
	return output->table ? "table" : output->digests ? "digests" : NULL;
}

static const struct strata_option output_options[] = {
	{.name = "output",
		.letter = 'o',
		.argument = "PLAN",
		.value = STRATA_VALUE_FILE,
		.help = "write the plan to this file (default '-': stdout)",
		STRATA_STORES_TEXT(struct plan_output_options, output)},
	{.name = "recipes",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "write the recipes of the layers into this new directory, 001.recipe.json "
			"being the bottom",
		STRATA_STORES_TEXT(struct plan_output_options, recipes)},
	{.name = "table",
		.help = "print a table of the layers on stdout: what is in them, how often they "
			"will change, and by what; the plan then goes only where --output says",
		STRATA_STORES_FLAG(struct plan_output_options, table)},
	{.name = "explain",
		.help = "print that table, what updates cost in a year, and how far that is from "
			"the least possible; the plan then goes only where --output says",
		STRATA_STORES_FLAG(struct plan_output_options, explain)},
	{.name = "json",
		.help = "print the explanation as JSON",
		STRATA_STORES_FLAG(struct plan_output_options, json)},
	{.name = "digests",
		.help = "find out the digests and sizes of all layers, without writing any, and "
			"print them as JSON on stdout; the plan then goes only where --output says",
		STRATA_STORES_FLAG(struct plan_output_options, digests)},
	{.name = NULL},
};

static const struct strata_option_group output_group = {"Output", output_options};

static const struct strata_command_group plan_groups[] = {
	STRATA_PLANNING_GROUPS(struct plan, planning),
	{&strata_fleet_group, offsetof(struct plan, fleet)},
	{&strata_base_group, offsetof(struct plan, base)},
	{&strata_platform_group, offsetof(struct plan, platform)},
	{&output_group, offsetof(struct plan, output)},
	{&strata_layer_group, offsetof(struct plan, layer)},
	{&strata_cache_group, offsetof(struct plan, cache)},
	{&strata_registry_group, offsetof(struct plan, registry)},
	{&strata_general_group, offsetof(struct plan, general)},
	{NULL, 0},
};

static int check_fleet_output(const struct plan *plan, struct strata_error *error)
{
	const char *option = printed(&plan->output);

	if (plan->output.recipes)
		option = "recipes";
	if (plan->base.source)
		option = "base";
	if (!option)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"--%s is about one image, --fleet about many", option),
		"write the plans of the images with --plans, and use one with --plan");
}

static int prepare(struct plan *plan, size_t count, struct strata_error *error)
{
	const struct plan_output_options *output = &plan->output;
	int status = strata_layer_options_complete(&plan->layer, error);

	if (status < 0)
		return status;
	if (printed(output) && output->output && strcmp(output->output, "-") == 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the plan and something else cannot both go to standard output");
	if (output->table + output->digests + output->explain > 1)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"--table, --explain and --digests exclude each other");
	if (output->json && !output->explain)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_INVALID, "--json is a form of the explanation"),
			"add --explain; the plan itself is JSON anyway");
	plan->planning.explains = output->table || output->explain;
	if (plan->layer.used.option && !output->recipes && !output->digests)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--%s is part of the recipes, not of the plan",
				plan->layer.used.option),
			"write recipes with --recipes, or give it to 'stratapack layer'");
	status = strata_fleet_options_check(&plan->fleet, &plan->planning, count, error);
	if (status < 0)
		return status;
	if (plan->fleet.fleet)
		return check_fleet_output(plan, error);
	return strata_planning_options_check(&plan->planning, error);
}

static void apply(
	const struct plan *plan, char *const *items, size_t count, struct strata_request *request)
{
	strata_planning_options_apply(&plan->planning, items, count, request);
	strata_layer_options_apply(&plan->layer, request);
	request->base = plan->base.source;
	request->platform = plan->platform.platform;
}

static int save_recipes(struct strata_recipe *const *recipes, size_t count, const char *path,
	struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int status = strata_output_open_directory(&output, path, error);

	for (size_t index = 0; status == 0 && index < count; index++) {
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

		strata_buffer_format(&name, "%s/%03zu.recipe.json", output.temporary, index + 1);
		status = strata_buffer_check(&name, error);
		if (status == 0)
			status = strata_recipe_save(recipes[index], name.data, error);
	}
	return status < 0 ? status : strata_output_commit(&output, error);
}

/* The table of the layers, the figures of the model, or both as JSON. */
static int print_forecast(
	const struct plan *plan, struct strata_job *job, struct strata_error *error)
{
	const struct strata_plan *made = strata_job_plan(job);
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autochurn struct strata_churn *churn = NULL;
	struct strata_forecast forecast = {.layers = NULL};
	int status = strata_job_forecast(job, &churn, &forecast, error);

	if (status == 0 && plan->output.json)
		strata_forecast_json(made, churn, &forecast, &text);
	else if (status == 0)
		status = strata_plan_table(
			made, strata_job_graph(job), churn, &forecast, &text, error);
	if (status == 0 && plan->output.explain && !plan->output.json) {
		strata_buffer_byte(&text, '\n');
		status = strata_forecast_text(churn, &forecast, &text, error);
	}
	strata_forecast_release(&forecast);
	return status < 0 ? status : strata_print(&text, error);
}

/* The plan comes last: where it appears, all that was asked for is there. */
static int write_results(
	const struct plan *plan, struct strata_job *job, struct strata_error *error)
{
	const char *output = plan->output.output;
	size_t count;
	struct strata_recipe *const *recipes = strata_job_recipes(job, &count);
	struct strata_build_options options = {.root = plan->planning.root.root};
	int status = 0;

	/* Describing needs no fingerprints, so there are none then. */
	if (plan->output.recipes && plan->output.digests)
		status = strata_recipes_fingerprint(recipes, count, &options, error);
	if (status == 0 && plan->output.recipes)
		status = save_recipes(recipes, count, plan->output.recipes, error);
	if (!output && !printed(&plan->output))
		output = "-";
	if (status == 0)
		status = strata_signals_check(error);
	if (status == 0 && output)
		status = strata_plan_save(strata_job_plan(job), output, error);
	if (status == 0 && (plan->output.table || plan->output.explain))
		status = print_forecast(plan, job, error);
	if (status == 0 && plan->output.digests)
		status = strata_print_job(job, error);
	return status;
}

static int run_image(struct plan *plan, struct strata_request *request, struct strata_error *error)
{
	struct strata_job *job = NULL;
	enum strata_goal goal = plan->output.digests   ? STRATA_GOAL_DESCRIBE
				: plan->output.recipes ? STRATA_GOAL_RECIPES
						       : STRATA_GOAL_PLAN;
	int status = 0;

	if (plan->output.digests)
		status = strata_cache_options_open(&plan->cache, &request->cache, error);
	if (status == 0)
		status = strata_job_run(request, goal, &job, error);
	if (status == 0)
		status = write_results(plan, job, error);
	strata_job_free(job);
	strata_cache_close(request->cache);
	return status;
}

static int run_fleet(
	struct plan *plan, const struct strata_request *request, struct strata_error *error)
{
	const char *output = plan->output.output;
	struct strata_job *job = NULL;
	int status = strata_job_plan_fleet(request, plan->fleet.fleet, &job, error);

	if (status == 0)
		status = strata_fleet_results_write(&plan->fleet, strata_job_fleet_plan(job),
			output || plan->fleet.plans ? output : "-", error);
	strata_job_free(job);
	return status;
}

static int run_prepared(struct plan *plan, struct strata_request *request)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_progress_line line;
	int status;

	strata_progress_begin(&line, plan->general.quiet);
	request->observer = &line.observer;
	status = plan->fleet.fleet ? run_fleet(plan, request, &error)
				   : run_image(plan, request, &error);
	strata_progress_end(&line);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

static int run_plan(const struct strata_command *command, int argc, char **argv)
{
	struct plan plan = {.general = {.help = false}};
	struct strata_request request = STRATA_REQUEST_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &plan, &plan.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		int status = prepare(&plan, (size_t)(argc - first), &error);

		apply(&plan, argv + first, (size_t)(argc - first), &request);
		code = status < 0 ? strata_report_use(&error) : run_prepared(&plan, &request);
	}
	strata_planning_options_release(&plan.planning);
	strata_layer_options_release(&plan.layer);
	return code;
}

const struct strata_command strata_command_plan = {
	.name = "plan",
	.operands = "[ITEM]...",
	.summary = "decide which items share a layer",
	.description =
		"Write a plan: the layers of an image, bottom first, and the items in each. Plans "
		"are JSON that people and programs may edit; stratapack-plan(5) describes it.",
	.examples = "  # look at what would be made\n"
		    "  stratapack plan --table python3 git\n"
		    "  # what will updates cost, and how much less could they?\n"
		    "  stratapack plan --explain --max-layers 25 python3 git\n"
		    "  # a plan to edit, and an image of it\n"
		    "  stratapack plan python3 --max-layers 20 -o plan.json\n"
		    "  stratapack build --plan plan.json -o oci:layout:python\n"
		    "  # one recipe for each layer, to be made on several machines\n"
		    "  stratapack plan --references-graph closure -o plan.json --recipes recipes\n"
		    "  # many images that share layers\n"
		    "  stratapack plan --fleet fleet.json --dpkg --essential -o catalogue.json \\\n"
		    "    --plans plans\n",
	.reads_registries = true,
	.groups = plan_groups,
	.run = run_plan,
};
