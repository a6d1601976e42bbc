/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/blob.h"
#include "layer/record/layer_json.h"
#include "oci/media_types.h"
#include "util/file.h"
#include "util/sha256.h"

enum { LARGEST_ENTRY = 256 << 20 };

static const char empty_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" STRATA_MEDIA_OCI_INDEX "\","
	"\"manifests\":[]}";

char *strata_cache_default_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	strata_autofree char *directory = NULL;

	if (cache && *cache == '/')
		return strata_path_join(cache, "stratapack");
	if (!home || *home != '/')
		return NULL;
	directory = strata_path_join(home, ".cache");
	return directory ? strata_path_join(directory, "stratapack") : NULL;
}

/* Create DIRECTORY/NAME with TEXT where it is missing; whoever is first wins, and all write the
 * same. */
static int ensure_file(
	const char *directory, const char *name, const char *text, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);

	if (!path)
		return strata_fail_memory(error);
	if (access(path, F_OK) == 0)
		return 0;
	return strata_file_place(directory, path, text, strlen(text), error);
}

/* Make sure that the index can be read. An empty or damaged one is replaced: its images are no
 * longer listed, but all layers are still found. */
static int ensure_index(const char *directory, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, "index.json");
	strata_autojson struct strata_json *index = NULL;
	const struct strata_json *manifests;
	struct strata_error problem = STRATA_ERROR_INIT;
	struct stat info;
	int status;

	if (!path)
		return strata_fail_memory(error);
	if (lstat(path, &info) == 0 && S_ISREG(info.st_mode)) {
		status = strata_json_load(path, STRATA_LARGEST_MANIFEST, &index, &problem);
		if (status == 0)
			status = strata_json_get_array(
				index, "manifests", true, &manifests, &problem);
		strata_error_clear(&problem);
		/* What cannot be read now may be sound. */
		if (status != STRATA_ERROR_FORMAT || info.st_size > STRATA_LARGEST_MANIFEST)
			return 0;
	}
	return strata_file_place(directory, path, empty_index, strlen(empty_index), error);
}

static int open_lock(struct strata_cache *cache, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(cache->path, "lock");

	if (!path)
		return strata_fail_memory(error);
	cache->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (cache->lock < 0 || flock(cache->lock, LOCK_SH) < 0)
		return strata_fail_errno(error, "cannot lock '%s'", path);
	return 0;
}

static int prepare(struct strata_cache *cache, struct strata_error *error)
{
	int status = strata_directory_create(cache->blobs, error);

	if (status == 0)
		status = strata_directory_create(cache->recipes, error);
	if (status == 0)
		status = open_lock(cache, error);
	if (status == 0)
		status = ensure_index(cache->path, error);
	if (status == 0)
		status = ensure_file(cache->path, STRATA_LAYOUT_FILE, STRATA_LAYOUT_MARKER, error);
	return status;
}

int strata_cache_open(const char *path, struct strata_cache **result, struct strata_error *error)
{
	struct strata_cache *cache = calloc(1, sizeof(*cache));
	int status;

	if (!cache)
		return strata_fail_memory(error);
	cache->lock = -1;
	cache->path = strdup(path);
	cache->blobs = strata_path_join(path, "blobs/sha256");
	cache->recipes = strata_path_join(path, "recipes");
	if (cache->path && cache->blobs && cache->recipes)
		status = prepare(cache, error);
	else
		status = strata_fail_memory(error);
	if (status < 0) {
		strata_cache_close(cache);
		return strata_hint(error, strata_context(error, status, "the cache '%s'", path),
			"name another directory with --cache, or do without: --no-cache");
	}
	*result = cache;
	return 0;
}

void strata_cache_close(struct strata_cache *cache)
{
	if (!cache)
		return;
	if (cache->lock >= 0)
		close(cache->lock);
	free(cache->path);
	free(cache->blobs);
	free(cache->recipes);
	free(cache);
}

const char *strata_cache_path(const struct strata_cache *cache)
{
	return cache->path;
}

bool strata_recipe_needs_witness(const struct strata_recipe *recipe)
{
	for (size_t i = 0; i < recipe->item_count; i++) {
		if (recipe->items[i].content == STRATA_CONTENT_FILES || !recipe->items[i].identity)
			return true;
	}
	return recipe->customisation.copy_count > 0;
}

