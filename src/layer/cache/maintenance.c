/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking after the cache: list, verify, prune.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "layer/cache/cache.h"
#include "layer/cache/index.h"
#include "layer/record/layer_json.h"
#include "util/file.h"
#include "util/map.h"
#include "util/temporary.h"
#include "util/text.h"

enum { LARGEST_ENTRY = 256 << 20 };

struct entry {
	struct strata_layer layer;
	char *path; /* of the entry's file */
	int64_t used;
};

struct entries {
	struct entry *entries; /* the last used one first */
	size_t count, capacity;
};

static void release_entries(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		strata_layer_release(&entries->entries[i].layer);
		free(entries->entries[i].path);
	}
	free(entries->entries);
}

static int compare_use(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->used != b->used)
		return a->used > b->used ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Call VISIT with the path of everything in DIRECTORY but "." and "..". */
static int each_file(const char *directory,
	int (*visit)(void *data, const char *path, const char *name, struct strata_error *error),
	void *data, struct strata_error *error)
{
	DIR *stream = opendir(directory);
	struct dirent *file;
	int status = 0;

	if (!stream)
		return strata_fail_errno(error, "cannot open the directory '%s'", directory);
	while (status == 0 && (errno = 0, file = readdir(stream))) {
		strata_autofree char *path = NULL;

		if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0)
			continue;
		path = strata_path_join(directory, file->d_name);
		status = path ? visit(data, path, file->d_name, error) : strata_fail_memory(error);
	}
	if (status == 0 && errno)
		status = strata_fail_errno(error, "cannot list '%s'", directory);
	closedir(stream);
	return status;
}

/* Read the entry at PATH, which INFO is about. */
static int read_entry(const char *path, const struct stat *info, struct strata_layer *layer,
	struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	int status;

	if (!S_ISREG(info->st_mode) || info->st_size > LARGEST_ENTRY)
		return strata_fail(error, STRATA_ERROR_IO, "'%s' is no entry of a cache", path);
	status = strata_json_load(path, LARGEST_ENTRY, &document, error);
	return status < 0 ? status : strata_layer_read(layer, document, error);
}

/* Read an entry. A file that was read to its end and is not a valid entry is removed, since it is
 * of no use. A file that cannot be read is an error: it may be an entry, and its blob must stay. */
static int add_entry(void *data, const char *path, const char *name, struct strata_error *error)
{
	struct entries *entries = data;
	struct strata_error problem = STRATA_ERROR_INIT;
	struct entry entry = {.path = NULL};
	struct stat info;
	int status;

	if (!strata_text_ends_with(name, ".json"))
		return 0;
	if (lstat(path, &info) < 0)
		return errno == ENOENT ? 0 : strata_fail_errno(error, "cannot read '%s'", path);
	status = read_entry(path, &info, &entry.layer, &problem);
	if (status < 0) {
		strata_layer_release(&entry.layer);
		if (status != STRATA_ERROR_IO && status != STRATA_ERROR_MEMORY) {
			strata_error_clear(&problem);
			(void)unlink(path);
			return 0;
		}
		strata_error_clear(error);
		if (error)
			*error = problem;
		else
			strata_error_clear(&problem);
		return status;
	}
	entry.used = info.st_mtim.tv_sec;
	entry.path = strdup(path);
	if (!entry.path || strata_grow(&entries->entries, &entries->capacity, entries->count + 1,
				   sizeof(entry)) < 0) {
		free(entry.path);
		strata_layer_release(&entry.layer);
		return strata_fail_memory(error);
	}
	entries->entries[entries->count++] = entry;
	return 0;
}

static int read_entries(
	struct strata_cache *cache, struct entries *entries, struct strata_error *error)
{
	int status = each_file(cache->recipes, add_entry, entries, error);

	if (entries->count > 0)
		qsort(entries->entries, entries->count, sizeof(*entries->entries), compare_use);
	return status;
}

int strata_cache_list(struct strata_cache *cache,
	bool (*visit)(void *data, const struct strata_cached_layer *layer), void *data,
	struct strata_error *error)
{
	STRATA_CLEANUP(release_entries) struct entries entries = {NULL, 0, 0};
	int status = read_entries(cache, &entries, error);

	for (size_t i = 0; status == 0 && i < entries.count; i++) {
		const struct entry *entry = &entries.entries[i];
		const struct strata_layer *layer = &entry->layer;
		struct strata_cached_layer shown = {.digest = layer->digest,
			.diff_id = layer->diff_id,
			.recipe_key = layer->recipe_key,
			.size = layer->size,
			.used = entry->used,
			.has_blob = strata_cache_has_blob(cache, &layer->digest, layer->size),
			.items = layer->items,
			.item_count = layer->item_count};

		if (!visit(data, &shown))
			break;
	}
	return status;
}

struct verification {
	void (*finding)(void *data, const char *text);
	void *data;
	size_t *count;
};

