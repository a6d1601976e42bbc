/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading blobs to see whether they are what they should be; each is read once, however many images
 * share it.
 */
#ifndef IMAGE_VERIFY_BLOB_H
#define IMAGE_VERIFY_BLOB_H

#include "image/read/reading.h"
#include "util/map.h"

struct strata_blob_checks {
	struct strata_map places;
	struct strata_blob_check *checks;
	size_t count, capacity;
};

#define strata_autoblobchecks STRATA_CLEANUP(strata_blob_checks_release)

/* Check LAYER of IMAGE: size, digest, compression, diff ID, tar stream. */
int strata_verify_layer(struct strata_blob_checks *checks, struct strata_reading *reading,
	const struct strata_read_image *image, const struct strata_read_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Check that the blob at PLACE, which may hold anything, has DIGEST; WHERE begins the finding. */
int strata_verify_digest(struct strata_reading *reading, const struct strata_place *place,
	const struct strata_digest *digest, const char *where,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_blob_checks_release(struct strata_blob_checks *checks);

#endif
