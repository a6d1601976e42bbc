/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "graphs.h"

#include <stdlib.h>
#include <unistd.h>

#include "graph/graph.h"
#include "util/buffer.h"
#include "util/file.h"

static const struct node four[] = {
	{"a", "b c", 10}, {"b", "d", 20}, {"c", "d", 30}, {"d", NULL, 40}};

static const struct strata_entry customisation[] = {
	{.kind = STRATA_ENTRY_DIRECTORY, .path = "/tmp", .mode = 01777},
	{.kind = STRATA_ENTRY_SYMLINK, .path = "/bin/sh", .target = "/s/bash/bin/sh"},
};

/* A directory for the test, and a path in it. */
struct place {
	char directory[64];
	char path[96];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/test-plan-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/plan.json", place->directory);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	strata_directory_remove(place->directory);
	free(place);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(strata_file_replace(path, text, strlen(text), &error), &error);
}

static void assert_file(const char *path, const char *text)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autobuffer struct strata_buffer content = STRATA_BUFFER_INIT;

	assert_succeeds(strata_file_read(path, 1 << 20, &content, &error), &error);
	assert_string_equal(content.data, text);
}

static void test_plan_is_written_as_documented(void **state)
{
	static const char expected[] = "{\n"
				       "  \"stratapackPlan\": 1,\n"
				       "  \"strategy\": \"popularity\",\n"
				       "  \"maxLayers\": 3,\n"
				       "  \"layers\": [\n"
				       "    {\n"
				       "      \"items\": [\n"
				       "        \"d\"\n"
				       "      ]\n"
				       "    },\n"
				       "    {\n"
				       "      \"items\": [\n"
				       "        \"b\",\n"
				       "        \"c\",\n"
				       "        \"a\"\n"
				       "      ]\n"
				       "    }\n"
				       "  ],\n"
				       "  \"customisation\": {\n"
				       "    \"ownLayer\": true,\n"
				       "    \"entries\": [\n"
				       "      {\n"
				       "        \"path\": \"/bin/sh\",\n"
				       "        \"type\": \"symlink\",\n"
				       "        \"target\": \"/s/bash/bin/sh\"\n"
				       "      },\n"
				       "      {\n"
				       "        \"path\": \"/tmp\",\n"
				       "        \"type\": \"directory\",\n"
				       "        \"mode\": \"1777\",\n"
				       "        \"uid\": 0,\n"
				       "        \"gid\": 0\n"
				       "      }\n"
				       "    ]\n"
				       "  }\n"
				       "}\n";
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *read = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("popularity"),
		.max_layers = 3,
		.customisation.entries = customisation,
		.customisation.entry_count = COUNT_OF(customisation)};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_save(plan, place->path, &error), &error);
	assert_file(place->path, expected);
	assert_succeeds(strata_plan_load(place->path, &read, &error), &error);
	assert_succeeds(strata_plan_check(read, graph, &error), &error);
	assert_succeeds(strata_plan_save(read, place->path, &error), &error);
	assert_file(place->path, expected);
}

/* Names that are not UTF-8, owned links, and no layer of the customisation's own. */
static void test_odd_plans_survive_the_way(void **state)
{
	static const struct strata_entry entries[] = {
		{.path = "/\xff\xfe", .mode = 0, .uid = 4294967294u, .gid = 7},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/link", .target = "\xff", .uid = 3},
	};
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *read = NULL;
	struct strata_plan_options options = {.strategy = strata_strategy_find("two"),
		.customisation.entries = entries,
		.customisation.entry_count = COUNT_OF(entries)};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_save(plan, place->path, &error), &error);
	assert_succeeds(strata_plan_load(place->path, &read, &error), &error);
	assert_string_equal(read->strategy, "two");
	assert_int_equal(read->max_layers, 100);
	assert_int_equal(read->layer_count, 2);
	assert_false(read->customisation_layer);
	assert_int_equal(read->customisation.entry_count, 2);
	assert_int_equal(read->customisation.entries[0].kind, STRATA_ENTRY_SYMLINK);
	assert_string_equal(read->customisation.entries[0].target, "\xff");
	assert_int_equal(read->customisation.entries[0].uid, 3);
	assert_string_equal(read->customisation.entries[1].path, "/\xff\xfe");
	assert_int_equal(read->customisation.entries[1].mode, 0);
	assert_true(read->customisation.entries[1].uid == 4294967294u);
	assert_int_equal(read->customisation.entries[1].gid, 7);
}

