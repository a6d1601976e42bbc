/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/encoder.h"
#include "layer/recipe/recipe.h"
#include "util/file.h"

static struct strata_recipe *load(struct scratch *scratch, const char *text)
{
	const char *path = scratch_text(scratch, "%s/recipe.json", scratch->directory);
	struct strata_recipe *recipe = NULL;

	assert_succeeds(
		strata_file_replace(path, text, strlen(text), &scratch->error), &scratch->error);
	if (strata_recipe_load(path, &recipe, &scratch->error) < 0)
		assert_null(recipe);
	return recipe;
}

#define HEAD "{\"stratapackRecipe\":1,\"tarRules\":1,"
#define NONE "\"compression\":{\"codec\":\"none\"},"
#define ITEM "{\"id\":\"a\",\"content\":\"store\",\"trees\":[\"/s/a\"]}"

/* The recipe with the least in it, as the bytes whose digest is the key. */
static void test_canonical_bytes(void **state)
{
	static const char expected[] =
		"{\"stratapackRecipe\":1,\"tarRules\":1,\"owner\":{\"uid\":1,\"gid\":2},"
		"\"time\":-3,\"compression\":{\"codec\":\"none\"},"
		"\"items\":[{\"id\":\"a\",\"identity\":\"sha256:x\",\"content\":\"store\","
		"\"trees\":[\"/s/a\"]},{\"id\":\"b\",\"content\":\"files\","
		"\"files\":[\"/b\",{\"base64\":\"L/8=\"}]}],"
		"\"entries\":[{\"path\":\"/t\",\"type\":\"directory\",\"mode\":\"1777\","
		"\"uid\":0,\"gid\":0}]}";
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {
		STORE_ITEM("/s/a"),
		{.id = "b",
			.content = STRATA_CONTENT_FILES,
			.files = (const char *const[]){"/b", "/\xff"},
			.file_count = 2},
	};
	struct strata_entry entry = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/t", .mode = 01777};
	struct strata_recipe recipe = RECIPE(items);
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};

	items[0].id = "a";
	items[0].identity = "sha256:x";
	recipe.customisation.entries = &entry;
	recipe.customisation.entry_count = 1;
	recipe.rules = (struct strata_metadata_rules){
		.set_owner = true, .uid = 1, .gid = 2, .time = STRATA_TIME_LIMIT, .limit = -3};
	strata_recipe_write(&json, &recipe);
	assert_string_equal(text.data, expected);
	assert_succeeds(strata_recipe_seal(&recipe, &scratch->error), &scratch->error);
	/* SHA-256 of the above. */
	assert_string_equal(recipe.key.text,
		"sha256:a18f6abd2b8bb7d57ff9a6b11d2b5c340cb468438023552a5a59409f7dbc6c98");
}

static void test_round_trip_keeps_key_and_content(void **state)
{
	struct scratch *scratch = *state;
	static const char *const codecs[] = {"none", "gzip:9", "zstd:19"};
	struct strata_recipe_item items[] = {STORE_ITEM("/s/a"), FILES_FILE("/\xfe/\xff")};
	struct strata_entry entry = {
		.kind = STRATA_ENTRY_SYMLINK, .path = "/bin/\xff", .target = "\xfe"};
	struct strata_copy copies[] = {
		{.from = "/\xfe", .to = "/"}, {.from = "/s/a", .to = "/opt/\xff", .links = true}};
	struct strata_permission rules[] = {{.paths = "/\xff/**", .mode = "u+w"},
		{.paths = "/x", .set_owner = true, .uid = 4294967294u, .gid = 0}};
	const char *path = scratch_text(scratch, "%s/recipe.json", scratch->directory);

	items[1].id = "files";
	each_number(size_t, i, 0, 3) {
		strata_autorecipe struct strata_recipe *loaded = NULL;
		struct strata_error *error = &scratch->error;
		struct strata_recipe recipe = RECIPE(items);

		recipe.customisation.entries = &entry;
		recipe.customisation.entry_count = 1;
		recipe.customisation.copies = copies;
		recipe.customisation.copy_count = 2;
		recipe.customisation.permissions = rules;
		recipe.customisation.permission_count = 2;
		recipe.rules.time = i == 0 ? STRATA_TIME_KEEP : STRATA_TIME_DEFAULT;
		assert_succeeds(
			strata_compression_parse(codecs[i], &recipe.compression, error), error);
		assert_succeeds(strata_recipe_seal(&recipe, error), error);
		assert_succeeds(strata_recipe_save(&recipe, path, error), error);
		assert_succeeds(strata_recipe_load(path, &loaded, error), error);
		assert_string_equal(loaded->key.text, recipe.key.text);
		assert_int_equal(loaded->compression.level, recipe.compression.level);
		assert_int_equal(loaded->rules.time, recipe.rules.time);
		assert_string_equal(loaded->items[1].id, "files");
		assert_string_equal(loaded->items[1].files[0], "/\xfe/\xff");
		assert_string_equal(loaded->customisation.entries[0].target, "\xfe");
		assert_string_equal(loaded->customisation.copies[0].from, "/\xfe");
		assert_true(loaded->customisation.copies[1].links);
		assert_string_equal(loaded->customisation.permissions[0].paths, "/\xff/**");
		assert_true(loaded->customisation.permissions[1].uid == 4294967294u);
	}
}

