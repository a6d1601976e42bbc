/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting the bytes that are stored and pulled, revision by revision and image by image.
 */
#ifndef LAB_MEASURE_H
#define LAB_MEASURE_H

#include "lab/series.h"

/* A layer as registries and machines know it: by its content. */
struct strata_blob {
	uint64_t key[2]; /* of the set of contents: a hash, large enough to be taken as unique */
	uint64_t size;
};

/* The layers of one image in one revision, bottom first. */
struct strata_blobs {
	struct strata_blob *blobs;
	size_t capacity;
	uint32_t count;
	bool present; /* the revision has the image */
};

struct strata_measure {
	uint32_t image_count;         /* in the whole series */
	uint32_t window;              /* revisions that are remembered */
	struct strata_blobs *history; /* window times images */
	struct strata_blob *stored;   /* what the registry holds, hashed */
	size_t slot_count, stored_count;
	struct strata_outcome *outcome;
};

#define strata_automeasure STRATA_CLEANUP(strata_measure_release)

/* MEASURE fills OUTCOME, which must outlive it; all that it counts begins at 0. */
int strata_measure_begin(struct strata_measure *measure, const struct strata_series *series,
	struct strata_outcome *outcome, struct strata_error *error) STRATA_MUST_CHECK;

/* Count image INDEX of STATE, in REVISION, as PARTITION has it; CONTENTS are those of the items of
 * the state's graph. Revisions come in order. */
int strata_measure_image(struct strata_measure *measure, uint32_t revision,
	const struct strata_state *state, size_t index, const uint32_t *contents,
	const struct strata_partition *partition, struct strata_error *error) STRATA_MUST_CHECK;

/* Begin REVISION: no image is in it yet. */
void strata_measure_revision(struct strata_measure *measure, uint32_t revision);

void strata_measure_release(struct strata_measure *measure);

#endif
