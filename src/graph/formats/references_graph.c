/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The textual references graph, as the daemons of Guix and Nix write it. A record is
 *
 *	PATH
 *	DERIVER (may be empty)
 *	COUNT
 *	REFERENCE (COUNT times)
 *
 * In the registration format (the input of --register-validity) two lines stand between PATH and
 * DERIVER: the hash of the NAR and its size. A deriver is empty or absolute and a hash is neither,
 * so every record shows by itself which kind it is.
 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>

#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/text.h"

struct lines {
	const char *name; /* of the file */
	char *at;
	char *end;
	size_t number; /* of the line last taken */
};

struct references {
	const char **paths;
	size_t capacity;
};

static void cleanup_references(struct references *references)
{
	free(references->paths);
}

/* Fail at the line last taken, which WORDS complete: "'LINE' is no path". */
static int fail_at_line(
	const struct lines *lines, const char *line, const char *words, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;

	strata_source_excerpt(&shown, line);
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s:%zu: '%s' %s", lines->name,
		lines->number, shown.data, words);
}

/* Take the next line, which is to hold WANTED. */
static int take_line(
	struct lines *lines, const char *wanted, char **line, struct strata_error *error)
{
	size_t left = (size_t)(lines->end - lines->at);
	char *newline = left > 0 ? memchr(lines->at, '\n', left) : NULL;
	char *stop = newline ? newline : lines->end;

	lines->number++;
	if (left == 0)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: the file ends where %s should be", lines->name, lines->number,
			wanted);
	if (memchr(lines->at, '\0', (size_t)(stop - lines->at)))
		return strata_fail(error, STRATA_ERROR_FORMAT, "%s:%zu: the line has a NUL byte",
			lines->name, lines->number);
	if (stop > lines->at && stop[-1] == '\r')
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s:%zu: the line ends in CR LF; lines of this format end in LF",
			lines->name, lines->number);
	*line = lines->at;
	lines->at = newline ? newline + 1 : lines->end;
	*stop = '\0';
	return 0;
}

static int take_path(
	struct lines *lines, const char *wanted, char **path, struct strata_error *error)
{
	int status = take_line(lines, wanted, path, error);

	if (status == 0 && **path != '/')
		return fail_at_line(lines, *path, "is not an absolute path", error);
	return status;
}

static int take_number(
	struct lines *lines, const char *wanted, uint64_t *number, struct strata_error *error)
{
	char *line;
	int status = take_line(lines, wanted, &line, error);

	if (status == 0 && !strata_text_to_number(line, 10, number))
		return fail_at_line(lines, line, "is not a number", error);
	return status;
}

/* The deriver says nothing about the graph. What may stand before it does. */
static int take_facts(struct lines *lines, struct strata_item_record *record,
	struct strata_digest *digest, struct strata_error *error)
{
	char *line;
	int status = take_line(lines, "a deriver or a NAR hash", &line, error);

	if (status < 0 || !*line || *line == '/')
		return status;
	status = strata_nar_hash_parse(line, digest, error);
	if (status == STRATA_ERROR_FORMAT)
		return fail_at_line(lines, line, "is neither a deriver nor a NAR hash", error);
	if (status == 0)
		status = take_number(lines, "a NAR size", &record->size, error);
	if (status == 0)
		status = take_line(lines, "a deriver", &line, error);
	if (status < 0)
		return status;
	if (*line && *line != '/')
		return fail_at_line(lines, line, "is not a deriver", error);
	record->identity = digest->text;
	record->has_size = record->size > 0;
	return 0;
}

static int take_record(struct strata_graph *graph, struct lines *lines,
	struct references *references, struct strata_error *error)
{
	struct strata_item_record record = {.content = STRATA_CONTENT_STORE};
	struct strata_digest digest;
	size_t first = lines->number + 1;
	uint64_t count = 0;
	char *path;
	int status = take_path(lines, "a store path", &path, error);

	if (status == 0)
		status = take_facts(lines, &record, &digest, error);
	if (status == 0)
		status = take_number(lines, "a number of references", &count, error);
	for (uint64_t i = 0; status == 0 && i < count; i++) {
		char *reference;

		status = take_path(lines, "a reference", &reference, error);
		if (status < 0)
			return strata_hint(error, status,
				"the record of '%s' at line %zu announces %llu references", path,
				first, (unsigned long long)count);
		if (strata_grow(&references->paths, &references->capacity, (size_t)i + 1,
			    sizeof(*references->paths)) < 0)
			return strata_fail_memory(error);
		references->paths[i] = reference;
	}
	if (status < 0)
		return status;
	record.id = path;
	record.references = references->paths;
	record.reference_count = (size_t)count;
	status = strata_graph_add(graph, &record, error);
	if (status < 0)
		return strata_context(error, status, "%s:%zu", lines->name, first);
	return 0;
}

int strata_graph_parse_references(struct strata_graph *graph, const char *name,
	struct strata_buffer *text, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_references) struct references references = {NULL, 0};
	struct lines lines = {.name = name, .at = text->data, .end = text->data + text->length};
	int status = 0;

	if (lines.at == lines.end)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "%s: it is empty", name),
			"a closure has one item at least: did what writes it fail?");
	while (status == 0 && lines.at < lines.end)
		status = take_record(graph, &lines, &references, error);
	return status;
}

int strata_graph_read_references(
	struct strata_graph *graph, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const char *name;
	int status = strata_source_read(path, &text, &name, error);

	if (status < 0)
		return status;
	return strata_graph_parse_references(graph, name, &text, error);
}
