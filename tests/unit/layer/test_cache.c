/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <stratapack/cache.h>

#include "layer/recipe/recipe.h"

/* Build one layer through the cache beside the outputs. */
static void build_cached(
	struct scratch *scratch, struct strata_recipe *recipe, struct strata_layer *layer)
{
	assert_succeeds(strata_recipe_seal(recipe, &scratch->error), &scratch->error);
	assert_succeeds(strata_layers_build(&recipe, 1, scratch->output, &scratch->options, layer,
				&scratch->error),
		&scratch->error);
}

static struct strata_cache *open_cache(struct scratch *scratch)
{
	struct strata_cache *cache;

	assert_succeeds(strata_cache_open(scratch_text(scratch, "%s/cache", scratch->output),
				&cache, &scratch->error),
		&scratch->error);
	scratch->options.cache = cache;
	return cache;
}

#define ITEM(path_, identity_)                                                           \
	{                                                                                \
		.id = (path_), .identity = (identity_), .content = STRATA_CONTENT_STORE, \
		.trees = (const char *const[]){(path_)}, .tree_count = 1                 \
	}
#define RECIPE_OF(item_)                           \
	{                                          \
		.items = &(item_), .item_count = 1 \
	}

static void test_identity_is_enough(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", "sha256:1234");
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);
	struct strata_layer first, second;

	scratch_file(scratch, "/s", "content", 0444);
	build_cached(scratch, &recipe, &first);
	assert_int_equal(unlink(scratch_at(scratch, "/s")), 0);
	build_cached(scratch, &recipe, &second);
	assert_string_equal(first.digest.text, second.digest.text);
	assert_string_equal(first.blob, second.blob);
	assert_int_equal(access(second.blob, R_OK), 0);
	strata_layer_release(&first);
	strata_layer_release(&second);
	strata_cache_close(cache);
}

/* Without an identity, a change must be seen that keeps size and modification time. */
static void test_files_are_witnesses(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", NULL);
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);
	struct strata_layer first, second;

	scratch_file(scratch, "/s", "content", 0444);
	scratch_time(scratch, "/s", 1);
	build_cached(scratch, &recipe, &first);
	build_cached(scratch, &recipe, &second);
	assert_string_equal(first.digest.text, second.digest.text);
	strata_layer_release(&second);
	assert_int_equal(unlink(scratch_at(scratch, "/s")), 0);
	scratch_file(scratch, "/s", "CONTENT", 0444);
	scratch_time(scratch, "/s", 1);
	build_cached(scratch, &recipe, &second);
	assert_string_not_equal(first.digest.text, second.digest.text);
	strata_layer_release(&first);
	strata_layer_release(&second);
	strata_cache_close(cache);
}

static void spoil(const char *path, off_t size)
{
	int descriptor = open(path, O_WRONLY);

	assert_true(descriptor >= 0);
	assert_int_equal(pwrite(descriptor, "X", 1, 600), 1);
	assert_int_equal(ftruncate(descriptor, size), 0);
	close(descriptor);
}

static void test_spoiled_blobs_are_built_anew(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", "sha256:1234");
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);

	scratch_file(scratch, "/s", "content", 0444);
	each_number(int, way, 0, 4) {
		struct strata_layer before, after;
		struct stat info;

		build_cached(scratch, &recipe, &before);
		assert_int_equal(stat(before.blob, &info), 0);
		if (way == 0)
			spoil(before.blob, info.st_size);
		else if (way == 1)
			spoil(before.blob, info.st_size - 512);
		else if (way == 2)
			assert_int_equal(unlink(before.blob), 0);
		build_cached(scratch, &recipe, &after);
		assert_string_equal(before.digest.text, after.digest.text);
		assert_int_equal(stat(after.blob, &info), 0);
		assert_int_equal(info.st_size, before.size);
		assert_int_equal(info.st_mtim.tv_sec, 1);
		strata_layer_release(&before);
		strata_layer_release(&after);
	}
	strata_cache_close(cache);
}

static void test_descriptions_have_no_blob(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", "sha256:1234");
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);
	struct strata_layer described, again, built;

	scratch_file(scratch, "/s", "content", 0444);
	scratch->options.describe = true;
	build_cached(scratch, &recipe, &described);
	assert_null(described.blob);
	assert_string_equal(scratch_names(scratch, scratch_text(scratch, "%s/cache/blobs/sha256",
							   scratch->output)),
		"");
	assert_int_equal(unlink(scratch_at(scratch, "/s")), 0);
	build_cached(scratch, &recipe, &again);
	assert_string_equal(described.digest.text, again.digest.text);
	scratch_file(scratch, "/s", "content", 0444);
	scratch->options.describe = false;
	build_cached(scratch, &recipe, &built);
	assert_non_null(built.blob);
	assert_string_equal(described.digest.text, built.digest.text);
	assert_int_equal(described.size, built.size);
	strata_layer_release(&described);
	strata_layer_release(&again);
	strata_layer_release(&built);
	strata_cache_close(cache);
}

static bool append_item(void *data, const struct strata_cached_layer *layer)
{
	strata_buffer_format(data, "%s ", layer->items[0]);
	return true;
}

static const char *list(struct scratch *scratch, struct strata_cache *cache)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	assert_succeeds(
		strata_cache_list(cache, append_item, &text, &scratch->error), &scratch->error);
	return scratch_text(scratch, "%s", text.data);
}

