#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/observe.h"
#include "layer/cache.h"
#include "layer/encoder.h"
#include "layer/file_reader.h"
#include "layer/tree.h"
#include "plan/customisation.h"

struct build {
	struct strata_recipe *const *recipes;
	const size_t *order; /* task -> layer: largest first */
	const char *directory;
	const struct strata_build_options *options;
	struct strata_layer *layers;
	struct strata_encoding encoding;
	atomic_uint layers_done;
	atomic_ullong bytes_done;
	uint64_t bytes_total;
	uint32_t layer_count;

	pthread_mutex_t delivery; /* guards what follows */
	bool *made;
	size_t delivered;
	bool delivering;
};

static void report(struct build *build, uint64_t more)
{
	struct strata_progress progress = {
		.layers_done = atomic_load(&build->layers_done),
		.layers_total = build->layer_count,
		.bytes_done = atomic_fetch_add(&build->bytes_done, more) + more,
		.bytes_total = build->bytes_total,
	};

	strata_report_progress(build->options->observer, &progress);
}

static void report_read(void *data, uint64_t bytes)
{
	report(data, bytes);
}

static int add_entries(struct build *build, struct strata_encoder *encoder,
	const struct strata_tree *tree, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
	struct strata_file_reader reader = {.tree = tree,
		.root = build->options->root,
		.observer = build->options->observer,
		.progress = report_read,
		.progress_data = build,
		.place = STRATA_BUFFER_INIT};
	int status = 0;

	for (size_t i = 0; status == 0 && i < tree->count; i++) {
		const struct strata_tree_entry *entry = &tree->entries[i];

		strata_buffer_truncate(&header, 0);
		strata_tar_write_header(&header, &entry->tar);
		status = strata_buffer_check(&header, error);
		if (status == 0)
			status = strata_encoder_append(encoder, header.data, header.length, error);
		if (status == 0 && strata_has_content(entry))
			status = strata_file_reader_add(&reader, i, encoder, error);
	}
	strata_file_reader_release(&reader);
	if (status == 0)
		status = strata_encoder_append(encoder, NULL, STRATA_TAR_END, error);
	return status;
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
static unsigned choose_workers(const struct build *build, const struct strata_recipe *recipe)
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

static int encode(struct build *build, const struct strata_recipe *recipe,
	const struct strata_tree *tree, int descriptor, const char *name,
	struct strata_layer *layer, struct strata_error *error)
{
	struct strata_encoder_options options = {.compression = recipe->compression,
		.descriptor = descriptor,
		.name = name,
		.workers = choose_workers(build, recipe)};
	struct strata_encoder *encoder;
	int status = strata_encoder_new(&build->encoding, &options, &encoder, error);

	if (status < 0)
		return status;
	status = add_entries(build, encoder, tree, error);
	if (status == 0)
		status = strata_encoder_finish(encoder, layer, error);
	strata_encoder_free(encoder);
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

/* Encode into a file of the directory that is named by its digest when it is whole. */
static int write_blob(struct build *build, size_t index, const struct strata_tree *tree,
	struct strata_layer *layer, struct strata_error *error)
{
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
	status = encode(build, build->recipes[index], tree, descriptor, partial, layer, error);
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

static int make_layer(struct build *build, size_t index, const struct strata_tree *tree,
	struct strata_layer *layer, struct strata_error *error)
{
	const struct strata_recipe *recipe = build->recipes[index];
	int status = check_fingerprint(recipe, tree, error);

	if (status < 0)
		return status;
	if (build->options->describe)
		status = encode(build, recipe, tree, -1, "", layer, error);
	else
		status = write_blob(build, index, tree, layer, error);
	return status < 0 ? status : name_items(recipe, layer, error);
}

/* Take the layer from the cache where it is, else make it and put it there. A tree is collected
 * where the cache must see it, or where the layer is made. */
static int build_layer(struct build *build, size_t index, struct strata_error *error)
{
	const struct strata_recipe *recipe = build->recipes[index];
	struct strata_layer *layer = &build->layers[index];
	struct strata_cache *cache = build->options->cache;
	bool witnessed = cache && strata_recipe_needs_witness(recipe);
	strata_autotree struct strata_tree tree = STRATA_TREE_INIT;
	struct strata_digest witness = {""};
	bool found = false;
	int status = 0;

	if (witnessed)
		status = strata_tree_collect(recipe, build->options, &tree, error);
	if (status == 0 && witnessed)
		status = strata_tree_witness(&tree, &witness, error);
	if (status == 0 && cache)
		status = strata_cache_find(
			cache, recipe, &witness, !build->options->describe, layer, &found, error);
	if (status == 0 && !found && !witnessed)
		status = strata_tree_collect(recipe, build->options, &tree, error);
	if (status == 0 && !found)
		status = make_layer(build, index, &tree, layer, error);
	if (status == 0 && !found && cache)
		status = strata_cache_store(cache, recipe, &witness, layer, error);
	if (status < 0)
		return status;
	atomic_fetch_add(&build->layers_done, 1);
	report(build, 0);
	return 0;
}

/* Hand over every layer that is due. One thread does it; what is made meanwhile it takes along. */
static int deliver(struct build *build, size_t index, struct strata_error *error)
{
	const struct strata_build_options *options = build->options;
	int status = 0;

	pthread_mutex_lock(&build->delivery);
	build->made[index] = true;
	while (status == 0 && options->ready && !build->delivering &&
		build->delivered < build->layer_count && build->made[build->delivered]) {
		const struct strata_layer *layer = &build->layers[build->delivered];

		build->delivering = true;
		pthread_mutex_unlock(&build->delivery);
		status = options->ready(options->ready_data, layer, error);
		pthread_mutex_lock(&build->delivery);
		/* After a failure nothing more is handed over. */
		build->delivering = status < 0;
		build->delivered++;
	}
	pthread_mutex_unlock(&build->delivery);
	return status;
}

static int run_task(void *data, size_t index, struct strata_error *error)
{
	struct build *build = data;
	size_t layer = build->order[index];
	int status = strata_check_cancelled(build->options->observer, error);

	if (status == 0)
		status = build_layer(build, layer, error);
	if (status < 0)
		return strata_context(error, status, "layer %zu", layer + 1);
	return deliver(build, layer, error);
}

struct rank {
	uint64_t size;
	size_t index;
};

static int compare_ranks(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Largest first, so that the last layer to start is a small one. */
static size_t *order_by_size(struct strata_recipe *const *recipes, size_t count)
{
	strata_autofree struct rank *ranks = strata_allocate(count, sizeof(*ranks));
	size_t *order = strata_allocate(count, sizeof(*order));

	if (!ranks)
		free(strata_take(order));
	for (size_t i = 0; order && i < count; i++)
		ranks[i] = (struct rank){recipes[i]->size, i};
	if (order && count > 0)
		qsort(ranks, count, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; order && i < count; i++)
		order[i] = ranks[i].index;
	return order;
}

int strata_layers_build(struct strata_recipe *const *recipes, size_t count, const char *directory,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error)
{
	strata_autofree size_t *order = order_by_size(recipes, count);
	strata_autofree bool *made = strata_allocate(count, sizeof(*made));
	strata_autopool struct strata_pool *pool = NULL;
	struct build build = {.recipes = recipes,
		.order = order,
		.directory = directory,
		.options = options,
		.layers = layers,
		.made = made,
		.layer_count = (uint32_t)count};
	int status;

	if (!order || !made)
		return strata_fail_memory(error);
	pool = strata_pool_new(options->threads, error);
	if (!pool)
		return STRATA_ERROR_MEMORY;
	strata_encoding_init(&build.encoding, pool, count);
	for (size_t i = 0; i < count; i++) {
		layers[i] = (struct strata_layer){0};
		build.bytes_total += recipes[i]->size;
	}
	pthread_mutex_init(&build.delivery, NULL);
	status = strata_pool_run(pool, count, run_task, &build, error);
	pthread_mutex_destroy(&build.delivery);
	strata_encoding_release(&build.encoding);
	for (size_t i = 0; status < 0 && i < count; i++) {
		/* What a cache has is good for the next attempt. */
		if (layers[i].blob && !options->cache)
			unlink(layers[i].blob);
		strata_layer_release(&layers[i]);
	}
	return status;
}