static void test_order_and_form_do_not_matter(void **state)
{
	static const char *const same[] = {
		HEAD NONE
		"\"items\":[{\"id\":\"a\",\"content\":\"files\",\"trees\":[\"/s\",\"/t\"],"
		"\"files\":[\"/x\",\"/y\"]},{\"id\":\"b\",\"content\":\"files\"}]}",
		"{\"items\":[{\"content\":\"files\",\"id\":\"b\",\"identity\":null},"
		"{\"files\":[\"/y\",{\"base64\":\"L3g=\"}],\"trees\":[\"/t\",\"/s\"],"
		"\"id\":\"a\",\"content\":\"files\"}],\"entries\":[],\n \"compression\":"
		"{\"codec\":\"none\"}, \"tarRules\":1,\"stratapackRecipe\":1}",
	};
	struct scratch *scratch = *state;
	strata_autorecipe struct strata_recipe *first = load(scratch, same[0]);
	strata_autorecipe struct strata_recipe *second = load(scratch, same[1]);

	assert_non_null(first);
	assert_non_null(second);
	assert_string_equal(first->key.text, second->key.text);
}

/* Whatever the bytes depend on is in the key. */
static void test_every_difference_shows_in_the_key(void **state)
{
	static const char *const different[] = {
		HEAD NONE "\"items\":[" ITEM "]}",
		HEAD NONE "\"time\":5,\"items\":[" ITEM "]}",
		HEAD NONE "\"time\":6,\"items\":[" ITEM "]}",
		HEAD NONE "\"time\":\"keep\",\"items\":[" ITEM "]}",
		HEAD NONE "\"owner\":{\"uid\":0,\"gid\":0},\"items\":[" ITEM "]}",
		HEAD NONE "\"owner\":{\"uid\":0,\"gid\":1},\"items\":[" ITEM "]}",
		HEAD "\"compression\":{\"codec\":\"gzip\"},\"items\":[" ITEM "]}",
		HEAD "\"compression\":{\"codec\":\"gzip\",\"level\":5},\"items\":[" ITEM "]}",
		HEAD "\"compression\":{\"codec\":\"zstd\"},\"items\":[" ITEM "]}",
		HEAD NONE "\"items\":[{\"id\":\"b\",\"content\":\"store\",\"trees\":[\"/s/a\"]}]}",
		HEAD NONE "\"items\":[{\"id\":\"a\",\"content\":\"files\",\"trees\":[\"/s/a\"]}]}",
		HEAD NONE "\"items\":[{\"id\":\"a\",\"content\":\"store\",\"files\":[\"/s/a\"]}]}",
		HEAD NONE "\"items\":[{\"id\":\"a\",\"content\":\"store\",\"identity\":\"1\","
			  "\"trees\":[\"/s/a\"]}]}",
		HEAD NONE "\"items\":[" ITEM "],\"entries\":[{\"path\":\"/t\",\"type\":"
			  "\"directory\"}]}",
	};
	enum { COUNT = sizeof(different) / sizeof(*different) };
	struct scratch *scratch = *state;
	struct strata_digest keys[COUNT];

	each_number(size_t, i, 0, COUNT) {
		strata_autorecipe struct strata_recipe *recipe = load(scratch, different[i]);

		if (!recipe)
			fail_msg("%s: %s", different[i], scratch->error.message);
		keys[i] = recipe->key;
		each_number(size_t, k, 0, i)
			assert_string_not_equal(keys[k].text, keys[i].text);
	}
}

