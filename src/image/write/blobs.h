/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs as files of a directory.
 */
#ifndef IMAGE_WRITE_BLOBS_H
#define IMAGE_WRITE_BLOBS_H

#include "image/write/image.h"

/* Put the blob of LAYER, or a document, at DIRECTORY/NAME, whole or not at all; TOP is the layout
 * that the directory belongs to. A file of that name stays if it has the same content. A document
 * is compared; a layer is hashed, unless it is the same file as LAYER's or has the time that only
 * we give (STRATA_BLOB_TIME). */
int strata_blobs_place(const char *top, const char *directory, const char *name,
	const struct strata_layer *layer, struct strata_error *error) STRATA_MUST_CHECK;
int strata_blobs_place_document(const char *top, const char *directory,
	const struct strata_document *document, struct strata_error *error) STRATA_MUST_CHECK;

#endif
