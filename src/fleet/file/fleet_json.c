/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet file: docs/fleet.schema.json says what it holds.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/fleet.h>
#include <stratapack/graph.h>

#include "fleet/fleet.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/memory.h"

enum {
	FORMAT_VERSION = 1,
	SIZE_LIMIT = 256 * 1024 * 1024,
};

/* An image and its source, together until they are sorted. */
struct entry {
	struct strata_fleet_image image;
	struct strata_fleet_source source;
};

struct reader {
	struct strata_fleet *fleet;
	const char *directory;            /* of the file, that paths in it start from */
	const struct strata_json *common; /* roots of all images, or NULL */
	uint32_t max_layers;
};

static int read_bound(const struct strata_json *object, uint32_t *bound, struct strata_error *error)
{
	uint64_t number = *bound;
	int status = strata_json_get_size(object, "maxLayers", false, &number, error);

	if (status < 0)
		return status;
	if (number == 0 || number > UINT32_MAX)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"maxLayers\" is not a plausible number of layers");
	*bound = (uint32_t)number;
	return 0;
}

static int read_strings(const struct reader *reader, const struct strata_json *object,
	const char *key, struct strata_fleet_source *source, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(object, key, false, &array, error);
	size_t own, common;
	const char **strings;

	if (status < 0 || !array)
		return status;
	own = strata_json_count(array);
	common = strata_json_count(reader->common);
	if (own == 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "member \"%s\" is empty", key),
			"name what the image is for");
	strings = strata_arena_array(reader->fleet->arena, own + common, sizeof(*strings));
	if (!strings)
		return strata_fail_memory(error);
	for (size_t i = 0; i < own + common; i++) {
		const struct strata_json *value = i < own ? strata_json_at(array, i)
							  : strata_json_at(reader->common, i - own);
		const char *text = strata_json_string(value);

		if (!text || !*text)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"%s\" must be an array of strings that are not empty",
				i < own ? key : "common");
		strings[i] = strata_arena_string(reader->fleet->arena, text);
		if (!strings[i])
			return strata_fail_memory(error);
	}
	source->roots = strings;
	source->root_count = own + common;
	return 0;
}

/* A graph file of the image's own. */
static int read_file(const struct reader *reader, const struct strata_json *object,
	struct strata_fleet_source *source, struct strata_error *error)
{
	static const struct {
		const char *key;
		int (*read)(
			struct strata_graph *graph, const char *path, struct strata_error *error);
	} kinds[] = {
		{"graph", strata_graph_read_json},
		{"referencesGraph", strata_graph_read_references},
		{"nixJson", strata_graph_read_nix_json},
	};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		strata_autofree char *path = NULL;
		const char *text = NULL;
		int status = strata_json_get_string(object, kinds[k].key, false, &text, error);

		if (status < 0)
			return status;
		if (!text)
			continue;
		if (source->file || !*text)
			return strata_fail(error, STRATA_ERROR_FORMAT, "member \"%s\" %s",
				kinds[k].key,
				*text ? "names a second graph of the image" : "is empty");
		path = *text == '/' ? strdup(text) : strata_path_join(reader->directory, text);
		source->file = path ? strata_arena_string(reader->fleet->arena, path) : NULL;
		if (!source->file)
			return strata_fail_memory(error);
		source->read = kinds[k].read;
	}
	return 0;
}

static int read_source(const struct reader *reader, const struct strata_json *object,
	struct strata_fleet_source *source, struct strata_error *error)
{
	int status = read_file(reader, object, source, error);

	if (status == 0)
		status = read_strings(reader, object, "roots", source, error);
	if (status < 0)
		return status;
	if (!source->roots) {
		status = read_strings(reader, object, "items", source, error);
		source->exact = source->roots != NULL;
	} else if (strata_json_member(object, "items")) {
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"members \"roots\" and \"items\" exclude each other");
	}
	if (status == 0 && !source->roots && !source->file)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_FORMAT, "nothing says what is in the image"),
			"add \"roots\", \"items\", or a \"graph\" of its own");
	return status;
}

