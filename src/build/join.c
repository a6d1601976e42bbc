/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining layers that were made one by one into the image of their plan.
 */
#include <string.h>

#include "build/job.h"
#include "build/outputs.h"
#include "util/error.h"
#include "util/file.h"
#include "util/map.h"

/* Where the layers are. */
struct directories {
	const char *const *items;
	size_t count;
};

/* The items of layer INDEX of the image that PLAN describes; none in the customisation's. */
static const char *const *planned_items(const struct strata_plan *plan, size_t index, size_t *count)
{
	*count = index < plan->layer_count ? plan->layers[index].item_count : 0;
	return index < plan->layer_count ? plan->layers[index].items : NULL;
}

/* Whether that layer holds the customisation. */
static bool planned_customised(const struct strata_plan *plan, size_t index)
{
	bool is_top = index + 1 == strata_plan_image_layers(plan);

	return is_top && !strata_customisation_is_empty(&plan->customisation);
}

/* What tells that layer from the others. */
static int planned_contents(const struct strata_plan *plan, size_t index, bool customised,
	struct strata_digest *contents, struct strata_error *error)
{
	size_t count;
	const char *const *items = planned_items(plan, index, &count);

	return strata_layer_contents(items, count, customised, contents, error);
}

/* The loaded layers and where their contents stand. */
struct found {
	struct strata_layer_set set;
	struct strata_digest *contents;
	bool *used;
	struct strata_map by_contents;
};

#define autofound STRATA_CLEANUP(release_found)

static void release_found(struct found *found)
{
	strata_map_release(&found->by_contents);
	free(found->contents);
	free(found->used);
	strata_layer_set_release(&found->set);
}

static int load_one(struct found *found, const struct directories *directories, size_t index,
	struct strata_error *error)
{
	struct strata_layer *layer = &found->set.layers[index];
	struct strata_digest *contents = &found->contents[index];
	int status = strata_layer_load(directories->items[index], layer, error);

	*contents = layer->contents;
	if (status == 0 && !contents->text[0])
		status = strata_layer_contents((const char *const *)layer->items, layer->item_count,
			layer->customised, contents, error);
	return status;
}

/* Let the layer at INDEX be found by its contents. */
static int enter_one(struct found *found, const struct directories *directories, size_t index,
	struct strata_error *error)
{
	const struct strata_digest *contents = &found->contents[index];
	uint32_t earlier;

	earlier = strata_map_get(&found->by_contents, contents->text);
	if (earlier != STRATA_MAP_NONE)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the layers '%s' and '%s' hold the same items", directories->items[earlier],
			directories->items[index]);
	if (strata_map_put(&found->by_contents, contents->text, (uint32_t)index) < 0)
		return strata_fail_memory(error);
	return 0;
}

static int load_layers(
	struct found *found, const struct directories *directories, struct strata_error *error)
{
	int status = strata_layer_set_reserve(&found->set, directories->count, error);

	if (status < 0)
		return status;
	found->contents = strata_allocate(directories->count, sizeof(*found->contents));
	found->used = strata_allocate(directories->count, sizeof(*found->used));
	if (!found->contents || !found->used)
		return strata_fail_memory(error);
	for (size_t index = 0; status == 0 && index < directories->count; index++)
		status = load_one(found, directories, index, error);
	return status;
}

static int fail_missing(const struct strata_plan *plan, size_t index, struct strata_error *error)
{
	const char *first = index < plan->layer_count ? plan->layers[index].items[0] : NULL;
	size_t count = index < plan->layer_count ? plan->layers[index].item_count : 0;
	int status;

	if (first)
		status = strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no --layer holds layer %zu of the plan: '%s'%s", index + 1, first,
			count > 1 ? " and others" : "");
	else
		status = strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no --layer holds layer %zu of the plan, the customisation", index + 1);
	return strata_hint(
		error, status, "make it with 'stratapack layer --plan PLAN %zu -o DIR'", index + 1);
}

