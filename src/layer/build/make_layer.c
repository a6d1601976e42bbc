/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "customisation/customisation.h"
#include "layer/build/build.h"
#include "layer/build/tree_stream.h"
#include "layer/cache/cache.h"
#include "util/file.h"

static void report_read(void *data, uint64_t bytes)
{
	strata_build_report(data, bytes);
}

static int check_fingerprint(const struct strata_recipe *recipe, const struct strata_tree *tree,
	struct strata_error *error)
{
	struct strata_digest fingerprint;
	int status;

	if (!recipe->fingerprint.text[0])
		return 0;
	status = strata_tree_fingerprint(tree, &fingerprint, error);
	if (status == 0 && !strata_digest_equal(&fingerprint, &recipe->fingerprint))
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_CHANGED,
				"files of this layer changed since its recipe was made"),
			"make the recipes again");
	return status;
}

/* A layer is worth as many of the workers as it has of the bytes, rounded up: others keep the rest
 * busy. */
static unsigned choose_workers(const struct strata_build *build, const struct strata_recipe *recipe)
{
	unsigned threads = strata_pool_threads(build->encoding.pool);
	double share = build->bytes_total > 0
			       ? (double)recipe->size / (double)build->bytes_total * threads
			       : threads;
	unsigned workers = (unsigned)share + 1;

	if (workers > threads || strata_pool_waiting_tasks(build->encoding.pool) == 0)
		return threads;
	return workers;
}

/* The places of a layer's blob: in every file that takes the blobs of all, and in one of its own if
 * it has one. */
struct places {
	struct strata_blob_place *places;
	size_t count;
};

static int find_places(const struct strata_build *build, size_t index,
	const struct strata_blob_place *own, struct places *result, struct strata_error *error)
{
	const struct strata_placement *placement = &build->placement;

	result->places = strata_allocate(placement->file_count + 1, sizeof(*result->places));
	if (!result->places)
		return strata_fail_memory(error);
	for (size_t i = 0; i < placement->file_count; i++) {
		const struct strata_blob_file *file = &placement->files[i];

		result->places[i] = (struct strata_blob_place){
			file->descriptor, file->name, file->offsets[index]};
	}
	result->count = placement->file_count;
	if (own)
		result->places[result->count++] = *own;
	return 0;
}

/* Write the stream of the layer's tree to its places, OWN (may be NULL) among them. */
static int encode(struct strata_build *build, size_t index, const struct strata_blob_place *own,
	struct strata_error *error)
{
	const struct strata_recipe *recipe = build->recipes[index];
	struct strata_file_reader reader = {.tree = &build->drafts[index].tree,
		.root = build->options->root,
		.observer = build->options->observer,
		.progress = report_read,
		.progress_data = build,
		.place = STRATA_BUFFER_INIT};
	struct strata_encoder *encoder = NULL;
	struct places places = {NULL, 0};
	int status = find_places(build, index, own, &places, error);

	if (status == 0) {
		struct strata_encoder_options options = {.compression = recipe->compression,
			.places = places.places,
			.place_count = places.count,
			.workers = choose_workers(build, recipe)};

		status = strata_encoder_new(&build->encoding, &options, &encoder, error);
	}
	if (status == 0)
		status = strata_tree_stream_write(&reader, encoder, error);
	if (status == 0)
		status = strata_encoder_finish(encoder, &build->layers[index], error);
	strata_encoder_free(encoder);
	strata_file_reader_release(&reader);
	free(places.places);
	return status;
}

static int name_items(
	const struct strata_recipe *recipe, struct strata_layer *layer, struct strata_error *error)
{
	layer->recipe_key = recipe->key;
	layer->customised = !strata_customisation_is_empty(&recipe->customisation);
	layer->items = strata_allocate(recipe->item_count, sizeof(*layer->items));
	if (!layer->items)
		return strata_fail_memory(error);
	for (size_t i = 0; i < recipe->item_count; i++) {
		layer->items[i] = strdup(recipe->items[i].id);
		if (!layer->items[i])
			return strata_fail_memory(error);
		layer->item_count++;
	}
	return 0;
}

/* Have room for the file of a layer, where it is known how much that is. */
static int reserve(struct strata_build *build, size_t index, int descriptor, const char *name,
	struct strata_error *error)
{
	struct strata_draft *draft = &build->drafts[index];
	int status = 0;

	if (build->recipes[index]->compression.kind != STRATA_CODEC_NONE)
		return 0;
	if (draft->size == 0)
		status = strata_draft_measure(draft, error);
	return status < 0 ? status : strata_file_reserve(descriptor, name, draft->size, error);
}

/* Encode into a file of the directory that is named by its digest when it is whole. */
static int write_file(struct strata_build *build, size_t index, struct strata_error *error)
{
	struct strata_layer *layer = &build->layers[index];
	strata_autofree char *partial = NULL;
	strata_autoclose int descriptor = -1;
	int status;

	if (asprintf(&partial, "%s/partial-%zu", build->directory, index) < 0) {
		partial = NULL;
		return strata_fail_memory(error);
	}
	descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (descriptor < 0)
		return strata_fail_errno(error, "cannot create '%s'", partial);
	status = reserve(build, index, descriptor, partial, error);
	if (status == 0)
		status = encode(build, index,
			&(struct strata_blob_place){.descriptor = descriptor, .name = partial},
			error);
	if (status == 0) {
		layer->staged = true;
		layer->blob = strata_path_join(build->directory, strata_digest_hex(&layer->digest));
		if (!layer->blob)
			status = strata_fail_memory(error);
		else if (rename(partial, layer->blob) < 0)
			status = strata_fail_errno(error, "cannot rename '%s'", partial);
	}
	if (status < 0)
		unlink(partial);
	return status;
}

static int make_layer(struct strata_build *build, size_t index, struct strata_error *error)
{
	const struct strata_build_options *options = build->options;
	const struct strata_recipe *recipe = build->recipes[index];
	struct strata_draft *draft = &build->drafts[index];
	struct strata_layer *layer = &build->layers[index];
	bool wants_file = !options->describe && (options->cache || !build->placement.complete);
	int status = check_fingerprint(recipe, &draft->tree, error);

	if (status == 0)
		status = wants_file ? write_file(build, index, error)
				    : encode(build, index, NULL, error);
	if (status == 0)
		status = strata_draft_check(draft, layer, error);
	if (status == 0)
		status = name_items(recipe, layer, error);
	if (status == 0 && options->cache)
		status = strata_cache_store(options->cache, &draft->witness, layer, error);
	return status;
}

/* Write the blob of a layer that the cache has to where it was placed. A thread that had to wait
 * inside the kernel for another would spin meanwhile. */
static int copy_blob(struct strata_build *build, size_t index, struct strata_error *error)
{
	struct places places = {NULL, 0};
	int status = find_places(build, index, NULL, &places, error);

	for (size_t i = 0; status == 0 && i < places.count; i++) {
		pthread_mutex_lock(&build->copying);
		status = strata_blob_copy(&build->layers[index], &places.places[i], error);
		pthread_mutex_unlock(&build->copying);
	}
	free(places.places);
	return status;
}

int strata_build_layer(struct strata_build *build, size_t index, struct strata_error *error)
{
	struct strata_draft *draft = &build->drafts[index];
	int status = strata_draft_prepare(
		draft, build->recipes[index], build->options, &build->layers[index], error);

	if (status == 0)
		status = draft->found ? copy_blob(build, index, error)
				      : make_layer(build, index, error);
	strata_draft_drop_tree(draft);
	return status;
}
