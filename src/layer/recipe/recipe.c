/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/recipe/recipe.h"

#include <string.h>

#include "customisation/customisation.h"
#include "graph/item_entry.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/sha256.h"

struct strata_recipe *strata_recipe_new(struct strata_error *error)
{
	struct strata_recipe *recipe = calloc(1, sizeof(*recipe));

	if (recipe)
		recipe->arena = calloc(1, sizeof(*recipe->arena));
	if (!recipe || !recipe->arena) {
		free(recipe);
		strata_fail_memory(error);
		return NULL;
	}
	return recipe;
}

void strata_recipe_free(struct strata_recipe *recipe)
{
	if (!recipe)
		return;
	strata_arena_free(recipe->arena);
	free(recipe->arena);
	free(recipe);
}

void strata_cleanup_recipe(struct strata_recipe **recipe)
{
	strata_recipe_free(*recipe);
}

void strata_recipes_free(struct strata_recipe **recipes, size_t count)
{
	for (size_t i = 0; recipes && i < count; i++)
		strata_recipe_free(recipes[i]);
	free(recipes);
}

int strata_recipe_seal(struct strata_recipe *recipe, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	char hex[STRATA_SHA256_HEX_SIZE];
	int status;

	strata_recipe_write(&json, recipe);
	status = strata_buffer_check(&text, error);
	if (status == 0)
		status = strata_sha256_of(text.data, text.length, hex, error);
	if (status == 0)
		snprintf(
			recipe->key.text, sizeof(recipe->key.text), STRATA_DIGEST_PREFIX "%s", hex);
	return status;
}

static const char *const *copy_strings(
	struct strata_arena *arena, const char *const *strings, size_t count)
{
	const char **copy = strata_arena_array(arena, count + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strata_arena_string(arena, strings[i]);
		if (!copy[i])
			return NULL;
	}
	return copy;
}

static int copy_item(struct strata_recipe *recipe, const struct strata_item *item,
	struct strata_recipe_item *copy, struct strata_error *error)
{
	struct strata_arena *arena = recipe->arena;

	copy->id = strata_arena_string(arena, item->id);
	if (item->identity)
		copy->identity = strata_arena_string(arena, item->identity);
	copy->content = item->content;
	copy->trees = copy_strings(arena, item->trees, item->tree_count);
	copy->tree_count = item->tree_count;
	copy->files = copy_strings(arena, item->files, item->file_count);
	copy->file_count = item->file_count;
	copy->entries = strata_item_entries_copy(arena, item->entries, item->entry_count);
	copy->entry_count = item->entry_count;
	recipe->size += item->size;
	if (!copy->id || (item->identity && !copy->identity) || !copy->trees || !copy->files ||
		!copy->entries)
		return strata_fail_memory(error);
	return 0;
}

static int compare_items(const void *left, const void *right)
{
	const struct strata_recipe_item *a = left, *b = right;

	return strcmp(a->id, b->id);
}

static int check_presence(const struct strata_item *item, struct strata_error *error)
{
	if (item->content != STRATA_CONTENT_ABSENT)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"item '%s' is known from a package index alone: there are no files of it",
			item->id),
		"only plans can be made of an index; build from a system where the package is "
		"installed (--dpkg, with --root where that is not this one)");
}

/* How image layer INDEX of PLAN is compressed: as the plan says, else as USUAL. */
static int choose_compression(const struct strata_plan *plan, size_t index,
	const struct strata_compression *usual, struct strata_compression *chosen,
	struct strata_error *error)
{
	const char *text = index < plan->layer_count ? plan->layers[index].compression
						     : plan->customisation_compression;
	int status;

	*chosen = *usual;
	if (!text)
		return 0;
	status = strata_compression_parse(text, chosen, error);
	return status < 0 ? strata_context(error, status, "layer %zu of the plan", index + 1) : 0;
}

/* The recipe of image layer INDEX of PLAN. */
static int make_recipe(const struct strata_plan *plan, const struct strata_graph *graph,
	size_t index, const struct strata_metadata_rules *rules,
	const struct strata_compression *compression, struct strata_recipe **result,
	struct strata_error *error)
{
	strata_autorecipe struct strata_recipe *recipe = strata_recipe_new(error);
	const struct strata_plan_layer *layer =
		index < plan->layer_count ? &plan->layers[index] : NULL;
	size_t item_count = layer ? layer->item_count : 0;
	int status = 0;

	if (!recipe)
		return STRATA_ERROR_MEMORY;
	recipe->rules = *rules;
	recipe->rules.exclude = copy_strings(recipe->arena, rules->exclude, rules->exclude_count);
	if (!recipe->rules.exclude)
		return strata_fail_memory(error);
	status = choose_compression(plan, index, compression, &recipe->compression, error);
	if (status < 0)
		return status;
	recipe->items = strata_arena_array(recipe->arena, item_count, sizeof(*recipe->items));
	if (!recipe->items)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < item_count; i++) {
		uint32_t item = strata_graph_find(graph, layer->items[i]);

		if (item == STRATA_GRAPH_NONE)
			return strata_fail(error, STRATA_ERROR_NOT_FOUND,
				"the plan names item '%s', which the graph does not have",
				layer->items[i]);
		status = check_presence(strata_graph_item(graph, item), error);
		if (status == 0)
			status = copy_item(recipe, strata_graph_item(graph, item),
				&recipe->items[recipe->item_count++], error);
	}
	if (recipe->item_count > 0)
		qsort(recipe->items, recipe->item_count, sizeof(*recipe->items), compare_items);
	if (status == 0 && index + 1 == strata_plan_image_layers(plan))
		status = strata_customisation_copy(
			&plan->customisation, recipe->arena, &recipe->customisation, error);
	if (status == 0)
		status = strata_recipe_seal(recipe, error);
	if (status == 0)
		*result = strata_take(recipe);
	return status;
}

int strata_recipes_make(const struct strata_plan *plan, const struct strata_graph *graph,
	const struct strata_metadata_rules *rules, const struct strata_compression *compression,
	struct strata_recipe ***recipes, size_t *count, struct strata_error *error)
{
	size_t total = strata_plan_image_layers(plan);
	struct strata_recipe **made = strata_allocate(total, sizeof(struct strata_recipe *));

	if (!made)
		return strata_fail_memory(error);
	for (size_t i = 0; i < total; i++) {
		int status = make_recipe(plan, graph, i, rules, compression, &made[i], error);

		if (status < 0) {
			strata_recipes_free(made, total);
			return status;
		}
	}
	*recipes = made;
	*count = total;
	return 0;
}
