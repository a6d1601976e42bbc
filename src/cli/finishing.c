/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/finishing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/text/output.h"
#include "cli/text/report.h"
#include "image/inspect/contents.h"
#include "util/file.h"
#include "util/text.h"

/* A registry takes a config of 4 MiB, and the history in it has the half. */
enum { VERSIONS_BUDGET = 1024 * 1024 };

static int apply_json(void *target, const char *value, struct strata_error *error)
{
	((struct strata_report_options *)target)->json = true;
	return 0;
}

static int apply_table(void *target, const char *value, struct strata_error *error)
{
	((struct strata_report_options *)target)->table = true;
	return 0;
}

static int apply_describe(void *target, const char *value, struct strata_error *error)
{
	((struct strata_report_options *)target)->describe = true;
	return 0;
}

static const struct strata_option report_options[] = {
	{.name = "json",
		.help = "describe the finished image on stdout, as JSON",
		.apply = apply_json},
	{.name = "table", .help = "print a table of the layers on stdout", .apply = apply_table},
	{.name = "describe",
		.help = "find out every digest and size and print them as JSON; nothing is "
			"written, and no output is needed",
		.apply = apply_describe},
	{.name = NULL},
};

const struct strata_option_group strata_report_group = {"Report", report_options};

int strata_finishing_prepare(struct strata_finishing *finishing, struct strata_error *error)
{
	const struct strata_report_options *report = &finishing->report;
	int result = strata_image_options_complete(&finishing->image, error);

	if (result == 0 && report->describe && finishing->output.count > 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"--describe writes no image, and --output asks for one"),
			"leave one of them out; --json describes what is written");
	if (result == 0 && !report->describe)
		result = strata_output_options_complete(&finishing->output, error);
	if (result < 0)
		return result;
	if (report->json && report->table)
		return strata_fail(
			error, STRATA_ERROR_INVALID, "--json and --table exclude each other");
	if (report->used.option && strata_output_options_use_stdout(&finishing->output))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"--%s and an archive cannot both go to standard output",
			report->used.option);
	return 0;
}

char *strata_finishing_staging_parent(const struct strata_output_options *output)
{
	const char *temporary = getenv("TMPDIR");

	for (size_t index = 0; index < output->count; index++) {
		strata_autofree char *path = strdup(output->destinations[index].path);

		if (!path)
			return NULL;
		if (strcmp(path, "-") == 0)
			continue;
		for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
			path[end - 1] = '\0';
		return strata_path_directory(path);
	}
	return strdup(temporary && *temporary ? temporary : "/tmp");
}

int strata_finishing_open_base(struct strata_finishing *finishing, struct strata_error *error)
{
	struct strata_image_config *config = &finishing->image.config;
	const struct strata_platform *platform = &finishing->platform.platform;
	int result = strata_base_options_open(&finishing->base, platform, error);

	config->architecture = platform->architecture;
	config->variant = platform->variant;
	config->os = platform->os;
	config->base = finishing->base.base;
	return result;
}

int strata_finishing_add_base(struct strata_finishing *finishing, const char *staging,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error)
{
	struct strata_build_options gathering = *options;
	size_t count = strata_base_layer_count(finishing->base.base);
	int result;

	if (count == 0)
		return 0;
	gathering.ready = NULL;
	result = strata_base_layers(finishing->base.base, staging, &gathering, layers, error);
	if (result < 0)
		return result;
	result = strata_base_options_check_codecs(&finishing->output, layers, count, error);
	for (size_t index = 0; result == 0 && index < count; index++)
		result = strata_finishing_add_layer(finishing, &layers[index], error);
	for (size_t index = 0; result < 0 && index < count; index++)
		strata_layer_release(&layers[index]);
	return result;
}

static void write_versions(struct strata_buffer *text, const struct strata_plan *plan)
{
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		const struct strata_plan_layer *items = &plan->layers[layer];

		for (size_t i = 0; items->versions && i < items->item_count; i++) {
			/* What would not be read back as it is. */
			if (!*items->versions[i] || strpbrk(items->items[i], " =") ||
				strchr(items->versions[i], ' '))
				continue;
			strata_buffer_format(text, "%s%s=%s", text->length > 0 ? " " : "",
				items->items[i], items->versions[i]);
		}
	}
}

int strata_finishing_tell_versions(struct strata_finishing *finishing,
	const struct strata_plan *plan, struct strata_error *error)
{
	struct strata_image_config *config = &finishing->image.config;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	size_t count = config->label_count;
	int result;

	write_versions(&text, plan);
	result = strata_buffer_check(&text, error);
	if (result < 0 || text.length == 0 || text.length > VERSIONS_BUDGET)
		return result;
	finishing->versions = strata_buffer_take(&text);
	finishing->labels = strata_allocate(count + 1, sizeof(*finishing->labels));
	if (!finishing->versions || !finishing->labels)
		return strata_fail_memory(error);
	finishing->labels[0] = (struct strata_pair){STRATA_VERSIONS_LABEL, finishing->versions};
	if (count > 0)
		memcpy(finishing->labels + 1, config->labels, count * sizeof(*config->labels));
	config->labels = finishing->labels;
	config->label_count = count + 1;
	return 0;
}

