/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's first archive: a directory a layer, and `repositories` (docker-image-spec 1.0).
 */
#include <string.h>

#include "image/read/document.h"
#include "image/read/formats.h"
#include "image/read/manifest.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/text.h"

enum { MOST_V1_LAYERS = 4096 };

static bool is_v1_id(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* Whether NAME is "DIRECTORY/json": its length without "/json", or 0. */
static size_t v1_directory(const char *name)
{
	size_t length = strcspn(name, "/");

	return strcmp(name + length, "/json") == 0 ? length : 0;
}

bool strata_has_v1(const struct strata_reading *reading)
{
	for (size_t i = 0; i < strata_store_count(reading->store); i++) {
		if (v1_directory(strata_store_name(reading->store, i)) > 0)
			return true;
	}
	return false;
}

/* Read the json of the layer ID. Returns 1 or 0. */
static int read_layer_document(struct strata_reading *reading, const char *where, const char *id,
	const struct strata_json **document, struct strata_error *error)
{
	struct strata_place place;
	const char *name = strata_reading_text(reading, "%.100s/json", id), *own;
	int status = name ? strata_store_find(reading->store, name, &place, error)
			  : strata_fail_memory(error);

	if (status == 0)
		strata_finding(
			reading->findings, "%s: V1 layer %.100s: there is no %s", where, id, name);
	if (status <= 0)
		return status;
	status = strata_document_read(reading, &place, name, document, NULL, error);
	if (status <= 0)
		return status;
	own = strata_json_string(strata_json_member_any_case(*document, "id"));
	if (!own || strcmp(own, id) != 0)
		strata_finding(reading->findings,
			"%s: %s: the id is '%.100s', expected was the name of the directory", where,
			name, own ? own : "");
	return 1;
}

static int fill_layer(struct strata_reading *reading, const char *where,
	struct strata_read_layer *layer, const char *id, size_t number, struct strata_error *error)
{
	const char *name = strata_reading_text(reading, "%s/layer.tar", id);
	const char *version = strata_reading_text(reading, "%s/VERSION", id);
	struct strata_place place;
	int status;

	layer->label = strata_reading_text(reading, "V1 layer %zu, %s", number, id);
	if (!name || !version || !layer->label)
		return strata_fail_memory(error);
	status = strata_store_find(reading->store, version, &place, error);
	if (status == 0)
		strata_finding(reading->findings, "%s: %s is missing", where, version);
	if (status >= 0)
		status = strata_store_find(reading->store, name, &layer->place, error);
	layer->stored = status > 0;
	if (status == 0)
		strata_finding(reading->findings, "%s: %s is missing", where, name);
	if (layer->stored)
		layer->size = layer->place.size;
	return status < 0 ? status : 0;
}

struct link {
	const char *id;
	const struct strata_json *document;
};

/* Follow the parents from TOP down. *CHAIN, top first, is the caller's. */
static int collect_chain(struct strata_reading *reading, const char *where, const char *top,
	struct link **chain, size_t *count, bool *broken, struct strata_error *error)
{
	strata_automap struct strata_map seen = STRATA_MAP_INIT;
	const char *id = top;
	size_t capacity = 0;

	for (*count = 0; id; ++*count) {
		const struct strata_json *document = NULL;
		int status;

		*broken = true;
		if (!is_v1_id(id)) {
			strata_finding(reading->findings,
				"%s: '%.100s' is not a V1 id: 64 lower-case hexadecimal digits are "
				"expected",
				where, id);
			return 0;
		}
		if (strata_map_get(&seen, id) != STRATA_MAP_NONE || *count == MOST_V1_LAYERS) {
			strata_finding(reading->findings,
				"%s: V1 layer %s: the parents go round in a circle, or never end",
				where, id);
			return 0;
		}
		status = read_layer_document(reading, where, id, &document, error);
		if (status <= 0)
			return status;
		if (strata_map_put(&seen, id, 0) < 0 ||
			strata_grow(chain, &capacity, *count + 1, sizeof(**chain)) < 0)
			return strata_fail_memory(error);
		*broken = false;
		(*chain)[*count] = (struct link){id, document};
		id = strata_json_string(strata_json_member_any_case(document, "parent"));
		if (id && !*id)
			id = NULL;
	}
	return 0;
}

static int add_v1_image(struct strata_reading *reading, const char *name, const char *top,
	struct strata_error *error)
{
	struct strata_read_image *image = strata_reading_add(reading, STRATA_VIEW_V1, error);
	strata_autofree struct link *chain = NULL;
	const char **names = strata_arena_array(&reading->arena, 1, sizeof(*names));
	int status;

	if (!image)
		return error->status;
	if (!names)
		return strata_fail_memory(error);
	image->label = name ? name : strata_reading_text(reading, "image %.100s", top);
	if (!image->label)
		return strata_fail_memory(error);
	names[0] = name;
	image->names = names;
	image->name_count = name ? 1 : 0;
	status = collect_chain(
		reading, image->label, top, &chain, &image->layer_count, &image->broken, error);
	if (status < 0)
		return status;
	image->layers =
		strata_arena_array(&reading->arena, image->layer_count + 1, sizeof(*image->layers));
	if (!image->layers)
		return strata_fail_memory(error);
	for (size_t i = 0; i < image->layer_count; i++) {
		size_t from_top = image->layer_count - 1 - i;

		status = fill_layer(
			reading, image->label, &image->layers[i], chain[from_top].id, i + 1, error);
		if (status < 0)
			return status;
		image->layers[i].history = chain[from_top].document;
	}
	if (image->layer_count > 0)
		strata_config_apply(reading, image, chain[0].document);
	return 0;
}

/* Without `repositories`, every directory that is not the parent of another one is an image. */
static int read_directories(struct strata_reading *reading, struct strata_error *error)
{
	strata_automap struct strata_map parents = STRATA_MAP_INIT;
	size_t count = strata_store_count(reading->store);

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			const char *name = strata_store_name(reading->store, i);
			size_t length = v1_directory(name);
			const struct strata_json *document = NULL;
			const char *id, *parent;
			int status = 0;

			if (length == 0)
				continue;
			id = strata_reading_text(reading, "%.*s", (int)length, name);
			if (!id)
				return strata_fail_memory(error);
			if (pass == 1 && strata_map_get(&parents, id) == STRATA_MAP_NONE)
				status = add_v1_image(reading, NULL, id, error);
			if (pass == 0)
				status = read_layer_document(
					reading, "the archive", id, &document, error);
			if (status < 0)
				return status;
			parent =
				strata_json_string(strata_json_member_any_case(document, "parent"));
			if (parent && strata_map_put(&parents, parent, 0) < 0)
				return strata_fail_memory(error);
		}
	}
	return 0;
}

