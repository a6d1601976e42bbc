/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack layer: one layer, from its recipe or from a plan.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/options/layer_options.h"
#include "cli/options/planning_options.h"
#include "cli/text/progress.h"
#include "layer/record/layer_set.h"
#include "util/file.h"
#include "util/text.h"

struct layer_output_options {
	struct strata_used used;
	const char *directory;
	bool omit_items;
};

struct layer {
	struct strata_general_options general;
	struct strata_planning_options planning;
	struct strata_layer_options layer;
	struct strata_thread_options thread;
	struct layer_output_options output;

	const char *recipe; /* NULL: the layer is NUMBER of the plan */
	uint64_t number;    /* from 1, the bottom */
};

static const struct strata_option output_options[] = {
	{.name = "output",
		.letter = 'o',
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "the new directory that holds the layer: its blob, and layer.json with its "
			"digests and sizes",
		STRATA_STORES_TEXT(struct layer_output_options, directory)},
	{.name = "omit-items",
		.help = "leave the names of the items out of layer.json, so that a store that "
			"looks for them there finds no reference",
		STRATA_STORES_FLAG(struct layer_output_options, omit_items)},
	{.name = NULL},
};

static const struct strata_option_group output_group = {"Output", output_options};

static const struct strata_command_group layer_groups[] = {
	{&output_group, offsetof(struct layer, output)},
	{&strata_plan_file_group, offsetof(struct layer, planning.file)},
	{&strata_source_group, offsetof(struct layer, planning.source)},
	{&strata_root_group, offsetof(struct layer, planning.root)},
	{&strata_layer_group, offsetof(struct layer, layer)},
	{&strata_thread_group, offsetof(struct layer, thread)},
	{&strata_general_group, offsetof(struct layer, general)},
	{NULL, 0},
};

/* A recipe stands alone: what it says cannot be said again. */
static int prepare_recipe(struct layer *layer, struct strata_error *error)
{
	const char *option = layer->planning.source.used.option;

	if (!option)
		option = layer->layer.used.option;
	if (!option)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"--%s does not go with a recipe, which already says it", option),
		"make other recipes with 'stratapack plan --recipes', or use --plan PLAN N");
}

static int prepare_planned(struct layer *layer, const char *number, struct strata_error *error)
{
	int status;

	if (!strata_text_to_number(number, 10, &layer->number) || layer->number == 0)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"'%s' is not the number of a layer: 1 is the bottom", number);
	layer->planning.force.force = true; /* the image's bound is no concern of one layer */
	status = strata_layer_options_complete(&layer->layer, error);
	return status < 0 ? status : strata_planning_options_check(&layer->planning, error);
}

static int prepare(
	struct layer *layer, char *const *operands, size_t count, struct strata_error *error)
{
	if (!layer->output.directory)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "there is no output"),
			"add --output with the name of a new directory");
	if (count != 1)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"one layer is made at a time, from a recipe or a plan"),
			"give RECIPE, or --plan PLAN and the number of the layer");
	if (layer->planning.file.path)
		return prepare_planned(layer, operands[0], error);
	layer->recipe = operands[0];
	return prepare_recipe(layer, error);
}

static int make(const struct layer *layer, struct strata_recipe *recipe,
	const struct strata_observer *observer, struct strata_error *error)
{
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	strata_autolayers struct strata_layer_set set = {NULL, 0};
	struct strata_build_options options = {
		.root = layer->planning.root.root,
		.threads = layer->thread.threads,
		.observer = observer,
	};
	const char *avoided[2];
	int status = strata_layer_set_reserve(&set, 1, error);

	if (status == 0)
		status = strata_output_open_directory(&output, layer->output.directory, error);
	if (status < 0)
		return status;
	options.avoid = avoided;
	options.avoid_count = sizeof(avoided) / sizeof(*avoided);
	avoided[0] = output.temporary;
	avoided[1] = layer->output.directory;
	status = strata_layers_build(&recipe, 1, output.temporary, &options, set.layers, error);
	if (status < 0) {
		set.count = 0;
		return status;
	}
	if (layer->output.omit_items)
		status = strata_layer_omit_items(&set.layers[0], error);
	if (status == 0)
		status = strata_layer_save(&set.layers[0], output.temporary, error);
	return status < 0 ? status : strata_output_commit(&output, error);
}