/* Name the items of a layer that came without their names. */
static int complete_layer(struct strata_layer *layer, const struct strata_plan *plan, size_t index,
	struct strata_error *error)
{
	size_t count;
	const char *const *items = planned_items(plan, index, &count);

	if (!layer->contents.text[0])
		return 0;
	return strata_layer_restore_items(layer, items, count, error);
}

/* Whether the layer at INDEX holds no items, and something else. */
static int is_without_items(
	const struct found *found, size_t index, bool *answer, struct strata_error *error)
{
	struct strata_digest nothing;
	int status = strata_layer_contents(NULL, 0, true, &nothing, error);

	*answer = status == 0 && strcmp(nothing.text, found->contents[index].text) == 0;
	return status;
}

/* Whether the layer at INDEX is the one at PLACE in PLAN. Any layer may hold more than items; that
 * of the customisation has to. */
static int is_planned(const struct found *found, size_t index, const struct strata_plan *plan,
	size_t place, bool *answer, struct strata_error *error)
{
	bool customised = found->set.layers[index].customised;
	struct strata_digest contents;
	int status;

	*answer = false;
	if (place == strata_plan_image_layers(plan))
		return 0;
	status = planned_contents(plan, place, customised, &contents, error);
	*answer = status == 0 && strcmp(contents.text, found->contents[index].text) == 0 &&
		  (customised || !planned_customised(plan, place));
	return status;
}

/* Take the layers in the order in which they were given, which must be that of PLAN. */
static int keep_order(struct found *found, const struct strata_plan *plan,
	const struct directories *directories, struct strata_layer *ordered,
	struct strata_error *error)
{
	size_t place = 0;

	for (size_t index = 0; index < found->set.count; index++) {
		bool planned, without_items = false;
		int status = is_planned(found, index, plan, place, &planned, error);

		if (status == 0 && !planned)
			status = is_without_items(found, index, &without_items, error);
		if (status == 0 && !planned && !without_items)
			status = strata_fail(error, STRATA_ERROR_INVALID,
				"the layer '%s' is not layer %zu of the plan",
				directories->items[index], place + 1);
		if (status == 0)
			status = complete_layer(&found->set.layers[index], plan,
				planned ? place : plan->layer_count, error);
		if (status < 0)
			return status;
		ordered[index] = found->set.layers[index];
		place += planned;
	}
	return place < strata_plan_image_layers(plan) ? fail_missing(plan, place, error) : 0;
}

/* Put the layers in the order of PLAN; the copies in ORDERED borrow what FOUND owns. */
static int order_layers(struct found *found, const struct strata_plan *plan,
	const struct directories *directories, struct strata_layer *ordered,
	struct strata_error *error)
{
	size_t count = strata_plan_image_layers(plan);

	for (size_t index = 0; index < found->set.count; index++) {
		int status = enter_one(found, directories, index, error);

		if (status < 0)
			return status;
	}
	for (size_t index = 0; index < count; index++) {
		struct strata_digest contents;
		int status = planned_contents(
			plan, index, planned_customised(plan, index), &contents, error);
		uint32_t place;

		if (status < 0)
			return status;
		place = strata_map_get(&found->by_contents, contents.text);
		if (place == STRATA_MAP_NONE)
			return fail_missing(plan, index, error);
		status = complete_layer(&found->set.layers[place], plan, index, error);
		if (status < 0)
			return status;
		ordered[index] = found->set.layers[place];
		found->used[place] = true;
	}
	for (size_t index = 0; index < found->set.count; index++)
		if (!found->used[index])
			return strata_fail(error, STRATA_ERROR_INVALID,
				"the layer '%s' is not in the plan", directories->items[index]);
	return 0;
}

/* How many layers the image has above its base. */
static size_t own_layers(const struct strata_job *job, const struct directories *directories)
{
	return job->request.layers_in_order ? directories->count
					    : strata_plan_image_layers(job->plan);
}

