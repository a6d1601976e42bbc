/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

/* Build a layer of one item and save it as a directory, whose path is returned. */
static const char *save(struct scratch *scratch, struct strata_layer *layer)
{
	struct strata_recipe_item items[] = {STORE_ITEM("/s/a")};
	struct strata_entry entry = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/t", .mode = 0755};
	struct strata_recipe recipe = RECIPE(items);
	const char *directory = scratch_text(scratch, "%s/layer", scratch->directory);

	recipe.customisation.entries = &entry;
	recipe.customisation.entry_count = 1;
	recipe.compression = (struct strata_compression){STRATA_CODEC_GZIP, 6};
	scratch_file(scratch, "/s/a", "content", 0444);
	assert_succeeds(scratch_build(scratch, &recipe, 1, layer), &scratch->error);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_succeeds(strata_layer_save(layer, directory, &scratch->error), &scratch->error);
	return directory;
}

static void test_round_trip(void **state)
{
	struct scratch *scratch = *state;
	struct strata_layer saved, loaded;
	const char *directory = save(scratch, &saved);

	assert_string_equal(scratch_names(scratch, scratch->output), "");
	assert_string_equal(scratch_names(scratch, directory), "blob layer.json ");
	assert_string_equal(saved.blob, scratch_text(scratch, "%s/blob", directory));
	assert_false(saved.staged);
	assert_succeeds(strata_layer_load(directory, &loaded, &scratch->error), &scratch->error);
	assert_string_equal(loaded.recipe_key.text, saved.recipe_key.text);
	assert_string_equal(loaded.diff_id.text, saved.diff_id.text);
	assert_string_equal(loaded.digest.text, saved.digest.text);
	assert_int_equal(loaded.diff_size, saved.diff_size);
	assert_int_equal(loaded.size, saved.size);
	assert_int_equal(loaded.codec, STRATA_CODEC_GZIP);
	assert_int_equal(loaded.item_count, 1);
	assert_string_equal(loaded.items[0], "/s/a");
	assert_true(loaded.customised);
	assert_false(loaded.staged);
	assert_string_equal(loaded.blob, saved.blob);
	strata_layer_release(&saved);
	strata_layer_release(&loaded);
}

static void test_items_can_be_omitted(void **state)
{
	static const char *const same[] = {"/s/a"}, *const others[] = {"/s/a", "/s/b"};
	struct scratch *scratch = *state;
	struct strata_error *error = &scratch->error;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_layer saved, loaded;
	const char *directory = save(scratch, &saved);
	struct strata_digest contents, plain;

	assert_succeeds(strata_layer_contents(same, 1, true, &contents, error), error);
	assert_succeeds(strata_layer_contents(same, 1, false, &plain, error), error);
	assert_false(strata_digest_equal(&contents, &plain));
	assert_succeeds(strata_layer_omit_items(&saved, error), error);
	assert_int_equal(saved.item_count, 0);
	assert_succeeds(strata_layer_save(&saved, directory, error), error);
	scratch_read(scratch, scratch_text(scratch, "%s/layer.json", directory), &text);
	assert_null(strstr(text.data, "/s/a"));
	assert_succeeds(strata_layer_load(directory, &loaded, error), error);
	assert_int_equal(loaded.item_count, 0);
	assert_true(strata_digest_equal(&loaded.contents, &contents));
	assert_fails(strata_layer_restore_items(&loaded, others, 2, error), STRATA_ERROR_MISMATCH,
		"does not hold these items", error);
	assert_succeeds(strata_layer_restore_items(&loaded, same, 1, error), error);
	assert_int_equal(loaded.item_count, 1);
	assert_string_equal(loaded.items[0], "/s/a");
	assert_string_equal(loaded.contents.text, "");
	strata_layer_release(&saved);
	strata_layer_release(&loaded);
}

static void test_contents_do_not_depend_on_order(void **state)
{
	static const char *const forth[] = {"/s/a", "/s/b\n4:/s/c"};
	const char *const back[] = {forth[1], forth[0]};
	static const char *const other[] = {"/s/a", "/s/b", "/s/c"};
	struct strata_digest first, second, third;

	(void)state;
	assert_int_equal(strata_layer_contents(forth, 2, false, &first, NULL), 0);
	assert_int_equal(strata_layer_contents(back, 2, false, &second, NULL), 0);
	assert_int_equal(strata_layer_contents(other, 3, false, &third, NULL), 0);
	assert_true(strata_digest_equal(&first, &second));
	assert_false(strata_digest_equal(&first, &third));
}

