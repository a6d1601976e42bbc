/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nix's JSON about store objects, in the forms that its releases have printed:
 *
 *	[{"path": PATH, "narHash": ..., "narSize": ..., "references": [PATH...]}, ...]
 *	{PATH: {"narHash": ..., ...}, ...}
 *	{"version": 2, "storeDir": DIRECTORY, "info": {NAME: {"references": [NAME...], ...}, ...}}
 *
 * and the .attrs.json of a build with structured attributes, an object of which some members are
 * arrays of the first form. Other programs grow these formats, so members that are not known are
 * passed over.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>

#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/text.h"

struct reader {
	struct strata_graph *graph;
	const char *name;            /* of the file */
	const char *store_directory; /* base names lie there; NULL where the file does not say */
	const char **references;
	size_t capacity, added;
	struct strata_arena arena; /* full paths made from base names */
};

static void cleanup_reader(struct reader *reader)
{
	free(reader->references);
	strata_arena_free(&reader->arena);
}

/* The path that TEXT, a path or a base name in the store, stands for. */
static int full_path(
	struct reader *reader, const char *text, const char **path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	const char *directory = reader->store_directory;

	*path = text;
	if (*text == '/')
		return 0;
	if (!directory || !*text || strchr(text, '/')) {
		strata_source_excerpt(&buffer, text);
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "'%s' is not a store path", buffer.data);
	}
	strata_buffer_string(&buffer, directory);
	if (!strata_text_ends_with(directory, "/"))
		strata_buffer_byte(&buffer, '/');
	strata_buffer_string(&buffer, text);
	if (strata_buffer_check(&buffer, error) < 0)
		return STRATA_ERROR_MEMORY;
	*path = strata_arena_string(&reader->arena, buffer.data);
	return *path ? 0 : strata_fail_memory(error);
}

/* A hash is a string, or in between two releases an object that spells its parts apart. */
static int read_hash(const struct strata_json *object, struct strata_digest *digest,
	const char **identity, struct strata_error *error)
{
	const struct strata_json *value = strata_json_member(object, "narHash");
	const char *text = NULL;
	int status;

	if (!value || strata_json_kind(value) == STRATA_JSON_NULL)
		return 0;
	if (strata_json_kind(value) == STRATA_JSON_OBJECT) {
		const char *algorithm = NULL;

		status = strata_json_get_string(value, "algorithm", true, &algorithm, error);
		if (status == 0)
			status = strata_json_get_string(value, "hash", true, &text, error);
		if (status == 0 && strcmp(algorithm, "sha256") != 0)
			status = strata_fail(
				error, STRATA_ERROR_FORMAT, "the NAR hash is not of SHA-256");
	} else {
		status = strata_json_get_string(object, "narHash", true, &text, error);
	}
	if (status == 0)
		status = strata_nar_hash_parse(text, digest, error);
	if (status < 0)
		return strata_context(error, status, "member \"narHash\"");
	*identity = digest->text;
	return 0;
}

static int read_references(struct reader *reader, const struct strata_json *object,
	struct strata_item_record *record, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(object, "references", true, &array, error);

	if (status < 0)
		return status;
	record->reference_count = strata_json_count(array);
	if (strata_grow(&reader->references, &reader->capacity, record->reference_count,
		    sizeof(*reader->references)) < 0)
		return strata_fail_memory(error);
	for (size_t i = 0; i < record->reference_count; i++) {
		const char *text = strata_json_string(strata_json_at(array, i));

		if (!text)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"references\" must be an array of strings");
		status = full_path(reader, text, &reader->references[i], error);
		if (status < 0)
			return strata_context(error, status, "member \"references\"");
	}
	record->references = reader->references;
	return 0;
}

/* Nix says of a path that is not in its store either null, or an object with "valid": false. */
static bool is_valid(const struct strata_json *object)
{
	const struct strata_json *valid = strata_json_member(object, "valid");

	return strata_json_kind(object) != STRATA_JSON_NULL &&
	       (!valid || strata_json_is_true(valid));
}

static int add_object(struct reader *reader, const char *id, const struct strata_json *object,
	struct strata_error *error)
{
	struct strata_item_record record = {.id = id, .content = STRATA_CONTENT_STORE};
	struct strata_digest digest;
	int status;