static void report(const struct verification *verification, const char *text)
{
	verification->finding(verification->data, text);
	(*verification->count)++;
}

static int verify_blob(void *data, const char *path, const char *name, struct strata_error *error)
{
	const struct verification *verification = data;
	struct strata_error failure = STRATA_ERROR_INIT;
	struct strata_layer blob = {.blob = (char *)path};
	char digest[STRATA_DIGEST_SIZE + 256];
	struct stat info;
	int status;

	snprintf(digest, sizeof(digest), STRATA_DIGEST_PREFIX "%s", name);
	if (!strata_digest_parse(digest, &blob.digest))
		return 0;
	if (lstat(path, &info) < 0)
		return errno == ENOENT ? 0 : strata_fail_errno(error, "cannot read '%s'", path);
	blob.size = (uint64_t)info.st_size;
	status = strata_layer_check_blob(&blob, &failure);
	if (status == STRATA_ERROR_MISMATCH) {
		report(verification, failure.message ? failure.message : path);
		status = 0;
		if (unlink(path) < 0)
			status = strata_fail_errno(error, "cannot remove '%s'", path);
	} else if (status < 0 && error) {
		strata_error_clear(error);
		*error = failure;
		return status;
	}
	strata_error_clear(&failure);
	return status;
}

int strata_cache_verify(struct strata_cache *cache, void (*finding)(void *data, const char *text),
	void *data, size_t *count, struct strata_error *error)
{
	struct verification verification = {finding, data, count};

	*count = 0;
	return each_file(cache->blobs, verify_blob, &verification, error);
}

/* What pruning keeps: the blobs of the layers that stay. */
struct pruning {
	struct strata_map kept; /* file names of blobs */
	uint64_t bytes_before, bytes_after;
};

static int remove_unkept(void *data, const char *path, const char *name, struct strata_error *error)
{
	struct pruning *pruning = data;
	struct stat info;

	if (lstat(path, &info) < 0)
		return errno == ENOENT ? 0 : strata_fail_errno(error, "cannot read '%s'", path);
	pruning->bytes_before += (uint64_t)info.st_size;
	if (strata_map_get(&pruning->kept, name) != STRATA_MAP_NONE) {
		pruning->bytes_after += (uint64_t)info.st_size;
		return 0;
	}
	return unlink(path) < 0 ? strata_fail_errno(error, "cannot remove '%s'", path) : 0;
}

/* Decide, from the last used entry on, which ones fit into LIMITS, and remove the others. A blob
 * that several entries share counts once. */
static int choose(struct strata_cache *cache, struct entries *entries,
	const struct strata_cache_limits *limits, int64_t now, struct pruning *pruning,
	struct strata_cache_removal *removal, struct strata_error *error)
{
	uint64_t total = 0;

	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = &entries->entries[i];
		const char *name = strata_digest_hex(&entry->layer.digest);
		bool has_blob =
			strata_cache_has_blob(cache, &entry->layer.digest, entry->layer.size);
		bool counted = strata_map_get(&pruning->kept, name) != STRATA_MAP_NONE;
		uint64_t size = has_blob && !counted ? entry->layer.size : 0;
		bool fits = size <= limits->size && total <= limits->size - size;

		if (!fits || (limits->age < INT64_MAX && now - entry->used > limits->age)) {
			if (unlink(entry->path) < 0 && errno != ENOENT)
				return strata_fail_errno(error, "cannot remove '%s'", entry->path);
			removal->layers++;
			continue;
		}
		removal->layers_left++;
		total += size;
		if (has_blob && strata_map_put(&pruning->kept, name, 0) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_cache_prune(struct strata_cache *cache, const struct strata_cache_limits *limits,
	struct strata_cache_removal *removal, struct strata_error *error)
{
	STRATA_CLEANUP(release_entries) struct entries entries = {NULL, 0, 0};
	struct pruning pruning = {.kept = STRATA_MAP_INIT};
	struct strata_arena arena = STRATA_ARENA_INIT;
	time_t now = time(NULL);
	int status;

	*removal = (struct strata_cache_removal){0};
	if (flock(cache->lock, LOCK_EX | LOCK_NB) < 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the cache '%s' is in use by another process", cache->path),
			"wait until it is done, and try again");
	status = read_entries(cache, &entries, error);
	if (status == 0)
		status = choose(cache, &entries, limits, now, &pruning, removal, error);
	if (status == 0)
		status = strata_cache_prune_index(cache, &arena, &pruning.kept, error);
	if (status == 0)
		status = each_file(cache->blobs, remove_unkept, &pruning, error);
	strata_temporary_sweep(cache->path);
	removal->bytes = pruning.bytes_before - pruning.bytes_after;
	removal->bytes_left = pruning.bytes_after;
	strata_map_release(&pruning.kept);
	strata_arena_free(&arena);
	(void)flock(cache->lock, LOCK_SH);
	return status;
}