static void test_hand_written_plan_needs_only_layers(void **state)
{
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *customised = NULL;
	strata_autoplan struct strata_plan *empty = NULL;

	write_file(place->path, "{\"layers\": [{\"items\": [\"d\", \"a\"]}, {\"items\": [\"c\", "
				"\"b\"]}]}");
	assert_succeeds(strata_plan_load(place->path, &plan, &error), &error);
	assert_string_equal(plan->strategy, "");
	assert_int_equal(plan->max_layers, 0);
	assert_int_equal(plan->customisation.entry_count, 0);
	assert_false(plan->customisation_layer);
	assert_int_equal(strata_plan_image_layers(plan), 2);
	assert_string_equal(plan->layers[0].items[1], "a");
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);

	write_file(place->path,
		"{\"layers\": [{\"items\": [\"d\"]}], \"customisation\": {\"entries\": [{\"type\": "
		"\"directory\", \"path\": \"/data\"}]}}");
	assert_succeeds(strata_plan_load(place->path, &customised, &error), &error);
	assert_true(customised->customisation_layer);
	assert_int_equal(customised->customisation.entries[0].mode, 0755);

	write_file(place->path, "{\"layers\": [], \"customisation\": {\"ownLayer\": true, "
				"\"entries\": []}}");
	assert_succeeds(strata_plan_load(place->path, &empty, &error), &error);
	assert_int_equal(strata_plan_image_layers(empty), 0);
}

static void test_layers_keep_their_compression(void **state)
{
	static const char text[] = "{\n"
				   "  \"stratapackPlan\": 1,\n"
				   "  \"layers\": [\n"
				   "    {\n"
				   "      \"items\": [\n"
				   "        \"d\"\n"
				   "      ],\n"
				   "      \"compression\": \"zstd:19\"\n"
				   "    }\n"
				   "  ],\n"
				   "  \"customisation\": {\n"
				   "    \"ownLayer\": true,\n"
				   "    \"compression\": \"none\",\n"
				   "    \"entries\": [\n"
				   "      {\n"
				   "        \"path\": \"/tmp\",\n"
				   "        \"type\": \"directory\",\n"
				   "        \"mode\": \"1777\",\n"
				   "        \"uid\": 0,\n"
				   "        \"gid\": 0\n"
				   "      }\n"
				   "    ]\n"
				   "  }\n"
				   "}\n";
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;

	write_file(place->path, text);
	assert_succeeds(strata_plan_load(place->path, &plan, &error), &error);
	assert_string_equal(plan->layers[0].compression, "zstd:19");
	assert_string_equal(plan->customisation_compression, "none");
	unlink(place->path);
	assert_succeeds(strata_plan_save(plan, place->path, &error), &error);
	assert_file(place->path, text);
}

