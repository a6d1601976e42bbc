/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs as files of a directory.
 */
#ifndef IMAGE_WRITE_BLOBS_H
#define IMAGE_WRITE_BLOBS_H

#include "image/write/image.h"

/* Put the blob of LAYER, or LENGTH bytes, at DIRECTORY/NAME, whole or not at all. A file of that
 * name and size that is there already is taken to be it: names are digests. */
int strata_blobs_place(const char *directory, const char *name, const struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_blobs_place_document(const char *directory, const struct strata_document *document,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
