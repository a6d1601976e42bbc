/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache as a build uses it (include/stratapack/cache.h is for its users). Its files are:
 *
 *	oci-layout, index.json   the OCI image layout
 *	blobs/sha256/HEX         blobs; while unchanged, their time is STRATA_BLOB_TIME
 *	recipes/HEX.json         facts of a layer, by the digest of recipe key and witness
 *	lock                     locked shared by every user, exclusively to prune
 */
#ifndef LAYER_CACHE_CACHE_H
#define LAYER_CACHE_CACHE_H

#include <stratapack/cache.h>

#include "layer/recipe/recipe.h"

struct strata_cache {
	char *path;
	char *blobs;
	char *recipes;
	int lock;
	bool reads_again; /* no entry is found: every layer is made again, and compared */
};

/* Whether identities do not say everything about the recipe's content: then the state of its files
 * must be looked up with it. */
bool strata_recipe_needs_witness(const struct strata_recipe *recipe);

/* Look the layer up whose recipe has KEY, with WITNESS where it needs one ("" else). Where it is
 * there, and its blob too if NEEDS_BLOB, *FOUND is set and LAYER filled. An entry that cannot be
 * read is none. */
int strata_cache_find(struct strata_cache *cache, const struct strata_digest *key,
	const struct strata_digest *witness, bool needs_blob, struct strata_layer *layer,
	bool *found, struct strata_error *error) STRATA_MUST_CHECK;

/* Read the entry of KEY and WITNESS, if there is one, whatever became of its blob. LAYER is the
 * caller's. */
int strata_cache_peek(struct strata_cache *cache, const struct strata_digest *key,
	const struct strata_digest *witness, struct strata_layer *layer, bool *found,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Remember LAYER by its recipe key. Its blob, if it has one, moves into the cache. */
int strata_cache_store(struct strata_cache *cache, const struct strata_digest *witness,
	struct strata_layer *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether the blob with DIGEST is there with SIZE bytes, unchanged since it was put there. */
bool strata_cache_has_blob(
	const struct strata_cache *cache, const struct strata_digest *digest, uint64_t size);

#endif
