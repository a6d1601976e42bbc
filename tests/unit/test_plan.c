#include "graphs.h"

#include <stratapack/plan.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "graph/internal.h"
#include "plan/entries.h"
#include "plan/internal.h"

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

/*
 * The arithmetic of bounds.
 */

static void test_bound_counts_every_layer_of_the_image(void **state)
{
	static const struct {
		const char *strategy;
		uint32_t max_layers, base_layers;
		bool customise;
		size_t layers;
		bool own_layer;
	} cases[] = {
		{"popularity", 0, 0, true, 4, true},
		{"popularity", 5, 0, true, 4, true},
		{"popularity", 4, 0, true, 3, true},
		{"popularity", 4, 0, false, 4, false},
		{"popularity", 2, 0, true, 1, true},
		{"popularity", 1, 0, true, 1, false},
		{"popularity", 7, 4, true, 2, true},
		{"popularity", 5, 4, true, 1, false},
		{"popularity", 200, 190, true, 4, true},
		{"size", 3, 0, true, 2, true},
		{"single", 100, 0, true, 1, false},
		{"single", 1, 0, true, 1, false},
		{"two", 100, 0, true, 2, false},
		{"two", 2, 0, true, 2, false},
		{"two", 1, 0, true, 1, false},
		{"per-item", 5, 0, true, 4, true},
		{"per-item", 4, 0, false, 4, false},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);

	(void)state;
	for (size_t c = 0; c < COUNT_OF(cases); c++) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {
			.strategy = strata_strategy_find(cases[c].strategy),
			.max_layers = cases[c].max_layers,
			.base_layers = cases[c].base_layers,
			.entries = customisation,
			.entry_count = cases[c].customise ? COUNT_OF(customisation) : 0,
		};

		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
		assert_int_equal(plan->layer_count, cases[c].layers);
		assert_int_equal(plan->customisation_layer, cases[c].own_layer);
		assert_int_equal(strata_plan_image_layers(plan),
			cases[c].layers + (cases[c].own_layer ? 1 : 0));
		assert_int_equal(plan->max_layers,
			cases[c].max_layers ? cases[c].max_layers : STRATA_DEFAULT_MAX_LAYERS);
		assert_string_equal(plan->strategy, cases[c].strategy);
	}
}

static void test_bound_without_room_names_one_that_works(void **state)
{
	static const struct {
		const char *strategy;
		uint32_t max_layers, base_layers;
		size_t entry_count;
		const char *hint;
	} cases[] = {
		{"popularity", 4, 4, 2, "use --max-layers 5"},
		{"popularity", 3, 8, 0, "use --max-layers 9"},
		{"single", 125, 125, 2, "use --max-layers 126, or choose another strategy"},
		{"per-item", 4, 4, 2, "use --max-layers 9"},
		{"per-item", 5, 4, 2, "use --max-layers 9"},
		{"per-item", 8, 4, 2, "use --max-layers 9"},
		{"per-item", 3, 0, 0, "use --max-layers 4"},
		{"per-item", 124, 122, 0, "use --max-layers 126, or choose another strategy"},
	};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);

	(void)state;
	for (size_t c = 0; c < COUNT_OF(cases); c++) {
		strata_autoplan struct strata_plan *plan = NULL;
		struct strata_plan_options options = {
			.strategy = strata_strategy_find(cases[c].strategy),
			.max_layers = cases[c].max_layers,
			.base_layers = cases[c].base_layers,
			.entries = customisation,
			.entry_count = cases[c].entry_count,
		};

		assert_int_equal(
			strata_plan_make(graph, &options, &plan, &error), STRATA_ERROR_INVALID);
		assert_string_equal(error.hint, cases[c].hint);
		assert_null(plan);
		options.max_layers = (uint32_t)strtoul(error.hint + 17, NULL, 10);
		strata_error_clear(&error);
		assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	}
}

static void test_empty_graph(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(NULL, 0, NULL);

	(void)state;
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		strata_autoplan struct strata_plan *empty = NULL;
		strata_autoplan struct strata_plan *customised = NULL;
		struct strata_plan_options options = {.strategy = *strategy, .max_layers = 1};

		assert_succeeds(strata_plan_make(graph, &options, &empty, &error), &error);
		assert_int_equal(strata_plan_image_layers(empty), 0);
		assert_succeeds(strata_plan_check(empty, graph, &error), &error);
		options.entries = customisation;
		options.entry_count = 1;
		assert_succeeds(strata_plan_make(graph, &options, &customised, &error), &error);
		assert_int_equal(customised->layer_count, 0);
		assert_true(customised->customisation_layer);
		assert_int_equal(strata_plan_image_layers(customised), 1);
		assert_succeeds(strata_plan_check(customised, graph, &error), &error);
	}
}