int strata_finishing_open(struct strata_finishing *finishing, struct strata_error *error)
{
	const struct strata_output_options *output = &finishing->output;

	finishing->sinks = strata_allocate(output->count, sizeof(struct strata_sink *));
	if (!finishing->sinks)
		return strata_fail_memory(error);
	for (size_t index = 0; index < output->count; index++) {
		int result = strata_sink_open(
			&output->destinations[index], &finishing->sinks[index], error);

		if (result < 0)
			return result;
	}
	return 0;
}

bool strata_finishing_takes_places(const struct strata_finishing *finishing)
{
	for (size_t index = 0; index < finishing->output.count; index++) {
		if (strata_sink_takes_places(finishing->sinks[index], &finishing->image.config))
			return true;
	}
	return false;
}

int strata_finishing_place(void *finishing_data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error)
{
	struct strata_finishing *finishing = finishing_data;
	size_t outputs = finishing->output.count;
	int result = 0;

	finishing->files = strata_allocate(outputs, sizeof(*finishing->files));
	if (!finishing->files)
		return strata_fail_memory(error);
	for (size_t index = 0; result == 0 && index < outputs; index++) {
		struct strata_sink *sink = finishing->sinks[index];

		if (strata_sink_takes_places(sink, &finishing->image.config))
			result = strata_sink_place(sink, layers, count, &finishing->image.config,
				&finishing->files[placement->file_count++], error);
	}
	placement->files = finishing->files;
	placement->complete = placement->file_count == outputs;
	return result;
}

int strata_finishing_add_layer(
	void *finishing_data, const struct strata_layer *layer, struct strata_error *error)
{
	struct strata_finishing *finishing = finishing_data;

	for (size_t index = 0; index < finishing->output.count; index++) {
		int result = strata_signals_check(error);

		if (result == 0)
			result = strata_sink_add_layer(finishing->sinks[index], layer, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int complete_all(const struct strata_finishing *finishing, const struct strata_image *image,
	struct strata_error *error)
{
	for (size_t index = 0; index < finishing->output.count; index++) {
		int result = strata_signals_check(error);

		if (result == 0)
			result = strata_sink_finish(finishing->sinks[index], image, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int summarise(const struct strata_layer *layers, size_t count,
	const struct strata_graph *graph, struct strata_buffer *summary, struct strata_error *error)
{
	uint64_t size = 0, diff_size = 0;
	int result = strata_layers_table(layers, count, graph, summary, error);

	for (size_t index = 0; index < count; index++) {
		size += layers[index].size;
		diff_size += layers[index].diff_size;
	}
	strata_buffer_format(summary, "%zu layer%s, ", count, count == 1 ? "" : "s");
	strata_text_size(summary, size);
	strata_buffer_string(summary, " stored, ");
	strata_text_size(summary, diff_size);
	strata_buffer_string(summary, " unpacked\n");
	return result;
}

int strata_finishing_run(const struct strata_finishing *finishing,
	const struct strata_layer *layers, size_t count, const struct strata_graph *graph,
	struct strata_buffer *result, struct strata_buffer *summary, struct strata_error *error)
{
	const struct strata_output_options *output = &finishing->output;
	struct strata_image *image = NULL;
	int status = strata_image_new(layers, count, &finishing->image.config, &image, error);

	if (status == 0)
		status = complete_all(finishing, image, error);
	if (status == 0 && (finishing->report.json || finishing->report.describe))
		strata_layers_json(
			image, layers, count, output->destinations, output->count, result);
	else if (status == 0 && finishing->report.table)
		status = strata_layers_table(layers, count, graph, result, error);
	else if (status == 0)
		status = summarise(layers, count, graph, summary, error);
	if (image)
		strata_image_free(image);
	return status;
}

int strata_finishing_keep(const struct strata_finishing *finishing,
	const struct strata_layer *layers, size_t count, const char *layout,
	struct strata_error *error)
{
	struct strata_destination destination = finishing->output.destinations[0];
	struct strata_image *image = NULL;
	int status;

	if (destination.name_count == 0)
		return 0;
	status = strata_image_new(layers, count, &finishing->image.config, &image, error);

	destination.format = STRATA_FORMAT_OCI;
	destination.path = (char *)layout;
	destination.strict_v1 = false;
	if (status == 0)
		status = strata_image_write(image, &destination, error);
	if (image)
		strata_image_free(image);
	return status;
}

int strata_finishing_show(const struct strata_buffer *result, const struct strata_buffer *summary,
	bool quiet, struct strata_error *error)
{
	if (!quiet && isatty(STDERR_FILENO))
		fputs(summary->data, stderr);
	return strata_print(result, error);
}

void strata_finishing_release(struct strata_finishing *finishing)
{
	for (size_t index = 0; finishing->sinks && index < finishing->output.count; index++)
		strata_sink_close(finishing->sinks[index]);
	free(finishing->sinks);
	free(finishing->files);
	free(finishing->versions);
	free(finishing->labels);
	strata_base_options_release(&finishing->base);
	strata_image_options_release(&finishing->image);
	strata_output_options_release(&finishing->output);
}
