/* SPDX-License-Identifier: Apache-2.0 */
#include "build/job.h"

#include <string.h>

#include "util/error.h"
#include "util/memory.h"

/* Callers of an older library know fewer members: what they do not know is 0. */
static int take_request(
	struct strata_job *job, const struct strata_request *request, struct strata_error *error)
{
	size_t size = request->struct_size;

	if (size < sizeof(request->struct_size))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "the request has no size"),
			"begin it with STRATA_REQUEST_INIT");
	if (size > sizeof(job->request))
		size = sizeof(job->request);
	memcpy(&job->request, request, size);
	return 0;
}

static int fill_defaults(struct strata_job *job, struct strata_error *error)
{
	struct strata_request *request = &job->request;

	job->config.created = 1;
	if (request->config)
		job->config = *request->config;
	job->config.architecture = request->platform.architecture;
	job->config.variant = request->platform.variant;
	job->config.os = request->platform.os;
	job->changes.propagation = request->propagation;
	job->changes.has_storage_weight = request->has_storage_weight;
	job->changes.storage_weight = request->storage_weight;
	if (!request->compression)
		return strata_compression_parse("gzip", &job->compression, error);
	job->compression = *request->compression;
	return 0;
}

struct strata_job *strata_job_new(const struct strata_request *request, struct strata_error *error)
{
	struct strata_job *job = calloc(1, sizeof(*job));

	if (!job) {
		strata_fail_memory(error);
		return NULL;
	}
	if (take_request(job, request, error) < 0 || fill_defaults(job, error) < 0) {
		strata_job_free(job);
		return NULL;
	}
	return job;
}

int strata_job_open_base(struct strata_job *job, struct strata_error *error)
{
	int status = 0;

	if (job->request.base)
		status = strata_base_open(
			job->request.base, &job->request.platform, &job->base, error);
	if (status == 0)
		strata_base_tell(job->base, job->request.observer);
	job->config.base = job->base;
	return status;
}

int strata_layer_count_check(size_t layers, struct strata_error *error)
{
	if (layers <= STRATA_LARGEST_MAX_LAYERS)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"%zu layers are too many: Docker's classic store refuses an image with "
			"more than %d",
			layers, STRATA_LARGEST_MAX_LAYERS),
		"use fewer layers, or --force where no such client will load the image");
}

int strata_job_check_count(const struct strata_job *job, size_t layers, struct strata_error *error)
{
	return job->request.allow_many_layers ? 0 : strata_layer_count_check(layers, error);
}

void strata_job_free(struct strata_job *job)
{
	if (!job)
		return;
	if (job->image)
		strata_image_free(job->image);
	strata_layer_set_release(&job->layers);
	if (job->recipes)
		strata_recipes_free(job->recipes, job->recipe_count);
	strata_fleet_plan_free(job->fleet_plan);
	strata_churn_free(job->fleet_churn);
	strata_catalogue_free(job->previous);
	strata_fleet_free(job->fleet);
	strata_plan_free(job->plan);
	strata_rates_free(job->rates);
	strata_graph_free(job->rest);
	strata_graph_free(job->graph);
	strata_listing_free(job->base_files);
	strata_base_free(job->base);
	strata_arena_free(&job->arena);
	free(job);
}

void strata_cleanup_job(struct strata_job **job)
{
	strata_job_free(*job);
}

const struct strata_graph *strata_job_graph(const struct strata_job *job)
{
	return job->graph;
}

const struct strata_plan *strata_job_plan(const struct strata_job *job)
{
	return job->plan;
}

const struct strata_fleet_plan *strata_job_fleet_plan(const struct strata_job *job)
{
	return job->fleet_plan;
}

struct strata_recipe *const *strata_job_recipes(const struct strata_job *job, size_t *count)
{
	*count = job->recipe_count;
	return job->recipes;
}

const struct strata_layer *strata_job_layers(const struct strata_job *job, size_t *count)
{
	*count = job->layers.count;
	return job->layers.layers;
}

const struct strata_image *strata_job_image(const struct strata_job *job)
{
	return job->image;
}
