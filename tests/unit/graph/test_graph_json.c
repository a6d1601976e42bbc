/* SPDX-License-Identifier: Apache-2.0 */
#include "source_fixture.h"

static int parse(struct strata_graph *graph, const char *text, struct strata_error *error)
{
	return strata_graph_parse_json(graph, "graph.json", text, strlen(text), error);
}

static void expect_failure(int status, const char *text, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(parse(graph, text, &error), status, words, &error);
}

/* An item "a" with MEMBERS besides its id. */
static void refuse_item(const char *members, const char *words)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	strata_buffer_format(&text,
		"{\"stratapackGraph\": 1, \"items\": [{\"id\": \"a\", \"files\": [\"/a\"], %s}]}",
		members);
	expect_failure(STRATA_ERROR_FORMAT, text.data, words);
}

static void test_every_member_is_read(void **state)
{
	static const char text[] =
		"{\"$schema\": \"graph.schema.json\", \"stratapackGraph\": 1, \"items\": [ "
		"{\"id\": \"libc6:amd64\", \"name\": \"libc6\", \"version\": \"2.36-9\",  "
		"\"cause\": \"glibc\", \"identity\": \"2.36-9+deb12u7\", \"size\": 12,  "
		"\"references\": [\"libc6:amd64\", \"libgcc-s1\"], \"content\": \"files\",  "
		"\"trees\": [\"/usr/share/doc/libc6\"], \"files\": [\"/usr/lib/libc.so\",  "
		"\"/etc\"]}, {\"id\": \"libgcc-s1\", \"size\": 3, \"references\": "
		"[\"libc6:amd64\"],  \"files\": [\"/usr/lib/libgcc.so\"]}, {\"id\": "
		"\"/opt/tool-1.5\", \"content\": \"store\", \"size\": 0}, {\"id\": \"/opt/rest\", "
		"\"size\": 4, \"version\": \"\"}, {\"id\": \"no-files\"}], \"roots\": "
		"[\"libgcc-s1\", \"/opt/tool-1.5\", \"no-files\"]}";
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	const struct strata_item *item;
	const uint32_t *roots;
	uint32_t count;

	(void)state;
	assert_succeeds(parse(graph, text, &error), &error);
	source_expect(graph, NULL,
		"/opt/tool-1.5 0 - store\n"
		"libc6:amd64 12 2.36-9+deb12u7 files libgcc-s1\n"
		"libgcc-s1 3 - files libc6:amd64\n"
		"no-files 0 - files\n");
	item = strata_graph_item(graph, strata_graph_find(graph, "libc6:amd64"));
	assert_string_equal(item->name, "libc6");
	assert_string_equal(item->version, "2.36-9");
	assert_string_equal(item->cause, "glibc");
	assert_int_equal(item->tree_count, 1);
	assert_string_equal(item->trees[0], "/usr/share/doc/libc6");
	assert_int_equal(item->file_count, 2);
	assert_string_equal(item->files[0], "/etc");
	item = strata_graph_item(graph, strata_graph_find(graph, "/opt/tool-1.5"));
	assert_string_equal(item->name, "tool");
	assert_string_equal(item->version, "1.5");
	assert_string_equal(item->cause, "tool");
	assert_string_equal(item->trees[0], "/opt/tool-1.5");
	roots = strata_graph_roots(graph, &count);
	assert_int_equal(count, 3);
	assert_string_equal(strata_graph_item(graph, roots[0])->id, "/opt/tool-1.5");
	assert_string_equal(strata_graph_item(graph, roots[1])->id, "libgcc-s1");
}

/* A base name as long as a hash, with nothing behind it, is all name. */
static void test_names_are_not_taken_for_hashes(void **state)
{
	static const char *const ids[] = {"/s/00000000000000000000000000000000",
		"/s/00000000000000000000000000000000-", "/s/00000000000000000000000000000000-x"};
	static const char *const names[] = {
		"00000000000000000000000000000000", "00000000000000000000000000000000-", "x"};
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer version = STRATA_BUFFER_INIT;

	(void)state;
	each_number(size_t, i, 0, 3) {
		/* A block of its own, so that reading behind its end shows. */
		char *id = strdup(ids[i]);

		strata_item_split_name(id, &name, &version);
		assert_string_equal(name.data, names[i]);
		assert_string_equal(version.data, "");
		free(id);
	}
}

static void test_missing_sizes_are_measured(void **state)
{
	static const char text[] = "{\"stratapackGraph\": 1, \"items\": [{\"id\": \"/a\"}]}";
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	char *path;

	free(source_write(state, "a", "12345", 5));
	path = source_write(state, "graph.json", text, strlen(text));
	assert_succeeds(strata_graph_read_json(graph, path, &error), &error);
	source_expect(graph, *state, "/a 120 - files\n");
	free(path);
}

static void test_empty_graph_is_read(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	assert_succeeds(
		parse(graph, "{\"stratapackGraph\": 1, \"items\": [], \"roots\": []}", &error),
		&error);
	source_expect(graph, NULL, "");
}

