/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/fleet_options.h"

#include <stratapack/fleet.h>
#include <stratapack/plan.h>

#include <string.h>

#include "cli/text/report.h"
#include "fleet/catalogue/catalogue.h"
#include "plan/plan.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"

static const struct strata_option fleet_options[] = {
	{.name = "fleet",
		.argument = "FILE",
		.value = STRATA_VALUE_FILE,
		.help = "plan all images that this file names together, so that they share layers, "
			"and write a catalogue instead of a plan; see stratapack-fleet(5)",
		STRATA_STORES_TEXT(struct strata_fleet_planning_options, fleet)},
	{.name = "plans",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "write the plan of each image of the fleet into this new directory, as "
			"NAME.plan.json",
		STRATA_STORES_TEXT(struct strata_fleet_planning_options, plans)},
	{.name = NULL},
};

const struct strata_option_group strata_fleet_group = {"Fleets", fleet_options};

int strata_fleet_options_check(const struct strata_fleet_planning_options *options,
	const struct strata_planning_options *planning, size_t count, struct strata_error *error)
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
		int status = strata_directory_check_free(options->plans, error);

		if (status < 0)
			return status;
	}
	return 0;
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
	int status = strata_output_open_directory(&output, directory, error);

	for (size_t i = 0; status == 0 && i < fleet_plan->fleet->image_count; i++) {
		strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
		strata_autoplan struct strata_plan *plan = NULL;

		strata_buffer_format(&path, "%s/", output.temporary);
		append_file_name(&path, fleet_plan->fleet->images[i].name);
		status = strata_buffer_check(&path, error);
		if (status == 0)
			status = strata_fleet_plan_image(fleet_plan, i, &plan, error);
		if (status == 0)
			status = strata_plan_save(plan, path.data, error);
		if (status == 0)
			status = strata_signals_check(error);
	}
	return status < 0 ? status : strata_output_commit(&output, error);
}

int strata_fleet_results_write(const struct strata_fleet_planning_options *options,
	const struct strata_fleet_plan *plan, const char *output, struct strata_error *error)
{
	strata_autocatalogue struct strata_catalogue *catalogue = NULL;
	int status = options->plans ? write_plans(plan, options->plans, error) : 0;

	if (status < 0 || !output)
		return status;
	status = strata_catalogue_make(plan, &catalogue, error);
	return status < 0 ? status : strata_catalogue_save(catalogue, output, error);
}