#define ITEMS(text) HEAD NONE "\"items\":[" text "]}"
#define WITH(text) HEAD NONE text ",\"items\":[" ITEM "]}"
#define PACKED(text) HEAD "\"compression\":" text ",\"items\":[" ITEM "]}"

static void test_malformed_recipes_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
		int status;
	} cases[] = {
		{"", "recipe.json", STRATA_ERROR_FORMAT},
		{"[]", "not a JSON object", STRATA_ERROR_FORMAT},
		{"{}", "\"stratapackRecipe\" is missing", STRATA_ERROR_FORMAT},
		{"{\"stratapackRecipe\":2}", "version 2", STRATA_ERROR_UNSUPPORTED},
		{"{\"stratapackRecipe\":\"1\"}", "must be an integer", STRATA_ERROR_FORMAT},
		{"{\"stratapackRecipe\":1}", "\"tarRules\" is missing", STRATA_ERROR_FORMAT},
		{"{\"stratapackRecipe\":1,\"tarRules\":9}", "version 9", STRATA_ERROR_UNSUPPORTED},
		{HEAD "\"item\":[]}", "\"item\" is not known", STRATA_ERROR_FORMAT},
		{HEAD "\"items\":[" ITEM "]}", "\"compression\" is missing", STRATA_ERROR_FORMAT},
		{HEAD "\"compression\":{\"codec\":\"none\"}}", "\"items\" is missing",
			STRATA_ERROR_FORMAT},
		{ITEMS(""), "nothing in this layer", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":7"), "\"owner\" must be an object", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":{\"uid\":1}"), "\"gid\" is missing", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":{\"gid\":1}"), "\"uid\" is missing", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":{\"uid\":-1,\"gid\":1}"), "negative", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":{\"uid\":1,\"gid\":4294967295}"), "32 bits", STRATA_ERROR_FORMAT},
		{WITH("\"owner\":{\"uid\":1,\"gid\":1,\"name\":\"x\"}"), "\"name\" is not known",
			STRATA_ERROR_FORMAT},
		{WITH("\"time\":\"now\""), "\"time\" must be", STRATA_ERROR_FORMAT},
		{WITH("\"time\":1.5"), "\"time\" must be", STRATA_ERROR_FORMAT},
		{WITH("\"copies\":5"), "\"copies\" must be an array", STRATA_ERROR_FORMAT},
		{WITH("\"copies\":[{\"from\":\"x\"}]"), "'x'", STRATA_ERROR_INVALID},
		{WITH("\"copies\":[{\"from\":\"/x\",\"to\":\"/y/\"}]"), "'/y/'",
			STRATA_ERROR_INVALID},
		{WITH("\"copies\":[{\"from\":\"/x\",\"in\":\"/y\"}]"), "\"in\" is not known",
			STRATA_ERROR_FORMAT},
		{WITH("\"permissions\":[{\"paths\":\"/x\"}]"), "neither mode nor owner",
			STRATA_ERROR_INVALID},
		{WITH("\"permissions\":[{\"paths\":\"/x\",\"uid\":1}]"), "together",
			STRATA_ERROR_FORMAT},
		{WITH("\"permissions\":[{\"paths\":\"/x\",\"mode\":\"q\"}]"), "'q'",
			STRATA_ERROR_INVALID},
		{WITH("\"permissions\":[{\"paths\":\"/x\",\"mode\":\"1\"}]"),
			"nothing that they could be for", STRATA_ERROR_INVALID},
		{WITH("\"entries\":5"), "\"entries\" must be an array", STRATA_ERROR_FORMAT},
		{WITH("\"entries\":\"x\""), "\"entries\" must be an array", STRATA_ERROR_FORMAT},
		{WITH("\"entries\":[{}]"), "entry 1", STRATA_ERROR_FORMAT},
		{WITH("\"entries\":[{\"path\":\"t\",\"type\":\"directory\"}]"), "'t'",
			STRATA_ERROR_INVALID},
		{PACKED("[]"), "\"compression\" must be an object", STRATA_ERROR_FORMAT},
		{PACKED("{}"), "\"codec\" is missing", STRATA_ERROR_FORMAT},
		{PACKED("{\"codec\":\"lzma\"}"), "'lzma' is not known", STRATA_ERROR_UNSUPPORTED},
		{PACKED("{\"codec\":\"gzip:9\"}"), "'gzip:9' is not known",
			STRATA_ERROR_UNSUPPORTED},
		{PACKED("{\"codec\":\"gzip\",\"level\":0}"), "no level 0", STRATA_ERROR_FORMAT},
		{PACKED("{\"codec\":\"gzip\",\"level\":10}"), "no level 10", STRATA_ERROR_FORMAT},
		{PACKED("{\"codec\":\"zstd\",\"level\":20}"), "no level 20", STRATA_ERROR_FORMAT},
		{PACKED("{\"codec\":\"none\",\"level\":1}"), "no level 1", STRATA_ERROR_FORMAT},
		{PACKED("{\"codec\":\"gzip\",\"rules\":9}"), "version 9 of the gzip rules",
			STRATA_ERROR_UNSUPPORTED},
		{PACKED("{\"codec\":\"gzip\",\"speed\":1}"), "\"speed\" is not known",
			STRATA_ERROR_FORMAT},
		{ITEMS("5"), "item 1", STRATA_ERROR_FORMAT},
		{ITEMS(ITEM ",{}"), "item 2: member \"id\" is missing", STRATA_ERROR_FORMAT},
		{ITEMS(ITEM "," ITEM), "item 'a' is there twice", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\"}"), "\"content\" is missing", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"nix\"}"), "\"nix\"", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"store\"}"), "has no content",
			STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"tree\":[]}"), "\"tree\" is not known",
			STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"identity\":1}"),
			"\"identity\" must be a string", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"trees\":\"/a\"}"),
			"\"trees\" must be an array", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"files\":[1]}"), "\"files\"",
			STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"files\":[\"a\"]}"), "'a' is not an",
			STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"trees\":[\"/a/../b\"]}"),
			"\"trees\": '/a/../b'", STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"files\":[\"/\"]}"), "'/'",
			STRATA_ERROR_FORMAT},
		{ITEMS("{\"id\":\"a\",\"content\":\"files\",\"files\":[{\"base64\":\"LwA=\"}]}"),
			"base64", STRATA_ERROR_FORMAT},
	};
	struct scratch *scratch = *state;

	each_case(i, cases) {
		strata_autorecipe struct strata_recipe *recipe = load(scratch, cases[i].text);

		if (recipe || !strstr(scratch->error.message, cases[i].words) ||
			scratch->error.status != (enum strata_status)cases[i].status)
			fail_msg("%s: not \"%s\" but %s", cases[i].text, cases[i].words,
				scratch->error.message);
		strata_error_clear(&scratch->error);
	}
}