static void test_malformed_plans_are_refused(void **state)
{
#define ITEM "{\"layers\": [{\"items\": [\"a\"]}], "
#define ENTRIES ITEM "\"customisation\": {\"entries\": ["
#define DIRECTORY "{\"type\": \"directory\", \"path\": "
	static const struct {
		const char *text;
		int status;
		const char *words;
	} cases[] = {
		{"", STRATA_ERROR_FORMAT, "not valid JSON"},
		{"{\"layers\": [", STRATA_ERROR_FORMAT, "not valid JSON"},
		{"[]", STRATA_ERROR_FORMAT, "plan.json: not a JSON object"},
		{"{}", STRATA_ERROR_FORMAT, "plan.json: member \"layers\" is missing"},
		{"{\"layers\": {}}", STRATA_ERROR_FORMAT, "\"layers\" must be an array"},
		{"{\"stratapackPlan\": 2, \"new\": 1}", STRATA_ERROR_UNSUPPORTED, "version 2"},
		{"{\"stratapackPlan\": \"1\"}", STRATA_ERROR_FORMAT, "must be an integer"},
		{ITEM "\"strategy\": 1}", STRATA_ERROR_FORMAT, "\"strategy\" must be a string"},
		{ITEM "\"maxLayers\": -1}", STRATA_ERROR_FORMAT, "negative"},
		{ITEM "\"maxLayers\": 4294967296}", STRATA_ERROR_FORMAT, "plausible"},
		{ITEM "\"max_layers\": 7}", STRATA_ERROR_FORMAT, "\"max_layers\" is not known"},
		{"{\"layers\": [[\"a\"]]}", STRATA_ERROR_FORMAT, "plan.json: layer 1: not a JSON"},
		{"{\"layers\": [{\"items\": [\"a\"]}, {\"items\": []}]}", STRATA_ERROR_FORMAT,
			"plan.json: layer 2: the layer has no items"},
		{"{\"layers\": [{\"items\": [\"a\"], \"item\": 1}]}", STRATA_ERROR_FORMAT,
			"\"item\" is not known"},
		{"{\"layers\": [{}]}", STRATA_ERROR_FORMAT, "layer 1: member \"items\" is missing"},
		{"{\"layers\": [{\"items\": [\"a\", 7]}]}", STRATA_ERROR_FORMAT, "element 2"},
		{"{\"layers\": [{\"items\": [\"\"]}]}", STRATA_ERROR_FORMAT, "element 1"},
		{"{\"layers\": [{\"items\": [\"a\", \"a\"]}]}", STRATA_ERROR_FORMAT,
			"layer 1: item 'a' is already in layer 1"},
		{"{\"layers\": [{\"items\": [\"a\"]}, {\"items\": [\"b\", \"a\"]}]}",
			STRATA_ERROR_FORMAT, "layer 2: item 'a' is already in layer 1"},
		{ITEM "\"customisation\": {\"copies\": [{}]}}", STRATA_ERROR_FORMAT,
			"plan.json: customisation: copy 1: member \"from\" is missing"},
		{ITEM "\"customisation\": {\"own\": true, \"entries\": []}}", STRATA_ERROR_FORMAT,
			"\"own\" is not known"},
		{ITEM "\"customisation\": {\"ownLayer\": 1, \"entries\": []}}", STRATA_ERROR_FORMAT,
			"\"ownLayer\" must be true or false"},
		{"{\"layers\": [], \"customisation\": {\"ownLayer\": false, \"entries\": [" DIRECTORY
		 "\"/a\"}]}}",
			STRATA_ERROR_FORMAT, "there is no layer"},
		{ENTRIES "7]}}", STRATA_ERROR_FORMAT, "customisation: entry 1: not a JSON object"},
		{ENTRIES "{\"path\": \"/a\"}]}}", STRATA_ERROR_FORMAT, "\"type\" is missing"},
		{ENTRIES "{\"path\": \"/a\", \"type\": \"file\"}]}}", STRATA_ERROR_FORMAT,
			"not \"file\""},
		{ENTRIES DIRECTORY "7}]}}", STRATA_ERROR_FORMAT, "member \"path\""},
		{"{\"layers\": [{\"items\": [\"a\"], \"compression\": 9}]}", STRATA_ERROR_FORMAT,
			"\"compression\" must be a string"},
		{"{\"layers\": [{\"items\": [\"a\"]}], \"customisation\": {\"ownLayer\": false, "
		 "\"compression\": \"none\", \"entries\": [{\"type\": \"directory\", \"path\": "
		 "\"/a\"}]}}",
			STRATA_ERROR_FORMAT, "no layer of its own"},
		{ENTRIES DIRECTORY "\"a\"}]}}", STRATA_ERROR_INVALID, "'a' is not an absolute"},
		{ENTRIES DIRECTORY "{\"base64\": \"L/8\"}}]}}", STRATA_ERROR_FORMAT, "base64"},
		{ENTRIES DIRECTORY "\"/a\", \"mode\": \"789\"}]}}", STRATA_ERROR_FORMAT,
			"octal digits"},
		{ENTRIES DIRECTORY "\"/a\", \"mode\": \"10000\"}]}}", STRATA_ERROR_FORMAT,
			"octal digits"},
		{ENTRIES DIRECTORY "\"/a\", \"mode\": 755}]}}", STRATA_ERROR_FORMAT,
			"must be a string"},
		{ENTRIES DIRECTORY "\"/a\", \"uid\": 4294967295}]}}", STRATA_ERROR_FORMAT,
			"\"uid\" is too large"},
		{ENTRIES DIRECTORY "\"/a\", \"gid\": -1}]}}", STRATA_ERROR_FORMAT, "negative"},
		{ENTRIES DIRECTORY "\"/a\", \"target\": \"b\"}]}}", STRATA_ERROR_FORMAT,
			"\"target\" is not known"},
		{ENTRIES "{\"type\": \"symlink\", \"path\": \"/a\"}]}}", STRATA_ERROR_FORMAT,
			"\"target\" is missing"},
		{ENTRIES DIRECTORY "\"/b\"}, " DIRECTORY "\"/a\"}, " DIRECTORY "\"/b\"}]}}",
			STRATA_ERROR_FORMAT, "entries 1 and 3 are both for '/b'"},
		{ENTRIES DIRECTORY
			"\"/a/b\"}, {\"type\": \"symlink\", \"path\": \"/a\", \"target\": \"c\"}]}}",
			STRATA_ERROR_INVALID, "below the symbolic link"},
	};
#undef ITEM
#undef ENTRIES
#undef DIRECTORY
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan *plan = NULL;

	each_case(c, cases) {
		write_file(place->path, cases[c].text);
		assert_fails(strata_plan_load(place->path, &plan, &error), cases[c].status,
			cases[c].words, &error);
		assert_null(plan);
	}
	unlink(place->path);
	assert_fails(
		strata_plan_load(place->path, &plan, &error), STRATA_ERROR_IO, "plan.json", &error);
}

