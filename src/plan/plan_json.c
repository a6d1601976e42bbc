/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as JSON (docs/plan.schema.json).
 */
#include <string.h>

#include <stratapack/plan.h>

#include "customisation/customisation.h"
#include "plan/plan.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/map.h"
#include "util/memory.h"

enum {
	FORMAT_VERSION = 1,
	SIZE_LIMIT = 256 * 1024 * 1024,
};

static void write_items(struct strata_json_writer *json, const struct strata_plan_layer *layer)
{
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t i = 0; i < layer->item_count; i++)
		strata_json_write_string(json, layer->items[i]);
	strata_json_end_array(json);
	if (!layer->versions)
		return;
	strata_json_key(json, "versions");
	strata_json_begin_array(json);
	for (size_t i = 0; i < layer->item_count; i++)
		strata_json_write_string(json, layer->versions[i]);
	strata_json_end_array(json);
}

static void write_base(struct strata_json_writer *json, const struct strata_plan *plan)
{
	if (plan->base_layers == 0)
		return;
	strata_json_key(json, "base");
	strata_json_begin_object(json);
	strata_json_member_size(json, "layers", plan->base_layers);
	if (plan->base_items.item_count > 0)
		write_items(json, &plan->base_items);
	strata_json_end_object(json);
}

int strata_plan_save(const struct strata_plan *plan, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "stratapackPlan", FORMAT_VERSION);
	if (*plan->strategy)
		strata_json_member_string(&json, "strategy", plan->strategy);
	if (plan->max_layers > 0)
		strata_json_member_size(&json, "maxLayers", plan->max_layers);
	write_base(&json, plan);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		strata_json_begin_object(&json);
		write_items(&json, &plan->layers[layer]);
		if (plan->layers[layer].compression)
			strata_json_member_string(
				&json, "compression", plan->layers[layer].compression);
		strata_json_end_object(&json);
	}
	strata_json_end_array(&json);
	if (!strata_customisation_is_empty(&plan->customisation)) {
		strata_json_key(&json, "customisation");
		strata_json_begin_object(&json);
		strata_json_member_bool(&json, "ownLayer", plan->customisation_layer);
		if (plan->customisation_compression)
			strata_json_member_string(
				&json, "compression", plan->customisation_compression);
		strata_customisation_write(&json, &plan->customisation);
		strata_json_end_object(&json);
	}
	strata_json_end_object(&json);
	strata_buffer_byte(&text, '\n');
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_file_replace(path, text.data, text.length, error);
}

static int read_head(
	struct strata_plan *plan, const struct strata_json *document, struct strata_error *error)
{
	uint64_t version = FORMAT_VERSION, max_layers = 0;
	const char *strategy = "";
	int status = strata_json_get_size(document, "stratapackPlan", false, &version, error);

	if (status < 0)
		return status;
	if (version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the plan has format version %llu, but only version %d is known",
			(unsigned long long)version, FORMAT_VERSION);
	status = strata_json_get_string(document, "strategy", false, &strategy, error);
	if (status == 0)
		status = strata_json_get_size(document, "maxLayers", false, &max_layers, error);
	if (status < 0)
		return status;
	if (max_layers > UINT32_MAX)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"maxLayers\" is not a plausible number of layers");
	plan->max_layers = (uint32_t)max_layers;
	plan->strategy = strata_arena_string(plan->arena, strategy);
	return plan->strategy ? 0 : strata_fail_memory(error);
}

/* Read the compression that OBJECT states for its layer. Whether it is a known one is checked when
 * recipes are made. */
static int read_compression(struct strata_plan *plan, const struct strata_json *object,
	const char **compression, struct strata_error *error)
{
	const char *text = NULL;
	int status = strata_json_get_string(object, "compression", false, &text, error);

	if (status < 0 || !text)
		return status;
	*compression = strata_arena_string(plan->arena, text);
	return *compression ? 0 : strata_fail_memory(error);
}

static int read_versions(struct strata_plan *plan, const struct strata_json *value,
	struct strata_plan_layer *layer, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	const char **versions;
	int status = strata_json_get_array(value, "versions", false, &array, error);

	if (status < 0 || !array)
		return status;
	if (strata_json_count(array) != layer->item_count)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT,
				"there are %zu items but %zu \"versions\"", layer->item_count,
				strata_json_count(array)),
			"give each item its version, or leave \"versions\" out");
	versions = strata_arena_array(plan->arena, layer->item_count, sizeof(*versions));
	if (!versions)
		return strata_fail_memory(error);
	for (size_t i = 0; i < layer->item_count; i++) {
		const char *version = strata_json_string(strata_json_at(array, i));

		if (!version)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"element %zu of \"versions\" must be a version", i + 1);
		versions[i] = strata_arena_string(plan->arena, version);
		if (!versions[i])
			return strata_fail_memory(error);
	}
	layer->versions = versions;
	return 0;
}

/* Read the items that VALUE lists into LAYER, which has this NUMBER. SEEN maps every item that was
 * read before to the number of its layer. */
static int read_items(struct strata_plan *plan, const struct strata_json *value, uint32_t number,
	struct strata_map *seen, struct strata_plan_layer *layer, struct strata_error *error)
{
	const struct strata_json *items = NULL;
	const char **ids;
	size_t count;
	int status = strata_json_get_array(value, "items", true, &items, error);

