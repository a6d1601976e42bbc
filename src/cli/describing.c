/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/describing.h"

#include "cli/layer_set.h"
#include "cli/options/image_options.h"
#include "cli/text/output.h"

static int append_image(const struct strata_layer_set *set, const struct strata_base *base,
	const struct strata_platform *platform, struct strata_buffer *buffer,
	struct strata_error *error)
{
	struct strata_image_options options = {.config = {.base = base,
						       .architecture = platform->architecture,
						       .variant = platform->variant,
						       .os = platform->os}};
	struct strata_image *image = NULL;
	int result = strata_image_options_complete(&options, error);

	if (result == 0)
		result = strata_image_new(set->layers, set->count, &options.config, &image, error);
	if (result == 0)
		strata_layers_json(image, set->layers, set->count, NULL, 0, buffer);
	strata_image_free(image);
	strata_image_options_release(&options);
	return result;
}

/* The layers of the base, then those of RECIPES. On failure SET has none. */
static int describe_layers(const struct strata_base *base, struct strata_recipe *const *recipes,
	size_t count, const struct strata_build_options *options, struct strata_layer_set *set,
	struct strata_error *error)
{
	size_t below = strata_base_layer_count(base);
	int result = strata_layer_set_reserve(set, below + count, error);

	if (result == 0 && base)
		result = strata_base_layers(base, NULL, options, set->layers, error);
	set->count = result < 0 ? 0 : below;
	if (result == 0)
		result = strata_layers_build(
			recipes, count, NULL, options, set->layers + below, error);
	if (result == 0)
		set->count = below + count;
	return result;
}

int strata_describe_plan(const struct strata_planning *planning,
	const struct strata_platform *platform, const struct strata_layer_options *layer,
	const struct strata_cache_options *cache_options, const struct strata_observer *observer,
	struct strata_buffer *buffer, struct strata_error *error)
{
	strata_autocache struct strata_cache *cache = NULL;
	strata_autolayers struct strata_layer_set set = {NULL, 0};
	struct strata_build_options options = {
		.root = planning->root.root, .observer = observer, .describe = true};
	struct strata_recipe **recipes;
	size_t count;
	int result = strata_cache_options_open(cache_options, &cache, error);

	options.cache = cache;
	if (result == 0)
		result = strata_recipes_make(planning->plan, planning->graph, &layer->rules,
			&layer->compression, &recipes, &count, error);
	if (result < 0)
		return result;
	result = describe_layers(planning->base, recipes, count, &options, &set, error);
	strata_recipes_free(recipes, count);
	return result < 0 ? result : append_image(&set, planning->base, platform, buffer, error);
}