static void test_plan_that_cannot_be_written(void **state)
{
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;

	write_file(place->path, "{\"layers\": []}");
	assert_succeeds(strata_plan_load(place->path, &plan, &error), &error);
	strata_buffer_format(&path, "%s/absent/plan.json", place->directory);
	assert_fails(strata_plan_save(plan, path.data, &error), STRATA_ERROR_IO, "absent", &error);
}

static void test_plan_is_checked_against_the_graph(void **state)
{
	static const struct {
		const char *text;
		const char *words; /* NULL: fine */
		const char *hint;
	} cases[] = {
		{"[{\"items\": [\"d\", \"c\"]}, {\"items\": [\"b\", \"a\"]}]", NULL, NULL},
		{"[{\"items\": [\"d\", \"c\"]}, {\"items\": [\"b\"]}]",
			"item 'a' is in no layer of the plan", "add it"},
		{"[{\"items\": [\"d\"]}]", "item 'a' and 2 others are in no layer", "add them"},
		{"[]", "item 'a' and 3 others are in no layer", "add them"},
		{"[{\"items\": [\"a\", \"b\", \"c\", \"d\"]}, {\"items\": [\"e\"]}]",
			"layer 2: item 'e' does not belong to this image", "remove it"},
	};
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);

	each_case(c, cases) {
		strata_autoplan struct strata_plan *plan = NULL;
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		strata_buffer_format(&text, "{\"layers\": %s}", cases[c].text);
		write_file(place->path, text.data);
		assert_succeeds(strata_plan_load(place->path, &plan, &error), &error);
		if (!cases[c].words) {
			assert_succeeds(strata_plan_check(plan, graph, &error), &error);
			continue;
		}
		assert_int_equal(strata_plan_check(plan, graph, &error), STRATA_ERROR_INVALID);
		assert_non_null(strstr(error.message, cases[c].words));
		assert_non_null(strstr(error.hint, cases[c].hint));
		strata_error_clear(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_plan_is_written_as_documented, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_odd_plans_survive_the_way, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_hand_written_plan_needs_only_layers, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_layers_keep_their_compression, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_malformed_plans_are_refused, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_plan_that_cannot_be_written, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_plan_is_checked_against_the_graph, make_place, remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