	if (status < 0)
		return status;
	count = strata_json_count(items);
	ids = strata_arena_array(plan->arena, count, sizeof(*ids));
	if (!ids)
		return strata_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		const char *id = strata_json_string(strata_json_at(items, i));
		uint32_t other;

		if (!id || !*id)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"element %zu of \"items\" must be the id of an item", i + 1);
		other = strata_map_get(seen, id);
		if (other != STRATA_MAP_NONE)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_FORMAT,
					"item '%s' is already in layer %u", id, other + 1),
				"keep it in one place");
		ids[i] = strata_arena_string(plan->arena, id);
		if (!ids[i] || strata_map_put(seen, ids[i], number) < 0)
			return strata_fail_memory(error);
	}
	layer->items = ids;
	layer->item_count = count;
	return read_versions(plan, value, layer, error);
}

static int read_base(
	struct strata_plan *plan, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {"layers", "items", "versions", NULL};
	strata_automap struct strata_map seen = STRATA_MAP_INIT;
	const struct strata_json *base = NULL;
	uint64_t layers = 0;
	int status = strata_json_get_object(document, "base", false, &base, error);

	if (status < 0 || !base)
		return status;
	status = strata_json_check_keys(base, keys, error);
	if (status == 0)
		status = strata_json_get_size(base, "layers", true, &layers, error);
	if (status == 0 && layers > UINT32_MAX)
		status = strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"layers\" is not a plausible number of layers");
	if (status == 0 && strata_json_member(base, "items"))
		status = read_items(plan, base, 0, &seen, &plan->base_items, error);
	plan->base_layers = (uint32_t)layers;
	return status < 0 ? strata_context(error, status, "base") : 0;
}

/* Read layer NUMBER, counted from 0. SEEN maps the items of the layers below to their numbers. */
static int read_layer(struct strata_plan *plan, const struct strata_json *value, uint32_t number,
	struct strata_map *seen, struct strata_error *error)
{
	static const char *const keys[] = {"items", "versions", "compression", NULL};
	struct strata_plan_layer *layer = &plan->layers[number];
	int status = read_items(plan, value, number, seen, layer, error);

	if (status == 0)
		status = strata_json_check_keys(value, keys, error);
	if (status == 0)
		status = read_compression(plan, value, &layer->compression, error);
	if (status == 0 && layer->item_count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "the layer has no items"),
			"remove it from the plan");
	return status;
}

static int read_layers(
	struct strata_plan *plan, const struct strata_json *document, struct strata_error *error)
{
	strata_automap struct strata_map seen = STRATA_MAP_INIT;
	const struct strata_json *layers = NULL;
	int status = strata_json_get_array(document, "layers", true, &layers, error);

	if (status < 0)
		return status;
	plan->layer_count = strata_json_count(layers);
	plan->layers = strata_arena_array(plan->arena, plan->layer_count, sizeof(*plan->layers));
	if (!plan->layers)
		return strata_fail_memory(error);
	for (size_t i = 0; i < plan->layer_count; i++) {
		status = read_layer(plan, strata_json_at(layers, i), (uint32_t)i, &seen, error);
		if (status < 0)
			return strata_context(error, status, "layer %zu", i + 1);
	}
	return 0;
}

static int read_customisation(
	struct strata_plan *plan, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {
		"ownLayer", "compression", "copies", "entries", "permissions", NULL};
	const struct strata_json *customisation = NULL;
	bool own_layer = true, is_empty;
	int status =
		strata_json_get_object(document, "customisation", false, &customisation, error);

	if (status < 0 || !customisation)
		return status;
	status = strata_json_check_keys(customisation, keys, error);
	if (status == 0)
		status = strata_json_get_bool(customisation, "ownLayer", false, &own_layer, error);
	if (status == 0)
		status = read_compression(
			plan, customisation, &plan->customisation_compression, error);
	if (status == 0)
		status = strata_customisation_read(
			customisation, plan->arena, &plan->customisation, error);
	if (status < 0)
		return strata_context(error, status, "customisation");
	is_empty = strata_customisation_is_empty(&plan->customisation);
	plan->customisation_layer = own_layer && !is_empty;
	if (!is_empty && !own_layer && plan->layer_count == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT,
				"the customisation is part of the topmost layer, but there is no "
				"layer"),
			"set \"ownLayer\" to true");
	if (plan->customisation_compression && !plan->customisation_layer)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT,
				"the customisation is no layer of its own, but has a "
				"\"compression\""),
			"give it to the topmost layer");
	return 0;
}

static int read_plan(
	struct strata_plan *plan, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {
		"stratapackPlan", "strategy", "maxLayers", "base", "layers", "customisation", NULL};
	int status = read_head(plan, document, error);

	if (status == 0)
		status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = read_base(plan, document, error);
	if (status == 0)
		status = read_layers(plan, document, error);
	if (status == 0)
		status = read_customisation(plan, document, error);
	return status;
}

int strata_plan_load(const char *path, struct strata_plan **plan, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autoplan struct strata_plan *read = NULL;
	int status = strata_json_load(path, SIZE_LIMIT, &document, error);

	if (status < 0)
		return status;
	read = strata_plan_new(error);
	if (!read)
		return STRATA_ERROR_MEMORY;
	status = read_plan(read, document, error);
	if (status < 0)
		return strata_context(error, status, "%s", path);
	*plan = strata_take(read);
	return 0;
}
