/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue as JSON: docs/catalogue.schema.json.
 */
#include <string.h>

#include "fleet/catalogue/catalogue.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/json_writer.h"

enum {
	FORMAT_VERSION = 1,
	SIZE_LIMIT = 1024 * 1024 * 1024,
};

static void write_strings(
	struct strata_json_writer *json, const char *key, const char *const *strings, size_t count)
{
	strata_json_key(json, key);
	strata_json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		strata_json_write_string(json, strings[i]);
	strata_json_end_array(json);
}

int strata_catalogue_save(
	const struct strata_catalogue *catalogue, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "stratapackCatalogue", FORMAT_VERSION);
	strata_json_key(&json, "parameters");
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "storageWeightPerMille", catalogue->storage_weight);
	strata_json_member_size(&json, "requestBytes", catalogue->request);
	strata_json_end_object(&json);
	strata_json_key(&json, "groups");
	strata_json_begin_array(&json);
	for (size_t g = 0; g < catalogue->group_count; g++) {
		const struct strata_catalogue_group *group = &catalogue->groups[g];

		strata_json_begin_object(&json);
		write_strings(&json, "items", group->items, group->item_count);
		write_strings(&json, "images", group->images, group->image_count);
		strata_json_member_string(&json, "content", group->content);
		strata_json_end_object(&json);
	}
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	strata_buffer_byte(&text, '\n');
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_file_replace(path, text.data, text.length, error);
}

/* Member KEY, an array of distinct strings, sorted. */
static int read_strings(struct strata_catalogue *catalogue, const struct strata_json *object,
	const char *key, const char *const **result, size_t *count, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	const char **strings;
	int status = strata_json_get_array(object, key, true, &array, error);

	if (status < 0)
		return status;
	*count = strata_json_count(array);
	strings = strata_arena_array(catalogue->arena, *count, sizeof(*strings));
	if (!strings)
		return strata_fail_memory(error);
	for (size_t i = 0; i < *count; i++) {
		const char *text = strata_json_string(strata_json_at(array, i));

		if (!text || !*text)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"%s\" must be an array of strings that are not empty",
				key);
		strings[i] = strata_arena_string(catalogue->arena, text);
		if (!strings[i])
			return strata_fail_memory(error);
	}
	qsort(strings, *count, sizeof(*strings), strata_compare_strings);
	for (size_t i = 1; i < *count; i++) {
		if (strcmp(strings[i], strings[i - 1]) == 0)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"\"%s\" stands twice in member \"%s\"", strings[i], key);
	}
	*result = strings;
	return 0;
}

static int read_group(struct strata_catalogue *catalogue, const struct strata_json *object,
	struct strata_catalogue_group *group, struct strata_error *error)
{
	static const char *const keys[] = {"items", "images", "content", NULL};
	const char *content = "";
	int status = strata_json_check_keys(object, keys, error);

	if (status == 0)
		status = read_strings(
			catalogue, object, "items", &group->items, &group->item_count, error);
	if (status == 0)
		status = read_strings(
			catalogue, object, "images", &group->images, &group->image_count, error);
	if (status == 0)
		status = strata_json_get_string(object, "content", false, &content, error);
	if (status < 0)
		return status;
	if (group->item_count == 0)
		return strata_fail(error, STRATA_ERROR_FORMAT, "the group has no items");
	group->content = strata_arena_string(catalogue->arena, content);
	return group->content ? 0 : strata_fail_memory(error);
}

static int read_parameters(struct strata_catalogue *catalogue, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {"storageWeightPerMille", "requestBytes", NULL};
	const struct strata_json *parameters = NULL;
	uint64_t storage = STRATA_DEFAULT_STORAGE_WEIGHT, request = STRATA_DEFAULT_REQUEST_BYTES;
	int status = strata_json_get_object(document, "parameters", false, &parameters, error);

	if (status == 0 && parameters)
		status = strata_json_check_keys(parameters, keys, error);
	if (status == 0 && parameters)
		status = strata_json_get_size(
			parameters, "storageWeightPerMille", false, &storage, error);
	if (status == 0 && parameters)
		status = strata_json_get_size(parameters, "requestBytes", false, &request, error);
	if (status < 0)
		return strata_context(error, status, "parameters");
	if (storage > STRATA_LARGEST_STORAGE_WEIGHT || request > UINT32_MAX)
		return strata_fail(error, STRATA_ERROR_FORMAT, "parameters: a number is too large");
	catalogue->storage_weight = (uint32_t)storage;
	catalogue->request = (uint32_t)request;
	return 0;
}

static int read_catalogue(struct strata_catalogue *catalogue, const struct strata_json *document,
	struct strata_error *error)
{
	static const char *const keys[] = {
		"$schema", "stratapackCatalogue", "parameters", "groups", NULL};
	const struct strata_json *groups = NULL;
	uint64_t version = 0;
	int status = strata_json_get_size(document, "stratapackCatalogue", true, &version, error);

	if (status < 0)
		return status;
	if (version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the catalogue has format version %llu, but only version %d is known",
			(unsigned long long)version, FORMAT_VERSION);
	status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = read_parameters(catalogue, document, error);
	if (status == 0)
		status = strata_json_get_array(document, "groups", true, &groups, error);
	if (status < 0)
		return status;
	catalogue->group_count = strata_json_count(groups);
	catalogue->groups = strata_arena_array(
		catalogue->arena, catalogue->group_count, sizeof(*catalogue->groups));
	if (!catalogue->groups)
		return strata_fail_memory(error);
	for (size_t g = 0; g < catalogue->group_count; g++) {
		status = read_group(
			catalogue, strata_json_at(groups, g), &catalogue->groups[g], error);
		if (status < 0)
			return strata_context(error, status, "group %zu", g + 1);
	}
	return 0;
}

bool strata_catalogue_recognise(const char *path)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autojson struct strata_json *document = NULL;
	bool is_catalogue = strata_file_looks_like_json(path) &&
			    strata_json_load(path, SIZE_LIMIT, &document, &error) == 0 &&
			    strata_json_member(document, "stratapackCatalogue");

	strata_error_clear(&error);
	return is_catalogue;
}

int strata_catalogue_load(
	const char *path, struct strata_catalogue **catalogue, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autocatalogue struct strata_catalogue *read = NULL;
	int status = strata_json_load(path, SIZE_LIMIT, &document, error);

	if (status < 0)
		return status;
	read = strata_catalogue_new(error);
	if (!read)
		return STRATA_ERROR_MEMORY;
	status = read_catalogue(read, document, error);
	if (status < 0)
		return strata_context(error, status, "%s", path);
	*catalogue = strata_take(read);
	return 0;
}
