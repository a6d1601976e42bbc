/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of graph sources share: a directory for each test, and a graph written as text.
 *
 * The directory is *state: give source_setup() and source_teardown() to cmocka.
 */
#ifndef SOURCE_FIXTURE_H
#define SOURCE_FIXTURE_H

#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stratapack/graph.h>

#include "graph/formats/nar_hash.h"
#include "graph/formats/parsers.h"
#include "graph/formats/source_text.h"
#include "graph/graph.h"
#include "graph/item_name.h"
#include "graph/item_record.h"
#include "graph/nar_size.h"
#include "util/buffer.h"
#include "util/file.h"

/* The SHA-256 of the empty string, as everybody spells it. */
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define EMPTY_NIX32 "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
#define EMPTY_BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

#define source_test(function) \
	cmocka_unit_test_setup_teardown(function, source_setup, source_teardown)

static inline int source_setup(void **state)
{
	*state = strdup("/tmp/stratapack-test-XXXXXX");
	return mkdtemp(*state) ? 0 : -1;
}

static inline int source_teardown(void **state)
{
	strata_directory_remove(*state);
	free(*state);
	return 0;
}

/* NAME in the test's directory; the caller frees it. */
static inline char *source_path(void **state, const char *name)
{
	return strata_path_join(*state, name);
}

/* Write a file of the test and return its path, which the caller frees. */
static inline char *source_write(void **state, const char *name, const char *text, size_t length)
{
	char *path = source_path(state, name);
	char *directory = strata_path_directory(path);

	assert_int_equal(strata_directory_create(directory, NULL), 0);
	assert_int_equal(strata_file_replace(path, text, length, NULL), 0);
	free(directory);
	return path;
}

/* Every item of a finished graph on a line: id, size, identity, content, references. */
static inline char *source_describe(const struct strata_graph *graph)
{
	struct strata_buffer text = STRATA_BUFFER_INIT;

	for (uint32_t i = 0; i < strata_graph_count(graph); i++) {
		const struct strata_item *item = strata_graph_item(graph, i);

		strata_buffer_format(&text, "%s %llu %s %s", item->id,
			(unsigned long long)item->size, item->identity ? item->identity : "-",
			item->content == STRATA_CONTENT_STORE ? "store" : "files");
		for (uint32_t r = 0; r < item->reference_count; r++)
			strata_buffer_format(
				&text, " %s", strata_graph_item(graph, item->references[r])->id);
		strata_buffer_byte(&text, '\n');
	}
	return strata_buffer_take(&text);
}

/* Finish GRAPH under ROOT and compare it with the text that source_describe() makes. */
static inline void source_expect(struct strata_graph *graph, const char *root, const char *expected)
{
	struct strata_error error = STRATA_ERROR_INIT;
	char *text;

	assert_succeeds(strata_graph_finish(graph, root, &error), &error);
	text = source_describe(graph);
	assert_string_equal(text, expected);
	free(text);
}

#endif
