/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images in the cache's layout.
 */
#ifndef LAYER_CACHE_INDEX_H
#define LAYER_CACHE_INDEX_H

#include "layer/cache/cache.h"
#include "util/arena.h"
#include "util/map.h"

/* Remove from the index the images with a layer whose blob is not in KEPT, a map of the file names
 * of blobs. The configs and manifests of the other images are added to KEPT; their names live in
 * ARENA. */
int strata_cache_prune_index(const struct strata_cache *cache, struct strata_arena *arena,
	struct strata_map *kept, struct strata_error *error) STRATA_MUST_CHECK;

#endif
