/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stratapack image: join layers that were made one by one.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/finishing.h"
#include "cli/layer_set.h"
#include "cli/planning.h"
#include "cli/text/progress.h"
#include "util/file.h"
#include "util/map.h"

struct join_options {
	struct strata_used used;
	struct strata_strings directories;
};

struct image {
	struct strata_general_options general;
	struct join_options join;
	struct strata_force_options force;
	struct strata_finishing finishing;

	struct strata_plan *plan;
	struct strata_buffer result, summary;
};

static int apply_layer(void *target, const char *value, struct strata_error *error)
{
	return strata_strings_add(&((struct join_options *)target)->directories, value, error);
}

static const struct strata_option join_options[] = {
	{.name = "layer",
		.argument = "DIR",
		.value = STRATA_VALUE_DIRECTORY,
		.help = "a layer that 'stratapack layer' made; one for each of the plan, in any "
			"order",
		.apply = apply_layer},
	{.name = NULL},
};

static const struct strata_option_group join_group = {"Layers", join_options};

static const struct strata_command_group image_groups[] = {
	{&join_group, offsetof(struct image, join)},
	STRATA_FINISHING_GROUPS(struct image, finishing),
	{&strata_force_group, offsetof(struct image, force)},
	{&strata_general_group, offsetof(struct image, general)},
	{NULL, 0},
};

/* The items of layer INDEX of the image that PLAN describes; none in the customisation's. */
static const char *const *planned_items(const struct strata_plan *plan, size_t index, size_t *count)
{
	*count = index < plan->layer_count ? plan->layers[index].item_count : 0;
	return index < plan->layer_count ? plan->layers[index].items : NULL;
}

/* What tells that layer from the others. */
static int planned_contents(const struct strata_plan *plan, size_t index,
	struct strata_digest *contents, struct strata_error *error)
{
	bool is_top = index + 1 == strata_plan_image_layers(plan);
	bool customised = is_top && !strata_customisation_is_empty(&plan->customisation);
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

static void release_found(struct found *found)
{
	strata_map_release(&found->by_contents);
	free(found->contents);
	free(found->used);
	strata_layer_set_release(&found->set);
}

static int load_one(struct found *found, const struct strata_strings *directories, size_t index,
	struct strata_error *error)
{
	struct strata_layer *layer = &found->set.layers[index];
	struct strata_digest *contents = &found->contents[index];
	int result = strata_layer_load(directories->items[index], layer, error);
	uint32_t earlier;

	*contents = layer->contents;
	if (result == 0 && !contents->text[0])
		result = strata_layer_contents((const char *const *)layer->items, layer->item_count,
			layer->customised, contents, error);
	if (result < 0)
		return result;
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
	struct found *found, const struct strata_strings *directories, struct strata_error *error)
{
	int result = strata_layer_set_reserve(&found->set, directories->count, error);

	if (result < 0)
		return result;
	found->contents = strata_allocate(directories->count, sizeof(*found->contents));
	found->used = strata_allocate(directories->count, sizeof(*found->used));
	if (!found->contents || !found->used)
		return strata_fail_memory(error);
	for (size_t index = 0; result == 0 && index < directories->count; index++)
		result = load_one(found, directories, index, error);
	return result;
}

static int fail_missing(const struct strata_plan *plan, size_t index, struct strata_error *error)
{
	const char *first = index < plan->layer_count ? plan->layers[index].items[0] : NULL;
	size_t count = index < plan->layer_count ? plan->layers[index].item_count : 0;
	int result;

	if (first)
		result = strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no --layer holds layer %zu of the plan: '%s'%s", index + 1, first,
			count > 1 ? " and others" : "");
	else
		result = strata_fail(error, STRATA_ERROR_NOT_FOUND,
			"no --layer holds layer %zu of the plan, the customisation", index + 1);
	return strata_hint(
		error, result, "make it with 'stratapack layer --plan PLAN %zu -o DIR'", index + 1);
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

/* Put the layers in the order of PLAN; the copies in ORDERED borrow what FOUND owns. */
static int order_layers(struct found *found, const struct strata_plan *plan,
	const struct strata_strings *directories, struct strata_layer *ordered,
	struct strata_error *error)
{
	size_t count = strata_plan_image_layers(plan);