static void test_single_item(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	static const struct node node = {"only", "only", 1};
	strata_autograph struct strata_graph *graph = make_graph(&node, 1, NULL);

	(void)state;
	for (const struct strata_strategy *const *strategy = strata_strategies(); *strategy;
		strategy++) {
		for (uint32_t bound = 1; bound < 4; bound++) {
			strata_autoplan struct strata_plan *plan = NULL;
			struct strata_plan_options options = {.strategy = *strategy,
				.max_layers = bound,
				.entries = customisation,
				.entry_count = 1};

			assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
			assert_int_equal(plan->layer_count, 1);
			assert_string_equal(plan->layers[0].items[0], "only");
			assert_int_equal(plan->customisation_layer,
				bound > 1 && !(*strategy)->customisation_on_top_layer);
		}
	}
}

/*
 * Entries.
 */

static void test_entries_are_sorted_by_components_and_united(void **state)
{
	static const struct strata_entry entries[] = {
		{.path = "/a-b", .mode = 0755},
		{.path = "/a/x", .mode = 0700, .uid = 5},
		{.path = "/a", .mode = 0755},
		{.path = "/a/x", .mode = 0700, .uid = 5},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/a.b", .target = "x", .mode = 0777},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/a.b", .target = "x"},
		{.path = "/a.b-c/\xff", .mode = 0},
	};
	static const char *const sorted[] = {"/a", "/a/x", "/a-b", "/a.b", "/a.b-c/\xff"};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_arena arena = STRATA_ARENA_INIT;
	struct strata_entry *result = NULL;
	size_t count = 0;

	(void)state;
	assert_succeeds(
		strata_entries_sort(entries, COUNT_OF(entries), &arena, &result, &count, &error),
		&error);
	assert_int_equal(count, COUNT_OF(sorted));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(result[i].path, sorted[i]);
	assert_int_equal(result[1].uid, 5);
	assert_string_equal(result[3].target, "x");
	strata_arena_free(&arena);
}

static void test_entries_that_are_refused(void **state)
{
	static const struct {
		struct strata_entry entries[3];
		size_t count;
		const char *words;
	} cases[] = {
		{{{.path = ""}}, 1, "normal form"},
		{{{.path = "tmp"}}, 1, "normal form"},
		{{{.path = "/"}}, 1, "normal form"},
		{{{.path = "/tmp/"}}, 1, "normal form"},
		{{{.path = "//tmp"}}, 1, "normal form"},
		{{{.path = "/a/./b"}}, 1, "normal form"},
		{{{.path = "/a/.."}}, 1, "normal form"},
		{{{.path = "/a", .mode = 010000}}, 1, "permission bits"},
		{{{.kind = STRATA_ENTRY_SYMLINK, .path = "/a"}}, 1, "no target"},
		{{{.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = ""}}, 1, "no target"},
		{{{.path = "/a", .mode = 1}, {.path = "/a", .mode = 2}}, 2, "two different"},
		{{{.path = "/a", .uid = 1}, {.path = "/a", .uid = 2}}, 2, "two different"},
		{{{.path = "/a"}, {.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = "b"}}, 2,
			"two different"},
		{{{.path = "/a/b/c"}, {.path = "/a-"},
			 {.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = "b"}},
			3, "'/a/b/c' lies below the symbolic link '/a'"},
	};
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	for (size_t c = 0; c < COUNT_OF(cases); c++) {
		struct strata_arena arena = STRATA_ARENA_INIT;
		struct strata_entry *result = NULL;
		size_t count;

		assert_fails(strata_entries_sort(cases[c].entries, cases[c].count, &arena, &result,
				     &count, &error),
			STRATA_ERROR_INVALID, cases[c].words, &error);
		strata_arena_free(&arena);
	}
}