	if (!is_valid(object))
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_NOT_FOUND, "it is not valid in its store"),
			"build it, or fetch it with: nix copy --from");
	status = read_hash(object, &digest, &record.identity, error);
	if (status == 0)
		status = strata_json_get_size(object, "narSize", false, &record.size, error);
	if (status == 0)
		status = read_references(reader, object, &record, error);
	if (status < 0)
		return status;
	record.has_size = record.size > 0;
	reader->added++;
	return strata_graph_add(reader->graph, &record, error);
}

static int add_named(struct reader *reader, const char *name, const struct strata_json *object,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
	const char *outer_directory = reader->store_directory;
	const char *id;
	int status = 0;

	/* Each object may say for itself where its store is. */
	if (strata_json_kind(object) == STRATA_JSON_OBJECT)
		status = strata_json_get_string(
			object, "storeDir", false, &reader->store_directory, error);
	if (status == 0)
		status = full_path(reader, name, &id, error);
	if (status == 0)
		status = add_object(reader, id, object, error);
	reader->store_directory = outer_directory;
	strata_arena_free(&reader->arena);
	if (status == 0)
		return 0;
	strata_source_excerpt(&shown, name);
	return strata_context(error, status, "%s: item '%s'", reader->name, shown.data);
}

static int add_array(
	struct reader *reader, const struct strata_json *array, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < strata_json_count(array); i++) {
		const struct strata_json *object = strata_json_at(array, i);
		const char *name = NULL;

		status = strata_json_get_string(object, "path", true, &name, error);
		if (status < 0)
			return strata_context(
				error, status, "%s: element %zu", reader->name, i + 1);
		status = add_named(reader, name, object, error);
		strata_json_drop_at(array, i);
	}
	return status;
}

static int add_members(
	struct reader *reader, const struct strata_json *object, struct strata_error *error)
{
	const struct strata_json *value;
	const char *key;
	void *position = NULL;
	int status = 0;

	while (status == 0 && strata_json_next(object, &position, &key, &value)) {
		status = add_named(reader, key, value, error);
		strata_json_drop_member(object, position);
	}
	return status;
}

static bool is_graph(const struct strata_json *value)
{
	size_t count = strata_json_count(value);

	if (strata_json_kind(value) != STRATA_JSON_ARRAY || count == 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct strata_json *object = strata_json_at(value, i);

		if (!strata_json_member(object, "path") ||
			!strata_json_member(object, "references"))
			return false;
	}
	return true;
}

/* Either members whose names are paths, or members that are whole graphs. */
static int add_object_form(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *value;
	const char *key;
	void *position = NULL;
	bool found = false;
	int status = 0;

	while (status == 0 && strata_json_next(document, &position, &key, &value)) {
		if (*key == '/')
			status = add_named(reader, key, value, error);
		else if (is_graph(value))
			status = add_array(reader, value, error);
		else
			continue;
		found = true;
		strata_json_drop_member(document, position);
	}
	if (status == 0 && !found)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: the object holds no graph of store paths", reader->name),
			"what is read is the output of nix path-info --json --recursive, and an "
			".attrs.json with exportReferencesGraph");
	return status;
}

static int add_document(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *info = strata_json_member(document, "info");
	const struct strata_json *directory = strata_json_member(document, "storeDir");

	reader->store_directory = directory ? strata_json_string(directory) : NULL;
	switch (strata_json_kind(document)) {
	case STRATA_JSON_ARRAY:
		return add_array(reader, document, error);
	case STRATA_JSON_OBJECT:
		if (info && strata_json_kind(info) == STRATA_JSON_OBJECT && directory)
			return add_members(reader, info, error);
		return add_object_form(reader, document, error);
	default:
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: expected an array or an object of store paths", reader->name);
	}
}

/* DOCUMENT, which is freed, is what NAME holds. */
static int take_document(struct strata_graph *graph, const char *name, struct strata_json *document,
	struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_reader) struct reader reader = {.graph = graph, .name = name};
	int status = add_document(&reader, document, error);

	strata_json_free(document);
	if (status == 0 && reader.added == 0)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "%s: it names no store path", name),
			"a closure has one item at least: did what writes it fail?");
	return status;
}

int strata_graph_parse_nix_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error)
{
	struct strata_json *document;
	int status = strata_json_parse(name, text, length, &document, error);

	return status < 0 ? status : take_document(graph, name, document, error);
}

int strata_graph_read_nix_json(
	struct strata_graph *graph, const char *path, struct strata_error *error)
{
	struct strata_json *document;
	const char *name;
	int status = strata_source_load_json(path, &document, &name, error);

	return status < 0 ? status : take_document(graph, name, document, error);
}
