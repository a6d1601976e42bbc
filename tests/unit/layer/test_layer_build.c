/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "layer/encode/encoder.h"
#include "layer/recipe/recipe.h"
#include "util/file.h"
#include "util/sha256.h"

enum { MEBIBYTE = 1 << 20 };

static void assert_hashes_to(const struct strata_buffer *bytes, const struct strata_digest *digest)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	assert_int_equal(strata_sha256_of(bytes->data, bytes->length, hex, NULL), 0);
	assert_string_equal(strata_digest_hex(digest), hex);
}

/* One gzip member with nothing behind it, and a header that tells nothing of where it was made. */
static void gunzip(const struct strata_buffer *blob, int level, struct strata_buffer *tar)
{
	const uint8_t header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0,
		level == 9   ? 2
		: level == 1 ? 4
			     : 0,
		255};
	z_stream stream = {.next_in = (Bytef *)blob->data, .avail_in = (uInt)blob->length};
	char chunk[65536];
	int result;

	assert_memory_equal(blob->data, header, sizeof(header));
	assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
	do {
		stream.next_out = (Bytef *)chunk;
		stream.avail_out = sizeof(chunk);
		result = inflate(&stream, Z_NO_FLUSH);
		assert_true(result == Z_OK || result == Z_STREAM_END);
		strata_buffer_append(tar, chunk, sizeof(chunk) - stream.avail_out);
	} while (result != Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	inflateEnd(&stream);
}

static void unzstd(const struct strata_buffer *blob, size_t size, struct strata_buffer *tar)
{
	strata_autofree char *bytes = malloc(size);

	assert_non_null(bytes);
	assert_int_equal(ZSTD_findFrameCompressedSize(blob->data, blob->length), blob->length);
	assert_int_equal(ZSTD_decompress(bytes, size, blob->data, blob->length), size);
	strata_buffer_append(tar, bytes, size);
}

/* The blob is what LAYER says of it; append the tar stream in it. */
static void unpack(struct scratch *scratch, const struct strata_layer *layer, int level,
	struct strata_buffer *tar)
{
	strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;

	assert_string_equal(layer->blob,
		scratch_text(scratch, "%s/%s", scratch->output, strata_digest_hex(&layer->digest)));
	scratch_read(scratch, layer->blob, &blob);
	assert_int_equal(blob.length, layer->size);
	assert_hashes_to(&blob, &layer->digest);
	if (layer->codec == STRATA_CODEC_GZIP)
		gunzip(&blob, level, tar);
	else if (layer->codec == STRATA_CODEC_ZSTD)
		unzstd(&blob, layer->diff_size, tar);
	else
		strata_buffer_append(tar, blob.data, blob.length);
	assert_int_equal(tar->length, layer->diff_size);
	assert_hashes_to(tar, &layer->diff_id);
}

/* Build RECIPE with CODECS and several numbers of threads: one diff ID for all, one digest for
 * each codec. */
static void check_codecs(
	struct scratch *scratch, struct strata_recipe *recipe, const char *const *codecs)
{
	static const unsigned threads[] = {1, 3, 2, 8};
	const size_t count = in_brief() ? 2 : sizeof(threads) / sizeof(*threads);
	struct strata_digest diff_id = {""};

	for (; *codecs; codecs++) {
		struct strata_digest digest = {""};

		assert_succeeds(
			strata_compression_parse(*codecs, &recipe->compression, &scratch->error),
			&scratch->error);
		each_number(size_t, i, 0, count) {
			strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
			struct strata_layer layer;

			assert_succeeds(scratch_build(scratch, recipe, threads[i], &layer),
				&scratch->error);
			if (!diff_id.text[0])
				diff_id = layer.diff_id;
			if (!digest.text[0])
				digest = layer.digest;
			assert_string_equal(layer.diff_id.text, diff_id.text);
			assert_string_equal(layer.digest.text, digest.text);
			assert_int_equal(layer.codec, recipe->compression.kind);
			assert_string_equal(layer.recipe_key.text, recipe->key.text);
			if (i == 0)
				unpack(scratch, &layer, recipe->compression.level, &tar);
			strata_layer_release(&layer);
		}
	}
}

