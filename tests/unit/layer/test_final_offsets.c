/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives whose layers are written to their places while they are made: the bytes are those of an
 * archive that copies finished blobs.
 */
#include "image_fixture.h"

#include "layer/recipe/recipe.h"

enum { LAYERS = 5 };

static const struct strata_pair label = {"label", "a value"};
static const struct strata_image_config config = {.architecture = "amd64",
	.author = "A. Nonymous",
	.entrypoint = (const char *const[]){"/bin/sh"},
	.entrypoint_count = 1,
	.labels = &label,
	.label_count = 1};

static const char *const transports[] = {
	"docker-archive", "docker-v1-archive", "oci-archive", "universal-archive"};
enum { TRANSPORTS = sizeof(transports) / sizeof(*transports) };

static struct strata_recipe_item items[LAYERS - 1] = {
	STORE_ITEM("/a"), STORE_ITEM("/b"), STORE_ITEM("/a"), STORE_ITEM("/c")};

/* Layers of several sizes, the third like the first, and the last without a file. */
struct store {
	struct strata_entry directory;
	struct strata_recipe recipe[LAYERS], *recipes[LAYERS];
};

static void make_store(struct scratch *scratch, struct store *store)
{
	strata_autofree char *content = scratch_content(3000000);

	*store = (struct store){
		.directory = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/t", .mode = 0755}};
	scratch_bytes(scratch, "/a/large", content, 3000000, 0444);
	scratch_bytes(scratch, "/a/small", content, 511, 0444);
	scratch_bytes(scratch, "/b/block", content, 512, 0444);
	scratch_file(scratch, scratch_text(scratch, "/b/%s", digest_of(scratch, "a long name")),
		"long", 0444);
	scratch_file(scratch,
		scratch_text(scratch, "/b/%s/%s/%s/%s", digest_of(scratch, "1"),
			digest_of(scratch, "2"), digest_of(scratch, "3"), digest_of(scratch, "4")),
		"deep", 0444);
	scratch_symlink(scratch, "/b/link",
		scratch_text(scratch, "%s%s", digest_of(scratch, "5"), digest_of(scratch, "6")));
	scratch_file(scratch, "/c/empty", "", 0444);
	scratch_bytes(scratch, "/c/other", content + 7, 400000, 0555);
	each_number(size_t, i, 0, LAYERS) {
		store->recipes[i] = &store->recipe[i];
		if (i < LAYERS - 1) {
			store->recipe[i] = (struct strata_recipe){
				.items = &items[i], .item_count = 1, .size = (LAYERS - i) % 3};
		} else {
			store->recipe[i].customisation.entries = &store->directory;
			store->recipe[i].customisation.entry_count = 1;
		}
		assert_succeeds(
			strata_recipe_seal(&store->recipe[i], &scratch->error), &scratch->error);
	}
}

static void release(struct strata_layer layers[LAYERS])
{
	for (size_t i = 0; i < LAYERS; i++)
		strata_layer_release(&layers[i]);
}

/* The outputs of one build. */
struct outputs {
	struct strata_destination destinations[TRANSPORTS];
	struct strata_sink *sinks[TRANSPORTS];
	struct strata_blob_file files[TRANSPORTS];
	size_t count;
	bool keeps_files; /* as an output would that needs the blobs */
	size_t placed;    /* calls of place() */
};

static int place(void *data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error)
{
	struct outputs *outputs = data;
	int status = 0;

	outputs->placed++;
	for (size_t i = 0; status == 0 && i < outputs->count; i++)
		status = strata_sink_place(
			outputs->sinks[i], layers, count, &config, &outputs->files[i], error);
	*placement = (struct strata_placement){
		outputs->files, outputs->count, .complete = !outputs->keeps_files};
	return status;
}

static int add_layer(void *data, const struct strata_layer *layer, struct strata_error *error)
{
	struct outputs *outputs = data;
	int status = 0;

	for (size_t i = 0; status == 0 && i < outputs->count; i++)
		status = strata_sink_add_layer(outputs->sinks[i], layer, error);
	return status;
}

/* Open archives named NAME-TRANSPORT, of all transports or of the one that is ONLY. */
static void open_outputs(
	struct scratch *scratch, struct outputs *outputs, const char *name, const char *only)
{
	struct strata_error *error = &scratch->error;

	each_number(size_t, i, 0, TRANSPORTS) {
		struct strata_destination *destination = &outputs->destinations[outputs->count];

		if (only && strcmp(only, transports[i]) != 0)
			continue;
		assert_succeeds(strata_destination_parse(
					scratch_text(scratch, "%s:%s:team/tool:1", transports[i],
						in(scratch, scratch_text(scratch, "%s-%s", name,
								    transports[i]))),
					destination, error),
			error);
		assert_succeeds(
			strata_sink_open(destination, &outputs->sinks[outputs->count], error),
			error);
		assert_true(strata_sink_takes_places(outputs->sinks[outputs->count], &config));
		outputs->count++;
	}
}

static void close_outputs(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		strata_sink_close(outputs->sinks[i]);
		strata_destination_release(&outputs->destinations[i]);
	}
}