	for (size_t index = 0; index < count; index++) {
		struct strata_digest contents;
		int result = planned_contents(plan, index, &contents, error);
		uint32_t place;

		if (result < 0)
			return result;
		place = strata_map_get(&found->by_contents, contents.text);
		if (place == STRATA_MAP_NONE)
			return fail_missing(plan, index, error);
		result = complete_layer(&found->set.layers[place], plan, index, error);
		if (result < 0)
			return result;
		ordered[index] = found->set.layers[place];
		found->used[place] = true;
	}
	for (size_t index = 0; index < found->set.count; index++)
		if (!found->used[index])
			return strata_fail(error, STRATA_ERROR_INVALID,
				"the layer '%s' is not in the plan", directories->items[index]);
	return 0;
}

/* Put the layers of the base, gathered in STAGING, and those of the plan into one array, of which
 * the first belong to SET. */
static int collect(struct image *image, const char *staging, struct found *found,
	struct strata_layer_set *set, struct strata_error *error)
{
	const struct strata_strings *directories = &image->join.directories;
	struct strata_build_options options = {.describe = image->finishing.report.describe};
	size_t below = strata_base_layer_count(image->finishing.base.base);
	size_t count = strata_plan_image_layers(image->plan);
	int result = strata_layer_set_reserve(set, below + count, error);

	set->count = 0;
	if (result == 0)
		result = load_layers(found, directories, error);
	if (result == 0)
		result = order_layers(found, image->plan, directories, set->layers + below, error);
	for (size_t index = below; result == 0 && index < below + count; index++)
		result = strata_output_options_check_codec(
			&image->finishing.output, set->layers[index].codec, error);
	if (result == 0)
		result = strata_finishing_tell_versions(&image->finishing, image->plan, error);
	if (result == 0)
		result = strata_finishing_open(&image->finishing, error);
	if (result == 0)
		result = strata_finishing_add_base(
			&image->finishing, staging, &options, set->layers, error);
	if (result == 0)
		set->count = below;
	for (size_t index = below; result == 0 && index < below + count; index++)
		result = strata_finishing_add_layer(&image->finishing, &set->layers[index], error);
	return result;
}

static int join(
	struct image *image, const char *staging, struct found *found, struct strata_error *error)
{
	strata_autolayers struct strata_layer_set set = {NULL, 0};
	int result = collect(image, staging, found, &set, error);

	if (result < 0)
		return result;
	return strata_finishing_run(&image->finishing, set.layers,
		set.count + strata_plan_image_layers(image->plan), NULL, &image->result,
		&image->summary, error);
}

/* Without a base, nothing has to be gathered anywhere. */
static int join_in_staging(struct image *image, struct found *found, struct strata_error *error)
{
	strata_autofree char *parent = NULL;
	strata_autofree char *staging = NULL;
	int result;

	if (!image->finishing.base.base || image->finishing.report.describe)
		return join(image, NULL, found, error);
	parent = strata_finishing_staging_parent(&image->finishing.output);
	if (!parent)
		return strata_fail_memory(error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return STRATA_ERROR_IO;
	result = join(image, staging, found, error);
	strata_directory_remove(staging);
	return result;
}

static int execute(struct image *image, const char *path, struct strata_error *error)
{
	struct found found = {.by_contents = STRATA_MAP_INIT};
	int result = strata_plan_load(path, &image->plan, error);

	if (result == 0)
		result = strata_finishing_open_base(&image->finishing, error);
	if (result == 0)
		result = strata_base_check_plan(image->finishing.base.base, image->plan, error);
	if (result == 0)
		result = strata_layer_count_check(
			image->plan->base_layers + strata_plan_image_layers(image->plan),
			image->force.force, error);
	if (result == 0)
		result = join_in_staging(image, &found, error);
	release_found(&found);
	if (result == 0)
		result = strata_finishing_show(
			&image->result, &image->summary, image->general.quiet, error);
	return result;
}

static int run_image(const struct strata_command *command, int argc, char **argv)
{
	struct image image = {.result = STRATA_BUFFER_INIT, .summary = STRATA_BUFFER_INIT};
	strata_autoerror struct strata_error error = STRATA_ERROR_INIT;
	int first;
	int code = strata_command_begin(command, argc, argv, &image, &image.general, &first);

	if (code == STRATA_COMMAND_GOES_ON) {
		if (argc - first != 1)
			strata_hint(&error,
				strata_fail(&error, STRATA_ERROR_INVALID, "one plan is needed"),
				"stratapack image PLAN --layer DIR... -o TRANSPORT:PATH");
		if (error.message || strata_finishing_prepare(&image.finishing, &error) < 0)
			code = strata_report_use(&error);
		else
			code = execute(&image, argv[first], &error) < 0 ? strata_report(&error)
									: STRATA_EXIT_DONE;
	}
	if (image.plan)
		strata_plan_free(image.plan);
	strata_strings_release(&image.join.directories);
	strata_finishing_release(&image.finishing);
	strata_buffer_release(&image.result);
	strata_buffer_release(&image.summary);
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
	.groups = image_groups,
	.run = run_image,
};
