/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making one layer: from the cache, or by reading its files once; what changed meanwhile is
 * noticed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "customisation/customisation.h"
#include "layer/build/build.h"
#include "layer/build/tree_stream.h"
#include "layer/cache/cache.h"
#include "layer/tree/settle.h"
#include "util/file.h"
#include "util/observer.h"

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

/* A layer's share of the workers is its share of the bytes, rounded up. Other layers keep the other
 * workers busy. */
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

/* Where the blob of a layer is written: in every file that takes the blobs of all layers, and in a
 * file of its own if it has one. */
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

/* How many bytes of a layer's files were read, and how many were reported. A second attempt reports
 * only what goes beyond the first. */
struct reading {
	struct strata_build *build;
	uint64_t done, reported;
};

static void report_read(void *data, uint64_t bytes)
{
	struct reading *reading = data;

	reading->done += bytes;
	if (reading->done <= reading->reported)
		return;
	strata_build_report(reading->build, reading->done - reading->reported);
	reading->reported = reading->done;
}

/* One attempt to write the stream of the layer's tree to PLACES. */
static int attempt(struct strata_build *build, size_t index, const struct places *places,
	struct strata_file_reader *reader, struct strata_error *error)
{
	const struct strata_recipe *recipe = build->recipes[index];
	struct strata_encoder_options options = {.compression = recipe->compression,
		.places = places->places,
		.place_count = places->count,
		.workers = choose_workers(build, recipe)};
	struct strata_encoder *encoder = NULL;
	int status = strata_encoder_new(&build->encoding, &options, &encoder, error);

	if (status == 0)
		status = strata_tree_stream_write(reader, encoder, error);
	if (status == 0)
		status = strata_encoder_finish(encoder, &build->layers[index], error);
	strata_encoder_free(encoder);
	return status;
}

/* Write the stream of the layer's tree to its places, OWN (may be NULL) among them. */
static int encode(struct strata_build *build, size_t index, const struct strata_blob_place *own,
	struct strata_error *error)
{
	struct strata_draft *draft = &build->drafts[index];
	struct reading reading = {.build = build};
	struct strata_file_reader reader = STRATA_FILE_READER_INIT;
	struct places places = {NULL, 0};
	int status = find_places(build, index, own, &places, error);

	reader.tree = &draft->tree;
	reader.root = build->options->root;
	reader.observer = build->options->observer;
	reader.progress = report_read;
	reader.progress_data = &reading;
	if (status == 0)
		status = attempt(build, index, &places, &reader, error);
	if (status == STRATA_ERROR_CHANGED && reader.is_disturbed) {
		strata_error_clear(error);
		reading.done = 0;
		reader.compares = true;
		reader.ahead = 0;
		status = own && ftruncate(own->descriptor, 0) < 0
				 ? strata_fail_errno(error, "cannot write to '%s'", own->name)
				 : attempt(build, index, &places, &reader, error);
	}
	draft->is_disturbed = reader.found_changes;
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

/* Reserve room for the file of a layer, where its size is known. */
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

/* Tell the user where the cache had other bytes for the same key. */
static int compare_stored(struct strata_build *build, size_t index, struct strata_error *error)
{
	const struct strata_build_options *options = build->options;
	const struct strata_layer *layer = &build->layers[index];
	struct strata_layer stored = {0};
	bool found;
	int status = strata_cache_peek(options->cache, &layer->recipe_key,
		&build->drafts[index].witness, &stored, &found, error);

	if (status == 0 && found && !strata_digest_equal(&stored.diff_id, &layer->diff_id))
		strata_note(options->observer,
			"the cache had other contents for layer %zu (%s): they were replaced",
			index + 1, stored.diff_id.text);
	strata_layer_release(&stored);
	return status;
}

/* Put the layer into the cache, unless its key may not stand for its content: a file with an
 * identity was touched meanwhile, or one changed too recently for its witness to show another
 * change. */
static int store(struct strata_build *build, size_t index, struct strata_error *error)
{
	const struct strata_draft *draft = &build->drafts[index];
	struct strata_cache *cache = build->options->cache;
	int status = 0;

	if (draft->is_disturbed || draft->is_unsettled)
		return 0;
	if (cache->reads_again)
		status = compare_stored(build, index, error);
	return status < 0
		       ? status
		       : strata_cache_store(cache, &draft->witness, &build->layers[index], error);
}

static int settle(struct strata_draft *draft, struct strata_error *error)
{
	bool settled = true;
	int status = draft->witness.text[0] ? strata_tree_settle(&draft->tree, &settled, error) : 0;

	draft->is_unsettled = !settled;
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
		status = settle(draft, error);
	if (status == 0)
		status = wants_file ? write_file(build, index, error)
				    : encode(build, index, NULL, error);
	if (status == 0)
		status = strata_draft_check(draft, layer, error);
	if (status == 0)
		status = name_items(recipe, layer, error);
	if (status == 0 && options->cache)
		status = store(build, index, error);
	return status;
}

/* Copy the blob of a layer from the cache to where it was placed. One thread at a time does this:
 * the kernel lets one write a file, and the others would spin while they wait for it. */
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
