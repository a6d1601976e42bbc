/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack image: join layers that were made one by one.
 */
#include "cli/command.h"
#include "cli/options/planning_options.h"
#include "cli/options/registry_options.h"
#include "cli/options/result_options.h"
#include "cli/text/output.h"
#include "cli/text/progress.h"

struct join_options {
	struct strata_used used;
	struct strata_strings directories;
	bool in_order;
};

struct image {
	struct strata_general_options general;
	struct strata_registry_choices registry;
	struct join_options join;
	struct strata_force_options force;
	struct strata_result_options result;
};

static const struct strata_option join_options[] = {
	{.name = "layer",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "a layer that 'stratapack layer' made; one for each of the plan, in any "
			"order",
		STRATA_STORES_LIST(struct join_options, directories)},
	{.name = "in-order",
		.help = "the layers are given bottom first, and those without items that the plan "
			"does not know stay where they are",
		STRATA_STORES_FLAG(struct join_options, in_order)},
	{.name = NULL},
};

static const struct strata_option_group join_group = {"Layers", join_options};

static const struct strata_command_group image_groups[] = {
	{&join_group, offsetof(struct image, join)},
	STRATA_RESULT_GROUPS(struct image, result),
	{&strata_force_group, offsetof(struct image, force)},
	{&strata_registry_group, offsetof(struct image, registry)},
	{&strata_general_group, offsetof(struct image, general)},
	{NULL, 0},
};

/* Complete the options and say in REQUEST what they say. Failures are wrong use. */
static int prepare(struct image *image, char *const *operands, size_t count,
	struct strata_request *request, struct strata_error *error)
{
	int status;

	if (count != 1)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "one plan is needed"),
			"stratapack image PLAN --layer DIR... -o TRANSPORT:PATH");
	status = strata_result_options_complete(&image->result, error);
	strata_result_options_apply(&image->result, request);
	request->plan = operands[0];
	request->allow_many_layers = image->force.force;
	request->layers_in_order = image->join.in_order;
	return status;
}

static int run_prepared(const struct image *image, struct strata_request *request)
{
	const struct strata_report_options *report = &image->result.report;
	const struct strata_strings *directories = &image->join.directories;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	struct strata_progress_line line;
	struct strata_job *job = NULL;
	int status;

	strata_progress_begin(&line, image->general.quiet);
	request->observer = &line.observer;
	status = strata_job_join(request, directories->items, directories->count,
		strata_result_options_goal(&image->result), &job, &error);
	strata_progress_end(&line);
	if (status == 0)
		status = strata_print_result(job, report->json || report->describe, report->table,
			image->general.quiet, &error);
	strata_job_free(job);
	return status < 0 ? strata_report_failure(&error) : STRATA_EXIT_DONE;
}

static int run_image(const struct strata_command *command, int argc, char **argv)
{
	struct image image = {.general = {.help = false}};
	struct strata_request request = STRATA_REQUEST_INIT;
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &image, &image.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (prepare(&image, argv + first, (size_t)(argc - first), &request, &error) < 0)
			code = strata_report_use(&error);
		else
			code = run_prepared(&image, &request);
	}
	strata_strings_release(&image.join.directories);
	strata_result_options_release(&image.result);
	return code;
}

const struct strata_command strata_command_image = {
	.name = "image",
	.operands = "PLAN --layer DIR... -o TRANSPORT:PATH[:NAME[:TAG]]",
	.summary = "join layers into an image",
	.description =
		"Join the layers of PLAN, which 'stratapack layer' made, into an image. The bytes "
		"are those that 'stratapack build' gives with the same options.",
	.examples = "  # plan, make the layers at the same time, join\n"
		    "  stratapack plan python3 -o plan.json --recipes recipes && mkdir layers\n"
		    "  ls recipes | xargs -P 4 -I{} stratapack layer recipes/{} -o layers/{}\n"
		    "  stratapack image plan.json $(printf -- '--layer %s ' layers/*) \\\n"
		    "    --entrypoint python3 -o oci:layout:python\n"
		    "  # the same layers in a Docker archive\n"
		    "  stratapack image plan.json --layer layers/1 --layer layers/2 \\\n"
		    "    -o docker-archive:python.tar:python:3\n",
	.operand = STRATA_VALUE_FILE,
	.reads_registries = true,
	.groups = image_groups,
	.run = run_image,
};
