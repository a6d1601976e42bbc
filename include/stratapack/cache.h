/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob store: layers that were built before.
 *
 * A directory that is an OCI image layout, so that every other tool can read what is in it, with an
 * index from recipes to layers beside the blobs. It is a cache: whatever is in it can be built
 * again, and removing it is safe. Several processes may use one at the same time, and one that is
 * killed leaves nothing that another would take for a layer.
 *
 * A recipe whose items all have an identity (a store item's NAR hash) is found without looking at a
 * file. For other items, the state of their files (inode, change time, size, ...) is part of what
 * is looked up, so that a change is a miss. Where a file changed so shortly before it was read that
 * the clock could not tell another change, its layer is not kept.
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

/* Open the store at PATH and create it where it is missing. It stays open, and nothing in it is
 * pruned, until it is closed. *CACHE is the caller's. */
STRATA_PUBLIC int strata_cache_open(
	const char *path, struct strata_cache **cache, struct strata_error *error);
STRATA_PUBLIC void strata_cache_close(struct strata_cache *cache);

/* Its directory. */
STRATA_PUBLIC const char *strata_cache_path(const struct strata_cache *cache);

/* The user's own: $XDG_CACHE_HOME/stratapack or ~/.cache/stratapack. Malloced; NULL where neither
 * variable is set, or memory is out. */
STRATA_PUBLIC char *strata_cache_default_path(void);

/* From now on believe no entry: builds read all files and make all layers again, and mend what the
 * store has otherwise. For files that were written through a mapping or on a file system without
 * honest times, where a change need not show. */
STRATA_PUBLIC void strata_cache_read_again(struct strata_cache *cache);

/* One layer in the store. */
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

/* Hash every blob again. What is wrong is removed, so that it is built anew when it is needed; each
 * is one call of FINDING, and *COUNT is their number. */
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

/* Remove what was not used for longest until the rest is within LIMITS, with what no layer needs.
 * STRATA_ERROR_INVALID while another process has the store open. */
STRATA_PUBLIC int strata_cache_prune(struct strata_cache *cache,
	const struct strata_cache_limits *limits, struct strata_cache_removal *removal,
	struct strata_error *error);

#ifdef __cplusplus
}
#endif

#endif
