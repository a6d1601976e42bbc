/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of strata_layers_build(): what its tasks share.
 */
#ifndef LAYER_BUILD_BUILD_H
#define LAYER_BUILD_BUILD_H

#include "layer/build/draft.h"
#include "layer/encode/shared_buffers.h"

struct strata_build {
	struct strata_recipe *const *recipes;
	const size_t *order; /* task -> layer: largest first */
	const char *directory;
	const struct strata_build_options *options;
	struct strata_layer *layers;
	struct strata_draft *drafts; /* of each layer */
	struct strata_encoding encoding;
	atomic_uint layers_done;
	atomic_ullong bytes_done;
	uint64_t bytes_total;
	uint32_t layer_count;

	atomic_bool unsized;      /* there is a layer whose size shows only when it is made */
	atomic_size_t tree_bytes; /* memory of the trees that are kept */
	struct strata_placement placement;
	pthread_mutex_t copying; /* held while a blob is copied: one thread writes at a time */

	pthread_mutex_t delivery; /* guards what follows */
	bool *made;
	size_t delivered;
	bool delivering;
};

/* Tell the observer that MORE bytes were read. */
void strata_build_report(struct strata_build *build, uint64_t more);

/* Make layer INDEX of its draft, or take it from the cache, and write its blob to where it is
 * wanted. */
int strata_build_layer(
	struct strata_build *build, size_t index, struct strata_error *error) STRATA_MUST_CHECK;

/* Find out the sizes of all blobs before any is made, and have the blobs placed. If one size cannot
 * be known, no blob is placed. */
int strata_build_place(struct strata_build *build, struct strata_error *error) STRATA_MUST_CHECK;

#endif
