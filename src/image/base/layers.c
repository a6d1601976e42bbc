/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of a base image: each blob is read once, and on the way copied, hashed, decompressed
 * and hashed again. One that is in the cache was read before.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "image/base/base_image.h"
#include "layer/cache/cache.h"
#include "tar/decompress.h"
#include "util/file.h"
#include "util/observer.h"
#include "util/pool.h"

struct gathering {
	const struct strata_base *base;
	const char *directory;
	const struct strata_build_options *options;
	struct strata_layer *layers;
	atomic_uint layers_done;
	atomic_ullong bytes_done;
	uint64_t bytes_total;
};

/* Copies and hashes what is read through it. */
struct copying_input {
	struct strata_input input;
	struct strata_input *source;
	struct strata_sha256 *hash; /* NULL: not hashed */
	int target;                 /* -1: not copied */
	const char *name;           /* of the target */
	uint64_t count;
};

static int read_copied(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct copying_input *self = (struct copying_input *)input;
	int status = self->source->read(self->source, bytes, capacity, got, error);

	if (status < 0)
		return status;
	if (self->hash)
		strata_sha256_update(self->hash, bytes, *got);
	self->count += *got;
	return self->target < 0 ? 0
				: strata_file_write(self->target, self->name, bytes, *got, error);
}

static void report(struct gathering *gathering, uint64_t more)
{
	struct strata_progress progress = {
		.layers_done = atomic_load(&gathering->layers_done),
		.layers_total = (uint32_t)strata_base_layer_count(gathering->base),
		.bytes_done = atomic_fetch_add(&gathering->bytes_done, more) + more,
		.bytes_total = gathering->bytes_total,
	};

	strata_report_progress(gathering->options->observer, &progress);
}

static void finish(struct strata_sha256 *hash, struct strata_digest *digest)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	strata_sha256_finish(hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
}

/* Read PLAIN to its end. */
static int drain(struct gathering *gathering, struct strata_input *plain,
	const struct copying_input *copying, struct strata_error *error)
{
	enum { CHUNK = 256 * 1024 };
	strata_autofree char *chunk = malloc(CHUNK);
	uint64_t reported = 0;
	size_t got;

	if (!chunk)
		return strata_fail_memory(error);
	do {
		int status = strata_check_cancelled(gathering->options->observer, error);

		if (status == 0)
			status = plain->read(plain, chunk, CHUNK, &got, error);
		if (status < 0)
			return status;
		report(gathering, copying->count - reported);
		reported = copying->count;
	} while (got > 0);
	return 0;
}

/* Read the blob through the stream COPYING, and fill LAYER with its digests and sizes. */
static int read_blob(struct gathering *gathering, struct copying_input *copying, const char *name,
	struct strata_layer *layer, struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autosha256 struct strata_sha256 *stored_hash = strata_sha256_new();
	strata_autosha256 struct strata_sha256 *plain_hash = strata_sha256_new();
	struct strata_hash_input plain;
	int status;

	if (!stored_hash || !plain_hash)
		return strata_fail_memory(error);
	copying->hash = stored_hash;
	status = strata_decompressor_new(&copying->input, name, &decompressor, error);
	if (status < 0)
		return status;
	layer->codec = strata_decompressor_codec(decompressor);
	/* The same bytes need no second hash. */
	if (layer->codec == STRATA_CODEC_NONE)
		copying->hash = NULL;
	strata_hash_input_init(&plain, strata_decompressor_input(decompressor), plain_hash);
	status = drain(gathering, &plain.input, copying, error);
	if (status < 0)
		return status;
	layer->size = copying->count;
	layer->diff_size = plain.count;
	finish(plain_hash, &layer->diff_id);
	if (layer->codec == STRATA_CODEC_NONE)
		layer->digest = layer->diff_id;
	else
		finish(stored_hash, &layer->digest);
	return 0;
}

static int check(const struct strata_read_layer *promised, const struct strata_layer *layer,
	struct strata_error *error)
{
	if (promised->has_digest && !strata_digest_equal(&promised->digest, &layer->digest))
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the content has the digest %s, expected was %s", layer->digest.text,
			promised->digest.text);
	if (promised->has_diff_id && !strata_digest_equal(&promised->diff_id, &layer->diff_id))
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the uncompressed content has the diff ID %s, the config says %s",
			layer->diff_id.text, promised->diff_id.text);
	return 0;
}

static int copy_blob(struct gathering *gathering, const struct strata_read_layer *promised,
	int target, const char *name, struct strata_layer *layer, struct strata_error *error)
{
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	struct copying_input copying = {
		.input = {.read = read_copied}, .target = target, .name = name};
	int status;

	if (promised->has_size && promised->size != promised->place.size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%" PRIu64 " bytes were expected, %" PRIu64 " found", promised->size,
			promised->place.size);
	status = strata_part_open(gathering->base->reading.store, &promised->place, &part, error);
	copying.source = part.input;
	if (status == 0)
		status = read_blob(gathering, &copying, promised->place.name, layer, error);
	return status < 0 ? status : check(promised, layer, error);
}