/* Put the layers of the base, gathered in STAGING, and those of the plan into the job's array, of
 * which the first belong to it; the others are FOUND's. */
static int collect(struct strata_job *job, struct strata_outputs *outputs, const char *staging,
	const struct directories *directories, struct found *found, bool describe,
	struct strata_error *error)
{
	struct strata_build_options options = {
		.describe = describe, .observer = job->request.observer};
	size_t below = strata_base_layer_count(job->base);
	size_t count = own_layers(job, directories);
	int status = strata_layer_set_reserve(&job->layers, below + count, error);
	struct strata_layer *layers = job->layers.layers;

	job->layers.count = 0;
	if (status == 0)
		status = load_layers(found, directories, error);
	if (status == 0)
		status = (job->request.layers_in_order ? keep_order : order_layers)(
			found, job->plan, directories, layers + below, error);
	for (size_t i = below; status == 0 && i < below + count; i++)
		status = strata_outputs_check_codec(job, layers[i].codec, error);
	if (status == 0)
		status = strata_outputs_open(outputs, job, error);
	if (status == 0)
		status = strata_outputs_add_base(outputs, staging, &options, layers, error);
	if (status == 0)
		job->layers.count = below;
	for (size_t i = below; status == 0 && i < below + count; i++)
		status = strata_outputs_add_layer(outputs, &layers[i], error);
	return status;
}

/* From now on, all layers belong to the job. */
static void give_layers(struct strata_job *job, struct found *found)
{
	job->layers.count += found->set.count;
	free(found->set.layers);
	found->set = (struct strata_layer_set){NULL, 0};
}

static int join_in(struct strata_job *job, const char *staging,
	const struct directories *directories, bool describe, struct strata_error *error)
{
	strata_autooutputs struct strata_outputs outputs = {.sinks = NULL};
	autofound struct found found = {.by_contents = STRATA_MAP_INIT};
	int status = collect(job, &outputs, staging, directories, &found, describe, error);

	if (status == 0) {
		give_layers(job, &found);
		status = strata_image_new(
			job->layers.layers, job->layers.count, &job->config, &job->image, error);
	}
	return status < 0 ? status : strata_outputs_complete(&outputs, error);
}

/* Without a base, nothing has to be gathered anywhere. */
static int join(struct strata_job *job, const struct directories *directories, bool describe,
	struct strata_error *error)
{
	strata_autofree char *parent = NULL;
	strata_autofree char *staging = NULL;
	int status;

	if (!job->base || describe)
		return join_in(job, NULL, directories, describe, error);
	parent = strata_outputs_staging_parent(job);
	if (!parent)
		return strata_fail_memory(error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return STRATA_ERROR_IO;
	status = join_in(job, staging, directories, false, error);
	strata_directory_remove(staging);
	return status;
}

static int run(struct strata_job *job, const struct directories *directories, bool describe,
	struct strata_error *error)
{
	int status = strata_plan_load(job->request.plan, &job->plan, error);

	if (status == 0)
		status = strata_job_open_base(job, error);
	job->config.plan = job->plan;
	if (status == 0)
		status = strata_base_check_plan(job->base, job->plan, error);
	if (status == 0)
		status = strata_job_check_count(
			job, job->plan->base_layers + own_layers(job, directories), error);
	return status < 0 ? status : join(job, directories, describe, error);
}

int strata_job_join(const struct strata_request *request, const char *const *directories,
	size_t count, enum strata_goal goal, struct strata_job **job, struct strata_error *error)
{
	strata_autojob struct strata_job *made = strata_job_new(request, error);
	struct directories layers = {directories, count};
	int status;

	if (!made)
		return error && error->status ? (int)error->status : STRATA_ERROR_MEMORY;
	if (goal != STRATA_GOAL_IMAGE)
		made->request.output_count = 0;
	status = run(made, &layers, goal != STRATA_GOAL_IMAGE, error);
	if (status == 0)
		*job = strata_take(made);
	return status;
}
