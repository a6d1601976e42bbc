/* SPDX-License-Identifier: Apache-2.0 */
#include "build/outputs.h"

#include <string.h>

#include "util/file.h"
#include "util/memory.h"
#include "util/observer.h"

int strata_outputs_check_codec(
	const struct strata_job *job, enum strata_codec_kind codec, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < job->request.output_count; i++)
		status = strata_destination_check(&job->request.outputs[i], codec, error);
	return status;
}

char *strata_outputs_staging_parent(const struct strata_job *job)
{
	const char *temporary = getenv("TMPDIR");

	for (size_t i = 0; i < job->request.output_count; i++) {
		strata_autofree char *path = strdup(job->request.outputs[i].path);

		if (!path)
			return NULL;
		if (strcmp(path, "-") == 0 ||
			job->request.outputs[i].format == STRATA_FORMAT_REGISTRY)
			continue;
		for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
			path[end - 1] = '\0';
		return strata_path_directory(path);
	}
	return strdup(temporary && *temporary ? temporary : "/tmp");
}

int strata_outputs_open(
	struct strata_outputs *outputs, const struct strata_job *job, struct strata_error *error)
{
	size_t count = job->request.output_count;
	int status = 0;

	outputs->job = job;
	outputs->sinks = strata_allocate(count, sizeof(struct strata_sink *));
	if (!outputs->sinks)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = strata_sink_open(&job->request.outputs[i], &outputs->sinks[i], error);
	return status;
}

int strata_outputs_avoid(const struct strata_outputs *outputs, const char *staging,
	const char ***avoided, size_t *count, struct strata_error *error)
{
	const struct strata_request *request = &outputs->job->request;
	const char **paths = strata_allocate(2 + 2 * request->output_count, sizeof(*paths));

	if (!paths)
		return strata_fail_memory(error);
	*count = 0;
	if (staging)
		paths[(*count)++] = staging;
	if (request->cache)
		paths[(*count)++] = strata_cache_path(request->cache);
	for (size_t i = 0; i < request->output_count; i++) {
		const char *temporary = strata_sink_temporary(outputs->sinks[i]);

		paths[(*count)++] = request->outputs[i].path;
		if (temporary)
			paths[(*count)++] = temporary;
	}
	*avoided = paths;
	return 0;
}

bool strata_outputs_take_places(const struct strata_outputs *outputs)
{
	for (size_t i = 0; i < outputs->job->request.output_count; i++) {
		if (strata_sink_takes_places(outputs->sinks[i], &outputs->job->config))
			return true;
	}
	return false;
}

int strata_outputs_place(void *data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error)
{
	struct strata_outputs *outputs = data;
	const struct strata_image_config *config = &outputs->job->config;
	size_t output_count = outputs->job->request.output_count;
	int status = 0;

	outputs->files = strata_allocate(output_count, sizeof(*outputs->files));
	if (!outputs->files)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < output_count; i++) {
		struct strata_sink *sink = outputs->sinks[i];

		if (strata_sink_takes_places(sink, config))
			status = strata_sink_place(sink, layers, count, config,
				&outputs->files[placement->file_count++], error);
	}
	placement->files = outputs->files;
	placement->complete = placement->file_count == output_count;
	return status;
}

int strata_outputs_add_layer(
	void *data, const struct strata_layer *layer, struct strata_error *error)
{
	struct strata_outputs *outputs = data;
	const struct strata_request *request = &outputs->job->request;
	int status = 0;

	for (size_t i = 0; status == 0 && i < request->output_count; i++) {
		status = strata_check_cancelled(request->observer, error);
		if (status == 0)
			status = strata_sink_add_layer(outputs->sinks[i], layer, error);
	}
	return status;
}

static int check_base_codecs(const struct strata_job *job, const struct strata_layer *layers,
	size_t count, struct strata_error *error)
{
	for (size_t i = 0; i < count; i++) {
		int status = strata_outputs_check_codec(job, layers[i].codec, error);

		if (status == 0)
			continue;
		status = strata_context(error, status, "layer %zu of the base image", i + 1);
		return strata_hint(error, status,
			"write oci or oci-archive, or convert the base, e.g. with skopeo copy "
			"--dest-compress-format gzip");
	}
	return 0;
}

int strata_outputs_add_base(struct strata_outputs *outputs, const char *staging,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error)
{
	struct strata_build_options gathering = *options;
	const struct strata_job *job = outputs->job;
	size_t count = strata_base_layer_count(job->base);
	int status;

	if (count == 0)
		return 0;
	gathering.ready = NULL;
	status = strata_base_layers(job->base, staging, &gathering, layers, error);
	if (status < 0)
		return status;
	status = check_base_codecs(job, layers, count, error);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = strata_outputs_add_layer(outputs, &layers[i], error);
	for (size_t i = 0; status < 0 && i < count; i++)
		strata_layer_release(&layers[i]);
	return status;
}

int strata_outputs_complete(struct strata_outputs *outputs, struct strata_error *error)
{
	const struct strata_request *request = &outputs->job->request;
	int status = 0;

	for (size_t i = 0; status == 0 && i < request->output_count; i++) {
		status = strata_check_cancelled(request->observer, error);
		if (status == 0)
			status = strata_sink_finish(outputs->sinks[i], outputs->job->image, error);
	}
	return status;
}

void strata_outputs_close(struct strata_outputs *outputs)
{
	for (size_t i = 0; outputs->sinks && i < outputs->job->request.output_count; i++)
		strata_sink_close(outputs->sinks[i]);
	free(outputs->sinks);
	free(outputs->files);
}