/* Copy the blob into a file of its own: one image may have the same layer twice. */
static int write_blob(struct gathering *gathering, size_t index,
	const struct strata_read_layer *promised, struct strata_layer *layer,
	struct strata_error *error)
{
	strata_autofree char *path = NULL;
	strata_autoclose int target = -1;
	int status;

	if (asprintf(&path, "%s/base-%zu", gathering->directory, index) < 0) {
		path = NULL;
		return strata_fail_memory(error);
	}
	target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (target < 0)
		return strata_fail_errno(error, "cannot create '%s'", path);
	status = copy_blob(gathering, promised, target, path, layer, error);
	if (status < 0)
		unlink(path);
	else
		layer->blob = strata_take(path);
	layer->staged = status == 0;
	return status;
}

/* Where the digest of the blob is promised, or follows from the diff ID because it is not
 * compressed.
 * "" elsewhere. */
static int find_digest(const struct strata_base *base, const struct strata_read_layer *promised,
	struct strata_digest *digest, struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	int status;

	*digest = promised->digest;
	if (promised->has_digest || !promised->has_diff_id)
		return 0;
	status = strata_part_open(base->reading.store, &promised->place, &part, error);
	if (status == 0)
		status = strata_decompressor_new(
			part.input, promised->place.name, &decompressor, error);
	if (status == 0 && strata_decompressor_codec(decompressor) == STRATA_CODEC_NONE)
		*digest = promised->diff_id;
	return status;
}

/* The key says everything about the blob, so one that was checked before is not read again. It is
 * used like a recipe key; "" where too little is promised. */
int strata_base_layer_key(const struct strata_base *base, const struct strata_read_layer *promised,
	struct strata_digest *key, struct strata_error *error)
{
	char text[sizeof("base layer") + 2 * STRATA_DIGEST_SIZE];
	char hex[STRATA_SHA256_HEX_SIZE];
	struct strata_digest digest;
	int length, status;

	*key = (struct strata_digest){""};
	if (!promised->has_diff_id)
		return 0;
	status = find_digest(base, promised, &digest, error);
	if (status < 0 || !digest.text[0])
		return status;
	length = snprintf(
		text, sizeof(text), "base layer %s %s", digest.text, promised->diff_id.text);
	status = strata_sha256_of(text, (size_t)length, hex, error);
	snprintf(key->text, sizeof(key->text), STRATA_DIGEST_PREFIX "%s", hex);
	return status;
}

/* Take the layer from the cache where it is, else from the base, and put it there. */
static int take_layer(struct gathering *gathering, size_t index,
	const struct strata_read_layer *promised, struct strata_layer *layer,
	struct strata_error *error)
{
	static const struct strata_digest no_witness;
	const struct strata_build_options *options = gathering->options;
	struct strata_digest key;
	bool found = false;
	int status = 0;

	key = (struct strata_digest){""};
	if (options->cache)
		status = strata_base_layer_key(gathering->base, promised, &key, error);

	if (status == 0 && key.text[0])
		status = strata_cache_find(options->cache, &key, &no_witness, !options->describe,
			layer, &found, error);
	if (status < 0 || found)
		return status;
	if (options->describe)
		status = copy_blob(gathering, promised, -1, NULL, layer, error);
	else
		status = write_blob(gathering, index, promised, layer, error);
	layer->recipe_key = key;
	if (status == 0 && key.text[0])
		status = strata_cache_store(options->cache, &no_witness, layer, error);
	return status;
}

static int gather_layer(void *data, size_t index, struct strata_error *error)
{
	struct gathering *gathering = data;
	const struct strata_base *base = gathering->base;
	const struct strata_read_layer *promised = &base->image->layers[index];
	struct strata_layer *layer = &gathering->layers[index];
	int status = take_layer(gathering, index, promised, layer, error);

	layer->base = true;
	if (status < 0)
		return strata_context(
			error, status, "the base image '%s': %s", base->source, promised->label);
	atomic_fetch_add(&gathering->layers_done, 1);
	report(gathering, 0);
	return 0;
}

static int gather(struct gathering *gathering, size_t count, struct strata_error *error)
{
	const struct strata_build_options *options = gathering->options;
	strata_autopool struct strata_pool *pool = strata_pool_new(options->threads, error);
	int status;

	if (!pool)
		return STRATA_ERROR_MEMORY;
	status = strata_pool_run(pool, count, gather_layer, gathering, error);
	for (size_t i = 0; status == 0 && options->ready && i < count; i++)
		status = options->ready(options->data, &gathering->layers[i], error);
	return status;
}

int strata_base_layers(const struct strata_base *base, const char *directory,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error)
{
	struct gathering gathering = {
		.base = base, .directory = directory, .options = options, .layers = layers};
	size_t count = strata_base_layer_count(base);
	int status;

	for (size_t i = 0; i < count; i++) {
		layers[i] = (struct strata_layer){0};
		gathering.bytes_total += base->image->layers[i].place.size;
	}
	status = gather(&gathering, count, error);
	for (size_t i = 0; status < 0 && i < count; i++) {
		/* What a cache has is good for the next attempt. */
		if (layers[i].blob && !options->cache)
			unlink(layers[i].blob);
		strata_layer_release(&layers[i]);
	}
	return status;
}