static int make_from_recipe(const struct layer *layer, const struct strata_observer *observer,
	struct strata_error *error)
{
	struct strata_recipe *recipe = NULL;
	int status = strata_recipe_load(layer->recipe, &recipe, error);

	if (status < 0)
		return status;
	status = make(layer, recipe, observer, error);
	strata_recipe_free(recipe);
	return status;
}

static int check_number(
	const struct layer *layer, const struct strata_plan *plan, struct strata_error *error)
{
	size_t count = strata_plan_image_layers(plan);

	if (layer->number <= count)
		return 0;
	return strata_wrong_use(error,
		strata_fail(error, STRATA_ERROR_INVALID, "the plan '%s' has %zu layers, not %llu",
			layer->planning.file.path, count, (unsigned long long)layer->number));
}

/* Only the one layer's files are looked at, not those of all. */
static int make_planned(const struct layer *layer, const struct strata_job *job,
	const struct strata_observer *observer, struct strata_error *error)
{
	struct strata_build_options options = {
		.root = layer->planning.root.root, .observer = observer};
	struct strata_recipe **recipes;
	size_t count;
	int status = check_number(layer, strata_job_plan(job), error);

	if (status == 0)
		status = strata_recipes_make(strata_job_plan(job), strata_job_graph(job),
			&layer->layer.rules, &layer->layer.compression, &recipes, &count, error);
	if (status < 0)
		return status;
	status = strata_recipes_fingerprint(&recipes[layer->number - 1], 1, &options, error);
	if (status == 0)
		status = make(layer, recipes[layer->number - 1], observer, error);
	strata_recipes_free(recipes, count);
	return status;
}

static int make_from_plan(
	struct layer *layer, const struct strata_observer *observer, struct strata_error *error)
{
	struct strata_request request = STRATA_REQUEST_INIT;
	struct strata_job *job = NULL;
	int status;

	strata_planning_options_apply(&layer->planning, NULL, 0, &request);
	request.observer = observer;
	status = strata_job_run(&request, STRATA_GOAL_PLAN, &job, error);
	if (status == 0)
		status = make_planned(layer, job, observer, error);
	strata_job_free(job);
	return status;
}

static int run_prepared(struct layer *layer)
{
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_progress_line line;
	int status;

	strata_progress_begin(&line, layer->general.quiet);
	status = layer->recipe ? make_from_recipe(layer, &line.observer, &error)
			       : make_from_plan(layer, &line.observer, &error);
	strata_progress_end(&line);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

static int run_layer(const struct strata_command *command, int argc, char **argv)
{
	struct layer layer = {.general = {.help = false}};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &layer, &layer.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (prepare(&layer, argv + first, (size_t)(argc - first), &error) < 0)
			code = strata_report_use(&error);
		else
			code = run_prepared(&layer);
	}
	strata_planning_options_release(&layer.planning);
	strata_layer_options_release(&layer.layer);
	return code;
}

const struct strata_command strata_command_layer = {
	.name = "layer",
	.operands = "RECIPE -o DIR\n       stratapack layer [OPTION]... --plan PLAN N -o DIR",
	.summary = "make one layer of an image",
	.description =
		"Make one layer, from its recipe or as number N of a plan, 1 being the bottom. "
		"Layers can be made in any order, at the same time and on several machines; "
		"'stratapack image' joins them.",
	.examples = "  # from a recipe, which stands alone\n"
		    "  stratapack layer recipes/001.recipe.json -o layers/001\n"
		    "  # the second layer of a plan for this machine's packages\n"
		    "  stratapack layer --plan plan.json 2 -o layers/002\n"
		    "  # of a plan for a closure, compressed with zstd\n"
		    "  stratapack layer --references-graph closure --compression zstd \\\n"
		    "    --plan plan.json 2 -o layers/002\n",
	.operand = STRATA_VALUE_FILE,
	.groups = layer_groups,
	.run = run_layer,
};