static int read_image(const struct reader *reader, const struct strata_json *object,
	struct entry *entry, struct strata_error *error)
{
	static const char *const keys[] = {"name", "weight", "maxLayers", "roots", "items", "graph",
		"referencesGraph", "nixJson", NULL};
	uint32_t bound = reader->max_layers;
	const char *name = NULL;
	int status = strata_json_get_string(object, "name", true, &name, error);

	if (status < 0)
		return status;
	if (!*name)
		return strata_fail(error, STRATA_ERROR_FORMAT, "member \"name\" is empty");
	entry->image.name = strata_arena_string(reader->fleet->arena, name);
	if (!entry->image.name)
		return strata_fail_memory(error);
	entry->image.weight = 1;
	status = strata_json_check_keys(object, keys, error);
	if (status == 0)
		status = strata_json_get_size(object, "weight", false, &entry->image.weight, error);
	if (status == 0 && entry->image.weight > UINT32_MAX)
		status = strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"weight\" is more than 2^32 - 1");
	if (status == 0)
		status = read_bound(object, &bound, error);
	/* One layer is left for a customisation, as where an image is planned alone. */
	entry->image.max_layers = bound > 1 ? bound - 1 : 1;
	if (status == 0)
		status = read_source(reader, object, &entry->source, error);
	return status < 0 ? strata_context(error, status, "image '%s'", name) : 0;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcmp(a->image.name, b->image.name);
}

/* Sort the entries and take them apart. */
static int keep_entries(
	struct strata_fleet *fleet, struct entry *entries, size_t count, struct strata_error *error)
{
	fleet->images = strata_allocate(count, sizeof(*fleet->images));
	fleet->sources = strata_arena_array(fleet->arena, count, sizeof(*fleet->sources));
	if (!fleet->images || !fleet->sources)
		return strata_fail_memory(error);
	fleet->image_capacity = count;
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < count; i++) {
		fleet->images[i] = entries[i].image;
		fleet->sources[i] = entries[i].source;
	}
	fleet->image_count = count;
	return strata_fleet_sort(fleet, error);
}

static int read_fleet(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {
		"$schema", "stratapackFleet", "maxLayers", "common", "images", NULL};
	const struct strata_json *images = NULL;
	strata_autofree struct entry *entries = NULL;
	uint64_t version = 0;
	size_t count;
	int status = strata_json_get_size(document, "stratapackFleet", true, &version, error);

	if (status < 0)
		return status;
	if (version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the fleet has format version %llu, but only version %d is known",
			(unsigned long long)version, FORMAT_VERSION);
	status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = read_bound(document, &reader->max_layers, error);
	if (status == 0)
		status = strata_json_get_array(document, "common", false, &reader->common, error);
	if (status == 0)
		status = strata_json_get_array(document, "images", true, &images, error);
	if (status < 0)
		return status;
	count = strata_json_count(images);
	if (count == 0)
		return strata_fail(error, STRATA_ERROR_FORMAT, "the fleet has no images");
	if (count > STRATA_LARGEST_FLEET)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"the fleet has %zu images; %d are the most", count, STRATA_LARGEST_FLEET);
	entries = strata_allocate(count, sizeof(*entries));
	if (!entries)
		return strata_fail_memory(error);
	for (size_t i = 0; i < count; i++) {
		status = read_image(reader, strata_json_at(images, i), &entries[i], error);
		if (status < 0)
			return strata_context(error, status, "element %zu of \"images\"", i + 1);
	}
	return keep_entries(reader->fleet, entries, count, error);
}

int strata_fleet_load(const char *path, struct strata_fleet **fleet, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	strata_autofree char *directory = NULL;
	strata_autofleet struct strata_fleet *read = NULL;
	struct reader reader = {.max_layers = STRATA_DEFAULT_MAX_LAYERS};
	int status = strata_json_load(path, SIZE_LIMIT, &document, error);

	if (status < 0)
		return status;
	directory = strcmp(path, "-") == 0 ? strdup(".") : strata_path_directory(path);
	if (!directory)
		return strata_fail_memory(error);
	read = strata_fleet_allocate(error);
	if (!read)
		return STRATA_ERROR_MEMORY;
	reader.fleet = read;
	reader.directory = directory;
	status = read_fleet(&reader, document, error);
	if (status < 0)
		return strata_context(error, status, "%s", path);
	*fleet = strata_take(read);
	return 0;
}