/* Say that every entry of the cache was last used AGE seconds ago. */
static void set_age(struct scratch *scratch, int64_t age)
{
	const char *recipes = scratch_text(scratch, "%s/cache/recipes", scratch->output);
	strata_autofree char *names = strdup(scratch_names(scratch, recipes));
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= age;
	times[1] = times[0];
	for (char *name = strtok(names, " "); name; name = strtok(NULL, " "))
		assert_int_equal(utimensat(AT_FDCWD, scratch_text(scratch, "%s/%s", recipes, name),
					 times, 0),
			0);
}

static void test_pruning(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item old = ITEM("/old", "sha256:1"),
				  young = ITEM("/young", "sha256:2");
	struct strata_recipe old_recipe = RECIPE_OF(old), young_recipe = RECIPE_OF(young);
	struct strata_cache *cache = open_cache(scratch), *other;
	struct strata_cache_limits limits = {UINT64_MAX, INT64_MAX};
	struct strata_cache_removal removal;
	struct strata_layer old_layer, young_layer;
	struct strata_error *error = &scratch->error;

	scratch_file(scratch, "/old", "old", 0444);
	scratch_file(scratch, "/young", "young", 0444);
	build_cached(scratch, &old_recipe, &old_layer);
	set_age(scratch, 1000);
	build_cached(scratch, &young_recipe, &young_layer);
	assert_string_equal(list(scratch, cache), "/young /old ");
	assert_succeeds(strata_cache_prune(cache, &limits, &removal, error), error);
	assert_int_equal(removal.layers, 0);
	assert_int_equal(removal.bytes_left, old_layer.size + young_layer.size);

	assert_succeeds(strata_cache_open(strata_cache_path(cache), &other, error), error);
	assert_fails(strata_cache_prune(cache, &limits, &removal, error), STRATA_ERROR_INVALID,
		"in use", error);
	strata_cache_close(other);

	limits.age = 500;
	assert_succeeds(strata_cache_prune(cache, &limits, &removal, error), error);
	assert_int_equal(removal.layers, 1);
	assert_int_equal(removal.bytes, old_layer.size);
	assert_string_equal(list(scratch, cache), "/young ");
	assert_int_equal(access(old_layer.blob, F_OK), -1);
	assert_int_equal(access(young_layer.blob, F_OK), 0);

	limits = (struct strata_cache_limits){young_layer.size, INT64_MAX};
	assert_succeeds(strata_cache_prune(cache, &limits, &removal, error), error);
	assert_int_equal(removal.layers_left, 1);
	limits.size = young_layer.size - 1;
	assert_succeeds(strata_cache_prune(cache, &limits, &removal, error), error);
	assert_int_equal(removal.layers_left, 0);
	assert_int_equal(access(young_layer.blob, F_OK), -1);
	strata_layer_release(&old_layer);
	strata_layer_release(&young_layer);
	strata_cache_close(cache);
}

static void count_finding(void *data, const char *text)
{
	assert_non_null(text);
	(*(size_t *)data)++;
}

static void test_verifying_removes_what_is_wrong(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", "sha256:1234");
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);
	struct strata_layer layer;
	struct strata_error *error = &scratch->error;
	struct stat info;
	size_t told = 0, count;

	scratch_file(scratch, "/s", "content", 0444);
	build_cached(scratch, &recipe, &layer);
	assert_succeeds(strata_cache_verify(cache, count_finding, &told, &count, error), error);
	assert_int_equal(count, 0);
	assert_int_equal(stat(layer.blob, &info), 0);
	spoil(layer.blob, info.st_size);
	assert_succeeds(strata_cache_verify(cache, count_finding, &told, &count, error), error);
	assert_int_equal(count, 1);
	assert_int_equal(told, 1);
	assert_int_equal(access(layer.blob, F_OK), -1);
	strata_layer_release(&layer);
	strata_cache_close(cache);
}

static void test_spoiled_entries_are_none(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item = ITEM("/s", "sha256:1234");
	struct strata_recipe recipe = RECIPE_OF(item);
	struct strata_cache *cache = open_cache(scratch);
	const char *recipes = scratch_text(scratch, "%s/cache/recipes", scratch->output);
	struct strata_layer layer;
	strata_autofree char *name = NULL;
	int descriptor;

	scratch_file(scratch, "/s", "content", 0444);
	build_cached(scratch, &recipe, &layer);
	strata_layer_release(&layer);
	name = strdup(scratch_names(scratch, recipes));
	name[strcspn(name, " ")] = '\0';
	descriptor = open(scratch_text(scratch, "%s/%s", recipes, name), O_WRONLY);
	assert_int_equal(ftruncate(descriptor, 40), 0);
	close(descriptor);
	build_cached(scratch, &recipe, &layer);
	assert_string_equal(list(scratch, cache), "/s ");
	strata_layer_release(&layer);
	strata_cache_close(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_identity_is_enough),
		scratch_test(test_files_are_witnesses),
		scratch_test(test_spoiled_blobs_are_built_anew),
		scratch_test(test_descriptions_have_no_blob),
		scratch_test(test_pruning),
		scratch_test(test_verifying_removes_what_is_wrong),
		scratch_test(test_spoiled_entries_are_none),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