static int read_repository(struct strata_reading *reading, const char *name,
	const struct strata_json *tags, struct strata_error *error)
{
	const struct strata_json *value;
	const char *tag;
	void *position = NULL;

	while (strata_json_next(tags, &position, &tag, &value)) {
		const char *full = strata_reading_text(reading, "%s:%s", name, tag);
		const char *top = strata_json_string(value);
		int status = 0;

		if (!full)
			return strata_fail_memory(error);
		strata_check_name(reading, full);
		if (!top)
			strata_finding(reading->findings,
				"repositories: the id of '%s' is not a string", full);
		else
			status = add_v1_image(reading, full, top, error);
		if (status < 0)
			return status;
	}
	return 0;
}

int strata_read_v1(struct strata_reading *reading, struct strata_error *error)
{
	const struct strata_json *repositories = NULL, *tags;
	struct strata_place place;
	const char *name;
	void *position = NULL;
	int status = strata_store_find(reading->store, "repositories", &place, error);

	if (status == 0)
		return read_directories(reading, error);
	if (status > 0)
		status = strata_document_read(
			reading, &place, "repositories", &repositories, NULL, error);
	if (status <= 0)
		return status;
	if (strata_json_kind(repositories) != STRATA_JSON_OBJECT) {
		strata_finding(reading->findings, "repositories: not a JSON object");
		return 0;
	}
	while (strata_json_next(repositories, &position, &name, &tags)) {
		status = read_repository(reading, name, tags, error);
		if (status < 0)
			return status;
	}
	return 0;
}
