/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The images in the blob store's layout.
 */
#ifndef LAYER_CACHE_INDEX_H
#define LAYER_CACHE_INDEX_H

#include "layer/cache/cache.h"
#include "util/arena.h"
#include "util/map.h"

/* Take the images out of the index that miss a layer: one whose blob is not in KEPT, a map of the
 * file names of blobs. Configs and manifests of the others are added to KEPT, their names in
 * ARENA. */
int strata_cache_prune_index(const struct strata_cache *cache, struct strata_arena *arena,
	struct strata_map *kept, struct strata_error *error) STRATA_MUST_CHECK;

#endif