static void test_malformed_documents_are_refused(void **state)
{
	(void)state;
	expect_failure(STRATA_ERROR_FORMAT, "{", "graph.json: not valid JSON");
	expect_failure(STRATA_ERROR_FORMAT, "[]", "graph.json: not a JSON object");
	expect_failure(STRATA_ERROR_FORMAT, "{}", "member \"stratapackGraph\" is missing");
	expect_failure(STRATA_ERROR_UNSUPPORTED, "{\"stratapackGraph\": 2}",
		"graph.json: version 2 of the graph format is not known");
	expect_failure(
		STRATA_ERROR_FORMAT, "{\"stratapackGraph\": 1}", "member \"items\" is missing");
	expect_failure(STRATA_ERROR_FORMAT, "{\"stratapackGraph\": 1, \"items\": [], \"root\": []}",
		"member \"root\" is not known here");
	expect_failure(STRATA_ERROR_FORMAT, "{\"stratapackGraph\": 1, \"items\": [3]}",
		"graph.json: element 1 of \"items\": not a JSON object");
	expect_failure(STRATA_ERROR_FORMAT, "{\"stratapackGraph\": 1, \"items\": [{}]}",
		"element 1 of \"items\": member \"id\" is missing");
	expect_failure(STRATA_ERROR_FORMAT,
		"{\"stratapackGraph\": 1, \"items\": [{\"id\": \"a\", \"content\": \"store\"}]}",
		"item 'a': ");
	expect_failure(STRATA_ERROR_FORMAT,
		"{\"stratapackGraph\": 1, \"items\": [], \"roots\": [1]}",
		"member \"roots\" must be an array of strings");
}

static void test_malformed_items_are_refused_by_name(void **state)
{
	(void)state;
	refuse_item("\"sise\": 1", "graph.json: item 'a': member \"sise\" is not known here");
	refuse_item("\"size\": -1", "item 'a': member \"size\" must not be negative");
	refuse_item("\"size\": 1.5", "member \"size\" must be an integer");
	refuse_item("\"name\": \"\"", "item 'a': member \"name\" must not be empty");
	refuse_item("\"cause\": \"a\\u001b[2J\"", "member \"cause\" has a control character");
	refuse_item("\"version\": 1", "member \"version\" must be a string");
	refuse_item("\"content\": \"tree\"", "item 'a': member \"content\" must be");
	refuse_item("\"references\": \"b\"", "member \"references\" must be an array");
	refuse_item("\"references\": [[]]", "member \"references\" must be an array of strings");
	refuse_item("\"trees\": [\"../a\"]", "item 'a': '../a' is not an absolute path");
	refuse_item("\"trees\": [\"/a/../b\"]", "'/a/../b' is not an absolute path");
	refuse_item("\"trees\": [\"/a\\u0000\"]", "not valid JSON");
	refuse_item("\"name\": \"x\", \"name\": \"y\"", "not valid JSON");
}

static void test_dangling_ids_are_reported(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {{"{\"stratapackGraph\": 1, \"items\": [{\"id\": \"/a\", \"size\": 1, "
		      "\"references\": [\"/b\"]}]}",
			     "'/a' refers to '/b'"},
		{"{\"stratapackGraph\": 1, \"items\": [], \"roots\": [\"/b\"]}", "'/b'"}};

	(void)state;
	each_case(i, cases) {
		strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
		struct strata_error error = STRATA_ERROR_INIT;

		assert_succeeds(parse(graph, cases[i].text, &error), &error);
		assert_fails(strata_graph_finish(graph, NULL, &error), STRATA_ERROR_NOT_FOUND,
			cases[i].words, &error);
	}
}

static void test_many_items_are_read(void **state)
{
	enum { COUNT = 50000 };
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	strata_buffer_string(&text, "{\"stratapackGraph\": 1, \"items\": [");
	for (unsigned i = 0; i < COUNT; i++)
		strata_buffer_format(&text,
			"%s{\"id\": \"/s/%05u\", \"size\": %u, \"references\": [\"/s/%05u\"]}",
			i ? ", " : "", i, i, (i + 1) % COUNT);
	strata_buffer_string(&text, "]}");
	assert_succeeds(parse(graph, text.data, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_int_equal(strata_graph_count(graph), COUNT);
}

static void test_references_as_roots(void **state)
{
	static const char text[] =
		"{\"stratapackGraph\": 1, \"items\": [ {\"id\": \"/s/copied\", \"size\": 1, "
		"\"references\": [\"/s/a\"]}, {\"id\": \"/s/self\", \"size\": 1, \"references\": "
		"[\"/s/self\", \"/s/b\"]}, {\"id\": \"/s/leaf\", \"size\": 1}, {\"id\": \"/s/a\", "
		"\"size\": 1}, {\"id\": \"/s/b\", \"size\": 1}]}";
	static const struct {
		const char *item, *expected;
	} cases[] = {
		{"/s/copied", "/s/a 1 - files\n"},
		{"/s/self", "/s/b 1 - files\n/s/self 1 - files /s/b\n"},
		{"/s/leaf", ""},
	};

	(void)state;
	each_case(i, cases) {
		strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
		struct strata_error error = STRATA_ERROR_INIT;

		assert_succeeds(parse(graph, text, &error), &error);
		assert_fails(strata_graph_add_references_as_roots(graph, "/s/none", &error),
			STRATA_ERROR_NOT_FOUND, "'/s/none'", &error);
		assert_succeeds(
			strata_graph_add_references_as_roots(graph, cases[i].item, &error), &error);
		source_expect(graph, NULL, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member_is_read),
		cmocka_unit_test(test_names_are_not_taken_for_hashes),
		source_test(test_missing_sizes_are_measured),
		cmocka_unit_test(test_empty_graph_is_read),
		cmocka_unit_test(test_malformed_documents_are_refused),
		cmocka_unit_test(test_malformed_items_are_refused_by_name),
		cmocka_unit_test(test_dangling_ids_are_reported),
		cmocka_unit_test(test_many_items_are_read),
		cmocka_unit_test(test_references_as_roots),
	};

	return cmocka_run_group_tests_name("graph json", tests, NULL, NULL);
}
