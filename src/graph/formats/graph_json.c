/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own JSON: docs/graph.schema.json says what it holds. What is not in the schema is refused,
 * so that a misspelt member cannot be lost without a word.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>

#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"

enum { FORMAT_VERSION = 1 };

struct strings {
	const char **values;
	size_t count;
	size_t capacity;
};

struct reader {
	struct strata_graph *graph;
	struct strings references;
	struct strings trees;
	struct strings files;
};

static void cleanup_reader(struct reader *reader)
{
	free(reader->references.values);
	free(reader->trees.values);
	free(reader->files.values);
}

/* Member KEY, an array of strings, where it is there. */
static int read_strings(const struct strata_json *object, const char *key, struct strings *strings,
	struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(object, key, false, &array, error);

	if (status < 0)
		return status;
	strings->count = strata_json_count(array);
	if (strata_grow(&strings->values, &strings->capacity, strings->count,
		    sizeof(*strings->values)) < 0)
		return strata_fail_memory(error);
	for (size_t i = 0; i < strings->count; i++) {
		strings->values[i] = strata_json_string(strata_json_at(array, i));
		if (!strings->values[i])
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"%s\" must be an array of strings", key);
	}
	return 0;
}

/* A text of the item: people see it in tables and in the image's history. */
static int read_text(const struct strata_json *object, const char *key, bool may_be_empty,
	const char **text, struct strata_error *error)
{
	int status = strata_json_get_string(object, key, false, text, error);

	if (status < 0 || !*text)
		return status;
	if (!**text && !may_be_empty)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "member \"%s\" must not be empty", key);
	for (const char *at = *text; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"member \"%s\" has a control character", key);
	}
	return 0;
}

static int read_content(
	const struct strata_json *object, enum strata_content *content, struct strata_error *error)
{
	const char *text = "files";
	int status = strata_json_get_string(object, "content", false, &text, error);

	if (status < 0)
		return status;
	if (strcmp(text, "files") != 0 && strcmp(text, "store") != 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"member \"content\" must be \"files\" or \"store\"");
	*content = *text == 's' ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES;
	return 0;
}

static int read_size(const struct strata_json *object, struct strata_item_record *record,
	struct strata_error *error)
{
	uint64_t size = UINT64_MAX;
	int status = strata_json_get_size(object, "size", false, &size, error);

	record->has_size = status == 0 && size != UINT64_MAX;
	if (record->has_size)
		record->size = size;
	return status;
}

static int add_item(struct reader *reader, const char *id, const struct strata_json *object,
	struct strata_error *error)
{
	static const char *const keys[] = {"id", "name", "version", "cause", "identity", "size",
		"references", "content", "trees", "files", NULL};
	struct strata_item_record record = {.id = id};
	int status = strata_json_check_keys(object, keys, error);

	if (status == 0)
		status = read_text(object, "name", false, &record.name, error);
	if (status == 0)
		status = read_text(object, "version", true, &record.version, error);
	if (status == 0)
		status = read_text(object, "cause", false, &record.cause, error);
	if (status == 0)
		status = read_text(object, "identity", false, &record.identity, error);
	if (status == 0)
		status = read_size(object, &record, error);
	if (status == 0)
		status = read_content(object, &record.content, error);
	if (status == 0)
		status = read_strings(object, "references", &reader->references, error);
	if (status == 0)
		status = read_strings(object, "trees", &reader->trees, error);
	if (status == 0)
		status = read_strings(object, "files", &reader->files, error);
	if (status < 0)
		return status;
	record.references = reader->references.values;
	record.reference_count = reader->references.count;
	record.trees = reader->trees.values;
	record.tree_count = reader->trees.count;
	record.files = reader->files.values;
	record.file_count = reader->files.count;
	return strata_graph_add(reader->graph, &record, error);
}

static int add_items(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *items = NULL;
	int status = strata_json_get_array(document, "items", true, &items, error);

	for (size_t i = 0; status == 0 && i < strata_json_count(items); i++) {
		const struct strata_json *object = strata_json_at(items, i);
		strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
		const char *id = NULL;

		status = strata_json_get_string(object, "id", true, &id, error);
		if (status < 0)
			return strata_context(error, status, "element %zu of \"items\"", i + 1);
		status = add_item(reader, id, object, error);
		if (status < 0) {
			strata_source_excerpt(&shown, id);
			return strata_context(error, status, "item '%s'", shown.data);
		}
		strata_json_drop_at(items, i);
	}
	return status;
}

static int add_roots(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	int status = read_strings(document, "roots", &reader->references, error);

	for (size_t i = 0; status == 0 && i < reader->references.count; i++)
		status = strata_graph_add_root(reader->graph, reader->references.values[i], error);
	return status;
}

static int add_document(
	struct reader *reader, const struct strata_json *document, struct strata_error *error)
{
	static const char *const keys[] = {"stratapackGraph", "items", "roots", "$schema", NULL};
	uint64_t version = 0;
	int status = strata_json_get_size(document, "stratapackGraph", true, &version, error);

	if (status == 0 && version != FORMAT_VERSION)
		status = strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"version %llu of the graph format is not known; this is version %d",
			(unsigned long long)version, FORMAT_VERSION);
	if (status == 0)
		status = strata_json_check_keys(document, keys, error);
	if (status == 0)
		status = add_items(reader, document, error);
	if (status == 0)
		status = add_roots(reader, document, error);
	return status;
}

/* DOCUMENT, which is freed, is what NAME holds. */
static int take_document(struct strata_graph *graph, const char *name, struct strata_json *document,
	struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_reader) struct reader reader = {.graph = graph};
	int status = add_document(&reader, document, error);

	strata_json_free(document);
	return status < 0 ? strata_context(error, status, "%s", name) : 0;
}

int strata_graph_parse_json(struct strata_graph *graph, const char *name, const char *text,
	size_t length, struct strata_error *error)
{
	struct strata_json *document;
	int status = strata_json_parse(name, text, length, &document, error);

	return status < 0 ? status : take_document(graph, name, document, error);
}

int strata_graph_read_json(struct strata_graph *graph, const char *path, struct strata_error *error)
{
	struct strata_json *document;
	const char *name;
	int status = strata_source_load_json(path, &document, &name, error);

	return status < 0 ? status : take_document(graph, name, document, error);
}