static void test_other_libraries_are_refused(void **state)
{
	struct scratch *scratch = *state;
	strata_autorecipe struct strata_recipe *ours =
		load(scratch, scratch_text(scratch,
				      PACKED("{\"codec\":\"gzip\",\"level\":6,\"rules\":2,"
					     "\"library\":\"libdeflate %s\"}"),
				      strata_codec_gzip.library_version()));
	strata_autorecipe struct strata_recipe *any = load(scratch, PACKED("{\"codec\":\"gzip\"}"));

	assert_string_equal(ours->key.text, any->key.text);
	assert_null(load(scratch, PACKED("{\"codec\":\"gzip\",\"library\":\"libdeflate 0.9\"}")));
	assert_int_equal(scratch->error.status, STRATA_ERROR_UNSUPPORTED);
	assert_non_null(
		strstr(scratch->error.message, "the recipe is for libdeflate 0.9, this program"));
	assert_non_null(strstr(scratch->error.hint, "remove the member \"library\""));
	assert_null(load(scratch, PACKED("{\"codec\":\"none\",\"library\":\"zlib 1.2\"}")));
	assert_int_equal(scratch->error.status, STRATA_ERROR_UNSUPPORTED);
}

/* Two plans that share a layer and nothing else: the layer's recipe is the same in both. */
static void test_recipes_know_nothing_of_other_layers(void **state)
{
	static const char *const first[] = {"/s/a", "/s/b"}, *const changed[] = {"/s/c"};
	static const char *const swapped[] = {"/s/b", "/s/a"};
	struct scratch *scratch = *state;
	struct strata_error *error = &scratch->error;
	struct strata_plan_layer one[] = {
		{.items = first, .item_count = 2}, {.items = changed, .item_count = 1}};
	struct strata_plan_layer two[] = {{.items = swapped, .item_count = 2}};
	struct strata_plan plans[] = {
		{.layers = one, .layer_count = 2}, {.layers = two, .layer_count = 1}};
	struct strata_compression compression = {STRATA_CODEC_GZIP, 6};
	struct strata_metadata_rules rules = {0};
	struct strata_digest keys[2];

	each_number(size_t, i, 0, 2) {
		struct strata_graph *graph = strata_graph_new(error);
		struct strata_recipe **recipes;
		size_t count;

		for (const char *letter = i == 0 ? "abc" : "ba"; *letter; letter++) {
			struct strata_item_record record = {
				.id = scratch_text(scratch, "/s/%c", *letter),
				.size = 10 + i,
				.has_size = true};

			assert_succeeds(strata_graph_add(graph, &record, error), error);
		}
		assert_succeeds(strata_graph_finish(graph, scratch->root, error), error);
		assert_succeeds(strata_recipes_make(&plans[i], graph, &rules, &compression,
					&recipes, &count, error),
			error);
		assert_int_equal(count, plans[i].layer_count);
		assert_int_equal(recipes[0]->size, 20 + 2 * i);
		assert_string_equal(recipes[0]->items[0].id, "/s/a");
		keys[i] = recipes[0]->key;
		strata_recipes_free(recipes, count);
		strata_graph_free(graph);
	}
	assert_string_equal(keys[0].text, keys[1].text);
}