static void test_threads_do_not_show(void **state)
{
	/* Two jobs of zstd, many blocks of gzip. */
	enum { LARGE = 4 * MEBIBYTE + 300001 };
	static const char *const all[] = {
		"none", "gzip:1", "gzip", "gzip:9", "zstd:1", "zstd", "zstd:12", NULL};
	static const char *const brief[] = {"none", "gzip:1", "zstd:1", NULL};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);
	strata_autofree char *content = scratch_content(LARGE);

	scratch_bytes(scratch, "/s/large", content, LARGE, 0444);
	scratch_bytes(scratch, "/s/odd", content, 300001, 0444);
	scratch_bytes(scratch, "/s/empty", content, 0, 0444);
	check_codecs(scratch, &recipe, in_brief() ? brief : all);
}

static void test_streams_around_block_sizes(void **state)
{
	static const char *const codecs[] = {"none", "gzip:1", "zstd:1", NULL};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/f")};
	struct strata_recipe recipe = RECIPE(items);
	/* With its header and the end of the archive it fills a block exactly. */
	const size_t exact = STRATA_BLOCK_SIZE - 3 * 512;
	strata_autofree char *content = scratch_content(2 * STRATA_BLOCK_SIZE);

	each_number(size_t, blocks, 0, 2) {
		each_number(size_t, step, 0, 3) {
			size_t size = blocks * STRATA_BLOCK_SIZE + exact - 512 + step * 512;

			scratch_bytes(scratch, "/f", content, size, 0444);
			check_codecs(scratch, &recipe, codecs);
		}
	}
	scratch_bytes(scratch, "/f", "", 0, 0444);
	check_codecs(scratch, &recipe, codecs);
}

/* Blocks that compress well, badly, and not at all, which end at every bit of a byte. */
static void test_blocks_of_every_kind(void **state)
{
	enum { BLOCKS = 12 };
	static const char *const codecs[] = {"none", "gzip:1", "gzip", "zstd", NULL};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/f")};
	struct strata_recipe recipe = RECIPE(items);
	const size_t size = (size_t)BLOCKS * STRATA_BLOCK_SIZE + 4321;
	strata_autofree char *content = calloc(1, size);
	uint32_t number = 1;

	assert_non_null(content);
	for (size_t i = 0; i < size; i++) {
		size_t kind = i / STRATA_BLOCK_SIZE;

		number = number * 1664525 + 1013904223;
		if (kind % 4 == 1)
			content[i] = (char)(number >> 24);
		else if (kind % 4 == 2)
			content[i] = (char)(number >> 24 & number >> 16 & kind);
		else if (kind % 4 == 3)
			content[i] = "stratapack\n"[(i + (number >> 27) / 30) % 11];
	}
	scratch_bytes(scratch, "/f", content, size, 0444);
	check_codecs(scratch, &recipe, codecs);
}