static int entry_path(const struct strata_cache *cache, const struct strata_digest *key,
	const struct strata_digest *witness, char **path, struct strata_error *error)
{
	char text[2 * STRATA_DIGEST_SIZE];
	char hex[STRATA_SHA256_HEX_SIZE];
	int length = snprintf(text, sizeof(text), "%s %s", key->text, witness->text);
	int status = strata_sha256_of(text, (size_t)length, hex, error);

	if (status < 0)
		return status;
	if (asprintf(path, "%s/%s.json", cache->recipes, hex) < 0) {
		*path = NULL;
		return strata_fail_memory(error);
	}
	return 0;
}

bool strata_cache_has_blob(
	const struct strata_cache *cache, const struct strata_digest *digest, uint64_t size)
{
	strata_autofree char *path = strata_path_join(cache->blobs, strata_digest_hex(digest));
	struct stat info;

	return path && lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       (uint64_t)info.st_size == size && info.st_mtim.tv_sec == STRATA_BLOB_TIME &&
	       info.st_mtim.tv_nsec == 0;
}

/* Read the entry at PATH. A file that is damaged or missing counts as no entry; that is no error.
 */
static bool read_entry(
	const char *path, const struct strata_digest *key, struct strata_layer *layer)
{
	strata_autojson struct strata_json *document = NULL;
	struct stat info;

	if (lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
		strata_json_load(path, LARGEST_ENTRY, &document, NULL) == 0 &&
		strata_layer_read(layer, document, NULL) == 0 &&
		strata_digest_equal(&layer->recipe_key, key))
		return true;
	strata_layer_release(layer);
	return false;
}

int strata_cache_find(struct strata_cache *cache, const struct strata_digest *key,
	const struct strata_digest *witness, bool needs_blob, struct strata_layer *layer,
	bool *found, struct strata_error *error)
{
	strata_autofree char *path = NULL;
	int status = entry_path(cache, key, witness, &path, error);

	*found = false;
	if (status < 0 || cache->reads_again || !read_entry(path, key, layer))
		return status;
	if (needs_blob) {
		if (!strata_cache_has_blob(cache, &layer->digest, layer->size)) {
			strata_layer_release(layer);
			return 0;
		}
		layer->blob = strata_path_join(cache->blobs, strata_digest_hex(&layer->digest));
		layer->staged = true;
		if (!layer->blob) {
			strata_layer_release(layer);
			return strata_fail_memory(error);
		}
	}
	/* Set the time of last use, for pruning. In another user's cache this fails, which does no
	 * harm. */
	(void)utimensat(AT_FDCWD, path, NULL, 0);
	*found = true;
	return 0;
}

int strata_cache_peek(struct strata_cache *cache, const struct strata_digest *key,
	const struct strata_digest *witness, struct strata_layer *layer, bool *found,
	struct strata_error *error)
{
	strata_autofree char *path = NULL;
	int status = entry_path(cache, key, witness, &path, error);

	*found = status == 0 && read_entry(path, key, layer);
	return status;
}

void strata_cache_read_again(struct strata_cache *cache)
{
	cache->reads_again = true;
}

static int move_blob(
	struct strata_cache *cache, struct strata_layer *layer, struct strata_error *error)
{
	static const struct timespec times[2] = {
		{.tv_nsec = UTIME_NOW}, {.tv_sec = STRATA_BLOB_TIME}};
	strata_autofree char *path =
		strata_path_join(cache->blobs, strata_digest_hex(&layer->digest));

	if (!path)
		return strata_fail_memory(error);
	if (utimensat(AT_FDCWD, layer->blob, times, 0) < 0 || rename(layer->blob, path) < 0)
		return strata_fail_errno(error, "cannot put a blob into the cache as '%s'", path);
	free(layer->blob);
	layer->blob = strata_take(path);
	return 0;
}

int strata_cache_store(struct strata_cache *cache, const struct strata_digest *witness,
	struct strata_layer *layer, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	strata_autofree char *path = NULL;
	int status = entry_path(cache, &layer->recipe_key, witness, &path, error);

	if (status == 0 && layer->blob)
		status = move_blob(cache, layer, error);
	if (status < 0)
		return status;
	strata_layer_write(&json, layer);
	status = strata_buffer_check(&text, error);
	return status < 0 ? status
			  : strata_file_place(cache->path, path, text.data, text.length, error);
}
