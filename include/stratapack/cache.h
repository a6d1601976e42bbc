/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache: layers that were built before.
 *
 * A cache is a directory. It is an OCI image layout, so that every other tool can read it, with an
 * index from recipes to layers beside the blobs. Everything in it can be built again, so removing
 * it is safe. Several processes may use a cache at the same time. A process that is killed leaves
 * nothing that another one would take for a layer.
 *
 * A recipe whose items all have an identity (a store item's NAR hash) is found without looking at a
 * file. For other items, the state of their files (inode, change time, size, ...) is part of the
 * key, so that a changed file is a miss. A layer is not kept if one of its files changed just
 * before it was read: a second change within the same tick of the clock would not show.
 */
#ifndef STRATAPACK_CACHE_H
#define STRATAPACK_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct strata_cache;

/* Open the cache at PATH; create it where it is missing. No other process can prune it while it is
 * open. *CACHE is the caller's. */
STRATA_PUBLIC int strata_cache_open(
	const char *path, struct strata_cache **cache, struct strata_error *error);
STRATA_PUBLIC void strata_cache_close(struct strata_cache *cache);

/* Its directory. */
STRATA_PUBLIC const char *strata_cache_path(const struct strata_cache *cache);

/* The path of the user's cache: $XDG_CACHE_HOME/stratapack or ~/.cache/stratapack. Malloced; NULL
 * where neither variable is set, or memory is out. */
STRATA_PUBLIC char *strata_cache_default_path(void);

/* From now on trust no entry: builds read all files, make all layers again, and replace entries
 * that differ. This is for files whose change times do not show every change, because they were
 * written through a memory mapping or on a file system with unreliable times. */
STRATA_PUBLIC void strata_cache_read_again(struct strata_cache *cache);

/* One layer in the cache. */
struct strata_cached_layer {
	struct strata_digest digest, diff_id, recipe_key;
	uint64_t size;
	int64_t used;  /* when it was last built or taken, seconds since the epoch */
	bool has_blob; /* false: only described */
	char **items;
	size_t item_count;
};

/* Call VISIT for every layer, the last used one first, until it returns false. */
STRATA_PUBLIC int strata_cache_list(struct strata_cache *cache,
	bool (*visit)(void *data, const struct strata_cached_layer *layer), void *data,
	struct strata_error *error);

/* Hash every blob again, and remove those that are wrong, so that they are built again when they
 * are needed. FINDING is called for each; *COUNT is their number. */
STRATA_PUBLIC int strata_cache_verify(struct strata_cache *cache,
	void (*finding)(void *data, const char *text), void *data, size_t *count,
	struct strata_error *error);

struct strata_cache_limits {
	uint64_t size; /* bytes of blobs to keep at most; UINT64_MAX: any number */
	int64_t age;   /* seconds since the last use to keep at most; INT64_MAX: any number */
};

struct strata_cache_removal {
	uint64_t layers, bytes;           /* removed */
	uint64_t layers_left, bytes_left; /* kept */
};

/* Remove the layers that were not used for the longest time until the rest is within LIMITS, and
 * everything that no layer needs. STRATA_ERROR_INVALID while another process has the cache open. */
STRATA_PUBLIC int strata_cache_prune(struct strata_cache *cache,
	const struct strata_cache_limits *limits, struct strata_cache_removal *removal,
	struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
