/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is pushed: the documents and blobs of an image that is read from anywhere.
 */
#ifndef REGISTRY_PUSH_SOURCE_H
#define REGISTRY_PUSH_SOURCE_H

#include "image/read/document.h"
#include "registry/client/blob_source.h"
#include "registry/manifest.h"
#include "util/buffer.h"
#include "util/error.h"

/* A blob in a reading's store. */
struct strata_source_blob {
	struct strata_blob_source source; /* its data is this struct */
	struct strata_store *store;
	struct strata_place place;
	struct strata_part part;
	struct strata_source_blob *next;
};

struct strata_source_document {
	struct strata_buffer text;
	char *media_type;
	struct strata_digest digest;
	struct strata_source_document *next;
};

/* All of what a push brings: blobs in any order, documents so that none refers to a later one. */
struct strata_source_content {
	struct strata_source_blob *blobs;
	struct strata_source_document *documents, **last;
	unsigned depth;
};

/* Gather what DIGEST, a manifest or an index of MEDIA_TYPE in READING, refers to. */
int strata_source_gather(struct strata_reading *reading, const struct strata_digest *digest,
	const char *media_type, struct strata_source_content *content,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The one image of READING that is meant: the only one, or in an index that of this machine. */
int strata_source_choose(const struct strata_reading *reading,
	const struct strata_read_image **image, struct strata_error *error) STRATA_MUST_CHECK;

void strata_source_release(struct strata_source_content *content);

#endif