/* Load DIRECTORY with its description's FROM replaced by TO. */
static void load_changed(struct scratch *scratch, const char *directory, const char *from,
	const char *to, int status, const char *words)
{
	strata_autobuffer struct strata_buffer whole = STRATA_BUFFER_INIT;
	const char *path = scratch_text(scratch, "%s/layer.json", directory);
	struct strata_layer layer;
	const char *at, *changed;

	scratch_read(scratch, path, &whole);
	at = strstr(whole.data, from);
	assert_non_null(at);
	changed = scratch_text(
		scratch, "%.*s%s%s", (int)(at - whole.data), whole.data, to, at + strlen(from));
	assert_succeeds(strata_file_replace(path, changed, strlen(changed), &scratch->error),
		&scratch->error);
	assert_fails(strata_layer_load(directory, &layer, &scratch->error), status, words,
		&scratch->error);
	assert_null(layer.blob);
	assert_succeeds(strata_file_replace(path, whole.data, whole.length, &scratch->error),
		&scratch->error);
}

static void test_descriptions_are_checked(void **state)
{
	static const struct {
		const char *from, *to;
		int status;
		const char *words;
	} cases[] = {
		{"\"stratapackLayer\": 1", "\"stratapackLayer\": 2", STRATA_ERROR_UNSUPPORTED,
			"version 2"},
		{"\"stratapackLayer\"", "\"other\"", STRATA_ERROR_FORMAT, "\"stratapackLayer\""},
		{"\"recipeKey\"", "\"key\"", STRATA_ERROR_FORMAT, "\"recipeKey\" is missing"},
		{"\"diffId\": \"sha256:", "\"diffId\": \"sha512:", STRATA_ERROR_FORMAT,
			"\"diffId\" is not a sha256 digest"},
		{"\"digest\": \"sha256:", "\"digest\": \"sha256:../", STRATA_ERROR_FORMAT,
			"\"digest\" is not a sha256 digest"},
		{"\"size\": ", "\"size\": 1", STRATA_ERROR_MISMATCH, "bytes"},
		{"\"size\": ", "\"size\": -", STRATA_ERROR_FORMAT, "negative"},
		{"\"diffSize\": ", "\"diffSize\": -", STRATA_ERROR_FORMAT, "negative"},
		{"\"gzip\"", "\"gzip:9\"", STRATA_ERROR_UNSUPPORTED, "'gzip:9'"},
		{"\"customised\": true", "\"customised\": 1", STRATA_ERROR_FORMAT,
			"\"customised\" must be true or false"},
		{"\"/s/a\"", "5", STRATA_ERROR_FORMAT, "array of strings"},
		{"\"items\"", "\"item\"", STRATA_ERROR_FORMAT, "\"items\" is missing"},
		{"\"items\"", "\"contents\": \"sha256:0\", \"items\"", STRATA_ERROR_FORMAT,
			"\"contents\" is not a sha256 digest"},
	};
	struct scratch *scratch = *state;
	struct strata_layer saved;
	const char *directory = save(scratch, &saved);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		load_changed(scratch, directory, cases[i].from, cases[i].to, cases[i].status,
			cases[i].words);
	load_changed(scratch, directory, saved.digest.text, saved.diff_id.text,
		STRATA_ERROR_MISMATCH, saved.digest.text);
	strata_layer_release(&saved);
}

static void test_blobs_are_checked(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;
	struct strata_error *error = &scratch->error;
	struct strata_layer saved, layer;
	const char *directory = save(scratch, &saved);

	scratch_read(scratch, saved.blob, &blob);
	blob.data[blob.length / 2] ^= 1;
	assert_succeeds(strata_file_replace(saved.blob, blob.data, blob.length, error), error);
	assert_fails(strata_layer_load(directory, &layer, error), STRATA_ERROR_MISMATCH, saved.blob,
		error);
	assert_int_equal(truncate(saved.blob, 10), 0);
	assert_fails(strata_layer_load(directory, &layer, error), STRATA_ERROR_MISMATCH,
		"has 10 bytes", error);
	assert_int_equal(unlink(saved.blob), 0);
	assert_fails(
		strata_layer_load(directory, &layer, error), STRATA_ERROR_IO, "cannot open", error);
	assert_int_equal(strata_layer_load(scratch->root, &layer, error), STRATA_ERROR_IO);
	assert_non_null(strstr(error->hint, "stratapack layer"));
	strata_layer_release(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_round_trip),
		scratch_test(test_items_can_be_omitted),
		scratch_test(test_contents_do_not_depend_on_order),
		scratch_test(test_descriptions_are_checked),
		scratch_test(test_blobs_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