/*
 * JSON.
 */

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
	struct strata_plan_options options = {
		.max_layers = 3, .entries = customisation, .entry_count = COUNT_OF(customisation)};

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
		.entries = entries,
		.entry_count = COUNT_OF(entries)};

	assert_succeeds(strata_plan_make(graph, &options, &plan, &error), &error);
	assert_succeeds(strata_plan_save(plan, place->path, &error), &error);
	assert_succeeds(strata_plan_load(place->path, &read, &error), &error);
	assert_string_equal(read->strategy, "two");
	assert_int_equal(read->max_layers, 100);
	assert_int_equal(read->layer_count, 2);
	assert_false(read->customisation_layer);
	assert_int_equal(read->entry_count, 2);
	assert_int_equal(read->entries[0].kind, STRATA_ENTRY_SYMLINK);
	assert_string_equal(read->entries[0].target, "\xff");
	assert_int_equal(read->entries[0].uid, 3);
	assert_string_equal(read->entries[1].path, "/\xff\xfe");
	assert_int_equal(read->entries[1].mode, 0);
	assert_true(read->entries[1].uid == 4294967294u);
	assert_int_equal(read->entries[1].gid, 7);
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
	assert_int_equal(plan->entry_count, 0);
	assert_false(plan->customisation_layer);
	assert_int_equal(strata_plan_image_layers(plan), 2);
	assert_string_equal(plan->layers[0].items[1], "a");
	assert_succeeds(strata_plan_check(plan, graph, &error), &error);

	write_file(place->path,
		"{\"layers\": [{\"items\": [\"d\"]}], \"customisation\": {\"entries\": "
		"[{\"type\": \"directory\", \"path\": \"/data\"}]}}");
	assert_succeeds(strata_plan_load(place->path, &customised, &error), &error);
	assert_true(customised->customisation_layer);
	assert_int_equal(customised->entries[0].mode, 0755);

	write_file(place->path, "{\"layers\": [], \"customisation\": {\"ownLayer\": true, "
				"\"entries\": []}}");
	assert_succeeds(strata_plan_load(place->path, &empty, &error), &error);
	assert_int_equal(strata_plan_image_layers(empty), 0);
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
		{ITEM "\"customisation\": {}}", STRATA_ERROR_FORMAT,
			"plan.json: customisation: member \"entries\" is missing"},
		{ITEM "\"customisation\": {\"own\": true, \"entries\": []}}", STRATA_ERROR_FORMAT,
			"\"own\" is not known"},
		{ITEM "\"customisation\": {\"ownLayer\": 1, \"entries\": []}}", STRATA_ERROR_FORMAT,
			"\"ownLayer\" must be true or false"},
		{"{\"layers\": [], \"customisation\": {\"ownLayer\": false, \"entries\": "
		 "[" DIRECTORY "\"/a\"}]}}",
			STRATA_ERROR_FORMAT, "there is no layer"},
		{ENTRIES "7]}}", STRATA_ERROR_FORMAT, "customisation: entry 1: not a JSON object"},
		{ENTRIES "{\"path\": \"/a\"}]}}", STRATA_ERROR_FORMAT, "\"type\" is missing"},
		{ENTRIES "{\"path\": \"/a\", \"type\": \"file\"}]}}", STRATA_ERROR_FORMAT,
			"not \"file\""},
		{ENTRIES DIRECTORY "7}]}}", STRATA_ERROR_FORMAT, "member \"path\""},
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
			"\"/a/b\"}, {\"type\": \"symlink\", \"path\": \"/a\", \"target\": "
			"\"c\"}]}}",
			STRATA_ERROR_INVALID, "below the symbolic link"},
	};
#undef ITEM
#undef ENTRIES
#undef DIRECTORY
	const struct place *place = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_plan *plan = NULL;

	for (size_t c = 0; c < COUNT_OF(cases); c++) {
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

/*
 * A plan against a graph.
 */

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

	for (size_t c = 0; c < COUNT_OF(cases); c++) {
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

/* Plans that did not come through strata_plan_load() are checked as strictly. */
static void test_plans_of_library_users_are_checked(void **state)
{
	static const char *const all[] = {"a", "b", "c", "d"};
	struct strata_plan_layer repeated[] = {{all, 4}, {all + 2, 1}};
	struct strata_plan_layer empty[] = {{all, 4}, {NULL, 0}};
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autograph struct strata_graph *graph = make_graph(four, COUNT_OF(four), NULL);
	strata_autograph struct strata_graph *nothing = make_graph(NULL, 0, NULL);
	struct strata_entry entry = {.path = "/a"};
	struct strata_plan plan = {.layers = repeated, .layer_count = 2};
	struct strata_plan homeless = {.entries = &entry, .entry_count = 1};

	(void)state;
	assert_fails(strata_plan_check(&plan, graph, &error), STRATA_ERROR_INVALID,
		"layer 2: item 'c' is already in layer 1", &error);
	plan.layers = empty;
	assert_fails(strata_plan_check(&plan, graph, &error), STRATA_ERROR_INVALID,
		"layer 2 has no items", &error);
	plan.layer_count = 1;
	assert_succeeds(strata_plan_check(&plan, graph, &error), &error);
	assert_fails(strata_plan_check(&homeless, nothing, &error), STRATA_ERROR_INVALID,
		"customisation", &error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_counts_every_layer_of_the_image),
		cmocka_unit_test(test_bound_without_room_names_one_that_works),
		cmocka_unit_test(test_empty_graph),
		cmocka_unit_test(test_single_item),
		cmocka_unit_test(test_entries_are_sorted_by_components_and_united),
		cmocka_unit_test(test_entries_that_are_refused),
		cmocka_unit_test_setup_teardown(
			test_plan_is_written_as_documented, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_odd_plans_survive_the_way, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_hand_written_plan_needs_only_layers, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_malformed_plans_are_refused, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_plan_that_cannot_be_written, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			test_plan_is_checked_against_the_graph, make_place, remove_place),
		cmocka_unit_test(test_plans_of_library_users_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