/* Build STORE's image into OUTPUTS, which are open, and finish them. */
static void build(struct scratch *scratch, const struct store *store, struct outputs *outputs,
	struct strata_layer layers[LAYERS])
{
	struct strata_error *error = &scratch->error;
	struct strata_build_options options = scratch->options;
	struct strata_image *image;

	options.place = place;
	options.ready = add_layer;
	options.data = outputs;
	assert_succeeds(strata_layers_build(
				store->recipes, LAYERS, scratch->output, &options, layers, error),
		error);
	assert_succeeds(strata_image_new(layers, LAYERS, &config, &image, error), error);
	each_number(size_t, i, 0, outputs->count)
		assert_succeeds(strata_sink_finish(outputs->sinks[i], image, error), error);
	strata_image_free(image);
	close_outputs(outputs);
}

static void assert_same(struct scratch *scratch, const char *name, const char *transport)
{
	strata_autobuffer struct strata_buffer wanted = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer got = STRATA_BUFFER_INIT;

	scratch_read(scratch, in(scratch, scratch_text(scratch, "copied-%s", transport)), &wanted);
	scratch_read(scratch, in(scratch, scratch_text(scratch, "%s-%s", name, transport)), &got);
	assert_int_equal(got.length, wanted.length);
	assert_memory_equal(got.data, wanted.data, wanted.length);
}

/* Archives with names that begin with "copied", of finished blobs. */
static void make_copied(struct scratch *scratch, const struct store *store)
{
	struct strata_error *error = &scratch->error;
	struct strata_layer layers[LAYERS];
	struct sample sample;

	assert_succeeds(strata_layers_build(store->recipes, LAYERS, scratch->output,
				&scratch->options, layers, error),
		error);
	assert_succeeds(strata_image_new(layers, LAYERS, &config, &sample.image, error), error);
	each_number(size_t, i, 0, TRANSPORTS)
		assert_succeeds(
			write_image(scratch, &sample, transports[i],
				in(scratch, scratch_text(scratch, "copied-%s", transports[i])),
				"team/tool:1", false),
			error);
	strata_image_free(sample.image);
	each_number(size_t, i, 0, LAYERS)
		if (layers[i].blob && access(layers[i].blob, F_OK) == 0)
			assert_int_equal(unlink(layers[i].blob), 0);
	release(layers);
}

static void test_bytes_are_those_of_copied_blobs(void **state)
{
	static const unsigned threads[] = {1, 2, 3, 8};
	struct scratch *scratch = *state;
	struct store store;
	struct strata_layer layers[LAYERS];

	make_store(scratch, &store);
	make_copied(scratch, &store);
	each_case(i, threads) {
		struct outputs all = {.keeps_files = i % 2 == 1};

		scratch->options.threads = threads[i];
		open_outputs(scratch, &all, "all", NULL);
		build(scratch, &store, &all, layers);
		assert_int_equal(all.placed, 1);
		each_number(size_t, t, 0, TRANSPORTS)
			assert_same(scratch, "all", transports[t]);
		each_number(size_t, l, 0, LAYERS) {
			assert_int_equal(layers[l].blob != NULL, all.keeps_files);
			if (layers[l].blob)
				(void)unlink(layers[l].blob);
		}
		release(layers);
		each_number(size_t, t, 0, TRANSPORTS) {
			struct outputs one = {.count = 0};

			open_outputs(scratch, &one, "one", transports[t]);
			build(scratch, &store, &one, layers);
			release(layers);
			assert_same(scratch, "one", transports[t]);
		}
	}
	assert_string_equal(scratch_names(scratch, scratch->output), "");
}