/* Layers hand buffers and contexts on: none may see what the one before had. */
static void test_layers_leave_no_trace_in_the_next(void **state)
{
	enum { LAYERS = 5 };
	static const char *const codecs[] = {"none", "gzip", "zstd"};
	static const size_t sizes[LAYERS] = {5 * MEBIBYTE, 100, 700000, 0, 3 * MEBIBYTE};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[LAYERS][1] = {{STORE_ITEM("/0")}, {STORE_ITEM("/1")},
		{STORE_ITEM("/2")}, {STORE_ITEM("/3")}, {STORE_ITEM("/4")}};
	struct strata_recipe recipe[LAYERS], *recipes[LAYERS];
	strata_autofree char *content = scratch_content(6 * MEBIBYTE);
	struct strata_error *error = &scratch->error;

	for (size_t i = 0; i < LAYERS; i++) {
		recipe[i] = (struct strata_recipe){
			.items = items[i], .item_count = 1, .size = sizes[i]};
		recipes[i] = &recipe[i];
		scratch_bytes(scratch, items[i]->id, content + i * 1000, sizes[i], 0444);
	}
	each_case(i, codecs) {
		struct strata_digest alone[LAYERS];
		struct strata_layer layers[LAYERS];

		each_number(size_t, l, 0, LAYERS) {
			assert_succeeds(
				strata_compression_parse(codecs[i], &recipe[l].compression, error),
				error);
			assert_succeeds(scratch_build(scratch, &recipe[l], 1, layers), error);
			alone[l] = layers->digest;
			strata_layer_release(layers);
		}
		each_number(unsigned, threads, 1, 4 + 1) {
			scratch->options.threads = threads;
			assert_succeeds(strata_layers_build(recipes, LAYERS, scratch->output,
						&scratch->options, layers, error),
				error);
			each_number(size_t, l, 0, LAYERS) {
				assert_string_equal(layers[l].digest.text, alone[l].text);
				strata_layer_release(&layers[l]);
			}
		}
	}
}

static void test_many_files(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);
	const char *listing;
	size_t lines = 0;

	scratch_directory(scratch, "/s", 0755);
	each_number(unsigned, i, 0, 5000) {
		FILE *file = fopen(scratch_text(scratch, "%s/s/%u", scratch->root, i), "w");

		assert_non_null(file);
		fprintf(file, "%u\n", i);
		fclose(file);
	}
	listing = scratch_build_listing(scratch, &recipe);
	for (const char *at = listing; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 5001);
	assert_non_null(strstr(listing, " s/4999\n"));
}

/* Changes /s/b as soon as the content of /s/a was read, when everything is already listed. */
struct change {
	struct scratch *scratch;
	void (*make)(struct scratch *scratch, const char *place);
};

static void make_change(void *data, const struct strata_progress *progress)
{
	struct change *change = data;

	if (change->make && progress->bytes_done > 0)
		change->make(change->scratch, scratch_at(change->scratch, "/s/b"));
	change->make = NULL;
}

static void shrink(struct scratch *scratch, const char *place)
{
	(void)scratch;
	assert_int_equal(truncate(place, 3), 0);
}

static void grow(struct scratch *scratch, const char *place)
{
	(void)scratch;
	assert_int_equal(truncate(place, 3000), 0);
}

static void replace(struct scratch *scratch, const char *place)
{
	(void)place;
	scratch_file(scratch, "/s/b", "content", 0444);
}

static void vanish(struct scratch *scratch, const char *place)
{
	(void)scratch;
	assert_int_equal(unlink(place), 0);
}

static void become_link(struct scratch *scratch, const char *place)
{
	assert_int_equal(unlink(place), 0);
	scratch_symlink(scratch, "/s/b", "a");
}

static void become_fifo(struct scratch *scratch, const char *place)
{
	(void)scratch;
	assert_int_equal(unlink(place), 0);
	assert_int_equal(mkfifo(place, 0600), 0);
}

static void become_directory(struct scratch *scratch, const char *place)
{
	(void)scratch;
	assert_int_equal(unlink(place), 0);
	assert_int_equal(mkdir(place, 0755), 0);
}

static void become_below_link(struct scratch *scratch, const char *place)
{
	(void)place;
	assert_int_equal(rename(scratch_at(scratch, "/s"), scratch_at(scratch, "/t")), 0);
	scratch_file(scratch, "/u/b", "content", 0644);
	scratch_symlink(scratch, "/s", "u");
}