/* What the plan says of a layer's compression counts for that layer. */
static void test_layers_may_be_compressed_each_in_its_way(void **state)
{
	static const char *const items[] = {"/s/a", "/s/b"};
	static const struct strata_entry entry = {.path = "/tmp", .mode = 01777};
	struct scratch *scratch = *state;
	struct strata_error *error = &scratch->error;
	struct strata_plan_layer layers[] = {{.items = items, .item_count = 1},
		{.items = items + 1, .item_count = 1, .compression = "zstd:19"}};
	struct strata_plan plan = {
		.layers = layers,
		.layer_count = 2,
		.customisation = {.entries = &entry, .entry_count = 1},
		.customisation_layer = true,
		.customisation_compression = "none",
	};
	struct strata_compression compression = {STRATA_CODEC_GZIP, 6};
	struct strata_metadata_rules rules = {0};
	struct strata_graph *graph = strata_graph_new(error);
	struct strata_recipe **recipes;
	size_t count;

	each_number(size_t, i, 0, 2) {
		struct strata_item_record record = {.id = items[i], .has_size = true};

		assert_succeeds(strata_graph_add(graph, &record, error), error);
	}
	assert_succeeds(strata_graph_finish(graph, scratch->root, error), error);
	assert_succeeds(
		strata_recipes_make(&plan, graph, &rules, &compression, &recipes, &count, error),
		error);
	assert_int_equal(count, 3);
	assert_int_equal(recipes[0]->compression.kind, STRATA_CODEC_GZIP);
	assert_int_equal(recipes[0]->compression.level, 6);
	assert_int_equal(recipes[1]->compression.kind, STRATA_CODEC_ZSTD);
	assert_int_equal(recipes[1]->compression.level, 19);
	assert_int_equal(recipes[2]->compression.kind, STRATA_CODEC_NONE);
	strata_recipes_free(recipes, count);
	layers[1].compression = "zstd:20";
	assert_fails(
		strata_recipes_make(&plan, graph, &rules, &compression, &recipes, &count, error),
		STRATA_ERROR_INVALID, "layer 2 of the plan: compression 'zstd:20'", error);
	strata_graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_canonical_bytes),
		scratch_test(test_round_trip_keeps_key_and_content),
		scratch_test(test_order_and_form_do_not_matter),
		scratch_test(test_every_difference_shows_in_the_key),
		scratch_test(test_malformed_recipes_are_refused),
		scratch_test(test_other_libraries_are_refused),
		scratch_test(test_recipes_know_nothing_of_other_layers),
		scratch_test(test_layers_may_be_compressed_each_in_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