static void test_the_cache_fills_and_serves(void **state)
{
	struct scratch *scratch = *state;
	struct store store;
	struct strata_layer layers[LAYERS];

	make_store(scratch, &store);
	make_copied(scratch, &store);
	assert_succeeds(
		strata_cache_open(in(scratch, "cache"), &scratch->options.cache, &scratch->error),
		&scratch->error);
	scratch->options.threads = 2;
	each_number(size_t, round, 0, 3) {
		struct outputs outputs = {.count = 0};

		open_outputs(scratch, &outputs, "cached", NULL);
		build(scratch, &store, &outputs, layers);
		each_number(size_t, t, 0, TRANSPORTS)
			assert_same(scratch, "cached", transports[t]);
		each_number(size_t, l, 0, LAYERS)
			assert_non_null(layers[l].blob);
		/* The last round has some of them only. */
		if (round == 1)
			assert_int_equal(unlink(layers[1].blob), 0);
		release(layers);
	}
	strata_cache_close(scratch->options.cache);
}

/* What is compressed has a size of which nothing is known before. In the cache it has. */
static void test_compressed_layers_have_no_place_before_they_are_made(void **state)
{
	struct scratch *scratch = *state;
	struct store store;
	struct strata_layer layers[LAYERS];

	make_store(scratch, &store);
	store.recipe[1].compression =
		(struct strata_compression){.kind = STRATA_CODEC_GZIP, .level = 6};
	assert_succeeds(strata_recipe_seal(&store.recipe[1], &scratch->error), &scratch->error);
	make_copied(scratch, &store);
	assert_succeeds(
		strata_cache_open(in(scratch, "cache"), &scratch->options.cache, &scratch->error),
		&scratch->error);
	each_number(unsigned, round, 0, 2) {
		struct outputs outputs = {.count = 0};

		scratch->options.threads = 1 + round;
		open_outputs(scratch, &outputs, "mixed", NULL);
		build(scratch, &store, &outputs, layers);
		release(layers);
		assert_int_equal(outputs.placed, round);
		each_number(size_t, t, 0, TRANSPORTS)
			assert_same(scratch, "mixed", transports[t]);
	}
	strata_cache_close(scratch->options.cache);
}

static int fail_late(void *data, const struct strata_layer *layer, struct strata_error *error)
{
	if (layer->customised)
		return strata_fail(error, STRATA_ERROR_IO, "no more");
	return add_layer(data, layer, error);
}

static void test_a_failure_leaves_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct store store;
	struct strata_layer layers[LAYERS];
	struct strata_build_options options = scratch->options;
	const char *before;

	make_store(scratch, &store);
	before = scratch_names(scratch, scratch->directory);
	options.place = place;
	options.ready = fail_late;

	each_number(unsigned, threads, 1, 3 + 1) {
		struct outputs outputs = {.keeps_files = threads == 2};

		open_outputs(scratch, &outputs, "failed", NULL);
		options.data = &outputs;
		options.threads = threads;
		assert_fails(strata_layers_build(store.recipes, LAYERS, scratch->output, &options,
				     layers, &scratch->error),
			STRATA_ERROR_IO, "no more", &scratch->error);
		close_outputs(&outputs);
		assert_string_equal(scratch_names(scratch, scratch->directory), before);
		assert_string_equal(scratch_names(scratch, scratch->output), "");
	}
}

/* Between laying out and reading, a file becomes another. */
static int change_then_place(void *data, const struct strata_layer *layers, size_t count,
	struct strata_placement *placement, struct strata_error *error)
{
	struct outputs *outputs = data;
	const char *path = (const char *)outputs->destinations[TRANSPORTS - 1].path;
	int status = place(data, layers, count, placement, error);

	assert_int_equal(truncate(path, 100), 0);
	return status;
}

static void test_a_change_after_laying_out_is_noticed(void **state)
{
	struct scratch *scratch = *state;
	struct store store;
	struct strata_layer layers[LAYERS];
	struct outputs outputs = {.count = 0};
	struct strata_build_options options = scratch->options;

	make_store(scratch, &store);
	open_outputs(scratch, &outputs, "changed", "docker-archive");
	outputs.destinations[TRANSPORTS - 1].path = (char *)scratch_at(scratch, "/c/other");
	options.place = change_then_place;
	options.ready = add_layer;
	options.data = &outputs;
	assert_fails(strata_layers_build(store.recipes, LAYERS, scratch->output, &options, layers,
			     &scratch->error),
		STRATA_ERROR_CHANGED, "/c/other' changed while it was read", &scratch->error);
	close_outputs(&outputs);
	assert_int_equal(access(in(scratch, "changed-docker-archive"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_bytes_are_those_of_copied_blobs),
		scratch_test(test_the_cache_fills_and_serves),
		scratch_test(test_compressed_layers_have_no_place_before_they_are_made),
		scratch_test(test_a_failure_leaves_nothing),
		scratch_test(test_a_change_after_laying_out_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