static void test_changed_files_are_noticed(void **state)
{
	static void (*const changes[])(struct scratch *, const char *) = {shrink, grow, replace,
		vanish, become_link, become_fifo, become_directory, become_below_link};
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);

	each_case(i, changes) {
		struct change change = {scratch, changes[i]};
		struct strata_observer observer = {.progress = make_change, .data = &change};

		strata_directory_remove(scratch_at(scratch, "/s"));
		scratch_file(scratch, "/s/a", "a", 0644);
		scratch_file(scratch, "/s/b", "content", 0644);
		scratch_time(scratch, "/s/b", 1000);
		scratch->options.observer = &observer;
		scratch_build_fails(scratch, &recipe, STRATA_ERROR_CHANGED,
			scratch_text(scratch, "'%s' changed", scratch_at(scratch, "/s/b")));
		assert_null(change.make);
	}
}

/* How often files below DIRECTORY, watched by WATCHER, were opened since the last call. */
static size_t count_opens(int watcher)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t length;
	size_t opens = 0;

	while ((length = read(watcher, events, sizeof(events))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(events + at);

			assert_false(event->mask & IN_Q_OVERFLOW);
			opens += (event->mask & IN_OPEN) && !(event->mask & IN_ISDIR);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return opens;
}

static void test_each_file_is_read_once(void **state)
{
	enum { FILES = 50 };
	struct scratch *scratch = *state;
	struct strata_recipe_item item[2][1] = {{STORE_ITEM("/s")}, {STORE_ITEM("/l")}};
	struct strata_recipe small = RECIPE(item[0]), large = RECIPE(item[1]);
	struct strata_recipe *recipes[] = {&small, &large};
	strata_autofree char *content = scratch_content(3 * MEBIBYTE);
	strata_autoclose int watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct strata_error *error = &scratch->error;

	for (unsigned i = 0; i < FILES; i++)
		scratch_bytes(scratch, scratch_text(scratch, "/s/%u", i), content, 100 + i, 0444);
	scratch_bytes(scratch, "/l/large", content, 3 * MEBIBYTE, 0444);
	assert_true(inotify_add_watch(watcher, scratch_at(scratch, "/s"), IN_OPEN) >= 0);
	assert_true(inotify_add_watch(watcher, scratch_at(scratch, "/l"), IN_OPEN) >= 0);
	each_number(int, kind, STRATA_CODEC_NONE, STRATA_CODEC_ZSTD + 1) {
		struct strata_layer layers[2];

		small.compression.kind = large.compression.kind = (enum strata_codec_kind)kind;
		small.compression.level = large.compression.level =
			kind == STRATA_CODEC_NONE ? 0 : 1;
		scratch->options.describe = kind == STRATA_CODEC_GZIP;
		assert_succeeds(strata_layers_build(recipes, 2, scratch->output, &scratch->options,
					layers, error),
			error);
		assert_int_equal(count_opens(watcher), FILES + 1);
		strata_layer_release(&layers[0]);
		strata_layer_release(&layers[1]);
	}
}

/* Take the content of the file at PATH out of memory, where the file system has it elsewhere. */
static void evict(struct scratch *scratch, const char *path)
{
	strata_autoclose int descriptor = open(scratch_at(scratch, path), O_RDONLY);

	assert_true(descriptor >= 0);
	assert_int_equal(fdatasync(descriptor), 0);
	assert_int_equal(posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
}

/* What is on the disk only is asked for ahead of time; the bytes are the same. */
static void test_files_that_are_on_the_disk_only(void **state)
{
	enum { FILES = 400, LARGE = 9 * MEBIBYTE };
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);
	strata_autofree char *content = scratch_content(LARGE);
	struct strata_digest digest = {""};

	for (unsigned i = 0; i < FILES; i++)
		scratch_bytes(
			scratch, scratch_text(scratch, "/s/%u", i), content, i % 5 * 999, 0444);
	scratch_bytes(scratch, "/s/2large", content, LARGE, 0444);
	each_number(unsigned, round, 0, 3) {
		struct strata_layer layer;

		assert_succeeds(scratch_build(scratch, &recipe, 2, &layer), &scratch->error);
		if (round == 0)
			digest = layer.digest;
		assert_string_equal(layer.digest.text, digest.text);
		strata_layer_release(&layer);
		for (unsigned i = 0; i < FILES; i++)
			evict(scratch, scratch_text(scratch, "/s/%u", i));
		evict(scratch, "/s/2large");
	}
}

static bool cancel_later(void *data)
{
	int *calls = data;

	return --*calls < 0;
}

static void test_cancelled_builds_leave_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item items[] = {STORE_ITEM("/s")};
	struct strata_recipe recipe = RECIPE(items);
	strata_autofree char *content = scratch_content(3 * MEBIBYTE);

	scratch_bytes(scratch, "/s", content, 3 * MEBIBYTE, 0444);
	each_number(int, calls, 0, 8) {
		int left = calls;
		struct strata_observer observer = {.cancelled = cancel_later, .data = &left};

		recipe.compression.kind = (enum strata_codec_kind)(calls % 3);
		recipe.compression.level = calls % 3;
		scratch->options.observer = &observer;
		scratch_build_fails(scratch, &recipe, STRATA_ERROR_CANCELLED, "");
	}
}

