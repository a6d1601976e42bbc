/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a job: the steps in their order, which the goal ends.
 */
#include <string.h>

#include "build/additions.h"
#include "build/job.h"
#include "build/missing.h"
#include "build/outputs.h"
#include "build/planning.h"
#include "build/sources.h"
#include "util/file.h"
#include "util/observer.h"

static int make_recipes(struct strata_job *job, struct strata_error *error)
{
	int status = strata_recipes_make(job->plan, job->graph, &job->request.rules,
		&job->compression, &job->recipes, &job->recipe_count, error);

	/* The outputs take the compression of every layer: a plan may choose it for each. */
	for (size_t i = 0; status == 0 && i < job->recipe_count; i++)
		status = strata_outputs_check_codec(job, job->recipes[i]->compression.kind, error);
	return status;
}

static int take_fingerprints(struct strata_job *job, struct strata_error *error)
{
	const char *cache = job->request.cache ? strata_cache_path(job->request.cache) : NULL;
	struct strata_build_options options = {
		.root = job->request.root, .avoid = &cache, .avoid_count = cache != NULL};

	return strata_recipes_fingerprint(job->recipes, job->recipe_count, &options, error);
}

/* Make the layers above those of the base. */
static int make_layers(struct strata_job *job, struct strata_outputs *outputs, const char *staging,
	const struct strata_build_options *options, struct strata_error *error)
{
	size_t below = strata_base_layer_count(job->base);
	int status = strata_layer_set_reserve(&job->layers, below + job->recipe_count, error);

	if (status == 0)
		status = strata_outputs_add_base(
			outputs, staging, options, job->layers.layers, error);
	/* Layers are valid only on success. */
	job->layers.count = status < 0 ? 0 : below;
	if (status == 0)
		status = strata_layers_build(job->recipes, job->recipe_count, staging, options,
			job->layers.layers + below, error);
	if (status == 0)
		job->layers.count = below + job->recipe_count;
	return status;
}

/* The image goes into the cache's layout too, under the names of the first output: from there other
 * tools can take it. One without a name is not kept. */
static int keep_image(const struct strata_job *job, struct strata_error *error)
{
	struct strata_destination destination;

	if (!job->request.cache || job->request.outputs[0].name_count == 0)
		return 0;
	destination = job->request.outputs[0];
	destination.format = STRATA_FORMAT_OCI;
	destination.path = (char *)strata_cache_path(job->request.cache);
	destination.strict_v1 = false;
	return strata_image_write(job->image, &destination, error);
}

static int build_in(
	struct strata_job *job, const char *staging, bool describe, struct strata_error *error)
{
	strata_autooutputs struct strata_outputs outputs = {.sinks = NULL};
	strata_autofree const char **avoided = NULL;
	struct strata_build_options options = {
		.root = job->request.root,
		.threads = job->request.threads,
		.observer = job->request.observer,
		.cache = job->request.cache,
		.describe = describe,
		.ready = strata_outputs_add_layer,
		.data = &outputs,
	};
	int status = strata_outputs_open(&outputs, job, error);

	if (status == 0)
		status = strata_outputs_avoid(
			&outputs, staging, &avoided, &options.avoid_count, error);
	options.avoid = avoided;
	if (status == 0 && strata_outputs_take_places(&outputs))
		options.place = strata_outputs_place;
	if (status == 0)
		status = make_layers(job, &outputs, staging, &options, error);
	if (status == 0)
		status = strata_image_new(
			job->layers.layers, job->layers.count, &job->config, &job->image, error);
	if (status == 0)
		status = strata_outputs_complete(&outputs, error);
	if (status == 0 && !describe && keep_image(job, error) < 0) {
		/* The outputs are in place: that is what was asked for. */
		strata_note(options.observer, "the cache does not list the image: %s",
			error && error->message ? error->message : "out of memory");
		strata_error_clear(error);
	}
	return status;
}

static int build(struct strata_job *job, bool describe, struct strata_error *error)
{
	struct strata_cache *cache = job->request.cache;
	strata_autofree char *parent =
		cache ? strdup(strata_cache_path(cache)) : strata_outputs_staging_parent(job);
	strata_autofree char *staging = NULL;
	int status;

	if (!parent)
		return strata_fail_memory(error);
	if (describe)
		return build_in(job, NULL, true, error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return STRATA_ERROR_IO;
	status = build_in(job, staging, false, error);
	strata_directory_remove(staging);
	return status;
}

/* What can be told before anything is read: where it fails, the request is at fault. */
static int check(struct strata_job *job, enum strata_goal goal, struct strata_error *error)
{
	const struct strata_request *request = &job->request;
	int status = 0;

	if (goal == STRATA_GOAL_IMAGE && request->output_count == 0)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID, "there is no output"),
			"add e.g. --output docker-archive:image.tar:name:tag");
	if (status == 0)
		status = strata_outputs_check_codec(job, job->compression.kind, error);
	if (status == 0 && !request->plan)
		status = strata_job_check_count(job, request->max_layers, error);
	if (status == 0 && !(request->plan && request->item_count == 0))
		status = strata_sources_check(
			request, request->items, request->item_count, NULL, error);
	if (status == 0 && !request->plan)
		status = strata_additions_prepare(job, error);
	if (goal != STRATA_GOAL_IMAGE)
		job->request.output_count = 0;
	return strata_wrong_use(error, status);
}

/* Whether there are only names of items, as of an index of packages: nothing says what is in them.
 */
static bool items_are_absent(const struct strata_job *job)
{
	for (uint32_t i = 0; i < strata_graph_count(job->graph); i++) {
		if (strata_graph_item(job->graph, i)->content == STRATA_CONTENT_ABSENT)
			return true;
	}
	return false;
}

/* Where nobody says which platform the image is for, it is for the one of its packages. */
static void take_platform(struct strata_job *job)
{
	const char *architecture = strata_graph_architecture(job->graph);
	const char *variant = strata_graph_variant(job->graph);

	if (job->config.architecture || !architecture)
		return;
	job->config.architecture = architecture;
	if (!job->config.variant && *variant)
		job->config.variant = variant;
}

static int run(struct strata_job *job, enum strata_goal goal, struct strata_error *error)
{
	int status = check(job, goal, error);

	if (status == 0)
		status = strata_job_open_base(job, error);
	if (status == 0)
		status = strata_planning_run(job, error);
	if (status == 0)
		take_platform(job);
	job->config.plan = job->plan;
	/* Recipes and the plan itself are the same on any base. */
	if (status == 0 && (job->base || goal >= STRATA_GOAL_DESCRIBE))
		status = strata_base_check_plan(job->base, job->plan, error);
	if (status == 0 && !items_are_absent(job))
		status = strata_missing_tell(job, error);
	if (status == 0 && goal >= STRATA_GOAL_RECIPES)
		status = make_recipes(job, error);
	if (status == 0 && goal == STRATA_GOAL_RECIPES)
		status = take_fingerprints(job, error);
	if (status == 0 && goal >= STRATA_GOAL_DESCRIBE)
		status = build(job, goal == STRATA_GOAL_DESCRIBE, error);
	return status;
}

int strata_job_run(const struct strata_request *request, enum strata_goal goal,
	struct strata_job **job, struct strata_error *error)
{
	strata_autojob struct strata_job *made = strata_job_new(request, error);
	int status;

	if (!made)
		return error && error->status ? (int)error->status : STRATA_ERROR_MEMORY;
	status = run(made, goal, error);
	if (status == 0)
		*job = strata_take(made);
	return status;
}
