/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/result_options.h"

#include "util/error.h"

static const struct strata_option report_options[] = {
	{.name = "json",
		.help = "describe the finished image on stdout, as JSON",
		STRATA_STORES_FLAG(struct strata_report_options, json)},
	{.name = "table",
		.help = "print a table of the layers on stdout",
		STRATA_STORES_FLAG(struct strata_report_options, table)},
	{.name = "describe",
		.help = "find out every digest and size and print them as JSON; nothing is "
			"written, and no output is needed",
		STRATA_STORES_FLAG(struct strata_report_options, describe)},
	{.name = NULL},
};

const struct strata_option_group strata_report_group = {"Report", report_options};

int strata_result_options_complete(
	struct strata_result_options *options, struct strata_error *error)
{
	const struct strata_report_options *report = &options->report;
	int status = strata_image_options_complete(&options->image, error);

	if (status == 0 && report->describe && options->output.count > 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--describe writes no image, and --output asks for one"),
			"leave one of them out; --json describes what is written");
	if (status == 0 && !report->describe)
		status = strata_output_options_complete(&options->output, error);
	if (status < 0)
		return status;
	if (report->json && report->table)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "--json and --table exclude each other");
	if (report->used.option && strata_output_options_use_stdout(&options->output))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"--%s and an archive cannot both go to standard output",
			report->used.option);
	return 0;
}

void strata_result_options_apply(
	const struct strata_result_options *options, struct strata_request *request)
{
	request->base = options->base.source;
	request->platform = options->platform.platform;
	request->config = &options->image.config;
	request->outputs = options->output.destinations;
	request->output_count = options->output.count;
}

enum strata_goal strata_result_options_goal(const struct strata_result_options *options)
{
	return options->report.describe ? STRATA_GOAL_DESCRIBE : STRATA_GOAL_IMAGE;
}

void strata_result_options_release(struct strata_result_options *options)
{
	strata_image_options_release(&options->image);
	strata_output_options_release(&options->output);
}
