/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a layer as they are stored, and the places in files that they are written to.
 */
#ifndef LAYER_ENCODE_BLOB_H
#define LAYER_ENCODE_BLOB_H

#include <stratapack/layer.h>

/* The modification time, in seconds, that blobs in layouts and caches get. A blob that was written
 * to later has another time. */
enum { STRATA_BLOB_TIME = 1 };

/* A place for one blob: from OFFSET on in a file. */
struct strata_blob_place {
	int descriptor;
	const char *name; /* what messages call the file; borrowed */
	uint64_t offset;
};

/* Open the blob of LAYER and check that it still has its size. The descriptor is the caller's. */
int strata_blob_open(const struct strata_layer *layer, int *descriptor,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Copy the blob of LAYER, which is a file, to PLACE. */
int strata_blob_copy(const struct strata_layer *layer, const struct strata_blob_place *place,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