/* Several threads may tell of their progress at once, also during a delivery. */
static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;

/* Keeps the furthest. */
static void count_progress(void *data, const struct strata_progress *progress)
{
	struct strata_progress *furthest = data;

	pthread_mutex_lock(&progress_lock);
	if (progress->layers_done > furthest->layers_done)
		furthest->layers_done = progress->layers_done;
	if (progress->bytes_done > furthest->bytes_done)
		furthest->bytes_done = progress->bytes_done;
	furthest->layers_total = progress->layers_total;
	furthest->bytes_total = progress->bytes_total;
	pthread_mutex_unlock(&progress_lock);
}

static void test_layers_are_built_in_their_order(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item first[] = {STORE_ITEM("/a")}, second[] = {STORE_ITEM("/b")};
	struct strata_entry entry = {.kind = STRATA_ENTRY_DIRECTORY, .path = "/t", .mode = 0755};
	struct strata_recipe small = RECIPE(first), large = RECIPE(second), same = RECIPE(first);
	struct strata_recipe custom = {
		.customisation.entries = &entry, .customisation.entry_count = 1};
	struct strata_recipe *recipes[] = {&small, &large, &same, &custom};
	struct strata_layer layers[4];
	struct strata_progress last = {0};
	struct strata_observer observer = {.progress = count_progress, .data = &last};
	struct strata_error *error = &scratch->error;

	scratch_file(scratch, "/a", "a", 0444);
	scratch_file(scratch, "/b", "12345", 0444);
	small.size = same.size = 1;
	large.size = 5;
	scratch->options.observer = &observer;
	assert_succeeds(
		strata_layers_build(recipes, 4, scratch->output, &scratch->options, layers, error),
		error);
	assert_string_equal(layers[0].items[0], "/a");
	assert_string_equal(layers[1].items[0], "/b");
	assert_string_equal(layers[0].digest.text, layers[2].digest.text);
	assert_string_equal(layers[0].blob, layers[2].blob);
	assert_int_equal(layers[3].item_count, 0);
	assert_true(layers[3].customised && !layers[0].customised && layers[0].staged);
	assert_int_equal(last.layers_done, 4);
	assert_int_equal(last.layers_total, 4);
	assert_int_equal(last.bytes_done, 7);
	assert_int_equal(last.bytes_total, 7);
	for (size_t i = 0; i < 4; i++)
		strata_layer_release(&layers[i]);
}

/* Keeps the order of deliveries and how many layers were made at each. */
struct deliveries {
	struct strata_progress progress; /* first: what count_progress() fills */
	char items[8];
	uint32_t made[8];
	size_t count;
	size_t fails_at; /* the delivery to refuse */
};

static int take_delivery(void *data, const struct strata_layer *layer, struct strata_error *error)
{
	struct deliveries *deliveries = data;

	if (deliveries->count == deliveries->fails_at)
		return strata_fail(error, STRATA_ERROR_IO, "no room for %s", layer->items[0]);
	pthread_mutex_lock(&progress_lock);
	deliveries->made[deliveries->count] = deliveries->progress.layers_done;
	pthread_mutex_unlock(&progress_lock);
	deliveries->items[deliveries->count++] = layer->items[0][1];
	return 0;
}

static void test_layers_are_delivered_bottom_first_and_early(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item item[3][1] = {
		{STORE_ITEM("/a")}, {STORE_ITEM("/b")}, {STORE_ITEM("/c")}};
	struct strata_recipe a = RECIPE(item[0]), b = RECIPE(item[1]), c = RECIPE(item[2]);
	struct strata_recipe *recipes[] = {&a, &b, &c};
	struct deliveries deliveries = {.fails_at = SIZE_MAX};
	struct strata_observer observer = {.progress = count_progress, .data = &deliveries};
	struct strata_layer layers[3];
	struct strata_error *error = &scratch->error;

	scratch_file(scratch, "/a", "a", 0444);
	scratch_file(scratch, "/b", "b", 0444);
	scratch_file(scratch, "/c", "c", 0444);
	/* One thread builds the largest first: a, then c, then b. */
	a.size = 3;
	b.size = 1;
	c.size = 2;
	scratch->options.observer = &observer;
	scratch->options.threads = 1;
	scratch->options.ready = take_delivery;
	scratch->options.data = &deliveries;
	assert_succeeds(
		strata_layers_build(recipes, 3, scratch->output, &scratch->options, layers, error),
		error);
	assert_string_equal(deliveries.items, "abc");
	assert_int_equal(deliveries.made[0], 1);
	assert_int_equal(deliveries.made[1], 3);
	for (size_t i = 0; i < 3; i++)
		strata_layer_release(&layers[i]);
	each_number(unsigned, threads, 1, 3 + 1) {
		deliveries = (struct deliveries){.fails_at = 1};
		scratch->options.threads = threads;
		assert_fails(strata_layers_build(
				     recipes, 3, scratch->output, &scratch->options, layers, error),
			STRATA_ERROR_IO, "no room for /b", error);
		assert_int_equal(deliveries.count, 1);
	}
}

static void test_failures_leave_no_blob(void **state)
{
	struct scratch *scratch = *state;
	struct strata_recipe_item there[] = {STORE_ITEM("/a")}, gone[] = {STORE_ITEM("/gone")};
	struct strata_recipe good = RECIPE(there), bad = RECIPE(gone);
	struct strata_recipe *recipes[] = {&bad, &good};
	struct strata_layer layers[2];

	scratch_file(scratch, "/a", "a", 0444);
	good.size = 1; /* comes first */
	assert_fails(strata_layers_build(recipes, 2, scratch->output, &scratch->options, layers,
			     &scratch->error),
		STRATA_ERROR_NOT_FOUND, "layer 1: item '/gone'", &scratch->error);
	assert_string_equal(scratch_names(scratch, scratch->output), "");
	assert_fails(strata_layers_build(recipes + 1, 1, scratch_at(scratch, "/none"),
			     &scratch->options, layers, &scratch->error),
		STRATA_ERROR_IO, "cannot create", &scratch->error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_threads_do_not_show),
		scratch_test(test_streams_around_block_sizes),
		scratch_test(test_blocks_of_every_kind),
		scratch_test(test_layers_leave_no_trace_in_the_next),
		scratch_test(test_many_files),
		scratch_test(test_changed_files_are_noticed),
		scratch_test(test_each_file_is_read_once),
		scratch_test(test_files_that_are_on_the_disk_only),
		scratch_test(test_cancelled_builds_leave_nothing),
		scratch_test(test_layers_are_built_in_their_order),
		scratch_test(test_layers_are_delivered_bottom_first_and_early),
		scratch_test(test_failures_leave_no_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
